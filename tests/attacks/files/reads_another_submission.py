"""Reads the submission of another student."""

# family: reading
# layer: files
# expect: refused: PermissionError
attempt(lambda: open(OTHER_FILE).read())
