"""Hidden tests of the exercise `next_token_sampling`.

Oracle: the exact distribution, one token after the other in NumPy (Holtzman et al. 2020, §3.1); the lesson's two cases by hand; argmax.

Many draws are compared with the exact distribution: a token that must not come must never come, and the counts of the others may be
off by seven standard deviations and ten draws. A right answer fails one of these by chance less than once in 10^9 gradings.
The probes return roots of counts, and tokens, moved up and in half precision: this the diagnosis compares to a hundredth, so that a
mistake is known by its distribution, however it draws.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

LADDER = np.array([0.40, 0.24, 0.16, 0.10, 0.06, 0.03, 0.01])
STEEP = np.array([0.72, 0.14, 0.06, 0.04, 0.02, 0.01, 0.01])
FLAT = np.array([0.20, 0.18, 0.16, 0.14, 0.12, 0.11, 0.09])
HAND = np.array([0.5, 0.3, 0.15, 0.05])  # of the lesson
ROWS, FEW = 12_000, 500
PATIENCE = 25  # an honest loop over 36,000 rows takes its time, on a busy machine even more


def exact(p, temperature=1.0, top_k=None, top_p=None):
    """The distribution, token by token from the likeliest down; p > 0 or = 0."""
    q = np.where(p > 0, p, 0) ** (1 / temperature)
    order = np.argsort(-q, kind="stable")
    kept = list(order[: len(p) if top_k is None else top_k])
    share = q / q[kept].sum()
    if top_p is not None:
        total, nucleus = 0.0, []
        for token in kept:
            nucleus.append(token)
            total += share[token]
            if total >= top_p:
                break
        kept = nucleus
    result = np.zeros(len(p))
    result[kept] = q[kept] / q[kept].sum()
    return result


def check(student, rng, tables, dtype=torch.float64, few=False, **sampling):
    """Each row of `tables` (probabilities), its tokens shuffled and its logits shifted, against the exact distribution.

    Many copies of each row are drawn from at once; with `few` the rows as they are, again and again.
    """
    tables = np.stack([row[rng.permutation(len(row))] for row in tables])
    with np.errstate(divide="ignore"):
        logits = torch.from_numpy(np.log(tables) + rng.normal(scale=3, size=(len(tables), 1))).to(dtype)
    draw, times = (student.probe.draw_counts_of_few, FEW) if few else (student.probe.draw_counts, ROWS)
    counts = draw(logits, times, int(rng.integers(2**31)), sampling)
    said = ", ".join(f"{name}={value}" for name, value in sampling.items()) or "the defaults"
    counts = (counts.double().numpy() - 400) ** 2  # as the probe packs them; 17 draws of 5,000 are lost in packing, at most
    for row, (p, got) in enumerate(zip(tables, counts, strict=True)):
        wanted = exact(p, **sampling)
        for token in range(len(p)):
            if wanted[token] == 0:
                message = f"With {said}, a token of probability {p[token]:.2f} was drawn, which should never come."
                assert_true(got[token] == 0, message, got=f"{got[token] / times:.3f} of the draws", expected="0")
            slack = 7 * np.sqrt(times * wanted[token] * (1 - wanted[token])) + 10
            message = f"With {said}, a token of probability {p[token]:.2f} comes too often or too seldom (row {row})."
            assert_true(
                abs(got[token] - times * wanted[token]) <= slack,
                message,
                got=f"{got[token] / times:.3f} of the draws",
                expected=f"about {wanted[token]:.3f}",
            )


@graded(
    stage="value",
    weight=2,
    seconds=PATIENCE,
    hint="Without any filter the tokens come as often as the softmax of the logits says; the temperature divides the logits.",
)
def test_temperature(student, rng):
    """Temperatures 1, 0.25, 2 and 0.02, with logits that differ little: the shares of 12,000 draws."""
    check(student, rng, [LADDER, FLAT])
    check(student, rng, [LADDER, FLAT], temperature=0.25)
    check(student, rng, [LADDER, STEEP], temperature=2.0)
    close = LADDER**0.02  # to the power 50 it is the ladder again
    check(student, rng, [close / close.sum()], temperature=0.02)


@graded(
    stage="value",
    weight=2,
    seconds=PATIENCE,
    hint="The k likeliest tokens of each row stay, and their shares grow so that they add up to one.",
)
def test_top_k(student, rng):
    """top_k = 3 and top_k = 1."""
    check(student, rng, [LADDER, FLAT, STEEP], top_k=3)
    check(student, rng, [LADDER, FLAT], top_k=1)


@graded(
    stage="value",
    weight=3,
    seconds=PATIENCE,
    hint="The token that crosses the line belongs to the set: the smallest set whose sum *reaches* p. Rows have nuclei of different sizes.",
)
def test_top_p(student, rng):
    """top_p = 0.7 and 0.88 on three rows, whose nuclei have different sizes."""
    check(student, rng, [LADDER, FLAT, STEEP], top_p=0.7)
    check(student, rng, [LADDER, STEEP, FLAT], top_p=0.88)


@graded(stage="value", weight=3, seconds=PATIENCE, hint="The order: temperature, top-k, renormalise, top-p. See the second case by hand.")
def test_together(student, rng):
    """Temperature before the filters; top-p on what top-k left, renormalised; the two cases by hand."""
    assert np.allclose(exact(HAND, top_p=0.6), [0.625, 0.375, 0, 0])
    assert np.allclose(exact(HAND, top_k=2, top_p=0.6), [1, 0, 0, 0])
    check(student, rng, [HAND], top_p=0.6)
    check(student, rng, [HAND], top_k=2, top_p=0.6)
    check(student, rng, [LADDER, FLAT], temperature=2.0, top_p=0.7)
    check(student, rng, [LADDER, FLAT], temperature=0.5, top_p=0.7)
    check(student, rng, [LADDER], top_k=2, top_p=0.6)
    check(student, rng, [LADDER, FLAT], temperature=1.5, top_k=4, top_p=0.8)


@graded(stage="value", weight=1, hint="Temperature 0 means the largest logit, with nothing drawn and nothing divided by zero.")
def test_temperature_zero(student, rng):
    """Temperature 0 takes the largest logit, whatever the filters."""
    logits = torch.from_numpy(rng.normal(size=(9, 13)))
    expected = logits.argmax(dim=1)
    assert_close(student.sample_next(logits, temperature=0), expected, dtype=True)
    assert_close(student.sample_next(logits, temperature=0.0, top_k=3, top_p=0.5), expected, dtype=True)
    assert_close(student.sample_next(logits / 1000, temperature=0), expected, name="what is taken of logits that differ little", dtype=True)
    assert_close(student.sample_next(logits[:1], temperature=0), expected[:1], name="what is taken of one row", dtype=True)
    got = student.probe.draw_nothing(logits, int(rng.integers(2**31)))
    assert_close(got["tokens"], expected, name="what is taken with a generator", dtype=True)
    assert_true(all(got["untouched"]), "At temperature 0 nothing should be drawn, but a generator has moved on.")


@graded(
    stage="edge",
    weight=2,
    seconds=PATIENCE,
    hint="top_k beyond V keeps all, top_p = 1 keeps all, a tiny top_p keeps one. And a threshold belongs to its own row: (N, 1) beside (N, V), "
    "or with N = V it is taken for one of each column. Of equal tokens at the border one must stay, at least.",
)
def test_limits(student, rng):
    """top_k of V and beyond, top_p of 1 and of 0.001, one token in all, equal ones at the border, and as many rows as tokens."""
    check(student, rng, [LADDER, FLAT, STEEP] * 2 + [LADDER], few=True, top_k=3)
    check(student, rng, [LADDER, FLAT, STEEP] * 2 + [FLAT], few=True, top_p=0.7)
    check(student, rng, [LADDER, FLAT], top_k=7)
    check(student, rng, [LADDER, FLAT], top_k=50)
    check(student, rng, [LADDER, FLAT], top_p=1.0)
    check(student, rng, [LADDER, FLAT], top_p=0.001)
    check(student, rng, [np.ones(1)], top_k=2, top_p=0.5)
    for top_k, row, allowed in ((1, [1.0, 1.0, 0.0], (0, 1)), (2, [0.0, 1.0, 1.0, 2.0, 1.0], (1, 2, 3, 4))):
        logits = torch.tensor([row], dtype=torch.float64)
        strangers = student.probe.drawn_beside(logits, 300, int(rng.integers(2**31)), {"top_k": top_k}, allowed)
        assert_true(strangers == [], f"With top_k = {top_k} and the logits {row} another token was drawn.", got=strangers, expected=allowed)


@graded(
    stage="edge",
    weight=1,
    hint="Once the likelier tokens have exactly p, nobody else comes in: the set *reaches* p, it need not exceed it.",
)
def test_exactly_top_p(student, rng):
    """Tokens that have exactly top_p together are enough: one of two halves, two of four quarters."""
    for equal, top_p, enough in ((2, 0.5, 1), (4, 0.5, 2)):
        logits = torch.full((1, 5), -torch.inf, dtype=torch.float64)
        logits[0, rng.permutation(5)[:equal]] = float(rng.normal())
        got = student.probe.different_tokens(logits, 300, int(rng.integers(2**31)), {"top_p": top_p})
        message = f"Of {equal} equally likely tokens, how many stay with top_p = {top_p}?"
        assert_true(got == enough, message, got=got, expected=enough)


@graded(stage="edge", weight=1, seconds=PATIENCE, hint="A logit of -inf has probability 0, and differences of 10,000 must not overflow.")
def test_extreme_logits(student, rng):
    """Logits of -inf, of ±10,000, and float32."""
    check(student, rng, [np.array([0.5, 0.0, 0.3, 0.0, 0.2, 0.0, 0.0])], top_p=0.95)
    check(student, rng, [np.array([0.5, 0.0, 0.3, 0.0, 0.2, 0.0, 0.0])], top_k=5)
    check(student, rng, [LADDER, FLAT], dtype=torch.float32, top_k=5, top_p=0.8)
    logits = torch.tensor([[-1e4, 1e4, 0.0], [1e4, -1e4, -1e4], *[[-torch.inf, -1e4, -torch.inf]] * 20])
    for sampling in ({}, {"temperature": 0.1}, {"top_p": 0.9}):
        assert_close(student.sample_next(logits, **sampling), torch.tensor([1, 0, *[1] * 20]))


def tokens_of(drawn, shape, vocab):
    """The tokens of a draw, of which `shape` and int64 are asked."""
    said = f"shape {drawn['shape']} of {drawn['dtype'].removeprefix('torch.')}"
    assert_true(
        drawn["shape"] == shape and drawn["dtype"] == "torch.int64",
        "The result should be (N,) int64.",
        got=said,
        expected=f"shape {shape} of int64",
    )
    tokens = drawn["tokens"].double() - 1000  # as the probe packs them
    assert_true(bool(((tokens >= 0) & (tokens < vocab)).all()), "The tokens should be from 0 to V - 1.", got=tokens)
    return tokens.long()


@graded(
    stage="contract",
    weight=1,
    hint="Hand the generator to whatever draws, as it is and whatever the filters are, and give back one int64 token for each row: (N,), also if N is 1.",
)
def test_generator(student, rng):
    """Equal generators give equal draws, a generator goes on by itself and leaves PyTorch's own alone; the result is (N,) int64."""
    logits, seed = torch.from_numpy(rng.normal(size=(200, 9))), int(rng.integers(2**31))
    tokens_of(student.probe.draw_with_generator(logits[:1], seed, {})["draws"][0], (1,), 9)
    for sampling in ({}, {"top_k": 5}, {"top_p": 0.9}):
        got = student.probe.draw_with_generator(logits, seed, sampling)
        first, second, again, other = (tokens_of(drawn, (200,), 9) for drawn in got["draws"])
        said = "".join(f", with {name}={value}" for name, value in sampling.items())
        assert_true(torch.equal(first, second), f"Two calls with equal generators should draw the same tokens{said}.")
        assert_true(not torch.equal(first, other), f"Another seed of the generator should give other draws{said}.")
        assert_true(not torch.equal(second, again), f"A second call with the same generator should draw anew{said}: don't seed it again.")
        assert_true(got["untouched"], f"With a generator given, PyTorch's global randomness should not be used{said}.")


@graded(
    stage="contract",
    weight=1,
    hint="generator=None is what torch.multinomial takes for the global one: hand it on, and make no generator of your own.",
)
def test_global_generator(student, rng):
    """Without a generator PyTorch's global one is used: torch.manual_seed decides, and two calls differ."""
    got = student.probe.draw_without_generator(torch.from_numpy(rng.normal(size=(200, 9))), int(rng.integers(2**31)))
    first, again, second = (tokens_of(drawn, (200,), 9) for drawn in got["draws"])
    assert_true(not torch.equal(first, again), "Without a generator a second call should draw anew.")
    assert_true(torch.equal(first, second), "Without a generator the same torch.manual_seed should give the same draws.")


@graded(
    stage="contract",
    weight=1,
    hint="Filter a copy: an assignment into a slice of logits changes the caller's tensor. x.float() of float32 is no copy.",
)
def test_argument_unchanged(student, rng):
    """logits is not changed, neither float64 nor float32, with every filter at work."""
    drawn = torch.from_numpy(rng.normal(size=(5, 8)))
    for logits in (drawn, drawn.float()):
        allowed = logits.topk(3, dim=1).indices
        for sampling in ({"temperature": 0.5, "top_k": 3, "top_p": 0.9}, {"top_k": 2}):
            got = student.probe.draw_and_look(logits, sampling)
            tokens = tokens_of(got, (5,), 8)
            assert_true(bool((tokens.unsqueeze(1) == allowed).any(dim=1).all()), "A token outside the top 3 was drawn.", got=tokens)
            assert_unchanged([got["logits"]], [logits], names=("logits",))
