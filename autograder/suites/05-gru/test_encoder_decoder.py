"""Hidden tests of the exercise `encoder_decoder`.

Oracle: torch.nn.GRU over the packed source and over the whole target in float64; torch.gru_cell step by step, each source alone; autograd.
"""

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

PAD = 2  # not the first id
PARTS = ("h of encode", "logits of decode_step", "new h of decode_step", "logits of forward")


def draw_case(rng, lengths=(4, 2, 6), t=5, source_vocab=11, target_vocab=9, embedding_size=3, hidden_size=4):
    """Random parameters by name, and the arguments source, lengths, target; padding in the source, none in the target."""
    shapes = {
        "source_embedding.weight": (source_vocab, embedding_size),
        "target_embedding.weight": (target_vocab, embedding_size),
        "encoder_cell.weight_ih": (3 * hidden_size, embedding_size),
        "encoder_cell.weight_hh": (3 * hidden_size, hidden_size),
        "encoder_cell.bias_ih": (3 * hidden_size,),
        "encoder_cell.bias_hh": (3 * hidden_size,),
        "decoder_cell.weight_ih": (3 * hidden_size, embedding_size),
        "decoder_cell.weight_hh": (3 * hidden_size, hidden_size),
        "decoder_cell.bias_ih": (3 * hidden_size,),
        "decoder_cell.bias_hh": (3 * hidden_size,),
        "output.weight": (target_vocab, hidden_size),
        "output.bias": (target_vocab,),
    }
    parameters = {name: torch.from_numpy(rng.normal(scale=0.9, size=shape)) for name, shape in shapes.items()}
    n, longest = len(lengths), max(lengths)
    words = [token for token in range(source_vocab) if token != PAD]
    source = torch.from_numpy(rng.choice(words, size=(n, longest)))
    lengths = torch.tensor(lengths)
    source[torch.arange(longest) >= lengths.unsqueeze(1)] = PAD
    words = [token for token in range(target_vocab) if token != PAD]
    target = torch.from_numpy(rng.choice(words, size=(n, t)))
    return parameters, source, lengths, target


def cell(p, side, x, h):
    """One step of the encoder's or the decoder's cell."""
    return torch.gru_cell(x, h, *(p[f"{side}_cell.{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))


def encode(p, source, lengths):
    """Each source alone, cut at its end."""
    rows = []
    for ids, length in zip(source, lengths.tolist(), strict=True):
        h = p["output.weight"].new_zeros(1, p["output.weight"].shape[1])
        for token in ids[:length].tolist():
            h = cell(p, "encoder", p["source_embedding.weight"][token].unsqueeze(0), h)
        rows.append(h)
    return torch.cat(rows)


def decode_step(p, tokens, h):
    """Logits and the new state."""
    h = cell(p, "decoder", p["target_embedding.weight"][tokens], h)
    return F.linear(h, p["output.weight"], p["output.bias"]), h


def forward(p, source, lengths, target):
    """The logits of every step."""
    h, steps = encode(p, source, lengths), []
    for tokens in target.T:
        logits, h = decode_step(p, tokens, h)
        steps.append(logits)
    return torch.stack(steps, dim=1)


def at_once(p, source, lengths, target):
    """The logits of every step by two modules of torch, which make the loops and know about padding by themselves."""

    def gru(side):
        module = torch.nn.GRU(p["source_embedding.weight"].shape[1], p["output.weight"].shape[1], batch_first=True, dtype=torch.float64)
        module.load_state_dict({f"{name.split('.')[1]}_l0": value for name, value in p.items() if name.startswith(f"{side}_cell.")})
        return module

    with torch.no_grad():
        packed = pack_padded_sequence(p["source_embedding.weight"][source], lengths, batch_first=True, enforce_sorted=False)
        _, h = gru("encoder")(packed)
        states, _ = gru("decoder")(p["target_embedding.weight"][target], h)
        return F.linear(states, p["output.weight"], p["output.bias"])


@graded(stage="value", weight=2, hint="A loop over the columns of the source, the state handed on; row n stops after lengths[n] steps.")
def test_encode(student, rng):
    """The encoder's final state of three sources of different lengths."""
    parameters, source, lengths, _ = draw_case(rng)
    assert_close(student.probe.encode(parameters, PAD, source, lengths), encode(parameters, source, lengths), name="h")


@graded(stage="value", weight=2, hint="decoder_cell takes the embedded tokens and the state; the output reads the *new* state.")
def test_decode_step(student, rng):
    """One step of writing: the logits and the new state."""
    parameters, *_ = draw_case(rng)
    tokens, h = torch.from_numpy(rng.choice([0, 1, 3, 5, 8], size=3)), torch.from_numpy(rng.normal(size=(3, 4)))
    got = student.probe.decode_step(parameters, PAD, tokens, h)
    assert_close(got, decode_step(parameters, tokens, h), names=("logits", "the new h"))


@graded(stage="value", weight=1, hint="The h that decode_step returns is what the next step starts from: the new one.")
def test_decode_steps(student, rng):
    """Three steps of writing, each from the state of the one before."""
    parameters, *_ = draw_case(rng)
    h = torch.from_numpy(rng.normal(size=(3, 4)))
    columns = [torch.from_numpy(rng.choice([0, 1, 3, 5, 8], size=3)) for _ in range(3)]
    expected, state = [], h
    for tokens in columns:
        logits, state = decode_step(parameters, tokens, state)
        expected.append(logits)
    got = student.probe.decode_steps(parameters, PAD, columns, h)
    assert_close(got, (torch.stack(expected), state), names=("the logits of three steps", "the last h"))


@graded(stage="value", weight=3, hint="Encode, then one decode_step for each column of the target, the state handed on. No shift inside.")
def test_forward(student, rng):
    """The logits of every step, the decoder being fed the target."""
    case = draw_case(rng)
    assert_close(student.probe.forward(case[0], PAD, *case[1:]), at_once(*case), name="logits")


@graded(stage="value", weight=2, hint="Step t may see target[:, t], which it is fed, and nothing later. Where does your step t look?")
def test_no_look_ahead(student, rng):
    """A token changed at step t changes the logits from step t on, and none before."""
    parameters, source, lengths, target = draw_case(rng)
    for t in (1, 3):
        other = target.clone()
        other[:, t] = torch.where(target[:, t] == 8, 7, 8)
        before = student.probe.forward(parameters, PAD, source, lengths, target)
        after = student.probe.forward(parameters, PAD, source, lengths, other)
        expected = forward(parameters, source, lengths, target)
        for got in (before, after):
            right = isinstance(got, torch.Tensor) and got.shape == expected.shape
            assert_true(right, "The logits should be a tensor of shape (N, T, V).", got=got)
        assert_close(after[:, :t], before[:, :t], name=f"the logits before step {t}, after a change at step {t}")
        changed = bool((after[:, t:] - before[:, t:]).abs().amax(dim=2).min() > 1e-6)
        assert_true(changed, f"A token changed at step {t} should change the logits of step {t} and of all that follow.")


@graded(stage="value", weight=1, hint="The lengths come in any order: no sorting is needed, and each row keeps its place.")
def test_rows_are_independent(student, rng):
    """Each row of a batch gives what it gives alone, in any order of lengths."""
    case = draw_case(rng, lengths=(1, 5, 3, 5))
    expected = forward(*case)
    assert_close(student.probe.forward(case[0], PAD, *case[1:]), expected, name="logits")
    row = slice(2, 3)
    got = student.probe.forward(case[0], PAD, case[1][row, :3], case[2][row], case[3][row])
    assert_close(got, expected[row], name="the logits of a row alone")


@graded(
    stage="gradient",
    weight=2,
    hint="A training step must reach both embeddings, both cells and the output: nothing detached, no torch.no_grad.",
)
def test_gradients(student, rng):
    """The gradients of every parameter, through all steps."""
    parameters, source, lengths, target = draw_case(rng)
    d_logits = torch.from_numpy(rng.normal(size=(3, 5, 9)))
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    found = torch.autograd.grad(forward(leaves, source, lengths, target), list(leaves.values()), d_logits)
    got = student.probe.forward_gradients(parameters, PAD, source, lengths, target, d_logits)
    assert_true(isinstance(got, dict), "The logits should be a tensor (N, T, V) through which gradients flow back.", got=got)
    assert_close(got, dict(zip(leaves, found, strict=True)), name="gradients")


@graded(stage="edge", weight=1, hint="Behind a row's length nothing is read: the lengths say where it ends, not the ids.")
def test_padding_has_no_influence(student, rng):
    """Other ids behind the ends of the sources change nothing, and more columns of padding neither."""
    parameters, source, lengths, target = draw_case(rng)
    expected = forward(parameters, source, lengths, target)
    behind = torch.arange(source.shape[1]) >= lengths.unsqueeze(1)
    other = torch.where(behind, torch.from_numpy(rng.integers(3, 11, size=source.shape)), source)
    assert_close(student.probe.forward(parameters, PAD, other, lengths, target), expected, name="logits")
    wider = torch.cat([source, torch.full((3, 2), PAD)], dim=1)
    assert_close(student.probe.forward(parameters, PAD, wider, lengths, target), expected, name="logits")


@graded(stage="edge", weight=1, hint="All T columns of the target are fed, padding too: what is asked there is for the loss to ignore.")
def test_padding_in_the_target(student, rng):
    """Padding in the target is fed like any other token: no row stops, and there are T logits."""
    parameters, source, lengths, target = draw_case(rng)
    parameters["target_embedding.weight"][PAD] = 0.0  # as nn.Embedding has it
    target[0, 3:], target[1, 2:], target[2, 4:] = PAD, PAD, PAD
    got = student.probe.forward(parameters, PAD, source, lengths, target)
    assert_close(got, at_once(parameters, source, lengths, target), name="logits")


@graded(
    stage="edge",
    weight=1,
    hint="nn.Embedding keeps its padding_idx out of training when it is called. Its bare weight knows nothing of padding.",
)
def test_padding_does_not_learn(student, rng):
    """The embeddings of padding get no gradient, though padding stands in source and target."""
    parameters, source, lengths, target = draw_case(rng)
    sides = ("source_embedding.weight", "target_embedding.weight")
    for side in sides:
        parameters[side][PAD] = 0.0
    target[0, 3:], target[2, 4:] = PAD, PAD
    got = student.probe.forward_gradients(parameters, PAD, source, lengths, target, torch.from_numpy(rng.normal(size=(3, 5, 9))))
    if isinstance(got, dict):  # where no gradient flows at all, the test of the gradients says so
        for side in sides:
            assert_close(got[side][PAD], torch.zeros(3, dtype=torch.float64), name=f"the gradient of row pad_id of {side}")


@graded(
    stage="edge",
    weight=1,
    hint="Every call begins afresh and is fed the target, all of it: no state is kept in the module, and nothing is left to chance.",
)
def test_again_and_again(student, rng):
    """The same batch gives the same logits again and again."""
    times = 16
    case = draw_case(rng, lengths=(2, 1, 1), t=7)
    got = student.probe.forward_again(case[0], PAD, *case[1:], times)
    names = [f"logits of call {k}" for k in range(1, times + 1)]
    assert_close(got, (forward(*case),) * times, names=names)


@graded(
    stage="edge", weight=1, hint="Does something ask for self.training? Teacher forcing, logits and gradients are the same in both modes."
)
def test_eval_mode(student, rng):
    """All three methods give in eval mode what they give in training mode, gradients included."""
    parameters, source, lengths, target = draw_case(rng)
    h, d_logits = torch.from_numpy(rng.normal(size=(3, 4))), torch.from_numpy(rng.normal(size=(3, 5, 9)))
    got = student.probe.both_modes(parameters, PAD, source, lengths, target, h, d_logits)
    names = [f"{part} in eval mode" for part in (*PARTS, "gradients")]
    assert_close(tuple(got["eval"]), tuple(got["training"]), names=names)


@graded(stage="edge", weight=1, hint="One row, one character, one step: the axes stay.")
def test_sizes_of_one(student, rng):
    """One row, a source of one token, a target of one token: encode, decode_step and forward."""
    for sizes in ({"lengths": (4,)}, {"lengths": (1, 1)}, {"t": 1}, {"lengths": (1,), "t": 1, "hidden_size": 1, "embedding_size": 1}):
        parameters, source, lengths, target = draw_case(rng, **sizes)
        h = torch.from_numpy(rng.normal(size=(len(source), sizes.get("hidden_size", 4))))
        expected = (
            encode(parameters, source, lengths),
            *decode_step(parameters, target[:, 0], h),
            forward(parameters, source, lengths, target),
        )
        assert_close(student.probe.all_methods(parameters, PAD, source, lengths, target, h), expected, names=PARTS)


@graded(
    stage="contract",
    weight=1,
    hint="The first state has the dtype of the embeddings: torch.zeros makes float32 unless it is told otherwise.",
)
def test_dtype(student, rng):
    """float64 parameters give float64 logits, float32 parameters float32 ones."""
    parameters, *arguments = draw_case(rng)
    expected = forward(parameters, *arguments)
    assert_close(student.probe.forward(parameters, PAD, *arguments), expected, name="logits", dtype=True)
    small = {name: value.float() for name, value in parameters.items()}
    assert_close(student.probe.forward(small, PAD, *arguments), expected.float(), name="logits", dtype=True)


@graded(stage="contract", weight=1, hint="Don't write into source, lengths or target.")
def test_arguments_unchanged(student, rng):
    """source, lengths and target are not changed."""
    parameters, *arguments = draw_case(rng)
    arguments[0][1, 2:] = 7  # behind the end of the row any id may stand
    got = student.probe.forward_arguments_after(parameters, PAD, *arguments)
    assert_unchanged(got["arguments"], arguments, names=("source", "lengths", "target"))
