"""Hidden tests of the exercise `sequence_loss`.

Oracle: torch.nn.functional.cross_entropy, with padding left out by ignore_index, and autograd through it, in float64.
"""

import numpy as np
import torch
from torch.nn import functional

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

N, T, V = 3, 5, 7


def draw(rng, n=N, steps=T, v=V, boundary=False):
    """Random logits, and a mask with rows of very different lengths, one of them whole; `boundary`: it has two targets 0, else no one has."""
    lengths = rng.permutation(np.linspace(1, steps, n).astype(int))
    targets = rng.integers(1, v, size=(n, steps))
    if boundary:
        targets[lengths.argmax(), [0, -1]] = 0
    return 1.5 * rng.normal(size=(n, steps, v)), targets, np.arange(steps) < lengths[:, None]


def oracle(logits, targets, mask):
    """The loss and its gradient."""
    z = torch.tensor(np.asarray(logits, dtype=np.float64), requires_grad=True)
    wanted = torch.tensor(np.where(mask, targets, -100)).reshape(-1)
    loss = functional.cross_entropy(z.reshape(-1, z.shape[2]), wanted, ignore_index=-100)
    loss.backward()
    return loss.item(), z.grad.numpy()


def pair(got):
    """The loss and its gradient."""
    right = type(got) in (tuple, list) and len(got) == 2
    assert_true(right, "sequence_loss should return two things: the loss and d_logits.", got=got)
    return tuple(got)


@graded(
    stage="value",
    weight=3,
    hint="One mean over all real places together, those with target 0 too, of minus the natural logarithm of the target's probability. "
    "See «Predict the next letter».",
)
def test_loss(student, rng):
    """The loss of a ragged batch agrees with PyTorch's cross-entropy without the padding."""
    batch = draw(rng, boundary=True)
    assert_close(pair(student.sequence_loss(*batch))[0], oracle(*batch)[0], name="loss")


@graded(
    stage="gradient",
    weight=3,
    hint="Probability minus truth, divided by the number of real places, as the loss was; and nothing at padding. See «Predict the next letter».",
)
def test_gradient(student, rng):
    """The gradient agrees with autograd at every place."""
    batch = draw(rng, boundary=True)
    assert_close(pair(student.sequence_loss(*batch))[1], oracle(*batch)[1], name="d_logits")


@graded(stage="value", weight=2, hint="The mask says which places are real. Padding may stand anywhere, and whole rows may be padding.")
def test_mask_with_holes(student, rng):
    """Padding in the middle, at the front, and a sequence that is nothing but padding."""
    logits, targets, _ = draw(rng, n=4)
    mask = np.array([[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], dtype=bool)
    assert_close(pair(student.sequence_loss(logits, targets, mask)), oracle(logits, targets, mask), names=("loss", "d_logits"))


@graded(
    stage="edge", hint="Right for small logits? What stands at padding enters neither the loss nor the gradient, not even when it is huge."
)
def test_padding_has_no_influence(student, rng):
    """Other logits and targets at padding change nothing, and the gradient there is exactly zero."""
    logits, targets, mask = draw(rng)
    noise = np.where(mask[:, :, None], 0.0, 5000.0 * rng.normal(size=logits.shape))
    others = np.where(mask, targets, (targets + 1 + rng.integers(V - 1, size=targets.shape)) % V)
    got = pair(student.sequence_loss(logits + noise, others, mask))
    assert_close(got, oracle(logits, targets, mask), names=("loss", "d_logits"))
    assert_true(np.all(got[1][~mask] == 0), "d_logits should be exactly zero at padding.", got=got[1][~mask])


@graded(
    stage="edge",
    hint="Right for small logits? Then subtract the largest logit of each place, and take the logarithm of the softmax by its formula: a "
    "probability may be rounded to 0.",
)
def test_large_logits(student, rng):
    """Logits of ±10,000 give the right loss and gradient, without overflow or NaN."""
    logits, targets, mask = draw(rng)
    logits = logits + np.where(rng.random((N, T, 1)) < 0.5, 1e4, -1e4) + np.where(rng.random((N, T, V)) < 0.3, 7000.0, 0.0)
    assert_close(pair(student.sequence_loss(logits, targets, mask)), oracle(logits, targets, mask), names=("loss", "d_logits"))


@graded(stage="edge", weight=2, hint="Right elsewhere? The number of real places is zero here: what do you divide by?")
def test_no_real_place(student, rng):
    """Without a real place the loss is 0 and the gradient zero, not NaN."""
    logits, targets, mask = draw(rng)
    got = pair(student.sequence_loss(logits, targets, np.zeros_like(mask)))
    assert_close(got, (0.0, np.zeros(logits.shape)), names=("loss", "d_logits"))


@graded(stage="edge", hint="Right for larger batches? Then look for an axis of length one that is squeezed or dropped.")
def test_one_place(student, rng):
    """One sequence of one step, several of one step, and one of several steps: loss and gradient are right."""
    for n, steps in ((1, 1), (N, 1), (1, T)):
        logits, targets, mask = draw(rng, n=n, steps=steps)
        batch = (logits, targets, np.ones_like(mask))
        assert_close(pair(student.sequence_loss(*batch)), oracle(*batch), names=("loss", "d_logits"))


@graded(stage="contract", hint="Work in new arrays: subtracting 1 at the targets in place is fine in an array of your own, not in logits.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    logits, targets, mask = draw(rng)
    for batch in ((logits, targets, mask), (logits, targets, np.zeros_like(mask))):
        call = student.run("sequence_loss", *batch)
        assert_unchanged(call.arguments, batch, names=("logits", "targets", "mask"))


@graded(
    stage="contract",
    hint="Right with floats? Then it is the dtype: an array of integers holds no fractions, so make no result in the likeness of logits.",
)
def test_integer_logits(student, rng):
    """Integer logits are accepted and give a gradient of float64."""
    _, targets, mask = draw(rng)
    logits = rng.integers(-3, 4, size=(N, T, V))
    loss, d_logits = pair(student.sequence_loss(logits, targets, mask))
    expected = oracle(logits, targets, mask)
    assert_close(loss, expected[0], name="loss")
    assert_close(d_logits, expected[1], name="d_logits", dtype=True)
