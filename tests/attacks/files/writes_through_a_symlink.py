"""Writes into the grade book through a link, and links to it from everybody's folder."""

# family: writing
# layer: files
# expect: refused: (PermissionError|OSError)
import os

os.symlink(GRADEBOOK, "link")
attempt(lambda: open("link", "a").write("100"))
attempt(lambda: os.symlink(GRADEBOOK, "/tmp/hostile-link"))
