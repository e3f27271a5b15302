"""Lists the folder of the hidden tests."""

# family: reading
# layer: files
# expect: refused: PermissionError
import os

attempt(lambda: os.listdir(SUITE))
attempt(lambda: list(os.scandir(COURSE)))
