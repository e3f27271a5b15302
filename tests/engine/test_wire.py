"""The wire: plain data comes back as it went, and no bytes can make `decode` do more than raise `WireError`."""

import contextlib
import math
import socket
import threading
import time
import tracemalloc
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import wire
from autograder.wire import Opaque, WireError, decode, encode

FRAME_ERRORS = (WireError, EOFError, TimeoutError)
DTYPES = st.sampled_from(["?", "i1", "i2", "i4", "i8", "u1", "u8", "f2", "f4", "f8", "c8", "c16", ">f8", ">i4"])
ARRAYS = hnp.arrays(DTYPES.map(np.dtype), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.binary() | st.text(st.characters(codec="utf-8"))
)
PLAIN = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text("abé", max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def there_and_back(value: Any) -> Any:
    """What the other side gets."""
    header, buffers = encode(value)
    return decode(header, b"".join(buffers))


def same(a: Any, b: Any) -> bool:
    """Whether two plain values are alike in type and in every bit that counts: an oracle of its own, NaN equal to NaN."""
    if isinstance(a, np.ndarray | np.generic):
        native = a.dtype.newbyteorder("=")
        return type(a) is type(b) and b.dtype == native and b.shape == a.shape and b.tobytes() == a.astype(native).tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return repr(a) == repr(b)


def receive_bytes(data: bytes, *, close: bool = True, seconds: float = 2.0) -> Any:
    """What `receive` makes of bytes on a real socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(data), close and theirs.shutdown(socket.SHUT_WR)))
        sender.start()
        try:
            return wire.receive(ours, time.monotonic() + seconds)
        finally:
            ours.close()
            sender.join()


def frame(tree: Any, sizes: Any = (), buffers: bytes = b"") -> Any:
    """`decode` of a header that `encode` would not have written."""
    return decode(msgpack.packb([tree, list(sizes)]), buffers)


@given(PLAIN)
@settings(max_examples=100, deadline=None)
def test_round_trip(value: Any) -> None:
    """Every plain value, however nested, comes back with the same types and the same bits."""
    assert same(value, there_and_back(value))


@pytest.mark.parametrize("dtype", wire.TORCH_DTYPES)
def test_tensors_round_trip(dtype: str) -> None:
    """Each dtype of torch, bfloat16 included, comes back with its shape and values."""
    value = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype))
    back = there_and_back(value)
    assert back.dtype == value.dtype
    assert torch.equal(back, value)


@pytest.mark.parametrize(
    "value",
    [torch.ones(2, 3, requires_grad=True), torch.nn.Parameter(torch.ones(2, 3)), torch.ones(3, 2).T, torch.ones(0, 3), torch.tensor(1.0)],
)
def test_tensors_arrive_detached(value: torch.Tensor) -> None:
    """Gradients, parameters, views, empty and 0-d tensors arrive as plain detached tensors of the same shape."""
    back = there_and_back(value)
    assert type(back) is torch.Tensor
    assert not back.requires_grad
    assert back.shape == value.shape
    assert torch.equal(back, value.detach())


@pytest.mark.parametrize("shape", [(0,), (0, 3), (), (1, 1, 1)])
def test_views_and_empty_arrays(shape: tuple[int, ...]) -> None:
    """Odd shapes and non-contiguous, reversed or Fortran-ordered arrays keep shape and values."""
    array = np.asfortranarray(np.arange(math.prod(shape), dtype="f4").reshape(shape))
    assert same(array, there_and_back(array))
    view = np.arange(24.0).reshape(4, 6)[::-2, ::3]
    assert np.array_equal(there_and_back(view), view)


def test_arrays_own_their_memory() -> None:
    """What arrives can be written to, and two arrays don't share memory."""
    a, b = there_and_back((np.zeros(3), np.zeros(3)))
    a[0] = 1
    assert b[0] == 0


class Liar(int):
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class LyingArray(np.ndarray):
    """An array of a student's own making."""


class LyingTensor(torch.Tensor):
    """A tensor of a student's own making."""


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Liar(3), "Liar"),
        (IntEnum("Colour", "RED").RED, "Colour"),
        (np.zeros(3).view(LyingArray), "LyingArray"),
        (torch.zeros(3).as_subclass(LyingTensor), "LyingTensor"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (np.array([object()]), "ndarray of dtype object"),
        (np.array(["text"]), "ndarray of dtype <U4"),
        (np.array(["2020"], "M8[Y]"), "ndarray of dtype datetime64[Y]"),
        (object(), "object"),
        ({1, 2}, "set"),
        (len, "builtin_function_or_method"),
        (torch.eye(2).to_sparse(), "Tensor of dtype torch.float32, layout torch.sparse_coo"),
        (np.clongdouble(1), "clongdouble"),
    ],
)
def test_only_exact_types(value: Any, name: str) -> None:
    """A subclass of a number or an array, or any other object, crosses as an `Opaque` that holds nothing but its type's name."""
    assert there_and_back([value]) == [Opaque(name)]


class LyingList(list):
    """A list that hides what it holds."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 1_000_000


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (namedtuple("Pair", "a b")(1, 2.0), (1, 2.0)),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, b=2), {"b": 2}),
        (LyingList([1, 2]), [1, 2]),
        (torch.ones(2, 3).shape, (2, 3)),
    ],
)
def test_containers_lose_their_subclass(value: Any, plain: Any) -> None:
    """A named tuple is a tuple and an ordered dict a dict: what they hold crosses, what their class adds does not."""
    arrived = there_and_back(value)
    assert type(arrived) is type(plain)
    assert arrived == plain


def test_lone_surrogates_are_replaced() -> None:
    """Text that no encoding can hold arrives with a question mark."""
    assert there_and_back("a\ud800b") == "a?b"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64, 10**300, -(10**300)])
def test_big_integers(value: int) -> None:
    """Integers beyond 64 bits arrive exactly."""
    assert there_and_back(value) == value


def test_gigantic_integers_are_opaque() -> None:
    """An integer of a million bits is not turned into digits."""
    assert there_and_back(1 << 1_000_000) == Opaque("int of 1000001 bits")


def test_depth_has_a_limit() -> None:
    """Nesting beyond the limit is cut off by the writer, also when a list contains itself."""
    endless: list[Any] = []
    endless.append(endless)
    value = there_and_back(endless)
    for _ in range(wire.MAX_DEPTH):
        assert type(value) is list
        value = value[0]
    assert value == Opaque("nested beyond the limit")


@pytest.mark.parametrize("items", [wire.MAX_NODES, 2 * wire.MAX_NODES])
def test_long_lists_have_a_limit(items: int) -> None:
    """More values than the limit are refused by the writer, and by the reader when someone else wrote them."""
    with pytest.raises(WireError, match=r"^too large: more than 400000 values$"):
        encode([0] * items)
    with pytest.raises(WireError, match=r"^nested or long beyond the limit$"):
        frame(["list", [0] * items])


def test_keys_count_with_all_that_they_hold() -> None:
    """A dictionary of pairs may be a third as long as one of numbers."""
    few, many = ({(n, -n): n for n in range(length)} for length in (3_300, 3_400))
    assert there_and_back(few) == few
    with pytest.raises(WireError, match=r"^keys that would take too long$"):
        there_and_back(many)


@pytest.mark.parametrize("first", [-(1 << 20), -30_000, 1 << 16, 1 << 40])
def test_large_integers_are_chosen_keys(first: int) -> None:
    """A dictionary may have every number of a vocabulary for a key; of other integers, which can be made to collide, only some thousands."""
    vocabulary = {n: "token" for n in range(60_000)}
    few, many = ({n: 0 for n in range(first, first + length)} for length in (10_000, 10_001))
    assert there_and_back(vocabulary) == vocabulary
    assert there_and_back(few) == few
    with pytest.raises(WireError, match=r"^keys that would take too long$"):
        there_and_back(many)


def nested(depth: int) -> Any:
    """A tree of lists, as a header says it."""
    tree: Any = None
    for _ in range(depth):
        tree = ["list", [tree]]
    return tree


@pytest.mark.parametrize(
    ("tree", "sizes", "buffers"),
    [
        pytest.param(nested(wire.MAX_DEPTH + 2), [], b"", id="too-deep"),
        pytest.param(nested(400), [], b"", id="far-too-deep"),
        pytest.param(["ndarray", "<f8", [0, 1 << 60], 0], [0], b"", id="huge-axis-beside-a-zero"),
        pytest.param(["ndarray", "<f8", [1 << 20, 0, 1 << 20, 1 << 20], 0], [0], b"", id="huge-product-beside-a-zero"),
        pytest.param(["tensor", "float32", [0, 1 << 60], 0], [0], b"", id="huge-tensor-beside-a-zero"),
        pytest.param(["ndarray", "<f8", [0, 1 << 30, 8], 0], [0], b"", id="too-many-elements-beside-a-zero"),
        pytest.param(["ndarray", "<f8", [-1], 0], [8], b"8 bytes!", id="negative-axis"),
        pytest.param(["ndarray", "<f8", [True], 0], [8], b"8 bytes!", id="boolean-axis"),
        pytest.param(["ndarray", "<f8", [1.0], 0], [8], b"8 bytes!", id="float-axis"),
        pytest.param(["ndarray", "<f8", [1] * 17, 0], [8], b"8 bytes!", id="too-many-axes"),
        pytest.param(["ndarray", "<f8", "1", 0], [8], b"8 bytes!", id="shape-not-a-list"),
        pytest.param(["ndarray", "<f8", [2], 0], [8], b"8 bytes!", id="shape-larger-than-bytes"),
        pytest.param(["ndarray", "<i1", [2], 0], [8], b"8 bytes!", id="shape-smaller-than-bytes"),
        pytest.param(["ndarray", "<f8", [1], 1], [8], b"8 bytes!", id="no-such-buffer"),
        pytest.param(["ndarray", "<f8", [1], -1], [8], b"8 bytes!", id="negative-buffer"),
        pytest.param(["ndarray", "<f8", [1], 0.0], [8], b"8 bytes!", id="float-buffer"),
        pytest.param(["ndarray", "|O", [1], 0], [8], b"8 bytes!", id="object-dtype"),
        pytest.param(["ndarray", "O8", [1], 0], [8], b"8 bytes!", id="object-dtype-spelt-otherwise"),
        pytest.param(["ndarray", "|V8", [1], 0], [8], b"8 bytes!", id="void-dtype"),
        pytest.param(["ndarray", "<U2", [1], 0], [8], b"8 bytes!", id="text-dtype"),
        pytest.param(["ndarray", "<M8", [1], 0], [8], b"8 bytes!", id="date-dtype"),
        pytest.param(["ndarray", "i4,i", [1], 0], [8], b"8 bytes!", id="structured-dtype"),
        pytest.param(["ndarray", "2f4", [1], 0], [8], b"8 bytes!", id="subarray-dtype"),
        pytest.param(["ndarray", ",73=", [1], 0], [8], b"8 bytes!", id="dtype-that-makes-numpy-parse"),
        pytest.param(["ndarray", "<f8" * 100, [1], 0], [8], b"8 bytes!", id="long-dtype"),
        pytest.param(["ndarray", "<f3", [1], 0], [8], b"8 bytes!", id="no-such-width"),
        pytest.param(["ndarray", 8, [1], 0], [8], b"8 bytes!", id="number-as-dtype"),
        pytest.param(["ndarray", "<f8", [1]], [8], b"8 bytes!", id="field-missing"),
        pytest.param(["ndarray", "<f8", [1], 0, 0], [8], b"8 bytes!", id="field-too-many"),
        pytest.param(["tensor", "qint8", [8], 0], [8], b"8 bytes!", id="unknown-tensor-dtype"),
        pytest.param(["tensor", "__class__", [8], 0], [8], b"8 bytes!", id="attribute-as-tensor-dtype"),
        pytest.param(["scalar", "<f8", b"7 bytes"], [], b"", id="short-scalar"),
        pytest.param(["scalar", "<f8", "8 bytes!"], [], b"", id="text-as-scalar"),
        pytest.param(["int", "9" * 402], [], b"", id="long-integer"),
        pytest.param(["int", "0x10"], [], b"", id="integer-in-no-decimal"),
        pytest.param(["int", 5], [], b"", id="integer-not-in-text"),
        pytest.param(["complex", "1", "2"], [], b"", id="complex-of-text"),
        pytest.param(["dict", [[["list", []], 1]]], [], b"", id="list-as-key"),
        pytest.param(["dict", [[1]]], [], b"", id="key-without-value"),
        pytest.param(["dict", 5], [], b"", id="dict-of-a-number"),
        pytest.param(["list", "abc"], [], b"", id="list-of-text"),
        pytest.param(["raw", 0, 0], [0], b"", id="a-method-that-is-no-tag"),
        pytest.param(["_class__"], [], b"", id="an-attribute-that-is-no-tag"),
        pytest.param(["pickle", b"cos\nsystem\n"], [], b"", id="pickle"),
        pytest.param([], [], b"", id="no-tag"),
        pytest.param([5], [], b"", id="number-as-tag"),
        pytest.param(None, [8], b"", id="announced-buffer-missing"),
        pytest.param(None, [], b"8 bytes!", id="buffer-not-announced"),
        pytest.param(None, [-8, 16], b"8 bytes!", id="negative-size"),
        pytest.param(None, [1 << 62], b"", id="huge-size"),
        pytest.param(None, ["8"], b"8 bytes!", id="text-as-size"),
    ],
)
def test_forged_headers(tree: Any, sizes: list[Any], buffers: bytes) -> None:
    """A header that `encode` would not write raises `WireError`, and no other exception."""
    with pytest.raises(WireError):
        frame(tree, sizes, buffers)


@pytest.mark.parametrize(
    "header", [b"", b"\xc1", b"\x93\x00\x00\x00", b"\x81\x00\x00", b"\x92\x00\x00", b"\xc7\x01\x05x", b"\x91" * 100_000], ids=repr
)
def test_unreadable_headers(header: bytes) -> None:
    """Bytes that are no msgpack list of two, maps, extensions and endless nesting raise `WireError`."""
    with pytest.raises(WireError):
        decode(header, b"")


@given(st.binary(max_size=200), st.binary(max_size=64))
@settings(max_examples=300, deadline=None)
def test_random_frames(header: bytes, buffers: bytes) -> None:
    """Random bytes raise `WireError` or decode to a value; nothing else happens."""
    with contextlib.suppress(WireError):
        decode(header, buffers)


@given(PLAIN, st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_frames(value: Any, data: st.DataObject) -> None:
    """A good frame with a few bytes changed raises `WireError` or decodes to a value; nothing else happens."""
    header, buffers = encode(value)
    damaged = bytearray(header)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        decode(bytes(damaged), b"".join(buffers))


def test_truncated_frames() -> None:
    """A frame cut off at any byte is an `EOFError`."""
    header, buffers = encode([np.arange(3), "text", {"a": (1.0, None)}])
    whole = wire.PREFIX.pack(len(header), sum(map(len, buffers))) + header + b"".join(buffers)
    assert receive_bytes(whole)[1] == "text"
    for length in range(len(whole)):
        with pytest.raises(EOFError):
            receive_bytes(whole[:length])


@given(st.binary(min_size=12, max_size=80))
@settings(max_examples=60, deadline=None)
def test_random_streams(data: bytes) -> None:
    """Random bytes on the socket raise one of the three errors that the host expects."""
    with pytest.raises(FRAME_ERRORS):
        receive_bytes(data)
        raise WireError("decoded by chance")


@pytest.mark.parametrize(("header", "buffers"), [((16 << 20) + 1, 0), (10, (256 << 20) + 1), (2**32 - 1, 2**64 - 1)])
def test_announced_sizes_have_a_limit(header: int, buffers: int) -> None:
    """A frame that announces more than the limit is refused before another byte is read."""
    with pytest.raises(WireError, match=r"^the frame announces more bytes than the limit$"):
        receive_bytes(wire.PREFIX.pack(header, buffers), close=False)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(wire.PREFIX.pack(16 << 20, 256 << 20) + b"x" * 100, id="announced-and-not-sent"),
        pytest.param(wire.PREFIX.pack(5, 256 << 20) + b"\x92\xc0\x90" + b"  ", id="buffers-announced-and-not-sent"),
        pytest.param(wire.PREFIX.pack(6, 0) + b"\xdd\xff\xff\xff\xff\xc0", id="list-announced-in-the-header"),
        pytest.param(wire.PREFIX.pack(6, 0) + b"\xc6\xff\xff\xff\xff\xc0", id="bytes-announced-in-the-header"),
    ],
)
def test_memory_follows_what_was_sent(data: bytes) -> None:
    """A hundred bytes that announce hundreds of megabytes cost a few."""
    tracemalloc.start()
    try:
        with pytest.raises(FRAME_ERRORS):
            receive_bytes(data)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_full_header_costs_a_small_multiple() -> None:
    """Lists within lists that each announce as many items as the header has bytes cost little more than the header."""
    header = b"\xdd\x00\x10\x00\x00" * 1000 + b"\xc0" * (1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode(header, b"")
        assert tracemalloc.get_traced_memory()[1] < 128 << 20
    finally:
        tracemalloc.stop()


def test_deadline() -> None:
    """A peer that sends a byte now and then does not outlast the deadline."""
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip() -> None:
        theirs.sendall(wire.PREFIX.pack(1000, 0))
        while not stop.wait(0.05):
            theirs.sendall(b"x")

    dripper = threading.Thread(target=drip)
    dripper.start()
    begin = time.monotonic()
    with ours, theirs:
        with pytest.raises(TimeoutError):
            wire.receive(ours, begin + 0.3)
        stop.set()
        dripper.join()
    assert 0.25 < time.monotonic() - begin < 1.5


def test_sending_too_much_is_refused() -> None:
    """A value beyond the limit is refused before a byte is written."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(WireError, match="too large: 256 MiB; the limit is 256 MiB"):
            wire.send(ours, np.broadcast_to(np.uint8(0), (256 << 20) + 1))
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


def test_waiting_goes_on_while_bytes_drip() -> None:
    """What is to be called while waiting is called many times when bytes keep coming, and what it raises comes through."""
    ours, theirs = socket.socketpair()
    calls: list[float] = []

    def look() -> None:
        calls.append(time.monotonic())
        if len(calls) > 20:
            raise LookupError
        theirs.sendall(b"x")

    with ours, theirs:
        theirs.sendall(wire.PREFIX.pack(1000, 0))
        with pytest.raises(LookupError):
            wire.receive(ours, time.monotonic() + 5, look)


def test_waiting_goes_on_while_nothing_comes() -> None:
    """A silent peer is waited for in short steps."""
    ours, theirs = socket.socketpair()
    calls: list[None] = []
    with ours, theirs, pytest.raises(TimeoutError):
        wire.receive(ours, time.monotonic() + 0.5, lambda: calls.append(None))
    assert len(calls) > 4
