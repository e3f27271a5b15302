"""Looks at a running child from outside, for the two things that no limit of the kernel's caps by itself."""

import os
from contextlib import suppress
from pathlib import Path

from autograder.sandbox.limits import Limits

__all__ = ["TooMuch", "Watch"]


class TooMuch(Exception):
    """The child's processes together use more memory, or its folder holds more bytes, than the limit."""


class Watch:
    """The memory of all processes below `root` together, and the bytes in `folder` (None where a sized file system caps it)."""

    def __init__(self, root: int, folder: Path | None, limits: Limits) -> None:
        self._root, self._folder, self._limits = root, folder, limits

    def look(self) -> None:
        """Raises `TooMuch` when a limit is passed. Cheap while there is one process: its own limit holds then."""
        private = [_private_bytes(pid) for pid in _descendants(self._root)]
        if len(private) > 3:
            # A fork begins with all that the warm parent has: only what is more is the child's doing. The warm parent is
            # the root, or its first child where the root waits outside the namespaces.
            inherited = max(private[:2])
            if sum(max(0, size - inherited) for size in private[2:]) > self._limits.memory_bytes:
                raise TooMuch("its processes together used too much memory")
        if self._folder is not None and _folder_bytes(self._folder) > self._limits.folder_bytes:
            raise TooMuch("it wrote too much into its folder")


def _private_bytes(pid: int) -> int:
    """Resident less shared: the pages of libraries don't count."""
    with suppress(OSError, ValueError):
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
        return max(0, int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with suppress(OSError, ValueError):
            found += [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return found


def _folder_bytes(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
    return total
