"""Hidden tests of the exercise `feed_forward`.

Oracle: torch.nn.Sequential of two linear maps and a ReLU in float64; a loop over the hidden units; the docstring's worked example.
"""

import torch
from torch import nn

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}
#: A gradient adds up products of many of them.
GRADIENT = {"rtol": 1e-4, "atol": 1e-4}


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_parameters(rng, d_model=4, d_ff=7):
    return {
        "linear1.weight": draw(rng, d_ff, d_model),
        "linear1.bias": draw(rng, d_ff),
        "linear2.weight": draw(rng, d_model, d_ff),
        "linear2.bias": draw(rng, d_model),
    }


def feed_forward(p, x):
    """Unit by unit of the hidden layer, in NumPy's order of things."""
    result = p["linear2.bias"].expand(x.shape).clone()
    for unit in range(len(p["linear1.bias"])):
        hidden = (x * p["linear1.weight"][unit]).sum(dim=-1, keepdim=True) + p["linear1.bias"][unit]
        result = result + torch.where(hidden > 0, hidden, torch.zeros_like(hidden)) * p["linear2.weight"][:, unit]
    return result


def by_torch(p, x):
    """torch's own modules with the same parameters."""
    d_ff, d_model = p["linear1.weight"].shape
    module = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model)).to(x.dtype)
    return torch.func.functional_call(
        module, {name.replace("linear1", "0").replace("linear2", "2"): value for name, value in p.items()}, (x,)
    )


def check_shape(got, expected, name="the result"):
    """Stops the test if `got` is no tensor of the shape of `expected`."""
    fits = isinstance(got, torch.Tensor) and got.shape == expected.shape
    assert_true(fits, f"{name[0].upper() + name[1:]} should be a tensor of shape {tuple(expected.shape)}.", got=got)


@graded(
    stage="value",
    weight=3,
    hint="linear1, then ReLU, then linear2: the ReLU stands between the two maps, and nothing comes after the second.",
)
def test_values(student, rng):
    """The result for a batch of three sequences of five tokens."""
    parameters, x = draw_parameters(rng), draw(rng, 3, 5, 4)
    assert_close(student.probe.feed_forward_result(parameters, x), by_torch(parameters, x), **SINGLE)
    both_ways = {"linear1.weight": [[1], [-1]], "linear1.bias": [0, 0], "linear2.weight": [[1, 1]], "linear2.bias": [0]}
    parameters, x = {name: torch.tensor(value).double() for name, value in both_ways.items()}, draw(rng, 2, 3, 1)
    assert_close(student.probe.feed_forward_result(parameters, x), x.abs(), name="the result with weights that make it |x|", **SINGLE)


@graded(
    stage="gradient",
    weight=2,
    hint="Is every step differentiable? detach and .data cut the way back. And is it really a ReLU, with slope 1 above and 0 below zero?",
)
def test_gradients(student, rng):
    """The gradients reach x and all four parameters."""
    parameters, x, d_out = draw_parameters(rng), draw(rng, 3, 5, 4), draw(rng, 3, 5, 4)
    leaves = {"x": x.clone().requires_grad_(), **{name: value.clone().requires_grad_() for name, value in parameters.items()}}
    expected = dict(zip(leaves, torch.autograd.grad(feed_forward(leaves, leaves["x"]), list(leaves.values()), d_out), strict=True))
    assert_close(gradients_of(student.probe.feed_forward_gradients(parameters, x, d_out)), expected, name="gradients", **GRADIENT)


@graded(stage="edge", weight=1, hint="nn.Linear works on the last axis whatever stands before it: your code must not count axes.")
def test_leading_axes(student, rng):
    """Any leading axes: none, one, three, and sizes of one."""
    for shape in ((4,), (6, 4), (2, 3, 5, 4), (1, 1, 4)):
        parameters, x = draw_parameters(rng), draw(rng, *shape)
        assert_close(student.probe.feed_forward_result(parameters, x), feed_forward(parameters, x), **SINGLE)


@graded(stage="edge", weight=1, hint="No token sees another one in this part.")
def test_tokens_do_not_see_each_other(student, rng):
    """A change of one token changes its own result only."""
    parameters, x = draw_parameters(rng), draw(rng, 2, 5, 4)
    other = x.clone()
    other[1, 2] += 1.0
    before, after = student.probe.feed_forward_result(parameters, x), student.probe.feed_forward_result(parameters, other)
    expected = feed_forward(parameters, x)
    assert_close(before, expected, **SINGLE)
    expected[1, 2] = feed_forward(parameters, other)[1, 2]
    assert_close(after, expected, name="the result after a change of one token", **SINGLE)


@graded(stage="edge", weight=1, hint="In eval mode dropout does nothing: use self.dropout, which knows the mode.")
def test_eval_mode(student, rng):
    """In eval mode the dropout of the constructor changes nothing."""
    parameters, x = draw_parameters(rng), draw(rng, 3, 5, 4)
    assert_close(student.probe.feed_forward_result(parameters, x, 0.4), feed_forward(parameters, x), **SINGLE)


@graded(stage="contract", weight=1, hint="Dropout stands after the ReLU and before the second map: linear2(dropout(relu(linear1(x)))).")
def test_dropout_in_training(student, rng):
    """In training dropout acts on the hidden layer, before the second map."""
    one = torch.ones(1, 1).double()
    parameters = {"linear1.weight": one, "linear1.bias": 3 * one[0], "linear2.weight": one, "linear2.bias": 10 * one[0]}
    x = draw(rng, 4, 50, 1).abs() + 1
    got = student.probe.feed_forward_in_training(parameters, x, 0.5)
    check_shape(got, x)
    dropped, doubled = (got - 10).abs() < 1e-5, (got - 10 - 2 * (x + 3)).abs() < 1e-4
    message = "With one hidden unit, dropout 0.5 and a bias of 10 each result is either 10 or 10 plus twice the hidden unit."
    assert_true((dropped | doubled).all() and dropped.any() and doubled.any(), message, got=got)


@graded(stage="contract", weight=1, hint="No operation that ends in _ on the argument, and no conversion.")
def test_argument_and_dtype(student, rng):
    """x is not changed, and float32 stays float32."""
    parameters, x = draw_parameters(rng), draw(rng, 3, 5, 4)
    got = student.probe.feed_forward_argument_after(parameters, x)
    assert_close(got["result"], feed_forward(parameters, x), **SINGLE)
    assert_unchanged(got["arguments"], (x,), names=("x",))
    small = student.probe.feed_forward_result({name: value.float() for name, value in parameters.items()}, x.float())
    assert_close(small, feed_forward(parameters, x).float(), dtype=True, atol=5e-5)  # sums of seven products near 1
