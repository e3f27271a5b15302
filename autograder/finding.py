"""A submitted folder → the file in it to grade, looked for where students leave it, and a note if it is not the one that was asked for.

Nothing is guessed: of two notebooks with answers neither is taken. Links are not followed, for they can point at another student's work.
"""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from autograder.archives import Member, Unreadable, list_members, read_members
from autograder.folders import plain_files
from autograder.names import as_code
from autograder.salvage import MAX_BYTES, Cells, File, check_bytes, parse_cells, read_bytes

__all__ = ["find_notebook"]

MAX_ARCHIVES: Final = 20
#: To see which one holds answers, each is read, as long as they are not many and not large together.
MAX_NOTEBOOKS: Final = 100
MAX_LOOKED_BYTES: Final = 256 << 20
#: As many as are named in a note.
MAX_NAMES: Final = 5
NBGRADERS_OWN: Final = {"timestamp.txt", "submission_secret.txt"}
START: Final = 1000
#: Marks of encodings at the start of a file, and every other byte of UTF-16.
MARKS: Final = re.compile(rb"\A(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)|\0")


def find_notebook(folder: Path, name: str, count: Callable[[Cells], int] = len) -> tuple[File | None, list[str]]:
    """The file to grade in a submitted folder, with a note if it is not the one that was asked for; None if there is none.

    `name`.ipynb in the folder itself comes first, then those of that name below it or in a zip archive, then all others: of the
    first that hold an answer the only one, or else the only one that can be read. Where nothing is called a notebook, files of any
    name are looked into; `count` says how many answers cells hold. An archive that can't be read is handed on where there is no
    notebook: reading it says why.
    """
    wanted = folder / f"{name}.ipynb"
    files, unreadable = _notebooks(folder, wanted)
    same_name = {file for file in files if file.name.lower() == wanted.name.lower()}
    named = {wanted} & same_name or same_name
    look = _Look(count)
    try:
        candidates = files if len(files) == 1 else look.choose(named, files or _that_begin_like_one(folder))
    except _TooMuch:
        return None, [f"The submission holds more notebooks than can be looked into for answers. Hand in {wanted.name} without the others."]
    if len(candidates) == 1:
        others = [file for file in files if file not in named] if candidates[0] in named else []
        return candidates[0], [*_notes(candidates[0], wanted, files), *_note_fuller(look, candidates[0], others, wanted)]
    if candidates:
        places = ", ".join(as_code(_place(file, folder)) for file in candidates)
        return None, [f"More than one notebook in the submission holds answers: {places}. Which one is meant?"]
    if files:
        return None, []
    return (unreadable[0], []) if unreadable else (None, _note_what_is_there(folder))


def _that_begin_like_one(folder: Path) -> list[File]:
    return [file for file in plain_files(folder) if _start(file).startswith(b"{")]


def _note_what_is_there(folder: Path) -> list[str]:
    files = [file for file in plain_files(folder) if file.name not in NBGRADERS_OWN and not file.name.startswith(".")]
    names = ", ".join(as_code(_place(file, folder)) for file in files[:MAX_NAMES]) + ", …" * (len(files) > MAX_NAMES)
    return [f"Found only {names}: hand in the .ipynb file itself."] if files else []


def _note_fuller(look: "_Look", file: File, others: Sequence[File], wanted: Path) -> list[str]:
    """Names a notebook of another name in which more is answered than in the one that is graded."""
    mine = look.counts.get(file, 0)
    try:
        fuller = [other for other, count in look.at(others) if count > mine] if mine else []  # with none, all have been looked into
    except _TooMuch:
        return []
    graded, meant = as_code(_place(file, wanted.parent)), f"If the other is meant, hand it in as {wanted.name}."
    holds = f"holds more answers than {graded}, which was graded for its name. {meant}"
    return [f"{as_code(_place(other, wanted.parent))} {holds}" for other in fuller[:1]]


def _notes(file: File, wanted: Path, files: Sequence[File]) -> list[str]:
    notes = _note_second_name(file)
    if file == wanted:
        return notes
    why = "holds no answer" if wanted in files else "is missing"
    only = ", the only notebook in the submission," if len(files) == 1 else ""
    return [f"{wanted.name} {why}; {as_code(_place(file, wanted.parent))}{only} was taken in its place.", *notes]


def _place(file: File, folder: Path) -> str:
    return str(Path(str(file)).relative_to(folder))


def _note_second_name(file: File) -> list[str]:
    if not isinstance(file, Path) or file.stat().st_nlink == 1:
        return []
    return [f"For staff: {as_code(file.name)} is a hard link, the same file stands elsewhere under another name. Whose work is it?"]


class _TooMuch(Exception):
    """There are more notebooks than are looked into."""


class _Look:
    """Looks into notebooks for answers, up to a number of bytes in all; `counts` says how many there are in each."""

    def __init__(self, count: Callable[[Cells], int]) -> None:
        self._count, self._left = count, MAX_LOOKED_BYTES
        self.counts: dict[File, int] = {}

    def choose(self, named: Set[File], files: Sequence[File]) -> list[File]:
        """Those that hold answers, of the name that was asked for if there are such; the only one to read if there are none."""
        readable: list[File] = []
        for group in ([file for file in files if file in named], [file for file in files if file not in named]):
            looked = self.at(group)
            if filled := [file for file, count in looked if count]:
                return filled
            readable += [file for file, _ in looked]
        choices = ([file for file in readable if file in named], readable, list(named))
        return next((choice for choice in choices if len(choice) == 1), [])

    def at(self, files: Sequence[File]) -> list[tuple[File, int]]:
        """Those that can be read, the same bytes once, and how many answers they hold."""
        self._left -= sum(map(_size, files))
        if len(files) > MAX_NOTEBOOKS or self._left < 0:
            raise _TooMuch
        found: dict[bytes, File] = {}
        for file, raw in _read_each(files):
            digest = sha256(raw).digest()
            if digest not in found:
                with suppress(ValueError):
                    cells, _ = parse_cells(check_bytes(raw), lambda cells: bool(self._count(cells)))
                    found[digest], self.counts[file] = file, self._count(cells)
        return [(file, self.counts[file]) for file in found.values()]


def _size(file: File) -> int:
    if isinstance(file, Unreadable):
        return 0
    try:
        size = file.stat().st_size if isinstance(file, Path) else file.size
    except OSError:
        return 0
    return min(size, MAX_BYTES)


def _read_each(files: Sequence[File]) -> Iterator[tuple[File, bytes]]:
    for file in files:
        if not isinstance(file, Member):
            with suppress(ValueError):
                yield file, read_bytes(file)
    yield from read_members((file for file in files if isinstance(file, Member)), MAX_BYTES + 1)


def _notebooks(folder: Path, wanted: Path) -> tuple[list[File], list[Unreadable]]:
    """Every notebook in the folder, below it and in the zip archives there, and the archives that can't be read."""
    first = [wanted] if wanted.is_file() and not wanted.is_symlink() else []  # the listing ends at a limit
    files = dict.fromkeys([*first, *plain_files(folder)])
    archives = dict.fromkeys(filter(_is_archive, files))
    unreadable: list[Unreadable] = []
    members = [member for archive in islice(archives, MAX_ARCHIVES) for member in _look_into(unreadable, archive)]
    everything: list[File] = [*(file for file in files if file not in archives), *members]
    found = [file for file in everything if _is_notebook(file)]
    inner = [member for member in members if _ends(member, ".zip")]
    if not found and not unreadable and len(inner) == 1:
        found += [member for member in _look_into(unreadable, inner[0].archive, *inner[0].names) if _is_notebook(member)]
    return found, unreadable


def _look_into(unreadable: list[Unreadable], archive: Path, *names: str) -> list[Member]:
    try:
        return list_members(archive, *names)
    except ValueError as error:
        unreadable.append(Unreadable(archive, str(error)))
        return []


def _is_archive(file: Path) -> bool:
    """Its first bytes say what it is where its name says something else."""
    return (_ends(file, ".zip") and not _start(file).startswith(b"{")) or (_ends(file, ".ipynb") and _start(file).startswith(b"PK"))


def _is_notebook(file: File) -> bool:
    """A Mac writes a second file beside each, whose name begins with `._`."""
    return _ends(file, ".ipynb") and not file.name.startswith("._")


def _ends(file: File, suffix: str) -> bool:
    return file.name.lower().endswith(suffix)


def _start(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return MARKS.sub(b"", stream.read(START)).lstrip()
    except OSError:
        return b""
