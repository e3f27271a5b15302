"""Returns sparse, quantised, meta and conjugate tensors in turn."""

# family: forged values
# layer: wire
# exercise: relu
# expect: .
calls = []


def relu(x):
    calls.append(x)
    kinds = [
        lambda: x.to_sparse(),
        lambda: x.to("meta"),
        lambda: torch.empty(x.shape, dtype=torch.complex128).conj(),
        lambda: x.expand(5, 4, 3),
    ]
    return kinds[len(calls) % len(kinds)]()
