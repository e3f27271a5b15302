"""Hidden tests of the exercise `adamw_groups`.

Oracle: AdamW step by step in NumPy (Loshchilov & Hutter 2019, algorithm 2); torch's CosineAnnealingLR for the half cosine.
"""

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, graded

#: the parameters of the hidden model by their number of axes; readout.weight is embedding.weight; and one is frozen
MATRICES = (
    "embedding.weight", "inner.0.0.weight", "inner.0.2.weight", "filter.weight", "weighted_bias", "twin", "row", "position_embedding.weight",
)  # fmt: skip
VECTORS = (
    "inner.0.0.bias", "inner.0.1.weight", "inner.0.1.bias", "filter.bias", "scale", "readout.bias", "final_norm.weight", "final_norm.bias",
)  # fmt: skip
FROZEN = "frozen"


def half_cosine(step, length, peak, floor):
    """torch's own schedule after `step` of `length` steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, length, eta_min=floor)
    for _ in range(step):
        optimizer.step()
        schedule.step()
    return float(schedule.get_last_lr()[0])


def settings(student, lr=0.01, weight_decay=0.3):
    got = student.probe.optimizer_groups(lr, weight_decay)
    assert_true(got["adamw"], "configure_adamw should return a torch.optim.AdamW.", got=got["type"])
    return got


@graded(stage="value", weight=2, hint="Matrices, embeddings and filters decay. Count axes; names deceive.")
def test_matrices_decay(student, rng):
    """Parameters with two axes or more decay."""
    decay = float(rng.uniform(0.1, 0.5))
    got = settings(student, weight_decay=decay)["settings"]
    for name in MATRICES:
        assert_true(name in got, f"{name} is in no group: it would never be trained.")
        assert_true(got[name][0][0] == decay, f"The weight decay of {name} is wrong.", got=got[name][0][0], expected=decay)


@graded(stage="value", weight=2, hint="Biases and the gains of norms have one axis: they don't decay.")
def test_vectors_do_not_decay(student, rng):
    """Parameters with one axis don't decay."""
    got = settings(student, weight_decay=float(rng.uniform(0.1, 0.5)))["settings"]
    for name in VECTORS:
        assert_true(name in got, f"{name} is in no group: it would never be trained.")
        assert_true(got[name][0][0] == 0, f"The weight decay of {name} should be 0.", got=got[name][0][0])


@graded(
    stage="value",
    weight=2,
    hint="AdamW pulls at the weight, not at the gradient; torch.optim.Adam with weight_decay does something else. All other settings stay as they are.",
)
def test_two_steps(student, rng):
    """Two steps with given gradients agree with AdamW done by hand."""
    lr, decay = float(rng.uniform(0.01, 0.05)), float(rng.uniform(0.2, 0.6))
    shapes = ((2, 3), (2,), (2,), (2,))
    steps = [[torch.from_numpy(rng.normal(size=shape)) for shape in shapes] for _ in range(2)]
    for gradient in steps[1]:
        gradient.view(-1)[0] = 0.0  # where the gradient vanishes, v shrinks
    expected = []
    for number, (shape, gradients) in enumerate(zip(shapes, zip(*steps, strict=True), strict=True)):
        w = np.arange(np.prod(shape)).reshape(shape) + number + 1.0
        m = v = np.zeros(shape)
        for t, g in enumerate((gradient.numpy() for gradient in gradients), 1):
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            pull = decay if len(shape) > 1 else 0.0
            w = w - lr * pull * w - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        expected.append(torch.from_numpy(w))
    got, defaults = student.probe.optimizer_step(lr, decay, steps), torch.optim.AdamW([torch.zeros(1)]).defaults
    for settings_of_group in got["settings"]:
        for name, value in settings_of_group.items():
            assert_true(value == defaults[name], f"{name} should stay as AdamW has it by default.", got=value, expected=defaults[name])
    assert_close(tuple(got["parameters"]), tuple(expected), names=("linear.weight", "linear.bias", "norm.weight", "norm.bias"))


@graded(stage="value", weight=3, hint="Three cases: a straight line, half a cosine from step warmup to step total, the floor.")
def test_schedule(student, rng):
    """The schedule at many steps, with a warm-up; for peaks near 1, and small as they are in use."""
    warmup, total = int(rng.integers(7, 20)), int(rng.integers(60, 120))
    for unit in (1.0, 3e-4):
        peak, floor = unit * float(rng.uniform(0.5, 2)), unit * float(rng.uniform(0.05, 0.3))
        third = (2 * warmup + total) // 3  # where straight lines, quarters of a cosine and the like are far from the right rate
        for step in (third, total - 1, total - 2, (warmup + total) // 2, warmup + 1, warmup, warmup - 1, warmup // 2, 1):
            expected = peak * step / warmup if step < warmup else half_cosine(step - warmup, total - warmup, peak, floor)
            name = f"the rate at step {step} of {total}, warm-up {warmup}, peak {peak:.3g},"
            # a cosine in float32 will do
            assert_close(student.cosine_schedule(step, warmup, total, peak, floor), expected, name=name, rtol=1e-5, atol=1e-6 * unit)


@graded(stage="edge", weight=1, hint="Step 0, no warm-up at all, the last step and steps far beyond it; a floor of 0.")
def test_schedule_ends(student, rng):
    """Step 0, a warm-up of 0, and steps from total on."""
    peak = float(rng.uniform(0.5, 2))
    for arguments, expected in (
        ((0, 10, 50, peak, 0.1), 0.0),
        ((0, 0, 50, peak, 0.1), peak),
        ((25, 0, 50, peak, 0.0), peak / 2),
        ((50, 10, 50, peak, 0.1), 0.1),
        ((51, 10, 50, peak, 0.1), 0.1),
        ((90, 10, 50, peak, 0.1), 0.1),
        ((1000, 0, 50, peak, 0.0), 0.0),
    ):
        got = student.cosine_schedule(*arguments)
        assert_close(got, expected, name=f"cosine_schedule{arguments}", rtol=1e-5, atol=1e-6)
        assert_true(not torch.is_tensor(got), "The rate should be a float, not a tensor.", got=got)


@graded(
    stage="edge",
    weight=1,
    hint="A tied weight has two names and is one parameter: model.parameters() gives it once. It also gives those that are frozen for now.",
)
def test_each_parameter_once(student, rng):
    """Every parameter is in the optimizer exactly once, shared, frozen and equal ones too; there are two groups and nothing else."""
    got = settings(student)
    for name in (*MATRICES, *VECTORS, FROZEN):
        times = len(got["settings"].get(name, []))
        which = " (requires_grad is False)" if name == FROZEN else ""
        assert_true(times == 1, f"{name}{which} should be in the optimizer once.", got=times, expected=1)
    assert_true(got["groups"] == 2, "The parameters should be in two groups.", got=got["groups"], expected=2)
    assert_true(got["strangers"] == 0, "The optimizer holds tensors that are no parameters of the model.", got=got["strangers"])


@graded(
    stage="contract",
    weight=1,
    hint="The learning rate holds for both groups, and there are two with a weight decay of 0, too; making an optimizer changes no parameter.",
)
def test_learning_rate(student, rng):
    """Without weight decay there are two groups all the same, both have the learning rate, and no parameter is changed."""
    lr = float(rng.uniform(1e-4, 1e-1))
    got = settings(student, lr=lr, weight_decay=0.0)
    assert_true(got["groups"] == 2, "The parameters should be in two groups, with weight_decay = 0, too.", got=got["groups"], expected=2)
    for name, found in got["settings"].items():
        assert_true(found[0][1] == lr, f"The learning rate of {name} is wrong.", got=found[0][1], expected=lr)
    assert_true(got["unchanged"], "configure_adamw changed the parameters.")
