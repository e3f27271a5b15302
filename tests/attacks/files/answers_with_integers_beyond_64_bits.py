"""Answers with integers that no dtype holds, alone, in a list and in an array's place: whoever compares them must not stumble."""

# family: forged values
# layer: compare
# exercise: twice
# expect: .
turn = iter([2**64, -(2**70), 10**300, [2**70], (10**300, None), {2**70: 2**70}] * 20)


def twice(x):
    return next(turn)
