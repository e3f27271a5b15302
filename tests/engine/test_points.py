"""Scoring: what the results of an exercise's tests are worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.model import ExerciseReport, Failure, Outcome, Report, TestResult
from autograder.points import score

ANY_TEST = st.tuples(
    st.sampled_from(["value", "gradient", "edge", "contract"]), st.integers(1, 9), st.sampled_from(sorted(set(Outcome) - {Outcome.PARTIAL}))
)


def result(stage: str, outcome: Outcome | str = Outcome.PASSED, weight: int = 1) -> TestResult:
    """A test's result, with a reason when it failed."""
    failure = None if outcome == "passed" else Failure(f"It {outcome}.")
    return TestResult(f"test_{stage}", f"The {stage} is right.", stage, weight, Outcome(outcome), 0.25, failure)


def points_of(*tests: TestResult, max_points: float = 10.0) -> tuple[float | None, str]:
    """The points and the outcome of an exercise with these tests."""
    report = score("linear", max_points, tests)
    return report.points, str(report.outcome)


@pytest.mark.parametrize(
    ("tests", "points", "outcome"),
    [
        ([result("value")], 10, "passed"),
        ([result("value", "failed")], 0, "failed"),
        ([result("value", weight=3), result("gradient", "failed", weight=1)], 7.5, "partial"),
        ([result("value", weight=1), result("gradient", "failed", weight=2)], 3.33, "partial"),
        ([result("value", "failed", weight=3), result("gradient", weight=2)], 4, "partial"),
        ([result("value", "failed"), result("edge"), result("contract", weight=9)], 0, "failed"),
        ([result("edge"), result("contract")], 0, "failed"),
        ([result("gradient"), result("edge"), result("contract", "failed", weight=2)], 5, "partial"),
        ([result("value"), result("value", "timeout"), result("edge", "failed")], 3.33, "timeout"),
        ([result("value"), result("value", "crashed")], 5, "crashed"),
        ([result("value", "missing"), result("value", "failed")], 0, "missing"),
        ([result("value"), result("value", "ungradable")], None, "ungradable"),
        ([result("value", "timeout"), result("value", "ungradable")], None, "ungradable"),
        ([], None, "ungradable"),
    ],
)
def test_points(tests: list[TestResult], points: float | None, outcome: str) -> None:
    """Points are points × passed weight / total weight; without a value or a gradient nothing counts."""
    assert points_of(*tests) == (points, outcome)


@given(st.lists(ANY_TEST, min_size=1, max_size=6), st.integers(0, 100))
def test_points_never_leave_their_bounds(tests: list[tuple[str, int, str]], max_points: int) -> None:
    """Points lie between nothing and everything; everything takes all tests, more than nothing takes one of the core."""
    results = [result(stage, outcome, weight) for stage, weight, outcome in tests]
    points, outcome = points_of(*results, max_points=max_points)
    if any(test.outcome == "ungradable" for test in results):
        assert (points, outcome) == (None, "ungradable")
        return
    assert points is not None
    assert 0 <= points <= max_points
    core = any(test.outcome == "passed" and test.stage in ("value", "gradient") for test in results)
    assert points == 0 or core
    assert (outcome == "passed") == (core and all(test.outcome == "passed" for test in results))


def test_messages() -> None:
    """The message says how many failed, and the first reason."""
    assert score("x", 1, [result("value")]).message == "All tests passed."
    failed = score("x", 1, [result("value"), result("edge", "failed")])
    assert failed.message == "1 of 2 tests failed. First: «The edge is right.»: It failed."
    uncounted = score("x", 1, [result("value", "failed"), result("edge")])
    assert uncounted.message.endswith("It failed. The tests that passed count only once a value is right.")
    assert score("x", 1, []).message == "This exercise has no test in the hidden suite: nothing could be graded."
    assert score("x", 1, [result("value", "ungradable")]).message == "test_value: It ungradable."
    assert score("x", 1, [result("value"), result("value")]).seconds == 0.5


def test_a_report_survives_json() -> None:
    """A report and its JSON form are the same thing."""
    import json

    exercises = [
        score("linear", 3, [result("value"), result("edge", "timeout")]),
        ExerciseReport("b", None, 1, Outcome.UNGRADABLE, "staff only"),
    ]
    report = Report("ada", "01-x", exercises, {"c": [{"output_type": "stream", "name": "stdout", "text": "é"}]}, ["note"], {"seeds": "1"})
    back = Report.from_dict(json.loads(json.dumps(report.as_dict())))
    assert json.loads(json.dumps(back.as_dict())) == json.loads(json.dumps(report.as_dict()))
    assert back.exercises[0].tests[1].outcome is Outcome.TIMEOUT
    assert back.exercises[1].as_line("ada", "01-x") == {
        "student": "ada",
        "assignment": "01-x",
        "exercise": "b",
        "points": None,
        "max_points": 1,
        "outcome": "ungradable",
        "mistake": None,
        "message": "staff only",
        "seconds": 0.0,
        "tests": [],
    }
