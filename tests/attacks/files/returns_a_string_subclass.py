"""Returns subclasses of str, int, float, tuple and dict that lie about themselves."""
# family: forged values
# layer: wire
# exercise: twice
# expect: an object of type Always


class Always(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__

    def __sub__(self, other):
        return 0

    __rsub__ = __sub__


def twice(x):
    return Always(0)
