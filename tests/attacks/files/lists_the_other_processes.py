"""Lists the command lines of the machine, in which paths and names stand."""

# family: reading
# layer: files
# expect: refused: PermissionError
import os

attempt(lambda: os.listdir("/proc"))
attempt(lambda: open(f"/proc/{WORKER}/cmdline").read())
attempt(lambda: open(f"/proc/{TESTER}/status").read())
