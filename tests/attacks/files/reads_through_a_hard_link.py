"""Reads the answers through a hard link into its own folder."""

# family: reading
# layer: syscalls
# expect: refused: (PermissionError|OSError)
import os

attempt(lambda: os.link(SECRET_FILE, "mine.txt"))
attempt(lambda: open("mine.txt").read())
