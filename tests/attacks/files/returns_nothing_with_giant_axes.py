"""Returns arrays without an element whose axes are as long as an integer can be."""

# family: forged values
# layer: host
# expect: .
calls = [0]


def linear(x, w):
    calls[0] += 1
    shapes = [(0, 2**31 - 1), (2**31 - 1, 0), (0, 2**62), (0,) * 16, (1,) * 32]
    shape = shapes[calls[0] % 5]
    return torch.empty(shape) if calls[0] % 2 else np.empty(shape)
