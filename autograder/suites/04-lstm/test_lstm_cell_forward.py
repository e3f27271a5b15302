"""Hidden tests of the exercise `lstm_cell_forward`.

Oracle: torch.lstm_cell in float64; the latch that keeps its state, worked by hand.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_results, assert_unchanged, graded

N, D, H = 3, 4, 7
NAMES = ("x", "h_prev", "c_prev", "w_x", "w_h", "b")


def draw(rng, n=N, d=D, hidden=H, scale=1.0):
    """Random inputs; pre-activations spread over about 2 * scale."""
    shapes = ((n, d), (n, hidden), (n, hidden), (d, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,))
    factors = (1.0, 1.0, 1.5, 0.8 * scale, 0.6 * scale, 0.7 * scale)
    return [factor * rng.normal(size=shape) for shape, factor in zip(shapes, factors, strict=True)]


def oracle(x, h_prev, c_prev, w_x, w_h, b):
    """h and c of torch.lstm_cell."""
    x, h_prev, c_prev, w_x, w_h, b = (torch.tensor(np.asarray(a, dtype=np.float64)) for a in (x, h_prev, c_prev, w_x, w_h, b))
    h, c = torch.lstm_cell(x, (h_prev, c_prev), w_x.T.contiguous(), w_h.T.contiguous(), b, torch.zeros_like(b))
    return h.numpy(), c.numpy()


def outputs(student, *inputs):
    """The student's h and c, once there are three results."""
    got = student.probe.cell_outputs(*inputs)
    assert_results(got, "lstm_cell_forward", ("h", "c", "a cache"))
    return got[:2]


@graded(
    stage="value",
    weight=3,
    hint="Check, in this order: the bias is added, the blocks are i, f, g, o, the candidate g goes through tanh and the gates through the "
    "sigmoid, f multiplies the old cell and i the candidate. See «The cell».",
)
def test_cell_state(student, rng):
    """The new cell state c agrees with PyTorch's LSTM cell."""
    inputs = draw(rng)
    _, c = outputs(student, *inputs)
    assert_close(c, oracle(*inputs)[1], name="c")


@graded(
    stage="value",
    weight=3,
    hint="If c is right and h is not, look at the last line: the output gate is the fourth block, and it multiplies tanh of the new cell.",
)
def test_output(student, rng):
    """The output h agrees with PyTorch's LSTM cell."""
    inputs = draw(rng)
    h, _ = outputs(student, *inputs)
    assert_close(h, oracle(*inputs)[0], name="h")


@graded(
    stage="edge",
    hint="An open forget gate and a shut input gate leave the cell as it is: is the forget gate the second block, the input "
    "gate the first? The cell itself has no bounds: it is never cut off.",
)
def test_latch_holds(student, rng):
    """With the forget gate open and the input gate shut, the cell keeps its state, also a large one."""
    x, h_prev, c_prev, w_x, w_h, b = draw(rng)
    b[:H], b[H : 2 * H] = -300.0, 300.0
    for size in (1.0, 200.0):
        _, c = outputs(student, x, h_prev, size * c_prev, w_x, w_h, b)
        assert_close(c, size * c_prev, name="c")


@graded(stage="edge", hint="A batch of one row is a batch: h and c keep both axes, (1, H). And no row of a batch may know of the others.")
def test_rows_are_independent(student, rng):
    """A batch of one gives the same as that row within a larger batch."""
    x, h_prev, c_prev, *weights = draw(rng)
    row = [a[1:2].copy() for a in (x, h_prev, c_prev)]
    got = outputs(student, *row, *weights)
    h, c = oracle(x, h_prev, c_prev, *weights)
    assert_close(got, (h[1:2], c[1:2]), names=("h", "c"))


@graded(stage="edge", hint="Does your code squeeze or drop an axis of length one?")
def test_one_of_everything(student, rng):
    """One sequence, one input, one unit: the results have the shape (1, 1)."""
    inputs = draw(rng, n=1, d=1, hidden=1)
    assert_close(outputs(student, *inputs), oracle(*inputs), names=("h", "c"))


@graded(
    stage="edge",
    hint="NaN: exp of a large number overflows, and inf / inf is NaN; np.tanh and the lesson's `sigmoid` are safe, see «Letters used "
    "throughout». Numbers that are a little off: nothing is cut off here, a saturated gate is 0 or 1.",
)
def test_extreme_preactivations(student, rng):
    """Pre-activations and cell states of about ±1000 give saturated gates, never NaN."""
    x, h_prev, c_prev, *weights = draw(rng, scale=700.0)
    inputs = (x, h_prev, 1000.0 * np.sign(c_prev), *weights)
    assert_close(outputs(student, *inputs), oracle(*inputs), names=("h", "c"))


@graded(
    stage="edge",
    hint="A sigmoid never reaches 0 or 1: at -8 it is 0.0003, at -15 still 3e-7. The lesson's `sigmoid` does that; is something cut off, or "
    "added, in yours? See «Letters used throughout».",
)
def test_nearly_shut_gates(student, rng):
    """Gates whose pre-activations lie between ±8 and ±15 are nearly, not quite, open or shut."""
    x, h_prev, c_prev, w_x, w_h, _ = draw(rng)
    b = rng.choice([-1.0, 1.0], size=4 * H) * rng.uniform(8.0, 15.0, size=4 * H)
    b[: 2 * H] = -np.abs(b[: 2 * H])  # little is let in, and little kept
    inputs = (x, h_prev, c_prev, 0 * w_x, 0 * w_h, b)
    # Right sigmoids are off by 1e-16 or so, that is 1e-9 of these gates; c may lose some digits where its two parts cancel.
    assert_close(outputs(student, *inputs), oracle(*inputs), names=("h", "c"), rtol=1e-4, atol=1e-13)


@graded(stage="contract", hint="An operation in place, such as *= on c_prev, changes the caller's array: make a new one.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    inputs = draw(rng)
    after = student.probe.cell_arguments(*inputs)
    assert_unchanged(after, inputs, names=NAMES)


@graded(
    stage="contract",
    hint="Make new arrays in every call. One that is kept for the next call, or an argument that is written into, changes what you returned before.",
)
def test_a_second_step(student, rng):
    """The h and c of a step are still the same after the next step, which gets them as arguments."""
    inputs = draw(rng)
    got = student.probe.cell_outputs_after_a_second_step(rng.normal(size=(N, D)), *inputs)
    assert_results(got, "lstm_cell_forward", ("h", "c", "a cache"))
    assert_close(got[:2], oracle(*inputs), names=("h", "c"))


@graded(
    stage="contract",
    hint="Do not copy the dtype of an argument: integers would cut off everything behind the point. And an operation in place, such as +=, on "
    "an array of integers can't take up fractions: make a new array.",
)
def test_integers_give_floats(student, rng):
    """Integer arrays are accepted, in one argument, in some or everywhere, and give float64."""
    floats = draw(rng)
    integers = [rng.integers(-2, 3, size=a.shape) for a in floats]
    for whole in (" ".join(NAMES), *NAMES, "x w_x", "h_prev w_h", "x h_prev w_x w_h", "x h_prev w_x w_h b"):
        inputs = [a if name in whole.split() else b for name, a, b in zip(NAMES, integers, floats, strict=True)]
        assert_close(outputs(student, *inputs), oracle(*inputs), names=("h", "c"), dtype=True)
