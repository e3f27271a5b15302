"""Hidden tests of the exercise `log_entropy`.

Oracle: `torch.special.entr`, which knows that 0 · ln 0 is 0, and rows by hand.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_unchanged, graded


def draw_counts(rng, n_terms, n_documents):
    """Counts in which every term and every document has something, and terms differ in how evenly they are spread."""
    counts = rng.integers(1, 9, size=(n_terms, n_documents)) * (rng.random((n_terms, n_documents)) < 0.6)
    counts[rng.permutation(n_terms)[np.arange(n_documents) % n_terms], np.arange(n_documents)] += 1
    counts[np.arange(n_terms), rng.permutation(n_documents)[np.arange(n_terms) % n_documents]] += 2
    counts[1] += 1
    return counts.astype(float)


def oracle(counts):
    """ln(1 + tf) times one minus the normalised entropy, by PyTorch."""
    tf = torch.tensor(np.asarray(counts, dtype=float))
    shares = tf / tf.sum(dim=1, keepdim=True).clamp_min(1e-300)
    entropy = torch.special.entr(shares).sum(dim=1)
    return (torch.log1p(tf) * (1 - entropy / np.log(tf.shape[1])).unsqueeze(1)).numpy()


@graded(
    stage="value",
    weight=3,
    hint="Shares along each row, p ln p summed over the row, divided by ln n, plus 1; times the logarithm of 1 + count.",
)
def test_random_counts(student, rng):
    """The weights are those of the formula, for seven terms and five documents."""
    counts = draw_counts(rng, 7, 5)
    assert_close(student.log_entropy(counts), oracle(counts))


@graded(
    stage="value",
    weight=2,
    hint="For [1, 1, 0, 0] among four documents the global weight is 1/2. Follow the formula with this row, by hand.",
)
def test_rows_by_hand(student, rng):
    """Rows that can be done by hand: two equal halves, one in a row, one quarter and three quarters."""
    counts = np.array([[5.0, 0, 0, 5], [0, 0, 7, 0], [1, 0, 3, 0]])
    third = 1 + (0.25 * np.log(0.25) + 0.75 * np.log(0.75)) / np.log(4)
    logs = np.log([[6.0, 1, 1, 6], [1, 1, 8, 1], [2, 1, 4, 1]])
    assert_close(student.log_entropy(counts), logs * np.array([[0.5], [1.0], [third]]))


@graded(stage="edge", hint="An even spread has the largest entropy, ln n: then the global weight is 0. In a single document it is 1.")
def test_extremes(student, rng):
    """A term spread evenly over all documents gets weights 0, a term in a single document the full logarithm."""
    counts = np.zeros((4, 6))
    counts[0], counts[1], counts[2, 4], counts[3, 0] = 3, 1, 11, 1
    expected = np.zeros((4, 6))
    expected[2, 4], expected[3, 0] = np.log(12), np.log(2)
    assert_close(student.log_entropy(counts), expected)


@graded(stage="edge", weight=2, hint="p ln p is 0 where p is 0, and a term that occurs nowhere has no shares: don't divide by its total.")
def test_unused_terms(student, rng):
    """Rows of zeros stay zero, without NaN."""
    counts = draw_counts(rng, 6, 5)
    counts[[2, 5]] = 0
    assert_close(student.log_entropy(counts), oracle(counts))


@graded(stage="edge", hint="n is the number of columns, empty documents included.")
def test_empty_documents(student, rng):
    """Empty documents count in n, and stay zero."""
    counts = draw_counts(rng, 5, 7)
    counts[:, [0, 3]] = 0
    assert_close(student.log_entropy(counts), oracle(counts))


@graded(stage="edge", hint="With as many documents as terms a wrong axis does not show in the shape: shares are taken along each row.")
def test_square(student, rng):
    """Everything is right also when there are as many terms as documents."""
    counts = draw_counts(rng, 6, 6)
    assert_close(student.log_entropy(counts), oracle(counts))


@graded(stage="edge", hint="One term, or two documents, still give a matrix with two axes.")
def test_smallest(student, rng):
    """One term, and two documents."""
    for shape in ((1, 5), (5, 2), (1, 2)):
        counts = draw_counts(rng, 3, 5)[1 : 1 + shape[0], : shape[1]] if shape[0] == 1 else draw_counts(rng, *shape)
        assert_close(student.log_entropy(counts), oracle(counts))


@graded(
    stage="edge", hint="Make a floating array first, and add nothing to the shares: a small number inside the logarithm shifts all weights."
)
def test_integers_and_fractions(student, rng):
    """The counts may be integers, fractions, large, or tiny."""
    counts = draw_counts(rng, 5, 4)
    assert_close(student.log_entropy(counts.astype(int)), oracle(counts))
    assert_close(student.log_entropy(counts / 16), oracle(counts / 16))
    assert_close(student.log_entropy(counts * 1e6), oracle(counts * 1e6))
    # Shares of a hundred-thousandth add as much to the entropy as p ln p says.
    uneven = np.array([[1.0, 99_999, 3, 0], [200_000, 0, 1, 2]])
    assert_close(student.log_entropy(uneven), oracle(uneven))
    # ln(1 + 1e-5) is right to 1e-11; a billionth added to a total of 1e-4 is off by 1e-5.
    assert_close(student.log_entropy(counts * 1e-5), oracle(counts * 1e-5), rtol=1e-7, atol=1e-13)
    # ln(1 + x) is right to 1e-16 whatever x is; 1e-12 added to a total of 1e-9 is off by 1e-13, a row taken for zero by 1e-10.
    assert_close(student.log_entropy(counts * 1e-10), oracle(counts * 1e-10), rtol=1e-7, atol=3e-15)


@graded(stage="contract", hint="`counts /= …` changes the caller's matrix: make a new one.")
def test_argument_unchanged(student, rng):
    """The matrix that comes in is not changed."""
    counts = draw_counts(rng, 5, 3)
    call = student.run("log_entropy", counts)
    assert_close(call.result, oracle(counts))
    assert_unchanged(call.arguments, (counts,), ("counts",))
