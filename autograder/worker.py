"""A grading process: jobs come in as JSON lines on one descriptor, reports go out as JSON lines on another.

Started by `pool` as `python -m autograder.worker JOBS REPORTS LEVEL FOLDER`, the last for its temporary files. It holds the hidden
suites and never runs a student's code. What it has warmed up for one assignment serves the next one too.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress

from autograder.errors import CourseError, MachineError
from autograder.model import Job, Materials, Report
from autograder.runner import Suite, run_suite
from autograder.sandbox.host import Sandbox
from autograder.sandbox.tidy import remove_folder

__all__ = ["main"]


def main(jobs: int, reports: int, minimum: str, folder: str) -> None:
    """Grades until the descriptor `jobs` ends. Each job is answered once: by `{"report": …}`, or by `{"fault": …, "message": …}`.

    After a fault of the machine the process ends, for what it has warmed up may be broken. At the end `folder` is removed.
    """
    tempfile.tempdir = folder
    desk = _Desk(jobs, reports)
    sandboxes: dict[tuple[str, ...], Sandbox] = {}
    try:
        while (materials := desk.next_materials()) is not None:
            try:
                suite = Suite.read(materials.suite)
                if suite.modules not in sandboxes:
                    sandboxes[suite.modules] = Sandbox(suite.modules)
                run_suite(suite, materials, sandboxes[suite.modules], desk.take(materials), desk.report, minimum)
            except CourseError as error:
                desk.fault("course", error, materials)
            except MachineError as error:
                desk.fault("machine", error, materials)
                break
    finally:
        for sandbox in sandboxes.values():
            sandbox.close()
        remove_folder(folder)


class _Desk:
    """Jobs and their materials as they come in, one answer for each as it goes out."""

    def __init__(self, jobs: int, reports: int) -> None:
        self._in, self._out = os.fdopen(jobs), os.fdopen(reports, "w")
        self._waiting: tuple[Job, Materials] | None = None
        self._in_hand = False

    def next_materials(self) -> Materials | None:
        """What the next job is graded with, or None at the end. Waits for a job; it stays until it is taken."""
        if self._waiting is None and (line := self._in.readline()):
            data = json.loads(line)
            self._waiting = Job.from_dict(data["job"]), Materials.from_dict(data["materials"])
        return self._waiting[1] if self._waiting else None

    def take(self, materials: Materials) -> Iterator[Job]:
        """The jobs up to the first one that is graded with something else."""
        while self.next_materials() == materials and self._waiting is not None:
            (job, _), self._waiting, self._in_hand = self._waiting, None, True
            yield job

    def report(self, report: Report) -> None:
        """Answers the job in hand."""
        self._answer({"report": report.as_dict()})

    def fault(self, family: str, error: Exception, materials: Materials) -> None:
        """Answers the job in hand, or the one that waits for `materials`, if it is not answered yet."""
        if not self._in_hand and self._waiting and self._waiting[1] == materials:
            self._waiting, self._in_hand = None, True
        if self._in_hand:
            self._answer({"fault": family, "message": str(error)})

    def _answer(self, data: dict[str, object]) -> None:
        self._in_hand = False
        with suppress(BrokenPipeError):  # nobody may be listening any more
            self._out.write(json.dumps(data) + "\n")
            self._out.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
    os._exit(0)  # taking the libraries apart would take longer than a submission
