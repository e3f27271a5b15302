"""Hidden tests of the exercise `lstm_sequence`.

Oracle: torch.nn.LSTM and autograd through it, in float64.
"""

import numpy as np
import torch

from autograder.describe import describe_type
from autograder.errors import SubmissionError
from autograder.suite import assert_close, assert_results, assert_true, assert_unchanged, graded

N, T, D, H = 3, 5, 4, 7
OUTPUTS = ("h", "h_T", "c_T")
GRADIENTS = ("d_x", "d_h_0", "d_c_0", "d_w_x", "d_w_h", "d_b")


def draw(rng, n=N, steps=T, d=D, hidden=H):
    """Random inputs of lstm_forward; neither start is zero."""
    shapes = ((n, steps, d), (n, hidden), (n, hidden), (d, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,))
    factors = (1.0, 1.0, 1.5, 0.8, 0.6, 0.7)
    return [factor * rng.normal(size=shape) for shape, factor in zip(shapes, factors, strict=True)]


def torch_lstm(w_x, w_h, b):
    """torch.nn.LSTM with these weights."""
    lstm = torch.nn.LSTM(w_x.shape[0], w_h.shape[0], batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(lstm.parameters(), (w_x.T, w_h.T, b, 0 * b), strict=True):
            parameter.copy_(torch.tensor(np.asarray(value, dtype=np.float64)))
    return lstm


def run(x, h_0, c_0, w_x, w_h, b):
    """The leaves x, h_0, c_0, the module and its outputs h, h_T, c_T."""
    lstm = torch_lstm(w_x, w_h, b)
    x, h_0, c_0 = (torch.tensor(np.asarray(a, dtype=np.float64), requires_grad=True) for a in (x, h_0, c_0))
    h, (h_last, c_last) = lstm(x, (h_0[None], c_0[None]))
    return (x, h_0, c_0), lstm, (h, h_last[0], c_last[0])


def oracle(*inputs):
    """(h, h_T, c_T)."""
    return tuple(a.detach().numpy() for a in run(*inputs)[2])


def gradient_oracle(d_h, *inputs):
    """The six gradients of sum(h * d_h)."""
    leaves, lstm, (h, _, _) = run(*inputs)
    (h * torch.tensor(np.asarray(d_h, dtype=np.float64))).sum().backward()
    w_x, w_h, b, _ = (parameter.grad for parameter in lstm.parameters())
    return tuple(a.numpy() for a in (*(leaf.grad for leaf in leaves), w_x.T, w_h.T, b))


def outputs(student, *inputs):
    """The student's h, h_T and c_T, once there are three results of which the second is a pair."""
    got = student.probe.sequence_outputs(*inputs)
    assert_results(got, "lstm_forward", ("h", "the pair (h_T, c_T)", "caches"))
    pair = got[1]
    if not isinstance(pair, tuple | list | np.ndarray) or getattr(pair, "shape", None) == () or len(pair) != 2:
        raise SubmissionError(f"The second result of `lstm_forward` should be the pair (h_T, c_T); it is {describe_type(pair)}.")
    return got[0], *pair


def six(got):
    """The six gradients, once there are six."""
    if got is None:
        raise SubmissionError("`lstm_forward` should return three results: h, the pair (h_T, c_T), and caches.")
    assert_results(got, "lstm_backward", GRADIENTS)
    return got


@graded(
    stage="value",
    weight=3,
    hint="Step t gets the h and the c of step t - 1, step 0 gets h_0 and c_0. If only the first step is right, a state is "
    "not handed on. See «A whole sequence».",
)
def test_outputs(student, rng):
    """The outputs of all steps agree with torch.nn.LSTM."""
    inputs = draw(rng)
    h, _, _ = outputs(student, *inputs)
    assert_close(h, oracle(*inputs)[0], name="h")


@graded(stage="value", weight=2, hint="The second result is the pair (h_T, c_T): the last output, then the last cell state, both (N, H).")
def test_final_states(student, rng):
    """The final pair is the last output and the last cell state."""
    inputs = draw(rng)
    _, h_last, c_last = outputs(student, *inputs)
    assert_close((h_last, c_last), oracle(*inputs)[1:], names=("h_T", "c_T"))


@graded(
    stage="gradient",
    weight=3,
    hint="d_h_t has two sources, the loss and step t + 1; d_c_t comes from step t + 1. After step 0 the two carries are "
    "d_h_0 and d_c_0. See «A whole sequence».",
)
def test_gradients_of_inputs_and_start(student, rng):
    """The gradients of x, h_0 and c_0 are right when every output has a gradient."""
    inputs, d_h = draw(rng), rng.normal(size=(N, T, H))
    got = six(student.probe.sequence_gradients(d_h, *inputs))
    assert_close(got[:3], gradient_oracle(d_h, *inputs)[:3], names=GRADIENTS[:3])


@graded(
    stage="gradient",
    weight=3,
    hint="The same weights are used at every step, so every step adds to their gradient. At step t, w_h was multiplied by "
    "the output of step t - 1.",
)
def test_gradients_of_weights(student, rng):
    """The gradients of w_x, w_h and b are summed over batch and time."""
    inputs, d_h = draw(rng), rng.normal(size=(N, T, H))
    got = six(student.probe.sequence_gradients(d_h, *inputs))
    assert_close(got[3:], gradient_oracle(d_h, *inputs)[3:], names=GRADIENTS[3:])


@graded(
    stage="gradient",
    weight=2,
    hint="All that reaches step 0 came through the carries: is the cell's gradient handed on, multiplied by the forget gate?",
)
def test_gradient_from_the_last_output_only(student, rng):
    """A gradient at the last output alone travels back to the first step."""
    inputs, d_h = draw(rng), np.zeros((N, T, H))
    d_h[:, -1] = rng.normal(size=(N, H))
    assert_close(six(student.probe.sequence_gradients(d_h, *inputs)), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(stage="edge", hint="With T = 1 the sequence is one cell: the final pair is that step's, and nothing is carried.")
def test_one_step(student, rng):
    """One sequence of one step: outputs and gradients are those of the cell."""
    inputs, d_h = draw(rng, n=1, steps=1), rng.normal(size=(1, 1, H))
    assert_close(outputs(student, *inputs), oracle(*inputs), names=OUTPUTS)
    assert_close(six(student.probe.sequence_gradients(d_h, *inputs)), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(stage="edge", hint="Is the final pair what the next step would need? Then a sequence can be cut anywhere.")
def test_cut_in_two(student, rng):
    """Running the first two steps and then the rest from the final pair gives the same as one run."""
    x, h_0, c_0, *weights = draw(rng)
    h, h_last, c_last = oracle(x, h_0, c_0, *weights)
    first = outputs(student, x[:, :2], h_0, c_0, *weights)
    assert_close(first[0], h[:, :2], name="h of the first two steps")
    states = [getattr(state, "shape", None) for state in first[1:]]
    assert_true(states == [(N, H)] * 2, f"h_T and c_T should be arrays of shape {(N, H)}: the next steps start from them.", got=first[1:])
    rest = outputs(student, x[:, 2:], *first[1:], *weights)
    assert_close(rest, (h[:, 2:], h_last, c_last), names=("h of the rest", "h_T", "c_T"))


@graded(
    stage="edge",
    hint="An output that only the past made can't have a gradient for the future: does the backward loop meet each step's "
    "own d_h and cache?",
)
def test_no_gradient_from_the_future(student, rng):
    """If only the output of step 2 has a gradient, the inputs after step 2 get none."""
    inputs, d_h = draw(rng), np.zeros((N, T, H))
    d_h[:, 2] = rng.normal(size=(N, H))
    got = six(student.probe.sequence_gradients(d_h, *inputs))
    assert_close(got, gradient_oracle(d_h, *inputs), names=GRADIENTS)
    assert_true(np.all(got[0][:, 3:] == 0), "d_x after step 2 should be exactly zero.", got=got[0][:, 3:])


@graded(stage="edge", hint="Is there a limit to how many steps your loops take, how far a gradient is carried, or how large it may be?")
def test_many_steps(student, rng):
    """A sequence of 40 steps with large gradients: outputs and gradients are right, those of the first step included."""
    inputs, d_h = draw(rng, n=2, steps=40, d=3, hidden=5), 300.0 * rng.normal(size=(2, 40, 5))
    inputs[5][5:10] += 2.0  # forget gates that let the gradient through
    assert_close(outputs(student, *inputs), oracle(*inputs), names=OUTPUTS)
    assert_close(six(student.probe.sequence_gradients(d_h, *inputs)), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(
    stage="edge",
    hint="NaN: exp of a large number overflows, or something is divided by a gate; a shut gate is exactly 0. The lesson's `sigmoid` is safe, "
    "and what backward needs is kept, not worked out from what comes after.",
)
def test_saturated_gates(student, rng):
    """Gates that are exactly 0 or 1, from values of a of about ±900: outputs and gradients are right, never NaN."""
    *inputs, b = draw(rng)
    d_h = rng.normal(size=(N, T, H))
    open_or_shut = np.where(np.arange(H) & np.array([[1], [2], [4]]) > 0, 900.0, -900.0)  # i, f, o: a different pattern in each unit
    b[:H], b[H : 2 * H], b[3 * H :] = open_or_shut
    assert_close(outputs(student, *inputs, b), oracle(*inputs, b), names=OUTPUTS)
    assert_close(six(student.probe.sequence_gradients(d_h, *inputs, b)), gradient_oracle(d_h, *inputs, b), names=GRADIENTS)


@graded(stage="contract", hint="All that lstm_backward needs stands in the caches it is given: nothing is kept between calls.")
def test_two_sequences_at_a_time(student, rng):
    """Two calls of lstm_forward, then lstm_backward with the caches of the first: the gradients are those of the first."""
    first, second, d_h = draw(rng), draw(rng), rng.normal(size=(N, T, H))
    got = six(student.probe.sequence_gradients_of_the_first(d_h, first, second))
    assert_close(got, gradient_oracle(d_h, *first), names=GRADIENTS)


@graded(stage="contract", hint="Work in new arrays: += on d_h, on h_0 or on something in the caches changes what does not belong to you.")
def test_arguments_unchanged(student, rng):
    """The arguments and the caches are not changed: a second call of lstm_backward gives the same."""
    inputs, d_h = draw(rng), rng.normal(size=(N, T, H))
    got = student.probe.sequence_backward_twice(d_h, *inputs)
    first, second, after = got if type(got) is tuple and len(got) == 3 else six(None)
    assert_unchanged(after, (d_h, *inputs), names=("d_h", "x", "h_0", "c_0", "w_x", "w_h", "b"))
    assert_close(six(second), six(first), names=tuple(f"{name} of the second call" for name in GRADIENTS))


@graded(
    stage="contract",
    hint="zeros_like(h_0) of integers holds integers and cuts off everything behind the point: say the dtype or the shape. And an operation in "
    "place, such as +=, on an array of integers can't take up fractions: make a new array.",
)
def test_integers_give_floats(student, rng):
    """Integers in x, h_0, c_0, the weights and d_h, in one of them, in some or everywhere, are accepted and give float64."""
    floats = [*draw(rng), rng.normal(size=(N, T, H))]
    integers = [rng.integers(-1, 2, size=part.shape) for part in floats]
    names = ("x", "h_0", "c_0", "w_x", "w_h", "b", "d_h")
    for whole in (" ".join(names), *names, "x w_x", "h_0 w_h", "x h_0 w_x w_h", "x h_0 w_x w_h b"):
        *inputs, d_h = (a if name in whole.split() else b for name, a, b in zip(names, integers, floats, strict=True))
        assert_close(outputs(student, *inputs), oracle(*inputs), names=OUTPUTS, dtype=True)
        assert_close(six(student.probe.sequence_gradients(d_h, *inputs)), gradient_oracle(d_h, *inputs), names=GRADIENTS, dtype=True)
