"""What is said about wrong values is true of all of them: patterns are seen, near misses and unrelated arrays get no sentence."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.compare import Mismatch, assert_close
from autograder.pattern import recognise

AXIS = "is the size of axis"
LOOK = "look at where you sum, average or divide."
CARRIED = "If that axis is time, look at what is carried from one step"
RNG = np.random.default_rng(5)
Y = RNG.normal(size=(3, 5, 8))
SQUARE = RNG.normal(size=(4, 4))
FAR = np.arange(24.0).reshape(3, 8) ** 2 - 50
ROTATED = np.concatenate([Y[..., 2:4], Y[..., 0:2], Y[..., 6:8], Y[..., 4:6]], axis=-1)


def changed(array: np.ndarray, where: object, by: float = 1.0) -> np.ndarray:
    """A copy with some entries changed by different amounts."""
    copy = array.copy()
    copy[where] += by * RNG.uniform(0.5, 1.5, size=copy[where].shape)
    return copy


SEEN = {
    "sign": (-Y, Y, "Every value has the wrong sign."),
    "signs": (np.abs(Y), Y, "Every value is right but for its sign, which is wrong in places."),
    "double": (2 * Y, Y, "Every value is 2 times what it should be."),
    "mean-for-sum": (
        Y / 5,
        Y,
        f"Every value is 1/5 times what it should be. 5 {AXIS} 1: {LOOK}",
    ),
    "sum-for-mean": (
        3 * Y,
        Y,
        f"Every value is 3 times what it should be. 3 {AXIS} 0: {LOOK}",
    ),
    "unscaled": (np.sqrt(7) * Y, Y, "Every value is √7 times what it should be."),
    "scaled-twice": (Y / np.sqrt(6), Y, "Every value is 1/√6 times what it should be."),
    "tenth": (0.9 * Y, Y, "Every value is 0.9 times what it should be."),
    "negative-half": (-Y / 2, Y, "Every value is −1/2 times what it should be."),
    "some-factor": (
        Y * 1.23456,
        Y,
        "Every value is the same multiple of what it should be: look for a factor that is missing or too much.",
    ),
    "offset": (Y + 0.3, Y, "Every value is too large by the same amount."),
    "integers-offset": (np.arange(9) - 1, np.arange(9), "Every value is too small by the same amount."),
    "cut-off": (np.clip(Y, -1, 1), Y, "No value is beyond ±1, and some should be: is something cut off there?"),
    "cut-off-below": (np.maximum(FAR, -27.631), FAR, "No value is below -27.631, and some should be: is something cut off there?"),
    "cut-off-above": (np.minimum(FAR, 100), FAR, "No value is above 100, and some should be: is something cut off there?"),
    "transposed": (SQUARE.T, SQUARE, "The result is transposed: rows and columns have changed places."),
    "last-axes": (np.stack([SQUARE.T] * 2), np.stack([SQUARE] * 2), "The last two axes have changed places."),
    "reversed": (Y[:, ::-1], Y, "In reverse order along axis 1 they would be right."),
    "late": (np.roll(FAR, 1, 1), FAR, "The values stand one place too late along axis 1."),
    "early": (changed(np.roll(Y, -1, 1), np.s_[:, -1]), Y, "The values stand one place too early along axis 1."),
    "halves": (
        np.roll(Y, 4, -1),
        Y,
        "In another order they would be right: of 2 equal blocks along the last axis you have the second, then the first.",
    ),
    "gates": (
        ROTATED,
        Y,
        "In another order they would be right: of 4 equal blocks along the last axis you have "
        "the second, then the first, then the fourth, then the third.",
    ),
    "repeated": (np.stack([Y[0]] * 3), Y, "The same values stand at every index along axis 0, and they should not."),
    "zeros": (np.zeros_like(Y), Y, "Every value is 0."),
    "uniform": (np.full_like(Y, 0.125), Y, "All values are the same number, and they should not be."),
    "head": (changed(Y, np.s_[1]), Y, "Only what stands at index 1 along axis 0 is wrong."),
    "column": (changed(Y, np.s_[:, :, 0]), Y, "Only what stands at index 0 along axis 2 is wrong."),
    "cell": (changed(Y, np.s_[2, 3]), Y, "Only what stands at index 2 along axis 0 and index 3 along axis 1 is wrong."),
    "gate": (changed(Y, np.s_[..., 6:]), Y, "Of 4 equal blocks along the last axis, the fourth is wrong, the rest is right."),
    "half": (changed(Y, np.s_[..., :4]), Y, "Of 2 equal blocks along the last axis, the first is wrong, the other is right."),
    "gates-wrong": (
        changed(Y, np.s_[..., [0, 1, 4, 5]]),
        Y,
        "Of 4 equal blocks along the last axis, the first and the third are wrong, the rest is right.",
    ),
    "second-step": (
        changed(Y, np.s_[:, 1:]),
        Y,
        f"Along axis 1 it is right at index 0, wrong from index 1 on. {CARRIED} on to the next.",
    ),
    "later-step": (
        changed(Y, np.s_[:, 3:, ::3]),
        Y,
        f"Along axis 1 it is right up to index 2, wrong from index 3 on. {CARRIED} on to the next.",
    ),
    "back-in-time": (
        changed(Y, np.s_[:, :3]),
        Y,
        f"Along axis 1 it is right from index 3 on, wrong before. {CARRIED} back to the one before.",
    ),
    "later-rows": (
        changed(Y, np.s_[1:]),
        Y,
        f"Along axis 0 it is right at index 0, wrong from index 1 on. {CARRIED} on to the next; "
        "if it counts examples, at whether each of them uses its own row.",
    ),
    "later-weights": (
        changed(Y[0], np.s_[2:]),
        Y[0],
        f"Along axis 0 it is right up to index 1, wrong from index 2 on. {CARRIED} on to the next; "
        "if it counts examples, at whether each of them uses its own row; if it counts features or gates, at that block.",
    ),
    "later-columns": (
        changed(Y[0], np.s_[:, :3]),
        Y[0],
        f"Along axis 1 it is right from index 3 on, wrong before. {CARRIED} back to the one before; "
        "if it counts features or gates, at that block.",
    ),
    "later-biases": (
        changed(Y[0, 0], np.s_[5:]),
        Y[0, 0],
        f"Along axis 0 it is right up to index 4, wrong from index 5 on. {CARRIED} on to the next; "
        "if it counts examples, at whether each of them uses its own row; if it counts features or gates, at that block.",
    ),
    "later-features": (changed(Y, np.s_[..., 3:]), Y, "Along axis 2 it is right up to index 2, wrong from index 3 on."),
}
GENERAL = [
    name
    for name in SEEN
    if name
    not in (
        "head",
        "column",
        "cell",
        "gate",
        "half",
        "gates-wrong",
        "second-step",
        "later-step",
        "back-in-time",
        "later-rows",
        "later-weights",
        "later-columns",
        "later-biases",
        "later-features",
    )
]


@pytest.mark.parametrize("name", SEEN)
def test_it_is_seen(name: str) -> None:
    """Each pattern has its sentence, in double and in single precision."""
    got, expected, sentence = SEEN[name]
    assert recognise(got, expected) == sentence
    if expected.dtype.kind == "f":
        assert recognise(got.astype(np.float32).astype(np.float64), expected) == sentence


@pytest.mark.parametrize("name", GENERAL)
def test_a_near_miss_is_not_seen(name: str) -> None:
    """With three entries elsewhere that do not fit by a thousandth, nothing is said of all."""
    got, expected, _ = SEEN[name]
    near = got.astype(float)
    for place in (0, near.size // 2 + 1, near.size - 2):
        near.flat[place] += 1e-2 * np.abs(expected).max()
    assert recognise(near, expected) is None


@pytest.mark.parametrize(
    "got",
    [
        pytest.param(changed(Y, (np.array([0, 1, 2, 0]), np.array([0, 2, 4, 4]), np.array([0, 3, 7, 2]))), id="here-and-there"),
        pytest.param(changed(Y, np.s_[1:, 2:]), id="two-axes"),
        pytest.param(changed(Y, np.s_[:, 1:3]), id="the-middle"),
        pytest.param(changed(Y, np.s_[:, ::2]), id="every-other"),
        pytest.param(changed(Y, np.s_[..., 2:7]), id="across-blocks"),
        pytest.param(changed(Y, np.s_[1, 2, 3]), id="one-entry"),
    ],
)
def test_places_that_say_nothing(got: np.ndarray) -> None:
    """Wrong entries that lie on no one end and no one index get no sentence."""
    assert recognise(got, Y) is None


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        pytest.param([2.0, 4.0, 6.0], [1.0, 2.0, 3.0], id="three-numbers"),
        pytest.param([True, False, True, True, False], [False, True, False, False, True], id="booleans"),
        pytest.param([-1.0] * 6, [1.0] * 6, id="one-number-six-times"),
        pytest.param([2.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0], id="mostly-zeros"),
        pytest.param(3.0, 1.0, id="a-number"),
        pytest.param([], [], id="nothing"),
        pytest.param([np.nan, 2, 4, 6, 8], [1, 2, 3, 4, 5], id="nan"),
        pytest.param([-np.inf, 2, 4, 6, 8], [-np.inf, 1, 2, 3, 4], id="infinite"),
        pytest.param([2e300, 4e300, 6e300, 8e300], [1e300, 2e300, 3e300, 4e300], id="huge"),
        pytest.param([2j, 4j, 6j, 8j], [1j, 2j, 3j, 4j], id="complex"),
        pytest.param([1.0, 2.0], [1.0, 2.0, 3.0], id="shapes"),
        pytest.param(["a"], ["b"], id="text"),
    ],
)
def test_too_little_to_tell(got: object, expected: object) -> None:
    """A few numbers, or numbers of which most are equal, could agree by chance; what is no real number is left alone."""
    assert recognise(np.array(got), np.array(expected)) is None


def test_single_precision_is_seen() -> None:
    """What differs as float32 rounds is said to; an integer that is one too large is not."""
    wrong = np.ones(Y.shape, dtype=bool)
    assert "single precision" in (recognise(Y.astype(np.float32).astype(np.float64), Y, wrong) or "")
    whole = np.arange(10**9, 10**9 + 9)
    assert recognise(whole + 1, whole, np.ones(9, dtype=bool)) is None


def test_right_values_get_no_sentence() -> None:
    """What is right, or right within rounding, has no pattern."""
    assert recognise(Y, Y) is None
    assert recognise(Y * (1 + 1e-12), Y) is None
    assert recognise(Y * (1 + 1e-12), Y, np.ones(Y.shape, dtype=bool)) is None
    assert recognise(changed(Y, np.s_[0, 0, 0], 2e-6), Y) is None


SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple)


@settings(max_examples=300, deadline=None)
@given(SHAPES, st.integers(0, 2**32), st.sampled_from(["normal", "uniform", "integers", "booleans"]))
def test_unrelated_arrays_get_no_sentence(shape: tuple[int, ...], seed: int, kind: str) -> None:
    """Two arrays that have nothing to do with each other are never said to."""
    rng = np.random.default_rng(seed)
    draw = {
        "normal": lambda: rng.normal(size=shape),
        "uniform": lambda: rng.uniform(size=shape),
        "integers": lambda: rng.integers(-1000, 1000, size=shape),
        "booleans": lambda: rng.integers(0, 2, size=shape).astype(bool),
    }[kind]
    got, expected = draw(), draw()
    if kind != "booleans" and np.size(got) > 1:
        assert recognise(got, expected) is None
    else:
        assert recognise(got, expected) in (None, "Every value is 0.")


@settings(max_examples=300, deadline=None)
@given(SHAPES, st.integers(0, 2**32), st.sampled_from(sorted(SEEN)))
def test_no_sentence_holds_an_expected_number(shape: tuple[int, ...], seed: int, name: str) -> None:
    """Counts, places and ratios are the only numbers in a sentence."""
    expected = np.random.default_rng(seed).normal(size=shape)
    for got in (-expected, expected * 3.7, expected + 1, expected[::-1], expected * 0):
        sentence = recognise(got, expected) or ""
        shown = {float(text) for text in re.findall(r"\d+\.\d+", sentence)}
        assert not shown & {float(f"{value:.2g}") for value in np.abs(expected).ravel()} - {3.7}


def test_the_callers_tolerance_decides_what_is_wrong() -> None:
    """Where the caller says which entries are wrong, places are told by that."""
    wrong = np.zeros(Y.shape, dtype=bool)
    wrong[1] = True
    assert recognise(Y + 1e-4 * RNG.normal(size=Y.shape), Y, wrong) == "Only what stands at index 1 along axis 0 is wrong."


@pytest.mark.parametrize(
    "turn", [pytest.param(lambda y: y[:, ::-1], id="reversed"), pytest.param(lambda y: np.roll(y, 4, -1), id="blocks")]
)
def test_right_in_another_order_is_right_within_the_callers_tolerance(turn: Callable[[np.ndarray], np.ndarray]) -> None:
    """What would not pass in another order either is not said to be right there; nor is what is all alike."""
    wrong, near = np.ones(Y.shape, dtype=bool), turn(Y) * (1 + 1e-6)
    assert "would be right" in (recognise(near, Y, wrong, 1e-5, 0.0) or "")
    assert recognise(near, Y, wrong, 1e-7, 1e-9) is None
    alike = np.ones(Y.shape)
    assert "would be right" not in (recognise(changed(alike, np.s_[0, 0, 0]), alike) or "")


def test_half_of_an_order_does_not_contradict_itself() -> None:
    """The middle of a reversed array is right, and nothing else that is said denies it."""
    expected = np.arange(9)[::-1]
    told = "The result has the right shape (9,), but 8 of 9 values are wrong. In reverse order along axis 0 they would be right."
    with pytest.raises(Mismatch) as caught:
        assert_close(np.arange(9), expected)
    assert caught.value.sentence == told


def test_a_student_reads_it() -> None:
    """The sentence stands behind the count of wrong values."""
    with pytest.raises(Mismatch) as caught:
        assert_close(-Y, Y)
    assert caught.value.sentence.endswith(" Every value has the wrong sign.")
    assert "120 of 120 values are wrong" in caught.value.sentence
