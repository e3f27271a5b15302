"""Hidden tests of the exercise `warmup_schedule`.

Oracle: the two branches of Vaswani et al. 2017, §5.3, apart, in Python's floats; the worked numbers of the docstring.
"""

import math

from autograder.suite import assert_close, assert_true, graded

# A rate computed with float32 tensors is right too: three roundings of 6e-8.
LOOSE = {"rtol": 1e-6}


def rate(step, d_model, warmup):
    """§5.3, the two branches apart."""
    if step <= warmup:
        return step / (warmup * math.sqrt(warmup * d_model))
    return 1 / math.sqrt(step * d_model)


@graded(stage="value", weight=2, hint="During warmup the smaller of the two terms is step · warmup^-1.5.")
def test_during_warmup(student, rng):
    """The rate grows in proportion to the step."""
    for _ in range(5):
        warmup, d_model = int(rng.integers(50, 5000)), int(rng.integers(3, 700))
        step = int(rng.integers(1, warmup))
        assert_close(student.warmup_learning_rate(step, d_model, warmup), rate(step, d_model, warmup), name="the rate", **LOOSE)


@graded(stage="value", weight=2, hint="After warmup the smaller of the two terms is step^-0.5.")
def test_after_warmup(student, rng):
    """The rate falls with the inverse root of the step."""
    for _ in range(5):
        warmup, d_model = int(rng.integers(50, 5000)), int(rng.integers(3, 700))
        step = int(rng.integers(warmup + 1, 20 * warmup))
        assert_close(student.warmup_learning_rate(step, d_model, warmup), rate(step, d_model, warmup), name="the rate", **LOOSE)


@graded(stage="value", weight=1, hint="Both terms are equal at step = warmup; that is the top.")
def test_the_top(student, rng):
    """The largest rate is that of step = warmup."""
    rates = [student.warmup_learning_rate(step, 64, 7) for step in range(1, 20)]
    assert_close(rates, tuple(rate(step, 64, 7) for step in range(1, 20)), name="rate", **LOOSE)
    for earlier, later in zip(rates[:6], rates[1:7], strict=True):
        assert_true(earlier < later, "The rate should grow up to step = warmup.", got=rates)
    for earlier, later in zip(rates[6:], rates[7:], strict=False):
        assert_true(earlier > later, "The rate should fall after step = warmup.", got=rates)


@graded(stage="edge", weight=1, hint="Steps count from 1: check first, and raise ValueError yourself. At 0 the formula divides by zero.")
def test_steps_below_one(student, rng):
    """Steps 0, -1 and -7 raise ValueError."""
    for step in (0, -1, -7):
        student.raises(ValueError, "warmup_learning_rate", step, 64, 100)


@graded(stage="edge", weight=1, hint="With warmup = 1 the first step is the top already.")
def test_small_numbers(student, rng):
    """The first step, warmup 1, d_model 1."""
    assert_close([student.warmup_learning_rate(step, 16, 4) for step in (1, 4, 16)], (0.03125, 0.125, 0.0625), name="rate", **LOOSE)
    for step, d_model, warmup in ((1, 1, 1), (1, 512, 4000), (4, 9, 1), (1, 1, 25), (3, 7, 3)):
        assert_close(student.warmup_learning_rate(step, d_model, warmup), rate(step, d_model, warmup), name="the rate", **LOOSE)


@graded(stage="contract", weight=1, hint="A plain float: no tensor and no rounding.")
def test_type(student, rng):
    """The result is a float."""
    got = student.warmup_learning_rate(123, 64, 100)
    assert_true(isinstance(got, float), "The rate should be a float.", got=got)
    assert_close(got, rate(123, 64, 100), name="the rate", **LOOSE)
