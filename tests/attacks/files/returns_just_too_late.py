"""Catches its time limit by staying just below it in every call."""

# family: resources
# layer: limits
# expect: .
import time


def linear(x, w):
    time.sleep(0.9)
    return x
