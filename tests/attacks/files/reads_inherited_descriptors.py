"""Reads from every descriptor that it finds open, and looks where they lead."""

# family: reading
# layer: descriptors
# expect: found [0-6] descriptors
import os

found = []
for fd in range(3, 1024):
    try:
        found.append(os.readlink(f"/proc/self/fd/{fd}"))
        os.lseek(fd, 0, os.SEEK_SET)
        print(os.read(fd, 1 << 16))
    except OSError:
        continue
print("found", len(found), "descriptors", [name for name in found if name.startswith("/") and "autograder-" not in name])
