"""Every nbgrader command of a course's life, typed at the command line, once: what each one leaves behind."""

import csv
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from .tiny import (
    ASSIGNMENT,
    CHANGES_ITS_ARGUMENT,
    RIGHT,
    TinyCourse,
    cell_of,
    filled,
    is_valid,
    read_notebook,
    write_course,
    write_notebook,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader-front-door")]

ANSWERS: Mapping[str, Mapping[str, str]] = {"ada": RIGHT, "boris": {"linear": CHANGES_ITS_ARGUMENT}}


@dataclass(frozen=True)
class Semester:
    """A course after all commands ran, and what each said."""

    course: TinyCourse
    done: Mapping[str, subprocess.CompletedProcess[str]]

    def home(self, student: str) -> Path:
        """Where the student works."""
        return self.course.around / student


@pytest.fixture(scope="module")
def semester(tmp_path_factory: pytest.TempPathFactory) -> Semester:
    """All commands in the order of a semester, without any of our own. Alma hands in by mail: the notebook, and nothing of nbgrader's."""
    course = write_course(tmp_path_factory.mktemp("semester") / "course")
    (course.around / "exchange").mkdir()
    (course.around / "exchange").chmod(0o777)  # nbgrader asks for a folder that everybody may write to
    done = {name: course.nbgrader(name, ASSIGNMENT) for name in ("generate_assignment", "generate_solution", "release_assignment")}
    for student, answers in ANSWERS.items():
        done |= _fetch_solve_submit(course, student, answers)
    done["collect"] = course.nbgrader("collect", ASSIGNMENT)
    by_mail = course.root / "submitted" / "alma" / ASSIGNMENT / "tiny.ipynb"
    by_mail.parent.mkdir(parents=True)
    shutil.copy(course.root / "submitted" / "ada" / ASSIGNMENT / "tiny.ipynb", by_mail)
    for name in ("autograde", "generate_feedback", "release_feedback"):
        done[name] = course.nbgrader(name, ASSIGNMENT)
    for student in ANSWERS:
        done[f"fetch_feedback {student}"] = _at_home(course, student, "fetch_feedback")
    done["export"] = course.nbgrader("export")
    return Semester(course, done)


def _fetch_solve_submit(course: TinyCourse, student: str, answers: Mapping[str, str]) -> dict[str, subprocess.CompletedProcess[str]]:
    (course.around / student).mkdir()
    fetched = _at_home(course, student, "fetch_assignment")
    path = course.around / student / ASSIGNMENT / "tiny.ipynb"
    if path.is_file():
        write_notebook(path, filled(read_notebook(path), answers))
    return {f"fetch_assignment {student}": fetched, f"submit {student}": _at_home(course, student, "submit")}


def _at_home(course: TinyCourse, student: str, command: str) -> subprocess.CompletedProcess[str]:
    """A student has no nbgrader_config.py of ours, so the command line says which course and exchange are meant."""
    where = ["--course=transformer", f"--student={student}", f"--Exchange.root={course.around / 'exchange'}"]
    cache = f"--Exchange.cache={course.around / student / 'cache'}"
    return course.nbgrader(command, ASSIGNMENT, *where, cache, folder=course.around / student)


def test_every_command_succeeds(semester: Semester) -> None:
    """No command of the chain ends with an error or prints a traceback."""
    failed = {name: run.stderr for name, run in semester.done.items() if run.returncode or "Traceback" in run.stderr}
    assert failed == {}


def test_generate_assignment_takes_the_solutions_out(semester: Semester) -> None:
    """The assignment holds stubs and visible examples, no solution and no hidden line."""
    text = (semester.course.root / "assignments" / ASSIGNMENT / "tiny.ipynb").read_text()
    assert "raise NotImplementedError()" in text
    assert "three times three" in text
    assert not [word for word in ("x * x", "x @ w + b\\n", "SOLUTION", "HIDDEN") if word in text.replace("x @ w + b, without", "")]


def test_generate_solution_runs_the_solutions(semester: Semester) -> None:
    """The solution has its answers, ran to the end without an error, and left the capstone out."""
    notebook = read_notebook(semester.course.root / "solutions" / ASSIGNMENT / "tiny.ipynb")
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert "return x * x" in "".join(cell_of(notebook, "square")["source"])
    assert [bool(cell["execution_count"]) for cell in code] == [True] * 6 + [False]
    assert all(output["output_type"] != "error" for cell in code for output in cell["outputs"])


def test_release_and_fetch_hand_out_the_assignment(semester: Semester) -> None:
    """The exchange and the student's folder hold the released files and nothing of the staff's."""
    outbound = semester.course.around / "exchange" / "transformer" / "outbound" / ASSIGNMENT
    names = {"tiny.ipynb", "words.csv", "LICENCES.md"}
    assert {path.name for path in outbound.rglob("*") if path.is_file()} == names
    assert names <= {path.name for path in (semester.home("ada") / ASSIGNMENT).iterdir()}


@pytest.mark.parametrize("student", ANSWERS)
def test_submit_and_collect_bring_the_work_in(semester: Semester, student: str) -> None:
    """What is collected is what the student saved, with a timestamp."""
    folder = semester.course.root / "submitted" / student / ASSIGNMENT
    assert (folder / "tiny.ipynb").read_bytes() == (semester.home(student) / ASSIGNMENT / "tiny.ipynb").read_bytes()
    assert (folder / "timestamp.txt").is_file()


@pytest.mark.parametrize(("student", "points"), [("ada", {"linear": 60, "square": 40}), ("boris", {"linear": 40, "square": 0})])
def test_autograde_saves_points_by_exercise(semester: Semester, student: str, points: Mapping[str, float]) -> None:
    """The grade book holds the points of each exercise, partial credit among them, and asks for nobody."""
    assert semester.course.scores(student) == points
    assert semester.course.needs_a_person(student) == {False}


@pytest.mark.parametrize("student", ANSWERS)
def test_autograde_leaves_a_valid_notebook(semester: Semester, student: str) -> None:
    """The autograded notebook keeps the student's answers and is valid as it stands."""
    path = semester.course.autograded(student)
    assert is_valid(path)
    assert "".join(cell_of(read_notebook(path), "linear")["source"]) == ANSWERS[student]["linear"]


def test_formgrader_finds_the_submission(semester: Semester) -> None:
    """The grade book knows of the submission what formgrader lists: 40 of 100 points, autograded, nothing late."""
    with semester.course.gradebook() as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "boris")
        assert (submission.score, submission.max_score, submission.needs_manual_grade) == (40, 100, False)
        assert submission.timestamp is not None


def test_generate_feedback_tells_what_was_wrong(semester: Semester) -> None:
    """The page shows the points and the reason for what is missing."""
    page = semester.course.page("boris").read_text()
    assert "(Score: 40.0 / 100.0)" in page
    assert "linear: 40 of 60 points" in page
    assert "The call changed its argument x: work on a copy." in page


def test_page_names_the_exercises_and_runs_nothing(semester: Semester) -> None:
    """The list at the top leads to each exercise by its name; the page holds no script, and tells the browser to run and to fetch none."""
    page = semester.course.page("boris").read_text()
    assert re.findall(r'<li><a href="#test_(\w+)">(\w+)</a>', page) == [("linear", "linear"), ("square", "square")]
    assert "<script" not in page
    assert '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';' in page
    assert not re.search(r'(src|href)="(?!#|data:)', page)


@pytest.mark.parametrize("student", ANSWERS)
def test_feedback_comes_back_to_its_student(semester: Semester, student: str) -> None:
    """The page that is fetched is the student's own, byte for byte."""
    (page,) = (semester.home(student) / ASSIGNMENT / "feedback").rglob("*.html")
    assert page.read_bytes() == semester.course.page(student).read_bytes()


def test_who_handed_in_by_mail_stops_nobody(semester: Semester) -> None:
    """Her page is made like the others', and released under a name that she can't know; those after her in the alphabet get theirs."""
    assert "linear: 60 of 60 points" in semester.course.page("alma").read_text()
    released = semester.course.around / "exchange" / "transformer" / "feedback"
    assert len(list(released.rglob("*.html"))) == 3


def test_export_writes_the_grades(semester: Semester) -> None:
    """The table has a line for each student with the points of the grade book."""
    with (semester.course.root / "grades.csv").open() as file:
        rows = {row["student_id"]: (row["score"], row["max_score"]) for row in csv.DictReader(file)}
    assert rows == {"ada": ("100.0", "100.0"), "alma": ("100.0", "100.0"), "boris": ("40.0", "100.0")}


def test_our_command_agrees_with_nbgrader(semester: Semester, tmp_path: Path) -> None:
    """`autograder grade` takes over from `nbgrader autograde`: the same points, the same reports, nothing graded anew."""
    copy = TinyCourse(shutil.copytree(semester.course.root, tmp_path / "course"))
    before = {student: (copy.scores(student), copy.autograded(student).read_bytes()) for student in ANSWERS}
    done = copy.autograder("grade")
    assert "0 graded, 3 unchanged since the last run" in done.stdout
    assert {student: (copy.scores(student), copy.autograded(student).read_bytes()) for student in ANSWERS} == before


def test_outputs_are_notebook_outputs(semester: Semester) -> None:
    """nbformat reads every output of the autograded notebook without having to convert anything."""
    notebook = nbformat.read(semester.course.autograded("ada"), as_version=nbformat.NO_CONVERT)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert cell_of(notebook, "test_linear").outputs[0].data["text/plain"].startswith("linear: 60 of 60 points")
