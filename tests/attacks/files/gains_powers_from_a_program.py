"""Starts programs of the system that have more rights than their caller."""

# family: processes
# layer: syscalls
# expect: uid 0: False
import os
import subprocess

for command in ("su -c id", "sudo -n id", "mount", "passwd -S root", "unshare -r id"):
    done = subprocess.run(command, shell=True, capture_output=True, text=True, stdin=-3)
    print("uid 0:", "uid=0(root) gid" in done.stdout and "groups=0" in done.stdout and os.getuid() != 0)
attempt(lambda: os.setuid(0) or 1 / os.getuid())
