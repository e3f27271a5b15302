"""Hidden tests of the exercise `pronounce`.

Oracle: a search over all sequences, one word without padding and one prefix at a time. It takes the place of beam_search too, so every
wide beam has one right answer. The model is drawn at random: its logits depend on the memory, on the real letters of the source and on
the whole prefix.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

PAD, BOS, EOS, VOCAB, WIDE = 2, 3, 1, 6, 1500


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_tables(rng, padding, letters=7, hidden=4, longest=8):
    """Embedded letters, features of the prefix, the read-out, the way from memory to prefix, offsets: bos never follows, padding may if asked."""
    tables = [
        draw(rng, letters, hidden),
        draw(rng, longest, VOCAB, hidden, scale=0.8),
        draw(rng, hidden, VOCAB, scale=0.8),
        draw(rng, hidden, hidden),
    ]
    offsets = torch.full((VOCAB,), 2.0, dtype=torch.float64)
    offsets[BOS] = -30.0
    offsets[PAD] = 2.0 if padding else -30.0
    return [*tables, offsets]


def draw_source(rng, lengths, letters=7):
    source = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in zip(source, lengths, strict=True):
        row[:length] = torch.from_numpy(rng.choice([letter for letter in range(letters) if letter != PAD], size=length))
    return source


def next_log_probs(tables, word, prefixes):
    """Log-probabilities of the next token after each of some prefixes of one length, given one word without padding."""
    letters, features, read, look, offsets = tables
    said = features[torch.arange(len(prefixes[0])), torch.as_tensor(prefixes)].sum(dim=1)
    heard = torch.tanh(letters[word].sum(dim=0)) @ look
    return torch.log_softmax(3 * torch.tanh(said + heard) @ read + offsets, dim=-1)


def greedy(tables, word, max_length):
    tokens = [BOS]
    while len(tokens) <= max_length and tokens[1:][-1:] != [EOS]:
        tokens.append(int(next_log_probs(tables, word, [tokens])[0].argmax()))
    return [token for token in tokens[1:] if token != EOS]


def every_sequence(tables, word, longest):
    """For each length the bodies (n, length - 1), none with eos, and the log-probabilities (n, V) of each body and one token more."""
    words, found = [token for token in range(VOCAB) if token != EOS], []
    bodies, totals = np.zeros((1, 0), dtype=int), np.zeros(1)
    for _ in range(longest):
        table = totals[:, None] + next_log_probs(tables, word, np.insert(bodies, 0, BOS, axis=1)).numpy()
        found.append((bodies, table))
        totals = table[:, words].reshape(-1)
        bodies = np.column_stack([np.repeat(bodies, len(words), axis=0), np.tile(words, len(bodies))])
    return found


def best(found, max_length, alpha):
    """The best of all sequences of at most max_length tokens, without eos, and how far it is ahead."""
    top = []
    for length, (bodies, table) in enumerate(found[:max_length], 1):
        scores = table / ((5 + length) / 6) ** alpha
        if length < max_length:
            scores = np.where(np.arange(VOCAB) == EOS, scores, -np.inf)
        for place in np.argsort(-scores, axis=None)[:2]:
            n, token = divmod(int(place), VOCAB)
            top.append((scores[n, token], [t for t in (*bodies[n].tolist(), token) if t != EOS]))
    top.sort(reverse=True)
    return top[0][1], top[0][0] - top[1][0]


def draw_case(rng, lengths, max_length, alpha, fits=lambda answers: True, others=(), misled=False, padding=False, begins=None):
    """Tables, a source and the best sequences, each ahead of the second best by more than rounding.

    With `others`, pairs of max_length and alpha, the first word has another best sequence for each of them, all different; if `misled`, greedy
    search finds other answers. Only with `padding` may pad_id be written. Greedy search `begins` the first word with this token.
    """
    for _ in range(1000):
        tables, source = draw_tables(rng, padding), draw_source(rng, lengths)
        words = [row[row != PAD] for row in source]
        found = [every_sequence(tables, word, max_length) for word in words]
        answers, ahead = zip(*(best(one, max_length, alpha) for one in found), strict=True)
        differ = len({tuple(answers[0]), *(tuple(best(found[0], *other)[0]) for other in others)}) == 1 + len(others)
        if (
            min(ahead) > 1e-3
            and differ
            and (begins is None or greedy(tables, words[0], 1) == [begins])
            and fits(answers)
            and (not misled or answers != tuple(greedy(tables, word, max_length) for word in words))
        ):
            return tables, source, [*answers]
    raise AssertionError("no case was found that fits")


def check(student, tables, source, beam, max_length, alpha, expected):
    answers, facts = student.probe.pronounce_with(tables, PAD, source, BOS, EOS, beam, max_length, alpha)
    assert_true(len(answers) == len(expected), f"There should be {len(expected)} answers, one for each row.", got=answers)
    for n, (row, wanted) in enumerate(zip(answers, expected, strict=True)):
        tokens = [token.item() if isinstance(token, torch.Tensor) and token.dim() == 0 else token for token in row]
        assert_true(len(tokens) == len(wanted), f"The answer for row {n} has the wrong length.", got=tokens, expected=wanted)
        assert_close(tokens, wanted, name=f"the answer for row {n}")
    return {**facts, "answers": answers}


@graded(
    stage="value",
    weight=3,
    hint="The log-softmax of the logits at the last place of each prefix, with the memory and the source of this row.",
)
def test_answers(student, rng):
    """The best sequences for three words of different lengths."""
    tables, source, expected = draw_case(rng, (4, 2, 5), 3, 0.6, lambda answers: len({tuple(answer) for answer in answers}) > 1)
    check(student, tables, source, WIDE, 3, 0.6, expected)


@graded(stage="value", weight=2, hint="The beam goes on to beam_search: with 1 the search is greedy, with more it is not.")
def test_beam(student, rng):
    """A wide beam finds what a beam of one misses."""
    tables, source, expected = draw_case(rng, (3, 5), 3, 0.6, misled=True)
    check(student, tables, source, WIDE, 3, 0.6, expected)
    check(student, tables, source, 1, 3, 0.6, [greedy(tables, row[row != PAD], 3) for row in source])


@graded(stage="value", weight=1, hint="alpha and max_length go on to beam_search too, each in its own place.")
def test_alpha_and_max_length(student, rng):
    """Other alphas and other lengths give other answers; one is four times as long as its word."""
    for letters, max_length, alpha, others in ((1, 4, 2.5, ((4, 0.6), (3, 2.5))), (3, 3, 0.0, ((2, 0.0),))):
        tables, source, expected = draw_case(rng, (letters,), max_length, alpha, others=others)
        check(student, tables, source, WIDE, max_length, alpha, expected)


@graded(
    stage="edge",
    weight=1,
    hint="bos and eos are no part of the answer; everything else is, pad_id too, and an answer that is cut off loses nothing.",
)
def test_ends(student, rng):
    """An empty answer, one that is cut off without eos, one that holds pad_id."""
    for wanted in (lambda answers: answers[0] == [], lambda answers: len(answers[0]) == 2, lambda answers: PAD in answers[0]):
        tables, source, expected = draw_case(rng, (3,), 2, 0.3, wanted, padding=True)
        check(student, tables, source, WIDE, 2, 0.3, expected)


@graded(
    stage="edge",
    weight=1,
    hint="Padding stands in source only. A pad_id that the model has written is a token, and the last place of a prefix is its last column.",
)
def test_after_pad_id(student, rng):
    """After a pad_id that the model has written, the next token is read from the place of that pad_id."""

    def fits(answers):
        return len(answers[0]) == 2 and answers[0][0] == PAD != answers[0][1]

    # It is the likeliest first token: who reads the place before it once more would write it twice.
    tables, source, expected = draw_case(rng, (3,), 2, 0.3, fits, padding=True, begins=PAD)
    check(student, tables, source, WIDE, 2, 0.3, expected)


@graded(
    stage="edge",
    weight=1,
    hint="log_softmax gives them as they are, however small. A probability to which something is added is never small.",
)
def test_log_probabilities(student, rng):
    """The search is given exact log-probabilities, those of tokens that are all but impossible too."""
    tables, source, expected = draw_case(rng, (3, 5), 2, 0.6)
    facts = check(student, tables, source, WIDE, 2, 0.6, expected)
    for got, row in zip(facts["first"], source, strict=False):  # who searches in another way hands none over
        assert_close(got, next_log_probs(tables, row[row != PAD], [[BOS]])[0], name="log_probs([[bos]])[0]", rtol=1e-4, atol=1e-4)


@graded(stage="edge", weight=1, hint="Padding of one row must not change its answer, and rows have nothing to do with each other.")
def test_rows_alone_and_together(student, rng):
    """A word alone gets the same answer as beside a longer one; words of one letter too."""
    tables, source, expected = draw_case(rng, (1, 6, 2), 3, 0.6)
    check(student, tables, source, WIDE, 3, 0.6, expected)
    for n in range(3):
        check(student, tables, source[n : n + 1], WIDE, 3, 0.6, expected[n : n + 1])


@graded(stage="contract", weight=1, hint="The memory of a word does not change while it is written: encode it once, outside of log_probs.")
def test_each_row_is_encoded_once(student, rng):
    """Each row is encoded once, and the mode of the model stays eval."""
    tables, source, expected = draw_case(rng, (3, 4), 3, 0.6)
    facts = check(student, tables, source, WIDE, 3, 0.6, expected)
    assert_true(facts["encoded"] == 2, "Two rows should be encoded once each.", got=facts["encoded"], expected="2 rows encoded")
    assert_true(facts["training"] is False, "The model was in eval mode and should be left so.")


@graded(stage="contract", weight=1, hint="torch.no_grad() around the whole work: encode, and the search that calls decode.")
def test_no_gradient_is_recorded(student, rng):
    """Nothing is recorded for autograd while the words are written."""
    tables, source, expected = draw_case(rng, (3, 2), 3, 0.6)
    facts = check(student, tables, source, WIDE, 3, 0.6, expected)
    assert_true(
        facts["recorded"] is False,
        "The model was called with gradients switched on: torch.no_grad() is missing, or does not stand around all calls.",
    )


@graded(stage="contract", weight=1, hint="A list of lists of plain ints; source is only read.")
def test_types(student, rng):
    """The answers are lists of ints, and source is not changed."""
    tables, source, expected = draw_case(rng, (3, 2), 3, 0.6)
    facts = check(student, tables, source, WIDE, 3, 0.6, expected)
    assert_unchanged([facts["source"]], [source], names=["source"])
    for row in facts["answers"]:
        plain = all(isinstance(token, int | np.integer) for token in row)
        assert_true(plain, "Each token of an answer should be an int.", got=row, expected="a list of ints")
