"""Keeps the arguments of earlier calls, and answers later ones with what it was asked before, under another name."""

# family: forging
# layer: host
# exercise: twice
# expect: .
import sys

child = sys.modules["autograder.sandbox.child"]
on_call, on_probe, seen = child._Child.on_call, child._Child.on_probe, []


def call(self, name, arguments, keywords, seed, **more):
    seen.append(arguments)
    reply = on_call(self, name, arguments, keywords, seed, **more)
    return {**reply, "value": seen[-2][0] if len(seen) > 1 else 0} if name == "twice" else reply


def probe(self, name, arguments, keywords, **more):
    return {"status": "ok", "used": [], "value": arguments[0]}


child._Child.on_call, child._Child.on_probe = call, probe


def twice(x):
    return x
