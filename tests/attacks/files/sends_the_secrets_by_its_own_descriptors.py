"""Looks for a descriptor of the grader behind every number, reads from it, writes to it, and opens it anew."""

# family: reading
# layer: descriptors
# others: harmed
# expect: open
import os
import stat

kinds = {}
for number in range(256):
    try:
        status = os.fstat(number)
        kinds[number] = (stat.filemode(status.st_mode), os.readlink(f"/proc/self/fd/{number}"))
    except OSError:
        continue
print("open", sorted(kinds))
for number, (kind, name) in kinds.items():
    if kind[0] in "-d" and "work-" not in name and "/dev/null" not in name:
        print("A FILE OF THE GRADER:", name, os.pread(number, 200, 0))
    if "pipe" in name:
        print("A PIPE OF THE GRADER:", name)
    try:
        print(number, open(f"/proc/self/fd/{number}").read(100)[:100])
    except OSError as error:
        print(number, type(error).__name__)
