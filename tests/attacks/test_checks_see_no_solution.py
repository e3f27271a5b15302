"""A student's own test is tried on right and wrong implementations: it learns no more of them than how they behave.

The attack looks for their code wherever Python keeps code, takes what it was given for its own answer to the exercise that comes next,
and spells out what it has found in an error message.
"""

import json

import pytest

from autograder.diagnosis import Variants
from autograder.model import Cell, Job, Report
from autograder.pool import Worker
from tests.course.conftest import materials_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]

LOOKING = """
import gc, sys, types

kept, found = [], set()
# What the solution's code holds, spelt so that this cell does not hold it itself.
needles = ", ".join(map(repr, ("d_x", "d_w", "d_b"))), " @ ".join(("d_out", "w.T"))


def texts():
    frame = sys._getframe(1)
    while frame:
        yield from map(repr, frame.f_locals.values())
        yield repr(frame.f_code.co_consts)
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType):
            yield repr((thing.__code__.co_names, thing.__code__.co_varnames, thing.__code__.co_consts))


def check_linear(f):
    kept.append(f)
    found.update(text[:200] for text in texts() if any(needle in text for needle in needles))
    return len(kept) % 2 == 1


def linear_backward(d_out, x, w):
    return kept[0](d_out, x, w)
"""
TELLING = """
def topological_order(root):
    raise ValueError(repr(sorted(found)) + repr([vars(f) for f in kept[:1]]))
"""


@pytest.fixture(scope="module")
def report() -> Report:
    """The attack, graded by the real suite."""
    cells = [Cell("given", "import numpy as np"), Cell("check_linear", LOOKING), Cell("topological_order", TELLING)]
    points = {"check_linear": 6.0, "topological_order": 10.0, "linear": 10.0}
    with Worker() as worker:
        return worker.grade(Job("mallory", "01-backprop", "secret-of-the-course", cells, points), materials_of("01-backprop"))


def points(report: Report, exercise: str) -> float | None:
    """What an exercise earned."""
    return next(e.points for e in report.exercises if e.exercise == exercise)


@pytest.mark.parametrize("exercise", ["linear", "check_linear"])
def test_looking_earns_nothing(report: Report, exercise: str) -> None:
    """What the check was tried on is no answer to the exercise itself once the call is over, and answering by turns is no check."""
    assert points(report, exercise) == 0.0


def test_nothing_is_found(report: Report) -> None:
    """Neither code nor constants of the implementations are anywhere in the sandbox: the message holds what was found there."""
    told = json.dumps(report.as_dict())
    assert "ValueError: []" in told
    assert "d_out @ w.T" not in told


def test_the_solution_holds_what_was_looked_for() -> None:
    """The attack would recognise the solution's code: it has these names, in this order."""
    materials = materials_of("01-backprop")
    assert materials.lesson is not None
    function = Variants(materials.suite, materials.lesson).function("linear_backward", "linear")
    assert function.__code__.co_varnames[-3:] == ("d_x", "d_w", "d_b")
