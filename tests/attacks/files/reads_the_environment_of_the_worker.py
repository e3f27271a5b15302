"""Looks for a token in its own environment and in those of its parent and of the grading process."""

# family: reading
# layer: files
# expect: refused: (PermissionError|FileNotFoundError)
import os

print(dict(os.environ))
try:
    print(open("/proc/self/environ").read())
except PermissionError:
    print("not even its own")
attempt(lambda: open(f"/proc/{os.getppid()}/environ").read())
attempt(lambda: open(f"/proc/{WORKER}/environ").read())
