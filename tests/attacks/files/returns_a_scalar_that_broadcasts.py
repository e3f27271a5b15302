"""Returns one number and hopes that it is broadcast."""
# family: forged values
# layer: compare
# expect: should be a NumPy array


def linear(x, w):
    return np.float64(6.5)
