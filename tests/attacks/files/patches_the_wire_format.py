"""Replaces the functions that encode answers, so that every answer becomes what it wants."""

# family: patching
# layer: host
# expect: wrong
import sys

wire = sys.modules["autograder.wire"]
encode = wire.encode


def linear(x, w):
    def once(value):
        wire.encode = encode
        return encode({**value, "value": np.zeros((x.shape[0], w.shape[1])), "arguments": (x, w), "status": "ok"})

    wire.encode = once
