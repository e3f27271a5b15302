"""Returns a string of a hundred megabytes."""
# family: resources
# layer: wire
# expect: too large to look at


def linear(x, w):
    return "6" * (100 << 20)
