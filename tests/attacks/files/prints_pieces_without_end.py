"""Prints one letter at a time, now here, now there, so that every letter is an output of its own."""

# family: outputs
# layer: host
# expect: .
# seconds: 12
import sys

for _ in range(60_000):
    sys.stdout.write("a")
    sys.stderr.write("b")


def linear(x, w):
    return x + 1
