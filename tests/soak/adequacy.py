"""Writes autograder/suites/ADEQUACY.md: what each hidden suite catches, names and accepts, exercise by exercise.

The counts of mutants are those of the last `python -m tests.soak.mutants` on this machine.
Usage: python -m tests.soak.adequacy [ASSIGNMENT…] [--jobs N]
"""

import ast
import datetime
import platform
import sys
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version

from autograder.catalogue import Mistake
from autograder.model import Report
from tests.course.conftest import SUITES, catalogue_of, lesson_of
from tests.soak.course import Entry, grade_catalogue, parser_for, run_all, table
from tests.soak.mutants import known, read_counts

FILE = SUITES / "ADEQUACY.md"
HEAD = ["exercise", "tests", "mistakes", "caught", "named", "right styles", "passed", "mutants killed"]
INTRO = """\
# What the hidden suites catch

Made by `make adequacy`, never edited. For each exercise: the functions that test it; the catalogued mistakes, how many of them lose
points (*caught*) and how many are told by name in the feedback; the right answers in other styles, and how many of them earn full marks;
and how many of the generic mutants of the solution (another operator, constant, axis or order of arguments, a statement left out) lose
points. Mutants that are equivalent to the solution, listed in `tests/soak/equivalent.toml`, are not counted.
*Compared with* names what the expected values come from: something else than our solution.
The table of mistakes × diagnosis has nearly all its entries on the diagonal, so only the others are written out.
"""


@dataclass(frozen=True)
class Row:
    """What became of the catalogue of one exercise."""

    exercise: str
    tests: int
    mistakes: int
    caught: int
    named: int
    misnamed: int
    styles: int
    passed: int
    mutants: str
    confused: tuple[str, ...]

    def cells(self) -> list[str]:
        """The row of the table."""
        counts = (self.tests, self.mistakes, self.caught, self.named, self.styles, self.passed)
        return [f"`{self.exercise}`", *map(str, counts), self.mutants]


def count_tests(assignment: str, exercise: str) -> int:
    """The functions that test an exercise."""
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in _tests(assignment, exercise).body)


def oracle_of(assignment: str, exercise: str) -> str:
    """What the hidden tests of an exercise compare with, in one line; an empty text where they don't say."""
    paragraphs = (ast.get_docstring(_tests(assignment, exercise)) or "").split("\n\n")
    said = next((" ".join(part.split()) for part in paragraphs if part.startswith("Oracle: ")), "")
    return said.removeprefix("Oracle: ")


def _tests(assignment: str, exercise: str) -> ast.Module:
    return ast.parse((SUITES / assignment / f"test_{exercise}.py").read_text())


def count_catalogue(assignment: str, exercise: str) -> tuple[int, int, int]:
    """How many tests, mistakes and styles an exercise has."""
    mistakes, styles = (sum(entry.exercise == exercise for entry in entries) for entries in catalogue_of(assignment))
    return count_tests(assignment, exercise), mistakes, styles


def measure(assignment: str) -> list[Row]:
    """A row for each exercise of an assignment."""
    counts: dict[str, Counter[str]] = {exercise: Counter() for exercise in lesson_of(assignment).exercises}
    confused: dict[str, list[str]] = {exercise: [] for exercise in counts}

    def keep(entry: Entry, report: Report) -> None:
        for exercise in report.exercises if entry else ():
            full, count = exercise.points == exercise.max_points, counts[exercise.exercise]
            if isinstance(entry, Mistake):
                count["caught"] += not full
                count["named"] += exercise.mistake == entry.id
                count["misnamed"] += exercise.mistake not in (entry.id, None)
                if exercise.mistake != entry.id:
                    confused[exercise.exercise].append(f"`{entry.id}` → {f'`{exercise.mistake}`' if exercise.mistake else 'not named'}")
            else:
                count["passed"] += full

    grade_catalogue(assignment, "adequacy", keep)
    return [_row(assignment, exercise, count, confused[exercise]) for exercise, count in counts.items()]


def _row(assignment: str, exercise: str, count: Counter[str], confused: list[str]) -> Row:
    tests, mistakes, styles = count_catalogue(assignment, exercise)
    return Row(
        exercise,
        tests,
        mistakes,
        count["caught"],
        count["named"],
        count["misnamed"],
        styles,
        count["passed"],
        _mutants(assignment, exercise),
        tuple(confused),
    )


def _mutants(assignment: str, exercise: str) -> str:
    """How many mutants were killed, of those that are not equivalent."""
    count = read_counts(assignment).get(exercise)
    if count is None:
        return "–"
    equivalent = sum((exercise, *change) in known(assignment) for change in count.survivors)
    return f"{count.mutants - len(count.survivors)} of {count.mutants - equivalent}"


def render(rows: dict[str, list[Row]]) -> str:
    """The page."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch", "pytest"))
    parts = [INTRO, f"Measured on {datetime.date.today().isoformat()} with Python {platform.python_version()}, {packages}.\n"]
    for assignment, mine in rows.items():
        total = {name: sum(getattr(row, name) for row in mine) for name in ("mistakes", "caught", "named", "misnamed", "styles", "passed")}
        unnamed = total["caught"] - total["named"] - total["misnamed"]
        parts.append(f"## {assignment}\n\n{table(HEAD, [row.cells() for row in mine])}\n")
        oracles = "".join(f"- `{row.exercise}`: {oracle_of(assignment, row.exercise)}\n" for row in mine)
        parts.append(f"Compared with:\n\n{oracles}")
        parts.append(
            f"Of {total['mistakes']} mistakes {total['caught']} are caught: {total['named']} named right, {unnamed} not named, "
            f"{total['misnamed']} taken for another. Of {total['styles']} right styles {total['passed']} earn full marks.\n"
        )
        if confused := [line for row in mine for line in row.confused]:
            parts.append("Off the diagonal (the mistake → what the feedback says):\n\n" + "".join(f"- {line}\n" for line in confused))
    return "\n".join(parts)


def main() -> int:
    """Measures all assignments and writes the page; 1 if something is not caught, or a style not accepted."""
    arguments = parser_for(__doc__).parse_args()
    found = dict(run_all(measure, arguments.assignments, arguments.jobs))
    rows = {assignment: found[assignment] for assignment in arguments.assignments}
    FILE.write_text(render(rows))
    every = [row for mine in rows.values() for row in mine]
    print(
        f"{sum(row.caught for row in every)} of {sum(row.mistakes for row in every)} mistakes caught: {FILE.relative_to(SUITES.parents[1])}"
    )
    return 0 if all(row.caught == row.mistakes and row.passed == row.styles and not row.misnamed for row in every) else 1


if __name__ == "__main__":
    sys.exit(main())
