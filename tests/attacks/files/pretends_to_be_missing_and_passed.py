"""Answers with statuses that contradict each other, that are no text, or that do not exist."""

# family: forging
# layer: host
# exercise: twice
# expect: .
import sys

child = sys.modules["autograder.sandbox.child"]
guarded, calls = child._Child.guarded, [0]
strange = [
    {"status": "passed", "value": 1, "points": 4, "outcome": "passed"},
    {"status": ["ok"], "value": 1},
    {"status": "ok"},
    {"status": "ok", "value": None, "used": [], "arguments": None},
    {"status": "ungradable", "message": "a person must look at it"},
    {"status": "skipped", "types": ["Skipped"]},
    {"status": "raised", "types": ["NotImplementedError", 3, None], "line": True, "cell": 5, "message": 7},
    {"status": "unsendable"},
    {},
]


def twice(x):
    return x


def guard(self, seed, forbidden, work):
    reply = guarded(self, seed, forbidden, work)
    if reply.get("value") is not None and type(reply["value"]) is int:
        calls[0] += 1
        return strange[calls[0] % len(strange)]
    return reply


child._Child.guarded = guard
