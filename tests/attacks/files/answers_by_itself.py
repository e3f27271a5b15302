"""Writes its own answer to the channel, with a verdict and points in it, and then hangs."""

# family: channel
# layer: host
# expect: .
import gc
import socket
import sys
import time

wire = sys.modules["autograder.wire"]


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    request = next(f for f in iter_frames() if "request" in f)["request"]
    wire.send(channel, {"id": request["id"], "status": "ok", "value": True, "points": 8, "outcome": "passed", "passed": True})
    time.sleep(60)


def iter_frames():
    frame = sys._getframe()
    while frame := frame.f_back:
        yield frame.f_locals
