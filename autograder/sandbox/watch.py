"""Looks at a running child from outside, for the two things that no limit of the kernel's caps by itself."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from autograder.sandbox.limits import Limits

__all__ = ["TooMuch", "Watch"]


#: What a file counts for at least: empty ones cost the disk, and whoever removes them, too.
ENTRY_BYTES: Final = 4096
#: Paths longer than the system allows would hide what lies below them.
MAX_DEPTH: Final = 100


class TooMuch(Exception):
    """The child's processes together use more memory, or its folder holds more bytes, than the limit."""


class Watch:
    """The memory of all processes below `root` together, and the bytes in `folder` (None where a sized file system caps it)."""

    def __init__(self, root: int, folder: Path | None, limits: Limits) -> None:
        self._root, self._folder, self._limits = root, folder, limits

    def look(self) -> None:
        """Raises `TooMuch` when a limit is passed. Cheap while there is one process: its own limit holds then."""
        private = [_private_bytes(pid) for pid in _descendants(self._root)]
        if len(private) > self._limits.processes + 3:  # the kernel does not count those of user id 0
            raise TooMuch("it started too many processes")
        if len(private) > 3:
            # A fork begins with all that the warm parent has: only what is more is the child's doing. The warm parent is
            # the root, or its first child where the root waits outside the namespaces.
            inherited = max(private[:2])
            if sum(max(0, size - inherited) for size in private[2:]) > self._limits.memory_bytes:
                raise TooMuch("its processes together used too much memory")
        if self._folder is not None and _folder_bytes(self._folder) > self._limits.folder_bytes:
            raise TooMuch("it wrote too much into its folder")


def _private_bytes(pid: int) -> int:
    """Resident memory that lies in no file: the pages of libraries don't count, anonymous shared memory does."""
    with suppress(OSError, ValueError):
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(int(lines.get(name, "0 kB").split()[0]) << 10 for name in ("RssAnon", "RssShmem"))
    return 0


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with suppress(OSError, ValueError):
            found += [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return found


def _folder_bytes(folder: Path) -> int:
    total, waiting = 0, [(str(folder), 0)]
    while waiting:
        path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise TooMuch("it nested its folders too deep")
        with suppress(OSError), os.scandir(path) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += max(ENTRY_BYTES, entry.stat(follow_symlinks=False).st_blocks * 512)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
    return total
