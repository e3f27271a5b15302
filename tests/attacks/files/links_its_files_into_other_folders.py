"""Makes hard links between its own folder and others."""

# family: writing
# layer: syscalls
# expect: refused: (PermissionError|OSError)
import os

open("mine", "w").close()
attempt(lambda: os.link("mine", "/tmp/hostile-link"))
attempt(lambda: os.link(GRADEBOOK, "theirs"))
attempt(lambda: os.rename("mine", "/tmp/hostile-link"))
