"""Runs nbgrader's own generate_assignment and generate_solution: a course folder in, a filled folder out."""

from contextlib import chdir
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGrader  # type: ignore[import-untyped]
from nbgrader.converters import GenerateAssignment, GenerateSolution  # type: ignore[import-untyped]
from nbgrader.utils import capture_log  # type: ignore[import-untyped]

from autograder.errors import CourseError

__all__ = ["Generator"]


class _Remembering:
    """A converter that keeps the error which nbgrader turns into a line of its log."""

    fault: Exception | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Converts one notebook."""
        try:
            super().convert_single_notebook(notebook_filename)  # type: ignore[misc]
        except Exception as error:
            self.fault = error
            raise


class _Assignment(_Remembering, GenerateAssignment):  # type: ignore[misc]
    pass


class _Solution(_Remembering, GenerateSolution):  # type: ignore[misc]
    pass


class Generator:
    """nbgrader as the course's nbgrader_config.py sets it up, with its results sent to a folder of our choice.

    The assignments are also registered in the grade book, as nbgrader does.
    """

    def __init__(self, course: Path) -> None:
        self._course = course.resolve()
        if not (self._course / "nbgrader_config.py").is_file():
            raise CourseError(f"{course} has no nbgrader_config.py, so it is no course folder. Build in the course's own.")
        self._app = NbGrader()
        with chdir(self._course):
            self._app.initialize([], root=str(self._course))
        for handler in self._app.log.handlers:
            handler.setLevel("CRITICAL")

    def write_assignment(self, assignment: str, into: Path) -> None:
        """Writes what students get to `into`/`assignment`."""
        self._run(_Assignment, "release_directory", assignment, into)

    def write_solution(self, assignment: str, into: Path, *, execute: bool) -> None:
        """Writes the solution to `into`/`assignment`, with outputs if executed."""
        self._run(_Solution, "solution_directory", assignment, into, ExecuteSolution={"enabled": execute})

    def _run(self, converter_class: Any, directory: str, assignment: str, into: Path, **config: Any) -> None:
        coursedir = self._app.coursedir
        usual = getattr(coursedir, directory)
        coursedir.assignment_id = assignment
        setattr(coursedir, directory, str(into.resolve()))
        try:
            converter = converter_class(coursedir=coursedir, parent=self._app)
            converter.update_config(type(converter.config)(config))
            converter.force = True
            with chdir(self._course):
                _raise_fault(assignment, converter, capture_log(converter))
        finally:
            setattr(coursedir, directory, usual)


def _raise_fault(assignment: str, converter: Any, result: dict[str, Any]) -> None:
    if isinstance(converter.fault, CourseError):
        raise converter.fault
    if not result["success"]:
        reason = converter.fault or result.get("log", result["error"])
        raise CourseError(f"{assignment}: nbgrader could not convert it: {reason}")
