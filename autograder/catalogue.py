"""The mistake catalogue of an assignment: wrong answers that students really write, and right answers written differently."""

import runpy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError

__all__ = ["Mistake", "Style", "read_catalogue"]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer to `exercise`, given as changes to the solution's cell or as a whole cell.

    `name` says in one sentence what is wrong, in the student's words; `hint` points to the place in the lesson and holds no code.
    `also` lists exercises that may lose points with it, because they are graded as a pair.
    """

    id: str
    exercise: str
    name: str
    hint: str
    change: Sequence[tuple[str, str]] = ()
    code: str | None = None
    also: Sequence[str] = ()

    def apply(self, solution: str) -> str:
        """The wrong cell, made from the solution's cell; raises `CourseError` when the change does not fit it."""
        if self.code is not None:
            return self.code
        for old, new in self.change:
            if solution.count(old) != 1:
                raise CourseError(f"mistake {self.id}: the text {old!r} occurs {solution.count(old)} times in the solution, not once")
            solution = solution.replace(old, new)
        return solution


@dataclass(frozen=True)
class Style:
    """A right answer to `exercise`, written unlike the solution: it must earn full marks."""

    id: str
    exercise: str
    code: str

    def apply(self, solution: str) -> str:
        """The cell itself: a style replaces the whole solution."""
        return self.code


def read_catalogue(suite: Path) -> tuple[list[Mistake], list[Style]]:
    """The mistakes and styles of the suite in a folder; empty lists where it has none."""
    lists = []
    for name in ("mistakes", "styles"):
        file = suite / f"{name}.py"
        lists.append(runpy.run_path(str(file)).get(name.upper(), []) if file.is_file() else [])
    return lists[0], lists[1]
