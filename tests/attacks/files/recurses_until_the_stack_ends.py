"""Lifts the limit of recursion and recurses until the stack ends."""

# family: resources
# layer: processes
# expect: (stopped the whole process|raised|did not return)
import sys

sys.setrecursionlimit(10**9)


def linear(x, w):
    return linear(x, w)
