"""Hidden tests of the exercise `greedy_decode`.

Oracle: a random table that says what the model writes in each row, at each step, after each token; it is walked through, one row at a time.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

BOS, EOS, VOCAB, STEPS = 3, 5, 8, 12


def draw_case(rng, ends, width=4):
    """A table by which row n writes eos in step ends[n] for the first time, and source and lengths."""
    n = len(ends)
    words = np.array([token for token in range(VOCAB) if token not in (BOS, EOS)])
    plan = rng.choice(words, size=(n, STEPS, VOCAB))
    for row, end in enumerate(ends):
        if end is not None:
            plan[row, end] = EOS  # whatever is fed
            plan[row, end + 1 :, EOS] = rng.choice(words, size=STEPS - end - 1)  # it would go on writing
    source = torch.from_numpy(rng.integers(0, 9, size=(n, width)))
    source[:, 0] = torch.arange(n)
    return torch.from_numpy(plan), source, torch.from_numpy(rng.integers(1, width + 1, size=n))


def walk(plan, max_length):
    """What each row writes."""
    rows = []
    for table in plan:
        fed, written = BOS, []
        for count in range(max_length):
            fed = int(table[count, fed])
            if fed == EOS:
                break
            written.append(fed)
        rows.append(written)
    return rows


def check_rows(got, expected):
    """Compares row by row, so that the message names the row."""
    assert_true(len(got) == len(expected), f"There should be {len(expected)} rows.", got=got)
    for n, (row, wanted) in enumerate(zip(got, expected, strict=True)):
        assert_close(row, wanted, name=f"row {n}")


@graded(
    stage="value",
    weight=3,
    hint="Each row ends on its own, at its first eos; rows beside it go on. Neither bos nor eos belongs to the result.",
)
def test_rows(student, rng):
    """Five rows that end at different steps."""
    case = draw_case(rng, [4, 2, 7, 1, 5])
    check_rows(student.probe.decode(*case, BOS, EOS, 10), walk(case[0], 10))


@graded(stage="value", weight=2, hint="Feed what was written in the step before: bos is fed only once, and the new state goes with it.")
def test_feedback(student, rng):
    """One row of nine tokens, one of them three times in a row: each step is fed the last token and the last state."""
    case = draw_case(rng, [9])
    case[0][0, 3:6] = case[0][0, 3, 0]
    check_rows(student.probe.decode(*case, BOS, EOS, 11), walk(case[0], 11))


@graded(stage="value", weight=2, hint="A row that has not ended after max_length tokens is cut there; the others are not.")
def test_max_length(student, rng):
    """Rows that would go on are cut at max_length."""
    case = draw_case(rng, [2, None, 4, 6])
    check_rows(student.probe.decode(*case, BOS, EOS, 5), walk(case[0], 5))


@graded(stage="value", weight=1, hint="Hand the source and the lengths to encode as they are given.")
def test_lengths_are_passed_on(student, rng):
    """A model that reads only real tokens gets the lengths."""
    plan, source, lengths = draw_case(rng, [3, 1, 5])
    source = torch.tensor([[0, 2, 2], [0, 1, 2], [2, 0, 1]])
    lengths = torch.tensor([1, 2, 2])  # the real tokens add up to the row's number
    check_rows(student.probe.decode_reading(plan, source, lengths, BOS, EOS, 9), walk(plan, 9))


@graded(stage="value", weight=1, hint="bos_id and eos_id are arguments: don't take 0, 1 or 2 for them.")
def test_other_ids(student, rng):
    """Other ids for bos and eos."""
    plan, source, lengths = draw_case(rng, [3, 6, 2])
    order = torch.tensor([6, 1, 2, 7, 4, 0, 5, 3])  # the new name of each id: bos becomes 7, eos 0
    renamed = torch.empty_like(plan)
    renamed[:, :, order] = order[plan]
    expected = [[int(order[token]) for token in row] for row in walk(plan, 9)]
    check_rows(student.probe.decode(renamed, source, lengths, 7, 0, 9), expected)


@graded(stage="edge", weight=1, hint="A row may end at once: it gives an empty list.")
def test_rows_that_end_at_once(student, rng):
    """A row that writes eos first of all gives an empty list."""
    case = draw_case(rng, [0, 3, 0])
    check_rows(student.probe.decode(*case, BOS, EOS, 6), walk(case[0], 6))


@graded(stage="edge", weight=1, hint="What a row writes behind its eos is thrown away, also if it says eos a second time, or bos.")
def test_nothing_after_eos(student, rng):
    """A row that babbles on after its eos, says eos again and babbles on."""
    plan, source, lengths = draw_case(rng, [2, 9])
    plan[0, 5] = EOS
    plan[0, 3] = BOS
    check_rows(student.probe.decode(plan, source, lengths, BOS, EOS, 11), walk(plan, 11))


@graded(stage="edge", weight=1, hint="Only the bos that was fed is left out. One that the model writes is a token like any other.")
def test_bos_is_written(student, rng):
    """A bos that the model writes is kept, and fed in the next step."""
    plan, source, lengths = draw_case(rng, [6, 4])
    plan[0, 2], plan[1, 0], plan[1, 2] = BOS, BOS, BOS
    check_rows(student.probe.decode(plan, source, lengths, BOS, EOS, 8), walk(plan, 8))


@graded(
    stage="edge",
    weight=1,
    hint="Compare the logits themselves. The exponentials of large numbers are all infinite, and their sigmoids all 1: then the first token wins.",
)
def test_large_logits(student, rng):
    """Logits near 1000 and near -1000: the largest is taken all the same."""
    case = draw_case(rng, [5, 3, 6])
    for height in (1e3, -1e3):
        check_rows(student.probe.decode(*case, BOS, EOS, 9, height), walk(case[0], 9))


@graded(stage="edge", weight=1, hint="One row, one step: the shapes stay.")
def test_sizes_of_one(student, rng):
    """One row, a source of one token, one step."""
    for ends, max_length in (([3], 9), ([2, 4], 1), ([None], 1), ([0], 1)):
        case = draw_case(rng, ends, width=1)
        check_rows(student.probe.decode(*case, BOS, EOS, max_length), walk(case[0], max_length))


@graded(stage="edge", weight=1, hint="The rows of a batch have nothing to do with each other: is there one flag for all of them?")
def test_rows_do_not_disturb_each_other(student, rng):
    """A row written in other company is the same."""
    plan, source, lengths = draw_case(rng, [6, 1, 3])
    expected = walk(plan, 8)
    check_rows(student.probe.decode(plan, source, lengths, BOS, EOS, 8), expected)
    for n in range(3):
        alone = student.probe.decode(plan, source[n : n + 1], lengths[n : n + 1], BOS, EOS, 8)
        check_rows(alone, expected[n : n + 1])


@graded(stage="contract", weight=1, hint="A list of lists of ints: use .tolist() or int(…).")
def test_types(student, rng):
    """The result is a list of lists of ints."""
    case = draw_case(rng, [3, 0, 1])
    got = student.probe.decode_types(*case, BOS, EOS, 6)
    assert_true(isinstance(got, list) and all(isinstance(row, list) for row in got), "The result should be a list of lists.", got=got)
    check_rows(got, walk(case[0], 6))


@graded(stage="contract", weight=1, hint="Don't write into source or lengths, and leave a model in eval mode in it.")
def test_arguments_unchanged(student, rng):
    """source and lengths are not changed, and a model in eval mode is left in it."""
    case = draw_case(rng, [3, 1])
    got = student.probe.decode_arguments_after(*case, BOS, EOS, 6)
    check_rows(got["rows"], walk(case[0], 6))
    assert_unchanged(got["arguments"], case[1:], names=("source", "lengths"))
    assert_true(not got["training"][1], "The model was in eval mode and is left in training mode.")
