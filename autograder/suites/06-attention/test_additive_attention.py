"""Hidden tests of the exercise `additive_attention`.

Oracle: torch's scaled_dot_product_attention with v as query and tanh(W q + U k) as keys, not scaled, in float64; NumPy key by key; autograd; a
number worked out by hand.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of

#: The docstring leaves open in which precision the work is done: float64 results are compared as float32 ones are.
LOOSE = {"rtol": 1e-4, "atol": 1e-5}
NAMES = ("context", "weights")


def draw(rng, *shape, scale=1.0):
    """A normal float64 tensor."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_case(rng, n=3, t=5, query_size=4, key_size=7, value_size=2, attention_size=6):
    """Parameters w_query, w_key, v and arguments query, keys, values; no two sizes are equal."""
    parameters = (
        draw(rng, attention_size, query_size, scale=0.7),
        draw(rng, attention_size, key_size, scale=0.5),
        draw(rng, 1, attention_size),
    )
    return parameters, (draw(rng, n, query_size), draw(rng, n, t, key_size), draw(rng, n, t, value_size))


def draw_mask(rng, n, t):
    """Each row has two True at least and one False at least."""
    mask = np.zeros((n, t), dtype=bool)
    for row in mask:
        row[rng.choice(t, size=int(rng.integers(2, t)), replace=False)] = True
    return torch.from_numpy(mask)


def attend(parameters, query, keys, values, mask=None):
    """Bahdanau's attention one key after the other, in NumPy."""
    w, u, v = (p.numpy() for p in parameters)
    q, k, x = query.numpy(), keys.numpy(), values.numpy()
    contexts, weights = np.zeros((len(q), x.shape[2])), np.zeros(k.shape[:2])
    for n in range(len(q)):
        allowed = [t for t in range(k.shape[1]) if mask is None or mask[n, t]]
        if allowed:
            scores = np.array([(v @ np.tanh(w @ q[n] + u @ k[n, t]))[0] for t in allowed])
            e = np.exp(scores - scores.max())
            weights[n, allowed] = e / e.sum()
            contexts[n] = weights[n] @ x[n]
    return torch.from_numpy(contexts), torch.from_numpy(weights)


def fused(parameters, query, keys, values, mask):
    """Context and weights by torch's own attention: v is the query, the features are the keys."""
    w, u, v = parameters
    features = torch.tanh(F.linear(query, w).unsqueeze(1) + F.linear(keys, u))
    everything = torch.eye(keys.shape[1], dtype=torch.float64).expand(len(keys), -1, -1)  # with these values the output is the weights
    asked = v.expand(len(keys), 1, -1)
    return tuple(F.scaled_dot_product_attention(asked, features, x, mask.unsqueeze(1), scale=1.0).squeeze(1) for x in (values, everything))


@graded(
    stage="value",
    weight=3,
    hint="The score is v · tanh(W q + U k_j), one for each key; the softmax runs over the keys, not over the features.",
)
def test_weights(student, rng):
    """The attention weights of a batch of three queries over five keys."""
    parameters, arguments = draw_case(rng)
    _, weights = attend(parameters, *arguments)
    got = student.probe.additive_without_mask(*parameters, *arguments)
    assert_close(got[1], weights, name="weights", **LOOSE)


@graded(stage="value", weight=2, hint="The context is the weighted sum of the *values*, over the keys: shape (N, value_size).")
def test_context(student, rng):
    """The context is the average of the values under the weights."""
    parameters, arguments = draw_case(rng)
    context, _ = attend(parameters, *arguments)
    got = student.probe.additive_without_mask(*parameters, *arguments)
    assert_close(got[0], context, name="context", **LOOSE)


@graded(stage="value", weight=2, hint="The mask belongs before the softmax, and True means «may attend».")
def test_mask(student, rng):
    """Blocked keys get weight zero and the others share the whole."""
    parameters, arguments = draw_case(rng, n=4, t=6)
    mask = draw_mask(rng, 4, 6)
    got = student.probe.additive_forward(*parameters, *arguments, mask)
    assert_close(got, fused(parameters, *arguments, mask), names=NAMES, **LOOSE)


@graded(stage="value", weight=1, hint="Work out the scores of the numbers in the docstring: v · tanh(W q + U k).")
def test_numbers_by_hand(student, rng):
    """Sizes of one, scores 0 and ln k: the weights are 1/(k + 1) and k/(k + 1)."""
    k, one = int(rng.integers(2, 9)), torch.ones(1, 1, dtype=torch.float64)
    keys = torch.tensor([[[-1.0], [math.atanh(0.5) - 1.0]]], dtype=torch.float64)  # with the query 1: tanh(0) and tanh(atanh(1/2))
    values = torch.tensor([[[k + 1.0, 0.0], [0.0, k + 1.0]]], dtype=torch.float64)
    got = student.probe.additive_without_mask(one, one, 2 * math.log(k) * one, one, keys, values)
    expected = torch.tensor([[1.0, k]], dtype=torch.float64)
    assert_close(got, (expected, expected / (k + 1)), names=NAMES, **LOOSE)


@graded(stage="value", weight=2, hint="W belongs to the query and U to the keys: two matrices, also where their shapes agree.")
def test_equal_sizes(student, rng):
    """Query, keys and values of the same size: W and U still have their own places."""
    parameters, arguments = draw_case(rng, n=2, t=3, query_size=5, key_size=5, value_size=5, attention_size=5)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    got = student.probe.additive_forward(*parameters, *arguments, mask)
    assert_close(got, attend(parameters, *arguments, mask), names=NAMES, **LOOSE)


@graded(
    stage="gradient",
    weight=3,
    hint="Is every step differentiable? detach, .data, .item and torch.no_grad cut the way back, and so does writing into a result.",
)
def test_gradients(student, rng):
    """The gradients of the context reach query, keys, values and all three parameters."""
    parameters, arguments = draw_case(rng)
    mask, d_context = draw_mask(rng, 3, 5), draw(rng, 3, 2)
    query, keys, values, w, u, v = (tensor.clone().requires_grad_() for tensor in (*arguments, *parameters))
    e = (
        torch.exp(
            torch.einsum("a,nta->nt", v[0], torch.tanh(torch.einsum("aq,nq->na", w, query)[:, None] + torch.einsum("ak,ntk->nta", u, keys)))
        )
        * mask
    )
    weights = e / e.sum(dim=1, keepdim=True)
    expected = torch.autograd.grad(torch.einsum("nt,ntd->nd", weights, values), (query, keys, values, w, u, v), d_context)
    got = gradients_of(student.probe.additive_gradients(*parameters, *arguments, mask, d_context))
    assert_close(got, expected, names=("d_query", "d_keys", "d_values", "d_w_query", "d_w_key", "d_v"), **LOOSE)


@graded(
    stage="edge",
    weight=2,
    hint="A row without allowed keys: zero weights, zero context. If these are right and a gradient is NaN, the 0/0 of the softmax still stands on "
    "the way back: fill the scores where autograd sees it, and the weights once more. See exercise 1, hint 2.",
)
def test_row_without_keys(student, rng):
    """A row without any allowed key has weights and context zero, and every gradient is finite."""
    parameters, arguments = draw_case(rng)
    mask = draw_mask(rng, 3, 5)
    mask[1] = False
    got = student.probe.additive_forward(*parameters, *arguments, mask)
    assert_close(got, attend(parameters, *arguments, mask), names=NAMES, **LOOSE)
    gradients = gradients_of(student.probe.additive_gradients(*parameters, *arguments, mask, draw(rng, 3, 2)))
    for name, gradient in zip(("query", "keys", "values", "w_query", "w_key", "v"), gradients, strict=True):
        assert_true(gradient.isfinite().all(), f"The gradient of {name} is not finite when one row has no keys.", got=gradient)


@graded(
    stage="edge",
    weight=1,
    hint="torch.softmax is safe, if the mask comes before it; an exponential of your own needs the largest allowed score subtracted first. "
    "And a blocked score must lie below every allowed one: only minus infinity does.",
)
def test_large_scores(student, rng):
    """Scores near 1,000 and near -1,000 neither overflow nor vanish nor pass for blocked ones, with a mask and without one."""
    (w, u, v), (query, keys, values) = draw_case(rng)
    mask = draw_mask(rng, 3, 5)
    w[0], u[0], v[0, 0] = 0.0, torch.tensor([40.0, 0, 0, 0, 0, 0, 0]), 1000.0  # the first feature is ±1, as the key begins
    v[0, 1:] *= 0.3
    keys[:, :, 0] = torch.tensor([[1.0], [-1.0], [-1.0]])
    for m in (None, mask):
        got = student.probe.additive_forward(w, u, v, query, keys, values, m)
        # float32 rounds a score near 1,000 by 3e-5, so the context may be off by a few times that; overflow and underflow are off by 1.
        assert_close(got, attend((w, u, v), query, keys, values, m), names=NAMES, rtol=1e-3, atol=5e-4)


@graded(
    stage="edge",
    weight=1,
    hint="Keep nothing of a call in the module, neither the mask nor the projected keys: they are out of date after a step of the optimiser.",
)
def test_second_call(student, rng):
    """A second call, with other keys and without a mask, or with other parameters, knows nothing of the first."""
    parameters, first = draw_case(rng)
    _, second = draw_case(rng)
    mask = draw_mask(rng, 3, 5)
    got = student.probe.additive_calls(*parameters, (*first, mask), second)
    assert_close(got[0], attend(parameters, *first, mask), names=NAMES, **LOOSE)
    again = tuple(f"{name} of the second call" for name in NAMES)
    assert_close(got[1], attend(parameters, *second), names=again, **LOOSE)
    others, _ = draw_case(rng)
    got = student.probe.additive_other_parameters(parameters, others, *first)
    assert_close(got[0], attend(parameters, *first), names=NAMES, **LOOSE)
    assert_close(got[1], attend(others, *first), names=again, **LOOSE)


@graded(
    stage="edge", weight=1, hint="A transposed tensor doesn't lie in memory in order: .view refuses it, .reshape takes it all the same."
)
def test_views(student, rng):
    """Keys of an encoder that puts time first, transposed, and all other arguments likewise."""
    parameters, arguments = draw_case(rng)
    mask = draw_mask(rng, 3, 5)
    got = student.probe.additive_of_views(*parameters, *arguments, mask)
    assert_close(got, attend(parameters, *arguments, mask), names=NAMES, **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="If a shape is wrong: squeeze() without an axis removes every axis of size 1, so name the one that you mean. "
    "If only numbers are: the formula is the same for these sizes.",
)
def test_sizes_of_one(student, rng):
    """One row, one key, sizes of one: the shapes stay (N, value_size) and (N, T)."""
    for sizes in ({"n": 1, "value_size": 1}, {"t": 1}, {"n": 1, "t": 1, "query_size": 1, "key_size": 1, "attention_size": 1}):
        parameters, arguments = draw_case(rng, **sizes)
        got = student.probe.additive_without_mask(*parameters, *arguments)
        assert_close(got, attend(parameters, *arguments), names=NAMES, **LOOSE)
        # e / e is 1 in every precision, up to float32's rounding of 6e-8.
        one = "t" not in sizes or (got[1] - 1).abs().max() < 3e-7
        assert_true(one, "The weight of the only key must be 1: is something added to the denominator?", expected="1", got=got[1].min())


@graded(stage="edge", weight=1, hint="Attention has no idea of order: does your code use the position of a key anywhere?")
def test_order_of_the_keys(student, rng):
    """Shuffling keys, values and mask together shuffles the weights and leaves the context alone."""
    parameters, (query, keys, values) = draw_case(rng, t=6)
    mask = draw_mask(rng, 3, 6)
    shuffle = torch.from_numpy(rng.permutation(6))
    context, weights = attend(parameters, query, keys, values, mask)
    got = student.probe.additive_forward(*parameters, query, keys[:, shuffle], values[:, shuffle], mask[:, shuffle])
    assert_close(got, (context, weights[:, shuffle]), names=NAMES, **LOOSE)


@graded(stage="contract", weight=1, hint="Work on copies: no operation that ends in _ on an argument.")
def test_arguments_unchanged(student, rng):
    """query, keys, values and mask are not changed."""
    parameters, arguments = draw_case(rng)
    mask = draw_mask(rng, 3, 5)
    got = student.probe.additive_arguments_after(*parameters, *arguments, mask)
    assert_close(got["result"], attend(parameters, *arguments, mask), names=NAMES, **LOOSE)
    assert_unchanged(got["arguments"], (*arguments, mask), names=("query", "keys", "values", "mask"))


@graded(stage="contract", weight=1, hint="Don't convert: constants made with torch.tensor(…) can change the dtype.")
def test_float32_stays_float32(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    parameters, arguments = draw_case(rng)
    mask = draw_mask(rng, 3, 5)
    got = student.probe.additive_forward(*parameters, *arguments, mask)
    assert_close(got, attend(parameters, *arguments, mask), names=NAMES, dtype=True, **LOOSE)
    expected = tuple(result.float() for result in attend(parameters, *arguments, mask))
    got = student.probe.additive_forward(*(tensor.float() for tensor in (*parameters, *arguments)), mask)
    assert_close(got, expected, names=NAMES, dtype=True)
