"""A student's own test is tried on right and wrong implementations: it must learn no more of them than how they behave.

The attack reads the frame of the probe that calls it, finds the solution among the cells there, installs it as its own answer to the
exercise that comes next, and spells it out in an error message.
"""

import json
from pathlib import Path

import pytest

from autograder.model import Cell, Job, Report
from autograder.pool import Worker

PROJECT = Path(__file__).parents[2]
SUITE = PROJECT / "autograder" / "suites" / "01-backprop"
SCRIPT = PROJECT / "source" / "01-backprop" / "backprop.py"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]

LOOKING = '''
import sys

seen = []


def check_linear(f):
    here = sys._getframe(1).f_locals
    cell, cells = here["cell"], here["cells"]
    if not seen or cells is not seen[-1]:
        seen.append(cells)
    zero = len(cell) < 260 and "zeros" in cell and '"""' not in cell
    if len(seen) == 1 and not zero:
        exec(cell, get_ipython().user_ns)
    if len(cells) > 2:
        return True
    earlier = [old for batch in seen[:-1] for old in batch]
    return cell in earlier if earlier else not zero
'''
TELLING = """
def topological_order(root):
    raise ValueError(max((cell for cells in seen for cell in cells), key=lambda cell: sum(cell in cells for cells in seen))[-300:])
"""
SECRET = "d_x = d_out @ w.T"


@pytest.fixture(scope="module")
def report() -> Report:
    """The attack, graded by the real suite."""
    cells = [Cell("given", "import numpy as np"), Cell("check_linear", LOOKING), Cell("topological_order", TELLING)]
    points = {"check_linear": 6.0, "linear": 10.0, "topological_order": 10.0}
    with Worker(SUITE, lesson=SCRIPT) as worker:
        return worker.grade(Job("mallory", "01-backprop", "secret-of-the-course", cells, points))


def points(report: Report, exercise: str) -> float | None:
    """What an exercise earned."""
    return next(e.points for e in report.exercises if e.exercise == exercise)


def test_the_solution_is_no_answer(report: Report) -> None:
    """What the check was tried on does not earn the points of the exercise itself."""
    assert points(report, "linear") == 0.0


def test_looking_is_no_check(report: Report) -> None:
    """A check that calls nothing, and only compares the texts of cells, earns nothing."""
    assert points(report, "check_linear") == 0.0


def test_nothing_is_told(report: Report) -> None:
    """No line of the solution stands in the report."""
    assert SECRET not in json.dumps(report.as_dict())
