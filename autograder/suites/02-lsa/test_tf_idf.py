"""Hidden tests of the exercise `tf_idf`.

Oracle: a table from scikit-learn 1.9.1, and the formula in plain Python, number by number.
"""

import math

import numpy as np

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

# Whoever computes in float32 is off by 1e-7 and a little: that is the business of one test. Mistakes are off by 1e-3 and more.
ROUGH = {"rtol": 1e-6}


def draw_counts(rng, n_terms, n_documents):
    """Counts with no zero row and no zero column, a term in all documents, and a frequent term in few of them."""
    counts = rng.integers(1, 5, size=(n_terms, n_documents)) * (rng.random((n_terms, n_documents)) < 0.5)
    counts[rng.permutation(n_terms)[np.arange(n_documents) % n_terms], np.arange(n_documents)] += 1
    counts[np.arange(n_terms), rng.permutation(n_documents)[np.arange(n_terms) % n_documents]] += 1
    counts[1] += 1
    counts[2] = 0
    counts[2, 0] = 9
    return counts.astype(float)


def formula(counts):
    """tf-idf in plain Python."""
    rows = [[float(c) for c in row] for row in counts]
    n = len(rows[0])
    idf = [math.log((1 + n) / (1 + sum(1 for c in row if c > 0))) + 1 for row in rows]
    weighted = [[c * weight for c in row] for row, weight in zip(rows, idf, strict=True)]
    lengths = [math.hypot(*(row[j] for row in weighted)) for j in range(n)]
    return np.array([[row[j] / lengths[j] if lengths[j] else 0.0 for j in range(n)] for row in weighted])


@graded(
    stage="value", weight=3, hint="Check in this order: df counts documents, the natural logarithm, the three ones, columns of length 1."
)
def test_random_counts(student, rng):
    """The weights are those of the formula, for seven terms and five documents."""
    counts = draw_counts(rng, 7, 5)
    assert_close(student.tf_idf(counts), formula(counts), **ROUGH)


@graded(
    stage="value",
    weight=2,
    hint="scikit-learn's convention: the logarithm of (1 + n) / (1 + df), plus 1; then the length of each document.",
)
def test_against_scikit_learn(student, rng):
    """A small table that scikit-learn made with its defaults."""
    counts = np.array([[2.0, 0.0, 1.0], [1.0, 4.0, 1.0], [0.0, 0.0, 3.0], [0.0, 1.0, 0.0]])
    expected = np.array(SCIKIT_LEARN)
    assert_close(student.tf_idf(counts), expected, rtol=1e-6)


@graded(stage="edge", hint="df is the number of documents in which the term occurs, however often it does.")
def test_document_frequency(student, rng):
    """A term's weight depends on how many documents have it, not on how often they do; two equal documents are two."""
    counts = draw_counts(rng, 5, 7)
    counts[3, 4] += 50
    counts[:, 6] = counts[:, 4]
    assert_close(student.tf_idf(counts), formula(counts), **ROUGH)
    assert_close(student.tf_idf(counts * np.array([3, 1, 1, 5, 1, 2, 7])), formula(counts), **ROUGH)


@graded(stage="edge", weight=2, hint="A document without any term has length 0: divide by 1 there. It is still one of the n documents.")
def test_empty_documents(student, rng):
    """Columns of zeros stay zero, without NaN, and are counted in n; also where no document has a term."""
    counts = draw_counts(rng, 5, 7)
    counts[:, [1, 6]] = 0
    assert_close(student.tf_idf(counts), formula(counts), **ROUGH)
    got = student.tf_idf(np.zeros((4, 3), dtype=int))
    assert_close(got, np.zeros((4, 3)))
    assert_true(got.dtype.kind == "f", f"The result is a floating array, whatever the counts are; its dtype is {got.dtype}.")


@graded(
    stage="edge", hint="A term that occurs nowhere has df = 0; the smoothing makes that harmless. One that occurs everywhere has idf 1."
)
def test_unused_terms(student, rng):
    """Rows of zeros stay zero; a collection whose terms are everywhere is only normalised."""
    counts = draw_counts(rng, 6, 5)
    counts[[0, 5]] = 0
    assert_close(student.tf_idf(counts), formula(counts), **ROUGH)
    everywhere = rng.integers(1, 9, size=(3, 4)).astype(float)
    assert_close(student.tf_idf(everywhere), everywhere / np.sqrt((everywhere**2).sum(axis=0)), **ROUGH)


@graded(stage="edge", hint="With as many documents as terms a wrong axis does not show in the shape. Documents are columns.")
def test_square(student, rng):
    """Everything is right also when there are as many terms as documents."""
    counts = draw_counts(rng, 6, 6)
    assert_close(student.tf_idf(counts), formula(counts), **ROUGH)


@graded(stage="edge", hint="One document or one term still gives a matrix with two axes.")
def test_one_of_each(student, rng):
    """One document, one term, and one of both."""
    for shape in ((4, 1), (1, 5), (1, 1)):
        counts = rng.integers(0, 4, size=shape).astype(float)
        counts[0, 0] = 3
        assert_close(student.tf_idf(counts), formula(counts), **ROUGH)


@graded(stage="edge", hint="Make a floating array first: an integer array cannot hold a weight, and half an occurrence is more than none.")
def test_integers_and_fractions(student, rng):
    """The counts may be integers, and they may be fractions below 1."""
    counts = draw_counts(rng, 5, 4)
    assert_close(student.tf_idf(counts.astype(int)), formula(counts), **ROUGH)
    assert_close(student.tf_idf(counts / 8), formula(counts / 8), **ROUGH)


@graded(
    stage="edge", hint="Divide by the length itself. A small number added to it is wrong for short columns; treat exactly the length 0."
)
def test_short_columns(student, rng):
    """A column of tiny fractions has length 1 afterwards, too: the result does not change when a column is scaled."""
    counts = draw_counts(rng, 5, 6)
    counts[:, 4] = 0
    assert_close(student.tf_idf(counts * np.array([1e-9, 1.0, 1e-17, 1e6, 1.0, 1e-16])), formula(counts), **ROUGH)


@graded(stage="edge", hint="float32 keeps seven digits. Leave the arrays in float64, which is what NumPy takes by itself.")
def test_double_precision(student, rng):
    """Everything is computed in float64: ten digits are right."""
    counts = draw_counts(rng, 15, 12)
    got = student.tf_idf(counts)
    single = isinstance(got, np.ndarray) and got.dtype == np.float32  # rounded at the end: as exact as it can be
    # Seen: 1e-15; of 180 numbers computed in float32, the worst is off by 1e-7.
    assert_close(got, formula(counts), **(ROUGH if single else {"rtol": 1e-10, "atol": 1e-12}))


@graded(stage="contract", hint="`counts *= …` and `counts /= …` change the caller's matrix: make a new one.")
def test_argument_unchanged(student, rng):
    """The matrix that comes in is not changed."""
    counts = draw_counts(rng, 5, 3)
    call = student.run("tf_idf", counts)
    assert_close(call.result, formula(counts), **ROUGH)
    assert_unchanged(call.arguments, (counts,), ("counts",))


# Made once by sklearn.feature_extraction.text.TfidfTransformer().fit_transform(counts.T).T of scikit-learn 1.9.1.
SCIKIT_LEARN = [
    [0.932191685, 0.0, 0.241379267],
    [0.361965001, 0.920897882, 0.187452534],
    [0.0, 0.0, 0.952154188],
    [0.0, 0.389803913, 0.0],
]
