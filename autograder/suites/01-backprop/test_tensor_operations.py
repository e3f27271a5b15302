"""Hidden tests of the exercise `tensor_operations`: every operation by itself, with random upstream gradients.

Oracle: the same operation in PyTorch, and its gradients.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, graded

TORCH = {
    "a + b": lambda a, b: a + b,
    "a * b": lambda a, b: a * b,
    "a @ b": lambda a, b: a @ b,
    "a ** c": lambda a, c: a**c,
    "a.exp()": lambda a: a.exp(),
    "a.log()": lambda a: a.log(),
    "a.tanh()": lambda a: a.tanh(),
    "a.relu()": lambda a: a.relu(),
    "a.sum(…)": lambda a, axis=None, keepdims=False: a.sum(dim=tuple(range(a.ndim)) if axis is None else axis, keepdim=keepdims),
    "a.reshape(…)": lambda a, *shape: a.reshape(*shape),
    "a.transpose(…)": lambda a, *axes: a.permute(*(axes or range(a.ndim)[::-1])),
    "a + a": lambda a: a + a,
    "a * a": lambda a: a * a,
    "a @ a": lambda a: a @ a,
    "a + other": lambda a, other: a + torch.as_tensor(other),
    "a * other": lambda a, other: a * torch.as_tensor(other),
    "other + a": lambda a, other: torch.as_tensor(other) + a,
    "other * a": lambda a, other: torch.as_tensor(other) * a,
}
LETTERS = "ab"


def by_torch(rng, name, inputs, arguments=(), keywords=None):
    """A random upstream gradient, and what PyTorch gives: the value and the gradients of the inputs."""
    tensors = [torch.tensor(np.asarray(x), requires_grad=True) for x in inputs]
    out = TORCH[name](*tensors, *arguments, **(keywords or {}))
    upstream = rng.normal(size=tuple(out.shape))
    out.backward(torch.tensor(upstream))
    return upstream, (out.detach().numpy(), *(t.grad.numpy() for t in tensors))


def check(student, rng, name, inputs, arguments=(), keywords=None):
    """The value of one operation and the gradients of its inputs, which start at zero."""
    upstream, expected = by_torch(rng, name, inputs, arguments, keywords)
    got = student.probe.operation(name, list(inputs), upstream, tuple(arguments), keywords or {})
    called = name.replace("…", ", ".join([*map(str, arguments), *(f"{key}={value}" for key, value in (keywords or {}).items())]))
    names = [f"the value of {called}", *(f"the gradient of {LETTERS[i]} in {called}" for i in range(len(inputs)))]
    assert_close(got, expected, names=names)


@graded(stage="gradient", weight=2, hint="A sum passes its gradient on to both operands.")
def test_add(student, rng):
    """`+` of two arrays of one shape: value and both gradients."""
    check(student, rng, "a + b", [rng.normal(size=(3, 5)), rng.normal(size=(3, 5))])


@graded(stage="gradient", weight=2, hint="Each operand of a product gets the gradient times the *other* operand.")
def test_multiply(student, rng):
    """`*` of two arrays of one shape: value and both gradients."""
    check(student, rng, "a * b", [rng.normal(size=(3, 5)), rng.normal(size=(3, 5))])


@graded(
    stage="gradient",
    weight=2,
    hint="What was copied on the way forward is added up on the way back: `sum_to_shape`, for both operands of + and *.",
)
def test_broadcasting(student, rng):
    """`+` and `*` with broadcasting, on either side: each gradient has the shape of its operand."""
    shapes = [((3, 5), (5,)), ((3, 1), (3, 5)), ((3, 1), (1, 5)), ((2, 3, 5), (3, 1)), ((), (3, 5)), ((7,), ())]
    for name in ("a + b", "a * b"):
        for shape_a, shape_b in shapes:
            check(student, rng, name, [np.array(rng.normal(size=shape_a)), np.array(rng.normal(size=shape_b))])


@graded(stage="gradient", weight=2, hint="The rule is that of exercise 2, with x and w for a and b.")
def test_matrix_product(student, rng):
    """`@` of two matrices: value and both gradients, for unequal and for square shapes."""
    check(student, rng, "a @ b", [rng.normal(size=(3, 5)), rng.normal(size=(5, 2))])
    check(student, rng, "a @ b", [rng.normal(size=(4, 4)), rng.normal(size=(4, 4))])
    check(student, rng, "a @ b", [rng.normal(size=(1, 3)), rng.normal(size=(3, 1))])


@graded(stage="gradient", weight=2, hint="The derivative of a to the c is c times a to the c − 1: both the factor and the lower exponent.")
def test_power(student, rng):
    """`**` with whole, broken and negative exponents."""
    for exponent in (3, 0.5, -1, -2.5, 1):
        check(student, rng, "a ** c", [rng.uniform(0.5, 2.0, size=(3, 5))], (exponent,))
    check(student, rng, "a ** c", [rng.normal(size=(3, 5))], (2,))


@graded(stage="edge", hint="Dividing the result by an operand gives 0/0 where that is 0. The table of rules divides nowhere but in ln.")
def test_zero_entries(student, rng):
    """Entries that are 0, in `*`, `**`, `exp`, `tanh` and `sum`: no division by them."""
    a, b = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    a[0, [1, 3]] = a[2] = b[1] = 0
    check(student, rng, "a * b", [a, b])
    for exponent in (2, 3):
        check(student, rng, "a ** c", [a], (exponent,))
    for name in ("a.exp()", "a.tanh()", "a.sum(…)"):
        check(student, rng, name, [a])


@graded(
    stage="gradient",
    hint="The exponential is its own derivative, taken at the entry: it is out.data. Nothing is cut off at a largest value.",
)
def test_exp(student, rng):
    """`exp`: value and gradient, for entries up to 600, too."""
    check(student, rng, "a.exp()", [rng.normal(size=(3, 5))])
    check(student, rng, "a.exp()", [np.array([600.0, -600.0])])


@graded(
    stage="gradient", hint="ln a itself, and its derivative 1/a. All entries are positive: a small constant for safety makes both wrong."
)
def test_log(student, rng):
    """`log`: value and gradient, for tiny entries, too."""
    check(student, rng, "a.log()", [rng.uniform(0.2, 3.0, size=(3, 5))])
    check(student, rng, "a.log()", [np.array([1e-10, 1e-100])])


@graded(
    stage="gradient",
    hint="The derivative is 1 minus the square of the *output*. And e to the power of 800 overflows, where `np.tanh` gives 1.",
)
def test_tanh(student, rng):
    """`tanh`: value and gradient, for entries of ±400 and ±1000, too."""
    a = rng.normal(size=(3, 5))
    a[1, [0, 3]] = 400, -400
    a[2, [1, 4]] = 1000, -1000
    check(student, rng, "a.tanh()", [a])


@graded(stage="gradient", hint="Where the input is positive the gradient passes, elsewhere it stops, whatever its own sign.")
def test_relu(student, rng):
    """`relu`: value and gradient, for positive and negative entries."""
    check(student, rng, "a.relu()", [rng.normal(size=(3, 5))])


@graded(stage="gradient", hint="The lesson fixes the derivative at exactly 0: it is 0.")
def test_relu_at_zero(student, rng):
    """`relu` at exactly 0 has the derivative 0."""
    check(student, rng, "a.relu()", [np.array([0.0, -1.0, 0.0, 2.0, -0.5])])


@graded(
    stage="gradient",
    weight=2,
    hint="Each entry gets the gradient of the sum it went into. A dropped axis is put back as size 1 first, at its own place.",
)
def test_sum(student, rng):
    """`sum` over everything and over one axis, with and without keepdims."""
    x = rng.normal(size=(2, 3, 5))
    for keywords in ({}, {"keepdims": True}, {"axis": 0}, {"axis": 1}, {"axis": 2}, {"axis": 1, "keepdims": True}):
        check(student, rng, "a.sum(…)", [x], keywords=keywords)
    check(student, rng, "a.sum(…)", [rng.normal(size=(4, 4))], (1,))


@graded(stage="gradient", hint="`np.expand_dims` takes negative axes and tuples of axes, too.")
def test_sum_over_several_axes(student, rng):
    """`sum` over a negative axis and over several axes at once."""
    x = rng.normal(size=(2, 3, 5))
    for keywords in ({"axis": -1}, {"axis": -2}, {"axis": (0, 2)}, {"axis": (2, 0)}, {"axis": (-1, 0)}, {"axis": (1, 2), "keepdims": True}):
        check(student, rng, "a.sum(…)", [x], keywords=keywords)
    cube = rng.normal(size=(3, 3, 3))  # an axis at a wrong place shows in no shape
    for axis in ((0, 1), (-2, -1), (-3, -1), (-1, -3), (0, -1)):
        check(student, rng, "a.sum(…)", [cube], keywords={"axis": axis})


@graded(stage="gradient", hint="The gradient goes back into the shape that the input had, in the same order of entries.")
def test_reshape(student, rng):
    """`reshape`, also with a -1: value and gradient."""
    for shape in ((3, 4), (2, 2, 3), (12,), (-1, 2)):
        check(student, rng, "a.reshape(…)", [rng.normal(size=(2, 6))], shape)


@graded(stage="gradient", weight=2, hint="The way back needs the inverse permutation. For (1, 2, 0) it is not the same one.")
def test_transpose(student, rng):
    """`transpose`, reversed and with axes that turn round: value and gradient."""
    x = rng.normal(size=(2, 3, 5))
    for axes in ((), (0, 2, 1), (1, 2, 0), (2, 0, 1)):
        check(student, rng, "a.transpose(…)", [x], axes)
    check(student, rng, "a.transpose(…)", [rng.normal(size=(3, 3))])
    check(student, rng, "a.transpose(…)", [rng.normal(size=(4, 4, 4))], (1, 2, 0))


@graded(
    stage="gradient",
    weight=2,
    hint="In t + t, t * t and t @ t the same tensor stands on both sides: it gets both gradients, one added to the other.",
)
def test_same_operand_twice(student, rng):
    """t + t, t * t and t @ t: the two gradients add up."""
    for name in ("a + a", "a * a", "a @ a"):
        check(student, rng, name, [rng.normal(size=(4, 4))])


@graded(
    stage="gradient",
    weight=3,
    hint="local_backward *adds* to the parents' grad, and reads out.grad when it is called: a tensor may be used in several places.",
)
def test_accumulates(student, rng):
    """A gradient that is there already is added to, at each call, by every operation."""
    positive = rng.uniform(0.5, 2.0, size=(3, 4))
    cases = [
        ("a + b", [rng.normal(size=(3, 4)), rng.normal(size=4)], ()),
        ("a * b", [rng.normal(size=(3, 4)), rng.normal(size=4)], ()),
        ("a @ b", [rng.normal(size=(3, 4)), rng.normal(size=(4, 5))], ()),
        ("a ** c", [positive], (3,)),
        *((name, [positive], ()) for name in ("a.exp()", "a.log()", "a.tanh()", "a.relu()", "a.sum(…)")),
        ("a.reshape(…)", [positive], (2, 6)),
        ("a.transpose(…)", [positive], (1, 0)),
    ]
    for name, inputs, arguments in cases:
        starts = [rng.normal(size=x.shape) for x in inputs]
        first, (_, *once) = by_torch(rng, name, inputs, arguments)
        second, (_, *again) = by_torch(rng, name, inputs, arguments)
        expected = tuple(s + a + b for s, a, b in zip(starts, once, again, strict=True))
        got = student.probe.accumulation(name, inputs, starts, [first, second], arguments)
        assert_close(got, expected, names=[f"the gradient of {LETTERS[i]} after two calls of {name}" for i in range(len(inputs))])


@graded(
    stage="gradient",
    weight=2,
    hint="Each step passes on what it got. If every operation is right by itself: is out.grad read when local_backward is called?",
)
def test_small_network(student, rng):
    """A layer with bias, tanh, a scale, relu and a sum, step by step from the last to the first, agrees with PyTorch."""
    arrays = [rng.normal(size=shape) for shape in ((5, 3), (3, 7), (7,), (5, 1))]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    x, w, b, v = tensors
    out = (torch.tanh(x @ w + b) * v).relu().sum(dim=1)
    upstream = rng.normal(size=5)
    out.backward(torch.tensor(upstream))
    expected = (out.detach().numpy(), *(t.grad.numpy() for t in tensors))
    assert_close(student.probe.small_network(*arrays, upstream), expected, names=("the value", "d_x", "d_w", "d_b", "d_v"))


@graded(stage="edge", hint="`as_tensor(other)` makes a Tensor of a number or an array, and leaves a Tensor alone.")
def test_numbers_and_arrays(student, rng):
    """The other operand of + and * may be a number or an array, on either side."""
    for name in ("a + other", "a * other", "other + a", "other * a"):
        for other in (2, -0.5, rng.normal(size=5), rng.integers(-3, 4, size=(3, 1))):
            check(student, rng, name, [rng.normal(size=(3, 5))], (other,))


@graded(stage="edge", hint="Single numbers and axes of size 1 follow the same rules: look for a sum or a reshape that loses an axis.")
def test_single_numbers(student, rng):
    """Tensors of shape () and (1, 1) work, too."""
    for shape in ((), (1, 1)):
        a, b = np.array(rng.uniform(0.5, 2.0, size=shape)), np.array(rng.normal(size=shape))
        for name in ("a + b", "a * b"):
            check(student, rng, name, [a, b])
        for name in ("a.exp()", "a.log()", "a.tanh()", "a.relu()", "a.sum(…)"):
            check(student, rng, name, [a])
        check(student, rng, "a ** c", [a], (2,))


@graded(
    stage="contract",
    weight=2,
    hint="Only the parents' grad changes: it is an array of its own, not a view of out.grad. And out.parents names the operands, so that "
    "the walk backwards finds them.",
)
def test_nothing_else_changes(student, rng):
    """out.parents holds the operands; data and out.grad stay as they are; each grad is an array of its own, in the shape of its data."""
    positive, mixed = rng.uniform(0.5, 2.0, size=(3, 4)), rng.normal(size=(3, 4))
    mixed[1, 2] = -1
    cases = [
        ("a + b", [positive, rng.normal(size=4)], ()),
        ("a * b", [positive, rng.normal(size=4)], ()),
        ("a @ b", [positive, rng.normal(size=(4, 5))], ()),
        ("a ** c", [mixed], (2,)),
        ("a.log()", [positive], ()),
        *((name, [mixed], ()) for name in ("a.exp()", "a.tanh()", "a.relu()", "a.sum(…)", "a + a")),
        ("a.reshape(…)", [positive], (2, 6)),
        ("a.transpose(…)", [positive], (1, 0)),
    ]
    for name, inputs, arguments in cases:
        upstream, _ = by_torch(rng, name, inputs, arguments)
        result = student.probe.untouched(name, inputs, upstream, arguments)
        complete = isinstance(result, tuple) and len(result) == 6
        parents, shapes_kept, own, grad, data_kept, inputs_after = result if complete else ([], False, False, None, False, ())
        is_parent = isinstance(parents, list) and len(parents) == len(inputs) and all(flag is True for flag in parents)
        assert_true(is_parent, f"The operands of {name} should stand in out.parents.")
        assert_true(shapes_kept is True, f"After {name}, the grad of an operand has not the shape of its data.")
        shared = "it shares its memory with out.grad or with the other grad, or it cannot be added to."
        assert_true(own is True, f"After {name}, the grad of an operand is no array of its own: {shared}")
        assert_close(grad, upstream, name=f"out.grad after {name}")
        assert_true(data_kept is True, f"The data of the result of {name} changed in local_backward.")
        assert_close(inputs_after, tuple(inputs), names=[f"the data of {LETTERS[i]} after {name}" for i in range(len(inputs))])
