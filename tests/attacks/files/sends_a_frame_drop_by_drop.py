"""Sends a frame one byte at a time, so that there is always something to read."""

# family: channel
# layer: host
# expect: did not return within
import gc
import socket
import time


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    channel.sendall(b"\0\x10\0\0" + bytes(8))
    while True:
        channel.sendall(b"\x90")
        time.sleep(0.001)
