"""Hidden tests of the exercise `clip_gradients`.

Oracle: torch.nn.utils.clip_grad_norm_ for the norm in float64; for the clipped values the ratio of the limit to that norm, and
3-4-5 triangles worked by hand, since torch adds 1e-6 to the norm and the lesson doesn't.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

SHAPES = {"w_x": (4, 7), "w_h": (7, 7), "b": (7,), "w_y": (7, 5), "scale": (), "stack": (2, 3, 4)}


def draw(rng, size):
    """Random gradients of unequal sizes, whose global norm is `size`."""
    grads = {name: rng.uniform(0.2, 3.0) * rng.normal(size=shape) for name, shape in SHAPES.items()}
    factor = size / torch_norm(grads)
    return {name: np.asarray(g * factor) for name, g in grads.items()}


def torch_norm(grads):
    """The global norm, as PyTorch has it."""
    parameters = [torch.nn.Parameter(torch.zeros(np.shape(g), dtype=torch.float64)) for g in grads.values()]
    for parameter, g in zip(parameters, grads.values(), strict=True):
        parameter.grad = torch.tensor(np.asarray(g, dtype=np.float64))
    return float(torch.nn.utils.clip_grad_norm_(parameters, 1.0))


def pair(got):
    """The dict and the norm."""
    right = type(got) in (tuple, list) and len(got) == 2
    assert_true(right, "clip_gradients should return two things: the clipped gradients and the norm.", got=got)
    clipped, norm = got
    assert_true(isinstance(clipped, dict), "The first result should be a dict, with the keys of the gradients.", got=clipped)
    # An array of shape () comes back as a NumPy number after a product: both are right.
    return {name: np.asarray(g) if isinstance(g, np.generic | float | int) else g for name, g in clipped.items()}, norm


def assert_dict_unchanged(after, before, name):
    """The dict holds the same arrays under the same keys."""
    assert_true(isinstance(after, dict) and set(after) == set(before), f"The call changed the keys of its argument {name}: work on a copy.")
    assert_unchanged([after[key] for key in before], list(before.values()), names=[f"{name}[{key!r}]" for key in before])


@graded(
    stage="value",
    weight=3,
    hint="One norm for all arrays together, one factor for all of them. Per array, or entry by entry, the direction changes. See «The cliff».",
)
def test_long_gradients_are_shortened(student, rng):
    """Gradients above the limit are scaled by one common factor."""
    grads, limit = draw(rng, 6.0), float(rng.uniform(0.5, 2.0))
    clipped, _ = pair(student.clip_gradients(grads, limit))
    assert_close(clipped, {name: g * (limit / torch_norm(grads)) for name, g in grads.items()}, name="clipped")


@graded(stage="value", weight=2, hint="The norm is the root of the sum of all squares, before anything was clipped, whatever the limit is.")
def test_norm_before_clipping(student, rng):
    """The norm that is returned is the global norm before clipping, above the limit and below it."""
    for limit in (1.5, 40.0):
        grads = draw(rng, float(rng.uniform(5.0, 9.0)))
        _, norm = pair(student.clip_gradients(grads, limit))
        assert_close(norm, torch_norm(grads), name="norm")


@graded(stage="value", weight=2, hint="max_norm is a limit, not a target: short gradients stay as they are.")
def test_short_gradients_stay(student, rng):
    """Gradients below the limit keep their values."""
    grads = draw(rng, 0.8)
    clipped, norm = pair(student.clip_gradients(grads, 2.5))
    assert_close(clipped, grads, name="clipped")
    assert_close(norm, 0.8, name="norm")


@graded(
    stage="edge",
    hint="Right for longer gradients? Then a small number is added to the norm: the factor is the limit divided by the norm, exactly.",
)
def test_tiny_gradients(student, rng):
    """With a tiny limit the norm after clipping is still exactly the limit."""
    grads = draw(rng, 3e-6)
    clipped, norm = pair(student.clip_gradients(grads, 1e-6))
    assert_close(clipped, {name: g / 3 for name, g in grads.items()}, name="clipped", atol=1e-14)
    assert_close(norm, 3e-6, name="norm", atol=1e-14)


@graded(
    stage="edge",
    hint="Right for shorter gradients? However long a gradient is, its direction stays. float32 holds no number above 3.4e38, which the square "
    "of 1e20 is; float64 holds it.",
)
def test_huge_gradients(student, rng):
    """Gradients whose norm is 1e25 are scaled down to the limit like any others."""
    grads, limit = draw(rng, 1e25), float(rng.uniform(0.5, 2.0))
    clipped, norm = pair(student.clip_gradients(grads, limit))
    assert_close(norm, torch_norm(grads), name="norm")
    assert_close(clipped, {name: g * (limit / torch_norm(grads)) for name, g in grads.items()}, name="clipped")


@graded(
    stage="edge", hint="Right for other gradients? A norm of zero is below any limit, so nothing needs to be divided: zero by zero is NaN."
)
def test_zero_gradients(student, rng):
    """Gradients that are all zero stay zero, and the norm is 0."""
    zeros = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    clipped, norm = pair(student.clip_gradients(zeros, 1.0))
    assert_close(clipped, zeros, name="clipped")
    assert_close(norm, 0.0, name="norm", atol=0.0)


@graded(stage="edge", hint="Right for many arrays? A norm that equals the limit is not greater than it; whatever is greater is clipped.")
def test_one_array_at_the_limit(student, rng):
    """A single array whose norm is the limit keeps its values; a little above the limit it is clipped."""
    clipped, norm = pair(student.clip_gradients({"only": np.array([[3.0, 0.0], [0.0, -4.0]])}, 5.0))
    assert_close((clipped, norm), ({"only": np.array([[3.0, 0.0], [0.0, -4.0]])}, 5.0), names=("clipped", "norm"))
    clipped, _ = pair(student.clip_gradients({"only": np.array([6.0, -8.0])}, 9.9))
    assert_close(clipped, {"only": np.array([5.94, -7.92])}, name="clipped")


@graded(stage="contract", hint="Make new arrays and a new dict: a product assigned in place changes the caller's gradients.")
def test_arguments_unchanged(student, rng):
    """The given dict and its arrays are not changed, nor do its integers become floats."""
    integers = {"a": rng.integers(1, 9, size=(3, 4)), "b": rng.integers(-9, 0, size=5)}
    for limit, grads in ((1.0, draw(rng, 7.0)), (20.0, draw(rng, 7.0)), (2.0, integers)):
        call = student.run("clip_gradients", grads, limit)
        assert_dict_unchanged(call.arguments[0], grads, "grads")


@graded(
    stage="contract",
    hint="Below the limit the values stay, but the dict is a new one all the same: whoever writes into the result must not "
    "write into the caller's gradients. See hint 2.",
)
def test_new_dict(student, rng):
    """The result is a dict of its own, above the limit and below it: emptying it leaves the given dict as it was."""
    for limit in (1.0, 20.0):
        grads = draw(rng, 7.0)
        after = student.probe.clip_and_empty(grads, limit)
        own = isinstance(after, dict) and set(after) == set(grads)
        assert_true(own, "The result is the caller's own dict: what is done to one happens to the other.", expected="a new dict")


@graded(
    stage="contract", hint="Right with floats? Then it is the dtype: the results are float64 in every case, also where no entry changes."
)
def test_integers_give_floats(student, rng):
    """Arrays of integers, small and of five digits, are accepted and give float64, above the limit and below it."""
    grads = {"a": rng.integers(1, 9, size=(3, 4)), "b": rng.integers(-60_000, -50_000, size=5)}
    clipped, norm = pair(student.clip_gradients(grads, 2))
    expected = torch_norm(grads)
    assert_close(clipped, {name: g * (2 / expected) for name, g in grads.items()}, name="clipped", dtype=True)
    assert_close(norm, expected, name="norm")
    kept, _ = pair(student.clip_gradients(grads, 200_000))
    assert_close(kept, {name: g.astype(float) for name, g in grads.items()}, name="clipped", dtype=True)
