"""Exercises that ask for a test: a student's `check_<function>` and implementations in, its verdicts out.

The implementations are only lent: they run here, and the student's check sees what they do and nothing of how.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from autograder.catalogue import Mistake, Style
from autograder.compare import assert_true
from autograder.describe import describe_call, is_tensor
from autograder.diagnosis import Variants
from autograder.errors import SubmissionError
from autograder.lending import Lent
from autograder.model import Outcome
from autograder.student import Student, StudentFault

__all__ = ["SOLUTION", "Check", "Judged", "Said"]

#: An implementation to be judged: a function, an entry of the catalogue, or the solution.
Judged = Callable[..., Any] | Mistake | Style | None
SOLUTION: Final = None

#: So many hangs and crashes of a check are waited for.
MOST_STOPS: Final = 3


@dataclass(frozen=True)
class Said:
    """What a check said of each implementation that it was asked about: yes, no, or the fault that it made instead."""

    answers: Sequence[tuple[Judged, bool | SubmissionError]]

    def of(self, function: Judged) -> list[bool]:
        """The verdicts on `function`; raises the fault if there was one."""
        answers = [answer for asked, answer in self.answers if asked is function]
        if not answers:
            raise StudentFault(f"Not asked any more: it had stopped {MOST_STOPS} times without an answer.")
        for answer in answers:
            if isinstance(answer, SubmissionError):
                raise answer
        return [answer is True for answer in answers]


@dataclass(frozen=True)
class Check:
    """The student's function `name`, which judges the function `judged` of the exercise `of`."""

    name: str
    of: str
    judged: str

    def accepts(self, student: Student, function: Callable[..., Any]) -> bool:
        """Whether the check says that `function` is right; raises `Mismatch` when it says neither yes nor no."""
        said = getattr(student, self.name)(Lent(function))
        if is_tensor(said) and tuple(said.shape) == ():
            said = said.item()
        assert_true(isinstance(said, bool | np.bool_), f"{self.name} should return True or False.", got=said)
        return bool(said)

    def ask(self, student: Student, variants: Variants, rng: np.random.Generator, functions: Sequence[Judged]) -> Said:
        """What it says of `functions`, asked in random order, so that only looking at them helps. A function may stand there twice."""
        answers: list[tuple[Judged, bool | SubmissionError]] = []
        stops = 0
        for place in rng.permutation(len(functions)):
            asked = functions[place]
            function = asked if callable(asked) else variants.function(self.judged, self.of, asked)
            try:
                answers.append((asked, self.accepts(student, function)))
            except SubmissionError as fault:
                stops += isinstance(fault, StudentFault) and fault.outcome in (Outcome.TIMEOUT, Outcome.CRASHED)
                answers.append((asked, fault))
            if stops == MOST_STOPS:
                break
        return Said(answers)

    def ask_once(self, student: Student, variants: Variants, rng: np.random.Generator, functions: Sequence[Judged]) -> Said:
        """As `ask`, but all tests of the exercise share what the first one heard: each tells of some of the functions.

        A hang or a crash on one function is then told where that function is, and the tests of the others count.
        """
        if self.name not in student.shared:
            student.shared[self.name] = self.ask(student, variants, rng, functions)
        student.last_call = describe_call(self.name, [Lent(str)], {})
        said: Said = student.shared[self.name]
        return Said([(asked, _of_one_test(answer)) for asked, answer in said.answers])


def _of_one_test(answer: bool | SubmissionError) -> bool | SubmissionError:
    """The answer; a fault as one that does not stop the exercise."""
    return StudentFault(answer.sentence, types=answer.types, message=answer.message) if isinstance(answer, StudentFault) else answer
