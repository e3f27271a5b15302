"""Announces a frame of many gigabytes."""

# family: channel
# layer: wire
# expect: announces more bytes than the limit
import os
import socket
import stat


def linear(x, w):
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                socket.socket(fileno=fd).sendall(b"\xff" * 12)
        except OSError:
            continue
