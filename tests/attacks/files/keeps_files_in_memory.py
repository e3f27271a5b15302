"""Writes into files that have no name and lie in memory, where no limit of a process counts them."""

# family: resources
# layer: syscalls
# expect: refused: PermissionError
import os

attempt(lambda: os.memfd_create("hoard"))
