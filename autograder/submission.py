"""A submitted file → a notebook that can be graded: mended where that needs no guessing, or with the reason why it can't be.

Nothing in a submission is believed but the text of its cells: ids, points, locks, tags of graded cells and the kernel
come from the released assignment.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from autograder.harmless import as_plain_text
from autograder.lesson import NOT_REGRADED
from autograder.model import Cell
from autograder.names import as_code
from autograder.salvage import File, find_notebook, read_cells

__all__ = ["Reference", "ReferenceCell", "Submission", "cannot_grade", "cells_to_run", "find_notebook", "read_submission"]

TEST: Final = "test_"
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
    def bare_codes(self) -> frozenset[str]:
        """What runs as it was released, without white space: the stubs and the lesson's own code."""
        return frozenset(map(_bare, [*self.codes, *(cell.source for cell in self.cells if not cell.is_test)]))


@dataclass
class Submission:
    """A notebook in nbformat 4.5 with every grade cell in place, what was mended, and why it can't be graded, if it can't."""

    notebook: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    problem: str | None = None


def read_submission(file: File | None, reference: Reference) -> Submission:
    """The submission in `file`, mended; never raises for anything that a student can hand in."""
    if file is None:
        return cannot_grade(reference, f"The submission holds no {reference.name}.ipynb, and no other single notebook to take for it.")
    try:
        cells, notes = read_cells(file)
    except ValueError as error:
        return cannot_grade(reference, f"{as_code(file.name)} can't be read as a notebook: {error}")
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
    """The cells with each grade_id on one of them: of a stub's copies on the last that was filled in."""
    holders = {grade_id: _holder(cells, reference) for grade_id, reference in known.items()}
    kept: list[dict[str, Any]] = []
    for cell in cells:
        reference = known.get(cell["grade_id"] or "")
        if reference is None:
            kept.append({**cell, "grade_id": None})
        elif cell is holders[reference.grade_id]:
            kept.append(cell)
        elif not reference.is_test:
            notes.append(f"The cell `{reference.grade_id}` occurs more than once; the last one that was filled in is the answer.")
            kept.append({**cell, "grade_id": None, "left_out": _same(cell["source"], reference.source)})
    return kept


def _holder(cells: list[dict[str, Any]], reference: ReferenceCell) -> dict[str, Any] | None:
    copies = [cell for cell in cells if cell["grade_id"] == reference.grade_id]
    filled = [cell for cell in copies if not _same(cell["source"], reference.source)]
    best = filled or copies
    return best[-1] if best else None


def _same(a: str, b: str) -> bool:
    return _bare(a) == _bare(b)


def _bare(source: str) -> str:
    return re.sub(r"\s+", "", source)


def _insert_missing(kept: list[dict[str, Any]], reference: Reference, notes: list[str]) -> None:
    present = {cell["grade_id"] for cell in kept}
    for cell in reference.cells:
        if cell.grade_id in present:
            continue
        if not cell.is_test:
            notes.append(f"The cell `{cell.grade_id}` is missing; its functions were looked for in the other cells.")
            continue
        notes.append(f"The test cell of `{cell.exercise}` was missing; it was put back.")
        places = [i for i, other in enumerate(kept) if other["grade_id"] == cell.exercise]
        new: dict[str, Any] = {"cell_type": "code", "source": "", "grade_id": cell.grade_id, "tags": [], "id": None}
        kept.insert(places[0] + 1 if places else len(kept), new)


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


def _full_cell(cell: Mapping[str, Any], name: str, known: Mapping[str, ReferenceCell], released: Reference) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": cell["tags"]} if cell["tags"] and not cell["grade_id"] else {}
    kind, source = cell["cell_type"], cell["source"]
    if cell["grade_id"]:
        reference = known[cell["grade_id"]]
        metadata["nbgrader"] = dict(reference.metadata)
        kind = str(reference.metadata["cell_type"])
        source = reference.source if reference.is_test else source
    if cell.get("left_out"):
        metadata["autograder"] = LEFT_OUT
    elif kind == "code" and _bare(source) in released.bare_codes:
        metadata["autograder"] = UNTOUCHED
    if kind == "markdown" and source not in released.texts:
        source = as_plain_text(source)
    full = {"cell_type": kind, "id": name, "metadata": metadata, "source": source}
    return {**full, "execution_count": None, "outputs": []} if kind == "code" else full


def _notebook(cells: list[dict[str, Any]], reference: Reference) -> dict[str, Any]:
    metadata = {"kernelspec": dict(reference.kernelspec), "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def cannot_grade(reference: Reference, problem: str) -> Submission:
    """A notebook that shows the problem and the grade cells, for a person to grade."""
    text = f"**This submission could not be graded by machine.** {problem}\n\nNo points are lost: a person will look at it."
    submission = _mend([], [], reference)
    cell = {"cell_type": "markdown", "id": "ungradable", "metadata": {}, "source": text}
    submission.notebook["cells"].insert(0, cell)
    return Submission(submission.notebook, [], problem)
