"""Returns a list that holds itself twice, and a dictionary that is its own value."""
# family: forged values
# layer: wire
# expect: (too large to look at|did not return)


def linear(x, w):
    mine = []
    mine += [mine, mine, {"mine": mine}]
    return mine
