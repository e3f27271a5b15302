"""Hidden tests of the exercise `linear`.

Oracle: PyTorch's `linear` and its gradients, and finite differences.
"""

import numpy as np
import torch

from autograder.oracles import numerical_gradient
from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("d_x", "d_w", "d_b")


def random_layer(rng, n, d, k):
    """x, w, b and an upstream gradient, all random."""
    return rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=k), rng.normal(size=(n, k))


def torch_gradients(x, w, b, d_out):
    """The three gradients by PyTorch."""
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
    torch.nn.functional.linear(tensors[0], tensors[1].T, tensors[2]).backward(torch.tensor(d_out))
    return tuple(t.grad.numpy() for t in tensors)


def pick(got, place):
    """One of the three gradients."""
    assert_true(isinstance(got, tuple | list) and len(got) == 3, "`linear_backward` returns the tuple d_x, d_w, d_b.", got=got)
    return got[place]


@graded(stage="value", weight=3, hint="Each row of x is one example: multiply by w from the right, and add b to every row.")
def test_forward(student, rng):
    """The output is x w + b for a batch of five."""
    x, w, b, _ = random_layer(rng, 5, 3, 7)
    expected = torch.nn.functional.linear(*(torch.tensor(a) for a in (x, w.T, b))).numpy()
    assert_close(student.linear_forward(x, w, b), expected)


@graded(
    stage="gradient", weight=2, hint="x is used by every output of its row: sum over the outputs k, with the weights w. See «Who used x?»."
)
def test_d_x(student, rng):
    """d_x agrees with finite differences."""
    x, w, b, d_out = random_layer(rng, 5, 3, 7)
    expected = numerical_gradient(lambda x: ((x @ w + b) * d_out).sum(), x)
    # Finite differences are right to about 1e-10 · |f|; a wrong formula is off by about 1.
    assert_close(pick(student.linear_backward(d_out, x, w), 0), expected, name="d_x", rtol=1e-6, atol=1e-7)


@graded(stage="gradient", weight=2, hint="w is used by every example: sum over the batch, with the inputs x. No division by N.")
def test_d_w(student, rng):
    """d_w agrees with PyTorch, for a batch of five."""
    x, w, b, d_out = random_layer(rng, 5, 3, 7)
    assert_close(pick(student.linear_backward(d_out, x, w), 1), torch_gradients(x, w, b, d_out)[1], name="d_w")


@graded(
    stage="gradient",
    weight=2,
    hint="b is added to every row, so every row sends a gradient back to it, and they add up. See «Who used b?».",
)
def test_d_b(student, rng):
    """d_b agrees with PyTorch and has the shape of b."""
    x, w, b, d_out = random_layer(rng, 5, 3, 7)
    assert_close(pick(student.linear_backward(d_out, x, w), 2), torch_gradients(x, w, b, d_out)[2], name="d_b")


@graded(stage="gradient", hint="With equal sizes a wrong transpose has the right shape, and wrong numbers. Write the sums with indices.")
def test_square(student, rng):
    """Everything is right also when N = D = K, where shapes cannot help."""
    x, w, b, d_out = random_layer(rng, 4, 4, 4)
    assert_close(student.linear_forward(x, w, b), np.einsum("nd,dk->nk", x, w) + b)
    assert_close(student.linear_backward(d_out, x, w), torch_gradients(x, w, b, d_out), names=NAMES)


@graded(stage="gradient", hint="The gradient of a batch is the sum of the gradients of its examples: an average would belong to the loss.")
def test_batch_is_a_sum(student, rng):
    """d_w and d_b of a batch are the sums of those of its rows."""
    x, w, _, d_out = random_layer(rng, 3, 5, 2)
    whole = student.linear_backward(d_out, x, w)
    rows = [student.linear_backward(d_out[n : n + 1], x[n : n + 1], w) for n in range(3)]
    for place in (1, 2):
        parts = [pick(row, place) for row in rows]
        shape = (w.shape, d_out.shape[1:])[place - 1]
        assert_true(
            all(isinstance(p, np.ndarray) and p.shape == shape for p in parts), f"{NAMES[place]} has shape {shape} for one row, too."
        )
        assert_close(pick(whole, place), sum(parts), name=NAMES[place])
    assert_close(pick(whole, 2), d_out.sum(axis=0), name="d_b")


@graded(stage="edge", hint="With one row, d_b still has the shape (K,), and with one input d_w still has two axes.")
def test_one_of_each(student, rng):
    """A batch of one, one input, and one output keep all their axes."""
    for sizes in ((1, 3, 5), (5, 1, 3), (3, 5, 1), (1, 1, 1)):
        x, w, b, d_out = random_layer(rng, *sizes)
        assert_close(student.linear_forward(x, w, b), x @ w + b, name="out")
        assert_close(student.linear_backward(d_out, x, w), torch_gradients(x, w, b, d_out), names=NAMES)


@graded(stage="edge", hint="Integers count as numbers: make no array of x's dtype to put results with fractions in.")
def test_integers(student, rng):
    """The inputs x may be integers, as pixels are."""
    x, (_, w, b, d_out) = rng.integers(-5, 6, size=(3, 4)), random_layer(rng, 3, 4, 5)
    assert_close(student.linear_forward(x, w, b), x.astype(float) @ w + b)
    assert_close(student.linear_backward(d_out, x, w), torch_gradients(x.astype(float), w, b, d_out), names=NAMES)


@graded(
    stage="contract",
    hint="An in-place operation such as += changes the array of the caller, also through a reshaped view of it, which is no copy.",
)
def test_arguments_unchanged(student, rng):
    """Neither function changes its arguments, for three rows and for one."""
    for n in (3, 1):
        x, w, b, d_out = random_layer(rng, n, 4, 5)
        assert_unchanged(student.run("linear_forward", x, w, b).arguments, (x, w, b), ("x", "w", "b"))
        assert_unchanged(student.run("linear_backward", d_out, x, w).arguments, (d_out, x, w), ("d_out", "x", "w"))
