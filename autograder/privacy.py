"""Text that a sandboxed process wrote → the same text without this machine's paths."""

import re
import site
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["hide_paths"]


def hide_paths(text: str) -> str:
    """`text` with the sandbox's folder as `~` and the interpreter's folders as `<python>`."""
    text = "".join(_without_sandbox(text))
    for prefix in _prefixes():
        text = text.replace(prefix, "<python>")
    return text


def _without_sandbox(text: str) -> Iterator[str]:
    """The pieces of `text`, in time that grows with its length: one expression for the whole path would take its square."""
    done = 0
    for match in re.finditer(r"/autograder-\w+(/work-\w+)?", text):
        start = match.start()
        while start > done and (text[start - 1].isalnum() or text[start - 1] in "_./-"):
            start -= 1
        first = text.find("/", start, match.start())
        yield text[done : match.start() if first < 0 else first]
        yield match[0] if first < 0 else "~"
        done = match.end()
    yield text[done:]


@cache
def _prefixes() -> tuple[str, ...]:
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages(), str(Path(__file__).parents[1])}
    resolved = {str(Path(folder).resolve()) for folder in folders}
    return tuple(sorted((f for f in folders | resolved if len(f) > 1), key=len, reverse=True))
