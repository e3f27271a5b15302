"""Leaves a program of the system running in the background."""

# family: processes
# layer: processes
# expect: started
import subprocess

subprocess.Popen(["sleep", "301"], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
subprocess.Popen("setsid nohup sleep 302 >/dev/null 2>&1 &", shell=True)
print("started")
