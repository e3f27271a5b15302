"""Reads the hidden tests and the answers beside them."""

# family: reading
# layer: files
# expect: refused: PermissionError
from pathlib import Path

attempt(lambda: Path(SECRET_FILE).read_text())
attempt(lambda: Path(SUITE, "test_linear.py").read_text())
