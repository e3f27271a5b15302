"""Ends the process when the next cell is compiled: the fault seems to be that cell's."""

# family: processes
# layer: host
# exercise: linear
# expect: .
import os
import sys


def linear(x, w):
    return x + 1


sys.addaudithook(lambda event, _: os._exit(3) if event == "compile" else None)
