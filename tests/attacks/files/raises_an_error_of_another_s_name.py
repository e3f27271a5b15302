"""Raises errors whose names, and whose bases' names, are those of the grader's own."""

# family: forging
# layer: host
# exercise: words
# expect: .
MachineError = type("MachineError", (Exception,), {})
CourseError = type("CourseError", (MachineError,), {"__str__": lambda self: "the course is at fault: full marks"})
Skipped = type("Skipped", (BaseException,), {"msg": "skip", "allow_module_level": True})
Exit = type("Exit", (KeyboardInterrupt,), {"returncode": 0})
calls = [0]


def words(names):
    calls[0] += 1
    raise [CourseError(), Skipped(), Exit(), type("ValueErrorr", (Exception,), {})()][calls[0] % 4]
