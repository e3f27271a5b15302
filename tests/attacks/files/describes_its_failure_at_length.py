"""Answers with messages, ancestors, cells and lines that are no text, far too long, or full of marks."""

# family: forging
# layer: host
# exercise: twice
# expect: .
import sys

answers = iter(
    [
        {"status": "signature", "message": "`*a* " * 100_000},
        {
            "status": "raised",
            "types": ["`" * 99] * 4000,
            "message": "/" * 9_000_000,
            "cell": "x`" * 999,
            "line": 10**300,
            "source": "`\n" * 9999,
        },
        {"status": "missing", "name": "\0`<b>" * 999},
        {"status": "raised", "types": [np.zeros(3), None, 1], "message": np.zeros(3), "cell": [], "line": True, "source": {}},
    ]
    * 3
)


def twice(x):
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    sys.modules["autograder.wire"].send(frame.f_locals["channel"], {"id": frame.f_locals["request"]["id"], **next(answers)})
    raise SystemExit
