"""The `student` of the hidden suites: attribute access becomes a call across the border, and a reply plain data or a readable fault."""

import ast
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from autograder import wire
from autograder.compare import NO_WAY_BACK, Mismatch
from autograder.describe import describe_call
from autograder.diagnosis import Trace
from autograder.errors import CourseError, SubmissionError
from autograder.model import Cell, Outcome
from autograder.privacy import hide_paths
from autograder.replay import Replay
from autograder.sandbox.host import ChildEnded, Manner, Session, TimedOut
from autograder.shortcuts import Shortcut, find_shortcuts, names_in_probes

__all__ = ["Call", "Student", "StudentFault"]

TRACED_BYTES: Final = 8 << 20
#: The statement that stands in a stub, alone in its line or after a colon.
STUBS_LAST: Final = re.compile(r"(?:.*: *)?raise NotImplementedError(?:\(\))?(?: *#.*)?")
#: Magics of a whole cell whose names are known below it: they run it like any other.
OPEN_MAGICS: Final = {"time", "capture", "prun"}
CELL_MAGIC: Final = re.compile(r"\s*%%(\w{1,30})")
UNKNOWN_NAME: Final = re.compile(r"name '(\w{1,100})' is not defined")


class StudentFault(SubmissionError):
    """The student's function could not give a value: it is missing, raised, hung or ended the process.

    It raised `types`, with `message`, if it raised; `is_unwritten` if that was the stub's own `raise`.
    """

    def __init__(
        self, sentence: str, outcome: Outcome = Outcome.FAILED, types: Sequence[str] = (), message: str = "", is_unwritten: bool = False
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.outcome, self.types, self.message, self.is_unwritten = sentence, outcome, types, message, is_unwritten


@dataclass(frozen=True)
class Call:
    """What a call gave: its result, and its arguments as they are afterwards."""

    result: Any
    arguments: Sequence[Any]


class Student:
    """The student's names, as a test sees them. `last_call` says what was called last, for the report.

    `shared` is what the tests of one exercise have found out together about this submission.
    """

    def __init__(
        self,
        replay: Replay,
        exercise: str,
        seed: int,
        seconds: float | None = None,
        forbidden: Sequence[str] = (),
        shared: dict[str, Any] | None = None,
    ) -> None:
        self._replay, self._exercise = replay, exercise
        self._manner = Manner(seed, seconds or replay.budget.call_seconds, forbidden, exercise)
        self.shared = {} if shared is None else shared
        self.last_call: str | None = None
        self.traces: list[Trace] = []
        self.probe = _Probes(self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments, **keywords: self.call(name, arguments, keywords)

    def call(self, name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """What `name` returns."""
        return self._call(name, arguments, keywords)["value"]

    def run(self, name: str, *arguments: Any, **keywords: Any) -> Call:
        """Calls `name` and also returns its positional arguments as the call left them."""
        reply = self._call(name, arguments, keywords, after=True)
        left = reply.get("arguments")
        if type(left) is not tuple or len(left) != len(arguments):
            raise StudentFault(f"`{name}` gave no readable answer.", Outcome.CRASHED)
        return Call(reply["value"], left)

    def raises(self, kind: type[BaseException], name: str, *arguments: Any, **keywords: Any) -> None:
        """Passes when `name` raises `kind` or a subclass of it; otherwise the test fails with a sentence."""
        try:
            value = self._call(name, arguments, keywords)["value"]
        except StudentFault as fault:
            if kind.__name__ not in fault.types:
                raise
            return
        raise Mismatch(f"`{name}` should raise {kind.__name__} here.", expected=kind.__name__, got=describe_call("returned", [value], {}))

    def forget(self) -> None:
        """Makes the student's code forget what it was asked so far: its next call is the first one after the cells."""
        self._replay.begin_afresh()

    def _call(self, name: str, arguments: Sequence[Any], keywords: dict[str, Any], after: bool = False) -> dict[str, Any]:
        self.last_call = describe_call(name, arguments, keywords)
        return self._traced(
            "call", name, arguments, keywords, lambda session: session.call(name, arguments, keywords, self._manner, after=after)
        )

    def _run_probe(self, name: str, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
        sentences = _probe_sentences(self._replay.probes)
        if name not in sentences:
            raise CourseError(f"probes.py has no function {name}")
        self.last_call = sentences[name]
        reply = self._traced("probe", name, arguments, keywords, lambda session: session.probe(name, arguments, keywords, self._manner))
        return reply["value"]

    def _traced(
        self, kind: str, name: str, arguments: Sequence[Any], keywords: dict[str, Any], ask: Callable[[Session], dict[str, Any]]
    ) -> dict[str, Any]:
        """The reply; what was asked and answered is kept for the diagnosis."""
        trace, begin = Trace(kind, name, arguments, keywords, self._manner.seed, raised=""), time.monotonic()

        def asked(session: Session) -> dict[str, Any]:
            nonlocal begin
            begin = time.monotonic()  # to run the cells again, where that was needed, is no part of the answer
            return ask(session)

        try:
            reply = self._ask(name if kind == "call" else None, asked)
            after = reply.get("arguments")
            if _is_small((reply["value"], after)):
                trace = replace(trace, value=reply["value"], raised=None, after=after if type(after) is tuple else None)
        except StudentFault as fault:
            trace = replace(trace, raised=fault.types[0] if fault.types else "", message=fault.message)
            raise
        finally:
            self.traces.append(replace(trace, seconds=time.monotonic() - begin))
        return reply

    def _ask(self, name: str | None, ask: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        what = f"`{name}`" if name else "Your code"
        try:
            reply = ask(self._replay.session())
        except TimedOut:
            raise StudentFault(
                f"{what} did not return within {self._manner.seconds:g} s: does a loop never end?", Outcome.TIMEOUT
            ) from None
        except ChildEnded as error:
            raise StudentFault(f"{what} stopped the whole process instead of returning: {error}.", Outcome.CRASHED) from None
        # The student's code shares the process that answers, so the reply may hold anything that `wire` lets through.
        used = reply.get("used")
        if type(used) is list and used:
            name_used = used[0][:100] if type(used[0]) is str else "own routine"
            raise self._shortcut(what, name_used, self._written(name, [name_used]), reply)
        if _text(reply, "status") == "ok" and "value" in reply:
            written = self._written(name, self._manner.forbidden)
            if written:
                raise self._shortcut(what, written[0].name, written, reply)
            return reply
        raise self._fault(what, reply)

    def _fault(self, what: str, reply: dict[str, Any]) -> StudentFault:
        match _text(reply, "status"):
            case "missing":
                return StudentFault(self._missing(_text(reply, "name")[:100]), Outcome.MISSING)
            case "signature":
                return StudentFault(_text(reply, "message")[:400])
            case "unsendable":
                return StudentFault(f"{what} returned something too large to look at.")
            case "raised":
                types = reply.get("types")
                names = [t[:100] for t in types[:50] if type(t) is str] if type(types) is list else []
                message = _text(reply, "message")
                sentence = _raised(what, names, reply) + self._where_it_began(message if names[:1] == ["NameError"] else "")
                return StudentFault(sentence, types=names, message=message, is_unwritten=_is_stub(names, reply))
        return StudentFault(f"{what} gave no readable answer.", Outcome.CRASHED)

    def _written(self, name: str | None, forbidden: Sequence[str]) -> Sequence[Shortcut]:
        """Where the function `name`, or what a probe may call of the exercise's cell, mentions one of the `forbidden` routines."""
        start = frozenset({name}) if name else names_in_probes(self._replay.probes)
        others = self._replay.exercises - {self._exercise}
        files = (Cell(file, text) for file, text in self._replay.own_files.items())
        return find_shortcuts((*files, *self._replay.cells), start, tuple(forbidden), self._exercise, others, within=not name)

    def _shortcut(self, what: str, used: str, written: Sequence[Shortcut], reply: dict[str, Any]) -> StudentFault:
        places = [place for place in written if place.name == used]
        where = f" in line {places[0].line} of {self._place(places[0].cell)}" if places else ""
        sentence = f"{what} uses the library's `{used}`{where}. This exercise asks you to write that yourself."
        fault = self._fault(what, reply)  # what it raised as well, for the diagnosis
        return StudentFault(sentence, types=fault.types, message=fault.message)

    def _place(self, cell: str) -> str:
        return "its cell" if cell == self._exercise else f"the {'file' if cell in self._replay.own_files else 'cell'} `{cell}`"

    def _missing(self, name: str) -> str:
        own = [cell.source for cell in self._replay.cells if cell.name == self._exercise]
        magic = CELL_MAGIC.match(own[0]) if own else None
        if magic and magic[1] not in OPEN_MAGICS:
            closed = f"its cell begins with `%%{magic[1]}`, which keeps what it defines to itself. Delete that line."
            return f"`{name}` is not defined: {closed}"
        error = self._replay.errors.get(self._exercise)
        if error is not None:
            return f"`{name}` is not defined, because its cell did not run: {error.sentence()}{self._where_it_began(error.message)}"
        if self._replay.damaged and not own:
            lost = "the file is cut off or damaged, and the cell is not in what could be read of it"
            return f"`{name}` is not defined: {lost}. Look into the file, and hand it in again when it opens in Jupyter."
        return f"`{name}` is not defined in the notebook: was it renamed, or its cell deleted?"

    def _where_it_began(self, message: str) -> str:
        """Of a name that is not known: the cell that was to import or define it, and failed."""
        for unknown in UNKNOWN_NAME.findall(message)[:1]:
            for cell in self._replay.cells:
                error = self._replay.errors.get(cell.name)
                if error is not None and cell.name != self._exercise and re.search(rf"\b{unknown}\b", cell.source):
                    return f" The cell `{cell.name}`, which mentions `{unknown}`, did not run: {error.sentence()}"
        return ""


def _is_small(value: Any) -> bool:
    """Whether a value is worth keeping for the diagnosis: hundreds of megabytes are not."""
    header, buffers = wire.encode(value)
    return len(header) + sum(map(len, buffers)) < TRACED_BYTES


class _Probes:
    """`student.probe.name(…)`."""

    def __init__(self, student: Student) -> None:
        self._student = student

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **keywords: self._student._run_probe(name, arguments, keywords)


#: What PyTorch says when a probe asks for gradients → why there are none.
AUTOGRAD: Final = {
    "modified by an inplace operation": NO_WAY_BACK["changed in place"],
    "does not require grad": NO_WAY_BACK["no gradient"],
    "not have been used in the graph": NO_WAY_BACK["no gradient"],
}


def _raised(what: str, types: Sequence[str], reply: dict[str, Any]) -> str:
    kind = types[0] if types else "an exception"
    cell, source = _text(reply, "cell")[:100], _text(reply, "source")[:200]
    line = reply["line"] if type(reply.get("line")) is int else None
    where = f" in line {line} of the cell `{cell}`" if cell and line else ""
    if _is_stub(types, reply):
        return f"Not written yet: `raise NotImplementedError()` still stands{where}."
    words = hide_paths(_text(reply, "message")[:500]).rstrip(".")
    message = f": {words}" if words else ""
    if not where and what == "Your code":
        broken = next((sentence for part, sentence in AUTOGRAD.items() if part in words), None)
        if kind == "RuntimeError" and broken:
            return f"Autograd could not go back through your code: {broken}"
        return f"What your function returned, or how it can be called, does not fit what the exercise asks: {kind}{message}."
    code = f", `{source}`" if source else ""
    return f"{what} raised {kind}{message}{where and f' ({where.strip()}{code})'}."


def _is_stub(types: Sequence[str], reply: dict[str, Any]) -> bool:
    """Whether the statement that raised is the stub's."""
    return list(types[:1]) == ["NotImplementedError"] and STUBS_LAST.fullmatch(_text(reply, "source")[:200]) is not None


def _text(reply: dict[str, Any], key: str) -> str:
    value = reply.get(key)
    return value if type(value) is str else ""


@cache
def _probe_sentences(source: str) -> dict[str, str]:
    """Name → first docstring line of each probe: what the student is told was called."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return {node.name: (ast.get_docstring(node) or node.name).splitlines()[0] for node in functions}
