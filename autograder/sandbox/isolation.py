"""Which layers stand around the student's code, as one value with a level that a course can demand."""

from dataclasses import dataclass
from typing import Final

__all__ = ["LEVELS", "MINIMUM_LEVEL", "Isolation"]

#: From strongest to weakest; `nbgrader_config.py` names the weakest that the course accepts.
LEVELS: Final = ("A", "B", "C", "D")

#: What is demanded where nothing is said: enough for strangers' code.
MINIMUM_LEVEL: Final = "B"


@dataclass(frozen=True)
class Isolation:
    """The layers of a sandbox, as its warm parent found them: `files` is Landlock's version, 0 for none."""

    namespaces: bool
    files: int
    syscalls: bool
    user_id: int

    @property
    def level(self) -> str:
        """A: namespaces and B. B: files and system calls restricted. C: system calls only. D: a separate process with limits."""
        if self.files and self.syscalls:
            return "A" if self.namespaces else "B"
        return "C" if self.syscalls else "D"

    def at_least(self, level: str) -> bool:
        """Whether this is as strong as `level`."""
        return LEVELS.index(self.level) <= LEVELS.index(level)

    def sentence(self) -> str:
        """The level and its layers, for a report."""
        layers = [
            "separate process, limits",
            *(["system calls filtered (seccomp)"] if self.syscalls else []),
            *([f"files restricted (Landlock {self.files})"] if self.files else []),
            *(["own namespaces: processes, network, mounts"] if self.namespaces else []),
            *([f"user id {self.user_id} without powers"] if self.user_id else []),
        ]
        return f"level {self.level}: {'; '.join(layers)}"
