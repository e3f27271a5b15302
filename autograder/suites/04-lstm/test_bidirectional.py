"""Hidden tests of the exercise `bidirectional`.

Oracle: torch.nn.LSTM(bidirectional=True) over packed sequences, in float64.
"""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from autograder.describe import describe_type
from autograder.errors import SubmissionError
from autograder.suite import assert_close, assert_true, assert_unchanged, graded

T, D, H = 6, 4, 5
LENGTHS = np.array([4, 1, 6, 3, 5, 4, 2])
N = len(LENGTHS)


def draw(rng, lengths=LENGTHS, steps=T, d=D, hidden=H):
    """x (N, T, D) with other numbers in the padding, shuffled lengths, and the two triples of weights."""
    params = [
        tuple(f * rng.normal(size=s) for f, s in ((0.8, (d, 4 * hidden)), (0.6, (hidden, 4 * hidden)), (0.7, (4 * hidden,))))
        for _ in range(2)
    ]
    return rng.normal(size=(len(lengths), steps, d)), rng.permutation(lengths), *params


def oracle(x, lengths, forward_params, backward_params):
    """PyTorch's outputs (N, T, 2H), zero in the padding."""
    w_x, w_h, _ = forward_params
    lstm = torch.nn.LSTM(w_x.shape[0], w_h.shape[0], batch_first=True, bidirectional=True, dtype=torch.float64)
    values = [value for w_x, w_h, b in (forward_params, backward_params) for value in (w_x.T, w_h.T, b, 0 * b)]
    with torch.no_grad():
        for parameter, value in zip(lstm.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(value))
        packed = pack_padded_sequence(
            torch.tensor(np.asarray(x, dtype=np.float64)), torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        return pad_packed_sequence(lstm(packed)[0], batch_first=True, total_length=x.shape[1])[0].numpy()


def real(lengths, steps):
    """True at real steps: (N, T, 1)."""
    return (np.arange(steps) < lengths[:, None])[:, :, None]


def run(student, x, lengths, *params):
    """The student's result, once it is one array (N, T, 2H)."""
    got, shape = student.bidirectional_lstm(x, lengths, *params), (*x.shape[:2], 2 * len(params[0][1]))
    if not isinstance(got, np.ndarray):
        raise SubmissionError(f"`bidirectional_lstm` should return one array (N, T, 2H); it returned {describe_type(got)}.")
    if got.shape != shape:
        raise SubmissionError(f"`bidirectional_lstm` should return an array of shape (N, T, 2H) = {shape}; it has {got.shape}.")
    return got


def assert_right_where_real(student, arguments, expected, name="out", half=slice(None), **options):
    """At the real steps the student's result is `expected`; what it holds in the padding is another test's business."""
    got, where = run(student, *arguments), real(arguments[1], arguments[0].shape[1])
    assert_close(np.where(where, got, 0)[:, :, half], np.where(where, expected, 0.0)[:, :, half], name=name, **options)


@graded(
    stage="value", weight=2, hint="The first H columns are the forward LSTM's: zero start, left to right, with the first triple of weights."
)
def test_forward_half(student, rng):
    """At the real steps, the first half is the forward LSTM's output."""
    arguments = draw(rng)
    assert_right_where_real(student, arguments, oracle(*arguments), name="out[:, :, :H]", half=slice(0, H))


@graded(
    stage="value",
    weight=3,
    hint="The backward LSTM starts with a zero state at each sequence's own last real step, never in the padding, and its outputs "
    "are turned back to the steps they belong to. See the table in «Both directions».",
)
def test_backward_half(student, rng):
    """At the real steps, the second half is the backward LSTM's output, started at each sequence's own end."""
    arguments = draw(rng)
    assert_right_where_real(student, arguments, oracle(*arguments), name="out[:, :, H:]", half=slice(H, 2 * H))


@graded(
    stage="value",
    weight=2,
    hint="Without padding it is two LSTMs, one of them over time turned round: the second half is turned back, and comes second. A step "
    "whose inputs are all zero is a step, too.",
)
def test_without_padding(student, rng):
    """When all sequences fill the array, some with steps of zeros, the result agrees with PyTorch's bidirectional LSTM."""
    x, *rest = draw(rng, lengths=np.full(3, T))
    x[0, 1] = x[1, -1] = 0.0
    assert_close(run(student, x, *rest), oracle(x, *rest), name="out")


@graded(
    stage="edge",
    weight=2,
    hint="The states run on over the padding unless you stop them: set both halves to zero there, and leave the real steps as they are.",
)
def test_padding_is_zero(student, rng):
    """In the padding both halves are exactly zero."""
    for steps in (T, T + 2):  # as wide as the longest sequence, and wider
        arguments = draw(rng, steps=steps)
        got = run(student, *arguments)
        padding = got[np.broadcast_to(~real(arguments[1], steps), got.shape)]
        assert_true(np.all(padding == 0), f"{np.count_nonzero(padding)} of {padding.size} entries in the padding are not exactly zero.")


@graded(
    stage="edge",
    hint="The backward LSTM must not read the padding before it meets the first real token. If there is NaN now: large numbers in the padding "
    "overflow, and zero times NaN is NaN.",
)
def test_padding_changes_nothing(student, rng):
    """Other numbers in the padding of x, large ones too, do not change the result."""
    x, lengths, *params = draw(rng)
    large = rng.choice([-1e5, 1e5], size=x.shape)
    other = np.where(real(lengths, T), x, large)
    before = run(student, x, lengths, *params)
    assert_close(run(student, other, lengths, *params), before, name="out with other numbers in the padding")


@graded(
    stage="edge",
    hint="Turning every sequence round within its own length and exchanging the two LSTMs must give the same numbers, turned "
    "and exchanged.",
)
def test_time_reversal(student, rng):
    """Sequences turned round, with the two triples exchanged, give the halves turned round and exchanged."""
    x, lengths, first, second = draw(rng)
    expected, turned = oracle(x, lengths, first, second), x.copy()
    for n, length in enumerate(lengths):
        turned[n, :length] = x[n, :length][::-1]
        expected[n, :length] = expected[n, :length][::-1]
    expected = np.concatenate([expected[:, :, H:], expected[:, :, :H]], axis=2)
    assert_right_where_real(student, (turned, lengths, second, first), expected)


@graded(
    stage="edge", hint="Does every place use T, the width of the array, where it means the longest length, or drop an axis of length one?"
)
def test_small_and_wide(student, rng):
    """Short sequences, one of one step among them, in arrays of their length and in wider ones."""
    for lengths, steps in ((np.array([1]), 1), (np.array([1]), 4), (np.array([2, 3]), 5)):
        arguments = draw(rng, lengths=lengths, steps=steps, d=3, hidden=2)
        assert_right_where_real(student, arguments, oracle(*arguments))


@graded(stage="contract", hint="Turn a copy round, not the caller's x.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    arguments = draw(rng)
    after = student.run("bidirectional_lstm", *arguments).arguments
    assert_unchanged(after, arguments, names=("x", "lengths", "forward_params", "backward_params"))


@graded(stage="contract", hint="Arrays made like x hold integers if x does: say the dtype or the shape.")
def test_integers_give_floats(student, rng):
    """Integer inputs, such as one-hot tokens, give float64."""
    _, lengths, *params = draw(rng)
    x = np.eye(D, dtype=np.int64)[rng.integers(D, size=(N, T))]
    assert_right_where_real(student, (x, lengths, *params), oracle(x, lengths, *params), dtype=True)
