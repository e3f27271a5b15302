"""Returns a tiny array that claims to be huge, without owning a byte more."""
# family: resources
# layer: wire
# expect: (too large|raised|whole process|MemoryError)


def linear(x, w):
    return np.broadcast_to(np.float64(6), (1 << 20, 1 << 20))
