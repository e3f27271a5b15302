"""A submitted folder → the plain files in it, found without following a link and without going deeper or further than a limit."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

__all__ = ["CLUTTER", "plain_files"]

MAX_DEPTH: Final = 20
MAX_ENTRIES: Final = 5000
CLUTTER: Final = {".ipynb_checkpoints", "__MACOSX"}


def plain_files(folder: Path) -> Iterator[Path]:
    """The regular files in the folder and below, level by level: no links, pipes, sockets or devices, nothing that can't be listed."""
    level, left = [folder], MAX_ENTRIES
    for _ in range(MAX_DEPTH):
        deeper: list[Path] = []
        for place in level:
            entries = _list_entries(place, left)
            left -= len(entries)
            yield from (Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False))
            deeper += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name not in CLUTTER]
        level = deeper


def _list_entries(folder: Path, limit: int) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, limit), key=lambda entry: entry.name)
    except OSError:
        return []
