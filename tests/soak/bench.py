"""What grading costs: `autograder grade` beside vanilla nbgrader and the bare minimum, measured in one run on one machine.

The class is some copies of the solved notebook, without the cells that grading leaves out. Vanilla nbgrader runs the notebook and its
visible asserts; so does the floor, in children of a warm process, with no isolation and no notebook. `autograder grade` also runs the
hidden suite, writes feedback pages and keeps the processes apart. With `--whole`, vanilla nbgrader also grades the notebook as it is
handed in, for it can leave no cells out. Usage: python -m tests.soak.bench [ASSIGNMENT…] [--copies N] [--whole]
"""

import argparse
import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from autograder.lesson import NOT_REGRADED, Lesson, topic_of
from autograder.sandbox.host import LAYERS, ONE_THREAD, Sandbox
from autograder.source import FAIL_CLOSED, parse_script, render_notebook
from tests.soak.course import ROOT, SUITES, table

VANILLA_CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'vanilla'\nc.ExecutePreprocessor.timeout = 300\n"
OPENINGS = 30


def whole(assignment: str) -> Lesson:
    """The lesson with all its cells."""
    return parse_script((ROOT / "source" / assignment / f"{topic_of(assignment)}.py").read_text())


def shortened(assignment: str) -> Lesson:
    """The lesson without the cells that grading does not run."""
    return Lesson(tuple(cell for cell in whole(assignment).cells if not NOT_REGRADED & set(cell.tags)))


def failing_open(notebook: str) -> str:
    """The notebook without the hidden lines that give no points in an nbgrader without our configuration."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        cell["source"] = "".join(cell["source"]).replace(FAIL_CLOSED, "")
    return json.dumps(content)


def solved(lesson: Lesson, release: Path) -> str:
    """The released notebook with the solutions filled in, as a student would hand it in."""
    notebook = json.loads(release.read_text())
    answers = {cell.exercise: cell.python() for cell in lesson.cells if cell.exercise}
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
    return json.dumps(notebook)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and of the processors: the latter hardly depends on what else the machine does."""

    wall: float
    processor: float

    @classmethod
    def so_far(cls) -> Self:
        """What this process's ended children, and theirs, have cost until now."""
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.perf_counter(), usage.ru_utime + usage.ru_stime)

    def since(self, start: Self, copies: int) -> Self:
        """For a submission, the cost since `start`."""
        return type(self)((self.wall - start.wall) / copies, (self.processor - start.processor) / copies)

    def times(self, factor: int) -> Self:
        """So many of them."""
        return type(self)(self.wall * factor, self.processor * factor)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.wall + other.wall, self.processor + other.processor)

    def __str__(self) -> str:
        return f"{self.processor:.2f} s ({self.wall:.2f} s)"


def run_timed(course: Path, *command: str) -> Cost:
    """The cost of a Python module run in a course folder; raises when it fails."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])  # nbgrader calls alembic by name
    environment = {**os.environ, **ONE_THREAD, "PATH": path}
    start = Cost.so_far()
    done = subprocess.run([sys.executable, "-m", *command], cwd=course, capture_output=True, text=True, env=environment)
    cost = Cost.so_far().since(start, 1)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return cost


def make_course(folder: Path, assignment: str, lesson: Lesson, copies: int, vanilla: bool) -> Path:
    """A course folder with the assignment released and handed in by a class."""
    topic = topic_of(assignment)
    shutil.copytree(ROOT / "source" / assignment, folder / "source" / assignment, ignore=shutil.ignore_patterns("*.ipynb", "make_*"))
    source = folder / "source" / assignment / f"{topic}.ipynb"
    source.write_text(failing_open(render_notebook(lesson)) if vanilla else render_notebook(lesson))
    if vanilla:
        (source.with_suffix(".py")).unlink()
        (folder / "nbgrader_config.py").write_text(VANILLA_CONFIG)
    else:
        shutil.copy(ROOT / "nbgrader_config.py", folder)
    run_timed(folder, "nbgrader", "generate_assignment", assignment)
    release = folder / ("release" if vanilla else "assignments") / assignment
    for number in range(copies):
        mine = folder / "submitted" / f"student-{number:02}" / assignment
        shutil.copytree(release, mine)
        (mine / f"{topic}.ipynb").write_text(solved(lesson, release / f"{topic}.ipynb"))
    return folder


def check_points(course: Path, assignment: str, copies: int) -> None:
    """Raises unless every copy earned all points: what fails early is fast."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        scores = [submission.score for submission in gradebook.assignment_submissions(assignment)]
        most = gradebook.find_assignment(assignment).max_score
    if scores != [most] * copies:
        raise RuntimeError(f"{assignment}: the copies earned {scores}, not {most:g} each")


def time_class(course: Path, copies: int, ahead: int, *command: str) -> tuple[Cost, Cost]:
    """The cost of a submission when all copies are graded in one go, and of one more: without what it takes to start.

    `ahead` students are graded first and the others after that, in two runs that start as many processes.
    """
    first = run_timed(course, *command, *(word for number in range(ahead) for word in ("--student", f"student-{number:02}")))
    others = run_timed(course, *command)
    further = others.since(first, copies - 2 * ahead)
    return (others + further.times(ahead)).since(Cost(0.0, 0.0), copies), further


def time_ours(folder: Path, assignment: str, lesson: Lesson, copies: int, jobs: int) -> tuple[Cost, Cost]:
    """The cost of a submission with `autograder grade`, feedback pages included: in the class, and of one more."""
    course = make_course(folder, assignment, lesson, copies, vanilla=False)
    costs = time_class(course, copies, jobs, "autograder", "grade", assignment, "--jobs", str(jobs))
    check_points(course, assignment, copies)
    return costs


def time_vanilla(folder: Path, assignment: str, lesson: Lesson, copies: int) -> tuple[Cost, Cost]:
    """The cost of a submission with `nbgrader autograde` alone, without feedback: in the class, and of one more."""
    course = make_course(folder, assignment, lesson, copies, vanilla=True)
    costs = time_class(course, copies, 1, "nbgrader", "autograde", "--assignment", assignment)
    check_points(course, assignment, copies)
    return costs


def time_floor(assignment: str, lesson: Lesson, copies: int) -> Cost:
    """The cost of a submission when children of a warm process run the cells and the visible asserts, and nothing else."""
    os.environ["MPLBACKEND"] = "agg"
    for name in (*modules_of(assignment), "matplotlib.pyplot"):
        importlib.import_module(name)
    cells = [cell.python().replace(FAIL_CLOSED, "") for cell in lesson.cells if cell.kind == "code"]
    start = Cost.so_far()
    for _ in range(copies):
        child = os.fork()
        if not child:
            os._exit(exec_cells(cells, ROOT / "source" / assignment))
        if os.waitpid(child, 0)[1]:
            raise RuntimeError(f"{assignment}: a cell of the solution failed")
    return Cost.so_far().since(start, copies)


def exec_cells(cells: Sequence[str], folder: Path) -> int:
    """0 when all cells ran."""
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        with chdir(folder), open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            for cell in cells:
                exec(compile(cell, "<cell>", "exec"), names)
    except BaseException:
        return 1
    return 0


def modules_of(assignment: str) -> tuple[str, ...]:
    """What the assignment's sandbox imports before it forks."""
    return tuple(tomllib.loads((SUITES / assignment / "suite.toml").read_text())["modules"])


def time_opening(modules: Sequence[str]) -> dict[str, float]:
    """The median milliseconds from the request for a session to the answer of its first cell, with all layers and with none."""
    kinds = {"all layers": LAYERS, "no layers": ("none",)}
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    sandboxes = {kind: Sandbox(modules, layers=layers) for kind, layers in kinds.items()}
    try:
        print(f"isolation: {sandboxes['all layers'].isolation.sentence()}")
        for _ in range(OPENINGS):
            for kind, sandbox in sandboxes.items():
                started = time.perf_counter()
                sandbox.open().run_cell("first", "1", 60)
                seconds[kind].append(time.perf_counter() - started)
                sandbox.end_session()
    finally:
        for sandbox in sandboxes.values():
            sandbox.close()
    return {kind: 1000 * median(values) for kind, values in seconds.items()}


def measure(assignment: str, copies: int, jobs: int, as_handed_in: bool) -> list[list[str]]:
    """The rows of the table: a submission in the class, and one more; `as_handed_in`, one more with all its cells for vanilla nbgrader."""
    lesson = shortened(assignment)
    floor = time_floor(assignment, lesson, copies)
    with tempfile.TemporaryDirectory() as folder:
        ours = time_ours(Path(folder, "ours"), assignment, lesson, copies, jobs)
        vanilla = time_vanilla(Path(folder, "vanilla"), assignment, lesson, copies)
        pairs = list(zip((f"one of {copies}", "one more"), ours, vanilla, strict=True))
        if as_handed_in:
            pairs.append(("one more, all cells", ours[1], time_vanilla(Path(folder, "whole"), assignment, whole(assignment), 3)[1]))
    rows = []
    for what, mine, theirs in pairs:
        ratios = (theirs.wall / mine.wall, theirs.processor / mine.processor, mine.processor / floor.processor)
        rows.append([assignment, what, *map(str, (mine, theirs, floor)), *(f"{ratio:.2f}" for ratio in ratios)])
    return rows


def main() -> None:
    """Reads the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("assignments", nargs="*", default=["01-backprop", "06-attention"])
    parser.add_argument("--copies", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2, help="workers of `autograder grade`; nbgrader has one")
    parser.add_argument("--whole", action="store_true", help="also vanilla nbgrader on the notebook with all its cells")
    arguments = parser.parse_args()
    if arguments.copies <= 2 * arguments.jobs:
        parser.error("the cost of a further submission takes more than two copies for each worker")
    print(f"{arguments.copies} copies of the solution, {arguments.jobs} worker(s) of ours, {os.cpu_count()} cores.")
    print("Seconds of the processors for a submission (in brackets: on the clock), and their ratios:\n")
    head = ["assignment", "submission", "autograder grade", "nbgrader autograde", "floor", "on the clock", "processors", "to the floor"]
    rows = [row for name in arguments.assignments for row in measure(name, arguments.copies, arguments.jobs, arguments.whole)]
    print(table(head, rows))
    openings = {name: time_opening(modules_of(name)) for name in arguments.assignments}
    print(f"\nFrom the request for a session to the answer of its first cell, median of {OPENINGS}:\n")
    print(
        table(
            ["assignment", *next(iter(openings.values()))], [[name, *(f"{ms:.1f} ms" for ms in t.values())] for name, t in openings.items()]
        )
    )


if __name__ == "__main__":
    main()
