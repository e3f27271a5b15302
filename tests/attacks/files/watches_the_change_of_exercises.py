"""Wakes up whenever the names of another exercise are put in place, and puts its own in their stead."""

# family: bindings
# layer: child
# expect: .
import weakref


class Bait:
    def __del__(self):
        get_ipython().user_ns["linear"] = lambda x, w: w


relu = twice = words = Bait()
bound = [weakref.ref(relu, lambda reference: get_ipython().user_ns.update(linear=len))]


def linear(x, w):
    return w
