"""Answers the question after the cell, while it still runs, with numbers and outputs that are arrays."""

# family: channel
# layer: host
# expect: ended the whole process
import gc
import socket
import sys

wire = sys.modules["autograder.wire"]
channel = next(thing for thing in gc.get_objects() if type(thing) is socket.socket)
wire.send(channel, {"id": torch.arange(3), "outputs": np.ones(3), "error": np.ones(3)})
