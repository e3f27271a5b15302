"""A lesson's script (jupytext percent text) and its notebook (the JSON that nbgrader reads), each made from the other.

Both directions pass through a `Lesson`; of a notebook that someone ran, the outputs and Jupyter's own metadata are not kept.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from autograder.errors import CourseError
from autograder.lesson import BEGIN_HIDDEN, END_HIDDEN, Cell, Lesson

__all__ = ["FAIL_CLOSED", "parse_notebook", "parse_script", "render_notebook", "render_script"]

FAIL_CLOSED = f"""
### {BEGIN_HIDDEN}
raise RuntimeError(
    "This exercise is graded by the course's autograder, and its configuration is missing here: no points. "
    "Grade in the course folder, where nbgrader_config.py is."
)
### {END_HIDDEN}"""
"""What each grade cell ends with: nbgrader without our configuration runs it, and gives no points."""

_ANY_FAIL_CLOSED = re.compile(rf"\n### {BEGIN_HIDDEN}\nraise RuntimeError\(.*\)\n### {END_HIDDEN}\Z", re.DOTALL)
"""Also an earlier wording of it: a notebook from before a change of the text above was not edited by anyone."""

_FORMAT = {
    "extension": ".py",
    "format_name": "percent",
    "notebook_metadata_filter": "-all",
    "cell_metadata_filter": "all",
}
_KEYS = {"exercise", "test", "points", "tags"}
_LAYOUT = {"lines_to_next_cell", "cell_marker"}  # jupytext's notes on how the script was laid out
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def parse_script(text: str) -> Lesson:
    """The lesson in a percent script; raises CourseError for cell metadata that means nothing here."""
    import jupytext  # type: ignore[import-untyped]

    return Lesson(tuple(_from_script(cell) for cell in jupytext.reads(text, fmt="py:percent").cells))


def render_script(lesson: Lesson) -> str:
    """The percent script of a lesson; raises CourseError if a cell cannot be written as one."""
    text = _write(lesson)
    if not _comes_back(lesson, text):
        raise CourseError(_explain_loss(lesson))
    return text


def parse_notebook(text: str) -> Lesson:
    """The lesson in a notebook; raises CourseError for a kind of cell that a script cannot hold."""
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        raise CourseError("This is no notebook: its JSON cannot be read. Restore it, or make it from the script.") from None
    return Lesson(tuple(_from_notebook(cell, number) for number, cell in enumerate(cells, 1)))


def render_notebook(lesson: Lesson) -> str:
    """The notebook of a lesson, the same bytes each time; editing one cell changes one cell id."""
    cells = [_full_cell(cell, cell_id) for cell, cell_id in zip(lesson.cells, _cell_ids(lesson), strict=True)]
    notebook = {"cells": cells, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _from_script(cell: Mapping[str, Any]) -> Cell:
    metadata = {key: value for key, value in cell["metadata"].items() if key not in _LAYOUT}
    if unknown := sorted(set(metadata) - _KEYS):
        raise CourseError(
            f"The cell «{_first_line(cell['source'])}» has the unknown metadata {', '.join(unknown)}. "
            f"Known are {', '.join(sorted(_KEYS))}: correct it in the line that begins with # %%."
        )
    exercise, test, points = (metadata.get(key) for key in ("exercise", "test", "points"))
    if (exercise and test) or (points is not None and not test):
        raise CourseError(
            f"The cell «{_first_line(cell['source'])}» is marked {', '.join(sorted(metadata))}. "
            "A stub has exercise=, its grade cell has test= and points=: correct it in the line that begins with # %%."
        )
    return _cell(cell, exercise, test, points, metadata.get("tags", ()))


def _from_notebook(cell: Mapping[str, Any], number: int) -> Cell:
    source = "".join(cell["source"])
    if cell.get("attachments"):
        raise CourseError(
            f"Cell {number} («{_first_line(source)}») holds a pasted picture, which a script cannot. "
            "Save the picture beside the lesson and show it by its file name."
        )
    exercise, test, points = _read_nbgrader(cell["metadata"].get("nbgrader", {}), source, number)
    source = _ANY_FAIL_CLOSED.sub("", source) if test else source
    return _cell({**cell, "source": source}, exercise, test, points, cell["metadata"].get("tags", ()))


def _read_nbgrader(metadata: Mapping[str, Any], source: str, number: int) -> tuple[str | None, str | None, Any]:
    """Exercise, test and points in nbgrader's metadata."""
    flags = {flag for flag in ("solution", "grade", "locked", "task") if metadata.get(flag)}
    name = metadata.get("grade_id", "")
    if not flags:
        return None, None, None
    if flags == {"solution"}:
        return name, None, None
    if flags in ({"grade"}, {"grade", "locked"}) and name.startswith("test_"):
        return None, name.removeprefix("test_"), metadata.get("points")
    raise CourseError(
        f"Cell {number} («{_first_line(source)}», grade_id «{name}») is of a kind that this course does not use: "
        f"{', '.join(sorted(flags))}. Make it an autograded answer (its id the exercise's name), "
        "autograder tests (its id test_ and the exercise's name), or a plain cell."
    )


def _cell(cell: Mapping[str, Any], exercise: Any, test: Any, points: Any, tags: Any) -> Cell:
    if points is not None:
        if not isinstance(points, int | float) or int(points) != points:
            raise CourseError(f"The cell «{_first_line(cell['source'])}» has points={points!r}: give a whole number.")
        points = int(points)
    source = str(cell["source"]).rstrip("\n")
    return Cell(cell["cell_type"], source, exercise or None, test or None, points, tuple(tags))


def _compact(cell: Cell) -> dict[str, Any]:
    """The metadata as it stands in a script."""
    full = {"exercise": cell.exercise, "test": cell.test, "points": cell.points, "tags": list(cell.tags)}
    return {key: value for key, value in full.items() if value not in (None, [])}


def _expanded(cell: Cell) -> dict[str, Any]:
    """The metadata as nbgrader reads it."""
    metadata: dict[str, Any] = {"tags": list(cell.tags)} if cell.tags else {}
    if cell.name:
        metadata["nbgrader"] = {
            "cell_type": cell.kind,
            "grade": bool(cell.test),
            "grade_id": cell.name,
            "locked": bool(cell.test),
            "schema_version": 3,
            "solution": bool(cell.exercise),
            "task": False,
        }
    if cell.test:
        metadata["nbgrader"]["points"] = cell.points or 0
    return metadata


def _plain_cell(cell: Cell, metadata: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {"cell_type": cell.kind, "metadata": metadata, "source": cell.source}
    return {**plain, "execution_count": None, "outputs": []} if cell.kind == "code" else plain


def _full_cell(cell: Cell, cell_id: str) -> dict[str, Any]:
    source = cell.source + FAIL_CLOSED if cell.test else cell.source
    return {**_plain_cell(cell, _expanded(cell)), "id": cell_id, "source": source.splitlines(keepends=True)}


def _cell_ids(lesson: Lesson) -> Iterator[str]:
    """An exercise's own name, or a hash of the content; the second of two equal cells is told apart by a number."""
    seen: Counter[str] = Counter()
    for cell in lesson.cells:
        cell_id = cell.name or hashlib.sha256(f"{cell.kind}\n{cell.source}".encode()).hexdigest()[:12]
        seen[cell_id] += 1
        yield cell_id if seen[cell_id] == 1 else f"{cell_id}-{seen[cell_id]}"


def _write(lesson: Lesson) -> str:
    import jupytext
    from nbformat import from_dict

    cells = [_plain_cell(cell, _compact(cell)) for cell in lesson.cells]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return str(jupytext.writes(from_dict(notebook), _FORMAT))


def _explain_loss(lesson: Lesson) -> str:
    """A sentence that names the first cell which a script would not give back as it is."""
    for cell in lesson.cells:
        alone = Lesson((cell,))
        if not _comes_back(alone, _write(alone)):
            return (
                f"The cell «{_first_line(cell.source)}» cannot be written as a script and read back. "
                "Look in it for a line that begins with # %% or for blank lines at its beginning, and change that."
            )
    return "The lesson cannot be written as a script and read back. Look for empty cells, and remove them."


def _comes_back(lesson: Lesson, text: str) -> bool:
    try:
        return parse_script(text) == lesson
    except CourseError:
        return False


def _first_line(source: str) -> str:
    return source.strip().split("\n", 1)[0][:60]
