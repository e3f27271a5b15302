"""Hidden tests of the exercise `check_linear`: it judges right and wrong implementations of linear_backward.

Oracle: which functions are right is known beforehand: the solution and the catalogue's styles are (PyTorch says so in the tests of
`linear`), its mistakes and the ones below are not.
"""

from pathlib import Path

import numpy as np
import pytest

from autograder.catalogue import Mistake, read_catalogue
from autograder.checking import Check
from autograder.suite import graded

#: Mistakes that leave linear_backward right.
ELSEWHERE = {"linear-no-bias", "linear-bias-subtracted"}

#: Wrong in cases that the catalogue of `linear` has no need of: each gives away a test without that case.
ALSO_WRONG = [
    Mistake(
        "linear-takes-d-out-for-ones",
        exercise="linear",
        name="d_out is taken for ones in d_w",
        hint="",
        change=[("d_w = x.T @ d_out", "d_w = x.T @ np.ones_like(d_out)")],
    ),
    Mistake(
        "linear-weight-decay",
        exercise="linear",
        name="one per cent of w is added to d_w, as weight decay does",
        hint="",
        change=[("d_w = x.T @ d_out", "d_w = 0.01 * w + x.T @ d_out")],
    ),
    Mistake(
        "linear-squeezed",
        exercise="linear",
        name="axes of length one are dropped",
        hint="",
        change=[("return d_x, d_w, d_b", "return d_x.squeeze(), d_w.squeeze(), d_b")],
    ),
    Mistake(
        "linear-integers-cut-off",
        exercise="linear",
        name="when x holds integers, d_x does, too, and the fractions are cut off",
        hint="",
        change=[("return d_x, d_w, d_b", "return d_x.astype(x.dtype), d_w, d_b")],
    ),
    Mistake(
        "linear-one-row-kept",
        exercise="linear",
        name="for a single row d_b keeps its axis",
        hint="",
        change=[("d_b = d_out.sum(axis=0)", "d_b = d_out.sum(axis=0) if len(d_out) > 1 else d_out")],
    ),
    Mistake(
        "linear-one-output-without-axis",
        exercise="linear",
        name="for a single output d_b is a number without an axis",
        hint="",
        change=[("return d_x, d_w, d_b", "return d_x, d_w, d_b if d_b.size > 1 else d_b[0]")],
    ),
    Mistake(
        "linear-one-input-without-axis",
        exercise="linear",
        name="for a single input d_w has one axis only",
        hint="",
        change=[("return d_x, d_w, d_b", "return d_x, d_w if len(d_w) > 1 else d_w[0], d_b")],
    ),
    Mistake(
        "linear-square-not-transposed",
        exercise="linear",
        name="d_x takes w untransposed when D = K, where that is possible",
        hint="",
        change=[("d_x = d_out @ w.T", "d_x = d_out @ (w if w.shape[0] == w.shape[1] else w.T)")],
    ),
    Mistake(
        "linear-as-many-biases-as-rows",
        exercise="linear",
        name="d_b has N entries instead of K, which is right only when N = K",
        hint="",
        change=[("d_b = d_out.sum(axis=0)", "d_b = np.resize(d_out.sum(axis=0), len(d_out))")],
    ),
    Mistake(
        "linear-half-a-per-cent",
        exercise="linear",
        name="d_x is half a per cent too large",
        hint="",
        change=[("d_x = d_out @ w.T", "d_x = 1.005 * (d_out @ w.T)")],
    ),
    Mistake(
        "linear-wipes-d-out",
        exercise="linear",
        name="the results are right, but d_out, an array of the caller, is zero afterwards",
        hint="",
        change=[("return d_x, d_w, d_b", "d_out[:] = 0\n    return d_x, d_w, d_b")],
    ),
    Mistake(
        "linear-decays-w",
        exercise="linear",
        name="the results are right, but w, an array of the caller, is a little smaller afterwards",
        hint="",
        change=[("return d_x, d_w, d_b", "w *= 0.999\n    return d_x, d_w, d_b")],
    ),
    Mistake(
        "linear-nan",
        exercise="linear",
        name="every result is NaN",
        hint="",
        change=[("return d_x, d_w, d_b", "return d_x * np.nan, d_w * np.nan, d_b * np.nan")],
    ),
    Mistake(
        "linear-two-results",
        exercise="linear",
        name="only two results come back",
        hint="",
        change=[("return d_x, d_w, d_b", "return d_x, d_w")],
    ),
    Mistake(
        "linear-one-number",
        exercise="linear",
        name="it returns a single number",
        hint="",
        change=[("return d_x, d_w, d_b", "return float(d_w.sum())")],
    ),
    Mistake(
        "linear-three-texts",
        exercise="linear",
        name="it returns three texts instead of arrays",
        hint="",
        change=[("return d_x, d_w, d_b", 'return "d_x", "d_w", "d_b"')],
    ),
    Mistake(
        "linear-raises",
        exercise="linear",
        name="it raises an error",
        hint="",
        change=[("return d_x, d_w, d_b", "raise RuntimeError")],
    ),
]

MISTAKES, STYLES = ([entry for entry in entries if entry.exercise == "linear"] for entries in read_catalogue(Path(__file__).parent))
WRONG = [mistake for mistake in (*MISTAKES, *ALSO_WRONG) if mistake.id not in ELSEWHERE]
CHECK = Check("check_linear", of="linear", judged="linear_backward", right=STYLES, wrong=WRONG)


def zeros(d_out, x, w):
    """Zeros of the right shapes."""
    return np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])


@graded(
    stage="value",
    seconds=10,
    weight=6,
    hint="Every way through the function ends in True or False: is there a `return True` at the end? A right f differs from your numbers by "
    "rounding only, zeros in nearly every entry. If the answer changes from one time to the next, are your random numbers seeded?",
)
def test_right_and_zeros(student, variants, rng):
    """Accepts a right f and rejects one that returns zeros, several times. Without this no other test counts."""
    CHECK.tells_right_from(student, variants, rng, zeros)


@graded(
    stage="edge",
    weight=5,
    seconds=10,
    hint="Loops and matrix products add in another order, so the last digits differ; and a list of three arrays is as good as a tuple.",
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
