"""Connects to a listener on this machine by TCP."""

# family: network
# layer: syscalls
# expect: refused: PermissionError
import socket
import urllib.request

attempt(lambda: socket.create_connection(TCP, timeout=1))
attempt(lambda: urllib.request.urlopen(f"http://127.0.0.1:{TCP[1]}/?answers", timeout=1))
