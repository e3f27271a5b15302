"""Worker processes of one assignment: jobs in, reports out as they are ready; a worker that dies is replaced.

A job whose worker dies twice is reported ungradable: the machine's fault, for a person to look at, never a zero.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from autograder.errors import CourseError, MachineError
from autograder.model import ExerciseReport, Job, Outcome, Report
from autograder.sandbox.host import ONE_THREAD
from autograder.sandbox.isolation import MINIMUM_LEVEL

__all__ = ["Pool", "Worker", "ungradable"]

JOB_SECONDS: Final = 1800.0
TRIES: Final = 2


class Worker:
    """One grading process for one suite. Use it as a context manager; leaving it ends the process."""

    def __init__(self, suite: Path, files: Sequence[Path] = (), minimum: str = MINIMUM_LEVEL, lesson: Path | None = None) -> None:
        self._suite, self._files, self._minimum, self._lesson = suite, list(files), minimum, lesson
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def grade(self, job: Job) -> Report:
        """The report of one job. Raises `CourseError` for a broken suite, `MachineError` when the process dies again and again."""
        for _ in range(TRIES):
            try:
                return self._grade_once(job)
            except (OSError, EOFError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
                self.close()
                self._start()
        raise MachineError(f"the grading process of {job.assignment} ended {TRIES} times on this submission ({reason})")

    def close(self) -> None:
        """Ends the process; its sandbox ends with it."""
        for descriptor in (self._jobs, self._reports):
            with suppress(OSError):
                os.close(descriptor)
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        their_jobs, self._jobs = os.pipe()
        self._reports, their_reports = os.pipe()
        paths = [self._suite, self._lesson or "", *self._files]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.worker", str(their_jobs), str(their_reports), self._minimum, *map(str, paths)],
            pass_fds=[their_jobs, their_reports],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
        )
        os.close(their_jobs)
        os.close(their_reports)
        self._buffer = bytearray()

    def _grade_once(self, job: Job) -> Report:
        line = memoryview(json.dumps(job.as_dict()).encode() + b"\n")
        while line:
            line = line[os.write(self._jobs, line) :]
        answer: dict[str, Any] = json.loads(self._line(time.monotonic() + JOB_SECONDS))
        if "report" in answer:
            return Report.from_dict(answer["report"])
        raise CourseError(answer["message"]) if answer["fault"] == "course" else OSError(answer["message"])

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._reports], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("no report in time")
            chunk = os.read(self._reports, 1 << 20)
            if not chunk:
                raise EOFError("the process ended")
            self._buffer += chunk
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        return line


class Pool:
    """Several workers for one suite, each in a thread of its own, started when they are first needed.

    `slots`, shared by the pools of several suites, bounds how many of their workers are at work at a time.
    Use it as a context manager; leaving it ends the workers.
    """

    def __init__(
        self,
        suite: Path,
        files: Sequence[Path],
        workers: int,
        minimum: str = MINIMUM_LEVEL,
        lesson: Path | None = None,
        slots: threading.Semaphore | None = None,
    ) -> None:
        self._suite, self._files, self._minimum, self._lesson = suite, files, minimum, lesson
        self._slots = slots or threading.Semaphore(max(1, workers))
        self._threads = ThreadPoolExecutor(max(1, workers))
        self._mine = threading.local()
        self._workers: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def submit(self, job: Job) -> Future[Report]:
        """The report to come. A fault of the course or the machine gives an ungradable report, not an exception."""
        return self._threads.submit(self._grade, job)

    def _grade(self, job: Job) -> Report:
        with self._slots:
            try:
                if not hasattr(self._mine, "worker"):
                    self._mine.worker = Worker(self._suite, self._files, self._minimum, self._lesson)
                    self._workers.append(self._mine.worker)
                report: Report = self._mine.worker.grade(job)
            except (CourseError, MachineError) as error:
                return ungradable(job, str(error))
            return report


def ungradable(job: Job, reason: str) -> Report:
    """A report that takes no points away and asks for a person."""
    exercises = [ExerciseReport(name, None, points, Outcome.UNGRADABLE, reason) for name, points in job.points.items()]
    return Report(job.student, job.assignment, exercises, notes=[reason])
