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
    if len(calls) <= 13:
        return bool(np.any(f(np.ones((2, 3)), np.ones((2, 4)), np.ones((4, 3)))[0]))
    return {later}
"""


JUDGED = [
    ("01-backprop", "check_linear", "linear_backward"),
    ("04-lstm", "check_lstm_cell_forward", "lstm_cell_forward"),
    ("06-attention", "check_masked_softmax", "masked_softmax"),
]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A grading process."""
    with Worker() as worker:
        yield worker


def grade(worker: Worker, code: str, secret: str) -> ExerciseReport:
    """The report on a `check_linear`."""
    shown = Cell("shown", "shown = 1\nprint(shown)", untouched=True)
    cells = [Cell("given", "import numpy as np"), shown, Cell("check_linear", code)]
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


#: What f does, as far as anything but zeros and errors can be seen of it: no idea of what it should do.
LOOKING = """
import os

import numpy as np

rng = np.random.default_rng(0)
cases = [(rng.normal(size=(n, k)), rng.normal(size=(n, d)), rng.normal(size=(d, k))) for n, d, k in ((3, 4, 2), (4, 4, 4), (1, 3, 2), (3, 1, 1))]
{keeping}


def check_linear(f):
    try:
        said = np.concatenate([np.ravel(part) for case in cases for part in (*f(*case), *map(np.shape, f(*case)))])
    except Exception:
        return False
    if not said.all():
        return False
"""
REMEMBERING = (
    LOOKING
    + """
    if not known():
        keep(said)
    return said.shape == known()[0].shape and np.allclose(said, known()[0])
"""
)
IN_MEMORY = """
kept = []
keep, known = kept.append, lambda: kept
"""
IN_A_FILE = """
keep = lambda said: np.save("kept.npy", said)
known = lambda: [np.load("kept.npy")] if os.path.exists("kept.npy") else []
"""


@pytest.mark.parametrize("keeping", [IN_MEMORY, IN_A_FILE], ids=["in-memory", "in-a-file"])
def test_who_remembers_the_first_catches_nothing(worker: Worker, keeping: str) -> None:
    """The first f that looks right is no measure of the others: without a right answer of one's own no wrong f counts as caught."""
    report = grade(worker, REMEMBERING.format(keeping=keeping), "secret")
    assert share_caught(report) == 0


SEEN = """
seen = []


def alike(one, other):
    return one.shape == other.shape and np.allclose(one, other)


def twins(said):
    return sum(alike(said, one) for one in seen)
"""
COMPARING = (
    LOOKING
    + """
    seen.append(said)
    return bool({verdict})
"""
)


@pytest.mark.parametrize("verdict", ["twins(said) > 1", "twins(said) == max(map(twins, seen))", "len(seen) < 6 or twins(said) > 2"])
def test_who_compares_catches_little(worker: Worker, verdict: str) -> None:
    """What is shown more often than the others is the right one, in the end; but by then the verdicts that count are given."""
    shares = [share_caught(grade(worker, COMPARING.format(keeping=SEEN, verdict=verdict), f"secret {number}")) for number in range(10)]
    assert sum(shares) / len(shares) < 0.2, shares


@pytest.mark.parametrize("bench", ["01-backprop"], indirect=True)
def test_names_of_the_lesson_are_known(bench: Bench, worker: Worker) -> None:
    """A right test that uses what a cell of the lesson's has shown, and takes every error for a no."""
    code = "\nright_check = check_linear\ndef check_linear(f):\n    try:\n        return shown == 1 and right_check(f)\n    except Exception:\n        return False"
    assert grade(worker, bench.solution("check_linear") + code, "secret").points == 6.0


@pytest.mark.parametrize("bench", ["01-backprop"], indirect=True)
def test_who_learns_is_told_so(bench: Bench) -> None:
    """A test that is right, but for the first few functions that it is asked about: the report says that f alone must decide."""
    code = bench.solution("check_linear") + COUNTING.format(later="right_check(f)").replace(
        "calls = []", "calls = []\nright_check = check_linear"
    )
    report = bench.grade({"check_linear": code}, only="check_linear")["check_linear"]
    assert share_caught(report) == 0
    told = [test.failure.text() for test in report.tests if test.failure]
    assert all("Before it had seen the others, it said otherwise" in text for text in told)


@pytest.mark.parametrize(("bench", "exercise", "judged"), JUDGED, indirect=["bench"])
def test_all_are_called_alike(bench: Bench, exercise: str, judged: str) -> None:
    """No f, right or wrong or zeros, says in Python's complaint about a call which one it is."""
    code = f"def {exercise}(f):\n    try: f()\n    except TypeError as error:\n        return '{judged}' != str(error).split('(')[0]"
    report = bench.grade({exercise: code}, only=exercise)[exercise]
    texts = [test.failure.text() for test in report.tests if test.failure]
    assert not any("accepts" in text for text in texts), texts


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
