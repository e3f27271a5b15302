"""Moves the position of inherited files, locks them, and makes their ends non-blocking for everybody."""

# family: next student
# layer: descriptors
# expect: refused: (OSError|BlockingIOError)
import fcntl
import os

for fd in (0, 1, 2):
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
attempt(lambda: os.write(0, b"x"))
attempt(lambda: fcntl.flock(os.open(np.__file__, os.O_RDONLY), fcntl.LOCK_EX) or 1 / 0)
