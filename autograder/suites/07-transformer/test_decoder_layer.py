"""Hidden tests of the exercise `decoder_layer`.

Oracle: torch.nn.TransformerDecoderLayer in float64, and its gradients by autograd; torch's own parts for dropout. Torch's attention
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
TORCH_NAMES = {
    "self_attention.inner.": "self_attn.",
    "cross_attention.inner.": "multihead_attn.",
    "feed_forward.0.": "linear1.",
    "feed_forward.2.": "linear2.",
}


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_parameters(rng, sizes=SIZES):
    d, _, d_ff = sizes
    shapes = {}
    for attention in ("self_attention.inner", "cross_attention.inner"):
        shapes[f"{attention}.in_proj_weight"], shapes[f"{attention}.in_proj_bias"] = (3 * d, d), (3 * d,)
        shapes[f"{attention}.out_proj.weight"], shapes[f"{attention}.out_proj.bias"] = (d, d), (d,)
    shapes |= {
        "feed_forward.0.weight": (d_ff, d),
        "feed_forward.0.bias": (d_ff,),
        "feed_forward.2.weight": (d, d_ff),
        "feed_forward.2.bias": (d,),
    }
    shapes |= {f"norm{i}.{part}": (d,) for i in (1, 2, 3) for part in ("weight", "bias")}
    return {name: draw(rng, *shape, scale=0.6) for name, shape in shapes.items()}


def by_torch(parameters, norm_first, x, memory, self_mask=None, memory_mask=None, sizes=SIZES):
    """nn.TransformerDecoderLayer with the same parameters. Masks have two axes or four."""
    d, heads, d_ff = sizes
    layer = nn.TransformerDecoderLayer(d, heads, d_ff, dropout=0.0, batch_first=True, norm_first=norm_first, dtype=x.dtype)
    given = {}
    for name, value in parameters.items():
        for ours, theirs in TORCH_NAMES.items():
            name = name.replace(ours, theirs)
        given[name] = value
    masks = {}
    for name, mask, keys in (("tgt_mask", self_mask, x.shape[1]), ("memory_mask", memory_mask, memory.shape[1])):
        if mask is not None:
            masks[name] = ~torch.broadcast_to(mask, (len(x), heads, x.shape[1], keys)).flatten(0, 1)
    return torch.func.functional_call(layer, given, (x, memory), masks)


def draw_mask(rng, *shape):
    mask = torch.from_numpy(rng.random(size=shape) < 0.5)
    mask[..., int(rng.integers(shape[-1]))] = True
    return mask


def draw_inputs(rng, n=3, t=5, s=7, d=6):
    return draw(rng, n, t, d), draw(rng, n, s, d)


def run(student, parameters, norm_first, *arguments, dropout=0.0, sizes=SIZES):
    return student.probe.layer_result("DecoderLayer", sizes, parameters, norm_first, arguments, dropout)


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
    for i in range(number, 4):
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
    stage="value",
    weight=3,
    hint="Post-norm: self-attention, cross-attention, feed-forward, each summed with x and then normalised by norm1, norm2, norm3. "
    "Without masks everything may be seen: none is made here.",
)
def test_post_norm(student, rng):
    """norm_first=False, without masks."""
    parameters, inputs = draw_parameters(rng), draw_inputs(rng)
    assert_close(run(student, parameters, False, *inputs), by_torch(parameters, False, *inputs), **SINGLE)


@graded(
    stage="value",
    weight=3,
    hint="Pre-norm: each part reads a normalised copy of x; what it returns is added to x itself. The memory is not normalised.",
)
def test_pre_norm(student, rng):
    """norm_first=True, without masks."""
    parameters, inputs = draw_parameters(rng), draw_inputs(rng)
    assert_close(run(student, parameters, True, *inputs), by_torch(parameters, True, *inputs), **SINGLE)


@graded(
    stage="value",
    weight=2,
    hint="Cross-attention: the query is the decoder's, key and value are the memory. With T = S nothing complains if they are exchanged.",
)
def test_as_many_tokens_as_memory(student, rng):
    """T = S = 5: query, key and value of cross-attention have their own places."""
    for norm_first in (False, True):
        parameters, inputs = draw_parameters(rng), draw_inputs(rng, t=5, s=5)
        assert_close(run(student, parameters, norm_first, *inputs), by_torch(parameters, norm_first, *inputs), **SINGLE)


@graded(
    stage="value",
    weight=2,
    hint="self_mask belongs to self-attention and memory_mask to cross-attention, each as it is; nothing about cross-attention is causal.",
)
def test_masks(student, rng):
    """Both orders with both masks, a causal one and a padding one among them, also when T = S."""
    for norm_first in (False, True):
        for t, s in ((5, 7), (4, 4)):
            parameters, inputs = draw_parameters(rng), draw_inputs(rng, t=t, s=s)
            causal, padding = torch.ones(t, t, dtype=torch.bool).tril(), draw_mask(rng, 3, 1, 1, s)
            assert_close(
                run(student, parameters, norm_first, *inputs, causal, padding),
                by_torch(parameters, norm_first, *inputs, causal, padding),
                **SINGLE,
            )
            own, cross = draw_mask(rng, 3, t, t), draw_mask(rng, 3, t, s)
            full = own.unsqueeze(1), cross.unsqueeze(1)
            assert_close(
                run(student, parameters, norm_first, *inputs, own, cross), by_torch(parameters, norm_first, *inputs, *full), **SINGLE
            )


@graded(stage="value", weight=1, hint="Each mask may be None by itself.")
def test_one_mask_only(student, rng):
    """Only self_mask, and only memory_mask."""
    for norm_first in (False, True):
        parameters, inputs = draw_parameters(rng), draw_inputs(rng)
        own, cross = draw_mask(rng, 5, 5), draw_mask(rng, 5, 7)
        assert_close(run(student, parameters, norm_first, *inputs, own), by_torch(parameters, norm_first, *inputs, own), **SINGLE)
        assert_close(
            run(student, parameters, norm_first, *inputs, None, cross), by_torch(parameters, norm_first, *inputs, None, cross), **SINGLE
        )


@graded(
    stage="gradient",
    weight=2,
    hint="The gradient must reach x, the memory and every parameter: nothing may be detached.",
)
def test_gradients(student, rng):
    """The gradients reach x, memory and every parameter, in both orders."""
    for norm_first in (False, True):
        parameters, (x, memory), d_out = draw_parameters(rng), draw_inputs(rng), draw(rng, 3, 5, 6)
        masks = torch.ones(5, 5, dtype=torch.bool).tril(), draw_mask(rng, 3, 1, 1, 7)
        given = {"x": x, "memory": memory, **parameters}
        leaves = {name: value.clone().requires_grad_() for name, value in given.items()}
        result = by_torch({name: leaves[name] for name in parameters}, norm_first, leaves["x"], leaves["memory"], *masks)
        expected = dict(zip(leaves, torch.autograd.grad(result, list(leaves.values()), d_out), strict=True))
        got = student.probe.layer_gradients("DecoderLayer", SIZES, parameters, norm_first, (x, memory), masks, d_out)
        assert_close(gradients_of(got), expected, name="gradients", **GRADIENT)


@graded(stage="edge", weight=1, hint="In eval mode dropout does nothing. And is an axis of size 1 lost somewhere?")
def test_eval_mode_and_sizes_of_one(student, rng):
    """In eval mode dropout changes nothing; a batch of one, one token, a memory of one."""
    for norm_first in (False, True):
        for n, t, s, sizes in ((3, 5, 7, SIZES), (1, 4, 3, SIZES), (2, 1, 5, SIZES), (2, 4, 1, SIZES), (1, 1, 1, (3, 1, 2))):
            parameters, inputs = draw_parameters(rng, sizes), draw_inputs(rng, n, t, s, sizes[0])
            got = run(student, parameters, norm_first, *inputs, dropout=0.4, sizes=sizes)
            assert_close(got, by_torch(parameters, norm_first, *inputs, sizes=sizes), **SINGLE)


@graded(
    stage="contract",
    weight=1,
    hint="Dropout acts on what each of the three parts returns, before it is added; the residual itself is not dropped.",
)
def test_dropout_in_training(student, rng):
    """In training dropout acts on what each of the three parts returns."""
    ends = {
        "self-attention": "self_attention.inner.out_proj.",
        "cross-attention": "cross_attention.inner.out_proj.",
        "feed-forward": "feed_forward.2.",
    }
    for number, loud in enumerate(ends, 1):  # the other two parts are made to return zeros, so that this one is seen alone
        parameters, (x, memory) = draw_parameters(rng), draw_inputs(rng)
        silent = tuple(end for name, end in ends.items() if name != loud)
        parameters = {name: 0 * value if name.startswith(silent) else value for name, value in parameters.items()}
        for norm_first in (True, False):
            undropped = by_torch(parameters, norm_first, x, memory)
            got = student.probe.layer_in_training("DecoderLayer", SIZES, parameters, norm_first, (x, memory), 0.5)
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
            two = norm(parameters, 2, one)
            start = (x, one, two)[number - 1]
            part = (
                attention(parameters, "self_attention", x, x),
                attention(parameters, "cross_attention", one, memory),
                feed_forward(parameters, two),
            )[number - 1]
            message = (
                f"With dropout 0.5 and norm_first=False each number that {loud} returns is dropped or doubled, "
                "then added to x, then the sum is normalised."
            )
            assert_true(dropped_or_doubled(parameters, number, start, part, got), message, got=got)


@graded(stage="contract", weight=1, hint="x += … changes the argument: write x = x + …")
def test_arguments_and_dtype(student, rng):
    """No argument is changed, and float32 stays float32."""
    for norm_first in (False, True):
        parameters, (x, memory) = draw_parameters(rng), draw_inputs(rng)
        arguments = x, memory, torch.ones(5, 5, dtype=torch.bool).tril(), draw_mask(rng, 3, 1, 1, 7)
        got = student.probe.layer_arguments_after("DecoderLayer", SIZES, parameters, norm_first, arguments)
        assert_close(got["result"], by_torch(parameters, norm_first, *arguments), **SINGLE)
        assert_unchanged(got["arguments"], arguments, names=("x", "memory", "self_mask", "memory_mask"))
        small = {name: value.float() for name, value in parameters.items()}
        # three layers of sums of products near 1, divided by a spread that may be small
        result = run(student, small, norm_first, x.float(), memory.float(), *arguments[2:])
        assert_close(result, by_torch(parameters, norm_first, *arguments).float(), dtype=True, rtol=1e-3, atol=2e-4)
