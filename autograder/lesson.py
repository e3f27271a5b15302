"""A lesson as a value: the cells of one assignment, each a text, a given cell, a stub or a grade cell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BEGIN_HIDDEN",
    "BEGIN_SOLUTION",
    "CAPSTONE",
    "END_HIDDEN",
    "END_SOLUTION",
    "NEVER_RELEASED",
    "NOT_REGRADED",
    "Cell",
    "Kind",
    "Lesson",
    "topic_of",
    "without_hidden_tests",
]

Kind = Literal["code", "markdown", "raw"]

BEGIN_SOLUTION, END_SOLUTION = "BEGIN SOLUTION", "END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"

CAPSTONE = "capstone"
"""The tag of cells that neither grading nor the build runs: the long training of a capstone."""

NOT_REGRADED = frozenset({CAPSTONE, "slow"})
"""The tags of cells that grading does not run. `slow` is for the lesson's own figures, which no exercise needs."""

NEVER_RELEASED = ("*.py", "*.py[cod]", "make_*", "__pycache__", ".*", "*~", "*.swp", "*.log", "feedback")
"""Names of files beside the lesson that nbgrader must not copy to students: a script holds the solutions."""


@dataclass(frozen=True)
class Cell:
    """One cell; a stub has `exercise`, a grade cell has `test` (the exercise it grades) and `points`."""

    kind: Kind
    source: str
    exercise: str | None = None
    test: str | None = None
    points: int | None = None
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The grade_id for nbgrader: `linear` for a stub, `test_linear` for its grade cell, None for any other cell."""
        return f"test_{self.test}" if self.test else self.exercise

    def python(self) -> str:
        r"""The cell as plain Python: the solution without its markers, and without lines of magics.

        >>> Cell("code", "%matplotlib inline\nimport numpy").python()
        'import numpy'
        """
        return "\n".join(line for line, _ in self.lines() if not line.startswith(("%", "!")))

    def lines(self) -> Iterator[tuple[str, bool]]:
        r"""Each line but the markers, with True for those that stand inside a solution.

        >>> list(Cell("code", "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION").lines())
        [('def f():', False), ('    return 1', True)]
        """
        inside = False
        for line in self.source.split("\n"):
            if BEGIN_SOLUTION in line or END_SOLUTION in line:
                inside = BEGIN_SOLUTION in line
            else:
                yield line, inside


@dataclass(frozen=True)
class Lesson:
    """The cells of one assignment in order."""

    cells: tuple[Cell, ...]

    @property
    def exercises(self) -> tuple[str, ...]:
        """The names of the stubs, in order."""
        return tuple(cell.exercise for cell in self.cells if cell.exercise)

    @property
    def points(self) -> int:
        """The points of all grade cells together."""
        return sum(cell.points or 0 for cell in self.cells)

    def public_text(self) -> str:
        """Everything that students may see: all lines outside the solutions."""
        return "\n".join(line for cell in self.cells for line, inside in cell.lines() if not inside)

    def solution_lines(self) -> Iterator[str]:
        """The lines inside the solutions."""
        return (line for cell in self.cells for line, inside in cell.lines() if inside)


def topic_of(assignment: str) -> str:
    """The topic in an assignment's name, which names its script and notebook.

    >>> topic_of("01-backprop")
    'backprop'
    """
    return assignment.split("-", 1)[-1]


def without_hidden_tests(source: str) -> str:
    r"""A grade cell's source as it is released: its visible examples.

    >>> without_hidden_tests("assert f(1)\n### BEGIN HIDDEN TESTS\nassert f(2)\n### END HIDDEN TESTS")
    'assert f(1)'
    """
    return re.sub(rf"\n*^[^\n]*{BEGIN_HIDDEN}.*?{END_HIDDEN}[^\n]*", "", source, flags=re.MULTILINE | re.DOTALL)
