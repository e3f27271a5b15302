"""Makes the grade book unreadable for its owner, and its own files set-user-id."""

# family: writing
# layer: syscalls
# expect: refused: PermissionError
import os

attempt(lambda: os.chmod(GRADEBOOK, 0))
attempt(lambda: os.chmod(SUITE, 0o777))
open("mine", "w").close()
attempt(lambda: os.chmod("mine", 0o6777))
