"""A name that a student chose → text that does nothing to a terminal, and that a page shows letter by letter."""

import unicodedata
from typing import Final

__all__ = ["as_code", "can_be_printed", "without_controls"]

#: Control characters, line breaks, and halves of characters: what is no UTF-8 on the disk.
HARMFUL: Final = {"Cc", "Cs", "Zl", "Zp"}
#: Those that turn the direction of writing are shown as such too.
HIDDEN: Final = {*HARMFUL, "Cf"}
MAX_CHARACTERS: Final = 100


def can_be_printed(name: str) -> bool:
    """Whether the name of a folder is one line of text, as nbgrader and a terminal need it."""
    return not any(unicodedata.category(letter) in HARMFUL for letter in name)


def without_controls(name: str) -> str:
    """The name with a � for each character that is not to be seen.

    >>> without_controls("ada" + chr(10))
    'ada�'
    """
    return "".join("�" if unicodedata.category(letter) in HIDDEN else letter for letter in name)


def as_code(name: str) -> str:
    """The name as code in Markdown: in it no HTML, link or formula is live, and it is not long.

    >>> as_code("<b>`.ipynb")
    "`<b>'.ipynb`"
    """
    text = without_controls(name).replace("`", "'").strip()
    return f"`{text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + '…'}`" if text else "(no name)"
