"""Makes the grade book unreadable for its owner, and its own files set-user-id. The calls say that they succeed; nothing happens."""

# family: writing
# layer: syscalls
# expect: refused: PermissionError
import contextlib
import os

with contextlib.suppress(OSError):
    os.chmod(GRADEBOOK, 0)
    os.chmod(SUITE, 0o777)


def become_special():
    os.chmod("mine", 0o6777)
    if not os.stat("mine").st_mode & 0o6000:
        raise PermissionError


open("mine", "w").close()
attempt(become_special)
