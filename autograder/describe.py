"""Values → short text: how numbers, arrays, tensors and calls are shown to a student."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from autograder.privacy import hide_paths
from autograder.wire import Opaque

__all__ = ["SHOWN_ENTRIES", "describe", "describe_call", "describe_type", "is_tensor", "number", "two_numbers"]

SHOWN_ENTRIES: Final = 6
SHOWN_ITEMS: Final = 5
SHOWN_CHARACTERS: Final = 160
SHOWN_CALL_CHARACTERS: Final = 400


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor; torch need not be installed."""
    return type(value).__module__ == "torch" and type(value).__name__ == "Tensor"


def number(value: Any, digits: int = 6) -> str:
    """One number, with so many significant digits."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, complex | np.complexfloating):
        return f"{complex(value):.{digits}g}"
    if isinstance(value, int | np.integer):
        return _clip(str(int(value)))
    return f"{float(value):.{digits}g}"


def two_numbers(a: Any, b: Any) -> tuple[str, str]:
    """Two numbers, with as many digits as it takes to see that they differ."""
    texts = ((number(a, digits), number(b, digits)) for digits in (6, 9, 12, 17))
    return next((pair for pair in texts if pair[0] != pair[1]), (number(a), number(b)))


def describe_type(value: Any) -> str:
    """What kind of thing `value` is, with its article: «a NumPy array», «None», «an object of type Foo»."""
    if value is None:
        return "None"
    if isinstance(value, Opaque):
        return f"an object of type {_clip(value.type_name)}"
    if is_tensor(value):
        return "a torch tensor"
    if isinstance(value, np.ndarray):
        return "a NumPy array"
    if isinstance(value, np.generic):
        return f"a NumPy {value.dtype.name}"
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def describe(value: Any) -> str:
    """`value` as a student would write it: small arrays in full, large ones by shape and dtype."""
    if isinstance(value, Opaque):
        return f"<{_clip(value.type_name)}>"
    if isinstance(value, np.ndarray) or is_tensor(value):
        return _describe_array(value)
    if isinstance(value, float | np.generic):
        return _written(value)
    if isinstance(value, tuple | list):
        return _describe_sequence(value)
    if isinstance(value, Mapping):
        shown = ", ".join(f"{describe(k)}: {describe(v)}" for k, v in list(value.items())[:SHOWN_ENTRIES])
        return _clip("{" + shown + (", …" if len(value) > SHOWN_ENTRIES else "") + "}")
    return _clip(repr(value))


def describe_call(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> str:
    """`name(…)` with its arguments described."""
    parts = [describe(a) for a in arguments] + [f"{k}={describe(v)}" for k, v in keywords.items()]
    return _clip(f"{name}({', '.join(parts)})", SHOWN_CALL_CHARACTERS)


def _describe_array(value: Any) -> str:
    word = "tensor" if is_tensor(value) else "array"
    dtype = str(value.dtype).removeprefix("torch.")
    size = value.numel() if word == "tensor" else value.size
    if 0 < size <= SHOWN_ENTRIES:
        return f"{word}({_nested(value.tolist())})"
    return f"<{word} {tuple(value.shape)} {dtype}>"


def _nested(value: Any) -> str:
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, list) else _written(value)


def _written(value: Any) -> str:
    """A number as it is written in code: a float that is whole keeps its point."""
    text = number(value)
    return f"{text}.0" if isinstance(value, float | np.floating) and text.removeprefix("-").isdigit() else text


def _describe_sequence(value: Sequence[Any]) -> str:
    shown = ", ".join(describe(item) for item in value[:SHOWN_ITEMS])
    more = ", …" if len(value) > SHOWN_ITEMS else ""
    return _clip(f"[{shown}{more}]" if isinstance(value, list) else f"({shown}{more}{',' if len(value) == 1 else ''})")


def _clip(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    text = hide_paths(text)  # a student may return one, or name a class after one
    return text if len(text) <= limit else text[: limit - 1] + "…"
