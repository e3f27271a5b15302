"""What several processes of one submission take together: seen and stopped whoever started them and whatever they call themselves."""

import threading
import time
from collections.abc import Sequence
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


@pytest.mark.parametrize(("layers", "code"), HOARDS.values(), ids=HOARDS)
def test_memory(layers: Sequence[str], code: str) -> None:
    """Processes that together take twice what is allowed are stopped before their cell's time is over."""
    answer, seconds = told(code, layers, MEMORY)
    assert "together used too much memory" in answer
    assert seconds < SECONDS - 0.5, "it was noticed only when the time was over"


def test_memory_while_nobody_asks() -> None:
    """Processes that begin to fill after the answer are ended while this side is busy with other things."""
    code = "for _ in range(4):\n    if os.fork() == 0:\n        time.sleep(0.5)\n        hold(200)"
    with Sandbox(("numpy",), MEMORY) as sandbox:
        assert sandbox.isolation
        before = set(descendants(sandbox._process.pid))
        session = sandbox.open()
        session.run_cell("attack", HOLD + code, SECONDS)
        started = set(descendants(sandbox._process.pid)) - before
        end = time.monotonic() + SECONDS
        while any(map(is_alive, started)) and time.monotonic() < end:
            time.sleep(0.1)
        assert len(started) > 4
        assert not any(map(is_alive, started)), "it was left to grow"
        with pytest.raises(ChildEnded, match="together used too much memory"):
            session.run_cell("next", "1", SECONDS)


def test_shared_memory_that_nobody_touches() -> None:
    """Memory that one process fills and another only keeps, where no process would show it, is not to be had."""
    code = """
for attempt in (lambda: mmap.mmap(-1, 1 << 20), lambda: open("/dev/zero", "r+b")):
    try:
        attempt()
        print("got through")
    except PermissionError:
        print("refused")
"""
    answer, _ = told(code, LAYERS, MEMORY)
    assert answer.count("refused") == 2


def test_a_process_that_forks_shares_its_memory() -> None:
    """A large process that starts others is not charged twice for what they share: an honest notebook may call a program."""
    code = """
import subprocess
held = bytearray(300 << 20)
for start in range(0, len(held), 4096):
    held[start] = 1
for _ in range(3):
    if os.fork() == 0:
        time.sleep(1)
        os._exit(0)
for _ in range(20):
    subprocess.run(["true"], check=True)
time.sleep(0.5)
print("done")
"""
    assert "done" in told(code, LAYERS, MEMORY)[0]


FILES = {
    "removed": """
        os.unlink(f"file-{number}")
        held[-1].write(bytes(1 << 20))
""",
    "mapped-and-closed": """
        held[-1].write(bytes(1 << 20))
        held.append(mmap.mmap(held[-1].fileno(), 4096, prot=mmap.PROT_READ))
        held.pop(-2).close()
        os.unlink(f"file-{number}")
""",
    "in-another-process": """
        os.unlink(f"file-{number}")
        held[-1].write(bytes(1 << 20))
        if os.fork() == 0:
            time.sleep(20)
        held.pop().close()
""",
    "in-a-folder-that-is-closed": """
        held[-1].write(bytes(1 << 20))
        os.makedirs("closed", 0o300, exist_ok=True)
        os.rename(f"file-{number}", f"closed/file-{number}")
""",
}


@pytest.mark.parametrize("keep", FILES.values(), ids=FILES)
def test_files_without_a_name(keep: str) -> None:
    """Files that have lost their name but not their bytes count for the folder, where no sized file system caps it."""
    code = f"""
held = []
try:
    for number in range(6):
        held.append(open(f"file-{{number}}", "w+b", buffering=0))
        {keep}
    time.sleep(3)
    print("GOT THROUGH")
except OSError:
    print("refused")
"""
    answer, _ = told(code, WITHOUT_NAMESPACES, Limits(folder_bytes=2 << 20))
    # Only root sees into a folder that its owner has closed.
    assert answer == "it wrote too much into its folder" or ("closed" in keep and answer == "it hid files")


def test_buffers_of_the_kernel() -> None:
    """Sockets that are filled and never read hold no more than the memory limit, and can't be widened."""
    code = """
for number in range(20):
    if os.fork() == 0:
        kept, total = [], 0
        try:
            while True:
                pair = socket.socketpair()
                kept += pair
                for end in pair:
                    end.setblocking(False)
                    try:
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                    except PermissionError:
                        pass
                    try:
                        while True:
                            total += end.send(bytes(1 << 16))
                    except BlockingIOError:
                        pass
        except OSError:
            pass
        open(f"held-{number}", "w").write(str(total))
        time.sleep(20)
        os._exit(0)
time.sleep(5)
import glob
print("held", sum(int(open(name).read()) for name in glob.glob("held-*")) >> 20)
"""
    answer, _ = told(code, LAYERS, MEMORY)
    assert "together used too much memory" in answer


@pytest.mark.parametrize("layers", [LAYERS, WITHOUT_NAMESPACES], ids="-".join)
def test_a_first_thread_that_ends(layers: Sequence[str]) -> None:
    """A process whose first thread has ended shows no memory there; its other threads are asked."""
    code = """
for _ in range(4):
    if os.fork() == 0:
        threading.Thread(target=hold, args=(200,)).start()
        ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
time.sleep(20)
"""
    answer, seconds = told(code, layers, MEMORY)
    assert "together used too much memory" in answer
    assert seconds < SECONDS - 0.5


def test_what_goes_on_between_the_calls() -> None:
    """Processes that a cell has left behind are seen by the next requests, however fast each is answered."""
    code = """
for _ in range(4):
    if os.fork() == 0:
        hold(200)
"""
    with Sandbox(("numpy",), MEMORY) as sandbox:
        session, deadline = sandbox.open(), time.monotonic() + SECONDS
        session.run_cell("attack", HOLD + code, SECONDS)
        with pytest.raises(ChildEnded, match="together used too much memory"):
            while time.monotonic() < deadline:
                session.run_cell("next", "1", SECONDS)


def test_number_of_processes_from_a_thread() -> None:
    """Where the kernel does not count, a thread that starts more processes than the limit is stopped soon after."""
    code = """
def work():
    for _ in range(60):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        time.sleep(0.02)
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
            with pytest.raises(ChildEnded, match="too many processes"):
                session.run_cell("attack", HOLD + code, 4.0)
            time.sleep(0.1)
        finally:
            done.set()
            watcher.join()
    assert highest[0] < 45  # it looks a few times a second, on a busy machine later


def test_threads_are_counted() -> None:
    """Threads count like processes, also where the kernel does not count."""
    code = "for _ in range(40):\n    threading.Thread(target=time.sleep, args=(20,)).start()\ntime.sleep(20)"
    answer, _ = told(code, ("files", "syscalls"), Limits(processes=20))
    assert "too many processes" in answer or "can't start new thread" in answer
