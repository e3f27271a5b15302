"""Sends, past the limits of its own process, more output than a notebook may have."""

# family: channel
# layer: host
# expect: .
import sys

wire = sys.modules["autograder.wire"]
send = wire.send


def forged(channel, reply):
    wire.send = send
    send(channel, {**reply, "outputs": [{"output_type": "display_data", "data": {"text/html": "x" * (15 << 20)}}]})


wire.send = forged
