"""Returns overlapping, reversed and byte-swapped views of wrong values."""
# family: forged values
# layer: wire
# expect: wrong


def linear(x, w):
    wrong = np.lib.stride_tricks.as_strided(np.zeros(8), (x.shape[0], w.shape[1]), (0, 8))[::-1].astype(">f8")
    wrong.flags.writeable = False
    return wrong
