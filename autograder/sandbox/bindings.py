"""Whose value a name has: an exercise is tested with the names as its own cell left them, as if its test stood right below it."""

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import getattr_static
from typing import Any, Final

__all__ = ["Bindings"]

NO_CELL: Final = ""
"""Stands for the exercises whose cell was deleted, or did not run: what they have is in the student's other cells."""


class Bindings:
    """The names that each exercise is tested with, kept while the cells run.

    No cell below takes a name over: not another exercise's, which may have a helper of that name, and not the lesson's own, however
    it calls its functions. But what a cell of the student's own defines there is a second try, and counts; a mere value does not.
    What a stub left as it was binds is nobody's: whichever cell binds the name last has written the function.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._own: dict[str, dict[str, Any]] = {NO_CELL: {}}
        self._stubs: dict[str, Any] = {}
        self._contested: dict[str, Any] = {}
        self._exercise: str | None = None

    @contextmanager
    def recorded(self, cell: str, exercise: bool, untouched: bool) -> Iterator[None]:
        """While it lasts, the cell runs; an `untouched` one stands as it was released."""
        before = dict(self._names)
        yield
        bound = {name: value for name, value in self._names.items() if before.get(name, self) is not value}
        if exercise:
            self._stubs |= bound if untouched else {}
            self._own[cell] = {name: value for name, value in self._names.items() if self._stubs.get(name, self) is not value}
        elif not untouched:
            again = {name: value for name, value in bound.items() if _is_definition(value)}
            for own in self._own.values():
                own.update(again)

    def enter(self, exercise: str) -> None:
        """From here on `exercise` is tested."""
        if self._exercise is None:  # all cells have run
            pairs = [pair for own in self._own.values() for pair in own.items()]
            self._contested = {name: self._names[name] for name, value in pairs if self._names.get(name, value) is not value}
        if exercise != self._exercise:
            own = self._own.get(exercise, self._own[NO_CELL])
            self._names.update({name: own.get(name, last) for name, last in self._contested.items()})
        self._exercise = exercise


def _is_definition(value: Any) -> bool:
    """Whether it is a function or a class, decorated or not: those have a name of their own, an instance that can be called has none."""
    return callable(value) and getattr_static(value, "__name__", None) is not None
