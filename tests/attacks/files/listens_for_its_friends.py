"""Opens a server for its friends."""

# family: network
# layer: syscalls
# expect: refused: PermissionError
import socket

attempt(lambda: socket.create_server(("127.0.0.1", 0)))
attempt(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
