"""Opens the grade book, by open and by SQLite."""

# family: reading
# layer: files
# expect: refused: (PermissionError|OperationalError)
import sqlite3

attempt(lambda: open(GRADEBOOK, "rb").read())
attempt(lambda: sqlite3.connect(GRADEBOOK).execute("select 1 from grade").fetchall())
