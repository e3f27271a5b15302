"""Notices, while a student's function runs, calls of the library routine that the exercise asks to write by hand.

torch is watched where every call passes its overrides, NumPy at the compiled routines below `numpy.linalg`: aliases, `getattr` and
imports in a function don't get around either. Against code that sets out to hide, this is advice, for it runs in the same process.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import numpy as np

__all__ = ["watch"]

LIMIT: Final = ">"


@contextmanager
def watch(forbidden: Sequence[str]) -> Iterator[list[str]]:
    """Collects the names of the `forbidden` calls that happen inside, each once.

    A name is dotted: `torch.gru_cell`, `numpy.linalg.svd`, or `torch` alone for all of it. `numpy.linalg.svd>64` forbids it only for
    matrices whose smaller side is longer than that.
    """
    used: list[str] = []

    def note(name: str) -> None:
        if name not in used:
            used.append(name)

    with ExitStack() as stack:
        names = [name for name in forbidden if name.split(".")[0] == "torch"]
        if names and "torch" in sys.modules:
            stack.enter_context(_torch_mode(names, note))
        for name in forbidden:
            if name.startswith("numpy.linalg."):
                stack.enter_context(_linalg(name, note))
        yield used


def _torch_mode(names: Sequence[str], note: Callable[[str], None]) -> Any:
    from torch.overrides import TorchFunctionMode

    by_last = {name.rpartition(".")[2]: name for name in names}

    class Mode(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            name = getattr(func, "__name__", "").partition(".")[0]
            hit = by_last.get(name) or by_last.get("torch")
            if hit:
                note(hit)
            return func(*args, **(kwargs or {}))

    return Mode()


@contextmanager
def _linalg(name: str, note: Callable[[str], None]) -> Iterator[None]:
    dotted, _, limit = name.partition(LIMIT)
    routine, longest = dotted.rpartition(".")[2], int(limit or -1)
    module: Any = sys.modules["numpy.linalg._umath_linalg"]
    kept = {key: getattr(module, key) for key in dir(module) if key == routine or key.startswith(f"{routine}_")}

    def watched(original: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if args and min(np.shape(args[0])[-2:], default=0) > longest:
                note(dotted)
            return original(*args, **kwargs)

        return call

    for key, original in kept.items():
        setattr(module, key, watched(original))
    try:
        yield
    finally:
        for key, original in kept.items():
            setattr(module, key, original)
