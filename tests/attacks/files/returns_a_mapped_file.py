"""Returns an array that lies in a file, and empties the file afterwards."""

# family: forged values
# layer: wire
# expect: .
import os
import threading


def linear(x, w):
    mapped = np.memmap("values", dtype="f8", mode="w+", shape=(x.shape[0], w.shape[1]))
    threading.Timer(0.0, lambda: os.truncate("values", 0)).start()
    return mapped
