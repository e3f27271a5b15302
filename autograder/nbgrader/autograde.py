"""nbgrader's autograde with our engine: the submitted file is mended, graded by the hidden suite, and its points saved.

`nbgrader_config.py` puts these classes in the place of nbgrader's own; the rest of nbgrader stays as it is.
"""

import atexit
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from fnmatch import fnmatch
from functools import cache
from glob import glob
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import NotebookExporter
from nbformat import from_dict
from nbgrader.api import Gradebook  # type: ignore[import-untyped]
from nbgrader.converters.base import BaseConverter  # type: ignore[import-untyped]
from nbgrader.preprocessors import NbGraderPreprocessor  # type: ignore[import-untyped]
from traitlets import Enum as TraitEnum

from autograder.feedback import render_output
from autograder.lesson import topic_of, without_hidden_tests
from autograder.model import Job, Materials, Report
from autograder.names import can_be_printed, without_controls
from autograder.nbgrader.handed_in import KEY, read_handed_in
from autograder.nbgrader.reference import read_reference
from autograder.places import Places
from autograder.pool import Pool, ungradable
from autograder.salvage import DAMAGED
from autograder.sandbox.isolation import LEVELS, MINIMUM_LEVEL
from autograder.submission import cells_to_run

__all__ = [
    "GradeSubmission",
    "MendingExporter",
    "SaveReport",
    "data_files",
    "find_every_submission",
    "fingerprint",
    "make_job",
    "materials_of",
]

SECRET_FILE: Final = ".course-secret"


class MendingExporter(NotebookExporter):
    """Reads a submitted file whatever its state; what nbgrader itself wrote is read as usual."""

    def from_filename(self, filename: str, resources: Any = None, **keywords: Any) -> tuple[Any, Any]:
        """The notebook, mended, and nbgrader's resources."""
        converter: Any = self.parent
        if not converter._sanitizing:
            return super().from_filename(filename, resources, **keywords)
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            places = Places(Path(converter.coursedir.root), names["assignment"])
            reference = read_reference(gradebook, places, names["notebook"])
        notebook = from_dict(read_handed_in(Path(filename).parent, reference))
        resources["metadata"] = {"name": names["notebook"], "path": str(Path(filename).parent)}
        output: tuple[Any, Any] = super().from_notebook_node(notebook, resources, **keywords)
        return output


class GradeSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Runs the hidden suite on the notebook; leaves outputs and feedback in its cells and the report in the resources."""

    minimum_isolation = TraitEnum(LEVELS, MINIMUM_LEVEL, help="The weakest isolation level at which grading may start.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The graded notebook."""
        names, converter = resources["nbgrader"], self.parent.parent
        job = make_job(Path(converter.coursedir.root), names["student"], names["assignment"], nb)
        kept = {key: value for key, value in nb.metadata.get(KEY, {}).items() if key != "files"}  # those are in the job
        report = ungradable(job, kept["problem"]) if kept.get("problem") else self._grade(converter, job)
        resources["report"] = report
        _show(nb, report)
        nb.metadata[KEY] = {
            **kept,
            "fingerprint": fingerprint(Path(converter.coursedir.root), job, kept),
            "provenance": dict(report.provenance),
            "report": [exercise.as_line(job.student, job.assignment) for exercise in report.exercises],
        }
        return nb, resources

    def _grade(self, converter: Any, job: Job) -> Report:
        if hasattr(converter, "grade_job"):
            report: Report = converter.grade_job(job)
            return report
        places = Places(Path(converter.coursedir.root), job.assignment)
        return _pool(self.minimum_isolation).submit(job, materials_of(places)).result()


class SaveReport(NbGraderPreprocessor):  # type: ignore[misc]
    """Writes the report's points into the grade book; a grade or comment that a person gave stays."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook as it is; the points are written in one transaction."""
        report: Report = resources["report"]
        points = {f"test_{exercise.exercise}": exercise.points for exercise in report.exercises}
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            submission = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            for grade in submission.grades:
                grade.auto_score = points.get(grade.name)
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            gradebook.db.commit()
        return nb, resources


def find_every_submission(converter: BaseConverter) -> None:
    """Stands in for `Autograde.init_notebooks`, which passes over a missing notebook and lets a renamed one fail: both are reported."""
    coursedir = converter.coursedir
    name = topic_of(coursedir.assignment_id)
    folders = [folder for folder in glob(converter._format_source(coursedir.assignment_id, coursedir.student_id)) if os.path.isdir(folder)]
    for folder in [folder for folder in folders if not can_be_printed(folder)]:  # nbgrader itself stops at a line break, for everybody
        converter.log.error("Left out, for its name holds characters that are no text: %s", without_controls(folder))
        folders.remove(folder)
    if not folders or not fnmatch(name, coursedir.notebook_id):
        BaseConverter.init_notebooks(converter)  # it says what there is instead
        return
    converter.assignments = {folder: [os.path.join(folder, f"{name}.ipynb")] for folder in folders}


def make_job(course: Path, student: str, assignment: str, notebook: Any) -> Job:
    """The job of grading a mended notebook."""
    points = {
        cell["metadata"]["nbgrader"]["grade_id"].removeprefix("test_"): float(cell["metadata"]["nbgrader"]["points"])
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    kept = notebook["metadata"].get(KEY, {})
    damaged = any(note.startswith(DAMAGED) for note in kept.get("notes", []))
    return Job(student, assignment, read_secret(course), cells_to_run(notebook), points, dict(kept.get("files", {})), damaged)


def read_secret(course: Path) -> str:
    """The course's secret, from AUTOGRADER_SECRET or a file beside the grade book that is made when there is none."""
    if given := os.environ.get("AUTOGRADER_SECRET"):
        return given
    file = course / SECRET_FILE
    if not file.is_file():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(16) + "\n")
    return file.read_text().strip()


def fingerprint(course: Path, job: Job, mended: Mapping[str, Any]) -> str:
    """Changes when anything changes that the grade depends on: the cells, what was mended, the points, the suite, the data, the secret."""
    what = [job.as_dict(), mended.get("notes"), mended.get("problem"), version("transformer-course-autograder")]
    digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
    places = Places(course, job.assignment)
    for path in sorted([*places.suite.glob("*"), *data_files(places)]):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def data_files(places: Places) -> list[Path]:
    """The files that lie beside the notebook when it runs."""
    return [path for path in places.released_files() if path.suffix != ".ipynb"]


def materials_of(places: Places) -> Materials:
    """What the assignment's jobs are graded with."""
    return Materials(places.suite, tuple(data_files(places)), places.script if places.script.is_file() else None)


@cache
def _pool(minimum: str) -> Pool:
    """The worker process stays for the next submission of the same nbgrader command."""
    pool = Pool(1, minimum)
    atexit.register(pool.__exit__, None, None, None)
    return pool


def _show(notebook: Any, report: Report) -> None:
    """Puts the outputs of the run, and the feedback, into the cells."""
    feedback = {f"test_{exercise.exercise}": exercise for exercise in report.exercises}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        if cell.id in feedback:
            cell.source = without_hidden_tests(cell.source)  # the rest says only that it fails without our configuration
            cell.outputs = [from_dict(render_output(feedback[cell.id]))]
        elif cell.id in report.outputs:
            cell.execution_count = number
            cell.outputs = [from_dict(output) for output in report.outputs[cell.id]]
