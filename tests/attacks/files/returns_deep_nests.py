"""Returns lists a hundred thousand deep."""
# family: forged values
# layer: wire
# expect: .


def linear(x, w):
    nest = []
    for _ in range(100_000):
        nest = [nest]
    return nest
