"""Shows a picture of a few kilobytes that claims to be of a hundred thousand pixels each way, and pictures that are none."""

# family: outputs
# layer: host
# expect: .
import base64
import struct
import zlib

from IPython.display import display


def chunk(kind, data):
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


head = struct.pack("!IIBBBBB", 100_000, 100_000, 1, 0, 0, 0, 0)
picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")
display({"image/png": base64.b64encode(picture).decode()}, raw=True)
display({"image/png": 'x" onerror="alert(1)'}, raw=True)
display({"image/svg+xml": "<svg onload='alert(1)'/>", "image/jpeg": "====", "image/gif": "R0lGOD"}, raw=True)
display({"text/plain": ["<script>"], "application/vnd.plotly.v1+json": {"data": []}}, raw=True)
