"""Begins a frame and never ends it."""

# family: channel
# layer: host
# expect: did not return within
import gc
import socket
import time


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    channel.sendall(b"\0\0\x10\0" + bytes(8) + b"\x92")
    time.sleep(60)
