"""Reads the source of the grader, where an installed course has its suites too."""

# family: reading
# layer: files
# expect: refused: PermissionError
import os
import sys

package = os.path.dirname(sys.modules["autograder.wire"].__file__)
attempt(lambda: open(os.path.join(package, "runner.py")).read())
attempt(lambda: os.listdir(os.path.join(package, "suites")))
