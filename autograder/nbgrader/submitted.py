"""The folder of submissions → who handed in what, and which folders there can't be graded, and why."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from autograder.errors import CourseError
from autograder.model import ExerciseReport, Outcome
from autograder.names import can_be_printed, without_controls

__all__ = ["LeftOut", "Submitted", "list_submissions"]

MAX_FOLDERS: Final = 100_000


@dataclass(frozen=True)
class LeftOut:
    """A folder that can't be graded; its names may hold anything."""

    student: str
    assignment: str
    reason: str

    @property
    def names(self) -> tuple[str, str]:
        """The student and the assignment, fit to be printed."""
        return without_controls(self.student), without_controls(self.assignment)

    def as_line(self) -> dict[str, Any]:
        """An object of `autograder grade --json` that asks for a person."""
        return ExerciseReport("", None, 0.0, Outcome.UNGRADABLE, self.reason).as_line(*self.names)

    def __str__(self) -> str:
        return f"submitted/{'/'.join(self.names)} was left out: {self.reason}"


@dataclass
class Submitted:
    """Assignment → the students who submitted it, sorted; and what was left out."""

    work: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave_out(self, assignment: str, reason: str) -> None:
        """Takes an assignment off the work."""
        self.left_out += [LeftOut(student, assignment, reason) for student in self.work.pop(assignment)]


def list_submissions(coursedir: Any, assignments: Sequence[str], students: Sequence[str]) -> Submitted:
    """What was submitted: all of it, or the named assignments and students; CourseError where there is none of what was named."""
    root = Path(coursedir.root) / coursedir.submitted_directory
    found = sorted((name, student) for student in _folders(root) for name in _folders(root / student))
    if not found:
        raise CourseError(
            f"Nothing was submitted: {root} holds no student's folder. Use `nbgrader collect`, or `autograder demo` to try it out."
        )
    good = [(assignment, student) for assignment, student in found if can_be_printed(student)]
    _refuse_unknown("assignment", assignments, {assignment for assignment, _ in found})
    _refuse_unknown("student", students, {student for _, student in good})
    chosen = Submitted()
    for assignment, student in found:
        if (assignments and assignment not in assignments) or (students and student not in students):
            continue
        if (assignment, student) in good:
            chosen.work.setdefault(assignment, []).append(student)
        else:
            chosen.left_out.append(LeftOut(student, assignment, "The name of the student's folder holds characters that are no text."))
    return chosen


def _refuse_unknown(word: str, named: Sequence[str], known: set[str]) -> None:
    if unknown := sorted(set(named) - known):
        raise CourseError(
            f"Nothing was submitted for the {word} {', '.join(unknown)}. There is work for {without_controls(', '.join(sorted(known)))}."
        )


def _folders(place: Path) -> Iterator[str]:
    """The names of the folders in a folder, without the hidden ones, which programs leave behind."""
    try:
        with os.scandir(place) as entries:
            yield from (entry.name for entry in islice(entries, MAX_FOLDERS) if not entry.name.startswith(".") and entry.is_dir())
    except OSError:
        return
