"""Reads its own memory, inherited from the warm parent, for the canaries of the others."""

# family: reading
# layer: processes
# expect: found 0
# seconds: 12
import re

pattern, found = re.compile(b"CANARY" + b"-(suite|home|other|environment)-[0-9a-f]{12}"), 0
try:
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            area, rights, *_ = line.split()
            start, end = (int(n, 16) for n in area.split("-"))
            if rights.startswith("rw") and "heap" in line:
                memory.seek(start)
                found += len(pattern.findall(memory.read(end - start)))
except PermissionError:
    print("not even its own")
print("found", found)
