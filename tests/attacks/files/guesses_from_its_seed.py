"""Draws the numbers that the tests might draw, from the seed that the call came with, and answers with each in turn."""

# family: forging
# layer: host
# exercise: twice
# expect: .
import sys

child = sys.modules["autograder.sandbox.child"]
on_call, calls = child._Child.on_call, [0]


def call(self, name, arguments, keywords, seed, **more):
    reply = on_call(self, name, arguments, keywords, seed, **more)
    if name == "twice":
        calls[0] += 1
        drawn = [np.random.default_rng(s).integers(10**6) for s in (seed, [seed], [seed, 0], seed + 1, seed << 33)]
        reply["value"] = int(drawn[calls[0] % 5])
    return reply


child._Child.on_call = call


def twice(x):
    return x
