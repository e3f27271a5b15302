"""Nests a few thousand folders: a tidy-up that recurses would break on them."""

# family: writing
# layer: tidying
# expect: nested 4000
import os

for _ in range(4000):
    os.mkdir("d")
    os.chdir("d")
print("nested 4000")
