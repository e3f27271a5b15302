"""Writes past Python, straight to the descriptors 1 and 2, without end."""

# family: resources
# layer: limits
# expect: (refused: OSError|did not finish|too much into)
import os


def flood():
    while True:
        os.write(1, b"x" * (1 << 20))
        os.write(2, b"x" * (1 << 20))


attempt(flood)
