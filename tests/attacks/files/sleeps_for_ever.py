"""Waits for something that never comes, without using the processor."""

# family: resources
# layer: limits
# expect: did not return within
import threading


def linear(x, w):
    threading.Event().wait()
