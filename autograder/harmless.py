"""What a student wrote or showed → what a page may show of it: text and pictures, and nothing that a browser runs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["as_plain_text", "keep_pictures_and_text", "keep_plain_tags"]

PICTURES: Final = ("image/png", "image/jpeg")
#: Gives no character back: of blanks without a picture every division in two would be tried.
BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*+={0,2}\s*")
TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


def keep_pictures_and_text(data: Mapping[Any, Any]) -> dict[str, str]:
    """The parts of a display that can do nothing: plain text, PNG, JPEG. HTML, JavaScript, SVG, LaTeX and the like are named, not shown.

    >>> keep_pictures_and_text({"text/html": "<script>"})
    {'text/plain': '(not shown here: text/html)'}
    """
    kept = {key: data[key] for key in PICTURES if type(data.get(key)) is str and BASE64.fullmatch(data[key])}
    text = data.get("text/plain")
    if type(text) is str:
        kept["text/plain"] = text
    if not kept:
        kinds = sorted(key[:40] for key in data if type(key) is str)
        kept["text/plain"] = f"(not shown here: {', '.join(kinds[:5])})" if kinds else ""
    return kept


def as_plain_text(source: str) -> str:
    """A Markdown cell that shows `source` letter by letter: in it no HTML, link or formula is live.

    >>> print(as_plain_text("<b>"))
    ```text
    <b>
    ```
    """
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", source)), default=0))
    return f"{fence}text\n{source}\n{fence}"


def keep_plain_tags(tags: Sequence[str]) -> list[str]:
    """The tags that are single plain words: a page makes class names of them."""
    return [tag for tag in tags if TAG.fullmatch(tag)]
