"""Hidden tests of the exercise `attention_decoder`.

Oracle: torch.gru_cell in float64, around a stand-in attention that no library has; autograd.
"""

import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_unchanged, graded

NAMES = ("logits", "h", "weights")


def draw(rng, *shape, scale=1.0):
    """A normal float64 tensor."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_case(rng, n=3, t=5, vocab=11, embedding_size=2, hidden_size=4, key_size=7):
    """Random parameters by name, and the arguments tokens, h, keys, mask."""
    parameters = {
        "embedding.weight": draw(rng, vocab, embedding_size),
        "attention.weight": draw(rng, hidden_size, key_size, scale=0.5),
        "cell.weight_ih": draw(rng, 3 * hidden_size, embedding_size + key_size, scale=0.5),
        "cell.weight_hh": draw(rng, 3 * hidden_size, hidden_size, scale=0.5),
        "cell.bias_ih": draw(rng, 3 * hidden_size),
        "cell.bias_hh": draw(rng, 3 * hidden_size),
        "output.weight": draw(rng, vocab, hidden_size + key_size),
        "output.bias": draw(rng, vocab),
    }
    tokens = torch.from_numpy(rng.integers(0, vocab, size=n))
    lengths = torch.from_numpy(rng.integers(2, t, size=n)) if t > 2 else torch.full((n,), t)
    mask = torch.arange(t) < lengths.unsqueeze(1)
    return parameters, (tokens, draw(rng, n, hidden_size), draw(rng, n, t, key_size), mask)


def step(p, tokens, h, keys, mask):
    """One step with the stand-in attention of the probe and torch's own cell."""
    scores = (1 + (h @ p["attention.weight"]).unsqueeze(1).mul(keys).sum(dim=2) ** 2) * mask
    weights = scores / scores.sum(dim=1, keepdim=True).clamp(min=1e-300)
    context = (weights.unsqueeze(2) * keys).sum(dim=1)
    x = torch.cat([p["embedding.weight"][tokens], context], dim=1)
    new = torch.gru_cell(x, h, *(p[f"cell.{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))
    logits = F.linear(torch.cat([new, context], dim=1), p["output.weight"], p["output.bias"])
    return logits, new, weights


@graded(stage="value", weight=2, hint="The attention is asked with the state from *before* the step, and needs the mask.")
def test_weights(student, rng):
    """The weights are those of the previous state as query, over real source tokens only."""
    parameters, arguments = draw_case(rng)
    got = student.probe.decoder_step(parameters, *arguments)
    assert_close(got[2], step(parameters, *arguments)[2], name="weights")


@graded(stage="value", weight=2, hint="The cell's input is [embedding; context], in this order, and its state is the previous h.")
def test_new_state(student, rng):
    """The new state is the cell's, after the embedded token and the context."""
    parameters, arguments = draw_case(rng)
    got = student.probe.decoder_step(parameters, *arguments)
    assert_close(got[1], step(parameters, *arguments)[1], name="the new h")


@graded(
    stage="value",
    weight=2,
    hint="The output reads [new h; context], in this order: the state after the cell, not the one before. No softmax.",
)
def test_logits(student, rng):
    """The logits come from the new state and the context."""
    parameters, arguments = draw_case(rng)
    got = student.probe.decoder_step(parameters, *arguments)
    assert_close(got[0], step(parameters, *arguments)[0], name="logits")


@graded(stage="value", weight=2, hint="With equal sizes nothing complains when two parts are joined in the wrong order.")
def test_equal_sizes(student, rng):
    """Embedding, state and keys of the same size: the order of joining matters."""
    parameters, arguments = draw_case(rng, n=2, t=3, vocab=5, embedding_size=5, hidden_size=5, key_size=5)
    assert_close(student.probe.decoder_step(parameters, *arguments), step(parameters, *arguments), names=NAMES)
    tokens, h, keys, _ = arguments
    gaps = torch.tensor([[True, False, True], [False, True, True]])  # a mask says which places are real, wherever they stand
    assert_close(student.probe.decoder_step(parameters, tokens, h, keys, gaps), step(parameters, tokens, h, keys, gaps), names=NAMES)


@graded(
    stage="gradient", weight=2, hint="A training step must reach every parameter, and the keys: nothing may be detached, no torch.no_grad."
)
def test_gradients(student, rng):
    """The gradients reach the previous state, the keys and every parameter."""
    parameters, (tokens, h, keys, mask) = draw_case(rng)
    upstream = draw(rng, 3, 11), draw(rng, 3, 4)  # of logits and h
    leaves = {name: value.clone().requires_grad_() for name, value in {"h": h, "keys": keys, **parameters}.items()}
    results = step(leaves, tokens, leaves["h"], leaves["keys"], mask)[:2]
    expected = dict(zip(leaves, torch.autograd.grad(results, list(leaves.values()), upstream), strict=True))
    got = student.probe.decoder_gradients(parameters, tokens, h, keys, mask, *upstream)
    assert_close(got, expected, name="gradients")


@graded(stage="value", weight=2, hint="The h that you return is what the next step starts from: the new one.")
def test_three_steps(student, rng):
    """Three steps in a row, each from the state of the one before."""
    parameters, (_, h, keys, mask) = draw_case(rng)
    columns = [torch.from_numpy(rng.integers(0, 11, size=3)) for _ in range(3)]
    expected, state = [], h
    for tokens in columns:
        logits, state, _ = step(parameters, tokens, state, keys, mask)
        expected.append(logits)
    got = student.probe.decoder_steps(parameters, columns, h, keys, mask)
    assert_close(got, (torch.stack(expected), state), names=("the logits of three steps", "the last h"))


@graded(stage="edge", weight=1, hint="The state is the caller's: take the h that is given, keep nothing in the module between calls.")
def test_two_batches(student, rng):
    """A second sentence, with another state and other keys, is not touched by the first."""
    parameters, first = draw_case(rng)
    _, second = draw_case(rng)
    got = student.probe.decoder_two_batches(parameters, first, second)
    assert_close(got[0], step(parameters, *first), names=NAMES)
    assert_close(got[1], step(parameters, *second), names=tuple(f"{name} of the second batch" for name in NAMES))


@graded(stage="edge", weight=1, hint="Padding must have no influence at all: is the mask handed on to the attention, as it is?")
def test_padding_has_no_influence(student, rng):
    """Other numbers at padded places change nothing, and a source that is all padding has no weights."""
    parameters, (tokens, h, keys, mask) = draw_case(rng)
    other = torch.where(mask.unsqueeze(2), keys, draw(rng, *keys.shape, scale=5.0))
    expected = step(parameters, tokens, h, keys, mask)
    assert_close(student.probe.decoder_step(parameters, tokens, h, other, mask), expected, names=NAMES)
    nothing = mask & torch.tensor([[True], [False], [True]])
    expected = step(parameters, tokens, h, keys, nothing)
    assert_close(student.probe.decoder_step(parameters, tokens, h, other, nothing), expected, names=NAMES)


@graded(
    stage="edge",
    weight=1,
    hint="If a shape is wrong: squeeze() without an axis removes every axis of size 1, so name the one that you mean. "
    "If only numbers are: the three lines of the docstring are the same for these sizes.",
)
def test_sizes_of_one(student, rng):
    """A batch of one, and a source of one token."""
    for n, t in ((1, 4), (3, 1), (1, 1)):
        parameters, arguments = draw_case(rng, n=n, t=t)
        assert_close(student.probe.decoder_step(parameters, *arguments), step(parameters, *arguments), names=NAMES)


@graded(stage="contract", weight=1, hint="Work on copies: no operation that ends in _ and no += on an argument.")
def test_arguments_unchanged(student, rng):
    """tokens, h, keys and mask are not changed."""
    parameters, arguments = draw_case(rng)
    got = student.probe.decoder_arguments_after(parameters, *arguments)
    assert_close(got["result"], step(parameters, *arguments), names=NAMES)
    assert_unchanged(got["arguments"], arguments, names=("tokens", "h", "keys", "mask"))


@graded(stage="contract", weight=1, hint="Don't convert: the results have the dtype of h and keys.")
def test_float32_stays_float32(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    parameters, (tokens, h, keys, mask) = draw_case(rng)
    expected = step(parameters, tokens, h, keys, mask)
    assert_close(student.probe.decoder_step(parameters, tokens, h, keys, mask), expected, names=NAMES, dtype=True)
    expected = tuple(result.float() for result in expected)
    small = {name: value.float() for name, value in parameters.items()}
    got = student.probe.decoder_step(small, tokens, h.float(), keys.float(), mask)
    assert_close(got, expected, names=NAMES, dtype=True)
