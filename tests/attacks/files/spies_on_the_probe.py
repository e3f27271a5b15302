"""Looks, from inside a probe's call, for what the probe knows, and replaces the probe."""

# family: patching
# layer: host
# exercise: twice
# expect: .
import gc
import inspect


def twice(x):
    for frame in inspect.stack():
        if frame.function == "four_times":
            frame.frame.f_globals["four_times"] = lambda student, x: True
    for thing in gc.get_objects():
        if type(thing) is dict and "four_times" in thing:
            thing["four_times"] = lambda student, x: {"passed": True, "points": 4}
    return x
