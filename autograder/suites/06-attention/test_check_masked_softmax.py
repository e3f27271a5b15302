"""Hidden tests of the exercise `check_masked_softmax`: it judges right and wrong implementations of masked_softmax.

Oracle: the catalogue of masked_softmax, right and wrong cells that the hidden tests of that exercise have told apart.
"""

from pathlib import Path

import pytest
import torch

from autograder.catalogue import Mistake, read_catalogue
from autograder.checking import SOLUTION, Check
from autograder.suite import assert_true, graded

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

MISTAKES, STYLES = ([entry for entry in entries if entry.exercise == "masked_softmax"] for entries in read_catalogue(Path(__file__).parent))
WRONG = [*MISTAKES, *ALSO_WRONG]
EVERYTHING = [SOLUTION, SOLUTION, *STYLES, *WRONG]
CHECK = Check("check_masked_softmax", of="masked_softmax", judged="masked_softmax")


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
    said = CHECK.ask(student, variants, rng, [SOLUTION] * 4 + [zeros] * 4)
    assert_true(all(said.of(SOLUTION)), "It rejects a right implementation.", expected=True, got=False)
    assert_true(not any(said.of(zeros)), "It accepts a function that returns zeros of the right shapes.", expected=False, got=True)


@graded(
    stage="edge",
    weight=5,
    seconds=10,
    hint="Right implementations differ in their last digits, in float32 more than in float64, and a float32 near 10,000 has few digits to give.",
)
def test_right_styles(student, variants, rng):
    """Accepts right implementations in other styles."""
    said = CHECK.ask_once(student, variants, rng, EVERYTHING)
    for entry in STYLES:
        style = entry.id.removeprefix("masked-softmax-").replace("-", " ")
        message = f"It rejects a right implementation in another style: {style}."
        assert_true(all(said.of(entry)), message, expected=True, got=False)


@pytest.mark.parametrize("mistake", WRONG, ids=lambda mistake: mistake.id)
@graded(
    stage="edge", seconds=10, hint="Which sizes, numbers or cases would give this mistake away? See the table in «When is a test good?»."
)
def test_wrong(student, variants, rng, mistake):
    """Rejects a wrong f: {mistake.name}."""
    said = CHECK.ask_once(student, variants, rng, EVERYTHING)
    assert_true(not any(said.of(mistake)), f"It accepts a wrong implementation: {mistake.name}.", expected=False, got=True)
    message = "Asked again, it rejects the right implementation: does its verdict depend on chance?"
    assert_true(all(said.of(SOLUTION)), message, expected=True, got=False)
