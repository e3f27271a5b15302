# %% [markdown]
# # 03 · Recurrent networks
#
# **How can a network read, one symbol after the other, and remember what it has read?**
#
# In the last lesson a text became a bag of words. That was enough to search with. But a bag has no order: "dog bites man" and
# "man bites dog" fill the same one. In this lesson you build the simplest network that reads in order. It keeps a state, and it
# rewrites the state at every symbol. You take its gradient by hand, back through time. Then it learns to spell, and invents names that
# nobody has ever had.
#
# **After this lesson you can**
#
# - write a recurrent cell and its gradient, with every shape in your head;
# - send a gradient backwards through a whole sequence, and say where it adds up;
# - stop an exploding gradient without changing its direction;
# - score a batch of sequences of unequal length, in nats, in bits and as a perplexity;
# - sample from a model, colder or hotter;
# - explain with one picture why this network forgets, and how fast;
# - train a character model in NumPy and beat three baselines that count.
#
# **Time:** about five hours. **Prerequisites:** the chain rule for matrices, softmax and cross-entropy, Adam (all in 01). **Tools:** NumPy
# and matplotlib. No autograd and no PyTorch: every gradient is yours.
#
# **Papers**
#
# - J. L. Elman (1990), *Finding structure in time*, Cognitive Science 14(2). The network of this lesson, and what it found.
# - H. Jaeger (2002), *Tutorial on training recurrent neural networks, covering BPTT, RTRL, EKF and the "echo state network" approach*,
#   GMD Report 159. Back-propagation through time, step by step.
# - R. Pascanu, T. Mikolov, Y. Bengio (2013), *On the difficulty of training recurrent neural networks*, ICML. Gradients that vanish and
#   explode (§2), and clipping (§3.2).
# - A. Graves (2013), *Generating sequences with recurrent neural networks*, arXiv:1308.0850. Predict the next symbol, sample it, feed it back (§2).
#
# | exercise | what you build | points |
# |---|---|---|
# | 1 · `rnn_cell` | one step, there and back | 14 |
# | 2 · `rnn_sequence` | all steps: back-propagation through time | 18 |
# | 3 · `clip_gradients` | a rope for the edge of a cliff | 10 |
# | 4 · `sequence_loss` | what a wrong guess costs, without padding | 14 |
# | 5 · `perplexity` | the same number for people | 8 |
# | 6 · `sample_sequence` | let it write | 12 |
# | 7 · `vanishing_gradient` | how far back it can learn | 12 |
# | 8 · `train_names` (capstone) | invent names | 12 |
#
# Each exercise is graded by itself, and none needs your answer to another one. Some figures do use your functions: if such a cell
# fails, the exercise above it is not done yet, and nothing else is lost.

# %% [markdown]
# ## Letters used throughout
#
# $N$ sequences in a batch, $T$ time steps, $D$ numbers per input, $H$ hidden units, $V$ symbols in the vocabulary. The batch comes first: `x` is
# `(N, T, D)`, one step of it is `(N, D)`, a state is `(N, H)`. Rows are examples, so a linear map is `x @ w`. As before, `d_x` holds
# $\partial L/\partial x$ for one loss $L$, and has the shape of `x`.
#
# Compute in float64, NumPy's own: float32 is too coarse for the hidden tests. Where integers are accepted, they are int64.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"  # told apart by everyone
plt.rcParams.update({"figure.dpi": 90, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## A bag of letters
#
# Our text is small: the first names that the US Census of 1990 found, one a line. We hold a tenth back, to test with at the end.

# %%
names = Path("names.txt").read_text(encoding="ascii").split()
training_names, held_out_names = names[:4647], names[4647:]
bags = {}
for _name in names:
    bags.setdefault("".join(sorted(_name)), []).append(_name)
fullest = max(bags.values(), key=len)
print(f"{len(names)} names, the longest has {max(map(len, names))} letters; {len(held_out_names)} of them held out")
print(
    f"names that share their bag of letters with another one: {sum(len(bag) for bag in bags.values() if len(bag) > 1)}"
)
print("in one and the same bag:", *fullest)

# %% [markdown]
# Every fifth name is lost in its bag. To tell *Elias* from *Elisa* you must know what came first.
#
# ## A state
#
# **A window?** Look at the last $k$ letters and count what followed. With 27 symbols, a table of all windows has $27^k$ rows. Two letters are easy,
# five are hopeless: most rows stay empty for ever.
#
# **A memory.** Elman (1990) had another idea. Let the network have a few numbers of its own, $h$. At each step it reads one symbol *and its own
# numbers of a moment ago*, and makes new ones. Nobody says what they should mean. Whatever is worth keeping, training will put there.
#
# $$a_t = x_t\, w_x + h_{t-1}\, w_h + b, \qquad h_t = \tanh(a_t)$$
#
# | symbol | shape | what it is |
# |---|---|---|
# | $x_t$ | `(N, D)` | the input of step $t$ |
# | $h_{t-1}$, $h_t$ | `(N, H)` | the state before and after the step, entries between −1 and 1 |
# | $w_x$ | `(D, H)` | what the input does to the state |
# | $w_h$ | `(H, H)` | what the old state does to the new one |
# | $b$ | `(H,)` | the bias, added to every row |
#
# The same $w_x$, $w_h$, $b$ serve at every step. So the number of weights does not depend on how long the text is.

# %%
_V, _H = 27, 128
print("rows of a table of windows:", ", ".join(f"k = {_k}: {_V**_k:,}" for _k in (1, 2, 3, 5, 8)))
print(f"weights of a network with {_H} units, for texts of any length: {_V * _H + _H * _H + _H:,}")

# %% [markdown]
# ## Backwards through one step
#
# A gradient $\delta h_t$ `(N, H)` arrives at the state. (I write $\delta z$ for $\partial L/\partial z$.) Two moves take it home.
#
# **Through tanh.** Its derivative is $1 - \tanh^2(a)$, and $\tanh(a)$ is just $h_t$. So we need not keep $a$:
#
# $$\delta a_t = \delta h_t \odot (1 - h_t \odot h_t) \qquad (N, H)$$
#
# **Through the linear map.** It is two linear layers with one bias, so nothing here is new:
#
# | result | shape | made from |
# |---|---|---|
# | $\delta x_t$ | `(N, D)` | $\delta a_t$ `(N, H)` and $w_x$ `(D, H)` |
# | $\delta h_{t-1}$ | `(N, H)` | $\delta a_t$ and $w_h$ `(H, H)` |
# | $\delta w_x$ | `(D, H)` | $x_t$ `(N, D)` and $\delta a_t$ |
# | $\delta w_h$ | `(H, H)` | $h_{t-1}$ `(N, H)` and $\delta a_t$ |
# | $\delta b$ | `(H,)` | $\delta a_t$, summed over the batch |
#
# One trap: $w_h$ is square. If you forget to transpose it, every shape still fits, and the numbers are wrong.
#
# ## Exercise 1 · `rnn_cell` (14 points)
#
# difficulty ●○○ · importance ●●● · about 25 minutes
#
# Write one step, there and back.
#
# **Numbers to check by hand.** $N = D = H = 1$, $x = 1$, $h_{t-1} = \tfrac12$, $w_x = 2$, $w_h = -2$, $b = -\tfrac12$. Then $a = 2 - 1 - \tfrac12 = \tfrac12$
# and $h = \tanh\tfrac12 = 0.4621$. Let $\delta h = 1$ and call $q = 1 - h^2 = 0.7864$. Then $\delta a = q$, so $\delta x = 2q$, $\delta h_{t-1} = -2q$, $\delta w_x = q$,
# $\delta w_h = \tfrac12 q$, $\delta b = q$.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Forward is one line: two matrix products, a bias, a tanh. Backward begins with one line for `d_a`, and the other five gradients all start from it.
# </details>
#
# <details><summary>Hint 2: shapes decide the transposes</summary>
#
# `(N, H) @ (H, D)` gives `d_x`, so the weight comes in transposed. `(D, N) @ (N, H)` gives `d_w_x`, so the input comes in transposed. For
# `w_h` all is `(H, H)`: do there what you did for `w_x`.
# </details>
#
# <details><summary>Hint 3: nearly the answer</summary>
#
# `d_a = d_h * (1 - h**2)`. Then `d_a @ w_x.T`, `d_a @ w_h.T`, `x.T @ d_a`, and the same with `h_prev` for `d_w_h`; `d_b` is the sum of the rows of `d_a`.
# </details>


# %% exercise="rnn_cell"
def rnn_cell_forward(x, h_prev, w_x, w_h, b):
    """One step of a plain recurrent network: h = tanh(x @ w_x + h_prev @ w_h + b).

    Arguments
        x       (N, D)  input
        h_prev  (N, H)  state before the step
        w_x (D, H), w_h (H, H), b (H,): weights and bias; b is added to every row
    Returns
        h  (N, H) float64, entries between -1 and 1; no NaN, however large the sums are

    Integer arrays (int64) are accepted and give float64, also beside arrays of floats. No argument is changed.
    NumPy only: torch may not be called.
    Example: x = [[1.]], h_prev = [[0.5]], w_x = [[2.]], w_h = [[-2.]], b = [-0.5] give h = [[tanh(0.5)]] = [[0.4621]].
    Source: Elman (1990).
    """
    ### BEGIN SOLUTION
    a = x @ w_x + h_prev @ w_h + b  # (N, H)
    return np.tanh(a)
    ### END SOLUTION


def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h):
    """The gradients of one step with respect to all its inputs.

    Arguments
        d_h     (N, H)  gradient of the loss with respect to h, the state after the step
        x (N, D), h_prev (N, H), w_x (D, H), w_h (H, H): what the step was given
        h       (N, H)  what the step returned, already through tanh; always float64
    Returns a tuple of five, each with the shape of what it belongs to
        d_x (N, D), d_h_prev (N, H), d_w_x (D, H), d_w_h (H, H), d_b (H,)
    Weight and bias gradients are sums over the batch, not means.

    Integer arrays (int64) are accepted and give float64, also beside arrays of floats. No argument is changed.
    NumPy only: torch may not be called.
    Example: the step above with d_h = [[1.]] gives, with q = 1 - tanh(0.5)**2 = 0.7864,
    d_x = [[2q]], d_h_prev = [[-2q]], d_w_x = [[q]], d_w_h = [[q / 2]], d_b = [q].
    """
    ### BEGIN SOLUTION
    d_a = d_h * (1.0 - h**2)  # (N, H): tanh' written with its own output
    d_x = d_a @ w_x.T  # (N, D)
    d_h_prev = d_a @ w_h.T  # (N, H)
    d_w_x = x.T @ d_a  # (D, H)
    d_w_h = h_prev.T @ d_a  # (H, H)
    d_b = d_a.sum(axis=0)  # (H,): b was added to every row
    return d_x, d_h_prev, d_w_x, d_w_h, d_b
    ### END SOLUTION


# %% test="rnn_cell" points=14
_x, _h_prev, _w_x, _w_h, _b = (
    np.array([[1.0]]),
    np.array([[0.5]]),
    np.array([[2.0]]),
    np.array([[-2.0]]),
    np.array([-0.5]),
)
_h = rnn_cell_forward(_x, _h_prev, _w_x, _w_h, _b)
assert np.allclose(_h, np.tanh(0.5)), f"a = 2 - 1 - 0.5, so h should be tanh(0.5) = 0.4621, got {_h}"
_got = rnn_cell_backward(np.ones((1, 1)), _x, _h_prev, np.full((1, 1), np.tanh(0.5)), _w_x, _w_h)
assert len(_got) == 5, f"five gradients are asked for, got {len(_got)}"
_q = 1 - np.tanh(0.5) ** 2
for _name, _gradient, _wanted in zip(
    ("d_x", "d_h_prev", "d_w_x", "d_w_h", "d_b"), _got, (2, -2, 1, 0.5, 1), strict=True
):
    assert np.allclose(_gradient, _wanted * _q), (
        f"{_name} should be {_wanted} * q = {_wanted * _q:.4f}, got {_gradient}"
    )
_got = rnn_cell_backward(
    np.ones((3, 5)), np.ones((3, 2)), np.ones((3, 5)), np.zeros((3, 5)), np.ones((2, 5)), np.ones((5, 5))
)
_shapes = [_gradient.shape for _gradient in _got]
assert _shapes == [(3, 2), (3, 5), (2, 5), (5, 5), (5,)], (
    f"with N = 3, D = 2, H = 5 the five shapes are wrong: {_shapes}"
)

# %% [markdown]
# ## A whole sequence
#
# Forward is a loop: step $t$ gets $h_{t-1}$, the first step gets $h_0$. Now draw the loop as it unfolds in time. The network with a cycle
# becomes a deep network without one: as many layers as there are steps, and **all layers share their weights**. On such a network
# back-propagation works as ever. It only has a name of its own: *back-propagation through time*.


# %% tags=["slow"]
def draw_unrolled(ax, steps=5):
    """The network unrolled in time: forward in blue, the gradient of the last loss in red."""
    forward = {"arrowstyle": "-|>", "lw": 2, "color": BLUE, "shrinkA": 14, "shrinkB": 14}
    backward = {"arrowstyle": "-|>", "lw": 2, "color": RED, "ls": "--", "shrinkA": 14, "shrinkB": 14}
    for t in range(steps + 1):
        x = 2.0 * t
        texts = [(0, f"$h_{t}$")] if t == 0 else [(0, f"$h_{t}$"), (-1.5, f"$x_{t}$"), (1.5, f"$L_{t}$")]
        for y, text in texts:
            ax.add_patch(plt.Circle((x, y), 0.38, facecolor="white", edgecolor="black", zorder=3))
            ax.text(x, y, text, ha="center", va="center", zorder=4)
        if t == 0:
            continue
        ax.annotate("", (x, 0), (x, -1.5), arrowprops=forward)
        ax.annotate("", (x, 1.5), (x, 0), arrowprops=forward)
        ax.annotate("", (x, 0.13), (x - 2, 0.13), arrowprops=forward)
        ax.annotate("", (x - 2, -0.15), (x, -0.15), arrowprops=backward)
        ax.text(x - 1, 0.3, "$w_h$", ha="center", color=BLUE)
        ax.text(x + 0.15, -0.85, "$w_x$", color=BLUE)
    ax.annotate("", (2.0 * steps + 0.22, 0), (2.0 * steps + 0.22, 1.5), arrowprops=backward)
    ax.text(2.0 * steps + 0.4, 0.7, r"$\delta h$ from $L_5$", color=RED)
    ax.set(xlim=(-0.7, 2 * steps + 2.4), ylim=(-2.1, 2.1), aspect="equal")
    ax.axis("off")


figure, ax = plt.subplots(figsize=(9, 3.2))
draw_unrolled(ax)
ax.set_title("unrolled in time: the same $w_x$ and $w_h$ at every step")
plt.show()

# %% [markdown]
# Follow the red arrows. The loss of step 5 reaches the state of step 5 from above, and every earlier state along the chain. Now think of
# all losses together, and ask two questions.
#
# **Who used $h_t$?** Two did: its own loss $L_t$, and step $t+1$. What is used twice gets two gradients, and they add:
#
# $$\delta h_t = \underbrace{\frac{\partial L_t}{\partial h_t}}_{\text{from its own loss}} + \underbrace{\delta a_{t+1}\, w_h^\top}_{\text{from the future}}$$
#
# The first part is given: it is `d_h[:, t]` in the code. The second is carried from step to step.
# After the last step there is no future, so the carried gradient starts at zero. What is left of it after the first step belongs to $h_0$.
#
# **Who used $w_h$?** Every step. So every step sends it a gradient, and they add up. Step $t$ multiplied $w_h$ by the state it *was given*,
# $h_{t-1}$; the first step was given $h_0$:
#
# $$\delta w_h = \sum_{t=1}^{T} h_{t-1}^\top\, \delta a_t$$
#
# Mind the index in code. Python counts from 0: `h[:, t]` is the state *after* step `t`. The state before it is `h[:, t - 1]`, and before
# step 0 it is `h_0`. (For `t = 0`, `h[:, t - 1]` is `h[:, -1]`: the last state. Python won't complain.)
#
# Elman himself did not go back through time. He copied $h_{t-1}$ beside the input and treated it as one more input, a constant: one red
# arrow, and no more. It was enough for his small worlds. The full way back was known (Rumelhart, Hinton and Williams describe it in 1986, Werbos in 1990
# at length), and it is what everybody uses today.
#
# ## Exercise 2 · `rnn_sequence` (18 points)
#
# difficulty ●●○ · importance ●●● · about 45 minutes
#
# Two functions, graded each on its own. You may call your cell functions in the loops, or start afresh.
#
# **Numbers to check by hand.** $D = H = 1$, all inputs and $b$ zero, $w_h = 1$, $h_0 = 1$, two steps. Then $h_1 = \tanh 1 = 0.7616$ and $h_2 = \tanh h_1 = 0.6420$. Let only the last
# state have a gradient, of 1. With $q_1 = 1 - h_1^2 = 0.4200$ and $q_2 = 1 - h_2^2 = 0.5878$, step 2 sends $q_2$ to $h_1$ and $q_2 h_1$ to $w_h$. Step 1 sends $q_2 q_1$ to $h_0$ and $q_2 q_1 h_0$ to $w_h$.
# So $\delta h_0 = q_1 q_2 = 0.2469$ and $\delta w_h = q_2 h_1 + q_1 q_2 = 0.6946$.
#
# <details><summary>Hint 1: forward</summary>
#
# Make `h` as zeros of shape `(N, T, H)` and keep the current state in a variable of its own, which starts as `h_0`.
# </details>
#
# <details><summary>Hint 2: backward</summary>
#
# Walk `reversed(range(T))` with a variable `carry`, zeros at first. In each step: add it to `d_h[:, t]`, take the cell's five gradients, put the second one
# into `carry`, store the first in `d_x[:, t]`, add the other three to what you have.
# </details>
#
# <details><summary>Hint 3: only some numbers are wrong</summary>
#
# `d_b` right and `d_w_h` wrong: you multiply by the wrong state. Last step right and all others wrong: the carry is lost. Put a gradient on the last step only, with $T = 2$: whatever reaches step 0 came through the carry.
# </details>
#
# <details><summary>Hint 4: nearly the answer</summary>
#
# `h_prev = h[:, t - 1] if t > 0 else h_0`, then `d_a = (d_h[:, t] + carry) * (1 - h[:, t]**2)` and `carry = d_a @ w_h.T`. The rest are the formulas of exercise 1, with `+=` for the three weight gradients.
# </details>


# %% exercise="rnn_sequence"
def rnn_forward(x, h_0, w_x, w_h, b):
    """A plain recurrent network over a batch of sequences of equal length.

    h_t = tanh(x_t @ w_x + h_{t-1} @ w_h + b), for every step, with the same weights.

    Arguments
        x    (N, T, D)  inputs, T at least 1
        h_0  (N, H)     state before the first step
        w_x (D, H), w_h (H, H), b (H,)
    Returns
        h    (N, T, H) float64; h[:, t] is the state after it has read x[:, t], so h_0 is not in it

    Integer arrays (int64) are accepted and give float64, also beside arrays of floats. No argument is changed.
    NumPy only: torch may not be called.
    Example: x = 0, b = 0, w_h = [[1.]], h_0 = [[1.]], T = 2 give h = [[[tanh(1)], [tanh(tanh(1))]]] = [[[0.7616], [0.6420]]].
    """
    ### BEGIN SOLUTION
    from_input = x @ w_x + b  # (N, T, H): one product for all steps
    h = np.empty(from_input.shape)
    state = h_0
    for t in range(x.shape[1]):
        state = np.tanh(from_input[:, t] + state @ w_h)  # (N, H)
        h[:, t] = state
    return h
    ### END SOLUTION


def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    """Back-propagation through time: the gradients of rnn_forward.

    Arguments
        d_h  (N, T, H)  the gradient that each state h[:, t] gets directly from the loss; what comes back from
                        later steps is not in it
        x (N, T, D), h_0 (N, H), w_x (D, H), w_h (H, H): what rnn_forward was given
        h    (N, T, H)  what rnn_forward returned, always float64
    Returns a tuple of five, each with the shape of what it belongs to
        d_x (N, T, D), d_h_0 (N, H), d_w_x (D, H), d_w_h (H, H), d_b (H,)
    Weight and bias gradients are sums over batch and time, not means.

    Integer arrays (int64) are accepted and give float64, also beside arrays of floats. No argument is changed.
    NumPy only: torch may not be called.
    Example: the example of rnn_forward with d_h = [[[0.], [1.]]] gives d_h_0 = [[0.2469]] and d_w_h = [[0.6946]].
    Source: Werbos (1990); Jaeger (2002).
    """
    ### BEGIN SOLUTION
    d_a = np.empty(h.shape)  # (N, T, H)
    d_w_h = np.zeros(w_h.shape)
    carry = np.zeros(h_0.shape)  # what comes back from step t + 1
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h_0
        d_a[:, t] = (d_h[:, t] + carry) * (1.0 - h[:, t] ** 2)
        d_w_h += h_prev.T @ d_a[:, t]
        carry = d_a[:, t] @ w_h.T
    d_x = d_a @ w_x.T  # (N, T, D)
    d_w_x = np.tensordot(x, d_a, axes=((0, 1), (0, 1)))  # (D, H), summed over batch and time
    d_b = d_a.sum(axis=(0, 1))
    return d_x, carry, d_w_x, d_w_h, d_b
    ### END SOLUTION


# %% test="rnn_sequence" points=18
_x, _h_0, _w_x, _w_h, _b = np.zeros((1, 2, 1)), np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)
_h = rnn_forward(_x, _h_0, _w_x, _w_h, _b)
assert _h.shape == (1, 2, 1), f"h should be (N, T, H) = (1, 2, 1), got {_h.shape}"
_h_1, _h_2 = np.tanh(1.0), np.tanh(np.tanh(1.0))
assert np.allclose(_h[0, :, 0], [_h_1, _h_2]), f"h should be tanh(1), then tanh of that; got {_h[0, :, 0]}"
_states = np.array([[[_h_1], [_h_2]]])
_got = rnn_backward(np.array([[[0.0], [1.0]]]), _x, _h_0, _states, _w_x, _w_h)
_shapes = [_gradient.shape for _gradient in _got]
assert _shapes == [(1, 2, 1), (1, 1), (1, 1), (1, 1), (1,)], (
    f"five gradients in the order of the docstring, got shapes {_shapes}"
)
_q_1, _q_2 = 1 - _h_1**2, 1 - _h_2**2
assert np.allclose(_got[1], _q_1 * _q_2), (
    f"d_h_0 = q_1 * q_2 = {_q_1 * _q_2:.4f}: the gradient passes two steps; got {_got[1]}"
)
assert np.allclose(_got[3], _q_2 * _h_1 + _q_1 * _q_2), (
    f"d_w_h has a part from each step, {_q_2 * _h_1 + _q_1 * _q_2:.4f} together; got {_got[3]}"
)

# %% [markdown]
# Now measure it. Nudge every entry of every input by a little, see how much a loss moves, and compare with your gradients. This is the
# instrument of 01.


# %% tags=["slow"]
def largest_difference(f, array, gradient, step=1e-5):
    """How far `gradient` is from central differences of the scalar f() in the entries of `array`."""
    worst = 0.0
    for index in np.ndindex(array.shape):
        before = array[index]
        array[index] = before + step
        above = f()
        array[index] = before - step
        below = f()
        array[index] = before
        worst = max(worst, abs((above - below) / (2 * step) - gradient[index]))
    return worst


_rng = np.random.default_rng(0)
_inputs = [_rng.normal(size=_s) for _s in ((2, 5, 3), (2, 4), (3, 4), (4, 4), (4,))]  # x, h_0, w_x, w_h, b
_d_h = _rng.normal(size=(2, 5, 4))
_x, _h_0, _w_x, _w_h, _b = _inputs
_gradients = rnn_backward(_d_h, _x, _h_0, rnn_forward(*_inputs), _w_x, _w_h)
for _name, _array, _gradient in zip(("x", "h_0", "w_x", "w_h", "b"), _inputs, _gradients, strict=True):
    _worst = largest_difference(lambda: (rnn_forward(*_inputs) * _d_h).sum(), _array, _gradient)
    print(f"d_{_name:4s} differs from the measured gradient by less than 1e-8: {_worst < 1e-8}")

# %% [markdown]
# Why 1e-8, and not zero? The nudge of $10^{-5}$ leaves an error of about its square, $10^{-10}$. And the difference of two nearly equal losses has a
# rounding error of about $10^{-16}$, which the division by $10^{-5}$ makes $10^{-11}$. A wrong formula is off by far more.
#
# **What does it cost?** Count the multiplications of one batch, as large as in our capstone, and the numbers that must be kept until the way back.

# %%
_N, _T, _D, _H = 64, 10, 27, 128
_forward = _N * _T * (_D * _H + _H * _H)
print(
    f"forward: {_forward / 1e6:.0f} million multiplications; backward: {2 * _forward / 1e6:.0f} million, two products for each one forward"
)
print(
    f"states to be kept: {8 * _N * _T * _H / 1e6:.1f} MB; for texts of 1,000 steps: {8 * _N * 1000 * _H / 1e6:.0f} MB"
)

# %% [markdown]
# The time grows with $T$, and so does the memory: every state must wait until the gradient comes by. For long texts people cut the way back after, say, a hundred steps (*truncated* back-propagation through time). And one thing
# no computer can help: step $t$ has to wait for step $t-1$. Keep that in mind until 07.
#
# ## The cliff
#
# Take the smallest network there is: one unit, no input, $h_t = \tanh(w\,h_{t-1} + b)$, twenty steps. We want it to end at 0.9. What does the loss look like,
# as a function of the single weight $w$?


# %% tags=["slow"]
def one_unit(w, steps=20, b=-0.2, start=0.3, wanted=0.9):
    """Loss and its derivative in w of h_t = tanh(w h_{t-1} + b) after `steps` steps; w may be an array."""
    h, d_h = np.full(np.shape(w), start), np.zeros(np.shape(w))
    for _ in range(steps):
        new = np.tanh(w * h + b)
        d_h = (1 - new**2) * (h + w * d_h)  # the derivative of h with respect to w, carried forward
        h = new
    return (h - wanted) ** 2, 2 * (h - wanted) * d_h


_w = np.linspace(1.2, 2.2, 100001)
_loss, _slope = one_unit(_w)
_edge = int(np.argmax(np.abs(_slope)))
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
left.plot(_w, _loss, color=BLUE, lw=2)
left.annotate("the cliff", (_w[_edge], 1.6), (1.85, 2.2), arrowprops={"arrowstyle": "->"})
left.set(xlabel="weight w", ylabel="loss after 20 steps", title="two plains and a cliff")
right.semilogy(_w, np.abs(_slope) + 1e-12, color=RED, lw=2, label="without clipping")
right.semilogy(_w, np.minimum(np.abs(_slope) + 1e-12, 1.0), color=GREEN, lw=2, ls="--", label="clipped at 1")
right.set(xlabel="weight w", ylabel="size of the gradient", title="the gradient there", ylim=(1e-3, 1e6))
right.legend(frameon=False, fontsize=9, loc="upper right")
plt.tight_layout()
plt.show()
_step = 0.01 * np.abs(_slope[_edge])
print(
    "a little aside, at w = 1.4 and w = 2, the gradient is below 1:",
    bool(np.abs(one_unit(np.array([1.4, 2.0]))[1]).max() < 1),
)
print("on the cliff it is over 10,000:", bool(np.abs(_slope[_edge]) > 1e4))
print("one step with learning rate 0.01 from there moves w by more than 100:", bool(_step > 100))

# %% [markdown]
# Left of the cliff the unit always ends low, right of it high. In between a tiny change of $w$ decides everything, because
# each of the twenty steps enlarges it. **The direction of the gradient is right; its length is absurd.** One step from the edge of the cliff, and weeks of training are gone.
#
# The remedy of Pascanu, Mikolov and Bengio (2013) is as simple as it can be: if the gradient is too long, shorten it. Put the gradients of *all*
# parameters end to end, as one long vector, and let $\lVert g \rVert$ be its length:
#
# $$\lVert g \rVert = \sqrt{\textstyle\sum_{\text{arrays}} \sum_{\text{entries}} g_{ij}^2}, \qquad
# g \leftarrow \begin{cases} g \cdot \dfrac{m}{\lVert g \rVert} & \text{if } \lVert g \rVert > m \\[2mm] g & \text{otherwise} \end{cases}$$
#
# One common factor for all arrays, so the direction stays. Cut each entry off by itself, or each array, and the direction changes.
#
# ## Exercise 3 · `clip_gradients` (10 points)
#
# difficulty ●○○ · importance ●●● · about 15 minutes
#
# **A number to check by hand.** Gradients $[3]$ and $[[4]]$: the common norm is $\sqrt{9 + 16} = 5$. With `max_norm` 1 they become $[0.6]$ and $[[0.8]]$, and the
# norm that is returned is 5.
#
# <details><summary>Hint 1: the norm</summary>
#
# One number for the whole dict: the sum of the squares of all entries of all arrays, then one root.
# </details>
#
# <details><summary>Hint 2: what to return</summary>
#
# A new dict with the same keys, in every case. `g *= factor` would change the caller's arrays: write `g * factor`. The norm is the one *before* clipping: it is what you want to
# watch during training.
# </details>
#
# <details><summary>Hint 3: nearly the answer</summary>
#
# `norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))`. The factor is `max_norm / norm` if `norm > max_norm`, and 1.0 otherwise: times the
# integer 1, integers would stay integers. So zero gradients never meet a division.
# </details>


# %% exercise="clip_gradients"
def clip_gradients(grads, max_norm):
    """The gradients, scaled by one common factor so that their global norm is at most max_norm; and that norm before.

    The global norm is the square root of the sum of the squares of all entries of all arrays together.
    If it is greater than max_norm, every array is multiplied by max_norm / norm: exactly, without a small number
    added to the norm. Otherwise the values stay as they are; small gradients are never made larger.

    Arguments
        grads     a dict: name -> array of any shape; at least one
        max_norm  a positive number
    Returns
        clipped   a new dict in every case, with the same keys and shapes, float64; arrays that need no change may be
                  the given ones
        norm      a float, the global norm before clipping; 0 if all gradients are zero

    Arrays of integers (int64) are accepted and give float64. Neither the given dict nor its arrays are changed.
    NumPy only: torch may not be called.
    Example: {"a": [3.], "b": [[4.]]} and max_norm = 1 give {"a": [0.6], "b": [[0.8]]} and norm = 5.
    Source: Pascanu, Mikolov & Bengio (2013), algorithm 1.
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = max_norm / norm if norm > max_norm else 1.0
    return {name: g * factor for name, g in grads.items()}, norm
    ### END SOLUTION


# %% test="clip_gradients" points=10
_grads = {"a": np.array([3.0]), "b": np.array([[4.0]])}
_clipped, _norm = clip_gradients(_grads, 1.0)
assert np.isclose(_norm, 5.0), f"the norm before clipping is sqrt(9 + 16) = 5, got {_norm}"
assert set(_clipped) == {"a", "b"}, f"the result should have the keys a and b, got {list(_clipped)}"
assert np.allclose(_clipped["a"], 0.6) and np.allclose(_clipped["b"], 0.8), (
    f"both should be divided by 5, got {_clipped}"
)
assert np.allclose(clip_gradients(_grads, 6.0)[0]["a"], 3.0), "the norm 5 is below 6: nothing should change"
assert _grads["a"][0] == 3.0, "the caller's gradients were changed: make new arrays"

# %% [markdown]
# ## Predict the next letter
#
# What should the network learn? There is no teacher who labels names. There need be none: **the next letter is the label.** Shannon (1951) let people
# guess the next letter of a text to find out how much a letter tells. Elman let his network guess it. Graves (2013) made it write that way. Every language model since does the same.
#
# Give each symbol an id. Id 0 is the *boundary*, written `.`; it stands before the first letter and after the last. So the network also learns
# how names begin, and when they are over. The inputs are the name with a boundary in front, the targets the name with a boundary at its end:


# %% tags=["slow"]
def draw_batch(words):
    """A batch of names as the network gets it: inputs, targets and the mask."""
    steps = max(map(len, words)) + 1
    figure, axes = plt.subplots(1, 2, figsize=(9, 0.45 * len(words) + 1.1), sharey=True)
    for ax, title, padded in zip(
        axes, ("inputs", "targets"), ([f".{w}" for w in words], [f"{w}." for w in words]), strict=True
    ):
        mask = np.array([[t < len(text) for t in range(steps)] for text in padded])
        ax.imshow(mask, cmap="Blues", vmin=0, vmax=3, aspect="auto")
        for n, text in enumerate(padded):
            for t in range(steps):
                real = t < len(text)
                ax.text(t, n, text[t] if real else "·", ha="center", va="center", color="black" if real else GREY)
        ax.set(title=title, xlabel="time step t", yticks=range(len(words)), xticks=range(steps))
        ax.tick_params(length=0)
    axes[0].set_ylabel("sequence n")
    plt.tight_layout()
    plt.show()


draw_batch(["elias", "abe", "georgianna", "mary"])

# %% [markdown]
# Coloured cells are real, the others are **padding**: names have different lengths, but an array is a rectangle. The `mask` `(N, T)` is True at
# the real ones. Padding must cost nothing, and teach nothing.
#
# From each state we read a score for each of the $V$ symbols, the logits $z = h\,w_y + b_y$ `(N, T, V)`. Softmax turns them into
# probabilities $p$. The loss at one place is $-\ln p_{\text{target}}$, the surprise. The loss of the batch is the mean **over all real places together**:
#
# $$L = \frac{1}{M} \sum_{n,t} m_{nt} \left( -\ln p_{nt}[y_{nt}] \right), \qquad
# p_{nt}[v] = \frac{e^{z_{nt}[v]}}{\sum_u e^{z_{nt}[u]}}, \qquad M = \sum_{n,t} m_{nt}$$
#
# Here $m_{nt}$ is 1 where the mask is True and 0 elsewhere, $y$ are the targets `(N, T)`. The gradient is an old friend, *probability minus truth*:
#
# $$\frac{\partial L}{\partial z_{nt}[v]} = \frac{m_{nt}}{M} \left( p_{nt}[v] - [\,v = y_{nt}\,] \right)$$
#
# Two wrong means are popular. Divide by $N \cdot T$, and long padding makes every loss look small. Take the mean of each sequence first and then the
# mean of those, and a letter of *Abe* counts more than a letter of *Georgianna*.
#
# ## Exercise 4 · `sequence_loss` (14 points)
#
# difficulty ●●○ · importance ●●● · about 35 minutes
#
# **Numbers to check by hand.** $V = 2$, all logits zero, so every $p$ is ½. Two sequences of two steps, of which the last place is padding: $M = 3$. The loss
# is $\ln 2 = 0.6931$. At a real place the gradient is $(\tfrac12 - 1)/3 = -\tfrac16$ for the target and $+1/6$ for the other; at the padding it is 0.
#
# <details><summary>Hint 1: large logits</summary>
#
# $e^{1000}$ overflows. Softmax does not change when a constant is subtracted from all logits of a place, so subtract the largest of each place. And take
# $\ln p_v = z_v - \ln \sum_u e^{z_u}$ directly: a tiny $p$ may be rounded to 0, whose logarithm is $-\infty$.
# </details>
#
# <details><summary>Hint 2: picking the targets</summary>
#
# `np.take_along_axis(log_p, targets[:, :, None], axis=2)[:, :, 0]` is `(N, T)`. Or compare `np.arange(V)` with the targets to get a one-hot array `(N, T, V)`.
# </details>
#
# <details><summary>Hint 3: nothing real</summary>
#
# If the mask is False everywhere, $M = 0$, and $0/0$ is NaN. Divide by `max(M, 1)`: then the sum 0 gives the loss 0 and a zero gradient.
# </details>
#
# <details><summary>Hint 4: nearly the answer</summary>
#
# `z = logits - logits.max(axis=2, keepdims=True)`, `log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))`. With `M = max(mask.sum(), 1)` the loss is minus the sum of the picked `log_p` where the mask is True,
# divided by `M`. The gradient is `(np.exp(log_p) - one_hot) * mask[:, :, None] / M`.
# </details>


# %% exercise="sequence_loss"
def sequence_loss(logits, targets, mask):
    """The mean cross-entropy over the real places of a padded batch, and its gradient.

    loss = mean of -ln softmax(logits[n, t])[targets[n, t]] over all (n, t) with mask True: one mean over all of
    them together, with the natural logarithm.

    Arguments
        logits   (N, T, V)  scores, finite; at padding they mean nothing
        targets  (N, T)     integer ids from 0 to V - 1, at padding too, where they mean nothing
        mask     (N, T)     boolean, True = real, False = padding; the padding can be anywhere
    Returns
        loss      a float (Python's or NumPy's); 0 if no place is real
        d_logits  (N, T, V) float64, the gradient of loss; exactly 0 at padding

    Logits of +-10,000 are fine: no overflow, no NaN. Integer logits (int64) are accepted. No argument is changed.
    NumPy only: torch may not be called.
    Example: logits = 0 (2, 2, 2), targets = 0, mask = [[True, True], [True, False]] give loss = ln 2 = 0.6931 and, at a
    real place, d_logits = [-1/6, 1/6].
    """
    ### BEGIN SOLUTION
    real = max(mask.sum(), 1)
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))  # (N, T, V)
    one_hot = np.arange(logits.shape[2]) == targets[:, :, None]  # (N, T, V)
    picked = log_p[one_hot].reshape(targets.shape)  # (N, T)
    loss = -picked[mask].sum() / real
    d_logits = (np.exp(log_p) - one_hot) * mask[:, :, None] / real
    return loss, d_logits
    ### END SOLUTION


# %% test="sequence_loss" points=14
_mask = np.array([[True, True], [True, False]])
_loss, _d_logits = sequence_loss(np.zeros((2, 2, 2)), np.zeros((2, 2), dtype=int), _mask)
assert np.isclose(_loss, np.log(2.0)), f"every probability is 1/2, so the loss should be ln 2 = 0.6931, got {_loss}"
assert _d_logits.shape == (2, 2, 2), f"d_logits should have the shape of logits, got {_d_logits.shape}"
assert np.allclose(_d_logits[0, 0], [-1 / 6, 1 / 6]), (
    f"three real places: (1/2 - 1) / 3 = -1/6 for the target, got {_d_logits[0, 0]}"
)
assert np.all(_d_logits[1, 1] == 0), f"padding should get no gradient, got {_d_logits[1, 1]}"
_loss, _d_logits = sequence_loss(np.zeros((1, 2, 3)), np.zeros((1, 2), dtype=int), np.zeros((1, 2), dtype=bool))
assert _loss == 0 and np.all(_d_logits == 0), f"without a real place, loss and gradient are 0, got {_loss}"

# %% [markdown]
# ## Bits, and how many sides the die has
#
# A loss of 2.1 nats: is that good? Two translations help.
#
# **Bits per character.** Divide by $\ln 2$. So many yes-or-no questions are needed per letter, if you ask cleverly with the model at hand.
# It is also what a compressor with this model would need to store the text.
#
# **Perplexity.** $e^{L}$ is the number of sides of a fair die that would surprise you as much. A model that knows nothing about 27 symbols has perplexity 27; one that is always sure and right has 1.
#
# | | formula | knows nothing, $V$ symbols | always right |
# |---|---|---|---|
# | loss, in nats | $L$ | $\ln V$ | 0 |
# | bits per character | $L / \ln 2$ | $\log_2 V$ | 0 |
# | perplexity | $e^{L} = 2^{\text{bits}}$ | $V$ | 1 |
#
# The mean comes first, then the exponential. The exponential of a *sum* grows with the length of the text; the mean of exponentials is another number altogether.
#
# ## Exercise 5 · `perplexity` (8 points)
#
# difficulty ●○○ · importance ●●○ · about 15 minutes
#
# **Numbers to check by hand.** Two real letters, to which the model gave the probabilities ½ and ⅛. Their surprises are $\ln 2$ and $3 \ln 2$, the mean is $2 \ln 2$: that is 2 bits per character, and a perplexity of 4.
#
# <details><summary>Hint 1: what they share</summary>
#
# Both start from the mean of $-\ln p_{\text{target}}$ over the real places, the loss of exercise 4. Write a helper in this cell.
# </details>
#
# <details><summary>Hint 2: nearly the answer</summary>
#
# With that mean in nats called `nats`: one returns `np.exp(nats)`, the other `nats / np.log(2)`. With no real place the mean is 0, which gives 1 and 0.
# (Where no float is large enough, `np.exp` gives infinity; `math.exp` raises an error.)
# </details>


# %% exercise="perplexity"
def perplexity(logits, targets, mask):
    """e to the power of the mean of -ln softmax(logits)[target] over the real places; 1 if there is none.

    logits (N, T, V), targets (N, T) integer ids, mask (N, T) boolean, True = real: as in sequence_loss, with one mean over
    all real places together. Logits of +-10,000 are fine. Returns a float, however large: nothing is cut off; inf where no float
    is large enough, and never an exception. No argument is changed. NumPy only: torch may not be called.
    Example: two real letters with the probabilities 1/2 and 1/8 give 4.
    """
    ### BEGIN SOLUTION
    return 2.0 ** bits_per_character(logits, targets, mask)  # in base 2 and base e it is the same number
    ### END SOLUTION


def bits_per_character(logits, targets, mask):
    """The mean of -log2 softmax(logits)[target] over the real places: base 2; 0 if there is none.

    Arguments as in perplexity. Returns a float. No argument is changed. NumPy only: torch may not be called.
    Example: two real letters with the probabilities 1/2 and 1/8 give 2.
    """
    ### BEGIN SOLUTION
    largest = logits.max(axis=2, keepdims=True)
    log_sum = largest + np.log(np.exp(logits - largest).sum(axis=2, keepdims=True))  # (N, T, 1)
    surprise = log_sum - np.take_along_axis(logits, targets[:, :, None], axis=2)  # (N, T, 1), in nats
    nats = surprise[mask].sum() / max(mask.sum(), 1)
    return nats / np.log(2.0)
    ### END SOLUTION


# %% test="perplexity" points=8
_logits = np.log(np.array([[[0.5, 0.25, 0.25], [0.125, 0.125, 0.75], [0.2, 0.2, 0.6]]]))
_targets, _mask = np.array([[0, 1, 2]]), np.array([[True, True, False]])
_got = perplexity(_logits, _targets, _mask)
assert np.isclose(_got, 4.0), f"the probabilities 1/2 and 1/8 give perplexity 4, got {_got}"
_got = bits_per_character(_logits, _targets, _mask)
assert np.isclose(_got, 2.0), f"the probabilities 1/2 and 1/8 give 2 bits per character, got {_got}"
_got = perplexity(np.zeros((2, 5, 27)), np.zeros((2, 5), dtype=int), np.ones((2, 5), dtype=bool))
assert np.isclose(_got, 27.0), f"who knows nothing about 27 symbols has perplexity 27, whatever the length; got {_got}"

# %% [markdown]
# ## Let it write
#
# A model that scores the next symbol can also write. Begin with the boundary. Read it, get the probabilities, **throw the dice**, write down what falls, and read
# that next:
#
# $$h_t = \tanh(x_t w_x + h_{t-1} w_h + b), \qquad z_t = h_t w_y + b_y, \qquad \text{id}_t \sim \operatorname{softmax}(z_t / \tau), \qquad
# x_{t+1} = \text{one-hot}(\text{id}_t)$$
#
# A symbol goes in as a *one-hot* vector: $V$ numbers, a 1 at its id, 0 elsewhere. So `x @ w_x` is nothing but row `id` of `w_x`.
#
# In training the network always read the *right* letter, whatever it had predicted. Here it reads its own. One bad letter leads it to
# places that it has never seen; the longer the text, the more so.
#
# Why dice? Take the most probable symbol each time and you get one name, the same for ever. The **temperature** $\tau > 0$ lies in between. It divides the logits: a small one makes
# the probable even more probable, a large one makes all alike.


# %% tags=["slow"]
_scores = np.array([2.0, 1.2, 0.8, 0.0, -0.5, -1.5])
figure, axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True)
for _ax, _temperature, _color in zip(axes, (0.3, 1.0, 3.0), (BLUE, GREEN, ORANGE), strict=True):
    _p = np.exp(_scores / _temperature)
    _ax.bar(list("aeinoz"), _p / _p.sum(), color=_color)
    _ax.set(title=f"temperature {_temperature:g}", xlabel="next letter")
axes[0].set_ylabel("probability")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Exercise 6 · `sample_sequence` (12 points)
#
# difficulty ●●○ · importance ●●○ · about 25 minutes
#
# Your function draws from `rng`. Which of its methods you use, and how often, is up to you: the hidden tests look at how often each symbol falls, not at which one falls first.
#
# **A number to check by hand.** Let all weights be zero and $b_y = [0, \ln 3]$. At temperature 1 the probabilities are ¼ and ¾, at every step. At temperature ½ the logits double: $e^0 : e^{2 \ln 3} = 1 : 9$, so they are 0.1 and 0.9.
#
# <details><summary>Hint 1: the loop</summary>
#
# Two variables go round: the state, zeros at first, and the id that is read next, `start` at first. One turn of the loop: new state, logits, probabilities, draw, append.
# </details>
#
# <details><summary>Hint 2: the draw</summary>
#
# `rng.choice(V, p=p)` draws an id. Before that, divide the logits by the temperature, subtract the largest, take `np.exp`, divide by the sum.
# </details>
#
# <details><summary>Hint 3: nearly the answer</summary>
#
# `h = np.tanh(params["w_x"][token] + h @ params["w_h"] + params["b"])`, then `z = (h @ params["w_y"] + params["b_y"]) / temperature`. The id you draw is appended *and* becomes `token`.
# </details>


# %% exercise="sample_sequence"
def sample_sequence(params, start, length, temperature, rng):
    """`length` new ids, drawn one after the other from a character model that reads what it wrote.

    The state starts at zero, and the first input is `start`. At each step, for the one-hot vector x of the last id:
    h = tanh(x @ w_x + h @ w_h + b), logits = h @ w_y + b_y, and the next id is drawn with the probabilities
    softmax(logits / temperature). It is the input of the next step.

    Arguments
        params       a dict of arrays: w_x (V, H), w_h (H, H), b (H,), w_y (H, V), b_y (V,)
        start        one id from 0 to V - 1
        length       how many ids to draw, at least 1
        temperature  a number, at least 1e-6; small ones must not overflow, and none is taken for a larger one
        rng          a numpy.random.Generator: the only source of randomness
    Returns
        a list of `length` ints from 0 to V - 1 (a one-dimensional integer array will do), without `start`

    Nothing stops it early: every id is a symbol like any other. No argument is changed.
    Example: all weights zero and b_y = [0, ln 3] give each id independently, with probabilities 1/4 and 3/4 at
    temperature 1, and 1/10 and 9/10 at temperature 1/2.
    Source: Graves (2013), section 2.
    """
    ### BEGIN SOLUTION
    h = np.zeros(params["b"].shape)  # (H,)
    token, ids = start, []
    for _ in range(length):
        h = np.tanh(params["w_x"][token] + h @ params["w_h"] + params["b"])  # a one-hot input picks a row
        logits = (h @ params["w_y"] + params["b_y"]) / temperature  # (V,)
        p = np.exp(logits - logits.max())
        token = int(rng.choice(len(p), p=p / p.sum()))
        ids.append(token)
    return ids
    ### END SOLUTION


# %% test="sample_sequence" points=12
_params = {
    "w_x": np.zeros((2, 3)),
    "w_h": np.zeros((3, 3)),
    "b": np.zeros(3),
    "w_y": np.zeros((3, 2)),
    "b_y": np.array([0.0, np.log(3.0)]),
}
_ids = sample_sequence(_params, 0, 2000, 1.0, np.random.default_rng(0))
assert len(_ids) == 2000, f"2000 new ids are asked for, got {len(_ids)}"
assert 0.65 < np.mean(_ids) < 0.85, f"about three quarters should be ones, got {np.mean(_ids):.3f}"
_ids = sample_sequence(_params, 0, 2000, 0.5, np.random.default_rng(0))
assert np.mean(_ids) > 0.85, f"at temperature 1/2 about nine in ten should be ones, got {np.mean(_ids):.3f}"
# A model that counts round and round: after id k comes id k + 1, surely.
_count = {
    "w_x": 9 * np.eye(3),
    "w_h": np.zeros((3, 3)),
    "b": np.zeros(3),
    "w_y": 90 * np.roll(np.eye(3), 1, axis=1),
    "b_y": np.zeros(3),
}
_ids = list(sample_sequence(_count, 1, 4, 1.0, np.random.default_rng(0)))
assert _ids == [2, 0, 1, 2], f"after 1 this model writes 2, 0, 1, 2: without the start, each id read next; got {_ids}"

# %% [markdown]
# ## How far back can it learn?
#
# Now the question that made history. The loss at the end of a text complains about a letter far back. Does the complaint arrive?
#
# On its way from $h_T$ to $h_t$ the gradient passes every step in between. One step: if $h_{s-1}$ changes in entry $i$, then $h_s$ changes in entry $j$ by
#
# $$J_s[i, j] = \frac{\partial h_s[j]}{\partial h_{s-1}[i]} = w_h[i, j]\,\left(1 - h_s[j]^2\right) \qquad (H, H)$$
#
# that is $w_h$, with column $j$ shrunk by tanh'. Several steps: a product, in the order of time,
#
# $$\frac{\partial h_T}{\partial h_t} = J_{t+1}\, J_{t+2} \cdots J_T .$$
#
# How large is it? Its **spectral norm**, the largest singular value, says how much it can stretch a vector at most.
# Matrix products do not commute: another order gives another matrix, with another norm.
#
# For $t = T$ there is no factor: the product is the identity, and the norm is 1.
#
# ## Exercise 7 · `vanishing_gradient` (12 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# **Numbers to check by hand.** One unit, $w_h = 2$, states $0,\ \tfrac12,\ 0.8$. The last step's factor is $2\,(1 - 0.64) = 0.72$, the one before it $2\,(1 - 0.25) = 1.5$. So
# the norms are $1.5 \cdot 0.72 = 1.08$, then $0.72$, then $1$. The first state itself appears in no factor.
#
# <details><summary>Hint 1: which way to walk</summary>
#
# Begin at the end, with the identity, which has norm 1. Each step back puts one more factor on the **left** of the product. One matrix product a step is enough: never start the product anew.
# </details>
#
# <details><summary>Hint 2: one factor</summary>
#
# Column $j$ of `w_h` is multiplied by entry $j$ of `1 - h[t + 1]**2`. Broadcasting along rows does just that: `w_h * (1 - h[t + 1]**2)`.
# </details>
#
# <details><summary>Hint 3: nearly the answer</summary>
#
# `norms = np.ones(T)`, `product = np.eye(H)`. For `t` from `T - 2` down to 0: the factor of step `t + 1` times `product` is the new `product`, and `norms[t]` is `np.linalg.norm(product, 2)`. (Without the 2 it would
# be another norm, the root of the sum of squares.)
# </details>


# %% exercise="vanishing_gradient"
def gradient_norms(h, w_h):
    """The spectral norms of d h_T / d h_t for every t: how strongly the last state depends on each earlier one.

    Here h_t = tanh(... + h_{t-1} @ w_h), so one step has the Jacobian J_s[i, j] = w_h[i, j] * (1 - h_s[j]**2), and
    d h_T / d h_t = J_{t+1} J_{t+2} ... J_T. The spectral norm is the largest singular value.

    Arguments
        h    (T, H)  the states of one sequence, T at least 1; h[t] is the state after step t, h[T - 1] the last
        w_h  (H, H)
    Returns
        norms  (T,) float64; norms[t] belongs to h[t], so the last entry, of h_T by itself, is 1

    Norms of 1e-40 and of 1e20 are numbers like any other: nothing is cut off.
    Only 1 - h**2 is needed of tanh; the inputs are not. Integer arrays (int64) are accepted. No argument is changed.
    NumPy only: torch may not be called.
    Example: h = [[0.], [0.5], [0.8]] and w_h = [[2.]] give [1.08, 0.72, 1.].
    Source: Pascanu, Mikolov & Bengio (2013), section 2.
    """
    ### BEGIN SOLUTION
    n_steps, hidden = h.shape
    norms = np.ones(n_steps)
    product = np.eye(hidden)  # d h_T / d h_T
    for t in reversed(range(n_steps - 1)):
        jacobian = w_h * (1.0 - h[t + 1] ** 2)  # (H, H): column j is shrunk by tanh'
        product = jacobian @ product  # an earlier step stands further left
        norms[t] = np.linalg.norm(product, 2)
    return norms
    ### END SOLUTION


# %% test="vanishing_gradient" points=12
_norms = gradient_norms(np.array([[0.0], [0.5], [0.8]]), np.array([[2.0]]))
assert _norms.shape == (3,), f"one norm for each of the three states, got shape {_norms.shape}"
assert np.isclose(_norms[2], 1.0), f"the last state depends on itself with factor 1, got {_norms[2]}"
assert np.isclose(_norms[1], 0.72), f"one step back: 2 * (1 - 0.64) = 0.72, got {_norms[1]}"
assert np.isclose(_norms[0], 1.08), f"two steps back: 1.5 * 0.72 = 1.08, got {_norms[0]}"
_norms = gradient_norms(np.zeros((2, 2)), np.array([[0.0, 3.0], [4.0, 0.0]]))
assert np.isclose(_norms[0], 4.0), (
    f"[[0, 3], [4, 0]] stretches a vector fourfold at most: the norm is 4, got {_norms[0]}"
)

# %% [markdown]
# ### The figure to remember
#
# Three networks of 40 units, a hundred steps, random weights. They differ in one number only: the **spectral radius** $\rho$ of $w_h$, its largest
# eigenvalue in absolute value. We scale $w_h$ to have $\rho$ = 0.8, 1 and 1.25. On the left the states are zero: tanh is in its straight part and shrinks nothing. On the right the network reads random inputs.


# %% tags=["slow"]
def random_states(w_h, steps, scale, rng):
    """The states (steps, H) of a tanh network with random inputs of size `scale`."""
    h = np.zeros((steps + 1, len(w_h)))
    for t in range(steps):
        h[t + 1] = np.tanh(scale * rng.normal(size=len(w_h)) + h[t] @ w_h)
    return h[1:]


_w = np.random.default_rng(5).normal(size=(40, 40))
_w /= np.abs(np.linalg.eigvals(_w)).max()  # spectral radius 1
_back = np.arange(99, -1, -1)
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), sharey=True)
_arrives = {}
for _rho, _color, _dashes in ((1.25, RED, "-"), (1.0, GREEN, "--"), (0.8, BLUE, "-.")):
    for _ax, _scale in zip(axes, (0.0, 0.5), strict=True):
        _norms = gradient_norms(random_states(_rho * _w, 100, _scale, np.random.default_rng(6)), _rho * _w)
        _ax.semilogy(_back, _norms, color=_color, ls=_dashes, lw=2.5, label=f"ρ = {_rho:g}")
        _arrives[_rho, _scale] = _norms[0]
    axes[0].semilogy(_back, _rho ** _back.astype(float), color=GREY, lw=1, ls=":")
axes[0].set(ylabel=r"size of $\partial h_T / \partial h_t$", title="states zero: no help from tanh")
axes[1].set(title="real states: tanh shrinks every step")
for _ax in axes:
    _ax.set(xlabel="steps back, T − t", ylim=(1e-22, 1e13))
axes[0].legend(frameon=False, fontsize=9, loc="lower left")
plt.tight_layout()
plt.show()
for _rho in (0.8, 1.0, 1.25):
    _zero, _real = _arrives[_rho, 0.0], _arrives[_rho, 0.5]
    print(
        f"ρ = {_rho:4g}   100 steps back, states zero: above a million {_zero > 1e6!s:5}   below a millionth {_zero < 1e-6!s:5}",
        end="",
    )
    print(f"   real states: below a millionth {_real < 1e-6}")

# %% [markdown]
# Straight lines on a logarithmic axis: the gradient changes by a constant factor at every step. The dotted lines are $\rho^{\,T-t}$, and after a few steps the slopes agree. Below 1 it **vanishes**, above 1 it **explodes**. There is no comfortable
# middle: on the right even $\rho = 1$ vanishes, because $1 - h^2$ is below 1 wherever a unit says anything at all. With these inputs 1.25 sinks too, only more slowly. For an explosion the weights must be large and the units quiet.
#
# A gradient that explodes can be clipped: you have the tool. A gradient that has vanished can't be brought back. **It is not that the distant past gets a small vote. It gets none:** its tiny term is added to the terms of the last few steps, and is lost
# among them. So the network learns what is near, and calls it a day.
#
# Jaeger made a virtue of the figure: his *echo state network* leaves $w_h$ random, with $\rho$ a little below 1, so that inputs fade slowly, and trains the read-out only. Everybody else wanted to train $w_h$ too.
#
# The trouble was found in 1991, by a student: Sepp Hochreiter, in his diploma thesis. Bengio, Simard and Frasconi (1994) found it again, and proved that the trouble lies deep: a state that
# holds on to something reliably is a state whose gradient vanishes.

# %% [markdown]
# ## Exercise 8 · `train_names` (12 points)
#
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# The capstone. You write the two pieces that are missing; below them everything comes together.
#
# **`names_to_arrays`** turns names into the three rectangles of the picture above.
#
# **`names_loss`** is the whole model: one-hot inputs, the recurrent network, the read-out $z = h\,w_y + b_y$, the loss, and the way back to all five
# parameters. It gets the three functions that it needs as arguments: `forward` and `backward` work like your `rnn_forward` and `rnn_backward`, `token_loss` like your `sequence_loss`. Use them as they are given, and no
# function of another exercise. (The hidden tests pass others, with the same interface.) New is only the read-out, a linear layer at every step:
#
# $$\delta w_y = \sum_{n,t} h_{nt}^\top\, \delta z_{nt} \quad (H, V), \qquad \delta b_y = \sum_{n,t} \delta z_{nt} \quad (V,), \qquad \delta h = \delta z\, w_y^\top \quad (N, T, H)$$
#
# **Numbers to check by hand.** The alphabet is `.abcdefghijklmnopqrstuvwxyz`. The names `bo` and `ada` need $T = 4$ steps:
#
# | name | inputs | targets | mask |
# |---|---|---|---|
# | bo | 0 2 15 0 | 2 15 0 0 | ✓ ✓ ✓ – |
# | ada | 0 1 4 1 | 1 4 1 0 | ✓ ✓ ✓ ✓ |
#
# In the first row the last 0 is padding, but the 0 in the targets before it is real: *stop here* is something to learn.
#
# <details><summary>Hint 1: filling the rectangles</summary>
#
# Make three arrays of zeros, with dtypes `int`, `int` and `bool`. A name of $n$ letters has $n + 1$ real steps. Its ids go into the inputs from place 1 on, and into the targets from place 0 on.
# </details>
#
# <details><summary>Hint 2: one-hot, all at once</summary>
#
# Row `i` of the identity matrix is the one-hot vector of id `i`, and NumPy lets you index with a whole array: `np.eye(V)[inputs]` is `(N, T, V)`.
# </details>
#
# <details><summary>Hint 3: the sums over batch and time</summary>
#
# `np.tensordot(h, d_logits, axes=((0, 1), (0, 1)))` sums over the first two axes of both and gives `(H, V)`. So does `np.einsum("nth,ntv->hv", h, d_logits)`.
# </details>
#
# <details><summary>Hint 4: nearly the answer</summary>
#
# `h = forward(x, h_0, w_x, w_h, b)` with `h_0` zeros `(N, H)`; `loss, d_logits = token_loss(h @ w_y + b_y, targets, mask)`; then `d_h = d_logits @ w_y.T`, and of the five results of `backward(d_h, x, h_0, h, w_x, w_h)` you need the last three.
# </details>


# %% exercise="train_names"
def names_to_arrays(names, alphabet):
    """A padded batch of names for a model that predicts the next letter: inputs, targets, mask.

    With ids = the places of a name's letters in the alphabet, n of them, the row of that name is
        inputs   0, ids, and then padding      targets   ids, 0, and then padding      mask   n + 1 times True

    Arguments
        names     a list of N strings, at least one; every letter occurs in alphabet[1:]; a name may be empty, or occur twice
        alphabet  a string of V distinct characters; alphabet[0] is the boundary, with id 0
    Returns a tuple of three arrays, each (N, T), with T = 1 + the length of the longest name
        inputs   integer ids; padding is 0
        targets  integer ids; padding is 0
        mask     boolean, True at the real places: the n letters and the boundary that ends the name
    The rows are in the order of `names`, which is not changed. NumPy only: torch may not be called.
    Example: names ["bo", "ada"] and alphabet ".abcdefghijklmnopqrstuvwxyz" give inputs [[0, 2, 15, 0], [0, 1, 4, 1]],
    targets [[2, 15, 0, 0], [1, 4, 1, 0]], mask [[True, True, True, False], [True, True, True, True]].
    """
    ### BEGIN SOLUTION
    shape = (len(names), 1 + max(len(name) for name in names))
    inputs, targets, mask = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int), np.zeros(shape, dtype=bool)
    for n, name in enumerate(names):
        ids = [alphabet.index(letter) for letter in name]
        inputs[n, 1 : len(ids) + 1] = ids
        targets[n, : len(ids)] = ids
        mask[n, : len(ids) + 1] = True  # the boundary at the end is real
    return inputs, targets, mask
    ### END SOLUTION


def names_loss(params, inputs, targets, mask, forward, backward, token_loss):
    """The loss of a character model on a batch, and the gradients of all its parameters: (loss, grads).

    One-hot inputs x (N, T, V), start h_0 = 0 (N, H), states h = forward(...), logits = h @ w_y + b_y (N, T, V),
    loss from token_loss; then all the way back.

    Arguments
        params   a dict of arrays: w_x (V, H), w_h (H, H), b (H,), w_y (H, V), b_y (V,)
        inputs, targets  (N, T) integer ids          mask  (N, T) boolean: as names_to_arrays makes them
        forward     forward(x, h_0, w_x, w_h, b) -> h (N, T, H)
        backward    backward(d_h, x, h_0, h, w_x, w_h) -> d_x, d_h_0, d_w_x, d_w_h, d_b
        token_loss  token_loss(logits, targets, mask) -> loss, d_logits (N, T, V), zero at padding
    Returns
        loss     what token_loss gave, a float
        grads    a dict with exactly the keys of params, each gradient with the shape of its parameter
    Use the three functions as they are given. No argument is changed. NumPy only: torch may not be called.
    Example: if w_y and b_y are zero and token_loss is the mean cross-entropy, then loss = ln V, and the gradients of
    w_x, w_h and b are zero, whatever they are.
    """
    ### BEGIN SOLUTION
    w_x, w_h, b, w_y, b_y = (params[name] for name in ("w_x", "w_h", "b", "w_y", "b_y"))
    x = np.eye(len(b_y))[inputs]  # (N, T, V)
    h_0 = np.zeros((len(inputs), len(b)))  # (N, H)
    h = forward(x, h_0, w_x, w_h, b)  # (N, T, H)
    loss, d_logits = token_loss(h @ w_y + b_y, targets, mask)
    d_w_y = np.tensordot(h, d_logits, axes=((0, 1), (0, 1)))  # (H, V)
    d_b_y = d_logits.sum(axis=(0, 1))  # (V,)
    _, _, d_w_x, d_w_h, d_b = backward(d_logits @ w_y.T, x, h_0, h, w_x, w_h)
    return loss, {"w_x": d_w_x, "w_h": d_w_h, "b": d_b, "w_y": d_w_y, "b_y": d_b_y}
    ### END SOLUTION


# %% test="train_names" points=12
_inputs, _targets, _mask = names_to_arrays(["bo", "ada"], ".abcdefghijklmnopqrstuvwxyz")
assert np.array_equal(_inputs, [[0, 2, 15, 0], [0, 1, 4, 1]]), f"inputs begin with the boundary, got {_inputs.tolist()}"
assert np.array_equal(_targets, [[2, 15, 0, 0], [1, 4, 1, 0]]), (
    f"targets are one step ahead of the inputs, got {_targets.tolist()}"
)
assert np.array_equal(_mask, [[1, 1, 1, 0], [1, 1, 1, 1]]), (
    f"the boundary at the end of a name is real, got {_mask.tolist()}"
)


def _constant_forward(x, h_0, w_x, w_h, b):  # a "network" whose states are all 1
    return np.ones((*x.shape[:2], len(b)))


def _constant_backward(d_h, x, h_0, h, w_x, w_h):
    return 0 * x, 0 * h_0, 0 * w_x, 0 * w_h, d_h.sum(axis=(0, 1))


def _simple_loss(logits, targets, mask):  # the mean of all logits, for testing
    return logits.mean(), np.full(logits.shape, 1 / logits.size)


_params = {
    "w_x": np.ones((3, 2)),
    "w_h": np.ones((2, 2)),
    "b": np.ones(2),
    "w_y": np.ones((2, 3)),
    "b_y": np.full(3, 0.5),
}
_loss, _grads = names_loss(
    _params,
    np.zeros((4, 5), int),
    np.zeros((4, 5), int),
    np.ones((4, 5), bool),
    _constant_forward,
    _constant_backward,
    _simple_loss,
)
assert np.isclose(_loss, 2.5), f"two states of 1 times weights of 1, plus 0.5, is 2.5 everywhere; got {_loss}"
assert {_k: _v.shape for _k, _v in _grads.items()} == {_k: _v.shape for _k, _v in _params.items()}, (
    "grads should have the keys and shapes of params"
)
assert np.allclose(_grads["b_y"], 1 / 3), (
    f"each of the three entries of b_y moves a third of the logits, got {_grads['b_y']}"
)
assert np.allclose(_grads["w_y"], 1 / 3), (
    f"the states are 1, so w_y gets the same gradients as b_y, got {_grads['w_y']}"
)
assert np.allclose(_grads["b"], 1.0), (
    f"d_h is d_logits @ w_y.T, 3 * 1/60 each, summed over 20 places; got {_grads['b']}"
)

# %% [markdown]
# ### The baselines: counting
#
# Before any network, count. How often does letter $v$ follow letter $u$ in the training names? Add a little to every count, so that nothing is impossible, and divide by the row's sum: a **bigram** model. With
# one more letter of context it is a trigram, with none a unigram. Score them on the held-out names. We try a few amounts of smoothing and, generously, give the counters the one that suits the held-out names best.

# %% tags=["slow"]
ALPHABET = ".abcdefghijklmnopqrstuvwxyz"


def count_bits(order, smoothing):
    """Bits per character on the held-out names of a model that counts `order` letters in a row: 2 is the bigram."""
    rows = {}
    for part, some in (("train", training_names), ("held out", held_out_names)):
        padded = ["." * (order - 1) + name + "." for name in some]
        grams = [
            [ALPHABET.index(c) for c in text[i : i + order]] for text in padded for i in range(len(text) - order + 1)
        ]
        rows[part] = tuple(np.array(grams).T)  # `order` arrays: first letters, second letters, …
    counts = np.full((len(ALPHABET),) * order, smoothing)
    np.add.at(counts, rows["train"], 1.0)
    p = counts / counts.sum(axis=-1, keepdims=True)
    return -np.log2(p[rows["held out"]]).mean()


counted = {
    kind: min(count_bits(order, s) for s in (1.0, 0.3, 0.1))
    for kind, order in (("unigram", 1), ("bigram", 2), ("trigram", 3))
}
print(f"knows nothing: {np.log2(len(ALPHABET)):.2f} bits per character")
for _kind, _bits in counted.items():
    print(f"{_kind:13s}: {_bits:.2f} bits per character")

# %% [markdown]
# ### The workshop: given code
#
# Starting weights, Adam as you know it from 01, and a training loop. Read the loop: it is all there is. Every function of yours has its place in it.


# %%
def starting_params(V, H, rng):
    """Random weights of a character model; w_h has a spectral radius of about 1."""
    return {
        "w_x": 0.3 * rng.normal(size=(V, H)),
        "w_h": rng.normal(size=(H, H)) / np.sqrt(H),
        "b": np.zeros(H),
        "w_y": 0.3 * rng.normal(size=(H, V)) / np.sqrt(H),
        "b_y": np.zeros(V),
    }


def adam(params, grads, state, lr):
    """One step of Adam (Kingma & Ba 2015), in place, on a dict of arrays; state is a dict that starts empty."""
    t = state["t"] = state.get("t", 0) + 1
    for k, g in grads.items():
        m, v = state.get(k, (0.0, 0.0))
        m, v = state[k] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        params[k] = params[k] - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def logits_of(params, inputs):
    """The states (N, T, H) and the logits (N, T, V) of a batch."""
    h_0 = np.zeros((len(inputs), len(params["b"])))
    h = rnn_forward(np.eye(len(params["b_y"]))[inputs], h_0, params["w_x"], params["w_h"], params["b"])
    return h, h @ params["w_y"] + params["b_y"]


def invent(params, count, temperature, rng):
    """Names that the model makes up: it starts at a boundary, and a name ends at the next one."""
    written = ("".join(ALPHABET[i] for i in sample_sequence(params, 0, 16, temperature, rng)) for _ in range(count))
    return [text.split(".")[0] for text in written]


# %% [markdown]
# ### The long run
#
# 128 units, 1,500 batches of 64 names; less than half a minute on an idle laptop. The learning rate falls to zero in a straight line. From time to time we look at the held-out names, and let the model write.

# %% tags=["capstone"]
STEPS = 1500
params, state = starting_params(len(ALPHABET), 128, np.random.default_rng(1)), {}
untrained = dict(params)
draw, curve, norms = np.random.default_rng(2), [], []
held_out = names_to_arrays(held_out_names, ALPHABET)
for step in range(STEPS + 1):
    if step % 50 == 0:
        curve.append((step, bits_per_character(logits_of(params, held_out[0])[1], *held_out[1:])))
    if step in (0, 50, 200, STEPS):
        print(f"step {step:5d}   {curve[-1][1]:.2f} bits   ", *invent(params, 7, 0.8, np.random.default_rng(4)))
    batch = names_to_arrays([training_names[k] for k in draw.integers(len(training_names), size=64)], ALPHABET)
    loss, grads = names_loss(params, *batch, rnn_forward, rnn_backward, sequence_loss)
    grads, norm = clip_gradients(grads, 1.0)
    norms.append(norm)
    adam(params, grads, state, lr=0.004 * (1 - step / (STEPS + 1)))

bits = curve[-1][1]
print(
    f"\nyour network {bits:.2f}, trigram {counted['trigram']:.2f}, bigram {counted['bigram']:.2f} bits per character on held-out names"
)
print(
    f"as a perplexity: your network {2**bits:.1f}, bigram {2 ** counted['bigram']:.1f}; who knows nothing: {len(ALPHABET)}"
)
assert bits < counted["bigram"] - 0.3, "the network should beat the bigram by far"
assert bits < counted["trigram"], "and the trigram too"

# %% tags=["capstone"]
figure, ax = plt.subplots(figsize=(8, 3.6))
ax.plot(*zip(*curve, strict=True), color=BLUE, lw=3, label="your network")
for (_kind, _bits), _color, _dashes in zip(counted.items(), (GREY, ORANGE, RED), (":", "--", "-."), strict=True):
    ax.axhline(_bits, color=_color, ls=_dashes, lw=2, label=_kind)
ax.set(
    xlabel="training step", ylabel="bits per character", ylim=(2.5, 4.9), title="held-out names: surprise per letter"
)
ax.legend(frameon=False, fontsize=9, loc="upper right", ncols=2)
plt.show()

# %% [markdown]
# It crosses one line after the other. First it learns which letters are common: the unigram. Then which follow each other: the bigram. Then it uses what it remembers from further back, and there is no row of a table for that.
#
# ### And then it talks

# %% tags=["capstone"]
for temperature in (0.3, 0.8, 1.5):
    print(f"temperature {temperature}:", *invent(params, 12, temperature, np.random.default_rng(8)))
invented = set(invent(params, 500, 0.8, np.random.default_rng(9)))
print(
    f"\nof {len(invented)} different names at 0.8, real ones that it was trained on: {len(invented & set(training_names))}"
)
print("real ones that it has never seen:", *sorted(invented & set(held_out_names))[:12])
print("and some that nobody has:", *sorted(name for name in invented - set(names) if len(name) > 4)[:12])

# %% [markdown]
# Cold, it repeats itself: a few safe names. Hot, it stammers. In between it invents. Look at the last line but one: it has written real names that it never read.
#
# ### What surprises it
#
# Elman plotted his network's error letter by letter, and found that it is high where something new begins and falls as a word becomes clear. Nobody had told the network about words. Here is his plot, for names that
# yours has never seen.

# %% tags=["capstone"]
shown = ["georgianna", "hildegarde", "bernardine"]
inputs, targets, mask = names_to_arrays(shown, ALPHABET)
_, logits = logits_of(params, inputs)
logits = logits - logits.max(axis=2, keepdims=True)
log2_p = (logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))) / np.log(2)
surprise = -np.take_along_axis(log2_p, targets[:, :, None], axis=2)[:, :, 0]
figure, axes = plt.subplots(1, 3, figsize=(10, 2.7), sharey=True)
for n, (ax, name) in enumerate(zip(axes, shown, strict=True)):
    places = np.arange(len(name) + 1)
    ax.bar(places, surprise[n, : len(name) + 1], color=BLUE)
    ax.axhline(np.log2(len(ALPHABET)), color=GREY, ls=":", lw=2)
    ax.set(title=f"{surprise[n, : len(name) + 1].mean():.1f} bits per letter", xlabel="letter", xticks=places)
    ax.set_xticklabels(list(name + "."))
axes[0].set_ylabel("surprise in bits")
plt.tight_layout()
plt.show()

# %% [markdown]
# The dotted line is a network that knows nothing. The first letter is anyone's guess. Some letters come as no surprise at all; try to say why, letter by letter.
#
# ### What it found out about letters
#
# Elman looked at the states, too. Take the mean state after each letter, over all training names: 26 vectors of 128 numbers. Centre them, and draw their first two directions with the tool of 02, the singular value decomposition.

# %% tags=["capstone"]
inputs, _, mask = names_to_arrays(training_names, ALPHABET)
states, _ = logits_of(params, inputs)
means = np.stack([states[mask & (inputs == i)].mean(axis=0) for i in range(1, 27)])  # (26, H)
u, s, _ = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
figure, ax = plt.subplots(figsize=(7.5, 4.4))
ax.scatter(*(u[:, :2] * s[:2]).T, s=0)  # for the limits of the axes
for letter, (across, up) in zip(ALPHABET[1:], u[:, :2] * s[:2], strict=True):
    vowel = letter in "aeiou"
    ax.text(
        across,
        up,
        letter,
        ha="center",
        va="center",
        fontsize=17,
        color=RED if vowel else "black",
        weight="bold" if vowel else "normal",
    )
ax.set(xlabel="first direction", ylabel="second direction", title="the mean state after each letter")
plt.show()

# %% [markdown]
# Some letters lie almost on top of one another. Where are the vowels (red)? And which consonant lies nearest to them? Nobody told the network that there are such things. It was asked for the next letter, and after a vowel other letters come than after a consonant.
#
# ### How far back did it learn?
#
# One more time the picture to remember, now for your network, before and after training. On the left are held-out names, seen from their eighth letter. On the right is a text such as it never met in training: held-out
# names in one long line, a boundary between them.

# %% tags=["capstone"]
first_eight = [name[:8] for name in held_out_names if len(name) >= 8]
endless = ".".join(held_out_names[:60])[:200]
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4))
for ax, texts, title in zip(
    axes, (first_eight, [endless]), (f"{len(first_eight)} names", "one long line"), strict=True
):
    for weights, color, dashes, label in (
        (untrained, GREY, "--", "before training"),
        (params, BLUE, "-", "after training"),
    ):
        h, _ = logits_of(weights, names_to_arrays(texts, ALPHABET)[0])
        reach = np.exp(np.mean([np.log(gradient_norms(states, weights["w_h"])) for states in h], axis=0))
        ax.semilogy(np.arange(len(reach))[::-1], reach, color=color, ls=dashes, lw=2.5, label=label)
    ax.axhline(1.0, color="black", lw=1, ls=":")
    ax.set(xlabel="letters back", ylabel=r"size of $\partial h_T / \partial h_t$", title=title)
axes[0].legend(frameon=False, fontsize=9)
plt.tight_layout()
plt.show()
print("200 letters back, less than a millionth of the gradient is left:", bool(reach[0] < 1e-6))
print(f"batches in which the gradient was longer than 1, and was clipped: {sum(np.array(norms) > 1)} of {len(norms)}")

# %% [markdown]
# Within a name the gradient arrives: training has raised it, so that the last letter can complain about the first. On the long line it fades as before, by a constant factor a letter. And the rope? With a dozen steps and a
# good start you hardly meet a cliff. It is there for the day when you do.
#
# **More to try.** Start with `w_h` five times as large, with and without the clipping. Give the network 16 units, or 512: where does the held-out curve turn up again? Or start with `w_h` near zero: how much worse is it, and what has the picture above to do with it? Train on the names written backwards: are they easier to predict?

# %% [markdown]
# ## What you built, what breaks next
#
# You built a network that reads. It has one state and one rule, used again and again, and you took it apart down to the last gradient. You scored it in bits, clipped it, sampled it, and it told you names.
#
# Three sentences to keep:
#
# 1. **Unroll it, and it is a deep network whose layers share their weights.** What is used at every step collects a gradient at every step.
# 2. **The next symbol is the label.** No teacher needed; the last lesson of this course lives on the same sentence.
# 3. **A product of many factors vanishes or explodes.** Clipping cures the second, nothing here cures the first.
#
# What breaks next? A name has a dozen letters. A page has thousands. Suppose training is lucky and each step keeps nine tenths of the gradient:

# %%
for _steps in (10, 100, 1000):
    print(f"0.9 to the power of {_steps:4d}: {0.9**_steps:.0e}")

# %% [markdown]
# After a hundred steps nothing is left to learn from. The fault is in the rule itself: the state is *rewritten* at every step, squeezed through a matrix and a tanh, whether there was something worth rewriting or not. What if the network could leave its
# memory alone, until something matters? How can a network remember one number for a hundred steps? That is **04 · Long short-term memory**.
#
# ### To read on
#
# - Elman (1990), *Finding structure in time*: the nicest paper of this lesson; look at the plot of the error over the letters of a text without spaces.
# - Werbos (1990), *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78(10): the method as a recipe, by one of its inventors.
# - Bengio, Simard & Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*, IEEE Transactions on Neural Networks 5(2): why remembering and learning pull in opposite directions.
# - Pascanu, Mikolov & Bengio (2013), *On the difficulty of training recurrent neural networks*: the cliff drawn in two dimensions, and clipping.
# - Shannon (1951), *Prediction and entropy of printed English*, Bell System Technical Journal 30(1): bits per character, measured with people instead of networks.
