"""The child's side of the conversation: answers requests to run a cell, to call a function, to run a probe, with plain data.

Nothing here is trusted once the first cell has run: the student's code shares this process and may forge any reply. The host
believes only what `wire.decode` let through.
"""

import contextlib
import importlib
import inspect
import io
import linecache
import os
import random
import socket
import sys
import warnings
from typing import Any, Final

import numpy as np

from autograder import wire
from autograder.sandbox.bindings import Bindings
from autograder.sandbox.lent import StandIn
from autograder.sandbox.shell import Shell, record, student_frames
from autograder.sandbox.shortcuts import watch

__all__ = ["serve"]

MESSAGE_CHARACTERS: Final = 500


def serve(channel: socket.socket, shell: Shell, output_characters: int, loose: io.FileIO) -> None:
    """Answers requests until the host closes `channel`. `loose` is the file behind descriptors 1 and 2."""
    record(shell, output_characters)
    _seed(0)  # Python draws a new seed after a fork; the same notebook shall print the same
    child, process = _Child(channel, shell, loose), os.getpid()
    while True:
        try:
            request = wire.receive(channel)
        except EOFError:
            return
        child.request = request["id"]
        reply = getattr(child, f"on_{request['do']}")(**request["with"])
        if os.getpid() != process:  # the student's code has forked and returned twice: one answer is enough
            os._exit(0)
        try:
            wire.send(channel, {"id": request["id"], **reply})
        except wire.WireError as error:
            wire.send(channel, {"id": request["id"], "status": "unsendable", "message": str(error)})


class _Missing(Exception):
    """A name that the student's notebook does not define."""


class _Namespace:
    """The student's names as attributes: what a probe gets as its first argument."""

    def __init__(self, names: dict[str, Any]) -> None:
        object.__setattr__(self, "_names", names)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._names[name]
        except KeyError:
            raise _Missing(name) from None


class _Child:
    def __init__(self, channel: socket.socket, shell: Shell, loose: io.FileIO) -> None:
        self.channel, self.shell, self.loose = channel, shell, loose
        self.request = 0
        self.given = set(shell.user_ns)
        self.probes: dict[str, Any] = {}
        self.bindings = Bindings(shell.user_ns)

    def ask(self, wants: dict[str, Any]) -> dict[str, Any]:
        """The host's answer to a question that comes up while its own request is answered."""
        wire.send(self.channel, {"id": self.request, "wants": wants})
        answer: dict[str, Any] = wire.receive(self.channel)
        return answer

    def on_files(self, files: dict[str, str]) -> dict[str, Any]:
        for name, text in files.items():
            with contextlib.suppress(FileExistsError), open(name, "x", encoding="utf-8", newline="") as file:
                file.write(text)
        importlib.invalidate_caches()
        return {"status": "ok"}

    def on_cell(self, name: str, source: str, untouched: bool, shown: bool, exercises: list[str], asked: list[str]) -> dict[str, Any]:
        with self.bindings.recorded(exercises, asked, untouched):
            outputs, error = self.shell.run(name, source, shown)
        # What a cell has set up to strike when Python goes on strikes here, and not at the next cell, which can't help it.
        exec(compile("None", "<after the cell>", "exec"), {})
        text = self.loose.read().decode("utf-8", "replace")  # what went past Python, straight to the descriptors
        if text:
            self.shell.recorder.stream("stdout", text)
            outputs += self.shell.recorder.take()
        return {"outputs": outputs, "error": error}

    def on_load(self, source: str) -> dict[str, Any]:
        exec(compile(source, "<probes>", "exec"), self.probes)
        return {"status": "ok"}

    def on_call(
        self,
        name: str,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        seed: int,
        forbidden: list[str],
        exercise: str,
        after: bool,
        lent: dict[int, str],
    ) -> dict[str, Any]:
        self.bindings.enter(exercise)
        if name not in self.shell.user_ns or name in self.given:
            return {"status": "missing", "name": name}
        function = self.shell.user_ns[name]
        arguments = tuple(StandIn(self.ask, place, lent[place]) if place in lent else value for place, value in enumerate(arguments))
        complaint = _complaint(function, name, arguments, keywords)
        if complaint:
            return {"status": "signature", "message": complaint}
        reply = self.guarded(seed, forbidden, lambda: function(*arguments, **keywords))
        return {**reply, "arguments": arguments} if after else reply

    def on_probe(
        self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any], seed: int, forbidden: list[str], exercise: str
    ) -> dict[str, Any]:
        self.bindings.enter(exercise)
        student = _Namespace(self.shell.user_ns)
        return self.guarded(seed, forbidden, lambda: self.probes[name](student, *arguments, **keywords))

    def guarded(self, seed: int, forbidden: list[str], work: Any) -> dict[str, Any]:
        """Runs `work` with fixed random seeds; its value, or what went wrong, and the forbidden calls it made, as a reply."""
        _seed(seed)
        _reset_switches()
        used: list[str] = []
        try:
            with warnings.catch_warnings(), watch(forbidden) as used:
                warnings.simplefilter("ignore")
                return {"status": "ok", "value": work(), "used": used}
        except _Missing as error:
            return {"status": "missing", "name": str(error)}
        except BaseException as error:
            return {**_raised(error), "used": used}
        finally:
            with contextlib.suppress(Exception):
                self.shell.recorder.take()


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        # Not torch.manual_seed: for the sake of graphics cards it notes down who called, and takes a hundred times as long.
        sys.modules["torch"].default_generator.manual_seed(seed)


def _reset_switches() -> None:
    """Puts back what a cell further down may have switched for the whole process, for its plots perhaps."""
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_grad_enabled(True)
        torch.autograd.set_detect_anomaly(False)
        torch.set_default_dtype(torch.float32)


def _complaint(function: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str | None:
    """Why `function` can't be called with these arguments, or None."""
    if not callable(function):
        return f"`{name}` is not a function but {type(function).__name__}: was the name used for something else in a later cell?"
    try:
        signature = inspect.signature(function, follow_wrapped=False)  # a decorator may take others than what it wraps
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        given = len(arguments) + len(keywords)
        return f"`{name}` is called with {given} argument{'s' * (given != 1)}, but yours is defined as `{name}{signature}`: {error}."
    return None


def _raised(error: BaseException) -> dict[str, Any]:
    frames = student_frames(error)
    cell, line = frames[-1] if frames else (None, None)
    source = linecache.getline(f"<cell {cell}>", line).strip() if cell and line else ""
    try:
        message = str(error)
    except BaseException:
        message = ""
    return {
        "status": "raised",
        "types": [kind.__name__ for kind in type(error).__mro__ if kind is not object],
        "message": message[:MESSAGE_CHARACTERS],
        "cell": cell,
        "line": line,
        "source": source[:200],
    }


def redirect(path: str) -> io.FileIO:
    """Points descriptors 0, 1 and 2 away from the host; returns a reader of what arrives at 1 and 2."""
    null = os.open(os.devnull, os.O_RDONLY)
    loose = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(loose, 1)
    os.dup2(loose, 2)
    os.close(null)
    os.close(loose)
    reader = open(path, "rb", buffering=0)  # noqa: SIM115 - lives as long as the process
    os.unlink(path)
    return reader
