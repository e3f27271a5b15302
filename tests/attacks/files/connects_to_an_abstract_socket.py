"""Connects to an abstract Unix socket, which no file permission guards."""

# family: network
# layer: syscalls
# expect: refused: PermissionError
import socket

attempt(lambda: socket.socket(socket.AF_UNIX).connect(ABSTRACT))
