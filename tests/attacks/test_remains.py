"""What a child begins with and what it leaves: nothing of the process that grades, nothing for the submission that comes next."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.host import ChildEnded, Manner, Sandbox, Session, TimedOut
from tests.attacks.stage import descendants, is_alive

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]

LEVELS = {"A": ("namespaces", "user", "files", "syscalls"), "B": ("user", "files", "syscalls"), "bare": ()}


@pytest.fixture(scope="module", params=LEVELS.values(), ids=LEVELS)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A warm parent with all layers, without namespaces, and with none: what is tested here depends on no layer."""
    with Sandbox(("numpy",), None, request.param) as sandbox:
        assert sandbox.isolation
        yield sandbox


def said(session: Session, code: str, seconds: float = 10.0) -> str:
    """What a cell printed."""
    return str(session.run_cell("attack", code, seconds)["outputs"])


ENVIRONMENT = """
import os
print(dict(os.environ))
for file in ("environ", "cmdline"):
    try:
        print(open(f"/proc/self/{file}").read())
    except OSError:
        pass
"""
DESCRIPTORS = """
import os
for number in range(3, 256):
    try:
        print(os.pread(number, 100, 0))
    except OSError:
        pass
"""


def in_a_plain_process(code: str) -> str:
    """What the code prints in a process that a careless grader would start."""
    return subprocess.run([sys.executable, "-c", code], close_fds=False, capture_output=True, text=True, check=True).stdout


def in_a_new_sandbox(code: str) -> str:
    """What the code prints in a sandbox without any layer: the process alone."""
    with Sandbox(("numpy",), None, ()) as sandbox:
        return said(sandbox.open(), code)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in the environment reaches a plain process, and not the sandbox."""
    monkeypatch.setenv("COURSE_TOKEN", "a-secret")
    assert "a-secret" in in_a_plain_process(ENVIRONMENT)
    assert "a-secret" not in in_a_new_sandbox(ENVIRONMENT)


def test_descriptors(tmp_path: Path) -> None:
    """A file that the grader has open, even for its children to inherit, reaches a plain process, and not the sandbox."""
    (tmp_path / "grades").write_text("a-secret")
    with (tmp_path / "grades").open() as file:
        os.set_inheritable(file.fileno(), True)
        assert "a-secret" in in_a_plain_process(DESCRIPTORS)
        assert "a-secret" not in in_a_new_sandbox(DESCRIPTORS)


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(0.2)
"""


def test_a_daemon(sandbox: Sandbox) -> None:
    """A process that has left its parent and its session outlives its parent's end, and not the submission's."""
    quiet = set(descendants(sandbox._process.pid))
    session = sandbox.open()
    said(session, DAEMON)
    session.kill()
    time.sleep(0.1)
    assert [pid for pid in set(descendants(sandbox._process.pid)) - quiet if is_alive(pid)]
    sandbox.end_session()
    assert not [pid for pid in set(descendants(sandbox._process.pid)) - quiet if is_alive(pid)]


def test_a_thread(sandbox: Sandbox) -> None:
    """A thread goes on from cell to cell, and is gone with the submission."""
    start = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), name='left').start()"
    look = "import threading\nprint([thread.name for thread in threading.enumerate()])"
    session = sandbox.open()
    said(session, start)
    assert "left" in said(session, look)
    assert "left" not in said(sandbox.open(), look)


STATE = """
import builtins, gc, os, random, sys, threading, warnings
import numpy as np
print(os.getcwd().rpartition("/")[0], sorted(os.environ), len(sys.path), sys.meta_path, sys.getrecursionlimit(), len(sys.modules))
print(random.random(), np.random.rand(), np.geterr(), np.get_printoptions(), len(warnings.filters), gc.isenabled())
print(np.linalg.norm, builtins.len, os.listdir(), threading.active_count(), os.umask(0o22), "planted" in dir(np))
"""
CHANGES = """
import builtins, gc, os, random, sys, types, warnings
import numpy as np
random.seed(7), np.random.seed(7), np.seterr(all="ignore"), np.set_printoptions(precision=2), warnings.simplefilter("ignore")
np.linalg.norm, np.planted, sys.modules["planted"] = print, 1, types.ModuleType("planted")
os.environ["PLANTED"] = "1"
sys.path.insert(0, "/"), sys.meta_path.insert(0, None), sys.setrecursionlimit(999), gc.disable(), os.umask(0)
os.mkdir("planted"), os.chdir("planted")
"""


def test_state_of_the_warm_parent(sandbox: Sandbox) -> None:
    """Modules, random states, settings, environment and folder that one submission changes are as they were for the next."""
    clean, session = said(sandbox.open(), STATE), sandbox.open()
    said(session, CHANGES)
    changed = said(session, STATE)
    assert changed != clean
    assert "PLANTED" in changed
    assert said(sandbox.open(), STATE) == clean


FORGED = """
import gc, socket, struct, time
channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
channel.sendall(struct.pack("!IQ", HEADER, BUFFERS))
time.sleep(20)
"""


@pytest.mark.parametrize(("header", "buffers"), [(16 << 20, 0), (16, 256 << 20)], ids=["header", "buffers"])
def test_size_of_a_message(sandbox: Sandbox, header: int, buffers: int) -> None:
    """A frame that announces as much as the limit is waited for; one that announces a byte more is refused at once."""
    with pytest.raises(TimedOut):
        said(sandbox.open(), f"HEADER, BUFFERS = {header}, {buffers}\n{FORGED}", 1.0)
    more = (header + 1, buffers) if header > 16 else (header, buffers + 1)
    started = time.monotonic()
    with pytest.raises(ChildEnded, match="announces more bytes than the limit"):
        said(sandbox.open(), f"HEADER, BUFFERS = {more}\n{FORGED}", 8.0)
    assert time.monotonic() - started < 4


def test_size_of_a_value(sandbox: Sandbox) -> None:
    """A value of eight megabytes arrives, one beyond it is said to be too large, and the next call is answered."""
    session, manner = sandbox.open(), Manner(0, 20.0)
    said(session, "import numpy as np\ndef zeros(n):\n    return np.zeros(n, np.uint8)")
    assert session.call("zeros", [8 << 20], {}, manner)["value"].nbytes == 8 << 20
    assert re.search("too large", session.call("zeros", [(256 << 20) + 1], {}, manner)["message"])
    assert session.call("zeros", [1], {}, manner)["status"] == "ok"
