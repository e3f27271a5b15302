"""Forks inside the call, so that two processes answer every question from then on."""

# family: processes
# layer: processes
# expect: .
import os


def linear(x, w):
    os.fork()
    return x @ w + 1
