"""Scoring: the results of an exercise's tests → its points and outcome. Arithmetic on values, nothing else."""

from collections.abc import Sequence
from typing import Final

from autograder.model import ExerciseReport, Outcome, TestResult

__all__ = ["score"]

#: Tests of these stages prove that something was computed; the others count only beside one of them.
CORE_STAGES: Final = ("value", "gradient")
SAYS_WHAT_HAPPENED: Final = (Outcome.UNGRADABLE, Outcome.TIMEOUT, Outcome.CRASHED, Outcome.MISSING)


def score(exercise: str, max_points: float, tests: Sequence[TestResult]) -> ExerciseReport:
    """The exercise's report: points × passed weight / total weight, nothing without a passed test of the core."""
    outcomes = [test.outcome for test in tests]
    seconds = sum(test.seconds for test in tests)
    if Outcome.UNGRADABLE in outcomes or not tests:
        return ExerciseReport(exercise, None, max_points, Outcome.UNGRADABLE, _staff_message(tests), seconds, tests=tuple(tests))
    passed = [test for test in tests if test.outcome is Outcome.PASSED]
    if not any(test.stage in CORE_STAGES for test in passed):
        passed = []
    total = sum(test.weight for test in tests)
    points = round(max_points * sum(test.weight for test in passed) / total, 2)
    outcome = Outcome.PASSED if len(passed) == len(tests) else Outcome.PARTIAL if passed else Outcome.FAILED
    outcome = next((o for o in SAYS_WHAT_HAPPENED if o in outcomes), outcome)
    return ExerciseReport(exercise, points, max_points, outcome, _message(tests, len(passed)), seconds, tests=tuple(tests))


def _message(tests: Sequence[TestResult], counted: int) -> str:
    failed = [test for test in tests if test.outcome is not Outcome.PASSED]
    if not failed:
        return "All tests passed."
    reason = f": {failed[0].failure.sentence}" if failed[0].failure else ""
    uncounted = " The tests that passed count only once a value is right." if counted == 0 and len(failed) < len(tests) else ""
    return f"{len(failed)} of {len(tests)} tests failed. First: «{failed[0].sentence}»{reason}{uncounted}"


def _staff_message(tests: Sequence[TestResult]) -> str:
    if not tests:
        return "This exercise has no test in the hidden suite: nothing could be graded."
    faulty = [test for test in tests if test.outcome is Outcome.UNGRADABLE]
    reason = faulty[0].failure.sentence if faulty[0].failure else "no reason was given"
    return f"{faulty[0].name}: {reason}"
