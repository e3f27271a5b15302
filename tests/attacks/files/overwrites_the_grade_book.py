"""Writes into the grade book, truncates it, replaces it."""

# family: writing
# layer: files
# expect: refused: (PermissionError|OSError)
import os

attempt(lambda: open(GRADEBOOK, "w"))
attempt(lambda: os.truncate(GRADEBOOK, 0))
open("mine.db", "w").close()
attempt(lambda: os.replace("mine.db", GRADEBOOK))
