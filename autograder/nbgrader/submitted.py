"""The folder of submissions → who handed in what, and which files and folders there can't be graded, and why."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from autograder.errors import CourseError
from autograder.lesson import topic_of
from autograder.model import ExerciseReport, Outcome
from autograder.names import can_be_printed, without_controls
from autograder.places import list_assignments

__all__ = ["LeftOut", "Submitted", "list_submissions"]

MAX_FOLDERS: Final = 100_000
#: How files end that may hold work.
WORK: Final = {".ipynb", ".zip", ".gz", ".tar", ".7z", ".rar"}


@dataclass(frozen=True)
class LeftOut:
    """A folder that can't be graded, or a file in no folder; its names may hold anything.

    `entry` is its name where that is not the assignment's.
    """

    student: str
    assignment: str
    reason: str
    entry: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """The student and the assignment, fit to be printed."""
        return without_controls(self.student), without_controls(self.assignment)

    def as_line(self) -> dict[str, Any]:
        """An object of `autograder grade --json` that asks for a person."""
        reason = f"{without_controls(self.entry)} was left out: {self.reason}" if self.entry else self.reason
        return ExerciseReport("", None, 0.0, Outcome.UNGRADABLE, reason).as_line(*self.names)

    def __str__(self) -> str:
        student, assignment = self.names
        return f"submitted/{student}/{without_controls(self.entry) or assignment} was left out: {self.reason}"


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
    known = list_assignments(Path(coursedir.root))
    strays = [stray for student in _folders(root) for stray in _strays(root, student, known)]
    misnamed = {(stray.entry, stray.student) for stray in strays}
    found = sorted({(name, student) for student in _folders(root) for name in _folders(root / student)} - misnamed)
    if not found and not strays:
        raise CourseError(
            f"Nothing was submitted: {root} holds no student's folder. Use `nbgrader collect`, or `autograder demo` to try it out."
        )
    good = [(assignment, student) for assignment, student in found if can_be_printed(student)]
    _refuse_unknown("assignment", assignments, {*(assignment for assignment, _ in found), *(stray.assignment for stray in strays)})
    _refuse_unknown("student", students, {*(student for _, student in good), *(stray.student for stray in strays)})
    chosen = Submitted()
    chosen.left_out += [
        stray for stray in strays if (not assignments or stray.assignment in assignments) and (not students or stray.student in students)
    ]
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


def _strays(root: Path, student: str, known: Sequence[str]) -> Iterator[LeftOut]:
    """Work that lies in no assignment's folder: files, and folders with nearly the name of one."""
    for entry in sorted(_entries(root / student), key=lambda entry: entry.name):
        name, meant = entry.name, _meant(entry.name, known)
        if _is_folder(entry):
            if meant and name not in known:
                yield LeftOut(student, meant, f"No assignment is called so. If {meant} is meant, give the folder that name.", name)
        elif name in known:
            yield LeftOut(student, name, "It is a file where a folder should be. Put the notebook into a folder of this name.")
        elif meant or Path(name).suffix.lower() in WORK:
            where = f"a folder called {meant}" if meant else "the one of its assignment"
            yield LeftOut(student, meant or name, f"It lies in no assignment's folder. Put it into {where}.", name)


def _meant(name: str, known: Sequence[str]) -> str | None:
    """The assignment whose name is nearly this, or whose notebook's is."""
    meant = [assignment for assignment in known if _bare(name) in (_bare(assignment), _bare(topic_of(assignment)))]
    return meant[0] if len(meant) == 1 else None


def _bare(name: str) -> str:
    """A name without what tells a copy and a kind of file, its letters and digits only.

    >>> _bare("01_Tiny (1).ipynb")
    '01tiny'
    """
    return re.sub(r"\W|_", "", re.sub(r"\(\d+\)|copy", "", name.partition(".")[0].casefold()))


def _folders(place: Path) -> Iterator[str]:
    """The names of the folders in a folder."""
    return (entry.name for entry in _entries(place) if _is_folder(entry))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _entries(place: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, without what is hidden, which programs leave behind."""
    try:
        with os.scandir(place) as entries:
            yield from (entry for entry in islice(entries, MAX_FOLDERS) if not entry.name.startswith("."))
    except OSError:
        return
