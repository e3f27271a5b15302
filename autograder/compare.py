"""The assertions of the hidden suites: a student's value and the expected one in, `Mismatch` with a readable reason out.

They look in a fixed order: type, then shape, then dtype, then NaN, then values; of several parts, first whether one holds NaN.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from autograder.describe import SHOWN_ENTRIES, describe, describe_type, is_tensor, number, two_numbers
from autograder.errors import SubmissionError
from autograder.pattern import recognise

__all__ = [
    "NO_WAY_BACK",
    "TOLERANCES",
    "Mismatch",
    "assert_close",
    "assert_form",
    "assert_results",
    "assert_true",
    "assert_unchanged",
    "gradients_of",
]

#: (rtol, atol) by the coarser of the two precisions, but half precision only where it is expected.
#: Rounding of a few hundred operations stays a tenth below,
#: the nearest catalogued mistake a hundred times above; `tests/course` measures both.
TOLERANCES: Final = {2: (1e-2, 1e-3), 4: (1e-4, 1e-5), 8: (1e-7, 1e-9)}
SHOWN_ROWS: Final = 5
#: Why autograd finds no way back, as a probe says it → what a student can do about it.
NO_WAY_BACK: Final = {
    "no gradient": "the result does not depend on what it should have been computed from. `.detach()`, `.item()`, `torch.tensor(…)` and "
    "`torch.no_grad()` cut the way back, and so does leaving an argument out.",
    "changed in place": "a value that it needs was changed in place, by `+=`, `x[…] = …` or a method that ends in `_`. "
    "Give the new value a new name.",
}


class Mismatch(SubmissionError):
    """A student's value is not the expected one.

    `expected` and `got` are short texts, or None where the sentence says all; `rows` are (index, expected, got) of single entries.
    """

    def __init__(
        self, sentence: str, *, expected: str | None = None, got: str | None = None, rows: Sequence[tuple[str, str, str]] = ()
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.expected, self.got, self.rows = sentence, expected, got, tuple(rows)


def assert_close(
    got: Any,
    expected: Any,
    *,
    name: str = "the result",
    names: Sequence[str] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    dtype: bool = False,
) -> None:
    """Raises `Mismatch` unless `got` equals `expected` within the tolerance of their dtype.

    Tuples, lists and dicts are compared part by part (`names` names the parts of a tuple); strings, booleans and None exactly.
    `dtype=True` also demands the dtype of `expected`.
    """
    options: dict[str, Any] = {"rtol": rtol, "atol": atol, "dtype": dtype}
    if isinstance(expected, tuple | list):
        _sequence(got, expected, name, names, options)
    elif isinstance(expected, Mapping):
        _mapping(got, expected, name, options)
    elif expected is None or isinstance(expected, str | bytes):
        if type(got) is not type(expected) or got != expected:
            raise Mismatch(f"{_start(name)} is not what it should be.", expected=describe(expected), got=describe(got))
    else:
        _numeric(got, expected, name, **options)


def assert_true(condition: Any, message: str, *, got: Any = None, expected: Any = None) -> None:
    """Raises `Mismatch` with `message` unless `condition` holds; `got` and `expected` are shown when given."""
    if not bool(condition):
        raise Mismatch(
            message,
            expected=None if expected is None else expected if isinstance(expected, str) else describe(expected),
            got=None if got is None else describe(got),
        )


def assert_form(condition: Any, sentence: str) -> None:
    """Raises `SubmissionError` with `sentence` unless `condition` holds: what came back is not of the form that was asked for.

    The test's hint, which is about values, is not shown beside it.
    """
    if not bool(condition):
        raise SubmissionError(sentence)


def assert_results(got: Any, function: str, names: Sequence[str]) -> None:
    """Raises `SubmissionError` unless `got`, what `function` has returned, is as many results as there are `names`."""
    several = isinstance(got, tuple | list)
    many = f"{len(got)} result{'s' * (len(got) != 1)}" if several else describe_type(got)
    sentence = f"`{function}` should return {len(names)} results ({', '.join(names)}); it returned {many}."
    assert_form(several and len(got) == len(names), sentence)


def gradients_of(found: Any) -> Any:
    """The gradients that a probe found; raises `Mismatch` where it found none, and gave one of the texts of `NO_WAY_BACK` instead."""
    if isinstance(found, str):
        raise Mismatch(f"Autograd could not go back through your code: {NO_WAY_BACK.get(found, NO_WAY_BACK['no gradient'])}")
    return found


def assert_unchanged(arguments: Sequence[Any], before: Sequence[Any], names: Sequence[str]) -> None:
    """Raises `Mismatch` if one of `arguments` (as they are after the call) is not exactly what it was `before`."""
    assert len(arguments) == len(before) == len(names), "the suite gave lists of different lengths"
    for after, old, name in zip(arguments, before, names, strict=True):
        if not _identical(after, old):
            expected, got = _changed(old, after)
            raise Mismatch(f"The call changed its argument {name}: work on a copy.", expected=expected, got=got)


def _changed(old: Any, after: Any) -> tuple[str, str]:
    """Before and after; of arrays that are large, or that look alike, the first entry that differs."""
    if getattr(old, "shape", None) and getattr(old, "shape", None) == getattr(after, "shape", None):
        a, b = _as_numpy(old), _as_numpy(after)
        different = (a != b) & ~((a != a) & (b != b))
        if different.any() and (a.size > SHOWN_ENTRIES or describe(old) == describe(after)):
            index = tuple(int(i) for i in np.argwhere(different)[0])
            was, now = two_numbers(a[index], b[index])
            return f"{was} at {list(index)}", f"{now} at {list(index)}"
    return describe(old), describe(after)


def _sequence(got: Any, expected: Sequence[Any], name: str, names: Sequence[str] | None, options: dict[str, Any]) -> None:
    word = ("value" if isinstance(expected, tuple) else "item") + "s" * (len(expected) != 1)
    if not isinstance(got, tuple | list):
        wanted = ", ".join(names) if names else f"{len(expected)} {word}"
        raise Mismatch(f"{_start(name)} should be {len(expected)} {word} ({wanted}); it is {describe_type(got)}.", got=describe(got))
    if len(got) != len(expected):
        raise Mismatch(f"{_start(name)} should have {len(expected)} {word}; it has {len(got)}.", got=describe(got))
    if isinstance(expected, list) and all(isinstance(item, int | str) for item in expected):
        _plain_list(list(got), expected, name)
        return
    labels = names or [f"{name}[{index}]" for index in range(len(expected))]
    parts = list(zip(got, expected, labels, strict=True))
    for part, wanted_part, label in parts:
        _check_nan(part, wanted_part, label)
    for part, wanted_part, label in parts:
        assert_close(part, wanted_part, name=label, **options)


def _plain_list(got: list[Any], expected: list[Any], name: str) -> None:
    for index, (part, wanted) in enumerate(zip(got, expected, strict=True)):
        if isinstance(part, np.generic):
            part = part.item()
        if type(part) is not type(wanted) or part != wanted:
            raise Mismatch(
                f"{_start(name)} is wrong from index {index} on.",
                expected=f"{describe(wanted)} at index {index}",
                got=f"{describe(part)} at index {index}",
            )


def _mapping(got: Any, expected: Mapping[Any, Any], name: str, options: dict[str, Any]) -> None:
    if not isinstance(got, dict):
        raise Mismatch(f"{_start(name)} should be a dict; it is {describe_type(got)}.", got=describe(got))
    if set(got) != set(expected):
        wanted_keys, keys = sorted(map(str, expected)), sorted(map(str, got))
        lists = (("missing", set(wanted_keys) - set(keys)), ("too many", set(keys) - set(wanted_keys)))
        which = "; ".join(f"{word}: {', '.join(sorted(names))[:100]}" for word, names in lists if names)
        raise Mismatch(f"{_start(name)} has the wrong keys ({which}).", expected=describe(wanted_keys), got=describe(keys))
    for key, wanted in expected.items():
        assert_close(got[key], wanted, name=f"{name}[{key!r}]", **options)


def _numeric(got: Any, expected: Any, name: str, rtol: float | None, atol: float | None, dtype: bool) -> None:
    _check_type(got, expected, name)
    _check_shape(got, expected, name)
    if dtype:
        _check_dtype(got, expected, name)
    a, b = _as_numpy(got), _as_numpy(expected)
    tight, slack = _tolerance(a, b)
    _check_values(a, b, name, tight if rtol is None else rtol, slack if atol is None else atol)


def _check_type(got: Any, expected: Any, name: str) -> None:
    if got is None:
        raise Mismatch(f"{_start(name)} is None: is a `return` missing?")
    if is_tensor(expected):
        if not is_tensor(got):
            raise Mismatch(f"{_start(name)} should be a torch tensor; it is {describe_type(got)}.", got=describe(got))
        return
    scalar = np.ndim(expected) == 0
    allowed = (np.ndarray, np.generic, int, float, complex) if scalar else (np.ndarray,)
    if not isinstance(got, allowed) and not (scalar and is_tensor(got)):
        wanted = "a number" if scalar else f"a NumPy array of shape {np.shape(expected)}"
        raise Mismatch(f"{_start(name)} should be {wanted}; it is {describe_type(got)}.", got=describe(got))


def _check_shape(got: Any, expected: Any, name: str) -> None:
    a, b = tuple(getattr(got, "shape", ())), tuple(getattr(expected, "shape", ()))
    if a != b:
        turned = " It is the transpose of what it should be." if len(b) > 1 and a == b[::-1] else ""
        raise Mismatch(f"{_start(name)} has the wrong shape.{turned}", expected=f"shape {b}", got=f"shape {a}")


def _check_dtype(got: Any, expected: Any, name: str) -> None:
    a = str(getattr(got, "dtype", type(got).__name__)).removeprefix("torch.")
    b = str(getattr(expected, "dtype", type(expected).__name__)).removeprefix("torch.")
    if {a, b} <= {"float", "float64"} or {a, b} <= {"int", "int64"} or {a, b} <= {"bool"}:
        return
    if a != b:
        raise Mismatch(f"{_start(name)} has the wrong dtype.", expected=b, got=a)


def _as_numpy(value: Any) -> np.ndarray:
    if is_tensor(value):
        import torch

        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return np.asarray(value)


def _tolerance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    if b.dtype.kind in "biuO":
        return 0.0, 0.0
    sizes = [x.dtype.itemsize // (2 if x.dtype.kind == "c" else 1) for x in (a, b) if x.dtype.kind in "fc"]
    if b.dtype.itemsize > 2:  # half precision is the test's to ask for: its tolerance would let small numbers pass for zero
        sizes = [max(4, size) for size in sizes]
    return TOLERANCES[min(8, *sizes)] if sizes else TOLERANCES[8]


def _check_values(a: np.ndarray, b: np.ndarray, name: str, rtol: float, atol: float) -> None:
    kinds = {a.dtype.kind, b.dtype.kind}
    exact = not kinds & {"f", "c"}
    # Python's own integers: those of NumPy overflow, and those beyond 64 bits have no dtype.
    kind = object if exact else complex if "c" in kinds else float
    x, y = _cast(a, kind), _cast(b, kind)
    if not exact:
        _check_finite(x, y, name)
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.asarray(np.abs(x - y))
        close = difference <= (atol + rtol * np.abs(y) if rtol else atol)
        # Everything is within a relative tolerance of infinity.
        same = close if exact else close & np.isfinite(y) | np.isnan(x) & np.isnan(y)
        wrong = ~np.asarray((x == y) | same, dtype=bool)
    if wrong.any():
        raise _value_mismatch(x, y, wrong, difference, name, rtol, atol)


def _check_nan(got: Any, expected: Any, name: str) -> None:
    """Raises `Mismatch` if `got` has the form of `expected`, but holds NaN. Of another form, it has another fault."""
    numbers = all(is_tensor(value) or isinstance(value, np.ndarray | np.generic | int | float | complex) for value in (got, expected))
    if numbers and is_tensor(got) == is_tensor(expected) and np.shape(got) == np.shape(expected):
        a, b = _as_numpy(got), _as_numpy(expected)
        if a.dtype.kind in "fc" and b.dtype.kind in "fc" and np.isnan(a).any() and not np.isnan(b).any():
            _check_finite(a, b, name)


def _cast(array: np.ndarray, kind: type) -> np.ndarray:
    try:
        return array.astype(kind)
    except OverflowError:  # an integer that no float can hold
        return np.full(array.shape, np.inf)


def _check_finite(a: np.ndarray, b: np.ndarray, name: str) -> None:
    for test, word in ((np.isnan, "NaN"), (np.isinf, "infinite")):
        bad = test(a) & ~test(b)
        if bad.any():
            many = f"{int(bad.sum())} of {bad.size} entries are {word}" if bad.ndim else f"it is {word}"
            raise Mismatch(f"{_start(name)} is not finite: {many}.", expected=_entry(b, bad), got=_entry(a, bad))


def _entry(array: np.ndarray, where: np.ndarray) -> str:
    index = tuple(int(i) for i in np.argwhere(where)[0])
    return f"{number(array[index])} at {list(index)}" if index else number(array[()])


def _value_mismatch(
    a: np.ndarray, b: np.ndarray, wrong: np.ndarray, difference: np.ndarray, name: str, rtol: float, atol: float
) -> Mismatch:
    if not wrong.ndim:
        expected, got = two_numbers(b[()], a[()])
        return Mismatch(f"{_start(name)} has the wrong value.", expected=expected, got=got)
    sizes = difference.astype(float)
    finite = sizes[wrong & np.isfinite(sizes)]
    largest = f", the largest difference is {number(finite.max())}" if finite.size and a.dtype != object else ""
    places = [tuple(int(i) for i in index) for index in np.argwhere(wrong)[:SHOWN_ROWS]]
    looks = recognise(a, b, wrong, rtol, atol)
    return Mismatch(
        f"{_start(name)} has the right shape {wrong.shape}, but {_share(wrong)} wrong{largest}." + (f" {looks}" if looks else ""),
        rows=[(str(list(i)), *two_numbers(b[i], a[i])) for i in places],
    )


def _share(wrong: np.ndarray) -> str:
    """How many are: the subject of a sentence and its verb."""
    count = int(wrong.sum())
    return "its only value is" if wrong.size == 1 else f"{count} of {wrong.size} values {'is' if count == 1 else 'are'}"


def _identical(after: Any, before: Any) -> bool:
    if isinstance(before, tuple | list):
        return isinstance(after, tuple | list) and len(after) == len(before) and all(map(_identical, after, before))
    if isinstance(before, Mapping):
        return isinstance(after, dict) and after.keys() == before.keys() and all(_identical(after[k], v) for k, v in before.items())
    if isinstance(before, np.ndarray) or is_tensor(before):
        if type(after) is not type(before) or after.dtype != before.dtype or after.shape != before.shape:
            return False
        return _as_numpy(after).tobytes() == _as_numpy(before).tobytes()
    return type(after) is type(before) and (after == before or (after != after and before != before))


def _start(name: str) -> str:
    """The name as the subject of a sentence."""
    return name[0].upper() + name[1:] if name.startswith("the ") else f"`{name}`"
