"""A graded class → a table of students × assignments, in plain text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autograder.model import Outcome
from autograder.names import without_controls

if TYPE_CHECKING:
    from autograder.nbgrader.class_run import Graded

__all__ = ["render_class", "render_reasons"]


def render_class(graded: "Sequence[Graded]", people: Mapping[str, str]) -> str:
    """Points by student and assignment, «ungradable» where a person must look; `people` says below who the students are."""
    assignments = sorted({item.assignment for item in graded})
    # Names are a student's choice, and a terminal obeys what is in them.
    cells = {(item.student, item.assignment): _points(item) for item in graded}
    students = sorted({item.student for item in graded})
    table = _align(
        [
            ["student", *map(without_controls, assignments)],
            *([without_controls(name), *(cells.get((name, a), "—") for a in assignments)] for name in students),
        ]
    )
    if not people:
        return table
    return f"{table}\n\n" + "\n".join(f"{name:8} {people[name]}" for name in students if name in people)


def render_reasons(graded: "Sequence[Graded]") -> list[str]:
    """A line for each reason why a submission is for a person to look at."""
    reasons = {
        f"{item.student}, {item.assignment}: {line['message']}": None
        for item in graded
        for line in item.lines
        if line["outcome"] == Outcome.UNGRADABLE
    }
    return [without_controls(reason) for reason in reasons]


def _align(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])


def _points(item: "Graded") -> str:
    if any(line["points"] is None for line in item.lines):
        return "ungradable"
    return f"{sum(line['points'] for line in item.lines):g} / {sum(line['max_points'] for line in item.lines):g}"
