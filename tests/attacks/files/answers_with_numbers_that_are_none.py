"""Sends extended-precision numbers whose bits are no number at all, which a processor refuses and a printer may not expect."""

# family: forged values
# layer: host
# exercise: linear
# expect: .
import gc
import os
import struct
import sys

wire = sys.modules["autograder.wire"]
send = wire.send
odd = [
    struct.pack("<QH6x", mantissa, exponent)
    for mantissa in (0, 1, 1 << 62, (1 << 63) - 1)
    for exponent in (1, 0x3FFF, 0x7FFE, 0x7FFF, 0xBFFF, 0xFFFE)
]


def forged(channel, reply):
    if reply.get("value") is mine:
        calls[0] = (calls[0] + 6) % len(odd)
        reply["value"] = np.frombuffer(b"".join((odd * 2)[calls[0] : calls[0] + 6]), dtype=np.longdouble).reshape(3, 2)
    send(channel, reply)


wire.send = forged


mine, calls = np.zeros(1), [0]


def linear(x, w):
    return mine
