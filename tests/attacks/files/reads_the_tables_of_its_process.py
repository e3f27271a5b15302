"""Reads what the kernel tells a process of itself: mounts, network tables, maps, the environment it began with."""

# family: reading
# layer: files
# expect: tables
import glob

found = []
for name in (
    "environ",
    "cmdline",
    "mountinfo",
    "mounts",
    "mountstats",
    "net/tcp",
    "net/unix",
    "net/udp",
    "maps",
    "cgroup",
    "auxv",
    "limits",
    "status",
):
    for path in (f"/proc/self/{name}", f"/proc/thread-self/{name}", f"/proc/1/{name}", f"/proc/{WORKER}/{name}", f"/proc/{TESTER}/{name}"):
        try:
            found.append((path, open(path, errors="replace").read()))
        except OSError:
            pass
print("tables", [path for path, _ in found])
for path, text in found:
    if path != "/proc/self/maps" and ("submitted" in text or "gradebook" in text or COURSE in text or "socket" + "-of" in text):
        print("NAMES OF THE COURSE IN", path)
for path, text in found:
    if "environ" in path or "net/" in path:
        print(path, text[:1500])
