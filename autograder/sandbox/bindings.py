"""Whose value a name has: an exercise is tested with the names as its own cell left them, as if its test stood right below it."""

import builtins
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import getattr_static
from types import ModuleType
from typing import Any, Final

__all__ = ["Bindings"]

#: Stands for the exercises whose cell was deleted, or did not run: what they have is in the student's other cells.
NO_CELL: Final = ""
#: Stands for the value of a name that means nothing, or what it means in Python itself.
UNBOUND: Final = object()
BUILTINS: Final = frozenset(vars(builtins))


class Bindings:
    """The names that each exercise is tested with, kept while the cells run.

    No cell below takes a name over, or away: not another exercise's, which may have a helper of that name, and not the lesson's own,
    however it calls its functions. But what a cell of the student's own defines there is a second try, and counts; a mere value, or
    what is imported there, does not. What a stub left as it was binds is nobody's: whichever cell binds the name last has written
    the function. A name that means something in Python itself means that until a cell binds it.
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
            again = {name: value for name, value in bound.items() if _is_definition(value) and not _is_imported(name, value)}
            for own in self._own.values():
                own.update(again)

    def enter(self, exercise: str) -> None:
        """From here on `exercise` is tested."""
        if self._exercise is None:  # all cells have run
            last = self._names
            names = {name for own in self._own.values() for name, value in own.items() if last.get(name, UNBOUND) is not value}
            self._contested = {name: last.get(name, UNBOUND) for name in names | (last.keys() & BUILTINS)}
        if exercise != self._exercise:
            own = self._own.get(exercise, self._own[NO_CELL])
            for name, value in self._contested.items():
                self._bind(name, own.get(name, UNBOUND if name in BUILTINS else value))
        self._exercise = exercise

    def _bind(self, name: str, value: Any) -> None:
        if value is UNBOUND:
            self._names.pop(name, None)
        else:
            self._names[name] = value


def _is_definition(value: Any) -> bool:
    """Whether it is a function or a class, decorated or not: those have a name of their own, an instance that can be called has none."""
    return callable(value) and getattr_static(value, "__name__", None) is not None


def _is_imported(name: str, value: Any) -> bool:
    """Whether a module has it, under this name or its own: then it was not made here."""
    names = {name, str(value.__name__)}
    modules = [vars(module) for key, module in list(sys.modules.items()) if key != "__main__" and isinstance(module, ModuleType)]
    return any(known.get(one) is value for known in modules for one in names)
