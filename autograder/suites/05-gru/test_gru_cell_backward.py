"""Hidden tests of the exercise `gru_cell_backward`.

Oracle: autograd through torch.gru_cell in float64; central differences of it.
"""

import numpy as np
import torch

from autograder.oracles import numerical_gradient
from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("d_x", "d_h", "d_weight_ih", "d_weight_hh", "d_bias_ih", "d_bias_hh")


def draw_case(rng, n=3, d=4, h=7, scale=0.8):
    """The arguments d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh, and the six gradients by autograd."""
    shapes = ((n, h), (n, d), (n, h), (3 * h, d), (3 * h, h), (3 * h,), (3 * h,))
    arguments = tuple(torch.from_numpy(rng.normal(scale=scale, size=shape)) for shape in shapes)
    return arguments, autograd(arguments)


def autograd(arguments):
    """The six gradients."""
    leaves = [tensor.clone().requires_grad_() for tensor in arguments[1:]]
    x, h, *parameters = leaves
    return torch.autograd.grad(torch.gru_cell(x, h, *parameters), leaves, arguments[0])


def backward(student, arguments):
    """The six gradients, autograd being switched off."""
    return six(student.probe.backward_without_autograd(*arguments))


def six(got):
    """The six gradients, if there are six."""
    assert_true(
        isinstance(got, tuple | list) and len(got) == 6, "The result should be a tuple of six tensors: " + ", ".join(NAMES) + ".", got=got
    )
    return got


@graded(
    stage="gradient",
    weight=2,
    hint="The fifth result, (3H,): da, summed over the batch. Its last block has no factor r. Right for one row? Then rows and blocks mix "
    "where (N, 3H) is cut or put together.",
)
def test_d_bias_ih(student, rng):
    """d_bias_ih agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[4], expected[4], name="d_bias_ih")


@graded(
    stage="gradient",
    weight=2,
    hint="The sixth result, (3H,): dc, summed over the batch. Its last block is not that of da: b_hn stands inside the bracket.",
)
def test_d_bias_hh(student, rng):
    """d_bias_hh agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[5], expected[5], name="d_bias_hh")


@graded(stage="gradient", weight=2, hint="The first result, (N, D): it collects from all three blocks of da. Which matrix maps x?")
def test_d_x(student, rng):
    """d_x agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[0], expected[0], name="d_x")


@graded(
    stage="gradient",
    weight=3,
    hint="The second result, (N, H). Count the paths of the state: z · h directly, and through r, through z, through the candidate.",
)
def test_d_h(student, rng):
    """d_h agrees with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[1], expected[1], name="d_h")


@graded(
    stage="gradient",
    weight=2,
    hint="The third and the fourth result: the (N, 3H) gradient of each side, transposed, times what was multiplied.",
)
def test_weights(student, rng):
    """d_weight_ih and d_weight_hh agree with autograd."""
    arguments, expected = draw_case(rng)
    assert_close(backward(student, arguments)[2:4], expected[2:4], names=NAMES[2:4])


@graded(
    stage="gradient",
    weight=1,
    hint="The gate r hears from the candidate: what stood beside it in the product, W_hn h + b_hn, is its factor.",
)
def test_the_path_through_r(student, rng):
    """The rows of r in both weights, when only their path is open: h = 0 and z small."""
    arguments, _ = draw_case(rng)
    d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh = arguments
    bias_ih[7:14] -= 4.0
    arguments = (d_out, x, 0 * h, weight_ih, weight_hh, bias_ih, bias_hh)
    expected = autograd(arguments)
    got = backward(student, arguments)
    for index in (2, 4):
        right = isinstance(got[index], torch.Tensor) and got[index].shape == expected[index].shape
        assert_true(right, f"{NAMES[index]} should be a tensor with the shape of its argument.", got=got[index])
        assert_close(got[index][:7], expected[index][:7], name=f"the rows of r in {NAMES[index]}")


@graded(stage="gradient", weight=1, hint="Compare with central differences: (f(w + step) - f(w - step)) / (2 · step), entry by entry.")
def test_finite_differences(student, rng):
    """All gradients agree with central differences of a small cell."""
    arguments, _ = draw_case(rng, n=2, d=3, h=2)
    d_out, *rest = arguments
    got = backward(student, arguments)
    for index, name in enumerate(NAMES):

        def loss(value, index=index):
            changed = [*rest[:index], torch.from_numpy(value), *rest[index + 1 :]]
            return float((torch.gru_cell(*changed) * d_out).sum())

        expected = torch.from_numpy(np.asarray(numerical_gradient(loss, rest[index].numpy().copy())))
        # Central differences have an error of about 1e-9 here; the nearest mistake is off by 1e-2.
        assert_close(got[index], expected, name=name, rtol=1e-5, atol=1e-6)


@graded(
    stage="gradient",
    weight=1,
    hint="With D equal to H nothing complains about a wrong transposition. Compare each product with its shapes.",
)
def test_equal_sizes(student, rng):
    """N = D = H: every transposition matters."""
    arguments, expected = draw_case(rng, n=5, d=5, h=5)
    assert_close(backward(student, arguments), expected, names=NAMES)


@graded(stage="edge", weight=1, hint="A batch of one, one input, one unit: the axes stay.")
def test_sizes_of_one(student, rng):
    """N = 1, D = 1, H = 1."""
    for sizes in ({"n": 1}, {"d": 1}, {"h": 1}, {"n": 1, "d": 1, "h": 1}):
        arguments, expected = draw_case(rng, **sizes)
        assert_close(backward(student, arguments), expected, names=NAMES)


@graded(
    stage="edge",
    weight=1,
    hint="Right for smaller gradients? Then something is cut off or shortened: what arrives goes on whole, however long it is. Clipping is "
    "for the training loop.",
)
def test_large_gradients(student, rng):
    """Gradients in the thousands arrive: nothing is clipped on the way back."""
    arguments, _ = draw_case(rng)
    arguments = (1000 * arguments[0], *arguments[1:])
    assert_close(backward(student, arguments), autograd(arguments), names=NAMES)


@graded(
    stage="edge",
    weight=1,
    hint="exp(1000) is infinite: torch.sigmoid and torch.tanh are safe, a formula with exp may not be. Nothing needs to be cut off.",
)
def test_extreme_inputs(student, rng):
    """Inputs in the thousands and states in the hundreds saturate the gates: the gradients are right, never NaN."""
    for x_scale, h_scale in ((2000, 1), (1, 500)):
        d_out, x, h, *parameters = draw_case(rng)[0]
        arguments = (d_out, x_scale * x, h_scale * h, *parameters)
        expected = autograd(arguments)
        assert all(bool(gradient.isfinite().all()) for gradient in expected)
        assert_close(backward(student, arguments), expected, names=NAMES)


@graded(
    stage="gradient",
    weight=1,
    hint="A formula is exact to the last digits, a difference quotient is not. The four steps need no step size.",
)
def test_closed_form(student, rng):
    """The gradients are right to the last digits: a formula, not a difference quotient."""
    arguments, expected = draw_case(rng)
    # Two right ways differ by less than 1e-14 here; central differences are off by 1e-11 and more.
    assert_close(backward(student, arguments), expected, names=NAMES, rtol=1e-13, atol=1e-13)


@graded(stage="edge", weight=1, hint="Gradients of parameters are sums over the batch, not means.")
def test_twice_the_batch(student, rng):
    """The same rows twice: gradients of parameters double, those of x and h repeat."""
    arguments, _ = draw_case(rng)
    twice = (*(torch.cat([tensor, tensor]) for tensor in arguments[:3]), *arguments[3:])
    assert_close(backward(student, twice), autograd(twice), names=NAMES)


@graded(stage="contract", weight=1, hint="No operation that ends in _ and no *= on an argument.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    arguments, expected = draw_case(rng)
    call = student.run("gru_cell_backward", *arguments)
    assert_close(call.result, expected, names=NAMES)
    names = ("d_out", "x", "h", "weight_ih", "weight_hh", "bias_ih", "bias_hh")
    assert_unchanged(call.arguments, arguments, names=names)


@graded(stage="contract", weight=1, hint="Don't convert: the gradients have the dtype of their arguments.")
def test_float32_stays_float32(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    arguments, _ = draw_case(rng)
    for given in (arguments, tuple(tensor.float() for tensor in arguments)):
        got = student.probe.backward_and_dtypes(*given)["gradients"]
        assert_close(six(got), autograd(given), names=NAMES, dtype=True)
