"""Each exercise is tested with its own cell's names, whatever the cells below it call their helpers."""

import pytest

from autograder.model import Cell
from autograder.replay import Replay
from autograder.sandbox.host import Sandbox
from autograder.shortcuts import find_shortcuts
from autograder.student import Student, StudentFault

PROBES = '''
def probed(student, x):
    """f(x)"""
    return student.f(x)
'''
FIRST = "def helper(x):\n    return x + 1\n\ndef f(x):\n    return helper(x)"
SECOND = "def helper(x, y):\n    return 100 * x + y\n\ndef g(x):\n    return helper(x, 5)"


def students(sandbox: Sandbox, *cells: tuple[str, str]) -> tuple[Student, Student]:
    """The same submission as the tests of the exercises `f` and `g` see it."""
    replay = Replay(sandbox, [Cell(*cell) for cell in cells], probes=PROBES, exercises=frozenset({"f", "g"}))
    replay.run()
    return Student(replay, "f", 1), Student(replay, "g", 1)


def test_two_helpers_of_one_name(sandbox: Sandbox) -> None:
    """Each exercise calls its own helper, in any order of the tests, in calls and in probes."""
    f, g = students(sandbox, ("f", FIRST), ("g", SECOND))
    assert [f.f(1), g.g(1), f.probe.probed(1), g.g(1), f.f(1)] == [2, 105, 2, 105, 2]


def test_a_helper_named_as_another_exercise(sandbox: Sandbox) -> None:
    """What exercise g calls f for itself is not what exercise f is judged by, nor the other way round."""
    f, g = students(sandbox, ("f", FIRST), ("g", "def f(x, y):\n    return x * y\n\ndef g(x):\n    return f(x, 7)"))
    assert [f.f(1), g.g(1)] == [2, 7]
    f, g = students(sandbox, ("f", f"def g(x):\n    return 0\n\n{FIRST}"), ("g", SECOND))
    assert [f.f(1), g.g(1)] == [2, 105]


def test_a_value_of_a_later_cell(sandbox: Sandbox) -> None:
    """A cell of the lesson that puts its data under the helper's name takes nothing from the exercise."""
    f, g = students(sandbox, ("f", FIRST), ("figure", "helper = [1, 2]\nf = None"), ("g", "def g(x):\n    return helper"))
    assert f.f(1) == 2
    assert g.g(1) == [1, 2]


def test_a_second_try_counts(sandbox: Sandbox) -> None:
    """Who leaves the stub and writes the function, or its helper, in a cell of their own further down means that one."""
    stub = "def f(x):\n    raise NotImplementedError()"
    f, _ = students(sandbox, ("f", stub), ("mine", "def f(x):\n    return x + 2"), ("g", "def g(x):\n    return 0\n\nhelper = 3"))
    assert f.f(1) == 3


def test_state_of_its_own_is_kept(sandbox: Sandbox) -> None:
    """A global that only one exercise has goes on from call to call."""
    f, g = students(sandbox, ("f", "calls = 0\ndef f(x):\n    global calls\n    calls += 1\n    return calls"), ("g", SECOND))
    assert [f.f(0), g.g(0), f.f(0)] == [1, 5, 2]


def test_a_missing_name_is_still_missing(sandbox: Sandbox) -> None:
    """What no cell defines is not found."""
    f, _ = students(sandbox, ("f", "y = 1"), ("g", SECOND))
    with pytest.raises(StudentFault, match="`f` is not defined"):
        f.f(1)


def test_shortcuts_are_sought_in_the_same_definitions() -> None:
    """A library call in another exercise's helper of the same name is no shortcut of this one; one in its own helper is."""
    own = Cell("f", "import torch\ndef helper(x):\n    return x\ndef f(x):\n    return helper(x)")
    other = Cell("g", "def helper(x):\n    return torch.softmax(x, 0)\ndef g(x):\n    return helper(x)")
    data = Cell("figure", "helper = torch.softmax(torch.ones(2), 0)")
    again = Cell("mine", "def helper(x):\n    return torch.softmax(x, 0)")

    def found(*cells: Cell, exercise: str = "f") -> list[str]:
        others = frozenset({"f", "g"} - {exercise})
        return [place.cell for place in find_shortcuts(cells, frozenset({exercise}), ("torch.softmax",), exercise, others)]

    assert found(own, other, data) == []
    assert found(own, other, exercise="g") == ["g"]
    assert found(own, again, other) == ["mine"]
