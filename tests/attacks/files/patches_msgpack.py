"""Replaces msgpack's functions by its own."""

# family: patching
# layer: wire
# expect: stopped the whole process
import msgpack


def linear(x, w):
    msgpack.packb = lambda *args, **kwargs: b"\xc1" * 100
    return x
