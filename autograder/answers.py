"""The cells of a submission → the same, each exercise's answer in the cell that counts for it, and what was mended for that.

Students copy cells, split, merge and lose them, or make text of them; services of other people's drop what nbgrader knows a cell by.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, Final

from autograder.reference import Reference, ReferenceCell, defined_in, squeezed
from autograder.salvage import Cells
from autograder.shortcuts import parse_cell

__all__ = ["about", "find_answers"]

#: A text cell that is nothing but a block of code.
FENCED: Final = re.compile(r"\s*```[^\n`]*\n(.*)\n[ \t]*```\s*", re.DOTALL)


def find_answers(cells: Cells, reference: Reference) -> tuple[Cells, list[str]]:
    """The cells with each grade_id on one of them at most, and notes for the student.

    A cell that is the answer to further exercises says so under `answers`; a copy of a stub that is not to run, under `left_out`.
    """
    notes: list[str] = []
    known = {cell.grade_id: cell for cell in reference.cells}
    cells = _without_fences(cells, known, notes)
    cells = _with_halves_joined(cells, known, notes)
    cells = _one_of_each(cells, known, notes)
    cells = _with_raw_answers(cells, reference, notes)
    return _with_lost_names(cells, reference, notes), notes


def _without_fences(cells: Cells, known: Mapping[str, ReferenceCell], notes: list[str]) -> Cells:
    """A stub's cell that was made text is run as code; the marks of a block around the code are not code."""
    plain, fenced = [], []
    for cell in cells:
        is_text = cell["cell_type"] == "markdown" and _stub_of(cell, known) is not None
        if is_text and (block := FENCED.fullmatch(cell["source"])):
            cell = {**cell, "source": block[1]}
            fenced.append(cell["grade_id"])
        plain.append(cell)
    notes += about(
        fenced,
        "The cell {} had been made a text cell; the code in it was run.",
        "The cells {} had been made text cells; the code in them was run.",
    )
    return plain


def _with_halves_joined(cells: Cells, known: Mapping[str, ReferenceCell], notes: list[str]) -> Cells:
    """Copies of a stub side by side that are Python only together were one cell, which was split."""
    joined, split = [], []
    for _, group in groupby(cells, key=lambda cell: cell["grade_id"]):
        parts = list(group)
        whole = "\n".join(part["source"] for part in parts)
        if len(parts) > 1 and _stub_of(parts[0], known) and not all(_is_python(part["source"]) for part in parts) and _is_python(whole):
            parts = [{**parts[0], "source": whole}]
            split.append(parts[0]["grade_id"])
        joined += parts
    notes += about(
        split,
        "The cell {} was split in the middle of a function; its parts were put together again.",
        "The cells {} were split in the middle of a function; their parts were put together again.",
    )
    return joined


def _one_of_each(cells: Cells, known: Mapping[str, ReferenceCell], notes: list[str]) -> Cells:
    """The cells with each grade_id on one of them: of a stub's copies on the last that was filled in.

    What a student wrote into a locked cell becomes a cell of the student's own, above the released one.
    """
    holders = _holders(cells, known)
    kept: Cells = []
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
    notes += about(
        doubled,
        "The cell {} occurs more than once; the last one that was filled in is the answer.",
        "The cells {} occur more than once; of each the last one that was filled in is the answer.",
    )
    notes += about(
        unlocked,
        "The test cell of {} was changed; what stood in it was run as a cell of your own, and the test cell put back.",
        "The test cells of {} were changed; what stood in them was run as cells of your own, and the test cells put back.",
    )
    return kept


def _holders(cells: Cells, known: Mapping[str, ReferenceCell]) -> dict[str, dict[str, Any]]:
    """Grade_id → the last of the best cells that have it."""
    holders: dict[str, dict[str, Any]] = {}
    ranks: dict[str, tuple[bool, ...]] = {}
    for cell in cells:
        reference = known.get(cell["grade_id"] or "")
        if reference is not None and (rank := _rank(cell, reference)) >= ranks.get(reference.grade_id, ()):
            holders[reference.grade_id], ranks[reference.grade_id] = cell, rank
    return holders


def _rank(cell: Mapping[str, Any], reference: ReferenceCell) -> tuple[bool, ...]:
    """Of a stub's copies one that defines what it asks for goes first, as code before text; else one in which something was written."""
    untouched = reference.is_untouched(cell["source"])
    if reference.is_test:
        return (untouched,)
    defines = not untouched and not reference.asked.isdisjoint(defined_in(cell["source"]))
    return defines, defines and cell["cell_type"] == "code", not untouched and bool(cell["source"].strip())


def _with_raw_answers(cells: Cells, reference: Reference, notes: list[str]) -> Cells:
    """A raw cell is run as code if it defines what a stub asks for and no cell of code does; text is not, and the student told so."""
    answered = {name for cell in cells if cell["cell_type"] == "code" or cell["grade_id"] for name in _answers(cell, reference)}
    exercises = {name: stub.exercise for stub in reference.stubs for name in stub.asked - answered}
    found, raw, text = [], set(), set()
    for cell in cells:
        runs = cell["cell_type"] == "code" or cell["grade_id"]
        wanted = set() if runs else {exercises[name] for name in defined_in(cell["source"]) & exercises.keys()}
        if wanted and cell["cell_type"] == "raw" and _is_python(cell["source"]):
            cell = {**cell, "cell_type": "code"}
            raw |= wanted
        elif cell["cell_type"] == "raw" and reference.is_lessons(cell["source"]):
            cell = {**cell, "cell_type": "code"}  # somebody made text of all cells
        elif cell["source"] not in reference.texts:
            text |= wanted
        found.append(cell)
    notes += about(
        sorted(raw),
        "The answer to {} stood in a raw cell, which is not run; it was run as code.",
        "The answers to {} stood in raw cells, which are not run; they were run as code.",
    )
    notes += about(
        sorted(text - raw),
        "The answer to {} seems to stand in a text cell, which is not run: change it to a code cell.",
        "The answers to {} seem to stand in text cells, which are not run: change them to code cells.",
    )
    return found


def _answers(cell: Mapping[str, Any], reference: Reference) -> Iterable[str]:
    """The names that a student's cell defines, but for one that stands as it was released."""
    return () if squeezed(cell["source"]) in reference.released else defined_in(cell["source"])


def _with_lost_names(cells: Cells, reference: Reference, notes: list[str]) -> Cells:
    """A stub that is on no cell is on the first that defines what it asks for: on one that has no name yet if there is such a cell."""
    present = {cell["grade_id"] for cell in cells}
    missing = [stub for stub in reference.stubs if stub.grade_id not in present]
    places = _places_of_definitions(cells, reference)
    cells, found = list(cells), []
    for stub in missing:
        if here := [places[name] for name in stub.asked if name in places]:
            cell = cells[min(here)]
            further = [*cell.get("answers", ()), stub.grade_id] if cell["grade_id"] else []
            cells[min(here)] = {**cell, "grade_id": cell["grade_id"] or stub.grade_id, "answers": further}
            _leave_copies_out(cells, min(here), stub)
            found.append(stub)
    notes += about(
        (stub.grade_id for stub in found),
        "The cell {} is missing; the first cell that defines its functions was taken in its place.",
        "The cells {} are missing; in place of each, the first cell that defines its functions was taken.",
    )
    notes += about(
        (stub.grade_id for stub in missing if stub not in found),
        "The cell {} is missing; its functions were looked for in the other cells.",
        "The cells {} are missing; their functions were looked for in the other cells.",
    )
    return cells


def _places_of_definitions(cells: Cells, reference: Reference) -> dict[str, int]:
    """Name → the first cell of no exercise that defines it, an untouched stub without its name, too; else a stub's that was filled in."""
    stubs = {stub.grade_id: stub for stub in reference.stubs}
    nameless, filled = [], []
    for place, cell in enumerate(cells):
        stub = stubs.get(cell["grade_id"] or "")
        if stub is not None and not stub.is_untouched(cell["source"]):
            filled.append(place)
        elif not cell["grade_id"] and cell["cell_type"] == "code" and not cell.get("left_out") and not reference.is_lessons(cell["source"]):
            nameless.append(place)
    return {name: place for place in reversed(nameless + filled) for name in defined_in(cells[place]["source"])}


def _leave_copies_out(cells: Cells, answer: int, stub: ReferenceCell) -> None:
    """Below a cell that defines all that a stub asks for, a copy of the stub would only undo it."""
    if stub.asked <= defined_in(cells[answer]["source"]):
        for place, cell in enumerate(cells):
            if place != answer and not cell["grade_id"] and stub.is_untouched(cell["source"]):
                cells[place] = {**cell, "left_out": True}


def _stub_of(cell: Mapping[str, Any], known: Mapping[str, ReferenceCell]) -> ReferenceCell | None:
    reference = known.get(cell["grade_id"] or "")
    return None if reference is None or reference.is_test else reference


def _is_python(source: str) -> bool:
    return parse_cell(source) is not None


def about(names: Iterable[str], one: str, several: str) -> list[str]:
    """A single note for all cells that it is true of."""
    different = list(dict.fromkeys(names))
    text = ", ".join(f"`{name}`" for name in different)
    return [(one if len(different) == 1 else several).format(text)] if different else []
