"""Hidden tests of the exercise `run_padded`.

Oracle: torch.nn.GRU over a packed sequence in float64; a tanh of linear maps, each sequence run alone without any padding.
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("h", "h_last")
GRU = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def draw(rng, *shape, scale=1.0):
    """A normal float64 tensor."""
    return torch.from_numpy(rng.normal(scale=scale, size=shape))


def draw_case(rng, lengths, t, d=3, h=4):
    """The cell's two weights, and x, lengths, h_0; padding is random, too."""
    n = len(lengths)
    return draw(rng, d, h), draw(rng, h, h, scale=0.7), draw(rng, n, t, d), torch.tensor(lengths), draw(rng, n, h)


def alone(from_x, from_h, x, lengths, h_0):
    """Each sequence by itself, cut at its end; then its last state again and again."""
    rows, last = [], []
    for n, length in enumerate(lengths.tolist()):
        state, states = h_0[n], []
        for t in range(length):
            state = torch.tanh(x[n, t] @ from_x + state @ from_h + 0.3)
            states.append(state)
        rows.append(torch.stack(states + [state] * (x.shape[1] - length)))
        last.append(state)
    return torch.stack(rows), torch.stack(last)


@graded(
    stage="value", weight=2, hint="No padding here: a loop over t, the state handed on, every state kept. The lengths say what is real."
)
def test_without_padding(student, rng):
    """A batch in which every sequence fills all five steps; in one step the input is zero."""
    case = draw_case(rng, [5, 5, 5], 5)
    case[2][1, 2] = 0.0
    assert_close(student.probe.padded(*case), alone(*case), names=NAMES)


@graded(
    stage="value", weight=3, hint="For t >= length the state stays what it was: choose row by row between the new state and the old one."
)
def test_states_freeze(student, rng):
    """Every state of a ragged batch: those behind the end repeat the final one."""
    case = draw_case(rng, [2, 7, 1, 4, 6], 7)
    assert_close(student.probe.padded(*case)[0], alone(*case)[0], name="h")


@graded(
    stage="value", weight=3, hint="The final state of a row is that after its own last step, not the last column of a loop that runs on."
)
def test_final_states(student, rng):
    """The final state of every row of a ragged batch."""
    case = draw_case(rng, [2, 7, 1, 4, 6], 7)
    assert_close(student.probe.padded(*case)[1], alone(*case)[1], name="h_last")


@graded(stage="value", weight=1, hint="For each row: real steps update its state, steps behind its length leave it as it is.")
def test_packed_gru(student, rng):
    """With a GRU cell the states are those of PyTorch's GRU over the packed batch."""
    _, _, x, lengths, h_0 = draw_case(rng, [3, 6, 1, 5], 6)
    parameters = {name: draw(rng, *shape) for name, shape in zip(GRU, ((12, 3), (12, 4), (12,), (12,)), strict=True)}
    gru = torch.nn.GRU(3, 4, batch_first=True, dtype=torch.float64)
    gru.load_state_dict({f"{name}_l0": value for name, value in parameters.items()})
    with torch.no_grad():
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, last = gru(packed, h_0.unsqueeze(0))
        states, _ = pad_packed_sequence(states, batch_first=True)  # zeros behind the ends
    behind = (torch.arange(6) >= lengths.unsqueeze(1)).unsqueeze(2)
    expected = (torch.where(behind, last[0].unsqueeze(1), states), last[0])
    assert_close(student.probe.padded_gru(parameters, x, lengths, h_0), expected, names=NAMES)


@graded(stage="value", weight=1, hint="The number of columns is that of x, not the largest length.")
def test_all_shorter(student, rng):
    """Every sequence is shorter than the batch is wide: h still has T steps."""
    case = draw_case(rng, [2, 3, 1], 6)
    assert_close(student.probe.padded(*case), alone(*case), names=NAMES)


@graded(stage="value", weight=1, hint="`cell` is any function of (x_t, h): call it with just these two, in this order.")
def test_any_function(student, rng):
    """A cell that is a plain function: twice the state minus the input."""
    x, lengths, h_0 = draw(rng, 3, 4, 2), torch.tensor([3, 1, 4]), draw(rng, 3, 2)
    rows, last = [], []
    for n, length in enumerate(lengths.tolist()):
        state, states = h_0[n], []
        for t in range(4):
            state = 2 * state - x[n, t] if t < length else state
            states.append(state)
        rows.append(torch.stack(states))
        last.append(state)
    assert_close(student.probe.padded_function(x, lengths, h_0), (torch.stack(rows), torch.stack(last)), names=NAMES)


@graded(
    stage="gradient",
    weight=2,
    hint="Build the result from new tensors (torch.where, torch.stack): nothing detached, nothing written in place, what the cell returned "
    "neither.",
)
def test_gradients(student, rng):
    """The gradients of x, h_0 and the cell; padding gets none."""
    case = draw_case(rng, [2, 5, 1, 3], 5)
    from_x, from_h, x, lengths, h_0 = case
    d_h, d_last = draw(rng, 4, 5, 4), draw(rng, 4, 4)
    leaves = [tensor.clone().requires_grad_() for tensor in (x, h_0, from_x, from_h)]
    found = torch.autograd.grad(alone(leaves[2], leaves[3], leaves[0], lengths, leaves[1]), leaves, (d_h, d_last))
    names = ("x", "h_0", "the cell's weight of x", "the cell's weight of h")
    got = student.probe.padded_gradients(*case, d_h, d_last)
    sentence = "h (N, T, H) and h_last (N, H) should be tensors through which gradients flow back to x, h_0 and the cell."
    assert_true(isinstance(got, dict), sentence, got=got)
    assert_close(got, dict(zip(names, found, strict=True)), name="gradients")


@graded(stage="edge", weight=1, hint="A sequence of length 0 was never read: its states are all h_0, and so their gradients go to h_0.")
def test_length_zero(student, rng):
    """Rows of length 0 keep h_0, among others and alone."""
    for lengths in ([0, 3, 0, 5], [0]):
        case = draw_case(rng, lengths, 5)
        assert_close(student.probe.padded(*case), alone(*case), names=NAMES)
    case = draw_case(rng, [0, 3], 5)
    d_h, d_last = draw(rng, 2, 5, 4), draw(rng, 2, 4)
    got = student.probe.padded_gradients(*case, d_h, d_last)
    if isinstance(got, dict):  # where no gradient flows at all, the test of the gradients says so
        assert_close(got["h_0"][0], d_h[0].sum(dim=0) + d_last[0], name="the gradient of h_0 in a row of length 0")


@graded(stage="edge", weight=1, hint="One row, one step, one unit: the axes stay.")
def test_sizes_of_one(student, rng):
    """N = 1, T = 1, D = H = 1."""
    for lengths, t, sizes in (([3], 5, {}), ([1, 1, 1], 1, {}), ([1], 1, {"d": 1, "h": 1}), ([2, 1], 2, {"h": 1})):
        case = draw_case(rng, lengths, t, **sizes)
        assert_close(student.probe.padded(*case), alone(*case), names=NAMES)


@graded(
    stage="edge", weight=1, hint="Padding may hold anything. If large numbers there change the result, the state is not frozen but damped."
)
def test_padding_has_no_influence(student, rng):
    """Other numbers behind the ends, however large, change nothing."""
    from_x, from_h, x, lengths, h_0 = draw_case(rng, [2, 6, 3], 6)
    real = (torch.arange(6) < lengths.unsqueeze(1)).unsqueeze(2)
    other = torch.where(real, x, draw(rng, *x.shape, scale=1e3))
    assert_close(student.probe.padded(from_x, from_h, other, lengths, h_0), alone(from_x, from_h, x, lengths, h_0), names=NAMES)


@graded(stage="contract", weight=1, hint="Don't write into x, lengths or h_0: start from h_0, but make a new state at each step.")
def test_arguments_unchanged(student, rng):
    """x, lengths and h_0 are not changed, with or without gradients."""
    case = draw_case(rng, [2, 5, 3], 5)
    for probe in (student.probe.padded_arguments_after, student.probe.padded_arguments_after_no_grad):
        got = probe(*case)
        assert_close(got["result"], alone(*case), names=NAMES)
        assert_unchanged(got["arguments"], case[2:], names=("x", "lengths", "h_0"))


@graded(stage="contract", weight=1, hint="The results have the dtype of h_0: torch.zeros makes float32 unless it is told otherwise.")
def test_dtype(student, rng):
    """float64 stays float64, float32 stays float32."""
    from_x, from_h, x, lengths, h_0 = draw_case(rng, [2, 5, 3], 5)
    expected = alone(from_x, from_h, x, lengths, h_0)
    assert_close(student.probe.padded(from_x, from_h, x, lengths, h_0), expected, names=NAMES, dtype=True)
    got = student.probe.padded(from_x.float(), from_h.float(), x.float(), lengths, h_0.float())
    assert_close(got, tuple(part.float() for part in expected), names=NAMES, dtype=True)
