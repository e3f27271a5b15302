"""The course's own code, solutions and catalogued mistakes, in the trusted process: quietly, and not for ever."""

import io
import os
import resource
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import FrameType
from typing import Final

import numpy as np

__all__ = ["memory_limit", "quietly", "time_limit"]

PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps to itself what runs inside prints or warns of."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `TimeoutError` in what runs longer: a mistake that never ends must not stop the grading. In the main thread only.

    What is being imported by then is imported to its end, for half a module would stay for ever; after that the time begins anew.
    """

    def stop(_: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, seconds)
        else:
            raise TimeoutError(f"f did not return within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def memory_limit(size_bytes: int) -> Iterator[None]:
    """Raises `MemoryError`, or torch's RuntimeError, in what takes more memory than there is now and `size_bytes`.

    Where the system does not tell how much there is now, there is no limit.
    """
    now = _memory_taken()
    if now is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    least = min(limit for limit in (now + size_bytes, soft, hard) if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_AS, (least, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _memory_taken() -> int | None:
    """The bytes that this process has mapped, where the system tells."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as statistics:
            return int(statistics.read().split()[0]) * PAGE_BYTES
    except OSError:
        return None


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
