"""A grading process: jobs come in as JSON lines on one descriptor, reports go out as JSON lines on another.

Started by `pool` as `python -m autograder.worker JOBS REPORTS LEVEL SUITE LESSON [FILE…]`.
It holds the hidden suite and never runs a student's code.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autograder.errors import AutograderError, CourseError
from autograder.model import Job, Report
from autograder.runner import Suite, run_suite

__all__ = ["main"]


def main(jobs: int, reports: int, minimum: str, suite: Path, lesson: Path | None, files: list[Path]) -> None:
    """Grades until the descriptor `jobs` ends. What goes wrong outside a job is reported as `{"fault": …, "message": …}`."""
    out = os.fdopen(reports, "w")

    def write(data: dict[str, object]) -> None:
        with suppress(BrokenPipeError):
            out.write(json.dumps(data) + "\n")
            out.flush()

    def emit(report: Report) -> None:
        write({"report": report.as_dict()})

    try:
        run_suite(Suite.read(suite), _read_jobs(jobs), emit, files, minimum, lesson)
    except AutograderError as error:
        write({"fault": "course" if isinstance(error, CourseError) else "machine", "message": str(error)})


def _read_jobs(descriptor: int) -> Iterator[Job]:
    with os.fdopen(descriptor) as lines:
        for line in lines:
            yield Job.from_dict(json.loads(line))


if __name__ == "__main__":
    script = Path(sys.argv[5]) if sys.argv[5] else None
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), script, [Path(name) for name in sys.argv[6:]])
