"""Returns an object that equals everything."""
# family: forged values
# layer: wire
# expect: an object of type Everything


class Everything:
    shape, dtype, ndim, size = (3, 2), np.dtype(float), 2, 6

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return np.full((3, 2), np.nan)

    def __getattr__(self, name):
        return lambda *args, **kwargs: self

    def __sub__(self, other):
        return 0

    __rsub__ = __mul__ = __abs__ = __le__ = __sub__


def linear(x, w):
    return Everything()
