"""Plain data ⇄ bytes for the border between the trusted side and the sandbox: exact built-in types, NumPy arrays, torch tensors.

A frame is a length, a msgpack header, and the arrays' raw bytes. Nothing is unpickled or evaluated, and every size is checked against
a cap before anything is allocated. Both sides import this module; the trusted side believes nothing that `decode` has not checked.
"""

import re
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]
import numpy as np

__all__ = ["Opaque", "WireError", "decode", "encode", "receive", "send"]

MAX_HEADER_BYTES: Final = 16 << 20
MAX_BUFFER_BYTES: Final = 256 << 20
MAX_ELEMENTS: Final = 1 << 31
MAX_DIMENSIONS: Final = 16
MAX_DEPTH: Final = 40
MAX_NODES: Final = 400_000
MAX_INT_DIGITS: Final = 400
#: Keys whose hashes a sender can choose, each counted with all that it holds: to tell many apart that collide takes the time of
#: their square, and of what they have in common.
MAX_CHOSEN_KEYS: Final = 10_000
#: Integers from 0 up to here, such as the numbers of tokens, are too few to be chosen among for what they do in a table.
SMALL_KEYS: Final = 1 << 16
WAIT_SECONDS: Final = 0.05
#: Frames up to this size go out at once.
ONE_PIECE_BYTES: Final = 1 << 16
NUMPY_KINDS: Final = "biufc"
#: What stands for itself in a header.
AS_IT_IS: Final = frozenset({type(None), bool, float, bytes})
READ_AS_IT_IS: Final = AS_IT_IS | {int, str}
TORCH_DTYPES: Final = {
    "bool": 1, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
PREFIX: Final = struct.Struct("!IQ")


class WireError(Exception):
    """A value or a frame that may not cross the border."""


@dataclass(frozen=True)
class Opaque:
    """Stands for an object that is not plain data; `type_name` is the name of its type."""

    type_name: str


def encode(value: Any) -> tuple[bytes, list[bytes | memoryview]]:
    """The header and the raw buffers of `value`. What is not plain data becomes an `Opaque` with its type's name.

    Raises `WireError` for more values than the limit.
    """
    writer = _Writer()
    tree = writer.tree(value, 0)
    header = msgpack.packb([tree, [len(buffer) for buffer in writer.buffers]], use_bin_type=True)
    return header, writer.buffers


def decode(header: bytes, buffers: bytes | bytearray | memoryview) -> Any:
    """The value in `header` and `buffers`; raises `WireError` for anything that `encode` would not have written."""
    try:
        caps = {"max_map_len": 0, "max_ext_len": 0, "max_array_len": 4 * MAX_NODES}
        tree, sizes = msgpack.unpackb(header, raw=False, strict_map_key=True, list_hook=_Counter().count, **caps)
        reader = _Reader(memoryview(buffers), [_size(n) for n in sizes])
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise WireError(f"unreadable frame: {error}") from None
    return reader.value(tree, 0)


def send(channel: socket.socket, value: Any) -> None:
    """Writes `value` to `channel` as one frame; raises `WireError` when it is too large."""
    header, buffers = encode(value)
    total = sum(map(len, buffers))
    if len(header) > MAX_HEADER_BYTES or total > MAX_BUFFER_BYTES:
        raise WireError(f"too large: {(len(header) + total) >> 20} MiB; the limit is {MAX_BUFFER_BYTES >> 20} MiB")
    frame = PREFIX.pack(len(header), total) + header
    if total <= ONE_PIECE_BYTES:
        return channel.sendall(b"".join((frame, *buffers)))
    channel.sendall(frame)
    for buffer in buffers:
        channel.sendall(buffer)


def receive(channel: socket.socket, deadline: float | None = None, while_waiting: Callable[[], None] = lambda: None) -> Any:
    """The next value from `channel`. Raises `TimeoutError` past `deadline` (of `time.monotonic`), `EOFError`, `WireError`.

    `while_waiting` is called before each read, and many times a second while there is nothing to read; what it raises comes through.
    With a deadline the channel's own timeout becomes short: set it anew before sending.
    """
    if deadline is not None:
        channel.settimeout(WAIT_SECONDS)
    header_bytes, buffer_bytes = PREFIX.unpack(_read(channel, PREFIX.size, deadline, while_waiting))
    if header_bytes > MAX_HEADER_BYTES or buffer_bytes > MAX_BUFFER_BYTES:
        raise WireError("the frame announces more bytes than the limit")
    frame = memoryview(_read(channel, header_bytes + buffer_bytes, deadline, while_waiting))
    return decode(bytes(frame[:header_bytes]), frame[header_bytes:])


def _read(channel: socket.socket, n_bytes: int, deadline: float | None, while_waiting: Callable[[], None]) -> bytearray:
    # Grows while it reads: a peer that announces much and sends little costs little.
    data = bytearray()
    while len(data) < n_bytes:
        while_waiting()  # also when bytes keep coming: a peer can drip them
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError
        try:
            chunk = channel.recv(min(1 << 20, n_bytes - len(data)))
        except TimeoutError:
            continue
        if not chunk:
            raise EOFError("the other side closed the channel")
        data += chunk
    return data


class _Writer:
    def __init__(self) -> None:
        self.buffers: list[bytes | memoryview] = []
        self.nodes = 0

    def tree(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise WireError(f"too large: more than {MAX_NODES} values")
        if depth >= MAX_DEPTH:
            return ["opaque", "nested beyond the limit"]
        kind = type(value)
        if kind in AS_IT_IS:
            return value
        if kind is np.ndarray:
            return self.array(value)
        if kind is str:
            return value.encode("utf-8", "replace").decode() if not value.isascii() else value
        if kind is int:
            return self.integer(value)
        if kind is complex:
            return ["complex", value.real, value.imag]
        # A named tuple is a tuple, an ordered dict a dict: what a subclass adds stays behind.
        if isinstance(value, list):
            return ["list", [self.tree(item, depth + 1) for item in list.__iter__(value)]]
        if isinstance(value, tuple):
            return ["tuple", [self.tree(item, depth + 1) for item in tuple.__iter__(value)]]
        if isinstance(value, dict):
            return ["dict", [[self.key(k, depth + 1), self.tree(v, depth + 1)] for k, v in dict.items(value)]]
        if kind is Opaque:
            return ["opaque", value.type_name]
        if kind.__module__ == "numpy" and isinstance(value, np.generic):
            return self.scalar(value)
        torch = sys.modules.get("torch")
        if torch is not None and kind in (torch.Tensor, torch.nn.Parameter):
            return self.tensor(torch, value)
        return ["opaque", kind.__name__[:100]]

    def key(self, value: Any, depth: int) -> Any:
        if type(value) is str:
            return self.tree(value, depth)
        # A tensor can be a key, but not one that its copy would be found by.
        torch = sys.modules.get("torch")
        return ["opaque", "Tensor"] if torch is not None and isinstance(value, torch.Tensor) else self.tree(value, depth)

    def integer(self, value: int) -> Any:
        if -(1 << 63) <= value < 1 << 63:
            return value
        if value.bit_length() > 3 * MAX_INT_DIGITS:
            return ["opaque", f"int of {value.bit_length()} bits"]
        return ["int", str(value)]

    def array(self, value: np.ndarray) -> Any:
        sent = _sent(value.dtype)
        if sent is None:
            return ["opaque", f"ndarray of dtype {value.dtype}"[:100]]
        plain = value if sent == value.dtype else value.astype(sent)
        return ["ndarray", sent.str, list(value.shape), self.buffer(plain)]

    def scalar(self, value: np.generic) -> Any:
        sent = _sent(value.dtype)
        return ["opaque", type(value).__name__[:100]] if sent is None else ["scalar", sent.str, value.astype(sent).tobytes()]

    def tensor(self, torch: Any, value: Any) -> Any:
        name = str(value.dtype).removeprefix("torch.")
        if value.layout is not torch.strided or name not in TORCH_DTYPES:
            return ["opaque", f"Tensor of dtype {value.dtype}, layout {value.layout}"]
        plain = value.detach().cpu().resolve_conj().resolve_neg()
        if value.dtype is torch.bfloat16:  # which has no NumPy twin: the bytes are taken as they lie
            plain = plain.contiguous().reshape(-1).view(torch.uint8) if plain.numel() else plain.float()
        return ["tensor", name, list(value.shape), self.buffer(plain.numpy())]

    def buffer(self, array: np.ndarray) -> int:
        if array.nbytes <= ONE_PIECE_BYTES:
            self.buffers.append(array.tobytes())
        else:  # no second copy of what is large
            flat: Any = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            self.buffers.append(memoryview(flat))
        return len(self.buffers) - 1


class _Reader:
    def __init__(self, data: memoryview, sizes: list[int]) -> None:
        if sum(sizes) != data.nbytes:
            raise WireError("the buffers' sizes don't add up")
        self.slices, start = [], 0
        for size in sizes:
            self.slices.append(data[start : start + size])
            start += size
        self.nodes = self.chosen_keys = 0
        self.unread = set(range(len(sizes)))

    def value(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("nested or long beyond the limit")
        if type(tree) in READ_AS_IT_IS:
            return tree
        if type(tree) is not list or not tree or type(tree[0]) is not str:
            raise WireError("a node without a tag")
        read = READERS.get(tree[0])
        if read is None:
            raise WireError("an unknown tag")
        try:
            return read(self, depth + 1, *tree[1:])
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise WireError(f"a malformed {tree[0]}: {type(error).__name__}") from None

    def read_list(self, depth: int, items: list[Any]) -> list[Any]:
        return [self.value(item, depth) for item in _list(items)]

    def read_tuple(self, depth: int, items: list[Any]) -> tuple[Any, ...]:
        return tuple(self.value(item, depth) for item in _list(items))

    def read_dict(self, depth: int, items: list[Any]) -> dict[Any, Any]:
        pairs = [(self.key(key, depth), self.value(value, depth)) for key, value in _list(items)]
        if self.chosen_keys > MAX_CHOSEN_KEYS or any(type(key).__module__ == "torch" for key, _ in pairs):
            raise WireError("keys that would take too long")
        return dict(pairs)

    def key(self, tree: Any, depth: int) -> Any:
        before = self.nodes
        key = self.value(tree, depth)
        if not _hash_is_out_of_reach(key):
            self.chosen_keys += self.nodes - before
        return key

    def read_int(self, depth: int, digits: str) -> int:
        if type(digits) is not str or len(digits) > MAX_INT_DIGITS + 1:
            raise WireError("an integer beyond the limit")
        return int(digits)

    def read_complex(self, depth: int, real: float, imaginary: float) -> complex:
        return complex(real, imaginary)

    def read_opaque(self, depth: int, type_name: str) -> Opaque:
        if type(type_name) is not str:
            raise WireError("a type without a name")
        return Opaque(type_name[:200])

    def read_ndarray(self, depth: int, dtype: str, shape: list[int], index: int) -> np.ndarray:
        kind = _numpy_dtype(dtype)
        count = _count(shape)
        return _native(np.frombuffer(self.raw(index, count * kind.itemsize), dtype=kind).reshape(shape))

    def read_scalar(self, depth: int, dtype: str, raw: bytes) -> np.generic:
        kind = _numpy_dtype(dtype)
        if type(raw) is not bytes or len(raw) != kind.itemsize:
            raise WireError("a scalar of the wrong length")
        result: np.generic = _native(np.frombuffer(raw, dtype=kind))[0]
        return result

    def read_tensor(self, depth: int, dtype: str, shape: list[int], index: int) -> Any:
        import torch

        if type(dtype) is not str or dtype not in TORCH_DTYPES:
            raise WireError("an unknown tensor dtype")
        count = _count(shape)
        raw = self.raw(index, count * TORCH_DTYPES[dtype])
        if not count:
            return torch.empty(shape, dtype=getattr(torch, dtype))
        if dtype == "bool":
            return torch.from_numpy(_native(np.frombuffer(raw, dtype=np.bool_))).reshape(shape)
        return torch.frombuffer(bytearray(raw), dtype=getattr(torch, dtype)).reshape(shape)

    def raw(self, index: int, n_bytes: int) -> memoryview:
        if type(index) is not int or not 0 <= index < len(self.slices) or self.slices[index].nbytes != n_bytes:
            raise WireError("an array whose shape and bytes disagree")
        # Each buffer is copied out: a thousand arrays in one would take a thousand times its size.
        if index not in self.unread:
            raise WireError("two arrays in one buffer")
        self.unread.remove(index)
        return self.slices[index]


READERS: Final[dict[str, Callable[..., Any]]] = {
    "list": _Reader.read_list, "tuple": _Reader.read_tuple, "dict": _Reader.read_dict,
    "int": _Reader.read_int, "complex": _Reader.read_complex, "opaque": _Reader.read_opaque,
    "ndarray": _Reader.read_ndarray, "scalar": _Reader.read_scalar, "tensor": _Reader.read_tensor,
}  # fmt: skip


class _Counter:
    """Stops msgpack when it has made many more lists and items than `MAX_NODES` values need: a byte makes a list of 64."""

    def __init__(self) -> None:
        self.left = 8 * MAX_NODES

    def count(self, items: list[Any]) -> list[Any]:
        self.left -= len(items) + 1
        if self.left < 0:
            raise ValueError("more items than the limit")
        return items


def _hash_is_out_of_reach(key: Any) -> bool:
    """Whether the sender can't choose the hash: that of text is salted, and that of a small integer leaves little choice."""
    return type(key) in (str, bytes, bool) or (type(key) is int and 0 <= key < SMALL_KEYS)


def _list(items: Any) -> list[Any]:
    if type(items) is not list:
        raise WireError("a list was expected")
    return items


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_BUFFER_BYTES:
        raise ValueError("a buffer size beyond the limit")
    return value


@lru_cache(maxsize=128)
def _sent(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """The dtype as which an array's bytes cross the border; None for arrays that are not of plain numbers."""
    return dtype.newbyteorder("<") if dtype.kind in NUMPY_KINDS and dtype.itemsize <= 16 else None


@lru_cache(maxsize=128)
def _numpy_dtype(name: Any) -> np.dtype[Any]:
    # NumPy reads a whole little language here; only what `encode` writes is let through to it.
    if type(name) is not str or not re.fullmatch(r"[<|][biufc][0-9]{1,2}", name):
        raise WireError("an unknown dtype")
    kind = np.dtype(name)
    if kind.itemsize > 16:
        raise WireError("an unknown dtype")
    return kind


def _native(array: np.ndarray) -> np.ndarray:
    """A copy in this machine's byte order; bytes that are neither true nor false become true."""
    if array.dtype.kind == "b":
        return np.asarray(np.not_equal(array.view(np.uint8), 0))  # not a scalar where there are no axes
    return array.copy() if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _count(shape: Any) -> int:
    """The number of elements; a zero in one axis must not hide a huge other one."""
    product = nonzero = 1
    if type(shape) is not list or len(shape) > MAX_DIMENSIONS:
        raise WireError("too many axes")
    for n in shape:
        if type(n) is not int or not 0 <= n < MAX_ELEMENTS:
            raise WireError("an axis beyond the limit")
        product *= n
        nonzero *= max(n, 1)
    if nonzero > MAX_ELEMENTS:
        raise WireError("an array beyond the limit")
    return product
