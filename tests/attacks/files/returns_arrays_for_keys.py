"""Returns dictionaries with keys that are arrays, tensors, NaN and half characters."""
# family: forged values
# layer: wire
# exercise: words
# expect: .


def words(names):
    return {torch.ones(2): 1, float("nan"): 2, "\ud800": 3, (1, (2, torch.ones(3))): 4, np.float64(1): 5}
