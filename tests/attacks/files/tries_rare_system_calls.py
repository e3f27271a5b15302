"""Tries the system calls that escapes are made of: none of them may do anything.

Those that change modes and times claim success and do nothing: `changes_modes_of_others_files` looks at the files.
"""

# family: processes
# layer: syscalls
# expect: through \[\]
import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
rare = {
    "personality": 135, "pivot_root": 155, "chroot": 161, "mount": 165, "init_module": 175, "add_key": 248, "keyctl": 250, "inotify_init": 253,
    "inotify_init1": 294, "perf_event_open": 298, "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "memfd_create": 319, "bpf": 321, "userfaultfd": 323,
    "io_uring_setup": 425, "open_tree": 428, "fsopen": 430, "pidfd_open": 434, "pidfd_getfd": 438, "process_madvise": 440,
    "memfd_secret": 447, "process_mrelease": 448, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240, "unshare": 272, "acct": 163,
    "quotactl": 179, "swapon": 167, "reboot": 169, "sethostname": 170, "syslog": 103, "modify_ldt": 154, "vmsplice": 278, "tkill": 200,
    "rt_sigqueueinfo": 129, "sched_setscheduler": 144, "sched_setaffinity": 203, "setpriority": 141, "ioprio_set": 251, "link": 86, "linkat": 265,
    "mknod": 133, "chown": 92, "setxattr": 188, "socket": 41, "bind": 49, "connect": 42,
}  # fmt: skip
through = []
for name, number in rare.items():
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        through.append((name, errno.errorcode.get(ctypes.get_errno())))
print("through", through)
