"""Names a student's mistake: the recorded calls of a failed exercise in, the catalogued mistake that answers all of them alike out.

Where there is none, a smaller input is looked for on which the answer is wrong too.

Nothing is guessed. A mistake is named only if it gives the very numbers that the student's code gave, on every input of every test,
and not those of the solution. Its code is ours, so it runs here, in the trusted process.
"""

import ast
import contextlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any, Final

import numpy as np

from autograder import wire
from autograder.catalogue import Mistake, Style, read_catalogue
from autograder.compare import Mismatch, assert_close
from autograder.describe import describe_call, is_tensor
from autograder.errors import SubmissionError
from autograder.lending import Lent
from autograder.lesson import CAPSTONE, Lesson
from autograder.ourselves import quietly, time_limit
from autograder.pattern import ORDINALS
from autograder.smaller import smaller_inputs
from autograder.source import parse_script

__all__ = ["Diagnostician", "Trace", "Variants"]

#: A catalogued mistake gets so many times what the student's call took, and some: it does the same work if it is the one.
VARIANT_TIMES: Final = 10.0
VARIANT_SECONDS: Final = 1.0
#: The solution, which ends by itself, only has to be kept from inputs that it was not made for.
SOLUTION_SECONDS: Final = 20.0
#: So many smaller inputs are tried on the student's code: it is slow, or wrong only in the large, where none is found by then.
MOST_TRIES: Final = 12
#: Two runs of the same formula may differ by rounding; two different formulas differ by far more.
#: (relative to the number, relative to the largest one) by precision.
ROUNDING: Final = {2: (1e-2, 1e-3), 4: (1e-5, 1e-6), 8: (1e-9, 1e-12)}


@dataclass(frozen=True)
class Trace:
    """One call that a test made: what was called with what, and what the student's code gave, or what it raised.

    `raised` is the exception's name, or empty where there was no answer at all. `after` are the arguments as the call left them, where
    the test asked for them; `seconds` is what the answer took.
    """

    kind: str
    name: str
    arguments: Sequence[Any]
    keywords: Mapping[str, Any]
    seed: int
    value: Any = None
    raised: str | None = None
    message: str = ""
    after: Sequence[Any] | None = None
    seconds: float = 0.0


class Variants:
    """The cells of a lesson's exercises, as the solution, a mistake or a right style has them; executed when they are first needed."""

    def __init__(self, suite: Path, script: Path) -> None:
        self.mistakes, self.styles = read_catalogue(suite)
        self._script = script
        self._made: dict[str, dict[str, Any]] = {}

    @cached_property
    def lesson(self) -> Lesson:
        """The lesson, read when it is first needed."""
        return parse_script(self._script.read_text(encoding="utf-8"))

    def solution(self, exercise: str) -> str:
        """The solution's cell."""
        return next(cell for cell in self.lesson.cells if cell.exercise == exercise).python()

    def code(self, entry: Mistake | Style) -> str:
        """The cell that the catalogue's entry makes of the solution's."""
        return entry.apply(self.solution(entry.exercise))

    def function(self, name: str, exercise: str, entry: Mistake | Style | None = None) -> Callable[..., Any]:
        """The function `name` of an exercise as the entry has it, or the solution, ready to be called here."""
        with _in_the_lesson(self._script.parent):
            names = self.names(exercise, entry.id if entry else "", self.code(entry) if entry else self.solution(exercise))
        function: Callable[..., Any] = names[name]
        return function

    def names(self, exercise: str, key: str, code: str) -> dict[str, Any]:
        """What the lesson imports and defines, with `code` in place of the cell of `exercise`; its figures and experiments are left out."""
        key = f"{exercise}:{key}"
        if key not in self._made:
            names: dict[str, Any] = {"__name__": "lesson"}
            for name, compiled in self._cells:
                _execute(_compile(ast.parse(code).body) if name == exercise else compiled, names)
            self._made[key] = names
        return self._made[key]

    @cached_property
    def _cells(self) -> list[tuple[str | None, list[CodeType]]]:
        """The exercise, or None, and the compiled statements of each cell that defines something."""
        cells = [cell for cell in self.lesson.cells if cell.kind == "code" and not cell.test and CAPSTONE not in cell.tags]
        return [
            (cell.exercise, _compile(ast.parse(cell.python()).body if cell.exercise else _definitions(cell.python()))) for cell in cells
        ]


class Diagnostician:
    """The mistakes of one assignment, ready to be run."""

    def __init__(self, suite: Path, script: Path, probes: str) -> None:
        self.variants = Variants(suite, script)
        self._folder, self._probes_source = script.parent, probes

    def name(self, exercise: str, traces: Sequence[Trace]) -> Mistake | None:
        """The first mistake of `exercise` that explains all `traces`, or None."""
        candidates = [mistake for mistake in self.variants.mistakes if mistake.exercise == exercise]
        # A call without an answer, and one that is not written yet, is explained by none.
        if not candidates or not traces or any(trace.raised in ("", "NotImplementedError") for trace in traces):
            return None
        with _in_the_lesson(self._folder):
            right = self.variants.names(exercise, "", self.variants.solution(exercise))
            # An answer with the solution's numbers can still be wrong in its dtypes, and then only these tell the mistakes apart.
            only_dtypes = all(self._gives(right, trace, seconds=SOLUTION_SECONDS) for trace in traces)
            if only_dtypes and all(self._gives(right, trace, with_dtypes=True, seconds=SOLUTION_SECONDS) for trace in traces):
                return None
            # Where no value is wrong, an exception of the same type proves little: many mistakes raise a ValueError.
            silent = all(trace.raised is not None or self._gives(right, trace, seconds=SOLUTION_SECONDS) for trace in traces)
            return next((mistake for mistake in candidates if self._explains(mistake, traces, silent, only_dtypes)), None)

    def smaller(self, exercise: str, traces: Sequence[Trace], call: Callable[..., Any]) -> str | None:
        """A small input on which the student's `call(name, arguments, keywords)` is wrong too, in a sentence; None if none is found."""
        with _in_the_lesson(self._folder):
            names = self.variants.names(exercise, "", self.variants.solution(exercise))
            for trace in traces:
                if (
                    trace.kind == "call"
                    and trace.raised is None
                    and trace.after is None
                    and not self._gives(names, trace, seconds=SOLUTION_SECONDS)
                ):
                    return self._smaller(names, trace, call)
        return None

    def _smaller(self, names: dict[str, Any], trace: Trace, call: Callable[..., Any]) -> str | None:
        tries = 0
        for arguments, keywords in smaller_inputs(trace.arguments, trace.keywords):
            try:
                with time_limit(VARIANT_SECONDS):
                    expected, _ = self._run(names, replace(trace, arguments=arguments, keywords=keywords))
            except BaseException:  # no input for this function
                continue
            tries += 1
            if tries > MOST_TRIES:
                return None
            try:
                got = call(trace.name, arguments, keywords)
            except SubmissionError:  # it raises there: another story than the one to be told
                return None
            for part, wanted, which in _results(got, _plain(expected)):
                try:
                    assert_close(part, wanted)
                except Mismatch as error:
                    return _example(describe_call(trace.name, arguments, keywords), error, which)
        return None

    def _explains(self, mistake: Mistake, traces: Sequence[Trace], with_message: bool, with_dtypes: bool) -> bool:
        names = self.variants.names(mistake.exercise, mistake.id, self.variants.code(mistake))
        return all(self._gives(names, trace, with_message=with_message, with_dtypes=with_dtypes) for trace in traces)

    def _gives(
        self, names: dict[str, Any], trace: Trace, *, with_message: bool = False, with_dtypes: bool = False, seconds: float | None = None
    ) -> bool:
        """Whether the variant answers the call as the student's code did."""
        try:
            with time_limit(seconds or VARIANT_SECONDS + VARIANT_TIMES * trace.seconds):
                value, after = self._run(names, trace)
        except BaseException as error:
            alike = str(error).startswith(trace.message) and bool(trace.message) == bool(str(error))  # a long one arrives cut off
            return trace.raised == type(error).__name__ and (alike or not with_message)
        if trace.after is not None and not _same(_plain(after), tuple(trace.after)):
            return False
        if trace.raised is not None:
            return False
        value = _plain(value)
        return _same(value, trace.value) and (not with_dtypes or _dtypes(value) == _dtypes(trace.value))

    def _run(self, names: dict[str, Any], trace: Trace) -> tuple[Any, tuple[Any, ...]]:
        """What the variant gives for the call, and its arguments afterwards."""
        random.seed(trace.seed)
        np.random.seed(trace.seed)
        if "torch" in sys.modules:
            sys.modules["torch"].default_generator.manual_seed(trace.seed)
        arguments = tuple(value.function if isinstance(value, Lent) else _plain(value) for value in trace.arguments)
        keywords = _plain(dict(trace.keywords))
        if trace.kind == "call":
            return names[trace.name](*arguments, **keywords), arguments
        return self._probes()[trace.name](_Names(names), *arguments, **keywords), arguments

    def _probes(self) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(compile(self._probes_source, "<probes>", "exec"), names)
        return names


def _results(got: Any, expected: Any) -> Iterator[tuple[Any, Any, str]]:
    """Each of several results, the expected one, and which it is in words; none are told apart where they are not as many as expected."""
    several = isinstance(expected, tuple) and isinstance(got, tuple | list) and len(got) == len(expected) > 1
    if not several:
        yield got, expected, ""
        return
    for index, (part, wanted) in enumerate(zip(got, expected, strict=True)):
        yield part, wanted, f"{ORDINALS[index]} result" if index < len(ORDINALS) else f"result at index {index}"


def _example(called: str, error: Mismatch, which: str) -> str | None:
    """The smaller input, with one number of what is wrong there; `which` of its results it is where there are several."""
    of, as_its = (f" of its {which}", f" as its {which}") if which else ("", "")
    if error.rows:
        index, expected, got = error.rows[0]
        return f"A small input shows it too: `{called}` should have {expected} at {index}{of}, yours has {got}."
    if error.expected and error.got:
        return f"A small input shows it too: `{called}` should give {error.expected}{as_its}, yours gives {error.got}."
    return None


class _Names:
    """A variant's names as attributes, as a probe expects them: the twin of the sandbox's `_Namespace`."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self._names[name]
        except KeyError:
            raise AttributeError(name) from None


def _compile(nodes: Iterable[ast.stmt]) -> list[CodeType]:
    return [compile(ast.Module([node], []), "<lesson>", "exec") for node in nodes]


def _execute(statements: Iterable[CodeType], names: dict[str, Any]) -> None:
    for statement in statements:
        with contextlib.suppress(Exception):
            exec(statement, names)


def _definitions(source: str) -> Iterator[ast.stmt]:
    """Imports, functions, classes, and assignments that call nothing. Nothing is drawn here, and to import what draws would take long."""
    for node in ast.parse(source).body:
        quick = isinstance(node, ast.Assign) and not any(isinstance(part, ast.Call) for part in ast.walk(node))
        imports = isinstance(node, ast.Import | ast.ImportFrom) and not any(name.startswith("matplotlib") for name in _imported(node))
        if quick or imports or isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


@contextlib.contextmanager
def _in_the_lesson(folder: Path) -> Iterator[None]:
    """Runs what follows in the lesson's folder, without prints and warnings."""
    with contextlib.chdir(folder), quietly():
        yield


def _plain(value: Any) -> Any:
    """A copy of `value` as it would arrive from the sandbox."""
    header, buffers = wire.encode(value)
    return wire.decode(header, b"".join(buffers))


def _same(a: Any, b: Any) -> bool:
    if type(a) is type(b) and type(a) in (bool, int, float, str) and a == b:
        return True
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, wire.Opaque) or isinstance(b, wire.Opaque):
        return type(a) is type(b) and bool(a == b)
    if is_tensor(a) != is_tensor(b):
        return False
    if is_tensor(a) or isinstance(a, np.ndarray | np.generic | int | float | complex):
        return _same_numbers(a, b)
    return type(a) is type(b) and bool(a == b)


def _dtypes(value: Any) -> Any:
    """The dtypes of all arrays and tensors in a value, and the types of the rest."""
    if isinstance(value, tuple | list):
        return [_dtypes(part) for part in value]
    if isinstance(value, dict):
        return {key: _dtypes(part) for key, part in value.items()}
    return str(value.dtype) if isinstance(value, np.ndarray | np.generic) or is_tensor(value) else type(value)


def _rounding(value: Any) -> tuple[float, float]:
    """How far two runs of a formula in the value's precision may be apart."""
    if is_tensor(value):
        return ROUNDING[min(8, value.element_size()) if value.is_floating_point() else 8]
    kind: np.dtype[Any] = np.asarray(value).dtype
    return ROUNDING[min(8, kind.itemsize) if kind.kind == "f" else 8]


def _same_numbers(a: Any, b: Any) -> bool:
    if not is_tensor(b) and not isinstance(b, np.ndarray | np.generic | int | float | complex):
        return False
    if tuple(np.shape(a)) != tuple(np.shape(b)):
        return False
    rtol, atol = max(map(_rounding, (a, b)))
    x, y = (value.double().numpy() if is_tensor(value) else np.asarray(value) for value in (a, b))
    if "O" in (x.dtype.kind, y.dtype.kind):  # integers that no dtype holds; equal ones were seen above
        return False
    scale = float(np.max(np.abs(y[np.isfinite(y)]), initial=0.0)) if y.size else 0.0
    return bool(np.allclose(x, y, rtol=rtol, atol=atol * scale, equal_nan=True))
