"""Stops itself: neither running nor ended."""

# family: processes
# layer: limits
# expect: did not return within
import os
import signal


def linear(x, w):
    os.kill(os.getpid(), signal.SIGSTOP)
