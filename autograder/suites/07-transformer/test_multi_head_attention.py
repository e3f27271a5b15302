"""Hidden tests of the exercise `multi_head_attention`.

Oracle: torch.nn.MultiheadAttention with the same parameters in float64, and its gradients by autograd.
"""

import torch
from torch import nn

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}
#: A gradient adds up products of many of them.
GRADIENT = {"rtol": 1e-4, "atol": 1e-4}
NAMES = ("output", "weights")
MAPS = ("q_proj", "k_proj", "v_proj", "out_proj")


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_case(rng, n=3, queries=5, keys=7, heads=2, d_k=4):
    """Random parameters, the number of heads, and query, key, value; no two sizes are equal."""
    d_model = heads * d_k
    parameters = {}
    for name in MAPS:
        parameters[f"{name}.weight"] = draw(rng, d_model, d_model, scale=1.2 * d_model**-0.5)
        parameters[f"{name}.bias"] = draw(rng, d_model, scale=0.5)
    return parameters, heads, draw(rng, n, queries, d_model), draw(rng, n, keys, d_model), draw(rng, n, keys, d_model)


def draw_mask(rng, *shape):
    """A mask with some True and some False, and at least one True in every row."""
    mask = torch.from_numpy(rng.random(size=shape) < 0.6)
    mask[..., int(rng.integers(shape[-1]))] = True
    return mask


def by_torch(parameters, heads, query, key, value, mask=None):
    """PyTorch's own module with the same parameters. `mask` has four axes or two."""
    p, d_model = parameters, query.shape[-1]
    module = nn.MultiheadAttention(d_model, heads, batch_first=True, dtype=query.dtype)
    given = {
        "in_proj_weight": torch.cat([p[f"{name}.weight"] for name in MAPS[:3]]),
        "in_proj_bias": torch.cat([p[f"{name}.bias"] for name in MAPS[:3]]),
        "out_proj.weight": p["out_proj.weight"],
        "out_proj.bias": p["out_proj.bias"],
    }
    if mask is not None:
        blocked = ~torch.broadcast_to(mask, (len(query), heads, query.shape[1], key.shape[1])).flatten(0, 1)
        nobody = blocked.all(dim=-1, keepdim=True)
        mask = blocked & ~nobody
    return torch.func.functional_call(module, given, (query, key, value), {"attn_mask": mask, "average_attn_weights": False})


def check_shape(got, expected, name="the result"):
    """Stops the test if `got` is no tensor of the shape of `expected`."""
    fits = isinstance(got, torch.Tensor) and got.shape == expected.shape
    assert_true(fits, f"{name[0].upper() + name[1:]} should be a tensor of shape {tuple(expected.shape)}.", got=got)


def with_weights(parameters, weights, value):
    """The output for given weights (N, heads, queries, keys)."""
    v = (value @ parameters["v_proj.weight"].T + parameters["v_proj.bias"]).unflatten(2, (weights.shape[1], -1))
    return torch.einsum("nhqk,nkhd->nqhd", weights, v).flatten(2) @ parameters["out_proj.weight"].T + parameters["out_proj.bias"]


@graded(stage="value", weight=2, hint="Cut d_model into (heads, d_k), exchange tokens and heads; the scores of a head are divided by √d_k.")
def test_weights(student, rng):
    """The weights of every head, without a mask."""
    case = draw_case(rng)
    got = student.probe.attention_without_mask(*case)
    assert_close(got[1], by_torch(*case)[1], name="weights", **SINGLE)


@graded(stage="value", weight=3, hint="Exchange heads and tokens back before you join the heads, then out_proj.")
def test_output(student, rng):
    """The output of two heads, without a mask."""
    case = draw_case(rng)
    got = student.probe.attention_without_mask(*case)
    assert_close(got[0], by_torch(*case)[0], name="output", **SINGLE)


@graded(
    stage="value",
    weight=2,
    hint="Self-attention, with as many heads as tokens, lets wrong axes go unnoticed: are they exchanged, or only viewed differently?",
)
def test_self_attention(student, rng):
    """Three heads, self-attention of a batch of two; one head; as many heads as features."""
    for heads, d_k in ((3, 5), (1, 6), (4, 1), (4, 4)):
        parameters, heads, x, _, _ = draw_case(rng, n=2, queries=4, keys=4, heads=heads, d_k=d_k)
        got = student.probe.attention_without_mask(parameters, heads, x, x, x)
        assert_close(got, by_torch(parameters, heads, x, x, x), names=NAMES, **SINGLE)


@graded(
    stage="value", weight=2, hint="True means «may attend». A mask with three axes begins with N: the axis of the heads comes in between."
)
def test_masks_of_two_and_three_axes(student, rng):
    """Masks (queries, keys) and (N, queries, keys), also when N equals the number of heads."""
    for n in (3, 2):
        case = draw_case(rng, n=n)
        for mask, full in ((m := draw_mask(rng, 5, 7), m), (m := draw_mask(rng, n, 5, 7), m.unsqueeze(1))):
            assert_close(student.probe.attention_forward(*case, mask), by_torch(*case, full), names=NAMES, **SINGLE)


@graded(
    stage="value",
    weight=2,
    hint="A mask with four axes broadcasts as it is: (N, 1, 1, keys) for padding, (N, heads, queries, keys) at its fullest.",
)
def test_masks_of_four_axes(student, rng):
    """Masks that broadcast to (N, heads, queries, keys)."""
    case = draw_case(rng)
    for shape in ((3, 1, 1, 7), (3, 2, 5, 7), (1, 1, 5, 7), (3, 1, 5, 7)):
        mask = draw_mask(rng, *shape)
        assert_close(student.probe.attention_forward(*case, mask), by_torch(*case, mask), names=NAMES, **SINGLE)


@graded(stage="gradient", weight=2, hint="Is every step differentiable? detach, .data, .item and torch.no_grad cut the way back.")
def test_gradients(student, rng):
    """The gradients of the output reach query, key, value and all parameters."""
    parameters, heads, *inputs = draw_case(rng)
    mask = draw_mask(rng, 3, 5, 7)
    leaves = {
        name: value.clone().requires_grad_()
        for name, value in {**dict(zip(("query", "key", "value"), inputs, strict=True)), **parameters}.items()
    }
    output, _ = by_torch(
        {name: leaves[name] for name in parameters}, heads, leaves["query"], leaves["key"], leaves["value"], mask.unsqueeze(1)
    )
    upstream = draw(rng, *output.shape)
    expected = dict(zip(leaves, torch.autograd.grad(output, list(leaves.values()), upstream), strict=True))
    got = student.probe.attention_gradients(parameters, heads, *inputs, mask, upstream)
    assert_close(gradients_of(got), expected, name="gradients", **GRADIENT)


@graded(
    stage="edge",
    weight=2,
    hint="A query without allowed keys: weights zero in that head, zeros into out_proj, and no NaN on the way back either.",
)
def test_query_without_keys(student, rng):
    """A query that may attend to nothing, in all heads or in one, has weights 0 there; every gradient is finite."""
    parameters, heads, *inputs = draw_case(rng)
    alike, by_head = draw_mask(rng, 3, 5, 7), draw_mask(rng, 3, 2, 5, 7)
    alike[1, 3] = alike[2] = False
    by_head[0, 0, 1] = by_head[0, 1, 4] = by_head[1, :, 2] = False
    for mask, full in ((alike, alike.unsqueeze(1)), (by_head, by_head)):
        weights = by_torch(parameters, heads, *inputs, full)[1] * full.any(dim=-1, keepdim=True)
        output = with_weights(parameters, weights, inputs[2])
        got = student.probe.attention_forward(parameters, heads, *inputs, mask)
        assert_close(got, (output, weights), names=NAMES, **SINGLE)
        gradients = student.probe.attention_gradients(parameters, heads, *inputs, mask, draw(rng, 3, 5, 8))
        for name, gradient in gradients.items() if isinstance(gradients, dict) else ():  # whether they arrive is another test's matter
            assert_true(gradient.isfinite().all(), f"The gradient of {name} is not finite when a query has no keys.", got=gradient)


@graded(
    stage="edge",
    weight=1,
    hint="exp(1000) is infinite: torch's softmax subtracts the largest score first. And a blocked key must stay without weight where the "
    "allowed scores are far below zero: -10,000 in its place is not low enough.",
)
def test_large_scores(student, rng):
    """Scores of a few thousand, with and without a mask; allowed scores of -20,000 and -200,000 beside a blocked 0."""
    # all maps the identity and all numbers multiples of 1/2, so that every score is exact, in float32 too
    one, zero = torch.eye(8).double(), torch.zeros(8).double()
    parameters = {f"{name}.{part}": value for name in MAPS for part, value in (("weight", one), ("bias", zero))}
    query, key, value = ((2 * draw(rng, 3, tokens, 8)).round() / 2 for tokens in (5, 7, 7))
    case = parameters, 2, 1024 * query, key, value
    assert_close(student.probe.attention_without_mask(*case), by_torch(*case), names=NAMES, **SINGLE)
    mask = draw_mask(rng, 3, 5, 7)
    assert_close(student.probe.attention_forward(*case, mask), by_torch(*case, mask.unsqueeze(1)), names=NAMES, **SINGLE)
    query, key = query.clone(), key.clone()
    key[..., ::4] = -1.0  # the first feature of each head: the score is -20,000 or -200,000 and a little
    mask = torch.arange(7) < torch.from_numpy(rng.integers(2, 6, size=(3, 1, 1, 1)))
    key[~mask[:, 0, 0]] = 0.0
    # float32 numbers near 20,000 are 1/512 apart, near 200,000 1/64, and so are the weights that come from exp(score - logsumexp)
    for size, apart in ((2e4, 0.0025), (2e5, 0.02)):
        query[..., ::4] = 2 * size
        case = parameters, 2, query, key, value
        assert_close(student.probe.attention_forward(*case, mask), by_torch(*case, mask), names=NAMES, rtol=apart, atol=apart)


@graded(stage="edge", weight=1, hint="squeeze() removes every axis of size 1; a size taken from the wrong tensor shows here too.")
def test_sizes_of_one(student, rng):
    """A batch of one, one query, one key, one head."""
    for sizes in ({"n": 1}, {"queries": 1}, {"keys": 1}, {"n": 1, "queries": 1, "keys": 1, "heads": 1, "d_k": 3}):
        case = draw_case(rng, **sizes)
        assert_close(student.probe.attention_without_mask(*case), by_torch(*case), names=NAMES, **SINGLE)


@graded(stage="edge", weight=1, hint="In eval mode dropout does nothing: use self.dropout, which knows the mode.")
def test_eval_mode(student, rng):
    """In eval mode the dropout of the constructor changes nothing."""
    case = draw_case(rng)
    assert_close(student.probe.attention_forward(*case, None, 0.4), by_torch(*case), names=NAMES, **SINGLE)


@graded(
    stage="contract",
    weight=1,
    hint="Dropout acts on the weights before they meet the values; the weights that you return are those from before.",
)
def test_dropout_in_training(student, rng):
    """In training dropout acts on the weights of each head; the weights returned are those before dropout."""
    parameters, heads, query, key, value = draw_case(rng, n=7, queries=11, keys=1, heads=2, d_k=3)
    parameters["out_proj.weight"], parameters["out_proj.bias"] = torch.eye(6).double(), torch.zeros(6).double()
    output, weights = student.probe.attention_in_training(parameters, heads, query, key, value, 0.5)
    assert_close(weights, torch.ones(7, 2, 11, 1).double(), name="weights, with a single key")
    v = value @ parameters["v_proj.weight"].T + parameters["v_proj.bias"]  # with a single key this is the output, were it not for dropout
    wanted = v.expand(7, 11, 6)
    check_shape(output, wanted, "output")
    blocks, wanted = output.reshape(-1, 2, 3), wanted.reshape(-1, 2, 3)
    dropped, doubled = (blocks.abs() < 1e-9).all(dim=2), ((blocks - 2 * wanted).abs() < 1e-4).all(dim=2)
    message = "With dropout 0.5 and a single key each head gives either nothing or twice its value."
    assert_true((dropped | doubled).all() and dropped.any() and doubled.any(), message, got=output)


@graded(stage="contract", weight=1, hint="Work on copies: no operation that ends in _ and no += on an argument.")
def test_arguments_unchanged(student, rng):
    """query, key, value and mask are not changed."""
    case = draw_case(rng)
    mask = draw_mask(rng, 3, 5, 7)
    got = student.probe.attention_arguments_after(*case, mask)
    assert_close(got["result"], by_torch(*case, mask.unsqueeze(1)), names=NAMES, **SINGLE)
    assert_unchanged(got["arguments"], (*case[2:], mask), names=("query", "key", "value", "mask"))


@graded(
    stage="contract",
    weight=1,
    hint="Compute in float32 if you like, but give back the dtype of the arguments. Constants made with torch.tensor(…) can change it.",
)
def test_dtype(student, rng):
    """float32 in, float32 out; float64 in, float64 out."""
    parameters, heads, *inputs = draw_case(rng)
    mask = draw_mask(rng, 5, 7)
    expected = tuple(result.float() for result in by_torch(parameters, heads, *inputs, mask))
    small = {name: value.float() for name, value in parameters.items()}
    got = student.probe.attention_forward(small, heads, *(tensor.float() for tensor in inputs), mask)
    assert_close(got, expected, names=NAMES, dtype=True)
    got = student.probe.attention_forward(parameters, heads, *inputs, mask)
    assert_close(got, by_torch(parameters, heads, *inputs, mask), names=NAMES, dtype=True, **SINGLE)
