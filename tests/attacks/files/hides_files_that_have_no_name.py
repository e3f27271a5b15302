"""Fills the disk with files that it has removed already, so that no folder shows them."""

# family: writing
# layer: limits
# expect: (stopped: OSError|too much into its folder)
# seconds: 20
import os

held, chunk = [], bytes(60 << 20)
try:
    for number in range(12):
        held.append(open(f"file-{number}", "wb", buffering=0))
        os.unlink(f"file-{number}")
        held[-1].write(chunk)
    print("GOT THROUGH")
except OSError as error:
    print("stopped:", type(error).__name__)
