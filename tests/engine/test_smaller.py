"""Smaller inputs: consistent cuts, few numbers, nothing of the original changed."""

import numpy as np
import torch

from autograder.describe import SHOWN_ENTRIES
from autograder.smaller import MOST_NUMBERS, smaller_inputs


def test_axes_of_one_size_are_cut_alike() -> None:
    """A product stays possible: the inner sizes are the same in every copy; the first has the fewest numbers."""
    x, w = np.arange(12.0).reshape(3, 4), np.arange(28.0).reshape(4, 7)
    shapes = [(a.shape, b.shape) for (a, b), _ in smaller_inputs((x, w), {})]
    assert shapes[0] == ((1, 1), (1, 1))
    assert ((2, 2), (2, 2)) in shapes
    assert all(a[1] == b[0] for a, b in shapes)
    counts = [np.prod(a) + np.prod(b) for a, b in shapes]
    assert counts == sorted(counts)
    assert counts[-1] <= MOST_NUMBERS
    assert all(np.prod(shape) <= SHOWN_ENTRIES for pair in shapes for shape in pair)  # the message prints them whole
    assert len(set(shapes)) == len(shapes)


def test_numbers_can_be_calculated_with_by_hand() -> None:
    """Floats have one decimal; whole numbers, masks and options stay as they are."""
    arguments = (np.array([0.123, 2.0]), torch.tensor([1.277, 3.0]), np.array([7, 9]), np.array([True, False]))
    (a, b, c, d), keywords = next(smaller_inputs(arguments, {"eps": 1e-5, "names": ["p", "q"]}))
    assert a.tolist() == [0.1]
    assert torch.equal(b, torch.tensor([1.3]))
    assert (c.tolist(), d.tolist(), keywords) == ([7], [True], {"eps": 1e-5, "names": ["p", "q"]})
    assert (c.dtype, d.dtype, b.dtype) == (arguments[2].dtype, np.bool_, torch.float32)


def test_the_original_is_not_touched() -> None:
    """What a function does to a copy does not reach the arguments of the test."""
    x, inside = np.ones((2, 2)), torch.ones(3)
    for (a, b), _ in smaller_inputs((x, {"w": inside}), {}):
        a += 1
        b["w"] += 1
    assert (x == 1).all()
    assert torch.equal(inside, torch.ones(3))


def test_nothing_to_cut() -> None:
    """Single numbers, and more sizes than can be tried, give no smaller input."""
    assert list(smaller_inputs((1.0, np.ones((1, 1))), {"k": 3})) == []
    assert list(smaller_inputs((np.ones((2, 3, 4, 5, 6, 7)),), {})) == []
