"""Leaves folders behind that even their owner can't read or empty."""

# family: writing
# layer: tidying
# expect: made
import os

for number in range(20):
    os.makedirs(f"closed-{number}/inner")
    open(f"closed-{number}/inner/file", "w").close()
os.umask(0o777)
os.makedirs("never/entered")
print("made")
