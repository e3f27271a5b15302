"""Leaves the session in pieces: no streams, no builtins for others, a hook for everything, and a trace function."""

# family: patching
# layer: host
# expect: .
# others: harmed
import builtins
import io
import sys
import threading

sys.stdout = sys.stderr = sys.__stdout__ = None
sys.excepthook = sys.displayhook = sys.unraisablehook = None
sys.settrace(lambda *a: (_ for _ in ()).throw(SystemExit))
threading.settrace(lambda *a: 1 / 0)
sys.setprofile(lambda *a: None)
get_ipython().events.register("pre_run_cell", lambda *a: 1 / 0)
get_ipython().events.register("post_run_cell", lambda *a: 1 / 0)
get_ipython().input_transformers_cleanup.append(lambda lines: ["linear = lambda x, w: x\n"])
get_ipython().ast_transformers.append(type("T", (), {"visit": lambda self, node: 1 / 0})())
io.open = None
