"""Each layer by itself: the attack works without it, and fails with it. A layer that stops nothing would be seen here."""

import ctypes
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.model import Cell
from autograder.replay import Budget, Replay
from autograder.sandbox.confine import landlock_abi
from autograder.sandbox.host import LAYERS, ChildEnded, Sandbox, TimedOut
from autograder.sandbox.limits import Limits
from tests.attacks.stage import descendants, is_alive

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]

ATTEMPT = """\
def attempt(what):
    try:
        print("GOT THROUGH", what())
    except BaseException as error:
        print("refused:", type(error).__name__)
"""
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root has an id to give up")
needs_landlock = pytest.mark.skipif(not landlock_abi(), reason="this kernel has no Landlock")

Open = Callable[..., Sandbox]


@pytest.fixture(scope="module")
def with_layers() -> Iterator[Open]:
    """A function that gives a sandbox with just the named layers; each is started once."""
    opened: dict[Any, Sandbox] = {}

    def get(layers: Sequence[str], limits: Limits | None = None) -> Sandbox:
        key = (tuple(layers), limits)
        if key not in opened:
            opened[key] = Sandbox(("numpy",), limits, layers)
            assert opened[key].isolation  # its processes stand only then
        return opened[key]

    yield get
    for sandbox in opened.values():
        sandbox.close()


@pytest.fixture
def prey() -> Iterator[SimpleNamespace]:
    """What an attack is after: an open and a closed file, an open folder, a process, a UDP and a Unix listener."""
    # Not below a folder of pytest's: those are closed to another user id.
    folder = Path(tempfile.mkdtemp(prefix="attacks-"))
    folder.chmod(0o777)
    for name, mode in (("open.txt", 0o666), ("closed.txt", 0o600)):
        (folder / name).write_text("secret")
        (folder / name).chmod(mode)
    udp, unix = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX)
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{folder}")
    abstract.listen()
    udp.bind(("127.0.0.1", 0))
    unix.bind(str(folder / "socket"))
    unix.listen()
    (folder / "socket").chmod(0o777)
    victim = subprocess.Popen(["sleep", "60"])
    yield SimpleNamespace(folder=folder, udp=udp, unix=unix, victim=victim)
    victim.kill()
    victim.wait()
    for listener in (udp, unix, abstract):
        listener.close()
    subprocess.run(["rm", "-rf", folder], check=True)


def run(sandbox: Sandbox, code: str, seconds: float = 10.0) -> str:
    """What a cell printed, or why it did not end."""
    session = sandbox.open()
    try:
        return str(session.run_cell("attack", ATTEMPT + code, seconds)["outputs"])
    except (TimedOut, ChildEnded) as error:
        return str(error)
    finally:
        sandbox.end_session()


def told(prey: SimpleNamespace, code: str) -> str:
    """The attack with the places of its prey filled in."""
    names = {"FOLDER": str(prey.folder), "VICTIM": prey.victim.pid, "UDP": prey.udp.getsockname()}
    names["ABSTRACT"] = f"\0{prey.folder}"
    return "\n".join(f"{name} = {value!r}" for name, value in names.items()) + "\n" + code


FILES = {
    "reads": "attempt(lambda: open(FOLDER + '/open.txt').read())",
    "lists": "import os\nattempt(lambda: os.listdir(FOLDER))",
    "writes": "attempt(lambda: open(FOLDER + '/new.txt', 'w').write('x'))",
    "deletes": "import os\nattempt(lambda: os.unlink(FOLDER + '/open.txt'))",
    "reads-of-a-process": "attempt(lambda: open(f'/proc/{VICTIM}/cmdline').read())",
    "lists-the-processes": "import os\nattempt(lambda: os.listdir('/proc'))",
}
SYSCALLS = {
    "sends-a-datagram": "import socket\nattempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', UDP))",
    "connects-to-a-unix-socket": "import socket\nattempt(lambda: socket.socket(socket.AF_UNIX).connect(FOLDER + '/socket'))",
    "changes-a-mode": "import os\nopen('mine', 'w').close()\nos.chmod('mine', 0o6777)\nattempt(lambda: 1 / (os.stat('mine').st_mode >> 9 & 7))",
    "changes-a-time": "import os\nopen('mine', 'w').close()\nos.utime('mine', (0, 0))\nattempt(lambda: 1 / (os.stat('mine').st_mtime == 0))",
    "changes-an-owner": "import os\nopen('mine', 'w').close()\nattempt(lambda: os.chown('mine', os.getuid(), os.getgid()))",
    "hides-memory-in-a-file": "import os\nattempt(lambda: os.memfd_create('hoard'))",
    "makes-a-named-pipe": "import os\nattempt(lambda: os.mkfifo('pipe'))",
    "makes-shared-memory": "import ctypes\nattempt(lambda: 1 / (ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0))",
    "is-traced": "import ctypes\nattempt(lambda: 1 / (ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0))",
    "shares-memory-without-a-file": "import mmap\nattempt(lambda: mmap.mmap(-1, 4096))",
    "widens-a-buffer": "import socket as s\nattempt(lambda: s.socketpair()[0].setsockopt(s.SOL_SOCKET, s.SO_SNDBUF, 1 << 20))",
    "sends-a-descriptor": "import socket as s\npair = s.socketpair()\nattempt(lambda: s.send_fds(pair[0], [b'x'], [0]))",
    "widens-a-pipe": "import fcntl, os\nattempt(lambda: fcntl.fcntl(os.pipe()[1], 1031, 1 << 18))",
    "has-descriptors-of-its-own": """
import ctypes
libc, stack = ctypes.CDLL(None), ctypes.create_string_buffer(1 << 16)
top = ctypes.c_void_p(ctypes.addressof(stack) + (1 << 16) - 64)
attempt(lambda: 1 / (libc.clone(libc.pause, top, 0x10900, None) > 0))
""",
    "connects-to-an-abstract-socket": "import socket\nattempt(lambda: socket.socket(socket.AF_UNIX).connect(ABSTRACT))",
    "reads-memory-of-a-child": """
import ctypes, os, time
secret, libc = ctypes.create_string_buffer(b"secret"), ctypes.CDLL(None)
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
child, into = os.fork(), ctypes.create_string_buffer(6)
if not child:
    time.sleep(5)
    os._exit(0)
here, there = Part(ctypes.addressof(into), 6), Part(ctypes.addressof(secret), 6)
attempt(lambda: 1 / (libc.process_vm_readv(child, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) == 6))
""",
    "owns-a-pipe": "import fcntl, os\nattempt(lambda: fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getpid()))",
}
HONEST = {
    "copies": """
import os, shutil
os.makedirs("tree/below")
open("tree/below/notes.txt", "w").write("kept")
shutil.copytree("tree", "twin")
for copy in (shutil.copy, shutil.copy2):
    copy("twin/below/notes.txt", copy.__name__)
os.chmod("copy", 0o600)
os.utime("copy2")
shutil.move("twin", "moved")
print(open("copy2").read(), os.listdir("moved/below"))
""",
    "archives": "import os, shutil\nos.mkdir('t')\nprint('kept', shutil.unpack_archive(shutil.make_archive('a', 'tar', 't'), 'u'))",
    "waits": "import asyncio\nawait asyncio.sleep(0.01)\nprint('kept')",
    "calls-a-program": "!echo kept",
    "talks-to-a-program": """
import asyncio
process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
print(await process.communicate(b"kept"))
""",
    "uses-threads": "from concurrent.futures import ThreadPoolExecutor as P\nprint('kept', list(P(8).map(abs, range(9))))",
    "maps-a-file": "import numpy as np\nnp.save('a', np.ones(3))\nprint('kept', np.load('a.npy', mmap_mode='r+').sum())",
    "keeps-temporary-files": "import tempfile as t\nwith t.TemporaryDirectory(), t.NamedTemporaryFile() as f:\n    print('kept', f.write(b'x'))",
}
SIGNALS = {
    "kills": "import os\nattempt(lambda: os.kill(VICTIM, 9))",
    "has-the-kernel-kill": """
import fcntl, os, signal
reading, writing = os.pipe()
def kill():
    fcntl.fcntl(reading, fcntl.F_SETOWN, VICTIM)
    fcntl.fcntl(reading, 10, signal.SIGKILL)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writing, b'x')
attempt(kill)
""",
}


@needs_landlock
@pytest.mark.parametrize("name", FILES)
def test_files(with_layers: Open, prey: SimpleNamespace, name: str) -> None:
    """What everybody may read and write is open without the layer and closed with it."""
    code = told(prey, FILES[name])
    assert "refused: PermissionError" in run(with_layers(["files"]), code)
    assert "GOT THROUGH" in run(with_layers([]), code)


@pytest.mark.parametrize("name", SYSCALLS)
def test_syscalls(with_layers: Open, prey: SimpleNamespace, name: str) -> None:
    """What files can't forbid is refused by the filter of system calls alone."""
    code = told(prey, SYSCALLS[name])
    assert "refused: " in run(with_layers(["syscalls"]), code)
    assert "GOT THROUGH" in run(with_layers([]), code)


@pytest.mark.parametrize("layers", [LAYERS, ("user", "files", "syscalls")], ids="-".join)
@pytest.mark.parametrize("name", HONEST)
def test_honest_work_goes_on(with_layers: Open, name: str, layers: Sequence[str]) -> None:
    """What a notebook may well do with its own files, threads and programs works under all layers."""
    outputs = run(with_layers(layers), HONEST[name])
    assert "kept" in outputs
    assert "error" not in outputs


@pytest.mark.parametrize("name", SIGNALS)
def test_signals(with_layers: Open, prey: SimpleNamespace, name: str) -> None:
    """Another process of the same user lives on with the filter, and dies without it."""
    code = told(prey, SIGNALS[name])
    run(with_layers(["syscalls"]), code)
    assert prey.victim.poll() is None
    run(with_layers([]), code)
    assert prey.victim.wait(timeout=5) == -9


@needs_root
def test_user(with_layers: Open, prey: SimpleNamespace) -> None:
    """A file of root's is closed to another user id, and open to a process that keeps root's."""
    code = told(prey, "attempt(lambda: open(FOLDER + '/closed.txt').read())")
    if not with_layers(["namespaces", "user"]).isolation.user_id:
        pytest.skip("another user id could not reach the interpreter")
    assert "refused: PermissionError" in run(with_layers(["namespaces", "user"]), code)
    assert "GOT THROUGH" in run(with_layers(["namespaces"]), code)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import socket\nattempt(lambda: socket.create_connection(TCP, 1))", id="connects"),
        pytest.param("import os\nattempt(lambda: os.kill(VICTIM, 0))", id="signals-a-process"),
        pytest.param("import ctypes\nattempt(lambda: 1 / (ctypes.CDLL(None).shmget(KEY, 4096, 0o600) >= 0))", id="shares-memory"),
    ],
)
def test_namespaces(with_layers: Open, prey: SimpleNamespace, code: str) -> None:
    """Processes and networks of the machine are out of sight with namespaces of one's own, and in sight without."""
    if not with_layers(["namespaces"]).isolation.namespaces:
        pytest.skip("namespaces are not to be had here")
    with socket.create_server(("127.0.0.1", 0)) as server, shared_memory() as key:
        code = told(prey, f"TCP, KEY = {server.getsockname()}, {key}\n{code}")
        assert "GOT THROUGH" in run(with_layers([]), code)
        assert "refused: " in run(with_layers(["namespaces"]), code)


@contextmanager
def shared_memory() -> Iterator[int]:
    """The key of a System V segment of this process."""
    libc, key = ctypes.CDLL(None), os.getpid()
    segment = libc.shmget(key, 4096, 0o1666)
    yield key
    libc.shmctl(segment, 0, None)


LIMITED = {
    "file": ({"file_bytes": 1 << 20}, "attempt(lambda: open('f', 'wb').write(bytes(2 << 20)))"),
    "open-files": ({"open_files": 40}, "attempt(lambda: len([open('/dev/null') for _ in range(60)]) == 60)"),
    "memory": ({"memory_bytes": 256 << 20}, "attempt(lambda: len(bytearray(512 << 20)))"),
    "threads": (
        {"processes": 3},
        "import threading as t\nattempt(lambda: [t.Thread(target=t.Event().wait, args=(9,), daemon=True).start() for _ in range(60)])",
    ),
    "folder": (
        {"folder_bytes": 1 << 20},
        "attempt(lambda: [open(f'f{i}', 'wb').write(bytes(1 << 20)) for i in range(4)])\nimport time; time.sleep(0.7)",
    ),
    "many-files": (
        {"folder_bytes": 1 << 20},
        "attempt(lambda: [open(f'f{i}', 'w').close() for i in range(4000)] and 0)\nimport time; time.sleep(0.7)",
    ),
    "deep-folders": (
        {"folder_bytes": 1 << 20},
        "import os\nfor _ in range(90):\n    os.mkdir('d'); os.chdir('d')\n"
        "attempt(lambda: open('f', 'wb').write(bytes(2 << 20)))\nimport time; time.sleep(0.7)",
    ),
    "processor": (
        {"cpu_seconds": 1},
        "import time\nt = time.process_time()\nwhile time.process_time() - t < 2: pass\nattempt(lambda: 1)",
    ),
}


@pytest.mark.parametrize(("small", "code"), LIMITED.values(), ids=LIMITED)
def test_limits(with_layers: Open, small: dict[str, int], code: str) -> None:
    """What the limits allow by default is stopped by a smaller one."""
    # A sized file system would stop what fills the folder; for user id 0 the kernel counts no threads.
    layers = LAYERS if "processes" in small else [layer for layer in LAYERS if layer != "namespaces"]
    assert "GOT THROUGH" in run(with_layers(layers), code)
    stopped = run(with_layers(layers, replace(Limits(), **small)), code)
    assert any(word in stopped for word in ("refused: ", "too much", "too many", "ended by itself")), stopped


HOARD = """
import mmap, os, time
full, filled = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        held = mmap.mmap(-1, 200 << 20{flags})
        for start in range(0, len(held), 1 << 20):
            held[start : start + (1 << 20)] = bytes(1 << 20)
        os.write(filled, b"1")
        time.sleep(20)
        os._exit(0)
for _ in range(4):
    os.read(full, 1)
time.sleep(1)
print("GOT THROUGH")
"""


@pytest.mark.parametrize("flags", ["", ", flags=mmap.MAP_PRIVATE"], ids=["shared", "private"])
def test_memory_of_several_processes(with_layers: Open, flags: str) -> None:
    """Processes that each stay below the limit are stopped when together they don't, whatever kind of memory they take."""
    # The filter of system calls forbids memory that is shared without a file.
    layers = [layer for layer in LAYERS if layer != "namespaces" and (flags or layer != "syscalls")]
    code = HOARD.replace("{flags}", flags)
    assert "GOT THROUGH" in run(with_layers(layers), code)
    assert "together used too much memory" in run(with_layers(layers, Limits(memory_bytes=400 << 20)), code)


def test_output(with_layers: Open) -> None:
    """What a notebook prints is cut at the limit."""
    code = "print('x' * 5000)"
    assert len(run(with_layers(LAYERS), code)) > 5000
    assert len(run(with_layers(LAYERS, Limits(output_characters=1000)), code)) < 1500


RUNNERS = """
import os
def run():
    os.setsid()
    while True:
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            continue
for _ in range(30):
    if os.fork() == 0:
        run()
"""


@pytest.mark.parametrize("layers", [LAYERS, ("user", "files", "syscalls"), ("files", "syscalls")], ids="-".join)
def test_no_process_outruns_the_end(with_layers: Open, layers: Sequence[str]) -> None:
    """Processes that fork and end all the time are ended with the session, with and without a process namespace."""
    sandbox = with_layers(layers)
    before = set(descendants(sandbox._process.pid))
    run(sandbox, RUNNERS)
    assert [pid for pid in set(descendants(sandbox._process.pid)) - before if is_alive(pid)] == []


@pytest.mark.parametrize("layers", [LAYERS, ("files", "syscalls")], ids="-".join)
def test_no_folder_is_too_deep_to_remove(layers: Sequence[str]) -> None:
    """Nested, closed and strangely named folders go with the session."""
    code = "import os\nos.mkdir(b'\\xff\\n')\nos.mkdir('closed', 0)\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\n"
    with Sandbox(("numpy",), None, layers) as sandbox:
        home = Path(sandbox._home)
        assert run(sandbox, code) in ("[]", "it nested its folders too deep")
        assert [path.name for path in home.iterdir() if path.name.startswith("work")] == []
        assert run(sandbox, "print(6 * 7)").count("42") == 1
    assert not home.exists()


def test_slow_cells_cannot_multiply(with_layers: Open) -> None:
    """Many cells that each stay within their limit cannot take more than a few times the notebook's."""
    cells = [Cell(f"cell-{number}", "import time; time.sleep(0.4)") for number in range(30)]
    replay = Replay(with_layers(LAYERS), cells, budget=Budget(cell_seconds=0.5, call_seconds=0.5, notebook_seconds=2))
    started = time.monotonic()
    replay.run()
    assert time.monotonic() - started < 10
    assert len(replay.outputs) == len(cells)
