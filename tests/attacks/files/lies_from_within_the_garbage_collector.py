"""Lets finalisers, weak references and collector callbacks act in the middle of the grader's own steps."""

# family: patching
# layer: host
# others: harmed
# expect: .
import gc
import os
import sys
import weakref


class Bomb:
    def __del__(self):
        sys.modules["autograder.wire"].send = None
        raise SystemExit(0)


def act(phase, info):
    raise KeyboardInterrupt


gc.callbacks.append(act)
gc.set_threshold(1)
weakref.finalize(Bomb(), os.abort)


def linear(x, w):
    return [Bomb() for _ in range(1000)]
