"""Makes shared memory that outlives its process."""

# family: resources
# layer: files
# expect: refused: (PermissionError|OSError|FileNotFoundError)
import ctypes
from multiprocessing import shared_memory

attempt(lambda: shared_memory.SharedMemory(name="hostile-memory", create=True, size=1 << 20))
attempt(lambda: torch.ones(1 << 20).share_memory_().is_shared() and ctypes.CDLL(None).shmget(7, 1 << 20, 0o1666) >= 0 or 1 / 0)
