"""How far are right and wrong answers from the tolerances? Every comparison of numbers that the suites make is measured in tolerances.

The worst right answer should lie within a tenth of its tolerance, and each mistake be caught by at least a hundred somewhere, or by a
test that compares no numbers. Exits with 1 otherwise. Usage: python -m tests.soak.margins [ASSIGNMENT…] [--seeds N] [--jobs N]
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import compare
from autograder.catalogue import Mistake
from autograder.model import Report
from tests.soak.course import Entry, grade_catalogue, parser_for, run_all

WORST_RIGHT, NEAREST_WRONG = 0.1, 100.0
OF_NUMBERS = ("values are wrong", "has the wrong value")


@dataclass(frozen=True)
class Margin:
    """The largest difference, in tolerances, of all that the tests compared for one variant of a solution."""

    variant: str
    right: bool
    tolerances: float
    where: str

    @property
    def is_enough(self) -> bool:
        """Whether nobody need look at it."""
        return self.tolerances <= WORST_RIGHT if self.right else self.tolerances >= NEAREST_WRONG


class Gauge:
    """Stands before the comparison of values and remembers the largest difference."""

    def __init__(self) -> None:
        self.compare = compare._check_values
        self.reset()

    def reset(self) -> None:
        """Forgets what was seen."""
        self.largest, self.where = 0.0, ""

    def check(self, a: Any, b: Any, name: str, rtol: float, atol: float) -> None:
        """Measures, then compares as ever."""
        size = in_tolerances(np.asarray(a), np.asarray(b), rtol, atol)
        if size > self.largest:
            self.largest, self.where = size, name
        self.compare(a, b, name, rtol, atol)


def in_tolerances(a: Any, b: Any, rtol: float, atol: float) -> float:
    """The largest difference of two arrays in units of what is allowed; infinite where nothing but equality is."""
    try:
        x, y = (array.astype(complex if "c" in (a.dtype.kind, b.dtype.kind) else float) for array in (a, b))
    except OverflowError:
        return np.inf
    with np.errstate(all="ignore"):
        same = (x == y) | np.isnan(x) & np.isnan(y)
        sizes = np.where(same, 0.0, np.abs(x - y) / (atol + rtol * np.abs(y)))
    return float(np.nan_to_num(sizes, nan=np.inf, posinf=np.inf).max(initial=0.0))


def measure(task: tuple[str, int]) -> list[Margin]:
    """The margins of all variants of an assignment, in this process."""
    assignment, seed = task
    gauge, found = Gauge(), list[Margin]()

    def keep(entry: Entry, report: Report) -> None:
        failures = [test.failure.sentence for exercise in report.exercises for test in exercise.tests if test.failure]
        otherwise = any(not any(words in sentence for words in OF_NUMBERS) for sentence in failures)
        wrong = isinstance(entry, Mistake)
        size = np.inf if wrong and otherwise else gauge.largest
        found.append(Margin(entry.id if entry else "the solution", not wrong, size, gauge.where))
        gauge.reset()

    compare._check_values = gauge.check
    try:
        grade_catalogue(assignment, f"margins-{seed}", keep)
    finally:
        compare._check_values = gauge.compare
    return found


def main() -> int:
    """Reads the arguments, measures, prints the extremes and whatever is too near."""
    parser = parser_for(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    near = 0
    tasks = [(assignment, seed) for assignment in arguments.assignments for seed in range(arguments.seeds)]
    for (assignment, seed), margins in run_all(measure, tasks, arguments.jobs):
        worst = max((m for m in margins if m.right), key=lambda m: m.tolerances)
        nearest = min((m for m in margins if not m.right), key=lambda m: m.tolerances)
        print(
            f"{assignment}, secret {seed}: worst right answer {worst.tolerances:.2g} tolerances ({worst.variant}, {worst.where}),", end=" "
        )
        print(f"nearest mistake {nearest.tolerances:.2g} ({nearest.variant}, {nearest.where})")
        for margin in margins:
            if not margin.is_enough:
                near += 1
                print(f"  too near: {margin.variant}, {margin.where}: {margin.tolerances:.2g} tolerances")
    return 1 if near else 0


if __name__ == "__main__":
    sys.exit(main())
