"""Returns an array of size zero: all of its entries are right."""
# family: forged values
# layer: compare
# expect: wrong shape


def linear(x, w):
    return np.empty((0, w.shape[1]))
