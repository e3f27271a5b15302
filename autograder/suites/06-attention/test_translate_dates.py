"""Hidden tests of the exercise `translate_dates`.

Oracle: a random table that says what the decoder writes in each row, at each step, after each token; it is walked through, one row at a time.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

BOS, EOS, VOCAB, STEPS = 3, 5, 8, 12


def draw_case(rng, ends, n_keys=7, key_size=4):
    """A table by which row n writes eos in step ends[n] (for the first time), and the other arguments."""
    n = len(ends)
    words = np.array([token for token in range(VOCAB) if token not in (BOS, EOS)])
    plan = rng.choice(words, size=(n, STEPS, VOCAB))
    for row, end in enumerate(ends):
        if end is not None:
            plan[row, end] = EOS  # whatever is fed
            plan[row, end + 1 :, EOS] = rng.choice(words, size=STEPS - end - 1)  # it would go on writing
    gaze, keys = torch.from_numpy(rng.normal(size=(STEPS, key_size))), torch.from_numpy(rng.normal(size=(n, n_keys, key_size)))
    lengths = torch.from_numpy(rng.integers(1, n_keys, size=n))  # every row has padding
    mask = torch.arange(n_keys) < lengths.unsqueeze(1)
    h = torch.stack([torch.arange(n), torch.zeros(n, dtype=torch.int64)], dim=1).double()
    return torch.from_numpy(plan), gaze, keys, mask, h


def walk(plan, gaze, keys, mask, max_length):
    """Tokens and weights of each row, one row after the other."""
    tokens, looked = [], []
    for n in range(len(plan)):
        fed, written, rows = BOS, [], []
        for count in range(max_length):
            fed = int(plan[n, count, fed])
            if fed == EOS:
                break
            written.append(fed)
            weights = (keys[n] @ gaze[count]) ** 2 * mask[n]
            rows.append(weights / weights.sum())
        tokens.append(written)
        looked.append(torch.stack(rows) if rows else torch.zeros(0, mask.shape[1], dtype=torch.float64))
    return tokens, looked


def check_tokens(got, expected):
    """Compares the tokens row by row, so that the message names the row and the place."""
    assert_true(len(got) == len(expected), f"There should be {len(expected)} rows of tokens.", got=got)
    for n, (row, wanted) in enumerate(zip(got, expected, strict=True)):
        assert_close(row, wanted, name=f"the list of tokens of row {n}")


@graded(
    stage="value",
    weight=3,
    hint="Each row ends on its own, at its first eos; rows beside it go on. Neither bos nor eos belongs to the result.",
)
def test_tokens(student, rng):
    """Five rows that end at different steps."""
    case = draw_case(rng, [4, 2, 7, 1, 5])
    tokens, _ = student.probe.translate(*case, BOS, EOS, 10)
    check_tokens(tokens, walk(*case[:4], 10)[0])


@graded(stage="value", weight=2, hint="Feed what was written in the step before: bos is fed only once, and the new state goes with it.")
def test_feedback(student, rng):
    """One row of eleven tokens: each step is fed the last token and the last state."""
    case = draw_case(rng, [11])
    tokens, _ = student.probe.translate(*case, BOS, EOS, 12)
    check_tokens(tokens, walk(*case[:4], 12)[0])


@graded(stage="value", weight=3, hint="Row t of the weights belongs to the step that wrote token t; the step that wrote eos is not kept.")
def test_weights(student, rng):
    """Each written token has its row of attention weights."""
    case = draw_case(rng, [3, 6, 2])
    _, weights = student.probe.translate(*case, BOS, EOS, 10)
    assert_close(weights, walk(*case[:4], 10)[1], name="weights")


@graded(stage="value", weight=2, hint="A row that has not ended after max_length tokens is cut there; the others are not.")
def test_max_length(student, rng):
    """Rows that would go on are cut at max_length."""
    case = draw_case(rng, [2, None, 4, 6])
    tokens, weights = student.probe.translate(*case, BOS, EOS, 5)
    expected = walk(*case[:4], 5)
    check_tokens(tokens, expected[0])
    assert_close(weights, expected[1], name="weights")


@graded(stage="edge", weight=1, hint="A row may end at once: its tokens are [] and its weights have the shape (0, T).")
def test_rows_that_end_at_once(student, rng):
    """A row that writes eos first of all gives an empty list and no weights."""
    case = draw_case(rng, [0, 3, 0], n_keys=5)
    tokens, weights = student.probe.translate(*case, BOS, EOS, 6)
    expected = walk(*case[:4], 6)
    check_tokens(tokens, expected[0])
    assert_close(weights, expected[1], name="weights")


@graded(stage="edge", weight=1, hint="Only the bos that was fed is left out. One that the decoder writes is a token like any other.")
def test_bos_is_written(student, rng):
    """A bos that the decoder writes is kept, with its weights, and fed in the next step."""
    plan, *others = draw_case(rng, [6, 4])
    plan[0, 2], plan[1, 0], plan[1, 2] = BOS, BOS, BOS
    tokens, weights = student.probe.translate(plan, *others, BOS, EOS, 8)
    expected = walk(plan, *others[:3], 8)
    check_tokens(tokens, expected[0])
    assert_close(weights, expected[1], name="weights")


@graded(stage="edge", weight=1, hint="A batch of one, a source of one token, one step: the shapes stay.")
def test_sizes_of_one(student, rng):
    """One row, one key, one step."""
    for ends, n_keys, max_length in (([3], 6, 9), ([2, 4], 2, 1)):
        case = draw_case(rng, ends, n_keys=n_keys)
        tokens, weights = student.probe.translate(*case, BOS, EOS, max_length)
        expected = walk(*case[:4], max_length)
        check_tokens(tokens, expected[0])
        assert_close(weights, expected[1], name="weights")


@graded(stage="edge", weight=1, hint="The rows of a batch have nothing to do with each other: is there one flag for all of them?")
def test_rows_do_not_disturb_each_other(student, rng):
    """A row written alone is the same as in company."""
    plan, gaze, keys, mask, h = draw_case(rng, [6, 1, 3])
    together, _ = student.probe.translate(plan, gaze, keys, mask, h, BOS, EOS, 8)
    expected = walk(plan, gaze, keys, mask, 8)[0]
    check_tokens(together, expected)
    for n in range(3):
        alone, _ = student.probe.translate(plan, gaze, keys[n : n + 1], mask[n : n + 1], h[n : n + 1], BOS, EOS, 8)
        check_tokens(alone, expected[n : n + 1])


@graded(
    stage="contract",
    weight=1,
    hint="A list of lists of ints, and a list of tensors: use .tolist() or int(…) for the tokens, and leave the weights as they are.",
)
def test_types(student, rng):
    """The tokens are lists of ints, the weights are a list of tensors in the decoder's dtype, as step returned them."""
    case = draw_case(rng, [3, 1])
    tokens, weights = student.probe.translate_types(*case, BOS, EOS, 6, 0.75)
    expected = walk(*case[:4], 6)
    assert_close(tokens, expected[0], name="tokens")
    assert_close(weights, [0.75 * rows for rows in expected[1]], name="weights", dtype=True)


@graded(
    stage="contract",
    weight=1,
    hint="Work on copies: no operation that ends in _ and no += on an argument. A decoder in eval mode stays in it.",
)
def test_arguments_unchanged(student, rng):
    """keys, mask and h are not changed, and a decoder in eval mode is left in it."""
    case = draw_case(rng, [3, 1])
    got = student.probe.translate_arguments_after(*case, BOS, EOS, 6)
    check_tokens(got["tokens"], walk(*case[:4], 6)[0])
    assert_unchanged(got["arguments"], case[2:], names=("keys", "mask", "h"))
    assert_true(got["training"][1] is False, "The decoder came in eval mode and is left in training mode.")
