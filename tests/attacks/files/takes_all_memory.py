"""Asks for far more memory than there is, at once and bit by bit."""

# family: resources
# layer: limits
# expect: refused: (MemoryError|_ArrayMemoryError|RuntimeError)
attempt(lambda: np.ones(1 << 31))
attempt(lambda: torch.ones(1 << 31))
attempt(lambda: bytearray(1 << 34))
