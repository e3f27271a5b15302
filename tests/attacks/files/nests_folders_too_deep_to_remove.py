"""Nests a few thousand folders: a tidy-up that recurses would break on them."""

# family: writing
# layer: tidying
# expect: nested 2500
import os

for _ in range(2500):
    os.mkdir("d")
    os.chdir("d")
print("nested 2500")
