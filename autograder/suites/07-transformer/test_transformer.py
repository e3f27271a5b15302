"""Hidden tests of the exercise `transformer`.

Oracle: one sequence at a time without any mask, cut to its real tokens, each step's logits from a run on the target up to that step;
gradients by autograd through that; causality and padding by perturbation; the docstring's worked example.
Simple layers take the places of the student's: what is tested is how they are put together.
"""

import math
from functools import cache

import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded, gradients_of

# The positions are made in float32, with seven digits; a logit adds up a few products of numbers near 1.
LOOSE = {"rtol": 1e-4, "atol": 1e-4}


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


@cache
def positions(d_model, longest=80):
    rows = [[(math.sin, math.cos)[j % 2](p / 10000 ** (2 * (j // 2) / d_model)) for j in range(d_model)] for p in range(longest)]
    return torch.tensor(rows, dtype=torch.float64)


def table(length, d_model):
    return positions(d_model)[:length].clone()


def draw_case(rng, layers=2, norm_first=True, d_model=6, source_vocab=9, target_vocab=7, pad_id=3):
    """Random parameters of a Transformer whose layers are the simple ones."""
    parameters = {"source_embedding.weight": draw(rng, source_vocab, d_model), "target_embedding.weight": draw(rng, target_vocab, d_model)}
    for i in range(layers):
        for name in ("encoder_layers.{}.w", "decoder_layers.{}.w", "decoder_layers.{}.u"):
            parameters[name.format(i)] = draw(rng, d_model, d_model, scale=0.7)
    if norm_first:
        for name in ("encoder_norm", "decoder_norm"):
            parameters[f"{name}.weight"], parameters[f"{name}.bias"] = draw(rng, d_model), draw(rng, d_model)
    return {"layers": layers, "norm_first": norm_first, "parameters": parameters, "pad_id": pad_id}


def draw_tokens(rng, vocab, pad_id, lengths, longest):
    """Real tokens at the front, padding behind."""
    words = [token for token in range(vocab) if token != pad_id]
    tokens = torch.full((len(lengths), longest), pad_id)
    for row, length in zip(tokens, lengths, strict=True):
        row[:length] = torch.from_numpy(rng.choice(words, size=length))
    return tokens


def draw_pair(rng, case, source_lengths=(4, 6, 2), target_lengths=(2, 5, 3), s=6, t=5):
    source = draw_tokens(rng, len(case["parameters"]["source_embedding.weight"]), case["pad_id"], source_lengths, s)
    target = draw_tokens(rng, len(case["parameters"]["target_embedding.weight"]), case["pad_id"], target_lengths, t)
    return source, target


def average(x, y):
    """(T, d), (S, d): each row of x averages the rows of y with the kernel 1 + (x · y)²."""
    kernel = 1 + torch.einsum("td,sd->ts", x, y) ** 2
    return torch.einsum("ts,sd->td", kernel / kernel.sum(dim=1, keepdim=True), y)


def normalise(p, name, x):
    if f"{name}.weight" not in p:
        return x
    centred = x - x.mean(dim=-1, keepdim=True)
    return p[f"{name}.weight"] * centred / ((centred**2).mean(dim=-1, keepdim=True) + 1e-5) ** 0.5 + p[f"{name}.bias"]


def embed(weight, tokens):
    d_model = weight.shape[1]
    return weight[tokens] * d_model**0.5 + table(len(tokens), d_model)


def encode_one(case, tokens):
    """The memory (S, d) of one source without padding."""
    p = case["parameters"]
    x = embed(p["source_embedding.weight"], tokens)
    for i in range(case["layers"]):
        x = x + torch.tanh(average(x, x) @ p[f"encoder_layers.{i}.w"])
    return normalise(p, "encoder_norm", x)


def decode_one(case, tokens, memory):
    """The logits (V,) after the last of the tokens; what came before is computed in a run of its own for each length."""
    p = case["parameters"]
    x = embed(p["target_embedding.weight"], tokens)
    for i in range(case["layers"]):
        averaged = torch.stack([average(x[t : t + 1], x[: t + 1])[0] for t in range(len(x))])
        x = x + torch.tanh(averaged @ p[f"decoder_layers.{i}.w"])
        x = x + torch.tanh(average(x, memory) @ p[f"decoder_layers.{i}.u"])
    return normalise(p, "decoder_norm", x[-1]) @ p["target_embedding.weight"].T


def encode(case, source):
    """The memory, zero at padding."""
    memory = torch.zeros(*source.shape, case["parameters"]["source_embedding.weight"].shape[1], dtype=torch.float64)
    for n, row in enumerate(source):
        real = row[row != case["pad_id"]]
        memory[n, : len(real)] = encode_one(case, real)
    return memory


def decode(case, target, memory, source):
    """The logits, zero at padding."""
    logits = torch.zeros(*target.shape, len(case["parameters"]["target_embedding.weight"]), dtype=torch.float64)
    for n, row in enumerate(target):
        heard = memory[n, source[n] != case["pad_id"]]
        for t in range(int((row != case["pad_id"]).sum())):
            logits[n, t] = decode_one(case, row[: t + 1], heard)
    return logits


def whole(case, source, target):
    return decode(case, target, encode(case, source), source)


def check_shape(got, expected, name="the result"):
    """Stops the test if `got` is no tensor of the shape of `expected`."""
    fits = isinstance(got, torch.Tensor) and got.shape == expected.shape
    assert_true(fits, f"{name[0].upper() + name[1:]} should be a tensor of shape {tuple(expected.shape)}.", got=got)


def check_logits(got, case, source, target, expected=None, **options):
    expected = whole(case, source, target) if expected is None else expected
    check_shape(got, expected, "logits")
    assert_close(got, expected, name="logits", **(options or LOOSE))


@graded(
    stage="value",
    weight=2,
    hint="√d_model scales the embeddings, not the positions; the logits are x times the transposed target embedding, unscaled.",
)
def test_without_layers(student, rng):
    """Without layers and norms: scaled embeddings plus positions, compared with every target embedding; up to seventy tokens."""
    for d_model, t in ((6, 5), (7, 70)):
        case = draw_case(rng, layers=0, norm_first=False, d_model=d_model)
        source, target = draw_pair(rng, case, target_lengths=(t - 3, t, t - 2), t=t)
        check_logits(student.probe.transformer_forward(case, table(80, d_model), source, target), case, source, target)
    by_hand = {
        "source_embedding.weight": draw(rng, 5, 2),
        "target_embedding.weight": torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).double(),
    }
    case = {"layers": 0, "norm_first": False, "parameters": by_hand, "pad_id": 0}
    got = student.probe.transformer_forward(case, table(80, 2), torch.tensor([[4, 3]]), torch.tensor([[1]]))
    assert_close(got, torch.tensor([[[0.0, 2**0.5, 1.0]]]).double(), name="the logits of the docstring's example", **LOOSE)


@graded(stage="value", weight=2, hint="Embed, every encoder layer in order with a mask of the real tokens, encoder_norm at the end.")
def test_encode(student, rng):
    """The memory of three sources of different lengths, the first or another one the longest, and of two long ones."""
    case = draw_case(rng)
    for lengths, longest in (((4, 6, 2), 6), ((6, 2, 5), 6), ((66, 70), 70)):
        source, _ = draw_pair(rng, case, lengths, s=longest)
        expected = encode(case, source)
        got = student.probe.transformer_encode(case, table(80, 6), source)
        check_shape(got, expected, "memory")
        assert_close(got, expected, name="memory", **LOOSE)


@graded(
    stage="value",
    weight=2,
    hint="Self-attention: keys up to and including the query's own place. Cross-attention: real source tokens. Then decoder_norm and the tied output.",
)
def test_decode(student, rng):
    """The logits, given a memory: three batches with one model, short, long and short again."""
    case = draw_case(rng)
    calls = []
    for lengths, t in (((4, 6, 3), 3), ((5, 3, 2), 5), ((4, 6, 3), 2)):
        s = max(lengths)
        source, target = draw_pair(rng, case, lengths, (t - 1, t, t), s, t)
        calls.append((target, draw(rng, 3, s, 6), source))
    got = student.probe.transformer_decode_again(case, table(80, 6), calls)
    for logits, (target, memory, source) in zip(got, calls, strict=True):
        check_logits(logits, case, source, target, decode(case, target, memory, source))


@graded(
    stage="value",
    weight=3,
    hint="forward is decode(target, encode(source), source), and shifts nothing: logits[:, t] has read the target up to t.",
)
def test_forward(student, rng):
    """Source and target to logits, pre-norm."""
    case = draw_case(rng, layers=3)
    source, target = draw_pair(rng, case)
    check_logits(student.probe.transformer_forward(case, table(80, 6), source, target), case, source, target)


@graded(
    stage="value",
    weight=2,
    hint="Without norm_first the last norms are identities: call them always. Nothing may depend on pad_id being 0.",
)
def test_forward_post_norm(student, rng):
    """Source and target to logits, post-norm, with another pad_id; source and target of one length."""
    for pad_id in (0, 5):
        case = draw_case(rng, norm_first=False, pad_id=pad_id)
        source, target = draw_pair(rng, case, (3, 5, 2), s=5)
        check_logits(student.probe.transformer_forward(case, table(80, 6), source, target), case, source, target)


@graded(
    stage="gradient",
    weight=2,
    hint="The target embedding is used twice, to read and to score: its gradient has both parts. Nothing may be detached.",
)
def test_gradients(student, rng):
    """The gradients reach every parameter; that of the target embedding comes from both its uses."""
    case = draw_case(rng)
    source, target = draw_pair(rng, case)
    d_logits = draw(rng, 3, 5, 7)
    leaves = {name: value.clone().requires_grad_() for name, value in case["parameters"].items()}
    loss = (whole({**case, "parameters": leaves}, source, target) * d_logits).sum()
    expected = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))
    got = student.probe.transformer_gradients(case, table(80, 6), source, target, d_logits)
    # sums of about a hundred terms, each with the rounding of the float32 positions, through three divisions by a norm
    assert_close(gradients_of(got), expected, name="gradients", rtol=1e-3, atol=2e-3)


@graded(
    stage="edge", weight=2, hint="A triangle with its diagonal: place t may look at 0 … t, and the logits at t depend on the token at t."
)
def test_causality(student, rng):
    """A change of the target at step 2 alters no logits before step 2, and those of step 2."""
    case = draw_case(rng)
    source, target = draw_pair(rng, case, target_lengths=(5, 5, 5))
    other = target.clone()
    other[:, 2] = torch.tensor([(token + 1) % 3 for token in target[:, 2].tolist()])
    before = student.probe.transformer_forward(case, table(80, 6), source, target)
    after = student.probe.transformer_forward(case, table(80, 6), source, other)
    check_logits(before, case, source, target)
    check_shape(after, before, "logits")
    assert_close(after[:, :2], before[:, :2], name="the logits before the change")
    assert_true((after[:, 2] - before[:, 2]).abs().max() > 1e-3, "The logits at step 2 should depend on the token of step 2.")


@graded(
    stage="edge",
    weight=2,
    hint="Padding must have no influence at all: is every key that is padding masked, in the encoder and in cross-attention?",
)
def test_more_padding(student, rng):
    """More padding behind source and target changes nothing at the real tokens."""
    case = draw_case(rng)
    source, target = draw_pair(rng, case)
    got = student.probe.transformer_forward(case, table(80, 6), source, target)
    longer = [torch.cat([tokens, torch.full((3, extra), case["pad_id"])], dim=1) for tokens, extra in ((source, 3), (target, 2))]
    padded = student.probe.transformer_forward(case, table(80, 6), *longer)
    check_logits(got, case, source, target)
    check_shape(padded, torch.zeros(3, 7, 7), "logits")
    check_logits(padded[:, :5], case, source, target)


@graded(
    stage="edge",
    weight=1,
    hint="decode is told the memory and its source, and may be called whenever it likes: it depends on nothing that encode has left behind.",
)
def test_two_sources(student, rng):
    """Two sources of one shape are encoded, then both are decoded, the first one first."""
    case = draw_case(rng)
    pairs = [draw_pair(rng, case), draw_pair(rng, case, (6, 3, 5))]
    got = student.probe.transformer_encode_then_decode(case, table(80, 6), pairs)
    for logits, (source, target) in zip(got, pairs, strict=True):
        check_logits(logits, case, source, target)


@graded(stage="edge", weight=1, hint="Is an axis of size 1 lost, or the length of one side taken for the other's?")
def test_sizes_of_one(student, rng):
    """A batch of one, one source token, one target token beside a padded source, one layer."""
    case = draw_case(rng, layers=1)
    for lengths, t in (((4,), 3), ((1, 1), 5), ((2, 5, 3), 1), ((1,), 1)):
        source, target = draw_pair(rng, case, lengths, (t,) * len(lengths), max(lengths), t)
        check_logits(student.probe.transformer_forward(case, table(80, 6), source, target), case, source, target)


@graded(
    stage="contract",
    weight=1,
    hint="In eval mode dropout does nothing; in training self.dropout acts once on the sum of scaled embeddings and positions, in encode and in decode.",
)
def test_dropout(student, rng):
    """In eval mode dropout changes nothing; in training it acts on the sum of embeddings and positions, of source and target."""
    case = draw_case(rng, layers=0, norm_first=False, target_vocab=6)
    case["parameters"]["target_embedding.weight"] = torch.eye(6).double()  # so the logits are the numbers of the decoder's stream
    source, target = draw_pair(rng, case, source_lengths=(6, 6, 6), target_lengths=(5, 5, 5))
    expected = encode(case, source)
    assert_close(student.probe.transformer_encode(case, table(80, 6), source, 0.4), expected, name="memory", **LOOSE)
    got = student.probe.transformer_in_training(case, table(80, 6), source, 0.5)
    check_shape(got, expected, "memory")
    dropped, doubled = got.abs() < 1e-9, (got - 2 * expected).abs() < 1e-3
    message = "With dropout 0.5 each number of the embedded source is either dropped or doubled."
    assert_true((dropped | doubled).all() and dropped.any() and doubled.any(), message, got=got)
    memory = draw(rng, 3, 6, 6)
    expected = decode(case, target, memory, source)
    got = student.probe.transformer_decode_in_training(case, table(80, 6), target, memory, source, 0.5)
    check_shape(got, expected, "logits")
    moved = expected.abs() > 0.1  # sin 0 is 0, dropped or not
    dropped, doubled = got.abs()[moved] < 1e-9, (got - 2 * expected).abs()[moved] < 1e-3
    message = "With dropout 0.5 each number of the embedded target is either dropped or doubled."
    assert_true((dropped | doubled).all() and dropped.any() and doubled.any(), message, got=got)


@graded(
    stage="contract",
    weight=1,
    hint="source, target and memory are only read; the logits have the dtype of the embeddings: convert the positions to it.",
)
def test_arguments_and_dtype(student, rng):
    """No argument is changed; models in float64, float32 and bfloat16 give logits of their own dtype."""
    case = draw_case(rng)
    source, target = draw_pair(rng, case)
    got = student.probe.transformer_arguments_after(case, table(80, 6), source, target)
    check_logits(got["result"], case, source, target, dtype=True, **LOOSE)
    assert_unchanged(got["arguments"], (source, target), names=("source", "target"))
    memory = draw(rng, 3, 6, 6)
    got = student.probe.transformer_decode_arguments_after(case, table(80, 6), target, memory, source)
    check_logits(got["result"], case, source, target, decode(case, target, memory, source))
    assert_unchanged(got["arguments"], (target, memory, source), names=("target", "memory", "source"))
    small = {**case, "parameters": {name: value.float() for name, value in case["parameters"].items()}}
    result = student.probe.transformer_forward(small, table(80, 6), source, target)
    # float32 all the way, through three divisions by a norm
    check_logits(result, case, source, target, whole(case, source, target).float(), dtype=True, rtol=1e-3, atol=1e-3)
    case = draw_case(rng, layers=0, norm_first=False)
    small = {**case, "parameters": {name: value.bfloat16() for name, value in case["parameters"].items()}}
    for got, wanted, name in (
        (student.probe.transformer_encode(small, table(80, 6), source), torch.zeros(3, 6, 6), "memory"),
        (student.probe.transformer_forward(small, table(80, 6), source, target), torch.zeros(3, 5, 7), "logits"),
    ):
        check_shape(got, wanted, f"{name} of a model in bfloat16")
        assert_true(
            got.dtype == torch.bfloat16,
            f"The {name} of a model in bfloat16 should be bfloat16 too.",
            got=str(got.dtype).removeprefix("torch."),
        )
