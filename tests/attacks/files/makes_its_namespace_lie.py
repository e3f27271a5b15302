"""Replaces the session's dictionary by one that has every name."""
# family: patching
# layer: processes
# expect: .


class Everything(dict):
    def __missing__(self, name):
        return lambda *args: True

    def __contains__(self, name):
        return True


def linear(x, w):
    get_ipython().user_ns = Everything(get_ipython().user_ns)
    return x
