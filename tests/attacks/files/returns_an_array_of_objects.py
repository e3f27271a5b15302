"""Returns an array of objects that equal everything."""
# family: forged values
# layer: wire
# expect: dtype object


class Everything:
    def __eq__(self, other):
        return True


def linear(x, w):
    return np.full((x.shape[0], w.shape[1]), Everything(), dtype=object)
