"""What was released of an assignment, as a value: the cells that nbgrader knows, and the lesson's text and code around them."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from autograder.lesson import without_hidden_tests
from autograder.salvage import Cells

__all__ = ["Reference", "ReferenceCell", "defined_in", "squeezed"]

TEST: Final = "test_"
#: The names that a cell's outermost lines define as functions, classes or values.
DEFINED: Final = re.compile(r"^(?:(?:async +)?def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class ReferenceCell:
    """A cell of the released assignment that nbgrader knows by its grade_id: a stub, or a locked grade cell."""

    grade_id: str
    source: str
    metadata: Mapping[str, Any]

    @property
    def exercise(self) -> str:
        """The exercise that the cell belongs to."""
        return self.grade_id.removeprefix(TEST)

    @cached_property
    def asked(self) -> Set[str]:
        """The names that a stub asks the student to define."""
        return defined_in(self.source)

    @property
    def is_test(self) -> bool:
        """Whether this is a locked grade cell."""
        return bool(self.metadata.get("grade")) and not self.metadata.get("solution")

    def is_untouched(self, source: str) -> bool:
        """Whether a student's cell says what this one did when it was released, or as staff see it."""
        return squeezed(source) in self._squeezed

    @cached_property
    def _squeezed(self) -> Set[str]:
        return {squeezed(self.source), squeezed(without_hidden_tests(self.source))}


@dataclass(frozen=True)
class Reference:
    """What was released: the notebook's name, its kernel, its stubs and grade cells in order, the lesson's texts and code.

    The code has the tags of its cell.
    """

    name: str
    kernelspec: Mapping[str, Any]
    cells: Sequence[ReferenceCell]
    texts: frozenset[str] = frozenset()
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def points(self) -> dict[str, float]:
        """The points of each exercise."""
        return {cell.exercise: float(cell.metadata["points"]) for cell in self.cells if cell.is_test}

    @cached_property
    def released(self) -> Set[str]:
        """What runs as it was released, without white space: the stubs and the lesson's own code."""
        return {*self._tags, *map(squeezed, self._stubs.values())}

    def tags_of(self, cell: Mapping[str, Any]) -> Sequence[str]:
        """The tags of a cell of no exercise: those that it was released with, whatever it says, if it stands as it was released."""
        return self._tags.get(squeezed(cell["source"]), cell["tags"]) if cell["cell_type"] == "code" else cell["tags"]

    def is_lessons(self, source: str) -> bool:
        """Whether it is code of the lesson's own, as it was released."""
        return squeezed(source) in self._tags

    @property
    def stubs(self) -> Sequence[ReferenceCell]:
        """The cells that students fill in."""
        return [cell for cell in self.cells if not cell.is_test]

    @cached_property
    def _tags(self) -> Mapping[str, Sequence[str]]:
        return {squeezed(source): tags for source, tags in self.codes.items()}

    def knows(self, cell: Mapping[str, Any]) -> bool:
        """Whether a student's cell belongs to this assignment: by its grade_id, or by a name that it defines."""
        return cell["grade_id"] in self._grade_ids or self._is_defined_in(cell)

    def holds_answer(self, cells: Cells) -> bool:
        """Whether a stub was filled in, or what it asks for is defined in another cell."""
        return any(self._is_answer(cell) for cell in cells)

    def count_answers(self, cells: Cells) -> int:
        """How many of the names that stubs ask for are defined in them, or in another cell; a stub that was filled in otherwise is one."""
        found = [defined_in(cell["source"]) & self._names or {cell["grade_id"]} for cell in cells if self._is_answer(cell)]
        return len({name for names in found for name in names})

    def _is_answer(self, cell: Mapping[str, Any]) -> bool:
        belongs = cell["grade_id"] in self._stubs or self._is_defined_in(cell)
        return belongs and squeezed(cell["source"]) not in self._unanswered

    def _is_defined_in(self, cell: Mapping[str, Any]) -> bool:
        return cell["cell_type"] != "markdown" and not self._names.isdisjoint(defined_in(cell["source"]))

    @cached_property
    def _grade_ids(self) -> Set[str]:
        return {cell.grade_id for cell in self.cells}

    @cached_property
    def _stubs(self) -> Mapping[str, str]:
        return {cell.grade_id: cell.source for cell in self.stubs}

    @cached_property
    def _unanswered(self) -> Set[str]:
        return {"", *map(squeezed, self._stubs.values())}

    @cached_property
    def _names(self) -> Set[str]:
        return {name for cell in self.stubs for name in cell.asked}


def squeezed(source: str) -> str:
    """The source without its white space."""
    return "".join(source.split())


def defined_in(source: str) -> Set[str]:
    """The names that a cell's outermost lines define.

    >>> sorted(defined_in("x = 1\\ndef f():\\n    y = 2"))
    ['f', 'x']
    """
    return {name for names in DEFINED.findall(source) for name in names if name}
