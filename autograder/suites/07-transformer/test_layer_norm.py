"""Hidden tests of the exercise `layer_norm`.

Oracle: torch's own layer norm in float64, and its gradients by autograd.
"""

import torch
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}
#: A gradient is divided by the spread of a token, and so is its rounding.
GRADIENT = {"rtol": 1e-4, "atol": 1e-4}
NAMES = ("d_x", "d_gain", "d_bias")


def draw(rng, *shape, scale=1.0, offset=0.0):
    return torch.from_numpy(rng.normal(loc=offset, scale=scale, size=shape))


def draw_case(rng, *shape):
    """x with an offset and a spread of its own in each token, gain and bias."""
    x = draw(rng, *shape) * draw(rng, *shape[:-1], 1, scale=0.5).exp() + draw(rng, *shape[:-1], 1)
    return x, draw(rng, shape[-1]), draw(rng, shape[-1])


def backward(d_out, x, gain, eps):
    """The gradients by autograd through torch's own layer norm."""
    leaves = [x.clone().requires_grad_(), gain.clone().requires_grad_(), torch.zeros_like(gain, requires_grad=True)]
    return torch.autograd.grad(F.layer_norm(leaves[0], gain.shape, leaves[1], leaves[2], eps), leaves, d_out)


def backward_parts(student, d_out, x, gain, eps):
    """What the student's backward pass returns, as a tuple of three."""
    got = student.probe.layer_norm_backward_without_autograd(d_out, x, gain, eps)
    three = isinstance(got, tuple | list) and len(got) == 3
    assert_true(three, "layer_norm_backward should return three tensors: d_x, d_gain, d_bias.", got=got)
    return tuple(got)


@graded(stage="value", weight=3, hint="Mean and variance over the last axis; the variance divides by D, and eps stands inside the root.")
def test_forward(student, rng):
    """The normalised, scaled and shifted vectors of fifteen tokens."""
    x, gain, bias = draw_case(rng, 3, 5, 7)
    assert_close(student.layer_norm(x, gain, bias, 1e-5), F.layer_norm(x, (7,), gain, bias, 1e-5), **SINGLE)


@graded(stage="value", weight=2, hint="√(variance + eps): the sum first, then the root. And eps is an argument, not always 1e-5.")
def test_large_eps(student, rng):
    """A large eps, where its place shows."""
    x, gain, bias = draw_case(rng, 4, 5)
    for eps in (0.7, 0.02):
        assert_close(student.layer_norm(x, gain, bias, eps), F.layer_norm(x, (5,), gain, bias, eps), **SINGLE)


@graded(stage="value", weight=1, hint="eps has the default 1e-5.")
def test_default_eps(student, rng):
    """Without eps it is 1e-5: small numbers show it."""
    x, gain, bias = draw(rng, 4, 6, scale=3e-3), draw(rng, 6), draw(rng, 6)
    assert_close(student.layer_norm(x, gain, bias), F.layer_norm(x, (6,), gain, bias, 1e-5), **SINGLE)


@graded(
    stage="gradient",
    weight=3,
    hint="Two mean terms are subtracted: the mean of d_x_hat, and x_hat times the mean of d_x_hat · x_hat. All is divided by the root.",
)
def test_gradient_of_x(student, rng):
    """d_x agrees with autograd."""
    x, gain, _ = draw_case(rng, 3, 5, 7)
    d_out = draw(rng, 3, 5, 7)
    assert_close(backward_parts(student, d_out, x, gain, 1e-5)[0], backward(d_out, x, gain, 1e-5)[0], name="d_x", **GRADIENT)


@graded(
    stage="gradient",
    weight=2,
    hint="gain and bias served every token: their gradients are sums over all leading axes; d_gain needs the normalised x.",
)
def test_gradients_of_gain_and_bias(student, rng):
    """d_gain and d_bias agree with autograd."""
    x, gain, _ = draw_case(rng, 3, 5, 7)
    d_out = draw(rng, 3, 5, 7)
    assert_close(backward_parts(student, d_out, x, gain, 1e-5)[1:], backward(d_out, x, gain, 1e-5)[1:], names=NAMES[1:], **GRADIENT)


@graded(
    stage="gradient",
    weight=2,
    hint="Is eps inside the root in the backward pass too, and the one that was passed? Does the code stand for two axes and for four?",
)
def test_gradients_with_large_eps(student, rng):
    """All three gradients with a large eps, for x with two and with four axes, and with the default eps, 1e-5."""
    for shape, eps in (((4, 5), 0.6), ((2, 3, 4, 5), 0.05)):
        x, gain, _ = draw_case(rng, *shape)
        d_out = draw(rng, *shape)
        got = student.probe.layer_norm_backward_without_autograd(d_out, x, gain, eps)
        assert_close(got, backward(d_out, x, gain, eps), names=NAMES, **GRADIENT)
    x, gain, d_out = draw(rng, 4, 6, scale=3e-3), draw(rng, 6), draw(rng, 4, 6)
    got = student.probe.layer_norm_backward_without_autograd(d_out, x, gain)
    assert_close(got, backward(d_out, x, gain, 1e-5), names=NAMES, **GRADIENT)


@graded(stage="edge", weight=1, hint="Every token is normalised by itself: does any mean run over other tokens?")
def test_tokens_do_not_disturb_each_other(student, rng):
    """Other tokens in the batch change nothing."""
    x, gain, bias = draw_case(rng, 3, 4, 5)
    together = student.layer_norm(x, gain, bias, 1e-5)
    assert_close(together, F.layer_norm(x, (5,), gain, bias, 1e-5), **SINGLE)
    assert_close(student.layer_norm(x[1:2, 2:3], gain, bias, 1e-5), together[1:2, 2:3], name="one token alone", **SINGLE)


@graded(
    stage="edge",
    weight=1,
    hint="With equal numbers the variance is 0, and eps keeps the division alive; one feature alone is always equal to its mean.",
)
def test_equal_numbers(student, rng):
    """Vectors of equal numbers give the bias, forward; backward stays finite. One token, one feature."""
    gain, bias, d_out = draw(rng, 5), draw(rng, 5), draw(rng, 2, 3, 5)
    x = draw(rng, 2, 3, 1).round(decimals=1).expand(2, 3, 5).contiguous()
    # the mean's rounding is divided by √eps = 0.003, and so are the gradients with theirs
    assert_close(student.layer_norm(x, gain, bias, 1e-5), bias.expand(2, 3, 5), rtol=1e-4, atol=1e-3)
    got = student.probe.layer_norm_backward_without_autograd(d_out, x, gain, 1e-5)
    assert_close(got, backward(d_out, x, gain, 1e-5), names=NAMES, rtol=1e-4, atol=1e-3)
    for shape in ((1, 4), (3, 1), (1, 1)):
        x, gain, bias = draw_case(rng, *shape)
        d_out = draw(rng, *shape)
        assert_close(student.layer_norm(x, gain, bias, 1e-5), F.layer_norm(x, shape[-1:], gain, bias, 1e-5), **SINGLE)
        assert_close(
            student.probe.layer_norm_backward_without_autograd(d_out, x, gain, 1e-5),
            backward(d_out, x, gain, 1e-5),
            names=NAMES,
            **GRADIENT,
        )


@graded(
    stage="edge",
    weight=1,
    hint="Subtract the mean first, then square, forward and backward: the mean of the squares minus the square of the mean loses all digits here.",
)
def test_large_offset(student, rng):
    """Numbers around a thousand with a spread of 0.3, forward and backward, in float32."""
    x, d_out = draw(rng, 20, 7, scale=0.3, offset=1000.0).float(), draw(rng, 20, 7, scale=0.3).float()
    gain, bias = draw(rng, 7).float(), draw(rng, 7).float()
    given = d_out.double(), x.double(), gain.double()
    expected = F.layer_norm(given[1], (7,), given[2], bias.double(), 1e-5), *backward(*given, 1e-5)
    expected = tuple(part.float() for part in expected)
    got = student.probe.layer_norm_in_half(d_out, x, gain, bias, 1e-5)
    # numbers near 1000 are spaced by 6e-5: right answers were 3e-3 off at most. A variance from squares is negative, or far too large
    assert_close(got, expected, names=("the result", *NAMES), rtol=0.03, atol=0.03)


@graded(stage="contract", weight=1, hint="Work on copies: no operation that ends in _ and no -= on an argument.")
def test_arguments_unchanged(student, rng):
    """No argument is changed, forward and backward."""
    x, gain, bias = draw_case(rng, 3, 5)
    d_out = draw(rng, 3, 5)
    call = student.run("layer_norm", x, gain, bias, 1e-5)
    assert_close(call.result, F.layer_norm(x, (5,), gain, bias, 1e-5), **SINGLE)
    assert_unchanged(call.arguments[:3], (x, gain, bias), names=("x", "gain", "bias"))
    call = student.run("layer_norm_backward", d_out, x, gain, 1e-5)
    assert_close(call.result, backward(d_out, x, gain, 1e-5), names=NAMES, **GRADIENT)
    assert_unchanged(call.arguments[:3], (d_out, x, gain), names=("d_out", "x", "gain"))


@graded(stage="contract", weight=1, hint="Don't convert: the results have the dtype of x, forward and backward.")
def test_dtype(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    x, gain, bias = draw_case(rng, 3, 5)
    d_out = draw(rng, 3, 5)
    assert_close(student.layer_norm(x, gain, bias, 1e-3), F.layer_norm(x, (5,), gain, bias, 1e-3), dtype=True, **SINGLE)
    got = student.probe.layer_norm_backward_without_autograd(d_out, x, gain, 1e-3)
    assert_close(got, backward(d_out, x, gain, 1e-3), names=NAMES, dtype=True, **GRADIENT)
    x, gain, bias = draw(rng, 3, 5).float(), draw(rng, 5).float(), draw(rng, 5).float()
    d_out = draw(rng, 3, 5).float()
    assert_close(student.layer_norm(x, gain, bias, 1e-3), F.layer_norm(x, (5,), gain, bias, 1e-3), dtype=True)
    got = student.probe.layer_norm_backward_without_autograd(d_out, x, gain, 1e-3)
    assert_close(got, backward(d_out, x, gain, 1e-3), names=NAMES, dtype=True, atol=1e-4)  # a spread near 0.3 magnifies rounding
