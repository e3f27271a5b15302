"""The warm parent: imports what students import, then forks one child for each request from the host. Holds no secret.

Started by `host` as `python -m autograder.sandbox.zygote DESCRIPTOR MODULE…`. It never runs a student's code itself.
"""

import ctypes
import gc
import importlib
import io
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
PR_SET_NO_NEW_PRIVS: Final = 38
SWEEPS: Final = 200


def main(descriptor: int, modules: list[str]) -> None:
    """Answers the host's requests on the socket `descriptor` until the host closes it."""
    control = socket.socket(fileno=descriptor)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    shell = _warm_up(modules)
    control.sendall(json.dumps({"ready": os.getpid()}).encode() + b"\n")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
        if not message:
            _sweep()
            return
        request = json.loads(message)
        if request["do"] == "fork":
            _fork(control, shell, descriptors[0], request)
        else:
            _sweep()
            control.sendall(b'{"swept": true}\n')


def _warm_up(modules: list[str]) -> Any:
    """Imports everything that a notebook's first cells would spend their time on; the shell that the children inherit."""
    for name in modules:
        importlib.import_module(name)
    from autograder.sandbox.child import serve  # noqa: F401
    from autograder.sandbox.shell import make_shell, record

    shell = make_shell()
    record(shell, 1 << 20)
    shell.run("warm-up", "import matplotlib.pyplot as plt\n_f, _a = plt.subplots(); _a.plot([0, 1], label='$x_1$'); _a.legend(); plt.show()\n1 + 1")
    if "torch" in modules:
        shell.run("warm-up", _TORCH)
    shell.reset(new_session=True)
    shell.user_ns.pop("plt", None)
    shell.execution_count = 1
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    gc.collect()
    gc.freeze()  # a child that collects garbage would otherwise copy the whole heap
    return shell


# The first optimiser step imports hundreds of modules.
_TORCH: Final = """
import torch
torch.set_num_threads(1)
_l = torch.nn.GRUCell(2, 3); _o = torch.optim.Adam(_l.parameters())
_l(torch.ones(1, 2)).sum().backward(); _o.step()
torch.testing.assert_close(torch.ones(2), torch.ones(2))
"""


def _fork(control: socket.socket, shell: Any, channel: int, request: dict[str, Any]) -> None:
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        control.sendall(json.dumps({"error": f"the warm parent has {threads} threads: a child forked from it could hang"}).encode() + b"\n")
        os.close(channel)
        return
    pid = os.fork()
    if pid == 0:
        # Whatever happens, a child never returns into the parent's loop.
        try:
            control.close()
            _become_child(shell, channel, request)
        finally:
            os._exit(70)
    os.close(channel)
    handle = os.pidfd_open(pid)
    socket.send_fds(control, [json.dumps({"pid": pid}).encode() + b"\n"], [handle])
    os.close(handle)


def _become_child(shell: Any, channel: int, request: dict[str, Any]) -> None:
    from autograder.sandbox.child import redirect, serve
    from autograder.sandbox.limits import Limits, impose

    os.setsid()
    os.set_inheritable(channel, False)
    folder = request["folder"]
    os.chdir(folder)
    loose: io.FileIO = redirect(os.path.join(folder, ".output"))
    _close_all_but({0, 1, 2, channel, loose.fileno()})
    os.environ.update({"HOME": folder, "TMPDIR": folder, "PWD": folder})
    sys.path[:] = [folder, *[entry for entry in sys.path if entry]]
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    limits = Limits(**request["limits"])
    impose(limits)
    # Out of the reach of `sys.exit` in a cell: IPython catches it; anything else ends in os._exit.
    serve(socket.socket(fileno=channel), shell, limits.output_characters, loose)
    os._exit(0)


def _sweep() -> None:
    """Ends every descendant. The dead child's own children, daemons too, have become ours: this process is their reaper."""
    for _ in range(SWEEPS):
        children = _children()
        if not children:
            return
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def _close_all_but(keep: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            with suppress(OSError):
                os.close(int(name))


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
