"""The values that cross between modules: jobs, test results, exercise reports, reports; and their JSON form."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

__all__ = ["Cell", "ExerciseReport", "Failure", "Job", "Materials", "Outcome", "Report", "TestResult"]


class Outcome(StrEnum):
    """What became of a test or an exercise. `ungradable` is never the student's fault: it needs a person."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    MISSING = "missing"
    UNGRADABLE = "ungradable"


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission. `name` is unique in the notebook: the grade_id where the cell has one.

    An `untouched` cell stands as it was released: a stub, or the lesson's own code. One that holds the answers of several exercises
    `answers` for those that it is not named after, too; `asked` are the names that the stubs of all of them ask for.
    """

    name: str
    source: str
    untouched: bool = False
    answers: Sequence[str] = ()
    asked: Sequence[str] = ()

    def __post_init__(self) -> None:
        """A cell is what a search for shortcuts is kept by; JSON knows no tuples."""
        object.__setattr__(self, "answers", tuple(self.answers))
        object.__setattr__(self, "asked", tuple(self.asked))

    def answers_for(self, exercises: Set[str]) -> tuple[str, ...]:
        """Those of the `exercises` whose own cell this is."""
        return tuple(name for name in (self.name, *self.answers) if name in exercises)


@dataclass(frozen=True)
class Job:
    """What a worker needs to grade one notebook: the cells to run, in order, and the points of each exercise.

    `files` are the Python files beside the notebook: name → text. Of a `damaged` file cells may be lost.
    """

    student: str
    assignment: str
    secret: str
    cells: Sequence[Cell]
    points: Mapping[str, float]
    files: Mapping[str, str] = field(default_factory=dict)
    damaged: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The job as JSON's types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        return cls(**{**data, "cells": [Cell(**cell) for cell in data["cells"]]})


@dataclass(frozen=True)
class Materials:
    """What the jobs of one assignment are graded with: the hidden suite, the data beside the notebook, and the lesson's script.

    Without the script no mistake is named, and a student's own test can't be tried on anything.
    """

    suite: Path
    files: Sequence[Path] = ()
    lesson: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """The materials as JSON's types."""
        return {"suite": str(self.suite), "files": [str(file) for file in self.files], "lesson": self.lesson and str(self.lesson)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        return cls(Path(data["suite"]), tuple(map(Path, data["files"])), Path(data["lesson"]) if data["lesson"] else None)


@dataclass(frozen=True)
class Failure:
    """Why a test failed, in the student's words: what went wrong, what was called, expected, got, and a hint."""

    sentence: str
    called: str | None = None
    expected: str | None = None
    got: str | None = None
    hint: str | None = None
    rows: Sequence[Sequence[str]] = ()

    def text(self) -> str:
        """All of it, a line each; `rows` are single entries: index, expected, got."""
        lines = [self.sentence]
        lines += [
            f"{label}: {value}" for label, value in (("called", self.called), ("expected", self.expected), ("got", self.got)) if value
        ]
        lines += [f"at {index}: expected {expected}, got {got}" for index, expected, got in self.rows]
        return "\n".join([*lines, *([f"hint: {self.hint}"] if self.hint else [])])


@dataclass(frozen=True)
class TestResult:
    """One hidden test: its name, the sentence a student reads, its weight and stage, and what became of it."""

    __test__ = False  # not for pytest to collect

    name: str
    sentence: str
    stage: str
    weight: int
    outcome: Outcome
    seconds: float = 0.0
    failure: Failure | None = None


@dataclass(frozen=True)
class ExerciseReport:
    """One exercise of one student. `points` is None when it is ungradable: then `message` is for staff.

    `mistake` is the catalogue's id of what the student did, if it is known for sure, and `advice` its name and hint.
    """

    exercise: str
    points: float | None
    max_points: float
    outcome: Outcome
    message: str
    seconds: float = 0.0
    mistake: str | None = None
    advice: str | None = None
    tests: Sequence[TestResult] = ()

    def as_line(self, student: str, assignment: str) -> dict[str, Any]:
        """The object of `autograder grade --json`."""
        return {
            "student": student,
            "assignment": assignment,
            "exercise": self.exercise,
            "points": self.points,
            "max_points": self.max_points,
            "outcome": str(self.outcome),
            "mistake": self.mistake,
            "message": self.message,
            "seconds": round(self.seconds, 3),
            "tests": [{"name": t.name, "outcome": str(t.outcome), "message": t.failure.text() if t.failure else ""} for t in self.tests],
        }


@dataclass(frozen=True)
class Report:
    """One graded notebook: its exercises, the outputs of its cells by name, and what makes the grading repeatable."""

    student: str
    assignment: str
    exercises: Sequence[ExerciseReport]
    outputs: Mapping[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON's types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        return cls(**{**data, "exercises": [_exercise(item) for item in data["exercises"]]})


def _exercise(data: Mapping[str, Any]) -> ExerciseReport:
    tests = [_test(item) for item in data["tests"]]
    return ExerciseReport(**{**data, "outcome": Outcome(data["outcome"]), "tests": tests})


def _test(data: Mapping[str, Any]) -> TestResult:
    failure = Failure(**data["failure"]) if data["failure"] else None
    return TestResult(**{**data, "outcome": Outcome(data["outcome"]), "failure": failure})
