"""Writes one file beyond the limit, and a sparse one."""

# family: writing
# layer: limits
# expect: refused: OSError
import os

attempt(lambda: open("huge", "wb").write(bytes(100 << 20)) == 100 << 20 and "the limit")
attempt(lambda: os.truncate("huge", 1 << 40))
