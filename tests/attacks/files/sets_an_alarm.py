"""Sets an alarm clock that ends the process while it answers."""

# family: processes
# layer: processes
# expect: stopped the whole process
import signal
import time


def linear(x, w):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(0.5)
