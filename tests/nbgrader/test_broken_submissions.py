"""One class in which everybody's submission is broken in another way, graded by our command and by nbgrader's."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest

from .broken import BROKEN, Fault
from .conftest import CopyOf
from .tiny import ASSIGNMENT, RIGHT, TinyCourse, filled, is_valid, points_of, read_notebook, without_seconds

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader-broken")]

each_fault = pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.name)


@dataclass(frozen=True)
class GradedClass:
    """The course after grading, and what the commands said."""

    course: TinyCourse
    lines: list[dict[str, Any]]
    done: Mapping[str, subprocess.CompletedProcess[str]]

    def page(self, student: str) -> str:
        """The words of a feedback page."""
        text = re.sub(r"<(style|script).*?</\1>|<[^>]+>", "", self.course.page(student).read_text(), flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(text))


def _hand_in_all(course: TinyCourse) -> TinyCourse:
    for fault in BROKEN:
        fault.build(course.submitted(fault.name), filled(course.released(), RIGHT))
    return course


@pytest.fixture(scope="module")
def by_autograder(fresh_course: CopyOf) -> GradedClass:
    """The class, graded by `autograder grade`."""
    course = _hand_in_all(fresh_course("by-autograder"))
    return GradedClass(course, course.grade(status=1), {})


@pytest.fixture(scope="module")
def by_nbgrader(fresh_course: CopyOf) -> GradedClass:
    """The class, graded by `nbgrader autograde` and `nbgrader generate_feedback`."""
    course = _hand_in_all(fresh_course("by-nbgrader"))
    done = {name: course.nbgrader(name, ASSIGNMENT) for name in ("autograde", "generate_feedback")}
    notebooks = [read_notebook(path) for path in sorted((course.root / "autograded").glob("*/*/tiny.ipynb"))]
    lines = [line for notebook in notebooks for line in notebook["metadata"]["autograder"]["report"]]
    return GradedClass(course, lines, done)


@pytest.fixture(params=["autograder", "nbgrader"])
def graded(request: pytest.FixtureRequest) -> GradedClass:
    """The class, once graded by each of the two commands."""
    result: GradedClass = request.getfixturevalue(f"by_{request.param}")
    return result


@each_fault
def test_points_are_right_or_left_to_a_person(graded: GradedClass, fault: Fault) -> None:
    """The grade book holds the points that the work is due; None, never 0, where a machine can't tell."""
    assert graded.course.scores(fault.name) == fault.points


@each_fault
def test_a_person_is_asked_only_where_needed(graded: GradedClass, fault: Fault) -> None:
    """Whoever opens the grade book sees which submissions wait for a person."""
    assert graded.course.needs_a_person(fault.name) == {None in fault.points.values()}


@each_fault
def test_feedback_page_says_what_happened(graded: GradedClass, fault: Fault) -> None:
    """There is a page, and it tells the student in words what was wrong or mended."""
    expected = fault.says if fault.says != "All tests passed" else "linear: 60 of 60 points"
    assert expected in graded.page(fault.name)


@each_fault
def test_feedback_page_shows_every_exercise(graded: GradedClass, fault: Fault) -> None:
    """Nobody's page lacks an exercise, whatever became of its cells."""
    page = graded.page(fault.name)
    shown = {name: "—" if points is None else f"{points:g}" for name, points in fault.points.items()}
    assert [f"{name}: {points} of" in page for name, points in shown.items()] == [True, True]


@each_fault
def test_what_waits_for_a_person_is_not_called_zero(graded: GradedClass, fault: Fault) -> None:
    """The heading, the list and the cells of a page say that there is no grade yet, and never 0 of so many points for it."""
    page, waiting = graded.page(fault.name), [points for points in fault.points.values() if points is None]
    assert page.count("not graded yet, ") == page.count("Not graded yet, ") == len(waiting)
    assert ("tiny (not graded yet)" in page) == (len(waiting) == len(fault.points))
    assert ("Score: 0.0 /" in page) == (0 in fault.points.values())


@each_fault
def test_autograded_notebook_is_valid(graded: GradedClass, fault: Fault) -> None:
    """What staff open in Jupyter is a valid notebook of a size that a browser can show."""
    path = graded.course.autograded(fault.name)
    assert is_valid(path)
    assert path.stat().st_size < 1_000_000


def test_nbgrader_commands_do_not_stumble(by_nbgrader: GradedClass) -> None:
    """`nbgrader autograde` and `generate_feedback` go through the whole class without an error."""
    assert {name: (run.returncode, "Traceback" in run.stderr) for name, run in by_nbgrader.done.items()} == {
        "autograde": (0, False),
        "generate_feedback": (0, False),
    }


def test_both_commands_agree(by_autograder: GradedClass, by_nbgrader: GradedClass) -> None:
    """The two ways to grade give the same reports."""
    assert without_seconds(by_autograder.lines) == without_seconds(by_nbgrader.lines)


def test_report_has_every_student(by_autograder: GradedClass) -> None:
    """The JSON lines tell the same points as the grade book, for each of the class."""
    assert points_of(by_autograder.lines) == {fault.name: fault.points for fault in BROKEN}


def test_ungradable_work_is_told_to_staff(by_autograder: GradedClass) -> None:
    """The lines of work that a machine can't grade say `ungradable` and why."""
    told = {line["student"]: line["message"] for line in by_autograder.lines if line["outcome"] == "ungradable"}
    assert set(told) == {fault.name for fault in BROKEN if None in fault.points.values()}
    assert "it is not JSON" in told["not_json"]
    assert told["tar_archive"].endswith("to take for it. Found only `hand-in.tar.gz`: hand in the .ipynb file itself.")


@pytest.mark.parametrize("student", ["tags_lost", "cells_without_metadata_and_ids"])
def test_the_long_run_is_left_out_without_its_tag(graded: GradedClass, student: str) -> None:
    """What the lesson's cells are tagged stands in the release, whatever a service or an editor has dropped."""
    last = next(cell for cell in read_notebook(graded.course.autograded(student))["cells"] if "the long run" in "".join(cell["source"]))
    assert (last["metadata"]["tags"], last["outputs"]) == (["capstone"], [])
