"""Lets a thread answer when the question has long been given up."""

# family: channel
# layer: host
# expect: did not return within
import threading
import time


def linear(x, w):
    time.sleep(1.1)
    threading.Timer(0.1, lambda: None).start()
    return x @ w
