"""The notebook to grade → the Python files beside it, which its cells may import, and a note about those that are left out."""

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Final

from autograder.archives import Member, list_members, read_members
from autograder.folders import plain_files
from autograder.names import as_code
from autograder.salvage import File

__all__ = ["read_own_files"]

MAX_FILES: Final = 20
MAX_BYTES: Final = 256 << 10
MAX_NAMES: Final = 5
MODULE: Final = re.compile(r"[A-Za-z_]\w*\.py", re.ASCII)


def read_own_files(notebook: File | None) -> tuple[dict[str, str], list[str]]:
    """Name → text of the modules in the notebook's own folder, up to a number of files and bytes; nothing is raised, no link followed."""
    beside = _beside(notebook)
    small, room = [], MAX_BYTES
    for file in beside[:MAX_FILES]:
        size = _size(file)
        if size <= room:
            small.append(file)
            room -= size
    texts = _read(small)
    return texts, _note_left_out([file.name for file in beside if file.name not in texts])


def _beside(notebook: File | None) -> Sequence[Path | Member]:
    if isinstance(notebook, Path):
        folder = notebook.parent
        return [file for file in takewhile(lambda file: file.parent == folder, plain_files(folder)) if MODULE.fullmatch(file.name)]
    if isinstance(notebook, Member):
        members = list_members(notebook.archive, *notebook.names[:-1])
        return [member for member in members if member.folder == notebook.folder and MODULE.fullmatch(member.name)]
    return []


def _size(file: Path | Member) -> int:
    """Its bytes; more than there is room for where it has a second name elsewhere, perhaps in another student's folder."""
    if isinstance(file, Member):
        return file.size
    try:
        status = file.stat()
    except OSError:
        return MAX_BYTES + 1
    return status.st_size if status.st_nlink == 1 else MAX_BYTES + 1


def _read(files: Sequence[Path | Member]) -> dict[str, str]:
    """The texts of those that can be read, and are UTF-8."""
    raw: dict[str, bytes] = {}
    for file in files:
        if isinstance(file, Path):
            with suppress(OSError), file.open("rb") as stream:
                raw[file.name] = stream.read(MAX_BYTES)
    members = (file for file in files if isinstance(file, Member))
    raw |= {member.name: data for member, data in read_members(members, MAX_BYTES)}
    texts = {}
    for name, data in raw.items():
        with suppress(UnicodeDecodeError):
            texts[name] = data.decode()
    return texts


def _note_left_out(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(map(as_code, names[:MAX_NAMES])) + ", …" * (len(names) > MAX_NAMES)
    limits = f"{MAX_FILES} files of {MAX_BYTES >> 10} KB together, in UTF-8"
    return [f"Of the Python files beside the notebook these can't be imported: {shown}. At most {limits}, are taken along."]
