"""Returns the real part right to a tenth, and hides the rest in the imaginary part."""
# family: forged values
# layer: compare
# expect: wrong


def linear(x, w):
    return x @ w + 1j
