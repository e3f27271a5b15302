"""The border as a student meets it: each fault of a function has its sentence, word for word."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.compare import Mismatch
from autograder.errors import CourseError
from autograder.model import Cell, Outcome
from autograder.replay import Budget, Replay
from autograder.sandbox.host import Sandbox
from autograder.student import Student, StudentFault
from autograder.wire import Opaque

PROBES = '''
def twice(student, x):
    """f(f(x))"""
    return student.f(student.f(x))

def broken(student):
    """The probe has no such method."""
    return student.f(1).nothing
'''


def make_student(sandbox: Sandbox, *cells: str, seconds: float | None = 1.0, forbidden: Sequence[str] = (), **details: Any) -> Student:
    """A submission whose first cell is that of the exercise `f`."""
    named = [Cell("f" if i == 0 else f"c{i}", source) for i, source in enumerate(cells)]
    replay = Replay(sandbox, named, probes=PROBES, budget=Budget(1, 1), **details)
    replay.run()
    return Student(replay, "f", seed=1, seconds=seconds, forbidden=forbidden)


def fault(student: Student, *arguments: Any, **keywords: Any) -> StudentFault:
    """What `f` is found guilty of."""
    with pytest.raises(StudentFault) as caught:
        student.f(*arguments, **keywords)
    return caught.value


def test_a_name_that_another_cell_failed_to_import(sandbox: Sandbox) -> None:
    """Below the NameError stands the cell where it began, whether the function's cell or the function itself met it."""
    broken = "import tqqdm\nimport math as m"
    began = " The cell `c1`, which mentions `m`, did not run: ModuleNotFoundError: No module named 'tqqdm' (line 1 of the cell)"
    student = make_student(sandbox, "def f(x): return m.exp(x)", broken, "1 / 0")
    assert fault(student, 1).sentence.endswith(
        f"NameError: name 'm' is not defined (in line 1 of the cell `f`, `def f(x): return m.exp(x)`).{began}"
    )
    student = make_student(sandbox, "f = m.exp", broken)
    assert fault(student, 1).sentence.endswith(f"NameError: name 'm' is not defined (line 1 of the cell){began}")
    student = make_student(sandbox, "def f(x): return n.exp(x)", broken)
    assert "c1" not in fault(student, 1).sentence


@pytest.mark.parametrize(
    ("source", "outcome", "sentence"),
    [
        ("def g(x): return x", "missing", "`f` is not defined in the notebook: was it renamed, or its cell deleted?"),
        ("", "missing", "`f` is not defined in the notebook: was it renamed, or its cell deleted?"),
        (
            "def f(x):\n    return x +",
            "missing",
            "`f` is not defined, because its cell did not run: SyntaxError: invalid syntax (line 2 of the cell)",
        ),
        (
            "1 / 0\ndef f(x): return x",
            "missing",
            "`f` is not defined, because its cell did not run: ZeroDivisionError: division by zero (line 1 of the cell)",
        ),
        (
            "while True: pass\ndef f(x): return x",
            "missing",
            "`f` is not defined, because its cell did not run: Timeout: the cell did not finish within 1 s: does a loop never end?",
        ),
        ("f = 5", "failed", "`f` is not a function but int: was the name used for something else in a later cell?"),
        ("def f(): return 1", "failed", "`f` is called with 1 argument, but yours is defined as `f()`: too many positional arguments."),
        (
            "def f(x, y): return 1",
            "failed",
            "`f` is called with 1 argument, but yours is defined as `f(x, y)`: missing a required argument: 'y'.",
        ),
        (
            "def f(x):\n    raise NotImplementedError()",
            "failed",
            "Not written yet: `raise NotImplementedError()` still stands in line 2 of the cell `f`.",
        ),
        (
            "def f(x): raise NotImplementedError",
            "failed",
            "Not written yet: `raise NotImplementedError()` still stands in line 1 of the cell `f`.",
        ),
        (
            "def f(x):\n    raise NotImplementedError('for complex numbers')",
            "failed",
            "`f` raised NotImplementedError: for complex numbers (in line 2 of the cell `f`, "
            "`raise NotImplementedError('for complex numbers')`).",
        ),
        (
            "def f(x):\n    return exec('raise NotImplementedError')",
            "failed",
            "`f` raised NotImplementedError (in line 2 of the cell `f`, `return exec('raise NotImplementedError')`).",
        ),
        (
            "%%time\ndef f(x):\n    return x / 0\n1 + 1",
            "failed",
            "`f` raised ZeroDivisionError: division by zero (in line 3 of the cell `f`, `return x / 0`).",
        ),
        (
            "%%time\n1 / 0\ndef f(x): return x",
            "missing",
            "`f` is not defined, because its cell did not run: ZeroDivisionError: division by zero (line 2 of the cell)",
        ),
        (
            "%%timeit -n1 -r1\ndef f(x): return x",
            "missing",
            "`f` is not defined: its cell begins with `%%timeit`, which keeps what it defines to itself. Delete that line.",
        ),
        (
            "\n%%script false\ndef f(x): return x",
            "missing",
            "`f` is not defined: its cell begins with `%%script`, which keeps what it defines to itself. Delete that line.",
        ),
        ("%%capture\ndef g(x): return x", "missing", "`f` is not defined in the notebook: was it renamed, or its cell deleted?"),
        (
            "def f(x):\n    y = x\n    return y / 0",
            "failed",
            "`f` raised ZeroDivisionError: division by zero (in line 3 of the cell `f`, `return y / 0`).",
        ),
        (
            "def f(x): return g(x)",
            "failed",
            "`f` raised NameError: name 'g' is not defined (in line 1 of the cell `f`, `def f(x): return g(x)`).",
        ),
        ("def f(x):\n    assert x > 2", "failed", "`f` raised AssertionError (in line 2 of the cell `f`, `assert x > 2`)."),
        (
            "import json\ndef f(x):\n    return json.loads('[')",
            "failed",
            "`f` raised JSONDecodeError: Expecting value: line 1 column 2 (char 1) (in line 3 of the cell `f`, `return json.loads('[')`).",
        ),
        ("import sys\ndef f(x):\n    sys.exit(3)", "failed", "`f` raised SystemExit: 3 (in line 3 of the cell `f`, `sys.exit(3)`)."),
        (
            "def f(x):\n    raise BaseException('b')",
            "failed",
            "`f` raised BaseException: b (in line 2 of the cell `f`, `raise BaseException('b')`).",
        ),
        (
            "def f(x):\n    return f(x)",
            "failed",
            "`f` raised RecursionError: maximum recursion depth exceeded (in line 2 of the cell `f`, `return f(x)`).",
        ),
        (
            "class E(Exception):\n    def __str__(self): raise E\ndef f(x): raise E",
            "failed",
            "`f` raised E (in line 3 of the cell `f`, `def f(x): raise E`).",
        ),
        (
            "def f(x):\n    return bytearray(64 << 30)",
            "failed",
            "`f` raised MemoryError (in line 2 of the cell `f`, `return bytearray(64 << 30)`).",
        ),
        ("def f(x):\n    while True: pass", "timeout", "`f` did not return within 1 s: does a loop never end?"),
        ("import os\ndef f(x): os._exit(0)", "crashed", "`f` stopped the whole process instead of returning: the process ended by itself."),
        ("import numpy as np\ndef f(x): return np.zeros(300 << 20, 'u1')", "failed", "`f` returned something too large to look at."),
        ("def f(x): return [0] * 500_000", "failed", "`f` returned something too large to look at."),
    ],
)
def test_sentences(sandbox: Sandbox, source: str, outcome: str, sentence: str) -> None:
    """Each way not to give a value is told in one sentence, with line and code where there are any."""
    found = fault(make_student(sandbox, source), 1)
    assert found.sentence == sentence
    assert found.outcome == Outcome(outcome)


@pytest.mark.parametrize(
    ("source", "value"),
    [("def f(x): pass", None), ("def f(x): return object()", Opaque("object")), ("def f(x): return (i for i in x)", Opaque("generator"))],
)
def test_values_that_are_no_answer(sandbox: Sandbox, source: str, value: Any) -> None:
    """None and objects arrive as what they are, for the assertions to name."""
    assert make_student(sandbox, source).f((1,)) == value


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    print('hello'); return 2 * x",
        "import warnings\ndef f(x):\n    warnings.warn('w'); return 2 * x",
        "import warnings\nwarnings.simplefilter('error')\nimport numpy as np\ndef f(x):\n    np.log(0.0); return 2 * x",
        "import sys\ndef f(x):\n    print('e', file=sys.stderr); return 2 * x",
        "import os\ndef f(x):\n    os.write(1, b'direct'); return 2 * x",
        "def f(x):\n    for _ in range(2000): print('y' * 1000)\n    return 2 * x",
        "import os\ndef f(x):\n    os.write(1, b'y' * 1_000_000); return 2 * x",
        "def f(x, *, scale=2): return scale * x",
        "f = lambda x: 2 * x",
        "class Doubler:\n    def __call__(self, x): return 2 * x\nf = Doubler()",
        "from functools import cache\n@cache\ndef f(x): return 2 * x",
        "import asyncio\nasync def g(x): return 2 * x\ndef f(x): return asyncio.run(g(x))",
        "import matplotlib.pyplot as plt\ndef f(x):\n    plt.plot([1]); plt.show(); return 2 * x",
    ],
)
def test_harmless_habits(sandbox: Sandbox, source: str) -> None:
    """Prints, warnings, floods of output, extra arguments and any callable cost nothing."""
    assert make_student(sandbox, source).f(21) == 42


def test_running_the_cells_again_is_no_part_of_an_answer(sandbox: Sandbox) -> None:
    """In a fresh session the time of a call is the time of the function."""
    replay = Replay(sandbox, [Cell("slow", "import time\ntime.sleep(0.5)\n7"), Cell("f", "def f(x): return x")], probes=PROBES)
    replay.run()
    student = Student(replay, "f", 1)
    student.forget()
    begin = time.monotonic()
    assert student.f(1) == 1
    assert time.monotonic() - begin > 0.5
    assert student.traces[-1].seconds < 0.4


def test_a_new_session_after_a_crash(sandbox: Sandbox) -> None:
    """After a call that ended the process, the next call finds the notebook as it was."""
    student = make_student(sandbox, "import os\nseen = []\ndef f(x):\n    seen.append(x)\n    if x == 0: os._exit(1)\n    return len(seen)")
    assert student.f(1) == 1
    assert fault(student, 0).outcome == Outcome.CRASHED
    assert student.f(1) == 1


def test_run_gives_the_arguments_back(sandbox: Sandbox) -> None:
    """`run` shows what the call did to its arguments; the test's own array stays as it was."""
    x = np.zeros(3)
    call = make_student(sandbox, "def f(x):\n    x += 1\n    return x.sum()").run("f", x)
    assert (call.result, list(call.arguments[0]), x.sum()) == (3.0, [1.0, 1.0, 1.0], 0.0)


def test_raises(sandbox: Sandbox) -> None:
    """A subclass of the exception will do; another exception is the student's fault; a value is a mismatch."""
    student = make_student(sandbox, "def f(x):\n    if x: raise [None, ValueError, UnicodeError, KeyError][x]('no')\n    return 5")
    for number in (1, 2):
        student.raises(ValueError, "f", number)
    with pytest.raises(StudentFault, match=r"^`f` raised KeyError: 'no'"):
        student.raises(ValueError, "f", 3)
    with pytest.raises(Mismatch) as caught:
        student.raises(ValueError, "f", 0)
    assert (caught.value.sentence, caught.value.got) == ("`f` should raise ValueError here.", "returned(5)")


def test_last_call(sandbox: Sandbox) -> None:
    """The report can say what was called, arrays by their shape; of a probe its docstring."""
    student = make_student(sandbox, "def f(x, axis=0): return x")
    student.f(np.zeros((3, 4)), axis=1)
    assert student.last_call == "f(<array (3, 4) float64>, axis=1)"
    assert student.probe.twice(4) == 4
    assert student.last_call == "f(f(x))"


def test_a_cell_in_the_damaged_part(sandbox: Sandbox) -> None:
    """Whoever handed in a damaged file did not delete the cell that is missing; one that could be read is as in any other file."""
    student = make_student(sandbox, "", "def g(x): return x", damaged=True)
    assert fault(student, 1).sentence == "`f` is not defined in the notebook: was it renamed, or its cell deleted?"
    student = Student(Replay(sandbox, [Cell("c1", "def g(x): return x")], damaged=True), "f", 1)
    found = fault(student, 1)
    assert (found.outcome, found.sentence) == (
        Outcome.MISSING,
        "`f` is not defined: the file is cut off or damaged, and the cell is not in what could be read of it. "
        "Look into the file, and hand it in again when it opens in Jupyter.",
    )


FILES = {
    "helper.py": "import numpy as np\n\ndef biggest(x):\n    return np.linalg.svd(x)[1]\n\ndef broken(x):\n    return x / 0\n",
    "words.txt.py": "",
}


@pytest.mark.parametrize("again", [False, True])
def test_files_beside_the_notebook(sandbox: Sandbox, tmp_path: Path, again: bool) -> None:
    """What lies beside the notebook can be imported, in every session; what the assignment ships stays as it is."""
    (tmp_path / "shipped.py").write_text("value = 1")
    files = {**FILES, "shipped.py": "value = 2"}
    source = "import shipped\nfrom helper import broken\ndef f(x): return x + shipped.value"
    student = make_student(sandbox, source, files=[tmp_path / "shipped.py"], own_files=files)
    if again:
        student.forget()
    assert student.f(1) == 2


def test_an_error_in_a_file_beside_the_notebook(sandbox: Sandbox) -> None:
    """The line in the cell is told, as with any library."""
    student = make_student(sandbox, "from helper import broken\ndef f(x):\n    return broken(x)", own_files=FILES)
    assert fault(student, 1).sentence == "`f` raised ZeroDivisionError: division by zero (in line 3 of the cell `f`, `return broken(x)`)."


@pytest.mark.parametrize("source", ["from helper import biggest as f", "import helper\nf = helper.biggest"])
def test_a_shortcut_in_a_file_beside_the_notebook(sandbox: Sandbox, source: str) -> None:
    """What an exercise forbids is noticed there too, whether a test calls the function or a probe."""
    student = make_student(sandbox, source, own_files=FILES, forbidden=["numpy.linalg.svd"])
    for ask in (student.f, student.probe.twice):
        with pytest.raises(StudentFault, match=r"uses the library's `numpy\.linalg\.svd`"):
            ask(np.ones((2, 2)))


def test_a_shortcut_that_no_test_reaches_in_a_file_beside(sandbox: Sandbox) -> None:
    """It is told where it stands."""
    source = "from helper import biggest\ndef f(x):\n    return biggest(x) if x is None else x"
    student = make_student(sandbox, source, own_files=FILES, forbidden=["numpy.linalg.svd"])
    assert " in line 4 of the file `helper.py`." in fault(student, 1).sentence


def test_faults_in_a_probe(sandbox: Sandbox) -> None:
    """In a probe the missing name and the student's line are said; what does not fit the exercise is said as such."""
    with pytest.raises(StudentFault, match=r"^`f` is not defined in the notebook"):
        make_student(sandbox, "g = 1").probe.twice(1)
    with pytest.raises(
        StudentFault,
        match=r"^Your code raised ZeroDivisionError: division by zero \(in line 1 of the cell `f`, `def f\(x\): return 1 / 0`\)\.$",
    ):
        make_student(sandbox, "def f(x): return 1 / 0").probe.twice(1)
    with pytest.raises(StudentFault) as caught:
        make_student(sandbox, "def f(x): return x").probe.broken()
    assert caught.value.sentence == (
        "What your function returned, or how it can be called, does not fit what the exercise asks: "
        "AttributeError: 'int' object has no attribute 'nothing'."
    )
    with pytest.raises(CourseError, match=r"^probes\.py has no function nothing$"):
        make_student(sandbox, "def f(x): return x").probe.nothing()


def test_the_seed_is_set_before_each_call(sandbox: Sandbox) -> None:
    """A function that draws random numbers draws the same in every grading of the same submission."""
    source = "import random\nimport numpy as np\ndef f(): return random.random(), np.random.rand()"
    student = make_student(sandbox, source)
    assert student.f() == student.f() == make_student(sandbox, source).f()


class Forger:
    """A session that answers whatever a hostile child could make `wire` let through."""

    alive = True

    def __init__(self, reply: dict[str, Any]) -> None:
        self._reply = reply

    def call(self, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """The forged reply."""
        return self._reply

    probe = call


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"status": "ok"},
        {"status": np.zeros(3)},
        {"status": ["ok"]},
        {"status": "raised", "types": np.zeros(3), "message": np.zeros(3), "cell": np.zeros(3), "line": np.zeros(3), "source": np.zeros(3)},
        {"status": "raised", "types": [np.zeros(3)], "line": "7", "cell": "x" * 10},
        {"status": "missing", "name": np.zeros(3)},
        {"status": "signature", "message": None},
        {"status": "ok", "value": 1, "arguments": 5},
        {"status": "ok", "value": 1, "arguments": (1, 2, 3)},
    ],
)
def test_forged_replies(reply: dict[str, Any], sandbox: Sandbox) -> None:
    """A reply that no honest child sends is the student's fault, never the course's, so that it earns no second look."""
    replay = Replay(sandbox, [], _session=Forger(reply))  # type: ignore[arg-type]
    with pytest.raises(StudentFault):
        Student(replay, "f", 1).run("f", 1)


def _in_place() -> torch.Tensor:
    x = torch.ones(2, requires_grad=True).exp()
    y = x * x
    x += 1
    return y.sum()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        pytest.param(_in_place, "changed in place, by `+=`", id="in-place"),
        pytest.param(lambda: torch.ones(2, requires_grad=True).detach().sum(), "cut the way back", id="cut"),
    ],
)
def test_what_autograd_says_is_said_in_words(result: Callable[[], torch.Tensor], words: str, sandbox: Sandbox) -> None:
    """What PyTorch says of a path that it can't go back becomes a sentence that a student can act upon."""
    with pytest.raises(RuntimeError) as raised:
        result().backward()
    reply = {"status": "raised", "types": ["RuntimeError"], "message": str(raised.value)}
    replay = Replay(sandbox, [], probes=PROBES, _session=Forger(reply))  # type: ignore[arg-type]
    with pytest.raises(StudentFault, match=r"^Autograd could not go back through your code: ") as caught:
        Student(replay, "f", 1).probe.twice(1)
    assert words in caught.value.sentence


def test_files_of_one_session_are_gone_in_the_next(sandbox: Sandbox, tmp_path: Path) -> None:
    """What one submission wrote beside its notebook, the next does not find."""
    source = "import os\ndef f():\n    open('left', 'w').close(); return sorted(os.listdir())"
    assert "left" in make_student(sandbox, source).f()
    assert make_student(sandbox, "import os\ndef f(): return os.path.exists('left')").f() is False
