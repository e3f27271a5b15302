"""Sends what it has seen away by UDP."""

# family: network
# layer: syscalls
# expect: refused: PermissionError
import socket

attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"seen", UDP))
attempt(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
