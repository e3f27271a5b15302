"""Hidden tests of the exercise `minimal_gated_unit`.

Oracle: torch.gru_cell where u_h is diagonal, since both cells agree there (r = f, z = 1 - f); NumPy unit by unit; central differences; a
number worked out by hand. No library has the cell itself.
"""

import math

import numpy as np
import torch

from autograder.oracles import numerical_gradient
from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("w_f", "u_f", "b_f", "w_h", "u_h", "b_h")


def draw(rng, *shape, scale=1.0):
    """A normal float64 tensor."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_case(rng, n=3, d=4, h=7, scale=0.8):
    """Random parameters by name, x and h."""
    shapes = ((h, d), (h, h), (h,)) * 2
    parameters = {name: draw(rng, *shape, scale=scale) for name, shape in zip(NAMES, shapes, strict=True)}
    return parameters, draw(rng, n, d), draw(rng, n, h)


def oracle(parameters, x, h):
    """One step, row by row and unit by unit."""
    p, x, h = {name: np.asarray(value) for name, value in parameters.items()}, np.asarray(x), np.asarray(h)
    new = np.empty_like(h)
    for n in range(len(x)):
        gate = np.array([_sigmoid(p["w_f"][i] @ x[n] + p["u_f"][i] @ h[n] + p["b_f"][i]) for i in range(h.shape[1])])
        gated = gate * h[n]
        for i in range(h.shape[1]):
            candidate = math.tanh(p["w_h"][i] @ x[n] + p["u_h"][i] @ gated + p["b_h"][i])
            new[n, i] = h[n, i] + gate[i] * (candidate - h[n, i])
    return torch.from_numpy(new)


def _sigmoid(a):
    return 0.5 * (1 + math.tanh(a / 2))


@graded(stage="value", weight=3, hint="Two conventions differ from the GRU's: the gate comes before the map, and it weights the candidate.")
def test_one_step(student, rng):
    """One step of three rows with random parameters."""
    parameters, x, h = draw_case(rng)
    assert_close(student.probe.mgu_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(stage="value", weight=2, hint="f = 1 means «take the new», f = 0 means «keep the old».")
def test_gate(student, rng):
    """A gate driven to 1 gives the candidate, driven to 0 keeps the state."""
    parameters, x, h = draw_case(rng)
    for push in (40.0, -40.0):
        pushed = {**parameters, "b_f": torch.full_like(parameters["b_f"], push)}
        assert_close(student.probe.mgu_step(pushed, x, h), oracle(pushed, x, h), name="the new state")


@graded(stage="value", weight=1, hint="f is the GRU's reset gate, 1 - f its update gate: the old state is weighted by 1 - f.")
def test_a_diagonal_matrix(student, rng):
    """With a diagonal u_h the unit is PyTorch's GRU cell whose gates are r = f and z = 1 - f."""
    p, x, h = draw_case(rng)
    p["u_h"] = torch.diag(torch.diag(p["u_h"]))  # then u_h (f * h) = f * (u_h h): before or after the map is the same
    weight_ih, weight_hh = (torch.cat([p[f], -p[f], p[c]]) for f, c in (("w_f", "w_h"), ("u_f", "u_h")))
    bias = torch.cat([p["b_f"], -p["b_f"], p["b_h"]])
    expected = torch.gru_cell(x, h, weight_ih, weight_hh, bias, torch.zeros_like(bias))  # sigmoid(-a) = 1 - sigmoid(a)
    assert_close(student.probe.mgu_step(p, x, h), expected, name="the new state")


@graded(stage="value", weight=1, hint="Work out f, then the candidate, then the slide, for the numbers in the docstring.")
def test_numbers_by_hand(student, rng):
    """Two units, each by itself, whose gate and candidate can be worked out on paper."""
    k = torch.from_numpy(rng.integers(2, 6, size=2)).double()
    f, n = k / (k + 1), (k - 1) / (k + 1)
    none = torch.zeros(2, 2, dtype=torch.float64)
    given = {
        "w_f": none[:, :1],
        "u_f": none,
        "b_f": k.log(),
        "w_h": none[:, :1],
        "u_h": torch.diag(k.log() / 2 / f),
        "b_h": none[0],
    }
    h = torch.ones(3, 2, dtype=torch.float64)
    assert_close(student.probe.mgu_step(given, torch.zeros(3, 1, dtype=torch.float64), h), ((1 - f) + f * n) * h, name="the new state")


@graded(stage="value", weight=1, hint="With D equal to H nothing complains when x and h, or rows and columns, change places.")
def test_equal_sizes(student, rng):
    """As many inputs as units, as many rows."""
    parameters, x, h = draw_case(rng, n=5, d=5, h=5)
    assert_close(student.probe.mgu_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(
    stage="gradient", weight=2, hint="Nothing may be detached: the gate's gradient arrives along two paths, the slide and the candidate."
)
def test_gradients(student, rng):
    """The gradients of x, h and every parameter agree with central differences."""
    parameters, x, h = draw_case(rng, n=2, d=3, h=4)
    d_out = draw(rng, 2, 4)
    everything = {"x": x, "h": h, **parameters}
    expected = {}
    for name, value in everything.items():

        def loss(changed, name=name):
            now = {**everything, name: torch.from_numpy(changed)}
            return float((oracle({key: now[key] for key in NAMES}, now["x"], now["h"]) * d_out).sum())

        expected[name] = torch.from_numpy(np.asarray(numerical_gradient(loss, value.numpy().copy())))
    got = student.probe.mgu_gradients(parameters, x, h, d_out)
    assert_true(isinstance(got, dict), "The new state should be a tensor (N, H) through which gradients flow back.", got=got)
    # Central differences have an error of about 1e-9 here; the nearest mistake is off by 1e-2.
    assert_close(got, expected, name="gradients", rtol=1e-5, atol=1e-6)


@graded(
    stage="value",
    weight=1,
    hint="The result is the new state, and h is the old one: the unit itself keeps nothing from one call to the next, no state and nothing "
    "that was made of its parameters, which training changes.",
)
def test_several_steps(student, rng):
    """Two sequences of three steps, the second with other parameters: every step starts from the h and uses the parameters of its time."""
    runs, expected = [(draw_case(rng)[0], draw(rng, 3, 3, 4), draw(rng, 3, 7)) for _ in range(2)], []
    for parameters, x, h in runs:
        for t in range(3):
            h = oracle(parameters, x[:, t], h)
        expected.append(h)
    names = ("the state after three steps", "the state after three steps of a second sequence, after the parameters were changed")
    assert_close(student.probe.mgu_steps(*runs), tuple(expected), names=names)


@graded(stage="edge", weight=1, hint="A batch of one, one input, one unit: the axes stay. No squeeze.")
def test_sizes_of_one(student, rng):
    """N = 1, D = 1, H = 1."""
    for sizes in ({"n": 1}, {"d": 1}, {"h": 1}, {"n": 1, "d": 1, "h": 1}):
        parameters, x, h = draw_case(rng, **sizes)
        assert_close(student.probe.mgu_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(
    stage="edge",
    weight=1,
    hint="exp(1000) is infinite: torch.sigmoid and torch.tanh are safe, a formula with exp may not be. Nothing needs to be cut off.",
)
def test_extreme_inputs(student, rng):
    """Inputs in the thousands and states in the hundreds saturate the gate: no NaN, and no state is cut off."""
    for x_scale, h_scale in ((2000, 1), (1, 500)):
        parameters, x, h = draw_case(rng)
        x, h = x_scale * x, h_scale * h
        assert_close(student.probe.mgu_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(stage="contract", weight=1, hint="Don't convert: float32 in, float32 out.")
def test_float32_stays_float32(student, rng):
    """float32 parameters and inputs give a float32 state, float64 a float64 one."""
    parameters, x, h = draw_case(rng)
    assert_close(student.probe.mgu_step(parameters, x, h), oracle(parameters, x, h), name="the new state", dtype=True)
    got = student.probe.mgu_step({name: value.float() for name, value in parameters.items()}, x.float(), h.float())
    assert_close(got, oracle(parameters, x, h).float(), name="the new state", dtype=True)


@graded(stage="contract", weight=1, hint="No operation that ends in _ and no *= on an argument.")
def test_arguments_unchanged(student, rng):
    """x and h are not changed."""
    parameters, x, h = draw_case(rng)
    got = student.probe.mgu_arguments_after(parameters, x, h)
    assert_close(got["result"], oracle(parameters, x, h), name="the new state")
    assert_unchanged(got["arguments"], (x, h), names=("x", "h"))
