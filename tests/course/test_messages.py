"""The catalogue's own words: short, and no answer in them."""

import re

import pytest

from tests.course.conftest import catalogue_of, lesson_of
from tests.soak.course import finished


def bare(line: str) -> str:
    """A line of code without its comment and its spaces."""
    return re.sub(r"\s", "", line.split("#")[0])


@pytest.mark.parametrize("assignment", finished())
def test_hints_hold_no_code_of_the_solution(assignment: str) -> None:
    """No name or hint of the catalogue gives away a line of the solution."""
    lines = {bare(line) for line in lesson_of(assignment).solution_lines()}
    telling = {line for line in lines if len(line) > 10 and re.search(r"[=(@*+\-/]", line)}
    assert telling
    for mistake in catalogue_of(assignment)[0]:
        text = re.sub(r"\s", "", mistake.name + mistake.hint).replace("`", "")
        assert not [line for line in telling if line in text], mistake.id
        assert len(mistake.name) <= 120, mistake.id
        assert len(mistake.hint) <= 300, mistake.id
