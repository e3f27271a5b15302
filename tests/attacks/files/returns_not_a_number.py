"""Returns NaN everywhere: whatever is compared with it is neither larger nor smaller."""
# family: forged values
# layer: compare
# expect: not finite


def linear(x, w):
    return np.full((x.shape[0], w.shape[1]), np.nan)
