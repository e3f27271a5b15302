"""Sends a dictionary whose keys all have the same hash."""

# family: channel
# layer: wire
# expect: .
import gc
import socket
import struct
import sys

import msgpack


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    pairs = [[["complex", -1000003.0 * n, float(n)], 0] for n in range(120_000)]
    tree = ["dict", [["id", frame.f_locals["request"]["id"]], ["status", "ok"], ["value", ["dict", pairs]]]]
    header = msgpack.packb([tree, []])
    channel.sendall(struct.pack("!IQ", len(header), 0) + header)
