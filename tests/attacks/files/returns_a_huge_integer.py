"""Returns an integer of a million digits, and one that no array holds."""
# family: resources
# layer: wire
# exercise: twice
# expect: .


def twice(x):
    return 10**300 if x % 2 else 1 << 3_000_000
