"""What a child begins with and what it leaves: nothing of the process that grades, nothing for the submission that comes next."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
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


#: A process that grades, as far as what it leaves goes: it says that it has come to where it is to be killed, and waits.
GRADER = """
import json, sys, time
from autograder.sandbox.host import Sandbox
sandbox = Sandbox(("numpy",), None, json.loads(sys.argv[1]))
if sys.argv[2]:
    sandbox.open().run_cell("attack", sys.argv[2], 20.0)
print("here", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("layers", LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize("code", [DAEMON, ""], ids=["at work", "at its start"])
def test_a_killed_grader(tmp_path: Path, code: str, layers: Sequence[str]) -> None:
    """When the grading process is killed, however busy its warm parent is, that one ends too, with all processes and folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    for part in (folder, *folder.parents):
        if not part.stat().st_mode & 0o001:  # another user id must come through
            part.chmod(part.stat().st_mode | 0o111)
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, json.dumps(layers), code], env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE
    )
    assert grader.stdout
    assert grader.stdout.readline() == b"here\n"
    started = [pid for pid in descendants(grader.pid) if is_alive(pid)]
    assert started
    assert list(folder.iterdir())
    grader.kill()
    grader.wait()
    grader.stdout.close()
    wait_until(lambda: not [pid for pid in started if is_alive(pid)] and not list(folder.iterdir()))


def wait_until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Fails if it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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


@pytest.fixture(scope="module")
def behind_namespaces() -> Iterator[Sandbox]:
    """A warm parent with all layers; skipped where namespaces are not to be had."""
    with Sandbox(("numpy",)) as sandbox:
        if not sandbox.isolation.namespaces:
            pytest.skip("namespaces are not to be had here")
        yield sandbox


def test_a_file_does_not_tell_that_it_was_read(behind_namespaces: Sandbox) -> None:
    """A library's file that one submission reads is for the next one as if nobody had."""
    file = Path(pytest.__file__).with_name("__main__.py")  # of the environment's, so that we may set its times
    os.utime(file, (1.0, file.stat().st_mtime))
    file.read_bytes()
    if file.stat().st_atime == 1.0:
        pytest.skip("the machine doesn't note down when a file is read")
    os.utime(file, (1.0, file.stat().st_mtime))
    assert "length" in said(behind_namespaces.open(), f"print('length', len(open({str(file)!r}).read()))")
    assert "atime 1.0" in said(behind_namespaces.open(), f"import os\nprint('atime', os.stat({str(file)!r}).st_atime)")


def test_the_count_of_processes(behind_namespaces: Sandbox) -> None:
    """A submission's process number tells nothing of how many processes the one before has made."""
    if not os.path.exists("/proc/sys/kernel/ns_last_pid"):
        pytest.skip("the kernel does not let us set its count")
    numbers = [int(re.search(r"pid (\d+)", said(behind_namespaces.open(), "import os\nprint('pid', os.getpid())"))[1]) for _ in range(5)]  # type: ignore[index]
    assert max(abs(a - b) for a, b in pairwise(numbers)) > 100


def test_the_processes_of_the_machine(behind_namespaces: Sandbox) -> None:
    """Whether a process of the machine is there can't be seen behind namespaces; a submission sees itself."""
    ours = [os.getpid(), os.getppid(), behind_namespaces._process.pid]
    code = f"import os\nprint('seen', [n for n in {ours} if os.path.exists(f'/proc/{{n}}')], os.path.exists(f'/proc/{{os.getpid()}}'))"
    assert "seen [] True" in said(behind_namespaces.open(), code)


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
