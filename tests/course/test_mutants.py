"""The generic mutants: one change each, on the solution's lines; and the list of the equivalent ones is of these solutions."""

import ast

import pytest

from tests.soak.course import finished
from tests.soak.mutants import known, trials
from tests.soak.mutate import mutants_of

SOURCE = '''\
def f(x, axis=0):
    """Doc."""
    total = x.sum(axis=axis) + 1
    if total > 2:
        total -= 3
    return g(total, x)
'''


def test_each_mutant_changes_one_thing() -> None:
    """Operators, constants, conditions, arguments, keywords and statements have their turn; nothing outside the lines does."""
    changes = {(mutant.before, mutant.after) for mutant in mutants_of(SOURCE, range(3, 7))}
    assert changes == {
        ("total = x.sum(axis=axis) + 1", "pass"),
        ("total = x.sum(axis=axis) + 1", "total = x.sum(axis=axis) - 1"),
        ("total = x.sum(axis=axis) + 1", "total = x.sum() + 1"),
        ("total = x.sum(axis=axis) + 1", "total = x.sum(axis=axis) + 2"),
        ("total = x.sum(axis=axis) + 1", "total = x.sum(axis=axis) + 0"),
        ("if total > 2:", "if True:"),
        ("if total > 2:", "if False:"),
        ("if total > 2:", "if total >= 2:"),
        ("if total > 2:", "if total > 3:"),
        ("if total > 2:", "if total > 1:"),
        ("total -= 3", "total += 3"),
        ("total -= 3", "total = 3"),
        ("total -= 3", "pass"),
        ("total -= 3", "total -= 4"),
        ("total -= 3", "total -= 2"),
        ("return g(total, x)", "return g(x, total)"),
    }


def test_mutants_are_programs() -> None:
    """Each mutant can be read again, differs from the source, and is there once."""
    codes = [mutant.code for mutant in mutants_of(SOURCE, range(1, 7))]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert ast.unparse(ast.parse(code)) != ast.unparse(ast.parse(SOURCE))


@pytest.mark.parametrize("assignment", finished())
def test_equivalent_mutants_are_of_this_solution(assignment: str) -> None:
    """No entry of the list of equivalent mutants speaks of a line that is no longer there."""
    listed = known(assignment)
    tried = trials(assignment, {exercise for exercise, _, _ in listed}, 0)
    assert listed <= {(trial.exercise, trial.mutant.before, trial.mutant.after) for trial in tried}
