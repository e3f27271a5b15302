"""Makes a named pipe, a device and a socket file that could trap whoever cleans up."""

# family: writing
# layer: syscalls
# expect: refused: PermissionError
import os
import stat

attempt(lambda: os.mkfifo("pipe"))
attempt(lambda: os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0)))
attempt(lambda: os.mknod("null", 0o600 | stat.S_IFCHR, os.makedev(1, 3)))
