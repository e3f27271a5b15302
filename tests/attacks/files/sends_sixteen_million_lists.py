"""Sends a header of sixteen megabytes in which every byte is an empty list."""

# family: channel
# layer: wire
# expect: .
import gc
import socket
import struct


def linear(x, w):
    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    header = b"\x92\xdd" + struct.pack("!I", (16 << 20) - 16) + b"\x90" * ((16 << 20) - 16) + b"\x90"
    channel.sendall(struct.pack("!IQ", len(header), 0) + header)
