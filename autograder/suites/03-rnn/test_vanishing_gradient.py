"""Hidden tests of the exercise `vanishing_gradient`.

Oracle: torch's autograd through the recurrence itself in float64: inputs are made up that lead to the given states, and torch gives
the Jacobian of the last state with respect to each earlier one, and its largest singular value.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_unchanged, graded

T, H = 6, 5


def draw(rng, steps=T, hidden=H, radius=1.3):
    """States of all sizes, and a matrix without any symmetry."""
    return np.tanh(rng.normal(size=(steps, hidden))), radius * rng.normal(size=(hidden, hidden)) / np.sqrt(hidden)


def oracle(h, w_h):
    """The norms (T,)."""
    states, w = torch.tensor(np.asarray(h, dtype=np.float64)), torch.tensor(np.asarray(w_h, dtype=np.float64))
    pushes = torch.atanh(states[1:]) - states[:-1] @ w  # what the inputs must have added

    def last(state, t):
        for push in pushes[t:]:
            state = torch.tanh(push + state @ w)
        return state

    jacobians = [torch.autograd.functional.jacobian(lambda state, t=t: last(state, t), states[t]) for t in range(len(states))]
    return np.array([float(torch.linalg.svdvals(jacobian)[0]) for jacobian in jacobians])


@graded(
    stage="value",
    weight=3,
    hint="The factors stand in the order of time, the earliest on the left, and each has the tanh' of the later state in its columns. See «How far back can it learn?».",
)
def test_norms(student, rng):
    """The norms of all steps agree with autograd through the recurrence."""
    inputs = draw(rng)
    assert_close(student.gradient_norms(*inputs), oracle(*inputs), name="norms")


@graded(
    stage="value",
    weight=2,
    hint="With states of zero each factor is w_h itself, so the product is a power of it: of that the norm, not the power of the norm.",
)
def test_powers(student, rng):
    """With all states zero the norms are those of the powers of w_h."""
    _, w_h = draw(rng)
    expected = [np.linalg.svd(np.linalg.matrix_power(w_h, k), compute_uv=False)[0] for k in reversed(range(T))]
    assert_close(student.gradient_norms(np.zeros((T, H)), w_h), np.array(expected), name="norms")


@graded(
    stage="value",
    weight=2,
    hint="One step: column j of w_h is multiplied by one minus the square of entry j of the new state. The old state is not in it.",
)
def test_one_factor(student, rng):
    """Two states: the one factor between them, and the identity."""
    inputs = draw(rng, steps=2)
    assert_close(student.gradient_norms(*inputs), oracle(*inputs), name="norms")


@graded(
    stage="edge",
    hint="Right for more states? Then look at the last one: it depends on itself with factor 1, so the product begins as the identity.",
)
def test_one_state(student, rng):
    """A single state gives [1]; where w_h is zero, the last entry is still 1 and all others are 0."""
    h, w_h = draw(rng, steps=1)
    assert_close(student.gradient_norms(h, w_h), np.ones(1), name="norms")
    h, _ = draw(rng, steps=4, hidden=3)
    assert_close(student.gradient_norms(h, np.zeros((3, 3))), np.array([0.0, 0.0, 0.0, 1.0]), name="norms")


@graded(stage="edge", hint="Right for more units? With one unit the product is one of numbers; a norm is never negative.")
def test_one_unit(student, rng):
    """One unit with a negative weight: the norms are absolute values of products."""
    h, w_h = np.tanh(rng.normal(size=(7, 1))), np.array([[-1.7]])
    factors = 1.7 * (1 - h[1:, 0] ** 2)
    expected = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
    assert_close(student.gradient_norms(h, w_h), expected, name="norms")


@graded(stage="edge", hint="Which states does your loop look at? The way from h_t to h_T passes tanh at t + 1 and later.")
def test_first_state_is_in_no_factor(student, rng):
    """Another first state changes no norm; another last state changes them all."""
    h, w_h = draw(rng)
    others = h.copy()
    others[0] = np.tanh(rng.normal(size=H))
    assert_close(student.gradient_norms(others, w_h), oracle(h, w_h), name="norms")
    others = h.copy()
    others[-1] = np.tanh(2 * rng.normal(size=H))
    assert_close(student.gradient_norms(others, w_h), oracle(others, w_h), name="norms")


@graded(
    stage="edge",
    hint="Right for a few steps? A vanished gradient is small, not zero, and an exploded one is no error: nothing is cut off, added or "
    "stopped early.",
)
def test_tiny_and_huge_norms(student, rng):
    """Over 120 steps the norms fall to 1e-40 or grow to 1e20, and each is right to seven digits."""
    h, (rotation, _) = 0.6 * rng.choice([-1.0, 1.0], size=(120, 3)), np.linalg.qr(rng.normal(size=(3, 3)))
    for last in (1e-40, 1e20):
        factor = last ** (1 / 119)  # each step turns and stretches by this: tanh' is 0.64 everywhere
        # Relative only: the absolute tolerance is wider than these numbers. 119 products cost about as many roundings, 1e-14.
        expected = factor ** np.arange(119.0, -1.0, -1.0)
        assert_close(student.gradient_norms(h, factor / 0.64 * rotation), expected, name="norms", atol=0.0)


@graded(
    stage="edge",
    hint="Right for other states? Where all units are fully on or off, 1 - h² is zero and so is all that comes before; nothing is divided.",
)
def test_saturated_step(student, rng):
    """A step at which every unit is saturated lets nothing through: the norms before it are 0, not NaN."""
    h, w_h = draw(rng)
    expected = oracle(h, w_h)
    h[3] = np.where(rng.random(H) < 0.5, -1.0, 1.0)
    expected[:3] = 0.0
    assert_close(student.gradient_norms(h, w_h), expected, name="norms")


@graded(stage="contract", hint="Work in new arrays: neither the states nor w_h may be written into.")
def test_arguments_unchanged(student, rng):
    """The arguments are not changed."""
    inputs = draw(rng)
    call = student.run("gradient_norms", *inputs)
    assert_unchanged(call.arguments, inputs, names=("h", "w_h"))


@graded(stage="contract", hint="Right with floats? Then it is the dtype: norms are fractions, and a long product of integers overflows.")
def test_integers(student, rng):
    """Integers in h and w_h are accepted and give float64, over 45 steps too."""
    w_h = rng.integers(-2, 3, size=(H, H)) + 6 * np.eye(H, dtype=int)  # the 44th power is beyond int64
    expected = [np.linalg.svd(np.linalg.matrix_power(w_h.astype(float), k), compute_uv=False)[0] for k in reversed(range(45))]
    assert_close(student.gradient_norms(np.zeros((45, H), dtype=int), w_h), np.array(expected), name="norms", dtype=True)
