"""What the hidden tests of back-propagation need inside the sandbox: functions to differentiate, nodes, and graphs of them."""

import itertools
from collections.abc import Sequence

import numpy as np

# numerical_gradient: a function cannot cross the border, so it is made here.


class Interrupted(Exception):
    """What the function to differentiate raises when it is told to."""


def _function(kind, weights):
    if kind == "cubic":
        return lambda x: float((weights * x**3).sum())
    return lambda x: float((weights * np.sin(x)).sum() + (weights * x).sum() ** 2)


def measured(student, kind, weights, x, *step):
    """numerical_gradient(f, x, …) for a smooth function f of x"""
    return student.numerical_gradient(_function(kind, weights), x, *step)


def measured_transposed(student, kind, weights, x):
    """numerical_gradient(f, x.T) for a smooth function f of x.T"""
    return student.numerical_gradient(_function(kind, weights.T), x.T)


def measured_and_x(student, kind, weights, x):
    """numerical_gradient(f, x), and then a look at x"""
    before = np.array(x)
    gradient = student.numerical_gradient(_function(kind, weights), x)
    return gradient, x, np.array_equal(before, x)


def seen_by_f(student, weights, x, *step):
    """numerical_gradient(f, x, …) with an f that writes down where it is called, and with what"""
    f, seen = _function("cubic", weights), []

    def noting(x):
        seen.append((np.array(x), x.dtype.kind if hasattr(x, "dtype") else type(x).__name__))
        return f(x)

    gradient = student.numerical_gradient(noting, x, *step)
    return gradient, [place for place, _ in seen], [kind for _, kind in seen]


def interrupted(student, weights, x, calls):
    """numerical_gradient(f, x) with an f that raises an error in one of its calls"""
    f, left = _function("cubic", weights), [calls]

    def raising(x):
        left[0] -= 1
        if left[0] <= 0:
            raise Interrupted
        return f(x)

    try:
        student.numerical_gradient(raising, x)
    except BaseException as error:
        return type(error) is Interrupted, x
    return False, x


# topological_order


class Node:
    """A node of a graph. A set of nodes has the same order in every run."""

    def __init__(self, parents, place):
        self.parents, self.__place = parents, place

    def __hash__(self):
        return self.__place


class Equal(Node):
    """A node that is equal to every other one, as two variables with the same value are."""

    def __eq__(self, other):
        return isinstance(other, Equal)

    def __hash__(self):
        return 1


class Fixed:
    """A node that takes no attribute but its parents."""

    __slots__ = ("__weakref__", "parents")

    def __init__(self, parents, place):
        self.parents = parents


def _nodes(parents, iterables, kind_of_node=Node):
    nodes = []
    for number, indices in enumerate(parents):
        chosen = [nodes[i] for i in indices]
        kind = iterables[number % len(iterables)]
        nodes.append(kind_of_node({"tuple": tuple, "list": list, "set": set, "keys": dict.fromkeys}[kind](chosen), number))
    return nodes


def ordered(student, parents, root, iterables=("tuple",)):
    """topological_order(root) of a graph; its nodes are shown by their numbers"""
    nodes = _nodes(parents, iterables)
    return _numbers(student.topological_order(nodes[root]), nodes)


def ordered_equals(student, parents, root):
    """topological_order(root) of a graph whose nodes are all equal, but not the same; they are shown by their numbers"""
    nodes = _nodes(parents, ("list",), Equal)
    return _numbers(student.topological_order(nodes[root]), nodes)


def _numbers(order, nodes):
    numbers = {id(node): number for number, node in enumerate(nodes)}
    return [numbers.get(id(node), -1) for node in order] if isinstance(order, Sequence) else order


def ordered_chain(student, second):
    """topological_order(root) of a deep graph; its nodes are shown by their numbers"""
    return ordered(student, [[], *([i - 1, int(j)] for i, j in enumerate(second, 1))], len(second))


def ordered_twice(student, parents, root):
    """topological_order(root) called twice on one graph whose nodes take no new attributes, and then a look at them"""
    nodes = _nodes(parents, ("list",), Fixed)
    before = [list(node.parents) for node in nodes]
    orders = [_numbers(student.topological_order(nodes[root]), nodes) for _ in range(2)]
    same = [
        type(node.parents) is list and len(node.parents) == len(old) and all(a is b for a, b in zip(node.parents, old, strict=True))
        for node, old in zip(nodes, before, strict=True)
    ]
    return orders[0], orders[1], same


# tensor_operations


OPERATIONS = {
    "a + b": lambda a, b: a + b,
    "a * b": lambda a, b: a * b,
    "a @ b": lambda a, b: a @ b,
    "a ** c": lambda a, c: a**c,
    "a.exp()": lambda a: a.exp(),
    "a.log()": lambda a: a.log(),
    "a.tanh()": lambda a: a.tanh(),
    "a.relu()": lambda a: a.relu(),
    "a.sum(…)": lambda a, *arguments, **keywords: a.sum(*arguments, **keywords),
    "a.reshape(…)": lambda a, *shape: a.reshape(*shape),
    "a.transpose(…)": lambda a, *axes: a.transpose(*axes),
    "a + a": lambda a: a + a,
    "a * a": lambda a: a * a,
    "a @ a": lambda a: a @ a,
    "a + other": lambda a, other: a + other,
    "a * other": lambda a, other: a * other,
    "other + a": lambda a, other: other + a,
    "other * a": lambda a, other: other * a,
}


def operation(student, name, inputs, upstream, arguments=(), keywords=None):
    """an operation on Tensors, then out.grad = …, then out.local_backward()"""
    tensors = [student.Tensor(x) for x in inputs]
    out = OPERATIONS[name](*tensors, *arguments, **(keywords or {}))
    out.grad = np.array(upstream)
    out.local_backward()
    return (np.asarray(out.data), *(np.asarray(t.grad) for t in tensors))


def accumulation(student, name, inputs, starts, upstreams, arguments=()):
    """an operation on Tensors whose grad is not zero, then out.local_backward() for one out.grad after the other"""
    tensors = [student.Tensor(x) for x in inputs]
    out = OPERATIONS[name](*tensors, *arguments)
    for tensor, start in zip(tensors, starts, strict=True):
        tensor.grad = np.array(start)
    for upstream in upstreams:
        out.grad = np.array(upstream)
        out.local_backward()
    return tuple(np.asarray(t.grad) for t in tensors)


def untouched(student, name, inputs, upstream, arguments=()):
    """an operation on Tensors, then out.local_backward() twice, and then a look at everything that must not change"""
    tensors = [student.Tensor(x) for x in inputs]
    out = OPERATIONS[name](*tensors, *arguments)
    before = np.array(out.data)
    out.grad = np.array(upstream)
    out.local_backward()
    grads = [np.asarray(grad) for grad in (out.grad, *(t.grad for t in tensors))]
    apart = not any(np.shares_memory(a, b) for a, b in itertools.combinations(grads, 2))
    own = apart and all(grad.flags.writeable for grad in grads[1:])
    out.local_backward()
    parents = [any(parent is t for parent in out.parents) for t in tensors]
    grad = np.array(out.grad)
    shapes_kept = all(np.shape(t.grad) == np.shape(t.data) for t in tensors)
    return parents, shapes_kept, own, grad, np.array_equal(before, out.data), tuple(np.array(t.data) for t in tensors)


def small_network(student, x, w, b, v, upstream):
    """relu(tanh(x @ w + b) * v).sum(axis=1), then local_backward() of each step from the last to the first"""
    x, w, b, v = (student.Tensor(array) for array in (x, w, b, v))
    steps = [x @ w]
    steps.append(steps[-1] + b)
    steps.append(steps[-1].tanh())
    steps.append(steps[-1] * v)
    steps.append(steps[-1].relu())
    steps.append(steps[-1].sum(axis=1))
    steps[-1].grad = np.array(upstream)
    for step in reversed(steps):
        step.local_backward()
    return (np.asarray(steps[-1].data), *(np.asarray(t.grad) for t in (x, w, b, v)))


# backward: nodes with hand-made rules, so that no operation of the student's is needed.


class Plain:
    """Stands in for the student's Tensor where that cannot be made."""


def _tensor(student, data, parents, number):
    try:
        node = student.Tensor(data, parents)
    except Exception:
        node = Plain()
    node.data, node.parents, node.number = np.array(data, dtype=float), tuple(parents), number
    node.grad = np.zeros(node.data.shape)
    node.local_backward = lambda: None
    return node


def _give(node, amount):
    node.grad = np.asarray(node.grad + amount)


def _build(student, graph):
    """The nodes of a graph, each given as (kind, value or factors, parents), and a list that counts the calls of their rules."""
    nodes, calls = [], [0] * len(graph)
    for number, (kind, values, indices) in enumerate(graph):
        parents = [nodes[i] for i in indices]
        if kind == "leaf":
            data = values
        elif kind == "mix" and len(parents) == 1:
            data = values[0] * parents[0].data
        elif kind == "mix":
            data = sum(factor * parent.data for factor, parent in zip(values, parents, strict=True))
        elif kind == "product":
            data = parents[0].data * parents[1].data
        elif kind == "total":
            data = parents[0].data.sum()
        elif kind == "spread":
            data = values * parents[0].data
        else:
            data = np.sin(parents[0].data)
        node = _tensor(student, data, parents, number)

        def rule(node=node, number=number, kind=kind, values=values, parents=parents):
            calls[number] += 1
            if kind == "mix":
                for factor, parent in zip(values, parents, strict=True):
                    _give(parent, factor * node.grad)
            elif kind == "product":
                _give(parents[0], parents[1].data * node.grad)
                _give(parents[1], parents[0].data * node.grad)
            elif kind == "total":  # adds in place, as the operations of the lesson do
                parents[0].grad += node.grad
            elif kind == "spread":
                _give(parents[0], (values * node.grad).sum())
            elif kind == "sin":
                _give(parents[0], np.cos(parents[0].data) * node.grad)

        node.local_backward = rule
        nodes.append(node)
    return nodes, calls


def _walk(student, root):
    return student.backward(root) if isinstance(root, Plain) else root.backward()


def walked(student, graph, roots, look, starts=None):
    """t.backward() on a graph of Tensors with hand-made rules; then the grad of its nodes"""
    nodes, _ = _build(student, graph)
    for number, start in (starts or {}).items():
        nodes[int(number)].grad = np.array(start)
    for root in roots:
        _walk(student, nodes[root])
    return tuple(np.asarray(nodes[i].grad) for i in look)


def walked_chain(student, x, signs):
    """t.backward() on a chain of thousands of Tensors; then the grad of its leaf"""
    graph = [("leaf", x, []), *(("mix", [float(sign)], [i]) for i, sign in enumerate(signs))]
    return walked(student, graph, [len(signs)], [0])


def counted(student, graph, root):
    """t.backward() on a graph of Tensors that count how often each local_backward() is called"""
    nodes, calls = _build(student, graph)
    _walk(student, nodes[root])
    return calls


def data_after(student, graph, root):
    """t.backward() on a graph of Tensors, and then a look at their data and at what it returned"""
    nodes, _ = _build(student, graph)
    before = [np.array(node.data) for node in nodes]
    returned = _walk(student, nodes[root])
    return [bool(np.array_equal(node.data, old)) for node, old in zip(nodes, before, strict=True)], returned is None


# train_digits


def trained(student, x_train, y_train, x_test, seed, options):
    """train_digits(x_train, y_train, x_test, rng, …)"""
    return student.train_digits(x_train, y_train, x_test, np.random.default_rng(seed), **options)


def trained_again(student, x_train, y_train, x_test, seeds, options):
    """train_digits(…) several times, with equal and with other random generators"""
    runs = []
    for place, seed in enumerate(seeds):
        np.random.seed(place)
        runs.append(student.train_digits(x_train, y_train, x_test, np.random.default_rng(seed), **options))
    return tuple(runs)


def trained_with(student, x_train, y_train, x_test, seed, options, changes):
    """train_digits(…) several times with the same random numbers, each time with one setting changed"""
    runs = []
    for change in [{}, *changes]:
        runs.append(student.train_digits(x_train, y_train, x_test, np.random.default_rng(seed), **{**options, **change}))
    return tuple(runs)


def trained_and_arguments(student, x_train, y_train, x_test, seed, options):
    """train_digits(…), and then a look at its arguments"""
    predictions = student.train_digits(x_train, y_train, x_test, np.random.default_rng(seed), **options)
    return predictions, x_train, y_train, x_test
