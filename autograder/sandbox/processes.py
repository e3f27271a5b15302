"""The processes below a process → what the kernel tells of each, whatever they call themselves and however they were started."""

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

__all__ = ["Held", "Process", "read_held", "read_mapped", "read_process", "read_shared_bytes", "read_tree"]

GONE: Final = (FileNotFoundError, ProcessLookupError)
#: At the start of a line only: a process chooses its name, but the kernel escapes line ends in it.
MEMORY: Final = re.compile(rb"^(?:RssAnon|RssShmem|VmSwap):\s*(\d+) kB$", re.MULTILINE)
SHARES: Final = re.compile(rb"^(?:Pss_Anon|Pss_Shmem|SwapPss):\s*(\d+) kB$", re.MULTILINE)
#: Shared memory without a file shows as a removed `/dev/zero`.
REMOVED: Final = re.compile(rb"^(\S+) \S+ \S+ (\S+) (\d+) +/(?!dev/zero ).* \(deleted\)$", re.MULTILINE)


@dataclass(frozen=True)
class Process:
    """One process: the folder of a thread that still runs, the number of threads, and its memory that lies in no file."""

    folder: str
    threads: int
    memory_bytes: int


@dataclass(frozen=True)
class Held:
    """What descriptors hold: the bytes of files without a name, by device and inode, and the sockets."""

    files: dict[tuple[int, int], int]
    sockets: set[int]


def read_tree(root: int) -> list[int]:
    """The process `root` and all below it; children are listed thread by thread, by the one that started them."""
    found, seen = [root], {root}
    for pid in found:
        for thread in _threads(pid):
            children = set(map(int, _read(f"/proc/{pid}/task/{thread}/children").split())) - seen
            seen |= children
            found += sorted(children)
    return found


def read_process(pid: int) -> Process | None:
    """What is known of a process; None for one that has ended."""
    threads = _threads(pid)
    # The first thread can have ended while others go on: it shows no memory then.
    for thread in threads:
        folder = f"/proc/{pid}/task/{thread}"
        if sizes := MEMORY.findall(_read(f"{folder}/status")):
            return Process(folder, len(threads), sum(map(int, sizes)) << 10)
    return None


def read_shared_bytes(process: Process) -> int | None:
    """Its part of the memory, where a page that several processes share counts once for all of them; None where that can't be read."""
    with suppress(OSError):
        sizes = SHARES.findall(_read(f"{process.folder}/smaps_rollup"))
        return sum(map(int, sizes)) << 10 if sizes else None
    return None


def read_held(processes: Iterable[Process]) -> Held:
    """What the descriptors of all `processes` hold. Raises `PermissionError` where one hides them."""
    held = Held({}, set())
    for process in processes:
        with suppress(*GONE), os.scandir(f"{process.folder}/fd") as entries:
            for entry in entries:
                with suppress(*GONE):
                    _add(held, os.stat(entry.path))
    return held


def read_mapped(processes: Iterable[Process], unknown_bytes: int) -> dict[tuple[int, int], int]:
    """The bytes of files without a name that are mapped; `unknown_bytes` for one whose size only a mightier user may see."""
    files = {}
    for process in processes:
        table = _read(f"{process.folder}/maps")
        for addresses, device, inode in REMOVED.findall(table) if b" (deleted)\n" in table else ():
            major, minor = (int(part, 16) for part in device.split(b":"))
            files[os.makedev(major, minor), int(inode)] = _mapped_bytes(process, addresses.decode(), unknown_bytes)
    return files


def _mapped_bytes(process: Process, addresses: str, unknown_bytes: int) -> int:
    begin, end = (f"{int(part, 16):x}" for part in addresses.split("-"))  # the folder names them without leading zeros
    try:
        status = os.stat(f"/proc/{process.folder.split('/')[2]}/map_files/{begin}-{end}")
    except OSError:
        return unknown_bytes
    return 0 if status.st_nlink else status.st_blocks * 512


def _add(held: Held, status: os.stat_result) -> None:
    if stat.S_ISSOCK(status.st_mode):
        held.sockets.add(status.st_ino)
    elif stat.S_ISREG(status.st_mode) and not status.st_nlink:
        held.files[status.st_dev, status.st_ino] = status.st_blocks * 512


def _threads(pid: int) -> list[str]:
    with suppress(*GONE):
        return os.listdir(f"/proc/{pid}/task")
    return []


def _read(path: str) -> bytes:
    # Bytes, and no `splitlines`: a name may hold what is no text, or what Python takes for the end of a line.
    with suppress(*GONE), open(path, "rb", buffering=0) as file:
        return b"".join(iter(lambda: file.read(1 << 16), b""))
    return b""
