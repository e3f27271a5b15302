"""Hidden tests of the exercise `encoder_layer`.

Oracle: torch.nn.TransformerEncoderLayer in float64, and its gradients by autograd; torch's own parts for dropout. Torch's attention
stands in for the student's.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}
#: A gradient adds up products of many of them.
GRADIENT = {"rtol": 1e-4, "atol": 1e-4}
SIZES = (6, 2, 11)  # d_model, heads, d_ff
TORCH_NAMES = {"self_attention.inner.": "self_attn.", "feed_forward.0.": "linear1.", "feed_forward.2.": "linear2."}


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_parameters(rng, sizes=SIZES):
    d, _, d_ff = sizes
    shapes = {
        "self_attention.inner.in_proj_weight": (3 * d, d),
        "self_attention.inner.in_proj_bias": (3 * d,),
        "self_attention.inner.out_proj.weight": (d, d),
        "self_attention.inner.out_proj.bias": (d,),
        "feed_forward.0.weight": (d_ff, d),
        "feed_forward.0.bias": (d_ff,),
        "feed_forward.2.weight": (d, d_ff),
        "feed_forward.2.bias": (d,),
        **{f"norm{i}.{part}": (d,) for i in (1, 2) for part in ("weight", "bias")},
    }
    return {name: draw(rng, *shape, scale=0.6) for name, shape in shapes.items()}


def by_torch(parameters, norm_first, x, mask=None, sizes=SIZES):
    """nn.TransformerEncoderLayer with the same parameters. `mask` has two axes or four."""
    d, heads, d_ff = sizes
    layer = nn.TransformerEncoderLayer(d, heads, d_ff, dropout=0.0, batch_first=True, norm_first=norm_first, dtype=x.dtype)
    given = {}
    for name, value in parameters.items():
        for ours, theirs in TORCH_NAMES.items():
            name = name.replace(ours, theirs)
        given[name] = value
    if mask is not None:
        mask = ~torch.broadcast_to(mask, (len(x), heads, x.shape[1], x.shape[1])).flatten(0, 1)
    return torch.func.functional_call(layer, given, (x,), {"src_mask": mask})


def draw_mask(rng, *shape):
    mask = torch.from_numpy(rng.random(size=shape) < 0.5)
    mask[..., int(rng.integers(shape[-1]))] = True
    return mask


def run(student, parameters, norm_first, *arguments, dropout=0.0, sizes=SIZES):
    return student.probe.layer_result("EncoderLayer", sizes, parameters, norm_first, arguments, dropout)


def attention(parameters, name, query, memory):
    """torch's attention with the parameters of one of the layer's attentions."""
    d, heads, _ = SIZES
    given = {key.removeprefix(f"{name}.inner."): value for key, value in parameters.items() if key.startswith(f"{name}.")}
    module = nn.MultiheadAttention(d, heads, batch_first=True, dtype=query.dtype)
    return torch.func.functional_call(module, given, (query, memory, memory))[0]


def feed_forward(p, x):
    hidden = F.relu(F.linear(x, p["feed_forward.0.weight"], p["feed_forward.0.bias"]))
    return F.linear(hidden, p["feed_forward.2.weight"], p["feed_forward.2.bias"])


def norm(p, number, x):
    return F.layer_norm(x, x.shape[-1:], p[f"norm{number}.weight"], p[f"norm{number}.bias"])


def after_part(p, number, x, change):
    """Post-norm from a part on: what it adds to x, then its norm and, as the later parts are silent, theirs."""
    x = x + change
    for i in range(number, 3):
        x = norm(p, i, x)
    return x


def dropped_or_doubled(p, number, x, part, got):
    """Whether each token of `got` comes from x and what a part returned, its six numbers dropped or doubled: all 64 ways are tried."""
    ways = torch.tensor(list(itertools.product((0.0, 2.0), repeat=part.shape[-1])), dtype=part.dtype)
    nearest = torch.stack([(after_part(p, number, x, way * part) - got).abs().amax(dim=-1) for way in ways]).amin(dim=0)  # (N, T)
    unchanged = (after_part(p, number, x, part) - got).abs().amax(dim=-1)
    return bool((nearest < 1e-4).all() and (unchanged > 1e-4).any())


def check_shape(got, expected, name="the result"):
    """Stops the test if `got` is no tensor of the shape of `expected`."""
    fits = isinstance(got, torch.Tensor) and got.shape == expected.shape
    assert_true(fits, f"{name[0].upper() + name[1:]} should be a tensor of shape {tuple(expected.shape)}.", got=got)


@graded(
    stage="value", weight=3, hint="Post-norm: first the sum, then the norm of the sum; norm1 after attention, norm2 after feed-forward."
)
def test_post_norm(student, rng):
    """norm_first=False, without a mask."""
    parameters, x = draw_parameters(rng), draw(rng, 3, 5, 6)
    assert_close(run(student, parameters, False, x), by_torch(parameters, False, x), **SINGLE)


@graded(
    stage="value", weight=3, hint="Pre-norm: the part reads the norm of x, but what it returns is added to x itself. No norm at the end."
)
def test_pre_norm(student, rng):
    """norm_first=True, without a mask."""
    parameters, x = draw_parameters(rng), draw(rng, 3, 5, 6)
    assert_close(run(student, parameters, True, x), by_torch(parameters, True, x), **SINGLE)


@graded(stage="value", weight=2, hint="The mask goes on to self.self_attention, in both orders, and as it is.")
def test_mask(student, rng):
    """Both orders with masks (T, T), (N, T, T) and (N, 1, 1, T)."""
    parameters, x = draw_parameters(rng), draw(rng, 3, 5, 6)
    for norm_first in (False, True):
        for mask, full in (
            (m := draw_mask(rng, 5, 5), m),
            (m := draw_mask(rng, 3, 5, 5), m.unsqueeze(1)),
            (m := draw_mask(rng, 3, 1, 1, 5), m),
        ):
            assert_close(run(student, parameters, norm_first, x, mask), by_torch(parameters, norm_first, x, full), **SINGLE)


@graded(
    stage="gradient",
    weight=2,
    hint="The gradient must reach x through the residual path and through both parts, and every parameter.",
)
def test_gradients(student, rng):
    """The gradients reach x and every parameter, in both orders."""
    for norm_first in (False, True):
        parameters, x, d_out, mask = draw_parameters(rng), draw(rng, 3, 5, 6), draw(rng, 3, 5, 6), draw_mask(rng, 5, 5)
        leaves = {"x": x.clone().requires_grad_(), **{name: value.clone().requires_grad_() for name, value in parameters.items()}}
        result = by_torch({name: leaves[name] for name in parameters}, norm_first, leaves["x"], mask)
        expected = dict(zip(leaves, torch.autograd.grad(result, list(leaves.values()), d_out), strict=True))
        got = student.probe.layer_gradients("EncoderLayer", SIZES, parameters, norm_first, (x,), (mask,), d_out)
        assert_close(gradients_of(got), expected, name="gradients", **GRADIENT)


@graded(stage="edge", weight=1, hint="In eval mode dropout does nothing: use self.dropout, which knows the mode.")
def test_eval_mode(student, rng):
    """In eval mode the dropout of the constructor changes nothing."""
    for norm_first in (False, True):
        parameters, x = draw_parameters(rng), draw(rng, 3, 5, 6)
        assert_close(run(student, parameters, norm_first, x, dropout=0.4), by_torch(parameters, norm_first, x), **SINGLE)


@graded(stage="edge", weight=1, hint="Is an axis dropped by squeeze, or the batch taken for the tokens?")
def test_sizes_of_one(student, rng):
    """A batch of one, a sequence of one token, one head."""
    for norm_first in (False, True):
        for n, t, sizes in ((1, 4, SIZES), (3, 1, SIZES), (1, 1, (3, 1, 2))):
            parameters, x = draw_parameters(rng, sizes), draw(rng, n, t, sizes[0])
            assert_close(run(student, parameters, norm_first, x, sizes=sizes), by_torch(parameters, norm_first, x, sizes=sizes), **SINGLE)


@graded(stage="edge", weight=1, hint="Without positions a layer has no idea of order: does your code use the place of a token anywhere?")
def test_order_of_tokens(student, rng):
    """Shuffling the tokens shuffles the result in the same way."""
    parameters, x = draw_parameters(rng), draw(rng, 2, 7, 6)
    shuffle = torch.from_numpy(rng.permutation(7))
    for norm_first in (False, True):
        assert_close(run(student, parameters, norm_first, x[:, shuffle]), by_torch(parameters, norm_first, x)[:, shuffle], **SINGLE)


@graded(stage="contract", weight=1, hint="Dropout acts on what each part returns, before it is added; the residual itself is not dropped.")
def test_dropout_in_training(student, rng):
    """In training dropout acts on what each part returns."""
    for number, loud, silent in ((1, "self-attention", "feed_forward.2."), (2, "feed-forward", "self_attention.inner.out_proj.")):
        # the silent part is made to return zeros, so that the loud one is seen alone
        parameters, x = draw_parameters(rng), draw(rng, 4, 5, 6)
        parameters = {name: 0 * value if name.startswith(silent) else value for name, value in parameters.items()}
        for norm_first in (True, False):
            undropped = by_torch(parameters, norm_first, x)
            got = student.probe.layer_in_training("EncoderLayer", SIZES, parameters, norm_first, (x,), 0.5)
            check_shape(got, x)
            missing = f"With norm_first={norm_first} what {loud} returns is added without dropout."
            assert_true((got - undropped).abs().max() > 1e-4, missing)
            if norm_first:
                part = undropped - x
                dropped, doubled = (got - x).abs() < 1e-5, (got - x - 2 * part).abs() < 1e-4
                message = f"With dropout 0.5 each number that {loud} adds to x is either dropped or doubled."
                assert_true((dropped | doubled).all() and dropped.any() and doubled.any(), message, got=got)
                continue
            one = norm(parameters, 1, x)
            start, part = (x, attention(parameters, "self_attention", x, x)) if number == 1 else (one, feed_forward(parameters, one))
            message = (
                f"With dropout 0.5 and norm_first=False each number that {loud} returns is dropped or doubled, "
                "then added to x, then the sum is normalised."
            )
            assert_true(dropped_or_doubled(parameters, number, start, part, got), message, got=got)


@graded(stage="contract", weight=1, hint="x += … changes the argument: write x = x + …")
def test_arguments_and_dtype(student, rng):
    """x and mask are not changed, and float32 stays float32."""
    for norm_first in (False, True):
        parameters, x, mask = draw_parameters(rng), draw(rng, 3, 5, 6), draw_mask(rng, 3, 1, 1, 5)
        got = student.probe.layer_arguments_after("EncoderLayer", SIZES, parameters, norm_first, (x, mask))
        assert_close(got["result"], by_torch(parameters, norm_first, x, mask), **SINGLE)
        assert_unchanged(got["arguments"], (x, mask), names=("x", "mask"))
        small = {name: value.float() for name, value in parameters.items()}
        # three layers of sums of products near 1, divided by a spread that may be small
        assert_close(
            run(student, small, norm_first, x.float(), mask),
            by_torch(parameters, norm_first, x, mask).float(),
            dtype=True,
            rtol=1e-3,
            atol=2e-4,
        )
