"""Leaves a process that has forked twice, has a session of its own, and ignores signals."""

# family: processes
# layer: processes
# expect: started
import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}:
            signal.signal(number, signal.SIG_IGN)
        time.sleep(300)
        os._exit(0)
    os._exit(0)
print("started")
