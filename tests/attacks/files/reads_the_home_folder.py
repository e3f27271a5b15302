"""Reads a password file in the home folder of the person who grades."""

# family: reading
# layer: files
# expect: refused: PermissionError
attempt(lambda: open(HOME_FILE).read())
