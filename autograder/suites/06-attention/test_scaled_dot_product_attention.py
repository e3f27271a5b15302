"""Hidden tests of the exercise `scaled_dot_product_attention`.

Oracle: torch.nn.functional.scaled_dot_product_attention in float64; NumPy query by query; autograd.
"""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of

NAMES = ("output", "weights")
#: The docstring leaves open in which precision the work is done: float64 results are compared as float32 ones are.
LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def draw_case(rng, leading=(3,), queries=5, keys=7, d_k=10, d_v=6, scale=1.1):
    """q, k and v; no two sizes are equal."""
    return tuple(torch.from_numpy(rng.normal(scale=scale, size=(*leading, *shape))) for shape in ((queries, d_k), (keys, d_k), (keys, d_v)))


def draw_mask(rng, *shape):
    """Each row along the last axis has two True at least and one False at least."""
    rows = np.zeros((int(np.prod(shape[:-1])), shape[-1]), dtype=bool)
    for row in rows:
        row[rng.choice(shape[-1], size=int(rng.integers(2, shape[-1])), replace=False)] = True
    return torch.from_numpy(rows.reshape(shape))


def attend(q, k, v, mask=None):
    """One query after the other, in NumPy."""
    leading, queries, keys = q.shape[:-2], q.shape[-2], k.shape[-2]
    allowed = np.broadcast_to(True if mask is None else mask.numpy(), (*leading, queries, keys))
    weights = np.zeros((*leading, queries, keys))
    output = np.zeros((*leading, queries, v.shape[-1]))
    for index in np.ndindex(*leading, queries):
        seen = allowed[index]
        if seen.any():
            s = k.numpy()[index[:-1]][seen] @ q.numpy()[index] / np.sqrt(q.shape[-1])
            e = np.exp(s - s.max())
            weights[index][seen] = e / e.sum()
            output[index] = weights[index] @ v.numpy()[index[:-1]]
    return torch.from_numpy(output), torch.from_numpy(weights)


@graded(
    stage="value",
    weight=3,
    hint="Look at the scale: the root of d_k, the size of one query. Then at the axis of the softmax: it runs over the keys.",
)
def test_weights(student, rng):
    """The weights of a batch of three, five queries and seven keys."""
    q, k, v = draw_case(rng)
    got = student.scaled_dot_product_attention(q, k, v)
    assert_true(isinstance(got, tuple | list) and len(got) == 2, "The result should be two tensors, output and weights.", got=got)
    assert_close(got[1], attend(q, k, v)[1], name="weights", **LOOSE)


@graded(stage="value", weight=2, hint="The output is the weights times the values: (queries, keys) times (keys, d_v).")
def test_output(student, rng):
    """The output agrees with torch's own scaled dot-product attention; d_v differs from d_k."""
    q, k, v = draw_case(rng, d_k=8)
    got = student.scaled_dot_product_attention(q, k, v)
    assert_true(isinstance(got, tuple | list) and len(got) == 2, "The result should be two tensors, output and weights.", got=got)
    assert_close(got[0], F.scaled_dot_product_attention(q, k, v), name="output", **LOOSE)


@graded(stage="value", weight=2, hint="Count axes from the end: -1 and -2. Then any number of leading axes works.")
def test_leading_axes(student, rng):
    """No leading axis, two of them (batch, heads), and three."""
    for leading, d_k in (((), 3), ((2, 3), 8), ((2, 3, 4), 9)):
        q, k, v = draw_case(rng, leading=leading, d_k=d_k)
        assert_close(student.scaled_dot_product_attention(q, k, v), attend(q, k, v), names=NAMES, **LOOSE)


@graded(stage="value", weight=3, hint="Mask before the softmax, with minus infinity where the mask is False.")
def test_mask(student, rng):
    """A mask (queries, keys), also over heads; a mask for each row of the batch, or each head; a padding mask (batch, 1, 1, keys)."""
    q, k, v = draw_case(rng)
    for mask in (draw_mask(rng, 5, 7), draw_mask(rng, 3, 5, 7)):
        expected = F.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask)[1]
        assert_close(student.scaled_dot_product_attention(q, k, v, mask), expected, names=NAMES, **LOOSE)
    q, k, v = draw_case(rng, leading=(2, 3), d_k=8)
    for mask in (draw_mask(rng, 2, 1, 1, 7), draw_mask(rng, 3, 5, 7)):
        assert_close(student.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask), names=NAMES, **LOOSE)
    q, k, v = draw_case(rng, leading=(5, 2), keys=5)  # as many rows as queries: nothing complains if they are taken for each other
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    assert_close(student.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask), names=NAMES, **LOOSE)


@graded(
    stage="value", weight=1, hint="With equal sizes nothing complains: rows are queries, columns are keys, and without a mask all are seen."
)
def test_equal_sizes(student, rng):
    """As many queries as keys and features, and no mask: every query sees every key, the later ones too."""
    for size in (5, 3):
        q, k, v = draw_case(rng, leading=(2,), queries=size, keys=size, d_k=size, d_v=size)
        expected = F.scaled_dot_product_attention(q, k, v), attend(q, k, v)[1]
        assert_close(student.scaled_dot_product_attention(q, k, v), expected, names=NAMES, **LOOSE)


@graded(stage="gradient", weight=3, hint="Is every step differentiable? Is nothing detached, and no result written into?")
def test_gradients(student, rng):
    """The gradients of q, k and v, through the output, with a mask."""
    q, k, v = draw_case(rng, d_k=8)
    mask, d_output = draw_mask(rng, 3, 5, 7), torch.from_numpy(rng.normal(size=(3, 5, 6)))
    leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    e = torch.exp(torch.einsum("bid,bjd->bij", leaves[0], leaves[1]) * 8**-0.5) * mask
    weights = e / e.sum(dim=-1, keepdim=True)
    expected = torch.autograd.grad(torch.einsum("bij,bjd->bid", weights, leaves[2]), leaves, d_output)
    got = gradients_of(student.probe.attention_gradients(q, k, v, mask, d_output))
    assert_close(got, expected, names=("d_q", "d_k", "d_v"), **LOOSE)


@graded(stage="edge", weight=2, hint="A query without allowed keys: zero weights, zero output, and no NaN on the way back.")
def test_query_without_keys(student, rng):
    """A query that may attend to nothing has weights and output zero, and every gradient is finite."""
    q, k, v = draw_case(rng)
    mask = draw_mask(rng, 3, 5, 7)
    mask[1, 2] = False
    mask[2] = False
    assert_close(student.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask), names=NAMES, **LOOSE)
    gradients = gradients_of(student.probe.attention_gradients(q, k, v, mask, torch.ones(3, 5, 6).double()))
    for name, gradient in zip(("q", "k", "v"), gradients, strict=True):
        assert_true(gradient.isfinite().all(), f"The gradient of {name} is not finite when a query has no keys.", got=gradient)


@graded(stage="edge", weight=1, hint="One query, one key: its weight is 1 and the output is its value.")
def test_sizes_of_one(student, rng):
    """One query, one key, d_k = 1, in every combination."""
    for sizes in ({"queries": 1}, {"keys": 1}, {"leading": (1,), "queries": 1, "keys": 1, "d_k": 1, "d_v": 1}):
        q, k, v = draw_case(rng, **sizes)
        got = student.scaled_dot_product_attention(q, k, v)
        assert_close(got, attend(q, k, v), names=NAMES, **LOOSE)
        # e / e is 1 in every precision, up to float32's rounding of 6e-8.
        one = "keys" not in sizes or (got[1] - 1).abs().max() < 3e-7
        assert_true(one, "The weight of the only key must be 1: is something added to the denominator?", expected="1", got=got[1].min())


@graded(
    stage="edge",
    weight=1,
    hint="torch.softmax is safe; an exponential of your own needs the largest score subtracted first. "
    "And a blocked score must lie below every allowed one: only minus infinity does. An allowed key keeps its weight, however small.",
)
def test_large_scores(student, rng):
    """Scores in the thousands do not overflow, with and without a mask; small weights stay; scores near -10,000 do not pass for blocked ones."""
    # Whole numbers and sixteenths, d_k = 4: float32 holds every score exactly.
    q, k, v = draw_case(rng, d_k=4, scale=60.0)
    q, k, mask = q.round(), k.round(), draw_mask(rng, 5, 7)
    assert_close(student.scaled_dot_product_attention(q, k, v), attend(q, k, v), names=NAMES, **LOOSE)
    assert_close(student.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask), names=NAMES, **LOOSE)
    q, k, v = draw_case(rng, leading=(), keys=5, d_k=4)
    q[:], k[:, 0] = torch.tensor([2.0, 0.0, 0.0, 0.0]), torch.from_numpy(rng.permutation([0.0, -9.5, -10.0, -10.5, -11.0]))
    got = student.scaled_dot_product_attention(q, k, v)
    # float32 is off by a millionth of a weight or so, however small that is.
    assert_close(got[1], attend(q, k, v)[1], name="small weights", rtol=1e-3, atol=0)
    q, k, v = draw_case(rng, d_k=4, scale=0.5)
    q, k = (16 * q).round() / 16, (16 * k).round() / 16
    q[..., 0], k[..., 0] = 200.0 - 1 / 32, -100.0  # all scores near -9,998 …
    mask, blocked = mask.clone(), int(rng.integers(7))
    k[:, blocked], mask[:, blocked] = 0.0, False  # … but those of one blocked key, which are 0
    assert_close(student.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask), names=NAMES, **LOOSE)


@graded(stage="edge", weight=1, hint="Attention has no idea of order: does your code use the position of a key anywhere?")
def test_order_of_the_keys(student, rng):
    """Shuffling keys and values together leaves the output alone."""
    q, k, v = draw_case(rng)
    shuffle = torch.from_numpy(rng.permutation(7))
    output, weights = attend(q, k, v)
    got = student.scaled_dot_product_attention(q, k[:, shuffle], v[:, shuffle])
    assert_close(got, (output, weights[..., shuffle]), names=NAMES, **LOOSE)


@graded(stage="edge", weight=1, hint="Transposed heads don't lie in memory in order: .view refuses them, .reshape takes them all the same.")
def test_views(student, rng):
    """Heads that were split off with view and transpose, and a mask that was transposed."""
    q, k, v = draw_case(rng, leading=(2, 3))
    mask = draw_mask(rng, 2, 3, 5, 7)
    assert_close(student.probe.attention_of_views(q, k, v, mask), attend(q, k, v, mask), names=NAMES, **LOOSE)


@graded(stage="contract", weight=1, hint="No operation that ends in _ and no /= on an argument.")
def test_arguments_unchanged(student, rng):
    """q, k, v and mask are not changed."""
    arguments = (*draw_case(rng), draw_mask(rng, 5, 7))
    call = student.run("scaled_dot_product_attention", *arguments)
    assert_close(call.result, attend(*arguments), names=NAMES, **LOOSE)
    assert_unchanged(call.arguments, arguments, names=("q", "k", "v", "mask"))


@graded(stage="contract", weight=1, hint="Don't convert: np.sqrt or torch.tensor(…) in float64 can change the dtype.")
def test_float32_stays_float32(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    q, k, v = draw_case(rng)
    mask = draw_mask(rng, 3, 5, 7)
    assert_close(student.scaled_dot_product_attention(q, k, v, mask), attend(q, k, v, mask), names=NAMES, dtype=True, **LOOSE)
    expected = tuple(result.float() for result in attend(q, k, v, mask))
    got = student.scaled_dot_product_attention(q.float(), k.float(), v.float(), mask)
    assert_close(got, expected, names=NAMES, dtype=True)
