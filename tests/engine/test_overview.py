"""The class at a glance, as a terminal shows it."""

from pathlib import Path

from autograder.nbgrader.class_run import Graded
from autograder.overview import render_class, render_reasons


def graded(student: str, points: float | None, message: str = "") -> Graded:
    """A submission with two exercises, both with the same points."""
    outcome = "ungradable" if points is None else "passed"
    line = {"points": points, "max_points": 5.0, "outcome": outcome, "message": message}
    return Graded(student, "01-tiny", [line, line], True, Path("page.html"))


def test_who_is_for_a_person_and_why() -> None:
    """A submission that no machine can grade is no zero, and its reason stands below the table, once."""
    items = [graded("ada", 5.0), graded("bob", None, "the file is empty.\x1b[2J"), graded("cyd", 0.0)]
    table = render_class(items, {})
    assert [line.split()[1:] for line in table.splitlines()[2:]] == [["10", "/", "10"], ["ungradable"], ["0", "/", "10"]]
    assert render_reasons(items) == ["bob, 01-tiny: the file is empty.\ufffd[2J"]
