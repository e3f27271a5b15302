"""Searches every object of its process for the tests, the secret of the course and the expected values."""

# family: reading
# layer: processes
# expect: found \[\]
import gc
import sys

wanted = ("CANARY", "secret-of-" + "the-course", "assert_close(student")
texts = [o for o in gc.get_objects() if isinstance(o, dict)]
print("found", [v[:40] for d in texts for v in list(d.values()) if type(v) is str and any(w in v for w in wanted) and "wanted" not in v])
print([name for name in sys.modules if "suite" in name and "autograder" in name])
