"""Returns scalars and arrays of classes that claim to be NumPy's and torch's own, with methods of their own."""

# family: forged values
# layer: host
# expect: .


class Liar(np.float64):
    __module__ = "numpy"

    def astype(self, dtype):
        return self

    def tobytes(self):
        return bytes(1 << 26)


class Tensor(torch.Tensor):
    __module__ = "torch"


class ndarray(np.ndarray):
    __module__ = "numpy"
    __class__ = np.ndarray
    dtype = property(lambda self: np.dtype("f8"))
    shape = property(lambda self: (3, 2))


calls = [0]


def linear(x, w):
    calls[0] += 1
    return [Liar(6.0), torch.ones(3, 2).as_subclass(Tensor), np.ones((3, 2)).view(ndarray)][calls[0] % 3]
