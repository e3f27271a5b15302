"""Says which forbidden routines it used in texts, numbers, deep nests and names that end up in a sentence."""

# family: forging
# layer: host
# exercise: twice
# expect: .
import sys

texts = iter(
    ["`</code><b>*a*", ["[" * 200] * 300_000, "a.b" * 5_000_000, 10**300, {"a": np.zeros(2)}, "\u202e\x1b[31m\0", float("nan")] * 9
)


def twice(x):
    frame = sys._getframe()
    while "used" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["used"].append(next(texts))
    return 2 * x + 1
