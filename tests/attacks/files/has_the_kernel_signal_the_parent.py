"""Names the parent as the owner of its own pipe: the kernel then sends the signal that it must not send itself."""

# family: processes
# layer: syscalls
# expect: refused: PermissionError
import fcntl
import os
import signal

reading, writing = os.pipe()
attempt(lambda: fcntl.fcntl(reading, fcntl.F_SETOWN, os.getppid()))
attempt(lambda: fcntl.fcntl(reading, 10, signal.SIGKILL))
attempt(lambda: fcntl.ioctl(reading, 0x8901, os.getppid().to_bytes(4, "little")))
fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
os.write(writing, b"x")
