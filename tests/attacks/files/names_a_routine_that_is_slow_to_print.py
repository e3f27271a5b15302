"""Says that it used, of the forbidden routines, an array that takes hours to print."""

# family: channel
# layer: host
# expect: own routine
import sys


def linear(x, w):
    frame = sys._getframe()
    while frame and "used" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["used"].append(np.zeros((6,) * 9, np.int8))
    return x @ w
