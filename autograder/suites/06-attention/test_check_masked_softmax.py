"""Hidden tests of the exercise `check_masked_softmax`: it judges right and wrong implementations of masked_softmax.

Oracle: the catalogue of masked_softmax, right and wrong cells that the hidden tests of that exercise have told apart.
"""

from pathlib import Path

import pytest
import torch

from autograder.catalogue import Mistake, read_catalogue
from autograder.checking import Check
from autograder.suite import graded

#: Wrong in cases that the catalogue of `masked_softmax` has no need of: each gives away a test without that case.
ALSO_WRONG = [
    Mistake(
        "masked-softmax-half-a-gradient",
        exercise="masked_softmax",
        name="the weights are right, but the sum in the denominator sends no gradient back",
        hint="",
        code="""
def masked_softmax(scores, mask, dim=-1):
    right = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=dim).masked_fill(~mask, 0.0).detach()
    return right * torch.exp(scores - scores.detach())
""",
    ),
    Mistake(
        "masked-softmax-raises",
        exercise="masked_softmax",
        name="it raises an error",
        hint="",
        change=[("return weights.masked_fill(blocked, 0.0)", "raise RuntimeError")],
    ),
]

#: Neither right nor wrong by the docstring: right to more than 1e-9 in float64, or wrong by less than a millionth.
IN_BETWEEN = ("masked-softmax-in-float32", "masked-softmax-epsilon-of-a-millionth")

#: That the mask is left alone, too, and that transposed tensors are taken, is asked of masked_softmax and not of a check.
NOT_ASKED = ("masked-softmax-mask-in-place", "masked-softmax-only-contiguous")

MISTAKES, STYLES = (
    [entry for entry in entries if entry.exercise == "masked_softmax" and entry.id not in (*IN_BETWEEN, *NOT_ASKED)]
    for entries in read_catalogue(Path(__file__).parent)
)
WRONG = [*MISTAKES, *ALSO_WRONG]
CHECK = Check("check_masked_softmax", of="masked_softmax", judged="masked_softmax", right=STYLES, wrong=WRONG)


def zeros(scores, mask, dim=-1):
    """Zeros of the right shapes."""
    return torch.zeros_like(scores)


@graded(
    stage="value",
    seconds=10,
    weight=5,
    hint="A right f differs from your numbers by rounding only; zeros differ from them in nearly every entry. See «When is a test good?».",
)
def test_right_and_zeros(student, variants, rng):
    """Accepts a right f, and rejects one that returns zeros."""
    CHECK.tells_right_from(student, variants, rng, zeros)


@graded(
    stage="edge",
    weight=5,
    seconds=10,
    hint="Right implementations differ in their last digits, in float32 more than in float64, and a float32 near 10,000 has few digits to give.",
)
def test_right_styles(student, variants, rng):
    """Accepts right implementations in other styles."""
    CHECK.accepts_styles(student, variants, rng)


@pytest.mark.parametrize("mistake", WRONG, ids=lambda mistake: mistake.id)
@graded(
    stage="edge", seconds=10, hint="Which sizes, numbers or cases would give this mistake away? See the table in «When is a test good?»."
)
def test_wrong(student, variants, rng, mistake):
    """Rejects a wrong f: {mistake.name}."""
    CHECK.rejects(student, variants, rng, mistake)
