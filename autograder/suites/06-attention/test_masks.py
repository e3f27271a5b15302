"""Hidden tests of the exercise `masks`.

Oracle: torch's pad_sequence over rows of ones, numpy.tri; one sentence and one query after the other in plain Python.
"""

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from autograder.suite import assert_close, assert_form, assert_unchanged, graded


def padding(lengths, max_length):
    """One sentence after the other."""
    return torch.tensor([[j < length for j in range(max_length)] for length in lengths.tolist()])


def causal(queries, keys):
    """Written from the last query backwards: it sees all keys, each earlier one sees one key less."""
    rows = [[j < keys - back for j in range(keys)] for back in range(queries)]
    return torch.tensor(rows[::-1])


def check(got, expected):
    """Booleans, then two axes, then their sizes and the entries are right."""
    if isinstance(got, torch.Tensor):
        assert_form(got.dtype == torch.bool, f"A mask is boolean: its dtype should be torch.bool, not {got.dtype}.")
        assert_form(got.dim() == 2, f"This mask should have two axes, rows and columns; its shape is {tuple(got.shape)}.")
    assert_close(got, expected)


@graded(
    stage="value",
    weight=3,
    hint="Position j is real when j < length. Positions count from 0, so a sentence of length 2 has the positions 0 and 1.",
)
def test_padding(student, rng):
    """Sentences of mixed lengths, an empty and a full one among them, in a batch."""
    lengths = torch.from_numpy(rng.permutation([0, 1, 2, 4, 6]))
    expected = pad_sequence([torch.ones(length, dtype=torch.bool) for length in lengths.tolist()], batch_first=True)
    check(student.padding_mask(lengths, 6), expected)


@graded(stage="value", weight=2, hint="The number of columns is max_length, also when no sentence is that long.")
def test_padding_wider_than_all_sentences(student, rng):
    """max_length may be larger than every length."""
    lengths = torch.from_numpy(rng.integers(1, 4, size=4))
    check(student.padding_mask(lengths, 7), padding(lengths, 7))


@graded(
    stage="value",
    weight=2,
    hint="Rows are queries, columns are keys. A query sees itself and what is before it: the triangle at the lower left and its diagonal.",
)
def test_causal_square(student, rng):
    """As many queries as keys: each query sees itself and the earlier positions."""
    size = int(rng.integers(3, 8))
    check(student.causal_mask(size, size), causal(size, size))


@graded(
    stage="value",
    weight=2,
    hint="The queries are the last positions: query i stands at position i + keys - queries. Look at the third picture under the exercise.",
)
def test_causal_more_keys(student, rng):
    """More keys than queries: the last query lines up with the last key."""
    queries = int(rng.integers(2, 5))
    keys = queries + int(rng.integers(1, 4))
    expected = torch.from_numpy(np.tri(queries, keys, keys - queries, dtype=bool))
    check(student.causal_mask(queries, keys), expected)


@graded(stage="value", weight=1, hint="The formula j <= i + keys - queries holds here too; the first rows see nothing.")
def test_causal_fewer_keys(student, rng):
    """Fewer keys than queries: the first queries have no key at all."""
    keys = int(rng.integers(2, 5))
    queries = keys + int(rng.integers(1, 4))
    check(student.causal_mask(queries, keys), causal(queries, keys))


@graded(stage="edge", weight=1, hint="One query is the newest position: it sees every key.")
def test_smallest(student, rng):
    """One query and one key, one query and several keys."""
    keys = int(rng.integers(2, 7))
    check(student.causal_mask(1, 1), torch.tensor([[True]]))
    check(student.causal_mask(1, keys), torch.ones(1, keys, dtype=torch.bool))


@graded(stage="edge", weight=1, hint="A length of 0 is a row of False, a length of max_length a row of True.")
def test_all_sentences_empty_or_full(student, rng):
    """A batch in which every sentence is empty, and one sentence of one token that fills its row."""
    check(student.padding_mask(torch.tensor([1]), 1), torch.tensor([[True]]))
    check(student.padding_mask(torch.zeros(3, dtype=torch.int64), 4), torch.zeros(3, 4, dtype=torch.bool))


@graded(stage="edge", weight=1, hint="Is the mask cut from a table that was made beforehand? No length is the greatest one.")
def test_long(student, rng):
    """Sentences of 1,100 tokens: masks are as long as they are asked for."""
    lengths = torch.tensor([1100, int(rng.integers(1050, 1100))])
    check(student.padding_mask(lengths, 1100), padding(lengths, 1100))
    for queries, keys in ((3, 1100), (1100, 2)):
        check(student.causal_mask(queries, keys), causal(queries, keys))


@graded(stage="contract", weight=1, hint="lengths may be int32 as well as int64, and must come back as it was.")
def test_lengths_unchanged(student, rng):
    """lengths is not changed, and may be of any integer dtype."""
    lengths = torch.from_numpy(rng.permutation([3, 0, 5, 2])).to(torch.int32)
    call = student.run("padding_mask", lengths, 5)
    check(call.result, padding(lengths, 5))
    assert_unchanged(call.arguments[:1], (lengths,), names=("lengths",))
