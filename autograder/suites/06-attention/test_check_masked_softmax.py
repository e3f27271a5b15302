"""Hidden tests of the exercise `check_masked_softmax`: it judges right and wrong implementations of masked_softmax.

Nothing that the student's check returned or raised is shown, but True, False and the names of Python's own exceptions:
it has seen the solution.
"""

import builtins
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.catalogue import Mistake, read_catalogue
from autograder.suite import assert_true, graded

#: Wrong in cases that the catalogue of `masked_softmax` has no need of: each gives away a test without that case.
ALSO_WRONG = [
    Mistake(
        "masked-softmax-no-broadcasting",
        exercise="masked_softmax",
        name="the mask must be as large as the scores: it does not broadcast",
        hint="",
        code="""
def masked_softmax(scores, mask, dim=-1):
    masked = torch.full_like(scores, float("-inf"))
    masked[mask] = scores[mask]
    return torch.softmax(masked, dim=dim).masked_fill(~mask, 0.0)
""",
    ),
    Mistake(
        "masked-softmax-clears-blocked-scores",
        exercise="masked_softmax",
        name="blocked scores are set to zero in the caller's tensor",
        hint="",
        change=[
            (
                "return weights.masked_fill(blocked, 0.0)",
                "with torch.no_grad():\n        scores.masked_fill_(blocked, 0.0)\n    return weights.masked_fill(blocked, 0.0)",
            ),
        ],
    ),
    Mistake(
        "masked-softmax-detached",
        exercise="masked_softmax",
        name="the weights are right, but no gradient flows back",
        hint="",
        change=[("return weights.masked_fill(blocked, 0.0)", "return weights.masked_fill(blocked, 0.0).detach()")],
    ),
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
        "masked-softmax-always-float64",
        exercise="masked_softmax",
        name="float32 scores give float64 weights",
        hint="",
        change=[("return weights.masked_fill(blocked, 0.0)", "return weights.masked_fill(blocked, 0.0).double()")],
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
ZEROS = Mistake(
    "zeros",
    "masked_softmax",
    "zeros of the right shapes",
    "",
    code="""
def masked_softmax(scores, mask, dim=-1):
    return torch.zeros_like(scores)
""",
)


@cache
def given(variants):
    """What the cells stand on."""
    return variants.given()


def verdict(answer):
    """True or False, if that is what check_masked_softmax said."""
    kind, said = answer if type(answer) is tuple and len(answer) == 2 else ("", None)
    if kind == "raised":
        error = said if type(said) is str and isinstance(getattr(builtins, said, None), type) else "an exception"
        assert_true(False, f"check_masked_softmax raised {error} instead of returning True or False.")
    if isinstance(said, torch.Tensor) and said.numel() == 1:
        said = said.item()
    assert_true(isinstance(said, bool | np.bool_), "check_masked_softmax should return True or False.")
    return bool(said)


def verdicts(student, variants, rng, entries):
    """What check_masked_softmax says about the solution, and about each of the entries; asked in random order."""
    cells = [variants.solution("masked_softmax"), *(variants.code(entry) for entry in entries)]
    order = [int(i) for i in rng.permutation(len(cells))]
    answers = student.probe.check_masked_softmax_says([cells[i] for i in order], given(variants))
    assert_true(type(answers) is list and len(answers) == len(cells), "check_masked_softmax gave no readable answer.")
    return [verdict(answers[order.index(i)]) for i in range(len(cells))]


@graded(
    stage="value",
    seconds=10,
    weight=5,
    hint="A right f differs from your numbers by rounding only; zeros differ from them in nearly every entry. See «When is a test good?».",
)
def test_right_and_zeros(student, variants, rng):
    """Accepts a right f, and rejects one that returns zeros."""
    right, zeros = verdicts(student, variants, rng, [ZEROS])
    assert_true(right, "It rejects a right implementation.", expected=True, got=right)
    assert_true(not zeros, "It accepts a function that returns zeros of the right shapes.", expected=False, got=zeros)


@graded(
    stage="edge",
    weight=5,
    seconds=20,
    hint="Right implementations differ in their last digits, in float32 more than in float64, and a float32 near 10,000 has few digits to give.",
)
def test_right_styles(student, variants, rng):
    """Accepts right implementations in other styles."""
    entries = [*STYLES]
    for entry, said in zip(entries, verdicts(student, variants, rng, entries)[1:], strict=True):
        style = entry.id.removeprefix("masked-softmax-").replace("-", " ")
        assert_true(said, f"It rejects a right implementation in another style: {style}.", expected=True, got=said)


@pytest.mark.parametrize("mistake", WRONG, ids=lambda mistake: mistake.id)
@graded(
    stage="edge", seconds=10, hint="Which sizes, numbers or cases would give this mistake away? See the table in «When is a test good?»."
)
def test_wrong(student, variants, rng, mistake):
    """Rejects a wrong f: {mistake.name}."""
    right, wrong = verdicts(student, variants, rng, [mistake])
    assert_true(not wrong, f"It accepts a wrong implementation: {mistake.name}.", expected=False, got=wrong)
    assert_true(right, "This time it rejects the right implementation: does its verdict depend on chance?", expected=True, got=right)
