"""The assertions of the hidden suites: what passes, what is said of what doesn't, and in which order it is looked at."""

import contextlib
import copy
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.compare import SHOWN_ROWS, TOLERANCES, Mismatch, assert_close, assert_form, assert_results, assert_true, assert_unchanged
from autograder.errors import AutograderError, SubmissionError
from autograder.wire import Opaque

nan, inf = np.nan, np.inf


def mismatch(check: Callable[..., None], *arguments: Any, **keywords: Any) -> Mismatch:
    """The `Mismatch` that a check raises."""
    with pytest.raises(Mismatch) as caught:
        check(*arguments, **keywords)
    return caught.value


def sentence(got: Any, expected: Any, **keywords: Any) -> str:
    """What is said of a wrong value."""
    return mismatch(assert_close, got, expected, **keywords).sentence


F8 = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    ("got", "expected", "wording"),
    [
        (None, F8, "The result is None: is a `return` missing?"),
        (None, 1.0, "The result is None: is a `return` missing?"),
        (None, torch.ones(2), "The result is None: is a `return` missing?"),
        ([1.0], F8, "The result should be a NumPy array of shape (2, 3); it is a list."),
        (1.0, F8, "The result should be a NumPy array of shape (2, 3); it is a float."),
        (torch.ones(2, 3), F8, "The result should be a NumPy array of shape (2, 3); it is a torch tensor."),
        (Opaque("Matrix"), F8, "The result should be a NumPy array of shape (2, 3); it is an object of type Matrix."),
        (F8, torch.ones(2, 3), "The result should be a torch tensor; it is a NumPy array."),
        (1.0, torch.tensor(1.0), "The result should be a torch tensor; it is a float."),
        ("5", 5.0, "The result should be a number; it is a str."),
        ([5.0], 5.0, "The result should be a number; it is a list."),
        (F8.T, F8, "The result has the wrong shape. It is the transpose of what it should be."),
        (F8[:, :2], F8, "The result has the wrong shape."),
        (np.ones(1), 1.0, "The result has the wrong shape."),
        (np.ones((2, 2, 3)), np.ones((3, 2, 2)), "The result has the wrong shape. It is the transpose of what it should be."),
        (np.ones(3), np.ones(2), "The result has the wrong shape."),
        (torch.ones(3, 2), torch.ones(2, 3), "The result has the wrong shape. It is the transpose of what it should be."),
        (F8 * nan, F8, "The result is not finite: 6 of 6 entries are NaN."),
        (np.where(F8 % 3 == 1, inf, F8), F8, "The result is not finite: 2 of 6 entries are infinite."),
        (nan, 1.0, "The result is not finite: it is NaN."),
        (-inf, 1.0, "The result is not finite: it is infinite."),
        (2**1100, 1.0, "The result is not finite: it is infinite."),
        (2**1100, 5, "The result has the wrong value."),
        (
            np.where(F8 % 3 == 0, F8 + 0.5, F8),
            F8,
            "The result has the right shape (2, 3), but 2 of 6 values are wrong, the largest difference is 0.5. "
            "Only what stands at index 2 along axis 1 is wrong.",
        ),
        (2.0, 3.0, "The result has the wrong value."),
        (True, False, "The result has the wrong value."),
        ("a", "b", "The result is not what it should be."),
        (b"a", "a", "The result is not what it should be."),
        (0, None, "The result is not what it should be."),
        (F8, (F8, F8), "The result should be 2 values (2 values); it is a NumPy array."),
        ((F8,), (F8, F8), "The result should have 2 values; it has 1."),
        (None, [1, 2], "The result should be 2 items (2 items); it is None."),
        ([1, 2, 3], [1, 2], "The result should have 2 items; it has 3."),
        ([1, 2, 3], [1], "The result should have 1 item; it has 3."),
        (
            np.array([1.0, 2.5, 3.0]),
            np.array([1.0, 2.0, 3.0]),
            "The result has the right shape (3,), but 1 of 3 values is wrong, the largest difference is 0.5.",
        ),
        (
            np.array([[2.5]]),
            np.array([[2.0]]),
            "The result has the right shape (1, 1), but its only value is wrong, the largest difference is 0.5.",
        ),
        ([1, 3], [1, 2], "The result is wrong from index 1 on."),
        (["a", "c", "d"], ["a", "b", "d"], "The result is wrong from index 1 on."),
        ([1, 2.0], [1, 2], "The result is wrong from index 1 on."),
        ([1, True], [1, 1], "The result is wrong from index 1 on."),
        ([0.5, 2.5], [0.5, 2.0], "The result[1] has the wrong value."),
        ([("a", 1)], {"a": 1}, "The result should be a dict; it is a list."),
        ({"a": 1, "c": 2}, {"a": 1, "b": 2}, "The result has the wrong keys (missing: b; too many: c)."),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, "The result['b'] has the wrong value."),
    ],
)
def test_wording(got: Any, expected: Any, wording: str) -> None:
    """Each fault has its sentence, word for word."""
    assert sentence(got, expected) == wording


def test_what_differs_looks_different() -> None:
    """Two numbers that agree in six digits are shown with as many as it takes to tell them apart, in rows as well as alone."""
    assert mismatch(assert_close, np.array([16.5488, 2.0]), np.array([16.548812, 2.0])).rows == (("[0]", "16.548812", "16.5488"),)
    alone = mismatch(assert_close, 12345678, 12345679)
    assert (alone.expected, alone.got) == ("12345679", "12345678")
    alone = mismatch(assert_close, 1.0 + 1e-11, 1.0, rtol=0, atol=0)
    assert (alone.expected, alone.got) == ("1", "1.00000000001")


def test_parts_are_named() -> None:
    """A part of a tuple is called by the name that the suite gives it."""
    good = (np.ones(2), np.zeros(3))
    assert_close(good, good, names=("d_x", "d_w"))
    assert sentence((np.ones(2), np.zeros(2)), good, names=("d_x", "d_w")) == "`d_w` has the wrong shape."
    assert sentence(np.ones(2), good, names=("d_x", "d_w")) == "The result should be 2 values (d_x, d_w); it is a NumPy array."
    assert sentence(None, 1.0, name="loss") == "`loss` is None: is a `return` missing?"


@pytest.mark.parametrize(
    ("got", "wording"),
    [
        (torch.full((3, 2), nan, dtype=torch.float16), "should be a NumPy array"),
        (np.full((3, 2), nan, "f2"), "wrong shape"),
        (np.full((2, 3), nan, "f2"), "wrong dtype"),
        (np.full((2, 3), nan, "f4"), "not finite"),
        (np.zeros((2, 3), "f4"), "values are wrong"),
    ],
)
def test_order_of_checks(got: Any, wording: str) -> None:
    """Type comes before shape, shape before dtype, dtype before NaN, NaN before values."""
    assert wording in sentence(got, F8.astype("f4"), dtype=True)


def test_nan_comes_before_the_values_of_other_parts() -> None:
    """Wrong places are what NaN has made of them: it is told of first, unless it is expected or its part has another form."""
    places, scores = np.arange(6), np.linspace(0.9, 0.1, 6)
    broken, expected = np.where(places > 3, nan, scores), (places, scores)
    names = ("indices", "scores")
    said = "`scores` is not finite: 2 of 6 entries are NaN."
    assert sentence((places[::-1], broken), expected, names=names) == said
    assert sentence((places[::-1], scores), expected, names=names).startswith("`indices` has the right shape (6,), but")
    assert sentence((places[::-1], broken), (places, broken), names=names).startswith("`indices` has the right shape (6,), but")
    assert sentence((places[::-1], broken[:5]), expected, names=names).startswith("`indices` has the right shape (6,), but")
    assert sentence((2.0, nan), (1.0, 2.0)) == "The result[1] is not finite: it is NaN."
    assert sentence((2.0, None, "a"), (1.0, 2.0, "b")) == "The result[0] has the wrong value."
    assert sentence((torch.zeros(2), torch.full((2,), nan)), (torch.ones(2), torch.ones(2))).startswith("The result[1] is not finite")


@pytest.mark.parametrize(
    ("got", "expected", "texts"),
    [
        (F8.T, F8, ("shape (2, 3)", "shape (3, 2)")),
        (np.array([1.0, nan]), np.array([1.0, 2.0]), ("2 at [1]", "nan at [1]")),
        (1.23456789, 2.0, ("2", "1.23457")),
        ([1, 2], [1, 3], ("3 at index 1", "2 at index 1")),
        ({"b": 1}, {"a": 1}, ("['a']", "['b']")),
        (np.array([2.0, 5.0]), np.array([[2], [5]]), ("shape (2, 1)", "shape (2,)")),
        ("x" * 500, "y", ("'y'", "'" + "x" * 158 + "…")),
    ],
)
def test_what_is_shown(got: Any, expected: Any, texts: tuple[str, str]) -> None:
    """Expected and got are short texts that a student can compare."""
    error = mismatch(assert_close, got, expected)
    assert (error.expected, error.got) == texts


def test_dtype_is_looked_at_only_when_asked_for() -> None:
    """float32 for float64 is right, unless the test is about the dtype; Python's own numbers have the dtypes of NumPy."""
    assert_close(F8.astype("f4"), F8)
    assert_close(1.0, np.float64(1), dtype=True)
    assert_close(1, np.int64(1), dtype=True)
    assert_close(True, np.bool_(True), dtype=True)
    error = mismatch(assert_close, F8.astype("f4"), F8, dtype=True)
    assert (error.sentence, error.expected, error.got) == ("The result has the wrong dtype.", "float64", "float32")
    assert mismatch(assert_close, torch.ones(1), torch.ones(1, dtype=torch.bfloat16), dtype=True).expected == "bfloat16"


def test_at_most_five_rows_are_shown() -> None:
    """Of a thousand wrong values five are shown, the first that differ, and no other expected number stands in the message."""
    expected = np.arange(1000.0) + 0.125
    error = mismatch(assert_close, np.where(expected < 3, expected, 0.0), expected)
    assert [row[0] for row in error.rows] == ["[3]", "[4]", "[5]", "[6]", "[7]"]
    assert [row[1] for row in error.rows] == ["3.125", "4.125", "5.125", "6.125", "7.125"]
    assert (
        len(re.findall(r"\.125", f"{error.sentence}{error.expected}{error.got}{error.rows}")) == SHOWN_ROWS + 1
    )  # and the largest difference


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
def test_tolerance_at_its_border(dtype: str) -> None:
    """Just inside the tolerance of the coarser dtype passes, just outside fails."""
    rtol, atol = TOLERANCES[{"f2": 2, "f4": 4, "f8": 8, "c8": 4, "c16": 8}[dtype]]
    for size in (0.0, 1.0, 1000.0):
        expected, border = np.array([size]), atol + rtol * size
        kind = np.result_type(dtype, "c16" if dtype[0] == "c" else "f8")
        assert_close(np.zeros(1, dtype), expected * 0)
        with pytest.MonkeyPatch.context() as patch:
            # The numbers are held in full precision: only the tolerance is that of the coarser dtype.
            patch.setattr("autograder.compare._tolerance", lambda a, b: (rtol, atol))
            assert_close((expected + 0.99 * border).astype(kind), expected)
            assert_close((expected - 0.99 * border).astype(kind), expected)
            mismatch(assert_close, (expected + 1.01 * border).astype(kind), expected)


@pytest.mark.parametrize(("dtype", "inside", "outside"), [("f4", 1.00005, 1.0002), ("f8", 1.00000005, 1.0000002), ("f2", 1.005, 1.02)])
def test_tolerance_follows_the_coarser_dtype(dtype: str, inside: float, outside: float) -> None:
    """Whichever side is coarser sets the tolerance, in NumPy and in torch; half precision does so only where it is expected."""
    one = np.ones(1, dtype)
    assert_close(np.array([inside]), one)
    mismatch(assert_close, np.array([outside]), one)
    if dtype == "f2":
        mismatch(assert_close, one, np.array([inside]))
    else:
        assert_close(one, np.array([inside]))
    mismatch(assert_close, one, np.array([outside]))
    assert_close(torch.tensor([inside], dtype=torch.float64), torch.from_numpy(one))
    mismatch(assert_close, torch.tensor([outside], dtype=torch.float64), torch.from_numpy(one))


def test_tolerance_can_be_given() -> None:
    """`rtol` and `atol` take the place of the table's, zero too."""
    assert_close(1.4, 1.0, atol=0.5)
    assert_close(np.array([1.0, 140.0]), np.array([1.0, 100.0]), rtol=0.5)
    mismatch(assert_close, 1.0 + 1e-9, 1.0, rtol=0.0, atol=0.0)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (2, 2.0),
        (2.0, 2),
        (np.float32(2), 2.0),
        (np.array(2.0), 2.0),
        (torch.tensor(2.0), 2.0),
        (2.0, np.array(2.0)),
        (True, np.bool_(True)),
        (np.array([1, 2], "u1"), np.array([1, 2])),
        (np.array([True]), np.array([True])),
        (1 + 2j, np.complex128(1 + 2j)),
        (F8, F8 + 0j),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2)),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (10**30, 10**30),
        ([np.int64(3), "a"], [3, "a"]),
        ([1.0, 2.0], (1, 2)),
        ((), ()),
        ({"x": (F8, None)}, {"x": (F8, None)}),
        (np.array([1.0, nan]), np.array([1.0, nan])),
        (np.array([inf, -inf]), np.array([inf, -inf])),
        (-0.0, 0.0),
    ],
)
def test_right_in_another_style(got: Any, expected: Any) -> None:
    """A right value passes whatever its precision, its kind of number, or its container."""
    assert_close(got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.array([1.0, 0.0]), np.array([1.0, -inf])),
        (np.array([1.0, inf]), np.array([1.0, -inf])),
        (0.0, inf),
        (np.array([0.0]), np.array([nan])),
        (np.array([255], "u1"), np.array([-1], "i1")),
        (np.array([2**63], "u8"), np.array([-(2**63)])),
        (np.array([2**53 + 1]), np.array([2**53])),
        (10**30 + 1, 10**30),
        (1.0 + 1e-12, 1),
        (np.array([0, 1]), np.array([True, False])),
        (1 + 2j, 1 + 3j),
        (np.array([2.0 + 1e-3j]), np.array([2.0])),
        (torch.tensor([1.0, 1.1], dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
        (np.array([True]), np.array([False])),
    ],
)
def test_wrong_though_close(got: Any, expected: Any) -> None:
    """Infinities, overflow, big integers, imaginary parts and booleans are compared as what they are."""
    mismatch(assert_close, got, expected)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**1200), 2**1200)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.just(Opaque("Liar"))
    | st.sampled_from([torch.ones(2), torch.tensor([nan]), torch.zeros(2, 3, dtype=torch.int64), torch.ones(1, dtype=torch.bfloat16)])
    | hnp.arrays(st.sampled_from(["?", "i8", "u8", "f2", "f8", "c16"]).map(np.dtype), st.sampled_from([(), (2,), (2, 3), (0,)])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)
EXPECTED = st.sampled_from(
    [
        None,
        "a",
        5,
        2.5,
        True,
        1j,
        F8,
        np.array([1, 2]),
        np.array([True, False]),
        F8[0] + 1j,
        torch.ones(2),
        (F8, 5),
        [1, 2],
        [0.5],
        {"a": 1},
        np.array([inf, 1]),
    ]
)


class Short(Exception):
    """A mismatch whose texts have a readable length."""

    def __init__(self, error: Mismatch) -> None:
        assert 10 < len(str(error)) < 500
        assert len(error.expected or "") + len(error.got or "") < 1000


@given(JUNK, EXPECTED)
@settings(max_examples=300, deadline=None)
def test_whatever_a_student_returns(got: Any, expected: Any) -> None:
    """Any plain value passes or is a short `Mismatch`: never another exception, which would cost a person's time."""
    with contextlib.suppress(Short):
        try:
            assert_close(got, expected)
        except Mismatch as error:
            raise Short(error) from None


def test_mismatch_is_the_students_fault() -> None:
    """The exception belongs to the family of the submission."""
    assert [kind.__name__ for kind in Mismatch.__mro__[:3]] == ["Mismatch", "SubmissionError", AutograderError.__name__]


def test_assert_form() -> None:
    """A fault of form is a sentence of its own, to which no hint about values belongs."""
    assert_form(True, "Two results are asked for.")
    with pytest.raises(SubmissionError, match=r"^Two results are asked for\.$") as caught:
        assert_form(False, "Two results are asked for.")
    assert not isinstance(caught.value, Mismatch)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "it returned None"),
        (np.ones(2), "it returned a NumPy array"),
        ((1,), "it returned 1 result"),
        ([1, 2, 3], "it returned 3 results"),
    ],
)
def test_assert_results(got: Any, words: str) -> None:
    """Too few, too many, or something else than several results."""
    assert_results((1, 2), "f", ("h", "c"))
    with pytest.raises(SubmissionError, match=rf"^`f` should return 2 results \(h, c\); {words}\.$"):
        assert_results(got, "f", ("h", "c"))


def test_assert_true() -> None:
    """The suite's own sentence is the message; values are described, texts are shown as they are."""
    assert_true(np.bool_(True), "never seen")
    error = mismatch(assert_true, 1 > 2, "The rows should sum to one.", got=np.array([0.5, 0.25]), expected="sums of 1")
    assert (error.sentence, error.expected, error.got) == ("The rows should sum to one.", "sums of 1", "array([0.5, 0.25])")


@pytest.mark.parametrize(
    ("after", "before"),
    [
        (np.array([1.0, 3.0]), np.array([1.0, 2.0])),
        (np.array([-0.0]), np.array([0.0])),
        (np.array([1.0], "f4"), np.array([1.0])),
        (np.ones((1, 2)), np.ones(2)),
        ([1.0], np.array([1.0])),
        ([1, [2, 3]], [1, [2, 4]]),
        ([1], [1, 2]),
        ([nan], [1.0]),
        ({"w": np.zeros(2)}, {"w": np.ones(2)}),
        ({"w": 1, "v": 2}, {"w": 1}),
        ({"w": [np.zeros(1)]}, {"w": [np.zeros(2)]}),
        (torch.ones(2), torch.zeros(2)),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2)),
        (1, True),
    ],
)
def test_changed_arguments(after: Any, before: Any) -> None:
    """A change of one bit, of shape, of dtype, or deep inside a container is seen and said."""
    error = mismatch(assert_unchanged, (5, after), (5, before), ("n", "w"))
    assert error.sentence == "The call changed its argument w: work on a copy."


def test_of_a_large_argument_the_changed_entry_is_shown() -> None:
    """Two descriptions of one shape would say nothing."""
    error = mismatch(assert_unchanged, (np.arange(9) * 2.0,), (np.arange(9.0),), ("x",))
    assert (error.expected, error.got) == ("1 at [1]", "2 at [1]")


def test_a_change_in_the_last_digit_is_seen() -> None:
    """What differs by the last digit only is shown with as many digits as that takes."""
    before = np.array([1.5, 0.1, 2.5])
    after = np.array([1.5, np.nextafter(0.1, 1), 2.5])
    error = mismatch(assert_unchanged, (after,), (before,), ("x",))
    assert (error.expected, error.got) == ("0.10000000000000001 at [1]", "0.10000000000000002 at [1]")


@pytest.mark.parametrize(
    "value", [F8, nan, [nan, {"a": (F8, None, "s")}], torch.ones(2, dtype=torch.bfloat16), np.array([nan, -0.0]), (), 2**70]
)
def test_unchanged_arguments(value: Any) -> None:
    """What is the same bit by bit passes, NaN too."""
    assert_unchanged((copy.deepcopy(value),), (value,), ("x",))


def test_unchanged_lists_must_match() -> None:
    """Lists of different lengths are the suite's own mistake, not the student's."""
    with pytest.raises(AssertionError, match="the suite gave lists of different lengths"):
        assert_unchanged((1,), (1, 2), ("a", "b"))
