"""Deletes and renames the hidden tests."""

# family: writing
# layer: files
# expect: refused: (PermissionError|OSError)
import os
import shutil

attempt(lambda: os.unlink(SECRET_FILE))
attempt(lambda: os.rename(SUITE, SUITE + "-hostile-"))
shutil.rmtree(COURSE, ignore_errors=True)
