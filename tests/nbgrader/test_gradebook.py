"""What grading does to the grade book: partial credit in, a person's grades and comments kept, lateness charged."""

from datetime import UTC, datetime

import pytest

from .conftest import CopyOf
from .tiny import ASSIGNMENT, CHANGES_ITS_ARGUMENT, FULL, RIGHT, TinyCourse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader-gradebook")]

PARTIAL = {"linear": CHANGES_ITS_ARGUMENT, "square": RIGHT["square"]}


@pytest.fixture(scope="module")
def graded(fresh_course: CopyOf) -> TinyCourse:
    """A course with one partial submission, graded, and then looked at by a person who gave 55 points and a comment."""
    course = fresh_course("gradebook")
    course.hand_in("boris", PARTIAL)
    assert course.nbgrader("autograde", ASSIGNMENT).returncode == 0
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("test_linear", "tiny", ASSIGNMENT, "boris")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 55, 1, False
        gradebook.find_comment("linear", "tiny", ASSIGNMENT, "boris").manual_comment = "A copy first, and it is perfect."
        gradebook.db.commit()
    return course


def _persons_grade(course: TinyCourse) -> tuple[float, float, float, str]:
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("test_linear", "tiny", ASSIGNMENT, "boris")
        comment = gradebook.find_comment("linear", "tiny", ASSIGNMENT, "boris")
        return grade.manual_score, grade.extra_credit, grade.score, comment.comment


def test_partial_credit_is_saved_by_exercise(graded: TinyCourse) -> None:
    """Two of three weights are 40 of 60 points; the other exercise is untouched by it."""
    assert graded.scores("boris") == {"linear": 40, "square": 40}


@pytest.mark.parametrize("command", ["nbgrader", "autograder"])
def test_the_lesson_takes_no_function_from_a_student(fresh_course: CopyOf, command: str) -> None:
    """A helper called as a function further down in the lesson is the student's; a stub left as it was hides no answer in another cell."""
    course = fresh_course("names")
    linear = "def product(x, w):\n    return x @ w\n\ndef linear(x, w, b):\n    return product(x, w) + b\n"
    course.hand_in("ada", {**RIGHT, "linear": linear})
    course.hand_in("boris", {"square": f"{RIGHT['linear']}\n\n{RIGHT['square']}"})
    done = course.nbgrader("autograde", ASSIGNMENT) if command == "nbgrader" else course.autograder("grade")
    assert done.returncode == 0, done.stderr
    assert course.scores("ada") == course.scores("boris") == FULL


def test_manual_grade_survives_nbgrader(graded: TinyCourse) -> None:
    """`nbgrader autograde --force` keeps a person's points, extra credit and comment, and asks for a second look."""
    assert graded.nbgrader("autograde", ASSIGNMENT, "--force").returncode == 0
    assert _persons_grade(graded) == (55, 1, 56, "A copy first, and it is perfect.")
    assert graded.needs_a_person("boris") == {True, False}


def test_manual_grade_survives_a_new_submission(graded: TinyCourse) -> None:
    """`autograder grade` of changed work renews the automatic points and keeps a person's."""
    graded.hand_in("boris", RIGHT)
    graded.grade()
    assert graded.scores("boris") == {"linear": 60, "square": 40}
    assert _persons_grade(graded) == (55, 1, 56, "A copy first, and it is perfect.")


def test_manual_grade_stands_on_the_page(graded: TinyCourse) -> None:
    """The feedback page shows the comment and the sum with a person's points."""
    graded.grade()
    assert graded.nbgrader("generate_feedback", ASSIGNMENT, "--force").returncode == 0
    page = graded.page("boris").read_text()
    assert "A copy first, and it is perfect." in page
    assert "(Score: 96.0 / 100.0)" in page


def test_page_tells_no_grade_from_a_zero(fresh_course: CopyOf) -> None:
    """An exercise that waits for a person is called so on the page, and what he gives then is shown, be it 0."""
    course = fresh_course("waiting")
    course.hand_in("carla", RIGHT)
    course.grade()
    pages = {}
    for points in (None, 0):
        with course.gradebook() as gradebook:
            grade = gradebook.find_grade("test_linear", "tiny", ASSIGNMENT, "carla")
            grade.auto_score, grade.manual_score = None, points
            gradebook.db.commit()
        assert course.nbgrader("generate_feedback", ASSIGNMENT, "--force").returncode == 0
        pages[points] = course.page("carla").read_text()
    assert "(Score: 40.0 / 100.0 so far, 1 exercise is not graded yet)" in pages[None]
    assert "Score: 0.0 / 60.0" not in pages[None]
    assert "(Score: 40.0 / 100.0)" in pages[0]
    assert pages[0].count("Score: 0.0 / 60.0") == 2


@pytest.mark.parametrize("command", ["nbgrader", "autograder"])
def test_lateness_is_charged(fresh_course: CopyOf, command: str) -> None:
    """Where the course sets a penalty for late work, both commands charge it: here, everything."""
    course = fresh_course("late")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    for student, day in (("in_time", 1), ("late", 3)):
        course.hand_in(student, PARTIAL)
        (course.submitted(student) / "timestamp.txt").write_text(f"2030-01-0{day} 12:00:00 UTC")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=datetime(2030, 1, 2, tzinfo=UTC).replace(tzinfo=None))
    done = course.nbgrader("autograde", ASSIGNMENT) if command == "nbgrader" else course.autograder("grade")
    assert done.returncode == 0, done.stderr
    assert {student: _penalty(course, student) for student in ("in_time", "late")} == {"in_time": 0, "late": 80}


def _penalty(course: TinyCourse, student: str) -> float:
    with course.gradebook() as gradebook:
        return gradebook.find_submission(ASSIGNMENT, student).late_submission_penalty or 0.0
