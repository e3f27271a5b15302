# %% [markdown]
# # 01 · Back-propagation
#
# **A network has thousands of weights and makes one mistake. Which weight is to blame, and by how much?**
#
# That question has an exact answer, and finding it costs only a few times as much as running the network once,
# however many weights there are. The method is back-propagation. Every network in this course learns by it: the
# Transformer at the end too. In this notebook you build it twice: by hand for one layer, and then as a machine that
# does it for any formula you can write.
#
# **You will be able to**
#
# - measure any derivative by experiment, and say how exact the measurement is;
# - derive the gradient of a layer with pencil and paper, and check it;
# - write a test that catches wrong gradients, and say which wrong ones a test lets through;
# - explain why the gradient of the softmax loss is "probability minus truth";
# - write an automatic differentiation engine: graph, order, local rules, one walk backwards;
# - train a network that reads handwriting, in NumPy alone.
#
# **Time** about six hours: ten exercises, which can be done on different days.
#
# **Prerequisites** Python, NumPy broadcasting, matrix products, the chain rule for functions of one variable.
#
# **Tools** NumPy and matplotlib. No other library's automatic differentiation: you build your own.
#
# **Papers**
#
# - D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986). *Learning representations by back-propagating errors.*
#   Nature 323, 533–536.
# - R. Rojas (1996). *Neural Networks: A Systematic Introduction.* Springer. Chapter 7, "The backpropagation
#   algorithm", draws it as a graph.
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul and J. M. Siskind (2018). *Automatic differentiation in machine
#   learning: a survey.* Journal of Machine Learning Research 18(153), 1–43.
# - D. P. Kingma and J. Ba (2015). *Adam: a method for stochastic optimization.* ICLR 2015.
# - K. He, X. Zhang, S. Ren and J. Sun (2015). *Delving deep into rectifiers.* ICCV 2015. Section 2.2: how large the
#   first weights should be.

# %% [markdown]
# ### How to work here
#
# Each exercise has a **stub** to fill in, folded **hints** from gentle to nearly the answer, and a cell of **visible
# examples** that you can run at once. Replace `raise NotImplementedError()` by your code. Hidden tests look at more
# cases than the visible ones: other shapes, one row, extreme numbers.
#
# Exercises are graded one by one. No exercise needs your answer to another one, so skip what resists and come back.
# Some figures do use your functions: if a figure's cell fails, the exercise above it is not done yet, and nothing
# else is lost.
#
# **Notation, used throughout.** $L$ is the loss: one number. For an array `x`, the array `d_x` holds
# $\partial L/\partial x$, entry by entry, so **`d_x` always has the shape of `x`**. `N` is the number of examples in
# a batch, `D` the number of inputs of a layer, `K` the number of outputs or classes. Compute in float64, as NumPy
# does by itself: float32 is too coarse for the tests.

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"  # told apart by everyone
plt.rcParams.update({"figure.dpi": 90, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})


def show_difference(name, mine, reference):
    """Print one line that says whether two arrays agree, and by how much they differ if not."""
    mine, reference = np.asarray(mine), np.asarray(reference)
    if mine.shape != reference.shape:
        print(f"{name:8s} shape {mine.shape}, but it should be {reference.shape}")
        return
    difference = np.abs(mine - reference).max()
    verdict = "agrees to 8 decimals" if difference < 1e-8 else f"DIFFERS by up to {difference:.1e}"
    print(f"{name:8s} shape {mine.shape!s:8s} {verdict}")


# %% [markdown]
# ---
# ## 1 · Ask by poking
#
# Think of a network as a box with many knobs, the weights $w_1, w_2, \dots$, and one dial, the loss $L$. Learning
# means: turn the knobs so that the dial goes down. For that we want to know, for each knob, what the dial does when
# this knob moves a little and all others stay. That is the partial derivative $\partial L/\partial w_i$. All of them
# together are the **gradient**.
#
# The honest way to find out is to try. Let $f$ be the loss as a function of one knob, at position $x$. Turn it by a
# small step $h$ and look:
#
# $$\frac{f(x+h)-f(x)}{h}$$
#
# How wrong is this? Taylor's formula says
# $f(x\pm h) = f(x) \pm h f'(x) + \tfrac{h^2}{2} f''(x) \pm \tfrac{h^3}{6} f'''(x) + \dots$ So the one-sided quotient
# is off by about $\tfrac{h}{2} f''(x)$. Now poke to both sides and subtract. The $f''$ terms cancel:
#
# $$\frac{f(x+h)-f(x-h)}{2h} = f'(x) + \tfrac{h^2}{6} f'''(x) + \dots$$
#
# This is the **central difference**. Its error shrinks with $h^2$ instead of $h$. A hundredth of the step gives a
# ten-thousandth of the error, for one more evaluation.

# %% [markdown]
# ## Exercise 1 · `numerical_gradient` (8 points)
# difficulty ●○○ · importance ●●● · about 20 minutes
#
# Write the experiment for a function `f` of a whole array. Visit every entry $x_i$. Move it up by `step`, then down
# by `step`, each time with all other entries at their original values:
#
# $$g_i = \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h}$$
#
# Here $h$ is `step` and $e_i$ is an array of zeros with a one at place $i$. The result $g$ has the shape of `x`,
# whether `x` is a single number (shape `()`), a vector, a matrix or more.
#
# You will use this as a measuring instrument for the rest of your life with neural networks, so it must leave no
# trace: `x` is exactly as before afterwards, even when `f` raises an error half-way.
#
# <details><summary>Hint 1: many axes</summary>
#
# `np.ndindex(x.shape)` walks over all index tuples of an array of any shape, a single number included.
# </details>
# <details><summary>Hint 2: integers</summary>
#
# What happens in `x[0] = 3 + 0.00001` when `x` is an array of integers? Try it. So which dtype should the array you
# poke have?
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Make a float64 *copy* of `x` and poke that copy: then the caller's `x` needs no repair at all. In the loop: remember
# the entry, set it to entry + step and call `f`, set it to entry − step and call `f`, put the remembered value back.
# (Adding and subtracting `step` again would not give the same number: rounding.)
# </details>


# %% exercise="numerical_gradient"
def numerical_gradient(f, x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of the scalar function `f` at `x`, measured by central differences.

    Entry i of the result is (f(x + step·e_i) - f(x - step·e_i)) / (2·step), where e_i is 1 at entry i and 0 elsewhere.

    Arguments
        f: takes a float64 array of x's shape and returns one number. It does not change its argument.
        x: array of any shape, also () for a single number, perhaps a transpose; floats, float32 among them, or integers.
        step: how far to poke, > 0.
    Returns
        float64 array of x's shape.

    `x` is not changed, not even when `f` raises. What `f` raises comes through to the caller.

    By hand: f(x) = x³ at x = 2 with step = 0.1 gives (2.1³ - 1.9³) / 0.2 = (9.261 - 6.859) / 0.2 = 12.01.
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=np.float64)  # a copy: the caller's array is never touched
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        centre = x[index]
        x[index] = centre + step
        above = f(x)
        x[index] = centre - step
        below = f(x)
        x[index] = centre
        gradient[index] = (above - below) / (2 * step)
    return gradient
    ### END SOLUTION


# %% test="numerical_gradient" points=8
example = numerical_gradient(lambda x: float((x**3).sum()), np.array([2.0, -1.0]), step=0.1)
assert np.shape(example) == (2,), f"The gradient has the shape of x, here (2,); yours has {np.shape(example)}."
assert np.allclose(example, [12.01, 3.01]), f"The worked example of the docstring: expected 12.01 and 3.01, got {example}."
example = numerical_gradient(lambda x: float(x[0, 1] * x[1, 2]), np.array([[1, 2, 3], [4, 5, 6]]))
assert np.allclose(example, [[0, 6, 0], [0, 0, 2]]), f"x may be a matrix of integers: expected [[0 6 0] [0 0 2]], got {example}."

# %% [markdown]
# **How exact is your instrument?** Measure $\sin'(1) = \cos 1$ with steps from large to tiny, and plot the error.

# %% tags=["slow"]
steps = 10.0 ** np.arange(-13, 0.1, 0.5)
central = [abs(float(numerical_gradient(lambda x: float(np.sin(x)), np.array(1.0), step=h)) - np.cos(1.0)) for h in steps]
forward = [abs((np.sin(1.0 + h) - np.sin(1.0)) / h - np.cos(1.0)) for h in steps]

figure, axes = plt.subplots(figsize=(6.2, 3.4))
axes.loglog(steps, forward, "s--", color=ORANGE, label="one-sided: error ~ h")
axes.loglog(steps, central, "o-", color=BLUE, label="central: error ~ h²")
axes.loglog(steps, 1e-16 / steps, ":", color=GREY, label="rounding: 10⁻¹⁶ / h")
axes.axvline(1e-5, color=GREEN, linewidth=1)
axes.text(1.3e-5, 0.03, "our step", color=GREEN)
axes.set(xlabel="step h", ylabel="error of the derivative of sin at 1", ylim=(1e-14, 1))
axes.legend(frameon=False, fontsize=9)
plt.show()

at_default_step = abs(float(numerical_gradient(lambda x: float(np.sin(x)), np.array(1.0))) - np.cos(1.0))
print("error with step 1e-5 is below 1e-9: ", bool(at_default_step < 1e-9))

# %% [markdown]
# Two slopes meet in a valley. On the right the step is too coarse, and Taylor's leftover terms dominate. On the left
# the step is too fine. A float64 carries about sixteen digits, so $f(x+h)$ and $f(x-h)$ agree in nearly all of them,
# their difference keeps only the last few, and dividing by $2h$ blows up the rounding error. That is why a *correct*
# gradient check never shows a difference of exactly zero, and why a difference of $10^{-10}$ is good news.
#
# **What breaks.** Every weight needs two runs of the network:

# %%
n_in, n_hidden, n_out = 64, 64, 10  # the network at the end of this notebook
n_weights = n_in * n_hidden + n_hidden + n_hidden * n_out + n_out
print(f"weights: {n_weights}, runs of the network for one gradient by poking: {2 * n_weights}")
assert (n_weights, 2 * n_weights) == (4810, 9620)

# %% [markdown]
# 4,810 weights, 9,620 runs for a single step downhill. And that is a tiny network. We need all derivatives at once.
# Keep the instrument, though: it will check everything that follows.

# %% [markdown]
# ---
# ## 2 · One layer, backwards
#
# The commonest layer multiplies by a matrix and adds a bias. With a batch of `N` examples as the rows of $x$:
#
# $$\text{out}_{nk} = \sum_{d} x_{nd}\, w_{dk} + b_k$$
#
# | array | shape | what it is |
# |---|---|---|
# | `x` | (N, D) | one example in each row |
# | `w` | (D, K) | column k holds the weights of output k |
# | `b` | (K,) | one bias for each output |
# | `out` | (N, K) | the result |
#
# Suppose someone further down the line has already worked out `d_out`: how the loss reacts to each entry of `out`,
# shape (N, K). Our layer has a single duty: turn the blame for its output into blame for its three inputs. The chain
# rule says: *go through everything that the knob influences, and add up.*
#
# $$\frac{\partial L}{\partial w_{dk}} = \sum_{n} \frac{\partial L}{\partial \text{out}_{nk}}\cdot\frac{\partial\, \text{out}_{nk}}{\partial w_{dk}} = \sum_n \text{d\_out}_{nk}\; x_{nd}$$
#
# The weight $w_{dk}$ touches column $k$ of every row, so the sum runs over the examples $n$. Which matrix product is
# that? The sum runs over the *first* index of both $x$ and d_out, so one of them has to be transposed.

# %% [markdown]
# ### Who used x? Who used b?
#
# The same question, twice more.
#
# - $x_{nd}$ is used by *every output k* of its own row: the sum runs over $k$, with the weights $w_{dk}$.
# - $b_k$ is added in *every row n*: the sum runs over $n$, with factor 1. NumPy's broadcasting hid this from you: you
#   wrote `+ b` once, and it happened N times. **What is copied on the way forward is added up on the way back.**
#   Remember that sentence.
#
# Shapes are a splendid check: `d_w` must be (D, K), and there is nearly only one product of `x` and `d_out` that has
# that shape. A check, not a proof: when D = K a wrong formula has the right shape, too.

# %% [markdown]
# ## Exercise 2 · `linear` (10 points)
# difficulty ●○○ · importance ●●● · about 30 minutes
#
# Write the layer and its backward pass. No division by N anywhere: an average belongs to the loss, and if there is
# one, it is already inside `d_out`.
#
# <details><summary>Hint 1: from index to matrix</summary>
#
# A matrix product sums over the *last* index of the left and the *first* index of the right factor. Write the three
# sums with indices, and transpose until the summed index stands there.
# </details>
# <details><summary>Hint 2: shapes</summary>
#
# `d_w` (D, K) is made from `x` (N, D) and `d_out` (N, K): so (D, N) times (N, K). `d_x` (N, D) is made from `d_out`
# (N, K) and `w` (D, K): so (N, K) times (K, D).
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `d_x` is d_out times w transposed. `d_w` is x transposed times d_out. `d_b` is the sum of d_out over its first axis,
# of shape (K,).
# </details>


# %% exercise="linear"
def linear_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The output x w + b of a linear layer, for each row of x.

    Arguments
        x: (N, D), one example in each row, floats or integers.   w: (D, K).   b: (K,), added to every row.
    Returns
        out: (N, K)

    No argument is changed.

    By hand: x = [[1, 2]], w = [[1, 0, 2], [3, 1, 0]], b = [0, 1, 0] gives [[1 + 6 + 0, 0 + 2 + 1, 2 + 0 + 0]] = [[7, 3, 2]].
    """
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


def linear_backward(d_out: np.ndarray, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of a loss L with respect to x, w and b, given d_out = ∂L/∂out.

    Arguments
        d_out: (N, K).   x: (N, D), floats or integers.   w: (D, K).
    Returns
        the tuple d_x (N, D), d_w (D, K), d_b (K,), in this order. Sums over the batch, not averages.

    No argument is changed. No library's automatic differentiation may be called.

    By hand: x = [[1, 2]], w = [[1, 0, 2], [3, 1, 0]], d_out = [[1, 10, 100]] gives
    d_x = [[1 + 0 + 200, 3 + 10 + 0]] = [[201, 13]], d_w = [[1, 10, 100], [2, 20, 200]], d_b = [1, 10, 100].
    """
    ### BEGIN SOLUTION
    d_x = d_out @ w.T  # (N, K) (K, D) -> (N, D)
    d_w = x.T @ d_out  # (D, N) (N, K) -> (D, K)
    d_b = d_out.sum(axis=0)  # b was copied to every row
    return d_x, d_w, d_b
    ### END SOLUTION


# %% test="linear" points=10
x, w, b = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]]), np.array([0.0, 1.0, 0.0])
assert np.allclose(linear_forward(x, w, b), [[7, 3, 2]]), "The worked example of linear_forward: expected [[7 3 2]]."
d_x, d_w, d_b = linear_backward(np.array([[1.0, 10.0, 100.0]]), x, w)
assert d_x.shape == x.shape and d_w.shape == w.shape and d_b.shape == b.shape, "Each gradient has the shape of its own array."
assert np.allclose(d_x, [[201, 13]]), f"The worked example: expected d_x = [[201 13]], got {d_x}."
_, d_w, d_b = linear_backward(np.array([[1.0, 0.0, 0.0], [10.0, 0.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), w)
assert np.allclose(d_b, [11, 0, 0]), f"b is used by both rows, so d_b adds up both: expected [11 0 0], got {d_b}."

# %% [markdown]
# **Trust, but measure.** Take a random layer, and a loss that weighs each output entry with a random number,
# $L = \sum_{nk} c_{nk}\,\text{out}_{nk}$. Then d_out is $c$. Compare your formulas with the experiment:

# %%
rng = np.random.default_rng(1)
x, w, b, c = rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=(3, 5))
d_x, d_w, d_b = linear_backward(c, x, w)
show_difference("d_x", d_x, numerical_gradient(lambda x: float((linear_forward(x, w, b) * c).sum()), x))
show_difference("d_w", d_w, numerical_gradient(lambda w: float((linear_forward(x, w, b) * c).sum()), w))
show_difference("d_b", d_b, numerical_gradient(lambda b: float((linear_forward(x, w, b) * c).sum()), b))

# %% [markdown]
# Why random $c$, and not simply the sum of all outputs? Because then d_out would be all ones, and many wrong formulas
# are right for ones. Break your `linear_backward` on purpose, and see what this cell says.

# %% [markdown]
# ### When is a test good?
#
# You now judge a formula by a test. Who judges the test? It can fail you in two ways. It may reject what is right: you
# notice at once, and curse. Or it may accept what is wrong: nobody notices anything. The second is the commoner one,
# and it always has the same few causes.
#
# | the test has only … | and so it cannot see … |
# |---|---|
# | N = D = K | that an array comes back in the wrong shape or place |
# | D ≠ K | a transpose that is forgotten where the shapes fit without it |
# | one row | a mean in place of a sum: for N = 1 they are the same |
# | d_out of ones | a formula that forgot d_out |
# | a look at the shapes | any wrong number |
# | a look at one of the three results | the other two |
# | a tolerance of 10 % | an error of 1 % |
# | a comparison that broadcasts | (1, K) in place of (K,): `np.allclose` finds them equal |
# | ordinary cases | what happens to one row, to one input, to integers |
#
# Where do the right numbers come from? If you take them from the same formula, written down once more, your error
# comes along and agrees with itself. Take an independent source: the *definition* of the gradient. For a fixed array
# $c$ let $L = \sum_{nk} c_{nk}\,\text{out}_{nk}$, as in the cell above. Then d_out is $c$, and every entry of the three
# gradients can be measured by poking.
#
# And a test has to be tested, as everything else: **show it something wrong, and see it fail.**

# %% [markdown]
# ## Exercise 3 · `check_linear` (6 points)
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# Change sides: write the test yourself. It gets somebody's `linear_backward` as the function `f`, and says whether it
# is right. The hidden tests hand it right ones in several styles, and wrong ones, each with one mistake that people
# really make. A third of the points is for accepting what is right, two thirds for the wrong ones that you catch.
#
# <details><summary>Hint 1: what to vary</summary>
#
# Go through the table, line by line, and make sure that your test has the opposite. Random numbers and sizes that are
# all different do most of the work. Then add one case for each size that may be 1, one with D = K, and one with
# integers in x.
# </details>
# <details><summary>Hint 2: somebody may change what you compare with</summary>
#
# An `f` that writes into its arguments must not spoil the numbers you compare with. So work out what you expect
# *before* you call `f`, hand `f` copies, and look at the copies afterwards.
# </details>
# <details><summary>Hint 3: never raise</summary>
#
# `f` may raise anything, or return None, a number, two arrays, or texts. Then already your comparison raises. So the
# call *and* the comparison stand in a `try`, and `except Exception` means False.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# For each choice of sizes draw x, w, b and d_out. Measure the gradients of `(d_out * (x @ w + b)).sum()` by poking each
# entry of x, of w and of b. Call `f` on copies. It is right if there are three results, each of the expected shape, each close
# (`np.allclose` with its usual tolerance is strict enough), and if the copies are what they were. If anything is
# wrong, return False; at the end, return True.
# </details>


# %% exercise="check_linear"
def check_linear(f) -> bool:
    """True if `f` is a right implementation of linear_backward, False if it is a wrong one.

    Argument
        f: a function, called as f(d_out, x, w). A right one keeps every promise in the docstring of linear_backward:
           for all sizes N, D, K ≥ 1, for x of floats or integers (d_out and w are floats), with no argument changed.
    Returns
        True or False. Whatever `f` raises or returns, nothing is raised here: an `f` that raises is wrong.

    Right implementations come in many styles: loops or matrix products, a tuple or a list of the three arrays, with
    prints. Their numbers differ by rounding, so accept differences of 1e-9 where the entries are about 1.
    A wrong one may be wrong in a single one of its results, and off by no more than one per cent.

    `f` may be slow: keep the arrays small, so that the answer takes less than a second. The verdict is the same each
    time. This exercise stands on its own: you need no function of another one, and if you call one, its errors come
    along.

    By hand: an `f` that returns zeros of the right shapes is wrong, since d_out = [[1.0]], x = [[2.0]], w = [[3.0]]
    should give d_x = [[3.0]].
    """
    ### BEGIN SOLUTION
    def slopes(loss, a):  # the loss is linear in each array, so a step of 1 makes no error but rounding
        result = np.zeros(a.shape)
        for index in np.ndindex(a.shape):
            step = np.zeros(a.shape)
            step[index] = 1.0
            result[index] = (loss(a + step) - loss(a - step)) / 2
        return result

    rng = np.random.default_rng(8)
    for n, d, k in ((4, 3, 2), (2, 3, 3), (1, 2, 3), (3, 1, 2), (3, 2, 1)):  # all different, D = K, then a 1 in each place
        for x in (rng.normal(size=(n, d)), rng.integers(-4, 5, size=(n, d))):
            w, b = rng.normal(size=(d, k)), rng.normal(size=k)
            d_out = rng.normal(size=(n, k))  # never ones
            d_x = slopes(lambda x, w=w, b=b, c=d_out: (c * (x @ w + b)).sum(), x)
            d_w = slopes(lambda w, x=x, b=b, c=d_out: (c * (x @ w + b)).sum(), w)
            d_b = slopes(lambda b, x=x, w=w, c=d_out: (c * (x @ w + b)).sum(), b)
            copies = [d_out.copy(), x.copy(), w.copy()]
            try:
                got = f(*copies)
                right = len(got) == 3
                for mine, other in zip((d_x, d_w, d_b), got):
                    right = right and np.shape(other) == mine.shape and np.allclose(other, mine, rtol=1e-8, atol=1e-9)
                for before, after in zip((d_out, x, w), copies):
                    right = right and np.array_equal(before, after)
            except Exception:
                return False
            if not right:
                return False
    return True
    ### END SOLUTION


# %% test="check_linear" points=6
def returns_zeros(d_out, x, w):
    """Right shapes, wrong numbers."""
    return np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])


def gives_up(d_out, x, w):
    """Raises an error."""
    raise ValueError("no idea")


assert not check_linear(returns_zeros), "Zeros of the right shapes are wrong, but your check accepts them."
assert not check_linear(gives_up), "A function that raises an error is wrong, but your check accepts it."
assert not check_linear(lambda d_out, x, w: None), "A function that returns None is wrong, but your check accepts it."
own = check_linear(linear_backward)
print("accepts your own linear_backward:", "yes" if own else "no: one of the two is wrong, or not written yet")

# %% [markdown]
# ---
# ## 3 · From scores to a loss
#
# A classifier ends in scores, one for each class. They are called **logits**, and may be any real numbers. The
# softmax turns a row $z$ of $K$ logits into probabilities, and the loss is the surprise at the true class $y$:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad L = -\ln p_y = -z_y + \ln \sum_j e^{z_j}$$
#
# If the network gives the truth probability 1, the loss is 0. If it gives it next to nothing, the loss is huge. With
# `N` rows we take the **mean** of the $N$ losses.
#
# **The gradient.** Differentiate the right-hand form with respect to $z_k$. The first term gives $-1$ for the true
# class and 0 for the others. The second gives $e^{z_k}/\sum_j e^{z_j}$, which is $p_k$ again:
#
# $$\frac{\partial L}{\partial z_k} = p_k - [k = y]$$
#
# where $[k = y]$ is 1 for the true class and 0 for the others. *Probability minus truth.* It's hard to imagine a
# simpler answer. Every wrong class is pushed down by the probability it was given, and the right class is pulled up by
# what it lacks. The pushes and the pull add up to zero. With the mean over N rows, each row's gradient is divided by N.

# %% [markdown]
# ### Large numbers
#
# $e^{710}$ is too large for a float64. A network that is very sure has logits like that, and then the formula as
# written gives `inf / inf`, which is NaN: not a number. The way out costs one subtraction. Adding the same constant
# to all logits of a row changes no probability, since numerator and denominator get the same factor. So subtract the
# row's maximum first: the largest exponent is 0, and nothing can overflow. Small ones may underflow to 0, which is
# harmless in a sum that contains a 1.
#
# One trap remains. If $p_y$ underflows to 0, $\ln p_y$ is $-\infty$, although the true loss is an ordinary number
# such as 20,000. People repair that with $\ln(p_y + 10^{-12})$. It looks harmless and *is wrong*: no loss can exceed
# 27.6 then. Compute the logarithm directly instead, with the right-hand form:
# $\ln p_k = z_k - m - \ln \sum_j e^{z_j - m}$, where $m$ is the row's maximum. No small number is ever logged.

# %%
print("e^709 is finite:", bool(np.isfinite(np.exp(np.float64(709)))), " -ln(1e-12) =", round(-np.log(1e-12), 1))
with np.errstate(over="ignore"):
    print("e^710 is finite:", bool(np.isfinite(np.exp(np.float64(710)))))

# %% [markdown]
# ## Exercise 4 · `softmax_cross_entropy` (10 points)
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# Return the mean loss of the batch and its gradient with respect to the logits, shape (N, K), exact also for logits
# of ±10,000.
#
# <details><summary>Hint 1: keep the axis</summary>
#
# Rows are examples, so maximum and sum run over axis 1. With `keepdims=True` they have shape (N, 1) and fit beside
# (N, K).
# </details>
# <details><summary>Hint 2: pick one entry in each row</summary>
#
# `a[np.arange(N), targets]` picks entry `targets[n]` of each row n, shape (N,). `a[targets]` alone picks whole rows,
# which is something quite different.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `log_probs` = shifted − ln(sum of exp(shifted)) along axis 1, where shifted = logits − row maximum, in a new array.
# The loss is minus the mean of the picked `log_probs`. The gradient starts as exp(log_probs); subtract 1 at the
# picked entries; divide by N.
# </details>


# %% exercise="softmax_cross_entropy"
def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy loss of a batch, and its gradient with respect to the logits.

    loss = mean over n of -ln p[n, targets[n]], where p = softmax of each row of logits. Natural logarithm.

    Arguments
        logits: (N, K), float64 or int64, each between -1e4 and 1e4.
        targets: (N,), integer class ids from 0 to K-1.
    Returns
        the tuple loss (one number), d_logits (N, K): the gradient of that mean, so it contains the factor 1/N.

    The loss is exact: neither clipped nor shifted by a small constant. Never NaN or infinite. No argument is changed.
    No library's cross-entropy or automatic differentiation may be called.

    By hand: logits = [[0, 0]], targets = [1] gives p = [[0.5, 0.5]], loss = ln 2 = 0.6931…, d_logits = [[0.5, -0.5]].
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, K), the largest entry of each row is 0
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, K)
    loss = -log_probs[rows, targets].mean()
    d_logits = np.exp(log_probs)  # the probabilities
    d_logits[rows, targets] -= 1
    return loss, d_logits / len(targets)
    ### END SOLUTION


# %% test="softmax_cross_entropy" points=10
loss, d_logits = softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
assert np.isclose(loss, np.log(2)), f"Two equal logits: the loss is ln 2 = 0.6931, got {loss}."
assert np.allclose(d_logits, [[0.5, -0.5]]), f"Probability minus truth: expected [[0.5 -0.5]], got {d_logits}."
loss, d_logits = softmax_cross_entropy(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([1, 0]))
assert np.allclose(d_logits, [[0.25, -0.25], [-0.25, 0.25]]), "The loss is a mean over 2 rows, so each row's gradient is halved."
loss, _ = softmax_cross_entropy(np.array([[1000.0, 0.0]]), np.array([1]))
assert np.isclose(loss, 1000), f"Logits 1000 and 0, the truth is the second: the loss is 1000, got {loss}."

# %% tags=["slow"]
logits = np.array([[2.0, 1.0, -1.0, 0.5]])
truth = np.array([1])
_, push = softmax_cross_entropy(logits, truth)
probabilities = np.exp(logits[0]) / np.exp(logits[0]).sum()

figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 2.9), layout="constrained")
places = np.arange(4)
left.bar(places - 0.2, probabilities, 0.4, color=BLUE, label="probability p")
left.bar(places + 0.2, places == truth[0], 0.4, color=GREY, label="truth")
left.set(xticks=places, xlabel="class", ylabel="probability", title="what the network says")
left.legend(frameon=False, fontsize=9)
right.bar(places, -push[0], 0.55, color=[GREEN if g < 0 else RED for g in push[0]])
right.axhline(0, color="black", linewidth=0.8)
right.set(xticks=places, xlabel="class", ylabel="push on the logit (−gradient)", title="truth − probability")
plt.show()
print("the pushes add up to zero:", bool(abs(push.sum()) < 1e-12))

# %% [markdown]
# ### Two layers by hand
#
# Now chain the pieces. A network with one hidden layer: linear, tanh, linear, softmax loss. Going back, each piece
# hands its d_out to the piece before it. For tanh, $h = \tanh a$ gives $\partial h/\partial a = 1 - h^2$. Four lines
# of backward pass, and every gradient of the network is there:

# %%
rng = np.random.default_rng(2)
x, y = rng.normal(size=(6, 4)), rng.integers(0, 3, size=6)
weights = [rng.normal(size=(4, 5)), rng.normal(size=5), rng.normal(size=(5, 3)), rng.normal(size=3)]


def two_layer_loss(w_1, b_1, w_2, b_2):
    """The loss of a network with one hidden layer of tanh units."""
    return softmax_cross_entropy(linear_forward(np.tanh(linear_forward(x, w_1, b_1)), w_2, b_2), y)[0]


w_1, b_1, w_2, b_2 = weights
hidden = np.tanh(linear_forward(x, w_1, b_1))  # forward, keeping what backward will need
_, d_logits = softmax_cross_entropy(linear_forward(hidden, w_2, b_2), y)
d_hidden, d_w_2, d_b_2 = linear_backward(d_logits, hidden, w_2)  # and backward, in reverse order
d_before_tanh = d_hidden * (1 - hidden**2)
_, d_w_1, d_b_1 = linear_backward(d_before_tanh, x, w_1)

for place, (name, mine) in enumerate([("d_w_1", d_w_1), ("d_b_1", d_b_1), ("d_w_2", d_w_2), ("d_b_2", d_b_2)]):

    def poke(value, place=place):
        """The loss when one of the four arrays has another value."""
        return float(two_layer_loss(*weights[:place], value, *weights[place + 1 :]))

    show_difference(name, mine, numerical_gradient(poke, weights[place]))

# %% [markdown]
# That is back-propagation as Rumelhart, Hinton and Williams made it famous in 1986. One run forward, one run
# backward, and all derivatives are there.
#
# **What breaks.** You derived each line. You kept `hidden` because you knew that tanh would need it. You ran the
# lines in the right order because you wrote them so. A recurrent network, an attention layer, a Transformer: hundreds
# of lines like these, each a chance to forget a transpose. But look again: each piece knew only its own little rule.
# The rest was book-keeping. Let us give the book-keeping to the machine.

# %% [markdown]
# ---
# ## 4 · What broadcasting hides
#
# Our machine will take any formula in NumPy apart into small steps: additions, products, exponentials. One obstacle
# first. NumPy stretches arrays silently. In `x + b` with shapes (2, 3) and (3,), the bias is copied to both rows. You
# know the rule by now: *what is copied on the way forward is added up on the way back.* For `b` we did it by hand
# with `sum(axis=0)`. Now do it for every way in which NumPy can stretch.
#
# NumPy aligns shapes **at the right**. It stretches an array in two ways:
#
# | shape of the array | shape of the result | what happened | so on the way back |
# |---|---|---|---|
# | (3,) | (2, 3) | a new axis in front, copied 2 times | sum over axis 0 and drop it |
# | (2, 1) | (2, 3) | the axis of size 1 copied 3 times | sum over axis 1 and *keep* it as size 1 |
# | (1, 3) | (5, 2, 3) | both | sum over axes 0 and 1; the result is (1, 3) |
# | () | (2, 3) | a single number copied everywhere | sum over everything; the result is () |

# %% [markdown]
# ## Exercise 5 · `unbroadcast` (10 points)
# difficulty ●●○ · importance ●●○ · about 25 minutes
#
# `grad` has the shape of the result, `shape` is the shape that the array had before it was stretched. Sum `grad` back
# to `shape`.
#
# In symbols: if $B$ is the linear map that stretches, you are asked for its transpose $B^{\mathsf T}$. It is the map
# for which $\langle g, B a\rangle = \langle B^{\mathsf T} g, a\rangle$ for all $g$ and $a$, where
# $\langle u, v\rangle$ is the sum of all products of corresponding entries. The hidden tests check just that.
#
# <details><summary>Hint 1: in which order</summary>
#
# First get rid of the extra axes in front. There are `grad.ndim - len(shape)` of them. Then the remaining axes
# correspond one to one.
# </details>
# <details><summary>Hint 2: which axes are stretched</summary>
#
# After that, axis i was stretched where `shape[i]` is 1 and `grad.shape[i]` is not.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `a.sum(axis=…)` takes a tuple of axes, so the extra axes are one call. The stretched axes are a second call, with
# `keepdims=True`, so that they stay as size 1.
# </details>


# %% exercise="unbroadcast"
def unbroadcast(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`grad` summed back to `shape`: the gradient of an array that NumPy stretched from `shape` to grad.shape.

    Sums over the axes that broadcasting put in front, and over the axes of size 1 that it stretched (these stay, as size 1).

    Arguments
        grad: array whose shape is one that an array of shape `shape` can be broadcast to.
        shape: tuple of ints, may be (), may equal grad.shape.
    Returns
        array of exactly the shape `shape`.

    `grad` is not changed.

    By hand: ones of shape (2, 3) summed to (3,) give [2, 2, 2], to (2, 1) give [[3], [3]], to () give 6.
    """
    ### BEGIN SOLUTION
    extra = grad.ndim - len(shape)
    grad = grad.sum(axis=tuple(range(extra)))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and grad.shape[axis] != 1)
    return grad.sum(axis=stretched, keepdims=True)
    ### END SOLUTION


# %% test="unbroadcast" points=10
ones = np.ones((2, 3))
row, column = unbroadcast(ones, (3,)), unbroadcast(ones, (2, 1))
assert np.shape(row) == (3,), f"The result has exactly the shape asked for, here (3,); got {np.shape(row)}."
assert np.allclose(row, [2, 2, 2]), f"Two rows were copies of one: their gradients add up to [2 2 2]; got {row}."
assert np.shape(column) == (2, 1), f"An axis of size 1 stays: expected (2, 1), got {np.shape(column)}."
assert np.allclose(column, [[3], [3]]), f"Three columns were copies of one: expected [[3] [3]], got {column}."

# %% [markdown]
# From here on the notebook brings its own version, so that no later exercise depends on your answer. It takes another
# road: broadcast the *numbers* of the entries, so that each entry of the gradient knows where it came from, and let
# `bincount` add up by origin. Compare the two; which one would you rather read in a year?


# %%
def sum_to_shape(grad, shape):
    """Given: what `unbroadcast` does. Each entry of `grad` is added to the entry that was copied to its place."""
    size = int(np.prod(shape))
    origin = np.broadcast_to(np.arange(size).reshape(shape), np.shape(grad))
    return np.bincount(origin.ravel(), weights=np.ravel(grad), minlength=size).reshape(shape)


print(sum_to_shape(np.ones((2, 3)), (3,)), sum_to_shape(np.ones((2, 3)), (2, 1)).tolist(), sum_to_shape(np.ones((2, 3)), ()))

# %% [markdown]
# ---
# ## 5 · Who goes first?
#
# Draw a formula as a graph. Each value is a **node**, and its **parents** are the nodes that it was computed from.
# Take $y = \tanh(x)^2 \cdot x$, in small steps $a = \tanh x$, $b = a^2$, $y = b\,x$:
#
# ```
# x ───► a ───► b ───► y
#  ╲                   ▲
#   ╲──────────────────╯
# ```
#
# Here y has the parents b and x; b has the parent a; a has the parent x; x has none.
#
# On the way back, blame flows from y to its parents, from these to theirs, and so on. The node x gets blame from
# *two* sides: directly from y, and by the long way through b and a. It must wait until both have arrived before it
# passes anything on. So: **a node may be visited only after everything that was computed from it.**
#
# A list in which every node stands after its parents is called a **topological order**: here x, a, b, y. Read from
# the end, it is precisely what the way back needs. Three ideas that look right and fail:
#
# - *Follow each path.* Then x is visited twice. With 30 such detours in a row there are $2^{30}$ paths, over a
#   thousand million.
# - *Layer by layer from y* (breadth first). That visits y, then b and x, then a. So x is visited before a has sent its
#   part of the blame.
# - *Recursion.* Right, and elegant, until the graph is deeper than Python's stack, a few thousand calls at most. A
#   recurrent network over a long text is deeper.

# %%
import sys

print("paths through 30 detours:", 2**30, " default recursion limit is below 10,000 calls:", sys.getrecursionlimit() < 10_000)

# %% [markdown]
# ## Exercise 6 · `topological_order` (10 points)
# difficulty ●●● · importance ●●○ · about 35 minutes
#
# Return a list of all nodes that `root` depends on, and `root` itself: every node once, each after all of its
# parents. So `root` is last.
#
# The idea of a **depth-first post-order**: to finish a node, first finish all its parents; when they are all done,
# append the node. Recursion would remember for you where you were. Without it you keep that memory yourself, on a
# **stack**: a list used with `append` and `pop`.
#
# <details><summary>Hint 1: two visits</summary>
#
# A node is met twice: when we *enter* it, and its parents still have to be done, and when we *leave* it, and it can
# be appended to the result. Put pairs on the stack that say which of the two it is.
# </details>
# <details><summary>Hint 2: only once</summary>
#
# Remember the `id(node)` of each node that you have entered. When you meet it again, skip it. Mark it when you take
# it *off* the stack, not when you put it on: otherwise a node that waits deep in the stack blocks one that needs it
# sooner.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Start with `(root, False)` on the stack. Pop a pair. If it says True, append the node to the result. If it says
# False and the node is new: mark it, push `(node, True)`, then push `(parent, False)` for each parent. The parents
# lie above the node on the stack, so they are all finished before the node's second visit.
# </details>


# %% exercise="topological_order"
def topological_order(root) -> list:
    """All nodes that `root` depends on, each once, parents before children, `root` last.

    A node is any object with an attribute `.parents`: an iterable of nodes (a tuple, a list, a set …: loop over it, as
    often as you like, but don't index it). The same node may occur twice in it, and may be a parent of many nodes. There
    are no cycles. Two nodes are the same only if they are the same object (`is`, `id`). Nodes are not modified, and get no
    new attributes, not even for a while.

    The graph may be 10,000 nodes deep. If several orders are right, any of them will do.

    Returns
        a list of the node objects themselves.

    By hand: x without parents, a with parents (x,), b with (a,), y with (b, x). Then topological_order(y) is [x, a, b, y].
    """
    ### BEGIN SOLUTION
    order, entered = [], set()
    stack = [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in entered:
            entered.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
    ### END SOLUTION


# %% test="topological_order" points=10
class Node:
    """A node for these examples."""

    def __init__(self, name, parents=()):
        self.name, self.parents = name, parents


x = Node("x")
a = Node("a", (x,))
b = Node("b", (a,))
y = Node("y", (b, x))
names = [node.name for node in topological_order(y)]
assert sorted(names) == ["a", "b", "x", "y"], f"Every node once: expected a, b, x, y in some order, got {names}."
assert names == ["x", "a", "b", "y"], f"This graph has only one right order, x a b y; got {names}."
names = [node.name for node in topological_order(Node("square", (x, x)))]
assert names == ["x", "square"], f"A node that is a parent twice still stands in the list once: expected x square, got {names}."

# %% [markdown]
# ---
# ## 6 · Numbers that remember
#
# Now the machine. A `Tensor` is an array that remembers how it was made. It has
#
# | attribute | what it is |
# |---|---|
# | `data` | the value, a float64 array |
# | `grad` | $\partial L/\partial\,$data, an array of the same shape, zeros at first |
# | `parents` | the tuple of tensors it was computed from; empty for inputs and weights, which are called **leaves** |
# | `local_backward` | a function without arguments: takes the tensor's own `grad` and *adds* to each parent's `grad` what this operation owes it |
#
# The whole art is in the last line. Each operation makes an output tensor and leaves a note with it: "when you know
# your gradient, here is how to pass it on". The operation knows nothing of the rest of the formula. Look how it goes
# for the minus sign, $\text{out} = -t$:
#
# ```python
# def __neg__(self):
#     out = Tensor(-self.data, (self,))        # the value, and where it came from
#
#     def local_backward():                    # the note
#         self.grad += -out.grad               # += : others may add to self.grad, too
#
#     out.local_backward = local_backward
#     return out
# ```
#
# `out.grad` is looked up when the note is *read*, not when it is written: at writing time it is still zero. And it
# says `+=`, because a tensor that is used in two places gets blame from both. In $t + t$ and $t \cdot t$ it even gets
# it twice from the same operation.

# %% [markdown]
# ### The rules
#
# Let $g$ be `out.grad`. Every entrywise rule is (derivative) · $g$, entry by entry:
#
# | out | derivative | | out | derivative |
# |---|---|---|---|---|
# | $a + b$ | 1 for both | | $\ln a$ | $1/a$ |
# | $a \cdot b$ | $b$ for $a$, and $a$ for $b$ | | $\tanh a$ | $1 - \tanh^2 a$ |
# | $a^c$, $c$ a fixed number | $c\,a^{c-1}$ | | relu: $\max(a, 0)$ | 1 where $a > 0$, 0 elsewhere, also at 0 |
# | $e^a$ | $e^a$ | | | |
#
# The others move numbers around or mix them:
#
# - **matrix product** $a\,b$: exercise 2 is the rule, for `x` and `w`.
# - **sum** over some axes: every entry that was added up has derivative 1. So each gets the gradient of its sum: copy
#   $g$ along the axes that were summed. *What is added up on the way forward is copied on the way back.* Copying and
#   adding up are each other's transpose.
# - **reshape** and **transpose** only move numbers: move the gradients back to where they came from.
#
# With `+` and `*`, NumPy may have stretched one of the operands. The given `sum_to_shape(grad, shape)` undoes it.

# %% [markdown]
# ## Exercise 7 · `tensor_operations` (18 points)
# difficulty ●●● · importance ●●● · about 75 minutes
#
# Fill in the eleven operations. `__init__`, the pattern `__neg__`, and what follows from your operations (`-`, `/`, a
# number on the left) are given. Start with `__add__`, run the examples, go on. Each operation earns points by itself.
#
# <details><summary>Hint 1: + and *</summary>
#
# `as_tensor(other)` turns a number or array into a Tensor, so the rest need not care. The gradient that arrives has
# the shape of the output: bring it to the shape of each operand with `sum_to_shape(…, self.data.shape)`.
# </details>
# <details><summary>Hint 2: sum</summary>
#
# If the summed axis was dropped, put it back as size 1 with `np.expand_dims(out.grad, axis)`. This takes a tuple of
# axes and negative ones, too. Then `self.grad += …` stretches it by itself. When are there no axes to put back?
# </details>
# <details><summary>Hint 3: transpose</summary>
#
# If axis i of the output was axis `axes[i]` of the input, the way back needs the *inverse* permutation.
# `np.argsort(axes)` is it, if they are counted from 0. Test yourself with three axes turned round, (1, 2, 0): swapping
# two axes is its own inverse, and hides the error. Without `axes`, all axes are reversed, which is its own inverse.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# What is *added* to the operand's grad, with g for out.grad: `@`: `g @ other.data.T` for self, `self.data.T @ g` for
# other. `**`: `exponent * self.data ** (exponent - 1) * g`. `exp`: `out.data * g`. `tanh`: `(1 - out.data**2) * g`.
# `relu`: `(self.data > 0) * g`. `reshape`: g, reshaped to self.data.shape.
# </details>


# %% exercise="tensor_operations"
def as_tensor(value):
    """Given: `value` itself if it is a Tensor, else a new Tensor made of it."""
    return value if isinstance(value, Tensor) else Tensor(value)


class Tensor:
    """A float64 array that remembers how it was made, so that gradients can flow back to its parents.

    Each operation returns a new Tensor `out` with

    - `out.data`: the value, the same as NumPy gives for the operands' data;
    - `out.parents`: holds the Tensors among the operands;
    - `out.local_backward`: a function without arguments. When it is called, it reads `out.grad` and ADDS to `.grad` of
      each operand the gradient for that operand, of exactly the operand's shape. It changes nothing else: no data, not
      out.grad. It may be called several times, with other values in out.grad. Each `.grad` stays an array of its own that
      can be added to.

    Operands of + * may be a Tensor, a number or an array, and broadcast as in NumPy. A Tensor may be both operands: t * t.
    No library's automatic differentiation may be called.

    By hand: a = Tensor([1., 2.]); b = Tensor([3., 4.]); c = a * b has c.data = [3., 8.]. Set c.grad = np.array([10., 1.])
    and call c.local_backward(): then a.grad is [30., 4.] and b.grad is [10., 2.]. Call it again, and a.grad is [60., 8.].
    """

    __array_ufunc__ = None  # so that array * tensor asks the tensor, not NumPy
    numbers = itertools.count()

    def __init__(self, data, parents=()):
        """Given. A node with this value; `parents` are the tensors it was computed from."""
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.parents = tuple(parents)
        self.local_backward = lambda: None  # a leaf passes nothing on
        self.number = next(Tensor.numbers)  # counts tensors in the order in which they are made

    def __neg__(self):
        """Given, as the pattern: -t."""
        out = Tensor(-self.data, (self,))

        def local_backward():
            self.grad += -out.grad

        out.local_backward = local_backward
        return out

    def __add__(self, other):
        """self + other, entry by entry, with broadcasting; other: Tensor, number or array."""
        ### BEGIN SOLUTION
        other = as_tensor(other)
        out = Tensor(self.data + other.data, (self, other))

        def local_backward():
            self.grad += sum_to_shape(out.grad, self.data.shape)
            other.grad += sum_to_shape(out.grad, other.data.shape)

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def __mul__(self, other):
        """self * other, entry by entry, with broadcasting; other: Tensor, number or array."""
        ### BEGIN SOLUTION
        other = as_tensor(other)
        out = Tensor(self.data * other.data, (self, other))

        def local_backward():
            self.grad += sum_to_shape(other.data * out.grad, self.data.shape)
            other.grad += sum_to_shape(self.data * out.grad, other.data.shape)

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def __matmul__(self, other):
        """The matrix product self @ other of two Tensors with two axes each: (N, D) (D, K) -> (N, K)."""
        ### BEGIN SOLUTION
        out = Tensor(self.data @ other.data, (self, other))

        def local_backward():
            self.grad += out.grad @ other.data.T  # (N, K) (K, D)
            other.grad += self.data.T @ out.grad  # (D, N) (N, K)

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def __pow__(self, exponent):
        """self ** exponent, entry by entry; exponent: a Python number (int or float, may be negative), not a Tensor."""
        ### BEGIN SOLUTION
        out = Tensor(self.data**exponent, (self,))

        def local_backward():
            self.grad += exponent * self.data ** (exponent - 1) * out.grad

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def exp(self):
        """e to the power of each entry."""
        ### BEGIN SOLUTION
        out = Tensor(np.exp(self.data), (self,))

        def local_backward():
            self.grad += out.data * out.grad

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def log(self):
        """The natural logarithm of each entry (entries are positive, but may be tiny)."""
        ### BEGIN SOLUTION
        out = Tensor(np.log(self.data), (self,))

        def local_backward():
            self.grad += out.grad / self.data

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def tanh(self):
        """The hyperbolic tangent of each entry, of large ones, too."""
        ### BEGIN SOLUTION
        out = Tensor(np.tanh(self.data), (self,))

        def local_backward():
            self.grad += (1 - out.data**2) * out.grad

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def relu(self):
        """max(entry, 0) for each entry. The derivative at exactly 0 is 0."""
        ### BEGIN SOLUTION
        out = Tensor(np.maximum(self.data, 0), (self,))

        def local_backward():
            self.grad += (self.data > 0) * out.grad

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def sum(self, axis=None, keepdims=False):
        """The sum over `axis`: None (all axes), an int or a tuple of ints, also negative; keepdims keeps them as size 1."""
        ### BEGIN SOLUTION
        out = Tensor(self.data.sum(axis=axis, keepdims=keepdims), (self,))

        def local_backward():
            dropped = axis is not None and not keepdims
            self.grad += np.expand_dims(out.grad, axis) if dropped else out.grad  # copied along the summed axes

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def reshape(self, *shape):
        """The same entries in another shape: t.reshape(2, 3). One of the ints may be -1, as in NumPy."""
        ### BEGIN SOLUTION
        out = Tensor(self.data.reshape(*shape), (self,))

        def local_backward():
            self.grad += out.grad.reshape(self.data.shape)

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    def transpose(self, *axes):
        """The axes in another order, t.transpose(1, 2, 0): axis i of the result is axis axes[i] ≥ 0 of self. No axes: reversed."""
        ### BEGIN SOLUTION
        out = Tensor(self.data.transpose(*axes), (self,))

        def local_backward():
            back = np.argsort(axes) if axes else ()
            self.grad += out.grad.transpose(*back)

        out.local_backward = local_backward
        return out
        ### END SOLUTION

    # Given: these follow from the operations above.

    def __radd__(self, other):
        """number + t"""
        return self + other

    def __rmul__(self, other):
        """number * t"""
        return self * other

    def __sub__(self, other):
        """t - other"""
        return self + (-as_tensor(other))

    def __rsub__(self, other):
        """number - t"""
        return as_tensor(other) + (-self)

    def __truediv__(self, other):
        """t / other"""
        return self * as_tensor(other) ** -1

    def __rtruediv__(self, other):
        """number / t"""
        return as_tensor(other) * self**-1

    def __repr__(self):
        """The value, rounded to four decimals."""
        return f"Tensor({self.data.round(4).tolist()})"


# %% test="tensor_operations" points=18
a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
c = a * b
assert np.allclose(c.data, [3, 8]) and a in c.parents and b in c.parents, "a * b has the data [3 8], and a and b are its parents."
c.grad = np.array([10.0, 1.0])
c.local_backward()
assert np.allclose(a.grad, [30, 4]), f"The worked example: a gets the gradient times b, [30 4]; got {a.grad}."
assert np.allclose(b.grad, [10, 2]), f"The worked example: b gets the gradient times a, [10 2]; got {b.grad}."
c.local_backward()
assert np.allclose(a.grad, [60, 8]), f"A second call adds to a.grad: expected [60 8], got {a.grad}. Is there an = for a += ?"

row, matrix = Tensor([1.0, 2.0]), Tensor(np.zeros((3, 2)))
total = matrix + row
total.grad = np.ones((3, 2))
total.local_backward()
assert np.shape(row.grad) == (2,) and np.allclose(row.grad, [3, 3]), f"The row was used three times: expected [3 3], got {row.grad}."
assert np.allclose((10.0 / row).data, [10, 5]), f"A number on the left: 10 / t is 10 times t ** -1, [10 5]; got {10.0 / row}."

# %% [markdown]
# **Measure each operation.** The instrument of exercise 1 does not care who computed the function. Random upstream
# gradients `c`, as before:

# %%
operations = {
    "exp": lambda t: t.exp(),
    "log": lambda t: (t * t).log(),
    "tanh": lambda t: t.tanh(),
    "relu": lambda t: t.relu(),
    "t ** 3": lambda t: t**3,
    "sum(1)": lambda t: t.sum(axis=1),
    "reshape": lambda t: t.reshape(2, 6),
    "turn": lambda t: t.reshape(2, 2, 3).transpose(1, 2, 0),
}
rng = np.random.default_rng(3)
x = rng.normal(size=(3, 4))
for name, operation in operations.items():
    t = Tensor(x)
    out = operation(t)
    c = rng.normal(size=out.data.shape)
    out.grad = c
    out.local_backward()
    for parent in out.parents:  # at most two steps back to t in these examples
        parent.local_backward()
    show_difference(name, t.grad, numerical_gradient(lambda x: float((operation(Tensor(x)).data * c).sum()), x))

# %% [markdown]
# ---
# ## 7 · One walk backwards
#
# Every tensor knows how to pass blame to its parents. What is left is to call them in the right order, each once.
# Start at the loss: $\partial L/\partial L = 1$.
#
# The order first. You know it from exercise 6. Here is a shortcut that needs no search for it: **a tensor can only be
# made after its parents.** If each tensor gets a running number at birth, sorting by that number gives a topological
# order for free. PyTorch's engine numbers its nodes too. (The shortcut works because we number them ourselves. The
# nodes in exercise 6 had no numbers.)


# %%
def sorted_graph(root):
    """Given: all nodes that `root` depends on, parents before children, `root` last: sorted by their numbers."""
    found, layer = {root}, {root}
    while layer:
        layer = {parent for node in layer for parent in node.parents} - found
        found |= layer
    return sorted(found, key=lambda node: node.number)


# %% [markdown]
# ### What "add" means when you call twice
#
# Weights are used again and again, and their gradients are meant to pile up: two calls of `backward` on two losses
# leave the *sum* in a weight's `grad`. PyTorch does the same, which is why every training loop there says
# `zero_grad()`. So leaves **accumulate**.
#
# A node in the middle is different. Its `grad` is a message on its way to the parents. If yesterday's message still
# lies there when today's is added, both are sent on, and yesterday's blame is counted twice. So nodes with parents
# start every walk **at zero**.

# %% [markdown]
# ## Exercise 8 · `backward` (10 points)
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# Write the walk. Four steps:
#
# 1. list the graph under `self` (`sorted_graph` is given; your own `topological_order` works too, if it is right);
# 2. set `grad` to zeros in every node that *has parents*; leave the leaves as they are;
# 3. the root's `grad` becomes ones, in the shape of its data: for a loss, a single 1;
# 4. call `local_backward()` of every node, once each, children before parents.
#
# <details><summary>Hint 1: which direction</summary>
#
# `sorted_graph` puts parents first and the root last, the order of the way forward. Now we go back.
# </details>
# <details><summary>Hint 2: why my weights' gradients are too large on the second call</summary>
#
# A node between the root and the leaves still held the gradient of the first call, and sent it a second time. Step 2
# comes before step 3, and goes through the whole graph.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Loop over the order: if node.parents, node.grad = np.zeros_like(node.data). Then self.grad becomes
# np.ones_like(self.data). Then loop over `reversed(order)` and call each node's local_backward().
# </details>


# %% exercise="backward"
def backward(self) -> None:
    """Add to `.grad` of every leaf under `self` the gradient of self's sum with respect to it.

    `self` and every node under it is a Tensor with `data` (float64 array), `grad` (array of the same shape), `parents`
    (tuple, empty for a leaf; one node may occur twice in it) and `local_backward()`, which reads the node's own grad and
    adds to its parents' grads. `self` is not a leaf.

    - The grad of every node with parents is set to zeros before the walk. Then self.grad is ones of the shape of self.data
      (∂L/∂L = 1; for a self with several entries this is the gradient of their sum).
    - local_backward of each node with parents is called exactly once, when its grad is complete: after those of all nodes
      computed from it.
    - The grad of a leaf (a node without parents) is never reset: it accumulates over calls. After two calls on the same
      root it holds twice the gradient; the grad of a node with parents is then the same as after the first call.
    - Nodes that self does not depend on are not touched; no data is changed. Works for graphs 10,000 nodes deep. Returns None.
    - No library's automatic differentiation may be called.

    By hand: x = Tensor(3.) is a leaf; y = x * x; y.backward() leaves x.grad = 6 and y.grad = 1.
    A second y.backward() leaves x.grad = 12 and y.grad = 1.
    """
    ### BEGIN SOLUTION
    order = sorted_graph(self)  # parents first, self last
    for node in order:
        if node.parents:
            node.grad = np.zeros_like(node.data)
    self.grad += np.ones_like(self.data)
    for node in reversed(order):
        node.local_backward()
    ### END SOLUTION


Tensor.backward = backward


# %% test="backward" points=10
def double(t):
    """2 t, as a node with a hand-made local_backward, so that this cell needs none of your operations."""
    out = Tensor(2 * t.data, (t,))

    def local_backward():
        t.grad = t.grad + 2 * out.grad

    out.local_backward = local_backward
    return out


x = Tensor([1.0, 5.0])
y = double(x)
z = double(y)
z.backward()
assert np.allclose(z.grad, [1, 1]), f"The root's gradient is all ones; got {z.grad}."
assert np.allclose(x.grad, [4, 4]), f"z = 2 · 2 · x, so dz/dx = 4; got {x.grad}."
z.backward()
assert np.allclose(y.grad, [2, 2]), f"y has a parent, so its gradient starts each walk at zero: expected [2 2] again, got {y.grad}."
assert np.allclose(x.grad, [8, 8]), f"x is a leaf and accumulates: 4 + 4 = 8 after two calls; got {x.grad}."

# %% [markdown]
# **The figure to remember.** One neuron, $L = (\tanh(w x + b) - y)^2$. Values flow to the right, gradients flow to
# the left. Each box shows both.

# %% tags=["slow"]
w, x, b, y = Tensor(-1.5), Tensor(0.8), Tensor(0.5), Tensor(1.0)
product = w * x
total = product + b
prediction = total.tanh()
minus_y = -y
miss = prediction + minus_y
loss = miss**2
loss.backward()

places = {
    "w": (w, 0, 3),
    "x": (x, 0, 1.9),
    "w·x": (product, 1, 2.45),
    "b": (b, 1, 1.2),
    "w·x + b": (total, 2, 2.1),
    "tanh": (prediction, 3, 2.1),
    "y": (y, 3, 0.8),
    "−y": (minus_y, 4, 0.8),
    "tanh − y": (miss, 5, 2.1),
    "L = ( )²": (loss, 6, 2.1),
}
where = {tensor.number: (column, height) for tensor, column, height in places.values()}

figure, axes = plt.subplots(figsize=(9.6, 3.5), layout="constrained")
for name, (tensor, column, height) in places.items():
    axes.text(column, height + 0.36, name, ha="center", fontsize=11, fontweight="bold")
    axes.text(column, height + 0.09, f"{float(tensor.data):+.3f}", ha="center", color=BLUE)
    axes.text(column, height - 0.19, f"{float(tensor.grad):+.3f}", ha="center", color=RED)
    axes.add_patch(plt.Rectangle((column - 0.33, height - 0.28), 0.66, 0.58, fill=False, color=GREY))
    for parent in tensor.parents:
        start_column, start_height = where[parent.number]
        axes.annotate("", (column - 0.34, height), (start_column + 0.34, start_height), arrowprops={"arrowstyle": "->", "color": GREY})
axes.text(0, 0.45, "value →", color=BLUE, fontsize=11, ha="center")
axes.text(0, 0.1, "← gradient", color=RED, fontsize=11, ha="center")
axes.set(xlim=(-0.6, 6.6), ylim=(-0.1, 3.7))
axes.axis("off")
plt.show()


def neuron(values):
    """The same loss in plain NumPy, for the instrument of exercise 1; values are w, x, b, y."""
    return float((np.tanh(values[0] * values[1] + values[2]) - values[3]) ** 2)


engine = np.array([float(t.grad) for t in (w, x, b, y)])
show_difference("engine", engine, numerical_gradient(neuron, np.array([-1.5, 0.8, 0.5, 1.0])))

# %% [markdown]
# Read the red numbers from the right. The loss box says 1. The square multiplies by twice the miss. The minus and the
# sum pass on what they get. The tanh multiplies by $1 - \tanh^2$, always a number below 1. The product hands `w` the
# gradient times `x`, and `x` the gradient times `w`. Every box needs only its own values and the red number to its
# right. That is all back-propagation is.
#
# In 1970 Seppo Linnainmaa described this walk in his thesis, to follow rounding errors through a program. It is
# called reverse-mode automatic differentiation, and its price is a small constant: one walk costs a few times as much
# as the formula itself, **however many inputs there are**. (Baydin and others, section 3.2.)

# %% [markdown]
# ---
# ## 8 · Going downhill well
#
# We have the gradient $g$ of the loss at the weights $\theta$. Gradient descent steps against it:
# $\theta \leftarrow \theta - \text{lr}\cdot g$, where lr is the **learning rate**. In a narrow valley that is slow.
# The steep walls forbid a large step, and along the flat floor the small step hardly moves.
#
# **Adam** (Kingma and Ba 2015) keeps two running averages for every weight by itself: $m$ of the gradient, and $v$ of
# its square. In step number $t = 1, 2, 3, \dots$:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\, g^2$$
#
# $$\hat m = \frac{m}{1-\beta_1^{\,t}}, \qquad \hat v = \frac{v}{1-\beta_2^{\,t}}, \qquad \theta \leftarrow \theta - \text{lr}\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$
#
# $m$ smooths: pushes that change sign cancel, pushes that agree add up. Dividing by $\sqrt{\hat v}$ measures each
# weight's push in units of its own usual size, so steep and flat directions move alike. The tiny $\varepsilon$ keeps 0/0
# away where a gradient was always zero.
#
# **Why the hats?** $m$ and $v$ start at 0, so at first they are far too small. After one step, $m = (1-\beta_1)\,g$:
# a tenth of the gradient, for $\beta_1 = 0.9$. Dividing by $1-\beta_1^{\,t}$, which is that same tenth at $t = 1$,
# repairs it exactly. Later the divisor goes to 1, and the correction fades away. So in the first step
# $\hat m/\sqrt{\hat v}$ is $g/|g|$, and every weight moves by lr, whatever the size of its gradient.

# %% [markdown]
# ## Exercise 9 · `adam_step` (8 points)
# difficulty ●○○ · importance ●●○ · about 20 minutes
#
# One step of algorithm 1 of the paper, for one array of weights. Return new arrays: the ones you are given stay as
# they are.
#
# <details><summary>Hint 1: what is stored</summary>
#
# Return the averages `m` and `v` *without* the hats. The correction is made afresh in each step, from the plain
# averages.
# </details>
# <details><summary>Hint 2: where does ε go</summary>
#
# It is added to the root, outside: √v̂ + ε, not √(v̂ + ε). For tiny gradients the two differ a lot.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Four new names: the new m, the new v, m_hat = m / (1 − beta_1 ** t), v_hat = v / (1 − beta_2 ** t). Write `m = …`,
# not `m *= …` or `m += …`, which change the caller's array.
# </details>


# %% exercise="adam_step"
def adam_step(
    param: np.ndarray,
    grad: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    t: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step of Adam (Kingma and Ba 2015, algorithm 1) for one array of weights.

    Arguments
        param, grad, m, v: four arrays of one shape (any shape, floats or integers); m and v are the running averages
            before the step, zeros before the first.
        t: the number of this step; the first step is t = 1.
        lr: the learning rate α of the paper.   betas: (β1, β2).   eps: ε, added to √v̂, outside the root.
    Returns
        the tuple param, m, v after the step; m and v are stored without the bias correction. New arrays: no argument is changed.

    No library's Adam, or relative of it such as AdamW or Adamax, may be called.

    By hand: param = 1, grad = 0.5, m = v = 0, t = 1, lr = 0.1 gives m = 0.05, v = 0.00025, m̂ = 0.5, v̂ = 0.25,
    and the new param is 1 - 0.1 · 0.5 / 0.5 = 0.9 (ε changes only the ninth digit).
    """
    ### BEGIN SOLUTION
    beta_1, beta_2 = betas
    m = beta_1 * m + (1 - beta_1) * grad
    v = beta_2 * v + (1 - beta_2) * grad**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    return param - lr * m_hat / (np.sqrt(v_hat) + eps), m, v
    ### END SOLUTION


# %% test="adam_step" points=8
weight, zero = np.array([1.0]), np.array([0.0])
new, m, v = adam_step(weight, np.array([0.5]), zero, zero, t=1, lr=0.1)
assert np.allclose(m, 0.05), f"m is stored without the correction: expected 0.05, got {m}."
assert np.allclose(v, 0.00025), f"v is stored without the correction: expected 0.00025, got {v}."
assert np.allclose(new, 0.9), f"The first step moves each weight by lr: expected 0.9, got {new}."
assert weight[0] == 1.0 and zero[0] == 0.0, "The arrays you are given must stay as they are."

# %% [markdown]
# **A narrow valley.** $L(a, b) = \tfrac12 (a^2 + 50\,b^2)$, started at $(-4, 1)$. Gradient descent gets a learning
# rate just below the one at which it would fly apart, and Adam an ordinary one.


# %% tags=["slow"]
def valley_gradient(point):
    """The gradient of (a² + 50 b²) / 2."""
    return point * np.array([1.0, 50.0])


descent, adam = [np.array([-4.0, 1.0])], [np.array([-4.0, 1.0])]
m = v = np.zeros(2)
for t in range(1, 41):
    descent.append(descent[-1] - 0.0385 * valley_gradient(descent[-1]))
    stepped, m, v = adam_step(adam[-1], valley_gradient(adam[-1]), m, v, t, lr=0.3, betas=(0.8, 0.99))
    adam.append(stepped)

figure, axes = plt.subplots(figsize=(7.4, 3.0))
grid_a, grid_b = np.meshgrid(np.linspace(-4.6, 1.6, 80), np.linspace(-1.4, 1.4, 80))
axes.contour(grid_a, grid_b, (grid_a**2 + 50 * grid_b**2) / 2, levels=[0.3, 1, 2.5, 6, 12, 20, 32, 46], colors="lightgrey")
axes.plot(*np.transpose(descent), "s-", color=ORANGE, markersize=3, linewidth=1, label="gradient descent")
axes.plot(*np.transpose(adam), "o-", color=BLUE, markersize=3, linewidth=1, label="Adam")
axes.plot(0, 0, "*", color="black", markersize=12)
axes.set(xlabel="a (flat direction)", ylabel="b (steep direction)")
axes.legend(frameon=False, fontsize=9, loc="upper right")
plt.show()

# %% [markdown]
# Same starting point, same number of steps. Gradient descent bounces between the walls, because its learning rate is
# the largest that the *steep* direction allows. Adam gives each direction its own scale.

# %% [markdown]
# ---
# ## 9 · Capstone: a network that reads handwriting
#
# The data: 1,797 digits written by 13 people, each an image of 8 × 8 pixels with ink from 0 to 16, collected by E.
# Alpaydin and C. Kaynak (UCI Machine Learning Repository, CC BY 4.0; see `LICENCES.md`). They were shuffled once;
# 1,437 are for training, and 360 are **held out**. The held-out ones are the examination: the network never learns
# from them. (The same people wrote both parts. A stranger's handwriting would be harder.)

# %%
digits = np.load("digits.npz")
x_train, y_train = digits["x_train"].astype(float), digits["y_train"].astype(int)  # (1437, 64), (1437,)
x_test, y_test = digits["x_test"].astype(float), digits["y_test"].astype(int)  # (360, 64), (360,)
print("training:", x_train.shape, " held out:", x_test.shape, " ink from", int(x_train.min()), "to", int(x_train.max()))
print("pixels that never vary in training:", int((x_train.std(axis=0) == 0).sum()))
assert len(x_train) + len(x_test) == 1797 and len(x_train) == 1437 and len(x_test) == 360

# %% tags=["slow"]
figure, axes = plt.subplots(2, 10, figsize=(8, 2.0), layout="constrained")
for place, picture in enumerate(axes.ravel()):
    picture.imshow(x_train[place].reshape(8, 8), cmap="gray_r")
    picture.set_title(str(y_train[place]), fontsize=9)
    picture.axis("off")
plt.show()

# %% [markdown]
# ### The recipe
#
# 1. **Standardise.** Subtract from each pixel its mean over the *training* images, and divide by its standard
#    deviation over them. Then no input shouts louder than another, and the weights can start at one common size. The
#    test images go through the same numbers: computing them anew from the test images would be looking at the
#    examination. Some pixels are the same in all training images. Their standard deviation is 0: divide by 1 there.
#    (A tiny number in place of the 0 would blow up the first test image that has ink there.)
# 2. **Initialise.** Weights that start equal stay equal: each hidden unit would learn the same thing. So draw them at
#    random, from a normal distribution, with standard deviation $\sqrt{2/D}$ for a layer with D inputs and a ReLU
#    behind it (He and others 2015). Biases start at 0.
# 3. **Mini-batches.** In each **epoch**, which is one pass over the training data, go through the examples in a *new
#    random order*, in groups of `batch_size`; the last group may be smaller. Data often comes sorted. Fed in that
#    order, the network leans towards whatever it saw last.
# 4. **Step.** Forward: linear, ReLU, linear. Loss: softmax cross-entropy. Backward. Adam for each of the four arrays.

# %% [markdown]
# ## Exercise 10 · `train_digits` (10 points)
# difficulty ●●● · importance ●●● · about 60 minutes
#
# Write the whole training as one function, from the raw training data to predictions for unseen inputs. It gets no
# labels for `x_test`: it cannot cheat, and you cannot fool yourself.
#
# You may call your own functions from above (then they must be right), your own `Tensor`, or write the few lines anew
# in plain NumPy. The hidden tests train on small sets of a few hundred examples: on images, on data in very different
# units, on data sorted by class with some labels wrong, and on classes that no straight line can separate. They ask
# for an accuracy well below what a plain solution reaches.
#
# <details><summary>Hint 1: a plan</summary>
#
# Standardise both sets. Make the four arrays of weights and, for each, an `m` and a `v` of zeros. Then two loops,
# over epochs and over batches. Count the steps over *all* epochs: Adam's t starts at 1 and never goes back.
# </details>
# <details><summary>Hint 2: the order</summary>
#
# `order = rng.permutation(len(x))` in each epoch, then the batch is `x[order[start : start + batch_size]]` and the
# same entries of y.
# </details>
# <details><summary>Hint 3: backwards</summary>
#
# d_logits is (probabilities − truth) / batch length. The gradient of the hidden layer is d_logits times w_2
# transposed, set to 0 where the ReLU was shut. The rest is exercise 2, twice.
# </details>
# <details><summary>Hint 4: accuracy stays near chance</summary>
#
# In this order: does the loss fall at all on a batch that you train on again and again? Are x and y shuffled with the
# *same* order? Is a NaN in the standardised data? Are the first weights random?
# </details>


# %% exercise="train_digits"
def train_digits(
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    rng: np.random.Generator,
    hidden: int = 64,
    epochs: int = 30,
    batch_size: int = 32,
    lr: float = 3e-3,
) -> np.ndarray:
    """Train a network with one hidden layer of ReLU units, and return the classes that it predicts for `x_test`.

    The network: standardised input (D) -> linear -> ReLU (hidden) -> linear -> logits (K); softmax cross-entropy;
    mini-batches in a new random order each epoch; Adam with learning rate lr, β = (0.9, 0.999). Of all this the tests see
    the predictions alone.

    Arguments
        x_train: (N, D), N ≥ 2, floats in any units, also tiny ones; some features may be constant: all equal in x_train,
            but not always in x_test.
        y_train: (N,), integer classes from 0 to K-1, where K = largest + 1; in any order, perhaps sorted.
        x_test: (M, D), M ≥ 1. Only for predictions: the prediction for a row depends on no other row of x_test.
        rng: the only source of randomness. The same data and an rng in the same state give the same predictions.
        hidden, epochs, batch_size, lr: as above; N need not be a multiple of batch_size.
    Returns
        predictions: (M,) integer class ids, those with the largest logit.

    Standardise with the mean and the standard deviation of each feature over x_train; divide by 1 where that is 0.
    No argument but rng is changed. No library's automatic differentiation may be called.
    """
    ### BEGIN SOLUTION
    mean, spread = x_train.mean(axis=0), x_train.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    x = (x_train - mean) / spread
    n_features, n_classes = x.shape[1], int(y_train.max()) + 1
    w_1 = rng.normal(size=(n_features, hidden)) * np.sqrt(2 / n_features)
    w_2 = rng.normal(size=(hidden, n_classes)) * np.sqrt(2 / hidden)
    params = [w_1, np.zeros(hidden), w_2, np.zeros(n_classes)]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in params]

    t = 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            batch, targets = x[rows], y_train[rows]
            w_1, b_1, w_2, b_2 = params

            h = np.maximum(batch @ w_1 + b_1, 0)  # (B, hidden)
            logits = h @ w_2 + b_2  # (B, K)
            d_logits = np.exp(logits - logits.max(axis=1, keepdims=True))
            d_logits /= d_logits.sum(axis=1, keepdims=True)  # the probabilities
            d_logits[np.arange(len(rows)), targets] -= 1
            d_logits /= len(rows)
            d_h = (d_logits @ w_2.T) * (h > 0)
            grads = [batch.T @ d_h, d_h.sum(axis=0), h.T @ d_logits, d_logits.sum(axis=0)]

            t += 1
            for i, grad in enumerate(grads):
                m = 0.9 * moments[i][0] + 0.1 * grad
                v = 0.999 * moments[i][1] + 0.001 * grad**2
                moments[i] = (m, v)
                params[i] = params[i] - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    w_1, b_1, w_2, b_2 = params
    h = np.maximum((x_test - mean) / spread @ w_1 + b_1, 0)
    return (h @ w_2 + b_2).argmax(axis=1)
    ### END SOLUTION


# %% test="train_digits" points=10
noise = np.random.default_rng(4)
y_small = np.repeat([0, 1, 2], 40)  # sorted by class
x_small = np.array([[0.0, 0.0], [900.0, 0.0], [0.0, 0.005]])[y_small] + noise.normal(size=(120, 2)) * [90.0, 0.0005]
x_small = np.column_stack([x_small, np.full(120, 7.0)])  # the third feature never varies
x_new = x_small + [0, 0, 0.01]  # except here
guesses = train_digits(x_small, y_small, x_new, np.random.default_rng(5), hidden=8, epochs=20, batch_size=16, lr=1e-2)
assert np.shape(guesses) == (120,), f"One prediction for each row of x_test: expected shape (120,), got {np.shape(guesses)}."
accuracy = np.mean(guesses == y_small)
assert accuracy > 0.9, f"Three clear clusters, but only {accuracy:.0%} right. Is each feature standardised, the constant one too?"

# %% [markdown]
# ### The long run
#
# The **baseline** learns nothing about shapes: it keeps the mean image of each class, and assigns a new image to the
# nearest mean. Any network has to beat that. The curve shows the accuracy on the held-out digits after 1, 2, 4 …
# epochs, each trained afresh.

# %% tags=["capstone"]
means = np.array([x_train[y_train == digit].mean(axis=0) for digit in range(10)])  # (10, 64)
distances = ((x_test[:, None, :] - means) ** 2).sum(axis=2)  # (360, 10)
baseline = np.mean(distances.argmin(axis=1) == y_test)

epoch_counts = [1, 2, 4, 8, 16, 32]
runs = [train_digits(x_train, y_train, x_test, np.random.default_rng(6), epochs=n) for n in epoch_counts]
accuracies = [np.mean(run == y_test) for run in runs]
print(f"nearest mean image: {baseline:.3f}   network after {epoch_counts[-1]} epochs: {accuracies[-1]:.3f}")
assert accuracies[-1] >= 0.95 and accuracies[-1] > baseline, "The network should reach 95 % and beat the baseline."

figure, axes = plt.subplots(figsize=(6.2, 3.2))
axes.semilogx(epoch_counts, accuracies, "o-", color=BLUE, base=2, label="your network")
axes.axhline(baseline, color=ORANGE, linestyle="--", label="nearest mean image")
axes.axhline(0.95, color=GREY, linestyle=":", label="asked for: 0.95")
axes.set(xlabel="epochs", ylabel="accuracy on held-out digits", xticks=epoch_counts, xticklabels=epoch_counts)
axes.legend(frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# Which ones does it get wrong? Look at them before you judge it. Above each: what the network says, and the truth.

# %% tags=["capstone"]
wrong = np.flatnonzero(runs[-1] != y_test)[:10]
figure, axes = plt.subplots(1, 10, figsize=(9, 1.5), layout="constrained")
for picture in axes:
    picture.axis("off")
for picture, place in zip(axes, wrong):
    picture.imshow(x_test[place].reshape(8, 8), cmap="gray_r")
    picture.set_title(f"{runs[-1][place]} not {y_test[place]}", fontsize=9, color=RED)
plt.show()

# %% [markdown]
# ### And now on your own engine
#
# The same network, but nobody derives anything: the forward pass is a formula, `loss.backward()` does the rest. This
# cell uses your `Tensor`, `backward` and `adam_step`. Every library you will ever use looks like this from outside.
# You know what is inside.

# %% tags=["capstone"]
mean, spread = x_train.mean(axis=0), x_train.std(axis=0)
spread = np.where(spread > 0, spread, 1.0)
inputs, held_out = (x_train - mean) / spread, (x_test - mean) / spread
one_hot = np.eye(10)[y_train]  # (1437, 10)


def engine_logits(x, params):
    """The logits of the network for the rows of x, as a Tensor."""
    w_1, b_1, w_2, b_2 = params
    return (Tensor(x) @ w_1 + b_1).relu() @ w_2 + b_2


def engine_loss(x, truth, params):
    """The mean cross-entropy, from Tensor operations only; truth holds a 1 at each row's class."""
    logits = engine_logits(x, params)
    shifted = logits - logits.data.max(axis=1, keepdims=True)
    log_probs = shifted - shifted.exp().sum(axis=1, keepdims=True).log()
    return (log_probs * truth).sum() * (-1 / len(x))


rng = np.random.default_rng(7)
w_1, w_2 = rng.normal(size=(64, 64)) * np.sqrt(2 / 64), rng.normal(size=(64, 10)) * np.sqrt(2 / 64)
params = [Tensor(w_1), Tensor(np.zeros(64)), Tensor(w_2), Tensor(np.zeros(10))]
moments = [(np.zeros_like(p.data), np.zeros_like(p.data)) for p in params]
losses = []
for _ in range(12):
    order = rng.permutation(len(inputs))
    for start in range(0, len(inputs), 32):
        rows = order[start : start + 32]
        loss = engine_loss(inputs[rows], one_hot[rows], params)
        for p in params:
            p.grad = np.zeros_like(p.data)  # leaves accumulate, so clear them
        loss.backward()
        losses.append(float(loss.data))
        for i, p in enumerate(params):
            p.data, *moments[i] = adam_step(p.data, p.grad, *moments[i], t=len(losses), lr=3e-3)

guesses = engine_logits(held_out, params).data.argmax(axis=1)
print(f"your engine: {len(losses)} steps, held-out accuracy {np.mean(guesses == y_test):.3f}, baseline {baseline:.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained", width_ratios=[1.3, 1])
left.semilogy(losses, color="lightgrey", linewidth=0.8, label="each batch")
left.semilogy(np.arange(24, len(losses) - 25), np.convolve(losses, np.ones(50) / 50, mode="valid"), color=BLUE, label="mean of 50")
left.set(xlabel="step", ylabel="training loss", title="your engine learns to read")
left.legend(frameon=False, fontsize=9)
table = np.zeros((10, 10), dtype=int)
np.add.at(table, (y_test, guesses), 1)  # row: truth, column: guess
right.imshow(table, cmap="Blues", vmax=45)
for truth, guess in np.argwhere(table):
    right.text(guess, truth, table[truth, guess], ha="center", va="center", fontsize=8, color="white" if truth == guess else RED)
right.set(xticks=range(10), yticks=range(10), xlabel="your engine says", ylabel="the digit is", title="held-out digits")
plt.show()

# %% [markdown]
# On the right: every held-out digit, by what it is and what your engine says. On the diagonal it is right. Which
# pairs does it confuse? Would you?
#
# ---
# ## What you built, what breaks next
#
# You have an instrument that measures any derivative, the backward rules of the layers that all networks are made of,
# and a machine that puts such rules together for any formula. It fits on a few screens, and it trains. Whatever comes
# in this course, attention included, is made of operations like your eleven, and learns by your one walk backwards.
#
# Three sentences to keep:
#
# 1. What is copied on the way forward is added up on the way back.
# 2. Probability minus truth.
# 3. A gradient that nobody has measured is a rumour.
#
# **What breaks next.** The digits were kind to us: they *came* as 64 numbers, and similar images have similar
# numbers. Now open a book. "Ship" and "boat" share not a single letter, "ship" and "shop" differ by one. Before a
# network can learn from language, words and documents need numbers in which *near* means *alike*. The next
# assignment, **02 · Latent semantic analysis**, finds such numbers in 1990, with no network at all: by counting, and
# one decomposition of a matrix.
#
# ### To read on
#
# - Rumelhart, Hinton and Williams (1986): four pages. Look at what the hidden units of their family trees have found out by themselves.
# - Baydin and others (2018): forward mode, reverse mode, and why your engine is the second.
# - A. Griewank and A. Walther (2008), *Evaluating Derivatives*, SIAM: the book on differentiating programs; it proves that a gradient costs only a few times as much as the function.
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller (1998), *Efficient BackProp*, in *Neural Networks: Tricks of the Trade*: advice from people who trained without an engine; most of it still holds.
# - Kingma and Ba (2015): section 3 explains in half a page the correction that you wrote.
