"""Exercises that ask for a test: a student's `check_<function>` and an implementation in, its verdict out.

The implementation is only lent: it runs here, and the student's check sees what it does and nothing of how.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.catalogue import Mistake, Style
from autograder.compare import assert_true
from autograder.describe import is_tensor
from autograder.diagnosis import Variants
from autograder.lending import Lent
from autograder.student import Student

__all__ = ["Check"]


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

    def tells_apart(
        self, student: Student, variants: Variants, rng: np.random.Generator, wrong: Callable[..., Any] | Mistake
    ) -> tuple[bool, bool]:
        """Whether it accepts the solution, and whether it accepts `wrong`; asked in random order, so that only looking helps."""
        right = variants.function(self.judged, self.of)
        other = variants.function(self.judged, self.of, wrong) if isinstance(wrong, Mistake) else wrong
        if rng.integers(2):
            return self.accepts(student, right), self.accepts(student, other)
        accepted = self.accepts(student, other)
        return self.accepts(student, right), accepted

    def accepts_style(self, student: Student, variants: Variants, style: Style) -> bool:
        """Whether it accepts a right implementation in another style."""
        return self.accepts(student, variants.function(self.judged, self.of, style))
