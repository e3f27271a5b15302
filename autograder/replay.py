"""A submission's cells, run in the sandbox: outputs for the autograded notebook, and a live session for the tests.

A cell that hangs or ends the process costs only itself: the other cells are run again without it in a fresh child.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from autograder.errors import CourseError
from autograder.model import Cell
from autograder.outputs import OutputRoom, text_or_nothing
from autograder.privacy import hide_paths
from autograder.sandbox.host import ChildEnded, Sandbox, Session, TimedOut

__all__ = ["Budget", "CellError", "Replay"]

#: What an exercise's cell may take in its first run, however long the cells above it took.
EXERCISE_CELL_SECONDS: Final = 5.0
#: All runs of the cells together, the first and its repeats, in multiples of the notebook's time; cells that took long the first time
#: are left out earlier, unless they are an exercise's.
REPEATS: Final = 3
REPEATS_OF_SLOW_CELLS: Final = 2
SLOW_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Budget:
    """Wall-clock limits in seconds: of one cell, of one call from a test, of all calls of an exercise, of all cells of a notebook.

    After `submission_seconds` no more tests of a submission begin.
    """

    cell_seconds: float = 20.0
    call_seconds: float = 5.0
    exercise_seconds: float = 60.0
    notebook_seconds: float = 180.0
    submission_seconds: float = 1200.0


@dataclass(frozen=True)
class CellError:
    """Why a cell did not run to its end; `line` is the line in the cell, if it is known."""

    name: str
    message: str
    line: int | None = None

    def sentence(self) -> str:
        """«NameError: name 'x' is not defined (line 3)»."""
        where = f" (line {self.line} of the cell)" if self.line else ""
        return f"{self.name}: {self.message}{where}"


@dataclass
class Replay:
    """The cells of one submission in one sandbox; `exercises` are the names of those that are graded.

    `files` are the assignment's, `own_files` the student's, name → text. Of a `damaged` notebook cells may be lost.
    `outputs` and `errors` are by cell name, after `run`.
    """

    sandbox: Sandbox
    cells: Sequence[Cell]
    files: Sequence[Path] = ()
    probes: str = ""
    budget: Budget = field(default_factory=Budget)
    exercises: frozenset[str] = frozenset()
    own_files: Mapping[str, str] = field(default_factory=dict)
    damaged: bool = False
    outputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    errors: dict[str, CellError] = field(default_factory=dict)
    _stopped: set[str] = field(default_factory=set)
    _session: Session | None = None
    _deadline: float = 0.0
    _last_deadlines: tuple[float, float] = (float("inf"), float("inf"))
    _slow: set[str] = field(default_factory=set)
    _room: OutputRoom = field(default_factory=OutputRoom)

    def run(self) -> None:
        """Runs all cells and keeps their outputs."""
        begun, whole = time.monotonic(), self.budget.notebook_seconds
        self._deadline = begun + whole
        self._last_deadlines = begun + REPEATS_OF_SLOW_CELLS * whole, begun + REPEATS * whole
        with suppress(ChildEnded):  # each test will meet it again, and say so
            self.session()

    def session(self) -> Session:
        """A live session in which every cell that can run has run; a dead one is replaced by a fresh one."""
        if self._session is not None and self._session.alive:
            return self._session
        # Each round excludes one more cell, so this ends.
        for _ in range(len(self.cells) + 1):
            session = self.sandbox.open(self.files)
            self._put_files(session)
            if all(self._run_cell(session, cell) for cell in self.cells if cell.name not in self._stopped):
                break
        if self.probes:
            self._load_probes(session)
        self._session = session
        return session

    def begin_afresh(self) -> None:
        """From here on `session` is another one, in which only the cells have run. The time that this takes is not the student's."""
        if self._session is not None:
            self._session.kill()
        slow, all_cells = self._last_deadlines
        self._last_deadlines = slow + self.budget.notebook_seconds, all_cells + self.budget.notebook_seconds

    def _put_files(self, session: Session) -> None:
        if self.own_files:
            try:
                session.put_files(self.own_files, self.budget.cell_seconds)
            except TimedOut:  # no code of the student's has run yet
                raise ChildEnded("the files beside the notebook could not be written") from None

    def _run_cell(self, session: Session, cell: Cell) -> bool:
        """Whether the session is still alive after the cell."""
        again, begun = cell.name in self.outputs, time.monotonic()
        if begun > self._last_deadlines[cell.name not in self._slow or bool(cell.answers_for(self.exercises))]:
            self._fault(cell, "Timeout", "the cells of the notebook together took too long, so this one was left out")
            return True
        seconds = self._seconds_for(cell, begun, again)
        try:
            reply = session.run_cell(
                cell.name,
                cell.source,
                seconds,
                untouched=cell.untouched,
                exercises=cell.answers_for(self.exercises),
                asked=cell.asked,
                shown=not again,
            )
        except TimedOut:
            whole = seconds == self.budget.cell_seconds
            why = ": does a loop never end?" if whole else f", what was left of the {self.budget.notebook_seconds:g} s that a notebook has"
            self._fault(cell, "Timeout", f"the cell did not finish within {seconds:.3g} s{why}")
            return False
        except ChildEnded as error:
            self._fault(cell, "Crash", f"the cell ended the whole process: {error}")
            return False
        if time.monotonic() - begun > SLOW_SECONDS:
            self._slow.add(cell.name)
        if not again:
            self.outputs[cell.name] = self._room.take(reply.get("outputs"))
            self._keep_error(cell, reply.get("error"))
        return True

    def _seconds_for(self, cell: Cell, now: float, again: bool) -> float:
        limit = self.budget.cell_seconds
        if again:
            return limit
        least = EXERCISE_CELL_SECONDS if cell.answers_for(self.exercises) else 0.5
        return min(limit, max(least, self._deadline - now))

    def _fault(self, cell: Cell, name: str, message: str) -> None:
        """Leaves the cell out from now on; what it showed when it still ran stays."""
        self._stopped.add(cell.name)
        self.errors[cell.name] = CellError(name, message)
        if cell.name not in self.outputs:
            self.outputs[cell.name] = [{"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}]

    def _keep_error(self, cell: Cell, error: Any) -> None:
        if type(error) is dict:
            line = error["line"] if type(error.get("line")) is int else None
            message = (
                hide_paths(text_or_nothing(error.get("evalue"))[:1000])[:300].replace(f"(<cell {cell.name}>, line {line})", "").strip()
            )
            self.errors[cell.name] = CellError(text_or_nothing(error.get("ename"))[:60], message, line)

    def _load_probes(self, session: Session) -> None:
        try:
            session.load_probes(self.probes, self.budget.call_seconds)
        except (TimedOut, ChildEnded):
            self._load_probes_alone()
            raise ChildEnded("a cell left Python in a state in which nothing more can be run") from None

    def _load_probes_alone(self) -> None:
        """Loads the probes where no cell has run: if that fails too, the course is at fault."""
        try:
            self.sandbox.open(self.files).load_probes(self.probes, self.budget.call_seconds)
        except (TimedOut, ChildEnded) as error:
            raise CourseError(f"the suite's probes.py could not be loaded into the sandbox: {error}") from None
