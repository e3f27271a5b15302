"""Asks for the machine's network interfaces through the channel, which is a socket too, and through a pair of its own."""

# family: network
# layer: syscalls
# expect: asked \d+
import fcntl
import gc
import socket
import struct

asked = []
for end in (*socket.socketpair(), *(thing for thing in gc.get_objects() if type(thing) is socket.socket)):
    for request in (0x8910, 0x8913, 0x8915, 0x8927, 0x8933, 0x89E0, 0x8942, 0x8946, 0x8B01, 0x8904):
        try:
            asked.append(fcntl.ioctl(end, request, struct.pack("16si20x", b"eth0", 2)))
        except OSError:
            pass
print("asked", len(asked))
attempt(lambda: fcntl.ioctl(end, 0x8902, struct.pack("i", WORKER)))


def linear(x, w):
    return x + 1
