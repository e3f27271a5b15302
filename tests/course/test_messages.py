"""What students read about the catalogued mistakes: short, no secret in it, and no answer."""

import re

import pytest

from autograder.feedback import render_text
from tests.course.conftest import Bench, catalogue_of, lesson_of
from tests.course.test_adequacy import pick, rounds_of
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


ROUNDS = [pytest.param(name, number, id=f"{name}-{number}") for name in finished() for number in rounds_of(name, 0)]
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]\d+)?(?![\w.])")
OURS = re.compile(r"/(?:tmp|home|usr|work|root|proc|var)/|Traceback|autograder[./]|site-packages|\.py\b|mistakes?-|<lesson>|<probes>")


@pytest.mark.slow
@pytest.mark.parametrize(("bench", "number"), ROUNDS, indirect=["bench"])
def test_messages_are_short_and_keep_the_secrets(bench: Bench, number: int) -> None:
    """Over all real mistakes, no message has over 1,200 characters, over five expected numbers, a path or a traceback of ours."""
    mistakes = pick(bench.assignment, number)
    reports = bench.grade({name: mistake.apply(bench.solution(name)) for name, mistake in mistakes.items()})
    for report in reports.values():
        who = mistakes[report.exercise].id if report.exercise in mistakes else report.exercise
        for test in report.tests:
            if test.failure is None:
                continue
            text = test.failure.text()
            assert len(text) <= 1200, (who, text)
            assert not OURS.search(text), (who, text)
            assert len(test.failure.rows) <= 5, (who, text)
            assert len(NUMBER.findall(test.failure.expected or "")) <= 5 or "shape" in (test.failure.expected or ""), (who, text)
        assert len(report.message) <= 1200, (who, report.message)
        assert not OURS.search(render_text(report)), who
