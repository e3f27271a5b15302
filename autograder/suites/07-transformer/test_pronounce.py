"""Hidden tests of the exercise `pronounce`.

Oracle: a search over all sequences, one word without padding and one prefix at a time. It takes the place of beam_search too, so every
wide beam has one right answer. The model is drawn at random: its logits depend on the memory, on the real letters of the source and on
the whole prefix.
"""

import itertools

import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

PAD, BOS, EOS, VOCAB, WIDE = 2, 3, 1, 6, 1500


def draw(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_tables(rng, letters=7, hidden=4, longest=8):
    """Embedded letters, features of the prefix, the read-out, the way from memory to prefix, offsets: bos and padding never follow."""
    tables = [
        draw(rng, letters, hidden),
        draw(rng, longest, VOCAB, hidden, scale=0.8),
        draw(rng, hidden, VOCAB, scale=0.8),
        draw(rng, hidden, hidden),
    ]
    offsets = torch.full((VOCAB,), 2.0, dtype=torch.float64)
    offsets[[BOS, PAD]] = -30.0
    return [*tables, offsets]


def draw_source(rng, lengths, letters=7):
    source = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in zip(source, lengths, strict=True):
        row[:length] = torch.from_numpy(rng.choice([letter for letter in range(letters) if letter != PAD], size=length))
    return source


def next_log_probs(tables, word, prefixes):
    """Log-probabilities of the next token after each of some prefixes of one length, given one word without padding."""
    letters, features, read, look, offsets = tables
    said = features[torch.arange(len(prefixes[0])), torch.tensor(prefixes)].sum(dim=1)
    heard = torch.tanh(letters[word].sum(dim=0)) @ look
    return torch.log_softmax(3 * torch.tanh(said + heard) @ read + offsets, dim=-1)


def greedy(tables, word, max_length):
    tokens = [BOS]
    while len(tokens) <= max_length and tokens[1:][-1:] != [EOS]:
        tokens.append(int(next_log_probs(tables, word, [tokens])[0].argmax()))
    return [token for token in tokens[1:] if token != EOS]


def best(tables, word, max_length, alpha):
    """The best of all sequences, and how far it is ahead."""
    found, words = [], [token for token in range(VOCAB) if token != EOS]
    totals = {(): 0.0}
    for length in range(1, max_length + 1):
        bodies = list(itertools.product(words, repeat=length - 1))
        rows = next_log_probs(tables, word, [[BOS, *body] for body in bodies]).tolist()
        for body, row in zip(bodies, rows, strict=True):
            for token in range(VOCAB):
                total = totals[(*body, token)] = totals[body] + row[token]
                if token == EOS or length == max_length:
                    found.append((total / ((5 + length) / 6) ** alpha, [t for t in (*body, token) if t != EOS]))
    found.sort(reverse=True)
    return found[0][1], found[0][0] - found[1][0]


def draw_case(rng, lengths, max_length, alpha, fits=lambda answers, greedy_answers: True):
    """Tables, a source and the best sequences, each ahead of the second best by more than rounding."""
    for _ in range(60):
        tables, source = draw_tables(rng), draw_source(rng, lengths)
        words = [row[row != PAD] for row in source]
        found = [best(tables, word, max_length, alpha) for word in words]
        answers = [tokens for tokens, _ in found]
        if min(ahead for _, ahead in found) > 1e-3 and fits(answers, [greedy(tables, word, max_length) for word in words]):
            return tables, source, answers
    raise AssertionError("no case was found that fits")


def check(student, tables, source, beam, max_length, alpha, expected):
    answers, facts = student.probe.pronounce_with(tables, PAD, source, BOS, EOS, beam, max_length, alpha)
    assert_true(len(answers) == len(expected), f"There should be {len(expected)} answers, one for each row.", got=answers)
    for n, (row, wanted) in enumerate(zip(answers, expected, strict=True)):
        assert_close(row, wanted, name=f"the answer for row {n}")
    return facts


@graded(
    stage="value",
    weight=3,
    hint="The log-softmax of the logits at the last place of each prefix, with the memory and the source of this row.",
)
def test_answers(student, rng):
    """The best sequences for three words of different lengths."""
    tables, source, expected = draw_case(rng, (4, 2, 5), 3, 0.6, lambda answers, _: len({tuple(answer) for answer in answers}) > 1)
    check(student, tables, source, WIDE, 3, 0.6, expected)


@graded(stage="value", weight=2, hint="The beam goes on to beam_search: with 1 the search is greedy, with more it is not.")
def test_beam(student, rng):
    """A wide beam finds what a beam of one misses."""
    tables, source, expected = draw_case(rng, (3, 5), 3, 0.6, lambda answers, others: answers != others)
    check(student, tables, source, WIDE, 3, 0.6, expected)
    check(student, tables, source, 1, 3, 0.6, [greedy(tables, row[row != PAD], 3) for row in source])


@graded(stage="value", weight=1, hint="alpha and max_length go on to beam_search too, each in its own place.")
def test_alpha_and_max_length(student, rng):
    """Other alphas and other lengths give other answers."""
    for max_length, alpha, others in ((4, 2.5, ((4, 0.0), (4, 0.6), (3, 2.5))), (3, 0.0, ((3, 0.6), (2, 0.0)))):
        for _ in range(60):
            tables, source, expected = draw_case(rng, (3,), max_length, alpha)
            if all(best(tables, source[0], *other)[0] != expected[0] for other in others):
                break
        check(student, tables, source, WIDE, max_length, alpha, expected)


@graded(stage="edge", weight=1, hint="bos is no part of the answer, and eos neither; an answer that is cut off loses nothing else.")
def test_ends(student, rng):
    """An empty answer, and one that is cut off without eos."""
    for wanted in (lambda answers, _: answers[0] == [], lambda answers, _: len(answers[0]) == 2):
        tables, source, expected = draw_case(rng, (3,), 2, 0.3, wanted)
        check(student, tables, source, WIDE, 2, 0.3, expected)


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
    assert_true(facts["recorded"] is False, "The model was called with gradients switched on: torch.no_grad() is missing.")


@graded(stage="contract", weight=1, hint="A list of lists of plain ints; source is only read.")
def test_types(student, rng):
    """The answers are lists of ints, and source is not changed."""
    tables, source, expected = draw_case(rng, (3, 2), 3, 0.6)
    facts = check(student, tables, source, WIDE, 3, 0.6, expected)
    assert_unchanged([facts["source"]], [source], names=["source"])
