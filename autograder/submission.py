"""A submitted file → a notebook that can be graded: mended where that needs no guessing, or with the reason why it can't be.

Nothing in a submission is believed but the text of its cells: ids, points, locks, tags of graded cells and the kernel
come from the released assignment.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from autograder.answers import about, find_answers
from autograder.finding import find_notebook
from autograder.harmless import as_plain_text
from autograder.lesson import NOT_REGRADED
from autograder.model import Cell
from autograder.names import as_code
from autograder.reference import Reference, ReferenceCell, squeezed
from autograder.salvage import File, read_cells

__all__ = ["Reference", "ReferenceCell", "Submission", "cannot_grade", "cells_to_run", "find_notebook", "read_submission"]

#: Cells that grading itself adds to the notebook.
NAMES_OF_NOTES: Final = {"mended", "ungradable"}
#: What a cell's metadata say under `autograder`: a copy of a stub that does not run; a cell that stands as it was released.
LEFT_OUT: Final = "left out"
UNTOUCHED: Final = "untouched"


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
    return [_cell_to_run(cell["id"], cell["source"], cell["metadata"]) for cell in notebook["cells"] if _runs(cell)]


def _cell_to_run(name: str, source: str, metadata: Mapping[str, Any]) -> Cell:
    return Cell(name, source, metadata.get("autograder") == UNTOUCHED, metadata.get("answers", ()), metadata.get("asked", ()))


def _runs(cell: Mapping[str, Any]) -> bool:
    if cell["cell_type"] != "code" or cell["metadata"].get("nbgrader", {}).get("grade"):
        return False
    graded = "nbgrader" in cell["metadata"]
    left_out = cell["metadata"].get("autograder") == LEFT_OUT
    return bool(cell["source"].strip()) and not left_out and (graded or NOT_REGRADED.isdisjoint(cell["metadata"].get("tags", [])))


def _mend(cells: list[dict[str, Any]], notes: list[str], reference: Reference) -> Submission:
    known = {cell.grade_id: cell for cell in reference.cells}
    kept, more = find_answers(cells, reference)
    notes += more
    _insert_missing_tests(kept, reference, notes)
    names = _unique_names(kept)
    notebook_cells = [_full_cell(cell, name, known, reference) for cell, name in zip(kept, names, strict=True)]
    return Submission(_notebook(notebook_cells, reference), notes)


def _insert_missing_tests(kept: list[dict[str, Any]], reference: Reference, notes: list[str]) -> None:
    present = {cell["grade_id"] for cell in kept}
    tests = [cell for cell in reference.cells if cell.is_test and cell.grade_id not in present]
    for cell in tests:
        places = [i for i, other in enumerate(kept) if other["grade_id"] == cell.exercise]
        new: dict[str, Any] = {"cell_type": "code", "source": "", "grade_id": cell.grade_id, "tags": [], "id": None}
        kept.insert(places[0] + 1 if places else len(kept), new)
    notes += about(
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
    tags = [] if cell["grade_id"] else list(lesson.tags_of(cell))
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    kind, source = "code" if cell["cell_type"] == "code" else "markdown", cell["source"]
    if cell["grade_id"]:
        reference = known[cell["grade_id"]]
        metadata["nbgrader"] = dict(reference.metadata)
        kind = str(reference.metadata["cell_type"])
        source = reference.source if reference.is_test else source
        metadata |= {} if reference.is_test else _what_it_answers(cell, known)
    if cell.get("left_out"):
        metadata["autograder"] = LEFT_OUT
    elif kind == "code" and squeezed(source) in lesson.released:
        metadata["autograder"] = UNTOUCHED
    if kind == "markdown" and source not in lesson.texts:
        source = as_plain_text(source)
    full = {"cell_type": kind, "id": name, "metadata": metadata, "source": source}
    return {**full, "execution_count": None, "outputs": []} if kind == "code" else full


def _what_it_answers(cell: Mapping[str, Any], known: Mapping[str, ReferenceCell]) -> dict[str, Any]:
    """For the run: the exercises that a cell answers besides its own, and the names that the stubs of all of them ask for."""
    further = cell.get("answers", [])
    return {"answers": further, "asked": sorted({name for grade_id in (cell["grade_id"], *further) for name in known[grade_id].asked})}


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
