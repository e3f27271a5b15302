"""What the attacks play on: a tiny hidden suite behind a worker, things worth stealing around it, and a watch over all of them."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from autograder.model import Cell, ExerciseReport, Job, Report
from tests.engine.conftest import SuiteWorker

__all__ = ["FILES", "POINTS", "Attack", "Stage", "canonical", "descendants", "is_alive", "make_suite", "points_of", "read_attacks"]

FILES: Final = Path(__file__).parent / "files"
#: Files that an attack leaves where it should not write carry this in their name.
MARK: Final = "hostile-"
EVERYBODYS_FOLDERS: Final = tuple(Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock"))

LINEAR: Final = '''\
"""Hidden tests of `linear`."""
import numpy as np
from autograder.suite import assert_close, assert_unchanged, graded


@graded(stage="value", weight=2)
def test_forward(student, rng):
    """The output is x @ w."""
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    assert_close(student.linear(x, w), x @ w)


@graded(stage="value")
def test_small(student):
    """One number times another."""
    assert_close(student.linear(np.array([[2.0]]), np.array([[3.0]])), np.array([[6.0]]))


@graded(stage="contract")
def test_unchanged(student, rng):
    """The arguments are not changed."""
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    assert_unchanged(student.run("linear", x, w).arguments, (x, w), names=("x", "w"))
'''

RELU: Final = '''\
"""Hidden tests of `relu`."""
import torch
from autograder.suite import assert_close, graded


@graded(stage="value")
def test_relu(student, rng):
    """Negative entries become zero."""
    x = torch.from_numpy(rng.normal(size=(4, 3)))
    assert_close(student.relu(x), x.clamp(min=0))
'''

TWICE: Final = '''\
"""Hidden tests of `twice`."""
from autograder.suite import assert_close, graded


@graded(stage="value")
def test_number(student, rng):
    """Twice a number."""
    x = int(rng.integers(10**6))
    assert_close(student.twice(x), 2 * x)


@graded(stage="edge")
def test_probe(student, rng):
    """Twice, two times over."""
    x = int(rng.integers(10**6))
    assert_close(student.probe.four_times(x), 4 * x)
'''

WORDS: Final = '''\
"""Hidden tests of `words`."""
from autograder.suite import assert_close, assert_true, graded


@graded(stage="value")
def test_dictionary(student, rng):
    """The words with their places."""
    names = [str(n) for n in rng.integers(10**6, size=3)]
    assert_close(student.words(names), {name: [place, name] for place, name in enumerate(names)})


@graded(stage="value")
def test_error(student):
    """An empty list is refused."""
    student.raises(ValueError, "words", [])
'''

PROBES: Final = '''\
def four_times(student, x):
    """twice(twice(x))"""
    return student.twice(student.twice(x))
'''

SETTINGS: Final = """\
modules = ["numpy", "torch"]
call_seconds = 1.0
cell_seconds = 2.5
notebook_seconds = 12.0

[forbidden]
linear = ["torch.nn.functional.bilinear"]
"""
TESTS: Final = {"linear": LINEAR, "relu": RELU, "twice": TWICE, "words": WORDS}
POINTS: Final = {"linear": 8.0, "relu": 4.0, "twice": 4.0, "words": 4.0}
RIGHT: Final = {
    "linear": "def linear(x, w):\n    return x @ w",
    "relu": "def relu(x):\n    return torch.where(x > 0, x, 0 * x)",
    "twice": "def twice(x):\n    return 2 * x",
    "words": "def words(names):\n    if not names:\n        raise ValueError('none')\n    return {n: [i, n] for i, n in enumerate(names)}",
}
#: What a later submission would show of an earlier one: settings, random state, modules, environment, working folder.
WITNESS: Final = """\
import gc, os, sys, threading, warnings
print(os.listdir(), os.getcwd(), sorted(os.environ), sys.path, len(sys.modules), sys.getrecursionlimit(), threading.active_count())
print(np.random.get_state()[1][:3], torch.initial_seed(), torch.get_default_dtype(), torch.get_num_threads())
print(np.geterr(), np.get_printoptions()["precision"], warnings.filters, gc.isenabled(), gc.callbacks, sys.meta_path, os.umask(0))
"""
#: Every attack is written as if its author knew where everything is. Its own `attempt` tells us whether it was stopped.
KNOWLEDGE: Final = '''\
import numpy as np
import torch

{known}

def attempt(what):
    """Does it, and says whether that was refused."""
    try:
        print("GOT THROUGH", what())
    except BaseException as error:
        print("refused:", type(error).__name__)
'''


@dataclass(frozen=True)
class Attack:
    """One file of `files/`: its cell, and what its comments say of it."""

    name: str
    source: str

    def says(self, key: str, default: str = "") -> str:
        """What stands after `# key:` in the file."""
        found = re.search(rf"^# {key}: (.+)$", self.source, re.MULTILINE)
        return found[1].strip() if found else default


def read_attacks() -> list[Attack]:
    """All attacks, by name."""
    return [Attack(path.stem, path.read_text()) for path in sorted(FILES.glob("*.*py"))]


def make_suite(folder: Path) -> Path:
    """The hidden suite: four exercises, short time limits, a routine that one of them may not call."""
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text(SETTINGS)
    (folder / "probes.py").write_text(PROBES)
    for exercise, source in TESTS.items():
        (folder / f"test_{exercise}.py").write_text(source)
    return folder


class Stage:
    """A course with canaries in it, the worker that grades there, and the listeners. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.course = folder / "course"
        self.suite = make_suite(self.course / "autograder" / "suites" / "01-tiny")
        self.canaries: dict[str, str] = {}
        self._secrets = {
            "SECRET_FILE": self._hide("suite", self.suite / "answers.txt"),
            "HOME_FILE": self._hide("home", self.course / "home" / ".netrc"),
            "OTHER_FILE": self._hide("other", self.course / "submitted" / "ada" / "01-tiny" / "tiny.ipynb"),
            "GRADEBOOK": self._hide("gradebook", self.course / "gradebook.db"),
        }
        # Not below a folder of pytest's: those are closed to the user id of the sandbox.
        self.temporary = Path(tempfile.mkdtemp(prefix="attacks-"))
        self.temporary.chmod(0o711)
        self.listeners = Listeners(self.course / "socket")
        self.worker = self._start()
        self.clean = canonical(self.worker.grade(self.job()))
        self.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.worker.close()
        self.listeners.close()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def settle(self) -> None:
        """Takes things as they are now for how they should be after each attack."""
        self.quiet = {self.worker._process.pid, *descendants(self.worker._process.pid)}
        self.before = self.fingerprint()

    def grade(self, job: Job, seconds: float = 30.0) -> Report:
        """The report; a worker that takes longer than `seconds` is ended, and the test fails with `MachineError`."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(seconds):
                os.kill(self.worker._process.pid, signal.SIGKILL)

        threading.Thread(target=watch, daemon=True).start()
        try:
            with suppress(OSError):
                Path(f"/proc/{self.worker._process.pid}/clear_refs").write_text("5")  # forgets the highest memory so far
            return self.worker.grade(job)
        finally:
            done.set()

    def highest_bytes(self) -> int:
        """The most memory that the worker has used since `grade` began."""
        status = Path(f"/proc/{self.worker._process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) << 10  # type: ignore[index]

    def job(self, attack: Attack | None = None) -> Job:
        """A right submission with the attack in the stub that it names; without one, the clean submission."""
        cells = {"knowledge": KNOWLEDGE.format(known=self._known()), **RIGHT}
        if attack is None:
            cells["witness"] = WITNESS
        else:
            cells[attack.says("exercise", "linear")] = attack.source
        return Job("mallory", "01-tiny", "secret-of-the-course", [Cell(*cell) for cell in cells.items()], POINTS)

    def leaked(self, report: Report) -> list[str]:
        """The canaries that a report holds, straight or in reverse."""
        text = json.dumps(report.as_dict())
        return [name for name, value in self.canaries.items() if value in text or value[::-1] in text]

    def left_running(self) -> list[int]:
        """The processes below the worker that were not there before the first attack."""
        return [pid for pid in descendants(self.worker._process.pid) if pid not in self.quiet and is_alive(pid)]

    def fingerprint(self) -> str:
        """Changes when a file of the course does, or when a file with the attackers' mark appears anywhere."""
        digest = hashlib.sha256()
        for path in sorted(self.course.rglob("*")):
            status = path.lstat()
            digest.update(repr((str(path), status.st_mode, status.st_uid, status.st_mtime_ns, status.st_nlink)).encode())
            digest.update(path.read_bytes() if path.is_file() else b"")
        homes = [self.temporary, *self.temporary.glob("autograder-*")]
        strays = [path for folder in (*EVERYBODYS_FOLDERS, *homes) for path in folder.glob(f"*{MARK}*")]
        works = list(self.temporary.glob("autograder-*/work-*"))
        return f"{digest.hexdigest()} {strays} {works}"

    def _start(self) -> SuiteWorker:
        canary = self._canary("environment")
        changed = {"TMPDIR": str(self.temporary), "COURSE_TOKEN": canary, "HOME": str(self.course / "home")}
        kept = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            return SuiteWorker(self.suite)
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def _known(self) -> str:
        known: dict[str, Any] = {name: str(path) for name, path in self._secrets.items()}
        known |= {"SUITE": str(self.suite), "COURSE": str(self.course), "TEMPORARY": str(self.temporary)}
        known |= {"WORKER": self.worker._process.pid, "TESTER": os.getpid(), **self.listeners.addresses()}
        return "\n".join(f"{name} = {value!r}" for name, value in known.items())

    def _hide(self, name: str, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._canary(name) + "\n")
        path.chmod(0o666)  # only the layers are to stop an attack, not the owner
        return path

    def _canary(self, name: str) -> str:
        return self.canaries.setdefault(name, f"CANARY-{name}-{os.urandom(6).hex()}")


class Listeners:
    """A TCP, a UDP, a Unix and an abstract Unix socket of this machine; `heard` grows when anything reaches one of them."""

    def __init__(self, path: Path) -> None:
        self.heard: list[str] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._short = tempfile.mkdtemp(prefix="attacks-")
        self._path = f"{self._short}/socket"
        self._unix, self._abstract = (socket.socket(socket.AF_UNIX) for _ in range(2))
        self._unix.bind(self._path)
        os.chmod(self._path, 0o777)
        os.chmod(self._short, 0o711)
        self._abstract.bind(f"\0attacks-{os.getpid()}")
        for name, listener in {"tcp": self._tcp, "unix": self._unix, "abstract": self._abstract}.items():
            listener.listen()
            threading.Thread(target=self._accept, args=(name, listener), daemon=True).start()
        threading.Thread(target=self._receive, daemon=True).start()

    def addresses(self) -> dict[str, Any]:
        """Where they listen, by the name that an attack knows them by."""
        names = {"TCP": self._tcp.getsockname(), "UDP": self._udp.getsockname(), "UNIX": self._path}
        return names | {"ABSTRACT": f"\0attacks-{os.getpid()}"}

    def close(self) -> None:
        """Stops listening."""
        for listener in (self._tcp, self._udp, self._unix, self._abstract):
            listener.close()
        shutil.rmtree(self._short, ignore_errors=True)

    def _accept(self, name: str, listener: socket.socket) -> None:
        try:
            while True:
                listener.accept()[0].close()
                self.heard.append(name)
        except OSError:
            return

    def _receive(self) -> None:
        try:
            while True:
                self._udp.recv(100)
                self.heard.append("udp")
        except OSError:
            return


def canonical(report: Report) -> bytes:
    """All of a report but how long things took, as bytes."""

    def untimed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: untimed(item) for key, item in value.items() if key != "seconds"}
        return [untimed(item) for item in value] if isinstance(value, list | tuple) else value

    return json.dumps(untimed(report.as_dict()), sort_keys=True).encode()


def points_of(exercises: Iterable[ExerciseReport]) -> dict[str, float | None]:
    """Exercise → points."""
    return {exercise.exercise: exercise.points for exercise in exercises}


def descendants(pid: int) -> Iterator[int]:
    """The processes below a process."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from descendants(child)


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
