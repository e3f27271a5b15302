"""Reads the answers by way of /proc/self/root and of the parent's root."""

# family: reading
# layer: files
# expect: refused: PermissionError
import os

attempt(lambda: open("/proc/self/root" + SECRET_FILE).read())
attempt(lambda: open(f"/proc/{os.getppid()}/root" + SECRET_FILE).read())
attempt(lambda: open(f"/proc/{WORKER}/root" + SECRET_FILE).read())
