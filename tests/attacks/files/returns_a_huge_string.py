"""Returns a string of a hundred megabytes."""
# family: resources
# layer: wire
# expect: (too large to look at|did not return)


def linear(x, w):
    return "6" * (100 << 20)
