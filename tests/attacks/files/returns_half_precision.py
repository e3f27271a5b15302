"""Returns tiny zeros in half precision, where the tolerance would be wide."""
# family: forged values
# layer: compare
# exercise: relu
# expect: .


def relu(x):
    return (x.clamp(min=0) * 1.005).half()
