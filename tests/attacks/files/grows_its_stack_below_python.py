"""Runs out of stack in compiled code, in a thread with a tiny stack, and in a signal handler with none."""

# family: crashes
# layer: host
# expect: stopped the whole process
import ctypes
import signal
import threading


def linear(x, w):
    deep = None
    for _ in range(200_000):
        deep = [deep]
    libc, handler = ctypes.CDLL(None), ctypes.CFUNCTYPE(None, ctypes.c_int)
    threading.stack_size(32768)
    signal.signal(signal.SIGSEGV, signal.SIG_IGN)
    libc.signal(signal.SIGSEGV, handler(0))
    ctypes.memset(0, 1, 1)
    return deep
