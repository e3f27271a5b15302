"""Sends one buffer and a thousand arrays that all lie in it: little to send, much to unpack."""

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
    size = 16 << 20
    array = ["ndarray", "|u1", [size], 0]
    tree = ["dict", [["id", frame.f_locals["request"]["id"]], ["status", "ok"], ["value", ["list", [array] * 200]]]]
    header = msgpack.packb([tree, [size]])
    channel.sendall(struct.pack("!IQ", len(header), size) + header + bytes(size))
