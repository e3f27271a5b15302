"""Answers with keys that all begin with the same numbers and have the same hash: to tell two of them apart takes long."""

# family: channel
# layer: wire
# exercise: words
# expect: keys that would take too long
import gc
import socket
import struct
import sys

import msgpack

START = [["scalar", "<f8", bytes(8)]] * 35
TAILS = [["int", str((2**61 - 1) * (2**70 + n))] for n in range(9900)]


def words(names):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    pairs = [[["tuple", [*START, tail]], 1] for tail in TAILS]
    tree = ["dict", [["id", frame.f_locals["request"]["id"]], ["status", "ok"], ["value", ["dict", pairs]]]]
    header = msgpack.packb([tree, []])
    channel.sendall(struct.pack("!IQ", len(header), 0) + header)
