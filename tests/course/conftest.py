"""Fixtures of the course's own tests: every assignment's lesson and catalogue, and a worker that grades variants of it."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from autograder.catalogue import Mistake, Style, read_catalogue
from autograder.lesson import CAPSTONE, Lesson, topic_of
from autograder.lesson import Cell as LessonCell
from autograder.model import Cell, ExerciseReport, Job, Materials
from autograder.pool import Worker
from autograder.source import parse_script

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "autograder" / "suites"
ASSIGNMENTS = sorted(folder.name for folder in SUITES.iterdir() if (folder / "suite.toml").is_file())


@cache
def lesson_of(assignment: str) -> Lesson:
    """The lesson, from its script."""
    return parse_script(script_of(assignment).read_text())


def script_of(assignment: str) -> Path:
    """The lesson's script."""
    return ROOT / "source" / assignment / f"{topic_of(assignment)}.py"


def files_of(assignment: str) -> list[Path]:
    """The data beside the lesson."""
    folder = ROOT / "source" / assignment
    return [path for path in folder.iterdir() if path.suffix not in (".py", ".ipynb") and path.is_file()]


def materials_of(assignment: str) -> Materials:
    """What the assignment's jobs are graded with."""
    return Materials(SUITES / assignment, tuple(files_of(assignment)), script_of(assignment))


@cache
def catalogue_of(assignment: str) -> tuple[list[Mistake], list[Style]]:
    """The mistakes and the right styles of an assignment."""
    return read_catalogue(SUITES / assignment)


class Bench:
    """Grades variants of one assignment's solution in the real sandbox."""

    def __init__(self, assignment: str) -> None:
        self.assignment, self.lesson = assignment, lesson_of(assignment)
        self.worker, self.materials = Worker(), materials_of(assignment)

    def solution(self, exercise: str) -> str:
        """The solution's cell of an exercise, without the markers."""
        cell = next(cell for cell in self.lesson.cells if cell.exercise == exercise)
        return "\n".join(line for line, _ in cell.lines())

    def grade(self, changes: dict[str, str], student: str = "somebody", only: str | None = None) -> dict[str, ExerciseReport]:
        """The reports by exercise when the cells in `changes` stand in place of the solution's; of all exercises, or of one."""
        report = self.worker.grade(job_for(self.assignment, changes, student, only), self.materials)
        return {exercise.exercise: exercise for exercise in report.exercises}


def job_for(assignment: str, changes: dict[str, str], student: str = "somebody", only: str | None = None) -> Job:
    """The solution as a submission, with the cells in `changes` in place of its own."""
    lesson = lesson_of(assignment)
    cells = [
        Cell(cell.name or f"cell-{number}", changes.get(cell.exercise or "", _needed(cell)), untouched=not cell.exercise)
        for number, cell in enumerate(lesson.cells, 1)
        if cell.kind == "code" and not cell.test and CAPSTONE not in cell.tags
    ]
    points = {cell.test: float(cell.points or 0) for cell in lesson.cells if cell.test and only in (None, cell.test)}
    return Job(student, assignment, os.environ.get("COURSE_TEST_SECRET", "adequacy"), cells, points)


def _needed(cell: LessonCell) -> str:
    """A stub's solution whole; of any other cell what later cells may use. Figures are drawn by the test of the whole notebook."""
    source = cell.python()
    if cell.exercise:
        return source
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign)
    lines = source.splitlines()
    nodes = [node for node in ast.parse(source).body if isinstance(node, kept) and not _draws(node)]
    return "\n".join("\n".join(lines[_first_line(node) - 1 : node.end_lineno]) for node in nodes)


def _draws(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(part, ast.Call) for part in ast.walk(node))


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


@pytest.fixture(scope="session")
def benches() -> Iterator[dict[str, Bench]]:
    """The benches in use, by assignment: each takes seconds to start, so it stays until the end."""
    benches: dict[str, Bench] = {}
    yield benches
    for bench in benches.values():
        bench.worker.close()


@pytest.fixture
def bench(request: pytest.FixtureRequest, benches: dict[str, Bench]) -> Bench:
    """The bench of the assignment that the test's parametrisation names."""
    if request.param not in benches:
        benches[request.param] = Bench(request.param)
    return benches[request.param]


def complain(reports: dict[str, ExerciseReport]) -> str:
    """What the reports say about every test that failed: for a person who looks at a failed adequacy test."""
    return "\n".join(
        f"{report.exercise} ({report.points} of {report.max_points}) {test.name}: {test.failure.text()}"
        for report in reports.values()
        for test in report.tests
        if test.failure
    )
