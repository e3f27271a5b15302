"""Nobody earns points by what a notebook says of itself, with our configuration, and none at all without it."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import CopyOf
from .tiny import ASSIGNMENT, FULL, NOTHING, RIGHT, Notebook, TinyCourse, cell_of, filled, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader-fail-closed")]

Change = Callable[[Notebook, dict[str, Any]], None]


def no_change(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The notebook as it was released."""


def tagged_skip_execution(notebook: Notebook, cell: dict[str, Any]) -> None:
    """nbclient does not run a cell with this tag."""
    cell["metadata"]["tags"] = ["skip-execution"]


def tagged_capstone(notebook: Notebook, cell: dict[str, Any]) -> None:
    """Grading leaves such cells out."""
    cell["metadata"]["tags"] = ["capstone"]


def tagged_raises_exception(notebook: Notebook, cell: dict[str, Any]) -> None:
    """nbclient forgives errors in a cell with this tag."""
    cell["metadata"]["tags"] = ["raises-exception", "remove-output"]


def points_raised(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The cell claims to be worth more than the whole assignment."""
    cell["metadata"]["nbgrader"]["points"] = 1000


def grade_taken_away(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The cell claims not to be graded."""
    cell["metadata"]["nbgrader"]["grade"] = False


def unlocked_and_emptied(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The cell claims that its text is the student's."""
    cell["metadata"]["nbgrader"]["locked"] = False
    cell["source"] = "pass"


def made_a_solution(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The cell claims to be an answer."""
    cell["metadata"]["nbgrader"]["solution"] = True


def grade_id_renamed(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The cell claims to belong to no exercise."""
    cell["metadata"]["nbgrader"]["grade_id"] = "test_nothing"


def grade_id_of_the_other(notebook: Notebook, cell: dict[str, Any]) -> None:
    """Both grade cells claim to be the first."""
    cell["metadata"]["nbgrader"]["grade_id"] = "test_linear"


def made_markdown(notebook: Notebook, cell: dict[str, Any]) -> None:
    """Text is not run."""
    cell["cell_type"] = "markdown"
    cell.pop("outputs", None)
    cell.pop("execution_count", None)


def metadata_removed(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The cell claims to be like any other."""
    del cell["metadata"]["nbgrader"]


def schema_of_the_future(notebook: Notebook, cell: dict[str, Any]) -> None:
    """nbgrader refuses to read a schema newer than its own."""
    cell["metadata"]["nbgrader"]["schema_version"] = 99


def report_written_by_the_student(notebook: Notebook, cell: dict[str, Any]) -> None:
    """The notebook claims to be graded already."""
    line = {"exercise": "linear", "points": 60.0, "outcome": "passed"}
    notebook["metadata"]["autograder"] = {"fingerprint": "0", "report": [line], "problem": None}
    cell["outputs"] = [{"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "60.0"}, "metadata": {}}]


CHANGES: tuple[Change, ...] = (
    no_change,
    tagged_skip_execution,
    tagged_capstone,
    tagged_raises_exception,
    points_raised,
    grade_taken_away,
    unlocked_and_emptied,
    made_a_solution,
    grade_id_renamed,
    grade_id_of_the_other,
    made_markdown,
    metadata_removed,
    schema_of_the_future,
    report_written_by_the_student,
)
#: Plain nbgrader gives up on the whole class when it meets one of these, so each is graded on its own.
STOPPERS: tuple[Change, ...] = (grade_id_renamed, grade_id_of_the_other, schema_of_the_future)
each_change = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)


def _hand_in_all(course: TinyCourse) -> TinyCourse:
    for change in CHANGES:
        for word, answers in (("untouched", {}), ("right", RIGHT)):
            notebook = filled(course.released(), answers)
            for name in ("test_linear", "test_square"):
                change(notebook, cell_of(notebook, name))
            write_notebook(course.submitted(f"{word}_{change.__name__}") / "tiny.ipynb", notebook)
    return course


def _known_hole(change: Change) -> Any:
    """The one notebook that plain nbgrader rewards: it does not run the tagged grade cell, and takes silence for success."""
    hole = pytest.mark.xfail(strict=True, reason="nbgrader itself honours skip-execution, and no released cell can forbid it")
    return pytest.param(change, id=change.__name__, marks=[hole] if change is tagged_skip_execution else [])


@pytest.fixture(scope="module")
def with_ours(fresh_course: CopyOf) -> TinyCourse:
    """The class, graded in the course folder."""
    course = _hand_in_all(fresh_course("with-ours"))
    course.grade()
    return course


@pytest.fixture(scope="module")
def without_ours(fresh_course: CopyOf) -> TinyCourse:
    """The same class, graded by plain nbgrader in a folder that has everything but our configuration."""
    course = _hand_in_all(fresh_course("without-ours"))
    (course.root / "nbgrader_config.py").unlink()
    shutil.rmtree(course.root / "autograder")
    stoppers = [f"{word}_{change.__name__}" for change in STOPPERS for word in ("untouched", "right")]
    for option in (f"student_id_exclude={','.join(stoppers)}", *(f"student_id={student}" for student in stoppers)):
        course.nbgrader("autograde", ASSIGNMENT, "--CourseDirectory.release_directory=assignments", f"--CourseDirectory.{option}")
    return course


def _earned(course: TinyCourse, student: str) -> float:
    """The points in the grade book, where None and no entry are nothing."""
    with course.gradebook() as gradebook:
        return sum(submission.score for submission in gradebook.assignment_submissions(ASSIGNMENT) if submission.student.id == student)


@each_change
def test_untouched_stub_earns_nothing(with_ours: TinyCourse, change: Change) -> None:
    """Whatever the notebook says of its grade cells, a stub that was not filled in gets zero points."""
    assert with_ours.scores(f"untouched_{change.__name__}") == NOTHING


@each_change
def test_right_answer_keeps_its_points(with_ours: TinyCourse, change: Change) -> None:
    """Nor does a changed grade cell cost anything: the points come from the hidden suite."""
    assert with_ours.scores(f"right_{change.__name__}") == FULL


@pytest.mark.parametrize("change", [no_change, tagged_capstone, points_raised, unlocked_and_emptied, made_markdown])
def test_plain_nbgrader_graded_the_class(without_ours: TinyCourse, change: Change) -> None:
    """The run without our configuration did happen: where nbgrader can read the cells, each exercise has a zero, not nothing."""
    assert without_ours.scores(f"right_{change.__name__}") == NOTHING


@pytest.mark.parametrize("word", ["untouched", "right"])
@pytest.mark.parametrize("change", [_known_hole(change) for change in CHANGES])
def test_plain_nbgrader_gives_no_points(without_ours: TinyCourse, change: Change, word: str) -> None:
    """Without our configuration nobody earns a point, not even for right answers."""
    assert _earned(without_ours, f"{word}_{change.__name__}") == 0
