"""Returns more bytes than a message may have."""
# family: resources
# layer: wire
# expect: (too large to look at|did not return)


def linear(x, w):
    return np.zeros(40 << 20)
