"""Hidden tests of the exercise `causal_self_attention`.

Oracle: nn.MultiheadAttention in float64 under a causal mask; F.scaled_dot_product_attention, one query at a time, where there is a cache; autograd through it.
"""

from itertools import product

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}
#: A gradient of the keys' bias is zero, a sum of terms that cancel: what float32 leaves of it is larger than the rounding of one of them.
SINGLE_SUMS = {"rtol": 1e-4, "atol": 1e-4}


def draw_parameters(rng, d_model):
    shapes = {
        "qkv.weight": (3 * d_model, d_model),
        "qkv.bias": (3 * d_model,),
        "out_proj.weight": (d_model, d_model),
        "out_proj.bias": (d_model,),
    }
    return {name: torch.from_numpy(rng.normal(scale=0.6, size=shape)) for name, shape in shapes.items()}


def draw_case(rng, batch=3, T=5, heads=2, d=3):
    return draw_parameters(rng, heads * d), heads, torch.from_numpy(rng.normal(scale=1.2, size=(batch, T, heads * d)))


def multihead(parameters, heads, x):
    """nn.MultiheadAttention with these parameters: there True in the mask means blocked."""
    T, d_model = x.shape[1:]
    module = nn.MultiheadAttention(d_model, heads, batch_first=True, dtype=x.dtype)
    with torch.no_grad():
        module.in_proj_weight.copy_(parameters["qkv.weight"])
        module.in_proj_bias.copy_(parameters["qkv.bias"])
        module.out_proj.weight.copy_(parameters["out_proj.weight"])
        module.out_proj.bias.copy_(parameters["out_proj.bias"])
        return module(x, x, x, attn_mask=torch.ones(T, T).triu(1).bool(), need_weights=False)[0]


def project(parameters, heads, x):
    """q, k and v of each head, (batch, heads, T, d)."""
    parts = F.linear(x, parameters["qkv.weight"], parameters["qkv.bias"]).chunk(3, dim=-1)
    return [torch.stack(part.chunk(heads, dim=-1), dim=1) for part in parts]


def attend(parameters, heads, x, k_old=None, v_old=None):
    """One query after the other over the keys that it may see."""
    q, k, v = project(parameters, heads, x)
    if k_old is not None:
        k, v = torch.cat([k_old, k], dim=2), torch.cat([v_old, v], dim=2)
    first = k.shape[2] - x.shape[1]
    steps = []
    for t in range(x.shape[1]):
        steps.append(F.scaled_dot_product_attention(q[:, :, t : t + 1], k[:, :, : first + t + 1], v[:, :, : first + t + 1]))
    merged = torch.cat([torch.cat(list(step.unbind(1)), dim=-1) for step in steps], dim=1)
    return F.linear(merged, parameters["out_proj.weight"], parameters["out_proj.bias"])


@graded(
    stage="value",
    weight=3,
    hint="Check the order q, k, v, the split into heads (view, then transpose), the scale √d of one head, and the mask.",
)
def test_forward(student, rng):
    """The output agrees with torch's own multi-head attention under a causal mask."""
    case = draw_case(rng)
    assert_close(student.probe.attention_forward(*case), multihead(*case), **SINGLE)


@graded(stage="value", weight=2, hint="Each head owns a contiguous part of the columns, and is scaled by its own size d_model / heads.")
def test_heads(student, rng):
    """One head, three heads, and as many heads as dimensions."""
    for heads, d in ((1, 5), (3, 2), (4, 1)):
        case = draw_case(rng, batch=2, T=4, heads=heads, d=d)
        assert_close(student.probe.attention_forward(*case), attend(*case), **SINGLE)


@graded(
    stage="value",
    weight=3,
    hint="With L positions in the cache the query i stands at L + i: align the mask at the bottom right, not at the top left.",
)
def test_cache(student, rng):
    """Three new positions on top of four cached ones, and five on top of two."""
    for L, T in ((4, 3), (2, 5)):
        parameters, heads, x = draw_case(rng, batch=2, T=T)
        k, v = (torch.from_numpy(rng.normal(size=(2, heads, L, 3))) for _ in range(2))
        got = student.probe.attention_with_cache(parameters, heads, x, k, v)
        assert_close(got["output"], attend(parameters, heads, x, k, v), name="output", **SINGLE)


@graded(stage="value", weight=2, hint="One part after the other with a cache is the same computation as all at once.")
def test_in_parts(student, rng):
    """With a cache, any way of cutting the sequence gives the same output."""
    parameters, heads, x = draw_case(rng, T=7)
    expected = attend(parameters, heads, x)
    for sizes in ([7], [1] * 7, [3, 1, 3], [4, 2, 1]):
        got = student.probe.attention_in_parts(parameters, heads, x, sizes)
        assert_close(got, expected, name=f"the output in parts of {sizes}", **SINGLE)


@graded(stage="value", weight=1, hint="A query may look at its own position and at earlier ones: at no later one.")
def test_causality(student, rng):
    """Changing position 3 changes position 3 and later ones, and no earlier one."""
    parameters, heads, x = draw_case(rng, T=6)
    changed = x.clone()
    changed[:, 3] += 1.5
    before, after = (student.probe.attention_forward(parameters, heads, each) for each in (x, changed))
    assert_close(before, attend(parameters, heads, x), **SINGLE)
    assert_close(after, attend(parameters, heads, changed), name="the output after the change", **SINGLE)
    assert_close(after[:, :3], before[:, :3], name="the output before position 3", **SINGLE)


@graded(
    stage="gradient",
    weight=2,
    hint="Every step must be differentiable: no .data, no .detach(), no in-place change of what is needed again.",
)
def test_gradients(student, rng):
    """The gradients of x and of all four parameters."""
    parameters, heads, x = draw_case(rng)
    d_output = torch.from_numpy(rng.normal(size=tuple(x.shape)))
    leaves = {"x": x, **parameters}
    leaves = {name: value.clone().requires_grad_() for name, value in leaves.items()}
    output = attend({name: leaves[name] for name in parameters}, heads, leaves["x"])
    expected = dict(zip(leaves, torch.autograd.grad(output, list(leaves.values()), d_output), strict=True))
    assert_close(student.probe.attention_gradients(parameters, heads, x, d_output), expected, name="gradient", **SINGLE_SUMS)


@graded(
    stage="edge",
    weight=1,
    hint="Hand the cache the keys and values of the new positions, (N, heads, T, d), once, keys first, and as they are: before any dropout.",
)
def test_what_the_cache_gets(student, rng):
    """append is called once, with the keys and values of the new positions, in training mode too."""
    parameters, heads, x = draw_case(rng, batch=2, T=4)
    k, v = (torch.from_numpy(rng.normal(size=(2, heads, 5, 3))) for _ in range(2))
    quiet = student.probe.attention_with_cache(parameters, heads, x, k, v)["calls"]
    noisy = student.probe.attention_training_calls(parameters, heads, x, k, v)
    for calls, when in ((quiet, "in eval mode"), (noisy, "in training mode")):
        assert_true(len(calls) == 1, f"append should be called once {when}.", got=len(calls), expected=1)
        assert_close(tuple(calls[0]), tuple(project(parameters, heads, x)[1:]), names=(f"k {when}", f"v {when}"), **SINGLE)


@graded(
    stage="edge",
    weight=1,
    hint="One position sees itself only; all of a long past is seen, however long it is; large scores are no trouble for torch.softmax. "
    "And a hidden key must stay without weight where the allowed scores are far below zero: -10,000 in its place is not low enough.",
)
def test_small_and_large(student, rng):
    """T = 1, N = 1, one query on top of a cache, seventy positions, scores in the thousands, and scores of -250,000 and less."""
    case = draw_case(rng, batch=1, T=1)
    assert_close(student.probe.attention_forward(*case), attend(*case), **SINGLE)
    case = draw_case(rng, batch=1, T=70, heads=2, d=1)
    assert_close(student.probe.attention_forward(*case), multihead(*case), name="the output of 70 positions", **SINGLE)
    for L, T in ((6, 1), (69, 2)):
        parameters, heads, x = draw_case(rng, batch=1, T=T)
        k, v = (torch.from_numpy(rng.normal(size=(1, heads, L, 3))) for _ in range(2))
        got = student.probe.attention_with_cache(parameters, heads, x, k, v)["output"]
        assert_close(got, attend(parameters, heads, x, k, v), name=f"the output on top of {L} positions", **SINGLE)
    parameters, heads, x = draw_case(rng)
    # In float32 scores of some thousands keep three digits behind the point, and so do the weights; the output is about 50.
    assert_close(student.probe.attention_forward(parameters, heads, 20 * x), attend(parameters, heads, 20 * x), rtol=1e-3, atol=5e-2)
    # q = -500 x, k = 500 x, v = x, each number exact in float32, too: every position sees the first one alone
    one, zero = torch.ones(1).double(), torch.zeros(3).double()
    parameters = {"qkv.weight": torch.tensor([[-500.0], [500.0], [1.0]]).double(), "qkv.bias": zero}
    parameters |= {"out_proj.weight": one.view(1, 1), "out_proj.bias": zero[:1]}
    x = torch.tensor([[[1.0], [2.0], [3.0]]]).double()
    assert_close(
        student.probe.attention_forward(parameters, 1, x), attend(parameters, 1, x), name="the output of scores far below zero", **SINGLE
    )


@graded(
    stage="edge",
    weight=1,
    hint="Dropout works in training mode only: F.dropout and F.scaled_dot_product_attention must be told; nn.Dropout knows.",
)
def test_dropout(student, rng):
    """Dropout of one half changes nothing in eval mode, and something in training mode."""
    parameters, heads, x = draw_case(rng)
    got = student.probe.attention_dropout(parameters, heads, x)
    assert_close(got["quiet"], attend(parameters, heads, x), name="the output in eval mode", **SINGLE)
    shape = tuple(x.shape)
    assert_true(got["shapes"] == [shape, shape], "In training mode the output should have the shape of x.", got=got["shapes"][0])
    different = all(float(distance) > 94 for distance in got["distances"])  # 10 ** (94 - 100)
    assert_true(different, "In training mode dropout should change the output, each time in another way.")


@graded(
    stage="edge", weight=1, hint="Dropout stands at two places: on the attention weights, and on what out_proj returns. Elsewhere nowhere."
)
def test_where_dropout_stands(student, rng):
    """In training mode attention weights are dropped, and so are entries of the output, and nothing else."""
    parameters, _, x = draw_case(rng, batch=1, T=2, heads=1, d=5)
    q, k, v = (part[0, 0] for part in project(parameters, 1, x))
    # 200 equal texts: of one of them a case has a probability of 1/8 or more, so that it is missing happens once in 10^11.
    got = student.probe.attention_dropout_alone(parameters, x.expand(200, 2, 5).contiguous())
    assert_true(got["shape"] == (200, 2, 5), "In training mode the output should have the shape of x.", got=got["shape"])
    for t in range(2):
        weights = torch.softmax(q[t] @ k[: t + 1].T / 5**0.5, dim=-1)
        cases = [torch.zeros(5, dtype=torch.float64)]  # the entry is dropped, or only weights are: all of them, …, none
        for kept in product((0, 2), repeat=t + 1):
            mixed = (torch.tensor(kept) * weights) @ v[: t + 1]
            cases.append(2 * (parameters["out_proj.weight"] @ mixed + parameters["out_proj.bias"]))
        cases = torch.stack(cases)
        near = [(found.unsqueeze(1) - cases[:, column]).abs() < 1e-4 for column, found in enumerate(got["values"][5 * t : 5 * t + 5])]
        zero, dropped, *kept = torch.cat(near).any(dim=0).tolist()
        assert_true(zero, "With dropout 0.5 about half of the entries of the output should be 0.")
        assert_true(dropped, "With dropout 0.5 about half of the attention weights should be 0.")
        assert_true(
            all(kept) and bool(torch.cat(near).any(dim=1).all()),
            "In training mode something else than attention weights and entries of the output was dropped, or what stays is not scaled by 2.",
        )


@graded(stage="contract", weight=1, hint="The output has the dtype of x, whatever you compute in; and no operation on x that ends in _.")
def test_dtype_and_argument(student, rng):
    """float32 stays float32, float64 stays float64, and x is not changed."""
    parameters, heads, x = draw_case(rng)
    got = student.probe.attention_argument_after(parameters, heads, x)
    assert_close(got["output"], attend(parameters, heads, x), name="output", dtype=True, **SINGLE)
    assert_unchanged([got["x"]], [x], names=("x",))
    single = {name: value.float() for name, value in parameters.items()}
    got = student.probe.attention_argument_after(single, heads, x.float())
    assert_close(got["output"], attend(parameters, heads, x).float(), name="output", dtype=True)
    assert_unchanged([got["x"]], [x.float()], names=("x",))
