"""Hidden tests of the exercise `sinusoidal_positions`.

Oracle: the formula of Vaswani et al. 2017, §3.5, entry by entry with Python's `math`; cosine and sine of one angle; the docstring's worked example.
"""

import math

import torch

from autograder.suite import assert_close, assert_true, graded


def table(length, d_model, start=0):
    """The formula of §3.5, entry by entry, with Python's own numbers; the rows from `start` on."""
    rows = [[(math.sin, math.cos)[j % 2](p / 10000 ** (2 * (j // 2) / d_model)) for j in range(d_model)] for p in range(start, length)]
    return torch.tensor(rows, dtype=torch.float32)


@graded(
    stage="value",
    weight=3,
    hint="Column 2i is a sine, column 2i + 1 the cosine of the same angle p / 10000^(2i / d_model); p counts from 0.",
)
def test_even_size(student, rng):
    """Even d_model: sines and cosines alternate, two columns share each frequency."""
    for length, d_model in ((7, 6), (5, 2), (int(rng.integers(9, 17)), 2 * int(rng.integers(5, 9)))):
        assert_close(student.sinusoidal_positions(length, d_model), table(length, d_model))


@graded(stage="value", weight=3, hint="With odd d_model the last column is a sine, and the exponent still divides by d_model itself.")
def test_odd_size(student, rng):
    """Odd d_model: the last column is a sine without a partner."""
    for length, d_model in ((5, 7), (11, 3), (int(rng.integers(9, 17)), 2 * int(rng.integers(5, 9)) + 1)):
        assert_close(student.sinusoidal_positions(length, d_model), table(length, d_model))


@graded(
    stage="value",
    weight=1,
    hint="The frequencies fall from 1 to nearly 1/10000; there is no longest sequence, and half precision does not hold large positions. "
    "Is the exponent 2i / d_model, with i counting pairs?",
)
def test_many_positions(student, rng):
    """Seven hundred positions with sixteen columns, about six thousand with five."""
    for length, d_model, last in ((700, 16, 100), (int(rng.integers(5500, 6500)), 5, 5)):
        shape, got = student.probe.positions_in_half(length, d_model, last)
        assert_true(shape == [length, d_model], f"The shape should be ({length}, {d_model}).", got=tuple(shape))
        # angles of several hundred keep four digits in float32, three are looked at: right answers were 3e-4 off at most
        assert_close(got, table(length, d_model, length - last), name="the last rows", rtol=0, atol=3e-3)


@graded(stage="edge", weight=1, hint="Column 2i and column 2i + 1 belong to one angle: the squares of a sine and its cosine add up to 1.")
def test_pairs(student, rng):
    """Neighbouring columns are sine and cosine of one angle, and position 0 is 0, 1, 0, 1, …"""
    got = student.sinusoidal_positions(9, 8)
    assert_close(got, table(9, 8))
    assert_close(got[0], torch.tensor([0.0, 1.0] * 4), name="position 0")
    assert_close(got[:, 0::2] ** 2 + got[:, 1::2] ** 2, torch.ones(9, 4), name="the sums of squares of pairs")


@graded(stage="edge", weight=1, hint="One column is a sine and has no cosine beside it; one position is position 0.")
def test_sizes_of_one(student, rng):
    """One position, one column, two columns."""
    assert_close(student.sinusoidal_positions(2, 3), torch.tensor([[0.0, 1.0, 0.0], [0.84147, 0.54030, 0.00215]]), atol=1e-4)  # by hand
    for length, d_model in ((1, 5), (6, 1), (1, 1), (1, 4), (4, 2)):
        assert_close(student.sinusoidal_positions(length, d_model), table(length, d_model))


@graded(stage="edge", weight=1, hint="A position's vector must not depend on how many others are asked for.")
def test_longer_tables_agree(student, rng):
    """A longer table begins with the shorter one."""
    short, long = student.sinusoidal_positions(5, 10), student.sinusoidal_positions(13, 10)
    assert_close(long, table(13, 10))
    assert_close(long[:5], short, name="the first five of thirteen positions")


@graded(
    stage="contract",
    weight=1,
    hint="NumPy's and Python's numbers become float64 if you don't watch out: the result is float32.",
)
def test_dtype(student, rng):
    """The result is a tensor of float32, torch's default."""
    for length, d_model in ((4, 6), (3, 5)):
        got = student.sinusoidal_positions(length, d_model)
        assert_true(isinstance(got, torch.Tensor), "The result should be a torch tensor.", got=got)
        assert_true(got.dtype == torch.float32, "The dtype should be float32.", got=str(got.dtype).removeprefix("torch."))
