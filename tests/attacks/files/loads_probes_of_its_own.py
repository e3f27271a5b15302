"""Refuses the suite's probes and answers in their place."""

# family: patching
# layer: host
# exercise: twice
# expect: .
import sys

child = sys.modules["autograder.sandbox.child"]
child._Child.on_load = lambda self, source: self.probes.update(four_times=lambda student, x: True) or {"status": "ok"}


def twice(x):
    return x
