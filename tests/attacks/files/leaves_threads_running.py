"""Leaves threads behind that spin and print while the tests run."""

# family: processes
# layer: processes
# expect: (started|did not finish)
import threading


def spin():
    while True:
        print("still here")


for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()
print("started")
