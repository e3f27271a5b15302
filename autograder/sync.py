"""Keeps a lesson's script and notebook in step on disk: the older gives way to the newer, and no edit is ever lost."""

import os
from enum import Enum
from pathlib import Path

from autograder.errors import CourseError
from autograder.source import parse_notebook, parse_script, render_notebook, render_script

__all__ = ["Keep", "replace_text", "sync"]


class Keep(Enum):
    """Whose text wins when script and notebook disagree."""

    SCRIPT = "--from-script"
    NOTEBOOK = "--from-notebook"
    NEWER_SCRIPT = "only if no edit of the notebook would be lost"


def sync(script: Path, notebook: Path, keep: Keep = Keep.NEWER_SCRIPT) -> tuple[Path, ...]:
    """Brings the two in step and returns the files it wrote, none if they were.

    Raises CourseError if the notebook was edited and `keep` does not say which of the two to keep.
    """
    if keep is Keep.NOTEBOOK:
        return _rewrite_script(script, notebook)
    if not script.is_file():
        raise CourseError(_missing(script, notebook))
    rendered = render_notebook(parse_script(script.read_text(encoding="utf-8")))
    if notebook.is_file() and keep is Keep.NEWER_SCRIPT:
        _refuse_edited(script, notebook, rendered)
    return (notebook,) if replace_text(notebook, rendered) else ()


def replace_text(path: Path, text: str) -> bool:
    """Writes the text in one step, unless it stands there already; returns whether it wrote."""
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(text.encode())
    os.replace(draft, path)
    return True


def _rewrite_script(script: Path, notebook: Path) -> tuple[Path, ...]:
    if not notebook.is_file():
        raise CourseError(f"There is no notebook {notebook} to make {script.name} from. Build without --from-notebook.")
    lesson = parse_notebook(notebook.read_text(encoding="utf-8"))
    same = script.is_file() and parse_script(script.read_text(encoding="utf-8")) == lesson
    wrote_script = not same and replace_text(script, render_script(lesson))
    wrote_notebook = replace_text(notebook, render_notebook(lesson))
    return (script,) * wrote_script + (notebook,) * wrote_notebook


def _refuse_edited(script: Path, notebook: Path, rendered: str) -> None:
    """Raises CourseError if overwriting the notebook would lose an edit.

    Times alone do not tell: a notebook edited first and a script edited later would lose the first edit. So a notebook
    that is not byte for byte what we write (Jupyter keeps a cell's id when its text changes) counts as edited too.
    """
    present = notebook.read_text(encoding="utf-8")
    lesson = parse_notebook(present)
    if render_notebook(lesson) == rendered:
        return
    if render_notebook(lesson) == present and notebook.stat().st_mtime_ns <= script.stat().st_mtime_ns:
        return
    raise CourseError(
        f"{notebook} was edited, and {script} does not hold that edit. Choose which of the two to keep: "
        f"`{Keep.NOTEBOOK.value}` writes the script anew from the notebook, "
        f"`{Keep.SCRIPT.value}` writes the notebook anew from the script."
    )


def _missing(script: Path, notebook: Path) -> str:
    if notebook.is_file():
        return f"The script {script} is missing. `{Keep.NOTEBOOK.value}` makes it from {notebook.name}."
    return f"The script {script} is missing. Write the lesson there; autograder/suites/README.md describes the format."
