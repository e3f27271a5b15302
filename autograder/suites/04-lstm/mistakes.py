"""The mistake catalogue of 04-lstm: wrong answers that students really write.

`lstm_cell_backward` reads the cache of the student's own `lstm_cell_forward`, so a mistake in forward that spoils the cache
may cost points there too: such entries say so with `also`. Nothing else in this assignment is graded as a pair across exercises.
"""

from autograder.catalogue import Mistake

PAIR = ("lstm_cell_backward",)

CELL_FORWARD = [
    Mistake(
        "lstm_cell_forward-order-i-f-o-g",
        exercise="lstm_cell_forward",
        name="the blocks are taken in the order i, f, o, g",
        hint="Some books put the candidate last. Here it is the third block and the output gate the fourth. See «The cell».",
        change=[("a_i, a_f, a_g, a_o = np.split", "a_i, a_f, a_o, a_g = np.split")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-input-and-forget-swapped",
        exercise="lstm_cell_forward",
        name="the input gate and the forget gate are exchanged",
        hint="The first block is the input gate, which lets the candidate in; the second keeps the old cell.",
        change=[("a_i, a_f, a_g, a_o = np.split", "a_f, a_i, a_g, a_o = np.split")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-sigmoid-candidate",
        exercise="lstm_cell_forward",
        name="the candidate g goes through the sigmoid",
        hint="The candidate is a value, not a gate: it may be negative. See the table in «The cell».",
        change=[("g = np.tanh(a_g)", "g = sigmoid(a_g)")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-tanh-gates",
        exercise="lstm_cell_forward",
        name="the gates go through tanh instead of the sigmoid",
        hint="A gate is a number between 0 and 1. Only the candidate and the cell on its way out meet tanh.",
        change=[("sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)", "np.tanh(a_i), np.tanh(a_f), np.tanh(a_o)")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-no-tanh-of-c",
        exercise="lstm_cell_forward",
        name="h is o · c, without tanh",
        hint="The cell may grow beyond 1; the output is squashed first. Look at the right side of the picture.",
        change=[("h = o * tanh_c  #", "h = o * c  #")],
    ),
    Mistake(
        "lstm_cell_forward-output-from-old-cell",
        exercise="lstm_cell_forward",
        name="h is made from the old cell state",
        hint="First the new cell, then the output from it.",
        change=[("tanh_c = np.tanh(c)\n", "tanh_c = np.tanh(c_prev)\n")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-no-bias",
        exercise="lstm_cell_forward",
        name="the bias is left out",
        hint="The line that makes a has three summands.",
        change=[("h_prev @ w_h + b  #", "h_prev @ w_h  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-bias-twice",
        exercise="lstm_cell_forward",
        name="the bias is added twice, once for each product",
        hint="There is one bias for both products. PyTorch's modules keep two; this lesson has one.",
        change=[("h_prev @ w_h + b  #", "h_prev @ w_h + 2 * b  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-no-recurrence",
        exercise="lstm_cell_forward",
        name="the previous output h_prev is not used",
        hint="The gates look at the input and at the previous output. See the first formula of «The cell».",
        change=[("a = x @ w_x + h_prev @ w_h + b  #", "a = x @ w_x + b  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-no-input-gate",
        exercise="lstm_cell_forward",
        name="the candidate is added without the input gate",
        hint="Two products are added: forget gate times old cell, input gate times candidate.",
        change=[("c = f * c_prev + i * g  #", "c = f * c_prev + g  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-no-forget-gate",
        exercise="lstm_cell_forward",
        name="the old cell is kept whole, as in 1997, without the forget gate",
        hint="That is the cell before Gers, Schmidhuber and Cummins. Here the old cell is multiplied by f.",
        change=[("c = f * c_prev + i * g  #", "c = c_prev + i * g  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-coupled-gates",
        exercise="lstm_cell_forward",
        name="the candidate is weighted by 1 - f instead of i",
        hint="The two gates are independent: a cell may keep and write at once.",
        change=[("c = f * c_prev + i * g  #", "c = f * c_prev + (1 - f) * g  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-interleaved-blocks",
        exercise="lstm_cell_forward",
        name="the columns are dealt out one by one instead of in four blocks",
        hint="The first H columns belong together. A reshape to (N, H, 4) mixes the gates; see hint 2.",
        change=[("a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)", "a_i, a_f, a_g, a_o = (a[:, k::4] for k in range(4))")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-sigmoid-overflows",
        exercise="lstm_cell_forward",
        name="the sigmoid is computed as exp(a) / (1 + exp(a)), which is NaN for large a",
        hint="exp of a large number is infinite, and infinite by infinite is NaN. See «Letters used throughout».",
        change=[
            (
                "i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)",
                "i, f, o = (np.exp(a_k) / (1 + np.exp(a_k)) for a_k in (a_i, a_f, a_o))",
            ),
        ],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-cell-in-place",
        exercise="lstm_cell_forward",
        name="c_prev is changed in place",
        hint="The caller still needs the old cell, and so does your backward pass. Make a new array.",
        change=[("c = f * c_prev + i * g  #", "c = c_prev\n    c *= f\n    c += i * g  #")],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-one-array-for-all-steps",
        exercise="lstm_cell_forward",
        name="every step writes its cell into the same array, so the next step changes the c that this one returned",
        hint="An array outside the function is there once. The caller keeps the states of all steps: make a new array in each call.",
        change=[
            ("def lstm_cell_forward(", "kept = {}\n\n\ndef lstm_cell_forward("),
            ("c = f * c_prev + i * g  #", "c = kept.setdefault(c_prev.shape, np.empty(c_prev.shape))\n    c[:] = f * c_prev + i * g  #"),
        ],
        also=PAIR,
    ),
    Mistake(
        "lstm_cell_forward-returns-tanh-of-c",
        exercise="lstm_cell_forward",
        name="what is returned as c is tanh(c)",
        hint="The memory itself is handed on, and nothing squeezes it: tanh stands only on the way from c to h. See the picture in «The cell».",
        change=[("return h, c, cache", "return h, tanh_c, cache")],
    ),
    Mistake(
        "lstm_cell_forward-results-exchanged",
        exercise="lstm_cell_forward",
        name="the results are c, h",
        hint="The order stands in the docstring: the output first, then the cell state.",
        change=[("return h, c, cache", "return c, h, cache")],
    ),
    Mistake(
        "lstm_cell_forward-squeezed",
        exercise="lstm_cell_forward",
        name="axes of length one are dropped",
        hint="A batch of one row is still a batch: h and c are (N, H) for every N and H.",
        change=[("return h, c, cache", "return h.squeeze(), c.squeeze(), cache")],
    ),
    Mistake(
        "lstm_cell_forward-integers-cut-off",
        exercise="lstm_cell_forward",
        name="when c_prev holds integers, c does, too, and the fractions are cut off",
        hint="An array of integers holds no fractions: make the result from numbers with fractions, not in the likeness of an argument.",
        change=[("return h, c, cache", "return h, c.astype(c_prev.dtype), cache")],
    ),
    Mistake(
        "lstm_cell_forward-in-place-on-integers",
        exercise="lstm_cell_forward",
        name="the products are added in place with +=, an error where x and w_x hold integers and the rest does not",
        hint="x @ w_x is an array of integers if both are, and it can't take up the fractions of the rest. Add into a new array.",
        change=[("a = x @ w_x + h_prev @ w_h + b  #", "a = x @ w_x\n    a += h_prev @ w_h\n    a += b  #")],
    ),
    Mistake(
        "lstm_cell_forward-two-results",
        exercise="lstm_cell_forward",
        name="only h and c are returned, without a cache",
        hint="There are three results: h, c, and what your backward pass will need of this step.",
        change=[("return h, c, cache", "return h, c")],
        also=PAIR,
    ),
]

CHECK_CELL_FORWARD = [
    Mistake(
        "check_lstm_cell_forward-only-shapes",
        exercise="check_lstm_cell_forward",
        name="only the shapes are looked at",
        hint="Zeros have the right shapes too. Compare the numbers.",
        change=[(" and np.allclose(got_h, h, rtol=1e-8, atol=1e-9)", ""), (" and np.allclose(got_c, c, rtol=1e-8, atol=1e-9)", "")],
    ),
    Mistake(
        "check_lstm_cell_forward-only-c",
        exercise="check_lstm_cell_forward",
        name="only c is looked at",
        hint="Much can go wrong between c and h. See the table in «When is a test good?».",
        change=[("np.shape(got_h) == h.shape and np.allclose(got_h, h, rtol=1e-8, atol=1e-9)", "True")],
    ),
    Mistake(
        "check_lstm_cell_forward-only-h",
        exercise="check_lstm_cell_forward",
        name="only h is looked at",
        hint="A right h doesn't prove that the c beside it is right: it is handed on, too. Compare both.",
        change=[("right = right and np.shape(got_c) == c.shape and np.allclose(got_c, c, rtol=1e-8, atol=1e-9)", "pass")],
    ),
    Mistake(
        "check_lstm_cell_forward-demands-a-tuple",
        exercise="check_lstm_cell_forward",
        name="the three results have to be a tuple",
        hint="A list of h, c and the cache is as good. Take the three apart, and look at h and c.",
        change=[("got_h, got_c, _ = f(*copies)", "got_h, got_c, _ = () + f(*copies)")],
    ),
    Mistake(
        "check_lstm_cell_forward-zero-bias",
        exercise="check_lstm_cell_forward",
        name="all biases are zero",
        hint="A bias that is left out does no harm if it is zero.",
        change=[
            ("floats[3:] = [scale * part for part in floats[3:]]", "floats[3:] = [scale * floats[3], scale * floats[4], 0 * floats[5]]"),
            (
                "integers = [rng.integers(-2, 3, size=shape) for shape in shapes]",
                "integers = [rng.integers(-2, 3, size=shape) for shape in shapes]\n        integers[5][:] = 0",
            ),
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-first-step",
        exercise="check_lstm_cell_forward",
        name="h_prev and c_prev are always zero",
        hint="That is the first step only: a lost recurrence looks right there.",
        change=[
            (
                "for inputs in (floats, integers):\n",
                "for inputs in (floats, integers):\n            inputs[1:3] = 0 * inputs[1], 0 * inputs[2]\n",
            )
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-one-unit",
        exercise="check_lstm_cell_forward",
        name="there is always one hidden unit",
        hint="With one column each, all ways to cut the blocks agree.",
        change=[
            (
                "cases = [(3, 4, 5, 1.0), (1, 3, 2, 1.0), (2, 1, 3, 1.0), (3, 2, 1, 1.0), (3, 2, 4, 500.0)]",
                "cases = [(3, 4, 1, 1.0), (1, 3, 1, 1.0), (2, 1, 1, 1.0), (3, 2, 1, 500.0)]",
            )
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-one-row",
        exercise="check_lstm_cell_forward",
        name="every batch has one row",
        hint="With one row, nothing can be mixed up between rows.",
        change=[
            (
                "cases = [(3, 4, 5, 1.0), (1, 3, 2, 1.0), (2, 1, 3, 1.0), (3, 2, 1, 1.0), (3, 2, 4, 500.0)]",
                "cases = [(1, 4, 5, 1.0), (1, 3, 2, 1.0), (1, 1, 3, 1.0), (1, 2, 1, 1.0), (1, 2, 4, 500.0)]",
            )
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-moderate-numbers",
        exercise="check_lstm_cell_forward",
        name="a never comes near ±1000",
        hint="One regime only: an overflow happens elsewhere.",
        change=[(", (3, 2, 4, 500.0)]", "]")],
    ),
    Mistake(
        "check_lstm_cell_forward-loose-tolerance",
        exercise="check_lstm_cell_forward",
        name="differences of 0.1 are accepted",
        hint="Rounding is of the order of 1e-16. One hundredth is a mistake.",
        change=[
            ("np.allclose(got_h, h, rtol=1e-8, atol=1e-9)", "np.allclose(got_h, h, rtol=0, atol=0.1)"),
            ("np.allclose(got_c, c, rtol=1e-8, atol=1e-9)", "np.allclose(got_c, c, rtol=0, atol=0.1)"),
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-exact-equality",
        exercise="check_lstm_cell_forward",
        name="numbers with fractions are compared by ==",
        hint="A sum in another order differs in its last digits. Accept rounding.",
        code="""\
def check_lstm_cell_forward(f):
    rng = np.random.default_rng(3)
    for n, d, k, scale in ((3, 4, 5, 1), (1, 3, 2, 1), (2, 1, 3, 500), (3, 2, 1, 1)):
        for whole in (False, True):
            shapes = ((n, d), (n, k), (n, k), (d, 4 * k), (k, 4 * k), (4 * k,))
            inputs = [rng.integers(-2, 3, size=s) if whole else scale * rng.normal(size=s) for s in shapes]
            copies = [part.copy() for part in inputs]
            x, h_prev, c_prev, w_x, w_h, b = inputs
            a_i, a_f, a_g, a_o = np.split(x @ w_x + h_prev @ w_h + b, 4, axis=1)
            c = sigmoid(a_f) * c_prev + sigmoid(a_i) * np.tanh(a_g)
            try:
                got_h, got_c, _ = f(*copies)
                right = np.array_equal(got_c, c) and np.array_equal(got_h, sigmoid(a_o) * np.tanh(c))
                if not right or not all(np.array_equal(old, new) for old, new in zip(inputs, copies)):
                    return False
            except Exception:
                return False
    return True
""",
    ),
    Mistake(
        "check_lstm_cell_forward-tolerance-too-small",
        exercise="check_lstm_cell_forward",
        name="a right f whose numbers are off by less than 1e-9 is rejected",
        hint="The docstring says which differences to accept: those of 1e-9. A tolerance of 1e-12 is too small.",
        change=[
            ("np.allclose(got_h, h, rtol=1e-8, atol=1e-9)", "np.allclose(got_h, h, rtol=0, atol=1e-12)"),
            ("np.allclose(got_c, c, rtol=1e-8, atol=1e-9)", "np.allclose(got_c, c, rtol=0, atol=1e-12)"),
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-comparison-unprotected",
        exercise="check_lstm_cell_forward",
        name="errors of the comparison come through when f returns no arrays h and c",
        hint="f may return anything. The call and the comparison stand in the `try`; see hint 3.",
        change=[
            (
                "got_h, got_c, _ = f(*copies)\n",
                "got_h, got_c, _ = f(*copies)\n            except Exception:\n                return False\n            if True:\n",
            ),
            ("np.shape(got_h) == h.shape and np.allclose(got_h, h", "np.allclose(got_h, h"),
            (
                "                return False\n            if not right:",
                "                return False\n            if not right or np.shape(got_h) != h.shape:",
            ),
            ("            except Exception:\n                return False\n            if not right", "            if not right"),
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-lets-exceptions-through",
        exercise="check_lstm_cell_forward",
        name="errors that f raises come through",
        hint="What f raises is f's fault: the answer is False.",
        change=[("except Exception:", "except ZeroDivisionError:")],
    ),
    Mistake(
        "check_lstm_cell_forward-no-integers",
        exercise="check_lstm_cell_forward",
        name="integers are never tried",
        hint="The docstring of lstm_cell_forward accepts integer arrays.",
        change=[("for inputs in (floats, integers):", "for inputs in (floats,):")],
    ),
    Mistake(
        "check_lstm_cell_forward-no-size-of-one",
        exercise="check_lstm_cell_forward",
        name="no size is ever 1",
        hint="Axes of length one get lost easily.",
        change=[
            (
                "cases = [(3, 4, 5, 1.0), (1, 3, 2, 1.0), (2, 1, 3, 1.0), (3, 2, 1, 1.0), (3, 2, 4, 500.0)]",
                "cases = [(3, 4, 5, 1.0), (2, 5, 3, 1.0), (3, 2, 4, 500.0)]",
            )
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-arguments-not-looked-at",
        exercise="check_lstm_cell_forward",
        name="nobody looks whether f has changed its arguments",
        hint="Hand over copies, and compare them with the originals afterwards.",
        change=[
            ("right = right and all(np.array_equal(old, new) for old, new in zip(inputs, copies, strict=True))", "right = bool(right)")
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-looks-into-the-cache",
        exercise="check_lstm_cell_forward",
        name="a right f is rejected because of what it returns as its cache",
        hint="The cache is f's own business: a tuple, a dict or None are as good. Look at h and c only.",
        change=[("got_h, got_c, _ = f(*copies)", "got_h, got_c, (*_,) = f(*copies)")],
    ),
    Mistake(
        "check_lstm_cell_forward-nan-passes",
        exercise="check_lstm_cell_forward",
        name="it looks for large differences, and NaN is none",
        hint="NaN > 1e-8 is false, and so is NaN < 1e-8. Ask whether the differences are small.",
        change=[
            ("np.allclose(got_h, h, rtol=1e-8, atol=1e-9)", "not (np.abs(got_h - h) > 1e-8).any()"),
            ("np.allclose(got_c, c, rtol=1e-8, atol=1e-9)", "not (np.abs(got_c - c) > 1e-8).any()"),
        ],
    ),
    Mistake(
        "check_lstm_cell_forward-always-true",
        exercise="check_lstm_cell_forward",
        name="every f is accepted, the wrong ones too",
        hint="Each f is judged anew, by its own numbers. Show your test something wrong, and see it fail.",
        code="""
def check_lstm_cell_forward(f):
    return True
""",
    ),
    Mistake(
        "check_lstm_cell_forward-only-errors",
        exercise="check_lstm_cell_forward",
        name="every f that raises no error is accepted",
        hint="Most wrong answers raise nothing: compare the numbers. Show your test something wrong, and see it fail.",
        code="""
def check_lstm_cell_forward(f):
    try:
        f(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4)), np.ones((3, 16)), np.ones((4, 16)), np.ones(16))
    except Exception:
        return False
    return True
""",
    ),
    Mistake(
        "check_lstm_cell_forward-one-shape",
        exercise="check_lstm_cell_forward",
        name="wrong numbers are accepted if their shapes are right",
        hint="Zeros have the right shapes, too. Compare the numbers, and try several sizes.",
        code="""
def check_lstm_cell_forward(f):
    try:
        h, c, _ = f(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4)), np.ones((3, 16)), np.ones((4, 16)), np.ones(16))
        return np.shape(h) == np.shape(c) == (2, 4)
    except Exception:
        return False
""",
    ),
    Mistake(
        "check_lstm_cell_forward-always-false",
        exercise="check_lstm_cell_forward",
        name="every right f is rejected",
        hint="Try it on your own cell. If only the last digits differ: sums in another order do, so accept differences of 1e-9 instead of asking "
        "for equal numbers.",
        change=[("return False\n    return True", "return False\n    return False")],
    ),
    Mistake(
        "check_lstm_cell_forward-no-answer",
        exercise="check_lstm_cell_forward",
        name="for a right f the answer is None",
        hint="A function that ends without `return` gives None. True is said at the end, when nothing was wrong.",
        change=[("                return False\n    return True", "                return False")],
    ),
    Mistake(
        "check_lstm_cell_forward-one-or-zero",
        exercise="check_lstm_cell_forward",
        name="the answer is a number, 1 or 0",
        hint="Numbers are no answer here: it is True or False.",
        change=[
            ("            except Exception:\n                return False", "            except Exception:\n                return 0"),
            (
                "            if not right:\n                return False\n    return True",
                "            if not right:\n                return 0\n    return 1",
            ),
        ],
    ),
]

CELL_BACKWARD = [
    Mistake(
        "lstm_cell_backward-ignores-d-c",
        exercise="lstm_cell_backward",
        name="the gradient d_c from the next step is ignored",
        hint="Two used the cell: h and the next step. Their gradients add. See «Step 1».",
        change=[("d_c_total = d_c + d_h * o", "d_c_total = d_h * o")],
    ),
    Mistake(
        "lstm_cell_backward-no-path-through-h",
        exercise="lstm_cell_backward",
        name="d_h does not reach the cell through tanh(c)",
        hint="h was made from c, so part of d_h flows back into c. See «Step 1».",
        change=[("d_c_total = d_c + d_h * o * (1 - tanh_c**2)", "d_c_total = d_c + 0 * d_h")],
    ),
    Mistake(
        "lstm_cell_backward-no-tanh-derivative-of-c",
        exercise="lstm_cell_backward",
        name="the derivative of tanh is missing on the way from h to c",
        hint="Between c and h there is a tanh: its derivative belongs into the product. See «Step 1».",
        change=[("d_h * o * (1 - tanh_c**2)", "d_h * o")],
    ),
    Mistake(
        "lstm_cell_backward-output-gate-left-out",
        exercise="lstm_cell_backward",
        name="the output gate is missing on the way from h to c",
        hint="h is a product; tanh(c) gets d_h times the other factor, the output gate.",
        change=[("d_h * o * (1 - tanh_c**2)", "d_h * (1 - tanh_c**2)")],
    ),
    Mistake(
        "lstm_cell_backward-tanh-derivative-from-c",
        exercise="lstm_cell_backward",
        name="the derivative of tanh is taken as 1 - c² instead of 1 - tanh²(c)",
        hint="tanh' is one minus the square of tanh's result, not of its argument.",
        change=[("d_h * o * (1 - tanh_c**2)", "d_h * o * (1 - np.arctanh(tanh_c)**2)")],
    ),
    Mistake(
        "lstm_cell_backward-no-sigmoid-derivative",
        exercise="lstm_cell_backward",
        name="the derivative of the sigmoid is missing for all three gates",
        hint="From a gate to its a there is a sigmoid; its derivative is σ(1 - σ). See «Step 3».",
        change=[
            ("d_a_i = d_i * i * (1 - i)", "d_a_i = d_i"),
            ("d_a_f = d_f * f * (1 - f)", "d_a_f = d_f"),
            ("d_a_o = d_o * o * (1 - o)", "d_a_o = d_o"),
        ],
    ),
    Mistake(
        "lstm_cell_backward-no-tanh-derivative-of-g",
        exercise="lstm_cell_backward",
        name="the derivative of tanh is missing for the candidate",
        hint="The candidate went through tanh. See «Step 3».",
        change=[("d_a_g = d_g * (1 - g**2)", "d_a_g = d_g")],
    ),
    Mistake(
        "lstm_cell_backward-sigmoid-derivative-for-g",
        exercise="lstm_cell_backward",
        name="the candidate gets the sigmoid's derivative",
        hint="g was made by tanh, not by the sigmoid: its derivative is 1 - g².",
        change=[("d_a_g = d_g * (1 - g**2)", "d_a_g = d_g * g * (1 - g)")],
    ),
    Mistake(
        "lstm_cell_backward-forget-gate-uses-new-cell",
        exercise="lstm_cell_backward",
        name="d_f is multiplied by the new cell instead of the old one",
        hint="The forget gate was multiplied by the old cell, so that is its «other factor». See «Step 2».",
        change=[("d_f = d_c_total * c_prev", "d_f = d_c_total * (f * c_prev + i * g)")],
    ),
    Mistake(
        "lstm_cell_backward-i-and-g-partners",
        exercise="lstm_cell_backward",
        name="d_i is multiplied by i and d_g by g",
        hint="In a product each factor's gradient has the *other* factor. See «Step 2».",
        change=[("d_i = d_c_total * g", "d_i = d_c_total * i"), ("d_g = d_c_total * i", "d_g = d_c_total * g")],
    ),
    Mistake(
        "lstm_cell_backward-carousel-without-forget-gate",
        exercise="lstm_cell_backward",
        name="d_c_prev is handed back without the forget gate",
        hint="The old cell was multiplied by f on the way forward, so its gradient is on the way back. See «Step 2».",
        change=[("d_c_prev = d_c_total * f", "d_c_prev = d_c_total")],
    ),
    Mistake(
        "lstm_cell_backward-old-cell-from-d-c-only",
        exercise="lstm_cell_backward",
        name="d_c_prev uses only d_c, not the completed gradient of c",
        hint="What flows to the old cell is the whole gradient of the new one: what came from the next step and what came through h.",
        change=[("d_c_prev = d_c_total * f", "d_c_prev = d_c * f")],
    ),
    Mistake(
        "lstm_cell_backward-output-gate-from-d-c",
        exercise="lstm_cell_backward",
        name="the output gate also gets a gradient from d_c",
        hint="The output gate is used in h only: nothing of d_c reaches it.",
        change=[("d_o = d_h * tanh_c", "d_o = (d_h + d_c) * tanh_c")],
    ),
    Mistake(
        "lstm_cell_backward-block-order",
        exercise="lstm_cell_backward",
        name="the four gradients are put together in the order i, f, o, g",
        hint="Put them together in the order in which forward took them apart: i, f, g, o. See «Step 3».",
        change=[("[d_a_i, d_a_f, d_a_g, d_a_o]", "[d_a_i, d_a_f, d_a_o, d_a_g]")],
    ),
    Mistake(
        "lstm_cell_backward-bias-not-summed",
        exercise="lstm_cell_backward",
        name="d_b is not summed over the batch",
        hint="b was added to every row, so every row sends a gradient back to it. See the table in «Step 4».",
        change=[("d_b = d_a.sum(axis=0)", "d_b = d_a")],
    ),
    Mistake(
        "lstm_cell_backward-mean-over-batch",
        exercise="lstm_cell_backward",
        name="the weight gradients are averaged over the batch",
        hint="Each row's contribution is added. A mean, if any, belongs into the loss.",
        change=[
            ("d_w_x = x.T @ d_a", "d_w_x = x.T @ d_a / len(x)"),
            ("d_w_h = h_prev.T @ d_a", "d_w_h = h_prev.T @ d_a / len(x)"),
            ("d_b = d_a.sum(axis=0)", "d_b = d_a.mean(axis=0)"),
        ],
    ),
    Mistake(
        "lstm_cell_backward-transposed-weight-gradients",
        exercise="lstm_cell_backward",
        name="the weight gradients are transposed",
        hint="A gradient has the shape of what it belongs to: (D, 4H) and (H, 4H).",
        change=[("d_w_x = x.T @ d_a", "d_w_x = d_a.T @ x"), ("d_w_h = h_prev.T @ d_a", "d_w_h = d_a.T @ h_prev")],
    ),
    Mistake(
        "lstm_cell_backward-changes-d-c",
        exercise="lstm_cell_backward",
        name="d_c is changed in place",
        hint="d_c belongs to the caller: add into a new array. See hint 4.",
        change=[
            ("d_c_total = d_c + d_h * o * (1 - tanh_c**2)  #", "d_c += d_h * o * (1 - tanh_c**2)\n    d_c_total = d_c  #"),
        ],
    ),
    Mistake(
        "lstm_cell_backward-d-c-through-the-output",
        exercise="lstm_cell_backward",
        name="d_c, too, goes through the output gate and tanh",
        hint="d_c came along the thick line, where neither stands. Only the way from h to c passes them. See «Step 1».",
        change=[("d_c_total = d_c + d_h * o * (1 - tanh_c**2)", "d_c_total = (d_c + d_h) * o * (1 - tanh_c**2)")],
    ),
    Mistake(
        "lstm_cell_backward-tanh-twice",
        exercise="lstm_cell_backward",
        name="tanh(c) goes through tanh once more",
        hint="What the cache holds has been through tanh already: one minus its square. See «Step 1».",
        change=[("(1 - tanh_c**2)  #", "(1 - np.tanh(tanh_c) ** 2)  #")],
    ),
    Mistake(
        "lstm_cell_backward-input-and-forget-exchanged",
        exercise="lstm_cell_backward",
        name="the first two of the four gradients are exchanged",
        hint="Put the blocks side by side in the order in which forward cut them: i, f, g, o.",
        change=[("[d_a_i, d_a_f, d_a_g, d_a_o]", "[d_a_f, d_a_i, d_a_g, d_a_o]")],
    ),
    Mistake(
        "lstm_cell_backward-weight-gradient-from-new-output",
        exercise="lstm_cell_backward",
        name="d_w_h is made from h instead of h_prev",
        hint="A weight's gradient is made from what the weight was multiplied by. See the table in «Step 4».",
        change=[("d_w_h = h_prev.T @ d_a", "d_w_h = (o * tanh_c).T @ d_a")],
    ),
    Mistake(
        "lstm_cell_backward-bias-averaged",
        exercise="lstm_cell_backward",
        name="d_b is a mean over the batch",
        hint="b was added to every row, and what all rows send back adds up.",
        change=[("d_b = d_a.sum(axis=0)", "d_b = d_a.mean(axis=0)")],
    ),
    Mistake(
        "lstm_cell_backward-bias-keeps-its-row",
        exercise="lstm_cell_backward",
        name="d_b is (1, 4H) instead of (4H,)",
        hint="A gradient has the shape of what it belongs to: b has one axis.",
        change=[("d_b = d_a.sum(axis=0)", "d_b = d_a.sum(axis=0, keepdims=True)")],
    ),
    Mistake(
        "lstm_cell_backward-results-in-another-order",
        exercise="lstm_cell_backward",
        name="d_c_prev comes before d_h_prev",
        hint="The order stands in the docstring.",
        change=[("return d_x, d_h_prev, d_c_prev", "return d_x, d_c_prev, d_h_prev")],
    ),
    Mistake(
        "lstm_cell_backward-integers-cut-off",
        exercise="lstm_cell_backward",
        name="after a forward pass over integers the gradients are integers, their fractions cut off",
        hint="An array made in the likeness of x or of a weight holds integers if that does. A gradient never does: say the shape or the dtype.",
        change=[
            (
                "return d_x, d_h_prev, d_c_prev, d_w_x, d_w_h, d_b",
                "pairs = ((d_x, x), (d_h_prev, h_prev), (d_c_prev, c_prev), (d_w_x, w_x), (d_w_h, w_h))\n"
                "    return *(gradient.astype(like.dtype) for gradient, like in pairs), d_b",
            )
        ],
    ),
    Mistake(
        "lstm_cell_backward-weight-gradients-clipped",
        exercise="lstm_cell_backward",
        name="the gradients of the weights are clipped to ±5",
        hint="Clipping is the business of whoever trains the network. A gradient is what it is, however large.",
        change=[
            ("d_w_x = x.T @ d_a", "d_w_x = np.clip(x.T @ d_a, -5, 5)"),
            ("d_w_h = h_prev.T @ d_a", "d_w_h = np.clip(h_prev.T @ d_a, -5, 5)"),
            ("d_b = d_a.sum(axis=0)", "d_b = np.clip(d_a.sum(axis=0), -5, 5)"),
        ],
    ),
    Mistake(
        "lstm_cell_backward-changes-the-cache",
        exercise="lstm_cell_backward",
        name="an array of the cache is changed in place",
        hint="The cache must serve a second time. Make new arrays.",
        change=[
            ("d_c_prev = d_c_total * f  #", "d_c_prev = d_c_total * f\n    h_prev *= 0.5  #"),
            ("d_w_h = h_prev.T @ d_a", "d_w_h = 2.0 * h_prev.T @ d_a"),
        ],
    ),
]

SEQUENCE = [
    Mistake(
        "lstm_sequence-no-carry-of-d-c",
        exercise="lstm_sequence",
        name="the gradient of the cell is not carried to the step before",
        hint="Two gradients travel back through time. The one along the thick line is the point of the whole cell. See «A whole sequence».",
        change=[("carry_c = d_c_t * f", "carry_c = 0 * d_c_t")],
    ),
    Mistake(
        "lstm_sequence-no-carry-of-d-h",
        exercise="lstm_sequence",
        name="the gradient of h is not carried to the step before",
        hint="h of step t was used twice: by the loss and by the gates of step t + 1.",
        change=[("d_h_t = d_h[:, t] + carry_h", "d_h_t = d_h[:, t]")],
    ),
    Mistake(
        "lstm_sequence-weights-overwritten",
        exercise="lstm_sequence",
        name="the gradient of w_h is overwritten at every step instead of added up",
        hint="The same weights are used at every step, so every step adds its part.",
        change=[("d_w_h += h_prev.T @ d_a[:, t]", "d_w_h = h_prev.T @ d_a[:, t]")],
    ),
    Mistake(
        "lstm_sequence-all-weights-overwritten",
        exercise="lstm_sequence",
        name="all weight gradients are those of the first step only",
        hint="Assigning in the loop leaves the last assignment, that of step 0. Add up over the steps.",
        change=[
            ("d_w_h += h_prev.T @ d_a[:, t]", "d_w_h = h_prev.T @ d_a[:, t]"),
            ("np.tensordot(x, d_a, axes=((0, 1), (0, 1)))", "x[:, 0].T @ d_a[:, 0]"),
            ("d_b = d_a.sum(axis=(0, 1))", "d_b = d_a[:, 0].sum(axis=0)"),
        ],
    ),
    Mistake(
        "lstm_sequence-carry-without-forget-gate",
        exercise="lstm_sequence",
        name="the carried cell gradient is not multiplied by the forget gate",
        hint="From c at step t to c at step t - 1 there is one multiplication: by f of step t.",
        change=[("carry_c = d_c_t * f", "carry_c = d_c_t")],
    ),
    Mistake(
        "lstm_sequence-only-the-last-output",
        exercise="lstm_sequence",
        name="only the gradient of the last output is used",
        hint="Every output has a gradient of its own, d_h[:, t]; it is added at its step.",
        change=[("d_h_t = d_h[:, t] + carry_h", "d_h_t = d_h[:, t] * (t == len(steps) - 1) + carry_h")],
    ),
    Mistake(
        "lstm_sequence-ignores-h-0",
        exercise="lstm_sequence",
        name="the sequence starts from zeros instead of h_0 and c_0",
        hint="The start is given: step 0 gets h_0 and c_0.",
        change=[("h_t, c_t = h_0, c_0", "h_t, c_t = 0.0 * h_0, 0.0 * c_0")],
    ),
    Mistake(
        "lstm_sequence-state-not-handed-on",
        exercise="lstm_sequence",
        name="every step starts from c_0 again",
        hint="The new cell state of a step is the old one of the next.",
        change=[("h_prev, c_prev = h_t, c_t", "h_prev, c_prev = h_t, c_0")],
    ),
    Mistake(
        "lstm_sequence-final-pair-exchanged",
        exercise="lstm_sequence",
        name="the final pair is (c_T, h_T)",
        hint="The output comes first, the cell state second.",
        change=[("return h, (h_t, c_t), (x, w_x, w_h, steps)", "return h, (c_t, h_t), (x, w_x, w_h, steps)")],
    ),
    Mistake(
        "lstm_sequence-new-h-in-the-weight-gradient",
        exercise="lstm_sequence",
        name="the gradient of w_h uses the step's own output instead of the previous one",
        hint="At step t, w_h was multiplied by the output of step t - 1.",
        change=[("d_w_h += h_prev.T @ d_a[:, t]", "d_w_h += (o * tanh_c).T @ d_a[:, t]")],
    ),
    Mistake(
        "lstm_sequence-backward-in-forward-order",
        exercise="lstm_sequence",
        name="the backward loop runs from the first step to the last",
        hint="Gradients come from the future: begin at the last step.",
        change=[("for t in reversed(range(x.shape[1])):", "for t in range(x.shape[1]):")],
    ),
    Mistake(
        "lstm_sequence-time-first",
        exercise="lstm_sequence",
        name="the outputs are (T, N, H), time first",
        hint="The batch comes first: h is (N, T, H).",
        change=[("return h, (h_t, c_t), (x, w_x, w_h, steps)", "return h.transpose(1, 0, 2), (h_t, c_t), (x, w_x, w_h, steps)")],
    ),
    Mistake(
        "lstm_sequence-start-gradient-one-step-late",
        exercise="lstm_sequence",
        name="d_h_0 and d_c_0 are the gradients after the first step, not before it",
        hint="What is left in the carries after step 0 belongs to h_0 and c_0; the gradients inside step 0 belong to its results.",
        change=[("return d_x, carry_h, carry_c, d_w_x, d_w_h, d_b", "return d_x, d_h_t, d_c_t, d_w_x, d_w_h, d_b")],
    ),
    Mistake(
        "lstm_sequence-outputs-one-step-late",
        exercise="lstm_sequence",
        name="h[:, t] holds the output before step t",
        hint="h[:, t] is what step t gives, after its input was read.",
        change=[("h[:, t] = h_t", "h[:, t] = h_prev")],
    ),
    Mistake(
        "lstm_sequence-mean-over-time",
        exercise="lstm_sequence",
        name="the weight gradients are averaged over the steps",
        hint="Contributions of the steps are added. A mean, if any, belongs into the loss.",
        change=[
            ("np.tensordot(x, d_a, axes=((0, 1), (0, 1)))", "np.tensordot(x, d_a, axes=((0, 1), (0, 1))) / x.shape[1]"),
            ("d_b = d_a.sum(axis=(0, 1))", "d_b = d_a.sum(axis=(0, 1)) / x.shape[1]"),
            ("return d_x, carry_h, carry_c, d_w_x, d_w_h, d_b", "return d_x, carry_h, carry_c, d_w_x, d_w_h / x.shape[1], d_b"),
        ],
    ),
    Mistake(
        "lstm_sequence-changes-d-h",
        exercise="lstm_sequence",
        name="d_h is changed in place",
        hint="d_h belongs to the caller: add the carry into a new array.",
        change=[("d_h_t = d_h[:, t] + carry_h", "d_h_t = d_h[:, t]\n        d_h_t += carry_h")],
    ),
    Mistake(
        "lstm_sequence-truncated",
        exercise="lstm_sequence",
        name="the gradient is cut off every eight steps",
        hint="Cutting saves time in long texts, but here the whole way back is asked for.",
        change=[
            ("carry_h = d_a[:, t] @ w_h.T", "carry_h = d_a[:, t] @ w_h.T * (t % 8 != 7)"),
            ("carry_c = d_c_t * f", "carry_c = d_c_t * f * (t % 8 != 7)"),
        ],
    ),
    Mistake(
        "lstm_sequence-carry-clipped",
        exercise="lstm_sequence",
        name="what is carried is cut off at 10",
        hint="Clipping is the business of training, not of the gradient. This function gives the gradient as it is.",
        change=[
            ("carry_h = d_a[:, t] @ w_h.T", "carry_h = np.clip(d_a[:, t] @ w_h.T, -10, 10)"),
            ("carry_c = d_c_t * f", "carry_c = np.clip(d_c_t * f, -10, 10)"),
        ],
    ),
    Mistake(
        "lstm_sequence-caches-kept-outside",
        exercise="lstm_sequence",
        name="lstm_backward goes back through the last call of lstm_forward, whichever caches it is given",
        hint="Two sequences may be on their way at a time. Each call of lstm_forward makes caches of its own, and all that backward needs "
        "stands in them.",
        change=[
            ("return h, (h_t, c_t), (x, w_x, w_h, steps)", "lstm_forward.kept = (x, w_x, w_h, steps)\n    return h, (h_t, c_t), None"),
            ("x, w_x, w_h, steps = caches", "x, w_x, w_h, steps = lstm_forward.kept"),
        ],
    ),
    Mistake(
        "lstm_sequence-caches-used-up",
        exercise="lstm_sequence",
        name="the caches are emptied on the way back",
        hint="The caches must serve a second time: read them, don't take from them.",
        change=[("o, tanh_c = steps[t]", "o, tanh_c = steps.pop()")],
    ),
    Mistake(
        "lstm_sequence-caches-in-wrong-order",
        exercise="lstm_sequence",
        name="the backward loop takes the caches from the other end",
        hint="Step t has its own cache, the one that it made on the way forward. See «A whole sequence».",
        change=[("o, tanh_c = steps[t]", "o, tanh_c = steps[-1 - t]")],
    ),
    Mistake(
        "lstm_sequence-ignores-c-0",
        exercise="lstm_sequence",
        name="the cell starts from zero instead of c_0",
        hint="Both starts are given: step 0 gets h_0 and c_0.",
        change=[("h_t, c_t = h_0, c_0", "h_t, c_t = h_0, 0.0 * c_0")],
    ),
    Mistake(
        "lstm_sequence-output-not-handed-on",
        exercise="lstm_sequence",
        name="every step gets h_0 again",
        hint="The output of a step goes into the gates of the next.",
        change=[("a = from_input[:, t] + h_t @ w_h", "a = from_input[:, t] + h_0 @ w_h")],
    ),
    Mistake(
        "lstm_sequence-outputs-are-cells",
        exercise="lstm_sequence",
        name="h holds the cell states",
        hint="The cell is the memory; what the world sees is h.",
        change=[("h[:, t] = h_t", "h[:, t] = c_t")],
    ),
    Mistake(
        "lstm_sequence-start-gradients-exchanged",
        exercise="lstm_sequence",
        name="d_h_0 and d_c_0 are exchanged",
        hint="The order stands in the docstring.",
        change=[("return d_x, carry_h, carry_c, d_w_x", "return d_x, carry_c, carry_h, d_w_x")],
    ),
    Mistake(
        "lstm_sequence-mean-over-batch",
        exercise="lstm_sequence",
        name="the weight gradients are averaged over the batch",
        hint="Sums over batch and time, as the docstring says.",
        change=[
            (
                "return d_x, carry_h, carry_c, d_w_x, d_w_h, d_b",
                "return d_x, carry_h, carry_c, d_w_x / len(x), d_w_h / len(x), d_b / len(x)",
            )
        ],
    ),
    Mistake(
        "lstm_sequence-integers-cut-off",
        exercise="lstm_sequence",
        name="when the inputs hold integers, h does, too, and the fractions are cut off",
        hint="An array of integers holds no fractions: say the shape or the dtype, don't copy that of an argument.",
        change=[("h = np.empty((x.shape[0], n_steps, hidden))", "h = np.empty((x.shape[0], n_steps, hidden), dtype=h_0.dtype)")],
    ),
    Mistake(
        "lstm_sequence-sigmoid-overflows",
        exercise="lstm_sequence",
        name="the sigmoid is computed as exp(a) / (1 + exp(a)), which is NaN for large a",
        hint="exp of a large number is infinite, and infinite by infinite is NaN. See «Letters used throughout».",
        change=[
            ("i = sigmoid(a[:, :hidden])", "i = np.exp(a[:, :hidden]) / (1 + np.exp(a[:, :hidden]))"),
            ("f = sigmoid(a[:, hidden : 2 * hidden])", "f = np.exp(a[:, hidden : 2 * hidden]) / (1 + np.exp(a[:, hidden : 2 * hidden]))"),
            ("o = sigmoid(a[:, 3 * hidden :])", "o = np.exp(a[:, 3 * hidden :]) / (1 + np.exp(a[:, 3 * hidden :]))"),
        ],
    ),
]

INITIALISE = [
    Mistake(
        "lstm_initialise-bias-on-the-input-gate",
        exercise="lstm_initialise",
        name="forget_bias is written into the first block, the input gate's",
        hint="The order is i, f, g, o: the forget gate is the second block.",
        change=[("b[H : 2 * H] = forget_bias", "b[:H] = forget_bias")],
    ),
    Mistake(
        "lstm_initialise-bias-on-the-candidate",
        exercise="lstm_initialise",
        name="forget_bias is written into the third block, the candidate's",
        hint="The order is i, f, g, o: the forget gate is the second block.",
        change=[("b[H : 2 * H] = forget_bias", "b[2 * H : 3 * H] = forget_bias")],
    ),
    Mistake(
        "lstm_initialise-bias-everywhere",
        exercise="lstm_initialise",
        name="forget_bias is written into the whole of b",
        hint="Only the forget gate starts open. An input gate that starts open writes everything.",
        change=[("b[H : 2 * H] = forget_bias", "b[:] = forget_bias")],
    ),
    Mistake(
        "lstm_initialise-other-biases-zero",
        exercise="lstm_initialise",
        name="the other blocks of b are zero",
        hint="Here the other biases are drawn like the weights, uniform between ±1/√H.",
        change=[("b = rng.uniform(-bound, bound, size=4 * H)", "b = np.zeros(4 * H)")],
    ),
    Mistake(
        "lstm_initialise-bias-added",
        exercise="lstm_initialise",
        name="forget_bias is added to the random draw",
        hint="The forget block is exactly forget_bias: written over the draw, not added.",
        change=[("b[H : 2 * H] = forget_bias", "b[H : 2 * H] += forget_bias")],
    ),
    Mistake(
        "lstm_initialise-forget-bias-ignored",
        exercise="lstm_initialise",
        name="the forget block is always 1, whatever forget_bias says",
        hint="1 is only the default: use the argument.",
        change=[("b[H : 2 * H] = forget_bias", "b[H : 2 * H] = 1.0")],
    ),
    Mistake(
        "lstm_initialise-bound-from-inputs",
        exercise="lstm_initialise",
        name="the bound is 1/√D",
        hint="The bound depends on the number of hidden units, also for w_x.",
        change=[("bound = 1 / np.sqrt(H)", "bound = 1 / np.sqrt(D)")],
    ),
    Mistake(
        "lstm_initialise-bound-without-root",
        exercise="lstm_initialise",
        name="the bound is 1/H, without the root",
        hint="The root is missing: see «The one-line trick».",
        change=[("bound = 1 / np.sqrt(H)", "bound = 1 / H")],
    ),
    Mistake(
        "lstm_initialise-bound-of-all-columns",
        exercise="lstm_initialise",
        name="the bound is 1/√(4H)",
        hint="The number of hidden units is H, not the number of columns.",
        change=[("bound = 1 / np.sqrt(H)", "bound = 1 / np.sqrt(4 * H)")],
    ),
    Mistake(
        "lstm_initialise-normal",
        exercise="lstm_initialise",
        name="the weights are normally distributed",
        hint="The draw is uniform between two bounds; a normal one goes beyond them.",
        change=[
            ("w_x = rng.uniform(-bound, bound, size=(D, 4 * H))", "w_x = rng.normal(0, bound, size=(D, 4 * H))"),
            ("w_h = rng.uniform(-bound, bound, size=(H, 4 * H))", "w_h = rng.normal(0, bound, size=(H, 4 * H))"),
        ],
    ),
    Mistake(
        "lstm_initialise-positive-only",
        exercise="lstm_initialise",
        name="all weights are positive",
        hint="The interval is symmetric about zero.",
        change=[
            ("w_x = rng.uniform(-bound, bound, size=(D, 4 * H))", "w_x = rng.uniform(0, bound, size=(D, 4 * H))"),
            ("w_h = rng.uniform(-bound, bound, size=(H, 4 * H))", "w_h = rng.uniform(0, bound, size=(H, 4 * H))"),
        ],
    ),
    Mistake(
        "lstm_initialise-same-block-four-times",
        exercise="lstm_initialise",
        name="one block is drawn and copied to all four gates",
        hint="Gates with the same weights always agree: draw all four blocks.",
        change=[
            ("w_x = rng.uniform(-bound, bound, size=(D, 4 * H))", "w_x = np.tile(rng.uniform(-bound, bound, size=(D, H)), 4)"),
            ("w_h = rng.uniform(-bound, bound, size=(H, 4 * H))", "w_h = np.tile(rng.uniform(-bound, bound, size=(H, H)), 4)"),
        ],
    ),
    Mistake(
        "lstm_initialise-same-bias-in-all-blocks",
        exercise="lstm_initialise",
        name="one block of b is drawn and copied to the other gates",
        hint="Every entry is drawn anew, those of b, too: draw all of its blocks.",
        change=[("b = rng.uniform(-bound, bound, size=4 * H)", "b = np.tile(rng.uniform(-bound, bound, size=H), 4)")],
    ),
    Mistake(
        "lstm_initialise-own-generator",
        exercise="lstm_initialise",
        name="a generator with a fixed seed is made inside, and rng is ignored",
        hint="The caller's rng decides: draw from it.",
        change=[("bound = 1 / np.sqrt(H)", "rng = np.random.default_rng(0)\n    bound = 1 / np.sqrt(H)")],
    ),
    Mistake(
        "lstm_initialise-global-generator",
        exercise="lstm_initialise",
        name="the weights come from NumPy's global generator",
        hint="Draw from the argument rng and from nothing else.",
        change=[
            ("w_x = rng.uniform(", "w_x = np.random.uniform("),
            ("w_h = rng.uniform(", "w_h = np.random.uniform("),
        ],
    ),
    Mistake(
        "lstm_initialise-zero-taken-for-nothing",
        exercise="lstm_initialise",
        name="a forget_bias of 0 becomes 1",
        hint="In Python zero counts as false, so «or» takes what stands behind it. Zero is a number like any other.",
        change=[("] = forget_bias", "] = forget_bias or 1.0")],
    ),
    Mistake(
        "lstm_initialise-bias-from-the-second-block-on",
        exercise="lstm_initialise",
        name="forget_bias is written into the last three blocks",
        hint="Only the forget gate's block is special: a slice needs an end, too. See «The one-line trick».",
        change=[("b[H : 2 * H] =", "b[H:] =")],
    ),
    Mistake(
        "lstm_initialise-slice-one-too-short",
        exercise="lstm_initialise",
        name="the last entry of the forget block is left out",
        hint="The end of a slice is left out already: the block has H entries.",
        change=[("b[H : 2 * H] =", "b[H : 2 * H - 1] =")],
    ),
    Mistake(
        "lstm_initialise-each-bound-from-its-rows",
        exercise="lstm_initialise",
        name="the bound of w_x is 1/√D",
        hint="The bound is the same for all three arrays: it depends on H only. See «The one-line trick».",
        change=[("w_x = rng.uniform(-bound, bound,", "w_x = rng.uniform(-1 / np.sqrt(D), 1 / np.sqrt(D),")],
    ),
    Mistake(
        "lstm_initialise-bias-with-a-seed-of-its-own",
        exercise="lstm_initialise",
        name="b comes from a generator with a fixed seed",
        hint="The caller's rng decides about all three arrays.",
        change=[("b = rng.uniform(", "b = np.random.default_rng(0).uniform(")],
    ),
    Mistake(
        "lstm_initialise-bias-copied-from-the-weights",
        exercise="lstm_initialise",
        name="b is a row of w_h",
        hint="Every entry is drawn anew, those of b too.",
        change=[("b = rng.uniform(-bound, bound, size=4 * H)", "b = w_h[0].copy()")],
    ),
    Mistake(
        "lstm_initialise-single-precision",
        exercise="lstm_initialise",
        name="the arrays are float32",
        hint="The docstring says float64.",
        change=[("return w_x, w_h, b", "return w_x.astype(np.float32), w_h.astype(np.float32), b.astype(np.float32)")],
    ),
]

BIDIRECTIONAL = [
    Mistake(
        "bidirectional-reverses-the-padding",
        exercise="bidirectional",
        name="the whole array is turned round, padding included",
        hint="The backward LSTM then reads padding first. It must start at each sequence's own end; see the table in «Both directions».",
        change=[("np.where(real, ends - 1 - steps, steps)[:, :, None]", "np.broadcast_to(x.shape[1] - 1 - steps, real.shape)[:, :, None]")],
    ),
    Mistake(
        "bidirectional-order-of-halves",
        exercise="bidirectional",
        name="the backward half comes first",
        hint="First the past, then the future: columns 0 to H - 1 belong to the forward LSTM.",
        change=[("np.concatenate([past, future], axis=2)", "np.concatenate([future, past], axis=2)")],
    ),
    Mistake(
        "bidirectional-padding-not-zero",
        exercise="bidirectional",
        name="the outputs in the padding are not set to zero",
        hint="The states run on over the padding. Multiply, or choose, by whether a step is real.",
        change=[("np.concatenate([past, future], axis=2) * real[:, :, None]", "np.concatenate([past, future], axis=2)")],
    ),
    Mistake(
        "bidirectional-only-the-backward-half-masked",
        exercise="bidirectional",
        name="the forward half goes on into the padding",
        hint="Both halves are zero in the padding.",
        change=[("np.concatenate([past, future], axis=2) * real[:, :, None]", "np.concatenate([past, future * real[:, :, None]], axis=2)")],
    ),
    Mistake(
        "bidirectional-outputs-not-turned-back",
        exercise="bidirectional",
        name="the backward outputs are left in the order in which they were computed",
        hint="The first output of the backward LSTM belongs to the last real step. Turn the outputs back.",
        change=[("future = np.take_along_axis(future, turned, axis=1)  #", "future = np.where(real[:, :, None], future, 0.0)  #")],
    ),
    Mistake(
        "bidirectional-one-set-of-weights",
        exercise="bidirectional",
        name="both directions use forward_params",
        hint="Each direction has weights of its own.",
        change=[("turned, axis=1), *backward_params)", "turned, axis=1), *forward_params)")],
    ),
    Mistake(
        "bidirectional-never-turned",
        exercise="bidirectional",
        name="the second LSTM also runs from left to right",
        hint="The second half should know the future: give it the sequences turned round.",
        change=[
            ("future = run(np.take_along_axis(x, turned, axis=1), *backward_params)", "future = run(x, *backward_params)"),
            ("future = np.take_along_axis(future, turned, axis=1)  #", "#"),
        ],
    ),
    Mistake(
        "bidirectional-end-one-step-late",
        exercise="bidirectional",
        name="the backward LSTM starts one step behind the last real one",
        hint="A sequence of length L ends at step L - 1.",
        change=[
            (
                "np.where(real, ends - 1 - steps, steps)[:, :, None]",
                "np.where(real, np.minimum(ends - steps, x.shape[1] - 1), steps)[:, :, None]",
            )
        ],
    ),
    Mistake(
        "bidirectional-added",
        exercise="bidirectional",
        name="the two directions are added instead of put side by side",
        hint="The result has 2H columns.",
        change=[("np.concatenate([past, future], axis=2)", "(past + future)")],
    ),
    Mistake(
        "bidirectional-longest-instead-of-each",
        exercise="bidirectional",
        name="all sequences are turned round within the longest length of the batch",
        hint="Each sequence has an end of its own.",
        change=[
            (
                "np.where(real, ends - 1 - steps, steps)[:, :, None]",
                "np.where(steps < ends.max(), ends.max() - 1 - steps, steps + 0 * ends)[:, :, None]",
            )
        ],
    ),
    Mistake(
        "bidirectional-turns-the-callers-x",
        exercise="bidirectional",
        name="x is turned round in place",
        hint="Turn a copy round: x belongs to the caller.",
        change=[
            (
                "future = run(np.take_along_axis(x, turned, axis=1), *backward_params)",
                "x[:] = np.take_along_axis(x, turned, axis=1)\n    future = run(x, *backward_params)",
            )
        ],
    ),
    Mistake(
        "bidirectional-gate-order",
        exercise="bidirectional",
        name="the blocks are taken in the order i, f, o, g",
        hint="The order is i, f, g, o here as everywhere in this lesson.",
        change=[("i, f, g, o = np.split", "i, f, o, g = np.split")],
    ),
    Mistake(
        "bidirectional-turned-back-with-the-padding",
        exercise="bidirectional",
        name="the backward outputs are turned back over the whole width of the array",
        hint="Turn back as you turned round: each sequence within its own length. See the table in «Both directions».",
        change=[("future = np.take_along_axis(future, turned, axis=1)  #", "future = future[:, ::-1]  #")],
    ),
    Mistake(
        "bidirectional-only-the-forward-half-masked",
        exercise="bidirectional",
        name="the backward half is not zero in the padding",
        hint="Both halves are zero in the padding.",
        change=[("np.concatenate([past, future], axis=2) * real[:, :, None]", "np.concatenate([past * real[:, :, None], future], axis=2)")],
    ),
    Mistake(
        "bidirectional-weights-exchanged",
        exercise="bidirectional",
        name="the two triples of weights are exchanged",
        hint="The first triple belongs to the LSTM that reads from left to right.",
        change=[
            ("run(x, *forward_params)", "run(x, *backward_params)"),
            ("turned, axis=1), *backward_params)", "turned, axis=1), *forward_params)"),
        ],
    ),
    Mistake(
        "bidirectional-cell-runs-through-the-padding",
        exercise="bidirectional",
        name="in the padding the output is reset, the cell is not",
        hint="Both states, h and c, are zero when the backward LSTM meets the last real step.",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    halves = []
    for (w_x, w_h, b), steps in ((forward_params, range(x.shape[1])), (backward_params, reversed(range(x.shape[1])))):
        h = c = np.zeros((len(x), w_h.shape[0]))
        out = np.zeros((len(x), x.shape[1], w_h.shape[0]))
        for t in steps:
            i, f, g, o = np.split(x[:, t] @ w_x + h @ w_h + b, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = np.where((t < lengths)[:, None], sigmoid(o) * np.tanh(c), 0.0)
            out[:, t] = h
        halves.append(out)
    return np.concatenate(halves, axis=2)
""",
    ),
    Mistake(
        "bidirectional-cut-to-the-longest",
        exercise="bidirectional",
        name="the result is cut to the longest length",
        hint="The result has the width T of x, even if no sequence fills it.",
        change=[
            (
                "np.concatenate([past, future], axis=2) * real[:, :, None]",
                "(np.concatenate([past, future], axis=2) * real[:, :, None])[:, : np.max(lengths)]",
            )
        ],
    ),
    Mistake(
        "bidirectional-padding-guessed",
        exercise="bidirectional",
        name="the lengths are guessed from rows of zeros",
        hint="Padding may hold any number. The lengths are given.",
        change=[("ends = np.asarray(lengths)[:, None]", "ends = np.any(x != 0, axis=2).sum(axis=1)[:, None]")],
    ),
    Mistake(
        "bidirectional-sorted-by-length",
        exercise="bidirectional",
        name="the rows come back sorted by length, in another order than they came",
        hint="Row n of the result belongs to row n of x. If you sort the rows by length, put them back in the end.",
        change=[
            (
                "return np.concatenate([past, future], axis=2) * real[:, :, None]",
                'order = np.argsort(-np.asarray(lengths), kind="stable")\n'
                "    return (np.concatenate([past, future], axis=2) * real[:, :, None])[order]",
            )
        ],
    ),
    Mistake(
        "bidirectional-no-bias",
        exercise="bidirectional",
        name="the bias is left out",
        hint="The cell is that of exercise 1: two products and a bias.",
        change=[("h @ w_h + b, 4", "h @ w_h, 4")],
    ),
]

PEEPHOLE = [
    Mistake(
        "peephole-clips-the-preactivation",
        exercise="peephole",
        name="a_o is cut off before the peephole is added",
        hint="A large a_o and a large peephole may cancel. Nothing has to be cut off: the lesson's `sigmoid` is safe.",
        change=[("sigmoid(a_o + p_o * c)", "sigmoid(np.clip(a_o, -30, 30) + p_o * c)")],
    ),
    Mistake(
        "peephole-clips-the-cell",
        exercise="peephole",
        name="the cell is cut off before the output gate looks at it",
        hint="A small peephole of a large cell is a number of ordinary size. Nothing has to be cut off.",
        change=[("sigmoid(a_o + p_o * c)", "sigmoid(a_o + p_o * np.clip(c, -20, 20))")],
    ),
    Mistake(
        "peephole-output-gate-sees-old-cell",
        exercise="peephole",
        name="the output gate looks at the old cell",
        hint="When the output gate decides, the new cell is there. See the formula for o in «Peepholes».",
        change=[("o = sigmoid(a_o + p_o * c)", "o = sigmoid(a_o + p_o * c_prev)")],
    ),
    Mistake(
        "peephole-left-out",
        exercise="peephole",
        name="there are no peepholes",
        hint="Three gates have one more summand inside their sigmoid.",
        change=[("a_i + p_i * c_prev", "a_i"), ("a_f + p_f * c_prev", "a_f"), ("a_o + p_o * c)", "a_o)")],
    ),
    Mistake(
        "peephole-exchanged",
        exercise="peephole",
        name="p_i and p_f are exchanged",
        hint="Each gate has its own peephole: p_i in the first block, p_f in the second.",
        change=[("a_i + p_i * c_prev", "a_i + p_f * c_prev"), ("a_f + p_f * c_prev", "a_f + p_i * c_prev")],
    ),
    Mistake(
        "peephole-candidate-peeps-too",
        exercise="peephole",
        name="the candidate g also looks at the cell",
        hint="Only the gates look. The candidate stays as it was.",
        change=[("np.tanh(a_g)", "np.tanh(a_g + p_i * c_prev)")],
    ),
    Mistake(
        "peephole-outside-the-sigmoid",
        exercise="peephole",
        name="the peepholes are added after the sigmoid",
        hint="A gate is a number between 0 and 1: the peephole belongs inside.",
        change=[
            ("sigmoid(a_i + p_i * c_prev)", "sigmoid(a_i) + p_i * c_prev"),
            ("sigmoid(a_f + p_f * c_prev)", "sigmoid(a_f) + p_f * c_prev"),
            ("sigmoid(a_o + p_o * c)", "sigmoid(a_o) + p_o * c"),
        ],
    ),
    Mistake(
        "peephole-sees-tanh",
        exercise="peephole",
        name="the output gate looks at tanh of the cell",
        hint="A peephole shows the cell itself; tanh comes only on the way out.",
        change=[("a_o + p_o * c)", "a_o + p_o * np.tanh(c))")],
    ),
    Mistake(
        "peephole-sees-h",
        exercise="peephole",
        name="the peepholes of i and f look at h_prev",
        hint="They see h_prev anyway, through w_h. A peephole looks past the output gate at the cell.",
        change=[("a_i + p_i * c_prev", "a_i + p_i * h_prev"), ("a_f + p_f * c_prev", "a_f + p_f * h_prev")],
    ),
    Mistake(
        "peephole-output-gate-blind",
        exercise="peephole",
        name="the output gate has no peephole",
        hint="All three gates look; the output gate last.",
        change=[("a_o + p_o * c)", "a_o)")],
    ),
    Mistake(
        "peephole-no-tanh-of-c",
        exercise="peephole",
        name="h is o · c, without tanh",
        hint="The last line is the same as in the plain cell.",
        change=[("return o * np.tanh(c), c", "return o * c, c")],
    ),
    Mistake(
        "peephole-results-exchanged",
        exercise="peephole",
        name="the results are (c, h)",
        hint="The output comes first.",
        change=[("return o * np.tanh(c), c", "return c, o * np.tanh(c)")],
    ),
    Mistake(
        "peephole-order-i-f-o-g",
        exercise="peephole",
        name="the blocks are taken in the order i, f, o, g",
        hint="The order is i, f, g, o here as everywhere in this lesson.",
        change=[("a_i, a_f, a_g, a_o = np.split", "a_i, a_f, a_o, a_g = np.split")],
    ),
    Mistake(
        "peephole-cell-in-place",
        exercise="peephole",
        name="c_prev is changed in place",
        hint="The old cell belongs to the caller: make a new array.",
        change=[("c = f * c_prev + i * np.tanh(a_g)", "c = c_prev\n    c *= f\n    c += i * np.tanh(a_g)")],
    ),
    Mistake(
        "peephole-input-gate-blind",
        exercise="peephole",
        name="the input gate has no peephole",
        hint="All three gates look at the cell. See «Peepholes».",
        change=[("sigmoid(a_i + p_i * c_prev)", "sigmoid(a_i)")],
    ),
    Mistake(
        "peephole-forget-gate-blind",
        exercise="peephole",
        name="the forget gate has no peephole",
        hint="All three gates look at the cell. See «Peepholes».",
        change=[("sigmoid(a_f + p_f * c_prev)", "sigmoid(a_f)")],
    ),
    Mistake(
        "peephole-one-for-both",
        exercise="peephole",
        name="p_i serves the forget gate, too",
        hint="Each gate has peephole weights of its own.",
        change=[("p_f * c_prev", "p_i * c_prev")],
    ),
    Mistake(
        "peephole-units-mixed",
        exercise="peephole",
        name="a gate sees the sum over all units",
        hint="Each gate sees its own unit's cell, with one weight per unit: entry by entry, no matrix product.",
        change=[
            ("a_i + p_i * c_prev", "a_i + (c_prev @ p_i)[:, None]"),
            ("a_f + p_f * c_prev", "a_f + (c_prev @ p_f)[:, None]"),
            ("a_o + p_o * c)", "a_o + (c @ p_o)[:, None])"),
        ],
    ),
    Mistake(
        "peephole-no-bias",
        exercise="peephole",
        name="the bias is left out",
        hint="The cell is that of exercise 1, and three peepholes.",
        change=[("h_prev @ w_h + b, 4", "h_prev @ w_h, 4")],
    ),
    Mistake(
        "peephole-blocks-exchanged",
        exercise="peephole",
        name="the input gate and the forget gate are exchanged",
        hint="The blocks stand in the order i, f, g, o.",
        change=[("a_i, a_f, a_g, a_o = np.split", "a_f, a_i, a_g, a_o = np.split")],
    ),
    Mistake(
        "peephole-sigmoid-candidate",
        exercise="peephole",
        name="the candidate g goes through the sigmoid",
        hint="The candidate is a value, not a gate: it may be negative.",
        change=[("i * np.tanh(a_g)", "i * sigmoid(a_g)")],
    ),
]

ADDING = [
    Mistake(
        "adding_problem-marks-anywhere",
        exercise="adding_problem",
        name="both marks are drawn from the whole sequence",
        hint="One mark lies in each half. Drawn from everywhere, the two may even meet.",
        change=[
            ("marks[rows, rng.integers(0, T // 2, size=N)] = 1.0", "marks[rows, rng.integers(0, T, size=N)] = 1.0"),
            ("marks[rows, rng.integers(T // 2, T, size=N)] = 1.0", "marks[rows, rng.integers(0, T, size=N)] = 1.0"),
        ],
    ),
    Mistake(
        "adding_problem-half-rounded-up",
        exercise="adding_problem",
        name="for odd T the first half is the longer one",
        hint="The first half has T // 2 steps, rounded down.",
        change=[
            ("rng.integers(0, T // 2, size=N)", "rng.integers(0, (T + 1) // 2, size=N)"),
            ("rng.integers(T // 2, T, size=N)", "rng.integers((T + 1) // 2, T, size=N)"),
        ],
    ),
    Mistake(
        "adding_problem-second-half-rounded-up",
        exercise="adding_problem",
        name="for odd T the middle step is never marked: the second half begins one step too late",
        hint="The second half has one step more than the first: it begins at T // 2, rounded down. See «Capstone: the adding problem».",
        change=[("rng.integers(T // 2, T, size=N)", "rng.integers((T + 1) // 2, T, size=N)")],
    ),
    Mistake(
        "adding_problem-halves-of-one-length",
        exercise="adding_problem",
        name="for odd T the last step is never marked: the second half is as long as the first",
        hint="The second half goes from T // 2 to T - 1, one step more than the first half has. See «Capstone: the adding problem».",
        change=[("rng.integers(T // 2, T, size=N)", "T // 2 + rng.integers(0, T // 2, size=N)")],
    ),
    Mistake(
        "adding_problem-last-step-never-marked",
        exercise="adding_problem",
        name="the last step of each half is never marked",
        hint="rng.integers draws below its upper end: the end itself is left out already.",
        change=[
            ("rng.integers(0, T // 2, size=N)", "rng.integers(0, max(T // 2 - 1, 1), size=N)"),
            ("rng.integers(T // 2, T, size=N)", "rng.integers(T // 2, max(T - 1, T // 2 + 1), size=N)"),
        ],
    ),
    Mistake(
        "adding_problem-same-marks-in-every-row",
        exercise="adding_problem",
        name="all rows have their marks at the same steps",
        hint="Draw N positions, one for each row.",
        change=[
            ("rng.integers(0, T // 2, size=N)", "rng.integers(0, T // 2)"),
            ("rng.integers(T // 2, T, size=N)", "rng.integers(T // 2, T)"),
        ],
    ),
    Mistake(
        "adding_problem-target-is-the-product",
        exercise="adding_problem",
        name="the target is the product of the marked values",
        hint="This is the adding problem: the target is their sum.",
        change=[("y = (values * marks).sum(axis=1)", "y = np.where(marks == 1, values, 1.0).prod(axis=1)")],
    ),
    Mistake(
        "adding_problem-target-is-the-mean",
        exercise="adding_problem",
        name="the target is the mean of the marked values",
        hint="The target is their sum.",
        change=[("y = (values * marks).sum(axis=1)", "y = (values * marks).sum(axis=1) / 2")],
    ),
    Mistake(
        "adding_problem-target-of-all-values",
        exercise="adding_problem",
        name="the target adds all values",
        hint="Only the marked ones count.",
        change=[("y = (values * marks).sum(axis=1)", "y = values.sum(axis=1)")],
    ),
    Mistake(
        "adding_problem-normal-values",
        exercise="adding_problem",
        name="the values are normally distributed",
        hint="Values are uniform in [0, 1).",
        change=[("rng.random((N, T))", "rng.normal(size=(N, T))")],
    ),
    Mistake(
        "adding_problem-centred-values",
        exercise="adding_problem",
        name="the values lie in [-1, 1), as in the paper of 1997",
        hint="In the form used here they lie in [0, 1).",
        change=[("rng.random((N, T))", "rng.uniform(-1, 1, (N, T))")],
    ),
    Mistake(
        "adding_problem-mark-first",
        exercise="adding_problem",
        name="marks and values are exchanged in the last axis of x",
        hint="x[:, :, 0] are the values, x[:, :, 1] the marks.",
        change=[("np.stack([values, marks], axis=2)", "np.stack([marks, values], axis=2)")],
    ),
    Mistake(
        "adding_problem-global-generator",
        exercise="adding_problem",
        name="the values come from NumPy's global generator",
        hint="Draw from the argument rng and from nothing else.",
        change=[("values, marks = rng.random((N, T))", "values, marks = np.random.random((N, T))")],
    ),
    Mistake(
        "adding_problem-own-generator",
        exercise="adding_problem",
        name="a generator with a fixed seed is made inside, so every batch is the same",
        hint="The caller's rng decides: draw from it. A network that always sees the same batch learns it by heart.",
        change=[("rows = np.arange(N)", "rng = np.random.default_rng(0)\n    values = rng.random((N, T))\n    rows = np.arange(N)")],
    ),
    Mistake(
        "adding_problem-gradient-without-two",
        exercise="adding_problem",
        name="the gradient of the square lacks its factor 2",
        hint="The derivative of a square is twice what is squared. See «The gradient».",
        change=[("d_prediction = 2 * error / n_sequences", "d_prediction = error / n_sequences")],
    ),
    Mistake(
        "adding_problem-gradient-not-divided",
        exercise="adding_problem",
        name="the gradient is not divided by the number of sequences",
        hint="The loss is a mean over N, so is its gradient.",
        change=[("d_prediction = 2 * error / n_sequences", "d_prediction = 2 * error")],
    ),
    Mistake(
        "adding_problem-sum-for-mean",
        exercise="adding_problem",
        name="the loss is the sum of the squared errors, not their mean",
        hint="Divide by N, in the loss as in the gradient.",
        change=[
            ("d_prediction = 2 * error / n_sequences", "d_prediction = 2 * error"),
            ("return np.mean(error**2), grads", "return np.sum(error**2), grads"),
        ],
    ),
    Mistake(
        "adding_problem-gradient-at-every-step",
        exercise="adding_problem",
        name="the gradient of the prediction is put at every step",
        hint="The loss looks at the last output only: d_h is zero elsewhere.",
        change=[("d_h[:, -1] = d_prediction[:, None] * params", "d_h[:] = d_prediction[:, None, None] * params")],
    ),
    Mistake(
        "adding_problem-first-output",
        exercise="adding_problem",
        name="the prediction is made from the first output",
        hint="Only the last output has seen both marks.",
        change=[("last = h[:, -1]", "last = h[:, 0]"), ("d_h[:, -1] = d_prediction", "d_h[:, 0] = d_prediction")],
    ),
    Mistake(
        "adding_problem-mean-output",
        exercise="adding_problem",
        name="the prediction is made from the mean of all outputs",
        hint="The model reads the last output only.",
        change=[
            ("last = h[:, -1]", "last = h.mean(axis=1)"),
            ("d_h[:, -1] = d_prediction[:, None] * params", "d_h[:] = d_prediction[:, None, None] / h.shape[1] * params"),
        ],
    ),
    Mistake(
        "adding_problem-no-output-bias",
        exercise="adding_problem",
        name="the bias b_y is left out of the prediction",
        hint="The prediction has two parts: see «The model».",
        change=[('error = last @ params["w_y"] + params["b_y"] - y', 'error = last @ params["w_y"] - y')],
    ),
    Mistake(
        "adding_problem-error-turned-round",
        exercise="adding_problem",
        name="the gradient has the wrong sign: target minus prediction",
        hint="The square does not see the sign, its gradient does: prediction minus target.",
        change=[('error = last @ params["w_y"] + params["b_y"] - y', 'error = y - last @ params["w_y"] - params["b_y"]')],
    ),
    Mistake(
        "adding_problem-start-of-ones",
        exercise="adding_problem",
        name="the network starts from ones",
        hint="h_0 and c_0 are zero.",
        change=[("start = np.zeros((n_sequences, hidden))", "start = np.ones((n_sequences, hidden))")],
    ),
    Mistake(
        "adding_problem-start-of-one-row",
        exercise="adding_problem",
        name="h_0 and c_0 have one row instead of N",
        hint="Each sequence has a state of its own: (N, H). That one row does for all is luck, and not true of every network.",
        change=[("start = np.zeros((n_sequences, hidden))", "start = np.zeros((1, hidden))")],
    ),
    Mistake(
        "adding_problem-every-error-with-every-target",
        exercise="adding_problem",
        name="every prediction is compared with every target",
        hint="Predictions (N, 1) minus targets (N,) make a table (N, N), without any error. Both should be (N,).",
        change=[
            ('error = last @ params["w_y"] + params["b_y"] - y', 'error = (last @ params["w_y"] + params["b_y"])[:, None] - y'),
            ("d_prediction = 2 * error / n_sequences", "d_prediction = 2 * error.mean(axis=1) / n_sequences"),
        ],
    ),
    Mistake(
        "adding_problem-half-the-square",
        exercise="adding_problem",
        name="loss and gradient are those of half the square",
        hint="The loss is the mean of the squares, without a factor of one half. See «The model».",
        change=[
            ("d_prediction = 2 * error / n_sequences", "d_prediction = error / n_sequences"),
            ("return np.mean(error**2), grads", "return np.mean(error**2) / 2, grads"),
        ],
    ),
    Mistake(
        "adding_problem-root",
        exercise="adding_problem",
        name="the loss is the root of the mean square",
        hint="No root: the mean of the squared errors. See «The model».",
        change=[("return np.mean(error**2), grads", "return np.sqrt(np.mean(error**2)), grads")],
    ),
    Mistake(
        "adding_problem-prediction-from-the-cell",
        exercise="adding_problem",
        name="the prediction is made from the cell state",
        hint="The model reads the last output h. See «The model».",
        change=[("h, _, caches = forward(", "h, (_, cell), caches = forward("), ("last = h[:, -1]", "last = cell")],
    ),
    Mistake(
        "adding_problem-bias-gradient-without-axis",
        exercise="adding_problem",
        name="the gradient of b_y is a number instead of an array (1,)",
        hint="Each gradient has the shape of its parameter.",
        change=[("d_b_y = np.array([d_prediction.sum()])", "d_b_y = d_prediction.sum()")],
    ),
    Mistake(
        "adding_problem-gradient-without-w-y",
        exercise="adding_problem",
        name="the gradient of the last output lacks w_y",
        hint="A prediction moves with each unit by that unit's entry of w_y. See hint 3.",
        change=[('d_prediction[:, None] * params["w_y"]', "d_prediction[:, None] + 0 * last")],
    ),
    Mistake(
        "adding_problem-gradient-at-the-first-step",
        exercise="adding_problem",
        name="the gradient of the prediction is put at the first step",
        hint="The loss looks at the last output: its gradient belongs there.",
        change=[("d_h[:, -1] = d_prediction", "d_h[:, 0] = d_prediction")],
    ),
    Mistake(
        "adding_problem-own-lstm",
        exercise="adding_problem",
        name="lstm_forward and lstm_backward are called instead of forward and backward",
        hint="Use the two functions as they are given: the caller compares networks by handing in other ones.",
        change=[("h, _, caches = forward(", "h, _, caches = lstm_forward("), ("= backward(d_h, caches)", "= lstm_backward(d_h, caches)")],
    ),
    Mistake(
        "adding_problem-wrong-results-of-backward",
        exercise="adding_problem",
        name="the results of backward are taken from the wrong places",
        hint="The first three of the six belong to x, h_0 and c_0. The order stands in the docstring.",
        change=[("_, _, _, d_w_x, d_w_h, d_b = backward", "_, d_w_x, d_w_h, d_b, _, _ = backward")],
    ),
    Mistake(
        "adding_problem-one-row-for-all",
        exercise="adding_problem",
        name="all rows have the same values",
        hint="Every value of every row is drawn anew.",
        change=[("values, marks = rng.random((N, T)), np", "values, marks = np.tile(rng.random(T), (N, 1)), np")],
    ),
    Mistake(
        "adding_problem-marks-half-a-sequence-apart",
        exercise="adding_problem",
        name="the two marks are always half a sequence apart",
        hint="The two positions are drawn independently of each other.",
        change=[
            ("marks[rows, rng.integers(0, T // 2, size=N)] = 1.0", "first = rng.integers(0, T // 2, size=N)\n    marks[rows, first] = 1.0"),
            ("marks[rows, rng.integers(T // 2, T, size=N)] = 1.0", "marks[rows, first + T // 2] = 1.0"),
        ],
    ),
    Mistake(
        "adding_problem-marks-at-the-largest-values",
        exercise="adding_problem",
        name="the largest value of each half is marked",
        hint="Which steps are marked has nothing to do with the values: draw the two positions on their own.",
        change=[
            ("rng.integers(0, T // 2, size=N)", "values[:, : T // 2].argmax(axis=1)"),
            ("rng.integers(T // 2, T, size=N)", "T // 2 + values[:, T // 2 :].argmax(axis=1)"),
        ],
    ),
    Mistake(
        "adding_problem-step-taken",
        exercise="adding_problem",
        name="the parameters are changed",
        hint="This function measures. Adam takes the step.",
        change=[("return np.mean(error**2), grads", 'params["w_y"] -= 0.01 * d_w_y\n    return np.mean(error**2), grads')],
    ),
]

MISTAKES = [*CELL_FORWARD, *CHECK_CELL_FORWARD, *CELL_BACKWARD, *SEQUENCE, *INITIALISE, *BIDIRECTIONAL, *PEEPHOLE, *ADDING]
