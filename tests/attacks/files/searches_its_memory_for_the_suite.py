"""Reads its own memory, inherited from the warm parent, for the canaries of the others."""

# family: reading
# layer: processes
# expect: found 0
# seconds: 12
import re

found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
    for line in maps:
        area, rights, *_ = line.split()
        start, end = (int(n, 16) for n in area.split("-"))
        if rights.startswith("rw") and "heap" in line:
            memory.seek(start)
            found += len(re.findall(b"CANARY" + b"-(suite|home|other|environment)-[0-9a-f]{12}", memory.read(end - start)))
print("found", found)
