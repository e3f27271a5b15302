"""A whole class through nbgrader's own converters: submissions in, grade book, autograded notebooks and feedback pages out.

nbgrader does its work one submission after the other; the slow part, running the students' code, is done ahead of it by
worker processes. What has not changed since it was graded is left as it is.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-untyped]
from nbgrader.apps import NbGrader  # type: ignore[import-untyped]
from nbgrader.converters import Autograde, GenerateFeedback  # type: ignore[import-untyped]
from nbgrader.converters.base import NbGraderException  # type: ignore[import-untyped]
from sqlalchemy.exc import OperationalError

from autograder.errors import CourseError, MachineError
from autograder.lesson import topic_of
from autograder.model import Job, Report
from autograder.names import without_controls
from autograder.nbgrader.autograde import GradeSubmission, fingerprint, make_job, materials_of
from autograder.nbgrader.gradebook import prepared_once
from autograder.nbgrader.handed_in import KEY, could_not_read, read_handed_in
from autograder.nbgrader.reference import read_reference
from autograder.nbgrader.submitted import Submitted, list_submissions
from autograder.places import Places
from autograder.pool import Pool, ungradable
from autograder.submission import Reference

__all__ = ["Graded", "grade_class"]

Progress = Callable[[str, str, str], None]
QUIET: Final = "CRITICAL"


@dataclass(frozen=True)
class Graded:
    """One submission after a run: the lines of its report, and whether it was graded now, was unchanged, or left out."""

    student: str
    assignment: str
    lines: Sequence[dict[str, Any]]
    anew: bool
    feedback: Path
    left_out: bool = False


@dataclass
class _Plan:
    """What is to be done for one assignment, by student: the reports to come, the pages to be written again, and what went wrong."""

    assignment: str
    jobs: dict[str, Job] = field(default_factory=dict)
    reports: dict[str, Future[Report]] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


def grade_class(
    course: Path,
    assignments: Sequence[str] = (),
    students: Sequence[str] = (),
    *,
    workers: int = 2,
    progress: Progress = lambda assignment, student, step: None,
    warn: Callable[[str], None] = lambda line: print(f"autograder: {line}", file=sys.stderr),
) -> list[Graded]:
    """Grades what was submitted (all of it, or the named assignments and students) and writes the feedback pages.

    Where nbgrader stumbles over one student's folder, that student's work is ungradable and the others' is graded. A folder that
    can't be graded at all is handed to `warn` in a sentence and stands in the result as ungradable.
    Raises `CourseError` when nothing was submitted or an assignment was never released, `MachineError` when nbgrader gives up.
    """
    app = _start_nbgrader(course)
    submitted = list_submissions(app.coursedir, assignments, students)
    references = _read_references(app.coursedir, submitted, assignments)
    for folder in submitted.left_out:
        warn(str(folder))
    graded = [Graded(*folder.names, [folder.as_line()], False, Path(), left_out=True) for folder in submitted.left_out]
    with prepared_once(), Pool(workers, GradeSubmission(config=app.config).minimum_isolation) as pool:
        plans = [_plan(pool, app, Places(Path(app.coursedir.root), name), references[name], submitted.work[name]) for name in references]
        for plan in plans:
            _run(_Autograde, app, plan, progress)
            _run(_Feedback, app, plan, progress)
            graded += [_read_graded(app.coursedir, plan, name) for name in submitted.work[plan.assignment]]
    return graded


def _start_nbgrader(course: Path) -> Any:
    course = course.resolve()
    if not (course / "nbgrader_config.py").is_file():
        raise CourseError(f"{course} has no nbgrader_config.py, so it is no course folder. Run this in the course's own.")
    app = NbGrader()
    with chdir(course):
        app.initialize([], root=str(course))
    for handler in app.log.handlers:
        handler.setLevel(QUIET)
    return app


def _read_references(coursedir: Any, submitted: Submitted, named: Sequence[str]) -> dict[str, Reference]:
    """What was released of each assignment. One that never was is left out, unless it was asked for or there is no other."""
    references: dict[str, Reference] = {}
    unknown: list[str] = []
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        for assignment in submitted.work:
            try:
                references[assignment] = read_reference(gradebook, Places(Path(coursedir.root), assignment), topic_of(assignment))
            except MissingEntry:
                unknown.append(assignment)
    for assignment in unknown:
        reason = f"{without_controls(assignment)} is not in the grade book. Run `autograder build` or `nbgrader generate_assignment` first."
        if assignment in named or not references:
            raise CourseError(reason)
        submitted.leave_out(assignment, reason)
    return references


def _plan(pool: Pool, app: Any, places: Places, reference: Reference, students: Sequence[str]) -> _Plan:
    """Reads every submission, and starts to grade those that have changed."""
    coursedir, assignment = app.coursedir, places.assignment
    materials, plan = materials_of(places), _Plan(assignment)
    for student in students:
        job, mark, problem = _read_job(coursedir, reference, assignment, student)
        plan.jobs[student] = job
        if _last_mark(coursedir, assignment, student) != mark:
            plan.reports[student] = Future() if problem else pool.submit(job, materials)
        elif not _page_stands(coursedir, assignment, student):
            plan.pages.append(student)
    return plan


def _read_job(coursedir: Any, reference: Reference, assignment: str, student: str) -> tuple[Job, str, str | None]:
    folder = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
    try:
        return _job_of(coursedir, student, assignment, read_handed_in(folder, reference))
    except Exception as error:  # one student's, if the notebook that holds nothing of the student's passes
        return _job_of(coursedir, student, assignment, could_not_read(reference, error))


def _job_of(coursedir: Any, student: str, assignment: str, notebook: dict[str, Any]) -> tuple[Job, str, str | None]:
    job, mended = make_job(Path(coursedir.root), student, assignment, notebook), notebook["metadata"][KEY]
    return job, fingerprint(Path(coursedir.root), job, mended), mended["problem"]


def _autograded(coursedir: Any, assignment: str, student: str) -> Path:
    return Path(coursedir.format_path(coursedir.autograded_directory, student, assignment)) / f"{topic_of(assignment)}.ipynb"


def _last_mark(coursedir: Any, assignment: str, student: str) -> str | None:
    """The fingerprint of the last finished grading, or None: a run that was cut off leaves none."""
    try:
        mark: str = json.loads(_autograded(coursedir, assignment, student).read_bytes())["metadata"][KEY]["fingerprint"]
    except (OSError, ValueError, KeyError):
        return None
    return mark


def _page(coursedir: Any, assignment: str, student: str) -> Path:
    return Path(coursedir.format_path(coursedir.feedback_directory, student, assignment)) / f"{topic_of(assignment)}.html"


def _page_stands(coursedir: Any, assignment: str, student: str) -> bool:
    """Whether the feedback page is whole and of the last grading: a run may be cut off between the two, or within the page."""
    page = _page(coursedir, assignment, student)
    try:
        newer = page.stat().st_mtime_ns >= _autograded(coursedir, assignment, student).stat().st_mtime_ns
        return newer and page.read_bytes().rstrip().endswith(b"</html>")
    except OSError:
        return False


def _read_graded(coursedir: Any, plan: _Plan, student: str) -> Graded:
    page = _page(coursedir, plan.assignment, student)
    if student in plan.faults:
        report = ungradable(plan.jobs[student], plan.faults[student])
        lines = [exercise.as_line(student, plan.assignment) for exercise in report.exercises]
        return Graded(student, plan.assignment, lines, True, page)
    metadata = json.loads(_autograded(coursedir, plan.assignment, student).read_bytes())["metadata"]
    return Graded(student, plan.assignment, metadata[KEY]["report"], student in plan.reports, page)


def _run(kind: "type[_Autograde | _Feedback]", app: Any, plan: _Plan, progress: Progress) -> None:
    converter = kind(app, plan, progress)
    if not converter.students():
        return
    try:
        converter.start()
    except NbGraderException as error:
        # After the fault of a single student nbgrader goes on; this one comes after the last.
        if not plan.faults:
            raise MachineError(f"nbgrader could not finish {plan.assignment}: {error}") from error
    if missing := [student for student in converter.students() if student not in converter.done]:
        raise MachineError(f"nbgrader could not finish {plan.assignment}: {', '.join(missing)} are still to be done. Run it again.")


class _Planned:
    """A converter that treats the students of a plan, and keeps the errors that nbgrader would only log."""

    word = ""

    def __init__(self, app: Any, plan: _Plan, progress: Progress) -> None:
        self.plan, self.progress = plan, progress
        self.done: set[str] = set()
        app.coursedir.assignment_id = plan.assignment
        super().__init__(coursedir=app.coursedir, parent=app)  # type: ignore[call-arg]

    def init_notebooks(self) -> None:
        """The notebook of each student of the plan, also where there is none: that is reported, not passed over."""
        self.assignments = {
            self._format_source(self.plan.assignment, student): [  # type: ignore[attr-defined]
                str(Path(self._format_source(self.plan.assignment, student)) / f"{topic_of(self.plan.assignment)}.ipynb")  # type: ignore[attr-defined]
            ]
            for student in self.students()
        }

    def students(self) -> Sequence[str]:
        """Whose work this converter treats: those to be graded with whom nothing has gone wrong."""
        return [student for student in self.plan.reports if student not in self.plan.faults]

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """The plan knows already that this is to be done."""
        self.progress(assignment_id, student_id, self.word)
        shutil.rmtree(self._format_dest(assignment_id, student_id), ignore_errors=True)  # type: ignore[attr-defined]
        return True

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """nbgrader's first step with a student's folder."""
        with self._noting(student_id):
            super().init_assignment(assignment_id, student_id)  # type: ignore[misc]

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Converts one notebook."""
        student = Path(notebook_filename).parents[1].name
        with self._noting(student):
            super().convert_single_notebook(notebook_filename)  # type: ignore[misc]
        self.done.add(student)

    @contextmanager
    def _noting(self, student: str) -> Iterator[None]:
        try:
            yield
        except OperationalError:  # the grade book is out of reach, and so it is for everybody
            raise
        except Exception as error:
            self.plan.faults[student] = f"nbgrader could not {self.word} this submission: {type(error).__name__}: {error}"
            raise


class _Autograde(_Planned, Autograde):  # type: ignore[misc]
    word = "grade"

    def grade_job(self, job: Job) -> Report:
        """The report that a worker makes, or has made already."""
        return self.plan.reports[job.student].result()


class _Feedback(_Planned, GenerateFeedback):  # type: ignore[misc]
    word = "feedback"

    def students(self) -> Sequence[str]:
        """Those just graded, and those whose page is missing or out of date."""
        return [*self.plan.pages, *super().students()]
