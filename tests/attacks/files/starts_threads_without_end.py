"""Starts threads until something stops it."""

# family: processes
# layer: limits
# expect: refused: RuntimeError
import threading
import time


def bomb():
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


attempt(bomb)
