"""Are right answers right, and wrong ones wrong, whatever is drawn? Many course secrets for the solution, fewer for styles and mistakes.

Exits with 1 when the solution or a style loses a point, a mistake loses none, is taken for another, or costs something elsewhere.
With `--only`, some exercises alone: those whose tests have changed. Usage: python -m tests.soak.seeds [ASSIGNMENT…] [--seeds 1000]
[--style-seeds 20] [--mistake-seeds 3] [--only EXERCISE]… [--jobs N]
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass

from autograder.catalogue import Mistake, Style
from tests.course.conftest import catalogue_of, complain, lesson_of
from tests.soak.course import bench_of, grade, parser_for, run_all

WORDS = {"solution": "the solution", "style": "right styles", "mistake": "mistakes, each alone"}


@dataclass(frozen=True)
class Trial:
    """One grading: of the solution, of a round of styles (one for each exercise), or of one mistake; of one exercise, if it is `only` that."""

    assignment: str
    kind: str
    number: int
    secret: str
    only: str | None = None


def trials(assignment: str, seeds: int, style_seeds: int, mistake_seeds: int, only: str | None = None) -> list[Trial]:
    """All trials of an assignment."""
    mistakes, styles = ([entry for entry in entries if only in (None, entry.exercise)] for entries in catalogue_of(assignment))
    rounds = max(Counter(style.exercise for style in styles).values(), default=0)
    counts = {"solution": (1, seeds), "style": (rounds, style_seeds), "mistake": (len(mistakes), mistake_seeds)}
    return [
        Trial(assignment, kind, number, f"soak-{kind}-{seed}", only)
        for kind, (numbers, many) in counts.items()
        for seed in range(many)
        for number in range(numbers)
    ]


def run(trial: Trial) -> str:
    """What went wrong, or an empty text."""
    mistakes, styles = catalogue_of(trial.assignment)
    if trial.kind == "mistake":
        return _run_mistake(trial, [mistake for mistake in mistakes if trial.only in (None, mistake.exercise)][trial.number])
    chosen: list[Style] = []
    exercises = [trial.only] if trial.only else lesson_of(trial.assignment).exercises
    for exercise in exercises if trial.kind == "style" else ():
        mine = [style for style in styles if style.exercise == exercise]
        chosen += [mine[trial.number % len(mine)]] if mine else []
    bench = bench_of(trial.assignment)
    changes = {style.exercise: style.apply(bench.solution(style.exercise)) for style in chosen}
    reports = grade(trial.assignment, changes, trial.secret, trial.only)
    right = all(report.points == report.max_points for report in reports.values())
    return "" if right else f"{[style.id for style in chosen] or 'the solution'} lost points\n{complain(reports)}"


def _run_mistake(trial: Trial, mistake: Mistake) -> str:
    code = mistake.apply(bench_of(trial.assignment).solution(mistake.exercise))
    reports = grade(trial.assignment, {mistake.exercise: code}, trial.secret)
    mine = reports[mistake.exercise]
    harmed = [name for name, r in reports.items() if r.points != r.max_points and name not in (mistake.exercise, *mistake.also)]
    if mine.points is None or mine.points >= mine.max_points:
        return f"{mistake.id} lost nothing"
    if mine.mistake not in (mistake.id, None):
        return f"{mistake.id} was taken for {mine.mistake}"
    return f"{mistake.id} cost points in {', '.join(harmed)}\n{complain({name: reports[name] for name in harmed})}" if harmed else ""


def main() -> int:
    """Reads the arguments, runs all trials, prints what went wrong."""
    parser = parser_for(__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--style-seeds", type=int, default=20)
    parser.add_argument("--mistake-seeds", type=int, default=3)
    parser.add_argument("--only", action="append", metavar="EXERCISE")
    arguments = parser.parse_args()
    wrong = 0
    for assignment in arguments.assignments:
        exercises = [name for name in arguments.only if name in lesson_of(assignment).exercises] if arguments.only else [None]
        counts = (arguments.seeds, arguments.style_seeds, arguments.mistake_seeds)
        tasks, started = [trial for exercise in exercises for trial in trials(assignment, *counts, exercise)], time.monotonic()
        faults: Counter[str] = Counter()
        for trial, fault in run_all(run, tasks, arguments.jobs):
            if fault:
                faults[trial.kind] += 1
                print(f"{trial}: {fault}")
        for kind, many in Counter(task.kind for task in tasks).items():
            print(f"{assignment}: {WORDS[kind]}: {many} gradings, {faults[kind]} faults")
        print(f"{assignment}: {time.monotonic() - started:.0f} s")
        wrong += faults.total()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
