"""Ends the grading process and the one above it."""

# family: processes
# layer: syscalls
# expect: refused: (PermissionError|ProcessLookupError)
import os
import signal

for pid in (WORKER, TESTER):
    attempt(lambda pid=pid: os.kill(pid, signal.SIGKILL))
    attempt(lambda pid=pid: os.killpg(pid, signal.SIGKILL))
