"""Whose value a name has: an exercise is tested with the names as its own cell left them, as if its test stood right below it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

__all__ = ["Bindings"]


class Bindings:
    """The names that exercises' cells bind, while the cells run and while the exercises are tested.

    Two exercises may have a helper of the same name, or one may name a helper after the other's function. What a cell that is no
    exercise's defines later (a function, a class) is a second try of the student's and counts; a mere value does not.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._own: dict[str, dict[str, Any]] = {}
        self._contested: dict[str, Any] = {}
        self._exercise: str | None = None

    @contextmanager
    def recorded(self, cell: str, exercise: bool) -> Iterator[None]:
        """While it lasts, the cell runs."""
        before = dict(self._names)
        yield
        bound = {name: value for name, value in self._names.items() if before.get(name, self) is not value}
        if exercise:
            self._own[cell] = bound
            return
        again = {name: value for name, value in bound.items() if isinstance(value, type | FunctionType)}
        for own in self._own.values():
            own.update({name: again[name] for name in own.keys() & again.keys()})

    def enter(self, exercise: str) -> None:
        """From here on `exercise` is tested."""
        if self._exercise is None:  # all cells have run
            pairs = [pair for own in self._own.values() for pair in own.items()]
            self._contested = {name: self._names[name] for name, value in pairs if self._names.get(name, value) is not value}
        if exercise != self._exercise:
            own = self._own.get(exercise, {})
            self._names.update({name: own.get(name, last) for name, last in self._contested.items()})
        self._exercise = exercise
