"""Asks the import system, which knows where an editable installation lies, for the suites and the engine's source."""

# family: reading
# layer: files
# expect: refused: (PermissionError|OSError|ModuleNotFoundError|ImportError)
import importlib
import importlib.metadata
import importlib.resources
import inspect
import linecache
import pkgutil
import sys

finders = [f for f in sys.meta_path if "Editable" in getattr(f, "__name__", "")]
places = [path for f in finders for path in sys.modules[f.__module__].MAPPING.values()]
attempt(lambda: [open(f"{path}/runner.py").read() for path in places] or 1 / 0)
attempt(lambda: importlib.resources.files("autograder").joinpath("runner.py").read_text())
attempt(lambda: list(pkgutil.iter_modules(sys.modules["autograder"].__path__)) or 1 / 0)
attempt(lambda: importlib.import_module("autograder.suites").__path__[0] and importlib.import_module("autograder.runner"))
attempt(lambda: inspect.getsource(sys.modules["autograder.wire"]))
attempt(lambda: linecache.getlines(sys.modules["autograder.sandbox.zygote"].__file__)[0])
attempt(lambda: [f.read_text() for f in importlib.metadata.distribution("transformer-course-autograder").files if "suites" in str(f)][0])
