"""Runs a hidden suite with pytest over many submissions: collects once, then for each job emits a report.

The plugin's loop replaces pytest's own: it takes the next job, replays the notebook in the sandbox, runs every collected test
with the fixtures `student` and `rng` bound to that submission, and scores what pytest reports.
"""

import hashlib
import hmac
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from autograder.compare import Mismatch
from autograder.diagnosis import Diagnostician, Trace, Variants
from autograder.errors import AutograderError, CourseError, MachineError, SubmissionError
from autograder.model import ExerciseReport, Failure, Job, Materials, Outcome, Report, TestResult
from autograder.points import score
from autograder.replay import Budget, Replay
from autograder.sandbox.host import Sandbox
from autograder.sandbox.isolation import MINIMUM_LEVEL
from autograder.student import Student, StudentFault

__all__ = ["Suite", "run_suite"]

STOPS: Final = (Outcome.TIMEOUT, Outcome.CRASHED)
#: pytest's plugins that a suite does without: each has its part of every test.
WITHOUT: Final = ("cacheprovider", "terminal", "logging", "capture", "unraisableexception", "threadexception")
#: How the names of the exercises begin in which the student writes a test.
CHECK: Final = "check_"


@dataclass(frozen=True)
class Suite:
    """A suite folder, read: the modules that the sandbox warms up, the time limits, the probes' source, the forbidden routines.

    `independent` are functions whose arguments may be cut and rounded: a failure of theirs is shown on a smaller input.
    """

    folder: Path
    modules: tuple[str, ...]
    budget: Budget
    probes: str
    forbidden: Mapping[str, Sequence[str]]
    independent: Sequence[str] = ()

    @classmethod
    def read(cls, folder: Path) -> "Suite":
        """The suite in `folder`; raises `CourseError` when its manifest is missing or says what we don't know."""
        manifest = folder / "suite.toml"
        if not manifest.is_file():
            raise CourseError(f"{manifest} is missing: every suite says there which modules its sandbox imports")
        try:
            settings = tomllib.loads(manifest.read_text())
        except ValueError as error:
            raise CourseError(f"{manifest}: {error}") from None
        modules = settings.pop("modules", [])
        if type(modules) is not list or not all(type(name) is str for name in modules):
            raise CourseError(f"{manifest}: modules is a list of names, not {modules!r}")
        forbidden = settings.pop("forbidden", {})
        if type(forbidden) is not dict or not all(type(names) is list for names in forbidden.values()):
            raise CourseError(f'{manifest}: [forbidden] has a line for each exercise: a list of dotted names such as "torch.gru_cell"')
        independent = settings.pop("independent", [])
        if type(independent) is not list or not all(type(name) is str for name in independent):
            raise CourseError(f"{manifest}: independent is a list of functions' names, not {independent!r}")
        known = {field.name for field in fields(Budget)}
        if unknown := set(settings) - known:
            words = ", ".join(("modules", "independent", "[forbidden]", *sorted(known)))
            raise CourseError(f"{manifest}: unknown settings {', '.join(sorted(unknown))}; known are {words}")
        if wrong := [name for name, value in settings.items() if type(value) not in (int, float) or value <= 0]:
            raise CourseError(f"{manifest}: {', '.join(sorted(wrong))}: a number of seconds was expected")
        probes = folder / "probes.py"
        return cls(folder, tuple(modules), Budget(**settings), probes.read_text() if probes.is_file() else "", forbidden, independent)


def run_suite(
    suite: Suite, materials: Materials, sandbox: Sandbox, jobs: Iterable[Job], emit: Callable[[Report], None], minimum: str = MINIMUM_LEVEL
) -> None:
    """Grades each job as it comes and hands its report to `emit`; `sandbox` has imported the suite's modules.

    Raises `CourseError` when the suite can't be collected, or when this machine isolates less than the level `minimum`.
    """
    diagnostician = Diagnostician(suite.folder, materials.lesson, suite.probes) if materials.lesson else None
    plugin = _Plugin(suite, sandbox, jobs, emit, tuple(materials.files), diagnostician, minimum)
    options = [word for name in WITHOUT for word in ("-p", f"no:{name}")]
    where = [str(suite.folder), "-c", "/dev/null", f"--rootdir={suite.folder}", "--import-mode=importlib"]
    try:
        status = pytest.main([*where, *options], plugins=[plugin])
    finally:
        _forget_modules(suite.folder)
    if plugin.fault is not None:
        raise plugin.fault
    if plugin.trouble:
        raise CourseError("\n".join(plugin.trouble))
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise CourseError(f"pytest could not run the suite {suite.folder.name}: {pytest.ExitCode(status).name}")


class _Plugin:
    """pytest's hooks and fixtures for one suite."""

    def __init__(
        self,
        suite: Suite,
        sandbox: Sandbox,
        jobs: Iterable[Job],
        emit: Callable[[Report], None],
        files: tuple[Path, ...],
        diagnostician: Diagnostician | None,
        minimum: str,
    ) -> None:
        self.suite, self.sandbox, self.jobs, self.emit, self.files = suite, sandbox, jobs, emit, files
        self.diagnostician, self.minimum = diagnostician, minimum
        self.trouble: list[str] = []
        self.fault: AutograderError | None = None
        self.replay: Replay
        self.seeds: dict[str, int] = {}
        self.item: pytest.Item
        self.student_of_test: Student | None = None
        self.traces: list[Trace] = []
        self.shared: dict[str, Any] = {}
        self.result: TestResult | None = None
        self.stopped: TestResult | None = None
        self.spent = 0.0
        self.deadline = 0.0

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "graded(stage, weight, hint, seconds): a test of a hidden suite")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble.append(f"{report.nodeid} could not be collected:\n{report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        unmarked = [item.nodeid for item in session.items if item.get_closest_marker("graded") is None]
        self.trouble += [f"{name} has no @graded(…): say its stage and weight" for name in unmarked]
        if not self.trouble:
            exercises = _by_exercise(session.items)
            try:
                self._demand_isolation()
                for job in self.jobs:
                    self.emit(self._grade(job, exercises))
            except AutograderError as error:  # of which pytest would keep nothing but «INTERNAL_ERROR»
                self.fault = error
        return True

    def _demand_isolation(self) -> None:
        isolation = self.sandbox.isolation
        if not isolation.at_least(self.minimum):
            raise CourseError(
                f"this machine isolates students' code at {isolation.sentence()}; the course demands level {self.minimum} or better. "
                "`autograder doctor` says what is missing; c.GradeSubmission.minimum_isolation in nbgrader_config.py lowers the demand."
            )

    def _grade(self, job: Job, exercises: dict[str, list[pytest.Item]]) -> Report:
        self.replay = Replay(
            self.sandbox, job.cells, self.files, self.suite.probes, self.suite.budget, frozenset(job.points), job.files, job.damaged
        )
        self.seeds = {name: _seed(job, name) for name in job.points}
        self.deadline = time.monotonic() + self.suite.budget.submission_seconds
        try:
            self.replay.run()
            # A student's own tests are tried in sessions of their own, so they come last: the others share the first one.
            names = sorted(job.points, key=lambda name: name.startswith(CHECK))
            graded = {name: self._grade_exercise(name, job.points[name], exercises.get(name, [])) for name in names}
            reports = [graded[name] for name in job.points]
        finally:
            self.sandbox.end_session()
        return Report(job.student, job.assignment, reports, self.replay.outputs, provenance=self._provenance())

    def _grade_exercise(self, name: str, points: float, items: list[pytest.Item]) -> ExerciseReport:
        self.traces, self.shared, self.stopped, self.spent = [], {}, None, 0.0
        report = score(name, points, list(self._run_exercise(items)))
        if self.diagnostician is None or report.outcome not in (Outcome.FAILED, Outcome.PARTIAL):
            return report
        try:
            return self._diagnose(self.diagnostician, report)
        except MachineError:
            raise
        except Exception:  # the points stand: what a name can't be found for must not cost the report
            return report

    def _diagnose(self, diagnostician: Diagnostician, report: ExerciseReport) -> ExerciseReport:
        """The report with the mistake by its name, or with what a smaller input shows."""
        mistake = diagnostician.name(report.exercise, self.traces)
        if mistake is None:
            return replace(report, advice=self._smaller(diagnostician, report.exercise))
        return replace(report, mistake=mistake.id, advice=f"{mistake.name}. {mistake.hint}", message=f"{mistake.name}. {report.message}")

    def _smaller(self, diagnostician: Diagnostician, exercise: str) -> str | None:
        """What a smaller input shows, of the functions that the suite says can be tried on one."""
        traces = [trace for trace in self.traces if trace.name in self.suite.independent]
        student = Student(self.replay, exercise, self.seeds[exercise] % (1 << 31))
        return diagnostician.smaller(exercise, traces, student.call)

    def _run_exercise(self, items: list[pytest.Item]) -> Iterator[TestResult]:
        for item, following in zip_longest(items, items[1:]):
            self.item, self.result = item, None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            assert self.result is not None, "pytest reported nothing"
            traces = self.student_of_test.traces if self.student_of_test else []
            self.traces += traces
            self.spent += sum(trace.seconds for trace in traces)
            self.student_of_test = None
            if self.result.outcome in STOPS:
                self.stopped = self.stopped or self.result
            yield self.result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Judges the test; pytest's own report would show the lines of the test, which takes long and nobody reads."""
        assert call.when != "collect"
        error = call.excinfo.value if call.excinfo else None
        if call.when == "call" or error is not None:
            self.result = self._judge(item, call.duration, error)
        return pytest.TestReport(item.nodeid, item.location, {}, "failed" if error else "passed", None, call.when, duration=call.duration)

    def _judge(self, item: pytest.Item, seconds: float, error: BaseException | None) -> TestResult:
        if error is None:
            return _result(item, Outcome.PASSED, seconds, None)
        if isinstance(error, MachineError | KeyboardInterrupt):
            raise error
        if not isinstance(error, SubmissionError):
            failure = Failure(f"the test itself failed, which is the course's fault: {type(error).__name__}: {str(error)[:300]}")
            return _result(item, Outcome.UNGRADABLE, seconds, failure)
        hint = item.get_closest_marker("graded").kwargs["hint"] or None  # type: ignore[union-attr]
        called = self.student_of_test.last_call if self.student_of_test else None
        if isinstance(error, Mismatch):
            failure = Failure(error.sentence, called, error.expected, error.got, hint, error.rows)
            return _result(item, Outcome.FAILED, seconds, failure)
        outcome = error.outcome if isinstance(error, StudentFault) else Outcome.FAILED
        worth_showing = isinstance(error, StudentFault) and error.types and not error.is_unwritten
        return _result(item, outcome, seconds, Failure(str(error), called if worth_showing else None))

    @pytest.fixture
    def student(self) -> Student:
        """The submission that is being graded; after a hang or a crash, or much waiting, for the other exercises only."""
        if self.stopped is not None:
            raise StudentFault(f"Not run: in «{self.stopped.sentence}» the exercise had stopped already.")
        if self.spent > self.suite.budget.exercise_seconds:
            limit = self.suite.budget.exercise_seconds
            raise StudentFault(f"Not run: the tests before this one took the {limit:g} s that an exercise has.", Outcome.TIMEOUT)
        if time.monotonic() > self.deadline:
            limit = self.suite.budget.submission_seconds / 60
            raise StudentFault(f"Not run: cells and tests together had taken the {limit:g} minutes that a submission has.", Outcome.TIMEOUT)
        exercise = _exercise_of(self.item)
        seconds = self.item.get_closest_marker("graded").kwargs["seconds"]  # type: ignore[union-attr]
        self.student_of_test = Student(
            self.replay, exercise, self.seeds[exercise] % (1 << 31), seconds, self.suite.forbidden.get(exercise, ()), self.shared
        )
        return self.student_of_test

    @pytest.fixture
    def variants(self) -> Variants:
        """The cells of the lesson's exercises, right and wrong: what a student's own test is tried on."""
        if self.diagnostician is None:
            raise CourseError("the lesson's script is missing, and with it the cells to try a student's test on")
        return self.diagnostician.variants

    @pytest.fixture
    def rng(self) -> np.random.Generator:
        """A generator of its own for this student and this test."""
        name = hashlib.sha256(self.item.name.encode()).digest()[:8]
        return np.random.default_rng([self.seeds[_exercise_of(self.item)], int.from_bytes(name)])

    def _provenance(self) -> dict[str, str]:
        seeds = ", ".join(f"{name} {seed}" for name, seed in self.seeds.items())
        packages = ("transformer-course-autograder", "numpy", "pytest", *(m for m in self.suite.modules if m == "torch"))
        return {
            "seeds": seeds,
            "versions": ", ".join(f"{name} {_version(name)}" for name in packages),
            "isolation": self.sandbox.isolation.sentence(),
        }


@cache
def _version(package: str) -> str:
    """The version that is installed; to look it up takes longer than a test."""
    return version(package)


def _forget_modules(folder: Path) -> None:
    """Test files of the same name in another suite would otherwise be taken from memory."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
            del sys.modules[name]


def _by_exercise(items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    exercises: dict[str, list[pytest.Item]] = {}
    for item in items:
        exercises.setdefault(_exercise_of(item), []).append(item)
    return exercises


def _exercise_of(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def _result(item: pytest.Item, outcome: Outcome, seconds: float, failure: Failure | None) -> TestResult:
    mark = item.get_closest_marker("graded").kwargs  # type: ignore[union-attr]
    sentence = (item.function.__doc__ or "").strip().splitlines()[0]  # type: ignore[attr-defined]
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    sentence = sentence.format(**parameters) if parameters else sentence
    return TestResult(item.name, sentence, mark["stage"], mark["weight"], outcome, round(seconds, 4), failure)


def _seed(job: Job, exercise: str) -> int:
    """The same for the same secret, student, assignment and exercise; not to be guessed without the secret."""
    text = f"{job.student}\n{job.assignment}\n{exercise}".encode()
    return int.from_bytes(hmac.new(job.secret.encode(), text, "sha256").digest()[:8])
