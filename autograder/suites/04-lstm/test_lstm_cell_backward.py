"""Hidden tests of the exercise `lstm_cell_backward`.

Oracle: torch's autograd through torch.lstm_cell, in float64.

The cache is the student's own, so forward and backward run as a pair. What is compared are the gradients only: an error in
forward that leaves the cache right costs nothing here, and where forward is wrong too, or changes its arguments, the message says so.
"""

import numpy as np
import torch

from autograder.errors import SubmissionError
from autograder.suite import assert_close, assert_form, assert_results, assert_unchanged, graded

N, D, H = 3, 4, 7
NAMES = ("d_x", "d_h_prev", "d_c_prev", "d_w_x", "d_w_h", "d_b")
GATES = ("the input gate i", "the forget gate f", "the candidate g", "the output gate o")


def draw(rng, n=N, d=D, hidden=H, scale=1.0):
    """Random d_h, d_c and the six inputs of the forward pass."""
    shapes = ((n, hidden), (n, hidden), (n, d), (n, hidden), (n, hidden), (d, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,))
    factors = (1.0, 1.0, 1.0, 1.0, 1.5, 0.8 * scale, 0.6 * scale, 0.7 * scale)
    return [factor * rng.normal(size=shape) for shape, factor in zip(shapes, factors, strict=True)]


def oracle(d_h, d_c, *inputs):
    """(gradients of all six inputs, (h, c)) by torch's autograd."""
    d_h, d_c = (torch.tensor(np.asarray(a, dtype=np.float64)) for a in (d_h, d_c))
    leaves = [torch.tensor(np.asarray(a, dtype=np.float64), requires_grad=True) for a in inputs]
    x, h_prev, c_prev, w_x, w_h, b = leaves
    h, c = torch.lstm_cell(x, (h_prev, c_prev), w_x.T, w_h.T, b, torch.zeros_like(b))
    ((h * d_h).sum() + (c * d_c).sum()).backward()
    return tuple(leaf.grad.numpy() for leaf in leaves), (h.detach().numpy(), c.detach().numpy())


def agrees(got, expected):
    """Whether `got` is close to `expected`."""
    try:
        assert_close(got, expected)
    except SubmissionError:
        return False
    return True


def parts(reply, number):
    """The parts of a probe's reply, once lstm_cell_forward gave three results."""
    if type(reply) is not tuple or len(reply) != number:
        raise SubmissionError("`lstm_cell_forward` should return three results: h, c and a cache. Repair exercise 1 first.")
    return reply


def six(gradients):
    """The six gradients, once there are six."""
    assert_results(gradients, "lstm_cell_backward", NAMES)
    return gradients


def check(reply, expected, pick=slice(None), block=None, dtype=False):
    """The picked gradients, or a block of d_b, are right; if not, and forward is at fault too, the message sends the student to exercise 1."""
    gradients, forward, kept = parts(reply, 3)
    right_gradients, right_forward = expected
    got, wanted, names = six(gradients)[pick], right_gradients[pick], NAMES[pick]
    try:
        if block is not None and isinstance(got[0], np.ndarray) and got[0].shape == wanted[0].shape:
            got, wanted = ([np.split(a, 4)[block]] for a in (got[0], wanted[0]))
            names = (f"the block of d_b for {GATES[block]}",)
        assert_close(tuple(got), tuple(wanted), names=names, dtype=dtype)
    except SubmissionError:
        assert_form(
            agrees(forward, right_forward),
            "The gradients are not right, but neither are h and c here: your lstm_cell_forward made the cache. Repair exercise 1 first.",
        )
        assert_form(
            kept,
            "The gradients are not right: your lstm_cell_forward changes its arguments, and they are made from these. Repair exercise 1 first.",
        )
        raise


def check_gate(student, arguments, gate):
    """One of the four blocks of d_b is right."""
    check(student.probe.cell_gradients(*arguments), oracle(*arguments), pick=slice(5, 6), block=gate)


@graded(
    stage="gradient",
    weight=2,
    hint="The old cell reaches the new one through one multiplication, by f. What flows back on it is the completed gradient of c: "
    "what the next step sent plus what came through h. See «Step 1» and «Step 2».",
)
def test_old_cell(student, rng):
    """The gradient of the old cell state c_prev is right."""
    arguments = draw(rng)
    check(student.probe.cell_gradients(*arguments), oracle(*arguments), pick=slice(2, 3))


@graded(stage="gradient", hint="The input gate was multiplied by the candidate g, and came out of a sigmoid. See «Step 2» and «Step 3».")
def test_bias_of_the_input_gate(student, rng):
    """The bias gradient of the input gate is right."""
    check_gate(student, draw(rng), 0)


@graded(
    stage="gradient", hint="The forget gate was multiplied by the old cell c_prev, and came out of a sigmoid. See «Step 2» and «Step 3»."
)
def test_bias_of_the_forget_gate(student, rng):
    """The bias gradient of the forget gate is right."""
    check_gate(student, draw(rng), 1)


@graded(
    stage="gradient",
    hint="The candidate was multiplied by the input gate, and came out of tanh, not of a sigmoid. See «Step 2» and «Step 3».",
)
def test_bias_of_the_candidate(student, rng):
    """The bias gradient of the candidate is right."""
    check_gate(student, draw(rng), 2)


@graded(
    stage="gradient",
    hint="The output gate was multiplied by tanh of the new cell on the way to h, and came out of a sigmoid. See «Step 2» and «Step 3».",
)
def test_bias_of_the_output_gate(student, rng):
    """The bias gradient of the output gate is right."""
    check_gate(student, draw(rng), 3)


@graded(
    stage="gradient",
    weight=2,
    hint="Both weight gradients are «input, transposed, times the gradient of a», a sum over the batch. See «Step 4».",
)
def test_weights(student, rng):
    """The gradients of w_x and w_h are right."""
    arguments = draw(rng)
    check(student.probe.cell_gradients(*arguments), oracle(*arguments), pick=slice(3, 5))


@graded(stage="gradient", weight=2, hint="What flows back to x and h_prev is the gradient of a times the transposed weights. See «Step 4».")
def test_inputs(student, rng):
    """The gradients of x and h_prev are right."""
    arguments = draw(rng)
    check(student.probe.cell_gradients(*arguments), oracle(*arguments), pick=slice(0, 2))


@graded(
    stage="gradient",
    weight=2,
    hint="With d_h = 0 everything comes along the thick line: do you use d_c? The output gate then gets nothing.",
)
def test_gradient_from_the_next_step_only(student, rng):
    """With d_h = 0, the gradient that the next step sent through d_c reaches all six inputs."""
    d_h, *rest = draw(rng)
    check(student.probe.cell_gradients(0 * d_h, *rest), oracle(0 * d_h, *rest))


@graded(
    stage="gradient",
    weight=2,
    hint="With d_c = 0 the cell still gets a gradient, because h = o · tanh(c) used it. See «Step 1: who used c?».",
)
def test_gradient_from_the_output_only(student, rng):
    """With d_c = 0, the gradient of h reaches all six inputs, also through tanh(c)."""
    d_h, d_c, *inputs = draw(rng)
    check(student.probe.cell_gradients(d_h, 0 * d_c, *inputs), oracle(d_h, 0 * d_c, *inputs))


@graded(
    stage="edge",
    hint="Gradients of weights add up over the rows of the batch. A mean would make them smaller, and so would a limit: whoever trains the "
    "network clips, if at all, and by one factor for all gradients.",
)
def test_batch_adds_up(student, rng):
    """The weight gradients of a batch are the sums of those of its rows; gradients in the hundreds are right, too."""
    d_h, d_c, x, h_prev, c_prev, *weights = draw(rng)
    rows = [oracle(*(a[n : n + 1] for a in (d_h, d_c, x, h_prev, c_prev)), *weights)[0] for n in range(N)]
    expected = tuple(sum(row[k] for row in rows) for k in range(6))
    forward = oracle(d_h, d_c, x, h_prev, c_prev, *weights)[1]
    check(student.probe.cell_gradients(d_h, d_c, x, h_prev, c_prev, *weights), (expected, forward), pick=slice(3, 6))
    arguments = (300.0 * d_h, 300.0 * d_c, x, h_prev, c_prev, *weights)
    check(student.probe.cell_gradients(*arguments), oracle(*arguments))


@graded(stage="edge", hint="Does your code squeeze or drop an axis of length one?")
def test_one_of_everything(student, rng):
    """One sequence, one input, one unit: all six gradients have the right shape and value."""
    arguments = draw(rng, n=1, d=1, hidden=1)
    check(student.probe.cell_gradients(*arguments), oracle(*arguments))


@graded(
    stage="edge",
    hint="Zero is a number like any other: no gradient is made by dividing by h_prev or c_prev, and no zero state is taken for a missing one.",
)
def test_zero_states(student, rng):
    """Zeros in h_prev and c_prev, some or all as at the first step, give the right gradients."""
    d_h, d_c, x, h_prev, c_prev, *weights = draw(rng)
    for kept in (np.arange(N * H).reshape(N, H) % 2 == 0, np.zeros((N, H), dtype=bool)):
        arguments = (d_h, d_c, x, np.where(kept, h_prev, 0.0), np.where(kept, c_prev, 0.0), *weights)
        check(student.probe.cell_gradients(*arguments), oracle(*arguments))


@graded(
    stage="edge",
    hint="NaN: exp of a large number overflows, and inf / inf is NaN; or something is divided by a gate, and a shut gate is exactly 0. The "
    "derivative of a sigmoid needs no second exp, the gate's value is enough; and what else backward needs is kept in the cache, not worked "
    "out from h or c. See «Letters used throughout» and «Step 3».",
)
def test_saturated_gates(student, rng):
    """Pre-activations of about ±1000 give finite gradients."""
    arguments = draw(rng, scale=700.0)
    check(student.probe.cell_gradients(*arguments), oracle(*arguments))


@graded(stage="contract", hint="All that lstm_cell_backward needs stands in the cache it is given: nothing is kept between calls.")
def test_two_steps_at_a_time(student, rng):
    """Two calls of lstm_cell_forward, then lstm_cell_backward with the cache of the first: the gradients are those of the first."""
    (d_h, d_c, *first), (_, _, *second) = draw(rng), draw(rng)
    check(student.probe.cell_gradients_of_the_first(d_h, d_c, first, second), oracle(d_h, d_c, *first))


@graded(
    stage="contract",
    hint="d_c += … changes the caller's array, and *= on something from the cache spoils it for a second call: make new arrays.",
)
def test_arguments_unchanged(student, rng):
    """The arguments and the cache are not changed: a second call gives the same."""
    arguments = draw(rng)
    first, second, after, before = parts(student.probe.cell_backward_twice(*arguments), 4)
    assert_unchanged(after, (*arguments[:2], *before), names=("d_h", "d_c", "x", "h_prev", "c_prev", "w_x", "w_h", "b"))
    assert_close(six(second), six(first), names=tuple(f"{name} of the second call" for name in NAMES))


@graded(
    stage="contract",
    hint="An array made like an argument, or like something in the cache, holds integers if that does, and cuts off everything behind the "
    "point: say the shape or the dtype.",
)
def test_integers_give_floats(student, rng):
    """Integers in d_h and d_c, or in all that forward and backward are given, are accepted and give float64."""
    floats = draw(rng)
    integers = [rng.integers(-2, 3, size=a.shape) for a in floats]
    for arguments in ((*integers[:2], *floats[2:]), integers):
        check(student.probe.cell_gradients(*arguments), oracle(*arguments), dtype=True)
