"""What is there to try: the finished assignments, and benches that grade variants of their exercises side by side."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from typing import Any, TypeVar

from autograder.catalogue import Mistake, Style
from autograder.model import ExerciseReport, Job, Report
from autograder.runner import Suite, run_suite
from autograder.sandbox.host import Sandbox
from tests.course.conftest import ROOT, SUITES, Bench, catalogue_of, job_for, lesson_of, materials_of

__all__ = ["RESULTS", "Entry", "bench_of", "finished", "grade", "grade_catalogue", "parser_for", "run_all", "table"]

RESULTS = ROOT / "build" / "soak"

#: A mistake, a style, or None for the solution as it is.
Entry = Mistake | Style | None
Task = TypeVar("Task")
Result = TypeVar("Result")


@cache
def finished() -> tuple[str, ...]:
    """The assignments whose mistake catalogue git keeps; without git, those that have one."""
    paths = [path.relative_to(ROOT).as_posix() for path in sorted(SUITES.glob("*/mistakes.py"))]
    try:
        listing = subprocess.run(["git", "ls-files", "--", *paths], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        paths = sorted(listing.split()) or paths
    except (OSError, subprocess.CalledProcessError):
        print("git does not answer: every assignment with a catalogue is taken", file=sys.stderr)
    return tuple(path.split("/")[2] for path in paths)


@cache
def bench_of(assignment: str) -> Bench:
    """This process's bench for an assignment; its worker ends with the process."""
    return Bench(assignment)


def grade(assignment: str, changes: Mapping[str, str], secret: str, only: str | None = None) -> dict[str, ExerciseReport]:
    """The reports of the solution with `changes`, its hidden inputs drawn from a course secret."""
    os.environ["COURSE_TEST_SECRET"] = secret
    return bench_of(assignment).grade(dict(changes), only=only)


def grade_catalogue(assignment: str, secret: str, keep: Callable[[Entry, Report], None]) -> None:
    """Grades the solution whole, then the exercise of each style and of each mistake, here in this process."""
    os.environ["COURSE_TEST_SECRET"] = secret
    mistakes, styles = catalogue_of(assignment)
    entries: list[Entry] = [None, *styles, *mistakes]
    solutions = {cell.exercise: cell.python() for cell in lesson_of(assignment).cells if cell.exercise}
    waiting = iter(entries)

    def jobs() -> Iterator[Job]:
        for entry in entries:
            changes = {entry.exercise: entry.apply(solutions[entry.exercise])} if entry else {}
            yield job_for(assignment, changes, only=entry.exercise if entry else None)

    suite = Suite.read(SUITES / assignment)
    with Sandbox(suite.modules) as sandbox:
        run_suite(suite, materials_of(assignment), sandbox, jobs(), lambda report: keep(next(waiting), report))


def parser_for(module_docstring: str | None) -> argparse.ArgumentParser:
    """A parser with what all scripts ask for: the assignments and the number of processes."""
    parser = argparse.ArgumentParser(description=(module_docstring or "").splitlines()[0])
    parser.add_argument("assignments", nargs="*", default=list(finished()))
    parser.add_argument("--jobs", type=int, default=2)
    return parser


def run_all(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, as they are ready, `jobs` at a time; on a terminal, how far it is."""
    with ProcessPoolExecutor(max(1, jobs)) as pool:
        pending = {pool.submit(work, task): task for task in tasks}
        for number, future in enumerate(as_completed(pending), 1):
            if sys.stderr.isatty():
                print(f"\r{number} of {len(tasks)} ", end="\n" if number == len(tasks) else "", file=sys.stderr, flush=True)
            yield pending[future], future.result()


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table in Markdown."""
    lines = [tuple(head), *(tuple(map(str, row)) for row in rows)]
    lines.insert(1, tuple("---" for _ in lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
