"""Reads the answers through a symbolic link in its own folder."""

# family: reading
# layer: files
# expect: refused: PermissionError
import os

os.symlink(SECRET_FILE, "mine.txt")
attempt(lambda: open("mine.txt").read())
