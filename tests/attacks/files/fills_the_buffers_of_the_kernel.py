"""Keeps as much as it can in the buffers of sockets and pipes, which no limit of a process counts."""

# family: resources
# layer: limits
# expect: held
# seconds: 20
import os
import socket

held, kept = 0, []
try:
    while True:
        for a, b in (socket.socketpair(),):
            kept += [a, b]
            for end in (a, b):
                end.setblocking(False)
                try:
                    while True:
                        held += end.send(bytes(1 << 16))
                except BlockingIOError:
                    pass
except OSError as error:
    print("held", held >> 20, "MiB until", type(error).__name__)
    if held > 256 << 20:
        print("GOT THROUGH")
