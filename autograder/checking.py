"""Exercises that ask for a test: a student's `check_<function>` and the catalogue of that function in, its verdicts out.

Every implementation is shown once, in random order, in a child that is thrown away afterwards: what a check has seen there serves no
other exercise. Nothing that it returned or raised is told, but True, False and the names of Python's own exceptions.
"""

import builtins
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from autograder.catalogue import Mistake, Style
from autograder.compare import Mismatch
from autograder.describe import is_tensor
from autograder.diagnosis import Variants
from autograder.model import Outcome
from autograder.student import Student, StudentFault

__all__ = ["CHECK_PROBE", "Check"]

#: Half of what the call may take, in seconds: after that no further implementation is begun.
PATIENCE: Final = 5.0
#: The solution and an obviously wrong function are each shown so many times, so that chance does not pass for judgement.
REPEATS: Final = 3

#: Runs in the sandbox. The implementations arrive as source text: a student's check may read them, which is why it is alone there.
CHECK_PROBE: Final = '''
import ast as _ast, contextlib as _contextlib, time as _time


def check_says(student, check, function, cells, given, patience):
    """a check of yours, with functions f that are right or wrong"""
    judge, answers, start, names = getattr(student, check), [], _time.monotonic(), {}
    for node in _ast.parse(given).body:
        with _contextlib.suppress(Exception):  # what stands on figures and experiments
            exec(compile(_ast.Module([node], []), "<given>", "exec"), names)
    for cell in cells:
        if _time.monotonic() - start > patience:
            break
        mine = dict(names)
        exec(compile(cell, "<f>", "exec"), mine)
        try:
            answers.append(("said", judge(mine[function])))
        except BaseException as error:
            if type(error) is NotImplementedError:
                raise
            answers.append(("raised", type(error).__name__))
    return answers
'''

Entry = Mistake | Style


@dataclass
class _Said:
    """What the check of one submission has answered so far, by the implementation's key."""

    submission: "weakref.ref[object]"
    answers: dict[str, Any] = field(default_factory=dict)
    alone: bool = False


class Check:
    """The check `name` of the exercise `of`, whose cell defines `function`: asked about `wrong` and right implementations.

    `zeros` is the cell of an obviously wrong one.
    """

    def __init__(self, name: str, of: str, function: str, *, wrong: Sequence[Mistake], styles: Sequence[Style], zeros: str) -> None:
        self.name, self.of, self.function = name, of, function
        self.wrong, self.styles, self._zeros = tuple(wrong), tuple(styles), zeros
        self._said: _Said | None = None

    def of_the_solution(self, student: Student, variants: Variants, rng: np.random.Generator) -> list[bool]:
        """What it says about the solution, each time it was shown."""
        return [self._about(f"solution-{turn}", student, variants, rng) for turn in range(REPEATS)]

    def of_zeros(self, student: Student, variants: Variants, rng: np.random.Generator) -> list[bool]:
        """What it says about the obviously wrong function, each time it was shown."""
        return [self._about(f"zeros-{turn}", student, variants, rng) for turn in range(REPEATS)]

    def of_entry(self, entry: Entry, student: Student, variants: Variants, rng: np.random.Generator) -> bool:
        """What it says about an implementation of the catalogue."""
        return self._about(entry.id, student, variants, rng)

    def _about(self, key: str, student: Student, variants: Variants, rng: np.random.Generator) -> bool:
        said = self._said
        if said is None or said.submission() is not student.submission:
            said = self._said = _Said(weakref.ref(student.submission))
        cells = self._cells(variants)
        while key not in said.answers and not said.alone:
            order = [str(other) for other in rng.permutation([other for other in cells if other not in said.answers])]
            if said.answers:  # the check is slow: at least the one that is asked for gets its turn
                order.sort(key=lambda other: other != key)
            try:
                said.answers |= self._ask(student, variants, {other: cells[other] for other in order})
            except StudentFault as fault:
                if fault.outcome not in (Outcome.TIMEOUT, Outcome.CRASHED):
                    raise
                said.alone = True  # so that only the culprit's test suffers
        if key not in said.answers:
            said.answers |= self._ask(student, variants, {key: cells[key]})
        student.last_call = f"{self.name}(f)"
        return self._verdict(said.answers[key])

    def _cells(self, variants: Variants) -> dict[str, str]:
        """The cell of each implementation by its key. Comments make those that are shown several times different texts."""
        solution = variants.solution(self.of)
        repeated = {
            f"{key}-{turn}": f"{cell}\n# {turn}\n"
            for key, cell in (("solution", solution), ("zeros", self._zeros))
            for turn in range(REPEATS)
        }
        entries: list[Entry] = [*self.wrong, *self.styles]
        return {**repeated, **{entry.id: variants.code(entry) for entry in entries}}

    def _ask(self, student: Student, variants: Variants, cells: dict[str, str]) -> dict[str, Any]:
        """The answers by key, of those that were given in time: the first at least."""
        answers = student.probe.check_says(self.name, self.function, list(cells.values()), variants.given(), PATIENCE)
        if type(answers) is not list or not 0 < len(answers) <= len(cells):
            raise Mismatch(f"{self.name} gave no readable answer.")
        return dict(zip(cells, answers, strict=False))

    def _verdict(self, answer: Any) -> bool:
        kind: Any
        said: Any
        kind, said = answer if type(answer) is tuple and len(answer) == 2 else ("", None)
        if kind == "raised":
            error = said if type(said) is str and isinstance(getattr(builtins, said, None), type) else "an exception"
            raise Mismatch(f"{self.name} raised {error} instead of returning True or False.")
        if is_tensor(said) and said.shape.numel() == 1:
            said = said.item()
        if not isinstance(said, bool | np.bool_):
            raise Mismatch(f"{self.name} should return True or False.")
        return bool(said)
