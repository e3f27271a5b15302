"""Notices, while a student's function runs, calls of the library routine that the exercise asks to write by hand.

Each routine is watched as low as it can be: torch's at its dispatcher, NumPy's at the compiled routines below `numpy.linalg`, what is
written in Python inside the function itself. So threads, scripted functions, aliases and `getattr` don't get around, and a
forked process tells through a pipe. Against code that sets out to hide, this is advice, for it runs in the same process.
"""

import importlib.abc
import importlib.machinery
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from types import FunctionType
from typing import Any, Final

import numpy as np

__all__ = ["watch"]

LIMIT: Final = ">"
BACKWARD: Final = frozenset({"torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward"})
FORWARD_MODE: Final = "torch.autograd.forward_ad.make_dual"
METHODS: Final = ("forward", "step", "fit", "fit_transform")
#: What PyTorch's dispatcher calls otherwise than the function that students know.
OPERATORS: Final = {"cross_entropy": "cross_entropy_loss", "make_dual": "_make_dual"}
MATRIX: Final = ("a", "A", "M", "d")
#: SciPy's compiled routines, below its own functions and below `scipy.linalg.lapack`.
LAPACK: Final = "scipy.linalg._flapack"
KEYS: Final = ("CPU", "AutogradCPU")
#: Where a child's working folder lies: the warm parent, which imports this, has all of them below its home.
STUDENTS_FILES: Final = f"{os.environ.get('HOME', '')}/work-"


class _Notes:
    """The rules of the call that runs, and which of them were broken, in the order of breaking."""

    def __init__(self, rules: Mapping[str, int]) -> None:
        self.rules, self.order = rules, list(rules)
        self.broken: dict[str, None] = {}

    def note(self, name: str, arguments: Sequence[Any] = (), keywords: Mapping[str, Any] | None = None) -> None:
        """Remembers that `name` was called, unless it may be, with such a small matrix or by a probe."""
        longest = self.rules.get(name)
        if longest is None or name in self.broken or _is_from_probe():
            return
        if longest < 0 or _smaller_side(arguments, keywords or {}) > longest:
            self.broken[name] = None
            with suppress(OSError):
                if os.getpid() != _process:
                    os.write(_pipe()[1], bytes([self.order.index(name)]))

    def names(self) -> list[str]:
        """The names noted so far, here and in forked processes."""
        told = b""
        with suppress(OSError):
            told = os.read(_pipe()[0], 1 << 16)
        return list(self.broken | {self.order[place]: None for place in told if place < len(self.order)})


@cache
def _pipe() -> tuple[int, int]:
    """Where forked processes tell what they note."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write


_process = 0  # the child's id, as soon as it watches: a fork of it has another
_notes = _Notes({})
_hooked: set[str] = set()
_waiting: set[str] = set()
#: Key of a function → the name to note, and what it did before it was watched.
_originals: dict[str, tuple[str, Callable[..., Any]]] = {}


@contextmanager
def watch(forbidden: Sequence[str]) -> Iterator[list[str]]:
    """Collects, by the end, the names of the `forbidden` calls that happened inside, each once, the first first.

    A name is dotted: `torch.gru_cell`, `numpy.linalg.svd`, or `torch` alone for all of it. `numpy.linalg.svd>64` forbids it only for
    matrices whose smaller side is longer than that. Forbidding a backward pass forbids all automatic differentiation.
    """
    global _notes, _process
    used: list[str] = []
    rules = _rules(forbidden)
    if not rules:
        yield used
        return
    notes = _notes = _Notes(rules)
    _process = os.getpid()
    _pipe()  # now, so that a forked process has it too
    had_torch = "torch" in sys.modules
    for name in rules.keys() - _hooked:
        _hook(name)
    try:
        with _torch_mode() if "torch" in rules and had_torch else nullcontext():
            yield used
    finally:
        if "torch" in sys.modules and not had_torch:
            notes.note("torch")
        used += notes.names()
        _notes = _Notes({})


def _rules(forbidden: Sequence[str]) -> dict[str, int]:
    """Name → the longest smaller side that is allowed; -1 allows nothing."""
    pairs = (name.partition(LIMIT) for name in forbidden)
    rules = {name: int(limit or -1) for name, _, limit in pairs}
    if BACKWARD & rules.keys():
        rules |= dict.fromkeys((*sorted(BACKWARD - rules.keys()), FORWARD_MODE), -1)
    return rules


def _smaller_side(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> int:
    matrix: Any = arguments[0] if arguments else next((keywords[name] for name in MATRIX if name in keywords), None)
    with suppress(Exception):
        return min(np.shape(matrix)[-2:], default=0)
    return sys.maxsize


def _is_from_probe() -> bool:
    """Whether the code nearest above, of libraries not to speak, is a probe's."""
    frame = inspect.currentframe()
    while frame:
        file = frame.f_code.co_filename
        if file.startswith(("<", STUDENTS_FILES)) and not file.startswith("<frozen"):
            return file == "<probes>"
        frame = frame.f_back
    return False


def _hook(name: str) -> None:
    """Begins to watch the routine `name`, for good; if its module is not imported yet, as soon as it is."""
    root = name.partition(".")[0]
    found = _find(name)
    if root == "torch" and "torch" in sys.modules:
        _hook_operator(name)
        if name in BACKWARD:
            _hook_engine()
    if found is not None:
        _hooked.add(name)
        _hook_python(name, found)
    elif root != name:
        _waiting.add(name)


def _find(name: str) -> Any:
    """The object of that name if its module is imported; no lazy module is made to import anything."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:length]))
        if found is not None:
            for part in parts[length:]:
                found = getattr(found, "__dict__", {}).get(part)
            return found
    return None


def _hook_python(name: str, found: Any) -> None:
    """Puts a stand-in into the function itself, or into the methods of a class, so that every alias meets it."""
    if inspect.isclass(found):
        methods = {f"{name}.{method}": vars(found)[method] for method in METHODS if method in vars(found)}
    else:
        methods = {name: found}
    for key, method in methods.items():
        function = inspect.unwrap(method)
        if isinstance(function, FunctionType) and not function.__code__.co_freevars and key not in _originals:
            _originals[key] = (name, _copy(function))
            function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
            function.__code__ = _stand_in_for(key, function)


def _copy(function: FunctionType) -> FunctionType:
    copy = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _stand_in_for(key: str, function: FunctionType) -> Any:
    """Code that hands its arguments to `_pass_on`; its place is the original's, so that its source can still be read."""
    code, place = _stand_in.__code__, function.__code__
    constants = tuple(key if constant == "key" else constant for constant in code.co_consts)
    return code.replace(co_consts=constants, co_filename=place.co_filename, co_firstlineno=place.co_firstlineno, co_name=place.co_name)


def _stand_in(*arguments: Any, **keywords: Any) -> Any:
    from autograder.sandbox.shortcuts import _pass_on

    return _pass_on("key", arguments, keywords)


def _pass_on(key: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    name, original = _originals[key]
    _notes.note(name, arguments, keywords)
    return original(*arguments, **keywords)


def _hook_operator(name: str) -> None:
    """Watches what the dispatcher has under the last part of `name`, in all its overloads."""
    torch = sys.modules["torch"]
    last = name.rpartition(".")[2]
    operator = OPERATORS.get(last, f"linalg_{last}" if name.startswith("torch.linalg.") else last)
    packet = getattr(torch.ops.aten, operator, None)
    for overload in packet.overloads() if packet and name not in BACKWARD else ():
        for key in KEYS:
            with suppress(RuntimeError), warnings.catch_warnings():  # an overload without such a kernel
                warnings.simplefilter("ignore")
                _override(name, getattr(packet, overload).name(), key)


def _override(name: str, operator: str, key: str) -> None:
    torch = sys.modules["torch"]
    kernel = torch.library.get_kernel(operator, key)

    def noted(keys: Any, *arguments: Any, **keywords: Any) -> Any:
        _notes.note(name, arguments, keywords)
        return kernel.call_boxed(keys, *arguments, **keywords)

    library = torch.library.Library("aten", "IMPL")
    library.impl(operator, noted, key, with_keyset=True)
    _libraries.append(library)  # which undoes its work when it is collected


_libraries: list[Any] = []


def _hook_engine() -> None:
    """Watches the engine below every backward pass, and nodes of the graph that are called by hand."""
    torch = sys.modules["torch"]
    if not isinstance(torch.autograd.Variable._execution_engine, _Watched):
        torch.autograd.Variable._execution_engine = _Watched(torch.autograd.Variable._execution_engine)
        node = torch._C.TensorBase.grad_fn
        torch.Tensor.grad_fn = property(lambda tensor: _watched_node(node.__get__(tensor)))


def _watched_node(node: Any) -> Any:
    return node if node is None or not _notes.rules.keys() & BACKWARD else _Watched(node)


class _Watched:
    """The engine, or a node of the graph: as it is, but a call of it is noted."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        _notes.note("torch.autograd.backward")
        return self._inner(*arguments, **keywords)

    def run_backward(self, *arguments: Any, **keywords: Any) -> Any:
        _notes.note("torch.autograd.backward")
        return self._inner.run_backward(*arguments, **keywords)


def _torch_mode() -> Any:
    """Notes every call of a function of torch, in this thread."""
    from torch.overrides import TorchFunctionMode

    class Mode(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            _notes.note("torch")
            return func(*args, **(kwargs or {}))

    return Mode()


class _Late(importlib.abc.MetaPathFinder):
    """Watches routines of a module that is imported later, in the student's function perhaps."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """The module's ordinary spec, with a loader that looks for what we wait for."""
        if fullname != LAPACK and not any(name.startswith(f"{fullname}.") for name in _waiting):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_hook(module: Any) -> None:
                execute(module)
                if fullname == LAPACK:
                    _hook_lapack(module)
                for name in _waiting - _hooked:
                    _hook(name)

            spec.loader.exec_module = execute_and_hook  # type: ignore[method-assign]
        return spec


def _hook_numpy() -> None:
    module: Any = sys.modules["numpy.linalg._umath_linalg"]
    for key, routine in list(vars(module).items()):
        if isinstance(routine, np.ufunc):
            setattr(module, key, _noted(f"numpy.linalg.{key.partition('_')[0]}", routine))


def _hook_lapack(module: Any) -> None:
    """All routines, before an alias of one can be kept; each is noted as the one in double precision, real where there is one."""
    routines = {key: routine for key, routine in vars(module).items() if type(routine).__name__ == "fortran"}
    for key, routine in routines.items():
        alike = next((name for name in (f"d{key[1:]}", f"z{key[1:]}") if name in routines), key)
        setattr(module, key, _noted(f"scipy.linalg.lapack.{alike}", routine))


def _noted(name: str, routine: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        _notes.note(name, arguments, keywords)
        return routine(*arguments, **keywords)

    call.__doc__ = routine.__doc__
    return call


# On import, before a student's cell can keep an alias.
_hook_numpy()
sys.meta_path.insert(0, _Late())
