"""Every suite accepts the solution and all right styles, gives nothing for nothing, and catches every catalogued mistake."""

import re

import pytest

from autograder.catalogue import Mistake
from tests.course.conftest import ASSIGNMENTS, Bench, catalogue_of, complain, lesson_of
from tests.course.messages import check_messages

pytestmark = pytest.mark.slow

TRIVIAL = {
    "none": "return None",
    "zero": "return 0.0",
    "one": "return 1",
    "empty": "return ()",
    "object": "return object()",
    "first": "return {first}",
    "first-pair": "return {first}, {first}",
    "first-times-zero": "return {first} * 0",
    "first-triple": "return {first}, {first}, {first}",
    "text": "return 'right'",
}


@pytest.mark.parametrize("bench", ASSIGNMENTS, indirect=True)
def test_the_solution_earns_all_points(bench: Bench) -> None:
    """The solution passes every hidden test."""
    reports = bench.grade({})
    assert {name: r.points for name, r in reports.items()} == {name: r.max_points for name, r in reports.items()}, complain(reports)
    assert sum(r.max_points for r in reports.values()) == 100


@pytest.mark.parametrize("bench", ASSIGNMENTS, indirect=True)
def test_five_tests_at_least_for_each_exercise(bench: Bench) -> None:
    """Each exercise has five hidden tests or more, one of the core among them."""
    for report in bench.grade({}).values():
        assert len(report.tests) >= 5, report.exercise
        assert any(test.stage in ("value", "gradient") for test in report.tests), report.exercise


def stub_of(assignment: str, exercise: str, filling: str) -> str:
    """The stub's cell with `filling` in place of each solution region; `{first}` is the first argument of its function."""
    lines, inside, first = [], False, "None"
    for line in next(cell for cell in lesson_of(assignment).cells if cell.exercise == exercise).source.split("\n"):
        if match := re.match(r"\s*def \w+\(\s*(?:self,\s*)?(\w+)", line):
            first = match[1]
        if "END SOLUTION" in line:
            inside = False
        elif "BEGIN SOLUTION" in line:
            inside = True
            lines.append(line[: len(line) - len(line.lstrip())] + filling.format(first=first))
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("bench", ASSIGNMENTS, indirect=True)
def test_the_untouched_stub_earns_nothing(bench: Bench) -> None:
    """A released notebook handed in as it is earns no point, and every message says that nothing is written yet."""
    reports = bench.grade({name: stub_of(bench.assignment, name, "raise NotImplementedError()") for name in bench.lesson.exercises})
    assert {name: r.points for name, r in reports.items()} == dict.fromkeys(reports, 0.0), complain(reports)


@pytest.mark.parametrize(
    ("bench", "filling"), [pytest.param(a, k, id=f"{a}-{k}") for a in ASSIGNMENTS for k in TRIVIAL], indirect=["bench"]
)
def test_a_trivial_answer_earns_nothing(bench: Bench, filling: str) -> None:
    """A function that returns a constant or its argument earns nothing anywhere, and never looks like the course's fault."""
    reports = bench.grade({name: stub_of(bench.assignment, name, TRIVIAL[filling]) for name in bench.lesson.exercises})
    assert {name: r.points for name, r in reports.items()} == dict.fromkeys(reports, 0.0), complain(reports)


def rounds_of(assignment: str, kind: int) -> list[int]:
    """The numbers 0, 1, …: as many as the exercise with most mistakes (kind 0) or styles (kind 1) has."""
    entries = catalogue_of(assignment)[kind]
    counts = [sum(entry.exercise == exercise for entry in entries) for exercise in lesson_of(assignment).exercises]
    # In every round one exercise stays right, so each mistake needs one more chance.
    return list(range(max(counts, default=0) + (kind == 0)))


def pick(assignment: str, number: int) -> dict[str, Mistake]:
    """The mistakes of a round: for each exercise but one the next in its list, so that every mistake has its turn."""
    exercises = lesson_of(assignment).exercises
    chosen = {}
    for place, exercise in enumerate(exercises):
        mine = [mistake for mistake in catalogue_of(assignment)[0] if mistake.exercise == exercise]
        turn = number - (number > place)  # the exercise that sits out round `place` goes on one round later
        if number != place and turn < len(mine):
            chosen[exercise] = mine[turn]
    return chosen


ROUNDS = [pytest.param(name, number, id=f"{name}-{number}") for name in ASSIGNMENTS for number in rounds_of(name, 0)]
STYLE_ROUNDS = [pytest.param(name, number, id=f"{name}-{number}") for name in ASSIGNMENTS for number in rounds_of(name, 1)]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_mistake_has_its_turn(assignment: str) -> None:
    """The rounds below leave no mistake out."""
    seen = {mistake.id for number in rounds_of(assignment, 0) for mistake in pick(assignment, number).values()}
    assert seen == {mistake.id for mistake in catalogue_of(assignment)[0]}


@pytest.mark.parametrize(("bench", "number"), ROUNDS, indirect=["bench"])
def test_mistakes_lose_points_are_named_and_cost_nothing_elsewhere(bench: Bench, number: int) -> None:
    """With a mistake in every exercise but one, each loses points and is not taken for another; the right one keeps its points."""
    mistakes = pick(bench.assignment, number)
    reports = bench.grade({name: mistake.apply(bench.solution(name)) for name, mistake in mistakes.items()})
    check_messages(reports)
    spared = {name for mistake in mistakes.values() for name in mistake.also}
    for name, report in reports.items():
        assert report.points is not None, complain(reports)
        if name in mistakes:
            assert report.points < report.max_points, f"{mistakes[name].id} loses nothing"
            assert report.mistake in (mistakes[name].id, None) or name in spared, f"{mistakes[name].id} was taken for {report.mistake}"
        elif name not in spared:
            assert report.points == report.max_points, complain({name: report})


@pytest.mark.parametrize(("bench", "number"), STYLE_ROUNDS, indirect=["bench"])
def test_right_styles_earn_all_points(bench: Bench, number: int) -> None:
    """Right answers written differently, one in each exercise, earn full marks together."""
    chosen = {}
    for exercise in bench.lesson.exercises:
        mine = [style for style in catalogue_of(bench.assignment)[1] if style.exercise == exercise]
        if mine:
            chosen[exercise] = mine[number % len(mine)].apply(bench.solution(exercise))
    reports = bench.grade(chosen)
    assert {name: r.points for name, r in reports.items()} == {name: r.max_points for name, r in reports.items()}, complain(reports)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_catalogue_is_large_and_well_named(assignment: str) -> None:
    """Each exercise has six mistakes and five styles; ids are unique and begin with the exercise's name."""
    mistakes, styles = catalogue_of(assignment)
    ids = [entry.id for entry in (*mistakes, *styles)]
    assert len(ids) == len(set(ids))
    for exercise in lesson_of(assignment).exercises:
        assert sum(m.exercise == exercise for m in mistakes) >= 6, exercise
        assert sum(s.exercise == exercise for s in styles) >= 5, exercise
    for entry in (*mistakes, *styles):
        assert entry.id.startswith(entry.exercise.replace("_", "-")) or entry.id.startswith(entry.exercise), entry.id
