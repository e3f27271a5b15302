"""Fifty processes that each start the next and end, all at once, as siblings of their parent: no round of kills catches them all."""

# family: processes
# layer: processes
# expect: .
# seconds: 20
import ctypes
import os

libc = ctypes.PyDLL(None)
CLONE = 56 if os.uname().machine == "x86_64" else 220


def linear(x, w):
    for _ in range(40):
        if libc.syscall(CLONE, 0x8000, 0, 0, 0, 0) == 0:
            while True:
                if libc.syscall(CLONE, 0x8000, 0, 0, 0, 0) > 0:
                    os._exit(0)
    return x + 1
