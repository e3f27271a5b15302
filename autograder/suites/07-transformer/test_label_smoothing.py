"""Hidden tests of the exercise `label_smoothing`.

Oracle: torch's cross-entropy with whole distributions as targets in float64; the gradient in closed form.
"""

import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of


def draw_case(rng, lengths=(5, 2, 4), t=5, vocab=7, pad_id=2, scale=1.5):
    """Logits, targets with padding at the ends of rows."""
    logits = torch.from_numpy(rng.normal(scale=scale, size=(len(lengths), t, vocab)))
    words = [token for token in range(vocab) if token != pad_id]
    targets = torch.from_numpy(rng.choice(words, size=(len(lengths), t)))
    for row, length in zip(targets, lengths, strict=True):
        row[length:] = pad_id
    return logits, targets


def wanted(targets, smoothing, pad_id, vocab):
    """The target distributions (real tokens, V), one after the other."""
    rows = []
    for target in targets[targets != pad_id].tolist():
        rows.append([(1 - smoothing) * (k == target) + (0.0 if k == pad_id else smoothing / (vocab - 1)) for k in range(vocab)])
    return torch.tensor(rows, dtype=torch.float64)


def smoothed(logits, targets, smoothing, pad_id):
    """torch's cross-entropy with whole distributions as targets, over the real tokens."""
    return F.cross_entropy(logits[targets != pad_id], wanted(targets, smoothing, pad_id, logits.shape[-1]).to(logits.dtype))


@graded(
    stage="value",
    weight=3,
    hint="(1 - s) on the target plus s / (V - 1) on every token but padding, the target included. Then one mean over all real tokens.",
)
def test_loss(student, rng):
    """The loss of a ragged batch."""
    logits, targets = draw_case(rng)
    for smoothing in (0.15, 0.4):
        assert_close(student.probe.smoothed_loss(logits, targets, smoothing, 2), smoothed(logits, targets, smoothing, 2), name="the loss")


@graded(stage="value", weight=2, hint="Padding gets no mass, whichever id it has: is pad_id used, or 0 assumed?")
def test_other_padding(student, rng):
    """pad_id may be the first or the last id of the vocabulary."""
    for pad_id in (0, 6):
        logits, targets = draw_case(rng, pad_id=pad_id)
        assert_close(student.probe.smoothed_loss(logits, targets, 0.1, pad_id), smoothed(logits, targets, 0.1, pad_id), name="the loss")


@graded(
    stage="value",
    weight=2,
    hint="One mean over all real tokens of the batch: not over all places, and not a mean of means. Padding is wherever the target is pad_id.",
)
def test_mean_over_real_tokens(student, rng):
    """Rows of very different lengths, one of them empty; a place of padding between real tokens."""
    logits, targets = draw_case(rng, lengths=(9, 1, 0, 3), t=9, vocab=5)
    targets[0, 4] = 2
    assert_close(student.probe.smoothed_loss(logits, targets, 0.2, 2), smoothed(logits, targets, 0.2, 2), name="the loss")


@graded(stage="value", weight=1, hint="Without smoothing it is plain cross-entropy.")
def test_no_smoothing(student, rng):
    """With smoothing 0 the loss is torch's cross-entropy that ignores padding."""
    logits, targets = draw_case(rng)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=2)
    assert_close(student.probe.smoothed_loss(logits, targets, 0.0, 2), expected, name="the loss")


@graded(
    stage="gradient", weight=3, hint="The gradient is (softmax - target distribution) / number of real tokens, and exactly 0 at padding."
)
def test_gradient(student, rng):
    """The gradient of the logits in closed form: softmax minus target distribution, zero at padding."""
    logits, targets = draw_case(rng)
    real = targets != 2
    expected = torch.zeros_like(logits)
    expected[real] = (torch.softmax(logits[real], dim=-1) - wanted(targets, 0.3, 2, 7)) / real.sum()
    got = gradients_of(student.probe.smoothing_gradient(logits, targets, 0.3, 2))
    assert_close(got, {"logits": expected}, name="the gradients")


@graded(
    stage="edge",
    weight=1,
    hint="No real token at all: 0 / 0 is NaN. The loss is 0 then, and its gradient too. A 0 made by hand hangs on no logits, "
    "and backward() fails on it: let it come out of the sum.",
)
def test_only_padding(student, rng):
    """A batch of padding has the loss 0 and the gradient 0, with smoothing and without."""
    logits, _ = draw_case(rng)
    padding = torch.full((3, 5), 2)
    for smoothing in (0.1, 0.0):
        loss = student.probe.smoothed_loss(logits, padding, smoothing, 2)
        assert_close(loss, torch.tensor(0.0, dtype=torch.float64), name="the loss")
        got = gradients_of(student.probe.smoothing_gradient(logits, padding, smoothing, 2))
        assert_close(got, {"logits": torch.zeros_like(logits)}, name="the gradients")


@graded(stage="edge", weight=1, hint="log(softmax(…)) is -inf where the softmax rounds to 0: use log_softmax.")
def test_large_logits(student, rng):
    """Logits of ten thousand do not overflow."""
    logits, targets = draw_case(rng, scale=5000.0)
    assert_close(student.probe.smoothed_loss(logits, targets, 0.1, 2), smoothed(logits, targets, 0.1, 2), name="the loss")


@graded(
    stage="edge",
    weight=1,
    hint="With two tokens, one of them padding, all mass is on the other: s / (V - 1) = s.",
)
def test_small_sizes(student, rng):
    """One token, one row, a vocabulary of two."""
    for lengths, t, vocab, pad_id in (((1,), 1, 5, 2), ((1, 3), 3, 2, 0), ((1,), 1, 2, 1), ((4,), 4, 3, 0)):
        logits, targets = draw_case(rng, lengths, t, vocab, pad_id)
        assert_close(student.probe.smoothed_loss(logits, targets, 0.25, pad_id), smoothed(logits, targets, 0.25, pad_id), name="the loss")


@graded(stage="contract", weight=1, hint="The softmax runs over all V tokens; what stands at padded places is of no interest.")
def test_logits_at_padding(student, rng):
    """Other logits at padded places change nothing."""
    logits, targets = draw_case(rng)
    other = torch.where((targets == 2).unsqueeze(2), torch.from_numpy(rng.normal(scale=9.0, size=logits.shape)), logits)
    assert_close(student.probe.smoothed_loss(other, targets, 0.1, 2), smoothed(logits, targets, 0.1, 2), name="the loss")


@graded(stage="contract", weight=1, hint="Work on copies; the result is a tensor of shape () in the dtype of the logits.")
def test_arguments_and_dtype(student, rng):
    """The arguments are not changed; the result is a tensor of shape () in the dtype of the logits."""
    logits, targets = draw_case(rng)
    got = student.probe.smoothed_loss_and_arguments(logits, targets, 0.1, 2)
    assert_true(tuple(getattr(got["loss"], "shape", (0,))) == (), "The loss should be a tensor of shape ().", got=got["loss"])
    assert_close(got["loss"], smoothed(logits, targets, 0.1, 2), name="the loss")
    assert_true(got["dtype"] == "torch.float64", "The loss of float64 logits should be float64.", got=got["dtype"].removeprefix("torch."))
    assert_unchanged(got["arguments"], (logits, targets), names=("logits", "targets"))
    assert_close(
        student.label_smoothing_loss(logits.float(), targets, 0.1, 2),
        smoothed(logits, targets, 0.1, 2).float(),
        name="the loss",
        dtype=True,
        rtol=1e-5,
    )
