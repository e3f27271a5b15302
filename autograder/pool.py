"""Worker processes: jobs in, reports out as they are ready; a worker that dies is replaced.

A job whose worker dies twice is reported ungradable: the machine's fault, for a person to look at, never a zero.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from threading import Condition, Thread, current_thread
from types import TracebackType
from typing import Any, Final, Self

from autograder.errors import CourseError, MachineError
from autograder.model import ExerciseReport, Job, Materials, Outcome, Report
from autograder.sandbox.host import ONE_THREAD
from autograder.sandbox.isolation import MINIMUM_LEVEL
from autograder.sandbox.tidy import remove_folder

__all__ = ["Pool", "Worker", "ungradable"]

JOB_SECONDS: Final = 1800.0
TRIES: Final = 2


class Worker:
    """One grading process and its folder for temporary files. Use it as a context manager; leaving it ends both."""

    def __init__(self, minimum: str = MINIMUM_LEVEL) -> None:
        self._minimum = minimum
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def grade(self, job: Job, materials: Materials) -> Report:
        """The report of one job. Raises `CourseError` for a broken suite, `MachineError` when the process dies again and again."""
        for _ in range(TRIES):
            try:
                return self._grade_once(job, materials)
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
        remove_folder(self._folder)  # a process that was killed has left its own there

    def _start(self) -> None:
        their_jobs, self._jobs = os.pipe()
        self._reports, their_reports = os.pipe()
        self._folder = tempfile.mkdtemp(prefix="grading-")
        os.chmod(self._folder, 0o711)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.worker", str(their_jobs), str(their_reports), self._minimum, self._folder],
            pass_fds=[their_jobs, their_reports],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
        )
        os.close(their_jobs)
        os.close(their_reports)
        self._buffer = bytearray()

    def _grade_once(self, job: Job, materials: Materials) -> Report:
        line = memoryview(json.dumps({"job": job.as_dict(), "materials": materials.as_dict()}).encode() + b"\n")
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
    """Several workers, each in a thread of its own, started when there is something for it to do.

    Jobs are taken in the order in which they came, but a worker stays with an assignment that it has begun, and leaves alone the one
    that another is at while there are others to begin: what is warm is used, and little is warmed up twice.
    Use it as a context manager; leaving it ends the workers.
    """

    def __init__(self, workers: int, minimum: str = MINIMUM_LEVEL) -> None:
        self._workers, self._minimum = max(1, workers), minimum
        self._jobs: deque[tuple[Job, Materials, Future[Report]]] = deque()
        self._at: dict[Thread, Materials | None] = {}
        self._changed = Condition()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with self._changed:
            self._closed = True
            for *_, future in self._jobs:
                future.cancel()
            self._jobs.clear()
            self._changed.notify_all()
        for thread in self._at:
            thread.join()

    def submit(self, job: Job, materials: Materials) -> Future[Report]:
        """The report to come. A fault of the course or the machine gives an ungradable report, not an exception."""
        future: Future[Report] = Future()
        with self._changed:
            self._jobs.append((job, materials, future))
            if len(self._at) < self._workers:
                thread = Thread(target=self._work, daemon=True)
                self._at[thread] = None
                thread.start()
            self._changed.notify()
        return future

    def _work(self) -> None:
        worker: Worker | None = None
        while (task := self._next()) is not None:
            job, materials, future = task
            try:
                worker = worker or Worker(self._minimum)
                report = worker.grade(job, materials)
            except (CourseError, MachineError) as error:
                report = ungradable(job, str(error))
            except BaseException as error:  # a fault of ours: whoever waits for the report is to see it
                future.set_exception(error)
                continue
            future.set_result(report)
        if worker:
            worker.close()

    def _next(self) -> tuple[Job, Materials, Future[Report]] | None:
        """The job that the calling thread does next, or None at the end. Waits for one."""
        me = current_thread()
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            if not self._jobs:
                return None
            others = [materials for thread, materials in self._at.items() if thread is not me]
            mine = [task for task in self._jobs if task[1] == self._at[me]]
            free = [task for task in self._jobs if task[1] not in others]
            task = (mine or free or self._jobs)[0]
            self._jobs.remove(task)
            self._at[me] = task[1]
            return task


def ungradable(job: Job, reason: str) -> Report:
    """A report that takes no points away and asks for a person."""
    exercises = [ExerciseReport(name, None, points, Outcome.UNGRADABLE, reason) for name, points in job.points.items()]
    return Report(job.student, job.assignment, exercises, notes=[reason])
