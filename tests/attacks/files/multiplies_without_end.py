"""A fork bomb."""

# family: processes
# layer: limits
# expect: (refused: (BlockingIOError|OSError)|did not finish|whole process)
# seconds: 15
import os


def bomb():
    while True:
        if os.fork() == 0:
            continue


def linear(x, w):
    attempt(bomb)
    return x


attempt(bomb)
