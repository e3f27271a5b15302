"""What the sandboxed child may use: the numbers, and the calls that impose them on the current process."""

import os
import resource
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Limits", "impose"]


@dataclass(frozen=True)
class Limits:
    """Limits of one child. Wall time is the host's to watch; the CPU limit is a second net below it."""

    memory_bytes: int = 2 << 30
    cpu_seconds: int = 600
    file_bytes: int = 64 << 20
    folder_bytes: int = 256 << 20
    open_files: int = 256
    processes: int = 64
    output_characters: int = 200_000

    def as_dict(self) -> dict[str, Any]:
        """The limits as plain data, for the way into the child."""
        return asdict(self)


def impose(limits: Limits) -> None:
    """Limits the current process for good: neither it nor its children can raise the numbers again."""
    _set(resource.RLIMIT_AS, _address_space_bytes() + limits.memory_bytes)
    _set(resource.RLIMIT_CPU, limits.cpu_seconds)
    _set(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set(resource.RLIMIT_NOFILE, limits.open_files)
    _set(resource.RLIMIT_NPROC, _processes_of_user() + limits.processes)
    _set(resource.RLIMIT_CORE, 0)


def _set(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space_bytes() -> int:
    # The limit counts from what the warm parent has mapped already: torch alone maps gigabytes that it never touches.
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processes_of_user() -> int:
    """The threads that this user already runs: the kernel counts them all against the limit."""
    user, total = os.getuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    total += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue
    return total
