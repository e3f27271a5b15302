"""The bytes of a submitted file → the cells of the notebook in it, as plain dictionaries, and what had to be mended to read them.

Nothing is guessed: where two versions of an answer stand side by side, neither is taken.
"""

import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, Final

from autograder.archives import Member, Unreadable
from autograder.harmless import keep_plain_tags

__all__ = ["DAMAGED", "MAX_BYTES", "Cells", "File", "check_bytes", "parse_cells", "read_bytes", "read_cells"]

MAX_BYTES: Final = 128 << 20
MAX_CELLS: Final = 2000
#: Of all cells of code together, and of all cells of text: many times what a student writes by hand.
MAX_SOURCE_CHARACTERS: Final = 1 << 20
#: After broken saves there are a few in one file.
MAX_NOTEBOOKS: Final = 1000
#: Strings, commas and opening brackets: what the memory grows with when JSON is read. Outputs of 50 MB hold fewer.
MAX_PARTS: Final = 8_000_000
STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+'
PART: Final = re.compile(rf"[\[{{,]|{STRING}", re.DOTALL)
#: A string, or a comma with nothing after it, as who edits a file by hand leaves it, and as JSON5 allows it.
STRING_OR_STRAY_COMMA: Final = re.compile(rf"({STRING})|,(?=\s*+[\]}}])", re.DOTALL)
#: How a file in UTF-16 begins: with a mark, or with one of JSON's first characters.
UTF_16: Final = {rb"\xff\xfe|\xfe\xff": "utf-16", rb"\0[^\0]": "utf-16-be", rb"[^\0]\0": "utf-16-le"}
BLANKS: Final = re.compile(r"\s*")
BETWEEN_CELLS: Final = re.compile(r"[\s,]*")
#: To raise its error, `json` counts the lines of the file up to there.
MAX_GAPS: Final = 100
#: A line that git leaves around the two sides of a conflict, and the sides that go on after it.
CONFLICT: Final = re.compile(r"^([<|=>])\1{6}(?:[ \r][^\n]*)?(?:\n|\Z)", re.MULTILINE)
SIDES: Final = {"<": (0,), "|": (), "=": (1,), ">": (0, 1)}
#: How the note begins after which cells may be lost.
DAMAGED: Final = "The file is cut off or damaged"
#: How Jupyter begins a cell, and more characters than that takes.
NEXT_CELL: Final = re.compile(r'\{\s*"(?:attachments|cell_type)"')
BEGINNING: Final = 50

File = Path | Member | Unreadable
Cells = list[dict[str, Any]]


def read_cells(file: File, answered: Callable[[Cells], bool] = bool) -> tuple[Cells, list[str]]:
    """The cells in the file and what had to be mended to read them; ValueError, in a student's words, if it holds none."""
    return parse_cells(read_bytes(file), answered)


def parse_cells(raw: bytes, answered: Callable[[Cells], bool] = bool) -> tuple[Cells, list[str]]:
    """The same of a file's bytes. Of several notebooks in it, the last in whose cells something was `answered` counts."""
    text, notes = _decode(raw)
    if text.endswith("\0"):
        text = text.rstrip("\0")
        notes.append("The file ended in NUL characters, as after a crash; they were dropped.")
    if _holds_too_much(raw, text):
        raise ValueError("it holds far more than any notebook does. Clear its outputs and hand it in again.")
    cells, more = _parse(text, answered)
    notes += more
    if cut := sorted(number for kind in ("code", "raw", "markdown") for number in _cut(cells, kind)):
        numbers = ", ".join(map(str, cut[:5])) + ", …" * (len(cut) > 5)
        notes.append(f"The cells together are too long to be graded whole; the longest were cut. Counted from the top: {numbers}.")
    return cells, notes


def read_bytes(file: File) -> bytes:
    """What is in the file; ValueError, in a student's words, if that is nothing, too much, or can't be read."""
    try:
        raw = _read_start(file) if isinstance(file, Path) else file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"it can't be opened ({type(error).__name__}).") from None
    return check_bytes(raw)


def check_bytes(raw: bytes) -> bytes:
    """The bytes of a file, of which one more than the limit was read; the same ValueErrors."""
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB. Clear its outputs and hand it in again.")
    if not raw.strip(b"\0 \t\r\n"):
        raise ValueError("the file is empty.")
    return raw


def _read_start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _parse(text: str, answered: Callable[[Cells], bool]) -> tuple[Cells, list[str]]:
    try:
        data = json.loads(text, strict=False)  # an editor may have left a tab or a line break in a string
    except RecursionError:
        raise ValueError("it is nested too deeply to be a notebook.") from None
    except ValueError as error:
        if CONFLICT.search(text):
            return _one_side(text, answered)
        if str(error).startswith("Extra data"):
            return _last_of_several(text, answered)
        return _without_stray_commas(text) or _around_damage(text)
    return _cells_in(data)


def _cells_in(data: Any) -> tuple[Cells, list[str]]:
    notes = []
    if isinstance(data, dict) and "worksheets" in data:
        notes.append("The notebook is in the old format 3; it was converted.")
        data = {"cells": [cell for sheet in _list(data["worksheets"]) if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]}
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise ValueError("it is JSON, but not a notebook: it has no cells.")
    notes += _note_many(data["cells"])
    return [_plain_cell(cell) for cell in data["cells"][:MAX_CELLS] if isinstance(cell, dict)], notes


def _note_many(cells: Sequence[Any]) -> list[str]:
    many = f"The notebook holds more than {MAX_CELLS} cells; those after were left out. Delete what is no part of your answers."
    return [many] if len(cells) > MAX_CELLS else []


def _decode(raw: bytes) -> tuple[str, list[str]]:
    encoding = next((encoding for start, encoding in UTF_16.items() if re.match(start, raw)), "utf-8-sig")
    try:
        return raw.decode(encoding), [] if encoding == "utf-8-sig" else ["The file was saved in UTF-16; it was converted."]
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), ["The file was not saved in UTF-8; characters beyond ASCII may be wrong."]


def _holds_too_much(raw: bytes, text: str) -> bool:
    """Whether a few kilobytes in an archive would become gigabytes of lists. A text with many commas is one string."""
    if sum(raw.count(mark) for mark in (b"[", b"{", b",", b'"')) <= MAX_PARTS:
        return False
    return any(islice(PART.finditer(text), MAX_PARTS, None))


def _one_side(text: str, answered: Callable[[Cells], bool]) -> tuple[Cells, list[str]]:
    """The cells of a file in which git left a conflict, if both sides hold the same code, or one left the stubs that the other filled."""
    ours, theirs = (_parse(side, answered) for side in _sides(text))
    only_ours, only_theirs = _only_in(ours[0], theirs[0]), _only_in(theirs[0], ours[0])
    if list(map(_code, _that_run(ours[0]))) == list(map(_code, _that_run(theirs[0]))):
        (cells, notes), why = ours, "both sides hold the same code, and one was read."
    elif _says_nothing(only_theirs, answered) and answered(only_ours):
        (cells, notes), why = ours, "one side holds an answer where the other holds none, and was read."
    elif _says_nothing(only_ours, answered) and answered(only_theirs):
        (cells, notes), why = theirs, "one side holds an answer where the other holds none, and was read."
    else:
        raise ValueError("git's conflict markers stand in it, and what you wrote differs between the two sides: which one is meant?")
    return cells, [f"Git's conflict markers stood in the file; {why}", *notes]


def _says_nothing(cells: Cells, answered: Callable[[Cells], bool]) -> bool:
    """Whether these are the assignment's own cells, and none was filled in. What stands in a student's own cell may be needed elsewhere."""
    return bool(cells) and all(cell["grade_id"] for cell in cells) and not answered(cells)


def _only_in(cells: Cells, others: Cells) -> Cells:
    """The cells that run whose code the others do not hold."""
    known = set(map(_code, _that_run(others)))
    return [cell for cell in _that_run(cells) if _code(cell) not in known]


def _that_run(cells: Cells) -> Cells:
    return [cell for cell in cells if cell["cell_type"] == "code" or cell["grade_id"]]


def _code(cell: Mapping[str, Any]) -> Hashable:
    """What a cell says, without the white space that says nothing: all but that before a line."""
    lines = [line.expandtabs() for line in cell["source"].splitlines() if line.strip()]
    return cell["grade_id"], tuple(cell["tags"]), tuple((len(line) - len(line.lstrip()), "".join(line.split())) for line in lines)


def _sides(text: str) -> tuple[str, str]:
    sides, open_sides, start = (StringIO(newline=""), StringIO(newline="")), SIDES[">"], 0
    for marker in CONFLICT.finditer(text):
        for side in open_sides:
            sides[side].write(text[start : marker.start()])
        open_sides, start = SIDES[marker[1]], marker.end()
    for side in open_sides:
        sides[side].write(text[start:])
    return sides[0].getvalue(), sides[1].getvalue()


def _last_of_several(text: str, answered: Callable[[Cells], bool]) -> tuple[Cells, list[str]]:
    decoder, start = json.JSONDecoder(strict=False), 0
    best: tuple[Cells, list[str]] | None = None
    best_rank = (False, False)
    for _ in range(MAX_NOTEBOOKS):
        start += len(BLANKS.match(text, start)[0])  # type: ignore[index]
        try:
            value, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        try:
            found = _cells_in(value)
        except ValueError:
            continue
        rank = (answered(found[0]), bool(found[0]))
        if rank >= best_rank:
            best, best_rank = found, rank
    if best is None:
        raise ValueError("it is JSON, but not a notebook: it has no cells.")
    several = "The file held several notebooks one after the other, as after a broken save; the last whole one with answers was graded."
    return best[0], [several, *best[1]]


def _without_stray_commas(text: str) -> tuple[Cells, list[str]] | None:
    """The cells of a file in which nothing but commas is wrong."""
    try:
        cells, notes = _cells_in(json.loads(STRING_OR_STRAY_COMMA.sub(r"\1", text), strict=False))
    except (ValueError, RecursionError):
        return None
    return cells, ["Commas stood before closing brackets in the file; they were dropped.", *notes]


def _around_damage(text: str) -> tuple[Cells, list[str]]:
    found = list(islice(_whole_cells(text), MAX_CELLS + 1))
    notes, found = _note_many(found), found[:MAX_CELLS]
    before = found.index(None) if None in found else len(found)
    cells = [_plain_cell(cell) for cell in found if cell is not None]
    if not cells:
        raise ValueError("it is not JSON. Was it saved completely, and is it the .ipynb file itself?")
    after = len(cells) - before
    where = f"{before} cells before the damage and the {after} after it" if after else f"{before} cells before the damage"
    return cells, [f"{DAMAGED}; the {where} were read.", *notes]


def _whole_cells(text: str) -> Iterator[dict[str, Any] | None]:
    """The cells of a damaged notebook that are whole, with None where others are lost in between."""
    opening = re.search(r'"cells"\s*:\s*\[', text)
    decoder, start, gaps = json.JSONDecoder(strict=False), opening.end() if opening else 0, 0
    while gaps <= MAX_GAPS:
        start += len(BETWEEN_CELLS.match(text, start)[0])  # type: ignore[index]
        try:
            cell, start = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            # A string that lost its end took the beginning of the next cell along. All before that is read once more only.
            following = NEXT_CELL.search(text, max(error.pos - BEGINNING, start + 1))
            end = following.start() if following else len(text)
            cell, start, gaps = _read_gap(decoder, text[start:end]), end, gaps + 1
            if cell is None and following is None:
                return
        except (ValueError, RecursionError):
            return
        if cell is None or isinstance(cell, dict):
            yield cell


def _read_gap(decoder: json.JSONDecoder, gap: str) -> dict[str, Any] | None:
    """The cell at the beginning of a gap, if nothing but commas is wrong with it."""
    try:
        cell, _ = decoder.raw_decode(STRING_OR_STRAY_COMMA.sub(r"\1", gap))
    except (ValueError, RecursionError):
        return None
    return cell if isinstance(cell, dict) else None


def _plain_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Type, source, grade_id and tags of a cell; everything else that a student's file says of it is dropped."""
    source = cell.get("source", cell.get("input", ""))
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = _dict(cell.get("metadata"))
    grade_id = _dict(metadata.get("nbgrader")).get("grade_id")
    tags = [_encodable(tag) for tag in _list(metadata.get("tags")) if isinstance(tag, str)]
    return {
        "cell_type": next((kind for kind in ("code", "raw") if cell.get("cell_type") == kind), "markdown"),
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
