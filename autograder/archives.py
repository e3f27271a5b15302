"""A zip archive in a submission → the names of its members and the bytes of one, each within a limit, or a ValueError that says why not."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from autograder.folders import CLUTTER

__all__ = ["Member", "Unreadable", "list_members", "read_members"]

MAX_ARCHIVE_BYTES: Final = 128 << 20
MAX_INNER_BYTES: Final = 32 << 20
MAX_DIRECTORY_BYTES: Final = 1 << 20
MAX_MEMBERS: Final = 10_000
#: bzip2 and lzma unpack all that they are given: 4 KiB grow to 100 MB at the most.
CHUNK: Final = 4096


@dataclass(frozen=True)
class Member:
    """A file in an archive; the names lead to it, through an archive in the archive if there are two."""

    archive: Path
    names: tuple[str, ...]
    #: The bytes that reading it unpacks, at the most.
    size: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """Its own name, without folders."""
        return _parts(self.names[-1])[-1]

    @property
    def folder(self) -> Sequence[str]:
        """The names of the folders that it lies in, in its archive."""
        return _parts(self.names[-1])[:-1]

    def read(self, limit: int) -> bytes:
        """Its first bytes, up to the limit."""
        *outer, name = self.names
        with _opened(self.archive, outer) as archive:
            return _read_start(archive, name, limit)

    def __str__(self) -> str:
        return "/".join([str(self.archive), *(part for name in self.names for part in _parts(name))])


@dataclass(frozen=True)
class Unreadable:
    """An archive that could not be looked into."""

    archive: Path
    reason: str

    @property
    def name(self) -> str:
        """Its name, without folders."""
        return self.archive.name

    def read(self, limit: int) -> bytes:
        """Never anything: raises the ValueError."""
        raise ValueError(self.reason)

    def __str__(self) -> str:
        return str(self.archive)


class _Refused(ValueError):
    """A limit was passed; the message is for the student."""


class _Careful(io.BufferedReader):
    """A file that does not hand out an archive's whole directory if that is too large."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise _Refused("it holds too many files.")
        return super().read(size)


def list_members(archive: Path, *names: str) -> list[Member]:
    """The files in an archive, or in the archive that `names` lead to in it; of two with the same name the last, as in unpacking."""
    with _opened(archive, names) as opened:
        inside = {info.filename: info for info in opened.infolist() if _parts(info.filename)[-1]}
    if len(inside) > MAX_MEMBERS:
        raise ValueError(f"it holds more than {MAX_MEMBERS} files.")
    return [Member(archive, (*names, name), _size(info)) for name, info in inside.items() if CLUTTER.isdisjoint(_parts(name))]


def read_members(members: Iterable[Member], limit: int) -> Iterator[tuple[Member, bytes]]:
    """The first bytes of each that can be read; an archive is opened once for those of it that follow each other."""
    for (archive, *names), together in groupby(members, lambda member: (member.archive, *member.names[:-1])):
        with suppress(ValueError), _opened(archive, names) as opened:
            for member in together:
                try:
                    data = _read_start(opened, member.names[-1], limit)
                except Exception:  # one of zipfile's eight kinds
                    continue
                yield member, data


def _parts(name: str) -> list[str]:
    """Folders and name; some programs on Windows write `\\` between them."""
    return name.replace("\\", "/").split("/")


def _size(info: zipfile.ZipInfo) -> int:
    return info.file_size if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else MAX_ARCHIVE_BYTES


@contextmanager
def _opened(path: Path, names: Sequence[str]) -> Iterator[zipfile.ZipFile]:
    """The archive that the names lead to. zipfile raises eight kinds of exceptions for broken archives; here they are one."""
    try:
        with ExitStack() as stack:
            file = stack.enter_context(path.open("rb", buffering=0))
            if path.stat().st_size > MAX_ARCHIVE_BYTES:
                raise _Refused(f"it is larger than {MAX_ARCHIVE_BYTES >> 20} MiB.")
            archive = stack.enter_context(zipfile.ZipFile(_Careful(file)))
            for name in names:
                archive = stack.enter_context(zipfile.ZipFile(_Careful(_unpack(archive, name))))
            yield archive
    except _Refused:
        raise
    except Exception as error:
        kind = "damaged data" if isinstance(error, zlib.error) else type(error).__name__
        raise ValueError(f"it can't be opened ({kind}).") from None


def _unpack(archive: zipfile.ZipFile, name: str) -> io.BytesIO:
    data = _read_start(archive, name, MAX_INNER_BYTES + 1)
    if len(data) > MAX_INNER_BYTES:
        raise _Refused(f"the archive in it is larger than {MAX_INNER_BYTES >> 20} MiB.")
    return io.BytesIO(data)


def _read_start(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    data = bytearray()
    with archive.open(name) as stream:
        while len(data) < limit and (chunk := stream.read(CHUNK)):
            data += chunk
    return bytes(data[:limit])
