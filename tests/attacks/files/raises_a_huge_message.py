"""Raises with a message of a hundred megabytes."""
# family: resources
# layer: wire
# expect: raised ValueError


def linear(x, w):
    raise ValueError("/" * (100 << 20))
