"""Writes large files until something stops it."""

# family: writing
# layer: limits
# expect: (stopped: OSError|too much into its folder)
# seconds: 12
chunk = bytes(1 << 20)
try:
    for number in range(1000):
        with open(f"file-{number}", "wb") as file:
            for _ in range(60):
                file.write(chunk)
except OSError as error:
    print("stopped:", type(error).__name__)
