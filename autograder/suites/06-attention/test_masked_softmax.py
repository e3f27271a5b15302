"""Hidden tests of the exercise `masked_softmax`.

Oracle: torch.sparse.softmax, which knows allowed places only, in float64; NumPy row by row; the softmax's gradient in closed form.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_form, assert_true, assert_unchanged, graded, gradients_of

#: The docstring leaves open in which precision the work is done: float64 results are compared as float32 ones are.
LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def draw_scores(rng, *shape):
    """Scores with a spread in which no weight is nearly 0 or 1."""
    return torch.from_numpy(rng.normal(scale=1.5, size=shape))


def draw_mask(rng, *shape):
    """Each row along the last axis (of three places or more) has two True at least and one False at least."""
    rows = np.zeros((int(np.prod(shape[:-1])), shape[-1]), dtype=bool)
    for row in rows:
        row[rng.choice(shape[-1], size=int(rng.integers(2, shape[-1])), replace=False)] = True
    return torch.from_numpy(rows.reshape(shape))


def soft(scores, mask, dim=-1):
    """The softmax over the allowed places, one row after the other."""
    s = np.moveaxis(scores.numpy(), dim, -1)
    m = np.moveaxis(np.broadcast_to(mask.numpy(), scores.shape), dim, -1)
    weights = np.zeros_like(s)
    for index in np.ndindex(s.shape[:-1]):
        if m[index].any():
            e = np.exp(s[index][m[index]] - s[index][m[index]].max())
            weights[index][m[index]] = e / e.sum()
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(weights, -1, dim)))


def gradient(weights, d_weights, dim=-1):
    """The softmax's gradient in closed form."""
    return weights * (d_weights - (weights * d_weights).sum(dim=dim, keepdim=True))


@graded(
    stage="value",
    weight=3,
    hint="Blocked places must drop out of the sum in the denominator: mask before the softmax. See «Masking too late».",
)
def test_two_axes(student, rng):
    """A batch of rows, each with blocked places, gives the softmax over the allowed ones."""
    scores, mask = draw_scores(rng, 4, 7), draw_mask(rng, 4, 7)
    allowed = torch.sparse_coo_tensor(mask.nonzero().T, scores[mask], scores.shape)
    assert_close(student.masked_softmax(scores, mask), torch.sparse.softmax(allowed, dim=1).to_dense(), **LOOSE)


@graded(stage="value", weight=2, hint="The mask may have fewer axes than the scores, or axes of size 1: it broadcasts.")
def test_mask_broadcasts(student, rng):
    """A mask of shape (N, 1, keys) serves all queries, a mask of shape (keys,) serves everybody."""
    scores = draw_scores(rng, 3, 5, 4)
    for mask in (draw_mask(rng, 3, 1, 4), draw_mask(rng, 4)):
        assert_close(student.masked_softmax(scores, mask), soft(scores, mask), **LOOSE)


@graded(stage="value", weight=2, hint="The weights add up to one along `dim`: every sum and every maximum must run along this axis.")
def test_other_axes(student, rng):
    """With dim = 0, 1 or -2 the softmax runs along that axis."""
    scores = draw_scores(rng, 5, 4, 3)
    for dim in (0, 1, -2):
        shape = [size for axis, size in enumerate((5, 4, 3)) if axis != dim % 3] + [scores.shape[dim]]
        mask = torch.movedim(draw_mask(rng, *shape), -1, dim).contiguous()
        assert_close(student.masked_softmax(scores, mask, dim), soft(scores, mask, dim), **LOOSE)


@graded(
    stage="gradient",
    weight=2,
    hint="Work with differentiable operations on `scores` all the way; don't detach the scores, don't rebuild tensors from lists, "
    "don't write into results.",
)
def test_gradient(student, rng):
    """The gradient with respect to the scores is that of the softmax over the allowed places."""
    scores, mask, d_weights = draw_scores(rng, 4, 6), draw_mask(rng, 4, 6), draw_scores(rng, 4, 6)
    (got,) = gradients_of(student.probe.masked_softmax_gradient(scores, mask, -1, d_weights))
    assert_close(got, gradient(soft(scores, mask), d_weights), name="the gradient with respect to scores", **LOOSE)


@graded(stage="edge", weight=2, hint="See «The row without keys»: such a row is neither NaN nor uniform, it is zero.")
def test_row_without_keys(student, rng):
    """A row without any allowed key has weights zero, and the rows beside it are not disturbed."""
    scores, mask = draw_scores(rng, 4, 5), draw_mask(rng, 4, 5)
    mask[1] = False
    mask[3] = False
    assert_close(student.masked_softmax(scores, mask), soft(scores, mask), **LOOSE)
    got = student.masked_softmax(draw_scores(rng, 2, 1), torch.tensor([[True], [False]]))
    assert_close(got, torch.tensor([[1.0], [0.0]], dtype=torch.float64), **LOOSE)


@graded(
    stage="edge",
    weight=2,
    hint="A NaN hides behind the zeros: 0/0 or ∞ − ∞ on the way back. Say with masked_fill or where which entries are zero. "
    "(Zeros that you make anew have no gradient at all, and a batch without any key needs one: it is 0.)",
)
def test_gradient_of_a_row_without_keys(student, rng):
    """A row without any allowed key has gradient zero, not NaN, also when no row has one; the other rows keep theirs."""
    scores, mask, d_weights = draw_scores(rng, 3, 5), draw_mask(rng, 3, 5), draw_scores(rng, 3, 5)
    mask[1] = False
    for m in (mask, torch.zeros_like(mask)):
        (got,) = gradients_of(student.probe.masked_softmax_gradient(scores, m, -1, d_weights))
        assert_close(got, gradient(soft(scores, m), d_weights), name="the gradient with respect to scores", **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="A place is empty when nothing along `dim` is allowed. Along which axis does your code look for such a place? "
    "A mask with fewer axes than the scores must be broadcast before `dim` means anything for it.",
)
def test_nothing_allowed_along_other_axes(student, rng):
    """With dim = 0 or 1, too, a row without any allowed key has weights and gradient zero, also if the mask has fewer axes."""
    for dim in (0, 1):
        scores, d_weights = draw_scores(rng, 4, 5, 3), draw_scores(rng, 4, 5, 3)
        mask = torch.movedim(draw_mask(rng, 3, 9 - scores.shape[dim], scores.shape[dim]), (-1, -2, -3), (dim, 1 - dim, 2)).contiguous()
        mask.movedim(dim, -1)[1, 2] = False
        weights = soft(scores, mask, dim)
        assert_close(student.masked_softmax(scores, mask, dim), weights, **LOOSE)
        (got,) = gradients_of(student.probe.masked_softmax_gradient(scores, mask, dim, d_weights))
        assert_close(got, gradient(weights, d_weights, dim), name="the gradient with respect to scores", **LOOSE)
        mask = draw_mask(rng, 3)
        assert_close(student.masked_softmax(scores, mask, dim), soft(scores, mask, dim), **LOOSE)


@graded(
    stage="edge",
    weight=2,
    hint="Subtract the largest score among the allowed ones of each row before the exponential; the softmax doesn't change. A blocked score that "
    "was set to 0 may be larger than all of them.",
)
def test_large_scores(student, rng):
    """Allowed scores near 10,000 and near -10,000 neither overflow nor vanish."""
    mask = draw_mask(rng, 6, 4)
    scores = torch.round(64 * draw_scores(rng, 6, 4)) / 64  # float32 can hold them, also beside 10,000
    scores = scores + torch.tensor([1e4, -1e4, 1e4, -1e4, 700.0, 0.0], dtype=torch.float64).unsqueeze(1)
    assert_close(student.masked_softmax(scores, mask), soft(scores, mask), **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="A blocked score must be gone before anything is worked out from the scores: replace it. Added to, a huge one is still huge; "
    "and if the largest score is not the largest *allowed* one, all other exponentials are zero.",
)
def test_blocked_scores_have_no_influence(student, rng):
    """Huge scores at blocked places change nothing."""
    scores, mask = draw_scores(rng, 5, 6), draw_mask(rng, 5, 6)
    expected = soft(scores, mask)
    for number in (1e4, -1e4, 12.0, 1e15, -1e15):
        assert_close(student.masked_softmax(scores.masked_fill(~mask, number), mask), expected, **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="Nearly zero is not zero: say with masked_fill, where or a product which weights are zero. These are the blocked ones, and no others: "
    "an allowed place keeps its weight, however small.",
)
def test_blocked_places_are_exactly_zero(student, rng):
    """Blocked places have weight 0 exactly, not nearly; allowed ones have theirs, also one of 0.00002."""
    scores, mask = draw_scores(rng, 3, 6), draw_mask(rng, 3, 6)
    got = student.masked_softmax(scores, mask)
    assert_close(got, soft(scores, mask), **LOOSE)
    assert_true((got[~mask] == 0).all(), "A blocked place must have weight exactly 0.", got=got[~mask].abs().max())
    scores = torch.from_numpy(rng.permutation([0.0, -9.5, -10.0, -10.5, -11.0])).unsqueeze(0)
    mask = torch.tensor([[True, True, True, True, True, False]])
    scores = torch.cat([scores, torch.zeros(1, 1, dtype=torch.float64)], dim=1)
    # float32 is off by a millionth of a weight or so, however small that is.
    assert_close(student.masked_softmax(scores, mask), soft(scores, mask), name="a row with small weights", rtol=1e-3, atol=0)


@graded(
    stage="edge",
    weight=2,
    hint="One allowed key takes all: weight 1, whatever its score. A small number that is added to the denominator takes a part of it.",
)
def test_a_single_key(student, rng):
    """A key that is the only one allowed in its row has weight 1, beside blocked ones and alone."""
    mask = torch.from_numpy(np.eye(5, dtype=bool)[rng.integers(0, 5, size=4)])
    got = student.masked_softmax(draw_scores(rng, 4, 5), mask)
    assert_close(got, mask.double(), **LOOSE)
    assert_form(got.is_floating_point(), f"The weights should be real numbers; they are {str(got.dtype).removeprefix('torch.')}.")
    # e / e is 1 in every precision, up to float32's rounding of 6e-8.
    assert_true((got[mask] - 1).abs().max() < 3e-7, "The weight of the only allowed key must be 1.", expected="1", got=got[mask].min())
    got = student.masked_softmax(draw_scores(rng, 1, 1), torch.tensor([[True]]))
    assert_close(got, torch.ones(1, 1, dtype=torch.float64), **LOOSE)


@graded(
    stage="edge",
    weight=1,
    hint="A transposed tensor doesn't lie in memory in order: .view refuses it, .reshape takes it all the same.",
)
def test_views(student, rng):
    """Scores and a mask that were transposed, along the last axis and along another one."""
    scores, mask = draw_scores(rng, 3, 5, 4), draw_mask(rng, 3, 5, 4)
    for dim in (-1, 1):
        assert_close(student.probe.masked_softmax_of_views(scores, mask, dim), soft(scores, mask, dim), **LOOSE)


@graded(
    stage="contract",
    weight=1,
    hint="Operations whose name ends in _ and assignments like scores[...] = … change the argument: use the versions that return a copy.",
)
def test_arguments_unchanged(student, rng):
    """scores and mask are not changed, also when nothing is allowed."""
    scores, mask = draw_scores(rng, 3, 5), draw_mask(rng, 3, 5)
    for m in (mask, torch.zeros_like(mask)):
        call = student.run("masked_softmax", scores, m)
        if m.any():
            assert_close(call.result, soft(scores, m), **LOOSE)
        assert_unchanged(call.arguments, (scores, m), names=("scores", "mask"))


@graded(
    stage="contract",
    weight=1,
    hint="Don't convert: constants made with torch.tensor(…) or a division by a float64 tensor can change the dtype.",
)
def test_float32_stays_float32(student, rng):
    """float32 scores give float32 weights, float64 scores float64 ones."""
    scores, mask = draw_scores(rng, 3, 7), draw_mask(rng, 3, 7)
    assert_close(student.masked_softmax(scores, mask), soft(scores, mask), dtype=True, **LOOSE)
    scores = scores.float()
    assert_close(student.masked_softmax(scores, mask), soft(scores.double(), mask).float(), dtype=True)
