"""Sends truth values that are neither true nor false, and texts in which no text belongs."""

# family: channel
# layer: wire
# exercise: words
# expect: .
import sys

wire = sys.modules["autograder.wire"]
send = wire.send


def words(names):
    def forged(channel, reply):
        wire.send = send
        neither = np.full(3, 2, np.uint8).view(bool)
        send(channel, {"id": reply["id"], "status": neither, "value": neither, "name": neither, "types": neither})

    wire.send = forged
