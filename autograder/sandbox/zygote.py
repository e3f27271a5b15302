"""The warm parent: imports what students import, then forks one child for each request from the host. Holds no secret.

Started by `host` as `python -m autograder.sandbox.zygote DESCRIPTOR HOME LAYERS MODULE…`. It never runs a student's code itself.
"""

import ctypes
import gc
import importlib
import io
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.sandbox import confine, namespaces, readable
from autograder.sandbox.limits import Limits, impose
from autograder.sandbox.tidy import remove_folder

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
#: What NumPy itself imports only when it is first used, by when a child may no longer read every library.
LAZY: Final = ("numpy.random", "numpy.linalg", "numpy.fft", "numpy.polynomial", "numpy.ma", "numpy.testing")
FIRST_USER_ID: Final = 60_000
USER_IDS: Final = 5_000
SWEEP_SECONDS: Final = 15.0
#: Below this the kernel gives no number a second time.
RESERVED_PIDS: Final = 300


@dataclass(frozen=True)
class Layers:
    """Which layers this process's children get, found out once by trying them."""

    namespaces: bool
    files: int
    syscalls: bool
    user_id: int

    def as_dict(self) -> dict[str, Any]:
        """The layers as plain data, for the host."""
        return {"namespaces": self.namespaces, "files": self.files, "syscalls": self.syscalls, "user_id": self.user_id}


def main(descriptor: int, home: str, wanted: set[str], modules: list[str]) -> None:
    """Answers the host's requests on the socket `descriptor` until the host closes it or ends, however it ends; then removes `home`."""
    control = socket.socket(fileno=descriptor)
    layers = _prepare(home, wanted)
    folders: list[str] = []
    try:
        shell = _warm_up(modules)
        control.sendall(json.dumps({"ready": os.getpid(), **layers.as_dict()}).encode())
        _answer(control, shell, layers, folders)
    except ConnectionError:
        pass  # the host ended while it was waited for
    finally:
        _sweep(layers, folders)
        remove_folder(home)


def _answer(control: socket.socket, shell: Any, layers: Layers, folders: list[str]) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 1)
        if not message:
            return
        request = json.loads(message)
        if request["do"] == "fork":
            folders.append(request["folder"])
            _fork(control, shell, layers, descriptors[0], request)
        else:
            _sweep(layers, folders)
            control.sendall(b'{"swept": true}')


def _prepare(home: str, wanted: set[str]) -> Layers:
    """Enters the namespaces and finds out what the children can be given; `wanted` is all of it, but in tests."""
    entered = "namespaces" in wanted and namespaces.enter(home, readable.interpreter(), Limits().folder_bytes)
    if not entered:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
    user_id = 0
    if os.getuid() == 0 and "user" in wanted and readable.others_can_reach(readable.interpreter()):
        user_id = FIRST_USER_ID + zlib.crc32(home.encode()) % USER_IDS  # one for each warm parent: homes are unique
    files = confine.landlock_abi() if "files" in wanted else 0
    return Layers(entered, files, "syscalls" in wanted and confine.seccomp_works(), user_id)


def _warm_up(modules: list[str]) -> Any:
    """Imports everything that a notebook's first cells would spend their time on; the shell that the children inherit."""
    for name in (*LAZY, *modules):
        importlib.import_module(name)
    from autograder.sandbox.child import serve  # noqa: F401
    from autograder.sandbox.shell import make_shell, record

    shell = make_shell()
    record(shell, 1 << 20)
    shell.run("warm-up", _FIGURE)
    if "torch" in modules:
        shell.run("warm-up", _TORCH)
    shell.reset(new_session=True)
    shell.user_ns.pop("plt", None)
    shell.execution_count = 1
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    gc.collect()
    gc.freeze()  # a child that collects garbage would otherwise copy the whole heap
    return shell


_FIGURE: Final = """
import matplotlib.pyplot as plt
_f, _a = plt.subplots(); _a.plot([0, 1], label='$x_1$'); _a.legend(); plt.show()
1 + 1
1 / 0
"""
# The first optimiser step imports hundreds of modules.
_TORCH: Final = """
import torch
torch.set_num_threads(1)
_l = torch.nn.GRUCell(2, 3); _o = torch.optim.Adam(_l.parameters())
_l(torch.ones(1, 2)).sum().backward(); _o.step()
torch.testing.assert_close(torch.ones(2), torch.ones(2))
"""


def _fork(control: socket.socket, shell: Any, layers: Layers, channel: int, request: dict[str, Any]) -> None:
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        control.sendall(json.dumps({"error": f"the warm parent has {threads} threads: a child forked from it could hang"}).encode())
        os.close(channel)
        return
    if layers.namespaces:
        _forget_the_last_process()
    pid = os.fork()
    if pid == 0:
        # Whatever happens, a child never returns into the parent's loop.
        status = 70
        try:
            control.close()
            _become_child(shell, layers, channel, request)
            status = 0
        except BaseException as error:
            with suppress(OSError):
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)
    os.close(channel)
    handle = os.pidfd_open(pid)
    socket.send_fds(control, [json.dumps({"pid": pid}).encode()], [handle])
    os.close(handle)


def _forget_the_last_process() -> None:
    """Lets the kernel go on counting processes from anywhere: else a submission could count to a number for the next one to read."""
    with suppress(OSError):
        most = int(Path("/proc/sys/kernel/pid_max").read_text())
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(RESERVED_PIDS + secrets.randbelow(most - RESERVED_PIDS)))


def _become_child(shell: Any, layers: Layers, channel: int, request: dict[str, Any]) -> None:
    from autograder.sandbox.child import redirect, serve

    os.setsid()
    os.set_inheritable(channel, False)
    limits = Limits(**request["limits"])
    folder = _make_folder(request["folder"], request["files"], layers.user_id)
    loose: io.FileIO = redirect(os.path.join(folder, ".output"))
    _close_all_but({0, 1, 2, channel, loose.fileno()})
    os.environ.update({"HOME": folder, "TMPDIR": folder, "PWD": folder})
    os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)  # torch puts the operator's login name there
    tempfile.tempdir = folder
    sys.path[:] = [folder, *[entry for entry in sys.path if entry]]
    readable_paths = readable.paths() if layers.files else []
    confine.drop_root(layers.user_id)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    impose(limits)
    confine.no_new_privileges()
    if layers.files:
        confine.restrict_files(readable_paths, folder)
    if layers.syscalls:
        confine.forbid_syscalls()
    serve(socket.socket(fileno=channel), shell, limits.output_characters, loose)


def _make_folder(folder: str, files: list[str], user_id: int) -> str:
    """The private working folder with copies of the assignment's data, and the process in it."""
    os.mkdir(folder, 0o700)
    for file in files:
        shutil.copyfile(file, os.path.join(folder, os.path.basename(file)))
    if user_id:
        for path in (folder, *(os.path.join(folder, name) for name in os.listdir(folder))):
            os.chown(path, user_id, user_id)
    os.chdir(folder)
    return folder


def _sweep(layers: Layers, folders: list[str]) -> None:
    """Ends every process that a child has left behind, and removes the folders. All of them have become ours: we are their reaper."""
    # A process that forks and ends, over and over, is caught in some round; one round never is enough.
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        if layers.namespaces:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # everything in this process namespace but us
        else:
            for pid in _children():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if not _reap():
            break
    while folders:
        remove_folder(folders.pop())


def _reap() -> bool:
    """Collects all children that have ended; False when no child is left, running or not."""
    try:
        if os.waitpid(-1, os.WNOHANG)[0] == 0:
            time.sleep(0.001)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _children() -> list[int]:
    return [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]


def _close_all_but(keep: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            with suppress(OSError):
                os.close(int(name))


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], set(sys.argv[3].split(",")), sys.argv[4:])
    os._exit(0)  # taking the libraries apart would take longer than a submission
