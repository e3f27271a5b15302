"""What several processes of one submission take together: seen and stopped whoever started them and whatever they call themselves."""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from autograder.sandbox.host import LAYERS, ChildEnded, Sandbox, TimedOut
from autograder.sandbox.limits import Limits
from tests.attacks.stage import descendants, is_alive

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]

WITHOUT_NAMESPACES = tuple(layer for layer in LAYERS if layer != "namespaces")
MEMORY = Limits(memory_bytes=400 << 20)
SECONDS = 8.0
HOLD = """
import ctypes, gc, mmap, os, socket, threading, time
def hold(megabytes, seconds=20):
    held = bytearray(megabytes << 20)
    for start in range(0, len(held), 4096):
        held[start] = 1
    time.sleep(seconds)
    os._exit(0)
"""

#: Each takes about 800 MiB in processes that stay below 400 MiB each.
HOARDS = {
    "from-a-thread": (
        LAYERS,
        """
def work():
    for _ in range(4):
        if os.fork() == 0:
            hold(200)
    time.sleep(20)
threading.Thread(target=work).start()
time.sleep(20)
""",
    ),
    "with-a-form-feed-in-the-name": (
        LAYERS,
        """
for _ in range(4):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"a\\x0cb", 0, 0, 0)
        hold(200)
time.sleep(20)
""",
    ),
    "with-a-name-that-is-no-text": (
        LAYERS,
        """
for _ in range(4):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"\\xff\\xfe", 0, 0, 0)
        hold(200)
time.sleep(20)
""",
    ),
    "in-memory-that-nobody-touches": (
        LAYERS,
        """
for _ in range(4):
    held = mmap.mmap(-1, 200 << 20)
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    if os.fork() == 0:
        for start in range(0, len(held), 4096):
            held[start] = 1
        os._exit(0)
    os.wait()
    held.close()
time.sleep(20)
""",
    ),
    "while-an-answer-drips": (
        LAYERS,
        """
channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
for _ in range(4):
    if os.fork() == 0:
        hold(200)
channel.sendall(b"\\0\\x10\\0\\0" + bytes(8))
while True:
    channel.sendall(b"\\x90")
    time.sleep(0.05)
""",
    ),
    "behind-a-large-first-process": (
        WITHOUT_NAMESPACES,
        """
held = bytearray(300 << 20)
for start in range(0, len(held), 4096):
    held[start] = 1
for _ in range(3):
    if os.fork() == 0:
        for start in range(0, len(held), 4096):
            held[start] = 2
        time.sleep(20)
        os._exit(0)
time.sleep(20)
""",
    ),
}
OPEN = {
    "from-a-thread": "the watch reads only the main thread's children",
    "with-a-form-feed-in-the-name": "str.splitlines breaks the status file's first line, and an unreadable status counts as nothing",
    "with-a-name-that-is-no-text": "a status file that is no UTF-8 counts as nothing",
    "in-memory-that-nobody-touches": "shared memory outlives the process that filled it, and no process shows it",
    "while-an-answer-drips": "the watch looks only while the channel is silent",
    "behind-a-large-first-process": "without namespaces the second process that the watch sees is the student's, and counts as the measure",
}


def cases(table: Mapping[str, tuple[Sequence[str], str]]) -> list[object]:
    """A parameter for each attack; what still gets through is marked, and fails when it no longer does."""
    return [
        pytest.param(layers, code, id=name, marks=[pytest.mark.xfail(strict=True, reason=OPEN[name])] if name in OPEN else [])
        for name, (layers, code) in table.items()
    ]


def told(code: str, layers: Sequence[str], limits: Limits) -> tuple[str, float]:
    """What became of a cell, and after how many seconds."""
    with Sandbox(("numpy",), limits, layers) as sandbox:
        session = sandbox.open()
        started = time.monotonic()
        try:
            answer = str(session.run_cell("attack", HOLD + code, SECONDS)["outputs"])
        except (TimedOut, ChildEnded) as error:
            answer = str(error)
        return answer, time.monotonic() - started


@pytest.mark.parametrize(("layers", "code"), cases(HOARDS))
def test_memory(layers: Sequence[str], code: str) -> None:
    """Processes that together take twice what is allowed are stopped before their cell's time is over."""
    answer, seconds = told(code, layers, MEMORY)
    assert "together used too much memory" in answer
    assert seconds < SECONDS - 0.5, "it was noticed only when the time was over"


@pytest.mark.xfail(strict=True, reason="only names in the folder are counted: a removed file that is still open holds its bytes")
def test_files_without_a_name() -> None:
    """Files that are removed while they are open count for the folder, also where no sized file system caps it."""
    code = """
held = []
try:
    for number in range(6):
        held.append(open(f"file-{number}", "wb", buffering=0))
        os.unlink(f"file-{number}")
        held[-1].write(bytes(1 << 20))
    time.sleep(1)
    print("GOT THROUGH")
except OSError:
    print("refused")
"""
    answer, _ = told(code, WITHOUT_NAMESPACES, Limits(folder_bytes=2 << 20))
    assert "GOT THROUGH" not in answer


@pytest.mark.xfail(strict=True, reason="the buffers of sockets belong to no process: no limit counts them")
def test_buffers_of_the_kernel() -> None:
    """Sockets that are filled and never read hold no more than the memory limit."""
    code = """
counts = mmap.mmap(-1, 160)
for number in range(20):
    if os.fork() == 0:
        kept, total = [], 0
        try:
            while True:
                pair = socket.socketpair()
                kept += pair
                for end in pair:
                    end.setblocking(False)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                    try:
                        while True:
                            total += end.send(bytes(1 << 16))
                    except BlockingIOError:
                        pass
        except OSError:
            pass
        counts[8 * number : 8 * number + 8] = total.to_bytes(8, "little")
        time.sleep(20)
        os._exit(0)
time.sleep(5)
print("held", sum(int.from_bytes(counts[8 * n : 8 * n + 8], "little") for n in range(20)) >> 20)
"""
    answer, _ = told(code, LAYERS, MEMORY)
    held = re.search(r"held (\d+)", answer)
    assert "too much" in answer or (held and int(held[1]) < 400)


@pytest.mark.xfail(strict=True, reason="the watch reads only the main thread's children, and the kernel does not count those of user id 0")
def test_number_of_processes_from_a_thread() -> None:
    """A thread starts no more processes than the limit, whatever the user id."""
    code = """
def work():
    for _ in range(60):
        try:
            if os.fork() == 0:
                time.sleep(20)
                os._exit(0)
        except OSError:
            return
    time.sleep(20)
threading.Thread(target=work).start()
time.sleep(20)
"""
    layers, highest = ("files", "syscalls"), [0]
    with Sandbox(("numpy",), Limits(processes=20), layers) as sandbox:
        if sandbox.isolation.user_id or Path("/proc/self/loginuid").stat().st_uid:
            pytest.skip("the kernel counts this user's processes")
        session, done = sandbox.open(), threading.Event()

        def look() -> None:
            while not done.wait(0.1):
                highest[0] = max(highest[0], sum(map(is_alive, descendants(sandbox._process.pid))))

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            session.run_cell("attack", HOLD + code, 4.0)
        except (TimedOut, ChildEnded):
            time.sleep(0.1)
        finally:
            done.set()
            watcher.join()
    assert highest[0] < 30
