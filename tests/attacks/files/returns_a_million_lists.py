"""Returns more values than a message may have."""
# family: resources
# layer: wire
# expect: (too large to look at|did not return)


def linear(x, w):
    return [[] for _ in range(10**6)]
