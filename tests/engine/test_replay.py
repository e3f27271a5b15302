"""The replay of a notebook: outputs like Jupyter's, and a cell that misbehaves costs only itself."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder import replay as replay_module
from autograder.model import Cell
from autograder.outputs import OutputRoom
from autograder.replay import Budget, Replay
from autograder.sandbox.host import Sandbox
from autograder.wire import Opaque

Run = Callable[..., Replay]
BUDGET = Budget(cell_seconds=1.0, call_seconds=1.0)
#: What Python raises for a null byte in source code, since 3.11.4 and before.
NULL_BYTE = SyntaxError if sys.version_info >= (3, 11, 4) else ValueError


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """Runs cells in a fresh session and checks that the outputs are valid nbformat."""

    def run(*sources: str, files: tuple[Path, ...] = (), budget: Budget = BUDGET, exercises: frozenset[str] = frozenset()) -> Replay:
        cells = [Cell(f"c{i}", source) for i, source in enumerate(sources)]
        replay = Replay(sandbox, cells, files, budget=budget, exercises=exercises)
        replay.run()
        cells = [new_code_cell(outputs=[nbformat.from_dict(output) for output in outputs]) for outputs in replay.outputs.values()]
        nbformat.validate(new_notebook(cells=cells))
        return replay

    return run


def texts(replay: Replay, name: str = "c0") -> list[str]:
    """What a reader sees under a cell."""
    return [output.get("text") or output.get("evalue") or output["data"]["text/plain"] for output in replay.outputs[name]]


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("1 + 1", ["2"]),
        ("1 + 1;", []),
        ("x = 5", []),
        ("print('a'); print('b'); 5", ["a\nb\n", "5"]),
        ("display([1]); 2", ["[1]", "2"]),
        ("!echo hello", ["hello\n"]),
        ("out = !echo hello\nout[0]", ["'hello'"]),
        ("import os; _ = os.system('echo direct')", ["direct\n"]),
        ("%%capture out\nprint('hidden')", []),
        ("import asyncio\nawait asyncio.sleep(0)\n7", ["7"]),
        ("import asyncio\nasync def f():\n    return 8\nawait f()", ["8"]),
        ("import numpy as np\nnp.arange(3)", ["array([0, 1, 2])"]),
        ("print('é ∂ 漢')", ["é ∂ 漢\n"]),
        ("print('a', end='')\nprint('b')", ["ab\n"]),
        ("h = display(1, display_id=True); h.update(2)", ["2"]),
        ("print(1); from IPython.display import clear_output; clear_output(); print(2)", ["2\n"]),
        ("import logging; logging.warning('low')", ["WARNING:root:low\n"]),
        ("__name__", ["'__main__'"]),
        ("class A:\n    def _repr_html_(self): 1 / 0\nA();", []),
        ('text = """\n%time\n!echo no\nlen?\n"""\ntext', ["'\\n%time\\n!echo no\\nlen?\\n'"]),
        ("def f():\n    out = !echo inside\n    return out[0]\nf()", ["'inside'"]),
        ("    x = 3\n    x", ["3"]),
    ],
)
def test_outputs(run: Run, source: str, seen: list[str]) -> None:
    """What a cell prints, shows and evaluates to appears as in Jupyter."""
    assert texts(run(source)) == seen


def test_a_transformer_of_the_students_own_sees_every_cell(run: Run) -> None:
    """What is put in IPython's list of token transformers is asked about valid Python, too."""
    add = """from IPython.core.inputtransformer2 import TokenTransformBase
class Change(TokenTransformBase):
    @classmethod
    def find(cls, tokens_by_line):
        return cls((1, 0)) if tokens_by_line and tokens_by_line[0][0].string == 'five' else None
    def transform(self, lines):
        return ['5' + lines[0][4:], *lines[1:]]
get_ipython().input_transformer_manager.token_transformers.append(Change)"""
    assert texts(run(add, "five"), "c1") == ["5"]


def test_streams_and_warnings(run: Run) -> None:
    """Standard error and warnings are kept apart from standard output, without a path of this machine."""
    outputs = run("import sys, warnings\nprint('out')\nprint('err', file=sys.stderr)\nwarnings.warn('careful')").outputs["c0"]
    assert [output["name"] for output in outputs] == ["stdout", "stderr"]
    assert outputs[1]["text"] == "err\n<cell c0>:4: UserWarning: careful\n  warnings.warn('careful')\n"


def test_html_is_not_shown(run: Run) -> None:
    """Of a rich value its text and its picture are kept; where there is neither, the page says what is missing."""
    replay = run(
        "from IPython.display import HTML, Javascript\nHTML('<b>x</b>')", "display({'text/html': '<b>'}, raw=True)", "Javascript('x')"
    )
    assert replay.outputs["c0"][0]["data"] == {"text/plain": "<IPython.core.display.HTML object>"}
    assert replay.outputs["c1"][0]["data"] == {"text/plain": "(not shown here: text/html)"}
    assert "<b>" not in str(replay.outputs)
    assert "application/javascript" not in str(replay.outputs)


@pytest.mark.parametrize(
    "magic",
    [
        "",
        "%matplotlib inline\n",
        "%matplotlib widget\n",
        "%matplotlib qt\n",
        "import matplotlib\nmatplotlib.use('Agg')\n%matplotlib inline\n",
    ],
)
def test_figures(run: Run, magic: str) -> None:
    """A figure is a picture, with `%matplotlib inline` and without, shown or left at the end of the cell."""
    for end in ("plt.show()", "None"):
        replay = run(f"{magic}import matplotlib.pyplot as plt\nplt.plot([1, 2])\n{end}")
        pictures = [output["data"]["image/png"] for output in replay.outputs["c0"]]
        assert [picture[:6] for picture in pictures] == ["iVBORw"]
        assert replay.errors == {}


def test_timeit(run: Run) -> None:
    """`%timeit` prints its line."""
    assert "per loop" in texts(run("%timeit -n1 -r1 1 + 1"))[0]


def test_errors(run: Run) -> None:
    """An error has a traceback of the student's own lines, and the line of the cell in which it arose."""
    replay = run("def f():\n    return 1 / 0\nf()", "x = 1\nx +", "undefined")
    output = replay.outputs["c0"][0]
    assert (output["ename"], output["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert "----> 2     return 1 / 0" in "\n".join(output["traceback"])
    assert {name: error.sentence() for name, error in replay.errors.items()} == {
        "c0": "ZeroDivisionError: division by zero (line 2 of the cell)",
        "c1": "SyntaxError: invalid syntax (line 2 of the cell)",
        "c2": "NameError: name 'undefined' is not defined (line 1 of the cell)",
    }


def test_errors_show_no_path(run: Run) -> None:
    """A traceback through a library and the name of the working folder show nothing of this machine."""
    replay = run("import json\njson.loads('[')", "import os; print(os.getcwd()); open('/nowhere')", "import numpy; print(numpy.__file__)")
    everything = str(replay.outputs) + str(replay.errors)
    assert "<python>" in everything or "json/decoder.py" in everything
    for secret in (str(Path(np.__file__).parents[1]), str(Path.cwd()), "site-packages/autograder"):
        assert secret not in everything


def test_input_fails_cleanly(run: Run) -> None:
    """Nobody is there to answer: `input` is an error at once, not a wait."""
    replay = run("input('name? ')", "1")
    assert replay.errors["c0"].name in ("EOFError", "StdinNotImplementedError")
    assert texts(replay, "c1") == ["1"]


def test_files_lie_beside_the_notebook(run: Run, tmp_path: Path) -> None:
    """Data files are found by their name; what is written to them is gone in the next session."""
    (tmp_path / "words.csv").write_text("a,b")
    for _ in range(2):
        assert texts(run("print(open('words.csv').read())\nopen('words.csv', 'w').write('x');", files=(tmp_path / "words.csv",))) == [
            "a,b\n"
        ]
    assert (tmp_path / "words.csv").read_text() == "a,b"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param("while True: pass", "Timeout: the cell did not finish within 1 s: does a loop never end?", id="loop"),
        pytest.param(
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            "Timeout: the cell did not finish",
            id="loop-that-catches-all",
        ),
        pytest.param(
            "import signal, time\nfor s in (2, 14, 15): signal.signal(s, signal.SIG_IGN)\ntime.sleep(60)",
            "Timeout: the cell did",
            id="deaf",
        ),
        pytest.param("import os; os._exit(0)", "Crash: the cell ended the whole process", id="exit"),
        pytest.param("import ctypes; ctypes.string_at(0)", "Crash: the cell ended the whole process", id="segfault"),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "Crash: the cell ended the whole process", id="kills-itself"
        ),
        pytest.param(
            "import os\nfor fd in range(3, 64):\n    try: os.close(fd)\n    except OSError: pass",
            "Crash: the cell ended the whole",
            id="closes-everything",
        ),
        pytest.param("quit_now = 1\nimport sys; sys.exit(3)", "SystemExit: 3", id="sys-exit"),
        pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="interrupt"),
        pytest.param("class Crash(Exception): pass\nraise Crash('mine')", "Crash: mine (line 2 of the cell)", id="exception-named-crash"),
        pytest.param("held = bytearray(64 << 30)", "MemoryError", id="memory"),
        pytest.param("x = '\x00'", f"{NULL_BYTE.__name__}: source code string cannot contain null bytes", id="null-byte"),
        pytest.param(
            "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\nraise ValueError('t')",
            "ValueError: t",
            id="thread",
        ),
    ],
)
def test_a_cell_costs_only_itself(run: Run, source: str, error: str) -> None:
    """Whatever one cell does, the cells before and after it have their outputs and names."""
    replay = run("a = 1\na", source, "a + 1")
    assert replay.errors["c1"].sentence().startswith(error)
    assert list(replay.errors) == ["c1"]
    assert (texts(replay, "c0"), texts(replay, "c2")) == (["1"], ["2"])
    assert list(replay.outputs) == ["c0", "c1", "c2"]


def test_a_stop_costs_no_quick_cell(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no time left to run slow cells again, quick ones are: the exercises are among these."""
    monkeypatch.setattr(replay_module, "REPEATS_OF_SLOW_CELLS", 0)
    replay = run("import time\ntime.sleep(1.2)", "a = 1", "while True: pass", "a + 1", budget=Budget(cell_seconds=2.0))
    assert list(replay.errors) == ["c2", "c0"]
    assert "together took too long" in replay.errors["c0"].sentence()
    assert texts(replay, "c3") == ["2"]


def test_an_exercise_is_no_slow_cell(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exercise's cell that takes long is run again as long as there is time for quick ones."""
    monkeypatch.setattr(replay_module, "REPEATS_OF_SLOW_CELLS", 0)
    replay = run(
        "import time\ntime.sleep(1.2)\na = 1", "while True: pass", "a", budget=Budget(cell_seconds=2.0), exercises=frozenset({"c0"})
    )
    assert list(replay.errors) == ["c1"]
    assert texts(replay, "c2") == ["1"]


def test_an_exercise_has_some_time_of_its_own(run: Run) -> None:
    """Cells above that used up the notebook's time leave an exercise's cell some seconds; another cell is told why it has less."""
    slow, budget = "import time\ntime.sleep(1.2)\n7", Budget(notebook_seconds=1.0)
    replay = run(slow, slow, slow, budget=budget, exercises=frozenset({"c1"}))
    assert list(replay.errors) == ["c0", "c2"]
    assert replay.errors["c2"].message == "the cell did not finish within 0.5 s, what was left of the 1 s that a notebook has"
    assert texts(replay, "c1") == ["7"]


def test_what_a_cell_showed_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that is left out when the cells run again keeps on the page what it showed the first time."""
    monkeypatch.setattr(replay_module, "REPEATS_OF_SLOW_CELLS", 0)
    replay = run("import time\ntime.sleep(1.2)\n'shown'", "while True: pass", budget=Budget(cell_seconds=2.0))
    assert list(replay.errors) == ["c1", "c0"]
    assert texts(replay, "c0") == ["'shown'"]


@pytest.mark.parametrize("word", ["exit", "exit()", "quit()"])
def test_exit_ends_nothing(run: Run, word: str) -> None:
    """Who ends the notebook in its middle is graded for all of it."""
    replay = run(word, "1")
    assert (replay.errors, texts(replay, "c1")) == ({}, ["1"])


def test_the_process_ends_with_the_cell_that_asked_for_it(run: Run) -> None:
    """A cell that has Python end at the next compilation is the one that stopped, and not the cell below."""
    replay = run("import os, sys\nsys.addaudithook(lambda event, _: os._exit(3) if event == 'compile' else None)", "1", "2")
    assert list(replay.errors) == ["c0"]
    assert (texts(replay, "c1"), texts(replay, "c2")) == (["1"], ["2"])


def test_an_exception_named_crash_keeps_its_names(run: Run) -> None:
    """What a cell defined before an exception of that name is still there after another cell forced a new session."""
    assert texts(run("class Crash(Exception): pass\nkept = 5\nraise Crash()", "import os; os._exit(1)", "kept"), "c2") == ["5"]


@pytest.mark.slow
def test_endless_recursion(run: Run) -> None:
    """A thousand frames make an error, and the page shows some of them, not all."""
    replay = run("def f(n):\n    return f(n + 1)\nf(0)", "2", budget=Budget(cell_seconds=15))
    assert replay.errors["c0"].sentence() == "RecursionError: maximum recursion depth exceeded (line 2 of the cell)"
    assert len(str(replay.outputs["c0"])) < 20_000


def test_output_is_cut(run: Run) -> None:
    """A flood of output is cut at the limit of the notebook, and the cell is no error."""
    replay = run("for _ in range(3000): print('x' * 1000)", "7")
    assert len(texts(replay)[0]) < 250_000
    assert texts(replay)[0].endswith("… output cut here: the limit for one notebook is reached …\n")
    assert replay.errors == {}


def test_the_number_of_outputs_is_cut(run: Run) -> None:
    """Letters that go here and there in turn, or values shown one by one, are kept up to a number, and a sentence says so."""
    for piece in ("sys.stdout.write('a'); sys.stderr.write('b')", "display(1)"):
        replay = run(f"import sys\nfor _ in range(60_000 if 'write' in {piece!r} else 2_000): {piece}", budget=Budget(cell_seconds=20))
        assert 500 < len(replay.outputs["c0"]) < 1100
        assert texts(replay)[-1].endswith("… output cut here: the limit for one notebook is reached …\n")
        assert replay.errors == {}


def test_a_long_value_leaves_room_for_others(run: Run) -> None:
    """A value longer than what may be shown is named, and what comes after it is shown."""
    assert texts(run("'x' * 500_000", "7"), "c0") == ["… an output was too large to keep …\n"]
    assert texts(run("'x' * 500_000", "7"), "c1") == ["7"]


@pytest.mark.parametrize(
    "forged",
    [
        "{'output_type': 'stream', 'name': 'stdout', 'text': '\\x1b[m' * 1_000_000}",
        "*[{'output_type': 'stream', 'name': 'stdout', 'text': 'x'}] * 20_000",
        "*[{'output_type': 'execute_result', 'data': {'text/plain': 'x' * 50_000}}] * 10",
        "{'output_type': 'error', 'ename': 'E', 'evalue': 'e', 'traceback': [''] * 350_000}",
    ],
)
def test_forged_outputs_are_held_to_the_limit(run: Run, forged: str) -> None:
    """A cell that puts outputs beside its recorder shows no more than one that prints."""
    replay = run(f"get_ipython().recorder.outputs += [{forged}]", "7")
    outputs = [output for name in ("c0", "c1") for output in replay.outputs[name]]
    assert len(outputs) <= 1250
    assert sum(len(str(output)) for output in outputs) < 1_000_000
    assert sum(len(line) for output in outputs for line in (output.get("text", ""), *output.get("traceback", ()))) <= 250_000


@pytest.mark.slow
def test_the_notebook_has_a_deadline(run: Run) -> None:
    """When the time of all cells together is used up, each of the rest gets half a second."""
    replay = run(*["import time; time.sleep(0.7)"] * 3, budget=Budget(cell_seconds=20, notebook_seconds=0.8))
    assert replay.errors["c2"].message == "the cell did not finish within 0.5 s, what was left of the 0.8 s that a notebook has"


@pytest.mark.parametrize(
    "forged",
    [
        None,
        5,
        {"output_type": "stream"},
        [None, 5, "stream"],
        [{"output_type": "update_display_data"}],
        [{"output_type": np.zeros(3)}],
        [{"output_type": ["stream"]}],
        [{"output_type": Opaque("stream")}],
        [{b"output_type": "stream"}],
    ],
)
def test_forged_outputs_are_dropped(forged: Any) -> None:
    """A child that answers with something that is no output adds nothing to the notebook."""
    assert OutputRoom().take(forged) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"output_type": "stream", "name": np.zeros(3), "text": np.zeros(3)},
        {"output_type": "stream", "name": "../../x", "text": None, "extra": 1},
        {"output_type": "error", "ename": None, "evalue": {}, "traceback": "text"},
        {"output_type": "error", "traceback": [1, None, [2]]},
        {"output_type": "display_data", "data": {1: "a", "image/png": b"x", "text/html": ["a"]}, "metadata": {"a": 1}},
        {"output_type": "execute_result", "data": np.zeros(3), "metadata": None, "execution_count": "x"},
    ],
)
def test_forged_outputs_become_valid(forged: Any) -> None:
    """An output with wrong fields is brought into nbformat's form."""
    outputs = OutputRoom().take([forged])
    nbformat.validate(new_notebook(cells=[new_code_cell(outputs=[nbformat.from_dict(output) for output in outputs])]))
    assert len(outputs) == 1
