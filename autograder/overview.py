"""A graded class → a table of students × assignments, in plain text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.nbgrader.class_run import Graded

__all__ = ["render_class"]


def render_class(graded: "Sequence[Graded]", people: Mapping[str, str]) -> str:
    """Points by student and assignment, «needs a person» where the machine could not grade; `people` adds a remark to a student."""
    assignments = sorted({item.assignment for item in graded})
    cells = {(item.student, item.assignment): _points(item) for item in graded}
    students = sorted({item.student for item in graded})
    header = ["student", *assignments, *([""] if people else [])]
    rows = [[name, *(cells.get((name, a), "—") for a in assignments), *([people.get(name, "")] if people else [])] for name in students]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in [header, *rows]]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def _points(item: "Graded") -> str:
    if any(line["points"] is None for line in item.lines):
        return "needs a person"
    return f"{sum(line['points'] for line in item.lines):g} / {sum(line['max_points'] for line in item.lines):g}"
