"""Takes a socket pair, which is allowed, and tries to send elsewhere with it."""

# family: network
# layer: syscalls
# expect: refused: (PermissionError|OSError)
import socket

one, _ = socket.socketpair()
attempt(lambda: one.connect(UNIX))
attempt(lambda: one.sendto(b"seen", UNIX))
attempt(lambda: one.bind("\0mine"))
try:
    one.sendmsg([b"seen"], [], 0, UNIX)
except OSError as error:
    print("refused:", type(error).__name__)
