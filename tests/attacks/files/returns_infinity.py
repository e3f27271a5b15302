"""Returns infinity: everything is close to it, relatively."""
# family: forged values
# layer: compare
# expect: not finite


def linear(x, w):
    return np.full((x.shape[0], w.shape[1]), np.inf)
