"""Asks the worker, in the middle of an ordinary call, for a function as only a test of its own is lent one."""

# family: channel
# layer: host
# expect: .
import gc


def linear(x, w):
    for thing in gc.get_objects():
        if type(thing).__name__ == "_Child":
            wants = {"use": 0, "arguments": (x, w), "same": [0, 1], "keywords": {}, "differentiable": []}
            return thing.ask(wants)["value"]
