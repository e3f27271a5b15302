"""The trusted side of the border: starts the warm parent, opens a child for a submission, asks it to run cells, calls and probes.

This is the only module that talks to the sandboxed process. A reply is believed only as far as `wire` has checked it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from autograder import wire
from autograder.errors import MachineError, SubmissionError
from autograder.lending import Lending, Lent
from autograder.ourselves import quietly
from autograder.sandbox.isolation import Isolation
from autograder.sandbox.limits import Limits
from autograder.sandbox.tidy import remove_folder
from autograder.sandbox.watch import TooMuch, Watch

__all__ = ["LAYERS", "ChildEnded", "Manner", "Sandbox", "Session", "TimedOut"]

LAYERS: Final = ("namespaces", "user", "files", "syscalls")
START_SECONDS: Final = 120.0
FORK_SECONDS: Final = 20.0
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
KEPT_VARIABLES: Final = ("LANG", "LC_ALL", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")


class TimedOut(SubmissionError):
    """The student's code did not answer within its time limit; the child is gone."""


class ChildEnded(SubmissionError):
    """The student's process ended, or wrote nonsense, before it answered; the child is gone."""


@dataclass(frozen=True)
class Manner:
    """How a call is made: the random seed it begins with, its time limit, the library routines it may not use, the exercise it is for."""

    seed: int
    seconds: float
    forbidden: Sequence[str] = ()
    exercise: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What the child is told of it."""
        return {"seed": self.seed, "forbidden": list(self.forbidden), "exercise": self.exercise}


class Sandbox:
    """A warm parent process that imports `modules`, and the children forked from it, one at a time.

    The constructor does not wait for the imports, so that the caller can do its own meanwhile.
    Use it as a context manager; leaving it ends every process that it started.
    """

    def __init__(self, modules: Sequence[str], limits: Limits | None = None, layers: Sequence[str] = LAYERS) -> None:
        self.limits = limits or Limits()
        ours, theirs = socket.socketpair()
        self._control = ours
        self._home = tempfile.mkdtemp(prefix="autograder-")
        self._folders = 0
        os.chmod(self._home, 0o711)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.sandbox.zygote", str(theirs.fileno()), self._home, ",".join(layers), *modules],
            pass_fds=[theirs.fileno()],
            env=_environment(self._home),
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    @cached_property
    def isolation(self) -> Isolation:
        """The layers that the children get. Waits until the warm parent has imported its modules; raises `MachineError` when it can't."""
        ready, _ = self._answer(START_SECONDS)
        return Isolation(ready["namespaces"], ready["files"], ready["syscalls"], ready["user_id"])

    def open(self, files: Iterable[Path] = ()) -> "Session":
        """A new child with a private working folder that holds copies of `files`; an earlier child is ended first."""
        isolation = self.isolation
        self.end_session()
        self._folders += 1
        folder = f"{self._home}/work-{self._folders}"
        ours, theirs = socket.socketpair()
        watch = Watch(self._process.pid, None if isolation.namespaces else Path(folder), self.limits, isolation.user_id)
        request = {"do": "fork", "folder": folder, "files": [str(file) for file in files], "limits": self.limits.as_dict()}
        socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
        theirs.close()
        answer, descriptors = self._answer(FORK_SECONDS)
        if "error" in answer:
            ours.close()
            raise MachineError(answer["error"])
        self._session = Session(ours, descriptors[0], watch)
        return self._session

    def end_session(self) -> None:
        """Ends the current child and everything that it started, and removes its folder."""
        if self._session is None:
            return
        session, self._session = self._session, None
        session.kill()
        self._control.sendall(b'{"do": "sweep"}')
        self._answer(FORK_SECONDS)

    def close(self) -> None:
        """Ends the warm parent and everything below it."""
        with suppress(MachineError, OSError):
            self.end_session()
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        remove_folder(self._home)

    def _answer(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        self._control.settimeout(seconds)
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        except TimeoutError:
            raise MachineError(f"the sandbox's warm parent did not answer within {seconds:.0f} s") from None
        if not message:
            text = self._process.stderr.read().decode("utf-8", "replace") if self._process.stderr else ""
            raise MachineError(f"the sandbox's warm parent ended by itself:\n{text[-2000:]}")
        answer: dict[str, Any] = json.loads(message)
        return answer, descriptors


class Session:
    """One child: it has its own memory, folder and limits, and lives until `kill` or until a request fails."""

    def __init__(self, channel: socket.socket, pidfd: int, watch: Watch) -> None:
        self._channel, self._pidfd, self._watch = channel, pidfd, watch
        self._requests = 0
        self.alive = True
        watch.begin()

    def put_files(self, files: Mapping[str, str], seconds: float) -> None:
        """Writes texts into the working folder, where imports find them; what stands there under such a name stays."""
        self._ask("files", {"files": dict(files)}, seconds)

    def run_cell(
        self,
        name: str,
        source: str,
        seconds: float,
        *,
        untouched: bool = False,
        exercises: Sequence[str] = (),
        asked: Sequence[str] = (),
        shown: bool = True,
    ) -> dict[str, Any]:
        """Runs one cell: `{"outputs": […], "error": None or {"ename", "evalue", "line"}}`; no pictures where it is not `shown`."""
        details = {"name": name, "source": source, "untouched": untouched, "shown": shown}
        return self._ask("cell", {**details, "exercises": list(exercises), "asked": list(asked)}, seconds)

    def load_probes(self, source: str, seconds: float) -> None:
        """Makes the functions in `source` callable by `probe`."""
        self._ask("load", {"source": source}, seconds)

    def call(
        self, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any], manner: Manner, *, after: bool = False
    ) -> dict[str, Any]:
        """Calls the student's `name`; `{"status": "ok", "value": …, "used": […]}` or another status that says what went wrong.

        A `Lent` argument arrives as a stand-in for its function, which stays here.
        """
        lent = {place: value for place, value in enumerate(arguments) if isinstance(value, Lent)}
        plain = tuple(None if place in lent else value for place, value in enumerate(arguments))
        details = {"name": name, "arguments": plain, "keywords": dict(keywords), "after": after}
        details |= {"lent": {place: value.name for place, value in lent.items()}, **manner.as_dict()}
        if not lent:
            return self._ask("call", details, manner.seconds)
        with quietly():
            return self._ask("call", details, manner.seconds, Lending(lent))

    def probe(self, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any], manner: Manner) -> dict[str, Any]:
        """Runs a loaded probe on the student's names."""
        details = {"name": name, "arguments": tuple(arguments), "keywords": dict(keywords)}
        return self._ask("probe", {**details, **manner.as_dict()}, manner.seconds)

    def kill(self) -> None:
        """Ends the child at once; harmless when it is gone already."""
        if self._pidfd >= 0:
            self._watch.end()
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
            self._channel.close()
        self._pidfd = -1
        self.alive = False

    def _ask(self, do: str, details: dict[str, Any], seconds: float, lending: Lending | None = None) -> dict[str, Any]:
        if not self.alive:
            raise ChildEnded("the process is gone")
        self._requests += 1
        deadline = time.monotonic() + seconds
        try:
            self._watch.check()
            reply = self._exchange({"id": self._requests, "do": do, "with": details}, deadline)
            while lending is not None and type(reply) is dict and type(reply.get("wants")) is dict:
                reply = self._exchange(lending.answer(reply["wants"]), deadline)
        except TimeoutError:
            self.kill()
            raise TimedOut(f"no answer within {seconds:g} s") from None
        except TooMuch as error:
            self.kill()
            raise ChildEnded(str(error)) from None
        except (EOFError, OSError):
            self.kill()
            raise ChildEnded(self._watch.fault or "the process ended by itself") from None
        except wire.WireError as error:
            self.kill()
            raise ChildEnded(f"its answer was unreadable ({error})") from None
        if type(reply) is dict and "wants" in reply:
            self.kill()
            raise ChildEnded("it used a function after the call that it was lent for")
        # An array for an id would compare to an array, which is neither true nor false.
        if type(reply) is not dict or type(reply.get("id")) is not int or reply["id"] != self._requests:
            self.kill()
            raise ChildEnded("its answer was not to the question")
        return reply

    def _exchange(self, message: dict[str, Any], deadline: float) -> Any:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._channel.settimeout(remaining)
        wire.send(self._channel, message)
        return wire.receive(self._channel, deadline, self._watch.check)


def _environment(home: str) -> dict[str, str]:
    """What the sandbox may know of this process's environment: next to nothing."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    path = os.pathsep.join([os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"])
    fixed = {
        "PATH": path,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": home,
        "IPYTHONDIR": home,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }
    return {**kept, **ONE_THREAD, **fixed, "HOME": home}
