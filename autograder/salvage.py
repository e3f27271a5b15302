"""A submitted folder → the cells of the notebook in it, as plain dictionaries: looked for where students leave them, read if it can be.

Nothing is guessed: of two candidates neither is taken. Links are not followed, for they can point at another student's work.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from autograder.archives import Member, Unreadable, list_members
from autograder.folders import plain_files
from autograder.harmless import keep_plain_tags
from autograder.names import as_code

__all__ = ["File", "find_notebook", "read_cells"]

MAX_BYTES: Final = 128 << 20
MAX_CELLS: Final = 2000
#: Of all cells of code together, and of all cells of text: many times what a student writes by hand.
MAX_SOURCE_CHARACTERS: Final = 1 << 20
MAX_ARCHIVES: Final = 20
#: After broken saves there are a few in one file.
MAX_NOTEBOOKS: Final = 1000
#: Strings, commas and opening brackets: what the memory grows with when JSON is read. Outputs of 50 MB hold fewer.
MAX_PARTS: Final = 8_000_000
PART: Final = re.compile(r'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
BLANKS: Final = re.compile(r"\s*")
BETWEEN_CELLS: Final = re.compile(r"[\s,]*")

File = Path | Member | Unreadable


def find_notebook(folder: Path, name: str) -> tuple[File | None, list[str]]:
    """The file to grade in a submitted folder, with a note if it is not the one that was asked for; None if there is none.

    Where `name`.ipynb is not in the folder itself, the only notebook of that name below it or in a zip archive is taken, then the
    only notebook of any name. An archive that can't be read is handed on where there is no notebook: reading it says why.
    """
    wanted = f"{name}.ipynb"
    if _is_plain(folder / wanted):
        return folder / wanted, _note_second_name(folder / wanted)
    files, unreadable = _notebooks(folder)
    named = [file for file in files if file.name.lower() == wanted.lower()]
    for candidates in (named, files):
        if len(candidates) == 1:
            place = as_code(str(Path(str(candidates[0])).relative_to(folder)))
            missing = f"{wanted} is missing; {place}, the only notebook in the submission, was graded in its place."
            return candidates[0], [missing, *_note_second_name(candidates[0])]
    return (unreadable[0] if unreadable and not files else None), []


def read_cells(file: File) -> tuple[list[dict[str, Any]], list[str]]:
    """The cells in the file and what had to be mended to read them; ValueError, in a student's words, if it holds none."""
    data, notes = _read_json(_read_bytes(file))
    if isinstance(data, dict) and "worksheets" in data:
        notes.append("The notebook is in the old format 3; it was converted.")
        data = {"cells": [cell for sheet in _list(data["worksheets"]) if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]}
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise ValueError("it is JSON, but not a notebook: it has no cells.")
    cells = [_plain_cell(cell) for cell in data["cells"][:MAX_CELLS] if isinstance(cell, dict)]
    if cut := sorted(number for kind in ("code", "markdown") for number in _cut(cells, kind)):
        numbers = ", ".join(map(str, cut[:5])) + ", …" * (len(cut) > 5)
        notes.append(f"The cells together are too long to be graded whole; the longest were cut. Counted from the top: {numbers}.")
    return cells, notes


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _note_second_name(file: File) -> list[str]:
    if not isinstance(file, Path) or file.stat().st_nlink == 1:
        return []
    return [f"For staff: {as_code(file.name)} is a hard link, the same file stands elsewhere under another name. Whose work is it?"]


def _notebooks(folder: Path) -> tuple[list[File], list[Unreadable]]:
    """Every notebook below the folder and in the zip archives there, and the archives that can't be read."""
    files = list(plain_files(folder))
    unreadable: list[Unreadable] = []
    archives = [file for file in files if _ends(file, ".zip")][:MAX_ARCHIVES]
    members = [member for archive in archives for member in _look_into(unreadable, archive)]
    everything: list[File] = [*files, *members]
    found = [file for file in everything if _ends(file, ".ipynb")]
    inner = [member for member in members if _ends(member, ".zip")]
    if not found and not unreadable and len(inner) == 1:
        found += [member for member in _look_into(unreadable, inner[0].archive, *inner[0].names) if _ends(member, ".ipynb")]
    return found, unreadable


def _look_into(unreadable: list[Unreadable], archive: Path, *names: str) -> list[Member]:
    try:
        return list_members(archive, *names)
    except ValueError as error:
        unreadable.append(Unreadable(archive, str(error)))
        return []


def _ends(file: File, suffix: str) -> bool:
    return file.name.lower().endswith(suffix)


def _read_bytes(file: File) -> bytes:
    try:
        raw = _read_start(file) if isinstance(file, Path) else file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"it can't be opened ({type(error).__name__}).") from None
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB. Clear its outputs and hand it in again.")
    if not raw.strip():
        raise ValueError("the file is empty.")
    return raw


def _read_start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _read_json(raw: bytes) -> tuple[Any, list[str]]:
    text, notes = _decode(raw)
    if _holds_too_much(raw, text):
        raise ValueError("it holds far more than any notebook does. Clear its outputs and hand it in again.")
    try:
        return json.loads(text), notes
    except RecursionError:
        raise ValueError("it is nested too deeply to be a notebook.") from None
    except ValueError as error:
        if str(error).startswith("Extra data"):
            return _last_of_several(text), [
                *notes,
                "The file held several notebooks one after the other, as after a broken save; the last whole one was graded.",
            ]
    cells = list(islice(_whole_cells(text), MAX_CELLS))
    if not cells:
        raise ValueError("it is not JSON. Was it saved completely, and is it the .ipynb file itself?")
    return {"cells": cells}, [*notes, f"The file is cut off or damaged; the {len(cells)} cells before the damage were graded."]


def _decode(raw: bytes) -> tuple[str, list[str]]:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding), [] if encoding == "utf-8-sig" else ["The file was saved in UTF-16; it was converted."]
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), ["The file was not saved in UTF-8; characters beyond ASCII may be wrong."]


def _holds_too_much(raw: bytes, text: str) -> bool:
    """Whether a few kilobytes in an archive would become gigabytes of lists. A text with many commas is one string."""
    if sum(raw.count(mark) for mark in (b"[", b"{", b",", b'"')) <= MAX_PARTS:
        return False
    return any(islice(PART.finditer(text), MAX_PARTS, None))


def _last_of_several(text: str) -> Any:
    decoder, start, last = json.JSONDecoder(), 0, None
    for _ in range(MAX_NOTEBOOKS):
        start += len(BLANKS.match(text, start)[0])  # type: ignore[index]
        try:
            value, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        last = value if isinstance(value, dict) else last
    return last


def _whole_cells(text: str) -> Iterator[Any]:
    """The cells of a notebook that ends in the middle, up to the first that is not whole."""
    opening = re.search(r'"cells"\s*:\s*\[', text)
    if opening is None:
        return
    decoder, start = json.JSONDecoder(), opening.end()
    while True:
        start += len(BETWEEN_CELLS.match(text, start)[0])  # type: ignore[index]
        try:
            cell, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield cell


def _plain_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Type, source, grade_id and tags of a cell; everything else that a student's file says of it is dropped."""
    source = cell.get("source", cell.get("input", ""))
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = _dict(cell.get("metadata"))
    grade_id = _dict(metadata.get("nbgrader")).get("grade_id")
    tags = [_encodable(tag) for tag in _list(metadata.get("tags")) if isinstance(tag, str)]
    return {
        "cell_type": "code" if cell.get("cell_type") == "code" else "markdown",
        "source": _encodable(source),
        "grade_id": grade_id if isinstance(grade_id, str) else None,
        "tags": keep_plain_tags(tags),
        "id": cell.get("id"),
    }


def _cut(cells: Sequence[dict[str, Any]], kind: str) -> Iterator[int]:
    """Cuts the longest cells of a kind if all of them are too long, and gives their numbers: what is written by hand stays whole."""
    left = MAX_SOURCE_CHARACTERS
    for number, cell in sorted(enumerate(cells, 1), key=lambda numbered: len(numbered[1]["source"])):
        if cell["cell_type"] == kind:
            if len(cell["source"]) > left:
                yield number
            cell["source"] = cell["source"][:left]
            left -= len(cell["source"])


def _encodable(text: str) -> str:
    """`text` without the halves of characters that JSON can escape and no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}
