"""Installs a package while it is graded."""

# family: network
# layer: syscalls
# expect: (No matching distribution|Could not|No module named|Permission|error|ERROR)
# seconds: 8
import subprocess
import sys

command = [
    sys.executable,
    "-m",
    "pip",
    "install",
    "--quiet",
    "--retries",
    "0",
    "--timeout",
    "1",
    "--index-url",
    f"http://127.0.0.1:{TCP[1]}/",
    "hostile",
]
try:
    done = subprocess.run(command, capture_output=True, text=True, timeout=1.2)
    print("error" * bool(done.returncode), done.stderr[-300:])
except subprocess.TimeoutExpired:
    print("error: no answer")
