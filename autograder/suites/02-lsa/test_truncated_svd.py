"""Hidden tests of the exercise `truncated_svd`.

Oracle: `torch.linalg.svd`, matrices made from known singular values, and properties that define the result.

The full SVD of `a` is noticed by the sandbox: see suite.toml. The matrices here are larger than 64 × 64 wherever it would be a way out.

Tolerances leave room for float32, and signs are free: these are the business of one test or two. Mistakes are off by far more.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("u", "s", "vt")


def make(rng, m, n, values):
    """A matrix (m, n) with these singular values."""
    u = np.linalg.qr(rng.normal(size=(m, len(values))))[0]
    v = np.linalg.qr(rng.normal(size=(n, len(values))))[0]
    return (u * np.asarray(values)) @ v.T


def oracle(a, k):
    """The k largest by PyTorch's full decomposition, the largest entry of each column of u made positive."""
    u, s, vt = (part.numpy() for part in torch.linalg.svd(torch.tensor(np.asarray(a, dtype=float)), full_matrices=False))
    u, s, vt = u[:, :k].copy(), s[:k].copy(), vt[:k].copy()
    for j in range(k):
        if u[np.abs(u[:, j]).argmax(), j] < 0:
            u[:, j], vt[j] = -u[:, j], -vt[j]
    return u, s, vt


def parts(got, m, n, k):
    """u, s, vt as floating arrays of the right shapes."""
    if isinstance(got, tuple) and got and isinstance(got[0], str) and got[0] == "calls":
        library = next((name for name in ("sklearn", "scipy.sparse") if name in got[1:]), "another library")
        assert_true(False, f"`truncated_svd` calls {library}. This exercise asks you to write that yourself.")
    assert_true(isinstance(got, tuple | list) and len(got) == 3, "`truncated_svd` returns the tuple u, s, vt.", got=got)
    for part, name, shape in zip(got, NAMES, ((m, k), (k,), (k, n)), strict=True):
        right = isinstance(part, np.ndarray) and part.shape == shape and part.dtype.kind == "f"
        assert_true(right, f"For a matrix {m} × {n} and k = {k}, `{name}` is a floating array of shape {shape}.", got=part)
        assert_true(np.isfinite(part).all(), f"`{name}` holds NaN or infinite values.")
    return tuple(got)


def check_orthonormal(u, vt, slack=1e-5):
    """Columns of u and rows of vt."""
    for name, gram in (("columns of u", u.T @ u), ("rows of vt", vt @ vt.T)):
        worst = float(np.abs(gram - np.eye(len(gram))).max())
        assert_true(worst < slack, f"The {name} should be orthonormal: their inner products are off by up to {worst:.2g}.")


def close_but_for_signs(got, expected):
    """u, s and vt, where a column of u and its row of vt may be flipped together."""
    u, s, vt = got
    flips = np.where((u * expected[0]).sum(axis=0) < 0, -1, 1)
    assert_close((u * flips, s, flips[:, None] * vt), expected, names=NAMES, rtol=1e-5, atol=1e-5)


def check_signs(u):
    """The largest entry of each column is positive."""
    wrong = [j for j in range(u.shape[1]) if u[np.abs(u[:, j]).argmax(), j] < 0]
    assert_true(not wrong, f"In {len(wrong)} of {u.shape[1]} columns of u the entry of largest absolute value is negative.")


def values_of(student, a, k, seed, options):
    """The singular values alone."""
    return parts(student.probe.decomposed(a, k, seed, options), *a.shape, k)[1]


def shortfall(student, a, true_s, k, seed, options, sketches=3):
    """By which share the singular values are too small, on the average over some sketches."""
    return float(np.mean([1 - values_of(student, a, k, seed + i, options) / true_s[:k] for i in range(sketches)]))


def is_default(student, a, k, seed, options):
    """Whether `options` change nothing. If two equal calls differ already, nothing can be said, and another test does."""
    plain, again, given = (values_of(student, a, k, seed, some) for some in ({}, {}, options))
    return np.abs(plain - again).max() > 1e-9 or np.abs(plain - given).max() < 1e-9


@graded(
    stage="value",
    weight=4,
    hint="Compare step by step with the list in «A sketch instead of everything»: the shapes of Ω, Q and B, then U = Q Ũ.",
)
def test_fading_values(student, rng):
    """u, s and vt of a tall matrix with quickly fading singular values, by a full decomposition elsewhere."""
    a = make(rng, 93, 71, 5 * 0.6 ** np.arange(40))
    got = parts(student.probe.decomposed(a, 6, 1, {}), 93, 71, 6)
    # Seen: 1e-12. Any direction taken for another one is off by 0.1 and more.
    assert_close(got, oracle(a, 6), names=NAMES, rtol=1e-5, atol=1e-5)


@graded(stage="value", weight=3, hint="A wide matrix follows the same five steps. Which of the two sides does Ω multiply?")
def test_wide(student, rng):
    """A wide matrix, too: u · diag(s) · vt leaves out nothing but the small values."""
    values = 3 * 0.55 ** np.arange(45)
    a = make(rng, 70, 101, values)
    u, s, vt = parts(student.probe.decomposed(a, 7, 2, {}), 70, 101, 7)
    assert_close(s, values[:7], name="s", rtol=1e-4)
    rest = float(np.linalg.norm(a - (u * s) @ vt, 2))
    assert_true(
        rest < values[7] * 1.001,
        f"u · diag(s) · vt misses a by {rest:.3g}; the best summary with 7 directions misses it by {values[7]:.3g}.",
    )


@graded(
    stage="edge",
    weight=2,
    hint="Orthonormalise after each multiplication. Without it all columns turn into the strongest direction, and the others drown.",
)
def test_wide_range(student, rng):
    """Singular values that span four orders of magnitude are all found."""
    values = 10.0 ** (-np.arange(40) / 2)
    a = make(rng, 90, 75, values)
    _, s, _ = parts(student.probe.decomposed(a, 9, 3, {}), 90, 75, 9)
    # Seen: 1e-13, and 3e-13 by way of eigenvalues of B Bᵀ; without orthonormalisation 0.7.
    assert_close(s, values[:9], name="s", rtol=1e-4)


@graded(
    stage="edge",
    weight=3,
    hint="n_iter rounds, each by a.T and then by a, and none if it is 0. Every round makes the values of slowly fading matrices better.",
)
def test_n_iter(student, rng):
    """Each round of sharpening improves the singular values of a matrix that fades slowly, and four are the default."""
    # Behind eight strong directions there is a gap, so that a few columns more or less in the sketch change little.
    values = np.concatenate([np.linspace(1, 0.8, 8), 0.5 * np.arange(1, 85) ** -0.1])
    a = make(rng, 150, 100, values)
    none, one, four = (shortfall(student, a, values, 8, 10 * rounds, {"n_iter": rounds}) for rounds in (0, 1, 4))
    # Seen in 60 matrices: 0.2 to 0.25 without rounds, 0.01 to 0.02 with one, 0.0004 to 0.0008 with two, 1e-6 with four;
    # with half the oversampling up to 0.31, 0.04, 0.004 and 2e-5.
    assert_true(none > 0.12, "With n_iter = 0 the sketch is not sharpened at all: the values should be clearly too small.", got=none)
    assert_true(one < 0.12, "With n_iter = 1 the values should be closer.", got=one, expected="below 0.12 on the average")
    assert_true(one > 0.003, "With n_iter = 1 the values are better than one round can make them.", got=one)
    assert_true(four < 1e-4, "With n_iter = 4 the values should be nearly exact.", got=four, expected="below 0.0001 on the average")
    assert_true(is_default(student, a, 8, 70, {"n_iter": 4}), "n_iter is 4 if it is not given: s should be the same with n_iter = 4.")


@graded(stage="edge", weight=2, hint="The sketch has k + n_oversamples columns, and is cut to k at the very end.")
def test_n_oversamples(student, rng):
    """More columns in the sketch improve the values, none more than k is allowed, and ten more are the default."""
    # Fading so slowly that four rounds are not enough, and one more or less changes little.
    values = np.arange(1, 91) ** -0.15
    a = make(rng, 120, 95, values)
    few, many = (shortfall(student, a, values, 8, 20 + p, {"n_oversamples": p, "n_iter": 4}, sketches=2) for p in (0, 40))
    # Seen in 60 matrices: 0.027 to 0.048 and 0.0005 to 0.001; with always ten more 0.006 to 0.011, with always five 0.011 to 0.02.
    assert_true(few > 0.0145, "With n_oversamples = 0 the values should be clearly too small.", got=few)
    assert_true(many < 0.003, "With n_oversamples = 40 the values should be closer.", got=many, expected="below 0.003 on the average")
    ten = is_default(student, a, 8, 70, {"n_oversamples": 10})
    assert_true(ten, "n_oversamples is 10 if it is not given: s should be the same with n_oversamples = 10.")


@graded(
    stage="edge",
    hint="A small matrix is sketched like a large one. Only where k + n_oversamples is not less than the smaller side is nothing left out.",
)
def test_small_matrices_are_sketched(student, rng):
    """Small matrices are not decomposed whole either: where values hardly fade, a sketch makes them a little too small."""
    for m, n, k, options in (
        (57, 50, 5, {}),
        (29, 33, 3, {"n_oversamples": 4}),
        (16, 13, 1, {"n_oversamples": 2}),
        (24, 20, 10, {"n_oversamples": 7}),
    ):
        values = np.arange(1, min(m, n) + 1) ** -0.05
        missing = shortfall(student, make(rng, m, n, values), values, k, 90, options)
        # Seen in 300 matrices: 0.0025 and more; decomposed whole, 1e-15.
        assert_true(
            missing > 1e-6,
            f"For a matrix {m} × {n} and k = {k} the values are better than a sketch can make them: was a itself decomposed?",
        )


@graded(stage="edge", hint="Step 1: Ω is drawn from the standard normal distribution. NumPy's generators have a method for it.")
def test_normal_sketch(student, rng):
    """The sketch is made with standard normal numbers."""
    # Of the identity, one column of a sketch is Ω itself, but for its length and sign: here are 800 numbers of Ω.
    runs = student.probe.decomposed_again(np.eye(200), 1, [31, 32, 33, 34], {"n_oversamples": 0, "n_iter": 0})
    assert_true(isinstance(runs, tuple | list) and len(runs) == 4, "`truncated_svd` returns the tuple u, s, vt.", got=runs)
    drawn = np.concatenate([parts(run, 200, 200, 1)[0][:, 0] for run in runs]) * np.sqrt(200)
    # Normal numbers: the mean is 0 with a standard error of 0.035; a largest one below 2 or above 8.5 has a probability below 1e-12.
    mean, largest = float(drawn.mean()), float(np.abs(drawn).max())
    start = "With a the identity, k = 1, n_oversamples = 0 and n_iter = 0, u is Ω with length 1: its entries should be spread normally."
    assert_true(abs(mean) < 0.3, f"{start} Their mean is {mean:.2f} standard deviations instead of 0.")
    assert_true(largest > 2, f"{start} Of 800 the largest is {largest:.2f} standard deviations, and none is above 2.")
    assert_true(largest < 8.5, f"{start} Nearly all of them are 0.")


@graded(
    stage="edge",
    hint="Off in the seventh digit: some array is float32. Leave them in float64, which is what NumPy takes by itself. Off in the first: "
    "the sketch has more columns than this matrix has directions, and its basis has to be orthonormal all the same.",
)
def test_double_precision(student, rng):
    """Everything is computed in float64: for a matrix of rank 3, ten digits are right."""
    a = make(rng, 77, 68, [30.0, 20, 15])
    u, s, vt = parts(student.probe.decomposed(a, 3, 15, {}), 77, 68, 3)
    if np.float32 not in (u.dtype, s.dtype, vt.dtype):  # rounded at the end: as exact as they can be
        # Seen: 1e-14, and 1e-13 by way of eigenvalues; in float32 1e-7.
        assert_close(s, np.array([30.0, 20, 15]), name="s", rtol=1e-10)
        check_orthonormal(u, vt, 1e-10)


@graded(
    stage="edge", hint="Look for the largest *absolute* value in each column of u. Where a column is flipped, flip the row of vt as well."
)
def test_signs(student, rng):
    """In each column of u the largest entry is positive, and vt is flipped along."""
    a = -np.abs(make(rng, 80, 66, 4 * 0.7 ** np.arange(12)))
    a[3], a[:, 5] = -9 * a[3], 2 - a[:, 5]
    u, s, vt = parts(student.probe.decomposed(a, 5, 4, {}), 80, 66, 5)
    check_signs(u)
    low_rank = make(rng, 67, 85, [7.0, 3, 2, 0.5])
    u, s, vt = parts(student.probe.decomposed(low_rank, 4, 5, {}), 67, 85, 4)
    check_signs(u)
    assert_close((u * s) @ vt, low_rank, name="u · diag(s) · vt", rtol=1e-4, atol=1e-5)


@graded(
    stage="edge",
    weight=2,
    hint="The sketch cannot have more columns than the matrix has rows or columns: take the smallest of the three numbers.",
)
def test_small_matrices(student, rng):
    """Small matrices, for which k + n_oversamples is too many: then the result is exact."""
    for m, n, k in ((7, 5, 3), (5, 7, 5), (7, 5, 5), (4, 13, 1), (1, 4, 1), (4, 1, 1), (3, 3, 2)):
        a = make(rng, m, n, 3 * 0.6 ** np.arange(min(m, n)))
        close_but_for_signs(parts(student.probe.decomposed(a, k, 6, {}), m, n, k), oracle(a, k))


@graded(stage="edge", hint="With fewer directions than asked for, the last values are 0: don't divide by them.")
def test_rank_deficient(student, rng):
    """More directions are asked for than the matrix has: the last values are 0, nothing is NaN, everything is orthonormal."""
    values = np.array([6.0, 2.5, 1.0])
    a = make(rng, 82, 69, values)
    u, s, vt = parts(student.probe.decomposed(a, 5, 7, {}), 82, 69, 5)
    # By way of eigenvalues of B Bᵀ a zero is only known to about 1e-7.
    assert_close(s, np.array([*values, 0, 0]), name="s", atol=1e-5)
    check_orthonormal(u, vt)
    u, s, vt = parts(student.probe.decomposed(np.outer(np.arange(1.0, 6), np.arange(1.0, 5)), 3, 16, {}), 5, 4, 3)
    assert_close(s, np.array([np.sqrt(55 * 30), 0, 0]), name="s", atol=1e-5)
    check_orthonormal(u, vt)


@graded(stage="edge", hint="The values descend, and they are those of a, not their squares; u and vt come in the same order.")
def test_orthonormal_and_descending(student, rng):
    """The values descend, and columns of u and rows of vt are orthonormal, also where the values fade slowly."""
    a = make(rng, 110, 140, np.arange(1, 101) ** -0.4)
    u, s, vt = parts(student.probe.decomposed(a, 11, 8, {}), 110, 140, 11)
    check_orthonormal(u, vt)
    assert_true((np.diff(s) <= 0).all() and s[-1] > 0, "The singular values should be positive and descend.", got=s[:3])
    # Whatever basis is found, s, u and vt of one decomposition fit together: uᵀ a vtᵀ is diag(s).
    assert_close(u.T @ a @ vt.T, np.diag(s), name="u.T @ a @ vt.T", rtol=1e-5, atol=1e-5)


@graded(stage="edge", hint="Counts are integers. Make a floating array first.")
def test_integers(student, rng):
    """The matrix may hold integers, as counts are."""
    a = rng.integers(0, 40, size=(84, 3)) @ rng.integers(0, 9, size=(3, 67))  # no row is the negative of another
    close_but_for_signs(parts(student.probe.decomposed(a, 3, 9, {}), 84, 67, 3), oracle(a, 3))


@graded(
    stage="edge", hint="Only matrices with a side of k + n_oversamples are decomposed. Everything else is multiplication, which is fast."
)
def test_large(student, rng):
    """A matrix of 900 × 700 takes no time worth speaking of."""
    values = 20 * 0.8 ** np.arange(60)
    a = make(rng, 900, 700, values)
    u, s, vt = parts(student.probe.decomposed(a, 20, 11, {}), 900, 700, 20)
    assert_close(s, values[:20], name="s", rtol=1e-4)
    assert_true(float(np.abs(a - (u * s) @ vt).max()) < 0.1 * values[20], "u · diag(s) · vt is not near enough to a.")


@graded(stage="contract", weight=2, hint="Every random number comes from the `rng` that is passed in, and from nothing else.")
def test_randomness(student, rng):
    """The same rng gives the same result, and another one another result, where a sketch is all there is."""
    a = make(rng, 95, 80, np.arange(1, 71) ** -0.3)
    runs = student.probe.decomposed_again(a, 4, [12, 12, 13], {"n_iter": 0, "n_oversamples": 3})
    assert_true(isinstance(runs, tuple | list) and len(runs) == 3, "`truncated_svd` returns the tuple u, s, vt.", got=runs)
    first, again, other = (parts(run, 95, 80, 4) for run in runs)
    assert_true(np.abs(first[1] - again[1]).max() < 1e-9, "Two runs with an rng in the same state differ.")
    assert_true(np.abs(first[1] - other[1]).max() > 1e-6, "Another rng changes nothing: the random numbers come from elsewhere.")


@graded(stage="contract", hint="No in-place operation on a: work on new arrays.")
def test_argument_unchanged(student, rng):
    """The matrix that comes in is not changed."""
    a = make(rng, 72, 68, [5.0, 2, 1])
    after = student.probe.decomposed_and_argument(a, 3, 14)
    assert_true(isinstance(after, tuple | list) and len(after) == 2, "`truncated_svd` returns the tuple u, s, vt.", got=after)
    close_but_for_signs(parts(after[0], 72, 68, 3), oracle(a, 3))
    assert_unchanged(after[1:], (a,), ("a",))
