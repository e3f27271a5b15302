"""Mounts a file system, changes its root, and makes namespaces of its own."""

# family: writing
# layer: syscalls
# expect: refused: (PermissionError|OSError)
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
attempt(lambda: 1 / (libc.mount(b"none", COURSE.encode(), b"tmpfs", 0, None) == 0))
attempt(lambda: 1 / (libc.unshare(0x10020000) == 0))
attempt(lambda: os.chroot("."))
