"""Tries each isolation layer by its effect, in a throw-away child: what holds on this machine, what doesn't, and how to get it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from autograder.errors import SubmissionError
from autograder.sandbox.host import Sandbox, Session
from autograder.sandbox.limits import Limits

__all__ = ["Finding", "examine"]


@dataclass(frozen=True)
class Finding:
    """One layer: whether it held when it was tried, and what that means or how to get it."""

    layer: str
    active: bool
    detail: str


@dataclass(frozen=True)
class Trial:
    """Code that a layer must stop: it prints «got through» where the layer does not hold."""

    layer: str
    attempt: str
    holds: str
    advice: str


LANDLOCK: Final = "needs Linux 5.13 or later with Landlock switched on (add lsm=landlock,… to the kernel's command line)."
SECCOMP: Final = "needs Linux on x86_64 or aarch64 with seccomp filters."
LIMIT: Final = "the kernel's resource limits do not hold here; grade on Linux."

TRIALS: Final = (
    Trial("memory", "bytearray(3 << 30)", "a child may use 2 GiB", LIMIT),
    Trial("file size", "open('f', 'wb').write(bytes(65 << 20))", "a file may grow to 64 MiB", LIMIT),
    Trial(
        "number of processes",
        "import os, time\nfor _ in range(200):\n    if os.fork() == 0:\n        time.sleep(20)\n        os._exit(0)",
        "a child may have 64 processes and threads",
        "as root the kernel doesn't count: the interpreter must be reachable for another user id, so install it outside closed folders.",
    ),
    Trial(
        "files: reading",
        "open('/etc/passwd').read(1)",
        "only the interpreter, its libraries and the assignment's data can be read",
        LANDLOCK,
    ),
    Trial(
        "files: writing",
        "import os\nopen(os.path.join(os.path.dirname(os.getcwd()), 'x'), 'w')",
        "only a private folder can be written",
        LANDLOCK,
    ),
    Trial("network", "import socket\nsocket.socket().bind(('127.0.0.1', 0))", "no socket can be opened, not even to this machine", SECCOMP),
    Trial("local sockets", "import socket\nsocket.socket(socket.AF_UNIX)", "no Unix socket can be opened", SECCOMP),
    Trial("other processes", "import os\nos.kill(os.getppid(), 0)", "no other process can be signalled or traced", SECCOMP),
    Trial(
        "root's powers", "import os\nos.setuid(0)\nos.setgid(0)\nopen('/proc/self/uid_map', 'w').write('0')", "the child has none", SECCOMP
    ),
)
NAMESPACES: Final = "where it holds, the processes, mounts and network of the machine are out of sight too. " + (
    "It needs unprivileged user namespaces, or root with CAP_SYS_ADMIN; default containers have neither. "
    "Level B is enough for strangers' code."
)


def examine() -> list[Finding]:
    """One finding for each layer, and last the level that a report made here would name."""
    with Sandbox(["numpy"], Limits()) as sandbox:
        findings = [_try(sandbox.open(), trial) for trial in TRIALS]
        isolation = sandbox.isolation
        findings.append(Finding("own namespaces", isolation.namespaces, "in force" if isolation.namespaces else NAMESPACES))
        findings.append(Finding(f"level {isolation.level}", isolation.at_least("B"), isolation.sentence().partition(": ")[2]))
    return findings


def _try(session: Session, trial: Trial) -> Finding:
    try:
        reply = session.run_cell("trial", f"{trial.attempt}\nprint('got through')", 15.0)
        stopped = "got through" not in "".join(_printed(reply))
    except SubmissionError:
        stopped = True
    return Finding(trial.layer, stopped, trial.holds if stopped else trial.advice)


def _printed(reply: dict[str, object]) -> Iterator[str]:
    outputs = reply.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            yield str(output.get("text", ""))
