"""Makes processes whose parent is not itself but its own parent, with signals of its choice for their end."""

# family: processes
# layer: processes
# expect: made [1-9]
# seconds: 12
import ctypes
import os
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE, PARENT = 56 if os.uname().machine == "x86_64" else 220, 0x8000
made = 0
for signal in (9, 19, 17, 64):
    for flags in (PARENT | signal, signal if signal == 17 else PARENT):
        for ends in (True, False):
            pid = libc.syscall(CLONE, flags, 0, 0, 0, 0)
            if pid == 0:
                if not ends:
                    os.setsid()
                    time.sleep(30)
                os._exit(0)
            made += pid > 0
print("made", made)


def linear(x, w):
    libc.syscall(CLONE, PARENT, 0, 0, 0, 0)
    return x + 1
