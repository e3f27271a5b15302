"""Sets a trace function that sees every frame of the reply code, and changes what it returns."""

# family: patching
# layer: host
# expect: .
import sys

seen = []


def tracer(frame, event, argument):
    seen.append(frame.f_code.co_name)
    frame.f_locals.update(status="ok")
    return tracer


def linear(x, w):
    sys.settrace(tracer)
    sys.setprofile(tracer)
    return x
