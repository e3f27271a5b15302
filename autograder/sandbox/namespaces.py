"""The namespaces that stand once around the warm parent, where the system offers them: one process tree, no network, own mounts.

`enter` is called at the start of the warm parent, before it imports anything large, and returns in the process that goes on.
"""

import ctypes
import os
import signal
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["enter"]

LIBC: Final = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV, MS_NOEXEC = 4096, 16384, 1 << 18, 2, 4, 8
MNT_DETACH: Final = 2
MOUNT_SETATTR, MOUNT_ATTR_RDONLY, AT_FDCWD, AT_RECURSIVE = 442, 1, -100, 0x8000
PR_SET_PDEATHSIG: Final = 1


def enter(home: str, needed: Sequence[str], home_bytes: int) -> bool:
    """Moves into fresh namespaces with a sized tmpfs on `home`; False, and nothing changed, where the system refuses.

    `needed` are folders that another user id must be able to reach: a closed folder above one is covered by an open one.
    The process that called waits outside until the one inside ends, removes `home` and ends too.
    """
    user, group = os.getuid(), os.getgid()
    flags = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET | (NEWUSER if user else 0)
    if not _allowed(flags):
        return False
    outside = os.open(os.path.dirname(home), os.O_PATH | os.O_CLOEXEC)  # still writable when all that is seen from inside is not
    LIBC.unshare(flags)
    if user:
        _map_user(user, group)
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    if not user:
        _open_the_way(needed)
    _make_read_only()
    _mount("tmpfs", home, "tmpfs", MS_NOSUID | MS_NODEV, f"size={home_bytes},mode=0711,nr_inodes=20000")
    _become_first_process(home, outside)
    return True


def _allowed(flags: int) -> bool:
    """Tries it all out in a throw-away process: half a set of namespaces would be worse than none."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            user, group = os.getuid(), os.getgid()
            if LIBC.unshare(flags) == 0:
                if user:
                    _map_user(user, group)
                _mount("none", "/", None, MS_REC | MS_PRIVATE)
                _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1048576")
                status = 0
        except OSError:
            status = 2
        finally:
            os._exit(status)
    _, result = os.waitpid(pid, 0)
    return result == 0


def _map_user(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _open_the_way(needed: Sequence[str]) -> None:
    """Covers each folder that only root may pass with an empty one in which just the `needed` folders appear."""
    closed = {str(parent) for folder in needed for parent in Path(folder).parents if not parent.stat().st_mode & 0o001}
    for folder in sorted(closed, key=len):
        inside = [path for path in needed if path.startswith(folder + "/")]
        held = [(path, os.open(path, os.O_PATH)) for path in inside]
        _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=65536,mode=0755")
        for path, descriptor in held:
            os.makedirs(path, mode=0o755, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
            os.close(descriptor)


def _make_read_only() -> None:
    """No file outside the home can be changed, nor the time when it was read last, by which one submission could tell the next."""
    attributes = struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
    LIBC.syscall(MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes)))  # from Linux 5.12


def _become_first_process(home: str, outside: int) -> None:
    """Forks the first process of the new process namespace and returns in it; when it ends, all in it are ended by the kernel."""
    pid = os.fork()
    if pid == 0:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.close(outside)
        with suppress(OSError):  # where a part of /proc is covered, only root may have a fresh one
            _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        return
    _, status = os.waitpid(pid, 0)
    LIBC.umount2(home.encode(), MNT_DETACH)
    with suppress(OSError):
        os.rmdir(os.path.basename(home), dir_fd=outside)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    if LIBC.mount(*encoded, ctypes.c_ulong(flags), options.encode() if options else None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount({target}): {os.strerror(error)}")
