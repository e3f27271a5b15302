"""Hidden tests of the exercise `rank_documents`.

Oracle: PyTorch's cosines, sorted by Python as (−score, index).

Ties are made of entries ±1 in four dimensions, all of length 2: there every way to compute the cosine is exact, so ties are ties.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded


def expected_ranking(query, documents, top):
    """The best indices and scores, by PyTorch and Python's sort."""
    q, d = torch.tensor(np.asarray(query, dtype=float)), torch.tensor(np.asarray(documents, dtype=float))
    lengths = d.norm(dim=1) * q.norm()
    scores = torch.where(lengths > 0, (d * q).sum(dim=1) / lengths.clamp_min(1e-300), 0.0).tolist()
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:top]
    return np.array(order), np.array([scores[i] for i in order])


def check(got, expected):
    """Indices and scores, each an array of the right length."""
    assert_true(isinstance(got, tuple | list) and len(got) == 2, "`rank_documents` returns the tuple indices, scores.", got=got)
    indices, scores = got
    n = len(expected[0])
    for part, name in ((indices, "indices"), (scores, "scores")):
        kind = type(part).__name__
        assert_true(isinstance(part, np.ndarray), f"`{name}` should be a NumPy array; it is a {kind}.", got=part)
    assert_true(indices.shape == (n,), f"`indices` should have the shape ({n},); it has {indices.shape}.", got=indices)
    assert_true(indices.dtype.kind in "iu", f"`indices` should be integers; the dtype is {indices.dtype}.")
    assert_close((indices, scores), expected, names=("indices", "scores"))


def draw_ties(rng, n):
    """A query and n documents with entries ±1 in four dimensions: cosines are -1, -1/2, 0, 1/2 or 1, with many ties."""
    query, documents = rng.choice([-1.0, 1.0], size=4), rng.choice([-1.0, 1.0], size=(n, 4))
    documents[n // 2] = query
    return query, documents


@graded(
    stage="value",
    weight=3,
    hint="Cosines with all documents, the largest first. A distance would put the worst first; a plain product, the longest.",
)
def test_random_documents(student, rng):
    """The best five of 23 documents, with their cosines, best first."""
    query = rng.normal(size=6) * 3
    documents = rng.normal(size=(23, 6)) * np.exp(rng.normal(size=(23, 1)))
    check(student.rank_documents(query, documents, 5), expected_ranking(query, documents, 5))


@graded(stage="value", weight=2, hint="Best first means descending: the score of each document is at most that of the one before it.")
def test_all_documents(student, rng):
    """All documents in order, from the most similar to the most opposite."""
    query, documents = rng.normal(size=3), rng.normal(size=(11, 3)) * np.exp(rng.normal(size=(11, 1)))
    documents[4], documents[7] = -2 * query, 3 * query
    check(student.rank_documents(query, documents, 11), expected_ranking(query, documents, 11))


@graded(
    stage="edge",
    weight=2,
    hint="Turning an ascending order round turns ties round, too, and NumPy's default sort keeps no order among equals.",
)
def test_ties(student, rng):
    """Among documents with equal scores the lower index comes first: 300 documents, and only five different scores."""
    query, documents = draw_ties(rng, 300)
    check(student.rank_documents(query, documents, 300), expected_ranking(query, documents, 300))
    check(student.rank_documents(query, documents, 90), expected_ranking(query, documents, 90))


@graded(stage="edge", hint="Only equal scores tie. A score that is rounded, or kept in float32, makes ties where there are none.")
def test_nearly_equal(student, rng):
    """Scores that differ in the eighth or the thirteenth place are different: the better document comes first, whatever its index."""
    angles = 0.7 + 3e-8 * rng.permutation(12)
    documents = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(0.5, 2, size=(12, 1))
    # The scores are the cosines of the angles; neighbours differ by 2e-8, and rounding is 1e-16.
    order = np.argsort(angles)[:7]
    check(student.rank_documents(np.array([2.0, 0.0]), documents, 7), (order, np.cos(angles[order])))
    # The scores are 1e-13, 2e-13, … 9e-13. By way of angles or distances from 1 they are still right to 3e-16.
    scores = 1e-13 * rng.permutation(np.arange(1, 10))
    documents = np.column_stack([scores, np.ones(9)]) * rng.uniform(0.5, 2, size=(9, 1))
    order = np.argsort(-scores)
    check(student.rank_documents(np.array([3.0, 0.0]), documents, 9), (order, scores[order]))


@graded(stage="edge", hint="A small number added to the lengths is wrong for short vectors. Treat exactly the length 0.")
def test_short_vectors(student, rng):
    """Lengths have no influence, however small they are."""
    query, documents = rng.normal(size=5) * 1e-7, rng.normal(size=(9, 5)) * 10.0 ** rng.integers(-9, 4, size=(9, 1))
    check(student.rank_documents(query, documents, 9), expected_ranking(query, documents, 9))
    query, documents = rng.normal(size=5), rng.normal(size=(9, 5)) * 10.0 ** -rng.permutation(np.arange(12, 30, 2))[:, None]
    check(student.rank_documents(query, documents, 9), expected_ranking(query, documents, 9))
    check(student.rank_documents(query * 1e-18, documents, 9), expected_ranking(query, documents, 9))


@graded(stage="edge", hint="There are no more documents than there are: a slice that is too long is no error.")
def test_top_too_large(student, rng):
    """If more documents are asked for than there are, all come, and no more."""
    query, documents = rng.normal(size=4), rng.normal(size=(5, 4))
    check(student.rank_documents(query, documents, 6), expected_ranking(query, documents, 6))
    check(student.rank_documents(query, documents, 100), expected_ranking(query, documents, 100))


@graded(stage="edge", hint="A zero vector has the score 0: above documents that point the other way, below those that point the same way.")
def test_zero_documents(student, rng):
    """Empty documents have the score 0 and stand between positive and negative ones."""
    query, documents = draw_ties(rng, 37)
    documents[[3, 20, 21]] = 0
    check(student.rank_documents(query, documents, 37), expected_ranking(query, documents, 37))


@graded(stage="edge", hint="With a zero query all scores are 0, so all documents tie. NaN sorts anywhere.")
def test_zero_query(student, rng):
    """A query of zeros gives the first documents, with scores 0, without NaN."""
    documents = rng.normal(size=(29, 3))
    check(student.rank_documents(np.zeros(3), documents, 7), (np.arange(7), np.zeros(7)))


@graded(stage="edge", hint="One document, one dimension, or one answer: the results keep their one axis.")
def test_one_of_each(student, rng):
    """One document, one dimension, the single best one."""
    query = rng.normal(size=4)
    for documents, top in ((rng.normal(size=(1, 4)), 3), (rng.normal(size=(6, 4)), 1)):
        check(student.rank_documents(query, documents, top), expected_ranking(query, documents, top))
    check(
        student.rank_documents(np.array([-2.0]), np.array([[1.0], [-4.0], [2.0], [-0.5]]), 3), (np.array([1, 3, 0]), np.array([1.0, 1, -1]))
    )


@graded(stage="edge", hint="Integer arrays cannot hold cosines, and products of large integers overflow: make floating ones first.")
def test_integers(student, rng):
    """Queries and documents may be integers, small or large."""
    query, documents = np.array([100, 0]), np.column_stack([rng.permutation(np.arange(-110, 111, 10)), np.full(23, 30)])
    check(student.rank_documents(query, documents, 12), expected_ranking(query, documents, 12))
    # The squares of the lengths are about 2e10 each: they fit into 64 bits, and their product does not.
    query, documents = rng.integers(40_000, 90_000, size=4), rng.integers(-90_000, 90_000, size=(9, 4))
    check(student.rank_documents(query, documents, 9), expected_ranking(query, documents, 9))


@graded(stage="contract", hint="Sort indices, not the documents themselves; divide, multiply and round into new arrays.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    query, documents = rng.normal(size=5), rng.normal(size=(8, 5))
    call = student.run("rank_documents", query, documents, 4)
    check(call.result, expected_ranking(query, documents, 4))
    assert_unchanged(call.arguments[:2], (query, documents), ("query", "documents"))
