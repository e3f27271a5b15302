"""Sends an array in the place of a text, of a shape that takes hours to print."""

# family: channel
# layer: host
# expect: .
import sys

wire = sys.modules["autograder.wire"]
send = wire.send


def forged(channel, reply):
    wire.send = send
    slow = np.ones((6,) * 9, "i1")
    send(channel, {**reply, "outputs": [{"output_type": "stream", "text": slow}], "error": {"ename": slow, "evalue": slow}})


wire.send = forged
