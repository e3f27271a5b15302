"""The table of what the hidden suites catch is of these suites, not of earlier ones."""

import re

import pytest

from tests.course.conftest import lesson_of
from tests.soak.adequacy import FILE, HEAD, count_catalogue, oracle_of
from tests.soak.course import finished


def rows_of(assignment: str) -> dict[str, dict[str, str]]:
    """The table of an assignment: for each exercise its cells by column."""
    section = FILE.read_text().partition(f"## {assignment}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): dict(zip(HEAD, cells, strict=True)) for cells in lines}


@pytest.mark.parametrize("assignment", finished())
def test_the_table_is_of_this_catalogue(assignment: str) -> None:
    """Tests, mistakes and styles are counted as they are now; otherwise `make adequacy` makes the table anew."""
    rows = rows_of(assignment)
    assert list(rows) == list(lesson_of(assignment).exercises)
    for exercise, row in rows.items():
        counts = tuple(int(row[column]) for column in ("tests", "mistakes", "right styles"))
        assert counts == count_catalogue(assignment, exercise), f"{exercise}: run `make adequacy`"


@pytest.mark.parametrize("assignment", finished())
def test_the_table_has_nothing_to_hide(assignment: str) -> None:
    """Every mistake was caught and every right style accepted when the table was made."""
    for exercise, row in rows_of(assignment).items():
        assert row["caught"] == row["mistakes"], exercise
        assert row["passed"] == row["right styles"], exercise


@pytest.mark.parametrize(("assignment", "exercise"), [(name, exercise) for name in finished() for exercise in lesson_of(name).exercises])
def test_every_exercise_names_its_oracle(assignment: str, exercise: str) -> None:
    """The docstring of the hidden tests says what they compare with, and the table tells it."""
    said = oracle_of(assignment, exercise)
    assert len(said) > 10
    assert f"- `{exercise}`: {said}\n" in FILE.read_text(), "run `make adequacy`"


def test_the_table_says_when_and_with_what() -> None:
    """The date and the versions stand in it."""
    assert re.search(r"Measured on \d{4}-\d\d-\d\d with Python [\d.]+, numpy [\d.]+, torch [\d.]+", FILE.read_text())


@pytest.mark.parametrize("assignment", finished())
def test_nine_mistakes_of_ten_are_named(assignment: str) -> None:
    """The feedback told at least nine of ten catalogued mistakes by name when the table was made."""
    rows = rows_of(assignment).values()
    assert sum(int(row["named"]) for row in rows) >= 0.9 * sum(int(row["mistakes"]) for row in rows)
