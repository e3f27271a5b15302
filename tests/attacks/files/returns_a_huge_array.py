"""Returns more bytes than a message may have."""
# family: resources
# layer: wire
# expect: too large to look at


def linear(x, w):
    return np.zeros(40 << 20)
