"""Catches every signal and then never returns."""

# family: processes
# layer: limits
# expect: did not return within
import signal

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda *_: None)


def linear(x, w):
    while True:
        pass
