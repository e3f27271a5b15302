"""Hidden tests of the exercise `cosine_similarity`.

Oracle: `torch.nn.functional.cosine_similarity`, and the cosines of angles that are known.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded


def oracle(a, b):
    """All pairs by PyTorch, for rows that are not zero."""
    a, b = (torch.tensor(np.asarray(x, dtype=float)) for x in (a, b))
    return torch.nn.functional.cosine_similarity(a.unsqueeze(1), b.unsqueeze(0), dim=2).numpy()


@graded(stage="value", weight=3, hint="Divide each row by its own length, those of a and those of b; then all inner products.")
def test_random_rows(student, rng):
    """Five vectors against seven, in three dimensions, of different lengths."""
    a = rng.normal(size=(5, 3)) * rng.uniform(0.2, 5, size=(5, 1))
    b = rng.normal(size=(7, 3)) * rng.uniform(0.2, 5, size=(7, 1))
    assert_close(student.cosine_similarity(a, b), oracle(a, b))


@graded(stage="value", weight=2, hint="The cosine of an angle, not the angle, nor its distance from 1; opposite vectors have -1.")
def test_known_angles(student, rng):
    """Vectors in a plane at known angles: the result is the cosine of the angle between them."""
    first, second = rng.uniform(0, 2 * np.pi, size=4), rng.uniform(0, 2 * np.pi, size=5)
    a = np.column_stack([np.cos(first), np.sin(first)]) * rng.uniform(0.5, 3, size=(4, 1))
    b = np.column_stack([np.cos(second), np.sin(second)]) * rng.uniform(0.5, 3, size=(5, 1))
    assert_close(student.cosine_similarity(a, b), np.cos(first[:, None] - second))


@graded(stage="edge", hint="With equal sizes a transposed result has the right shape: the entry [i, j] belongs to a[i] and b[j].")
def test_square(student, rng):
    """As many vectors on both sides as dimensions."""
    a, b = rng.normal(size=(4, 4)) * rng.uniform(0.2, 5, size=(4, 1)), rng.normal(size=(4, 4)) * rng.uniform(0.2, 5, size=(4, 1))
    assert_close(student.cosine_similarity(a, b), oracle(a, b))
    assert_close(student.cosine_similarity(a, a), oracle(a, a))


@graded(stage="edge", weight=2, hint="A vector of length 0 has no direction: what do you divide by there? The answer is 0.")
def test_zero_vectors(student, rng):
    """Zero vectors, on either side or on both, have cosine 0 with everything, themselves included, without NaN."""
    a, b = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    expected = oracle(a, b)
    a[[0, 2]], b[3] = 0, 0
    expected[[0, 2]], expected[:, 3] = 0, 0
    assert_close(student.cosine_similarity(a, b), expected)
    expected = oracle(b, b)
    expected[3], expected[:, 3] = 0, 0
    assert_close(student.probe.cosines_with_itself(b), expected)


@graded(
    stage="edge", hint="A small number added to the denominator, or a threshold, is wrong for short vectors. Treat exactly the length 0."
)
def test_lengths(student, rng):
    """Very short and very long vectors have the same cosines as others."""
    a, b = rng.normal(size=(4, 5)), rng.normal(size=(3, 5))
    lengths = np.array([[1e-9], [1.0], [1e9], [1e-18]])
    assert_close(student.cosine_similarity(a * lengths, b), oracle(a, b))
    assert_close(student.cosine_similarity(a * lengths, b * np.array([[1e-9], [1e3], [1e9]])), oracle(a, b))


@graded(stage="edge", hint="One vector on each side still gives a matrix; and in one dimension the cosine is a sign.")
def test_one_of_each(student, rng):
    """One vector on either side, or one dimension."""
    for n_a, n_b, d in ((1, 4, 3), (4, 1, 3), (1, 1, 3)):
        a, b = 2 * rng.normal(size=(n_a, d)), 3 * rng.normal(size=(n_b, d))
        assert_close(student.cosine_similarity(a, b), oracle(a, b))
    assert_close(
        student.cosine_similarity(np.array([[2.0], [-3.0]]), np.array([[0.5], [-7.0], [0.0]])), np.array([[1.0, -1, 0], [-1, 1, 0]])
    )


@graded(
    stage="edge",
    hint="Integer arrays cannot hold fractions, and products of large integers overflow: make floating ones first, of both arguments.",
)
def test_integers(student, rng):
    """The vectors may be integers, small or large."""
    a, b = rng.integers(1, 6, size=(3, 4)), rng.integers(-5, 0, size=(5, 4))
    assert_close(student.cosine_similarity(a, b), oracle(a, b))
    # The squares of the lengths are about 2e10 each: they fit into 64 bits, and their product does not.
    a, b = rng.integers(40_000, 90_000, size=(2, 4)), rng.integers(-90_000, 90_000, size=(3, 4)) + np.array([0, 0, 0, 200_000])
    assert_close(student.cosine_similarity(a, b), oracle(a, b))


@graded(stage="edge", hint="Every cosine lies between -1 and 1, and a vector's cosine with itself is 1.")
def test_with_itself(student, rng):
    """Each vector's cosine with itself is 1, and order does not matter."""
    a = rng.normal(size=(6, 4)) * rng.uniform(0.2, 5, size=(6, 1))
    got = student.cosine_similarity(a, a)
    assert_close(got, oracle(a, a))
    assert_true(np.abs(np.diag(got) - 1).max() < 1e-9, "The cosine of a vector with itself is 1.")


@graded(stage="contract", hint="`a /= …` changes the caller's vectors: make new ones.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    a, b = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    call = student.run("cosine_similarity", a, b)
    assert_close(call.result, oracle(a, b))
    assert_unchanged(call.arguments, (a, b), ("a", "b"))
