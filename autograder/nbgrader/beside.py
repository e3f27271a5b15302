"""What nbgrader takes from a student's folder beside the notebook: copies of plain files, and the time of the submission if it is one.

`nbgrader_config.py` puts these functions in the place of nbgrader's own, which follow links, read pipes and stop at a wrong time.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from nbgrader.converters import Autograde, GenerateFeedback  # type: ignore[import-untyped]
from nbgrader.converters.base import BaseConverter  # type: ignore[import-untyped]
from nbgrader.utils import parse_utc  # type: ignore[import-untyped]

from autograder.folders import plain_files
from autograder.places import Places

__all__ = ["TIMESTAMP", "copy_files", "existing_timestamp", "read_timestamp"]

TIMESTAMP: Final = "timestamp.txt"
#: nbgrader's own: it names the page under which a student fetches the feedback.
PASSWORD: Final = "submission_secret.txt"
MAX_BYTES: Final = 64 << 20
MAX_TEXT: Final = 1000
YEARS: Final = range(2000, 2100)

copy_everything = BaseConverter.init_assignment


def copy_files(converter: BaseConverter, assignment_id: str, student_id: str) -> None:
    """Stands in for `BaseConverter.init_assignment`, which copies whatever lies or is linked beside a notebook."""
    source, target = (Path(form(assignment_id, student_id)) for form in (converter._format_source, converter._format_dest))
    places = Places(Path(converter.coursedir.root), assignment_id)
    if isinstance(converter, Autograde):
        _copy_plain(source, target, places, [*converter.coursedir.ignore, "*.ipynb"])
    elif isinstance(converter, GenerateFeedback):
        _copy_for_the_student(source, target, places)
    else:  # the course's own files, from source to release
        copy_everything(converter, assignment_id, student_id)


def existing_timestamp(coursedir: Any, folder: str) -> datetime | None:
    """Stands in for `CourseDirectory.get_existing_timestamp`, which waits at a pipe and ends the run of the class at a wrong time."""
    return read_timestamp(Path(folder))


def read_timestamp(folder: Path) -> datetime | None:
    """The time of the submission in a folder, in UTC; None if there is none that can be read."""
    try:
        time: datetime = parse_utc(_read_plain(folder / TIMESTAMP, MAX_TEXT).decode().strip())
    except Exception:  # dateutil raises whatever comes of the text
        return None
    return time if time.year in YEARS else None


def _copy_plain(source: Path, target: Path, places: Places, ignored: list[str]) -> None:
    """The plain files of a student that are in nobody's way, up to a size for all together."""
    files = {path.relative_to(places.source) for path in places.released_files()} | {places.notebook.relative_to(places.source)}
    taken = files | {parent for file in files for parent in file.parents}
    room = MAX_BYTES
    for path in _own_files(source):
        inside = path.relative_to(source)
        in_the_way = inside in taken or not files.isdisjoint(inside.parents)
        if in_the_way or path.lstat().st_nlink > 1 or any(fnmatch(part, pattern) for part in inside.parts for pattern in ignored):
            continue
        try:
            data = _read_plain(path, room)
            _write(target / inside, data)
        except OSError:
            continue
        room -= len(data)


def _own_files(folder: Path) -> Iterator[Path]:
    """The files of a folder that is no link, nor in one."""
    return iter(()) if folder.is_symlink() or folder.parent.is_symlink() else plain_files(folder)


def _copy_for_the_student(source: Path, target: Path, places: Places) -> None:
    """The course's own files, for the page may show them, and what nbgrader needs to hand it back: nothing else that a student wrote."""
    for path in places.released_files():
        _write(target / path.relative_to(places.source), path.read_bytes())
    time = read_timestamp(source)
    # nbgrader releases nobody's page where one folder lacks these. A password that nobody knows releases this one to nobody.
    password = _read_password(source) or secrets.token_hex(32)
    _write(target / TIMESTAMP, f"{time:%Y-%m-%d %H:%M:%S.%f} UTC".encode() if time else b"")
    _write(target / PASSWORD, password.encode())


def _read_password(folder: Path) -> str:
    try:
        text = _read_plain(folder / PASSWORD, MAX_TEXT).decode()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if re.fullmatch(r"\w+", text, re.ASCII) else ""


def _read_plain(path: Path, limit: int) -> bytes:
    """The bytes of a regular file; OSError for anything else, and for more bytes than the limit."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            raise OSError(f"{path.name} is not copied")
        return file.read(limit)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
