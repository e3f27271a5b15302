"""Hidden tests of the exercise `backward`, on graphs whose nodes have hand-made rules.

Oracle: PyTorch's engine on the same graph; for the deep chain, the product of its signs.

A graph is a list of nodes (kind, value or factors, parents): ("leaf", array, []), ("mix", factors, parents) for a weighted sum,
("product", None, [i, j]), ("sin", None, [i]), ("total", None, [i]) for the sum of all entries, ("spread", array, [i]) for a number times
an array.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, graded


def by_torch(graph, roots, look):
    """The gradients by PyTorch: of leaves summed over the roots, of other nodes from the last root alone."""
    last = {}
    total = {}
    for root in roots:
        tensors = []
        for kind, values, parents in graph:
            operands = [tensors[i] for i in parents]
            if kind == "leaf":
                tensors.append(torch.tensor(values, requires_grad=True))
            elif kind == "mix":
                tensors.append(sum(factor * operand for factor, operand in zip(values, operands, strict=True)))
            elif kind == "product":
                tensors.append(operands[0] * operands[1])
            elif kind == "total":
                tensors.append(operands[0].sum())
            elif kind == "spread":
                tensors.append(torch.tensor(values) * operands[0])
            else:
                tensors.append(torch.sin(operands[0]))
            tensors[-1].retain_grad()
        tensors[root].backward(torch.ones_like(tensors[root]))
        for i in look:
            grad = tensors[i].grad
            if grad is not None:
                last[i] = grad.numpy()
                total[i] = total.get(i, 0) + last[i]
    return tuple(total[i] if graph[i][0] == "leaf" else last[i] for i in look)


def chain(rng, shape=(2, 3)):
    """x, then 1.7 x, then its sine, then the product of that sine with the first step."""
    return [("leaf", rng.normal(size=shape), []), ("mix", [1.7], [0]), ("sin", None, [1]), ("product", None, [2, 1])]


def random_graph(rng, n, leaves=3, shape=(2, 3)):
    """Leaves first; then each node is made from the node before it and from earlier ones, so that paths have unequal lengths."""
    graph = [("leaf", rng.normal(size=shape), []) for _ in range(leaves)]
    for i in range(leaves, n):
        other, third = int(rng.integers(0, i - 1)), int(rng.integers(0, leaves))
        kinds = [
            ("mix", [float(f) for f in rng.uniform(-1, 1, size=3)], [i - 1, other, third]),
            ("product", None, [other, i - 1]),
            ("sin", None, [i - 1]),
        ]
        graph.append(kinds[(i + int(rng.integers(0, 2))) % 3])
    graph.append(("mix", [float(f) for f in rng.uniform(0.5, 1, size=leaves + 1)], [n - 1, *range(leaves)]))
    return graph


def names(look):
    """How the nodes are called in a message."""
    return [f"the grad of node {i}" for i in look]


@graded(
    stage="gradient", weight=2, hint="Start with ones at the root, then every local_backward from the root to the leaves, and nothing else."
)
def test_chain(student, rng):
    """In a chain, the gradient reaches every node down to the leaf, however large it is."""
    graph = [("leaf", rng.normal(size=(2, 3)), []), ("mix", [1.7], [0]), ("sin", None, [1]), ("mix", [-6e4], [2])]
    look = [3, 2, 1, 0]
    assert_close(student.probe.walked(graph, [3], look), by_torch(graph, [3], look), names=names(look))


@graded(
    stage="gradient",
    weight=3,
    hint="A node must wait until everything that was computed from it has passed its gradient on: children before parents.",
)
def test_unequal_paths(student, rng):
    """Nodes that are used in several places wait until all of their gradient has arrived."""
    for graph in (chain(rng), random_graph(rng, 8), random_graph(rng, 13)):
        root = len(graph) - 1
        leaves = [i for i, node in enumerate(graph) if node[0] == "leaf"]
        assert_close(student.probe.walked(graph, [root], leaves), by_torch(graph, [root], leaves), names=names(leaves))


@graded(stage="value", hint="The root's gradient is one in every entry, in the shape of its data; it is there after the walk, too.")
def test_root(student, rng):
    """The root's own gradient is ones of the shape of its data."""
    for shape in ((), (5,), (2, 3)):
        graph = chain(rng, shape)
        look = [3, 0]
        assert_close(student.probe.walked(graph, [3], look), by_torch(graph, [3], look), names=names(look))


@graded(
    stage="gradient",
    hint="The operation adds to its parent twice by itself. `backward` calls it once, even if the parent stands in `parents` twice; "
    "and whoever counts the nodes that a parent waits for counts such a one the same way both times.",
)
def test_same_parent_twice(student, rng):
    """x * x, and the square of that: each rule is called once, and waits for all that use the node, beside the square, too."""
    graph = [("leaf", rng.normal(size=5), []), ("product", None, [0, 0]), ("product", None, [1, 1]), ("mix", [0.5, 2.0], [2, 2])]
    look = [2, 1, 0]
    assert_close(student.probe.walked(graph, [3], look), by_torch(graph, [3], look), names=names(look))
    square, sine = ("product", None, [1, 1]), ("sin", None, [1])
    for both in ([square, sine], [sine, square]):
        graph = [("leaf", rng.normal(size=5), []), ("sin", None, [0]), *both, ("mix", [1.3, -0.7], [2, 3])]
        look = [3, 2, 1, 0]
        assert_close(student.probe.walked(graph, [4], look), by_torch(graph, [4], look), names=names(look))


@graded(stage="gradient", hint="Every node has a gradient of its own, an array in the shape of its own data: see step 2.")
def test_shapes(student, rng):
    """The nodes of a graph may have different shapes, and each adds to an array of its own."""
    graph = [("leaf", rng.normal(size=(2, 3)), []), ("leaf", rng.normal(size=5), []), ("sin", None, [0]), ("mix", [1.7], [2])]
    graph += [("total", None, [2]), ("total", None, [3]), ("product", None, [1, 1]), ("total", None, [6])]
    graph += [("mix", [0.7, -1.3, 0.4], [4, 5, 7]), ("spread", rng.normal(size=2), [8])]
    look = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert_close(student.probe.walked(graph, [9], look), by_torch(graph, [9], look), names=names(look))


@graded(
    stage="gradient",
    weight=3,
    hint='Nodes with parents start each walk at zero, leaves keep what they have. See «What "add" means when you call twice».',
)
def test_second_call(student, rng):
    """After a second call on the same root the leaves, of shape () too, hold twice the gradient, the other nodes the same as before."""
    for shape, calls in (((2, 3), 2), ((), 3)):
        graph = random_graph(rng, 7, shape=shape)
        roots, look = [len(graph) - 1] * calls, [0, 1, 2, 6, len(graph) - 1]
        assert_close(student.probe.walked(graph, roots, look), by_torch(graph, roots, look), names=names(look))


@graded(
    stage="gradient",
    weight=2,
    hint="What an inner node got from the first loss is yesterday's message: it must not be sent again for the second.",
)
def test_two_losses(student, rng):
    """Two losses that share inner nodes: the leaves hold the sum of both gradients."""
    graph = [*chain(rng), ("sin", None, [3]), ("mix", [0.3, -2.0], [3, 1])]
    assert_close(student.probe.walked(graph, [4, 5], [0, 5]), by_torch(graph, [4, 5], [0, 5]), names=names([0, 5]))


@graded(stage="value", hint="A leaf is never reset, an inner node always, whatever stands there, NaN too: look at node.parents.")
def test_earlier_gradients(student, rng):
    """A leaf adds to the gradient that it holds; what an inner node or the root holds is forgotten."""
    graph = chain(rng)
    starts = {str(i): rng.normal(size=(2, 3)) for i in range(4)}
    starts["2"][1, 1] = np.nan
    look = [0, 1, 2, 3]
    expected = list(by_torch(graph, [3], look))
    expected[0] = expected[0] + starts["0"]
    assert_close(student.probe.walked(graph, [3], look, starts), tuple(expected), names=names(look))


@graded(stage="edge", hint="Only what the root depends on belongs to the walk.")
def test_other_nodes_untouched(student, rng):
    """Nodes that the root does not depend on keep their gradients, even those computed from it, and those of an earlier walk."""
    graph = [*chain(rng), ("leaf", rng.normal(size=(2, 3)), []), ("product", None, [4, 2]), ("sin", None, [4])]
    starts = {str(i): rng.normal(size=(2, 3)) for i in (3, 5)}
    look = [3, 5, 4, 6, 0]
    expected = (starts["3"], starts["5"], *by_torch(graph, [6, 2], [4, 6, 0]))
    assert_close(student.probe.walked(graph, [6, 2], look, starts), expected, names=names(look))


@graded(stage="edge", seconds=3, hint="Each node is visited once, however many paths lead to it.")
def test_called_once(student, rng):
    """With sixty detours in a row every local_backward is still called exactly once, where the gradient is 0, too."""
    graph = [("leaf", rng.normal(size=2), []), ("sin", None, [0]), ("mix", [0.0, 0.7], [1, 0])]  # the gradient of node 1 is 0
    for _ in range(60):
        last = len(graph) - 1
        graph += [("sin", None, [last]), ("mix", [0.4, 0.5], [last, last + 1])]
    calls = student.probe.counted(graph, len(graph) - 1)
    assert_true(isinstance(calls, list) and len(calls) == len(graph), "The calls could not be counted.")
    inner = [count for count, node in zip(calls, graph, strict=True) if node[2]]
    assert_true(
        all(type(count) is int for count in inner) and set(inner) == {1},
        "Not every local_backward is called once.",
        got=sorted(set(inner)),
        expected="[1]",
    )


@graded(stage="edge", hint="Python allows a few thousand nested calls: `sorted_graph` needs none.")
def test_deep_graph(student, rng):
    """A graph 10,000 nodes deep is no problem."""
    # each step multiplies by 1 or -1, so the gradient at the bottom is exactly 1 or -1
    signs = rng.choice([-1.0, 1.0], size=9_999)
    assert_close(student.probe.walked_chain(rng.normal(size=2), signs), (np.full(2, signs.prod()),), names=names([0]))


@graded(stage="contract", hint="The walk is about gradients: it never assigns to data, and needs no `return`.")
def test_data_unchanged(student, rng):
    """No node's data is changed, and None is returned."""
    graph = random_graph(rng, 7)
    result = student.probe.data_after(graph, len(graph) - 1)
    same, returns_none = result if isinstance(result, tuple) and len(result) == 2 else ([], False)
    assert_true(isinstance(same, list) and len(same) == len(graph) and all(flag is True for flag in same), "The data of a node changed.")
    assert_true(returns_none is True, "`backward` returns something; it should return None.")
