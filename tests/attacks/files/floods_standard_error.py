"""Prints to the standard error without end, and warns a million times."""

# family: resources
# layer: limits
# expect: did not finish
import sys
import warnings

while True:
    sys.stderr.write("y" * 100_000)
    warnings.warn("z" * 1000, stacklevel=1)
