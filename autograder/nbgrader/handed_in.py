"""A student's folder → the notebook to grade, whatever is in the folder: mended, or with the reason why a person has to look at it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from autograder.names import as_code
from autograder.nbgrader.beside import TIMESTAMP, read_timestamp
from autograder.own_files import read_own_files
from autograder.submission import Reference, Submission, cannot_grade, find_notebook, read_submission

__all__ = ["KEY", "could_not_read", "read_handed_in"]

KEY: Final = "autograder"


def read_handed_in(folder: Path, reference: Reference) -> dict[str, Any]:
    """The notebook with what was mended in its first cell, and for us in its metadata; nothing in a folder makes it raise."""
    try:
        if link := next((part for part in (folder, folder.parent) if part.is_symlink()), None):
            return _with_notes(cannot_grade(reference, f"The folder {as_code(link.name)} is a symbolic link, and links are not followed."))
        path, notes = find_notebook(folder, reference.name, reference.count_answers)
        submission = read_submission(path, reference)
        if path is None:
            submission, notes = cannot_grade(reference, " ".join([submission.problem or "", *notes])), []
        files, left_out = read_own_files(path)
        return _with_notes(submission, [*notes, *left_out, *_note_timestamp(folder)], files)
    except Exception as error:
        return could_not_read(reference, error)


def could_not_read(reference: Reference, error: Exception) -> dict[str, Any]:
    """A notebook for a person to grade, after a fault that nobody foresaw. Only its name is told: the page shows it too."""
    return _with_notes(cannot_grade(reference, f"The grader stumbled over its files ({type(error).__name__})."))


def _note_timestamp(folder: Path) -> list[str]:
    stands = (folder / TIMESTAMP).is_symlink() or (folder / TIMESTAMP).exists()
    return [f"{TIMESTAMP} does not hold the time of a submission; it was ignored."] if stands and not read_timestamp(folder) else []


def _with_notes(submission: Submission, notes: Sequence[str] = (), files: Mapping[str, str] | None = None) -> dict[str, Any]:
    notes = [*notes, *submission.notes]
    notebook = submission.notebook
    notebook["metadata"][KEY] = {"notes": notes, "problem": submission.problem, "files": dict(files or {})}
    if notes:
        text = "**Mended before grading**\n\n" + "\n".join(f"- {note}" for note in notes)
        notebook["cells"].insert(0, {"cell_type": "markdown", "id": "mended", "metadata": {}, "source": text})
    return notebook
