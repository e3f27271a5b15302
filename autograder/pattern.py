"""What wrong values look like in general: a student's array and the expected one in, a sentence or None out.

Only what holds for every entry is said, and only where there are enough different numbers that it cannot be chance.
No sentence holds an expected number.
"""

from collections.abc import Iterator
from functools import partial
from itertools import permutations
from typing import Any, Final

import numpy as np

__all__ = ["recognise"]

#: How far two roundings of one number may be apart, relative to it and to the largest entry.
RTOL: Final = 1e-5
ATOL: Final = 1e-7
#: Fewer different numbers than this could agree by chance.
ENOUGH: Final = 4
#: The multiples and divisors that have a name: beyond this, neighbours come too close to tell apart.
NAMED: Final = range(2, 65)
ORDINALS: Final = ("first", "second", "third", "fourth")
SMALL: Final = (
    "Differences as small as these come from rounding to single precision (float32), or from a small constant such as an epsilon."
)

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def recognise(got: Any, expected: Any, wrong: Any = None, rtol: float = RTOL, atol: float | None = None) -> str | None:
    """A sentence that is true of all entries of `got`, two arrays of one shape given, or None.

    `wrong` marks the entries that are wrong, where the caller has a tolerance of its own, `rtol` and `atol`: what is right in another
    order is right within that.
    """
    x, y = _real(got), _real(expected)
    if x is None or y is None or x.shape != y.shape or not x.ndim:
        return None
    bad: Mask = ~_near(x, y) if wrong is None else np.asarray(wrong, dtype=bool)
    if not bad.any():
        return None
    floats = np.asarray(expected).dtype.kind == "f"
    if _near(x, y).all():
        return SMALL if floats and np.abs(x - y).max() > 1e-10 * np.abs(y).max() else None
    slack = ATOL * np.abs(y).max() if atol is None else atol
    whole = _in_general(x, y, (rtol, slack)) or (_cut_off(x, y, bad) if floats else None)
    return whole or _only_there(y, bad) or _only_blocks(y, bad) or _from_there_on(y, bad)


def _in_general(x: Array, y: Array, tolerance: tuple[float, float]) -> str | None:
    reversed_, blocks = partial(_reversed, tolerance=tolerance), partial(_blocks, tolerance=tolerance)
    looks = (_constant, _signs, _scaled, _offset, _transposed, reversed_, _shifted, blocks, _repeated)
    return next(filter(None, (look(x, y) for look in looks)), None) if _distinct(y) >= ENOUGH else None


def _real(value: Any) -> Array | None:
    """The values as finite floats, or None where they are something else."""
    array: Array = np.asarray(value)
    if array.dtype.kind not in "biufO":
        return None
    try:
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    # Sums and squares of what is larger would leave the range of a float.
    return array if np.isfinite(array).all() and np.abs(array).max(initial=0.0) < 1e100 else None


def _near(a: Array, b: Array) -> Mask:
    close: Mask = np.abs(a - b) <= RTOL * np.abs(b) + ATOL * np.abs(b).max(initial=0.0)
    return close


def _fits(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(_near(a, b).all())


def _right(a: Array, b: Array, tolerance: tuple[float, float]) -> bool:
    """Whether `a` looks like `b` and would pass for it."""
    rtol, atol = tolerance
    return _fits(a, b) and bool((np.abs(a - b) <= atol + rtol * np.abs(b)).all())


def _distinct(values: Array) -> int:
    """How many numbers there are, those that are nearly equal or nearly zero counted once."""
    if not values.size:
        return 0
    gap = 1e-3 * np.abs(values).max()
    return 1 + int((np.diff(np.sort(values, axis=None)) > gap).sum()) if gap else 1


def _constant(x: Array, y: Array) -> str | None:
    if not (x == x.flat[0]).all():
        return None
    return "Every value is 0." if x.flat[0] == 0 else "All values are the same number, and they should not be."


def _signs(x: Array, y: Array) -> str | None:
    if _distinct(np.abs(y)) < ENOUGH or not _fits(np.abs(x), np.abs(y)):
        return None
    if _fits(-x, y):
        return "Every value has the wrong sign."
    return "Every value is right but for its sign, which is wrong in places."


def _scaled(x: Array, y: Array) -> str | None:
    if _distinct(np.abs(y)) < ENOUGH:
        return None
    ratio = float((x * y).sum() / (y * y).sum())
    if not 1e-6 < abs(ratio) < 1e6 or abs(abs(ratio) - 1) < 1e-3 or not _fits(x / ratio, y):
        return None
    return _name_ratio(ratio, y.shape)


def _name_ratio(ratio: float, shape: tuple[int, ...]) -> str:
    sign, size = "−" if ratio < 0 else "", abs(ratio)
    for n in NAMED:
        forms = {n: f"{n}", 1 / n: f"1/{n}", n**0.5: f"√{n}", n**-0.5: f"1/√{n}"}
        if text := next((text for value, text in forms.items() if abs(value / size - 1) < RTOL), None):
            where = f" {n} is the size of axis {shape.index(n)}: look at where you sum, average or divide." if n in shape and n > 2 else ""
            return f"Every value is {sign}{text} times what it should be.{where}"
    if abs(float(f"{size:.2g}") / size - 1) < RTOL:
        return f"Every value is {sign}{size:.2g} times what it should be."
    return "Every value is the same multiple of what it should be: look for a factor that is missing or too much."


def _offset(x: Array, y: Array) -> str | None:
    shift = float((x - y).mean())
    if not _fits(x - shift, y) or not np.abs(shift) > 1e-3 * np.abs(y).max():
        return None
    return f"Every value is too {'large' if shift > 0 else 'small'} by the same amount."


def _transposed(x: Array, y: Array) -> str | None:
    if y.ndim < 2 or y.shape[-1] != y.shape[-2] or not _fits(np.swapaxes(x, -1, -2), y):
        return None
    return "The result is transposed: rows and columns have changed places." if y.ndim == 2 else "The last two axes have changed places."


def _reversed(x: Array, y: Array, tolerance: tuple[float, float]) -> str | None:
    axes = (axis for axis in range(y.ndim) if _right(np.flip(x, axis), y, tolerance))
    return next((f"In reverse order along axis {axis} they would be right." for axis in axes), None)


def _shifted(x: Array, y: Array) -> str | None:
    for axis in range(y.ndim):
        n = y.shape[axis]
        if n < 3:
            continue
        for late, early, word in ((x, y, "late"), (y, x, "early")):
            a, b = _part(late, axis, 1, n), _part(early, axis, 0, n - 1)
            if _distinct(b) >= ENOUGH and _fits(a, b):
                return f"The values stand one place too {word} along axis {axis}."
    return None


def _blocks(x: Array, y: Array, tolerance: tuple[float, float]) -> str | None:
    for count in (2, 3, 4):
        if y.shape[-1] % count or y.shape[-1] < count:
            continue
        mine, theirs = np.split(x, count, axis=-1), np.split(y, count, axis=-1)
        for order in list(permutations(range(count)))[1:]:
            if all(_right(mine[place], theirs[block], tolerance) for place, block in enumerate(order)):
                shown = ", then the ".join(ORDINALS[block] for block in order)
                return f"In another order they would be right: of {count} equal blocks along the last axis you have the {shown}."
    return None


def _repeated(x: Array, y: Array) -> str | None:
    for axis in range(y.ndim):
        first = _part(x, axis, 0, 1)
        if y.shape[axis] > 1 and _distinct(first) >= ENOUGH and (x == first).all() and not _near(_part(y, axis, 0, 1) + 0 * y, y).all():
            return f"The same values stand at every index along axis {axis}, and they should not."
    return None


def _cut_off(x: Array, y: Array, bad: Mask) -> str | None:
    """The bound at which all wrong values stand, where they should lie beyond it: above, below, or as far away from zero."""
    low, high = float(x.min()), float(x.max())
    above, below = bad & (y > high) & (x == high), bad & (y < low) & (x == low)
    if bad.sum() < 2 or low == high or _distinct(y) < ENOUGH or not (above | below)[bad].all():
        return None
    if above.any() and below.any():
        bounds = f"beyond ±{high:g}" if low == -high else f"below {low:g} or above {high:g}"
    else:
        bounds = f"above {high:g}" if above.any() else f"below {low:g}"
    return f"No value is {bounds}, and some should be: is something cut off there?"


def _only_there(y: Array, bad: Mask) -> str | None:
    if bad.sum() == 1 or _distinct(y[~bad]) < ENOUGH:
        return None
    places = [(axis, indices[0]) for axis, indices in _wrong_indices(bad) if len(indices) == 1 and y.shape[axis] > 2]
    if not places:
        return None
    return f"Only what stands at {' and '.join(f'index {index} along axis {axis}' for axis, index in places)} is wrong."


def _only_blocks(y: Array, bad: Mask) -> str | None:
    """Which of two to four equal blocks of the last axis are wrong from end to end, the others being right."""
    width, columns = y.shape[-1], bad.reshape(-1, y.shape[-1]).any(axis=0)
    for count in (2, 3, 4):
        if y.ndim < 2 or width % count or width == count:
            continue
        parts = list(zip(np.split(columns, count), np.split(y, count, axis=-1), strict=True))
        right = [block for part, block in parts if not part.any()]
        wrong = [f"the {ORDINALS[number]}" for number, (part, _) in enumerate(parts) if part.all()]
        if right and len(right) + len(wrong) == count and all(_distinct(block) >= ENOUGH for block in right):
            verb = "is" if len(wrong) == 1 else "are"
            rest = "the other" if count == 2 else "the rest"
            return f"Of {count} equal blocks along the last axis, {' and '.join(wrong)} {verb} wrong, {rest} is right."
    return None


def _from_there_on(y: Array, bad: Mask) -> str | None:
    """The one axis along which one end is right, and something is wrong at each index of the rest. A single number says nothing of that."""
    if bad.sum() == 1:
        return None
    found = []
    for axis, indices in _wrong_indices(bad):
        first, last, n = indices[0], indices[-1], y.shape[axis]
        if len(indices) == last - first + 1 < n:
            if last == n - 1 and _distinct(_part(y, axis, 0, first)) >= ENOUGH:
                right = "at index 0" if first == 1 else f"up to index {first - 1}"
                found.append(
                    f"Along axis {axis} it is right {right}, wrong from index {first} on.{_carried(axis, y.ndim, 'on to the next')}"
                )
            elif first == 0 and _distinct(_part(y, axis, last + 1, n)) >= ENOUGH:
                right = f"at index {last + 1}" if last + 2 == n else f"from index {last + 1} on"
                found.append(f"Along axis {axis} it is right {right}, wrong before.{_carried(axis, y.ndim, 'back to the one before')}")
    return found[0] if len(found) == 1 else None


def _carried(axis: int, axes: int, where: str) -> str:
    """What to look at, by what the axis may stand for: batch first, then time, features last; weights have nothing but features."""
    if axis == axes - 1 >= 2:
        return ""
    own = "; if it counts examples, at whether each of them uses its own row" if axis == 0 else ""
    block = "; if it counts features or gates, at that block" if axes <= 2 else ""
    return f" If that axis is time, look at what is carried from one step {where}{own}{block}."


def _wrong_indices(bad: Mask) -> Iterator[tuple[int, list[int]]]:
    """For each axis the indices at which something is wrong."""
    for axis in range(bad.ndim):
        others = tuple(other for other in range(bad.ndim) if other != axis)
        yield axis, [int(index) for index in np.flatnonzero(bad.any(axis=others))]


def _part(array: Array, axis: int, start: int, stop: int) -> Array:
    return array[(slice(None),) * axis + (slice(start, stop),)]
