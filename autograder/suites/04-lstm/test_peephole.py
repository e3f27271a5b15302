"""Hidden tests of the exercise `peephole`.

Oracle: torch.lstm_cell in float64. PyTorch has no peepholes, but its plain cell can be made to have them: a cell state handed in as an
additional input, with the peephole weights on the diagonal of that input's weights. The first call gives c (the output gate has no
part in it), the second h.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_results, assert_unchanged, graded

N, D, H = 3, 4, 7
NAMES = ("x", "h_prev", "c_prev", "w_x", "w_h", "b", "p_i", "p_f", "p_o")


def draw(rng, n=N, d=D, hidden=H, scale=1.0):
    """Random arguments, in order."""
    shapes = ((n, d), (n, hidden), (n, hidden), (d, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,), (hidden,), (hidden,), (hidden,))
    factors = (1.0, 1.0, 1.5, 0.8 * scale, 0.6 * scale, 0.7 * scale, 1.0, 1.0, 1.0)
    return [factor * rng.normal(size=shape) for shape, factor in zip(shapes, factors, strict=True)]


def oracle(*arguments):
    """h and c by two calls of torch.lstm_cell with the input [x, c_prev, c]."""
    x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o = (torch.tensor(np.asarray(a, dtype=np.float64)) for a in arguments)
    nothing = torch.zeros(len(p_i), len(p_i), dtype=torch.float64)
    sees_old = torch.cat([torch.diag(p_i), torch.diag(p_f), nothing, nothing], dim=1)
    sees_new = torch.cat([nothing, nothing, nothing, torch.diag(p_o)], dim=1)
    weights = torch.cat([w_x, sees_old, sees_new]).T.contiguous()

    def call(c):
        return torch.lstm_cell(torch.cat([x, c_prev, c], dim=1), (h_prev, c_prev), weights, w_h.T.contiguous(), b, torch.zeros_like(b))

    _, c = call(torch.zeros_like(c_prev))
    h, c = call(c)
    return h.numpy(), c.numpy()


def outputs(student, *arguments):
    """The student's h and c, once there are two results."""
    got = student.peephole_cell_forward(*arguments)
    assert_results(got, "peephole_cell_forward", ("h", "c"))
    return got


def only(rng, name):
    """Random arguments in which all peepholes but one are shut."""
    arguments = draw(rng)
    return [0 * a if key.startswith("p_") and key != name else a for key, a in zip(NAMES, arguments, strict=True)]


@graded(
    stage="value",
    weight=2,
    hint="The input and the forget gate add «peephole times old cell» inside the sigmoid; the candidate g sees nothing. See «Peepholes».",
)
def test_cell_state(student, rng):
    """With all three peepholes, the new cell state c is right."""
    arguments = draw(rng)
    _, c = outputs(student, *arguments)
    assert_close(c, oracle(*arguments)[1], name="c")


@graded(
    stage="value", weight=2, hint="If c is right and h is not: the output gate decides last and looks at the new cell, inside its sigmoid."
)
def test_output(student, rng):
    """With all three peepholes, the output h is right."""
    arguments = draw(rng)
    h, _ = outputs(student, *arguments)
    assert_close(h, oracle(*arguments)[0], name="h")


@graded(stage="value", hint="p_i belongs to the input gate, the first block, and looks at the old cell, inside the sigmoid.")
def test_only_the_input_gate_peeps(student, rng):
    """With p_f = p_o = 0, the input gate sees the old cell."""
    arguments = only(rng, "p_i")
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))


@graded(stage="value", hint="p_f belongs to the forget gate, the second block, and looks at the old cell, inside the sigmoid.")
def test_only_the_forget_gate_peeps(student, rng):
    """With p_i = p_o = 0, the forget gate sees the old cell."""
    arguments = only(rng, "p_f")
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))


@graded(
    stage="value",
    hint="p_o belongs to the output gate, the fourth block, and looks at the new cell, not at the old one and not at its tanh.",
)
def test_only_the_output_gate_peeps(student, rng):
    """With p_i = p_f = 0, the output gate sees the new cell."""
    arguments = only(rng, "p_o")
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))


@graded(stage="edge", hint="Without peepholes it is the plain cell of exercise 1: are the blocks i, f, g, o and the bias in their places?")
def test_shut_peepholes(student, rng):
    """With all peepholes zero it is the plain LSTM cell."""
    arguments = only(rng, None)
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))


@graded(
    stage="edge",
    hint="Does your code squeeze or drop an axis of length one? And a peephole weight belongs to a unit, which is a column, never to a row.",
)
def test_special_sizes(student, rng):
    """One sequence, one input, one unit; one sequence of many units; as many sequences as units: h and c are right."""
    for n, d, hidden in ((1, 1, 1), (1, 3, 4), (4, 3, 4)):
        arguments = draw(rng, n=n, d=d, hidden=hidden)
        assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))


@graded(
    stage="edge",
    hint="NaN: exp of a large number overflows, and inf / inf is NaN; the lesson's `sigmoid` is safe. Numbers that are a little off: "
    "nothing is cut off here, a saturated gate is 0 or 1.",
)
def test_extreme_preactivations(student, rng):
    """Pre-activations of about ±1000 give saturated gates, never NaN, and a large cell and a large peephole count in full."""
    arguments = draw(rng, scale=700.0)
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))
    arguments = draw(rng)
    arguments[5][3 * H :], arguments[8] = -400.0, rng.uniform(150, 250, size=H)  # a_o and p_o: their sum decides, not one of them
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))
    arguments = draw(rng)
    arguments[2] *= 300
    arguments[6:] = [part / 200 for part in arguments[6:]]
    assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"))


@graded(stage="contract", hint="An operation in place, such as *= on c_prev, changes the caller's array: make a new one.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    arguments = draw(rng)
    after = student.run("peephole_cell_forward", *arguments).arguments
    assert_unchanged(after, arguments, names=NAMES)


@graded(stage="contract", hint="Do not copy the dtype of an argument: integers would cut off everything behind the point.")
def test_integers_give_floats(student, rng):
    """Integer arrays are accepted, in x alone or everywhere, and give float64."""
    floats = draw(rng)
    integers = [rng.integers(-2, 3, size=a.shape) for a in floats]
    for arguments in (integers, [integers[0], *floats[1:]]):
        assert_close(outputs(student, *arguments), oracle(*arguments), names=("h", "c"), dtype=True)
