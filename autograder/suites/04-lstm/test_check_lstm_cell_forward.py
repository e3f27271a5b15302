"""Hidden tests of the exercise `check_lstm_cell_forward`: it judges right and wrong implementations of lstm_cell_forward.

Oracle: what is right and what is wrong is known beforehand. Each of the catalogue's wrong answers fails, and each of its right styles
passes, the tests of lstm_cell_forward against torch.lstm_cell; the rest, below, is wrong or right by how it was made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from autograder.catalogue import Mistake, Style, read_catalogue
from autograder.checking import Check
from autograder.compare import Mismatch
from autograder.errors import SubmissionError
from autograder.suite import graded

#: Mistakes that don't show in a function that is only lent: what it returns comes over as copies.
ELSEWHERE = {"lstm_cell_forward-one-array-for-all-steps"}

#: Mistakes that show only where some arguments hold integers and others don't, or in the number of results: a check looks at h and c.
NOT_ASKED = {"lstm_cell_forward-in-place-on-integers", "lstm_cell_forward-two-results"}

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
        "lstm_cell_forward-one-row-without-its-axis",
        exercise="lstm_cell_forward",
        name="h and c lose their first axis when the batch has one row",
        hint="",
        change=[("return h, c, cache", "return (h[0], c[0], cache) if len(h) == 1 else (h, c, cache)")],
    ),
    Mistake(
        "lstm_cell_forward-stored-in-arguments",
        exercise="lstm_cell_forward",
        name="the new state is also written into h_prev and c_prev",
        hint="",
        change=[("return h, c, cache", "h_prev[:], c_prev[:] = h, c\n    return h, c, cache")],
    ),
    Mistake(
        "lstm_cell_forward-wipes-x",
        exercise="lstm_cell_forward",
        name="h and c are right, but x, an array of the caller, is zero afterwards",
        hint="",
        change=[("return h, c, cache", "x[:] = 0\n    return h, c, cache")],
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

#: What no arrays h and c come back from: whoever compares them unprepared raises an error.
NO_STATES = [
    Mistake(f"lstm_cell_forward-{id}", exercise="lstm_cell_forward", name=name, hint="", change=[("return h, c, cache", f"return {value}")])
    for id, name, value in (
        ("a-number", "it returns a number", "5"),
        ("texts", "it returns texts", '"a", "b", None'),
        ("nothing", "it returns None three times", "None, None, None"),
        ("another-shape", "it returns arrays of shape (7,)", "np.zeros(7), np.zeros(7), cache"),
    )
]

OTHER_STYLES = [
    Style(
        "lstm_cell_forward-without-a-cache",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    a_i, a_f, a_g, a_o = np.split(h_prev @ w_h + x @ w_x + b, 4, axis=1)
    c = sigmoid(a_f) * c_prev + sigmoid(a_i) * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c), c, None
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
    Style(
        "lstm_cell_forward-a-list-of-results",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    H = c_prev.shape[1]
    a = b + x @ w_x + h_prev @ w_h
    c = c_prev * sigmoid(a[:, H : 2 * H]) + np.tanh(a[:, 2 * H : 3 * H]) * sigmoid(a[:, :H])
    return [np.tanh(c) * sigmoid(a[:, 3 * H :]), c, (a, c)]
""",
    ),
    Style(
        "lstm_cell_forward-off-by-half-a-billionth",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    a_i, a_f, a_g, a_o = np.split(x @ w_x + h_prev @ w_h + b, 4, axis=1)
    c = sigmoid(a_f) * c_prev + sigmoid(a_i) * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c) + 5e-10, c - 5e-10, None
""",
    ),
]

MISTAKES, STYLES = (
    [entry for entry in entries if entry.exercise == "lstm_cell_forward"] for entries in read_catalogue(Path(__file__).parent)
)
WRONG = [mistake for mistake in (*MISTAKES, *ALSO_WRONG) if mistake.id not in ELSEWHERE | NOT_ASKED]
CHECK = Check(
    "check_lstm_cell_forward",
    of="lstm_cell_forward",
    judged="lstm_cell_forward",
    right=[*STYLES, *OTHER_STYLES],
    wrong=[*WRONG, *NO_STATES],
)


def zeros(x, h_prev, c_prev, w_x, w_h, b):
    """Zeros of the right shapes."""
    return np.zeros(h_prev.shape), np.zeros(c_prev.shape), None


@contextmanager
def yes_or_no() -> Iterator[None]:
    """What is neither True nor False is told without the test's hint, which is about right and wrong verdicts."""
    try:
        yield
    except Mismatch as error:
        if error.expected is not None:
            raise
        said = "None: is a `return` missing?" if error.got is None else f"{error.got}, which is neither."
        raise SubmissionError(f"{error.sentence} It returned {said}") from None


@graded(
    stage="value",
    seconds=10,
    weight=7,
    hint="A right f differs from your numbers by rounding only, so compare with a tolerance; zeros differ from them in nearly every entry. See "
    "«When is a test good?».",
)
def test_right_and_zeros(student, variants, rng):
    """Accepts a right f, and rejects one that returns zeros."""
    with yes_or_no():
        CHECK.tells_right_from(student, variants, rng, zeros)


@graded(
    stage="edge",
    weight=7,
    seconds=10,
    hint="Sums in another order differ in their last digits, and differences of 1e-9 are to be accepted; NumPy's warnings are no errors; a list "
    "is as good as a tuple; and the cache is none of your business.",
)
def test_right_styles(student, variants, rng):
    """Accepts right implementations in other styles."""
    with yes_or_no():
        CHECK.accepts_styles(student, variants, rng)


@graded(
    stage="edge",
    weight=2,
    seconds=10,
    hint="What f returns may be anything. Does the comparison stand in the `try`, too, and do the shapes come before the numbers?",
)
def test_no_states(student, variants, rng):
    """Says False, and raises nothing, when f returns a number, texts, nothing or arrays of another shape."""
    with yes_or_no():
        for mistake in NO_STATES:
            CHECK.rejects(student, variants, rng, mistake)


@pytest.mark.parametrize("mistake", WRONG, ids=lambda mistake: mistake.id)
@graded(
    stage="edge", seconds=10, hint="Which sizes, numbers or cases would give this mistake away? See the table in «When is a test good?»."
)
def test_wrong(student, variants, rng, mistake):
    """Rejects a wrong f: {mistake.name}."""
    with yes_or_no():
        CHECK.rejects(student, variants, rng, mistake)
