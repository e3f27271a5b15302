"""Sets a submission's time back before the deadline, and changes owners and attributes."""

# family: writing
# layer: syscalls
# expect: refused: PermissionError
import contextlib
import os

with contextlib.suppress(OSError):
    os.utime(OTHER_FILE, (0, 0))  # says that it succeeds; the stage looks at the time afterwards
attempt(lambda: os.chown(OTHER_FILE, 0, 0))
attempt(lambda: os.setxattr(OTHER_FILE, "user.note", b"late"))
