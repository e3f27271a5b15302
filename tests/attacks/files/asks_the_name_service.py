"""Looks a name up, with the answers of the exercise in the name."""

# family: network
# layer: syscalls
# expect: refused: (PermissionError|gaierror)
import socket

attempt(lambda: socket.getaddrinfo("answers.invalid", 80))
attempt(lambda: socket.gethostbyname("answers.invalid"))
