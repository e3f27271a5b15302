"""Raises a group of errors of groups, each caused by the next, with notes and a type whose name is no text."""

# family: forged values
# layer: wire
# expect: .


class Named(type):
    @property
    def __name__(cls):
        return 10**300

    @property
    def __mro__(cls):
        return [cls] * 100_000


class Odd(BaseExceptionGroup, metaclass=Named):
    pass


def linear(x, w):
    error = ValueError("\ud800" * 10)
    for _ in range(500):
        error = Odd("group\u202e", [error, KeyboardInterrupt(), GeneratorExit()])
        error.add_note("note " * 1000)
    raise error
