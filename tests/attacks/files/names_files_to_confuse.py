"""Gives its files names with line breaks, control characters, quotes and bytes that are no text."""

# family: writing
# layer: tidying
# expect: made
import os

for name in (b"new\nline", b"\x1b[2J", b"--help", b"\xff\xfe", b"'; rm -rf ~; '", b"x" * 255):
    os.mkdir(name)
    open(os.path.join(name, name), "w").close()
print("made")
