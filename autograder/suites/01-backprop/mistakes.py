"""Wrong answers to the exercises of back-propagation that students really write."""

from autograder.catalogue import Mistake

NUMERICAL_GRADIENT = [
    Mistake(
        "numerical-gradient-one-sided",
        exercise="numerical_gradient",
        name="The difference is one-sided: f(x + h) − f(x), instead of f(x + h) − f(x − h)",
        hint="Poke to both sides: then the error shrinks with h² instead of h. See «Ask by poking».",
        change=[("x[index] = centre - step", "x[index] = centre"), ("/ (2 * step)", "/ step")],
    ),
    Mistake(
        "numerical-gradient-one-sided-from-before",
        exercise="numerical_gradient",
        name="The difference is one-sided: f(x + h) − f(x), instead of f(x + h) − f(x − h)",
        hint="Poke to both sides: then the error shrinks with h² instead of h. See «Ask by poking».",
        change=[
            ("    for index in", "    below = f(x)\n    for index in"),
            ("        x[index] = centre - step\n        below = f(x)\n", ""),
            ("/ (2 * step)", "/ step"),
        ],
    ),
    Mistake(
        "numerical-gradient-one-sided-from-here",
        exercise="numerical_gradient",
        name="The difference is one-sided: f(x + h) − f(x), instead of f(x + h) − f(x − h)",
        hint="Poke to both sides: then the error shrinks with h² instead of h. See «Ask by poking».",
        change=[
            ("        x[index] = centre + step\n", "        below = f(x)\n        x[index] = centre + step\n"),
            ("        x[index] = centre - step\n        below = f(x)\n", ""),
            ("/ (2 * step)", "/ step"),
        ],
    ),
    Mistake(
        "numerical-gradient-not-restored",
        exercise="numerical_gradient",
        name="An entry is not put back before the next one is poked",
        hint="Every entry is poked with all others at their original values.",
        change=[("        x[index] = centre\n", "")],
    ),
    Mistake(
        "numerical-gradient-divides-by-step",
        exercise="numerical_gradient",
        name="The difference is divided by one step, although it spans two",
        hint="From x − h to x + h it is 2h.",
        change=[("/ (2 * step)", "/ step")],
    ),
    Mistake(
        "numerical-gradient-integers-truncate",
        exercise="numerical_gradient",
        name="x keeps its dtype, and so does the result: with integers the poke is cut off, and so are the fractions of the gradient",
        hint="An integer array cannot hold 3.00001. Poke a copy of x in float64, and make the result float64, too. See hint 2.",
        change=[("np.array(x, dtype=np.float64)", "np.array(x)")],
    ),
    Mistake(
        "numerical-gradient-result-of-integers",
        exercise="numerical_gradient",
        name="With integer x the result has integers, too: its fractions are cut off",
        hint="`np.zeros_like(x)` takes over x's dtype. The result is float64.",
        change=[
            ("    x = np.array(x, dtype=np.float64)", "    given, x = x, np.array(x, dtype=np.float64)"),
            ("np.zeros_like(x)", "np.zeros_like(given)"),
        ],
    ),
    Mistake(
        "numerical-gradient-integers-not-poked",
        exercise="numerical_gradient",
        name="x keeps its dtype: with integers the poke is cut off, with float32 it is lost in rounding",
        hint="An integer array cannot hold 3.00001. Poke a copy of x in float64. See hint 2.",
        change=[("np.array(x, dtype=np.float64)", "np.array(x)"), ("np.zeros_like(x)", "np.zeros(x.shape)")],
    ),
    Mistake(
        "numerical-gradient-keeps-float32",
        exercise="numerical_gradient",
        name="Only integers are made float64: float32 stays, and rounding swallows the poke",
        hint="f takes a float64 array, whatever x is.",
        change=[("np.array(x, dtype=np.float64)", "np.array(x, dtype=None if x.dtype.kind == 'f' else float)")],
    ),
    Mistake(
        "numerical-gradient-other-default",
        exercise="numerical_gradient",
        name="The step that is taken if none is given is not 1e-5",
        hint="The first line of the function fixes it: leave it as it stands. See the valley in the figure.",
        change=[("step: float = 1e-5", "step: float = 1e-7")],
    ),
    Mistake(
        "numerical-gradient-relative-step",
        exercise="numerical_gradient",
        name="The step grows with the entry: it is multiplied by |x|",
        hint="Each entry moves by `step` itself, up and down.",
        change=[
            ("        centre = x[index]\n", "        centre = x[index]\n        h = step * max(1.0, abs(centre))\n"),
            ("centre + step", "centre + h"),
            ("centre - step", "centre - h"),
            ("/ (2 * step)", "/ (2 * h)"),
        ],
    ),
    Mistake(
        "numerical-gradient-one-axis-only",
        exercise="numerical_gradient",
        name="Only vectors work: for a matrix, whole rows are poked at once",
        hint="`np.ndindex(x.shape)` visits every entry of an array of any shape.",
        change=[("np.ndindex(x.shape)", "range(len(x))")],
    ),
    Mistake(
        "numerical-gradient-pokes-a-flat-copy",
        exercise="numerical_gradient",
        name="For a transpose, a flattened copy is poked, and f is given an array that never changes",
        hint="`ravel` and `reshape(-1)` give a view only where the entries lie row by row in memory. `np.ndindex(x.shape)` needs neither.",
        change=[
            ("np.zeros_like(x)\n", "np.zeros_like(x)\n    flat, slopes = x.ravel(), gradient.ravel()\n"),
            ("np.ndindex(x.shape)", "range(x.size)"),
            ("centre = x[index]", "centre = flat[index]"),
            ("x[index] = centre + step", "flat[index] = centre + step"),
            ("x[index] = centre - step", "flat[index] = centre - step"),
            ("        x[index] = centre\n", "        flat[index] = centre\n"),
            ("gradient[index] =", "slopes[index] ="),
        ],
    ),
    Mistake(
        "numerical-gradient-pokes-the-callers-array",
        exercise="numerical_gradient",
        name="The caller's own array is poked, and stays changed when f raises an error",
        hint="`np.asarray` makes no copy of a float64 array. A copy needs no repair.",
        change=[("np.array(x, dtype=np.float64)", "np.asarray(x, dtype=np.float64)")],
    ),
    Mistake(
        "numerical-gradient-drifts",
        exercise="numerical_gradient",
        name="x is moved by adding and subtracting the step, which leaves a rounding error in it",
        hint="Remember the entry's value, and put that back.",
        change=[
            ("x = np.array(x, dtype=np.float64)", "x = np.asarray(x, dtype=np.float64)"),
            ("x[index] = centre + step", "x[index] += step"),
            ("x[index] = centre - step", "x[index] -= 2 * step"),
            ("        x[index] = centre\n", "        x[index] += step\n"),
        ],
    ),
    Mistake(
        "numerical-gradient-single-number-as-float",
        exercise="numerical_gradient",
        name="A single number, of shape (), is given to f as Python's float, and the gradient is one, too",
        hint="f takes an array, and gives a number; the gradient is an array again. `np.ndindex` needs no case of its own for the shape ().",
        change=[
            (
                "    gradient = np.zeros_like(x)",
                "    if x.ndim == 0:\n        return (f(float(x) + step) - f(float(x) - step)) / (2 * step)\n    gradient = np.zeros_like(x)",
            )
        ],
    ),
    Mistake(
        "numerical-gradient-single-number-with-an-axis",
        exercise="numerical_gradient",
        name="f gets a single number as an array with one axis",
        hint="f takes an array of x's shape, which is () there, and may rely on it.",
        change=[
            ("x = np.array(x, dtype=np.float64)", "shape = np.shape(x)\n    x = np.atleast_1d(np.array(x, dtype=np.float64))"),
            ("return gradient", "return gradient.reshape(shape)"),
        ],
    ),
    Mistake(
        "numerical-gradient-all-at-once",
        exercise="numerical_gradient",
        name="All entries are poked at once, so each place of the result holds the sum of all derivatives",
        hint="A partial derivative moves one entry and holds the others still.",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype=np.float64)
    return np.full(x.shape, (f(x + step) - f(x - step)) / (2 * step))
""",
    ),
    Mistake(
        "numerical-gradient-ignores-step",
        exercise="numerical_gradient",
        name="The argument `step` is ignored",
        hint="How far to poke is the caller's choice; 1e-5 is only the default.",
        change=[("    gradient = np.zeros_like(x)", "    step = 1e-5\n    gradient = np.zeros_like(x)")],
    ),
    Mistake(
        "numerical-gradient-wrong-sign",
        exercise="numerical_gradient",
        name="The difference is taken the wrong way round, so every sign is wrong",
        hint="Up minus down.",
        change=[("(above - below)", "(below - above)")],
    ),
    Mistake(
        "numerical-gradient-swallows-errors",
        exercise="numerical_gradient",
        name="What f raises is caught and does not reach the caller",
        hint="An error of f is the caller's business: let it through.",
        change=[
            ("        above = f(x)", "        try:\n            above = f(x)\n        except Exception:\n            return gradient"),
            ("        below = f(x)", "        try:\n            below = f(x)\n        except Exception:\n            return gradient"),
        ],
    ),
]

LINEAR = [
    Mistake(
        "linear-bias-gradient-not-summed",
        exercise="linear",
        name="d_b is not summed over the batch",
        hint="b is added to every row, so every row sends a gradient back to it. See «Who used b?».",
        change=[("d_b = d_out.sum(axis=0)", "d_b = d_out")],
    ),
    Mistake(
        "linear-bias-gradient-averaged",
        exercise="linear",
        name="d_b is the mean over the batch instead of the sum",
        hint="An average belongs to the loss. If there is one, it is inside d_out already.",
        change=[("d_out.sum(axis=0)", "d_out.mean(axis=0)")],
    ),
    Mistake(
        "linear-gradients-averaged",
        exercise="linear",
        name="The gradients are divided by N",
        hint="An average belongs to the loss. If there is one, it is inside d_out already.",
        change=[("d_w = x.T @ d_out", "d_w = x.T @ d_out / len(x)"), ("d_out.sum(axis=0)", "d_out.mean(axis=0)")],
    ),
    Mistake(
        "linear-weight-gradient-transposed",
        exercise="linear",
        name="d_w is transposed",
        hint="d_w has the shape of w, (D, K): inputs down, outputs across.",
        change=[("x.T @ d_out", "d_out.T @ x")],
    ),
    Mistake(
        "linear-weight-gradient-reshaped",
        exercise="linear",
        name="d_w is computed transposed and then reshaped to fit: right shape, entries in the wrong places",
        hint="reshape keeps the order of the entries in memory; a transpose exchanges the axes.",
        change=[("x.T @ d_out", "(d_out.T @ x).reshape(w.shape)")],
    ),
    Mistake(
        "linear-weight-gradient-averaged",
        exercise="linear",
        name="d_w is divided by N",
        hint="An average belongs to the loss. If there is one, it is inside d_out already.",
        change=[("x.T @ d_out", "x.T @ d_out / len(x)")],
    ),
    Mistake(
        "linear-weights-not-transposed",
        exercise="linear",
        name="d_x uses w untransposed",
        hint="Going back, the sum runs over the outputs k: the last index of d_out meets the last index of w.",
        change=[("d_out @ w.T", "d_out @ w")],
    ),
    Mistake(
        "linear-reshape-for-transpose",
        exercise="linear",
        name="w is reshaped instead of transposed: right shape, entries in the wrong places",
        hint="reshape keeps the order of the entries in memory; a transpose exchanges the axes.",
        change=[("d_out @ w.T", "d_out @ w.reshape(w.shape[::-1])")],
    ),
    Mistake(
        "linear-bias-gradient-wrong-axis",
        exercise="linear",
        name="d_b is summed over the outputs instead of over the batch",
        hint="One number for each output k is left: the sum runs over the rows n.",
        change=[("d_out.sum(axis=0)", "d_out.sum(axis=1)")],
    ),
    Mistake(
        "linear-bias-gradient-keeps-axis",
        exercise="linear",
        name="d_b has the shape (1, K) instead of (K,)",
        hint="A gradient has the shape of its own array, and b is (K,).",
        change=[("d_out.sum(axis=0)", "d_out.sum(axis=0, keepdims=True)")],
    ),
    Mistake(
        "linear-no-bias",
        exercise="linear",
        name="The bias is left out of the output",
        hint="out = x w + b.",
        change=[("return x @ w + b", "return x @ w")],
    ),
    Mistake(
        "linear-order-of-results",
        exercise="linear",
        name="The gradients come back in another order than d_x, d_w, d_b",
        hint="The docstring fixes the order.",
        change=[("return d_x, d_w, d_b", "return d_w, d_x, d_b")],
    ),
    Mistake(
        "linear-bias-subtracted",
        exercise="linear",
        name="The bias is subtracted instead of added",
        hint="out = x w + b.",
        change=[("return x @ w + b", "return x @ w - b")],
    ),
    Mistake(
        "linear-integer-results",
        exercise="linear",
        name="Results are put into arrays of x's dtype: with integers in x, the fractions of d_x are cut off",
        hint="`np.zeros_like(x)` takes over x's dtype. See the last line about x in the docstring.",
        change=[("    d_x = d_out @ w.T", "    d_x = np.zeros_like(x)\n    d_x[...] = d_out @ w.T")],
    ),
    Mistake(
        "linear-changes-d-out",
        exercise="linear",
        name="d_out, an array of the caller, is changed",
        hint="`/=` and `*=` work in place.",
        change=[("d_x = d_out @ w.T", "d_out /= len(x)\n    d_x = d_out @ w.T")],
    ),
]

CHECK_LINEAR = [
    Mistake(
        "check-linear-only-shapes",
        exercise="check_linear",
        name="Only the shapes are looked at",
        hint="Zeros have the right shapes too. Compare the numbers.",
        change=[(" and np.allclose(other, mine, rtol=1e-8, atol=1e-9)", "")],
    ),
    Mistake(
        "check-linear-all-ones",
        exercise="check_linear",
        name="All sizes are equal, and all numbers are ones",
        hint="With ones, a wrong transpose gives the right numbers. Draw them at random, with N, D and K different.",
        code="""\
def check_linear(f):
    ones = np.ones((3, 3))
    try:
        d_x, d_w, d_b = f(ones, ones, ones)
        return all(np.array_equal(a, b) for a, b in ((d_x, 3 * ones), (d_w, 3 * ones), (d_b, 3 * np.ones(3))))
    except Exception:
        return False
""",
    ),
    Mistake(
        "check-linear-upstream-of-ones",
        exercise="check_linear",
        name="d_out is always ones",
        hint="A formula that forgot d_out is right for ones. Draw d_out at random.",
        change=[("d_out = rng.normal(size=(n, k))", "d_out = np.ones((n, k))")],
    ),
    Mistake(
        "check-linear-loose-tolerance",
        exercise="check_linear",
        name="Differences of 0.1 are accepted",
        hint="Rounding is of the order of 1e-16. One per cent is a mistake.",
        change=[("rtol=1e-8, atol=1e-9", "rtol=0.1, atol=0.1")],
    ),
    Mistake(
        "check-linear-exact-equality",
        exercise="check_linear",
        name="Numbers with fractions are compared by ==",
        hint="A sum in another order differs in its last digits. Accept rounding.",
        code="""\
def check_linear(f):
    rng = np.random.default_rng(3)
    for n, d, k in ((5, 3, 7), (2, 3, 3), (1, 4, 2), (3, 1, 5), (4, 2, 1)):
        for x in (rng.normal(size=(n, d)), rng.integers(-4, 5, size=(n, d))):
            w, d_out = rng.normal(size=(d, k)), rng.normal(size=(n, k))
            expected = d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)
            try:
                got = f(d_out.copy(), x.copy(), w.copy())
                if len(got) != 3 or not all(np.array_equal(a, b) for a, b in zip(got, expected)):
                    return False
            except Exception:
                return False
    return True
""",
    ),
    Mistake(
        "check-linear-one-row",
        exercise="check_linear",
        name="Every batch has one row",
        hint="For N = 1 a mean over the batch is the same as a sum.",
        change=[("((4, 3, 2), (2, 3, 3), (1, 2, 3), (3, 1, 2), (3, 2, 1))", "((1, 3, 2), (1, 3, 3), (1, 2, 3), (1, 1, 2), (1, 2, 1))")],
    ),
    Mistake(
        "check-linear-lets-exceptions-through",
        exercise="check_linear",
        name="Most errors that f raises come through",
        hint="What f raises is f's fault: the answer is False.",
        change=[("except Exception:", "except TypeError:")],
    ),
    Mistake(
        "check-linear-always-true",
        exercise="check_linear",
        name="The answer is always True",
        hint="Show your test something wrong, and see it fail.",
        code="""\
def check_linear(f):
    try:
        f(np.ones((2, 3)), np.ones((2, 4)), np.ones((4, 3)))
    except Exception:
        pass
    return True
""",
    ),
    Mistake(
        "check-linear-always-false",
        exercise="check_linear",
        name="The answer is always False",
        hint="A test that rejects everything has not found the right ones either.",
        change=[("return False\n    return True", "return False\n    return False")],
    ),
    Mistake(
        "check-linear-ignores-bias",
        exercise="check_linear",
        name="The third result, d_b, is not looked at",
        hint="Three results, three comparisons.",
        change=[("zip((d_x, d_w, d_b), got)", "zip((d_x, d_w), got)")],
    ),
    Mistake(
        "check-linear-ignores-d-x",
        exercise="check_linear",
        name="The first result, d_x, is not looked at",
        hint="Three results, three comparisons.",
        change=[("zip((d_x, d_w, d_b), got)", "zip((d_w, d_b), got[1:])")],
    ),
    Mistake(
        "check-linear-ignores-d-w",
        exercise="check_linear",
        name="The second result, d_w, is not looked at",
        hint="Three results, three comparisons.",
        change=[("zip((d_x, d_w, d_b), got)", "zip((d_x, d_b), got[::2])")],
    ),
    Mistake(
        "check-linear-compares-sums",
        exercise="check_linear",
        name="Only the shapes and the sums of the entries are compared",
        hint="Entries in the wrong places add up to the same sum. Compare entry by entry.",
        change=[("np.allclose(other, mine, rtol=1e-8, atol=1e-9)", "np.isclose(np.sum(other), mine.sum(), rtol=1e-8, atol=1e-9)")],
    ),
    Mistake(
        "check-linear-ignores-changes",
        exercise="check_linear",
        name="It does not look whether f has changed its arguments",
        hint="«With no argument changed» is a promise, too. Keep what you handed over, and compare it with what it was.",
        change=[("right = right and np.array_equal(before, after)", "right = right and np.shape(before) == np.shape(after)")],
    ),
    Mistake(
        "check-linear-tuples-only",
        exercise="check_linear",
        name="It accepts a tuple only, and rejects a list of the three arrays",
        hint="The docstring says which styles are right: a tuple or a list.",
        change=[("right = len(got) == 3", "right = isinstance(got, tuple) and len(got) == 3")],
    ),
    Mistake(
        "check-linear-broadcasts",
        exercise="check_linear",
        name="The shapes are not compared, so (1, K) passes for (K,)",
        hint="`np.allclose` broadcasts. Compare the shapes first.",
        change=[("np.shape(other) == mine.shape and ", "")],
    ),
    Mistake(
        "check-linear-no-integers",
        exercise="check_linear",
        name="x never holds integers",
        hint="The docstring of linear_backward allows integers in x. See the last line of the table.",
        change=[("(rng.normal(size=(n, d)), rng.integers(-4, 5, size=(n, d)))", "(rng.normal(size=(n, d)),)")],
    ),
    Mistake(
        "check-linear-no-size-of-one",
        exercise="check_linear",
        name="No size is ever 1",
        hint="One row, one input, one output: axes of length one get lost easily.",
        change=[("((4, 3, 2), (2, 3, 3), (1, 2, 3), (3, 1, 2), (3, 2, 1))", "((4, 3, 2), (2, 3, 3))")],
    ),
    Mistake(
        "check-linear-never-square",
        exercise="check_linear",
        name="D and K always differ, so a transpose that is forgotten only where the shapes fit is never seen",
        hint="With D = K, w and its transpose have the same shape. See the table in «When is a test good?».",
        change=[("(2, 3, 3), ", "")],
    ),
    Mistake(
        "check-linear-compares-unprotected",
        exercise="check_linear",
        name="Only the call of f is protected: where f returns something else than three arrays, the comparison raises",
        hint="The call *and* the comparison can raise. See hint 3.",
        code="""\
def check_linear(f):
    rng = np.random.default_rng(3)
    for n, d, k in ((4, 3, 2), (2, 3, 3), (1, 2, 3), (3, 1, 2), (3, 2, 1)):
        for x in (rng.normal(size=(n, d)), rng.integers(-4, 5, size=(n, d))):
            w, d_out = rng.normal(size=(d, k)), rng.normal(size=(n, k))
            expected = d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)
            copies = d_out.copy(), x.copy(), w.copy()
            try:
                got = f(*copies)
            except Exception:
                return False
            if len(got) != 3 or not all(np.shape(a) == b.shape and np.allclose(a, b) for a, b in zip(got, expected)):
                return False
            if not all(np.array_equal(a, b) for a, b in zip(copies, (d_out, x, w))):
                return False
    return True
""",
    ),
    Mistake(
        "check-linear-nan-passes",
        exercise="check_linear",
        name="It looks for large differences, and NaN is none",
        hint="NaN > 1e-8 is false, and so is NaN < 1e-8. Ask whether the differences are small.",
        change=[("np.allclose(other, mine, rtol=1e-8, atol=1e-9)", "not (np.abs(other - mine) > 1e-8).any()")],
    ),
    Mistake(
        "check-linear-expects-too-late",
        exercise="check_linear",
        name="The expected numbers are worked out from arrays that f has changed",
        hint="Work out what you expect before you call f, and hand over copies.",
        code="""\
def check_linear(f):
    rng = np.random.default_rng(3)
    for n, d, k in ((5, 3, 7), (2, 3, 3), (1, 4, 2), (3, 1, 5), (4, 2, 1)):
        for x in (rng.normal(size=(n, d)), rng.integers(-4, 5, size=(n, d))):
            w, d_out = rng.normal(size=(d, k)), rng.normal(size=(n, k))
            try:
                got = f(d_out, x, w)
                expected = np.einsum("nk,dk->nd", d_out, w), np.einsum("nd,nk->dk", x, d_out), d_out.sum(axis=0)
                if len(got) != 3 or not all(np.shape(a) == b.shape and np.allclose(a, b) for a, b in zip(got, expected)):
                    return False
            except Exception:
                return False
    return True
""",
    ),
]

SOFTMAX_CROSS_ENTROPY = [
    Mistake(
        "softmax-cross-entropy-overflows",
        exercise="softmax_cross_entropy",
        name="Large logits overflow, because the row's maximum is not subtracted",
        hint="The same constant may be subtracted from all logits of a row. See «Large numbers».",
        change=[("logits - logits.max(axis=1, keepdims=True)", "logits")],
    ),
    Mistake(
        "softmax-cross-entropy-global-maximum",
        exercise="softmax_cross_entropy",
        name="The maximum of the whole batch is subtracted instead of each row's own",
        hint="A row far below the largest one then underflows to 0/0.",
        change=[("logits.max(axis=1, keepdims=True)", "logits.max()")],
    ),
    Mistake(
        "softmax-cross-entropy-sum-for-mean",
        exercise="softmax_cross_entropy",
        name="The loss is the sum over the batch instead of the mean",
        hint="The mean over the N rows, for the loss and so for its gradient.",
        change=[(".mean()", ".sum()"), ("d_logits / len(targets)", "d_logits")],
    ),
    Mistake(
        "softmax-cross-entropy-loss-added-up",
        exercise="softmax_cross_entropy",
        name="The loss is a sum, but its gradient is that of the mean",
        hint="Divide the loss by the number of rows, as its gradient is.",
        change=[(".mean()", ".sum()")],
    ),
    Mistake(
        "softmax-cross-entropy-loss-negative",
        exercise="softmax_cross_entropy",
        name="The loss is negative: a minus is missing",
        hint="Logarithms of probabilities are negative, and surprise is minus such a logarithm.",
        change=[("loss = -log_probs", "loss = log_probs")],
    ),
    Mistake(
        "softmax-cross-entropy-whole-columns",
        exercise="softmax_cross_entropy",
        name="1 is subtracted in every row of the true classes' columns",
        hint="`d_logits[:, targets]` picks whole columns. Rows and columns together: see hint 2.",
        change=[("d_logits[rows, targets] -= 1", "d_logits[:, targets] -= 1")],
    ),
    Mistake(
        "softmax-cross-entropy-row-mean",
        exercise="softmax_cross_entropy",
        name="The mean of a row is subtracted instead of its maximum, so large logits overflow",
        hint="Only if the largest exponent is 0 can nothing overflow. See «Large numbers».",
        change=[("logits - logits.max(axis=1, keepdims=True)", "logits - logits.mean(axis=1, keepdims=True)")],
    ),
    Mistake(
        "softmax-cross-entropy-gradient-not-divided",
        exercise="softmax_cross_entropy",
        name="The loss is a mean, but its gradient lacks the factor 1/N",
        hint="If the loss is divided by N, so is every derivative of it.",
        change=[("d_logits / len(targets)", "d_logits")],
    ),
    Mistake(
        "softmax-cross-entropy-wrong-axis",
        exercise="softmax_cross_entropy",
        name="The softmax runs over the batch instead of over the classes",
        hint="The probabilities of one row add up to one: axis 1.",
        change=[
            ("logits.max(axis=1, keepdims=True)", "logits.max(axis=0, keepdims=True)"),
            ("np.exp(shifted).sum(axis=1, keepdims=True)", "np.exp(shifted).sum(axis=0, keepdims=True)"),
        ],
    ),
    Mistake(
        "softmax-cross-entropy-clipped",
        exercise="softmax_cross_entropy",
        name="A small constant inside the logarithm hides the true loss where the network is sure and wrong",
        hint="ln p can be computed without p: see the last formula of «Large numbers».",
        change=[("loss = -log_probs[rows, targets].mean()", "loss = -np.log(np.exp(log_probs)[rows, targets] + 1e-12).mean()")],
    ),
    *(
        Mistake(
            f"softmax-cross-entropy-clipped-{epsilon}",
            exercise="softmax_cross_entropy",
            name="A small constant inside the logarithm hides the true loss where the network is sure and wrong",
            hint="ln p can be computed without p: see the last formula of «Large numbers».",
            change=[("loss = -log_probs[rows, targets].mean()", f"loss = -np.log(np.exp(log_probs)[rows, targets] + {epsilon}).mean()")],
        )
        for epsilon in ("1e-7", "1e-8", "1e-10", "1e-15")
    ),
    *(
        Mistake(
            f"softmax-cross-entropy-clipped-to-{least}",
            exercise="softmax_cross_entropy",
            name="The probabilities are clipped, which hides the true loss where the network is sure",
            hint="ln p can be computed without p: see the last formula of «Large numbers».",
            change=[
                (
                    "loss = -log_probs[rows, targets].mean()",
                    f"loss = -np.log(np.clip(np.exp(log_probs)[rows, targets], {least}, 1 - {least})).mean()",
                )
            ],
        )
        for least in ("1e-7", "1e-8")
    ),
    Mistake(
        "softmax-cross-entropy-log-of-zero",
        exercise="softmax_cross_entropy",
        name="The logarithm of an underflowed probability is -inf",
        hint="ln p can be computed without p: see the last formula of «Large numbers».",
        change=[("loss = -log_probs[rows, targets].mean()", "loss = -np.log(np.exp(log_probs)[rows, targets]).mean()")],
    ),
    Mistake(
        "softmax-cross-entropy-whole-rows",
        exercise="softmax_cross_entropy",
        name="`d_logits[targets]` picks whole rows instead of one entry in each row",
        hint="Rows and columns together: see hint 2.",
        change=[("d_logits[rows, targets] -= 1", "d_logits[targets % len(rows)] -= 1")],
    ),
    Mistake(
        "softmax-cross-entropy-mean-over-classes",
        exercise="softmax_cross_entropy",
        name="The mean is taken over all N·K entries instead of over the N rows",
        hint="Each row contributes one surprise. Divide by the number of rows.",
        change=[(".mean()", ".sum() / logits.size"), ("d_logits / len(targets)", "d_logits / logits.size")],
    ),
    Mistake(
        "softmax-cross-entropy-wrong-sign",
        exercise="softmax_cross_entropy",
        name="The gradient is truth minus probability: its sign is wrong",
        hint="The gradient points uphill: the logit of a wrong class raises the loss.",
        change=[("return loss, d_logits / len(targets)", "return loss, -d_logits / len(targets)")],
    ),
    Mistake(
        "softmax-cross-entropy-forgets-truth",
        exercise="softmax_cross_entropy",
        name="The gradient is the probability alone: the truth is not subtracted",
        hint="Probability minus truth.",
        change=[("    d_logits[rows, targets] -= 1\n", "")],
    ),
    Mistake(
        "softmax-cross-entropy-base-two",
        exercise="softmax_cross_entropy",
        name="The loss is in bits: logarithm to base 2 instead of the natural one",
        hint="The gradient «probability minus truth» belongs to the natural logarithm.",
        change=[("loss = -log_probs[rows, targets].mean()", "loss = -log_probs[rows, targets].mean() / np.log(2)")],
    ),
    Mistake(
        "softmax-cross-entropy-changes-logits",
        exercise="softmax_cross_entropy",
        name="The caller's logits are changed in place",
        hint="`-=` changes the array itself: make a new one.",
        change=[
            ("shifted = logits - logits.max(axis=1, keepdims=True)", "logits -= logits.max(axis=1, keepdims=True)\n    shifted = logits"),
        ],
    ),
]

UNBROADCAST = [
    Mistake(
        "unbroadcast-leading-axes-only",
        exercise="unbroadcast",
        name="Only the axes in front are summed; stretched axes of size 1 stay wide",
        hint="The second row of the table in «What broadcasting hides».",
        change=[("return grad.sum(axis=stretched, keepdims=True)", "return grad")],
    ),
    Mistake(
        "unbroadcast-stretched-axes-only",
        exercise="unbroadcast",
        name="Only the stretched axes are summed; axes that were put in front stay",
        hint="The first row of the table in «What broadcasting hides».",
        code="""\
def unbroadcast(grad, shape):
    padded = (1,) * (grad.ndim - len(shape)) + tuple(shape)
    stretched = tuple(axis for axis, size in enumerate(padded) if size == 1 and grad.shape[axis] != 1)
    return grad.sum(axis=stretched, keepdims=True)
""",
    ),
    Mistake(
        "unbroadcast-mean",
        exercise="unbroadcast",
        name="The gradient is averaged over the copies instead of summed",
        hint="What is copied on the way forward is added up on the way back.",
        change=[
            ("grad.sum(axis=tuple(range(extra)))", "grad.mean(axis=tuple(range(extra)))"),
            ("grad.sum(axis=stretched, keepdims=True)", "grad.mean(axis=stretched, keepdims=True)"),
        ],
    ),
    Mistake(
        "unbroadcast-mean-of-stretched",
        exercise="unbroadcast",
        name="Stretched axes are averaged instead of summed",
        hint="What is copied on the way forward is added up on the way back.",
        change=[("grad.sum(axis=stretched, keepdims=True)", "grad.mean(axis=stretched, keepdims=True)")],
    ),
    Mistake(
        "unbroadcast-single-number-forgotten",
        exercise="unbroadcast",
        name="The shape () is left as it is, or becomes (1,)",
        hint="The last row of the table: sum over everything; the result is a single number.",
        change=[("    extra = ", "    if shape == ():\n        return np.array([grad.sum()])\n    extra = ")],
    ),
    Mistake(
        "unbroadcast-drops-axes",
        exercise="unbroadcast",
        name="The summed axes of size 1 are dropped",
        hint="They belong to the shape: keep them as size 1.",
        change=[("grad.sum(axis=stretched, keepdims=True)", "grad.sum(axis=stretched)")],
    ),
    Mistake(
        "unbroadcast-aligned-left",
        exercise="unbroadcast",
        name="The shapes are aligned at the left; NumPy aligns them at the right",
        hint="New axes stand in front, so the extra ones are the first, not the last.",
        change=[("grad.sum(axis=tuple(range(extra)))", "grad.sum(axis=tuple(range(len(shape), grad.ndim)))")],
    ),
    Mistake(
        "unbroadcast-picks-one-copy",
        exercise="unbroadcast",
        name="One copy is picked instead of adding them all up",
        hint="Every copy was used, so every copy sends a gradient back.",
        code="""\
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad[0]
    return grad[tuple(slice(0, size) for size in shape)]
""",
    ),
    Mistake(
        "unbroadcast-one-axis-only",
        exercise="unbroadcast",
        name="Only one axis in front is summed, though there may be several",
        hint="There are grad.ndim − len(shape) of them.",
        code="""\
def unbroadcast(grad, shape):
    if grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad
""",
    ),
    Mistake(
        "unbroadcast-reshaped-sum",
        exercise="unbroadcast",
        name="The gradient is cut into equal pieces with reshape and these are added up: right only for axes in front",
        hint="A stretched axis may stand anywhere, so equal pieces do not belong to one entry.",
        code="""\
def unbroadcast(grad, shape):
    return grad.reshape(-1, *shape).sum(axis=0)
""",
    ),
    Mistake(
        "unbroadcast-changes-grad",
        exercise="unbroadcast",
        name="The caller's gradient is changed",
        hint="`+=` on a slice of grad writes into the caller's array.",
        code="""\
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        total = grad[0]
        for part in grad[1:]:
            total += part
        grad = total
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad
""",
    ),
]

TOPOLOGICAL_ORDER = [
    Mistake(
        "topological-order-repeats",
        exercise="topological_order",
        name="A node that is reached by several paths stands in the list several times",
        hint="Remember which nodes have been entered. See «Who goes first?».",
        code="""\
def topological_order(root):
    order, stack = [], [(root, False)]
    while stack and len(order) < 100_000:
        node, done = stack.pop()
        if done:
            order.append(node)
        else:
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
""",
    ),
    Mistake(
        "topological-order-recursion",
        exercise="topological_order",
        name="The recursion ends in a RecursionError on deep graphs",
        hint="Keep the waiting nodes on a list of your own instead of on Python's stack.",
        code="""\
def topological_order(root):
    order, seen = [], set()
    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for parent in node.parents:
                visit(parent)
            order.append(node)
    visit(root)
    return order
""",
    ),
    Mistake(
        "topological-order-breadth-first",
        exercise="topological_order",
        name="Layer by layer (breadth first): a node by a short path comes before one it has to wait for",
        hint="The second of the three ideas that fail in «Who goes first?».",
        code="""\
def topological_order(root):
    order, seen, queue = [], {id(root)}, [root]
    while queue:
        node = queue.pop(0)
        order.append(node)
        for parent in node.parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                queue.append(parent)
    return order[::-1]
""",
    ),
    Mistake(
        "topological-order-on-entering",
        exercise="topological_order",
        name="A node is put down on entering it instead of on leaving it",
        hint="A node can be appended only when all its parents are in the list.",
        code="""\
def topological_order(root):
    order, seen, stack = [], set(), [root]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            order.append(node)
            stack.extend(node.parents)
    return order[::-1]
""",
    ),
    Mistake(
        "topological-order-marked-too-early",
        exercise="topological_order",
        name="A node is marked when it is put on the stack, so one that waits there blocks another that needs it sooner",
        hint="Mark it when you take it off. See hint 2.",
        code="""\
def topological_order(root):
    order, seen, stack = [], {id(root)}, [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
            continue
        stack.append((node, True))
        for parent in node.parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, False))
    return order
""",
    ),
    Mistake(
        "topological-order-children-first",
        exercise="topological_order",
        name="The list is the wrong way round: root stands first",
        hint="Parents before children, root last.",
        change=[("return order", "return order[::-1]")],
    ),
    Mistake(
        "topological-order-without-root",
        exercise="topological_order",
        name="Root itself is missing",
        hint="The last entry of the list is root.",
        change=[("return order", "return order[:-1]")],
    ),
    Mistake(
        "topological-order-marks-nodes",
        exercise="topological_order",
        name="The marks are kept in the nodes, which get no new attributes, not even for a while",
        hint="Keep a set of ids of your own.",
        code="""\
def topological_order(root):
    order, stack = [], [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif not hasattr(node, "visited"):
            node.visited = True
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
""",
    ),
    Mistake(
        "topological-order-equal-for-same",
        exercise="topological_order",
        name="Nodes that are equal are taken for the same node",
        hint="`in` asks whether two nodes are equal (==). Two nodes are the same only if they are the same object: keep their id.",
        change=[("id(node) not in entered", "node not in entered"), ("entered.add(id(node))", "entered.add(node)")],
    ),
    Mistake(
        "topological-order-every-path",
        exercise="topological_order",
        name="Every path is followed and repeated nodes are removed at the end: right, but it never ends on graphs with many paths",
        hint="The first of the three ideas that fail in «Who goes first?».",
        code="""\
def topological_order(root):
    order, stack, steps = [], [(root, False)], 0
    while stack:
        steps += 1
        if steps > 100_000:
            raise TimeoutError  # it would go on for ever
        node, done = stack.pop()
        if done:
            if not any(node is other for other in order):
                order.append(node)
        else:
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
""",
    ),
    Mistake(
        "topological-order-indexes-parents",
        exercise="topological_order",
        name="`.parents` is indexed, sliced or reversed, which a set cannot be",
        hint="It may be any iterable: loop over it.",
        change=[("(parent, False) for parent in node.parents", "(node.parents[i], False) for i in range(len(node.parents))")],
    ),
]

TENSOR_OPERATIONS = [
    Mistake(
        "tensor-operations-add-overwrites",
        exercise="tensor_operations",
        name="`+` overwrites the gradients of its operands instead of adding to them",
        hint="A tensor that is used twice gets two gradients, and they add up: +=, not =.",
        change=[
            ("self.grad += sum_to_shape(out.grad, self.data.shape)", "self.grad = sum_to_shape(out.grad, self.data.shape)"),
            ("other.grad += sum_to_shape(out.grad, other.data.shape)", "other.grad = sum_to_shape(out.grad, other.data.shape)"),
        ],
    ),
    Mistake(
        "tensor-operations-multiply-overwrites",
        exercise="tensor_operations",
        name="`*` overwrites the gradients of its operands instead of adding to them",
        hint="In t * t the same tensor stands on both sides: +=, not =.",
        change=[
            ("self.grad += sum_to_shape(other.data", "self.grad = sum_to_shape(other.data"),
            ("other.grad += sum_to_shape(self.data", "other.grad = sum_to_shape(self.data"),
        ],
    ),
    Mistake(
        "tensor-operations-tanh-overwrites",
        exercise="tensor_operations",
        name="`tanh` overwrites the gradient of its operand instead of adding to it",
        hint="The operand may be used elsewhere, too: +=, not =.",
        change=[("self.grad += (1 - out.data**2) * out.grad", "self.grad = (1 - out.data**2) * out.grad")],
    ),
    Mistake(
        "tensor-operations-add-broadcast",
        exercise="tensor_operations",
        name="`+` does not sum a broadcast gradient back to the operand's shape",
        hint="What was copied on the way forward is added up on the way back: sum_to_shape.",
        change=[
            ("self.grad += sum_to_shape(out.grad, self.data.shape)", "self.grad = self.grad + out.grad"),
            ("other.grad += sum_to_shape(out.grad, other.data.shape)", "other.grad = other.grad + out.grad"),
        ],
    ),
    Mistake(
        "tensor-operations-multiply-broadcast",
        exercise="tensor_operations",
        name="`*` does not sum a broadcast gradient back to the operand's shape",
        hint="What was copied on the way forward is added up on the way back: sum_to_shape.",
        change=[
            ("self.grad += sum_to_shape(other.data * out.grad, self.data.shape)", "self.grad = self.grad + other.data * out.grad"),
            ("other.grad += sum_to_shape(self.data * out.grad, other.data.shape)", "other.grad = other.grad + self.data * out.grad"),
        ],
    ),
    Mistake(
        "tensor-operations-one-operand",
        exercise="tensor_operations",
        name="`+` passes its gradient to the left operand only",
        hint="Both operands were used.",
        change=[("            other.grad += sum_to_shape(out.grad, other.data.shape)\n", "")],
    ),
    Mistake(
        "tensor-operations-own-factor",
        exercise="tensor_operations",
        name="In `*` each operand gets its own value as factor instead of the other one's",
        hint="The derivative of a · b with respect to a is b.",
        change=[
            ("sum_to_shape(other.data * out.grad, self.data.shape)", "sum_to_shape(self.data * out.grad, self.data.shape)"),
            ("sum_to_shape(self.data * out.grad, other.data.shape)", "sum_to_shape(other.data * out.grad, other.data.shape)"),
        ],
    ),
    Mistake(
        "tensor-operations-matrix-product-untransposed",
        exercise="tensor_operations",
        name="`@` hands back out.grad @ b without the transpose",
        hint="Exercise 2 is the rule: d_x takes w transposed.",
        change=[("self.grad += out.grad @ other.data.T", "self.grad += out.grad @ other.data")],
    ),
    Mistake(
        "tensor-operations-matrix-product-swapped",
        exercise="tensor_operations",
        name="`@` gives its operands the product in the wrong order",
        hint="Write down the shapes: (N, K) (K, D) for the left operand, (D, N) (N, K) for the right.",
        change=[("other.grad += self.data.T @ out.grad", "other.grad += (out.grad.T @ self.data).reshape(other.data.shape)")],
    ),
    Mistake(
        "tensor-operations-power-without-factor",
        exercise="tensor_operations",
        name="The gradient of `**` lacks the exponent as a factor",
        hint="The derivative of a to the c is c times a to the c − 1.",
        change=[("self.grad += exponent * self.data", "self.grad += self.data")],
    ),
    Mistake(
        "tensor-operations-power-not-lowered",
        exercise="tensor_operations",
        name="The gradient of `**` keeps the exponent instead of lowering it by one",
        hint="The derivative of a to the c is c times a to the c − 1.",
        change=[("self.data ** (exponent - 1)", "self.data ** exponent")],
    ),
    Mistake(
        "tensor-operations-exp-passes-through",
        exercise="tensor_operations",
        name="`exp` passes the gradient through as if its derivative were 1",
        hint="The exponential is its own derivative.",
        change=[("self.grad += out.data * out.grad", "self.grad += out.grad")],
    ),
    Mistake(
        "tensor-operations-log-multiplies",
        exercise="tensor_operations",
        name="`log` multiplies by the entry instead of dividing by it",
        hint="The derivative of ln a is 1/a.",
        change=[("out.grad / self.data", "out.grad * self.data")],
    ),
    Mistake(
        "tensor-operations-tanh-of-input",
        exercise="tensor_operations",
        name="`tanh` uses 1 − a², with the input instead of the output",
        hint="The derivative is 1 − tanh² a: the square of the output.",
        change=[("1 - out.data**2", "1 - self.data**2")],
    ),
    Mistake(
        "tensor-operations-first-gradient-shared",
        exercise="tensor_operations",
        name="`reshape` makes the gradient that comes first a view of out.grad",
        hint="Whoever adds to it later adds to out.grad, too. Add to the zeros that stand there.",
        change=[
            (
                "self.grad += out.grad.reshape(self.data.shape)",
                "passed = out.grad.reshape(self.data.shape)\n            self.grad = self.grad + passed if self.grad.any() else passed",
            )
        ],
    ),
    Mistake(
        "tensor-operations-tanh-of-exponentials",
        exercise="tensor_operations",
        name="`tanh` is made of exponentials, which overflow for large entries",
        hint="e to the power of 1000 is infinite, and infinite by infinite is NaN. `np.tanh` knows.",
        change=[
            (
                "out = Tensor(np.tanh(self.data), (self,))",
                "up, down = np.exp(self.data), np.exp(-self.data)\n        out = Tensor((up - down) / (up + down), (self,))",
            )
        ],
    ),
    Mistake(
        "tensor-operations-relu-at-zero",
        exercise="tensor_operations",
        name="`relu` has the derivative 1 at exactly 0",
        hint="The lesson fixes it as 0: strictly greater.",
        change=[("(self.data > 0) * out.grad", "(self.data >= 0) * out.grad")],
    ),
    Mistake(
        "tensor-operations-relu-of-gradient",
        exercise="tensor_operations",
        name="`relu` is applied to the gradient itself: negative gradients are lost",
        hint="Whether the gradient passes is decided by the sign of the *input*.",
        change=[("(self.data > 0) * out.grad", "np.maximum(out.grad, 0)")],
    ),
    Mistake(
        "tensor-operations-sum-axis",
        exercise="tensor_operations",
        name="The gradient of `sum` over an axis is not put back at that axis",
        hint="A dropped axis comes back as size 1, at its own place, before broadcasting. See hint 2.",
        change=[("np.expand_dims(out.grad, axis) if dropped else out.grad", "out.grad")],
    ),
    Mistake(
        "tensor-operations-sum-averages",
        exercise="tensor_operations",
        name="`sum` spreads its gradient evenly, as a mean would",
        hint="Each entry that is added up has the derivative 1, not 1/n.",
        change=[("if dropped else out.grad", "if dropped else out.grad / self.data.size")],
    ),
    Mistake(
        "tensor-operations-transpose-not-inverted",
        exercise="tensor_operations",
        name="The gradient of `transpose` is permuted by the same axes again instead of by the inverse",
        hint="For (1, 2, 0) the way back is (2, 0, 1). See hint 3.",
        change=[("np.argsort(axes) if axes else ()", "axes")],
    ),
    Mistake(
        "tensor-operations-reshape-for-transpose",
        exercise="tensor_operations",
        name="The gradient of `transpose` is reshaped: right shape, entries in the wrong places",
        hint="reshape keeps the order of the entries; only a transpose undoes a transpose.",
        change=[("self.grad += out.grad.transpose(*back)", "self.grad += out.grad.reshape(self.data.shape)")],
    ),
    Mistake(
        "tensor-operations-gradient-read-too-early",
        exercise="tensor_operations",
        name="out.grad is read when the operation runs, while it is still zero, instead of when local_backward is called",
        hint="Look at the pattern __neg__: out.grad stands inside the inner function.",
        change=[
            ("out = Tensor(np.exp(self.data), (self,))", "out = Tensor(np.exp(self.data), (self,))\n        upstream = out.grad"),
            ("self.grad += out.data * out.grad", "self.grad += out.data * upstream"),
        ],
    ),
    Mistake(
        "tensor-operations-gradient-read-too-early-by-tanh",
        exercise="tensor_operations",
        name="`tanh` multiplies by out.grad when the note is written, while it is still zero, instead of when local_backward is called",
        hint="See what stands below the pattern __neg__: out.grad is looked up when the note is *read*.",
        change=[
            (
                "out = Tensor(np.tanh(self.data), (self,))",
                "out = Tensor(np.tanh(self.data), (self,))\n        passed = (1 - out.data**2) * out.grad",
            ),
            ("self.grad += (1 - out.data**2) * out.grad", "self.grad += passed"),
        ],
    ),
    Mistake(
        "tensor-operations-multiply-by-quotient",
        exercise="tensor_operations",
        name="The factor in `*` is got by dividing the result by the operand, which is 0/0 where that is 0",
        hint="The factor is at hand: it is the other operand.",
        change=[("sum_to_shape(other.data * out.grad, self.data.shape)", "sum_to_shape(out.data / self.data * out.grad, self.data.shape)")],
    ),
    Mistake(
        "tensor-operations-power-by-quotient",
        exercise="tensor_operations",
        name="`**` divides the result by the entry, which is 0/0 where that is 0",
        hint="Take the lower power itself: a to the c − 1.",
        change=[("exponent * self.data ** (exponent - 1) * out.grad", "exponent * out.data / self.data * out.grad")],
    ),
    Mistake(
        "tensor-operations-relu-in-place",
        exercise="tensor_operations",
        name="`relu` sets the negative entries of its operand to 0, and so changes it",
        hint="The value goes into a new array: other operations still need the old one.",
        change=[
            ("out = Tensor(np.maximum(self.data, 0), (self,))", "self.data[self.data < 0] = 0\n        out = Tensor(self.data, (self,))")
        ],
    ),
    Mistake(
        "tensor-operations-relu-changes-out-grad",
        exercise="tensor_operations",
        name="`relu` sets entries of out.grad to 0",
        hint="local_backward reads out.grad, and changes nothing but the grad of the operands.",
        change=[
            (
                "            self.grad += (self.data > 0) * out.grad",
                "            out.grad[self.data <= 0] = 0\n            self.grad += out.grad",
            )
        ],
    ),
    Mistake(
        "tensor-operations-sum-axes-one-by-one",
        exercise="tensor_operations",
        name="Several summed axes are put back one after the other in the order given, which is right only if that ascends",
        hint="`np.expand_dims` takes the whole tuple at once.",
        change=[
            (
                "            self.grad += np.expand_dims(out.grad, axis) if dropped else out.grad",
                "            g = out.grad\n            for a in (axis if isinstance(axis, tuple) else (axis,)) if dropped else ():\n"
                "                g = np.expand_dims(g, a)\n            self.grad += g",
            )
        ],
    ),
    Mistake(
        "tensor-operations-sum-axes-sorted",
        exercise="tensor_operations",
        name="Several summed axes are put back one after the other, sorted, which is wrong for negative ones",
        hint="`np.expand_dims` takes the whole tuple at once.",
        change=[
            (
                "            self.grad += np.expand_dims(out.grad, axis) if dropped else out.grad",
                "            g = out.grad\n            for a in (sorted(axis) if isinstance(axis, tuple) else (axis,)) if dropped else ():\n"
                "                g = np.expand_dims(g, a)\n            self.grad += g",
            )
        ],
    ),
    Mistake(
        "tensor-operations-no-parents",
        exercise="tensor_operations",
        name="The result of `log` does not know its parents, so the walk backwards stops there",
        hint="The second argument of Tensor: where it came from.",
        change=[("Tensor(np.log(self.data), (self,))", "Tensor(np.log(self.data))")],
    ),
    Mistake(
        "tensor-operations-common-logarithm",
        exercise="tensor_operations",
        name="`log` is the logarithm to base 10",
        hint="The natural logarithm, np.log.",
        change=[("np.log(self.data)", "np.log10(self.data)")],
    ),
]

BACKWARD = [
    Mistake(
        "backward-parents-first",
        exercise="backward",
        name="The walk goes forward: parents are called before the nodes computed from them",
        hint="sorted_graph gives the order of the way forward; now we go back.",
        change=[("for node in reversed(order):", "for node in order:")],
    ),
    Mistake(
        "backward-no-seed",
        exercise="backward",
        name="The root's gradient is never set to one, so only zeros flow",
        hint="∂L/∂L = 1 starts everything.",
        change=[("    self.grad += np.ones_like(self.data)\n", "")],
    ),
    Mistake(
        "backward-inner-nodes-not-reset",
        exercise="backward",
        name="Inner nodes keep the gradient of the last call and send it a second time",
        hint='A node with parents starts each walk at zero. See «What "add" means when you call twice».',
        change=[
            ("            node.grad = np.zeros_like(node.data)", "            pass"),
            ("self.grad += np.ones_like", "self.grad = np.ones_like"),
        ],
    ),
    Mistake(
        "backward-nothing-reset",
        exercise="backward",
        name="Nothing is set to zero, and the root's own gradient grows with each call, too",
        hint="A node with parents, the root included, starts each walk at zero.",
        change=[("            node.grad = np.zeros_like(node.data)", "            pass")],
    ),
    Mistake(
        "backward-leaves-reset",
        exercise="backward",
        name="The leaves are reset, too: gradients do not add up over calls",
        hint="Only nodes *with parents* start at zero; leaves accumulate.",
        change=[("        if node.parents:\n", "        if True:\n")],
    ),
    Mistake(
        "backward-seeds-with-data",
        exercise="backward",
        name="The root's gradient starts as its own value instead of one",
        hint="∂L/∂L is 1, whatever L is.",
        change=[("np.ones_like(self.data)", "self.data")],
    ),
    Mistake(
        "backward-breadth-first",
        exercise="backward",
        name="The walk goes layer by layer: a node passes its gradient on before all of it has arrived",
        hint="Children before parents: use a topological order. See «Who goes first?».",
        code="""\
def backward(self):
    queue, found = [self], {id(self)}
    for node in queue:
        for parent in node.parents:
            if id(parent) not in found:
                found.add(id(parent))
                queue.append(parent)
    for node in queue:
        if node.parents:
            node.grad = np.zeros_like(node.data)
    self.grad = np.ones_like(self.data)
    for node in queue:
        node.local_backward()

Tensor.backward = backward
""",
    ),
    Mistake(
        "backward-every-path",
        exercise="backward",
        name="A node is called once for every path to it, so it sends its gradient several times",
        hint="Each local_backward once: list the graph first.",
        code="""\
def backward(self):
    for node in sorted_graph(self):
        if node.parents:
            node.grad = np.zeros_like(node.data)
    self.grad = np.ones_like(self.data)
    steps = 0
    stack = [self]
    while stack and steps < 20_000:
        node = stack.pop()
        steps += 1
        node.local_backward()
        stack.extend(node.parents)

Tensor.backward = backward
""",
    ),
    Mistake(
        "backward-double-parent-ready-too-soon",
        exercise="backward",
        name="A parent that occurs twice is counted once and ticked off twice: it is called before all of its gradient has arrived",
        hint="In t * t one node stands in parents twice. Count it the same way when you add up who uses it and when you tick off.",
        code="""\
def backward(self):
    order = sorted_graph(self)
    users = {id(node): 0 for node in order}
    for node in order:
        if node.parents:
            node.grad = np.zeros_like(node.data)
        for number in {id(parent) for parent in node.parents}:
            users[number] += 1
    self.grad = np.ones_like(self.data)
    ready = [self]
    while ready:
        node = ready.pop()
        node.local_backward()
        for parent in node.parents:
            users[id(parent)] -= 1
            if users[id(parent)] == 0:
                ready.append(parent)

Tensor.backward = backward
""",
    ),
    Mistake(
        "backward-one-level",
        exercise="backward",
        name="Only the root's own rule is called; the gradient stops at its parents",
        hint="Every node of the graph passes its gradient on.",
        change=[("    for node in reversed(order):\n        node.local_backward()", "    self.local_backward()")],
    ),
    Mistake(
        "backward-all-in-the-shape-of-the-root",
        exercise="backward",
        name="Every node's gradient is set to zeros in the shape of the root instead of its own",
        hint="Each node has its own data: node.data, not self.data.",
        change=[("np.zeros_like(node.data)", "np.zeros_like(self.data)")],
    ),
    Mistake(
        "backward-inner-gradients-are-numbers",
        exercise="backward",
        name="The gradient of a node with parents is set to the number 0 instead of to zeros in the shape of its data",
        hint="What arrives is added to it, and may be a single number that is meant for every entry. See step 2.",
        change=[("np.zeros_like(node.data)", "0.0")],
    ),
    Mistake(
        "backward-one-array-for-all",
        exercise="backward",
        name="All nodes of one shape share a single array of zeros, so what is added to one is added to all",
        hint="Make the zeros afresh for every node.",
        change=[
            ("    for node in order:\n", "    zeros = {}\n    for node in order:\n"),
            ("np.zeros_like(node.data)", "zeros.setdefault(node.data.shape, np.zeros_like(node.data))"),
            ("self.grad += np.ones_like", "self.grad = np.ones_like"),
        ],
    ),
    Mistake(
        "backward-seed-is-a-number",
        exercise="backward",
        name="The root's gradient is a single number instead of an array of ones in the shape of its data",
        hint="A gradient has the shape of its data.",
        change=[("self.grad += np.ones_like(self.data)", "self.grad = np.array(1.0)")],
    ),
    Mistake(
        "backward-recursion",
        exercise="backward",
        name="The recursion through the graph ends in a RecursionError on deep graphs",
        hint="sorted_graph lists the graph without recursion.",
        code="""\
def backward(self):
    order, seen = [], set()
    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for parent in node.parents:
                visit(parent)
            order.append(node)
    visit(self)
    for node in order:
        if node.parents:
            node.grad = np.zeros_like(node.data)
    self.grad = np.ones_like(self.data)
    for node in reversed(order):
        node.local_backward()

Tensor.backward = backward
""",
    ),
]

ADAM_STEP = [
    Mistake(
        "adam-step-no-bias-correction",
        exercise="adam_step",
        name="There is no bias correction: the averages start at zero and are taken as they are",
        hint="Divide by 1 − β to the power of t. See «Why the hats?».",
        change=[("m / (1 - beta_1**t)", "m"), ("v / (1 - beta_2**t)", "v")],
    ),
    Mistake(
        "adam-step-only-m-corrected",
        exercise="adam_step",
        name="Only m is corrected, v is not",
        hint="Both averages start at zero.",
        change=[("v / (1 - beta_2**t)", "v")],
    ),
    Mistake(
        "adam-step-only-v-corrected",
        exercise="adam_step",
        name="Only v is corrected, m is not",
        hint="Both averages start at zero.",
        change=[("m / (1 - beta_1**t)", "m")],
    ),
    Mistake(
        "adam-step-one-beta-for-both",
        exercise="adam_step",
        name="Both corrections use β1",
        hint="Each average is corrected with its own β.",
        change=[("v / (1 - beta_2**t)", "v / (1 - beta_1**t)")],
    ),
    Mistake(
        "adam-step-correction-times-t",
        exercise="adam_step",
        name="The correction divides by 1 − β · t instead of 1 − β to the power of t",
        hint="In the first step they are the same. See the formula of the hats.",
        change=[("m / (1 - beta_1**t)", "m / (1 - beta_1 * t)"), ("v / (1 - beta_2**t)", "v / (1 - beta_2 * t)")],
    ),
    Mistake(
        "adam-step-no-epsilon",
        exercise="adam_step",
        name="ε is left out",
        hint="It keeps 0/0 away where a gradient was always zero.",
        change=[("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)")],
    ),
    Mistake(
        "adam-step-default-settings-only",
        exercise="adam_step",
        name="The betas, lr and ε that are passed in are ignored: the defaults stand in the formulas",
        hint="0.9, 0.999, 0.001 and 1e-8 are only what is taken if nothing is passed.",
        change=[("    beta_1, beta_2 = betas\n", "    beta_1, beta_2, lr, eps = 0.9, 0.999, 1e-3, 1e-8\n")],
    ),
    Mistake(
        "adam-step-fixed-betas",
        exercise="adam_step",
        name="The betas that are passed in are ignored",
        hint="0.9 and 0.999 are only what is taken if nothing is passed.",
        change=[("beta_1, beta_2 = betas", "beta_1, beta_2 = 0.9, 0.999")],
    ),
    Mistake(
        "adam-step-weights-exchanged",
        exercise="adam_step",
        name="The average keeps 1 − β of the old and takes β of the new",
        hint="β is near 1: nearly all of the old average stays.",
        change=[
            ("beta_1 * m + (1 - beta_1) * grad", "(1 - beta_1) * m + beta_1 * grad"),
            ("beta_2 * v + (1 - beta_2) * grad**2", "(1 - beta_2) * v + beta_2 * grad**2"),
        ],
    ),
    Mistake(
        "adam-step-m-in-place",
        exercise="adam_step",
        name="The caller's m is changed in place",
        hint="`*=` and `+=` change the array itself: write m = … instead.",
        change=[("    m = beta_1 * m + (1 - beta_1) * grad", "    m *= beta_1\n    m += (1 - beta_1) * grad")],
    ),
    Mistake(
        "adam-step-skips-zero-gradients",
        exercise="adam_step",
        name="Where the gradient is 0 nothing happens: the averages do not fade, and the weight does not follow them",
        hint="A gradient of 0 is a number like any other: put it into the formulas.",
        code="""\
def adam_step(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    beta_1, beta_2 = betas
    here = grad != 0
    m = np.where(here, beta_1 * m + (1 - beta_1) * grad, m)
    v = np.where(here, beta_2 * v + (1 - beta_2) * grad**2, v)
    moved = lr * m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + eps)
    return np.where(here, param - moved, param), m, v
""",
    ),
    Mistake(
        "adam-step-epsilon-inside",
        exercise="adam_step",
        name="ε stands inside the root",
        hint="√v̂ + ε, not √(v̂ + ε). See hint 2.",
        change=[("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)")],
    ),
    Mistake(
        "adam-step-epsilon-uncorrected",
        exercise="adam_step",
        name="ε is added to √v before the correction, so it is scaled with it",
        hint="First the hat, then the root, then ε.",
        change=[("(np.sqrt(v_hat) + eps)", "(np.sqrt(v) + eps) * np.sqrt(1 - beta_2**t)")],
    ),
    Mistake(
        "adam-step-counts-from-zero",
        exercise="adam_step",
        name="The steps are counted from 0: the correction uses t + 1",
        hint="The first step is t = 1, and t is already that number.",
        change=[("beta_1**t", "beta_1 ** (t + 1)"), ("beta_2**t", "beta_2 ** (t + 1)")],
    ),
    Mistake(
        "adam-step-in-place",
        exercise="adam_step",
        name="The caller's arrays are changed in place",
        hint="`*=` and `+=` change the array itself: write m = … instead.",
        change=[
            ("    m = beta_1 * m + (1 - beta_1) * grad", "    m *= beta_1\n    m += (1 - beta_1) * grad"),
            ("    v = beta_2 * v + (1 - beta_2) * grad**2", "    v *= beta_2\n    v += (1 - beta_2) * grad**2"),
        ],
    ),
    Mistake(
        "adam-step-param-in-place",
        exercise="adam_step",
        name="The caller's weights are changed in place",
        hint="`-=` changes the array itself: return a new one.",
        change=[
            (
                "    return param - lr * m_hat / (np.sqrt(v_hat) + eps), m, v",
                "    param -= lr * m_hat / (np.sqrt(v_hat) + eps)\n    return param, m, v",
            ),
        ],
    ),
    Mistake(
        "adam-step-stores-corrected",
        exercise="adam_step",
        name="The corrected averages are returned, so they are corrected again in the next step",
        hint="Store m and v without the hats.",
        change=[("eps), m, v", "eps), m_hat, v_hat")],
    ),
    Mistake(
        "adam-step-betas-exchanged",
        exercise="adam_step",
        name="The two betas are exchanged",
        hint="β1 belongs to the gradient, β2 to its square.",
        change=[("beta_1, beta_2 = betas", "beta_2, beta_1 = betas")],
    ),
    Mistake(
        "adam-step-gradient-not-squared",
        exercise="adam_step",
        name="v averages the gradient's absolute value instead of its square",
        hint="v is the running average of g², and only then comes the root.",
        change=[("grad**2", "np.abs(grad)")],
    ),
    Mistake(
        "adam-step-uphill",
        exercise="adam_step",
        name="The step goes uphill: it is added instead of subtracted",
        hint="The gradient points uphill.",
        change=[("return param - lr", "return param + lr")],
    ),
    Mistake(
        "adam-step-no-root",
        exercise="adam_step",
        name="The step is divided by v̂ instead of by its root",
        hint="The root brings v̂ back to the units of the gradient.",
        change=[("np.sqrt(v_hat)", "v_hat")],
    ),
]

TRAIN_DIGITS = [
    Mistake(
        "train-digits-no-shuffling",
        exercise="train_digits",
        name="The examples come in the same order in every epoch: sorted data is learned class by class, and forgotten",
        hint="A new random order in each epoch. See step 3 of the recipe.",
        change=[("rng.permutation(len(x))", "np.arange(len(x))")],
    ),
    Mistake(
        "train-digits-no-standardisation",
        exercise="train_digits",
        name="The features are not standardised: the ones in small units are not heard",
        hint="Step 1 of the recipe, for training and test data.",
        change=[
            (
                "mean, spread = x_train.mean(axis=0), x_train.std(axis=0)",
                "mean, spread = np.zeros(x_train.shape[1]), np.ones(x_train.shape[1])",
            )
        ],
    ),
    Mistake(
        "train-digits-one-scale-for-all",
        exercise="train_digits",
        name="One mean and one standard deviation for all features together",
        hint="Each feature by itself: along axis 0.",
        change=[("x_train.mean(axis=0), x_train.std(axis=0)", "x_train.mean(), x_train.std()")],
    ),
    Mistake(
        "train-digits-test-statistics",
        exercise="train_digits",
        name="x_test is standardised with its own mean and standard deviation",
        hint="The test data goes through the numbers of the training data; anything else looks at the examination.",
        change=[("(x_test - mean) / spread", "(x_test - x_test.mean(axis=0)) / np.maximum(x_test.std(axis=0), 1e-9)")],
    ),
    Mistake(
        "train-digits-test-not-standardised",
        exercise="train_digits",
        name="x_test is not standardised at all",
        hint="The network knows only standardised inputs.",
        change=[("(x_test - mean) / spread @ w_1", "x_test @ w_1")],
    ),
    Mistake(
        "train-digits-joint-statistics",
        exercise="train_digits",
        name="Mean and standard deviation are taken over training and test data together",
        hint="The test data is the examination: it has no part in the numbers that the network learns with.",
        change=[
            (
                "mean, spread = x_train.mean(axis=0), x_train.std(axis=0)",
                "both = np.concatenate([x_train, x_test])\n    mean, spread = both.mean(axis=0), both.std(axis=0)",
            )
        ],
    ),
    Mistake(
        "train-digits-counts-classes",
        exercise="train_digits",
        name="K is the number of different classes in y_train instead of the largest plus one",
        hint="A class may be missing in a small set, and the others keep their numbers.",
        change=[("int(y_train.max()) + 1", "len(np.unique(y_train))")],
    ),
    Mistake(
        "train-digits-relu-never-shut",
        exercise="train_digits",
        name="On the way back the gradient passes the ReLU everywhere, also where it was shut",
        hint="0 where the unit's input was negative. Is it `h > 0`, or `h >= 0`, which is always true?",
        change=[("(h > 0)", "(h >= 0)")],
    ),
    Mistake(
        "train-digits-hidden-bias-missing",
        exercise="train_digits",
        name="The hidden layer has no bias, or it is not trained",
        hint="All four arrays are trained. Without biases every hidden unit bends at the same place.",
        change=[("d_h.sum(axis=0)", "0 * d_h.sum(axis=0)")],
    ),
    *(
        Mistake(
            f"train-digits-fixed-{setting.replace('_', '-')}",
            exercise="train_digits",
            name=f"The argument `{setting}` is ignored",
            hint="Its default is only what is taken if nothing is passed.",
            change=[
                (
                    "    t = 0\n" if setting != "hidden" else "    mean, spread = x_train",
                    f"    {setting} = {default}\n" + ("    t = 0\n" if setting != "hidden" else "    mean, spread = x_train"),
                )
            ],
        )
        for setting, default in (("hidden", 64), ("epochs", 30), ("batch_size", 32), ("lr", 3e-3))
    ),
    Mistake(
        "train-digits-divides-by-zero",
        exercise="train_digits",
        name="A feature that never varies is divided by zero, and everything becomes NaN",
        hint="Divide by 1 where the standard deviation is 0.",
        change=[("np.where(spread > 0, spread, 1.0)", "spread")],
    ),
    Mistake(
        "train-digits-small-constant-in-standard-deviation",
        exercise="train_digits",
        name="A small constant is added to the standard deviation: tiny units are shrunk, and a feature without spread is blown up",
        hint="Divide by the standard deviation as it is, and by 1 where it is 0. See step 1 of the recipe.",
        change=[("np.where(spread > 0, spread, 1.0)", "spread + 1e-8")],
    ),
    Mistake(
        "train-digits-equal-start",
        exercise="train_digits",
        name="The weights start at zero: all hidden units stay alike, and nothing reaches them",
        hint="Step 2 of the recipe: draw them at random.",
        change=[
            ("rng.normal(size=(n_features, hidden)) * np.sqrt(2 / n_features)", "np.zeros((n_features, hidden))"),
            ("rng.normal(size=(hidden, n_classes)) * np.sqrt(2 / hidden)", "np.zeros((hidden, n_classes))"),
        ],
    ),
    Mistake(
        "train-digits-no-hidden-layer",
        exercise="train_digits",
        name="There is no ReLU between the layers, so the two of them are one linear map",
        hint="Linear, ReLU, linear.",
        change=[
            ("h = np.maximum(batch @ w_1 + b_1, 0)", "h = batch @ w_1 + b_1"),
            ("d_h = (d_logits @ w_2.T) * (h > 0)", "d_h = d_logits @ w_2.T"),
            ("h = np.maximum((x_test - mean) / spread @ w_1 + b_1, 0)", "h = (x_test - mean) / spread @ w_1 + b_1"),
        ],
    ),
    Mistake(
        "train-digits-no-relu-in-prediction",
        exercise="train_digits",
        name="The ReLU is left out when predicting",
        hint="The same network predicts that was trained.",
        change=[("h = np.maximum((x_test - mean) / spread @ w_1 + b_1, 0)", "h = (x_test - mean) / spread @ w_1 + b_1")],
    ),
    Mistake(
        "train-digits-labels-not-shuffled",
        exercise="train_digits",
        name="The images are shuffled and their labels are not",
        hint="One order for both.",
        change=[("batch, targets = x[rows], y_train[rows]", "batch, targets = x[rows], y_train[start : start + batch_size]")],
    ),
    Mistake(
        "train-digits-uphill",
        exercise="train_digits",
        name="The steps go uphill",
        hint="Subtract the step: the gradient points uphill.",
        change=[("params[i] = params[i] - lr", "params[i] = params[i] + lr")],
    ),
    Mistake(
        "train-digits-first-batch-only",
        exercise="train_digits",
        name="Every epoch ends after one batch",
        hint="An epoch is one pass over all the training data: step through it to the end.",
        change=[("range(0, len(x), batch_size)", "range(0, min(len(x), batch_size), batch_size)")],
    ),
    Mistake(
        "train-digits-returns-logits",
        exercise="train_digits",
        name="The logits are returned instead of the classes",
        hint="The class with the largest logit in each row.",
        change=[("return (h @ w_2 + b_2).argmax(axis=1)", "return h @ w_2 + b_2")],
    ),
    Mistake(
        "train-digits-own-seed",
        exercise="train_digits",
        name="The function makes a random generator of its own instead of using `rng`",
        hint="`rng` is an argument so that the caller decides.",
        change=[("    mean, spread = x_train.mean(axis=0)", "    rng = np.random.default_rng(0)\n    mean, spread = x_train.mean(axis=0)")],
    ),
    Mistake(
        "train-digits-global-random",
        exercise="train_digits",
        name="Random numbers come from NumPy's global state instead of from `rng`",
        hint="`rng.normal` and `rng.permutation`, not `np.random.…`.",
        change=[
            ("rng.normal(size=(n_features, hidden))", "np.random.randn(n_features, hidden)"),
            ("rng.normal(size=(hidden, n_classes))", "np.random.randn(hidden, n_classes)"),
            ("rng.permutation(len(x))", "np.random.permutation(len(x))"),
        ],
    ),
    Mistake(
        "train-digits-changes-data",
        exercise="train_digits",
        name="The caller's training data is standardised in place",
        hint="`-=` and `/=` change the array itself: make new ones.",
        change=[("    x = (x_train - mean) / spread", "    x = x_train\n    x -= mean\n    x /= spread")],
    ),
]

MISTAKES = [
    *NUMERICAL_GRADIENT,
    *LINEAR,
    *CHECK_LINEAR,
    *SOFTMAX_CROSS_ENTROPY,
    *UNBROADCAST,
    *TOPOLOGICAL_ORDER,
    *TENSOR_OPERATIONS,
    *BACKWARD,
    *ADAM_STEP,
    *TRAIN_DIGITS,
]
