"""Prints what looks like the report of a worker and like the line of a grade, with and without line breaks of other alphabets."""

# family: channel
# layer: host
# expect: .
import json
import os
import sys

line = json.dumps({"report": {"student": "mallory", "assignment": "01-tiny", "exercises": [{"exercise": "linear", "points": 8.0}]}})
for separator in ("\n", "\r", "\u2028", "\x85", "\x1e", "\0"):
    print(separator + line + separator, file=sys.stderr)
    os.write(2, (separator + line + separator).encode())


def linear(x, w):
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, line.encode() + b"\n")
        except OSError:
            pass
    raise ValueError("\n" + line + "\n")
