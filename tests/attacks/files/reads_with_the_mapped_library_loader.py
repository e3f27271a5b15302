"""Has the dynamic loader, NumPy, and the C library open the answers."""

# family: reading
# layer: files
# expect: refused: (OSError|PermissionError)
import ctypes

attempt(lambda: ctypes.CDLL(SECRET_FILE))
attempt(lambda: np.memmap(SECRET_FILE, mode="r").tobytes())
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
attempt(lambda: 1 / bool(libc.fopen(SECRET_FILE.encode(), b"r")))
