"""Answers of a form that nobody expects: the suite tells the student so, and the course is not at fault."""

import pytest

from tests.course.conftest import Bench

pytestmark = pytest.mark.slow

#: Appended to the solution's cell.
COMPLEX = (
    "\n\nright = masked_softmax\n\n\ndef masked_softmax(scores, mask, dim=-1):\n    return right(scores, mask, dim).to(torch.complex128)\n"
)
ONE_TOO_MANY = "\n\nright = layer_norm_backward\n\n\ndef layer_norm_backward(*given):\n    return (*right(*given), given[1])\n"


@pytest.mark.parametrize(
    ("bench", "exercise", "odd"),
    [("06-attention", "masked_softmax", COMPLEX), ("07-transformer", "layer_norm", ONE_TOO_MANY)],
    indirect=["bench"],
    ids=["complex", "one-too-many"],
)
def test_an_odd_answer_is_the_students(bench: Bench, exercise: str, odd: str) -> None:
    """Complex numbers, a result too many: tests fail, and none breaks."""
    report = bench.grade({exercise: bench.solution(exercise) + odd}, only=exercise)[exercise]
    outcomes = {test.name: str(test.outcome) for test in report.tests}
    assert "failed" in outcomes.values()
    assert "ungradable" not in outcomes.values(), outcomes
