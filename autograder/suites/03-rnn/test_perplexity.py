"""Hidden tests of the exercise `perplexity`.

Oracle: torch.nn.functional.cross_entropy with ignore_index, in float64; the perplexity V of a model that knows nothing.
"""

import math

import numpy as np
import torch
from torch.nn import functional

from autograder.suite import assert_close, assert_unchanged, graded

N, T, V = 3, 5, 7


def draw(rng, n=N, steps=T, v=V, boundary=False):
    """Random logits, and a mask with rows of very different lengths, one of them whole; `boundary`: it has two targets 0, else no one has."""
    lengths = rng.permutation(np.linspace(1, steps, n).astype(int))
    targets = rng.integers(1, v, size=(n, steps))
    if boundary:
        targets[lengths.argmax(), [0, -1]] = 0
    return 1.5 * rng.normal(size=(n, steps, v)), targets, np.arange(steps) < lengths[:, None]


def nats(logits, targets, mask):
    """The mean surprise over the real places, in nats."""
    z = torch.tensor(np.asarray(logits, dtype=np.float64)).reshape(-1, logits.shape[2])
    return functional.cross_entropy(z, torch.tensor(np.where(mask, targets, -100)).reshape(-1), ignore_index=-100).item()


@graded(
    stage="value",
    weight=3,
    hint="First the mean over all real places, in nats; then the exponential of that mean. Nats go with e, bits with 2. See «Bits, and how many sides the die has».",
)
def test_perplexity(student, rng):
    """The perplexity of a ragged batch is e to the power of the mean loss."""
    batch = draw(rng, boundary=True)
    assert_close(student.perplexity(*batch), math.exp(nats(*batch)), name="perplexity")


@graded(
    stage="value",
    weight=3,
    hint="Bits are nats divided by ln 2, about 1.44 times as many. One mean over all real places, not one for each sequence.",
)
def test_bits(student, rng):
    """The bits per character of a ragged batch are the mean loss in base 2."""
    batch = draw(rng)
    assert_close(student.bits_per_character(*batch), nats(*batch) / math.log(2), name="bits_per_character")


@graded(
    stage="edge",
    hint="A model that knows nothing has the perplexity V, for texts of any length: the mean comes before the exponential.",
)
def test_uniform_model(student, rng):
    """Equal logits give perplexity V and log2 V bits, whatever the length and the targets."""
    for steps, v in ((1, 4), (60, 27)):
        logits, targets, mask = (
            np.full((2, steps, v), float(rng.normal())),
            rng.integers(1, v, size=(2, steps)),
            np.ones((2, steps), dtype=bool),
        )
        assert_close(student.perplexity(logits, targets, mask), float(v), name="perplexity")
        assert_close(student.bits_per_character(logits, targets, mask), math.log2(v), name="bits_per_character")


@graded(
    stage="edge",
    hint="Right for padding at the end? The mask alone says where it is, no target and no length; there nothing is counted or scored.",
)
def test_padding_has_no_influence(student, rng):
    """Other logits and targets at padding change nothing."""
    logits, targets, _ = draw(rng, n=4)
    targets[3, 4] = 0
    mask = np.array([[1, 0, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], dtype=bool)
    expected = nats(logits, targets, mask)
    logits = logits + np.where(mask[:, :, None], 0.0, 3000.0 * rng.normal(size=logits.shape))
    targets = np.where(mask, targets, (targets + 1 + rng.integers(V - 1, size=targets.shape)) % V)
    assert_close(student.perplexity(logits, targets, mask), math.exp(expected), name="perplexity")
    assert_close(student.bits_per_character(logits, targets, mask), expected / math.log(2), name="bits_per_character")


@graded(stage="edge", hint="Right elsewhere? The mean of nothing is 0 here: e to the power of 0 is 1, and 0 nats are 0 bits.")
def test_no_real_place(student, rng):
    """Without a real place the perplexity is 1 and there are 0 bits."""
    logits, targets, mask = draw(rng)
    assert_close(student.perplexity(logits, targets, np.zeros_like(mask)), 1.0, name="perplexity")
    assert_close(student.bits_per_character(logits, targets, np.zeros_like(mask)), 0.0, name="bits_per_character")


@graded(
    stage="edge",
    hint="Right for small logits? Then subtract the largest logit of each place before the exponential, and never take the logarithm of a "
    "rounded probability.",
)
def test_large_logits(student, rng):
    """Logits of ±10,000 give finite numbers where the model is right, and many bits where it is wrong."""
    logits, targets, mask = draw(rng)
    one_hot = np.eye(V)[targets]
    sure = logits + np.where(rng.random((N, T, 1)) < 0.5, 1e4, -1e4) + 5.0 * one_hot
    assert_close(student.perplexity(sure, targets, mask), math.exp(nats(sure, targets, mask)), name="perplexity")
    assert_close(student.bits_per_character(sure - 1e4 * one_hot, targets, mask), nats(sure - 1e4 * one_hot, targets, mask) / math.log(2))


@graded(
    stage="edge",
    hint="Right for better models? A perplexity may be huge: nothing is cut off, and where no float is large enough it is inf. Python's own "
    "floats raise an error there, NumPy's don't.",
)
def test_very_wrong_model(student, rng):
    """A model that is sure of the wrong symbols, by 40 to 705 nats, has a perplexity of e to the power of that; by 20,000, of inf."""
    logits, targets, mask = draw(rng)
    one_hot = np.eye(V)[targets]
    more = nats(logits - 1000.0 * one_hot, targets, mask) - 1000.0  # what the other symbols add
    for wanted in (40.0, 100.0, 350.0, 705.0):
        wrong = logits - (wanted - more) * one_hot
        assert_close(student.perplexity(wrong, targets, mask), math.exp(nats(wrong, targets, mask)), name="perplexity")
    wrong = logits - 20000.0 * one_hot
    assert_close(student.perplexity(wrong, targets, mask), math.inf, name="perplexity")


@graded(stage="contract", hint="Work in new arrays: nothing may be written into logits, targets or mask.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    batch = draw(rng)
    for name in ("perplexity", "bits_per_character"):
        call = student.run(name, *batch)
        assert_unchanged(call.arguments, batch, names=("logits", "targets", "mask"))


@graded(
    stage="contract", hint="Right for larger batches of floats? One sequence, one step, and logits of integers are a batch like any other."
)
def test_one_place_of_integers(student, rng):
    """One real place and integer logits: the perplexity is one divided by the probability."""
    logits, targets = rng.integers(-3, 4, size=(1, 1, V)), rng.integers(1, V, size=(1, 1))
    mask = np.ones((1, 1), dtype=bool)
    assert_close(student.perplexity(logits, targets, mask), math.exp(nats(logits, targets, mask)), name="perplexity")
    assert_close(student.bits_per_character(logits, targets, mask), nats(logits, targets, mask) / math.log(2), name="bits_per_character")
