"""Prints without end."""
# family: resources
# layer: limits
# expect: (output cut here|did not finish)


def linear(x, w):
    while True:
        print("x" * 100_000)


print("x" * 10_000_000)
