"""Returns arrays just below the limit of a message, in every call, hoping that they are all kept."""
# family: resources
# layer: wire
# expect: .
# seconds: 8


def linear(x, w):
    return np.zeros(30 << 20)
