"""Hands the channel to a fresh interpreter that takes its place and answers every question with zeros."""

# family: channel
# layer: host
# others: harmed
# expect: .
# seconds: 20
import gc
import os
import socket
import sys

ANSWER = """
import socket, struct, sys
import msgpack, numpy as np
channel = socket.socket(fileno=int(sys.argv[1]))
while True:
    size, more = struct.unpack("!IQ", channel.recv(12, socket.MSG_WAITALL))
    request = dict(msgpack.unpackb(channel.recv(size, socket.MSG_WAITALL), strict_map_key=False)[0][1])
    channel.recv(more, socket.MSG_WAITALL) if more else None
    value = np.zeros((3, 2))
    tree = ["dict", [["id", request["id"]], ["status", "ok"], ["value", ["ndarray", "<f8", [3, 2], 0]], ["used", ["list", []]]]]
    header = msgpack.packb([tree, [value.nbytes]])
    channel.sendall(struct.pack("!IQ", len(header), value.nbytes) + header + value.tobytes())
"""


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    os.set_inheritable(channel.fileno(), True)
    os.execv(sys.executable, [sys.executable, "-c", ANSWER, str(channel.fileno())])
