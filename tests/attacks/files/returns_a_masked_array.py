"""Returns an array in which every entry is masked: comparisons with it are neither true nor false."""
# family: forged values
# layer: wire
# expect: .


def linear(x, w):
    return np.ma.masked_all((x.shape[0], w.shape[1]))
