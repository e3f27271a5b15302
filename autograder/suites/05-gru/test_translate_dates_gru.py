"""Hidden tests of the exercise `translate_dates_gru`.

Oracle: gradients by autograd, clipping and updates in plain arithmetic, without any optimizer; a model and a loss that no library has.
"""

import math

import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

PAD, V, S = 2, 5, 6
NAMES = ("the rows for fed tokens", "the rows for read tokens")

# torch's own clipping divides by the norm + 1e-6, one's own may divide by the norm: parameters then differ by about 1e-6.
LOOSE = {"rtol": 1e-5, "atol": 1e-5}


def draw_batch(rng, lengths, answers):
    """source, lengths and target: bos = 1, the answer, eos = 0, padding."""
    n, longest = len(lengths), max(lengths)
    source = torch.from_numpy(rng.integers(0, S, size=(n, longest)))
    target = torch.full((n, max(answers) + 2), PAD)
    for row, length in zip(target, answers, strict=True):
        row[0] = 1
        row[1 : length + 1] = torch.from_numpy(rng.choice([3, 4], size=length))
        row[length + 1] = 0
    return source, torch.tensor(lengths), target


def draw_case(rng, n_batches=3):
    """The model's two parameters, and batches of different sizes."""
    shapes = [((2, 4, 3), (3, 1, 5)), ((5, 1), (2, 4)), ((3, 3, 2, 6), (1, 2, 0, 3)), ((2,), (3,))]
    batches = [draw_batch(rng, *shape) for shape in shapes[:n_batches]]
    return torch.from_numpy(rng.normal(size=(V, V))), torch.from_numpy(rng.normal(scale=0.5, size=(S, V))), batches


def loss_of(fed_rows, read_rows, source, lengths, fed, labels):
    """The toy model and the toy loss, row by row."""
    total, count = 0.0, 0
    for n, length in enumerate(lengths.tolist()):
        read = read_rows[source[n, :length]].sum(dim=0)
        for t in range(fed.shape[1]):
            if int(labels[n, t]) != PAD:
                logits = torch.tanh(fed_rows[fed[n, t]] + read)
                total, count = total + (logits.sum() - 3 * logits[labels[n, t]] + 4) ** 2, count + 1
    return total / count


def oracle(fed_rows, read_rows, batches, rate, max_norm, momentum=0.0, scale=1.0):
    """Losses and parameters after one clipped step for each batch."""
    parameters, speeds, losses, norms = [fed_rows.clone(), read_rows.clone()], None, [], []
    for source, lengths, target in batches:
        leaves = [parameter.clone().requires_grad_() for parameter in parameters]
        loss = scale * loss_of(*leaves, source, lengths, target[:, :-1], target[:, 1:])
        gradients = torch.autograd.grad(loss, leaves)
        norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
        gradients = [gradient * min(1.0, max_norm / norm) for gradient in gradients]
        speeds = gradients if speeds is None else [momentum * v + g for v, g in zip(speeds, gradients, strict=True)]
        parameters = [p - rate * v for p, v in zip(parameters, speeds, strict=True)]
        losses.append(float(loss))
        norms.append(norm)
    return losses, parameters, norms


def check(got, expected):
    """Compares losses and parameters."""
    losses, parameters = got["losses"], got["parameters"]
    assert_true(isinstance(losses, list | tuple), "The result should be a list of losses.", got=losses)
    assert_true(len(losses) == len(expected[0]), f"There should be one loss for each of the {len(expected[0])} batches.", got=losses)
    for k, (loss, wanted) in enumerate(zip(losses, expected[0], strict=True)):
        assert_close(loss, wanted, name=f"the loss of batch {k}", **LOOSE)
    assert_close(tuple(parameters), tuple(expected[1]), names=NAMES, **LOOSE)


@graded(stage="value", weight=3, hint="Feed target[:, :-1], ask for target[:, 1:]; the loss is the one that is given, and it needs pad_id.")
def test_first_loss(student, rng):
    """The loss of the first batch: what is fed, what is asked, which loss."""
    fed_rows, read_rows, batches = draw_case(rng, 1)
    losses, _, _ = oracle(fed_rows, read_rows, batches, 0.1, 1e9)
    got = student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 1e9)
    one = isinstance(got["losses"], list | tuple) and len(got["losses"]) == 1
    assert_true(one, "The result should be a list of one loss.", got=got["losses"])
    assert_close(got["fed"], batches[0][2][:, :-1], name="the target as it is fed")
    assert_close(got["losses"][0], losses[0], name="the loss of batch 0")


@graded(stage="value", weight=3, hint="zero_grad, backward, clip, step: in this order, once for each batch.")
def test_three_batches(student, rng):
    """Three batches of different sizes: all losses, and the parameters in the end."""
    fed_rows, read_rows, batches = draw_case(rng)
    expected = oracle(fed_rows, read_rows, batches, 0.1, 1e9)
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 1e9), expected)


@graded(
    stage="value",
    weight=2,
    hint="One norm for all parameters together, taken after backward and before step. Values are not clipped one by one.",
)
def test_clipping(student, rng):
    """Gradients far above max_norm are scaled down to it, all together, in whatever groups the optimizer has them."""
    fed_rows, read_rows, batches = draw_case(rng)
    expected = oracle(fed_rows, read_rows, batches, 0.7, 0.3)
    assert min(expected[2]) > 0.6
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 0.7, 0.3, groups=2), expected)


@graded(stage="value", weight=1, hint="A norm below max_norm leaves the gradients alone: clipping never scales up.")
def test_no_clipping_below(student, rng):
    """A max_norm above the norm changes nothing."""
    fed_rows, read_rows, batches = draw_case(rng, 1)
    norm = oracle(fed_rows, read_rows, batches, 0.1, 1e9)[2][0]
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 2.5 * norm), oracle(fed_rows, read_rows, batches, 0.1, 1e9))


@graded(stage="value", weight=1, hint="max_norm is 1 if it is not given, and is handed on if it is.")
def test_default_max_norm(student, rng):
    """Without max_norm, gradients are clipped to 1."""
    fed_rows, read_rows, batches = draw_case(rng)
    expected = oracle(fed_rows, read_rows, batches, 0.5, 1.0)
    assert max(expected[2]) > 1.2
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 0.5, None), expected)


@graded(stage="gradient", weight=2, hint="PyTorch adds to .grad. What stood there before this batch must be gone before backward.")
def test_stale_gradients(student, rng):
    """Gradients left over from before the first batch have no influence."""
    fed_rows, read_rows, batches = draw_case(rng)
    expected = oracle(fed_rows, read_rows, batches, 0.1, 1e9)
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 1e9, stale=2.5), expected)


@graded(
    stage="edge", weight=1, hint="Take the optimizer as it is, for every batch: a new one would forget its momentum, and its learning rate."
)
def test_optimizer_keeps_its_state(student, rng):
    """An optimizer with momentum goes on from batch to batch, however small the losses are."""
    fed_rows, read_rows, batches = draw_case(rng, 4)
    expected = oracle(fed_rows, read_rows, batches, 500.0, 1e9, momentum=0.9, scale=1e-4)
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 500.0, 1e9, momentum=0.9, scale=1e-4), expected)


@graded(stage="edge", weight=1, hint="batches may be a generator: go through it once, don't index it, don't ask for its length.")
def test_a_generator(student, rng):
    """Batches that come one by one and can be gone through once."""
    fed_rows, read_rows, batches = draw_case(rng)
    expected = oracle(fed_rows, read_rows, batches, 0.1, 1e9)
    check(student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 1e9, once=True), expected)


@graded(stage="edge", weight=1, hint="Without any batch there is nothing to do: the list is empty, the parameters stay.")
def test_no_batches(student, rng):
    """No batches: no losses, no update."""
    fed_rows, read_rows, _ = draw_case(rng)
    got = student.probe.train(fed_rows, read_rows, [], PAD, 0.1, 1.0)
    assert_close(got["losses"], [], name="losses")
    assert_close(tuple(got["parameters"]), (fed_rows, read_rows), names=NAMES)


@graded(stage="contract", weight=1, hint="A list of floats: loss.item(). A list of tensors would keep every batch's graph alive.")
def test_types(student, rng):
    """The losses are a list of floats."""
    fed_rows, read_rows, batches = draw_case(rng)
    got = student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 1.0)["losses"]
    floats = isinstance(got, list) and len(got) == 3 and all(isinstance(loss, float) for loss in got)
    assert_true(floats, "The result should be a list of three floats.", got=got)


@graded(
    stage="contract",
    weight=1,
    hint="target[:, :-1] and target[:, 1:] are views: don't write into them. The model is given in training mode.",
)
def test_batches_unchanged(student, rng):
    """The batches are not changed, and the model stays in training mode."""
    fed_rows, read_rows, batches = draw_case(rng)
    got = student.probe.train(fed_rows, read_rows, batches, PAD, 0.1, 1e9)
    check(got, oracle(fed_rows, read_rows, batches, 0.1, 1e9))
    names = ("source", "lengths", "target")
    for after, before in zip(got["batches"], batches, strict=True):
        assert_unchanged(list(after), list(before), names=names)
    assert_true(got["training"], "The model was given in training mode, and was put into eval mode.")
