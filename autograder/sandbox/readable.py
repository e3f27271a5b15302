"""What a child may read: the interpreter, its libraries, the system's programs and fonts. Not this package, nor anything of a person."""

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["interpreter", "others_can_reach", "paths"]

SYSTEM: Final = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/ssl/openssl.cnf",
    "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/self", "/sys/devices/system",
)  # fmt: skip
OURS: Final = Path(__file__).resolve().parents[1]


def paths() -> list[str]:
    """The files and folders to open for a child. Call it in the child: `/proc/self` is the caller's own."""
    return [*_fixed(), os.path.realpath("/proc/self")]


@cache
def _fixed() -> tuple[str, ...]:
    roots = {os.path.realpath(root) for root in (*interpreter(), *SYSTEM) if root != "/proc/self"}
    return tuple(sorted(path for root in roots for path in _without_ours(Path(root))))


def interpreter() -> Sequence[str]:
    """The folders of the interpreter that runs this and of its libraries."""
    folders = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
    kept = {os.path.realpath(folder) for folder in folders if os.path.isdir(folder)}
    return sorted(folder for folder in kept if not any(folder.startswith(other + "/") for other in kept))


def others_can_reach(folders: Sequence[str]) -> bool:
    """Whether another user id may pass every folder on the way."""
    return all(part.stat().st_mode & 0o001 for folder in map(Path, folders) for part in (folder, *folder.parents))


def _without_ours(root: Path) -> Iterator[str]:
    """`root`, or, if this package lies below it, everything in it but the package."""
    if root == OURS or not root.exists():
        return
    if not OURS.is_relative_to(root):
        yield str(root)
        return
    for entry in root.iterdir():
        yield from _without_ours(entry)
