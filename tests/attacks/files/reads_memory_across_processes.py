"""Copies memory out of another process with process_vm_readv."""

# family: reading
# layer: syscalls
# expect: -1 1
import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
here = ctypes.create_string_buffer(8)
local = struct.pack("PN", ctypes.addressof(here), 8)
print(libc.process_vm_readv(os.getppid(), local, 1, local, 1, 0), ctypes.get_errno())
