"""Waits in the kernel for a child that never starts another program, with every signal blocked and a second child traced by nobody."""

# family: processes
# layer: host
# expect: did not (return|finish)
# seconds: 12
import ctypes
import signal


def linear(x, w):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    libc = ctypes.PyDLL(None)
    if libc.vfork() == 0:
        while True:
            libc.pause()
    return x
