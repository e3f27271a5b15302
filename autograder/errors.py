"""The exceptions of the package, in three families that never mix.

AutograderError
├── SubmissionError      the student's work is at fault: the student reads why, points may be lost
├── CourseError          a lesson, suite or configuration is at fault: staff read why, no points are lost
└── MachineError         a process, limit or service failed: retried, then shown to staff, no points are lost
"""

__all__ = ["AutograderError", "CourseError", "MachineError", "SubmissionError"]


class AutograderError(Exception):
    """Base of everything that this package raises on purpose. The message says what, where and what to do."""


class SubmissionError(AutograderError):
    """The submission is at fault; the message is written for the student."""


class CourseError(AutograderError):
    """The course is at fault; the message is written for the instructor and shows no student's work."""


class MachineError(AutograderError):
    """The machine is at fault; the message is written for the operator."""
