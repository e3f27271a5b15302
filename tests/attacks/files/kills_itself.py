"""Sends itself the signal that can't be caught."""

# family: processes
# layer: processes
# expect: stopped the whole process
import os
import signal


def linear(x, w):
    os.kill(os.getpid(), signal.SIGKILL)
