"""Ends the warm parent, so that no further submission could be graded."""

# family: processes
# layer: syscalls
# expect: refused: PermissionError
import os
import signal

attempt(lambda: os.kill(os.getppid(), signal.SIGKILL))
attempt(lambda: os.kill(1, signal.SIGTERM))
