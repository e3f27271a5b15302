"""What is there to try: the finished assignments, the exercises' cells, and benches that grade them side by side."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from typing import Any, TypeVar

from tests.course.conftest import ROOT, SUITES, Bench

Task = TypeVar("Task")
Result = TypeVar("Result")

__all__ = ["ROOT", "SUITES", "bench_of", "finished", "run_all"]


@cache
def finished() -> tuple[str, ...]:
    """The assignments whose mistake catalogue git keeps; without git, those that have one."""
    paths = [path.relative_to(ROOT).as_posix() for path in sorted(SUITES.glob("*/mistakes.py"))]
    try:
        listing = subprocess.run(["git", "ls-files", "--", *paths], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        paths = sorted(listing.split())
    except (OSError, subprocess.CalledProcessError):
        print("git does not answer: every assignment with a catalogue is taken", file=sys.stderr)
    return tuple(path.split("/")[2] for path in paths)


@cache
def bench_of(assignment: str) -> Bench:
    """This process's bench for an assignment; its worker ends with the process."""
    return Bench(assignment)


def run_all(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, as they are ready, `jobs` at a time; how far it is stands on the standard error."""
    with ProcessPoolExecutor(max(1, jobs)) as pool:
        pending = {pool.submit(work, task): task for task in tasks}
        for number, future in enumerate(as_completed(pending), 1):
            _show(f"{number} of {len(tasks)}")
            yield pending[future], future.result()
    _show("")


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table in Markdown."""
    lines = [tuple(head), *(tuple(map(str, row)) for row in rows)]
    lines.insert(1, tuple("---" for _ in lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<40}", end="" if text else "\r", file=sys.stderr, flush=True)
