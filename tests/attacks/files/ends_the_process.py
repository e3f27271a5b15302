"""Ends the process in the midst of an answer, with success."""

# family: processes
# layer: processes
# expect: stopped the whole process
import os


def linear(x, w):
    os._exit(0)
