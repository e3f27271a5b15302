"""Turns every warning into an error and every allocation into a callback."""

# family: patching
# layer: processes
# expect: .
import faulthandler
import gc
import sys
import tracemalloc
import warnings

warnings.simplefilter("error")
tracemalloc.start(50)
faulthandler.dump_traceback_later(0.2, repeat=True, file=open("trace", "w"))
gc.callbacks.append(lambda *args: 1 / 0)
sys.addaudithook(lambda event, args: (_ for _ in ()).throw(SystemExit) if event == "hostile" else None)
