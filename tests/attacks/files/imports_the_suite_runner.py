"""Imports the trusted half of the grader, and the suite as a module."""

# family: reading
# layer: files
# expect: refused: (ImportError|ModuleNotFoundError|PermissionError)
import importlib
import sys

attempt(lambda: importlib.import_module("autograder.runner"))
sys.path.append(SUITE)
attempt(lambda: importlib.import_module("test_linear"))
