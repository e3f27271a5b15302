"""Calls the kernel through the gate for 32-bit programs, and with the numbers of the x32 interface."""

# family: processes
# layer: syscalls
# expect: (ended the whole process|ended by itself|stopped the whole process|-1)
import ctypes
import mmap

libc = ctypes.CDLL(None, use_errno=True)
print([libc.syscall(ctypes.c_long(0x40000000 | number), 2, 1, 0) for number in (41, 101, 165, 310)])
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# mov eax, 39 (mkdir); mov ebx, 0; int 0x80; ret
page.write(b"\xb8\x27\x00\x00\x00\xbb\x00\x00\x00\x00\xcd\x80\xc3")
answer = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print("GOT THROUGH" if answer != -38 else "no such gate")
