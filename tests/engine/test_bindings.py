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
STUB = ("f", "def f(x):\n    raise NotImplementedError()", True)
STUB_OF_G = ("g", "def g(x):\n    raise NotImplementedError()", True)
LESSON = ("cell-9", "def helper(a, b, c):\n    return a\n\ndef shown(a):\n    return helper(a, a, a)", True)
TRIES = {
    "function": "def f(x):\n    return x + 2",
    "cached": "from functools import cache\n@cache\ndef f(x):\n    return x + 2",
    "vectorised": "import numpy as np\n@np.vectorize\ndef f(x):\n    return x + 2",
    "partial": "from functools import partial\ndef add(x, n):\n    return x + n\nf = partial(add, n=2)",
    "alias": "def add(x):\n    return x + 2\nf = add",
    "lambda": "f = lambda x: x + 2",
    "instance": "class Add:\n    def __call__(self, x):\n        return x + 2\nf = Add()",
    "method": "class Add:\n    def two(self, x):\n        return x + 2\nf = Add().two",
}


def students(sandbox: Sandbox, *cells: tuple[str, str] | tuple[str, str, bool] | Cell) -> tuple[Student, Student]:
    """The same submission as the tests of the exercises `f` and `g` see it; a third True marks a cell as left untouched."""
    made = [cell if isinstance(cell, Cell) else Cell(*cell) for cell in cells]
    replay = Replay(sandbox, made, probes=PROBES, exercises=frozenset({"f", "g"}))
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


@pytest.mark.parametrize("source", TRIES.values(), ids=TRIES)
def test_a_second_try_counts(sandbox: Sandbox, source: str) -> None:
    """Who leaves the stub and writes the function, or whatever can be called, in a cell of their own further down means that one."""
    f, _ = students(sandbox, STUB, ("mine", source), ("g", "def g(x):\n    return 0\n\nhelper = 3"))
    assert f.f(1) == 3


@pytest.mark.parametrize("name", ["function", "cached", "vectorised", "alias", "lambda"])
def test_a_second_try_after_a_first_counts(sandbox: Sandbox, name: str) -> None:
    """A function that is defined again in a cell of the student's own stands, decorated or not; its helpers too."""
    f, _ = students(sandbox, ("f", FIRST.replace("helper(x)\n", "0\n")), ("mine", TRIES[name]), ("g", SECOND))
    assert f.f(1) == 3


SCALED = "def f(x):\n    return scale * x"
SECOND_TRIES = {
    "a constant": ([("f", f"scale = 2\n{SCALED}")], f"scale = 3\n{SCALED}"),
    "a constant of the lesson": ([("figure", "scale = 7", True), STUB], f"scale = 3\n{SCALED}"),
    "an entry": (
        [("f", "given = {'scale': 2}\ndef f(x):\n    return given['scale'] * x")],
        "given = {'scale': 3}\ndef f(x):\n    return given['scale'] * x",
    ),
    "a star": ([STUB], "from numpy import *\ndef f(x):\n    return int(sum([[x, 2 * x]], axis=1)[0])"),
    "a builtin": ([STUB], "iter = 3\ndef f(x):\n    return iter * x"),
    "an instance": (
        [("f", "class Scale:\n    scale = 2\ns = Scale()\ndef f(x):\n    return s.scale * x")],
        "class Scale:\n    scale = 3\ns = Scale()\ndef f(x):\n    return s.scale * x",
    ),
    "after a slip": ([("f", f"scale = 2\n{SCALED} +")], f"scale = 3\n{SCALED}"),
}


@pytest.mark.parametrize(("first", "second"), SECOND_TRIES.values(), ids=SECOND_TRIES)
def test_a_second_try_sees_its_own_values(sandbox: Sandbox, first: list[tuple[str, str, bool]], second: str) -> None:
    """It is tested with the names as they stand below it, not with those of the first; what comes further down reaches neither."""
    last = ("g", "scale = 100\ngiven = s = None\nfrom builtins import *\ndef g(x):\n    return scale")
    f, g = students(sandbox, *first, ("mine", second), last)
    assert [f.f(5), g.g(0), f.f(5)] == [15, 100, 15]


def test_a_second_try_keeps_its_helpers(sandbox: Sandbox) -> None:
    """What another exercise's cell, or the lesson's, has made of a helper's name since the first try is not the helper."""
    mine = ("mine", "def f(x):\n    return helper(x) + 1")
    f, g = students(sandbox, ("f", FIRST), ("g", SECOND), LESSON, mine)
    assert [f.f(1), g.g(1)] == [3, 105]


def test_a_second_try_of_one_is_none_of_another(sandbox: Sandbox) -> None:
    """An exercise of which the cell defines nothing does not see its values."""
    f, g = students(sandbox, ("f", f"scale = 2\n{SCALED}"), STUB_OF_G, ("mine", "scale = 3\ndef g(x):\n    return scale * x"))
    assert [f.f(5), g.g(5)] == [10, 15]


def test_a_loop_over_functions_takes_no_helper(sandbox: Sandbox) -> None:
    """A function that a loop goes through, or that has got a second name, is no new helper of that name."""
    first = ("f", "def h(x):\n    return x + 1\ndef f(x):\n    return h(x)")
    for tried in ("for h in (f, g):\n    pass", "h = g", "def own(x):\n    return 0\nh = own"):
        f, _ = students(sandbox, first, ("g", SECOND), ("mine", tried))
        assert f.f(1) == 2


def test_what_a_stub_asks_for_may_be_a_second_name(sandbox: Sandbox) -> None:
    """A function that the stub asks for is written also by giving its name to another."""
    first = Cell("f", "def helper(x):\n    return 0\ndef f(x):\n    return helper(x)", asked=("f", "helper"))
    f, _ = students(sandbox, first, ("mine", "def own(x):\n    return 5"), ("mine too", "helper = own"))
    assert f.f(1) == 5


@pytest.mark.parametrize("above", [("mine", FIRST), ("g", f"{FIRST}\n{SECOND.replace('helper', 'other')}")], ids=["own", "before"])
def test_an_answer_above_the_untouched_stub(sandbox: Sandbox, above: tuple[str, str]) -> None:
    """A stub that stands as it was released takes nothing over, neither from the tests nor from the cells below it."""
    f, _ = students(sandbox, above, STUB, ("shown", "seen = f(1)"), ("last", "def again(x):\n    return seen"))
    assert f.f(1) == 2
    _, g = students(sandbox, ("mine", FIRST), STUB, ("g", "seen = f(1)\ndef g(x):\n    return seen"))
    assert g.g(0) == 2


@pytest.mark.parametrize(
    "above", [("lesson", FIRST, True), ("mine", "from numpy import abs as f"), ("g", "def f(x):\n    raise NotImplementedError()", True)]
)
def test_what_is_no_answer_does_not_stand_again(sandbox: Sandbox, above: tuple[str, str, bool]) -> None:
    """A function of the lesson's, of a library's or of another stub's above an untouched stub is not the student's."""
    f, _ = students(sandbox, above, STUB)
    with pytest.raises(StudentFault, match="Not written yet"):
        f.f(1)


def test_a_cell_that_answers_for_two(sandbox: Sandbox) -> None:
    """Both exercises are tested with the names as their common cell left them."""
    both = f"{FIRST}\ndef g(x):\n    return helper(x) + 5"
    f, g = students(sandbox, Cell("f", both, answers=("g",)), LESSON)
    assert [f.f(1), g.g(1)] == [2, 7]


def test_a_second_try_of_a_helper_counts(sandbox: Sandbox) -> None:
    """Of a function in two parts, one may be written anew."""
    f, _ = students(sandbox, ("f", FIRST), ("mine", "def helper(x):\n    return x + 2"), ("g", SECOND), LESSON)
    assert f.f(1) == 3


def test_an_object_takes_nothing_from_a_function(sandbox: Sandbox) -> None:
    """Who tries out a class further down may give its instance the name of a helper, even if it can be called."""
    instance = "class Layer:\n    def __call__(self, a, b):\n        return 0\nhelper = Layer()"
    f, _ = students(sandbox, ("f", FIRST), ("mine", instance))
    assert f.f(1) == 2


def test_a_function_written_in_the_cell_of_another_exercise(sandbox: Sandbox) -> None:
    """A stub left as it was owns nothing: f in the cell of g is the student's f, and g calls it."""
    f, g = students(sandbox, STUB, ("g", "def f(x):\n    return x + 2\n\ndef g(x):\n    return f(x)"))
    assert [f.f(1), g.g(1), f.probe.probed(1)] == [3, 3, 3]


def test_a_stub_is_still_not_written(sandbox: Sandbox) -> None:
    """Who leaves the stub and writes nothing reads so."""
    f, _ = students(sandbox, STUB, ("g", SECOND), LESSON)
    with pytest.raises(StudentFault, match="Not written yet"):
        f.f(1)


@pytest.mark.parametrize(
    "cells",
    [
        [("f", FIRST), LESSON],
        [("mine", FIRST.partition("\n\n")[0]), ("f", FIRST.partition("\n\n")[2]), LESSON],
        [STUB, ("mine", FIRST), LESSON],
        [("mine", FIRST), LESSON],
        [STUB, ("mine", FIRST.partition("\n\n")[0]), ("mine too", FIRST.partition("\n\n")[2]), LESSON],
    ],
    ids=["in its cell", "above it", "in a second try", "without the stub", "in two cells below the stub"],
)
def test_a_helper_named_as_a_function_of_the_lesson(sandbox: Sandbox, cells: list[tuple[str, str, bool]]) -> None:
    """Wherever the student has written a helper, a function of that name further down in the lesson is not it; g sees the lesson's."""
    f, g = students(sandbox, *cells, ("g", "def g(x):\n    return helper(x, 0, 0) + shown(x)"))
    assert [f.f(1), g.g(1), f.f(1)] == [2, 2, 2]


def test_a_cell_of_the_lesson_that_the_student_changed(sandbox: Sandbox) -> None:
    """It is the student's own, as any other."""
    f, _ = students(sandbox, ("f", FIRST), ("cell-9", "def helper(x):\n    return x + 2"))
    assert f.f(1) == 3


LAST = {
    "builtins-by-a-star": "from numpy import *",
    "builtins-as-values": "max = 3; sum = 0; range = []",
    "a-constant": "scale = 7",
    "an-import": "from numpy import add as helper, max",
    "deleted": "del f, helper, scale",
    "all-deleted": "%reset -f",
}


@pytest.mark.parametrize("last", LAST.values(), ids=LAST)
def test_a_later_cell_takes_nothing_away(sandbox: Sandbox, last: str) -> None:
    """Neither imports nor values that stand in the way, nor tidying up, reach back to an exercise above."""
    above = "scale = 2\ndef helper(x):\n    return max(x, scale) + sum(range(3))"
    f, _ = students(sandbox, ("constants", above), ("f", "def f(x):\n    return scale * helper(x)"), ("last", last))
    assert f.f(1) == 10


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
    lesson = Cell("given", "def helper(x):\n    return torch.softmax(x, 0)\ndef f(x):\n    return helper(x)", untouched=True)
    stub = Cell("f", "import torch\ndef f(x):\n    raise NotImplementedError()", untouched=True)
    again = Cell("mine", "def helper(x):\n    return torch.softmax(x, 0)")

    def found(*cells: Cell, exercise: str = "f") -> list[str]:
        others = frozenset({"f", "g"} - {exercise})
        return [place.cell for place in find_shortcuts(cells, frozenset({exercise}), ("torch.softmax",), exercise, others)]

    assert found(own, other, data) == []
    assert found(own, other, exercise="g") == ["g"]
    assert found(own, again, other) == ["mine"]
    for cells in ((own,), (stub, Cell("mine", own.source)), (Cell("mine", own.source),)):
        assert found(*cells, lesson) == []
    assert found(stub, Cell("g", lesson.source)) == ["g"]


SOFTMAX = "import torch\ndef helper(x):\n    return torch.softmax(x, 0)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(x): return x", SOFTMAX + "f = helper"),
        ("def f(x): return x", SOFTMAX + "g = helper\nf = g"),
        ("def f(x): return x", SOFTMAX + "try:\n    f = helper\nfinally:\n    pass"),
        ("def f(x): return x", SOFTMAX + "from functools import partial\nf = partial(helper)"),
        ("def f(x): return x", "import torch\nf = lambda x: torch.softmax(x, 0)"),
        (SOFTMAX + "def f(x): return helper(x)", "from functools import cache\nf = cache(f)"),
        (SOFTMAX + "def f(x): return helper(x)", "old = f\ndef f(x): return old(x)"),
    ],
)
def test_shortcuts_are_sought_behind_another_name(before: str, after: str) -> None:
    """A function under a second name, or wrapped, is what that name meant when it was assigned."""
    cells = (Cell("f", before), Cell("mine", after))
    assert [place.name for place in find_shortcuts(cells, frozenset({"f"}), ("torch.softmax",), "f")] == ["torch.softmax"]


def test_what_was_defined_again_is_no_shortcut() -> None:
    """A first try with the library's routine is gone when the name means something else, and another's helper was never reached."""
    first = Cell("f", SOFTMAX + "def f(x): return helper(x)")
    for after in ("def mine(x): return x\nf = mine", "f = lambda x: x", "def helper(x): return x"):
        assert find_shortcuts((first, Cell("mine", after)), frozenset({"f"}), ("torch.softmax",), "f") == ()


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(
            [Cell("f", "k = abs\ndef f(x): return x"), Cell("mine", "import torch\nk = torch.softmax\ndef f(x): return k(x, 0)")],
            id="a value",
        ),
        pytest.param(
            [
                Cell("f", "k = abs\ndef f(x): return x"),
                Cell("v", "import torch\nk = torch.softmax"),
                Cell("mine", "def f(x): return k(x, 0)"),
            ],
            id="a value above",
        ),
        pytest.param([Cell("mine", SOFTMAX + "f = helper"), Cell("f", "def f(x): raise NotImplementedError()", True)], id="above the stub"),
        pytest.param(
            [Cell("f", SOFTMAX + "def f(x): return helper(x)"), Cell("g", "def h(x): return x"), Cell("m", "helper = h")], id="alias"
        ),
        pytest.param(
            [Cell("g", SOFTMAX + "def f(x): return helper(x)", answers=("f",)), Cell("given", "def helper(x): return x", True)],
            id="in one cell",
        ),
    ],
)
def test_shortcuts_are_sought_where_bindings_look(cells: list[Cell]) -> None:
    """What a second try, an answer above its stub or a cell of two exercises means is what is searched."""
    found = find_shortcuts(tuple(cells), frozenset({"f"}), ("torch.softmax",), "f", frozenset({"g"}))
    assert [place.name for place in found] == ["torch.softmax"]
    assert find_shortcuts(tuple(cells), frozenset({"f"}), ("torch.softmax",), "f", frozenset({"g"}), within=True) == found


def test_a_value_of_another_exercise_is_no_shortcut() -> None:
    """What another exercise has made of the helper's name since the first try is not what the second one calls."""
    first, again = Cell("f", "def helper(x): return x\ndef f(x): return helper(x)"), Cell("mine", "def f(x): return helper(x)")
    assert find_shortcuts((first, Cell("g", SOFTMAX), again), frozenset({"f"}), ("torch.softmax",), "f", frozenset({"g"})) == ()
