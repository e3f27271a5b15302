"""Hidden tests of the exercise `softmax_cross_entropy`.

Oracle: PyTorch's `cross_entropy` and its gradient, and finite differences.
"""

import numpy as np
import torch

from autograder.oracles import numerical_gradient
from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("loss", "d_logits")


def torch_loss(logits, targets):
    """Loss and gradient by PyTorch."""
    tensor = torch.tensor(np.asarray(logits, dtype=float), requires_grad=True)
    loss = torch.nn.functional.cross_entropy(tensor, torch.tensor(targets))
    loss.backward()
    return float(loss), tensor.grad.numpy()


def pick(got, place):
    """The loss or the gradient."""
    assert_true(isinstance(got, tuple | list) and len(got) == 2, "The result is the tuple loss, d_logits.", got=got)
    return got[place]


def batch(rng, n=5, k=7, spread=1.5):
    """Random logits, and targets among which one class occurs twice."""
    targets = rng.integers(0, k, size=n)
    targets[-1] = targets[0]
    return rng.normal(size=(n, k)) * spread, targets


@graded(stage="value", weight=3, hint="-ln of the probability of the true class, the softmax along each row, and the mean over the rows.")
def test_loss(student, rng):
    """The loss is the mean surprise at the true classes."""
    logits, targets = batch(rng)
    assert_close(pick(student.softmax_cross_entropy(logits, targets), 0), torch_loss(logits, targets)[0], name="loss")


@graded(stage="gradient", weight=3, hint="Probability minus truth, in each row; and the mean over N rows puts the factor 1/N before it.")
def test_gradient(student, rng):
    """d_logits is the gradient of the loss: it agrees with PyTorch."""
    logits, targets = batch(rng)
    assert_close(pick(student.softmax_cross_entropy(logits, targets), 1), torch_loss(logits, targets)[1], name="d_logits")


@graded(
    stage="gradient",
    weight=2,
    hint="d_logits has to belong to the loss that you return: mean with mean. Check it with the instrument of exercise 1.",
)
def test_finite_differences(student, rng):
    """d_logits agrees with finite differences of the mean loss, for three rows of four classes."""
    logits, targets = batch(rng, n=3, k=4)
    expected = numerical_gradient(
        lambda z: np.mean([np.log(np.exp(row).sum()) - row[y] for row, y in zip(z, targets, strict=True)]), logits
    )
    # Finite differences are right to about 1e-10; a wrong formula is off by 0.01 or more.
    assert_close(pick(student.softmax_cross_entropy(logits, targets), 1), expected, name="d_logits", rtol=1e-6, atol=1e-7)


@graded(
    stage="value",
    weight=2,
    hint="Adding a constant to a row changes no probability. If your result changes: does the softmax run along the rows?",
)
def test_shift(student, rng):
    """Adding another constant to each row changes neither loss nor gradient."""
    logits, targets = batch(rng)
    shifted = logits + rng.uniform(-300, 300, size=(len(logits), 1))
    # Adding 300 costs two to three digits of the sixteen.
    assert_close(student.softmax_cross_entropy(shifted, targets), torch_loss(logits, targets), names=NAMES, rtol=1e-6, atol=1e-9)


@graded(stage="value", hint="A row's gradient depends on that row and its own target alone.")
def test_rows_permuted(student, rng):
    """Shuffling the rows keeps the loss and shuffles the gradient; a class that occurs twice is no problem."""
    logits, targets = batch(rng, n=6, k=5)
    order = rng.permutation(6)
    loss, gradient = torch_loss(logits, targets)
    assert_close(student.softmax_cross_entropy(logits[order], targets[order]), (loss, gradient[order]), names=NAMES)


@graded(stage="edge", weight=2, hint="e to the power of 10,000 overflows. Subtract each row's own maximum first. See «Large numbers».")
def test_large_logits(student, rng):
    """Logits of ±10,000 give finite, right answers, when rows differ by that much, too, and one of them has a loss of exactly 0."""
    logits = np.array([[1e4, 0.0, -1e4, 9999.0], [-1e4, -9999.0, -9998.5, -1e4], [0.3, -0.2, 0.9, 0.0], [0.0, 1e4, -1e4, 5000.0]])
    logits[2] += rng.normal(size=4)
    targets = np.array([3, 1, 2, 1])
    assert_close(student.softmax_cross_entropy(logits, targets), torch_loss(logits, targets), names=NAMES)


@graded(
    stage="edge",
    weight=2,
    hint="Where p underflows to 0, ln p is -inf. A small constant hides the true loss, wherever it is added, and so does a least or a "
    "largest value. Compute ln p directly, and add nothing.",
)
def test_confidently_wrong(student, rng):
    """A network that is sure and wrong pays the full price, and one that is sure and right next to nothing: losses of 20,000 and of 1e-11."""
    logits = np.array([[1e4, -1e4, 0.0], [0.0, 60.0, 0.0], [-800.0, 0.0, 1.0]])
    logits[1] += rng.normal(size=3)
    targets = np.array([1, 2, 0])
    assert_close(student.softmax_cross_entropy(logits, targets), torch_loss(logits, targets), names=NAMES)
    # The odds are 2 to the power of -36, so that neither 1 + odds nor its inverse is rounded, and all right formulas agree to 1e-10.
    logits, targets = np.array([[-36 * np.log(2), 0.0]]), np.array([1])
    assert_close(student.softmax_cross_entropy(logits, targets), torch_loss(logits, targets), names=NAMES, rtol=1e-6, atol=0.0)


@graded(stage="edge", hint="Keep the axes: with one row, maximum and sum still have the shape (1, 1).")
def test_one_row(student, rng):
    """A batch of one row, and a batch with more rows than classes."""
    for n, k in ((1, 5), (7, 2)):
        logits, targets = batch(rng, n=n, k=k)
        assert_close(student.softmax_cross_entropy(logits, targets), torch_loss(logits, targets), names=NAMES)


@graded(stage="edge", hint="Integer logits are numbers, too: build the probabilities in a new array of floats.")
def test_integer_logits(student, rng):
    """Logits may be integers."""
    logits, targets = rng.integers(-3, 4, size=(3, 5)), rng.integers(0, 5, size=3)
    assert_close(student.softmax_cross_entropy(logits, targets), torch_loss(logits, targets), names=NAMES)


@graded(stage="contract", hint="`-=` on logits changes the array of the caller: make a new one.")
def test_arguments_unchanged(student, rng):
    """Logits and targets are not changed."""
    logits, targets = batch(rng)
    call = student.run("softmax_cross_entropy", logits, targets)
    assert_unchanged(call.arguments, (logits, targets), ("logits", "targets"))
