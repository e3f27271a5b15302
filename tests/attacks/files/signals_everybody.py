"""Ends every process that it may."""

# family: processes
# layer: syscalls
# expect: refused: PermissionError
import os
import signal

attempt(lambda: os.kill(-1, signal.SIGKILL))
attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(os.getppid()), signal.SIGKILL))
