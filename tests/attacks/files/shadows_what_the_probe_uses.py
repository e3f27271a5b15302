"""Gives its own names to what a probe might use: numpy, student, the probe itself."""

# family: patching
# layer: processes
# exercise: twice
# expect: .
numpy = student = probe = four_times = _names = None


class twice:
    def __init__(self, *args):
        pass

    def __eq__(self, other):
        return True
