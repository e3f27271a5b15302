"""Leaves start-up files, modules and bytecode where a later interpreter would look for them."""

# family: persistence
# layer: files
# expect: refused: (PermissionError|OSError|FileNotFoundError)
import os
import site
import sys

for folder in (*site.getsitepackages(), sys.prefix, os.path.dirname(os.__file__), os.path.dirname(os.getcwd()), "/tmp", "/dev/shm"):
    attempt(lambda folder=folder: open(os.path.join(folder, "hostile-start.pth"), "w").write("import os"))
    attempt(lambda folder=folder: os.makedirs(os.path.join(folder, "__pycache__", "hostile-x")))
for module in (np, torch, sys.modules["IPython"]):
    attempt(lambda module=module: open(module.__file__, "a").write("\n"))
    attempt(lambda module=module: os.rename(module.__file__, module.__file__ + "hostile-"))
attempt(lambda: os.symlink("/etc/passwd", os.path.join(os.path.dirname(os.getcwd()), "hostile-link")))
