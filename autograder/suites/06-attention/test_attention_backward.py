"""Hidden tests of the exercise `attention_backward`.

Oracle: autograd through torch's scaled_dot_product_attention in float64, and through softmax and products where a mask blocks; central differences.
"""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.oracles import numerical_gradient
from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("d_q", "d_k", "d_v")
#: The docstring leaves open in which precision the work is done: float64 results are compared as float32 ones are.
LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def draw_case(rng, leading=(3,), queries=5, keys=7, d_k=4, d_v=6, scale=0.37, mask=None):
    """The arguments d_output, q, k, v, weights, scale, and the gradients by autograd."""
    shapes = ((queries, d_k), (keys, d_k), (keys, d_v), (queries, d_v))
    q, k, v, d_output = (torch.from_numpy(rng.normal(scale=1.3, size=(*leading, *shape))) for shape in shapes)
    leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    if mask is None:
        weights = torch.softmax(scale * torch.einsum("...id,...jd->...ij", q, k), dim=-1)
        expected = torch.autograd.grad(F.scaled_dot_product_attention(*leaves, scale=scale), leaves, d_output)
        return (d_output, q, k, v, weights, scale), expected
    e = torch.exp(scale * torch.einsum("...id,...jd->...ij", leaves[0], leaves[1]))
    e = e * mask
    total = e.sum(dim=-1, keepdim=True)
    weights = e / (total + (total == 0))
    expected = torch.autograd.grad(torch.einsum("...ij,...jd->...id", weights, leaves[2]), leaves, d_output)
    return (d_output, q, k, v, weights.detach(), scale), expected


def backward(student, arguments):
    """The three gradients, autograd being switched off."""
    got = student.probe.backward_without_autograd(*arguments)
    assert_true(isinstance(got, tuple | list) and len(got) == 3, "The result should be three tensors, d_q, d_k and d_v.", got=got)
    return got


@graded(stage="gradient", weight=2, hint="The first step: output = weights @ v, so d_v takes the weights, transposed.")
def test_d_v(student, rng):
    """d_v agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[2], expected[2], name="d_v", **LOOSE)


@graded(stage="gradient", weight=3, hint="Two usual suspects: the row sum of step 2 (one number for each query), and the scale.")
def test_d_q(student, rng):
    """d_q agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[0], expected[0], name="d_q", **LOOSE)


@graded(
    stage="gradient",
    weight=3,
    hint="Two usual suspects: the scale belongs to d_k as well, and the gradient of the scores is transposed here.",
)
def test_d_k(student, rng):
    """d_k agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[1], expected[1], name="d_k", **LOOSE)


@graded(
    stage="gradient",
    weight=2,
    hint="With equal sizes nothing complains about a wrong transposition. Compare each product with the shapes in the table.",
)
def test_equal_sizes(student, rng):
    """As many queries as keys, d_v equal to d_k: every transposition matters."""
    arguments, expected = draw_case(rng, leading=(2,), queries=5, keys=5, d_k=5, d_v=5, scale=1.1 / np.sqrt(5))
    assert_close(backward(student, arguments), expected, names=NAMES, **LOOSE)


@graded(stage="gradient", weight=2, hint="Count axes from the end and transpose the last two: `transpose(-2, -1)`, not `.T`.")
def test_leading_axes(student, rng):
    """No leading axis, and two of them (batch, heads)."""
    for leading in ((), (2, 3)):
        arguments, expected = draw_case(rng, leading=leading, scale=0.61)
        assert_close(backward(student, arguments), expected, names=NAMES, **LOOSE)


@graded(stage="gradient", weight=2, hint="Use the weights that are given: they know the mask, q and k do not.")
def test_masked_weights(student, rng):
    """Weights from a masked softmax, with a query that has no keys at all."""
    mask = torch.from_numpy(rng.random((3, 5, 7)) < 0.6)
    mask[:, :, 0] = True
    mask[:, :, 4] = False
    mask[1, 3] = False
    arguments, expected = draw_case(rng, mask=mask)
    assert_close(backward(student, arguments), expected, names=NAMES, **LOOSE)


@graded(stage="gradient", weight=1, hint="`weights` come from the forward pass, whatever made them: a mask, a bias. Take them as they are.")
def test_weights_are_taken_as_they_are(student, rng):
    """Weights that q and k alone would not give: the scores had something added to them in the forward pass."""
    (d_output, q, k, v, _, scale), _ = draw_case(rng)
    added = torch.from_numpy(rng.normal(size=(3, 5, 7)))
    leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    output = F.scaled_dot_product_attention(*leaves, attn_mask=added, scale=scale)
    weights = torch.softmax(scale * torch.einsum("bid,bjd->bij", q, k) + added, dim=-1)
    got = backward(student, (d_output, q, k, v, weights, scale))
    assert_close(got, torch.autograd.grad(output, leaves, d_output), names=NAMES, **LOOSE)


@graded(
    stage="gradient",
    weight=1,
    hint="A difference quotient depends on its step, a formula has none. Write the four steps of the derivation.",
)
def test_closed_form(student, rng):
    """Tiny queries and huge keys: a formula holds for them, a difference quotient with a fixed step doesn't."""
    (d_output, q, k, v, weights, scale), expected = draw_case(rng)
    tiny = 2.0**-17
    got = backward(student, (d_output, q * tiny, k / tiny, v, weights, scale))
    for index, size in enumerate((1 / tiny, tiny, 1.0)):
        # The numbers of the first test times `size`, and so is what they may be off by. A step of 1e-5 is off by a twentieth.
        assert_close(got[index], expected[index] * size, name=NAMES[index], rtol=1e-4, atol=1e-5 * size)


@graded(stage="edge", weight=1, hint="Compare with central differences: (f(q + step) - f(q - step)) / (2 · step), entry by entry.")
def test_central_differences(student, rng):
    """All gradients agree with central differences of a small case."""
    (d_output, *tensors, weights, scale), _ = draw_case(rng, leading=(), queries=2, keys=3, d_k=2, d_v=2)
    got = backward(student, (d_output, *tensors, weights, scale))
    for index, name in enumerate(NAMES):

        def loss(value, index=index):
            changed = [*tensors[:index], torch.from_numpy(value), *tensors[index + 1 :]]
            return float((F.scaled_dot_product_attention(*changed, scale=scale) * d_output).sum())

        expected = torch.from_numpy(np.asarray(numerical_gradient(loss, tensors[index].numpy().copy())))
        assert_close(got[index], expected, name=name, **LOOSE)  # central differences have an error of about 1e-9 here


@graded(stage="edge", weight=1, hint="With one key the weight is always 1: nothing can be learned about q and k, and d_v is what arrives.")
def test_sizes_of_one(student, rng):
    """One query, one key, sizes of one."""
    for sizes in ({"queries": 1}, {"keys": 1}, {"leading": (1,), "queries": 1, "keys": 2, "d_k": 1, "d_v": 1}):
        arguments, expected = draw_case(rng, **sizes)
        assert_close(backward(student, arguments), expected, names=NAMES, **LOOSE)


@graded(
    stage="edge", weight=1, hint="A transposed tensor doesn't lie in memory in order: .view refuses it, .reshape takes it all the same."
)
def test_views(student, rng):
    """A gradient that comes back through joined heads: it was transposed."""
    arguments, expected = draw_case(rng, leading=(2, 3))
    assert_close(student.probe.backward_of_views(*arguments), expected, names=NAMES, **LOOSE)


@graded(stage="edge", weight=1, hint="Nothing depends on the sizes but the shapes: `scale` is given, take it and no other.")
def test_other_scales(student, rng):
    """The scale is the one that is given: 1, 2 and a negative one."""
    for scale in (1.0, 2.0, -0.7):
        arguments, expected = draw_case(rng, scale=scale, d_k=2)
        assert_close(backward(student, arguments), expected, names=NAMES, **LOOSE)


@graded(stage="contract", weight=1, hint="No operation that ends in _ and no *= on an argument.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    arguments, expected = draw_case(rng)
    call = student.run("attention_backward", *arguments)
    assert_close(call.result, expected, names=NAMES, **LOOSE)
    assert_unchanged(call.arguments[:5], arguments[:5], names=("d_output", "q", "k", "v", "weights"))


@graded(stage="contract", weight=1, hint="Don't convert: the gradients have the dtype of q, k and v.")
def test_float32_stays_float32(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    (*tensors, scale), expected = draw_case(rng)
    assert_close(backward(student, (*tensors, scale)), expected, names=NAMES, dtype=True, **LOOSE)
    got = backward(student, (*(tensor.float() for tensor in tensors), scale))
    assert_close(got, tuple(gradient.float() for gradient in expected), names=NAMES, dtype=True)
