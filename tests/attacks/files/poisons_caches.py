"""Fills the caches of the standard library and of IPython with its own answers."""

# family: next student
# layer: processes
# expect: .
import functools
import gc
import importlib
import linecache
import re
import sys

linecache.cache["<cell linear>"] = (1, None, ["return 6\n"], "<cell linear>")
re._cache.clear()
importlib.invalidate_caches()
sys.path_importer_cache.clear()
for thing in gc.get_objects():
    if isinstance(thing, functools._lru_cache_wrapper):
        thing.cache_clear()
