"""Shuts the channel down and goes on."""

# family: channel
# layer: host
# expect: stopped the whole process
import gc
import socket


def linear(x, w):
    for thing in gc.get_objects():
        if type(thing) is socket.socket:
            thing.shutdown(socket.SHUT_RDWR)
    return x
