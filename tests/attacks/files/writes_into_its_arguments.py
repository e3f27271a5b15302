"""Makes the expected value equal to its own by changing the arguments."""
# family: forged values
# layer: processes
# expect: .


def linear(x, w):
    x[:] = 0
    w[:] = 0
    return x @ w
