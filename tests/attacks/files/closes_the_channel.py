"""Closes every descriptor, the channel among them."""

# family: channel
# layer: host
# expect: stopped the whole process
import os


def linear(x, w):
    os.closerange(3, 256)
    return x
