"""Writes a sitecustomize and a fake numpy where the next interpreter would find it."""

# family: writing
# layer: files
# expect: refused: (PermissionError|OSError)
import os
import sys

for folder in {os.path.dirname(np.__file__), *filter(os.path.isdir, sys.path[1:])}:
    attempt(lambda folder=folder: open(os.path.join(folder, "hostile-sitecustomize.py"), "w").write("1 / 0"))
attempt(lambda: open(np.__file__, "a").write("\n1 / 0\n"))
