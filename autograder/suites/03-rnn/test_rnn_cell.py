"""Hidden tests of the exercise `rnn_cell`.

Oracle: torch.nn.RNNCell and autograd through it, in float64.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

N, D, H = 3, 4, 7
GRADIENTS = ("d_x", "d_h_prev", "d_w_x", "d_w_h", "d_b")


def draw(rng, n=N, d=D, hidden=H):
    """Random x, h_prev, w_x, w_h, b: no zero, nothing symmetric, tanh neither straight nor flat."""
    shapes = ((n, d), (n, hidden), (d, hidden), (hidden, hidden), (hidden,))
    factors = (1.0, 0.6, 0.5, 0.5, 0.7)
    return [factor * rng.normal(size=shape) for shape, factor in zip(shapes, factors, strict=True)]


def run(x, h_prev, w_x, w_h, b):
    """The leaves x, h_prev, the cell and its output."""
    cell = torch.nn.RNNCell(w_x.shape[0], w_h.shape[0], dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(cell.parameters(), (w_x.T, w_h.T, b, 0 * b), strict=True):
            parameter.copy_(torch.tensor(np.asarray(value, dtype=np.float64)))
    leaves = tuple(torch.tensor(np.asarray(a, dtype=np.float64), requires_grad=True) for a in (x, h_prev))
    return leaves, cell, cell(*leaves)


def oracle(*inputs):
    """The state after the step."""
    return run(*inputs)[2].detach().numpy()


def gradient_oracle(d_h, *inputs):
    """The five gradients of sum(h * d_h)."""
    (x, h_prev), cell, h = run(*inputs)
    (h * torch.tensor(np.asarray(d_h, dtype=np.float64))).sum().backward()
    w_x, w_h, b, _ = (parameter.grad for parameter in cell.parameters())
    return tuple(a.numpy() for a in (x.grad, h_prev.grad, w_x.T, w_h.T, b))


def backward(student, d_h, x, h_prev, w_x, w_h, b):
    """The student's five gradients, for a state that the oracle made."""
    got = student.rnn_cell_backward(d_h, x, h_prev, oracle(x, h_prev, w_x, w_h, b), w_x, w_h)
    right = type(got) in (tuple, list) and len(got) == 5
    assert_true(right, "rnn_cell_backward should return five gradients: d_x, d_h_prev, d_w_x, d_w_h, d_b.", got=got)
    return tuple(got)


@graded(
    stage="value",
    weight=3,
    hint="Two products and a bias, then tanh. Rows are examples: the weights stand on the right, and none is transposed. See «A state».",
)
def test_forward(student, rng):
    """The new state agrees with torch.nn.RNNCell."""
    inputs = draw(rng)
    assert_close(student.rnn_cell_forward(*inputs), oracle(*inputs), name="h")


@graded(
    stage="gradient",
    weight=3,
    hint="First through tanh, whose derivative is written with h itself; then through the linear map. w_h is square: a forgotten "
    "transpose raises no error. See «Backwards through one step».",
)
def test_gradients_of_input_and_state(student, rng):
    """The gradients of x and h_prev agree with autograd."""
    inputs, d_h = draw(rng), rng.normal(size=(N, H))
    assert_close(backward(student, d_h, *inputs)[:2], gradient_oracle(d_h, *inputs)[:2], names=GRADIENTS[:2])


@graded(
    stage="gradient",
    weight=3,
    hint="A weight's gradient is made from what the weight was multiplied by, and from d_a. Batch: sums, not means. w_h met h_prev, not h.",
)
def test_gradients_of_weights(student, rng):
    """The gradients of w_x, w_h and b agree with autograd and are summed over the batch."""
    inputs, d_h = draw(rng), rng.normal(size=(N, H))
    assert_close(backward(student, d_h, *inputs)[2:], gradient_oracle(d_h, *inputs)[2:], names=GRADIENTS[2:])


@graded(stage="edge", hint="Right for larger sizes? Then look for an axis of length one that is squeezed or dropped.")
def test_one_of_everything(student, rng):
    """One row, one input, one unit: state and gradients are right."""
    inputs, d_h = draw(rng, 1, 1, 1), rng.normal(size=(1, 1))
    assert_close(student.rnn_cell_forward(*inputs), oracle(*inputs), name="h")
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(
    stage="edge",
    hint="Right for small sums? Then look at where tanh is flat: 1 - h² is zero there, and a large exponential is infinite.",
)
def test_saturated_units(student, rng):
    """Units that are fully on or off give states of ±1 and gradients of zero, never NaN."""
    x, h_prev, w_x, w_h, b = draw(rng)
    b = np.where(b > 0, 2000.0, -2000.0)
    inputs, d_h = (x, h_prev, w_x, w_h, b), rng.normal(size=(N, H))
    assert_close(student.rnn_cell_forward(*inputs), np.broadcast_to(np.sign(b), (N, H)), name="h")
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(
    stage="edge",
    hint="Right for smaller gradients? Then something is cut off or shortened: what arrives goes on whole, however long it is. Clipping is an "
    "exercise of its own.",
)
def test_large_gradients(student, rng):
    """Gradients in the thousands arrive: nothing is clipped on the way back."""
    inputs, d_h = draw(rng), 1000.0 * rng.normal(size=(N, H))
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(
    stage="edge",
    hint="Right in other sizes? Then something mixes the rows of a batch, takes a row of zeros for padding, or fits by chance where N, D and H "
    "are equal.",
)
def test_rows_are_independent(student, rng):
    """The rows of a batch do not mix: with N = D = H too, one of them zero in x, a row alone gives the same state and the same d_x."""
    x, h_prev, *weights = draw(rng, n=H, d=H)
    x[5] = 0.0
    d_h = rng.normal(size=(H, H))
    h = oracle(x, h_prev, *weights)
    assert_close(student.rnn_cell_forward(x, h_prev, *weights), h, name="h")
    assert_close(student.rnn_cell_forward(x[3:4], h_prev[3:4], *weights), h[3:4], name="h of one row")
    got = backward(student, d_h[3:4], x[3:4], h_prev[3:4], *weights)
    assert_close(got[0], gradient_oracle(d_h, x, h_prev, *weights)[0][3:4], name="d_x of one row")


@graded(stage="contract", hint="Work in new arrays: += or *= on an argument changes what belongs to the caller.")
def test_arguments_unchanged(student, rng):
    """Neither function changes its arguments."""
    x, h_prev, w_x, w_h, _ = inputs = draw(rng)
    call = student.run("rnn_cell_forward", *inputs)
    assert_unchanged(call.arguments, inputs, names=("x", "h_prev", "w_x", "w_h", "b"))
    given = (rng.normal(size=(N, H)), x, h_prev, oracle(*inputs), w_x, w_h)
    call = student.run("rnn_cell_backward", *given)
    assert_unchanged(call.arguments, given, names=("d_h", "x", "h_prev", "h", "w_x", "w_h"))


@graded(
    stage="contract",
    hint="Right with floats? Then it is the dtype: an array of integers holds no fractions, neither as a result nor as a sum on the way.",
)
def test_integers_give_floats(student, rng):
    """Integers are accepted and give float64: integers everywhere, and everywhere but in b."""
    shapes = ((N, D), (N, H), (D, H), (H, H), (H,))
    inputs = [rng.integers(-1, 2, size=shape) for shape in shapes]
    d_h = rng.integers(-2, 3, size=(N, H))
    assert_close(student.rnn_cell_forward(*inputs), oracle(*inputs), name="h", dtype=True)
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS, dtype=True)
    inputs[4] = rng.normal(size=H)
    assert_close(student.rnn_cell_forward(*inputs), oracle(*inputs), name="h", dtype=True)
