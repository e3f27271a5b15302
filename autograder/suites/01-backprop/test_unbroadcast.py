"""Hidden tests of the exercise `unbroadcast`.

Oracle: the gradient that PyTorch sends back through `expand`, and the definition of a transpose, ⟨g, B a⟩ = ⟨Bᵀ g, a⟩.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded


def transpose_of_expand(grad, shape):
    """What PyTorch's own broadcasting sends back."""
    tensor = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    tensor.expand(grad.shape).backward(torch.tensor(grad))
    return tensor.grad.numpy()


def check(student, rng, *cases):
    """Each case is (shape of the gradient, shape to sum to)."""
    for wide, narrow in cases:
        grad = rng.normal(size=wide)
        assert_close(student.unbroadcast(grad, narrow), transpose_of_expand(grad, narrow), name=f"unbroadcast from {wide} to {narrow}")


@graded(stage="value", weight=2, hint="Shapes are aligned at the right: the extra axes stand in front. Sum over them.")
def test_leading_axes(student, rng):
    """Axes that were put in front are summed away."""
    check(student, rng, ((2, 3), (3,)), ((5, 2, 3), (3,)), ((5, 2, 3), (2, 3)))


@graded(stage="value", weight=2, hint="An axis of size 1 that was stretched is summed, and stays as an axis of size 1.")
def test_stretched_axes(student, rng):
    """Axes of size 1 that were stretched are summed and kept as size 1."""
    check(student, rng, ((5, 3), (5, 1)), ((5, 3), (1, 3)), ((2, 3, 7), (2, 1, 7)), ((2, 3, 7), (1, 3, 1)))


@graded(stage="value", weight=2, hint="First the axes in front, then the remaining ones one by one.")
def test_both(student, rng):
    """New axes in front and stretched axes in one call."""
    check(student, rng, ((4, 5, 2, 3), (1, 2, 1)), ((5, 2, 3), (2, 1)), ((5, 2, 3), (1, 3)), ((7, 3), (1,)))


@graded(
    stage="gradient",
    weight=2,
    hint="unbroadcast is the transpose of broadcasting: what was copied is added up, not averaged, and not picked.",
)
def test_transpose_of_broadcasting(student, rng):
    """Σ g · broadcast(a) equals Σ unbroadcast(g) · a for random g and a."""
    for wide, narrow in (((3, 5), (5,)), ((3, 5), (3, 1)), ((2, 3, 5), (3, 1))):
        grad, a = rng.normal(size=wide), rng.normal(size=narrow)
        got = student.unbroadcast(grad, narrow)
        assert_true(isinstance(got, np.ndarray) and got.shape == narrow, f"The result should have the shape {narrow}.", got=got)
        assert_close((got * a).sum(), (grad * np.broadcast_to(a, wide)).sum(), name="the sum of unbroadcast(g) · a")


@graded(stage="value", hint="Which axes are summed is decided by the two shapes alone. Write it for any number of axes.")
def test_random_shapes(student, rng):
    """Twelve random pairs of shapes with up to five axes."""
    for _ in range(12):
        wide = tuple(int(size) for size in rng.choice([1, 2, 3, 5], size=rng.integers(2, 6)))
        narrow = tuple(1 if rng.random() < 0.4 else size for size in wide)[int(rng.integers(0, len(wide))) :]
        check(student, rng, (wide, narrow))


@graded(stage="edge", hint="For a single number, the shape is (): everything is summed.")
def test_single_number(student, rng):
    """A single number that was stretched gets the sum of everything."""
    for wide in ((3, 5), (7,), (1, 1)):
        grad = rng.normal(size=wide)
        assert_close(student.unbroadcast(grad, ()), grad.sum())


@graded(stage="edge", hint="Where nothing was stretched there is nothing to sum, not even where both sizes are 1.")
def test_nothing_to_do(student, rng):
    """Where the shapes agree already, the gradient stays as it is."""
    for shape in ((3, 5), (1, 3), (1, 1), (4,), ()):
        grad = rng.normal(size=shape)
        assert_close(student.unbroadcast(np.asarray(grad), shape), np.asarray(grad))


@graded(stage="contract", hint="Summing makes a new array; an in-place operation changes the one of the caller.")
def test_argument_unchanged(student, rng):
    """The gradient that comes in is not changed."""
    grad = rng.normal(size=(5, 2, 3))
    call = student.run("unbroadcast", grad, (2, 1))
    assert_close(call.result, transpose_of_expand(grad, (2, 1)))
    assert_unchanged(call.arguments[:1], (grad,), ("grad",))
