"""Opens the memory of its parent and of the grading process."""

# family: reading
# layer: files
# expect: refused: (PermissionError|FileNotFoundError)
import os

attempt(lambda: open(f"/proc/{os.getppid()}/mem", "rb").read(1))
attempt(lambda: open(f"/proc/{WORKER}/mem", "rb").read(1))
attempt(lambda: open(f"/proc/{WORKER}/maps").read())
