"""Reports an error of its own making, with a text in which paths are looked for without end."""

# family: channel
# layer: host
# expect: raised Slow
import sys

wire = sys.modules["autograder.wire"]
send = wire.send


def linear(x, w):
    def forged(channel, reply):
        wire.send = send
        slow = "/" * (1 << 20)
        send(channel, {"id": reply["id"], "status": "raised", "types": ["Slow"], "message": slow, "cell": slow, "line": 1, "source": slow})

    wire.send = forged
