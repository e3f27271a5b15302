"""Hidden tests of the exercise `luong_scores`.

Oracle: torch's bilinear function in float64; NumPy pair by pair; the gradients in closed form.
"""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_unchanged, graded

#: The docstring leaves open in which precision the work is done: float64 results are compared as float32 ones are.
LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def draw(rng, *shape, scale=1.0):
    """A normal float64 tensor."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def score(query, keys, weight=None):
    """q · W k_j one pair after the other, in NumPy."""
    q, k = query.numpy(), keys.numpy()
    w = np.eye(q.shape[1]) if weight is None else weight.numpy()
    return torch.from_numpy(np.array([[sum(a * b for a, b in zip(q[n], w @ key, strict=True)) for key in k[n]] for n in range(len(q))]))


@graded(
    stage="value",
    weight=3,
    hint="One number for each row and key: multiply the query with each key of its own row and add up over the features. No softmax.",
)
def test_dot(student, rng):
    """The dot scores of three queries with five keys each."""
    query, keys = draw(rng, 3, 4), draw(rng, 3, 5, 4)
    assert_close(student.luong_scores(query, keys), score(query, keys), **LOOSE)


@graded(stage="value", weight=3, hint="qᵀ W k: the rows of W belong to the query, its columns to the key.")
def test_general(student, rng):
    """The general scores, query and keys of different sizes."""
    query, keys, weight = draw(rng, 3, 4), draw(rng, 3, 5, 7), draw(rng, 4, 7, scale=0.4)
    expected = F.bilinear(query.unsqueeze(1).expand(-1, 5, -1), keys.contiguous(), weight.unsqueeze(0)).squeeze(2)
    assert_close(student.luong_scores(query, keys, weight), expected, **LOOSE)


@graded(stage="value", weight=3, hint="With a square W nothing complains when it is transposed. The rows of W belong to the query.")
def test_general_square(student, rng):
    """The general scores with a square W."""
    query, keys, weight = draw(rng, 2, 6), draw(rng, 2, 3, 6), draw(rng, 6, 6, scale=0.4)
    assert_close(student.luong_scores(query, keys, weight), score(query, keys, weight), **LOOSE)


@graded(stage="gradient", weight=2, hint="All three arguments get a gradient, the weight too: don't detach.")
def test_gradients(student, rng):
    """The gradients of query, keys and weight."""
    query, keys, weight, d = draw(rng, 3, 4), draw(rng, 3, 5, 2), draw(rng, 4, 2), draw(rng, 3, 5)
    expected = (
        torch.einsum("nt,qk,ntk->nq", d, weight, keys),
        torch.einsum("nt,qk,nq->ntk", d, weight, query),
        torch.einsum("nt,nq,ntk->qk", d, query, keys),
    )
    assert_close(student.probe.luong_gradients(query, keys, weight, d), expected, names=("d_query", "d_keys", "d_weight"), **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="If the shape is wrong: squeeze() without an axis removes every axis of size 1, so name the one that you mean. "
    "If only numbers are: with as many keys as rows, a product without an extra axis pairs the query of row n with key n of every row.",
)
def test_sizes_of_one(student, rng):
    """One row, one key, one feature, as many keys as rows: the shape stays (N, T), and each query meets the keys of its own row."""
    for n, t, size in ((1, 5, 3), (3, 1, 4), (1, 1, 1), (4, 4, 3)):
        query, keys = draw(rng, n, size), draw(rng, n, t, size)
        assert_close(student.luong_scores(query, keys), score(query, keys), **LOOSE)
        query, weight = draw(rng, n, 2), draw(rng, 2, size)
        assert_close(student.luong_scores(query, keys, weight), score(query, keys, weight), **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="`weight is None` is the question. A W of zeros is a W: all scores are 0 then. And a key of zeros is a key, with the score 0: "
    "what is padding the mask says, later.",
)
def test_zeros(student, rng):
    """A W of zeros gives the score 0 everywhere, and a key of zeros has the score 0."""
    query, keys = draw(rng, 3, 4), draw(rng, 3, 5, 4)
    got = student.luong_scores(query, keys, torch.zeros(4, 4, dtype=torch.float64))
    assert_close(got, torch.zeros(3, 5, dtype=torch.float64), **LOOSE)
    keys = keys.clone()
    keys[torch.arange(3), torch.from_numpy(rng.integers(5, size=3))] = 0.0
    assert_close(student.luong_scores(query, keys), score(query, keys), **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="The raw product, whatever the size of the vectors and of the score: no clipping, and the division by a root comes in the next exercise.",
)
def test_large_vectors(student, rng):
    """Vectors of size 64 are not scaled, and scores far beyond 10,000 are not clipped."""
    query, keys = draw(rng, 2, 64), draw(rng, 2, 3, 64)
    assert_close(student.luong_scores(query, keys), score(query, keys), **LOOSE)
    query, keys = (200 * query).round(), (200 * keys).round()  # whole numbers: float32 holds every score exactly
    assert_close(student.luong_scores(query, keys), score(query, keys), **LOOSE)


@graded(
    stage="edge", weight=1, hint="A transposed tensor doesn't lie in memory in order: .view refuses it, .reshape takes it all the same."
)
def test_views(student, rng):
    """Keys of an encoder that puts time first, transposed, and query and W likewise."""
    query, keys, weight = draw(rng, 3, 4), draw(rng, 3, 5, 4), draw(rng, 4, 4, scale=0.4)
    for given in ((), (weight,)):
        assert_close(student.probe.luong_of_views(query, keys, *given), score(query, keys, *given), **LOOSE)


@graded(stage="contract", weight=1, hint="No operation that ends in _ and no *= on an argument.")
def test_arguments_unchanged(student, rng):
    """query, keys and weight are not changed."""
    arguments = draw(rng, 3, 4), draw(rng, 3, 5, 4), draw(rng, 4, 4)
    call = student.run("luong_scores", *arguments)
    assert_close(call.result, score(*arguments), **LOOSE)
    assert_unchanged(call.arguments, arguments, names=("query", "keys", "weight"))


@graded(stage="contract", weight=1, hint="Don't convert: the result has the dtype of the arguments.")
def test_float32_stays_float32(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    arguments = draw(rng, 3, 4), draw(rng, 3, 5, 2), draw(rng, 4, 2)
    assert_close(student.luong_scores(*arguments), score(*arguments), dtype=True, **LOOSE)
    assert_close(student.luong_scores(*(tensor.float() for tensor in arguments)), score(*arguments).float(), dtype=True)
