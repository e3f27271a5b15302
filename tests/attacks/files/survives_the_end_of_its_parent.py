"""Lets a child hold the channel open and end the parent, so that nobody sees an end of file."""

# family: processes
# layer: limits
# expect: did not return within
import os
import time


def linear(x, w):
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
