"""Renames its working folder, removes it, and puts a link in its place, for whoever cleans up."""

# family: persistence
# layer: files
# expect: refused: (PermissionError|OSError)
import os

here = os.getcwd()
attempt(lambda: os.rename(here, here + "-hostile-"))
attempt(lambda: os.rmdir(here))
attempt(lambda: os.rename(here, os.path.join(COURSE, "submitted")))
attempt(lambda: os.symlink(COURSE, os.path.join(os.path.dirname(here), "work-hostile-")))
os.symlink(COURSE, "link")
os.symlink("..", "up")
os.symlink(here, "loop")
