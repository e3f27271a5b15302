"""Looks at a running child from outside, for what no limit of the kernel's caps by itself: memory, processes and files together."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from autograder.sandbox.limits import Limits
from autograder.sandbox.processes import Held, Process, read_held, read_mapped, read_process, read_shared_bytes, read_tree

__all__ = ["TooMuch", "Watch"]

LIBC: Final = ctypes.CDLL(None, use_errno=True)

LOOK_SECONDS: Final = 0.1
#: The share of time spent on looking stays below a fifth, however much there is to see.
REST: Final = 4
#: What a socket can hold in the kernel, where no limit counts it: the system's usual buffer.
SOCKET_BYTES: Final = 212_992
#: What a file counts for at least: empty ones cost the disk, and whoever removes them, too.
ENTRY_BYTES: Final = 4096
#: Paths longer than the system allows would hide what lies below them.
MAX_DEPTH: Final = 100

PROCESSES: Final = "it started too many processes"
MEMORY: Final = "its processes together used too much memory"
FOLDER: Final = "it wrote too much into its folder"
HIDDEN: Final = "it hid files"
#: How long a fault must last. A process just made by `vfork` shows its parent's memory as its own; one that is
#: about to give up its user id can't be looked into yet.
PATIENCE: Final = {PROCESSES: 0.0, MEMORY: LOOK_SECONDS / 2, FOLDER: 0.0, HIDDEN: 2.0}


class TooMuch(Exception):
    """The child's processes together use more memory, or hold more bytes in files, than the limit, or are too many."""


class Watch:
    """Over all processes below `root` that are not there yet, and `folder` (None where a sized file system caps what they write).

    Make it before the child is forked: what the processes hold now is what a child begins with, and none of its doing.
    From `begin` to `end` it looks several times a second in a thread of its own, whatever this side is busy with, and ends the
    processes when a limit is passed: `fault` says which.
    """

    def __init__(self, root: int, folder: Path | None, limits: Limits, user_id: int = 0) -> None:
        self._root, self._folder, self._limits, self._user_id = root, folder, limits, user_id
        self._ours = frozenset(read_tree(root))
        ours = _present(self._ours)
        self._inherited_bytes = max((process.memory_bytes for process in ours), default=0)
        self._inherited_files = frozenset(read_mapped(ours, 0)) if folder else frozenset()
        self._since: dict[str, float] = {}
        self.fault: str | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Starts to look."""
        self._thread.start()

    def check(self) -> None:
        """Raises `TooMuch` if a limit has been passed."""
        if self.fault is not None:
            raise TooMuch(self.fault)

    def end(self) -> None:
        """Looks no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        pause = LOOK_SECONDS
        while not self._over.wait(pause):
            begun = time.monotonic()
            try:
                self._look(begun)
            except TooMuch as error:
                self.fault = str(error)
            except Exception as error:  # nothing goes on unwatched
                self.fault = f"it could not be watched ({type(error).__name__})"
            if self.fault is not None:
                self._kill()
            pause = max(LOOK_SECONDS, REST * (time.monotonic() - begun))

    def _look(self, now: float) -> None:
        faults = list(self._faults())
        self._since = {fault: self._since.get(fault, now) for fault in faults}
        for fault, since in self._since.items():
            if now - since >= PATIENCE[fault]:
                raise TooMuch(fault)

    def _kill(self) -> None:
        for pid in read_tree(self._root):
            if pid not in self._ours:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _faults(self) -> Iterator[str]:
        processes = _present(pid for pid in read_tree(self._root) if pid not in self._ours)
        # The kernel's own limit does not hold for user id 0. To look into each of too many would take long.
        if sum(process.threads for process in processes) > self._limits.processes + 1:
            yield PROCESSES
            return
        with _seen_as(self._user_id):
            held = self._held(processes)
            hoards = self._use_too_much(processes, len(held.sockets) if held else 0)
        if hoards:
            yield MEMORY
        size = _folder_bytes(self._folder) if self._folder else 0
        if held is None or size is None:
            yield HIDDEN
        elif size + sum(held.files.values()) > self._limits.folder_bytes:
            yield FOLDER

    def _held(self, processes: Sequence[Process]) -> Held | None:
        """What the processes hold open; None where one hides it."""
        if not self._folder:
            # Files lie in a sized file system then, and the sockets of one process are few.
            processes = processes if len(processes) > 1 else []
        with suppress(PermissionError):
            held = read_held(processes)
            if not self._folder:
                return Held({}, held.sockets)
            mapped = read_mapped(processes, self._limits.file_bytes)
            return Held({key: size for key, size in mapped.items() if key not in self._inherited_files} | held.files, held.sockets)
        return None

    def _use_too_much(self, processes: Sequence[Process], sockets: int) -> bool:
        if len(processes) < 2:
            return False  # its own limit holds
        limit = self._limits.memory_bytes + self._inherited_bytes - sockets * SOCKET_BYTES
        if sum(process.memory_bytes for process in processes) <= limit:
            return False
        # Only now what takes longer: pages that they share count once.
        return sum(map(self._own_bytes, processes)) > limit

    def _own_bytes(self, process: Process) -> int:
        shared = read_shared_bytes(process)
        return max(0, process.memory_bytes - self._inherited_bytes) if shared is None else shared


def _present(pids: Iterator[int] | frozenset[int]) -> list[Process]:
    return [process for process in map(read_process, pids) if process]


@contextmanager
def _seen_as(user_id: int) -> Iterator[None]:
    """Reads /proc with the eyes of the child's user: in a container root may lack the power to look into others' processes."""
    if not user_id:
        yield
        return
    try:
        LIBC.setfsgid(user_id)
        LIBC.setfsuid(user_id)
        yield
    finally:
        LIBC.setfsuid(os.geteuid())
        LIBC.setfsgid(os.getegid())


def _folder_bytes(folder: Path) -> int | None:
    """The bytes of all that lies in `folder`; None where a part of it can't be listed."""
    total, waiting, closed = 0, [(str(folder), 0)], False
    while waiting:
        path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise TooMuch("it nested its folders too deep")
        try:
            for entry, size in _entries(path):
                total += size
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
        except PermissionError:
            closed = True
        except OSError:
            continue  # removed meanwhile
    return None if closed else total


def _entries(path: str) -> Iterator[tuple[os.DirEntry[str], int]]:
    with os.scandir(path) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry, max(ENTRY_BYTES, entry.stat(follow_symlinks=False).st_blocks * 512)
