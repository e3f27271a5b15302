"""The layers that a child gives itself before it runs a student's code. Once imposed, none can be taken off.

Order matters: the user id, then limits, then no new privileges, then files (Landlock), then system calls (seccomp).
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from autograder.sandbox.syscalls import ARCHITECTURES, IGNORED, PLAIN, number

__all__ = ["drop_root", "forbid_syscalls", "landlock_abi", "no_new_privileges", "restrict_files", "seccomp_works"]

LIBC: Final = ctypes.CDLL(None, use_errno=True)

PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_MODE_FILTER: Final = 2
CAPABILITY_VERSION: Final = 0x20080522

# --- Landlock: linux/landlock.h. The three calls have the same numbers on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH: Final = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, MAKE_SYM = 16, 32, 128, 256, 4096
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
RIGHTS_BY_ABI: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
ALL_RIGHTS: Final = (1 << 16) - 1
READ: Final = EXECUTE | READ_FILE | READ_DIR
WORK: Final = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER | TRUNCATE
NET_TCP: Final = 3
SCOPE_ALL: Final = 3  # abstract Unix sockets, signals

# --- Classic BPF over `struct seccomp_data`.
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | 1, 0x00050000 | 38
NOTHING: Final = 0x00050000  # the call returns 0, and does nothing
NAMESPACE_FLAGS: Final = 0x7E020000
CLONE_THREAD, CLONE_FILES = 0x00010000, 0x00000400
MAP_SHARED, MAP_ANONYMOUS, MAP_HUGETLB = 0x01, 0x20, 0x40000
AF_UNIX = SOCK_STREAM = 1
PR_SET_NAME, PR_GET_NAME = 15, 16
# The kernel signals the owner of a descriptor in the name of whoever set it: to every process of the same user.
F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_SETPIPE_SZ = 8, 10, 15, 1024, 1031
FIOSETOWN, SIOCSPGRP, TIOCSTI = 0x8901, 0x8902, 0x5412


def drop_root(user_id: int) -> None:
    """Takes the user and group `user_id`, no other group, and no capability; `user_id` 0 keeps the id but no power."""
    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    with suppress(PermissionError):
        os.setgroups([])
    if user_id:
        os.setresgid(user_id, user_id, user_id)
        os.setresuid(user_id, user_id, user_id)
    header = struct.pack("II", CAPABILITY_VERSION, 0)
    _check(LIBC.capset(header, bytes(24)), "capset")
    # A change of the user id closes the process's /proc to its own user, as whom the watch looks into it.
    _check(LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def no_new_privileges() -> None:
    """From here on no program that is started gains a power by its file's owner or capabilities."""
    _check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def landlock_abi() -> int:
    """The version of Landlock that the kernel offers; 0 for none."""
    return max(0, int(LIBC.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


def restrict_files(readable: Iterable[str], writable: str) -> None:
    """Leaves the process the files below `readable` to read and run, and the folder `writable` to work in: no other file.

    Where the kernel can, TCP ports, abstract sockets and signals to processes outside are closed too.
    """
    abi = landlock_abi()
    handled = RIGHTS_BY_ABI.get(abi, ALL_RIGHTS)
    attributes = struct.pack("QQQ", handled, NET_TCP if abi >= 4 else 0, SCOPE_ALL if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = LIBC.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    _check(ruleset, "landlock_create_ruleset")
    for path in readable:
        _allow(ruleset, path, READ & handled)
    _allow(ruleset, "/dev/null", (READ_FILE | WRITE_FILE | TRUNCATE) & handled)
    _allow(ruleset, "/dev/zero", READ_FILE & handled)  # written to, it could be mapped as shared memory
    _allow(ruleset, writable, WORK & handled)
    _check(LIBC.syscall(RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what isn't there can't be read
    if not os.path.isdir(path):
        rights &= EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE
    rule = struct.pack("=Qi", rights, descriptor)
    _check(LIBC.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0), f"landlock_add_rule({path})")
    os.close(descriptor)


def seccomp_works() -> bool:
    """Whether this architecture has a table of calls and the kernel takes filters."""
    return platform.machine() in ARCHITECTURES and os.path.exists("/proc/sys/kernel/seccomp/actions_avail")


def forbid_syscalls() -> None:
    """Refuses every system call that numerical Python does not need; only the process itself can be signalled."""
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _filter(os.getpid()))
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _check(LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0), "prctl(PR_SET_SECCOMP)")


Instruction = tuple[int, int, int, int]


def _filter(pid: int) -> Iterator[Instruction]:
    architecture, column = ARCHITECTURES[platform.machine()]
    yield LOAD, 0, 0, 4
    yield JUMP_EQUAL, 1, 0, architecture
    yield RETURN, 0, 0, KILL
    yield LOAD, 0, 0, 0
    for numbers in PLAIN.values():
        if numbers[column] is not None:
            yield JUMP_EQUAL, 0, 1, numbers[column] or 0
            yield RETURN, 0, 0, ALLOW
    yield from _guard("kill", _argument_is(0, 0, pid))
    yield from _guard("tgkill", _argument_is(0, pid))
    yield from _guard("prctl", _argument_is(0, PR_SET_NAME, PR_GET_NAME))
    yield from _guard("prlimit64", _argument_is(0, 0))
    yield from _guard("fcntl", _argument_is_not(1, F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_SETPIPE_SZ))
    yield from _guard("ioctl", _argument_is_not(1, FIOSETOWN, SIOCSPGRP, TIOCSTI))
    # A thread with descriptors of its own would hide them: those of a process are looked up by its first thread.
    yield from _guard("clone", [(LOAD, 0, 0, 16), (JUMP_SET, 3, 0, NAMESPACE_FLAGS), (JUMP_SET, 0, 1, CLONE_THREAD), *_files_shared()])
    yield from _guard("mmap", _memory_of_its_own())
    yield from _guard("socketpair", [(LOAD, 0, 0, 16), (JUMP_EQUAL, 0, 4, AF_UNIX), *_stream_only()])
    # A `sendto` with an address could reach a socket that was never connected.
    yield from _guard("sendto", [(LOAD, 0, 0, 48), (JUMP_EQUAL, 0, 3, 0), (LOAD, 0, 0, 52), (JUMP_EQUAL, 0, 1, 0), (RETURN, 0, 0, ALLOW)])
    # `clone3` hides its flags in memory; told that it doesn't exist, the C library falls back to `clone`.
    yield JUMP_EQUAL, 0, 1, number("clone3") or 0
    yield RETURN, 0, 0, ENOSYS
    for numbers in IGNORED.values():
        if numbers[column] is not None:
            yield JUMP_EQUAL, 0, 1, numbers[column] or 0
            yield RETURN, 0, 0, NOTHING
    yield RETURN, 0, 0, EPERM


def _guard(name: str, test: Iterable[Instruction]) -> Iterator[Instruction]:
    """Runs `test`, which may return ALLOW, for the call `name`; refuses it otherwise. Other calls pass by."""
    body = [*test, (RETURN, 0, 0, EPERM)]
    yield JUMP_EQUAL, 0, len(body), number(name) or 0
    yield from body


def _argument_is(index: int, *values: int) -> list[Instruction]:
    tests: list[Instruction] = [(LOAD, 0, 0, 16 + 8 * index)]
    for value in values:
        tests += [(JUMP_EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    return tests


def _argument_is_not(index: int, *values: int) -> list[Instruction]:
    tests: list[Instruction] = [(LOAD, 0, 0, 16 + 8 * index)]
    for place, value in enumerate(values):
        tests.append((JUMP_EQUAL, len(values) - place, 0, value))
    return [*tests, (RETURN, 0, 0, ALLOW)]


def _files_shared() -> list[Instruction]:
    return [(JUMP_SET, 0, 1, CLONE_FILES), (RETURN, 0, 0, ALLOW)]


def _memory_of_its_own() -> list[Instruction]:
    # Shared memory without a file outlives whoever filled it, and shows in no process that doesn't touch it.
    flags: Instruction = (LOAD, 0, 0, 16 + 8 * 3)
    return [flags, (JUMP_SET, 3, 0, MAP_HUGETLB), (JUMP_SET, 0, 1, MAP_ANONYMOUS), (JUMP_SET, 1, 0, MAP_SHARED), (RETURN, 0, 0, ALLOW)]


def _stream_only() -> list[Instruction]:
    # The type's low byte; the flags above it don't matter.
    return [(LOAD, 0, 0, 24), (0x54, 0, 0, 0xFF), (JUMP_EQUAL, 0, 1, SOCK_STREAM), (RETURN, 0, 0, ALLOW)]


def _check(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
