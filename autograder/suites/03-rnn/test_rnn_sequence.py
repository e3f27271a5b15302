"""Hidden tests of the exercise `rnn_sequence`.

Oracle: torch.nn.RNN and autograd through it, in float64.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

N, T, D, H = 3, 5, 4, 7
GRADIENTS = ("d_x", "d_h_0", "d_w_x", "d_w_h", "d_b")


def draw(rng, n=N, steps=T, d=D, hidden=H):
    """Random x, h_0, w_x, w_h, b; the start is not zero."""
    shapes = ((n, steps, d), (n, hidden), (d, hidden), (hidden, hidden), (hidden,))
    factors = (1.0, 0.7, 0.4, 0.45, 0.5)
    return [factor * rng.normal(size=shape) for shape, factor in zip(shapes, factors, strict=True)]


def run(x, h_0, w_x, w_h, b):
    """The leaves x, h_0, the module and all its states."""
    rnn = torch.nn.RNN(w_x.shape[0], w_h.shape[0], batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(rnn.parameters(), (w_x.T, w_h.T, b, 0 * b), strict=True):
            parameter.copy_(torch.tensor(np.asarray(value, dtype=np.float64)))
    x, h_0 = (torch.tensor(np.asarray(a, dtype=np.float64), requires_grad=True) for a in (x, h_0))
    return (x, h_0), rnn, rnn(x, h_0[None])[0]


def oracle(*inputs):
    """All states (N, T, H)."""
    return run(*inputs)[2].detach().numpy()


def gradient_oracle(d_h, *inputs):
    """The five gradients of sum(h * d_h)."""
    leaves, rnn, h = run(*inputs)
    (h * torch.tensor(np.asarray(d_h, dtype=np.float64))).sum().backward()
    w_x, w_h, b, _ = (parameter.grad for parameter in rnn.parameters())
    return tuple(a.numpy() for a in (*(leaf.grad for leaf in leaves), w_x.T, w_h.T, b))


def backward(student, d_h, x, h_0, w_x, w_h, b, h=None):
    """The student's five gradients, for states that the oracle makes, or has made."""
    got = student.rnn_backward(d_h, x, h_0, oracle(x, h_0, w_x, w_h, b) if h is None else h, w_x, w_h)
    right = type(got) in (tuple, list) and len(got) == 5
    assert_true(right, "rnn_backward should return five gradients: d_x, d_h_0, d_w_x, d_w_h, d_b.", got=got)
    return tuple(got)


@graded(
    stage="value",
    weight=3,
    hint="Step t gets the state that step t - 1 made, step 0 gets h_0. If only the first step is right, the state is not handed on. "
    "See «A whole sequence».",
)
def test_states(student, rng):
    """The states of all steps agree with torch.nn.RNN."""
    inputs = draw(rng)
    assert_close(student.rnn_forward(*inputs), oracle(*inputs), name="h")


@graded(
    stage="gradient",
    weight=3,
    hint="Each state's gradient has two sources, its own loss and step t + 1; both go through tanh' together. What is carried out of "
    "step 0 is d_h_0. Weights stand transposed on the way back; where D = H, no shape warns you. See «A whole sequence».",
)
def test_gradients_of_inputs_and_start(student, rng):
    """The gradients of x and h_0 are right when every state has a gradient, also where D = H."""
    for d in (D, H):
        inputs, d_h = draw(rng, d=d), rng.normal(size=(N, T, H))
        assert_close(backward(student, d_h, *inputs)[:2], gradient_oracle(d_h, *inputs)[:2], names=GRADIENTS[:2])


@graded(
    stage="gradient",
    weight=3,
    hint="The same weights are used at every step, so every step adds to their gradients. Step t multiplied w_h by the state before it, and step 0 by h_0.",
)
def test_gradients_of_weights(student, rng):
    """The gradients of w_x, w_h and b are summed over batch and time."""
    inputs, d_h = draw(rng), rng.normal(size=(N, T, H))
    assert_close(backward(student, d_h, *inputs)[2:], gradient_oracle(d_h, *inputs)[2:], names=GRADIENTS[2:])


@graded(
    stage="gradient",
    weight=2,
    hint="All that reaches the first steps came along the chain: is it carried from step to step, through w_h and through every tanh?",
)
def test_gradient_from_the_last_state_only(student, rng):
    """A gradient at the last state alone travels back to the first step and to h_0."""
    inputs, d_h = draw(rng), np.zeros((N, T, H))
    d_h[:, -1] = rng.normal(size=(N, H))
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(
    stage="edge",
    hint="Right for more steps? With T = 1 the sequence is one cell: the state before it is h_0, and nothing comes from the future.",
)
def test_one_step(student, rng):
    """One sequence of one step: state and gradients are those of the cell."""
    inputs, d_h = draw(rng, n=1, steps=1), rng.normal(size=(1, 1, H))
    assert_close(student.rnn_forward(*inputs), oracle(*inputs), name="h")
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(
    stage="edge",
    hint="Right in one run? Then h_0 is not all that a run starts from: something is left from the run before, or h_0 is not used. An input of "
    "zeros is an input like any other: its step makes a new state, too.",
)
def test_cut_in_two(student, rng):
    """Running the first two steps, and then the rest from the state reached, gives the same as one run, also where inputs are zero."""
    x, h_0, *weights = draw(rng)
    x[0, 1] = x[1, 3] = 0.0
    expected = oracle(x, h_0, *weights)
    first = student.rnn_forward(x[:, :2].copy(), h_0, *weights)
    assert_close(first, expected[:, :2], name="h of the first two steps")
    assert_close(student.rnn_forward(x[:, 2:].copy(), first[:, -1].copy(), *weights), expected[:, 2:], name="h of the other steps")


@graded(stage="edge", hint="Right when every state has a gradient? Then check that each step meets its own d_h, and no later one.")
def test_no_gradient_from_the_future(student, rng):
    """If only the state of step 2 has a gradient, the inputs after step 2 get none."""
    inputs, d_h = draw(rng), np.zeros((N, T, H))
    d_h[:, 2] = rng.normal(size=(N, H))
    got = backward(student, d_h, *inputs)
    assert_close(got, gradient_oracle(d_h, *inputs), names=GRADIENTS)
    assert_true(np.abs(got[0][:, 3:]).max() < 1e-12, "d_x after step 2 should be zero.", got=got[0][:, 3:])


@graded(
    stage="edge",
    hint="Right for a few steps? Then there is a limit to how many your loops take, how far the gradient is carried, or how large it may be.",
)
def test_many_steps(student, rng):
    """A sequence of 205 steps with gradients in the thousands: all is right, what reaches the first step included."""
    x, h_0, w_x, w_h, b = draw(rng, n=2, steps=205, d=3, hidden=3)
    rotation, _ = np.linalg.qr(w_h)  # with small states it keeps the length of what is carried
    inputs, d_h = (0.03 * x, 0.2 * h_0, w_x, rotation, 0.003 * b), 1000.0 * rng.normal(size=(2, 205, 3))
    h = oracle(*inputs)
    assert_close(student.rnn_forward(*inputs), h, name="h")
    assert_close(backward(student, d_h, *inputs, h), gradient_oracle(d_h, *inputs), names=GRADIENTS)


@graded(stage="contract", hint="Work in new arrays: += on d_h or on h_0 changes what belongs to the caller.")
def test_arguments_unchanged(student, rng):
    """Neither function changes its arguments."""
    x, h_0, w_x, w_h, _ = inputs = draw(rng, d=H)
    call = student.run("rnn_forward", *inputs)
    assert_unchanged(call.arguments, inputs, names=("x", "h_0", "w_x", "w_h", "b"))
    given = (rng.normal(size=(N, T, H)), x, h_0, oracle(*inputs), w_x, w_h)
    call = student.run("rnn_backward", *given)
    assert_unchanged(call.arguments, given, names=("d_h", "x", "h_0", "h", "w_x", "w_h"))


@graded(stage="contract", hint="float32 keeps seven digits. Give no array another dtype than float64, which is what NumPy takes by itself.")
def test_double_precision(student, rng):
    """States and gradients are float64, and right to ten digits."""
    inputs, d_h = draw(rng), rng.normal(size=(N, T, H))
    # Seen: 1e-14; where float32 comes in between, 1e-8.
    exact = {"dtype": True, "rtol": 1e-10, "atol": 1e-11}
    assert_close(student.rnn_forward(*inputs), oracle(*inputs), name="h", **exact)
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS, **exact)


@graded(
    stage="contract",
    hint="Right with floats? Then an array was made in the likeness of integers, and cuts off everything behind the point. Is float32 what "
    "came? Then some array was given that dtype.",
)
def test_integers_give_floats(student, rng):
    """Integers are accepted and give float64: in x, h_0, the weights and d_h, and beside a b of floats."""
    shapes = ((N, T, D), (N, H), (D, H), (H, H), (H,))
    inputs = [rng.integers(-1, 2, size=shape) for shape in shapes]
    d_h = rng.integers(-2, 3, size=(N, T, H))
    assert_close(student.rnn_forward(*inputs), oracle(*inputs), name="h", dtype=True)
    assert_close(backward(student, d_h, *inputs), gradient_oracle(d_h, *inputs), names=GRADIENTS, dtype=True)
    inputs[4] = rng.normal(size=H)
    assert_close(student.rnn_forward(*inputs), oracle(*inputs), name="h", dtype=True)
