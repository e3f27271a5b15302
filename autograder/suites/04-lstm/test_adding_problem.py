"""Hidden tests of the exercise `adding_problem`.

Oracle: torch's autograd and mse_loss in float64 for the loss and its gradients; the uniform distribution itself for the batches, which
are judged by what they must satisfy and by their distribution. The loss is given a small recurrence of the tests' own
(see probes.py), whose gradients torch's autograd knows: the student's LSTM has no part in it.
"""

import numpy as np
import torch

from autograder.describe import describe, describe_type
from autograder.errors import SubmissionError
from autograder.suite import assert_close, assert_results, assert_true, assert_unchanged, graded

N, T, H = 3, 5, 7
KEYS = ("w_x", "w_h", "b", "w_y", "b_y")


def examples(student, rng, n, steps):
    """x, y of one adding_batch, once their shapes are right."""
    return checked(student.probe.adding_examples(int(rng.integers(1 << 30)), n, steps), n, steps)


def checked(got, n, steps):
    """(x, y), once their types and shapes are right."""
    assert_results(got, "adding_batch", ("x", "y"))
    for name, array, shape in (("x", got[0], (n, steps, 2)), ("y", got[1], (n,))):
        right = isinstance(array, np.ndarray) and array.shape == shape and array.dtype == np.float64
        assert_true(right, f"{name} should be a float64 array of shape {shape}.", got=array)
    return got


def parts(reply, number):
    """The parts of a probe's reply."""
    if type(reply) is not tuple or len(reply) != number:
        raise SubmissionError("What came back could not be read.")
    return reply


def draw(rng, n=N, steps=T, hidden=H):
    """Random x, y and params of the little recurrence."""
    shapes = {"w_x": (2, hidden), "w_h": (hidden, hidden), "b": (hidden,), "w_y": (hidden,), "b_y": (1,)}
    return rng.normal(size=(n, steps, 2)), rng.normal(size=n), {key: rng.normal(size=shape) for key, shape in shapes.items()}


def oracle(x, y, params):
    """(loss, grads) by torch's autograd: a fading sum of the inputs, one step after the other, plus its sine after w_h."""
    p = {key: torch.tensor(value, requires_grad=True) for key, value in params.items()}
    x, y = torch.tensor(x), torch.tensor(y)
    u = torch.zeros(len(y), len(params["w_y"]), dtype=torch.float64)
    for t in range(x.shape[1]):
        u = 0.5 * u + x[:, t] @ p["w_x"] + p["b"]
    prediction = (u + torch.sin(u @ p["w_h"])) @ p["w_y"] + p["b_y"]
    loss = torch.nn.functional.mse_loss(prediction, y)
    loss.backward()
    return loss.item(), {key: p[key].grad.numpy() for key in KEYS}


def loss_and_grads(got):
    """The two parts, once there are two and the second is a dict."""
    assert_results(got, "adding_loss", ("the loss", "a dict of gradients"))
    if not isinstance(got[1], dict):
        raise SubmissionError(f"The second result of `adding_loss` should be a dict of gradients; it is {describe_type(got[1])}.")
    return got


def numbers_of(grads, params):
    """The gradients as arrays of the parameters' shapes, once they hold as many numbers."""
    for key in KEYS:
        grad = grads.get(key)
        right = isinstance(grad, np.ndarray | np.generic | float | int) and np.size(grad) == params[key].size
        right = right and np.asarray(grad).dtype.kind in "fiu"
        if not right:
            raise SubmissionError(
                f"grads[{key!r}] should hold {params[key].size} numbers, as many as params[{key!r}]; it is {describe(grad)}."
            )
    return {key: np.asarray(grads[key], dtype=float).reshape(params[key].shape) for key in KEYS}


@graded(
    stage="value",
    weight=3,
    hint="The first half of T steps has T // 2 of them, for odd T too; one mark lies there, one in the rest. See «Capstone: "
    "the adding problem».",
)
def test_two_marks(student, rng):
    """Every row has exactly two marks, one in each half."""
    for n, steps in ((40, 10), (40, 7), (1, 5)):
        x, _ = examples(student, rng, n, steps)
        marks = x[:, :, 1]
        assert_true(np.isin(marks, (0.0, 1.0)).all(), "A mark is 0 or 1.", got=marks)
        for name, half in (("first", marks[:, : steps // 2]), ("second", marks[:, steps // 2 :])):
            counts = half.sum(axis=1)
            assert_true(
                (counts == 1).all(), f"T = {steps}: the {name} half of a row should have one mark, not {counts[counts != 1][:1]}.", got=half
            )


@graded(stage="value", weight=2, hint="y adds the two marked values, nothing else: multiply values by marks, sum over time.")
def test_target(student, rng):
    """The target is the sum of the two marked values."""
    x, y = examples(student, rng, 11, 9)
    assert_true((x[:, :, 1].sum(axis=1) == 2).all(), "Every row should have two marks.", got=x[:, :, 1])
    assert_close(y, np.einsum("nt,nt->n", x[:, :, 0], x[:, :, 1]), name="y")


@graded(
    stage="edge",
    weight=2,
    hint="Every value and both positions are drawn anew for every row: values evenly from 0 to 1, each mark evenly over its half, whatever "
    "the values are. For odd T the second half is one step longer: it begins at T // 2 and ends at T - 1.",
)
def test_distribution(student, rng):
    """Values are uniform in [0, 1), and each mark is uniform over its half and independent of the values, row by row."""
    n, steps = 3000, 7
    x, _ = examples(student, rng, n, steps)
    values = np.sort(x[:, :, 0].ravel())
    assert_true(values[0] >= 0 and values[-1] < 1, "Values should lie in [0, 1).", got=values[[0, -1]])
    distance = np.abs(values - (np.arange(values.size) + 0.5) / values.size).max()
    assert_true(distance < 3.3 / np.sqrt(values.size), "The values are not spread evenly over [0, 1), or repeat.")
    assert_true(len(np.unique(values)) > 0.99 * values.size, "The same values come again and again: is one row used for the whole batch?")
    share = x[:, :, 1].mean(axis=0)
    expected = np.where(np.arange(steps) < steps // 2, 1 / (steps // 2), 1 / (steps - steps // 2))
    never = [str(k) for k in range(steps // 2, steps) if share[k] == 0]
    text = f"T = {steps}: step {' and '.join(never)} is never marked. The second half has the steps {steps // 2} to {steps - 1}, one more than the first."
    assert_true(len(never) != 1, text)
    # 3000 rows: the standard deviation of a share is 0.009, so 0.06 is more than six of them.
    off = np.abs(share - expected)
    step = int(off.argmax())
    text = f"T = {steps}: step {step} is not marked as often as the others of its half."
    often = f"in about {expected[step]:.0%} of the rows"
    assert_true(off[step] <= 0.06, text, expected=often, got=f"in {share[step]:.0%} of {n} rows")
    first, second = x[:, : steps // 2, 1].argmax(axis=1), x[:, steps // 2 :, 1].argmax(axis=1)
    assert_true(abs(np.corrcoef(first, second)[0, 1]) < 0.12, "The two marks of a row go together: draw them independently.")
    # 6000 marked values: the standard deviation of their mean is 0.004.
    marked = x[:, :, 0][x[:, :, 1] == 1].mean()
    text = "The marks do not fall on values of all sizes alike: draw the marked steps without a look at the values."
    assert_true(abs(marked - 0.5) < 0.03, text, expected="marked values with a mean of 0.5", got=f"a mean of {marked:.3f}")


@graded(stage="edge", hint="With T = 2 each half is one step, with T = 3 the halves have one and two.")
def test_shortest_sequences(student, rng):
    """T = 2 and T = 3, and a batch of one, work."""
    x, y = examples(student, rng, 1, 2)
    assert_close(x[:, :, 1], np.ones((1, 2)), name="the marks for T = 2")
    assert_close(y, x[:, :, 0].sum(axis=1), name="y")
    x, _ = examples(student, rng, 30, 3)
    assert_close(x[:, 0, 1], np.ones(30), name="the mark of step 0 for T = 3")
    assert_close(x[:, 1:, 1].sum(axis=1), np.ones(30), name="the marks of the second half for T = 3")


@graded(stage="contract", hint="Draw from rng, and from nothing else: numpy.random.rand, a new generator or a fixed seed ignore it.")
def test_seed_decides(student, rng):
    """The same seed gives the same batch, another seed or a second draw another one, and NumPy's global generator has no part in it."""
    seed, n, steps = int(rng.integers(1 << 30)), 8, 9
    first, other = (checked(student.probe.adding_examples(s, n, steps), n, steps) for s in (seed, seed + 1))
    for global_seed in (1, 2):
        again = checked(student.probe.adding_examples_beside_global_state(seed, n, steps, global_seed), n, steps)
        assert_close(again, first, names=("x", "y"), rtol=0, atol=0)
    _, second = parts(student.probe.adding_examples_twice(seed, n, steps), 2)
    second = checked(second, n, steps)
    for k, name in ((0, "values"), (1, "marks")):
        drawn = first[0][:, :, k]
        text = f"The {name} do not come from the rng that is handed over:"
        assert_true(not np.allclose(other[0][:, :, k], drawn), f"{text} they stayed the same with a generator of another seed.")
        assert_true(not np.allclose(second[0][:, :, k], drawn), f"{text} a second draw from it gave the same again.")


@graded(
    stage="value",
    weight=3,
    hint="Zero start; prediction from the last output, its product with w_y plus b_y; the mean of the squared errors. See «The model».",
)
def test_loss(student, rng):
    """The loss is the mean squared error of the prediction from the last output."""
    arguments = draw(rng)
    loss, _ = loss_and_grads(student.probe.toy_loss(*arguments))
    assert_close(loss, oracle(*arguments)[0], name="loss")


@graded(
    stage="gradient",
    weight=2,
    hint="The gradient of a prediction is twice the error over N. w_y was multiplied by the last outputs; b_y was added to "
    "every prediction. See «The gradient».",
)
def test_gradients_of_the_readout(student, rng):
    """The gradients of w_y and b_y are right."""
    arguments = draw(rng)
    _, grads = loss_and_grads(student.probe.toy_loss(*arguments))
    expected = {key: grad for key, grad in oracle(*arguments)[1].items() if key in ("w_y", "b_y")}
    assert_close({key: grads[key] for key in expected if key in grads}, expected, name="grads")


@graded(
    stage="gradient",
    weight=3,
    hint="d_h is zero at all steps but the last, where each sequence gets its own error times w_y. The last three results of "
    "backward are d_w_x, d_w_h, d_b.",
)
def test_gradients_of_the_recurrence(student, rng):
    """The gradients of w_x, w_h and b are right, and the dict has exactly the keys of params."""
    arguments = draw(rng)
    _, grads = loss_and_grads(student.probe.toy_loss(*arguments))
    expected = oracle(*arguments)[1]
    assert_true(set(grads) == set(KEYS), f"grads should have the keys {', '.join(KEYS)}.", got=list(grads))
    names = ("w_x", "w_h", "b")
    assert_close({key: grads[key] for key in names}, {key: expected[key] for key in names}, name="grads")


@graded(stage="edge", hint="Check the size of the gradients: twice the error, divided by the number of sequences once.")
def test_a_small_step_helps(student, rng):
    """A small step against the gradients lowers the loss by as much as they promise."""
    rate, (x, y, params) = 1e-6, draw(rng)
    loss, grads = loss_and_grads(student.probe.toy_loss(x, y, params))
    right_loss, right = oracle(x, y, params)
    assert_close(loss, right_loss, name="the loss before the step")
    grads = numbers_of(grads, params)
    promises = [sum((part**2).sum() for part in parts.values()) for parts in (grads, right)]
    assert_close(*promises, name="the squared length of the gradients")
    moved, right_moved = ({key: params[key] - rate * parts[key] for key in KEYS} for parts in (grads, right))
    loss, _ = loss_and_grads(student.probe.toy_loss(x, y, moved))
    assert_close(loss, oracle(x, y, right_moved)[0], name="the loss after the step")


@graded(
    stage="contract",
    hint="The network starts from zero states, a row for each sequence and a column for each unit; H is the length of w_y, whatever the "
    "widths of the other parameters. Both functions are used as they are given. See «The model».",
)
def test_zero_states(student, rng):
    """forward is handed zeros of shape (N, H) as h_0 and c_0, also by a network with parameters of width 4H."""
    for blocks in (1, 4):
        x, y, params = draw(rng)
        params.update({key: np.concatenate([params[key]] * blocks, axis=-1) for key in ("w_x", "w_h", "b")})
        starts = student.probe.toy_starts(x, y, params)
        assert_true(type(starts) is list and starts, "The function forward that was handed over is never called.")
        for name, state in zip(("h_0", "c_0"), parts(starts[0], 2), strict=True):
            text = f"forward should be handed {name} as an array of floats of shape (N, H) = {(N, H)}"
            assert_true(isinstance(state, np.ndarray) and state.shape == (N, H) and state.dtype.kind == "f", f"{text}.", got=state)
            assert_true(np.all(state == 0), f"{text}, all zero.", got=state)


@graded(stage="edge", hint="Does your code squeeze or drop an axis of length one, or take N from the wrong place?")
def test_one_of_everything(student, rng):
    """One sequence of one step and one unit: loss and gradients are right."""
    arguments = draw(rng, n=1, steps=1, hidden=1)
    assert_close(loss_and_grads(student.probe.toy_loss(*arguments)), oracle(*arguments), names=("loss", "grads"))


@graded(stage="contract", hint="Make new arrays and a new dict: writing into params or x changes what belongs to the caller.")
def test_arguments_unchanged(student, rng):
    """adding_loss does not change x, y or params."""
    x, y, params = arguments = draw(rng, hidden=9)
    _, after = parts(student.probe.toy_loss_arguments(*arguments), 2)
    x_after, y_after, params_after = parts(after, 3)
    assert_unchanged((x_after, y_after), (x, y), names=("x", "y"))
    kept = isinstance(params_after, dict) and set(params_after) == set(params)
    assert_true(kept, "The call changed the keys of its argument params: work on a copy.")
    assert_unchanged([params_after[key] for key in params], list(params.values()), names=[f"params[{key!r}]" for key in params])
