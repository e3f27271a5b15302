"""The leak audit: a folder meant for students in, a sentence for every secret found in it out."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.lesson import BEGIN_HIDDEN, BEGIN_SOLUTION, Lesson

__all__ = ["Secrets", "collect_secrets", "find_leaks"]

_SHORTEST_SECRET = 12
_STUB_TEXT = "# YOUR CODE HERE\nraise NotImplementedError()"
_MARKERS = (BEGIN_SOLUTION, BEGIN_HIDDEN)
_ABSOLUTE_PATH = re.compile(r"(?<![\w.~/-])(?:/(?:home|root|tmp|usr|opt|var|srv|mnt|media|Users|private)/|[A-Za-z]:\\\\?Users)[\w./\\-]*")


@dataclass(frozen=True)
class Secrets:
    """Lines that no student may see, each with the place where it is secret, and the folders of the staff."""

    lines: dict[str, str]
    folders: tuple[str, ...] = ()


def collect_secrets(lesson: Lesson, suite: Iterable[Path], folders: Iterable[Path] = ()) -> Secrets:
    """The telling lines of the lesson's solutions and of the hidden suite's files, with the folders that staff work in.

    A line tells nothing if it is short or if the lesson itself shows it outside the solutions.
    """
    public = lesson.public_text() + "\n" + _STUB_TEXT
    secret = dict.fromkeys(lesson.solution_lines(), "the solution")
    for path in suite:
        secret.update(dict.fromkeys(path.read_text(encoding="utf-8").splitlines(), f"the hidden suite, {path.name}"))
    stripped = {line.strip(): where for line, where in secret.items()}
    lines = {line: where for line, where in stripped.items() if _tells(line) and line not in public}
    return Secrets(lines, tuple(str(folder) for folder in folders if len(folder.parts) > 1))


def find_leaks(folder: Path, secrets: Secrets) -> list[str]:
    """One sentence for each leak in the folder's files, notebooks read cell by cell; an empty list if it is clean."""
    return [
        f"{path.relative_to(folder)}: {leak}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for leak in _find_in_file(path, secrets)
    ]


def _find_in_file(path: Path, secrets: Secrets) -> Iterator[str]:
    if path.suffix.startswith(".py"):
        yield "Python files are never released; it may hold the solutions"
    text = path.read_bytes().decode("utf-8", errors="replace")
    if path.suffix == ".ipynb":
        notebook = json.loads(text)
        yield from _find_outputs(notebook)
        text = "\n".join(_strings(notebook))
    yield from _find_in_text(text, secrets)


def _find_in_text(text: str, secrets: Secrets) -> Iterator[str]:
    for marker in _MARKERS:
        if marker in text:
            yield f"the marker «{marker}» is still there, and with it what it hides"
    for line, where in secrets.lines.items():
        if line in text:
            yield f"a line of {where}: «{line}»"
    for staff_folder in secrets.folders:
        if re.search(rf"(?<![\w.-]){re.escape(staff_folder)}\b", text):
            yield f"the absolute path «{staff_folder}»"
    for match in _ABSOLUTE_PATH.finditer(text):
        yield f"the absolute path «{match.group()}»"


def _find_outputs(notebook: Any) -> Iterator[str]:
    for number, cell in enumerate(notebook["cells"], 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {number} (id {cell.get('id', 'none')}) has outputs or an execution count"


def _strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included; the list of lines that is a cell's source counts as one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)
    elif isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        yield "".join(value)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _tells(line: str) -> bool:
    return len("".join(line.split())) >= _SHORTEST_SECRET
