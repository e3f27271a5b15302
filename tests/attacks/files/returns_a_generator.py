"""Returns generators, coroutines and lambdas: values that would be computed on the other side."""
# family: forged values
# layer: wire
# expect: an object of type generator


def linear(x, w):
    return (x @ w for _ in range(1))
