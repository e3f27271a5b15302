"""Breaks the recorder of its outputs, and replaces the streams."""

# family: patching
# layer: host
# expect: .
import io
import sys

shell = get_ipython()
shell.recorder.left = 10**12
sys.stdout = sys.stderr = io.StringIO()
sys.stdout.close()


def linear(x, w):
    shell.recorder = None
    return x
