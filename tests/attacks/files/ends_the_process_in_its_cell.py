"""Ends the process as soon as the cell runs."""

# family: processes
# layer: processes
# expect: ended the whole process
import os

os._exit(0)
