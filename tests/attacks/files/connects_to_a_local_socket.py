"""Connects to a Unix socket in the file system, such as a container daemon's."""

# family: network
# layer: syscalls
# expect: refused: PermissionError
import socket

attempt(lambda: socket.socket(socket.AF_UNIX).connect(UNIX))
