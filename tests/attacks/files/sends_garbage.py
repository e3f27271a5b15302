"""Writes noise to every socket that it can find among its descriptors."""

# family: channel
# layer: wire
# expect: stopped the whole process
import os
import random
import stat


def linear(x, w):
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.write(fd, b"\0\0\0\x20" + bytes(8) + random.Random(1).randbytes(4096))
        except OSError:
            continue
