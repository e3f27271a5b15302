"""Registers what is to happen at the end, and ends."""

# family: patching
# layer: processes
# expect: .
import atexit
import sys
import threading
import weakref


class Late:
    pass


late = Late()
weakref.finalize(late, print, "late")
atexit.register(lambda: open("/tmp/hostile-atexit", "w"))
threading._register_atexit(lambda: open("/tmp/hostile-atexit", "w"))
sys.excepthook = sys.unraisablehook = lambda *args: print("late")


def linear(x, w):
    sys.exit(0)
