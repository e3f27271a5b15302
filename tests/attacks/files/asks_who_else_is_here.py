"""Reads the password file, the mounts and the neighbours' folders in the temporary folder."""

# family: reading
# layer: files
# expect: refused: PermissionError
import os

attempt(lambda: open("/etc/passwd").read())
attempt(lambda: open("/etc/shadow").read())
attempt(lambda: os.listdir(TEMPORARY))
attempt(lambda: os.listdir(os.path.dirname(os.getcwd())))
