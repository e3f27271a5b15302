"""Hidden tests of the exercise `topological_order`. A graph is a list: the parents of node i, by number.

Oracle: the definition, checked place by place: every node that root depends on, once, after all its parents; no order is compared.
"""

import numpy as np

from autograder.suite import assert_true, graded


def reachable(parents, root):
    """The numbers of all nodes that root depends on, and root."""
    found, waiting = {root}, [root]
    while waiting:
        for parent in parents[waiting.pop()]:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def check(order, parents, root):
    """Every node once, each after its parents, root last."""
    wanted = reachable(parents, root)
    short = order if isinstance(order, list) and len(order) <= 40 else None
    assert_true(isinstance(order, list) and all(type(i) is int for i in order), "The result is a list of nodes.")
    assert_true(set(order) >= wanted, f"{len(wanted - set(order))} of {len(wanted)} nodes are missing in the list.", got=short)
    assert_true(
        len(order) == len(set(order)),
        f"{len(order) - len(set(order))} of the {len(order)} places of the list repeat a node that stands there already.",
        got=short,
    )
    assert_true(set(order) == wanted, "The list holds something that root does not depend on.", got=short)
    place = {node: i for i, node in enumerate(order)}
    early = [(node, parent) for node in order for parent in parents[node] if place[parent] > place[node]]
    assert_true(not early, f"{len(early)} times a node stands before one of its parents.", got=short, expected="parents first")
    assert_true(order[-1] == root, "The last node of the list is root.", got=short)


def random_graph(rng, n, most=3):
    """Node i has up to `most` parents among the earlier nodes; node i - 1 is often one of them, and always for the last node."""
    graph = [[]]
    for i in range(1, n):
        parents = {int(rng.integers(0, i)) for _ in range(rng.integers(0, most))}
        if i == n - 1 or rng.random() < 0.7:
            parents.add(i - 1)
        graph.append(sorted(parents))
    return graph


def shuffled(rng, parents):
    """The parents of each node in random order."""
    return [[int(i) for i in rng.permutation(indices)] for indices in parents]


@graded(
    stage="value",
    weight=2,
    hint="A node that is reached by two paths must be done once, and after everything on the longer path. See «Who goes first?».",
)
def test_unequal_diamond(student, rng):
    """A node that is reached by a short and by a long path stands once, before both."""
    for parents in ([[], [0], [1], [2], [3, 0]], [[], [0], [1], [2], [0, 3]]):
        check(student.probe.ordered(parents, 4), parents, 4)


@graded(stage="value", weight=2, hint="Mark a node when you enter it, so that the second path to it finds it done.")
def test_two_paths(student, rng):
    """Two paths of equal length that meet again: every node once."""
    parents = shuffled(rng, [[], [0], [0], [1, 2], [3], [3], [4, 5, 0]])
    check(student.probe.ordered(parents, 6), parents, 6)


@graded(stage="value", weight=3, hint="Append a node only when all its parents are done: depth first, and on leaving, not on entering.")
def test_random_graphs(student, rng):
    """Random graphs of up to thirty nodes: each node once, after all its parents."""
    for n in (7, 13, 19, 31):
        parents = shuffled(rng, random_graph(rng, n))
        check(student.probe.ordered(parents, n - 1), parents, n - 1)


@graded(stage="value", hint="Start at root and follow the parents: what root does not depend on is not in the list.")
def test_only_what_root_needs(student, rng):
    """From a node in the middle, only what it depends on is listed."""
    parents = shuffled(rng, [[], [], [0], [2, 0], [1, 2], [3, 4], [5, 1]])
    check(student.probe.ordered(parents, 3), parents, 3)
    check(student.probe.ordered(parents, 5), parents, 5)


@graded(stage="edge", hint="A root without parents is a list of one. A parent that occurs twice is still one node.")
def test_small_graphs(student, rng):
    """A single node; a node that is its child's parent twice, as in x * x."""
    for parents in ([[]], [[], [0, 0]], [[], [0, 0], [1, 0, 1]]):
        check(student.probe.ordered(parents, len(parents) - 1), parents, len(parents) - 1)


@graded(stage="edge", hint="`.parents` is any iterable: loop over it. A set has no first entry, and cannot be reversed.")
def test_any_iterable(student, rng):
    """`.parents` may be a tuple, a list, a set, or the keys of a dict."""
    parents = shuffled(rng, random_graph(rng, 11))
    # The root, node 10, has a set.
    check(student.probe.ordered(parents, 10, ("list", "keys", "set", "tuple")), parents, 10)


@graded(
    stage="edge",
    hint="Two nodes are the same only if they are the same object. `==`, `in` and a set of nodes ask whether they are equal: use id.",
)
def test_equal_nodes(student, rng):
    """Nodes that are equal (==) are still different nodes."""
    parents = shuffled(rng, random_graph(rng, 9))
    check(student.probe.ordered_equals(parents, 8), parents, 8)


@graded(stage="edge", weight=2, hint="Python allows a few thousand nested calls. Keep the waiting nodes on a list of your own.")
def test_deep_graph(student, rng):
    """A graph 10,000 nodes deep is no problem."""
    second = np.arange(9_999)
    places = rng.integers(9, 9_999, size=60)
    second[places] -= rng.integers(1, 9, size=60)
    parents = [[], *([i - 1, int(j)] for i, j in enumerate(second, 1))]
    check(student.probe.ordered_chain(second), parents, 9_999)


@graded(
    stage="edge",
    seconds=3,
    hint="Following every path takes for ever: 60 detours have 2 to the power of 60 paths. Never enter a node twice.",
)
def test_many_detours(student, rng):
    """Sixty detours in a row are done in no time."""
    parents = [[]]
    for _ in range(60):
        last = len(parents) - 1
        parents += [[last], [last, last + 1]]
    check(student.probe.ordered(parents, len(parents) - 1), parents, len(parents) - 1)


@graded(
    stage="contract",
    hint="Keep the marks in a set of your own, not in the nodes: some take no attributes, and a mark is still there at the next call.",
)
def test_nodes_unchanged(student, rng):
    """The nodes are not modified, and a second call gives a right order again."""
    parents = shuffled(rng, random_graph(rng, 9))
    result = student.probe.ordered_twice(parents, 8)
    first, second, same = result if isinstance(result, tuple) and len(result) == 3 else ([], [], [])
    check(first, parents, 8)
    check(second, parents, 8)
    assert_true(isinstance(same, list) and len(same) == 9 and all(flag is True for flag in same), "The parents of a node were changed.")
