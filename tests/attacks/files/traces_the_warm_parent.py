"""Attaches a debugger to its parent and to the grading process."""

# family: processes
# layer: syscalls
# expect: -1 -1
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(16, os.getppid(), 0, 0), libc.ptrace(16, WORKER, 0, 0))
