"""Makes empty files, which weigh nothing, until something stops it."""

# family: writing
# layer: limits
# expect: (stopped: OSError|too much into its folder|did not finish)
# seconds: 12
import os

try:
    for number in range(10**7):
        os.close(os.open(f"{number:x}", os.O_CREAT | os.O_WRONLY))
except OSError as error:
    print("stopped:", type(error).__name__)
