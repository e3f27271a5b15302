"""Creates files in everybody's folders and in the course."""

# family: writing
# layer: files
# expect: refused: PermissionError
import os

for folder in ("/tmp", "/var/tmp", "/dev/shm", TEMPORARY, COURSE, os.path.dirname(os.getcwd())):
    attempt(lambda folder=folder: open(f"{folder}/hostile-note", "w").write("x"))
