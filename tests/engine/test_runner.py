"""The suite runner behind its worker: a fault costs one exercise, the same submission gets the same report, nothing is left behind."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.errors import CourseError, MachineError
from autograder.model import Job, Materials, Outcome, Report
from autograder.pool import Pool
from autograder.runner import Suite, run_suite
from autograder.sandbox.host import Sandbox
from autograder.suite import graded
from tests.engine.conftest import GOOD, LINEAR, MANIFEST, POINTS, TWICE, SuiteWorker, by_exercise, make_job, make_suite, without_times

pytestmark = pytest.mark.slow


def marks(report: Report) -> dict[str, tuple[float | None, str]]:
    """Points and outcome of each exercise."""
    return {name: (exercise.points, str(exercise.outcome)) for name, exercise in by_exercise(report).items()}


def descendants(pid: int) -> Iterator[int]:
    """The processes below a process."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_full_marks(worker: SuiteWorker) -> None:
    """A right submission earns everything, and its outputs come with the report."""
    report = worker.grade(make_job({"shown": "linear(np.eye(2), np.eye(2))"}))
    assert marks(report) == {"linear": (8, "passed"), "twice": (4, "passed")}
    assert report.outputs["shown"][0]["data"]["text/plain"] == "array([[1., 0.],\n       [0., 1.]])"


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        pytest.param("def linear(x, w):\n    raise NotImplementedError()", (0, "failed"), id="not-written"),
        pytest.param("def linear(x, w): pass", (0, "failed"), id="no-return"),
        pytest.param("def linear(x, w): return np.zeros((x.shape[0], w.shape[1]))", (0, "failed"), id="zeros-earn-nothing"),
        pytest.param("def linear(x, w):\n    x += 0; x -= 1; return (x + 1) @ w", (6, "partial"), id="changes-its-argument"),
        pytest.param("def linear(x, w): return (x @ w).astype('i1')", (4, "partial"), id="overflows"),
        pytest.param("def linear(x, w): return x @ w if x.size == 1 else x @ x", (2, "partial"), id="raises-sometimes"),
        pytest.param("def linear(x, w):\n    while x.size > 1: pass\n    return x @ w", (0, "timeout"), id="hangs"),
        pytest.param("import os\ndef linear(x, w): os._exit(0)", (0, "crashed"), id="exits"),
        pytest.param("import ctypes\ndef linear(x, w): ctypes.string_at(0)", (0, "crashed"), id="segfaults"),
        pytest.param("def linear(x, w): return bytearray(64 << 30)", (0, "failed"), id="floods-memory"),
        pytest.param("def linear(x, w):\n    while True: print('x' * 10_000)", (0, "timeout"), id="floods-output"),
        pytest.param("def linear(x, w): return linear(x, w)", (0, "failed"), id="recurses"),
        pytest.param("def linear(x, w): raise BaseException", (0, "failed"), id="raises-base-exception"),
        pytest.param("def linear(x, w): raise KeyboardInterrupt", (0, "failed"), id="raises-interrupt"),
        pytest.param("def linear(x, w): raise SystemExit(0)", (0, "failed"), id="raises-exit"),
        pytest.param(
            "class A:\n    def __eq__(s, o): return True\n    def __array__(s, *a, **k): return 1/0\ndef linear(x, w): return A()",
            (0, "failed"),
            id="liar",
        ),
        pytest.param("def linear(x, w): return 2 ** 1100", (0, "failed"), id="huge-number"),
        pytest.param("def linear(x, w): return np.zeros(1 << 28)", (0, "failed"), id="huge-array"),
        pytest.param("def other(x, w): return x @ w", (0, "missing"), id="renamed"),
        pytest.param("def linear(x, w)\n    return x @ w", (0, "missing"), id="syntax-error"),
        pytest.param("while True: pass", (0, "missing"), id="cell-hangs"),
        pytest.param("import os; os._exit(0)", (0, "missing"), id="cell-exits"),
        pytest.param(
            "import warnings\ndef linear(x, w):\n    warnings.warn('w'); print('p'); return x @ w", (8, "passed"), id="prints-and-warns"
        ),
        pytest.param(
            "import numpy.testing as t\nt.assert_allclose = print\ndef linear(x, w): return x @ w + 1", (0, "failed"), id="patches-numpy"
        ),
        pytest.param(
            "import builtins\nbuiltins.open = builtins.len = None\ndef linear(x, w): return x @ w", (0, "missing"), id="breaks-builtins"
        ),
    ],
)
def test_a_fault_costs_one_exercise(worker: SuiteWorker, code: str, mark: tuple[float, str]) -> None:
    """Whatever one function or cell does, the other exercise keeps its points."""
    assert marks(worker.grade(make_job({"linear": code}))) == {"linear": mark, "twice": (4, "passed")}


def test_tests_after_a_hang_are_not_run(worker: SuiteWorker) -> None:
    """After a hang the rest of the exercise is not waited for, and says so."""
    begin = time.monotonic()
    tests = by_exercise(worker.grade(make_job({"linear": "def linear(x, w):\n    while True: pass"})))["linear"].tests
    assert time.monotonic() - begin < 3
    assert [str(test.outcome) for test in tests] == ["timeout", "failed", "failed"]
    assert tests[1].failure is not None
    assert tests[1].failure.sentence == "Not run: in «The output is x @ w.» the exercise had stopped already."


def test_nothing_is_left_of_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of one that was killed, nor of the next one, which ends as it should."""
    suite, temporary = make_suite(tmp_path / "01-tiny"), tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with SuiteWorker(suite) as worker:
        worker.grade(make_job())
        (folder,) = temporary.iterdir()
        assert list(folder.iterdir()), "the sandbox has its folder elsewhere"
        worker._process.kill()
        assert by_exercise(worker.grade(make_job()))["twice"].outcome is Outcome.PASSED
        assert folder not in temporary.iterdir()
    assert not list(temporary.iterdir())


def test_calls_that_take_long_together(tmp_path: Path) -> None:
    """Each call keeps to its limit, but an exercise has one for all of them: what comes after it is not run."""
    suite = make_suite(tmp_path / "01-tiny", manifest=MANIFEST + "exercise_seconds = 0.5\n")
    with SuiteWorker(suite) as worker:
        reports = by_exercise(worker.grade(make_job({"linear": "import time\ndef linear(x, w):\n    time.sleep(0.3)\n    return x @ w"})))
    assert [str(test.outcome) for test in reports["linear"].tests] == ["passed", "passed", "timeout"]
    assert "took the 0.5 s that an exercise has" in reports["linear"].tests[2].failure.sentence
    assert reports["twice"].outcome is Outcome.PASSED


def test_a_submission_has_an_end(tmp_path: Path) -> None:
    """Exercises that each keep to their limits must not take for ever together: after a time no more tests begin."""
    suite = make_suite(tmp_path / "01-tiny", manifest=MANIFEST + "submission_seconds = 0.6\n")
    with SuiteWorker(suite) as worker:
        reports = by_exercise(worker.grade(make_job({"linear": "import time\ndef linear(x, w):\n    time.sleep(0.7)\n    return x @ w"})))
    assert str(reports["twice"].outcome) == "timeout"
    assert "Not run: cells and tests together had taken the 0.01 minutes" in reports["twice"].tests[0].failure.sentence


WRAPPED = """
from functools import wraps
def with_bias(f):
    @wraps(f)
    def g(x, w):
        return f(x, w, 0.0)
    return g
@with_bias
def linear(x, w, b):
    return x @ w + b
"""


def test_a_decorator_that_gives_an_argument(worker: SuiteWorker) -> None:
    """What counts is what the decorated function takes, not what it wraps."""
    assert by_exercise(worker.grade(make_job({"linear": WRAPPED})))["linear"].points == POINTS["linear"]


SWITCHED = """
import numpy as np, torch
np.seterr(all="raise")
torch.set_grad_enabled(False)
torch.autograd.set_detect_anomaly(True)
torch.set_default_dtype(torch.float64)
def twice(x):
    return 2 * x
"""
ASKS = """
def linear(x, w):
    np.log(np.zeros(1))
    assert torch.is_grad_enabled() and not torch.is_anomaly_enabled() and torch.ones(1).dtype is torch.float32
    return x @ w
"""


def test_switches_of_a_later_cell(tmp_path: Path) -> None:
    """What a cell switched for the whole process is as it was before for the functions of other cells."""
    with SuiteWorker(make_suite(tmp_path / "01-tiny", manifest='modules = ["numpy", "torch"]\n')) as worker:
        reports = by_exercise(worker.grade(make_job({"linear": ASKS, "twice": SWITCHED})))
    assert {name: report.points for name, report in reports.items()} == POINTS


def test_a_failure_says_four_things(worker: SuiteWorker) -> None:
    """What was called, expected, got and a hint stand in the report of a wrong value."""
    failure = by_exercise(worker.grade(make_job({"twice": "def twice(x): return x"})))["twice"].tests[0].failure
    assert failure is not None
    assert failure.text() == "`the result` has the wrong value.\n".replace("`the result`", "The result") + (
        "called: twice(21)\nexpected: 42\ngot: 21\nhint: Add the number to itself."
    )


REVEALS = {"linear": "def linear(x, w): raise ValueError(repr(x.tolist()))"}


def revealed(report: Report) -> str:
    """The inputs of the first test, which the submission put into its error."""
    failure = by_exercise(report)["linear"].tests[0].failure
    assert failure is not None
    return failure.sentence


def test_inputs_follow_secret_and_student(worker: SuiteWorker) -> None:
    """The same secret and student give the same inputs; another secret or student gives others."""
    reports = [
        worker.grade(make_job(REVEALS, student=student, secret=secret))
        for student, secret in [("ada", "s"), ("ada", "s"), ("bo", "s"), ("ada", "t")]
    ]
    inputs = [revealed(report) for report in reports]
    assert inputs[0] == inputs[1]
    assert len(set(inputs)) == 3
    seeds = [report.provenance["seeds"] for report in reports]
    assert [seeds.index(seed) for seed in seeds] == [0, 0, 2, 3]


STATEFUL = {
    "imports": "import builtins, random, os, sys\nimport numpy as np",
    "linear": "def linear(x, w):\n    return x @ w + np.random.rand() * 1e-3 + random.random() * 1e-3",
    "twice": "calls = []\ndef twice(x):\n    calls.append(x)\n"
    "    here = sorted(os.listdir()), os.getcwd() == sys.path[0]\n"
    "    raise ValueError((calls, here, os.environ.get('LEFT'), sys.getrecursionlimit(), hasattr(builtins, 'left')))",
}
DIRTY = {
    "linear": "import os, sys, random, builtins\n"
    "open('left', 'w').close(); os.environ['LEFT'] = '1'; sys.setrecursionlimit(200); random.seed(5)\n"
    "np.random.seed(3); np.set_printoptions(precision=1); np.add = None; builtins.left = 1; os.chdir('/')\n"
    "def linear(x, w):\n    os._exit(1)",
    "twice": "import ctypes\ndef twice(x): ctypes.string_at(0)",
}


def test_reports_do_not_depend_on_what_came_before(worker: SuiteWorker) -> None:
    """After any other submission, and in any order, a submission gets the same report to the last digit."""
    jobs = [make_job(STATEFUL, student="ada"), make_job(DIRTY, student="eve"), make_job(REVEALS, student="bo"), make_job(student="cy")]
    first = [without_times(worker.grade(job)) for job in jobs]
    second = [without_times(worker.grade(job)) for job in reversed(jobs)][::-1]
    assert first == second


def test_two_workers_say_what_one_says(worker: SuiteWorker, tmp_path: Path) -> None:
    """A pool of two workers gives the reports of one."""
    jobs = [make_job(changes, student=name) for name, changes in [("ada", STATEFUL), ("eve", DIRTY), ("bo", REVEALS), ("cy", {})]]
    materials = Materials(make_suite(tmp_path / "01-tiny"))
    with Pool(2) as pool:
        futures = [pool.submit(job, materials) for job in jobs]
        reports = [without_times(future.result()) for future in futures]
    assert reports == [without_times(worker.grade(job)) for job in jobs]


def test_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After closing, no process that the worker or a submission started is alive, and no temporary folder is there."""
    (tmp_path / "t").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "t"))
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n    time.sleep(600)\n"
    daemon += "def linear(x, w): return x @ w"
    with SuiteWorker(make_suite(tmp_path / "01-tiny")) as worker:
        assert marks(worker.grade(make_job({"linear": daemon})))["linear"] == (8, "passed")
        started = [worker._process.pid, *descendants(worker._process.pid)]
        assert len(started) >= 2
    deadline = time.monotonic() + 5
    while any(map(is_alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in started if is_alive(pid)] == []
    assert list((tmp_path / "t").iterdir()) == []


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """A worker that is killed while it grades is replaced, and its job graded by the next."""
    slow = make_job({"linear": "import time\ntime.sleep(0.9)\ndef linear(x, w): return x @ w"})
    with SuiteWorker(make_suite(tmp_path / "01-tiny")) as worker:
        worker.grade(make_job())
        victim = worker._process.pid
        below = list(descendants(victim))
        killer = threading.Timer(0.4, os.kill, (victim, signal.SIGKILL))
        killer.start()
        assert marks(worker.grade(slow)) == {"linear": (8, "passed"), "twice": (4, "passed")}
        killer.join()
        assert worker._process.pid != victim
        assert [pid for pid in below if is_alive(pid)] == []


def test_a_job_that_kills_every_worker(tmp_path: Path) -> None:
    """When the grading process ends twice, the job is the machine's fault: ungradable, no points lost, and the next job is graded."""
    deadly = TWICE.replace("    assert_close(student.twice(21), 42)", "    import os\n    assert student.twice(21) != 43 or os._exit(9)")
    materials = Materials(make_suite(tmp_path / "01-tiny", {"twice": deadly}))
    with Pool(1) as pool:
        points = {"twice": 4.0}
        report = pool.submit(make_job({"twice": "def twice(x): return 43"}, points=points), materials).result()
        assert marks(report) == {"twice": (None, "ungradable")}
        assert report.exercises[0].message == "the grading process of 01-tiny ended 2 times on this submission (the process ended)"
        wrong = make_job({"twice": "def twice(x): return 1"}, points=points)
        assert by_exercise(pool.submit(wrong, materials).result())["twice"].points is not None


def course_fault(suite: Path, job: Job | None = None) -> str:
    """The `CourseError` that grading with a broken suite raises."""
    with SuiteWorker(suite) as worker, pytest.raises(CourseError) as caught:
        worker.grade(job or make_job())
    return str(caught.value)


def test_suites_that_do_not_collect(tmp_path: Path) -> None:
    """Every file that can't be collected is named with its reason, and every test without `@graded`."""
    syntax, missing = "def test_x(:\n", "import no_such_module_here\n"
    weight = 'from autograder.suite import graded\n@graded(stage="values")\ndef test_x():\n    """X."""\n'
    unmarked = 'def test_x():\n    """X."""\n'
    message = course_fault(make_suite(tmp_path / "01-tiny", {"a": syntax, "b": missing, "c": weight, "d": unmarked, "twice": TWICE}))
    for part in (
        "test_a.py could not be collected",
        "SyntaxError",
        "test_b.py could not be collected",
        "no_such_module_here",
        "test_c.py could not be",
    ):
        assert part in message
    assert "test_d.py::test_x has no @graded(…): say its stage and weight" in message


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("    assert student.twice(1) == 3, 'the suite is wrong'", "AssertionError: the suite is wrong", id="plain-assert"),
        pytest.param("    student.twice(1).shape", "AttributeError: 'int' object has no attribute 'shape'", id="exception"),
        pytest.param("    student.probe.nothing(1)", "CourseError: probes.py has no function nothing", id="unknown-probe"),
    ],
)
def test_a_test_that_fails_by_itself(tmp_path: Path, source: str, reason: str) -> None:
    """A plain assert or an exception in a test is the course's fault: the exercise is ungradable, the other one graded."""
    broken = TWICE.replace("    assert_close(student.twice(21), 42)", source)
    with SuiteWorker(make_suite(tmp_path / "01-tiny", {"linear": LINEAR, "twice": broken})) as worker:
        report = worker.grade(make_job())
    assert marks(report) == {"linear": (8, "passed"), "twice": (None, "ungradable")}
    assert by_exercise(report)["twice"].message.startswith(f"test_number: the test itself failed, which is the course's fault: {reason}")


def test_probes_that_do_not_load(tmp_path: Path) -> None:
    """A probes.py with an error is the course's fault; the message names the file."""
    message = course_fault(make_suite(tmp_path / "01-tiny", probes="import no_such_module_here\n"))
    assert message.startswith("the suite's probes.py could not be loaded into the sandbox: ")


SABOTAGE = """\
import builtins, os
honest = builtins.exec
def exec_but_no_probes(code, *rest):
    if getattr(code, "co_filename", "") == "<probes>": os._exit(1)
    return honest(code, *rest)
builtins.exec = exec_but_no_probes
def linear(x, w): return x @ w"""


def test_probes_that_a_student_sabotages(worker: SuiteWorker) -> None:
    """A submission that keeps a good probes.py from loading is at fault itself: no points, and nobody has to look."""
    report = worker.grade(make_job({"linear": SABOTAGE}))
    assert marks(report) == {"linear": (0, "crashed"), "twice": (0, "crashed")}
    failure = by_exercise(report)["twice"].tests[0].failure
    assert failure is not None
    assert failure.sentence == (
        "`twice` stopped the whole process instead of returning: a cell left Python in a state in which nothing more can be run."
    )


def test_an_unknown_exercise(worker: SuiteWorker) -> None:
    """An exercise that the suite has no test for is ungradable; nothing is lost elsewhere."""
    report = worker.grade(make_job(points=POINTS | {"new": 3.0}))
    assert marks(report)["new"] == (None, "ungradable")
    assert marks(report)["linear"] == (8, "passed")


def test_a_broken_suite_in_a_pool(tmp_path: Path) -> None:
    """A pool turns the fault of the course into ungradable reports, one for each job."""
    broken = Materials(make_suite(tmp_path / "01-tiny", {"linear": "1 / 0"}))
    with Pool(1) as pool:
        reports = [pool.submit(make_job(student=name), broken).result() for name in ("ada", "bo")]
    for report in reports:
        assert marks(report) == {"linear": (None, "ungradable"), "twice": (None, "ungradable")}
        assert "test_linear.py could not be collected" in report.notes[0]
        assert "ZeroDivisionError" in report.notes[0]


def test_one_worker_grades_several_suites(tmp_path: Path) -> None:
    """A worker goes from suite to suite, and back: a broken one, an empty one and files of the same name elsewhere change nothing."""
    good, broken = make_suite(tmp_path / "a" / "01-tiny"), make_suite(tmp_path / "b" / "01-tiny", {"linear": "1 / 0"})
    empty = make_suite(tmp_path / "c" / "01-tiny", {})
    other = make_suite(tmp_path / "d" / "01-tiny", {"linear": LINEAR.replace("x @ w)", "x @ w + 1)"), "twice": TWICE})
    expected = {
        good: {"linear": (8, "passed"), "twice": (4, "passed")},
        broken: {"linear": (None, "ungradable"), "twice": (None, "ungradable")},
        empty: {"linear": (None, "ungradable"), "twice": (None, "ungradable")},
        other: {"linear": (4, "partial"), "twice": (4, "passed")},
    }
    order = [good, broken, broken, good, good, empty, other, empty, good]
    with Pool(1) as pool:
        futures = [pool.submit(make_job(student=f"student-{number}"), Materials(suite)) for number, suite in enumerate(order)]
        for number, (suite, future) in enumerate(zip(order, futures, strict=True)):
            report = future.result()
            assert (report.student, marks(report)) == (f"student-{number}", expected[suite])


def test_data_files_reach_the_cells(tmp_path: Path) -> None:
    """The files given to a worker lie beside the notebook."""
    (tmp_path / "words.csv").write_text("21")
    reads = {"twice": "number = int(open('words.csv').read())\ndef twice(x): return 2 * x * number // 21"}
    with SuiteWorker(make_suite(tmp_path / "01-tiny"), [tmp_path / "words.csv"]) as worker:
        assert marks(worker.grade(make_job(reads)))["twice"] == (4, "passed")


def test_modules_that_do_not_import(tmp_path: Path) -> None:
    """A module in suite.toml that is not installed is told by its name."""
    suite = make_suite(tmp_path / "01-tiny", manifest='modules = ["no_such_module_here"]\n')
    with SuiteWorker(suite) as worker, pytest.raises((CourseError, MachineError), match="no_such_module_here"):
        worker.grade(make_job())


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "suite.toml is missing: every suite says there which modules its sandbox imports"),
        (
            "seconds = 5\n",
            r"suite\.toml: unknown settings seconds; known are modules, independent, \[forbidden\], call_seconds, cell_seconds",
        ),
        ("modules = [", "suite.toml"),
        ('cell_seconds = "long"\n', "suite.toml"),
        ('modules = "numpy"\n', "suite.toml"),
    ],
)
def test_manifests(tmp_path: Path, manifest: str | None, message: str) -> None:
    """A manifest that is missing, or says what nobody understands, is the course's fault; the message names the file."""
    suite = make_suite(tmp_path / "01-tiny", manifest=manifest or "")
    if manifest is None:
        (suite / "suite.toml").unlink()
    with pytest.raises(CourseError, match=message):
        Suite.read(suite)


def test_the_decorator_refuses_what_it_does_not_know() -> None:
    """An unknown stage, a weight that is no whole number from 1, and a test without a docstring are refused at once."""
    for keywords in (
        {"stage": "values"},
        {"stage": "value", "weight": 0},
        {"stage": "value", "weight": 1.5},
        {"stage": "value", "weight": True},
    ):
        with pytest.raises(CourseError, match="the stage is one of value, gradient, edge, contract, the weight a whole number from 1"):
            graded(**keywords)  # type: ignore[arg-type]
    with pytest.raises(CourseError, match="has no docstring: its first line is what the student reads"):
        graded(stage="value")(lambda student: None)


def test_the_report_says_how_it_was_made(worker: SuiteWorker) -> None:
    """Seeds, versions and the isolation that was active stand in the report; the secret does not."""
    report = worker.grade(make_job(secret="top-secret"))
    assert set(report.provenance) >= {"seeds", "versions", "isolation"}
    assert "numpy" in report.provenance["versions"]
    assert "top-secret" not in repr(report)
    assert report.exercises[0].outcome is Outcome.PASSED
    assert set(report.outputs) == set(GOOD)


@pytest.mark.parametrize("layers", [("none",), ("syscalls",), ("files", "user")])
def test_too_weak_a_machine_grades_nothing(tmp_path: Path, layers: tuple[str, ...]) -> None:
    """Below the level that the course demands no cell runs: the message says what there is, what is demanded, and where to turn to."""
    suite, reports = make_suite(tmp_path / "01-tiny"), []
    with Sandbox(("numpy",), layers=layers) as sandbox:
        assert sandbox.isolation.level in ("C", "D")
        materials = Materials(suite)
        with pytest.raises(CourseError, match=r"demands level B or better.*autograder doctor.*minimum_isolation"):
            run_suite(Suite.read(suite), materials, sandbox, [make_job()], reports.append)
        assert reports == []
        run_suite(Suite.read(suite), materials, sandbox, [make_job()], reports.append, minimum="D")
    assert marks(reports[0]) == {"linear": (8, "passed"), "twice": (4, "passed")}
