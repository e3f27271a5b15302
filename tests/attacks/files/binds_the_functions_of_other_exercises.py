"""Binds the names of all other exercises in its own cell, and hopes to be asked with them, or to take the others their own."""

# family: bindings
# layer: child
# exercise: linear
# expect: .


def relu(x):
    return x * 0


def twice(x):
    return 0


def words(names):
    return {}


class linear:
    def __new__(cls, x, w):
        return globals()["relu"](x)
