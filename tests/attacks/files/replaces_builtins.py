"""Deletes and replaces built-in functions while it is called."""

# family: patching
# layer: processes
# expect: .
import builtins


def linear(x, w):
    for name in ("len", "type", "str", "dict", "getattr", "isinstance", "print", "open", "RuntimeError"):
        setattr(builtins, name, None)
    return x
