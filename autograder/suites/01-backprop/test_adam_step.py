"""Hidden tests of the exercise `adam_step`.

Oracle: `torch.optim.adam.adam` from the same state, and the length of a first step, which is lr.
"""

import numpy as np
import torch
from torch.optim.adam import adam

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

NAMES = ("param", "m", "v")


def by_torch(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """One step of PyTorch's Adam from the given state: what its class `Adam` calls, without the second that its first use takes."""
    weight, slope, first, second = (torch.tensor(np.asarray(a, dtype=float)) for a in (param, grad, m, v))
    constants = {"beta1": betas[0], "beta2": betas[1], "lr": lr, "eps": eps, "weight_decay": 0.0, "amsgrad": False, "maximize": False}
    adam([weight], [slope], [first], [second], [], [torch.tensor(float(t - 1))], foreach=False, **constants)
    return weight.numpy(), first.numpy(), second.numpy()


def pick(got, place):
    """One of the three results."""
    assert_true(isinstance(got, tuple | list) and len(got) == 3, "The result is the tuple param, m, v.", got=got)
    return got[place]


def state(rng, shape=(3, 5)):
    """param, grad, m, v in the middle of a training."""
    return rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=shape) * 0.3, rng.uniform(0.1, 1.0, size=shape)


@graded(
    stage="value",
    weight=3,
    hint="Both averages, both corrections with the number of the step, then the step itself: follow the formulas in order.",
)
def test_several_steps(student, rng):
    """Five steps from zero, each fed with the results of the one before, agree with PyTorch."""
    param = wanted = rng.normal(size=(3, 5))
    m, v = np.zeros((3, 5)), np.zeros((3, 5))
    m_wanted, v_wanted = m, v
    for t in range(1, 6):
        grad = rng.normal(size=(3, 5))
        got = student.adam_step(param, grad, m, v, t)
        wanted, m_wanted, v_wanted = by_torch(wanted, grad, m_wanted, v_wanted, t)
        assert_close(got, (wanted, m_wanted, v_wanted), names=[f"{name} after step {t}" for name in NAMES])
        param, m, v = got


@graded(
    stage="value",
    weight=2,
    hint="Without the corrections the first step is much too long. With them m̂ is the gradient itself and √v̂ its size.",
)
def test_first_step(student, rng):
    """The first step moves every weight by lr against the sign of its gradient, whatever the gradient's size."""
    param, grad = rng.normal(size=7), rng.choice([-1, 1], size=7) * 10.0 ** rng.integers(-3, 4, size=7)
    got = student.adam_step(param, grad, np.zeros(7), np.zeros(7), 1, lr=0.05)
    # eps = 1e-8 beside |grad| ≥ 1e-3 changes the step by up to 1e-5 of itself.
    assert_close(pick(got, 0), param - 0.05 * np.sign(grad), name="param", rtol=0.0, atol=1e-6)


@graded(
    stage="value",
    weight=2,
    hint="Return m and v without the correction: it is made afresh in each step. And the gradient goes in as it is, however large.",
)
def test_averages(student, rng):
    """m and v are the plain running averages of the gradient and of its square."""
    param, grad, m, v = state(rng)
    grad[1, 2] = 5e3
    got = student.adam_step(param, grad, m, v, 4, betas=(0.7, 0.95))
    assert_close(pick(got, 1), 0.7 * m + 0.3 * grad, name="m")
    assert_close(pick(got, 2), 0.95 * v + 0.05 * grad * grad, name="v")


@graded(stage="value", weight=2, hint="Every setting is an argument: the learning rate, both betas, the number of the step.")
def test_other_settings(student, rng):
    """Other betas, another learning rate, late steps."""
    for t, betas in ((2, (0.6, 0.95)), (7, (0.8, 0.9)), (1000, (0.9, 0.999))):
        param, grad, m, v = state(rng)
        settings = {"lr": 0.03, "betas": betas}
        assert_close(student.adam_step(param, grad, m, v, t, **settings), by_torch(param, grad, m, v, t, **settings), names=NAMES)


@graded(stage="value", weight=2, hint="ε is added to the root of v̂, outside the root, after the correction.")
def test_epsilon(student, rng):
    """With tiny gradients ε decides: it stands outside the root, beside the corrected v̂."""
    for t, eps in ((1, 1e-2), (3, 1e-3), (9, 0.1)):
        param, grad, m, v = state(rng)
        grad, m, v = grad * 1e-3, m * 1e-3, v * 1e-6
        settings = {"lr": 0.1, "eps": eps}
        assert_close(student.adam_step(param, grad, m, v, t, **settings), by_torch(param, grad, m, v, t, **settings), names=NAMES)


@graded(
    stage="edge",
    hint="ε keeps the division from being 0/0. Where only this step's gradient is 0, both averages still fade, and m still moves the weight.",
)
def test_zero_gradient(student, rng):
    """A weight whose gradients were always zero stays where it is; one whose gradient is zero now still follows its averages."""
    param, grad, m, v = state(rng)
    zero, late = np.zeros_like(v), 100_000  # so late that the corrections are 1
    grad[0] = 0
    assert_close(student.adam_step(param, grad, m, v, late), by_torch(param, grad, m, v, late), names=NAMES)
    v = np.where(grad == 0, 0.0, v)
    assert_close(student.adam_step(param, zero, zero, v, late), by_torch(param, zero, zero, v, late), names=NAMES)


@graded(stage="edge", hint="Nothing in the formulas depends on the shape. With integers, make no array of their dtype for the results.")
def test_shapes_and_integers(student, rng):
    """Arrays of shape () and (1,), and weights that are integers."""
    for shape in ((), (1,)):
        arrays = tuple(np.array(a) for a in state(rng, shape))
        assert_close(student.adam_step(*arrays, 2, lr=0.1), by_torch(*arrays, 2, lr=0.1), names=NAMES)
    param, grad, zero = rng.integers(-3, 4, size=5), rng.integers(1, 4, size=5), np.zeros(5, dtype=int)
    assert_close(student.adam_step(param, grad, zero, zero, 1, lr=0.1), by_torch(param, grad, zero, zero, 1, lr=0.1), names=NAMES)


@graded(stage="contract", hint="`m *= …` and `param -= …` change the arrays of the caller: write m = … instead.")
def test_arguments_unchanged(student, rng):
    """The four arrays that come in are not changed."""
    before = state(rng)
    call = student.run("adam_step", *before, 3)
    assert_unchanged(call.arguments[:4], before, ("param", "grad", "m", "v"))
