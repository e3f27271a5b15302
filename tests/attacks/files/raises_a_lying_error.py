"""Raises errors whose type, text and ancestry are made up."""
# family: forged values
# layer: wire
# expect: stopped the whole process


class Mine(Exception):
    __name__ = "Passed"

    def __str__(self):
        raise SystemExit("passed")

    def __getattribute__(self, name):
        raise RecursionError(name)


def linear(x, w):
    raise Mine
