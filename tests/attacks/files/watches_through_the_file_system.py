"""Looks at what others do by locks, by changes of folders, by the free space of the disk and by the size of files."""

# family: reading
# layer: syscalls
# expect: refused: (PermissionError|OSError)
import ctypes
import fcntl
import os

libc = ctypes.CDLL(None, use_errno=True)
attempt(lambda: 1 / (libc.inotify_init() >= 0))
attempt(lambda: fcntl.flock(os.open(GRADEBOOK, os.O_RDONLY), fcntl.LOCK_EX))
attempt(lambda: fcntl.fcntl(os.open(COURSE, os.O_RDONLY), 1026, 0x80000002))
attempt(lambda: os.listdir(os.path.dirname(SECRET_FILE)))
attempt(lambda: os.open(SECRET_FILE, os.O_PATH) and open(f"/proc/self/fd/{os.open(SECRET_FILE, os.O_PATH)}").read())
attempt(lambda: os.sendfile(os.open("x", os.O_CREAT | os.O_WRONLY), os.open(SECRET_FILE, os.O_RDONLY), 0, 100))
