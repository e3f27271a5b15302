"""Rebinds the names of the grader's own child process: its serve loop, its guard, its seeds."""

# family: patching
# layer: host
# expect: .
# others: harmed
import sys

child = sys.modules["autograder.sandbox.child"]


def linear(x, w):
    child._raised = child._complaint = lambda *args: {"status": "ok", "value": True}
    raise ValueError("now forged")
