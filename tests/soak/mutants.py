"""Which small changes to a solution does its hidden suite let pass? Each mutant is graded; survivors must be known to be equivalent.

`equivalent.toml` says which are, and why. Left out are exercises that ask for a test (`check_…`): right is there what tells the
catalogue's right answers from its wrong ones, however it goes about it. The counts go to build/soak/; exits with 1 on an unknown survivor.
Usage: python -m tests.soak.mutants [ASSIGNMENT…] [--exercise NAME…] [--sample N] [--jobs N]
"""

import json
import random
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.course.conftest import lesson_of
from tests.soak.course import RESULTS, grade, parser_for, run_all
from tests.soak.mutate import Mutant, mutants_of

KNOWN = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Trial:
    """A mutant of one exercise's solution."""

    assignment: str
    exercise: str
    mutant: Mutant


@dataclass
class Count:
    """The mutants of an exercise, and those that earned full marks: before and after."""

    mutants: int = 0
    survivors: list[tuple[str, str]] = field(default_factory=list)


def trials(assignment: str, exercises: Iterable[str], sample: int) -> list[Trial]:
    """The mutants of the exercises of an assignment: of each all, or as many as asked for."""
    found = []
    for cell in lesson_of(assignment).cells:
        if cell.exercise in exercises and not cell.exercise.startswith("check_"):
            lines = {number for number, (_, inside) in enumerate(cell.lines(), 1) if inside}
            mine = [Trial(assignment, cell.exercise, mutant) for mutant in mutants_of("\n".join(line for line, _ in cell.lines()), lines)]
            found += random.Random(0).sample(mine, sample) if 0 < sample < len(mine) else mine
    return found


def survives(trial: Trial) -> bool:
    """Whether the mutant earns full marks, with two course secrets."""
    for secret in ("mutants-1", "mutants-2"):
        report = grade(trial.assignment, {trial.exercise: trial.mutant.code}, secret, trial.exercise)[trial.exercise]
        if report.points is None:
            raise RuntimeError(f"{trial}: {report.message}")
        if report.points < report.max_points:
            return False
    return True


def check_solution(assignment: str, exercises: Iterable[str], jobs: int) -> None:
    """Raises unless the unchanged solution earns full marks: else every mutant would seem to be killed."""
    cells = [cell for cell in lesson_of(assignment).cells if cell.exercise in exercises]
    unchanged = [Trial(assignment, cell.exercise or "", Mutant("", "", cell.python())) for cell in cells]
    # In processes of their own: one that has a bench must not be forked.
    for trial, survived in run_all(survives, unchanged, jobs):
        if not survived:
            raise RuntimeError(f"{assignment} {trial.exercise}: the solution itself does not earn full marks")


def known(assignment: str) -> set[tuple[str, str, str]]:
    """The mutants of an assignment that are equivalent to its solution: exercise, before, after."""
    entries = tomllib.loads(KNOWN.read_text())["mutant"]
    assert all(entry["reason"] for entry in entries)
    return {(entry["exercise"], entry["before"], entry["after"]) for entry in entries if entry["assignment"] == assignment}


def main() -> int:
    """Reads the arguments, grades the mutants, lists the survivors."""
    parser = parser_for(__doc__)
    parser.add_argument("--exercise", action="append", help="only this one; may be given more than once")
    parser.add_argument("--sample", type=int, default=0, help="at most so many mutants of each exercise; 0 for all")
    arguments = parser.parse_args()
    unexplained = 0
    for assignment in arguments.assignments:
        exercises = [name for name in lesson_of(assignment).exercises if not arguments.exercise or name in arguments.exercise]
        tasks, started, equivalent = trials(assignment, exercises, arguments.sample), time.monotonic(), known(assignment)
        check_solution(assignment, exercises, arguments.jobs)
        counts = {name: Count() for name in exercises}
        for trial, survived in run_all(survives, tasks, arguments.jobs):
            before, after = trial.mutant.before, trial.mutant.after
            counts[trial.exercise].mutants += 1
            if survived:
                counts[trial.exercise].survivors.append((before, after))
            if survived and (trial.exercise, before, after) not in equivalent:
                unexplained += 1
                print(f"{assignment} {trial.exercise} survives:\n  - {before}\n  + {after}", flush=True)
        if not arguments.sample:
            write_counts(assignment, counts)
        survivors = sum(len(count.survivors) for count in counts.values())
        print(f"{assignment}: {len(tasks) - survivors} of {len(tasks)} killed, {time.monotonic() - started:.0f} s")
    return 1 if unexplained else 0


def write_counts(assignment: str, counts: Mapping[str, Count]) -> None:
    """Keeps the counts for the adequacy table; those of exercises that were not run now stay."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    found = {name: asdict(count) for name, count in {**read_counts(assignment), **counts}.items() if count.mutants}
    (RESULTS / f"mutants-{assignment}.json").write_text(json.dumps(found, indent=1) + "\n")


def read_counts(assignment: str) -> dict[str, Count]:
    """The counts of the last run, by exercise; none where there was none."""
    file = RESULTS / f"mutants-{assignment}.json"
    found = json.loads(file.read_text()) if file.is_file() else {}
    return {name: Count(count["mutants"], [(before, after) for before, after in count["survivors"]]) for name, count in found.items()}


if __name__ == "__main__":
    sys.exit(main())
