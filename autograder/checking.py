"""Exercises that ask for a test: a student's `check_<function>` and implementations in, its verdicts out.

The implementations are only lent: they run here, and the student's check sees what they do and nothing of how.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from autograder.catalogue import Mistake, Style
from autograder.compare import assert_true
from autograder.describe import is_tensor
from autograder.diagnosis import Variants
from autograder.errors import SubmissionError
from autograder.lending import Lent
from autograder.model import Outcome
from autograder.student import Student, StudentFault

__all__ = ["Check"]

#: An implementation to be judged: an entry of the catalogue, or the solution.
Judged = Mistake | Style | None
SOLUTION: Final = None

#: So often it is asked about the solution, and about zeros, before anything is believed.
TIMES: Final = 3
#: About so many functions it is asked in each of two sessions before it has seen a right one for certain.
BLIND: Final = 7
#: So many hangs and crashes of a check are waited for.
MOST_STOPS: Final = 3


@dataclass(frozen=True)
class _Said:
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

    def agrees_with(self, blind: "_Said") -> bool:
        """Whether it accepted the solution then, and rejected then what it rejects now."""
        rejected = [function for function, answer in self.answers if answer is False]
        accepts = [answer is True for function, answer in blind.answers if function is SOLUTION]
        rejects = [answer is False for function, answer in blind.answers if any(function is one for one in rejected)]
        return bool(accepts) and all(accepts + rejects)


@dataclass(frozen=True)
class Check:
    """The student's function `name`, which judges the function `judged` of the exercise `of`; `right` and `wrong` are what it is tried on.

    Each method is a test's work: it passes, or raises `Mismatch` with a reason.
    """

    name: str
    of: str
    judged: str
    right: Sequence[Style]
    wrong: Sequence[Mistake]

    def tells_right_from(self, student: Student, variants: Variants, rng: np.random.Generator, zeros: Callable[..., Any]) -> None:
        """It accepts the solution and rejects `zeros`, a function of zeros of the right shapes, several times over in random order."""
        self._prepare(variants)
        for place, is_right in enumerate([False, *rng.permutation([True, False] * TIMES)]):
            if place == 1:  # a check that stops at anything is known by now, and has seen nothing
                self._ask_blind(student, variants, rng)
            accepted = self._accepts(student, variants.function(self.judged, self.of) if is_right else zeros)
            assert_true(accepted or not is_right, "It rejects a right implementation.", expected=True, got=False)
            assert_true(is_right or not accepted, "It accepts a function that returns zeros of the right shapes.", expected=False, got=True)

    def _prepare(self, variants: Variants) -> None:
        """Makes all functions before the first is asked about: to be made while somebody waits would show which one is new."""
        for function in (SOLUTION, *self.right, *self.wrong):
            variants.function(self.judged, self.of, function)

    def accepts_styles(self, student: Student, variants: Variants, rng: np.random.Generator) -> None:
        """It accepts each of the right styles."""
        said = self._ask_all(student, variants, rng)
        for style in self.right:
            words = style.id.replace("-", "_").removeprefix(f"{self.of}_").replace("_", " ")
            message = f"It rejects a right implementation in another style: {words}."
            assert_true(all(said.of(style)), message, expected=True, got=False)

    def rejects(self, student: Student, variants: Variants, rng: np.random.Generator, mistake: Mistake) -> None:
        """It rejects the mistake, and still accepts the solution."""
        said = self._ask_all(student, variants, rng)
        assert_true(not any(said.of(mistake)), f"It accepts a wrong implementation: {mistake.name}.", expected=False, got=True)
        message = "Asked again, it rejects the right implementation: does its verdict depend on chance?"
        assert_true(all(said.of(SOLUTION)), message, expected=True, got=False)
        message = "Before it had seen the others, it said otherwise: its verdict must depend on f alone. Does it remember, or draw lots?"
        assert_true(said.agrees_with(self._ask_blind(student, variants, rng)), message, expected="the same", got="another")

    def _ask_all(self, student: Student, variants: Variants, rng: np.random.Generator) -> _Said:
        """What it says of all right and wrong functions: asked once, and shared by the tests of the exercise.

        A hang or a crash on one function is told where that function is, and the tests of the others count.
        """
        self._ask_blind(student, variants, rng)
        if self.name not in student.shared:
            functions = [SOLUTION, SOLUTION, *self.right, *self.wrong]
            student.shared[self.name] = _Said(list(self._ask(student, variants, rng, functions)))
        student.last_call = f"{self.name}(f)"
        said: _Said = student.shared[self.name]
        return said

    def _ask_blind(self, student: Student, variants: Variants, rng: np.random.Generator) -> _Said:
        """What it says of a few functions in two sessions, before it is asked about the solution any other time.

        Who takes the first f that looks right for the truth, and compares the others with it, needs no right answer of his own. So in
        one session all that he is asked about is wrong, and in the other but one; nothing tells him which of the two it is, and what
        he could carry from one to the other, by whatever way, does not tell it either.
        """
        key = f"{self.name} blind"
        if key not in student.shared:
            some = [self.wrong[place] for place in rng.permutation(len(self.wrong))[: 2 * BLIND - 1]]
            rounds = [some[:BLIND], [SOLUTION, *some[BLIND:]]]
            answers: list[tuple[Judged, bool | SubmissionError]] = []
            for number, place in enumerate(rng.permutation(len(rounds))):
                if number:
                    student.forget()
                answers += self._ask(student, variants, rng, rounds[place])
            student.shared[key] = _Said(answers)
        blind: _Said = student.shared[key]
        return blind

    def _ask(
        self, student: Student, variants: Variants, rng: np.random.Generator, functions: Sequence[Judged]
    ) -> Iterator[tuple[Judged, bool | SubmissionError]]:
        """What it says of `functions`, asked in random order, so that only looking at them helps. A function may stand there twice."""
        stops = 0
        for place in rng.permutation(len(functions)):
            asked = functions[place]
            try:
                yield asked, self._accepts(student, variants.function(self.judged, self.of, asked))
            except StudentFault as fault:
                stops += fault.outcome in (Outcome.TIMEOUT, Outcome.CRASHED)
                # Told again where this function is, and there it is no reason to stop the exercise.
                yield asked, StudentFault(fault.sentence, types=fault.types, message=fault.message, is_unwritten=fault.is_unwritten)
            except SubmissionError as fault:
                yield asked, fault
            if stops == MOST_STOPS:
                return

    def _accepts(self, student: Student, function: Callable[..., Any]) -> bool:
        """Whether the check says that `function` is right; raises `Mismatch` when it says neither yes nor no."""
        said = getattr(student, self.name)(Lent(function, self.judged))
        if is_tensor(said) and tuple(said.shape) == ():
            said = said.item()
        assert_true(isinstance(said, bool | np.bool_), f"{self.name} should return True or False.", got=said)
        return bool(said)
