"""A student's own test as an exercise: who does not look earns next to nothing, and a hang on one function costs that function only."""

import time
from collections.abc import Iterator

import pytest

from autograder.model import Cell, ExerciseReport, Job, TestResult
from autograder.pool import Worker
from tests.course.conftest import Bench, materials_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("checks")]

COUNTING = """
import numpy as np

calls = []


def check_linear(f):
    calls.append(f)
    if len(calls) <= 8:
        return bool(np.any(f(np.ones((2, 3)), np.ones((2, 4)), np.ones((4, 3)))[0]))
    return {later}
"""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A grading process."""
    with Worker() as worker:
        yield worker


def grade(worker: Worker, code: str, secret: str) -> ExerciseReport:
    """The report on a `check_linear`."""
    cells = [Cell("given", "import numpy as np"), Cell("check_linear", code)]
    job = Job("mallory", "01-backprop", secret, cells, {"check_linear": 6.0})
    return worker.grade(job, materials_of("01-backprop")).exercises[0]


def share_caught(report: ExerciseReport) -> float:
    """The share of wrong functions that it is believed to have caught."""
    wrong: list[TestResult] = [test for test in report.tests if test.name.startswith("test_wrong")]
    return sum(str(test.outcome) == "passed" for test in wrong) / len(wrong)


def test_always_no_catches_nothing(worker: Worker) -> None:
    """Who knows from the count of calls that the wrong ones come now, and says no to everything, has rejected right ones too."""
    report = grade(worker, COUNTING.format(later="False"), "secret")
    assert [str(test.outcome) for test in report.tests if test.name == "test_right_and_zeros"] == ["passed"]
    assert share_caught(report) == 0


@pytest.mark.parametrize("later", ["len(calls) % 2 == 0", "len(calls) % 3 > 0", "hash(str(len(calls))) % 3 > 0"])
def test_guessing_catches_little(worker: Worker, later: str) -> None:
    """Yes and no in turn, or by chance: the order is drawn anew for each student, so over many of them little is gained."""
    shares = [share_caught(grade(worker, COUNTING.format(later=later), f"secret {number}")) for number in range(20)]
    assert sum(shares) / len(shares) < 0.25, shares


@pytest.mark.parametrize("bench", ["01-backprop"], indirect=True)
def test_a_hang_costs_what_it_hangs_on(bench: Bench) -> None:
    """A right test, but for one wrong function that it never comes back from: all others count."""
    code = (
        bench.solution("check_linear")
        + """

right_check = check_linear


def check_linear(f):
    try:
        f(np.ones((1, 2)), np.ones((1, 2)), np.ones((2, 2)))
    except RuntimeError:
        while True:
            pass
    return right_check(f)
"""
    )
    report = bench.grade({"check_linear": code}, only="check_linear")["check_linear"]
    failed = {test.name: test.failure.text() for test in report.tests if test.failure}
    assert list(failed) == ["test_wrong[linear-raises]"], failed
    assert "did not return within" in failed["test_wrong[linear-raises]"]
    assert str(report.outcome) == "partial"


@pytest.mark.parametrize("bench", ["01-backprop"], indirect=True)
def test_one_that_always_hangs_is_waited_for_once(bench: Bench) -> None:
    """The first hang, before anything is believed, ends the exercise: its time limit of 10 s passes once."""
    begin = time.monotonic()
    report = bench.grade({"check_linear": "def check_linear(f):\n    while True:\n        pass"}, only="check_linear")["check_linear"]
    assert (str(report.outcome), report.points) == ("timeout", 0)
    assert time.monotonic() - begin < 18
