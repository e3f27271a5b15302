"""A submitted file → a notebook that can be graded: mended where that needs no guessing, or with the reason why it can't be.

Nothing in a submission is believed but the text of its cells: ids, points, locks, tags of graded cells and the kernel
come from the released assignment.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from autograder.finding import find_notebook
from autograder.harmless import as_plain_text
from autograder.lesson import NOT_REGRADED, without_hidden_tests
from autograder.model import Cell
from autograder.names import as_code
from autograder.salvage import Cells, File, read_cells

__all__ = ["Reference", "ReferenceCell", "Submission", "cannot_grade", "cells_to_run", "find_notebook", "read_submission"]

TEST: Final = "test_"
#: The names that a cell's outermost lines define as functions, classes or values.
DEFINED: Final = re.compile(r"^(?:(?:async +)?def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=(?!=)", re.MULTILINE)
#: Cells that grading itself adds to the notebook.
NAMES_OF_NOTES: Final = {"mended", "ungradable"}
#: What a cell's metadata say under `autograder`: a copy of a stub that does not run; a cell that stands as it was released.
LEFT_OUT: Final = "left out"
UNTOUCHED: Final = "untouched"


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

    @property
    def is_test(self) -> bool:
        """Whether this is a locked grade cell."""
        return bool(self.metadata.get("grade")) and not self.metadata.get("solution")

    def is_untouched(self, source: str) -> bool:
        """Whether a student's cell says what this one did when it was released, or as staff see it."""
        return _squeezed(source) in self._squeezed

    @cached_property
    def _squeezed(self) -> Set[str]:
        return {_squeezed(self.source), _squeezed(without_hidden_tests(self.source))}


@dataclass(frozen=True)
class Reference:
    """What was released: the notebook's name, its kernel, its stubs and grade cells in order, the lesson's text and code cells."""

    name: str
    kernelspec: Mapping[str, Any]
    cells: Sequence[ReferenceCell]
    texts: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()

    def points(self) -> dict[str, float]:
        """The points of each exercise."""
        return {cell.exercise: float(cell.metadata["points"]) for cell in self.cells if cell.is_test}

    @cached_property
    def released(self) -> Set[str]:
        """What runs as it was released, without white space: the stubs and the lesson's own code."""
        return set(map(_squeezed, [*self.codes, *self._stubs.values()]))

    def knows(self, cell: Mapping[str, Any]) -> bool:
        """Whether a student's cell belongs to this assignment: by its grade_id, or by a name that it defines."""
        return cell["grade_id"] in self._grade_ids or self._is_defined_in(cell)

    def holds_answer(self, cells: Cells) -> bool:
        """Whether a stub was filled in, or what it asks for is defined in another cell."""
        return any(self._is_answer(cell) for cell in cells)

    def count_answers(self, cells: Cells) -> int:
        """How many of the names that stubs ask for are defined in them, or in another cell; a stub that was filled in otherwise is one."""
        found = [_defined(cell["source"]) & self._names or {cell["grade_id"]} for cell in cells if self._is_answer(cell)]
        return len({name for names in found for name in names})

    def _is_answer(self, cell: Mapping[str, Any]) -> bool:
        belongs = cell["grade_id"] in self._stubs or self._is_defined_in(cell)
        return belongs and _squeezed(cell["source"]) not in self._unanswered

    def _is_defined_in(self, cell: Mapping[str, Any]) -> bool:
        return cell["cell_type"] == "code" and not self._names.isdisjoint(_defined(cell["source"]))

    @cached_property
    def _grade_ids(self) -> Set[str]:
        return {cell.grade_id for cell in self.cells}

    @cached_property
    def _stubs(self) -> Mapping[str, str]:
        return {cell.grade_id: cell.source for cell in self.cells if not cell.is_test}

    @cached_property
    def _unanswered(self) -> Set[str]:
        return {"", *map(_squeezed, self._stubs.values())}

    @cached_property
    def _names(self) -> Set[str]:
        return {name for source in self._stubs.values() for name in _defined(source)}


@dataclass
class Submission:
    """A notebook in nbformat 4.5 with every grade cell in place, what was mended, and why it can't be graded, if it can't."""

    notebook: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    problem: str | None = None


def read_submission(file: File | None, reference: Reference) -> Submission:
    """The submission in `file`, mended; never raises for anything that a student can hand in."""
    if file is None:
        return cannot_grade(
            reference, f"The submission holds no {reference.name}.ipynb with answers, and no other single notebook to take for it."
        )
    try:
        cells, notes = read_cells(file, reference.holds_answer)
    except ValueError as error:
        return cannot_grade(reference, f"{as_code(file.name)} can't be read as a notebook: {error}")
    if not any(map(reference.knows, cells)):
        return cannot_grade(
            reference, f"{as_code(file.name)} holds no cell and no function of this assignment: is it another lesson's, or empty?", notes
        )
    return _mend(cells, notes, reference)


def cells_to_run(notebook: Mapping[str, Any]) -> list[Cell]:
    """The code cells that grading runs, in order: all but the grade cells and those tagged capstone or slow."""
    return [Cell(cell["id"], cell["source"], cell["metadata"].get("autograder") == UNTOUCHED) for cell in notebook["cells"] if _runs(cell)]


def _runs(cell: Mapping[str, Any]) -> bool:
    if cell["cell_type"] != "code" or cell["metadata"].get("nbgrader", {}).get("grade"):
        return False
    graded = "nbgrader" in cell["metadata"]
    left_out = cell["metadata"].get("autograder") == LEFT_OUT
    return bool(cell["source"].strip()) and not left_out and (graded or NOT_REGRADED.isdisjoint(cell["metadata"].get("tags", [])))


def _mend(cells: list[dict[str, Any]], notes: list[str], reference: Reference) -> Submission:
    known = {cell.grade_id: cell for cell in reference.cells}
    kept = _one_of_each(cells, known, notes)
    _insert_missing(kept, reference, notes)
    names = _unique_names(kept)
    notebook_cells = [_full_cell(cell, name, known, reference) for cell, name in zip(kept, names, strict=True)]
    return Submission(_notebook(notebook_cells, reference), notes)


def _one_of_each(cells: list[dict[str, Any]], known: Mapping[str, ReferenceCell], notes: list[str]) -> list[dict[str, Any]]:
    """The cells with each grade_id on one of them: of a stub's copies on the last that was filled in.

    What a student wrote into a locked cell becomes a cell of the student's own, above the released one.
    """
    holders = {grade_id: _holder(cells, reference) for grade_id, reference in known.items()}
    kept: list[dict[str, Any]] = []
    doubled, unlocked = [], []
    for cell in cells:
        reference = known.get(cell["grade_id"] or "")
        own = {**cell, "grade_id": None}
        if reference is None:
            kept.append(own)
            continue
        untouched, holds = reference.is_untouched(cell["source"]), cell is holders[reference.grade_id]
        if reference.is_test and not untouched and cell["source"].strip():
            kept.append(own)
            unlocked.append(reference.exercise)
        if holds:
            kept.append(cell)
        elif not reference.is_test:
            kept.append({**own, "left_out": untouched})
            doubled.append(reference.grade_id)
    notes += _about(
        doubled,
        "The cell {} occurs more than once; the last one that was filled in is the answer.",
        "The cells {} occur more than once; of each the last one that was filled in is the answer.",
    )
    notes += _about(
        unlocked,
        "The test cell of {} was changed; what stood in it was run as a cell of your own, and the test cell put back.",
        "The test cells of {} were changed; what stood in them was run as cells of your own, and the test cells put back.",
    )
    return kept


def _holder(cells: list[dict[str, Any]], reference: ReferenceCell) -> dict[str, Any] | None:
    copies = [cell for cell in cells if cell["grade_id"] == reference.grade_id]
    best = [cell for cell in copies if reference.is_untouched(cell["source"]) == reference.is_test] or copies
    return best[-1] if best else None


def _squeezed(source: str) -> str:
    return "".join(source.split())


def _defined(source: str) -> Set[str]:
    return {name for names in DEFINED.findall(source) for name in names if name}


def _about(names: Iterable[str], one: str, several: str) -> list[str]:
    """A single note for all cells that it is true of."""
    different = list(dict.fromkeys(names))
    text = ", ".join(f"`{name}`" for name in different)
    return [(one if len(different) == 1 else several).format(text)] if different else []


def _insert_missing(kept: list[dict[str, Any]], reference: Reference, notes: list[str]) -> None:
    present = {cell["grade_id"] for cell in kept}
    missing = [cell for cell in reference.cells if cell.grade_id not in present]
    tests = [cell for cell in missing if cell.is_test]
    for cell in tests:
        places = [i for i, other in enumerate(kept) if other["grade_id"] == cell.exercise]
        new: dict[str, Any] = {"cell_type": "code", "source": "", "grade_id": cell.grade_id, "tags": [], "id": None}
        kept.insert(places[0] + 1 if places else len(kept), new)
    notes += _about(
        (cell.grade_id for cell in missing if not cell.is_test),
        "The cell {} is missing; its functions were looked for in the other cells.",
        "The cells {} are missing; their functions were looked for in the other cells.",
    )
    notes += _about(
        (cell.exercise for cell in tests),
        "The test cell of {} was missing; it was put back.",
        "The test cells of {} were missing; they were put back.",
    )


def _unique_names(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    seen = {cell["grade_id"] for cell in cells} | NAMES_OF_NOTES
    for number, cell in enumerate(cells, 1):
        name = cell["grade_id"] or cell["id"]
        if not cell["grade_id"] and (not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or name in seen):
            name = f"cell-{number}"
            while name in seen:
                name += "x"
        seen.add(name)
        yield name


def _full_cell(cell: Mapping[str, Any], name: str, known: Mapping[str, ReferenceCell], lesson: Reference) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": cell["tags"]} if cell["tags"] and not cell["grade_id"] else {}
    kind, source = cell["cell_type"], cell["source"]
    if cell["grade_id"]:
        reference = known[cell["grade_id"]]
        metadata["nbgrader"] = dict(reference.metadata)
        kind = str(reference.metadata["cell_type"])
        source = reference.source if reference.is_test else source
    if cell.get("left_out"):
        metadata["autograder"] = LEFT_OUT
    elif kind == "code" and _squeezed(source) in lesson.released:
        metadata["autograder"] = UNTOUCHED
    if kind == "markdown" and source not in lesson.texts:
        source = as_plain_text(source)
    full = {"cell_type": kind, "id": name, "metadata": metadata, "source": source}
    return {**full, "execution_count": None, "outputs": []} if kind == "code" else full


def _notebook(cells: list[dict[str, Any]], reference: Reference) -> dict[str, Any]:
    metadata = {"kernelspec": dict(reference.kernelspec), "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cannot_grade(reference: Reference, problem: str, notes: Sequence[str] = ()) -> Submission:
    """A notebook that shows the problem and the grade cells, for a person to grade."""
    text = f"**This submission could not be graded by machine.** {problem}\n\nNo points are lost: a person will look at it."
    submission = _mend([], [], reference)
    cell = {"cell_type": "markdown", "id": "ungradable", "metadata": {}, "source": text}
    submission.notebook["cells"].insert(0, cell)
    return Submission(submission.notebook, list(notes), problem)
