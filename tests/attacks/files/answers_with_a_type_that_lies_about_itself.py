"""Answers with a number whose type calls itself `ndarray` of the module `numpy`, and says yes when asked whether it is anything."""

# family: forged values
# layer: wire
# exercise: twice
# expect: .


class Liar(type):
    def __instancecheck__(cls, value):
        return True

    def __subclasscheck__(cls, kind):
        return True

    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__
    __module__ = "numpy"


ndarray = Liar("ndarray", (int,), {"__eq__": lambda self, other: True, "__hash__": int.__hash__, "__module__": "numpy"})


def twice(x):
    return ndarray(x)
