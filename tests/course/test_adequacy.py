"""Every suite accepts the solution and all right styles, gives nothing for nothing, and catches every catalogued mistake."""

import re

import pytest

from tests.course.conftest import ASSIGNMENTS, Bench, catalogue_of, complain, lesson_of

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


def per_assignment(pick) -> list:
    """Parameters (assignment, one item) for each item that `pick` finds in an assignment."""
    return [pytest.param(name, item, id=f"{name}-{getattr(item, 'id', item)}") for name in ASSIGNMENTS for item in pick(name)]


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


@pytest.mark.parametrize(("bench", "filling"), [pytest.param(a, k, id=f"{a}-{k}") for a in ASSIGNMENTS for k in TRIVIAL], indirect=["bench"])
def test_a_trivial_answer_earns_nothing(bench: Bench, filling: str) -> None:
    """A function that returns a constant or its argument earns nothing anywhere, and never looks like the course's fault."""
    reports = bench.grade({name: stub_of(bench.assignment, name, TRIVIAL[filling]) for name in bench.lesson.exercises})
    assert {name: r.points for name, r in reports.items()} == dict.fromkeys(reports, 0.0), complain(reports)


@pytest.mark.parametrize(("bench", "mistake"), per_assignment(lambda name: catalogue_of(name)[0]), indirect=["bench"])
def test_a_mistake_loses_points_in_its_exercise_only(bench: Bench, mistake) -> None:
    """Every catalogued mistake costs points where it is made and nowhere else."""
    reports = bench.grade({mistake.exercise: mistake.apply(bench.solution(mistake.exercise))})
    mine = reports[mistake.exercise]
    assert mine.points is not None, complain(reports)
    assert mine.points < mine.max_points
    others = {name: r for name, r in reports.items() if name not in (mistake.exercise, *mistake.also)}
    assert {name: r.points for name, r in others.items()} == {name: r.max_points for name, r in others.items()}, complain(others)


@pytest.mark.parametrize(("bench", "style"), per_assignment(lambda name: catalogue_of(name)[1]), indirect=["bench"])
def test_a_right_style_earns_all_points(bench: Bench, style) -> None:
    """Every right answer written differently earns full marks."""
    reports = bench.grade({style.exercise: style.apply(bench.solution(style.exercise))})
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
