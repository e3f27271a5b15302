"""Hangs inside compiled code, where Python handles no signal."""

# family: resources
# layer: limits
# expect: did not return within
import re


def linear(x, w):
    re.match(r"(a+)+$", "a" * 64 + "b")
