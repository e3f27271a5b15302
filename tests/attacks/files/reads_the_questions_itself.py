"""Reads the channel itself, to see the arguments of the tests to come, and answers nothing."""

# family: channel
# layer: host
# expect: did not return within
import gc
import socket


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    return channel.recv(1 << 16)
