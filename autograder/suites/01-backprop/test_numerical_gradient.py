"""Hidden tests of the exercise `numerical_gradient`.

Oracle: derivatives by hand, and the central difference of a cubic in closed form, 3x² + h²; `f` itself notes where it is called.
"""

import numpy as np

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

# A central difference with step 1e-5 is right to about 1e-10 here (rounding: 1e-16 · |f| / step); a one-sided one only to 1e-5.
MEASURED = {"rtol": 1e-7, "atol": 1e-8}


def smooth_gradient(weights, x):
    """The derivative of Σ w sin x + (Σ w x)², by hand."""
    return weights * np.cos(x) + 2 * weights * (weights * x).sum()


@graded(stage="value", weight=3, hint="Each entry is moved alone, up and down, and put back before the next: see «Ask by poking».")
def test_matrix(student, rng):
    """The gradient of a function that couples all entries of a matrix agrees with the one computed by hand."""
    weights, x = rng.uniform(0.5, 1.5, size=(3, 5)), rng.normal(size=(3, 5))
    assert_close(student.probe.measured("smooth", weights, x), smooth_gradient(weights, x), **MEASURED)


@graded(
    stage="value",
    weight=3,
    hint="Two calls for each entry, one `step` up and one down, with the `step` that was passed in: their difference spans two steps.",
)
def test_central_difference(student, rng):
    """With a coarse step the result is the central difference, with just the error that Taylor's formula predicts."""
    weights, x = rng.uniform(0.5, 1.5, size=7), rng.normal(size=7)
    x[4] = rng.choice([-1, 1]) * rng.uniform(9, 11)  # the step does not grow with the entry
    for step in (0.1, 0.25):
        # ((x + h)³ - (x - h)³) / 2h = 3x² + h²
        assert_close(student.probe.measured("cubic", weights, x, step), weights * (3 * x**2 + step**2))


@graded(
    stage="value",
    weight=2,
    hint="`np.ndindex(x.shape)` walks over arrays of any shape, a single number of shape () included. If only the transpose fails: a copy "
    "of it lies in memory as it does, column by column, and a flattened copy of that is not the array that f is given.",
)
def test_any_shape(student, rng):
    """x may be a vector, have four axes, or be a transpose, and the gradient has its shape."""
    for shape in ((5,), (1, 3), (2, 3, 1, 5)):
        weights, x = rng.uniform(0.5, 1.5, size=shape), rng.normal(size=shape)
        assert_close(student.probe.measured("smooth", weights, x), smooth_gradient(weights, x), **MEASURED)
    weights, x = rng.uniform(0.5, 1.5, size=(2, 3)), rng.normal(size=(2, 3))
    got = student.probe.measured_transposed("smooth", weights, x)
    assert_close(got, smooth_gradient(weights, x).T, name="the gradient at a transpose", **MEASURED)


@graded(
    stage="edge",
    hint="`np.ndindex(())` gives one empty index, and `x[()]` is the entry. A number of Python has no shape: f may ask for it, and so may "
    "whoever gets the gradient.",
)
def test_single_number(student, rng):
    """x may be a single number, an array of shape (): so is the gradient, and f takes none of Python's numbers."""
    weights, x = np.array(rng.uniform(0.5, 1.5)), np.array(rng.normal())
    assert_close(student.probe.measured("smooth", weights, x), smooth_gradient(weights, x), **MEASURED)
    result = student.probe.seen_by_f(weights, x)
    gradient, seen, kinds = result if isinstance(result, tuple) and len(result) == 3 else (None, [], [])
    assert_close(gradient, 3 * weights * x**2, **MEASURED)
    axes = [place for place in seen if isinstance(place, np.ndarray) and place.ndim]
    assert_true(not axes, "f takes an array of the shape of x, which is () here; it is called with one that has an axis.", got=axes[:1])
    python = sorted({kind for kind in kinds if kind in ("float", "int")})
    assert_true(not python, f"f is called with Python's {' and '.join(python)}; it takes a float64 array of shape ().")
    assert_true(hasattr(gradient, "dtype"), "The gradient is Python's float; it should be a float64 array of shape ().", got=gradient)


@graded(stage="edge", hint="An integer array cannot hold 3.00001: what it stores is 3. Poke a float64 copy.")
def test_integers(student, rng):
    """x may hold integers; the gradient is float64."""
    weights, x = rng.uniform(0.5, 1.5, size=(2, 3)), rng.integers(-4, 5, size=(2, 3))
    # Rounding: 1e-16 · |f| / step, where |f| is up to 1300.
    assert_close(student.probe.measured("smooth", weights, x), smooth_gradient(weights, x), dtype=True, rtol=1e-6, atol=1e-6)


@graded(stage="edge", hint="A float32 number has seven digits: beside 2.5, a step of 0.00001 is lost in rounding. Poke a float64 copy.")
def test_float32(student, rng):
    """x may be float32; f is called with float64, and the gradient is float64."""
    weights, x = rng.uniform(0.5, 1.5, size=(2, 3)), (2 + rng.random(size=(2, 3))).astype(np.float32)
    expected = smooth_gradient(weights, x.astype(np.float64))
    # Rounding: 1e-16 · |f| / step, where |f| is about 200.
    assert_close(student.probe.measured("smooth", weights, x), expected, dtype=True, rtol=1e-6, atol=1e-6)


@graded(
    stage="edge", hint="How far to poke is the caller's choice; 1e-5 is what the first line of the function fixes for who doesn't choose."
)
def test_default_step(student, rng):
    """Without a third argument, x is poked by 1e-5."""
    weights, x = rng.uniform(0.5, 1.5, size=5), rng.normal(size=5)
    result = student.probe.seen_by_f(weights, x)
    gradient, seen, _ = result if isinstance(result, tuple) and len(result) == 3 else (None, [], [])
    assert_close(gradient, 3 * weights * x**2, **MEASURED)
    far = [float(np.abs(place - x).max()) for place in seen if isinstance(place, np.ndarray) and place.shape == x.shape]
    assert_close(max(far, default=0.0), 1e-5, name="how far x is poked", rtol=1e-4, atol=0.0)


@graded(stage="edge", hint="While one entry is poked, all others have their original values: is the last one put back, exactly?")
def test_one_entry_at_a_time(student, rng):
    """Whenever f is called, at most one entry differs from x."""
    weights, x = rng.uniform(0.5, 1.5, size=(2, 3)), rng.normal(size=(2, 3))
    result = student.probe.seen_by_f(weights, x)
    gradient, seen, kinds = result if isinstance(result, tuple) and len(result) == 3 else (None, [], [])
    assert_close(gradient, 3 * weights * x**2, **MEASURED)
    places = [place for place in seen if isinstance(place, np.ndarray)]
    assert_true(len(places) == len(seen) and all(p.shape == x.shape for p in places), "f is called with an array of x's shape.")
    assert_true(all(kind == "f" for kind in kinds), "f is called with an array of floats.")
    # An entry that is put back by subtracting the step is off by 1e-16, which is allowed in a copy; one that isn't, by the step, 1e-5.
    most = max((int((np.abs(p - x) > 1e-9).sum()) for p in places), default=0)
    assert_true(most <= 1, "f was called with more than one entry changed: each entry has to be put back before the next.", got=most)


@graded(stage="contract", hint="Work on a copy of x. Adding and subtracting the step again does not give back the same number: rounding.")
def test_x_unchanged(student, rng):
    """x is exactly the same afterwards, to the last digit."""
    weights, x = rng.uniform(0.5, 1.5, size=(3, 4)), rng.normal(size=(3, 4)) * 10
    result = student.probe.measured_and_x("smooth", weights, x)
    gradient, after, _ = result if isinstance(result, tuple) and len(result) == 3 else (None, None, None)
    # Rounding grows with |f|, about 1e3 here.
    assert_close(gradient, smooth_gradient(weights, x), rtol=1e-6, atol=1e-5)
    assert_unchanged((after,), (x,), ("x",))


@graded(
    stage="contract", hint="What f raises must come through. If you poke x itself, only a `finally` puts it back; a copy needs no repair."
)
def test_f_raises(student, rng):
    """When f raises an error, it comes through, and x is unchanged."""
    weights, x = rng.uniform(0.5, 1.5, size=4), rng.normal(size=4)
    for calls in (1, 2, 5, 6):
        result = student.probe.interrupted(weights, x, calls)
        came_through, after = result if isinstance(result, tuple) and len(result) == 2 else (False, None)
        assert_true(came_through is True, "The error that f raised did not come through to the caller.")
        assert_unchanged((after,), (x,), ("x",))
