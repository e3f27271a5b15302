"""Hidden tests of the exercise `beam_search`.

Oracle: a search over all sequences where the beam is wide; a plain beam search in NumPy where it is narrow; the garden path of the
docstring. The language model is drawn at random, and drawn again until the case shows what the test is about: that greedy search goes
wrong, that a longer hypothesis wins, that one is cut off, that a search with a usual mistake in it finds something else.
"""

import itertools
import math
import operator

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, graded

BOS, EOS, VOCAB, LONGEST = 4, 1, 5, 6
SCORE = operator.itemgetter(1)


class Language:
    """The probe's language model in NumPy, one prefix at a time."""

    def __init__(self, rng, spread=1.6, eos=0.0, length=LONGEST, vocab=VOCAB):
        self.features, self.read = rng.normal(scale=1.3, size=(length + 1, vocab, 4)), rng.normal(scale=spread, size=(4, vocab))
        self.offset = np.zeros((length + 1, vocab))
        self.offset[:, EOS] = eos
        self.offset[:, BOS % vocab] -= 3.0

    def tables(self):
        return [torch.from_numpy(table) for table in (self.features, self.read, self.offset)]

    def rows(self, prefix):
        scores = np.tanh(sum(self.features[i, token] for i, token in enumerate(prefix))) @ self.read + self.offset[len(prefix) - 1]
        top = scores.max()
        return scores - top - np.log(np.exp(scores - top).sum())


def penalty(length, alpha):
    return ((5 + length) / 6) ** alpha


def all_sequences(model, max_length, alpha, vocab=VOCAB):
    """The best of all sequences, found by looking at each."""
    best, words = ([], -math.inf), [token for token in range(vocab) if token != EOS]
    for length in range(1, max_length + 1):
        for body in itertools.product(words, repeat=length - 1):
            prefix = [BOS, *body]
            total = sum(model.rows(prefix[: i + 1])[token] for i, token in enumerate(body))
            row = model.rows(prefix)
            for token in range(vocab):
                score = (total + row[token]) / penalty(length, alpha)
                if score > best[1] and (token == EOS or length == max_length):
                    best = ([*prefix, token], score)
    return best


def beam_search(model, beam, max_length, alpha, wrongly=""):
    """Beam search in NumPy; all hypotheses that compete at the end, the best first. What `wrongly` may be:

    "crowded": finished ones go on taking a place; "each": every hypothesis keeps its own best `beam`; "last": one for each last token;
    "early": ends when no live one has a better score than the best finished one.
    """
    live, totals, done = [[BOS]], np.zeros(1), []
    for length in range(1, max_length + 1):
        table = totals[:, None] + np.array([model.rows(prefix) for prefix in live])
        order = np.argsort(-table, axis=None, kind="stable")
        if wrongly == "each":
            order = [i for i in order if (table[i // table.shape[1]] > table.flat[i]).sum() < beam]
        elif wrongly == "last":
            order = [i for n, i in enumerate(order) if i % table.shape[1] not in order[:n] % table.shape[1]][:beam]
        else:
            order = order[: beam - len(done) * (wrongly == "crowded")]
        kept = [([*live[i], int(token)], table[i, token]) for i, token in zip(*np.unravel_index(order, table.shape), strict=True)]
        done += [(tokens, total / penalty(length, alpha)) for tokens, total in kept if tokens[-1] == EOS or length == max_length]
        kept = [(tokens, total) for tokens, total in kept if tokens[-1] != EOS]
        if not kept or (wrongly == "early" and done and max(done, key=SCORE)[1] > kept[0][1] / penalty(length, alpha)):
            break
        live, totals = [tokens for tokens, _ in kept], np.array([total for _, total in kept])
    return sorted(done, key=SCORE, reverse=True)


def draw_model(rng, fits, **options):
    """The first random model for which `fits` holds."""
    for _ in range(3000):  # one in a hundred fits where it is hardest
        model = Language(rng, **options)
        if fits(model):
            return model
    raise AssertionError("no model was found that fits")


def clear(hypotheses):
    """The best one is ahead by more than rounding."""
    return len(hypotheses) < 2 or hypotheses[0][1] - hypotheses[1][1] > 1e-3


def other(model, beam, max_length, alpha, wrongly):
    """Whether the mistake leads to another result, and the right one is clear."""
    right = beam_search(model, beam, max_length, alpha)
    return clear(right) and abs(right[0][1] - beam_search(model, beam, max_length, alpha, wrongly)[0][1]) > 1e-3


def check(student, model, beam, max_length, alpha, expected):
    tokens, score, asked = student.probe.search(model.tables(), BOS, EOS, beam, max_length, alpha)
    assert_close(tokens, expected[0], name="tokens")
    assert_close(score, float(expected[1]), name="score", rtol=1e-5, atol=1e-6)  # a sum kept in float32 is good enough
    return asked


@graded(
    stage="value",
    weight=3,
    hint="With a beam this wide nothing is lost: the result is the best of all sequences. Keep finished hypotheses, and compare all of them at the end.",
)
def test_a_wide_beam_finds_the_best(student, rng):
    """A beam of 300 finds the best of all sequences, for several alphas."""
    for alpha in (0.0, 0.7, 1.5):
        model = Language(rng)
        check(student, model, 300, 4, alpha, all_sequences(model, 4, alpha))


@graded(
    stage="value",
    weight=1,
    hint="beam counts the hypotheses that are kept, not tokens: it may be larger than V, and from the second step on there are more candidates.",
)
def test_a_beam_wider_than_the_vocabulary(student, rng):
    """The best sequence begins with the least likely pair of tokens: a beam of 20 keeps it, one of five would not."""
    model = Language(rng)
    first, second = (int(token) for token in rng.choice([0, 2, 3], size=2))
    model.features[:], model.read[:], model.offset[:] = 0.0, 0.0, 0.0
    model.features[0, BOS, 0], model.features[1, first, 0], model.features[2, second, 0] = -4.0, 3.0, 3.0
    model.read[0, EOS] = 8.0  # eos is nearly sure after that pair, and nearly impossible everywhere else
    model.offset[0, first] = model.offset[1, second] = -0.3
    assert beam_search(model, 5, 3, 0.5)[0][0][-1] != EOS
    assert beam_search(model, 20, 3, 0.5)[0][0][-1] == EOS
    check(student, model, 20, 3, 0.5, all_sequences(model, 3, 0.5))


@graded(
    stage="value", weight=2, hint="Beam 1 is greedy search: it takes the likeliest token, without any penalty, and ends when that is eos."
)
def test_beam_of_one(student, rng):
    """A beam of one is greedy search; it is over when eos is the likeliest token."""
    for end in (3, 5):
        model = draw_model(rng, lambda m, end=end: len(beam_search(m, 1, LONGEST, 0.6)[0][0]) == 1 + end)
        check(student, model, 1, LONGEST, 0.6, beam_search(model, 1, LONGEST, 0.6)[0])
    # eos takes the only place in the first step; what would have come second could end with a better score
    model, p = Language(rng), rng.uniform(0.52, 0.58)
    model.features[:], model.offset[:] = 0.0, -9.0
    model.offset[0, [EOS, 0]] = math.log(p), math.log(1 - p)
    model.offset[1:, 0] = 0.0
    check(student, model, 1, LONGEST, 1.0, beam_search(model, 1, LONGEST, 1.0)[0])


@graded(
    stage="value",
    weight=3,
    hint="Continue every live hypothesis by every token, rank all candidates together by log-probability alone, without any penalty, "
    "keep the best `beam`.",
)
def test_beams_of_two_and_three(student, rng):
    """A beam of two or three finds more than greedy search, and less than all."""
    for beam in (2, 3):

        def fits(model, beam=beam):
            found = beam_search(model, beam, 5, 0.6)
            return clear(found) and found[0][1] > beam_search(model, 1, 5, 0.6)[0][1] + 1e-3 and len(found[0][0]) > 3

        model = draw_model(rng, fits)
        check(student, model, beam, 5, 0.6, beam_search(model, beam, 5, 0.6)[0])
        for wrongly in ("each", "last"):
            model = draw_model(rng, lambda m, w=wrongly, b=beam: other(m, b, 5, 0.6, w), spread=1.0)
            check(student, model, beam, 5, 0.6, beam_search(model, beam, 5, 0.6)[0])


@graded(stage="value", weight=1, hint="Follow the example of the docstring by hand: two live hypotheses after the first step, A and B.")
def test_the_garden_path(student, rng):
    """The garden path of the lesson: greedy search takes A, a beam of two finds B."""
    greedy, best = ([3, 0, 0, 2], math.log(0.55 * 0.35 * 0.60)), ([3, 1, 2], math.log(0.40 * 0.95))
    for beam, alpha, (tokens, total) in ((1, 0.0, greedy), (2, 0.0, best), (2, 1.0, best)):
        got_tokens, got_score = student.probe.search_the_garden_path(beam, 5, alpha)
        assert_close(got_tokens, tokens, name="tokens")
        assert_close(got_score, total / (7 / 6) ** alpha, name="score", rtol=1e-5, atol=1e-6)


@graded(stage="value", weight=2, hint="Divide by ((5 + |Y|) / 6) ** alpha. |Y| counts the generated tokens: eos is one, bos is not.")
def test_length_penalty(student, rng):
    """Without penalty a short hypothesis wins, with penalty a longer one."""

    def fits(model):
        short, long = beam_search(model, 4, 5, 0.0), beam_search(model, 4, 5, 1.3)
        return clear(short) and clear(long) and len(short[0][0]) < len(long[0][0])

    model = draw_model(rng, fits, eos=0.5)
    for alpha in (0.0, 1.3):
        check(student, model, 4, 5, alpha, beam_search(model, 4, 5, alpha)[0])


@graded(
    stage="value",
    weight=2,
    hint="At max_length the hypotheses that are still live compete as they are, and max_length counts generated tokens, bos not.",
)
def test_unfinished_hypotheses_compete(student, rng):
    """At max_length an unfinished hypothesis may win, over finished ones too."""

    def fits(model):
        found = beam_search(model, 3, 4, 0.8)
        return clear(found) and found[0][0][-1] != EOS and any(tokens[-1] == EOS for tokens, _ in found)

    model = draw_model(rng, fits)
    model.offset[4, EOS] += 12.0  # with a fifth step, which there must not be, eos would be sure, and the score better
    check(student, model, 3, 4, 0.8, beam_search(model, 3, 4, 0.8)[0])
    model = draw_model(rng, lambda m: beam_search(m, 2, 1, 0.8)[0][0][-1] != EOS)
    check(student, model, 2, 1, 0.8, beam_search(model, 2, 1, 0.8)[0])


@graded(
    stage="value",
    weight=2,
    hint="A finished hypothesis leaves the beam: it takes no place in later steps, not even while it is better than all live ones, "
    "and the search doesn't end with it.",
)
def test_finished_hypotheses_take_no_place(student, rng):
    """After hypotheses have finished the beam is as wide as before; one of two that finishes at once leaves room for both continuations of the other."""

    def fits(model):
        free, crowded = beam_search(model, 3, LONGEST, 1.2), beam_search(model, 3, LONGEST, 1.2, "crowded")
        return clear(free) and free[0][1] > crowded[0][1] + 1e-3

    model = draw_model(rng, fits, eos=0.8)
    check(student, model, 3, LONGEST, 1.2, beam_search(model, 3, LONGEST, 1.2)[0])
    # eos and `first` are kept; then both continuations of `first` are, although eos is likelier, and the second one wins
    model = Language(rng)
    first, second, third = (int(token) for token in rng.permutation([0, 2, 3]))
    model.features[:], model.read[:], model.offset[:] = 0.0, 0.0, -30.0
    model.offset[0, [EOS, first, second]] = np.log([0.4, 0.35, 0.25])
    model.offset[1, [second, third]] = np.log([0.45, 0.55])
    model.features[2, second, 0], model.read[0, EOS] = 9.0, 70.0  # eos is sure after `second`
    model.offset[2:, [0, 2, 3]] = 0.0
    expected = [BOS, first, second, EOS], math.log(0.35 * 0.45) / penalty(3, 3.0)
    assert beam_search(model, 2, 4, 3.0)[0][0] == expected[0]
    assert other(model, 2, 4, 3.0, "crowded")
    check(student, model, 2, 4, 3.0, expected)


@graded(
    stage="value",
    weight=1,
    hint="Every further token makes the divisor larger, so a live hypothesis that is behind now may win later: go on while one is live.",
)
def test_a_late_winner(student, rng):
    """A longer hypothesis overtakes a finished one that was ahead of every live one."""
    model = draw_model(rng, lambda m: other(m, 3, LONGEST, 2.0, "early"), eos=0.8)
    check(student, model, 3, LONGEST, 2.0, beam_search(model, 3, LONGEST, 2.0)[0])


@graded(stage="edge", weight=2, hint="A hypothesis that ends in eos is finished: nothing is ever appended to it.")
def test_finished_hypotheses_are_not_extended(student, rng):
    """log_probs is never asked about a finished hypothesis, and only about prefixes that begin with bos."""
    model = draw_model(rng, lambda m: sum(tokens[-1] == EOS for tokens, _ in beam_search(m, 3, 5, 0.6)) >= 3, eos=0.8)
    asked = check(student, model, 3, 5, 0.6, beam_search(model, 3, 5, 0.6)[0])
    for prefix in (prefix for prefixes in asked for prefix in prefixes):
        assert_true(EOS not in prefix, "log_probs was asked how a finished hypothesis goes on.", got=prefix)
        assert_true(prefix[0] == BOS, "A prefix should begin with bos.", got=prefix)


@graded(
    stage="edge",
    weight=1,
    hint="Two hypotheses of the same score are two hypotheses. Don't use the score as a key, and don't compare tensors to break ties.",
)
def test_ties(student, rng):
    """Two equally good beginnings are both kept, and the better end wins."""
    first, second = 0, 2
    for winner, loser in ((first, second), (second, first)):
        model = Language(rng)
        model.features[:], model.offset[:] = 0.0, -9.0
        model.offset[0, [first, second]] = 0.0  # the same probability for both
        model.features[1, winner], model.features[1, loser] = 9.0, -9.0  # tanh: +1 and -1
        model.read[:] = 0.0
        model.read[:, EOS], model.read[:, 3] = 1.0, -0.2
        model.offset[1, EOS], model.offset[1, 3] = 1.0, 1.0
        model.offset[2:, 3] = 0.0
        model.offset[2:, 0] = -0.1
        check(student, model, 2, 4, 0.0, beam_search(model, 2, 4, 0.0)[0])
    model = Language(rng)
    model.features[:], model.offset[:] = 0.0, 0.0  # everything is equally likely: the shortest has the best score
    check(student, model, 3 * VOCAB, 3, 0.5, ([BOS, EOS], -math.log(VOCAB)))


@graded(stage="edge", weight=1, hint="A beam may be wider than the number of candidates, and a search may last only one step.")
def test_wide_beam_short_search(student, rng):
    """A beam of 50 among five tokens; one step; two steps."""
    for max_length in (1, 2, 3):
        model = Language(rng)
        check(student, model, 50, max_length, 0.9, all_sequences(model, max_length, 0.9))


@graded(
    stage="edge",
    weight=1,
    hint="Minus infinity is a log-probability too: the sum stays -inf, and such a hypothesis never wins, however unlikely the others are. "
    "Put no floor under it.",
)
def test_impossible_tokens(student, rng):
    """Tokens with probability zero never occur in the result, even if all that is possible has a probability of e^-29."""
    model = Language(rng)
    model.offset[:, [BOS, 2]] = -np.inf
    expected = all_sequences(model, 3, 0.6)
    check(student, model, 40, 3, 0.6, expected)
    check(student, model, 2, 3, 0.6, beam_search(model, 2, 3, 0.6)[0])
    # Only one token can come first, so eos, which cannot, may get the second place of the beam: there it would be finished.
    length, vocab, first = 6, 400, 7
    for eos in (0, vocab - 1):
        logits = rng.normal(scale=0.05, size=(length, vocab))
        logits[:, eos] = -np.inf
        best = logits.argmax(axis=1)
        logits[np.arange(length), best] += 0.05
        logits[0, np.arange(vocab) != first], best[0] = -np.inf, first
        rows = torch.log_softmax(torch.from_numpy(logits), dim=1)
        total = float(rows.max(dim=1).values.sum())
        assert total < -28
        tokens, score = student.probe.search_by_place(torch.cat([rows, rows[1:2]]), BOS, eos, 2, length, 0.0)
        assert_close(tokens, [BOS, *best.tolist()], name="tokens")
        assert_close(score, total, name="score", rtol=1e-5)


@graded(
    stage="edge",
    weight=1,
    hint="Add log-probabilities. A product of hundreds of probabilities is smaller than any float: it becomes 0, and all hypotheses are alike.",
)
def test_a_long_search(student, rng):
    """320 tokens with a probability of e^-800 together are found, and scored."""
    length, vocab = 320, 20
    logits = rng.normal(scale=0.2, size=(length, vocab))
    logits[:, EOS] = -3.0  # never the likeliest
    best = logits.argmax(axis=1)
    logits[np.arange(length), best] += 0.1  # ahead by more than a sum in float32 is off
    rows = torch.log_softmax(torch.from_numpy(logits), dim=1)
    total = float(rows.max(dim=1).values.sum())
    assert total < -750
    tokens, score = student.probe.search_by_place(torch.cat([rows, rows[:1]]), BOS, EOS, 1, length, 0.6)
    assert_close(tokens, [BOS, *best.tolist()], name="tokens")
    assert_close(score, total / penalty(length, 0.6), name="score", rtol=1e-5)


@graded(stage="contract", weight=1, hint="When nothing is live the search is over: don't ask log_probs about an empty tensor.")
def test_the_search_ends(student, rng):
    """The search ends when every hypothesis has finished, long before max_length."""
    model = draw_model(
        rng, lambda m: beam_search(m, 1, LONGEST, 0.6)[0][0][-1] == EOS and len(beam_search(m, 1, LONGEST, 0.6)[0][0]) < 5, eos=0.8
    )
    expected = beam_search(model, 1, LONGEST, 0.6)[0]
    asked = check(student, model, 1, LONGEST, 0.6, expected)
    assert_true(all(len(prefixes) > 0 for prefixes in asked), "log_probs was asked about no prefix at all.")


@graded(stage="contract", weight=1, hint="tokens is a list of plain ints, the score a float; log_probs gets an int64 tensor.")
def test_types(student, rng):
    """A list of ints and a float come back, and log_probs gets int64 tensors."""
    model = Language(rng)
    check(student, model, 2, 3, 0.6, beam_search(model, 2, 3, 0.6)[0])
    got = student.probe.search_types(model.tables(), BOS, EOS, 2, 3, 0.6)
    assert_true(got["tokens"] == "list", "tokens should be a list.", got=got["tokens"])
    assert_true(all(kind.startswith("int") for kind in got["each token"]), "Each token should be an int.", got=got["each token"])
    assert_true(got["score"].startswith("float"), "The score should be a float.", got=got["score"])
    assert_true(got["prefixes"] == ["torch.int64"], "log_probs should be asked about int64 tensors.", got=got["prefixes"])
