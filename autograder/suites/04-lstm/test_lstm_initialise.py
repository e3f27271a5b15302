"""Hidden tests of the exercise `lstm_initialise`.

Oracle: the uniform distribution itself, by Kolmogorov and Smirnov's test and by correlations; numpy.random.RandomState for the global
generator. Draws are judged by their distribution, never by their order.
"""

import numpy as np

from autograder.errors import SubmissionError
from autograder.suite import assert_close, assert_results, assert_true, graded

NAMES = ("w_x", "w_h", "b")
FORGET_HINT = "b has four blocks of H entries in the order i, f, g, o. Only one of them is the forget gate's. See «The one-line trick»."
UNIFORM_HINT = "All entries are uniform between minus and plus one over the root of H, whatever D is. See «The one-line trick»."


def weights(got, inputs, hidden):
    """w_x, w_h, b, once their types and shapes are right."""
    shapes = ((inputs, 4 * hidden), (hidden, 4 * hidden), (4 * hidden,))
    assert_results(got, "lstm_initialise", NAMES)
    for name, array, shape in zip(NAMES, got, shapes, strict=True):
        right = isinstance(array, np.ndarray) and array.shape == shape and array.dtype.kind == "f"
        assert_true(right, f"{name} should be an array of floats of shape {shape}.", got=array)
        assert_true(np.isfinite(array).all(), f"{name} has entries that are not finite.", got=array)
    return got


def parts(reply, number):
    """The parts of a probe's reply."""
    if type(reply) is not tuple or len(reply) != number:
        raise SubmissionError("What came back could not be read.")
    return reply


def assert_uniform(values, bound, name):
    """`values` lie within ±bound and are spread evenly over it (Kolmogorov–Smirnov; one right answer in 10^9 would fail)."""
    values = np.sort(np.ravel(values))
    assert_true(
        np.abs(values).max() <= bound, f"{name} has entries beyond ±1/√H = ±{bound:.4f}: the largest is {np.abs(values).max():.4f}."
    )
    below, expected = (np.arange(values.size) + 0.5) / values.size, (values / bound + 1) / 2
    worst = int(np.abs(expected - below).argmax())
    text = f"{name} stays within ±1/√H = ±{bound:.4f} but is not spread evenly over it: {below[worst]:.0%} of its {values.size} entries "
    text += f"lie below {values[worst]:.4f}, and {expected[worst]:.0%} should."
    different = np.unique(values).size
    if different < 0.9 * values.size:
        text += f" There are only {different} different numbers among them."
    assert_true(
        abs(expected - below)[worst] <= 3.3 / np.sqrt(values.size),
        text,
        expected=f"mean 0, standard deviation {bound / np.sqrt(3):.3f}",
        got=f"mean {values.mean():.3f}, standard deviation {values.std():.3f}",
    )


@graded(stage="value", weight=3, hint=FORGET_HINT)
def test_forget_block(student, rng):
    """The forget-gate block of b is exactly forget_bias, whatever that is, and 1 if nothing is said."""
    for bias in ((), (0.0,), (-0.75,), (float(rng.uniform(2, 6)),)):
        _, _, b = weights(student.probe.initialise(4, 7, int(rng.integers(1 << 30)), *bias), 4, 7)
        assert_close(b[7:14], np.full(7, bias[0] if bias else 1.0), name="b[H:2H]", rtol=0, atol=0)


@graded(stage="value", weight=3, hint=UNIFORM_HINT)
def test_weights_are_uniform(student, rng):
    """w_x and w_h are uniform between -1/√H and 1/√H."""
    for inputs, hidden in ((53, 20), (11, 48)):
        w_x, w_h, _ = weights(student.probe.initialise(inputs, hidden, int(rng.integers(1 << 30))), inputs, hidden)
        assert_uniform(w_x, 1 / np.sqrt(hidden), "w_x")
        assert_uniform(w_h, 1 / np.sqrt(hidden), "w_h")


@graded(
    stage="value",
    weight=3,
    hint="Only the forget block is special. The blocks of i, g and o are drawn like the weights, not zero and not forget_bias.",
)
def test_other_biases_are_uniform(student, rng):
    """The blocks of b for i, g and o are uniform between -1/√H and 1/√H too."""
    _, _, b = weights(student.probe.initialise(2, 400, int(rng.integers(1 << 30))), 2, 400)
    for name, k in (("i", 0), ("g", 2), ("o", 3)):
        assert_uniform(b[400 * k : 400 * (k + 1)], 1 / 20, f"the block of {name} in b")


@graded(stage="edge", hint="w_x has a row for each input, w_h a row for each unit; both have four blocks of H columns.")
def test_shapes(student, rng):
    """The shapes are (D, 4H), (H, 4H) and (4H,), also for D = 1 or H = 1, and the numbers are float64."""
    for inputs, hidden, bias in ((5, 3, 1.0), (1, 4, 2), (3, 1, 0), (1, 1, 1)):
        for array in weights(student.probe.initialise(inputs, hidden, int(rng.integers(1 << 30)), bias), inputs, hidden):
            assert_true(array.dtype == np.float64, "The arrays should be float64.", got=array.dtype.name)


@graded(stage="edge", hint="Every entry is drawn anew. Blocks that are copies of each other give gates that always agree.")
def test_entries_are_independent(student, rng):
    """No two blocks of columns, no two rows and no two of the arrays are copies of each other."""
    w_x, w_h, b = weights(student.probe.initialise(60, 60, int(rng.integers(1 << 30))), 60, 60)
    blocks = [block.ravel() for w in (w_x, w_h) for block in np.split(w, 4, axis=1)]
    blocks += [block.T.ravel() for w in (w_x, w_h) for block in np.split(w, 4, axis=1)]
    close = np.abs(np.corrcoef(blocks)) > 0.3  # 3600 entries each: chance gives 0.1 at most
    same = [(i, j) for i in range(16) for j in range(i) if close[i, j]]
    assert_true(not same, "Two blocks of the weights go together: are they copies, or drawn from a generator with the same seed?")
    with np.errstate(invalid="ignore", divide="ignore"):  # a block that is constant is not this test's business
        biases = np.abs(np.corrcoef(b.reshape(4, 60)[[0, 2, 3]])) > 0.8  # 60 entries each: chance gives 0.7 at most in 10^9 pairs
    assert_true(not biases[np.triu_indices(3, 1)].any(), "Two of the blocks of b for i, g and o go together: are they copies of one draw?")
    free = np.r_[0:60, 120:240]  # 180 columns: chance gives a correlation of 0.075, 0.5 at most in 10^9 pairs of rows
    rows = np.abs(np.corrcoef(np.vstack([w_x, w_h, b])[:, free])) > 0.55
    assert_true(
        not rows[np.triu_indices(121, 1)].any(),
        "Two rows of the weights, or a row and b, go together: are they copies, or drawn from a generator with the same seed?",
    )


@graded(
    stage="contract", weight=2, hint="Draw from rng, and from nothing else: numpy.random.rand, a new generator or a fixed seed ignore it."
)
def test_seed_decides(student, rng):
    """The same seed gives the same weights, another seed others, and so does a second draw."""
    seed = int(rng.integers(1 << 30))
    first = weights(student.probe.initialise(4, 7, seed), 4, 7)
    again, other = (weights(student.probe.initialise(4, 7, s), 4, 7) for s in (seed, seed + 1))
    second = weights(parts(student.probe.initialise_twice(4, 7, seed), 2)[1], 4, 7)
    assert_close(again, first, names=NAMES, rtol=0, atol=0)
    for k in (0, 1, 2):
        text = f"{NAMES[k]} does not come from the rng that is handed over:"
        assert_true(not np.allclose(other[k], first[k]), f"{text} it stayed the same with a generator of another seed.")
        assert_true(not np.allclose(second[k], first[k]), f"{text} a second draw from it gave the same again.")


@graded(stage="contract", hint="Nothing may touch NumPy's global generator: no numpy.random.seed, no numpy.random.uniform.")
def test_global_state_untouched(student, rng):
    """NumPy's global random numbers are neither used nor changed."""
    seed = int(rng.integers(1 << 30))
    (first, next_first), (second, next_second) = (
        parts(student.probe.initialise_beside_global_state(4, 7, seed, global_seed), 2) for global_seed in (1, 2)
    )
    assert_close(weights(second, 4, 7), weights(first, 4, 7), names=NAMES, rtol=0, atol=0)
    for got, global_seed in ((next_first, 1), (next_second, 2)):
        assert_close(got, np.random.RandomState(global_seed).random_sample(4), name="the next global random numbers")
