"""Hidden tests of the exercise `gpt`.

Oracle: nn.TransformerEncoder with norm_first in float64, where the stand-in is attention with equal weights; else torch's functional layers and autograd.

In place of exercise 3 the blocks have a stand-in for attention: q times the running mean of k · v. With q = k = 1 that is what softmax gives
for equal scores, so torch's own layers can be set beside the student's.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

#: Drawn numbers are float64, so that the same formula gives the same digits; but float32 inside is precise enough, and so this is what is asked.
SINGLE = {"rtol": 1e-4, "atol": 1e-5}
SIZES = {"vocab_size": 13, "max_length": 9, "d_model": 6, "heads": 2, "layers": 3}


def draw_block(rng, d, prefix=""):
    """Parameters of one block, none of them zero or one."""
    shapes = {
        "norm1.weight": (d,), "norm1.bias": (d,), "attention.qkv.weight": (3 * d, d), "attention.qkv.bias": (3 * d,),
        "attention.out_proj.weight": (d, d), "attention.out_proj.bias": (d,), "norm2.weight": (d,), "norm2.bias": (d,),
        "linear1.weight": (4 * d, d), "linear1.bias": (4 * d,), "linear2.weight": (d, 4 * d), "linear2.bias": (d,),
    }  # fmt: skip
    return {
        prefix + name: torch.from_numpy(rng.normal(scale=0.5, size=shape)) + (name.startswith("norm") * 0.4)
        for name, shape in shapes.items()
    }


def draw_model(rng, sizes=SIZES):
    d = sizes["d_model"]
    parameters = {
        "token_embedding.weight": torch.from_numpy(rng.normal(size=(sizes["vocab_size"], d))),
        "position_embedding.weight": torch.from_numpy(rng.normal(size=(sizes["max_length"], d))),
        "final_norm.weight": torch.from_numpy(rng.normal(size=d)) + 0.5,
        "final_norm.bias": torch.from_numpy(rng.normal(size=d)),
    }
    for layer in range(sizes["layers"]):
        parameters |= draw_block(rng, d, f"blocks.{layer}.")
    return parameters


def draw_tokens(rng, batch=3, T=5, vocab=13):
    return torch.from_numpy(rng.integers(0, vocab, size=(batch, T)))


def run_block(p, x, prefix="", network=True, keys=None):
    """One block; its keys, as its cache should hold them, are added to the list `keys`."""
    d = x.shape[-1]
    h = F.layer_norm(x, (d,), p[prefix + "norm1.weight"], p[prefix + "norm1.bias"])
    q, k, v = F.linear(h, p[prefix + "attention.qkv.weight"], p[prefix + "attention.qkv.bias"]).chunk(3, dim=-1)
    if keys is not None:
        keys.append(k.unsqueeze(1))
    mean = (k * v).cumsum(dim=1) / torch.arange(1, x.shape[1] + 1).unsqueeze(1)
    x = x + F.linear(q * mean, p[prefix + "attention.out_proj.weight"], p[prefix + "attention.out_proj.bias"])
    if not network:
        return x
    h = F.layer_norm(x, (d,), p[prefix + "norm2.weight"], p[prefix + "norm2.bias"])
    h = F.linear(h, p[prefix + "linear1.weight"], p[prefix + "linear1.bias"])
    h = h * 0.5 * (1 + torch.erf(h / math.sqrt(2)))
    return x + F.linear(h, p[prefix + "linear2.weight"], p[prefix + "linear2.bias"])


def run_model(p, tokens, layers, keys=None):
    x = p["token_embedding.weight"][tokens] + p["position_embedding.weight"][: tokens.shape[1]]
    for layer in range(layers):
        x = run_block(p, x, f"blocks.{layer}.", keys=keys)
    x = F.layer_norm(x, x.shape[-1:], p["final_norm.weight"], p["final_norm.bias"])
    return torch.einsum("ntd,vd->ntv", x, p["token_embedding.weight"])


def with_equal_scores(p, d):
    """The same parameters, but q and k are 1 everywhere: every position takes the mean of what it may see."""
    p = {name: value.clone() for name, value in p.items()}
    for name, value in p.items():
        if ".qkv." in name:
            value[: 2 * d] = float(name.endswith("bias"))
    return p


def run_torch(p, tokens, sizes):
    """torch's own stack of pre-norm layers with these parameters."""
    d = sizes["d_model"]
    layer = nn.TransformerEncoderLayer(d, 1, 4 * d, 0.0, "gelu", batch_first=True, norm_first=True, dtype=torch.float64)
    stack = nn.TransformerEncoder(layer, sizes["layers"], nn.LayerNorm(d, dtype=torch.float64), enable_nested_tensor=False)
    theirs = {
        "self_attn.in_proj_": "attention.qkv.", "self_attn.out_proj.": "attention.out_proj.", "linear1.": "linear1.", "linear2.": "linear2.",
        "norm1.": "norm1.", "norm2.": "norm2.",
    }  # fmt: skip
    state = {"norm.weight": p["final_norm.weight"], "norm.bias": p["final_norm.bias"]}
    for number in range(sizes["layers"]):
        for their, our in theirs.items():
            for kind in ("weight", "bias"):
                state[f"layers.{number}.{their}{kind}"] = p[f"blocks.{number}.{our}{kind}"]
    stack.load_state_dict(state)
    T = tokens.shape[1]
    x = F.embedding(tokens, p["token_embedding.weight"]) + p["position_embedding.weight"][:T]
    with torch.no_grad():
        return F.linear(stack(x, mask=torch.ones(T, T).triu(1).bool()), p["token_embedding.weight"])


@graded(
    stage="value",
    weight=2,
    hint="Each sub-layer sees the normed stream and adds to the stream itself. The GELU stands between the two linear layers, and is the exact one.",
)
def test_block(student, rng):
    """One block: both sub-layers, pre-norm, with the exact GELU."""
    parameters, x = draw_block(rng, 6), torch.from_numpy(rng.normal(size=(3, 5, 6)))
    assert_close(student.probe.block_output(parameters, x)["output"], run_block(parameters, x), name="the block's output", **SINGLE)


@graded(
    stage="value",
    weight=3,
    hint="Token plus position, the blocks, the final norm, the tied embedding: which of them is missing, or twice there?",
)
def test_logits(student, rng):
    """The logits of a model with three layers and random parameters."""
    parameters, tokens = draw_model(rng), draw_tokens(rng)
    assert_close(student.probe.gpt_logits(SIZES, parameters, tokens), run_model(parameters, tokens, 3), name="logits", **SINGLE)


@graded(
    stage="value",
    weight=1,
    hint="torch's layers are pre-norm here, with the exact GELU, and one more norm stands behind the last of them.",
)
def test_against_torch(student, rng):
    """With equal scores everywhere the model agrees with torch's own nn.TransformerEncoder."""
    parameters, tokens = with_equal_scores(draw_model(rng), SIZES["d_model"]), draw_tokens(rng, T=7)
    assert_close(student.probe.gpt_logits(SIZES, parameters, tokens), run_torch(parameters, tokens, SIZES), name="logits", **SINGLE)


@graded(
    stage="value",
    weight=3,
    hint="With L positions in the caches the new tokens stand at L, L + 1, … Read the length before the first block appends, and each time anew. "
    "Block b gets caches[b].",
)
def test_positions_with_caches(student, rng):
    """Fed in parts with caches, the model gives the same logits as at once; and again with fresh caches."""
    parameters, tokens = draw_model(rng), draw_tokens(rng, T=8)
    ways, keys = ([8], [5, 3], [1] * 8, [2, 1, 5]), []
    expected = run_model(parameters, tokens, 3, keys)
    for together in ([ways[0]], [ways[1]], ways):  # a way by itself tells one mistake from another, where all together end in an error
        for parts, got in zip(together, student.probe.gpt_in_parts(SIZES, parameters, tokens, together), strict=True):
            assert_close(got["logits"], expected, name=f"logits in parts of {parts}", **SINGLE)
            assert_close(got["keys"], keys, name="what attention put into caches", **SINGLE)


@graded(
    stage="gradient",
    weight=2,
    hint="The token embedding gets its gradient from two places: it reads and it writes. Is it one and the same parameter?",
)
def test_gradients(student, rng):
    """The gradients of all parameters, the tied embedding among them."""
    sizes = SIZES | {"layers": 2}
    parameters, tokens = draw_model(rng, sizes), draw_tokens(rng)
    d_logits = torch.from_numpy(rng.normal(size=(3, 5, 13)))
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    expected = dict(zip(leaves, torch.autograd.grad(run_model(leaves, tokens, 2), list(leaves.values()), d_logits), strict=True))
    # sums over the batch of products of three layers
    assert_close(student.probe.gpt_gradients(sizes, parameters, tokens, d_logits), expected, name="gradient", rtol=1e-4, atol=1e-4)


FRESH = {"vocab_size": 97, "max_length": 80, "d_model": 48, "heads": 3, "layers": 5}


def spread(packed):
    """A matrix, as the probe packs it: its standard deviation, the share beyond two of them, and its mean, counted in them."""
    deviation, far, mean = packed.double().tolist()
    return math.exp(deviation - 15), far - 2, mean - 10


def check_spread(fresh, residual):
    """Standard deviations: 8 % and more from the right one is seven standard errors at least for every matrix here (2,304 entries: 12 %)."""
    for name, value in fresh.items():
        writes = name.endswith(("out_proj.weight", "linear2.weight"))
        if name.endswith("bias") or "norm" in name or writes is not residual:
            continue
        wanted = 0.02 / math.sqrt(10) if writes else 0.02
        got, far, mean = spread(value)
        slack = 0.12 if name.endswith("out_proj.weight") else 0.08
        assert_true(
            abs(got / wanted - 1) < slack, f"The standard deviation of {name} is not right.", got=round(got, 5), expected=round(wanted, 5)
        )
        assert_true(
            0.015 < far < 0.09,
            f"{name} does not look normally distributed: how many entries are beyond two standard deviations?",
            got=round(far, 3),
            expected="about 0.046",
        )
        assert_true(abs(mean) < 0.15, f"The mean of {name} should be near 0.", got=mean * got)


@graded(stage="value", weight=2, hint="All matrices and both embeddings: normal, 0.02. torch's own defaults are much larger.")
def test_initial_spread(student, rng):
    """A fresh model: embeddings, qkv and linear1 have the standard deviation 0.02."""
    check_spread(student.probe.gpt_fresh(FRESH, False), residual=False)


@graded(
    stage="value",
    weight=2,
    hint="The two layers of each block that write into the stream start smaller by 1/√(2 · layers). See «The start».",
)
def test_initial_residual_spread(student, rng):
    """A fresh model of five layers: out_proj and linear2 are smaller by 1/√10."""
    check_spread(student.probe.gpt_fresh(FRESH, False), residual=True)


@graded(
    stage="contract",
    weight=1,
    hint="Draw each matrix anew, and leave the seed alone: whoever wants the same numbers twice sets it outside.",
)
def test_drawn_anew(student, rng):
    """Two fresh models differ, and so do their blocks."""
    same = student.probe.gpt_two_fresh(FRESH)
    for name in same["models"]:
        assert_true(False, f"Two fresh models have the same {name}: is a seed set inside?")
    for name in same["blocks"]:
        assert_true(False, f"{name} and {name.replace('blocks.0.', 'blocks.1.')} of a fresh model are the same.")


@graded(stage="edge", weight=1, hint="initialise sets every parameter, whatever it was: biases 0, gains of norms 1.")
def test_initialise_again(student, rng):
    """Called on a spoilt model, initialise sets biases to 0, gains to 1, and draws the matrices again."""
    fresh = student.probe.gpt_fresh(FRESH, True)
    for name, value in fresh.items():
        if name.endswith("bias"):
            assert_true(bool((value == 0).all()), f"{name} should be 0.", got=value[:5])
        elif "norm" in name:
            assert_true(bool((value == 1).all()), f"{name} should be 1.", got=value[:5])
        else:
            deviation, _, mean = spread(value)
            assert_true(deviation < 0.1 and abs(mean) < 1, f"{name} was not drawn again.")


@graded(stage="edge", weight=1, hint="One token, one row, a text of exactly max_length tokens.")
def test_small_cases(student, rng):
    """T = 1, N = 1, one layer, with a cache and without, and as many tokens as there are positions."""
    sizes = SIZES | {"layers": 1, "heads": 1}
    parameters = draw_model(rng, sizes)
    for batch, T in ((1, 1), (4, 1), (1, 9)):
        tokens = draw_tokens(rng, batch, T)
        assert_close(student.probe.gpt_logits(sizes, parameters, tokens), run_model(parameters, tokens, 1), name="logits", **SINGLE)
    (got,) = student.probe.gpt_in_parts(sizes, parameters, tokens, [[4, 1, 4]])
    assert_close(got["logits"], run_model(parameters, tokens, 1), name="logits of one layer with its cache", **SINGLE)


@graded(stage="edge", weight=1, hint="Dropout after the embeddings and on what linear2 returns, in training mode only.")
def test_dropout(student, rng):
    """Dropout of one half changes nothing in eval mode, and something in training mode."""
    parameters, tokens = draw_model(rng), draw_tokens(rng)
    got = student.probe.gpt_dropout(SIZES, parameters, tokens)
    assert_close(got["quiet"], run_model(parameters, tokens, 3), name="the logits in eval mode", **SINGLE)
    same = got["shapes"] == [tuple(got["quiet"].shape)] * 2
    assert_true(same, "In training mode the logits should have the same shape.", got=got["shapes"])
    different = all(distance.item() > 94 for distance in got["distances"])  # 100 stands for a distance of 1, 94 for a millionth
    assert_true(different, "In training mode dropout should change the logits, each time in another way.")


@graded(
    stage="edge",
    weight=1,
    hint="Dropout stands on the sum of the two embeddings and on what linear2 returns: on all of each, and nowhere else.",
)
def test_where_dropout_stands(student, rng):
    """With dropout 1 in training mode the embeddings and the two-layer networks vanish, and only attention speaks."""
    parameters, x = draw_block(rng, 6), torch.from_numpy(rng.normal(size=(2, 4, 6)))
    expected = run_block(parameters, x, network=False)
    assert_close(student.probe.block_all_dropped(parameters, x), expected, name="the block's output", **SINGLE)
    parameters, tokens = draw_model(rng), draw_tokens(rng)
    x = torch.zeros(3, 5, SIZES["d_model"], dtype=torch.float64)
    for layer in range(SIZES["layers"]):
        x = run_block(parameters, x, f"blocks.{layer}.", network=False)
    x = F.layer_norm(x, x.shape[-1:], parameters["final_norm.weight"], parameters["final_norm.bias"])
    expected = x @ parameters["token_embedding.weight"].T
    got = student.probe.gpt_all_dropped(SIZES, parameters, tokens)
    assert_close(got, expected, name="the logits when all that can be dropped is dropped", **SINGLE)


@graded(stage="contract", weight=1, hint="`x += …` changes the caller's tensor: write x = x + … And nothing may turn float32 into float64.")
def test_argument_and_dtype(student, rng):
    """A block does not change x, and the logits of a float32 model are float32."""
    parameters, x = draw_block(rng, 6), torch.from_numpy(rng.normal(size=(2, 4, 6)))
    got = student.probe.block_output(parameters, x)
    assert_close(got["output"], run_block(parameters, x), name="the block's output", **SINGLE)
    assert_unchanged([got["x"]], [x], names=("x",))
    parameters, tokens = draw_model(rng), draw_tokens(rng)
    single = {name: value.float() for name, value in parameters.items()}
    # three layers in float32
    assert_close(
        student.probe.gpt_logits(SIZES, single, tokens),
        run_model(parameters, tokens, 3).float(),
        name="logits",
        dtype=True,
        rtol=1e-3,
        atol=1e-3,
    )
