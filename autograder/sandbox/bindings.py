"""Whose value a name has: an exercise is tested with the names as its own cell left them, as if its test stood right below it."""

import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from inspect import getattr_static
from types import ModuleType
from typing import Any, Final

__all__ = ["Bindings"]

#: Stands for the exercises whose cell was deleted, or did not run: what they have is in the student's other cells.
NO_CELL: Final = ""
#: Stands for the exercises whose cell has bound a name, where the lesson's own has.
LESSON: Final = (NO_CELL,)
#: Stands for the value of a name that means nothing, or what it means in Python itself.
UNBOUND: Final = object()
BUILTINS: Final = frozenset(vars(builtins))


class Bindings:
    """The names that each exercise is tested with, kept while the cells run.

    No cell below takes a name over, or away: not another exercise's, which may have a helper of that name, and not the lesson's own,
    however it calls its functions. But where a cell of the student's own defines anew a function of the exercise's, that is a second
    try, and the exercise is tested with the names as that cell left them; only what another exercise or the lesson has made of its own
    names since the first try is still not meant. A mere value there, an import, or a second name for a function that stands there
    already, is no second try.

    A stub left as it was takes over nothing that the student wrote above it, and what it binds is nobody's: whichever cell binds the
    name last has written the function. A name that means something in Python itself means that until a cell binds it.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._own: dict[str, dict[str, Any]] = {NO_CELL: {}}
        self._first: dict[str, Set[str]] = {NO_CELL: frozenset()}
        self._whose: dict[str, Sequence[str]] = {}
        self._stubs: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._contested: dict[str, Any] = {}
        self._exercise: str | None = None

    @contextmanager
    def recorded(self, exercises: Sequence[str], asked: Sequence[str], untouched: bool) -> Iterator[None]:
        """While it lasts, the cell of the `exercises` runs, whose stubs ask for the names `asked`, or one of no exercise.

        An `untouched` cell stands as it was released: of no exercise, it is the lesson's, and else the student's own.
        """
        before = dict(self._names)
        yield
        bound = self._bound_since(before)
        wanted = {*exercises, *asked}
        self._asked |= wanted
        first = wanted | bound.keys()
        if exercises and untouched:
            self._stubs |= bound
            self._give_back(before, bound)
            bound = self._bound_since(before)
        self._whose |= dict.fromkeys(bound, exercises or (LESSON if untouched else ()))
        for exercise in exercises:
            self._own[exercise], self._first[exercise] = self._standing(), first
        if not exercises and not untouched:
            self._try_again({name: value for name, value in bound.items() if self._is_made_here(name, value)})

    def _bound_since(self, before: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in self._names.items() if before.get(name, self) is not value}

    def _standing(self) -> dict[str, Any]:
        """All names but those that still mean what an untouched stub has bound."""
        return {name: value for name, value in self._names.items() if self._stubs.get(name, self) is not value}

    def _give_back(self, before: Mapping[str, Any], bound: Iterable[str]) -> None:
        """Lets the names that a stub has bound mean again what the student had written above it: no import, nothing of the lesson's."""
        for name in bound:
            value, is_students = before.get(name), self._whose.get(name, LESSON) is not LESSON
            if is_students and self._stubs.get(name, self) is not value and not _is_imported(name, value):
                self._names[name] = value

    def _try_again(self, again: Mapping[str, Any]) -> None:
        """Lets what a cell of the student's own defines count for the exercises."""
        standing = self._standing()
        for exercise, own in self._own.items():
            first = self._first[exercise]
            if first.isdisjoint(again):
                own.update(again)
            else:
                taken = {name for name in first if self._whose.get(name) and exercise not in self._whose[name]}
                own.update({name: value for name, value in standing.items() if name not in taken})

    def _is_made_here(self, name: str, value: Any) -> bool:
        """Whether it is a function or class that was not imported, and not only a second name, or a loop's, that no stub asks for."""
        if not _is_definition(value) or _is_imported(name, value):
            return False
        own_name = _own_name(value)
        return name == own_name or name in self._asked or self._names.get(own_name, self) is not value

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
    return callable(value) and bool(_own_name(value))


def _own_name(value: Any) -> str:
    return "" if getattr_static(value, "__name__", None) is None else str(value.__name__)


def _is_imported(name: str, value: Any) -> bool:
    """Whether a module has it, under this name or its own: then it was not made here."""
    names = {name, _own_name(value)}
    modules = [vars(module) for key, module in list(sys.modules.items()) if key != "__main__" and isinstance(module, ModuleType)]
    return any(known.get(one) is value for known in modules for one in names)
