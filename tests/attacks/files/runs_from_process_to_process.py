"""Forks and ends, over and over: whoever ends the processes always comes too late."""

# family: processes
# layer: processes
# expect: started
# seconds: 10
import os


def run():
    os.setsid()
    while True:
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            continue


for _ in range(10):
    if os.fork() == 0:
        run()
print("started")
