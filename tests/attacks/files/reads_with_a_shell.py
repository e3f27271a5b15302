"""Has a shell, started from the notebook, print the answers."""

# family: reading
# layer: files
# expect: Permission denied
import subprocess

done = subprocess.run(["sh", "-c", f"cat {SECRET_FILE} {HOME_FILE}; ls {SUITE}"], capture_output=True, text=True)
print(done.stdout, done.stderr)
