"""Hidden tests of the exercise `language_model_loss`.

Oracle: log-sum-exp, one token after the other in NumPy; probability minus truth for the gradient; ln V for equal logits; log2(exp) for bits.
"""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}


def draw_case(rng, batch=3, T=5, vocab=7, scale=1.5):
    return torch.from_numpy(rng.normal(scale=scale, size=(batch, T, vocab))), torch.from_numpy(rng.integers(0, vocab, size=(batch, T)))


def loss_of(logits, tokens):
    total = []
    for row, ids in zip(logits.double().numpy(), tokens.numpy(), strict=True):
        for t in range(len(ids) - 1):
            shifted = row[t] - row[t].max()
            total.append(np.log(np.exp(shifted).sum()) - shifted[ids[t + 1]])
    return torch.tensor(np.mean(total), dtype=torch.float64)


@graded(stage="value", weight=3, hint="The logits at t are a guess about token t + 1: shift by one, and leave out the last logits.")
def test_loss(student, rng):
    """The loss of three texts of five tokens."""
    logits, tokens = draw_case(rng)
    assert_close(student.language_model_loss(logits, tokens), loss_of(logits, tokens), name="loss", **SINGLE)


@graded(stage="gradient", weight=2, hint="Gradients flow to all logits but those of the last position, divided by N (T − 1).")
def test_gradient(student, rng):
    """The gradient: probability minus truth, over the number of predictions; zero at the last position."""
    logits, tokens = draw_case(rng)
    expected = torch.zeros_like(logits)
    expected[:, :-1] = (torch.softmax(logits[:, :-1], dim=-1) - F.one_hot(tokens[:, 1:], 7)) / 12
    got = student.probe.loss_gradient(logits, tokens)
    assert_true(torch.is_tensor(got["loss"]), "The loss should be a tensor, so that gradients can flow through it.", got=got["loss"])
    assert_true(got["gradient"] is not None, "No gradient flows through the loss: it is cut off from the logits.")
    assert_close(got["gradient"], expected, name="gradient", **SINGLE)


@graded(stage="value", weight=2, hint="Bits = nats / ln 2. The total is loss times tokens; the bytes divide it.")
def test_bits_per_byte(student, rng):
    """Nats a token become bits a byte."""
    for _ in range(3):
        loss, n_tokens, n_bytes = float(rng.uniform(0.5, 6)), int(rng.integers(50, 99)), int(rng.integers(100, 300))
        expected = float(np.log2(np.exp(loss))) * n_tokens / n_bytes
        # ln 2 in float32 will do
        assert_close(student.bits_per_byte(loss, n_tokens, n_bytes), expected, name="bits per byte", rtol=1e-5)


@graded(
    stage="value", weight=1, hint="Every prediction weighs the same; the first token is not predicted, and the last logits predict nothing."
)
def test_what_counts(student, rng):
    """The first token and the last logits have no influence."""
    logits, tokens = draw_case(rng)
    expected = loss_of(logits, tokens)
    logits[:, -1] = torch.from_numpy(rng.normal(scale=9, size=(3, 7)))
    tokens[:, 0] = (tokens[:, 0] + 1) % 7
    assert_close(student.language_model_loss(logits, tokens), expected, name="loss", **SINGLE)


@graded(stage="edge", weight=1, hint="One text, two tokens, one prediction; one token in the vocabulary.")
def test_small_cases(student, rng):
    """N = 1, T = 2, a vocabulary of one, and equal logits."""
    for sizes in ({"batch": 1, "T": 2}, {"batch": 4, "T": 2, "vocab": 3}, {"batch": 1, "T": 9}, {"vocab": 1}):
        logits, tokens = draw_case(rng, **sizes)
        assert_close(student.language_model_loss(logits, tokens), loss_of(logits, tokens), name="loss", **SINGLE)
    logits, tokens = torch.full((2, 4, 9), float(rng.normal()), dtype=torch.float64), torch.from_numpy(rng.integers(0, 9, size=(2, 4)))
    assert_close(student.language_model_loss(logits, tokens), torch.tensor(np.log(9)), name="the loss of equal logits, ln 9", **SINGLE)


@graded(stage="edge", weight=1, hint="log(softmax) overflows or becomes log 0: F.cross_entropy does both in one safe step.")
def test_large_logits(student, rng):
    """Logits of thousands give a finite loss."""
    logits, tokens = draw_case(rng, scale=4000.0)
    assert_close(student.language_model_loss(logits, tokens), loss_of(logits, tokens), name="loss", **SINGLE)


@graded(stage="contract", weight=1, hint="A scalar tensor in the dtype of the logits, and a plain number of bits.")
def test_types(student, rng):
    """float32 stays float32, float64 stays float64, arguments stay as they are, and bits_per_byte of one bit a token is a number."""
    logits, tokens = draw_case(rng)
    assert_close(student.language_model_loss(logits, tokens), loss_of(logits, tokens), name="the loss of float64", dtype=True, **SINGLE)
    call = student.run("language_model_loss", logits.float(), tokens)
    assert_close(call.result, loss_of(logits, tokens).float(), name="loss", dtype=True)
    assert_unchanged(call.arguments, (logits.float(), tokens), names=("logits", "tokens"))
    assert_close(
        student.bits_per_byte(float(np.log(2)), 6, 24), 0.25, name="bits per byte (one bit a token, 6 tokens, 24 bytes)", rtol=1e-5
    )
