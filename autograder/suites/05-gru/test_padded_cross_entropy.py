"""Hidden tests of the exercise `padded_cross_entropy`.

Oracle: torch's cross_entropy with ignore_index, in float64; NumPy place by place, with the gradient in closed form.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded


def draw_case(rng, lengths=(5, 2, 4), t=5, v=7, pad_id=3, scale=1.5):
    """Logits, targets with padding behind lengths[n] real tokens, pad_id."""
    logits = torch.from_numpy(rng.normal(scale=scale, size=(len(lengths), t, v)))
    words = [token for token in range(v) if token != pad_id]
    targets = torch.from_numpy(rng.choice(words, size=(len(lengths), t)))
    targets[torch.arange(t) >= torch.tensor(lengths).unsqueeze(1)] = pad_id
    return logits, targets, pad_id


def oracle(logits, targets, pad_id):
    """The loss and its gradient, place by place."""
    x, gradient, total, count = np.asarray(logits, dtype=float), np.zeros(logits.shape), 0.0, 0
    for n, t in np.ndindex(*targets.shape):
        token = int(targets[n, t])
        if token != pad_id:
            shifted = x[n, t] - x[n, t].max()
            log_sum = math.log(np.exp(shifted).sum())
            total, count = total + log_sum - shifted[token], count + 1
            gradient[n, t] = np.exp(shifted - log_sum)
            gradient[n, t, token] -= 1
    return torch.tensor(total / max(count, 1), dtype=torch.float64), torch.from_numpy(gradient / max(count, 1))


def check(got, expected, **options):
    """Compares the loss and its gradient."""
    loss, gradient = got
    assert_close(loss, expected[0], name="the loss", **options)
    assert_true(isinstance(gradient, dict), "The loss should be a tensor from which gradients flow back to the logits.", got=gradient)
    assert_close(gradient["logits"], expected[1], name="d_logits", **options)


@graded(
    stage="value",
    weight=3,
    hint="One tensor: the negative logarithms of the real tokens, added up and divided by the number of these tokens.",
)
def test_loss(student, rng):
    """The loss of three rows of lengths 5, 2 and 4."""
    logits, targets, pad_id = draw_case(rng)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id)
    assert_close(student.padded_cross_entropy(logits, targets, pad_id), expected, name="the loss")


@graded(stage="value", weight=2, hint="Every token has the same weight: no mean of the rows' means, no mean over padding.")
def test_very_unequal_rows(student, rng):
    """A row of nine tokens beside rows of one: every token counts the same."""
    logits, targets, pad_id = draw_case(rng, lengths=(9, 1, 1), t=9)
    logits[0] *= 3
    assert_close(student.padded_cross_entropy(logits, targets, pad_id), oracle(logits, targets, pad_id)[0], name="the loss")


@graded(stage="value", weight=1, hint="pad_id is an argument: not always 0. And 0 may be a real token.")
def test_other_padding_ids(student, rng):
    """pad_id 0, the last id, and one in between."""
    for pad_id in (0, 6, 4):
        case = draw_case(rng, pad_id=pad_id)
        assert_close(student.padded_cross_entropy(*case), oracle(*case)[0], name="the loss")


@graded(stage="value", weight=1, hint="Without padding it is the plain mean over N · T tokens.")
def test_without_padding(student, rng):
    """No padding at all, and padding in the middle of a row."""
    case = draw_case(rng, lengths=(4, 4, 4), t=4)
    assert_close(student.padded_cross_entropy(*case), oracle(*case)[0], name="the loss")
    logits, targets, pad_id = draw_case(rng, lengths=(4, 4, 4), t=4)
    targets[1, 1] = pad_id
    assert_close(student.padded_cross_entropy(logits, targets, pad_id), oracle(logits, targets, pad_id)[0], name="the loss")


@graded(stage="gradient", weight=2, hint="(softmax - one-hot) / number of real tokens; exactly 0 at padding. Nothing may be detached.")
def test_gradient(student, rng):
    """The gradient of the logits, 0 at padding."""
    case = draw_case(rng)
    check(student.probe.loss_gradient(*case), oracle(*case))


@graded(
    stage="edge",
    weight=2,
    hint="0/0 is NaN. Divide by the number of real tokens, but never by 0: then the 0 is a tensor like any other loss, and so is its gradient.",
)
def test_no_real_token(student, rng):
    """A batch of nothing but padding: loss 0 in the dtype of the logits, gradient 0."""
    logits, targets, pad_id = draw_case(rng, lengths=(0, 0), t=4)
    for given in (logits, logits.float()):
        expected = (given.new_zeros(()), torch.zeros_like(given))
        check(student.probe.loss_gradient(given, targets, pad_id), expected, dtype=True, rtol=0.0, atol=0.0)


@graded(
    stage="edge", weight=1, hint="A row without any real token among others: it adds nothing, neither above nor below the fraction line."
)
def test_an_empty_row(student, rng):
    """One row is all padding, the others are not."""
    case = draw_case(rng, lengths=(3, 0, 5))
    check(student.probe.loss_gradient(*case), oracle(*case))


@graded(stage="edge", weight=1, hint="A slice and a transposed tensor are not contiguous: .view refuses them, .reshape and .flatten don't.")
def test_views(student, rng):
    """Logits that were transposed and targets that are a slice, as target[:, 1:] is."""
    case = draw_case(rng)
    assert_close(student.probe.loss_of_views(*case), oracle(*case)[0], name="the loss")


@graded(stage="edge", weight=1, hint="softmax first and then log gives log(0): log_softmax does both at once and is safe.")
def test_large_logits(student, rng):
    """Logits of ten thousand: no overflow, no NaN, no clipping."""
    logits, targets, pad_id = draw_case(rng, scale=1e4)
    assert_close(student.padded_cross_entropy(logits, targets, pad_id), oracle(logits, targets, pad_id)[0], name="the loss")
    shifted = draw_case(rng)
    got = student.padded_cross_entropy(shifted[0] + 1e4, *shifted[1:])
    # Adding 1e4 rounds the logits to about 1e-12; nothing more may be lost.
    assert_close(got, oracle(*shifted)[0], name="the loss of logits shifted by 10,000")


@graded(stage="edge", weight=1, hint="One row, one step: the axes stay.")
def test_sizes_of_one(student, rng):
    """N = 1 and T = 1."""
    for options in ({"lengths": (3,)}, {"lengths": (1, 0, 1), "t": 1}, {"lengths": (1,), "t": 1, "v": 2, "pad_id": 0}):
        case = draw_case(rng, **options)
        assert_close(student.padded_cross_entropy(*case), oracle(*case)[0], name="the loss")


@graded(stage="contract", weight=1, hint="A tensor of shape () in the dtype of the logits: no .item(), no conversion.")
def test_type(student, rng):
    """The loss is a scalar tensor with the dtype of the logits."""
    logits, targets, pad_id = draw_case(rng)
    expected = oracle(logits, targets, pad_id)[0]
    for values, wanted in ((logits, expected), (logits.float(), expected.float())):
        got = student.padded_cross_entropy(values, targets, pad_id)
        assert_true(isinstance(got, torch.Tensor), "The loss should be a torch tensor of shape ().", got=got)
        assert_close(got, wanted, name="the loss", dtype=True)


@graded(stage="contract", weight=1, hint="No operation that ends in _ on logits or targets.")
def test_arguments_unchanged(student, rng):
    """logits and targets are not changed."""
    case = draw_case(rng)
    call = student.run("padded_cross_entropy", *case)
    assert_close(call.result, oracle(*case)[0], name="the loss")
    assert_unchanged(call.arguments[:2], case[:2], names=("logits", "targets"))
