"""Sets variables that change how the next interpreter starts, and moves elsewhere."""

# family: next student
# layer: processes
# expect: .
import os
import sys
import tempfile

os.environ.update(PYTHONPATH=os.getcwd(), LD_PRELOAD="./mine.so", PYTHONSTARTUP="mine.py", HOME="/", TMPDIR="/", MPLBACKEND="mine")
sys.path.insert(0, os.getcwd())
open("numpy.py", "w").write("1 / 0")
tempfile.tempdir = "/"
os.chdir("/")
