"""Hidden tests of the exercise `gru_cell`.

Oracle: torch.gru_cell in float64, with the same parameters; autograd through it; a number worked out by hand.
"""

import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def draw(rng, *shape, scale=1.0):
    """A normal float64 tensor."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_case(rng, n=3, d=4, h=7, scale=0.8):
    """Random parameters by name, x and h."""
    shapes = ((3 * h, d), (3 * h, h), (3 * h,), (3 * h,))
    parameters = {name: draw(rng, *shape, scale=scale) for name, shape in zip(NAMES, shapes, strict=True)}
    return parameters, draw(rng, n, d), draw(rng, n, h)


def oracle(parameters, x, h):
    """One step of torch's own cell."""
    return torch.gru_cell(x, h, *(parameters[name] for name in NAMES))


@graded(
    stage="value",
    weight=3,
    hint="Write out r, z and n for the numbers by hand in the docstring. Which of them differs? If none does, try two rows: do they mix where "
    "(N, 3H) is cut into blocks?",
)
def test_one_step(student, rng):
    """One step agrees with PyTorch's cell: three rows, random parameters."""
    parameters, x, h = draw_case(rng)
    assert_close(student.probe.gru_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(stage="value", weight=2, hint="z = 1 means «keep the old state», and z comes second in the stack: r, z, n.")
def test_update_gate(student, rng):
    """A gate z driven to 1 keeps the state, driven to 0 gives the candidate."""
    parameters, x, h = draw_case(rng)
    for push in (40.0, -40.0):
        pushed = {**parameters, "bias_ih": parameters["bias_ih"].clone()}
        pushed["bias_ih"][7:14] = push
        assert_close(student.probe.gru_step(pushed, x, h), oracle(pushed, x, h), name="the new state")


@graded(stage="value", weight=2, hint="r multiplies what comes from h *after* its map, the bias b_hn included. See «Where is the reset?».")
def test_reset_gate(student, rng):
    """With a small reset gate the candidate does not see the past, nor its bias."""
    parameters, x, h = draw_case(rng)
    for push in (-3.0, -40.0, 1.0):
        pushed = {**parameters, "bias_hh": parameters["bias_hh"].clone()}
        pushed["bias_hh"][:7] = push
        pushed["bias_hh"][7:14] -= 1.0
        assert_close(student.probe.gru_step(pushed, x, h), oracle(pushed, x, h), name="the new state")


@graded(stage="value", weight=1, hint="There are two biases for each gate. Those of n stand in different places.")
def test_numbers_by_hand(student, rng):
    """Two units, each by itself, whose gates can be worked out on paper."""
    k = torch.from_numpy(rng.integers(2, 6, size=2)).double()
    none = torch.zeros(2, dtype=torch.float64)
    given = {
        "weight_ih": torch.zeros(6, 1, dtype=torch.float64),
        "weight_hh": torch.zeros(6, 2, dtype=torch.float64),
        "bias_ih": torch.cat([none, k.log(), none]),
        "bias_hh": torch.cat([none, none, k.log()]),
    }
    z, n = k / (k + 1), (k - 1) / (k + 1)  # r is 1/2, tanh(ln(k)/2) = (k - 1)/(k + 1)
    h = torch.ones(3, 2, dtype=torch.float64)
    assert_close(student.probe.gru_step(given, torch.zeros(3, 1, dtype=torch.float64), h), ((1 - z) * n + z) * h, name="the new state")


@graded(stage="value", weight=1, hint="With D equal to H nothing complains when x and h, or rows and columns, change places.")
def test_equal_sizes(student, rng):
    """As many inputs as units, as many rows: every transposition and every mix-up matters."""
    parameters, x, h = draw_case(rng, n=5, d=5, h=5)
    assert_close(student.probe.gru_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(stage="gradient", weight=2, hint="A training step must reach every parameter: nothing may be detached, no .data, no torch.no_grad.")
def test_gradients(student, rng):
    """The gradients of x, h and every parameter agree with PyTorch's."""
    parameters, x, h = draw_case(rng)
    d_out = draw(rng, *h.shape)
    leaves = {name: value.clone().requires_grad_() for name, value in {"x": x, "h": h, **parameters}.items()}
    found = torch.autograd.grad(oracle(leaves, leaves["x"], leaves["h"]), list(leaves.values()), d_out)
    got = student.probe.gru_gradients(parameters, x, h, d_out)
    assert_true(isinstance(got, dict), "The new state should be a tensor (N, H) through which gradients flow back.", got=got)
    assert_close(got, dict(zip(leaves, found, strict=True)), name="gradients")


@graded(
    stage="value",
    weight=1,
    hint="The result is the new state, and h is the old one: the cell itself keeps nothing from one call to the next, no state and nothing "
    "that was made of its parameters, which training changes.",
)
def test_several_steps(student, rng):
    """Two sequences of five steps, the second with other parameters: every step starts from the h and uses the parameters of its time."""
    runs, expected = [(draw_case(rng)[0], draw(rng, 3, 5, 4), draw(rng, 3, 7)) for _ in range(2)], []
    for parameters, x, h in runs:
        for t in range(5):
            h = oracle(parameters, x[:, t], h)
        expected.append(h)
    names = ("the state after five steps", "the state after five steps of a second sequence, after the parameters were changed")
    assert_close(student.probe.gru_steps(*runs), tuple(expected), names=names)


@graded(stage="edge", weight=1, hint="A batch of one, one input, one unit: the axes stay. No squeeze.")
def test_sizes_of_one(student, rng):
    """N = 1, D = 1, H = 1."""
    for sizes in ({"n": 1}, {"d": 1}, {"h": 1}, {"n": 1, "d": 1, "h": 1}):
        parameters, x, h = draw_case(rng, **sizes)
        assert_close(student.probe.gru_step(parameters, x, h), oracle(parameters, x, h), name="the new state")


@graded(
    stage="edge",
    weight=1,
    hint="exp(1000) is infinite: torch.sigmoid and torch.tanh are safe, a formula with exp may not be. Nothing needs to be cut off.",
)
def test_extreme_inputs(student, rng):
    """Inputs in the thousands and states in the hundreds saturate the gates: no NaN, and no state is cut off."""
    for x_scale, h_scale in ((2000, 1), (1, 500)):
        parameters, x, h = draw_case(rng)
        x, h = x_scale * x, h_scale * h
        expected = oracle(parameters, x, h)
        assert bool(expected.isfinite().all())
        assert_close(student.probe.gru_step(parameters, x, h), expected, name="the new state")


@graded(stage="contract", weight=1, hint="Don't convert: float32 in, float32 out.")
def test_float32_stays_float32(student, rng):
    """float32 parameters and inputs give a float32 state, float64 a float64 one."""
    parameters, x, h = draw_case(rng)
    assert_close(student.probe.gru_step(parameters, x, h), oracle(parameters, x, h), name="the new state", dtype=True)
    small = {name: value.float() for name, value in parameters.items()}
    got = student.probe.gru_step(small, x.float(), h.float())
    assert_close(got, oracle(small, x.float(), h.float()), name="the new state", dtype=True)


@graded(stage="contract", weight=1, hint="No operation that ends in _ and no *= on an argument.")
def test_arguments_unchanged(student, rng):
    """x and h are not changed."""
    parameters, x, h = draw_case(rng)
    got = student.probe.gru_arguments_after(parameters, x, h)
    assert_close(got["result"], oracle(parameters, x, h), name="the new state")
    assert_unchanged(got["arguments"], (x, h), names=("x", "h"))
