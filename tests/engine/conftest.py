"""Builders for the tests of the engine: a tiny hidden suite, jobs for it, and the real sandbox that runs them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from autograder.model import Cell, ExerciseReport, Job, Materials, Report
from autograder.pool import Worker
from autograder.sandbox.host import Sandbox
from autograder.submission import Reference, ReferenceCell

MANIFEST = 'modules = ["numpy"]\ncall_seconds = 1\ncell_seconds = 1\n'

LINEAR = '''\
"""Hidden tests of `linear`."""
import numpy as np
from autograder.suite import assert_close, assert_unchanged, graded


@graded(stage="value", weight=2, hint="Each row of x is one example.")
def test_forward(student, rng):
    """The output is x @ w."""
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    assert_close(student.linear(x, w), x @ w)


@graded(stage="value")
def test_small(student):
    """One number times another."""
    assert_close(student.linear(np.array([[2.0]]), np.array([[3.0]])), np.array([[6.0]]))


@graded(stage="contract")
def test_unchanged(student, rng):
    """The arguments are not changed."""
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    assert_unchanged(student.run("linear", x, w).arguments, (x, w), names=("x", "w"))
'''

TWICE = '''\
"""Hidden tests of `twice`."""
from autograder.suite import assert_close, graded


@graded(stage="value", hint="Add the number to itself.")
def test_number(student):
    """Twice 21 is 42."""
    assert_close(student.twice(21), 42)


@graded(stage="edge")
def test_probe(student):
    """Twice, two times over."""
    assert_close(student.probe.four_times(2), 8)
'''

PROBES = '''\
def four_times(student, x):
    """twice(twice(x))"""
    return student.twice(student.twice(x))
'''

GOOD = {"imports": "import numpy as np", "linear": "def linear(x, w):\n    return x @ w", "twice": "def twice(x):\n    return 2 * x"}
POINTS = {"linear": 8.0, "twice": 4.0}


class SuiteWorker(Worker):
    """A grading process for the jobs of one suite."""

    def __init__(self, suite: Path, files: Sequence[Path] = (), lesson: Path | None = None) -> None:
        super().__init__()
        self.materials = Materials(suite, tuple(files), lesson)

    def grade(self, job: Job, materials: Materials | None = None) -> Report:
        """The report of one job."""
        return super().grade(job, materials or self.materials)


def make_suite(folder: Path, tests: Mapping[str, str] | None = None, probes: str = PROBES, manifest: str = MANIFEST) -> Path:
    """A suite folder with a test file for each exercise."""
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text(manifest)
    (folder / "probes.py").write_text(probes)
    for exercise, source in ({"linear": LINEAR, "twice": TWICE} if tests is None else tests).items():
        (folder / f"test_{exercise}.py").write_text(source)
    return folder


def make_job(
    changes: Mapping[str, str] | None = None, *, student: str = "ada", secret: str = "s", points: Mapping[str, float] = POINTS
) -> Job:
    """A submission in which everything is solved but the cells in `changes`."""
    cells = [Cell(name, source) for name, source in (GOOD | dict(changes or {})).items()]
    return Job(student, "01-tiny", secret, cells, points)


def by_exercise(report: Report) -> dict[str, ExerciseReport]:
    """The exercises of a report by name."""
    return {exercise.exercise: exercise for exercise in report.exercises}


def without_times(report: Report) -> str:
    """All that a report says but how long it took."""
    return repr([line | {"seconds": 0} for line in (e.as_line(report.student, "") for e in report.exercises)]) + repr(report.outputs)


def make_reference() -> Reference:
    """A released assignment `tiny` with one stub and its grade cell."""
    stub = {"grade_id": "linear", "cell_type": "code", "grade": False, "solution": True, "locked": False, "schema_version": 3}
    test = {
        "grade_id": "test_linear",
        "cell_type": "code",
        "grade": True,
        "solution": False,
        "locked": True,
        "points": 5,
        "schema_version": 3,
    }
    cells = [
        ReferenceCell("linear", "def linear(x):\n    raise NotImplementedError()", stub),
        ReferenceCell("test_linear", "assert linear(1)", test),
    ]
    return Reference("tiny", {"display_name": "Python 3", "language": "python", "name": "python3"}, cells)


@pytest.fixture(scope="package")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteWorker]:
    """A grading process for the tiny suite, shared: a submission must not change what the next one gets."""
    with SuiteWorker(make_suite(tmp_path_factory.mktemp("course") / "01-tiny")) as worker:
        yield worker


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    """A warm sandbox with NumPy."""
    with Sandbox(("numpy",)) as sandbox:
        yield sandbox
