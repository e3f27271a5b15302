"""Hidden tests of the exercise `check_lstm_cell_forward`: it judges right and wrong implementations of lstm_cell_forward.

Nothing that the student's check returned or raised is shown, but True, False and the names of Python's own exceptions:
it has seen the solution.
"""

import builtins
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from autograder.catalogue import Mistake, Style, read_catalogue
from autograder.suite import assert_true, graded

#: Wrong in cases that the catalogue of `lstm_cell_forward` has no need of: each gives away a test without that case.
ALSO_WRONG = [
    Mistake(
        "lstm_cell_forward-hard-sigmoid",
        exercise="lstm_cell_forward",
        name="the gates are straight lines, cut off at 0 and 1, instead of sigmoids",
        hint="",
        change=[("sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)", "(np.clip(0.2 * part + 0.5, 0, 1) for part in (a_i, a_f, a_o))")],
    ),
    Mistake(
        "lstm_cell_forward-clipped-gates",
        exercise="lstm_cell_forward",
        name="the gates are kept between 0.02 and 0.98",
        hint="",
        change=[
            ("sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)", "(np.clip(sigmoid(part), 0.02, 0.98) for part in (a_i, a_f, a_o))"),
        ],
    ),
    Mistake(
        "lstm_cell_forward-first-row-for-all",
        exercise="lstm_cell_forward",
        name="all rows of the batch get the old cell of the first row",
        hint="",
        change=[("c = f * c_prev + i * g  #", "c = f * c_prev[:1] + i * g  #")],
    ),
    Mistake(
        "lstm_cell_forward-squeezed",
        exercise="lstm_cell_forward",
        name="axes of length one are dropped",
        hint="",
        change=[("return h, c, cache", "return h.squeeze(), c.squeeze(), cache")],
    ),
    Mistake(
        "lstm_cell_forward-integers-cut-off",
        exercise="lstm_cell_forward",
        name="when c_prev holds integers, c does, too, and the fractions are cut off",
        hint="",
        change=[("return h, c, cache", "return h, c.astype(c_prev.dtype), cache")],
    ),
    Mistake(
        "lstm_cell_forward-stored-in-arguments",
        exercise="lstm_cell_forward",
        name="the new state is also written into h_prev and c_prev",
        hint="",
        change=[("return h, c, cache", "h_prev[:], c_prev[:] = h, c\n    return h, c, cache")],
    ),
    Mistake(
        "lstm_cell_forward-nan",
        exercise="lstm_cell_forward",
        name="every result is NaN",
        hint="",
        change=[("return h, c, cache", "return h * np.nan, c * np.nan, cache")],
    ),
    Mistake(
        "lstm_cell_forward-raises",
        exercise="lstm_cell_forward",
        name="it raises an error",
        hint="",
        change=[("return h, c, cache", "raise RuntimeError")],
    ),
]

OTHER_CACHES = [
    Style(
        "lstm_cell_forward-without-a-cache",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    a_i, a_f, a_g, a_o = np.split(h_prev @ w_h + x @ w_x + b, 4, axis=1)
    c = sigmoid(a_f) * c_prev + sigmoid(a_i) * np.tanh(a_g)
    return [sigmoid(a_o) * np.tanh(c), c, None]
""",
    ),
    Style(
        "lstm_cell_forward-a-dict-as-cache",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    i, f, g, o = (0.5 + 0.5 * np.tanh(a / 2) if k != 2 else np.tanh(a) for k, a in enumerate(np.hsplit(x @ w_x + h_prev @ w_h + b, 4)))
    c = f * c_prev + i * g
    return o * np.tanh(c), c, {"gates": (i, f, g, o), "c": c}
""",
    ),
]

MISTAKES, STYLES = (
    [entry for entry in entries if entry.exercise == "lstm_cell_forward"] for entries in read_catalogue(Path(__file__).parent)
)
WRONG = [*MISTAKES, *ALSO_WRONG]
ZEROS = Mistake(
    "zeros",
    "lstm_cell_forward",
    "zeros of the right shapes",
    "",
    code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    return np.zeros(h_prev.shape), np.zeros(c_prev.shape), None
""",
)


@cache
def given(variants):
    """What the cells stand on."""
    return variants.given()


def verdict(answer):
    """True or False, if that is what check_lstm_cell_forward said."""
    kind, said = answer if type(answer) is tuple and len(answer) == 2 else ("", None)
    if kind == "raised":
        error = said if type(said) is str and isinstance(getattr(builtins, said, None), type) else "an exception"
        assert_true(False, f"check_lstm_cell_forward raised {error} instead of returning True or False.")
    assert_true(isinstance(said, bool | np.bool_), "check_lstm_cell_forward should return True or False.")
    return bool(said)


def verdicts(student, variants, rng, entries):
    """What check_lstm_cell_forward says about the solution, and about each of the entries; asked in random order."""
    cells = [variants.solution("lstm_cell_forward"), *(variants.code(entry) for entry in entries)]
    order = [int(i) for i in rng.permutation(len(cells))]
    answers = student.probe.check_lstm_cell_forward_says([cells[i] for i in order], given(variants))
    assert_true(type(answers) is list and len(answers) == len(cells), "check_lstm_cell_forward gave no readable answer.")
    return [verdict(answers[order.index(i)]) for i in range(len(cells))]


@graded(
    stage="value",
    seconds=10,
    weight=6,
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
    hint="Sums in another order differ in their last digits; NumPy's warnings are no errors; and the cache is none of your business.",
)
def test_right_styles(student, variants, rng):
    """Accepts right implementations in other styles."""
    entries = [*STYLES, *OTHER_CACHES]
    for entry, said in zip(entries, verdicts(student, variants, rng, entries)[1:], strict=True):
        style = entry.id.removeprefix("lstm_cell_forward-").replace("-", " ")
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
