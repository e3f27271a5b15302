"""Smaller inputs: the arguments of a failed call in, cut-down copies of them out, those with the fewest numbers first."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np

from autograder.describe import SHOWN_ENTRIES, is_tensor

__all__ = ["smaller_inputs"]

#: Of each size that an axis has, so many entries are kept; a student can look through the numbers, and each array is printed whole.
KEPT: Final = (1, 2)
MOST_NUMBERS: Final = 16
MOST_SIZES: Final = 5
#: Few enough digits to calculate with by hand.
DECIMALS: Final = 1

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def smaller_inputs(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Iterator[Arguments]:
    """Copies of the arguments in which all axes of one size are cut to the same smaller one, floats rounded to one decimal.

    Whether a function takes such arguments is for the caller to find out: two sizes may depend on each other.
    """
    whole = (tuple(arguments), dict(keywords))
    sizes = sorted({size for array in _arrays(whole) for size in array.shape if size > 1})
    if not sizes or len(sizes) > MOST_SIZES:
        return
    plans = [dict(zip(sizes, kept, strict=True)) for kept in product(*[sorted({*KEPT, size}) for size in sizes])]
    cut = [_cut(whole, plan) for plan in plans if any(plan[size] < size for size in sizes)]
    counted = [([_size(array) for array in _arrays(value)], value) for value in cut]
    small = [(sum(counts), value) for counts, value in counted if sum(counts) <= MOST_NUMBERS and max(counts) <= SHOWN_ENTRIES]
    yield from (value for _, value in sorted(small, key=lambda pair: pair[0]))


def _arrays(value: Any) -> Iterator[Any]:
    if isinstance(value, np.ndarray) or is_tensor(value):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _arrays(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)


def _size(array: Any) -> int:
    return int(np.prod(array.shape))


def _cut(value: Any, plan: Mapping[int, int]) -> Any:
    if is_tensor(value):
        part = value[tuple(slice(plan.get(size, size)) for size in value.shape)].clone()
        return part.round(decimals=DECIMALS) if part.is_floating_point() else part
    if isinstance(value, np.ndarray):
        part = value[tuple(slice(plan.get(size, size)) for size in value.shape)].copy()
        return part.round(DECIMALS) if part.dtype.kind == "f" else part
    if isinstance(value, Mapping):
        return {key: _cut(part, plan) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_cut(part, plan) for part in value)
    return value
