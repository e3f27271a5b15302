"""Where an assignment's files stand: a course folder and an assignment's name in, its paths out."""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from autograder.lesson import NEVER_RELEASED, topic_of

__all__ = ["LICENCES", "Places", "list_assignments"]

LICENCES = "LICENCES.md"
PACKAGED_SUITES = Path(__file__).parent / "suites"


@dataclass(frozen=True)
class Places:
    """The files and folders of one assignment."""

    course: Path
    assignment: str

    @property
    def source(self) -> Path:
        """The folder of the lesson."""
        return self.course / "source" / self.assignment

    @property
    def script(self) -> Path:
        """The lesson as text."""
        return self.source / f"{topic_of(self.assignment)}.py"

    @property
    def notebook(self) -> Path:
        """The lesson as nbgrader reads it."""
        return self.script.with_suffix(".ipynb")

    @property
    def suite(self) -> Path:
        """The folder of the hidden tests: the course's own, or the one that comes with this package."""
        own = self.course / "autograder" / "suites"
        return (own if own.is_dir() else PACKAGED_SUITES) / self.assignment

    @property
    def release(self) -> Path:
        """The folder that students get."""
        return self.course / "assignments" / self.assignment

    @property
    def solution(self) -> Path:
        """The folder of the executed solution."""
        return self.course / "solutions" / self.assignment

    def suite_files(self) -> list[Path]:
        """The Python files of the hidden suite."""
        return sorted(self.suite.glob("*.py"))

    def released_files(self) -> list[Path]:
        """The files beside the notebook that nbgrader copies to students."""
        files = (path for path in sorted(self.source.rglob("*")) if path.is_file() and path != self.notebook)
        return [path for path in files if not _is_kept_back(path.relative_to(self.source))]


def list_assignments(course: Path) -> tuple[str, ...]:
    """The assignments that have a folder in source/, in order."""
    return tuple(sorted(folder.name for folder in (course / "source").glob("[0-9]*-*") if folder.is_dir()))


def _is_kept_back(path: Path) -> bool:
    return any(fnmatch(part, pattern) for part in path.parts for pattern in NEVER_RELEASED)
