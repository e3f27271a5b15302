"""Hidden tests of the exercise `fold_in`.

Oracle: least squares, the q̂ for which u · diag(s) · q̂ is nearest to the query; PyTorch's SVD; places that are known beforehand.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_unchanged, graded


def draw_space(rng, n_terms, k):
    """Orthonormal columns (V, k), and singular values between 0.2 and 8."""
    u = np.linalg.qr(rng.normal(size=(n_terms, k)))[0]
    return u, np.sort(np.exp(rng.uniform(np.log(0.2), np.log(8), size=k)))[::-1].copy()


def solve(query, u, s):
    """Least squares."""
    return np.linalg.lstsq(u * s, np.asarray(query, dtype=float), rcond=None)[0]


@graded(stage="value", weight=3, hint="Project with the transpose of u, then divide by the singular values.")
def test_one_query(student, rng):
    """One query of seven terms gets its place in three dimensions."""
    u, s = draw_space(rng, 7, 3)
    query = rng.normal(size=7)
    assert_close(student.fold_in(query, u, s), solve(query, u, s))


@graded(
    stage="value", weight=3, hint="Each column is one query, in what comes in and in what comes out; s runs along the rows of the result."
)
def test_several_queries(student, rng):
    """Five queries, side by side, get their places side by side."""
    u, s = draw_space(rng, 7, 3)
    queries = rng.normal(size=(7, 5))
    assert_close(student.fold_in(queries, u, s), solve(queries, u, s))


@graded(stage="value", weight=2, hint="An old document, folded in, must land where it already is: in its column of vt.")
def test_old_documents(student, rng):
    """The columns of the old matrix land exactly on the columns of vt."""
    a = rng.normal(size=(9, 4))
    u, s, vt = (part.numpy() for part in torch.linalg.svd(torch.tensor(a), full_matrices=False))
    assert_close(student.fold_in(a, u.copy(), s.copy()), vt)


@graded(
    stage="edge", hint="With as many queries as dimensions, dividing by s along the wrong axis raises no error. Which axis does NumPy take?"
)
def test_as_many_queries_as_dimensions(student, rng):
    """As many queries as dimensions, and as many terms, too."""
    u, s = draw_space(rng, 7, 4)
    queries = rng.normal(size=(7, 4))
    assert_close(student.fold_in(queries, u, s), solve(queries, u, s))
    u, s = draw_space(rng, 4, 4)
    queries = rng.normal(size=(4, 4))
    assert_close(student.fold_in(queries, u, s), solve(queries, u, s))


@graded(stage="edge", weight=2, hint="(V, 1) gives (k, 1), and (V,) gives (k,): no axis is added or lost, in one dimension neither.")
def test_one_of_each(student, rng):
    """One query as a column stays a column; one dimension keeps its axis."""
    for k in (3, 1):
        u, s = draw_space(rng, 5, k)
        query = rng.normal(size=(5, 1))
        assert_close(student.fold_in(query, u, s), solve(query, u, s))
        assert_close(student.fold_in(query[:, 0].copy(), u, s), solve(query[:, 0], u, s))


@graded(stage="edge", hint="Counts are integers, and the result is not.")
def test_integers(student, rng):
    """Queries may be integers, as counts are."""
    u, s = draw_space(rng, 6, 4)
    for shape in ((6,), (6, 3)):
        counts = rng.integers(0, 5, size=shape)
        assert_close(student.fold_in(counts, u, s), solve(counts, u, s))


@graded(stage="edge", hint="The map is linear: no length is divided out, and no query influences another one.")
def test_linear(student, rng):
    """Twice the query lands twice as far, and a query's place does not depend on its neighbours."""
    u, s = draw_space(rng, 8, 3)
    queries = rng.normal(size=(8, 4)) * np.array([1.0, 100.0, 0.01, 3.0])
    assert_close(student.fold_in(queries, u, s), np.column_stack([solve(q, u, s) for q in queries.T]), rtol=1e-6)


@graded(
    stage="edge",
    hint="All singular values are above 0, so nothing has to be kept from dividing by 0: add nothing to them, and leave none out.",
)
def test_small_singular_values(student, rng):
    """Weak directions count as well: singular values far below 1."""
    u, _ = draw_space(rng, 9, 4)
    s, place = np.array([3.0, 1e-2, 1e-4, 1e-6]), rng.uniform(1, 2, size=4)
    # The query is put together from the place that it must get. Seen: 2e-11, by way of a pseudo-inverse.
    assert_close(student.fold_in((u * s) @ place, u, s), place, rtol=1e-7)
    s = 1e-9 * s[0] * np.array([1.0, 0.7, 0.4, 0.02])
    assert_close(student.fold_in((u * s) @ place, u, s), place, rtol=1e-7)


@graded(stage="contract", hint="`u /= s` changes the caller's matrix: make a new one.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    u, s = draw_space(rng, 7, 3)
    queries = rng.normal(size=(7, 5))
    call = student.run("fold_in", queries, u, s)
    assert_close(call.result, solve(queries, u, s))
    assert_unchanged(call.arguments, (queries, u, s), ("query", "u", "s"))
