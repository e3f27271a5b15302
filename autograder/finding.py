"""A submitted folder → the file in it to grade, looked for where students leave it, and a note if it is not the one that was asked for.

Nothing is guessed: of two notebooks with answers neither is taken. Links are not followed, for they can point at another student's work.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from autograder.archives import Member, Unreadable, list_members
from autograder.folders import plain_files
from autograder.names import as_code
from autograder.salvage import Cells, File, parse_cells, read_bytes

__all__ = ["find_notebook"]

MAX_ARCHIVES: Final = 20
#: To see which one holds answers, each is read.
MAX_NOTEBOOKS: Final = 8
START: Final = 1000


def find_notebook(folder: Path, name: str, answered: Callable[[Cells], bool] = bool) -> tuple[File | None, list[str]]:
    """The file to grade in a submitted folder, with a note if it is not the one that was asked for; None if there is none.

    `name`.ipynb in the folder itself comes first, then those of that name below it or in a zip archive, then all others: of the
    first that hold an answer the only one, or else the only one that can be read. Where nothing is called a notebook, files of any
    name are looked into. An archive that can't be read is handed on where there is no notebook: reading it says why.
    """
    wanted = folder / f"{name}.ipynb"
    files, unreadable = _notebooks(folder, wanted)
    if files:
        same_name = {file for file in files if file.name.lower() == wanted.name.lower()}
        named = {wanted} & same_name or same_name
        candidates = files if len(files) == 1 else _choose(named, files, answered)
    else:
        candidates = _choose(set(), [file for file in plain_files(folder) if _start(file).startswith(b"{")], answered)
    if len(candidates) == 1:
        return candidates[0], _notes(candidates[0], wanted, files)
    if candidates:
        places = ", ".join(as_code(_place(file, folder)) for file in candidates)
        return None, [f"More than one notebook in the submission holds answers: {places}. Which one is meant?"]
    return (unreadable[0] if unreadable and not files else None), []


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


def _choose(named: Set[File], files: Sequence[File], answered: Callable[[Cells], bool]) -> list[File]:
    """The notebooks that hold answers, of the name that was asked for if there are such; the only one to read if there are none."""
    readable: list[File] = []
    for group in ([file for file in files if file in named], [file for file in files if file not in named]):
        if len(group) > MAX_NOTEBOOKS:
            return []
        looked = _look_at(group, answered)
        if filled := [file for file, has_answer in looked if has_answer]:
            return filled
        readable += [file for file, _ in looked]
    choices = ([file for file in readable if file in named], readable, list(named))
    return next((choice for choice in choices if len(choice) == 1), [])


def _look_at(files: Iterable[File], answered: Callable[[Cells], bool]) -> list[tuple[File, bool]]:
    """Those that can be read, the same bytes once, and whether they hold an answer."""
    found: dict[bytes, tuple[File, bool]] = {}
    for file in files:
        try:
            raw = read_bytes(file)
            digest = sha256(raw).digest()
            if digest not in found:
                found[digest] = file, answered(parse_cells(raw, answered)[0])
        except ValueError:
            continue
    return list(found.values())


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
            return stream.read(START).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return b""
