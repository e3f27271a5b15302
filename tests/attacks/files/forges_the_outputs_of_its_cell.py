"""Sends outputs of its own making: arrays for texts, unknown kinds, and no dictionary at all."""

# family: channel
# layer: host
# expect: .
import sys

wire = sys.modules["autograder.wire"]
send = wire.send
bad = [np.ones(3), {"output_type": np.ones(2)}, {"output_type": "stream", "text": np.ones((2,) * 12), "name": np.ones(3)}]
bad += [
    {"output_type": "error", "traceback": [np.ones(3), None], "ename": (), "evalue": {}},
    {"output_type": "display_data", "data": {3: "x", "k": np.ones(3)}},
]


def forged(channel, reply):
    wire.send = send
    send(channel, {**reply, "outputs": bad, "error": {"ename": np.ones(3), "evalue": torch.ones(3), "line": np.ones(3)}})


wire.send = forged
