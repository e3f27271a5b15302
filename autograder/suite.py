"""What a hidden suite is written with: the decorator `graded` and the assertions whose failures a student reads."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import pytest

from autograder.compare import assert_close, assert_form, assert_results, assert_true, assert_unchanged, gradients_of
from autograder.describe import describe_type
from autograder.errors import CourseError

__all__ = [
    "STAGES",
    "assert_close",
    "assert_form",
    "assert_results",
    "assert_true",
    "assert_unchanged",
    "describe_type",
    "graded",
    "gradients_of",
]

#: `value` and `gradient` tests stand on their own; `edge` and `contract` tests count only beside one of those.
STAGES: Final = ("value", "gradient", "edge", "contract")
Test = TypeVar("Test", bound=Callable[..., Any])


def graded(*, stage: str, weight: int = 1, hint: str = "", seconds: float | None = None) -> Callable[[Test], Test]:
    """Marks a test with what scoring and the report need; `seconds` is the time limit of each call that it makes."""
    if stage not in STAGES or type(weight) is not int or weight < 1:
        raise CourseError(
            f"graded(stage={stage!r}, weight={weight!r}): the stage is one of {', '.join(STAGES)}, the weight a whole number from 1"
        )
    mark = pytest.mark.graded(stage=stage, weight=weight, hint=hint, seconds=seconds)

    def decorate(test: Test) -> Test:
        if not (test.__doc__ or "").strip():
            raise CourseError(f"{test.__module__}.{test.__name__} has no docstring: its first line is what the student reads")
        marked: Test = mark(test)
        return marked

    return decorate
