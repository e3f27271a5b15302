"""Puts code of its own where the child's next calls pass: in `inspect`, `warnings`, `random`, `linecache`, `contextlib`."""

# family: patching
# layer: host
# others: harmed
# expect: .
import contextlib
import inspect
import linecache
import random
import warnings

inspect.signature = lambda *a, **k: type("S", (), {"bind": lambda *a, **k: None, "__str__": lambda s: "<script>"})()
random.seed = np.random.seed = torch.manual_seed = lambda *a: None
linecache.getline = lambda *a: "<b>line</b>" * 100000
warnings.catch_warnings = contextlib.nullcontext


def linear(x, w):
    raise RuntimeError
