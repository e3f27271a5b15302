"""Hidden tests of the exercise `train_names`.

Oracle: for names_to_arrays the table of the lesson, worked by hand, and strings put into rows letter by letter; for names_loss
torch's autograd through a version in torch of the small recurrence and loss that the probes hand to the student's function.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

KEYS = ("w_x", "w_h", "b", "w_y", "b_y")
ARRAYS = ("inputs", "targets", "mask")
LATIN = ".abcdefghijklmnopqrstuvwxyz"


def write(names, alphabet):
    """Inputs, targets and mask, letter by letter."""
    steps = 1 + max(len(name) for name in names)
    rows = [alphabet[0] + name + alphabet[0] for name in names]
    ids = [[alphabet.index(letter) for letter in row] + [0] * (steps - len(row) + 1) for row in rows]  # steps + 1 each
    mask = [[t <= len(name) for t in range(steps)] for name in names]
    inputs = [[i if real else 0 for i, real in zip(row, reals, strict=False)] for row, reals in zip(ids, mask, strict=True)]
    return np.array(inputs), np.array([row[1:] for row in ids]), np.array(mask)


def three(got):
    """The three arrays, once they have the right kinds of numbers."""
    right = type(got) in (tuple, list) and len(got) == 3
    assert_true(right, "names_to_arrays should return three arrays: inputs, targets, mask.", got=got)
    for name, array, kinds in zip(ARRAYS, got, ("iu", "iu", "b"), strict=True):
        assert_true(isinstance(array, np.ndarray), f"{name} should be a NumPy array.", got=array)
        assert_true(array.dtype.kind in kinds, f"{name} should hold {'booleans' if kinds == 'b' else 'integers'}.", got=array.dtype.name)
    return tuple(got)


def invent(rng, count, alphabet, longest):
    """Random names of unequal lengths, one of them the longest."""
    lengths = [longest, *rng.integers(1, longest, size=count - 1)]
    names = ["".join(alphabet[i] for i in rng.integers(1, len(alphabet), size=n)) for n in lengths]
    return [names[i] for i in rng.permutation(count)]


def draw(rng, n=3, steps=5, v=6, hidden=4):
    """Random params, inputs with the last symbol among them, targets and a ragged mask."""
    shapes = {"w_x": (v, hidden), "w_h": (hidden, hidden), "b": (hidden,), "w_y": (hidden, v), "b_y": (v,)}
    params = {name: 0.6 * rng.normal(size=shape) for name, shape in shapes.items()}
    mask = np.arange(steps) < rng.permutation(np.linspace(1, steps, n).astype(int))[:, None]
    inputs = rng.integers(v, size=(n, steps))
    inputs[0, 0] = v - 1
    return params, inputs, rng.integers(v, size=(n, steps)), mask


def states_of(p, inputs):
    """What the probes' recurrence makes of the inputs, from tensors; its start is zero."""
    x = torch.nn.functional.one_hot(torch.tensor(inputs), len(p["b_y"])).double()
    sums, kept = torch.zeros(len(inputs), len(p["b"]), dtype=torch.float64), []
    for t in range(inputs.shape[1]):
        sums = 0.5 * sums + x[:, t] @ p["w_x"] + p["b"]
        kept.append(sums)
    u = torch.stack(kept, dim=1)
    return u + torch.sin(u @ p["w_h"])


def torch_states(params, inputs):
    """The states as an array."""
    return states_of({name: torch.tensor(value) for name, value in params.items()}, inputs).numpy()


def torch_loss(params, inputs, targets, mask):
    """The loss that names_loss should have with the functions of the probes, the parameters as tensors, and the logits."""
    p = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    logits = states_of(p, inputs) @ p["w_y"] + p["b_y"]
    real = torch.tensor(mask)
    each = 0.5 * (logits**2).sum(dim=2) - logits.gather(2, torch.tensor(targets)[:, :, None])[:, :, 0]
    return each[real].sum() / (1 + real.sum()), p, logits


def pair(got, *, surplus=True):
    """The loss and the gradients, with all keys; others are welcome with `surplus` only."""
    right = type(got) in (tuple, list) and len(got) == 2
    assert_true(right, "names_loss should return the loss and a dict of gradients.", got=got)
    loss, grads = got
    assert_true(isinstance(grads, dict), f"The gradients should be a dict with the keys {', '.join(KEYS)}.", got=grads)
    missing, others = [name for name in KEYS if name not in grads], [str(name) for name in grads if name not in KEYS]
    sentence = f"The gradients should have exactly the keys {', '.join(KEYS)}."
    sentence += f" Missing: {', '.join(missing)}." if missing else ""
    sentence += f" Too many: {', '.join(others)[:80]}." if others else ""
    assert_true(not missing and (surplus or not others), sentence)
    return loss, grads


def assert_dict_unchanged(after, before, name):
    """The dict holds the same arrays under the same keys."""
    assert_true(isinstance(after, dict) and set(after) == set(before), f"The call changed the keys of its argument {name}: work on a copy.")
    assert_unchanged([after[key] for key in before], list(before.values()), names=[f"{name}[{key!r}]" for key in before])


@graded(
    stage="value",
    weight=4,
    hint="Inputs begin with the boundary, targets end with it, and the targets are one step ahead. The boundary that ends a name is real. See the table of the exercise.",
)
def test_arrays(student, rng):
    """Names of unequal lengths become the right inputs, targets and mask."""
    by_hand = ([[0, 2, 15, 0], [0, 1, 4, 1]], [[2, 15, 0, 0], [1, 4, 1, 0]], [[True, True, True, False], [True] * 4])
    assert_close(three(student.names_to_arrays(["bo", "ada"], LATIN)), tuple(map(np.array, by_hand)), names=ARRAYS)
    names = invent(rng, 6, LATIN, 8)
    assert_close(three(student.names_to_arrays(names, LATIN)), write(names, LATIN), names=ARRAYS)


@graded(
    stage="edge",
    hint="Right for the letters a to z? An id is the letter's place in the alphabet that was given, however long, and not in the one you have "
    "in mind.",
)
def test_other_alphabet(student, rng):
    """With another alphabet, in another order or of 300 characters, the ids are the places in it."""
    alphabet = "#" + "".join(rng.permutation(list("QqWweErtZzé ü'")))
    names = [*invent(rng, 4, alphabet, 6), " Zé'Ww "]
    assert_close(three(student.names_to_arrays(names, alphabet)), write(names, alphabet), names=ARRAYS)
    alphabet = "".join(chr(0x4E00 + k) for k in range(300))
    names = [alphabet[-1] + name for name in invent(rng, 3, alphabet, 4)]
    assert_close(three(student.names_to_arrays(names, alphabet)), write(names, alphabet), names=ARRAYS)


@graded(
    stage="edge",
    hint="Right for other names? T is one more than the longest, however long. Each name has its row, also the second time, and also one without "
    "letters: a boundary that is followed by a boundary.",
)
def test_unusual_names(student, rng):
    """One name alone, names of one length, without letters or of 150 letters, and a name that occurs twice."""
    (long,) = invent(rng, 1, LATIN, 150)
    for names in (["zoe"], ["ann", "bob", "eve"], ["al", "", "x"], [""], ["bo", long, "bo"]):
        assert_close(three(student.names_to_arrays(names, LATIN)), write(names, LATIN), names=ARRAYS)


@graded(
    stage="value",
    weight=3,
    hint="One-hot vectors of the inputs, a start of zeros, forward, then the read-out with its bias, then token_loss with targets and mask: each function as it was given.",
)
def test_loss(student, rng):
    """The loss is what token_loss gives for the logits of the model."""
    arguments = draw(rng)
    loss, _ = pair(student.probe.toy_loss(*arguments))
    assert_close(loss, torch_loss(*arguments)[0].item(), name="loss")


@graded(
    stage="gradient",
    weight=4,
    hint="The read-out is one linear layer at every step of every sequence: its gradients are sums over batch and time. d_h is d_logits, sent back through w_y.",
)
def test_gradients(student, rng):
    """The gradients of the read-out are right, and backward gets d_h, whose three weight gradients are handed on."""
    arguments = draw(rng, v=5, hidden=5)  # of equal sizes: a transpose too many raises nothing
    loss, p, logits = torch_loss(*arguments)
    logits.retain_grad()
    loss.backward()
    _, grads = pair(student.probe.toy_loss(*arguments), surplus=False)
    expected = {name: p[name].grad.numpy() for name in ("w_y", "b_y")}
    assert_close({name: grads[name] for name in expected}, expected, name="grads")
    got = student.probe.handed_on(*arguments)
    assert_true(type(got) is tuple and len(got) == 4, "names_loss should call forward, token_loss and backward.", got=got)
    assert_close(got[2][0], logits.grad.numpy() @ arguments[0]["w_y"].T, name="d_h, as backward got it,")
    assert_close(
        got[3],
        {name: np.full(arguments[0][name].shape, value) for name, value in (("w_x", 2.0), ("w_h", 3.0), ("b", 5.0))},
        name="what backward returned, in grads",
    )


@graded(
    stage="edge",
    hint="x is one-hot, (N, T, V), at padding too; h_0 is zero, (N, H), for every batch anew; w_x, w_h and b go in as they are, and so does "
    "the mask, whose booleans token_loss may use as an index.",
)
def test_what_forward_gets(student, rng):
    """The recurrent network gets one-hot inputs and a start of zeros, and token_loss the logits and the mask of booleans."""
    arguments = draw(rng, n=4, steps=3)
    params, inputs, _, mask = arguments
    got = student.probe.handed_on(*arguments)
    assert_true(type(got) is tuple and len(got) == 4, "names_loss should call forward, token_loss and backward.", got=got)
    expected = ((inputs[:, :, None] == np.arange(6)).astype(float), np.zeros((4, 4)), params["w_x"], params["w_h"], params["b"])
    assert_close(got[0], expected, names=("x", "h_0", "w_x", "w_h", "b"))
    assert_close(got[1][0], torch_loss(*arguments)[2].detach().numpy(), name="the logits, as token_loss got them,")
    assert_close(got[1][1], mask, name="the mask, as token_loss got it,", dtype=True)
    assert_close(got[2][1:3] + got[2][4:], expected[:4], names=("x", "h_0", "w_x", "w_h"))
    assert_close(got[2][3], torch_states(*arguments[:2]), name="h, as backward got it,")


@graded(
    stage="edge",
    hint="Right for larger batches? Then look for an axis of length one that is squeezed or dropped, or for H or V taken from the wrong place.",
)
def test_one_of_everything(student, rng):
    """One sequence of one step and one unit: loss and read-out gradients are right."""
    params, _, targets, mask = draw(rng, n=1, steps=1, hidden=1)
    arguments = params, rng.integers(5, size=(1, 1)), targets, mask  # no input tells that there is a symbol 5
    loss, p, _ = torch_loss(*arguments)
    loss.backward()
    got_loss, grads = pair(student.probe.toy_loss(*arguments))
    assert_close(got_loss, loss.item(), name="loss")
    expected = {name: p[name].grad.numpy() for name in ("w_y", "b_y")}
    assert_close({name: grads[name] for name in expected}, expected, name="grads")


@graded(stage="contract", hint="Make new arrays: no step of an optimiser here, and nothing written into params or the batch.")
def test_arguments_unchanged(student, rng):
    """Neither function changes its arguments."""
    arguments = draw(rng, v=8, hidden=7)
    got = student.probe.toy_loss_arguments(*arguments)
    assert_true(type(got) is tuple and len(got) == 2, "names_loss should return the loss and a dict of gradients.", got=got)
    assert_dict_unchanged(got[1][0], arguments[0], "params")
    assert_unchanged(got[1][1:], arguments[1:], names=("inputs", "targets", "mask"))
    names = ["maud", "bo", "ada"]  # neither in the order of the alphabet nor of the lengths
    call = student.run("names_to_arrays", names, LATIN)
    assert_close(three(call.result), write(names, LATIN), names=ARRAYS)
    assert_unchanged(call.arguments, (names, LATIN), names=("names", "alphabet"))
