"""Reads address zero."""

# family: processes
# layer: processes
# expect: stopped the whole process
import ctypes


def linear(x, w):
    ctypes.string_at(0)
