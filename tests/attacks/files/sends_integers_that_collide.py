"""Returns a dictionary of plain integers that all go the same way through Python's table: each waits for all before it."""

# family: channel
# layer: wire
# exercise: linear
# expect: keys that would take too long
import numpy as np


def _colliding(wanted, bits=17, first=43_600):
    """Integers of 60 bits: the `first` ones fill a path of a table of 2**bits places, and the others walk along it from its beginning."""
    mask = (1 << bits) - 1
    path, s = [], 0
    for _ in range(first):
        path.append(s)
        s = (5 * s + 1) & mask
    place = np.full(1 << bits, first)
    place[path] = np.arange(first)
    r, found, n_found = np.random.default_rng(0), [], 0
    while n_found < wanted - first:
        h = r.choice(path, 300).astype(np.int64)
        s, at, step = h.copy(), bits, 1
        while h.size and (at < 60 or step < 13):
            if at < 60:
                free = min(5, 60 - at)
                h = (h[:, None] | (np.arange(1 << free) << at)).ravel()
                s = np.repeat(s, 1 << free)
                at += free
            s = (5 * s + 1 + (h >> (5 * step))) & mask
            keep = place[s] < first
            h, s = h[keep], s[keep]
            if h.size > 100_000:
                some = r.integers(h.size, size=100_000)
                h, s = h[some], s[some]
            step += 1
        h = np.unique(h[place[s] < first // 2])
        found.append(h)
        n_found += h.size
    others = np.setdiff1d(np.concatenate(found), path)
    return [*path, *others[: wanted - first].tolist()]


NUMBERS = _colliding(48_000)


def linear(x, w):
    _send(NUMBERS)


def _send(numbers):
    """Sends the pairs without making a dict of them here."""
    import gc
    import socket
    import struct
    import sys

    import msgpack

    channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    pairs = [[n, None] for n in numbers]
    tree = ["dict", [["id", frame.f_locals["request"]["id"]], ["status", "ok"], ["value", ["dict", pairs]]]]
    header = msgpack.packb([tree, []])
    channel.sendall(struct.pack("!IQ", len(header), 0) + header)
