"""Returns an ndarray subclass whose comparisons and sums are its own."""
# family: forged values
# layer: wire
# expect: .


class Mine(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __array_ufunc__(self, *args, **kwargs):
        return 0.0

    def __array_function__(self, *args, **kwargs):
        return True


def linear(x, w):
    return np.zeros((x.shape[0], w.shape[1])).view(Mine)
