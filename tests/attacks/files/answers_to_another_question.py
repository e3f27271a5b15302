"""Answers with a number that is an array, a truth value, a text: equal to every question's."""

# family: channel
# layer: host
# expect: stopped the whole process
import gc
import socket
import sys

wire = sys.modules["autograder.wire"]


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    wire.send(channel, {"id": np.arange(3), "status": "ok", "value": x})
    return x
