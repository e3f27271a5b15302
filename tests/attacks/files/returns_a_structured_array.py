"""Returns arrays with fields, of text and of dates."""
# family: forged values
# layer: wire
# expect: dtype


def linear(x, w):
    kind = ["M8[s]", "U6", [("a", "f8"), ("b", "O")], "V8"][x.shape[0] % 4]
    return np.zeros((x.shape[0], w.shape[1]), kind)
