"""Hidden tests of the exercise `sample_sequence`.

Oracle: the probabilities that torch.nn.RNNCell and torch.softmax give in float64. Draws are judged by how often each symbol falls,
never by their order; where a model is all but sure, its one possible text is demanded.
"""

import math

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

V, H = 5, 7
COLD = 0.5  # a temperature below 1


def draw(rng, v=V, hidden=H, read_out=0.8):
    """A random model."""
    shapes = {"w_x": (v, hidden), "w_h": (hidden, hidden), "b": (hidden,), "w_y": (hidden, v), "b_y": (v,)}
    factors = {"w_x": 1.0, "w_h": 1.2 / math.sqrt(hidden), "b": 0.5, "w_y": read_out, "b_y": 0.7}
    return {name: factors[name] * rng.normal(size=shape) for name, shape in shapes.items()}


def cell_of(params):
    """torch.nn.RNNCell with these weights."""
    w_x, w_h, b = params["w_x"], params["w_h"], params["b"]
    cell = torch.nn.RNNCell(*w_x.shape, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(cell.parameters(), (w_x.T, w_h.T, b, 0 * b), strict=True):
            parameter.copy_(torch.tensor(value))
    return cell


def step(params, token, h=None, cell=None):
    """The logits (V,) after reading `token` in state h, and the new state."""
    one_hot = torch.nn.functional.one_hot(torch.tensor([token]), len(params["b_y"])).double()
    with torch.no_grad():
        h = (cell or cell_of(params))(one_hot, h)
    return h[0].numpy() @ params["w_y"] + params["b_y"], h


def softmax(logits):
    """Probabilities."""
    return torch.softmax(torch.tensor(logits), dim=0).numpy()


def ids_of(got, length, v=V):
    """The ids as a list of ints, once they are `length` ids from 0 to v - 1; floats like 2.0 are for `test_ids_are_integers`."""
    ids = got.tolist() if isinstance(got, np.ndarray) and got.ndim == 1 else got
    assert_true(type(ids) in (list, tuple), "sample_sequence should return a list of ids, or a one-dimensional array of them.", got=got)
    ids = [i.item() if isinstance(i, np.generic) else i for i in ids]
    assert_true(len(ids) == length, f"{length} new ids were asked for; there are {len(ids)}.", got=ids[:5])
    wrong = [i for i in ids if type(i) not in (int, float) or not 0 <= i < v or i != int(i)]
    assert_true(not wrong, f"Every id should be an integer from 0 to {v - 1}.", got=wrong[:5])
    return [int(i) for i in ids]


def assert_frequencies(counts, p, names):
    """Every symbol fell about as often as its probability says.

    Bernstein's inequality: a right answer fails in fewer than one of 10^10 calls.
    """
    n, surprise = sum(counts), math.log(2 * len(p) * 1e10)
    for name, count, probability in zip(names, counts, p, strict=True):
        slack = surprise / 3 + math.sqrt((surprise / 3) ** 2 + 2 * surprise * n * probability * (1 - probability))
        assert_true(
            abs(count - n * probability) <= slack,
            f"{name} fell in {count / n:.3f} of {n} draws; that is too far from its probability.",
            expected=f"a share of {probability:.3f}, give or take {slack / n:.3f}",
            got=round(float(count / n), 3),
        )


def with_rare_symbols(rng):
    """A model of 75 symbols whose every draw has the probabilities p: 13 that can't fall, the 12 rarest, 47 rare ones and 3 likely ones.

    The 12 rarest have 4.5 per cent together: they are what is lost without the last 5 per cent, or with the 50 likeliest alone.
    """
    rarest = rng.uniform(0.9, 1.1, size=12)
    rarest, rare = 0.045 * rarest / rarest.sum(), np.sort(rng.uniform(0.006, 0.0099, size=47))
    likely = (1 - 0.045 - rare.sum()) * (0.2 + 0.4 * rng.dirichlet(np.ones(3)))
    p = np.concatenate([np.full(13, 1e-26), rarest, rare, likely])
    params = draw(rng, v=75, hidden=3, read_out=1.0)
    params["w_x"], params["w_h"], params["b_y"] = 0 * params["w_x"], 0 * params["w_h"], np.zeros(75)
    params["b_y"] = np.log(p) - step(params, 0)[0]  # the read-out of the state is taken off again
    return params, p


def without_memory(rng):
    """A model whose every draw has the same probabilities, in which both the states and b_y matter."""
    while True:
        params = draw(rng, read_out=1.0)
        params["w_x"], params["w_h"] = 0 * params["w_x"], 0 * params["w_h"]
        p = softmax(step(params, 0)[0])
        others = [softmax(params["b_y"]), softmax(step(params, 0)[0] - params["b_y"]), np.full(V, 1 / V)]
        if p.min() > 0.02 and p.max() < 0.8 and min(np.abs(p - other).max() for other in others) > 0.2:
            return params, step(params, 0)[0]


def with_telling_pairs(rng):
    """A model of 3 symbols and the probabilities (3, 3) of two ids after symbol 1, when cold: each wrong way is far from them."""
    while True:
        params, one_hot = draw(rng, v=3), torch.eye(3, dtype=torch.float64)
        cell, (first, h) = cell_of(params), step(params, 1)
        with torch.no_grad():
            states = cell(one_hot.repeat(3, 1), torch.cat([h, 0 * h, h / COLD]).repeat_interleave(3, dim=0))
        logits = states.numpy() @ params["w_y"] + params["b_y"]
        right, forgotten, divided = torch.softmax(torch.tensor(logits / COLD), dim=1).numpy().reshape(3, 3, 3)
        p = softmax(first / COLD)
        wrong = (forgotten, divided, right[1], right[p.argmax()], softmax(first) @ right)  # the last three: another id is read
        if min(np.abs(p[:, None] * (second - right)).max() for second in wrong) > 0.13:
            return params, p[:, None] * right


def greedy(params, start, length, remembers=True, reads=True, forgets_at_zero=False, begins=0.0, grows=1.0):
    """The most probable ids one after the other, and the smallest lead of one; the rest are ways to get it wrong."""
    begin = torch.zeros(1, len(params["b"]), dtype=torch.float64) + torch.as_tensor(begins)
    cell, h, ids, lead = cell_of(params), begin, [], math.inf
    for _ in range(length):
        anew = not remembers or (forgets_at_zero and ids and ids[-1] == 0)
        logits, h = step(params, ids[-1] if ids and reads else start, begin if anew else grows * h, cell)
        best = np.sort(logits)
        lead = min(lead, best[-1] - best[-2])
        ids.append(int(np.argmax(logits)))
    return ids, lead


def wrong_texts(params, start, length):
    """What the same model writes if it is run in one of several wrong ways."""
    begins = ({"begins": begin} for begin in (1.0, params["b"], np.tanh(params["b"])))
    for wrong in ({"remembers": False}, {"reads": False}, {"forgets_at_zero": True}, {"grows": 1 / COLD}, *begins):
        yield greedy(params, start, length, **wrong)[0]
    for name, value in (("w_h", params["w_h"].T), ("b", 0 * params["b"]), ("b_y", 0 * params["b_y"])):
        yield greedy(params | {name: value}, start, length)[0]


def sure_text(rng, length):
    """A model that is all but sure of every next id, a start, and the one text it can write: each wrong way leads to another text."""
    while True:
        params, start = draw(rng, v=7, hidden=11), int(rng.integers(7))
        ids, lead = greedy(params, start, length)
        varied = len(set(ids)) >= 3 and 0 in ids[:-1] and ids[0] != start
        if lead > 0.1 and varied and ids not in wrong_texts(params, start, length):
            sure = {name: params[name] * (40.0 / lead) for name in ("w_y", "b_y")}  # any other id: once in 10^17 draws
            return params | sure, start, ids


def assert_dict_unchanged(after, before, name):
    """The dict holds the same arrays under the same keys."""
    assert_true(isinstance(after, dict) and set(after) == set(before), f"The call changed the keys of its argument {name}: work on a copy.")
    assert_unchanged([after[key] for key in before], list(before.values()), names=[f"{name}[{key!r}]" for key in before])


@graded(
    stage="value",
    weight=3,
    hint="The probabilities are the softmax of h @ w_y + b_y, and every symbol may fall, also an unlikely one. See «Let it write».",
)
def test_frequencies(student, rng):
    """In 2,000 draws at temperature 1 likely and rare symbols fall as often as their softmax probabilities say, impossible ones never."""
    params, p = with_rare_symbols(rng)
    ids = ids_of(student.probe.sample(params, 74, 2000, 1.0, int(rng.integers(1 << 30))), 2000, v=75)
    counts = np.bincount(ids, minlength=75)
    groups = (slice(13), slice(13, 25), slice(25, 72), slice(72, 73), slice(73, 74), slice(74, 75))
    names = ("An impossible symbol", "One of the 12 rarest symbols", "One of the 47 next ones", "Symbol 72", "Symbol 73", "Symbol 74")
    assert_frequencies([counts[group].sum() for group in groups], [p[group].sum() for group in groups], names)
    impossible = [k for k in range(13) if counts[k]]
    assert_true(not impossible, "A symbol fell whose probability is below 10^-20.", got=impossible[:5])


@graded(
    stage="value",
    weight=3,
    hint="Each step reads the id that was just drawn, in the state that the step before left; the first reads start in the state zero. The "
    "start is not part of the result. The temperature changes none of this: it divides the logits only.",
)
def test_sure_model(student, rng):
    """A model that is sure of every next id writes its one possible text, at temperature 1 and at 1/2."""
    params, start, expected = sure_text(rng, 9)
    for temperature in (1.0, COLD):
        alike = params | {name: temperature * params[name] for name in ("w_y", "b_y")}  # as sure at this temperature, and no surer
        ids = ids_of(student.probe.sample(alike, start, 9, temperature, int(rng.integers(1 << 30))), 9, v=7)
        assert_close(ids, expected, name=f"the text of a model that is sure of every id, at temperature {temperature:g}")


@graded(
    stage="value",
    weight=2,
    hint="The temperature divides the logits, before the softmax: below 1 the likely gets likelier, above 1 all get more alike.",
)
def test_temperature(student, rng):
    """At temperatures 1/2 and 3 each symbol falls as often as softmax(logits / temperature) says."""
    params, logits = without_memory(rng)
    while np.abs(softmax(2 * logits) - softmax(logits)).max() < 0.15 or np.abs(softmax(logits / 3) - softmax(logits)).max() < 0.15:
        params, logits = without_memory(rng)
    for temperature in (0.5, 3.0):
        ids = ids_of(student.probe.sample(params, 1, 2000, temperature, int(rng.integers(1 << 30))), 2000)
        names = [f"At temperature {temperature:g} symbol {k}" for k in range(V)]
        assert_frequencies(np.bincount(ids, minlength=V), softmax(logits / temperature), names)


@graded(
    stage="value",
    weight=2,
    hint="The second id depends on the first, which was read, and on the state that reading the start has left. Look at what goes round in "
    "your loop, at every temperature: the id that was drawn, and the state as tanh made it.",
)
def test_pairs(student, rng):
    """The first two ids, drawn 1,500 times at temperature 1/2, come together as often as the model says."""
    params, p = with_telling_pairs(rng)
    texts = student.probe.sample_many(params, 1, 2, 1500, COLD, int(rng.integers(1 << 30)))
    assert_true(isinstance(texts, list) and len(texts) == 1500, "`sample_sequence` gave no readable answer.")
    counts = np.zeros((3, 3), dtype=int)
    for text in texts:
        i, j = ids_of(text, 2, v=3)
        counts[i, j] += 1
    assert_frequencies(counts.ravel(), p.ravel(), [f"The pair {i}, {j}" for i in range(3) for j in range(3)])


@graded(
    stage="edge",
    hint="Right at larger temperatures? Then subtract the largest logit before the exponential, which is infinite for a large number.",
)
def test_small_temperature(student, rng):
    """At temperature 0.0001 the most probable id falls every time, and nothing overflows."""
    params, logits = without_memory(rng)
    while np.diff(np.sort(logits))[-1] < 0.05:
        params, logits = without_memory(rng)
    ids = ids_of(student.probe.sample(params, 0, 40, 1e-4, int(rng.integers(1 << 30))), 40)
    assert_close(ids, [int(np.argmax(logits))] * 40, name="the text at temperature 0.0001")


@graded(
    stage="edge",
    hint="Right at temperatures near 1? The logits are divided by the temperature itself: nothing is added to it, and it is not made larger.",
)
def test_smallest_temperature(student, rng):
    """At temperature 1e-6, the smallest one, logits that are 1e-6 · ln 3 apart fall one to three."""
    params = {name: 0 * value for name, value in draw(rng, v=2).items()}
    params["b_y"] = float(rng.uniform(-0.4, 0.4)) + np.array([0.0, 1e-6 * math.log(3.0)])
    ids = ids_of(student.probe.sample(params, 0, 2000, 1e-6, int(rng.integers(1 << 30))), 2000, v=2)
    assert_frequencies(np.bincount(ids, minlength=2), np.array([0.25, 0.75]), ["Symbol 0", "Symbol 1"])


@graded(
    stage="edge",
    hint="Right at temperatures near 1? However large it is, the logits themselves are divided by it. A probability of 0, or one to which "
    "something was added, no longer tells what its logit was.",
)
def test_large_temperature(student, rng):
    """At temperatures T of 100 and 1,000 logits that are T · ln 3 apart fall one to three."""
    for temperature in (100.0, 1000.0):
        params = {name: 0 * value for name, value in draw(rng, v=2).items()}
        params["b_y"] = float(rng.uniform(-0.4, 0.4)) - np.array([temperature * math.log(3.0), 0.0])
        ids = ids_of(student.probe.sample(params, 0, 600, temperature, int(rng.integers(1 << 30))), 600, v=2)
        names = [f"At temperature {temperature:g} symbol {k}" for k in range(2)]
        assert_frequencies(np.bincount(ids, minlength=2), np.array([0.25, 0.75]), names)


@graded(stage="edge", hint="Right for longer texts? With length 1 there is one id: the one after the start.")
def test_one_id_one_unit(student, rng):
    """A single id from a model of one unit, and as many as are asked for from a model of one symbol."""
    params, start, (expected, *_) = sure_text(rng, 6)
    assert_close(ids_of(student.probe.sample(params, start, 1, 1.0, int(rng.integers(1 << 30))), 1, v=7), [expected], name="the text")
    assert_close(ids_of(student.probe.sample(draw(rng, v=1, hidden=1), 0, 4, 1.0, 3), 4, v=1), [0, 0, 0, 0], name="the text")


@graded(stage="contract", hint="Draw from rng and from nothing else: a generator of your own or a fixed seed ignores it.")
def test_rng_decides(student, rng):
    """The same seed gives the same ids, another seed others; NumPy's global generator is neither used nor changed."""
    params = {name: 0 * value for name, value in draw(rng).items()}
    seed = int(rng.integers(1 << 30))
    got = [student.probe.sample_beside_global_state(params, 0, 80, 1.0, s, g) for s, g in ((seed, 1), (seed, 2), (seed + 1, 1))]
    for reply in got:
        assert_true(type(reply) is tuple and len(reply) == 2, "sample_sequence should return a list of ids.", got=reply)
    first, again, other = (ids_of(reply[0], 80) for reply in got)
    assert_true(first == again, "Two generators with the same seed gave different ids: something else than rng was drawn from.")
    assert_true(first != other, "Generators with different seeds gave the same 80 ids.")
    assert_close(got[0][1], np.random.RandomState(1).random_sample(4), name="the next numbers of NumPy's global generator")


@graded(stage="contract", hint="An id indexes arrays, so it is an integer: an array of zeros holds floats until you say another dtype.")
def test_ids_are_integers(student, rng):
    """The ids are integers, not floats."""
    ids = student.probe.sample(draw(rng), 1, 3, 1.0, 5)
    ids_of(ids, 3)
    example = next((float(i) for i in ids if isinstance(i, float | np.floating)), None)
    assert_true(example is None, f"The ids are floats, such as {example}; integers are asked for.")


@graded(stage="contract", hint="The parameters belong to the caller: make new arrays, and don't write into the dict.")
def test_params_unchanged(student, rng):
    """The parameters are not changed."""
    params = draw(rng)
    got = student.probe.sample_arguments(params, 2, 6, 0.7, 11)
    assert_true(type(got) is tuple and len(got) == 2, "sample_sequence should return a list of ids.", got=got)
    ids_of(got[0], 6)
    assert_dict_unchanged(got[1], params, "params")
