# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · Gated recurrent networks and the encoder–decoder
#
# **An LSTM has three gates and two states. Is all of it needed? And once we have a smaller cell: how does a network that reads a sequence *answer* with another one, of another length, in another order?**
#
# **You will be able to**
#
# - write the gated recurrent unit, and say in one sentence what each of its gates decides;
# - derive its backward pass and write it without autograd;
# - go one gate further down, to the smallest gated cell that still works;
# - run a cell over a batch of unequal lengths, so that padding leaves no trace;
# - build an encoder–decoder, train it with teacher forcing, and let it write;
# - translate real dates in four languages, look into the gates while the network reads, and *see* where one vector is too small.
#
# **Time** about 5 hours. **Before you start** you should know back-propagation through time (03) and the LSTM (04). From here on we use PyTorch with autograd. No code of an earlier notebook is needed.
#
# **Papers**
#
# - K. Cho, B. van Merriënboer, C. Gulcehre, D. Bahdanau, F. Bougares, H. Schwenk & Y. Bengio, *Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation*, EMNLP 2014. (§2.3: the gated unit)
# - J. Chung, C. Gulcehre, K. Cho & Y. Bengio, *Empirical Evaluation of Gated Recurrent Neural Networks on Sequence Modeling*, NIPS Deep Learning Workshop 2014. (§3)
# - I. Sutskever, O. Vinyals & Q. V. Le, *Sequence to Sequence Learning with Neural Networks*, NIPS 2014.
# - R. Pascanu, T. Mikolov & Y. Bengio, *On the Difficulty of Training Recurrent Neural Networks*, ICML 2013. (§3.2: clipping)
# - G.-B. Zhou, J. Wu, C.-L. Zhang & Z.-H. Zhou, *Minimal Gated Unit for Recurrent Neural Networks*, International Journal of Automation and Computing 13(3), 2016.
#
# | exercise | what you build | points |
# |---|---|---|
# | 1 `gru_cell` | the gated recurrent unit | 14 |
# | 2 `gru_cell_backward` | its gradient by hand | 18 |
# | 3 `minimal_gated_unit` | one gate is enough | 8 |
# | 4 `run_padded` | a batch of unequal lengths | 12 |
# | 5 `encoder_decoder` | one network reads, another one writes | 18 |
# | 6 `greedy_decode` | letting it write | 10 |
# | 7 `padded_cross_entropy` | a loss that doesn't see padding | 10 |
# | 8 `translate_dates_gru` | the capstone | 10 |
#
# Each exercise is graded by itself. You may call your own earlier functions in later exercises; only remember that their errors then travel along.

# %%
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# %%
import matplotlib.pyplot as plt

# %matplotlib inline

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"  # told apart by everyone
plt.rcParams.update({"figure.dpi": 90, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## Letters used throughout
#
# $N$ sequences in a batch, $T$ time steps, $D$ numbers per input, $H$ hidden units, $V$ tokens in a vocabulary. The batch comes first: `x` is (N, T, D), one step of it (N, D), a state (N, H). $\sigma$ is the sigmoid, $\odot$ multiplies entry by entry.
#
# One thing is new. PyTorch stores a weight matrix with the *outputs* in rows, $W$ is (H, D), so a batch of rows is mapped by $x W^\top$, in code `x @ weight.T` or `F.linear(x, weight, bias)`.
#
# ## A memory with fewer doors
#
# The LSTM keeps two states: a cell $c$, which remembers, and an output $h$, which speaks. Three doors stand between them. In 2014 Cho and colleagues wanted to score phrases for a translation system, and asked what could be left out. Their answer came in two steps.
#
# **One state.** Drop the output gate, and with it the difference between what is remembered and what is said. There is only $h$.
#
# **One door for two.** The LSTM decides about keeping ($f$) and about writing ($i$) separately. But a memory that keeps everything has no room for writing, and one that forgets should write something instead. So let one number decide both: keep a share $z$ of the old, take a share $1-z$ of the new.
#
# $$h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$$
#
# That is all: each unit slides between its old value and a new candidate $n_t$. With $z = 1$ nothing changes, for as long as you like; with $z = 0$ the past is gone. And look at the derivative: along the direct path $\partial h_t / \partial h_{t-1} = z_t$. It is the carousel of the LSTM again, with a factor that the network chooses.
#
# How long does a unit remember if $z$ stands still? After $k$ steps a share $z^k$ of the old value is left.

# %% tags=["slow"]
steps = torch.arange(0, 41)
figure, axis = plt.subplots(figsize=(6, 2.8))
for keep, colour, dashes in ((0.5, RED, ":"), (0.8, GREEN, "--"), (0.95, BLUE, "-"), (1.0, "black", "-.")):
    axis.plot(steps, keep**steps, color=colour, linestyle=dashes, label=f"z = {keep:g}")
axis.axhline(0.5, color=GREY, linewidth=0.8)
axis.set(
    xlabel="steps since it was written",
    ylabel="share that is left",
    title="the update gate sets the memory's half-life",
)
axis.legend(frameon=False, loc="center right")
plt.show()
for keep in (0.5, 0.8, 0.95):
    print(f"z = {keep:4.2f}: half is left after {math.log(0.5) / math.log(keep):4.1f} steps")

# %% [markdown]
# ## The cell
#
# The candidate $n_t$ looks at the input and at the old state, as in a plain recurrent network. But sometimes the past is of no use for it: at the start of a new word, say. So there is a second gate. The **reset gate** $r$ decides how much of the past the candidate may see.
#
# $$\begin{aligned}
# r &= \sigma\big(W_{ir}\, x + b_{ir} + W_{hr}\, h + b_{hr}\big) && \text{reset: may the candidate see the past?}\\
# z &= \sigma\big(W_{iz}\, x + b_{iz} + W_{hz}\, h + b_{hz}\big) && \text{update: shall I keep what I have?}\\
# n &= \tanh\big(W_{in}\, x + b_{in} + r \odot (W_{hn}\, h + b_{hn})\big) && \text{candidate: what would I write?}\\
# h' &= (1 - z) \odot n + z \odot h && \text{slide between the two}
# \end{aligned}$$
#
# The picture shows one step, in the same style as the LSTM's. Follow the thick line: one multiplication, one addition, and no second line below it.


# %% tags=["slow"]
def draw_gru(axis):
    """One step of the GRU, from left (t-1) to right (t)."""

    def node(x, y, text, colour, size=0.38):
        axis.add_patch(plt.Circle((x, y), size, facecolor=colour, edgecolor="black", zorder=3))
        axis.text(x, y, text, ha="center", va="center", zorder=4, color="white" if colour != "white" else "black")

    def arrow(*points, width=1.4, colour="black"):
        for (x0, y0), (x1, y1) in zip(points[:-2], points[1:-1]):
            axis.plot([x0, x1], [y0, y1], color=colour, lw=width, zorder=1, solid_capstyle="round")
        style = {"arrowstyle": "-|>", "lw": width, "color": colour, "shrinkA": 0, "shrinkB": 0}
        axis.annotate("", points[-1], points[-2], arrowprops=style, zorder=2)

    arrow((0, 4), (11.4, 4), width=5, colour=BLUE)
    axis.text(-0.1, 4, "$h_{t-1}$", ha="right", va="center")
    axis.text(11.5, 4, "$h_t$", va="center")
    axis.plot([0.8, 0.8], [0, 4], color="black", lw=1.4, zorder=1)
    axis.plot([0, 6.6], [0, 0], color="black", lw=1.4, zorder=1)
    axis.text(-0.1, 0, "$x_t$", ha="right", va="center")
    for x, text, colour in ((2.4, "r", RED), (4.6, "n", BLUE), (6.6, "z", GREEN)):
        arrow((x, 0), (x, 0.82))
        node(x, 1.2, f"${text}$", colour)
    arrow((2.78, 1.2), (4.22, 1.2))
    axis.text(3.5, 1.32, r"$r\odot$past", ha="center", fontsize=8)
    arrow((6.6, 1.58), (6.6, 3.62))
    node(6.6, 4, "×", "white")
    axis.text(6.75, 2.9, "$z$", va="center")
    arrow((6.98, 1.2), (9.2, 1.2), (9.2, 2.12))
    axis.text(8.1, 1.32, "$1-z$", ha="center")
    node(9.2, 2.5, "×", "white")
    arrow((4.6, 1.58), (4.6, 2.5), (8.82, 2.5))
    arrow((9.2, 2.88), (9.2, 3.62))
    node(9.2, 4, "+", "white")
    axis.set(
        xlim=(-0.9, 12.2),
        ylim=(-0.6, 4.6),
        aspect="equal",
        title="one GRU step: the thick line is memory and output in one",
    )
    axis.axis("off")


figure, axis = plt.subplots(figsize=(8, 3.6))
draw_gru(axis)
plt.show()

# %% [markdown]
# **Three conventions, each with two right versions in the wild.**
#
# 1. *Who is z?* In ours, PyTorch's and Cho's, $z = 1$ means "keep". Chung et al. (2014) have it the other way round. Nothing changes but the sign that training finds.
# 2. *Where is the reset?* Cho and Chung reset the state *before* the map, $W_{hn}(r \odot h)$. PyTorch resets *after* it, $r \odot (W_{hn} h + b_{hn})$: then one product makes all three maps of $h$ at once, before any gate is known. The two are different functions, as the cell below shows. Here: after.
# 3. *One bias or two?* PyTorch keeps two for each gate. For $r$ and $z$ they are only added up. For $n$ they differ: $b_{hn}$ stands inside the bracket that $r$ multiplies.

# %%
generator = torch.Generator().manual_seed(0)
past, matrix, reset = (torch.randn(*size, generator=generator) for size in ((1, 3), (3, 3), (1, 3)))
reset = torch.sigmoid(reset)
before, after = (reset * past) @ matrix.T, reset * (past @ matrix.T)
print("reset before and after the map, the same result:", torch.allclose(before, after))

# %% [markdown]
# ## Exercise 1 · `gru_cell` (14 points)
#
# difficulty ●○○ · importance ●●● · about 25 minutes
#
# Write one step of the cell. The parameters are stacked, as in PyTorch: the rows of `weight_ih` are those of $W_{ir}$, then $W_{iz}$, then $W_{in}$.
#
# | what | shape |
# |---|---|
# | $x$ | (N, D) |
# | $h$, $r$, $z$, $n$, the result | (N, H) |
# | `weight_ih`, `weight_hh` | (3H, D), (3H, H) |
# | `bias_ih`, `bias_hh` | (3H,) |
#
# **A number to check by hand.** One unit, one input: $x = 0$, $h = 1$, `weight_hh` zero. Let `bias_ih` be $[0, \ln 3, 0]$ and `bias_hh` $[0, 0, \ln 3]$. Then $r = \sigma(0) = \tfrac12$ and $z = \sigma(\ln 3) = \tfrac34$. The candidate is $\tanh(0 + \tfrac12 \ln 3) = \tfrac12$. So $h' = \tfrac14 \cdot \tfrac12 + \tfrac34 \cdot 1 = \tfrac78$.


# %% exercise="gru_cell"
class GRUCell(nn.Module):
    """One step of a gated recurrent unit, in PyTorch's convention. Cho et al. 2014, §2.3, but reset after the map."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Given. The rows of each parameter are three blocks of hidden_size rows, in the order r, z, n."""
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """The next state (N, H), from the input x (N, D) and the state h (N, H).

        r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)          weight_ih holds W_ir, W_iz, W_in: (3H, D)
        z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)          weight_hh holds W_hr, W_hz, W_hn: (3H, H)
        n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))       bias_ih holds b_ir, b_iz, b_in: (3H,)
        h' = (1 - z) * n + z * h                             bias_hh holds b_hr, b_hz, b_hn: (3H,)

        The reset gate multiplies after the map, b_hn included. Gradients flow to x, h and all parameters. The result
        has the dtype of x and h, and is finite for x and h in the thousands, too; the arguments are not changed, and
        nothing is kept from one call to the next. Don't call torch's own GRU
        (nn.GRU, nn.GRUCell): it is what you build here.

        By hand: with all parameters 0, h' = h / 2. With H = D = 1, x = 0, h = 1, weight_hh = 0,
        bias_ih = [0, ln 3, 0] and bias_hh = [0, 0, ln 3]: r = 1/2, z = 3/4, n = 1/2, h' = 7/8.
        """
        ### BEGIN SOLUTION
        from_x = x @ self.weight_ih.T + self.bias_ih  # (N, 3H)
        from_h = h @ self.weight_hh.T + self.bias_hh  # (N, 3H)
        x_r, x_z, x_n = from_x.chunk(3, dim=1)  # (N, H) each
        h_r, h_z, h_n = from_h.chunk(3, dim=1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)  # the two halves of n must stay apart until r has had its say
        return (1 - z) * n + z * h
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two products make everything</summary>
#
# `x @ self.weight_ih.T + self.bias_ih` is (N, 3H), and so is the same with `h`. Cut each into three blocks of H columns.
# </details>
# <details><summary>Hint 2: cutting</summary>
#
# `a.chunk(3, dim=1)` gives three tensors (N, H), in the order r, z, n.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# For $r$ and $z$ add the two halves and take `torch.sigmoid`. For $n$ multiply the half that comes from $h$ by $r$ first, then add the half from $x$, then `torch.tanh`. The old state is weighted by $z$, the candidate by $1 - z$.
# </details>

# %% test="gru_cell" points=14
visible_cell = GRUCell(input_size=2, hidden_size=3)
with torch.no_grad():
    for parameter in visible_cell.parameters():
        parameter.zero_()
visible_h = visible_cell(torch.ones(4, 2), torch.full((4, 3), 6.0))
assert visible_h.shape == (4, 3), f"the new state is (N, H) = (4, 3), not {tuple(visible_h.shape)}"
assert torch.allclose(visible_h, torch.full((4, 3), 3.0)), "with all parameters zero the state is halved"
visible_cell = GRUCell(input_size=1, hidden_size=1)
with torch.no_grad():
    visible_cell.weight_hh.zero_()
    visible_cell.bias_ih.copy_(torch.tensor([0.0, math.log(3.0), 0.0]))
    visible_cell.bias_hh.copy_(torch.tensor([0.0, 0.0, math.log(3.0)]))
visible_h = visible_cell(torch.zeros(1, 1), torch.ones(1, 1)).item()
assert abs(visible_h - 5 / 8) > 1e-4, "5/8 instead of 7/8: z weights the old state, 1 - z the candidate"
assert abs(visible_h - 7 / 8) < 1e-5, f"the number by hand is 7/8, yours is {visible_h:.4f}: look at r, z, n one by one"

# %% [markdown]
# PyTorch has the same cell. Give both the same parameters and compare.

# %%
torch.manual_seed(0)
mine, theirs = GRUCell(4, 7).double(), nn.GRUCell(4, 7).double()
mine.load_state_dict(theirs.state_dict())  # the names are the same, too
x, h = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 7, dtype=torch.float64)
print("largest difference from torch below 1e-12:", (mine(x, h) - theirs(x, h)).abs().max().item() < 1e-12)

# %% [markdown]
# ### Does it help the gradient?
#
# Sixty steps of random input. How large is the gradient of the last state with respect to the state $t$? Three networks, untrained: a plain tanh network, your GRU as it is born, and your GRU after one small operation: 2 is added to the bias of $z$, so that its units start out *keeping*. You met this trick in the LSTM, as the bias of the forget gate.


# %% tags=["slow"]
def gradient_by_step(cell: nn.Module, x: Tensor, hidden_size: int) -> list[float]:
    """The norm of d(sum of h_T) / d(h_t) for t = 1 … T."""
    h, states = torch.zeros(len(x), hidden_size), []
    for t in range(x.shape[1]):
        h = cell(x[:, t], h)
        h.retain_grad()
        states.append(h)
    h.sum().backward()
    return [state.grad.norm().item() for state in states]


torch.manual_seed(1)
inputs = torch.randn(16, 60, 8)
keeping_cell = GRUCell(8, 32)
with torch.no_grad():
    keeping_cell.bias_ih[32:64] += 2.0  # the block of z
curves = {
    "plain tanh network": (gradient_by_step(nn.RNNCell(8, 32), inputs, 32), RED, ":"),
    "GRU": (gradient_by_step(GRUCell(8, 32), inputs, 32), GREEN, "--"),
    "GRU, bias of z + 2": (gradient_by_step(keeping_cell, inputs, 32), BLUE, "-"),
}
figure, axis = plt.subplots(figsize=(6, 3))
for label, (norms, colour, dashes) in curves.items():
    axis.semilogy(range(1, 61), norms, color=colour, linestyle=dashes, label=label)
axis.set(
    xlabel="step t",
    ylabel="norm of the gradient",
    title="how much of step t does the end still feel?",
    ylim=(1e-15, 1e3),
)
axis.legend(frameon=False, loc="lower right")
plt.show()
plain, gated, keeping = (norms[0] for norms, _, _ in curves.values())
print("60 steps back the GRU's gradient is larger than the plain network's:", gated > plain)
print("and with that bias larger still, by more than a million times:", keeping > 1e6 * gated)

# %% [markdown]
# ## Exercise 2 · `gru_cell_backward` (18 points)
#
# difficulty ●●● · importance ●●○ · about 50 minutes
#
# Autograd would do it. Do it once by hand anyway: it is the best way to see that the state reaches the result along *four* paths. Two of them are easily forgotten.
#
# Give the two halves of every map a name. From the input $a = W_{ih}\, x + b_{ih}$, from the state $c = W_{hh}\, h + b_{hh}$, each in three blocks of H: $a_r, a_z, a_n$ and $c_r, c_z, c_n$. Then
#
# $$r = \sigma(a_r + c_r),\qquad z = \sigma(a_z + c_z),\qquad n = \tanh(a_n + r \odot c_n),\qquad h' = (1-z) \odot n + z \odot h.$$
#
# Write $dX$ for $\partial L/\partial X$; given is $dh'$. All these are (N, H), and all products go entry by entry.
#
# **1. The slide.** $\quad dn = dh' \odot (1-z), \qquad dz = dh' \odot (h - n), \qquad dh = dh' \odot z$ (the first path).
#
# **2. Through the squashing.** With $\sigma' = \sigma(1-\sigma)$ and $\tanh' = 1 - \tanh^2$, for $p_n = a_n + r \odot c_n$:
# $$dp_n = dn \odot (1 - n^2), \qquad dp_z = dz \odot z \odot (1-z).$$
#
# **3. Into the bracket.** The term $r \odot c_n$ is a product: each factor gets the other one.
# $$dc_n = dp_n \odot r, \qquad dr = dp_n \odot c_n, \qquad dp_r = dr \odot r \odot (1-r).$$
# Here the two halves part: $da_n = dp_n$, but $dc_n$ has the factor $r$. For $r$ and $z$ both halves get the same.
#
# **4. Back through the two maps.** Stack the blocks again, $da = [dp_r, dp_z, dp_n]$ and $dc = [dp_r, dp_z, dc_n]$, both (N, 3H):
# $$dx = da\, W_{ih},\quad dW_{ih} = da^\top x,\quad db_{ih} = \textstyle\sum_N da, \qquad dh \mathrel{+}= dc\, W_{hh},\quad dW_{hh} = dc^\top h,\quad db_{hh} = \sum_N dc.$$
#
# The other three paths of the state are the three blocks of $c$: through $r$, through $z$, through the candidate.


# %% exercise="gru_cell_backward"
def gru_cell_backward(
    d_out: Tensor, x: Tensor, h: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The gradients of one GRU step in closed form, without autograd and PyTorch's own backward functions.

    d_out                 (N, H), the gradient that arrives at the new state
    x, h                  (N, D), (N, H), as in the forward pass
    weight_ih, weight_hh  (3H, D), (3H, H), three blocks of H rows in the order r, z, n
    bias_ih, bias_hh      (3H,)

    The forward pass is that of PyTorch, see exercise 1; nothing of it is handed over, so compute r, z and n again:
    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z alike, n = tanh(W_in x + b_in + r * (W_hn h + b_hn)),
    h' = (1 - z) * n + z * h.

    Returns d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh, each with the shape and dtype of its argument, and
    finite for x and h in the thousands, too. Gradients of parameters are sums over the batch. The arguments are not
    changed. Autograd is switched off while this exercise is graded.

    By hand: H = D = 1, x = 0, h = 1, both weights 0, bias_ih = [0, ln 3, 0], bias_hh = [0, 0, ln 3], d_out = 1 (so
    r = 1/2, z = 3/4, n = 1/2) give d_h = 3/4, d_bias_ih = [3/64 · ln 3, 3/32, 3/16], d_bias_hh = [3/64 · ln 3, 3/32, 3/32].
    """
    ### BEGIN SOLUTION
    a_r, a_z, a_n = (x @ weight_ih.T + bias_ih).chunk(3, dim=1)  # (N, H) each
    c_r, c_z, c_n = (h @ weight_hh.T + bias_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(a_r + c_r), torch.sigmoid(a_z + c_z)
    n = torch.tanh(a_n + r * c_n)

    d_n = d_out * (1 - z)
    d_z = d_out * (h - n)
    d_p_n = d_n * (1 - n**2)
    d_p_z = d_z * z * (1 - z)
    d_p_r = d_p_n * c_n * r * (1 - r)
    d_a = torch.cat([d_p_r, d_p_z, d_p_n], dim=1)  # (N, 3H)
    d_c = torch.cat([d_p_r, d_p_z, d_p_n * r], dim=1)  # (N, 3H): only the last block differs

    d_x = d_a @ weight_ih
    d_h = d_out * z + d_c @ weight_hh  # the direct path, and the three through the gates
    d_weight_ih = d_a.T @ x
    d_weight_hh = d_c.T @ h
    d_bias_ih = d_a.sum(dim=0)
    d_bias_hh = d_c.sum(dim=0)
    return d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: begin with the forward pass</summary>
#
# Write it out again and keep every intermediate: $r$, $z$, $n$, and $c_n = W_{hn} h + b_{hn}$, without $r$. You need all four.
# </details>
# <details><summary>Hint 2: go through the four steps of the text</summary>
#
# One line of code for each formula. After every line compare the shape: (N, H) up to step 3.
# </details>
# <details><summary>Hint 3: stacking</summary>
#
# `torch.cat([..., ..., ...], dim=1)` puts three (N, H) side by side: (N, 3H). Make one for the side of $x$ and one for the side of $h$. They differ in the last block, by the factor $r$.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# `d_h` is `d_out * z` plus `d_c @ weight_hh`. The gradient of a weight is its (N, 3H) gradient transposed, times what was multiplied: `d_a.T @ x`. The gradient of a bias is a sum over the batch.
# </details>

# %% test="gru_cell_backward" points=18
visible_log = math.log(3.0)
visible_gradients = gru_cell_backward(
    torch.ones(1, 1), torch.zeros(1, 1), torch.ones(1, 1), torch.zeros(3, 1), torch.zeros(3, 1),
    torch.tensor([0.0, visible_log, 0.0]), torch.tensor([0.0, 0.0, visible_log]),
)  # fmt: skip
assert len(visible_gradients) == 6, "six gradients: of x, h, weight_ih, weight_hh, bias_ih, bias_hh"
_, visible_d_h, _, _, visible_d_bias_ih, visible_d_bias_hh = visible_gradients
assert torch.allclose(visible_d_bias_ih, torch.tensor([3 / 64 * visible_log, 3 / 32, 3 / 16])), (
    f"d_bias_ih should be [3/64 ln 3, 3/32, 3/16] (in the order r, z, n), got {visible_d_bias_ih.tolist()}"
)
assert torch.allclose(visible_d_bias_hh, torch.tensor([3 / 64 * visible_log, 3 / 32, 3 / 32])), (
    f"d_bias_hh should be [3/64 ln 3, 3/32, 3/32], got {visible_d_bias_hh.tolist()}. Look at step 3"
)
assert torch.allclose(visible_d_h, torch.tensor([[0.75]])), (
    "with zero weights only the direct path is left: d_h = z = 3/4"
)

# %% [markdown]
# Now all six against autograd, on random numbers in float64.

# %%
torch.manual_seed(2)
theirs = nn.GRUCell(4, 7).double()
x, h = (torch.randn(3, size, dtype=torch.float64, requires_grad=True) for size in (4, 7))
d_out = torch.randn(3, 7, dtype=torch.float64)
leaves = [x, h, *theirs.parameters()]
by_autograd = torch.autograd.grad(theirs(x, h), leaves, d_out)
by_hand = gru_cell_backward(d_out, *(leaf.detach() for leaf in leaves))
names = ("d_x", "d_h", "d_weight_ih", "d_weight_hh", "d_bias_ih", "d_bias_hh")
for name, automatic, manual in zip(names, by_autograd, by_hand):
    print(f"{name:12} largest difference below 1e-12: {(automatic - manual).abs().max().item() < 1e-12}")

# %% [markdown]
# ## Exercise 3 · `minimal_gated_unit` (8 points)
#
# difficulty ●○○ · importance ●○○ · about 15 minutes
#
# From three gates to two. Why stop there? Zhou and colleagues (2016) use *one* gate $f$ for both jobs: it decides how much of the past the candidate sees, and how much of the state is replaced.
#
# $$\begin{aligned}
# f &= \sigma(W_f\, x + U_f\, h + b_f) \\
# \tilde h &= \tanh\big(W_h\, x + U_h\,(f \odot h) + b_h\big) && \text{reset }\textit{before}\text{ the map} \\
# h' &= (1-f) \odot h + f \odot \tilde h && f = 1 \text{ means: take the new}
# \end{aligned}$$
#
# Read it twice: two conventions are the other way round. The reset comes before the map, and the gate weights the *candidate*. You will meet both in papers all the time. (An LSTM person would call $f$ an input gate; the authors call it a forget gate.)


# %% exercise="minimal_gated_unit"
class MinimalGatedUnit(nn.Module):
    """One step of the minimal gated unit: a single gate f. Zhou et al. 2016."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Given. w_f, w_h are (H, D), u_f, u_h are (H, H), b_f, b_h are (H,)."""
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.w_f = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.u_f = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_f = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.w_h = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.u_h = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_h = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """The next state (N, H), from the input x (N, D) and the state h (N, H).

        f  = sigmoid(w_f x + u_f h + b_f)
        h~ = tanh(w_h x + u_h (f * h) + b_h)       the gate multiplies before the map
        h' = (1 - f) * h + f * h~                  f weights the candidate

        Gradients flow to x, h and all parameters. The result has the dtype of x and h, and is finite for x and h in the
        thousands, too; the arguments are not changed, and nothing is kept from one call to the next. Don't call torch's
        own GRU (nn.GRU, nn.GRUCell).

        By hand: with all parameters 0, h' = h / 2. With H = D = 1, x = 0, h = 1, u_f = 0, b_f = ln 3,
        u_h = 2/3 · ln 3 and b_h = 0: f = 3/4, h~ = tanh(1/2 · ln 3) = 1/2, h' = 5/8.
        """
        ### BEGIN SOLUTION
        f = torch.sigmoid(x @ self.w_f.T + h @ self.u_f.T + self.b_f)  # (N, H)
        candidate = torch.tanh(x @ self.w_h.T + (f * h) @ self.u_h.T + self.b_h)  # (N, H)
        return (1 - f) * h + f * candidate
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: three lines</summary>
#
# Each line of the docstring is one line of code. A map of rows is `x @ self.w_f.T`.
# </details>
# <details><summary>Hint 2: nearly the answer</summary>
#
# The candidate takes `(f * h) @ self.u_h.T`: first the gate, entry by entry, then the matrix.
# </details>

# %% test="minimal_gated_unit" points=8
visible_unit = MinimalGatedUnit(input_size=2, hidden_size=3)
with torch.no_grad():
    for parameter in visible_unit.parameters():
        parameter.zero_()
visible_h = visible_unit(torch.ones(4, 2), torch.full((4, 3), 6.0))
assert visible_h.shape == (4, 3), f"the new state is (N, H) = (4, 3), not {tuple(visible_h.shape)}"
assert torch.allclose(visible_h, torch.full((4, 3), 3.0)), "with all parameters zero the state is halved"
visible_unit = MinimalGatedUnit(input_size=1, hidden_size=1)
with torch.no_grad():
    for name, value in (("u_f", 0.0), ("b_f", math.log(3.0)), ("u_h", 2 / 3 * math.log(3.0)), ("b_h", 0.0)):
        getattr(visible_unit, name).fill_(value)
visible_h = visible_unit(torch.zeros(1, 1), torch.ones(1, 1)).item()
assert abs(visible_h - 5 / 8) < 1e-5, f"the number by hand is 5/8, yours is {visible_h:.4f}"

# %% [markdown]
# What does a gate cost? Count the parameters of one cell with 32 inputs and 128 units.

# %%
sizes = {
    "plain tanh network": sum(p.numel() for p in nn.RNNCell(32, 128).parameters()),
    "minimal gated unit": sum(p.numel() for p in MinimalGatedUnit(32, 128).parameters()),
    "GRU": sum(p.numel() for p in GRUCell(32, 128).parameters()),
    "LSTM": sum(p.numel() for p in nn.LSTMCell(32, 128).parameters()),
}
for name, size in sizes.items():
    print(f"{name:20} {size:6,d} parameters, {size / sizes['plain tanh network']:.1f} times the plain network's")

# %% [markdown]
# Which of them is *best*? Chung et al. (2014) compared LSTM and GRU and found both far ahead of the plain network and no clear winner between them. A search through ten thousand cells (Jozefowicz, Zaremba & Sutskever 2015) found none that beats both everywhere. The gate matters; how many of them, much less.

# %% [markdown]
# ## Exercise 4 · `run_padded` (12 points)
#
# difficulty ●●○ · importance ●●● · about 25 minutes
#
# A cell makes one step. Now run it over a batch. The sequences have different lengths; the short ones are filled up behind with padding. There are two classical errors.
#
# 1. **The state runs on.** The cell doesn't know that the input has ended. It goes on reading zeros and rewrites what it knew.
# 2. **The last column for the last step.** `h[:, -1]` is the state at the end of the *longest* sequence. A short one ended long before.
#
# Both vanish if each sequence's state **freezes** at its end. With $\ell_n$ for the length of row $n$ and steps counted from 0:
#
# $$h_{n,t} = \begin{cases} \text{cell}(x_{n,t},\ h_{n,t-1}) & t < \ell_n \\ h_{n,t-1} & t \ge \ell_n \end{cases}$$
#
# Then the last column *is* the final state of each row. A row of length 0 keeps its `h_0`.


# %% exercise="run_padded"
def run_padded(cell, x: Tensor, lengths: Tensor, h_0: Tensor) -> tuple[Tensor, Tensor]:
    """Runs a cell over a padded batch; each sequence's state freezes at its own end.

    cell     cell(x_t (N, D), h (N, H)) -> next h (N, H), e.g. a GRUCell; row n of the result depends on row n only
    x        (N, T, D), T at least 1; row n has lengths[n] real steps, at the front. Behind them stands padding: any
             finite numbers, which have no influence on the result and get no gradient
    lengths  (N,) int64, each from 0 to T, in any order
    h_0      (N, H), the state before the first step

    Returns h (N, T, H) and h_last (N, H).
    h[n, t]    the state after step t; for t >= lengths[n] it repeats the final state of row n
    h_last[n]  the final state of row n: after lengths[n] steps; h_0[n] if lengths[n] is 0
    h has T steps, also when every sequence is shorter. Gradients flow to x, h_0 and the cell's parameters. The results have
    the dtype of h_0; the arguments are not changed.

    By hand: cell = x_t + h, x = [[1], [2], [4]] with length 2 and h_0 = [0] give h = [[1], [3], [3]], h_last = [3].
    """
    ### BEGIN SOLUTION
    h, states = h_0, []
    for t in range(x.shape[1]):
        alive = (t < lengths).unsqueeze(1)  # (N, 1): is step t a real one?
        h = torch.where(alive, cell(x[:, t], h), h)  # (N, H)
        states.append(h)
    return torch.stack(states, dim=1), h  # (N, T, H), (N, H)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loop</summary>
#
# For each `t` compute the new state of all rows, then decide row by row whether to take it. Collect the states in a list; `torch.stack(states, dim=1)` makes (N, T, H) of it.
# </details>
# <details><summary>Hint 2: deciding row by row</summary>
#
# `t < lengths` is a boolean (N,). To choose between two (N, H) it must become a column: `unsqueeze(1)`.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `torch.where(column, new, old)` takes the new state where the column is True. It returns a new tensor, so autograd stays happy: writing into `h` in place would not.
# </details>


# %% test="run_padded" points=12
def running_sum(x_t: Tensor, h: Tensor) -> Tensor:
    """A cell for testing: it adds up its inputs."""
    return h + x_t


visible_x = torch.tensor([[[1.0], [2.0], [4.0]], [[8.0], [16.0], [32.0]], [[64.0], [64.0], [64.0]]])
visible_h, visible_last = run_padded(running_sum, visible_x, torch.tensor([2, 3, 0]), torch.zeros(3, 1))
assert visible_h.shape == (3, 3, 1) and visible_last.shape == (3, 1), "h is (N, T, H) and h_last is (N, H)"
assert visible_h[1, :, 0].tolist() == [8, 24, 56], (
    f"a row without padding adds up to 8, 24, 56: {visible_h[1, :, 0].tolist()}"
)
assert visible_h[0, :, 0].tolist() == [1, 3, 3], f"a row of length 2 freezes after 1, 3: {visible_h[0, :, 0].tolist()}"
assert visible_last[:, 0].tolist() == [3, 56, 0], (
    f"the final states are 3, 56, and h_0 = 0: {visible_last[:, 0].tolist()}"
)

# %% [markdown]
# What would padding have done? Three sequences of length 4, 9 and 14, in a batch with 14 steps. Solid: your states, frozen at the end. Dashed: the same cell, reading on over zeros.

# %% tags=["slow"]
torch.manual_seed(5)
cell, lengths = nn.GRUCell(2, 5), torch.tensor([4, 9, 14])
for parameter in cell.parameters():
    parameter.data.mul_(3)  # a livelier cell than the one that is born
x = torch.randn(3, 14, 2) * (torch.arange(14) < lengths.unsqueeze(1)).unsqueeze(2)  # zeros as padding
with torch.no_grad():
    frozen, _ = run_padded(cell, x, lengths, torch.zeros(3, 5))
    running, _ = run_padded(cell, x, torch.full((3,), 14), torch.zeros(3, 5))
unit = int((running - frozen).abs().amax(dim=1)[0].argmax())  # the one that padding changes most in the shortest row
figure, axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True)
for n, axis in enumerate(axes):
    end = int(lengths[n]) - 1
    axis.plot(range(14), running[n, :, unit], "--", color=RED, label="runs on")
    axis.plot(range(14), frozen[n, :, unit], "-", color=BLUE, label="freezes")
    axis.plot(end, frozen[n, end, unit], "o", color="black", label="its last real step")
    axis.set(title=f"length {end + 1}", xlabel="step", xticks=range(0, 14, 2))
axes[0].set_ylabel("one unit of the state")
axes[0].legend(frameon=False, fontsize=8)
plt.tight_layout()
plt.show()
print("only the longest is the same in both:", [bool(torch.equal(a, b)) for a, b in zip(frozen, running)])

# %% [markdown]
# ## From sequence to sequence
#
# So far a network answers with one number (the adding problem) or with one answer for each input (the next character). A translation is neither. Its length is not the source's, and its words stand in another order.
#
# In 2013 and 2014 three groups found the same way out (Kalchbrenner & Blunsom 2013; Cho et al. 2014; Sutskever, Vinyals & Le 2014). Use *two* networks.
#
# - The **encoder** reads the source to its end. It answers nothing. Its last state is a vector that means the sentence.
# - The **decoder** is a language model that starts from this vector instead of from zero. It writes token after token, each time fed with what it wrote last.
#
# $$\underbrace{x_1 \to x_2 \to \dots \to x_\ell}_{\text{encoder}} \;\to\; h \;\to\; \underbrace{y_1 \to y_2 \to \dots \to \text{eos}}_{\text{decoder}}$$
#
# The three differ in the details. Kalchbrenner and Blunsom read with a convolution. Sutskever and colleagues hand $h$ over once, as the decoder's first state; so do we. Cho and colleagues show $h$ to every step of the decoder again.
#
# Two tokens are added to the target's vocabulary. `bos` (begin of sequence) is what the decoder is fed first. `eos` (end of sequence) is what it writes when it is done: so it decides the length by itself.
#
# **Teacher forcing.** During training, don't feed the decoder with its own guesses, which are noise at first. Feed it the *right* previous token (Williams & Zipser 1989), and ask for the next one. Target and labels are the same sequence, shifted by one:
#
# | step | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | the decoder is fed | bos | 1 | 9 | 8 |
# | and should say | 1 | 9 | 8 | 7 |
#
# So the logits at step $t$ may know the tokens fed at steps $0 \dots t$, and nothing that comes later. If a later token leaks in, the training loss becomes wonderful, and the model can't write a word.

# %% [markdown]
# ## Exercise 5 · `encoder_decoder` (18 points)
#
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# Three methods. `encode` reads. `decode_step` makes one step of writing. `forward` is training: encode, then feed the target token by token.
#
# | what | shape |
# |---|---|
# | source, lengths | (N, S) int64 and (N,) |
# | target, as it is fed: bos first | (N, T) int64 |
# | h | (N, hidden_size) |
# | logits of one step, of `forward` | (N, V), (N, T, V) |
#
# V is `target_vocab`. The two cells are PyTorch's `nn.GRUCell`, so an error in exercise 1 costs nothing here.


# %% exercise="encoder_decoder"
class Seq2Seq(nn.Module):
    """An encoder-decoder with a GRU cell on each side and one vector in between, its only link. Sutskever et al. 2014, §2."""

    def __init__(
        self, source_vocab: int, target_vocab: int, embedding_size: int, hidden_size: int, pad_id: int
    ) -> None:
        """Given. pad_id is the padding token on both sides; its embeddings are zero, get no gradient and stay zero."""
        super().__init__()
        self.hidden_size, self.pad_id = hidden_size, pad_id
        self.source_embedding = nn.Embedding(source_vocab, embedding_size, padding_idx=pad_id)
        self.target_embedding = nn.Embedding(target_vocab, embedding_size, padding_idx=pad_id)
        self.encoder_cell = nn.GRUCell(embedding_size, hidden_size)
        self.decoder_cell = nn.GRUCell(embedding_size, hidden_size)
        self.output = nn.Linear(hidden_size, target_vocab)

    def encode(self, source: Tensor, lengths: Tensor) -> Tensor:
        """Reads the source from left to right and returns the encoder's final state (N, hidden_size).

        source   (N, S) int64; row n has lengths[n] real tokens (none is pad_id) at the front, and padding behind
        lengths  (N,) int64, each from 1 to S, in any order

        The state starts at zero (in the dtype of the embeddings) and is updated by encoder_cell(embedded token, state).
        Row n stops after lengths[n] steps: what stands behind has no influence, whatever its ids.
        """
        ### BEGIN SOLUTION
        embedded = self.source_embedding(source)  # (N, S, embedding_size)
        h = embedded.new_zeros(len(source), self.hidden_size)
        for t in range(source.shape[1]):
            alive = (t < lengths).unsqueeze(1)  # (N, 1)
            h = torch.where(alive, self.encoder_cell(embedded[:, t], h), h)
        return h
        ### END SOLUTION

    def decode_step(self, tokens: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """One step of writing: new h = decoder_cell(embedded tokens, h), logits = output(new h).

        tokens  (N,) int64, the token fed to each row
        h       (N, hidden_size), the state before the step
        Returns the logits of the next token (N, target_vocab), not normalised, and the new h.
        """
        ### BEGIN SOLUTION
        h = self.decoder_cell(self.target_embedding(tokens), h)
        return self.output(h), h
        ### END SOLUTION

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: the logits (N, T, target_vocab) of every step, the decoder being fed `target`.

        source, lengths  as in encode
        target           (N, T) int64, the tokens that are fed: target[:, 0] is bos. All T of them are fed, one a step,
                         padding too

        The decoder starts from the encoder's final state. logits[:, t] are those after target[:, t] was fed, with the
        state that the steps before left: they depend on target[:, 0] … target[:, t] and on nothing later.
        Gradients flow to all parameters, but not to the embeddings of pad_id. The arguments are not changed, and
        nothing is kept from one call to the next. All three methods give the same in training and in eval mode.

        By hand: with all parameters 0 but output.bias, the state stays 0 and the logits of every step are output.bias.
        """
        ### BEGIN SOLUTION
        h = self.encode(source, lengths)
        steps = []
        for t in range(target.shape[1]):
            logits, h = self.decode_step(target[:, t], h)
            steps.append(logits)
        return torch.stack(steps, dim=1)  # (N, T, V)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: encode</summary>
#
# It is the loop of exercise 4, with `self.encoder_cell` and a start of zeros, and only the final state is wanted. You may write the loop again, or call your function.
# </details>
# <details><summary>Hint 2: the cells and the embeddings</summary>
#
# `self.source_embedding(source)` turns (N, S) ids into (N, S, embedding_size) numbers. A cell is called like a function: `self.encoder_cell(x_t, h)`.
# </details>
# <details><summary>Hint 3: forward</summary>
#
# A loop over the columns of `target`. Each step is fed column `t` and the state that came back from the step before. Collect the logits, stack them along axis 1.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# `logits, h = self.decode_step(target[:, t], h)` inside the loop, with `h = self.encode(source, lengths)` before it. No shift here: the shift by one is made by whoever chooses what to feed and what to ask for.
# </details>

# %% test="encoder_decoder" points=18
torch.manual_seed(0)
visible_model = Seq2Seq(source_vocab=7, target_vocab=5, embedding_size=3, hidden_size=4, pad_id=0)
visible_source, visible_lengths = torch.tensor([[3, 4, 5], [6, 0, 0]]), torch.tensor([3, 1])
visible_target = torch.tensor([[1, 3, 4, 2], [1, 4, 2, 0]])
with torch.no_grad():
    visible_h = visible_model.encode(visible_source, visible_lengths)
    visible_alone = visible_model.encode(visible_source[1:, :1], visible_lengths[1:])
    visible_logits = visible_model(visible_source, visible_lengths, visible_target)
    visible_other = visible_model(visible_source, visible_lengths, torch.tensor([[1, 3, 3, 3], [1, 4, 3, 3]]))
assert visible_h.shape == (2, 4), f"encode returns (N, hidden_size) = (2, 4), not {tuple(visible_h.shape)}"
assert torch.allclose(visible_h[1:], visible_alone), "padding must leave no trace: a row alone has the same final state"
assert visible_logits.shape == (2, 4, 5), f"the logits are (N, T, V) = (2, 4, 5), not {tuple(visible_logits.shape)}"
assert torch.allclose(visible_logits[:, :2], visible_other[:, :2]), (
    "other tokens at steps 2, 3 must not change steps 0, 1"
)
assert not torch.allclose(visible_logits[:, 2], visible_other[:, 2]), (
    "the logits at step 2 should see the token fed at step 2"
)

# %% [markdown]
# ## Exercise 6 · `greedy_decode` (10 points)
#
# difficulty ●●○ · importance ●●● · about 25 minutes
#
# Now there is no teacher. **Greedy decoding**: feed `bos`; take the token with the largest logit; write it down; feed it back, together with the new state; and so on until `eos`.
#
# The rows of a batch finish at different times. A finished row must not stop the others. And whatever it produces after its `eos` is thrown away. A row that never says `eos` must be stopped by force: at most `max_length` tokens.
#
# Greedy is short-sighted: the best first token need not begin the best answer. In the Transformer's notebook you will keep several candidates alive instead (beam search).


# %% exercise="greedy_decode"
def greedy_decode(
    model: nn.Module, source: Tensor, lengths: Tensor, bos_id: int, eos_id: int, max_length: int
) -> list[list[int]]:
    """What the model writes for each row of the batch, always taking the token with the largest logit.

    model       has encode(source, lengths) -> h (N, H) and decode_step(tokens (N,) int64, h) -> logits (N, V), new h,
                as in exercise 5; row n of h belongs to row n of the batch
    source      (N, S) int64, and lengths (N,) int64: passed to encode as they are
    bos_id      the token that every row is fed first
    eos_id      a row is finished when it writes this one
    max_length  at least 1; at most so many tokens are kept in a row; a row that has not written eos by then is cut off

    Each step feeds the tokens of the step before and its new state. Rows finish on their own: one that has written eos
    doesn't stop the others, and what it would write afterwards is not kept.

    Returns a list of N lists of ints: entry n holds what row n wrote before its first eos. That eos is no part of it,
    nor is the bos that was fed; a bos that the model writes is kept, like any other token. A row that writes eos at
    once gives []. The arguments are not changed; a model in eval mode is left in it.

    By hand: if the model would write 7 9 eos 4 … in row 0 and eos 8 … in row 1, the result is [[7, 9], []].
    """
    ### BEGIN SOLUTION
    written: list[list[int]] = [[] for _ in range(len(source))]
    finished = [False] * len(source)
    fed = torch.full((len(source),), bos_id, dtype=torch.long)
    with torch.no_grad():
        h = model.encode(source, lengths)
        for _ in range(max_length):
            logits, h = model.decode_step(fed, h)
            fed = logits.argmax(dim=-1)  # (N,)
            for n, token in enumerate(fed.tolist()):
                finished[n] = finished[n] or token == eos_id
                if not finished[n]:
                    written[n].append(token)
            if all(finished):
                break
    return written
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loop</summary>
#
# Encode once. Then at most `max_length` times: call `model.decode_step`, take `argmax` over the vocabulary, look at each row.
# </details>
# <details><summary>Hint 2: finished rows</summary>
#
# Keep a list of booleans, one for each row. A finished row may go on running along, but nothing more is kept for it. You may leave the loop when *all* rows are finished.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# In each step, for each row: if the token is `eos_id`, mark the row as finished; if the row is not finished, append the token. `torch.full((n,), bos_id)` is what is fed first; `tensor.tolist()` gives ints.
# </details>


# %% test="greedy_decode" points=10
class Countdown(nn.Module):
    """A model for testing: a source that begins with 3 gives 3 2 1 and then 0, which is its eos."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))  # so that it has a parameter, as every model

    def encode(self, source: Tensor, lengths: Tensor) -> Tensor:
        return self.scale * source[:, :1]

    def decode_step(self, tokens: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.scale * F.one_hot(h[:, 0].long(), 10), (h - 1).clamp(min=0)


visible_source, visible_lengths = torch.tensor([[1, 5], [3, 5], [0, 5]]), torch.tensor([2, 2, 2])
visible_tokens = greedy_decode(Countdown(), visible_source, visible_lengths, bos_id=9, eos_id=0, max_length=5)
assert visible_tokens == [[1], [3, 2, 1], []], (
    f"rows that count down from 1, 3 and 0 write [1], [3, 2, 1] and [], got {visible_tokens}"
)
visible_tokens = greedy_decode(Countdown(), visible_source, visible_lengths, bos_id=9, eos_id=0, max_length=2)
assert visible_tokens == [[1], [3, 2], []], f"with max_length 2 no row keeps more than two tokens, got {visible_tokens}"

# %% [markdown]
# ## Exercise 7 · `padded_cross_entropy` (10 points)
#
# difficulty ●●○ · importance ●●● · about 20 minutes
#
# Answers differ in length, too, so the labels have padding. Nobody should be praised for predicting it. Let $P$ be the set of places $(n, t)$ whose label is not padding:
#
# $$L = -\frac{1}{|P|} \sum_{(n,t) \in P} \log \text{softmax}(\text{logits}_{n,t})_{y_{n,t}}$$
#
# Every real token counts the same. Taking the mean of each sequence first, and then the mean of these, is another number: it gives a token of a short sequence more weight than one of a long sequence.
#
# And a batch without any real token? $0/0$. We define: the loss is 0, and so is its gradient.
#
# **A number to check by hand.** $V = 2$, `pad_id` 0, one row of three labels $[1, 1, 0]$, logits $[0, 0]$, $[0, \ln 3]$, $[7, -7]$. The probabilities of the two real labels are $\tfrac12$ and $\tfrac34$, the third doesn't count: $L = \tfrac12(\ln 2 + \ln \tfrac43)$.


# %% exercise="padded_cross_entropy"
def padded_cross_entropy(logits: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """The mean cross-entropy, natural logarithm, over all real tokens of the batch.

    logits   (N, T, V), not normalised; up to ±10,000 nothing overflows
    targets  (N, T) int64, the right tokens, each from 0 to V - 1; where it is pad_id there is no token
    pad_id   the padding token, one of 0 … V - 1 (not always 0)
    logits and targets may have any strides: a slice such as target[:, 1:], a transposed tensor.

    Returns a scalar tensor (shape ()) in the dtype of logits: the sum of -log softmax(logits[n, t])[targets[n, t]] over the
    places with targets[n, t] != pad_id, divided by the number of these places. Every real token has the same weight.

    - At padding the logits have no influence, and their gradient is 0.
    - Without any real token the loss is such a tensor, too: it is 0 and its gradient is 0, never NaN.
    - The arguments are not changed.

    By hand: V = 2, pad_id = 0, targets [[1, 1, 0]], logits [[[0, 0], [0, ln 3], [7, -7]]]: (ln 2 + ln 4/3) / 2.
    """
    ### BEGIN SOLUTION
    real = targets != pad_id  # (N, T)
    log_probabilities = torch.log_softmax(logits, dim=-1)  # (N, T, V)
    losses = -log_probabilities.gather(2, targets.unsqueeze(2)).squeeze(2)  # (N, T)
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: safe logarithms</summary>
#
# `torch.log_softmax` does softmax and logarithm in one and never overflows.
# </details>
# <details><summary>Hint 2: picking</summary>
#
# `log_p.gather(2, targets.unsqueeze(2))` picks one entry along the last axis for each place: (N, T, 1). Or index with `torch.arange`.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Set the losses at padding to zero, sum everything, divide by the number of real tokens, but at least by 1: `count.clamp(min=1)`. PyTorch's own function has a switch for padding; try what it says about a batch without any real token.
# </details>

# %% test="padded_cross_entropy" points=10
visible_logits = torch.tensor([[[0.0, 0.0], [0.0, math.log(3.0)], [7.0, -7.0]]])
visible_loss = padded_cross_entropy(visible_logits, torch.tensor([[1, 1, 0]]), 0)
assert visible_loss.shape == (), f"the loss is one number, a tensor of shape (), not {tuple(visible_loss.shape)}"
assert abs(visible_loss.item() - (math.log(2) + math.log(4 / 3)) / 2) < 1e-5, (
    f"two real tokens with probabilities 1/2 and 3/4: expected 0.4904, got {visible_loss.item():.4f}"
)
visible_loss = padded_cross_entropy(visible_logits, torch.tensor([[0, 0, 0]]), pad_id=0)
assert visible_loss.item() == 0, f"without any real token the loss is 0, got {visible_loss.item()}"

# %% [markdown]
# ## Capstone: what day is it?
#
# People write the same day in many ways: *Sunday, December 6, 1987* · *Sonntag, 6. Dezember 1987* · *domingo, 6 de diciembre de 1987* · *6 déc. 1987*. Machines prefer ISO 8601: *1987-12-06*.
#
# It is a small translation with everything that makes translation hard. The order changes, months must be translated, years must be *copied* digit by digit, the weekday must be ignored, and one wrong character spoils the answer.
#
# The file `dates.csv` holds real locale data for English, French, German and Spanish, in three lengths each (see `LICENCES.md`). No day of the held-out part occurs in the training part, in any language.

# %% tags=["capstone"]
import csv
import datetime
import random
from pathlib import Path

with Path("dates.csv").open(encoding="utf-8", newline="") as file:
    dates = list(csv.DictReader(file))
train_dates = [date for date in dates if date["split"] == "train"]
held_out_dates = [date for date in dates if date["split"] == "held-out"]
longest = max(len(date["text"]) for date in dates)
print(f"{len(train_dates)} dates to learn from, {len(held_out_dates)} held out, the longest has {longest} characters")
for date in train_dates[:6]:
    print(f"{date['language']}  {date['text']:35} {date['iso']}")

# %% [markdown]
# Everything is spelled in characters. Both sides share the same three special tokens: padding 0, `bos` 1, `eos` 2. The vocabularies have room for two characters that we need later: a dash, and the slash by which ISO 8601 writes *from … to*.

# %% tags=["capstone"]
PAD, BOS, EOS = 0, 1, 2
source_characters = ["<pad>", "<bos>", "<eos>", *sorted({c for date in train_dates for c in date["text"]} | {"–"})]
target_characters = ["<pad>", "<bos>", "<eos>", *"-/0123456789"]
source_id = {character: index for index, character in enumerate(source_characters)}
target_id = {character: index for index, character in enumerate(target_characters)}


def pad(rows: list[list[int]]) -> Tensor:
    """The rows as one tensor (N, length of the longest), filled up with PAD."""
    padded = torch.full((len(rows), max(map(len, rows))), PAD)
    for row, ids in zip(padded, rows):
        row[: len(ids)] = torch.tensor(ids)
    return padded


def encode_pairs(pairs: list[dict[str, str]]) -> tuple[Tensor, Tensor, Tensor]:
    """source (N, S), lengths (N,), and target (N, T): bos, the answer, eos, padding."""
    source = pad([[source_id[character] for character in pair["text"]] for pair in pairs])
    target = pad([[BOS, *(target_id[character] for character in pair["iso"]), EOS] for pair in pairs])
    return source, torch.tensor([len(pair["text"]) for pair in pairs]), target


source, lengths, target = encode_pairs(train_dates)
print("source", tuple(source.shape), "lengths", tuple(lengths.shape), "target", tuple(target.shape))
print("vocabularies of", len(source_characters), "and", len(target_characters), "tokens")

# %% [markdown]
# ## Exercise 8 · `translate_dates_gru` (10 points)
#
# difficulty ●●○ · importance ●●● · about 25 minutes
#
# The training loop. For each batch:
#
# 1. **Shift.** Feed the target without its last column; ask for the target without its first. Each label is then the token that comes *after* the one just fed.
# 2. Logits, then the loss over the labels.
# 3. **Fresh gradients.** PyTorch *adds* to `.grad`. What an earlier batch left there must go.
# 4. Backward, then **clip**: if the norm of all gradients taken together exceeds `max_norm`, scale them all down to it. (Pascanu et al. 2013: one steep step can throw away an hour of training.)
# 5. One step of the optimizer. Note the loss down, as a plain number.
#
# The model and the loss are handed over as arguments. The capstone will hand over *yours*; while this exercise is graded others take their place, so that an error in exercises 5 or 7 costs nothing.


# %% exercise="translate_dates_gru"
def translate_dates_gru(
    model: nn.Module, optimizer: torch.optim.Optimizer, batches, loss_function, pad_id: int, max_norm: float = 1.0
) -> list[float]:
    """Trains the model with teacher forcing, one update for each batch, and returns the losses.

    model          model(source, lengths, fed) -> logits (N, T, V) for fed tokens (N, T), as Seq2Seq in exercise 5; it
                   is given in training mode and stays in it
    optimizer      over the model's parameters, in one group or several; its settings are the caller's
    batches        an iterable, gone through once, of (source (N, S), lengths (N,), target (N, T + 1)), all int64; a row of
                   target is bos, the answer, eos, then padding; sizes differ from batch to batch
    loss_function  loss_function(logits (N, T, V), labels (N, T), pad_id) -> scalar, as padded_cross_entropy. Use the one
                   that is given
    max_norm       after the backward pass, gradients of all parameters together are scaled down to this norm if theirs
                   is larger (as torch.nn.utils.clip_grad_norm_), and left alone if it is smaller

    For each batch: feed target without its last column, the labels are target without its first; loss; gradients of this
    batch alone (what stood in .grad before has no influence); clip; one optimizer step.

    Returns a list of floats: entry k is the loss of batch k, before its update. No batches give []. The model's
    parameters are updated in place; the batches are not changed.

    By hand: a model with one parameter w = 3 whose loss is w, SGD with lr = 1 and max_norm = 0.5, three batches: the
    gradient is 1, clipped to 0.5, so the losses are [3.0, 2.5, 2.0], and w is 1.5 in the end.
    """
    ### BEGIN SOLUTION
    losses = []
    for source, lengths, target in batches:
        fed, labels = target[:, :-1], target[:, 1:]
        loss = loss_function(model(source, lengths, fed), labels, pad_id)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the shift</summary>
#
# `target[:, :-1]` is everything but the last column, `target[:, 1:]` everything but the first.
# </details>
# <details><summary>Hint 2: the order of the five calls</summary>
#
# `optimizer.zero_grad()`, `loss.backward()`, `nn.utils.clip_grad_norm_(model.parameters(), max_norm)`, `optimizer.step()`. Clipping after the step does nothing.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `losses.append(loss.item())`: a float. A list of tensors would keep every batch's graph alive.
# </details>


# %% test="translate_dates_gru" points=10
class OneNumber(nn.Module):
    """A model for testing: a single parameter, and it remembers what it was fed."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(3.0))

    def forward(self, source: Tensor, lengths: Tensor, fed: Tensor) -> Tensor:
        self.fed = fed
        return self.w.expand(*fed.shape, 4)


visible_model, visible_labels = OneNumber(), []


def visible_loss_function(logits: Tensor, labels: Tensor, pad_id: int) -> Tensor:
    """The loss is w, whatever the labels; they are noted down."""
    visible_labels.append(labels)
    return logits.mean()


visible_batch = (torch.tensor([[1, 2]]), torch.tensor([2]), torch.tensor([[1, 3, 3, 2]]))
visible_optimizer = torch.optim.SGD(visible_model.parameters(), lr=1.0)
visible_losses = translate_dates_gru(
    visible_model, visible_optimizer, [visible_batch] * 3, visible_loss_function, 0, 0.5
)
assert visible_model.fed.tolist() == [[1, 3, 3]], f"fed should be all but the last column: {visible_model.fed.tolist()}"
assert visible_labels[-1].tolist() == [[3, 3, 2]], f"the labels are all but the first: {visible_labels[-1].tolist()}"
assert visible_losses is not None and [round(float(loss), 5) for loss in visible_losses] == [3.0, 2.5, 2.0], (
    f"each step goes down by the clipped gradient, 0.5: the losses are 3, 2.5, 2, got {visible_losses}"
)

# %% [markdown]
# ## A baseline
#
# Copying an answer from the training set can't work: no held-out day occurs there. What can be done *without any order*? Count how often each character occurs in the text, and let a linear layer choose each of the ten characters of the answer from the counts. It sees a "z" and may think of March or December; it sees a 1, a 9, an 8 and a 7, but not which comes first.


# %% tags=["capstone"]
def bag_of_characters(source: Tensor) -> Tensor:
    """(N, number of source tokens): how often each occurs in the text."""
    return F.one_hot(source, len(source_characters)).sum(dim=1).float()


torch.manual_seed(0)
baseline = nn.Linear(len(source_characters), 10 * len(target_characters))
optimizer = torch.optim.Adam(baseline.parameters(), lr=1e-2)
bags, answers = bag_of_characters(source), target[:, 1:11]
for _ in range(60):
    for rows in torch.randperm(len(bags)).split(500):
        optimizer.zero_grad()
        F.cross_entropy(baseline(bags[rows]).view(-1, len(target_characters)), answers[rows].flatten()).backward()
        optimizer.step()
held_out_source, held_out_lengths, held_out_target = encode_pairs(held_out_dates)
with torch.no_grad():
    guesses = baseline(bag_of_characters(held_out_source)).view(-1, 10, len(target_characters)).argmax(dim=2)
baseline_right = guesses == held_out_target[:, 1:11]
baseline_exact = baseline_right.all(dim=1).float().mean().item()
print(
    f"the baseline: {baseline_right.float().mean().item():.0%} of the characters right, {baseline_exact:.0%} of the dates"
)

# %% [markdown]
# ## Training
#
# Three things from practice.
#
# - **Bucketing.** A batch costs as many steps as its longest source has characters. So sort twenty batches' worth of dates by length before cutting them up.
# - **A learning rate that rises and falls:** up for a tenth of the run, then down to zero along a cosine.
# - **Start by keeping.** 1 is added to the bias of $z$ in both cells. It is one line, and we also run without it.


# %% tags=["capstone"]
def draw_batches(data: tuple[Tensor, Tensor, Tensor], size: int, generator: torch.Generator):
    """Endless batches of rows with similar lengths, cut to the longest source and answer among them."""
    source, lengths, target = data
    while True:
        pool = torch.randperm(len(source), generator=generator)[: 20 * size]
        buckets = pool[lengths[pool].argsort(stable=True)].split(size)
        for bucket in torch.randperm(len(buckets), generator=generator).tolist():
            rows = buckets[bucket]
            longest_answer = int((target[rows] != PAD).sum(dim=1).max())
            yield source[rows, : int(lengths[rows].max())], lengths[rows], target[rows, :longest_answer]


def answer(model: nn.Module, texts: list[str]) -> list[str]:
    """What the model writes for each text."""
    source, lengths, _ = encode_pairs([{"text": text, "iso": ""} for text in texts])
    written = greedy_decode(model, source, lengths, BOS, EOS, max_length=24)
    return ["".join(target_characters[token] for token in row) for row in written]


def exact_match(model: nn.Module, pairs: list[dict[str, str]]) -> float:
    """The share of answers that are right in every character."""
    written = answer(model, [pair["text"] for pair in pairs])
    return sum(a == pair["iso"] for a, pair in zip(written, pairs)) / len(pairs)


def train(
    model: nn.Module, pairs: list[dict[str, str]], steps: int, held_out: list[dict[str, str]], stop: int | None = None
):
    """Trains in place; returns (step, exact match on `held_out`) every 100 steps. `stop` ends the run early."""
    optimizer = torch.optim.Adam(model.parameters())
    batches = draw_batches(encode_pairs(pairs), 32, torch.Generator().manual_seed(1))
    history = [(0, exact_match(model, held_out))]
    for step in range(stop or steps):
        rise, fall = (step + 1) / (0.1 * steps), 0.5 + 0.5 * math.cos(math.pi * step / steps)
        optimizer.param_groups[0]["lr"] = 3e-3 * min(rise, 1.0) * fall
        translate_dates_gru(model, optimizer, [next(batches)], padded_cross_entropy, PAD)
        if (step + 1) % 100 == 0:
            history.append((step + 1, exact_match(model, held_out)))
    return history


def new_model(keep_bias: float) -> nn.Module:
    """An untrained encoder-decoder with `keep_bias` added to the bias of z in both cells."""
    torch.manual_seed(0)
    model = Seq2Seq(len(source_characters), len(target_characters), 32, 128, PAD)
    with torch.no_grad():
        for cell in (model.encoder_cell, model.decoder_cell):
            cell.bias_ih[128:256] += keep_bias
    return model


model, born_model = new_model(keep_bias=1.0), new_model(keep_bias=0.0)
history = train(model, train_dates, 1600, held_out_dates)
born_history = train(born_model, train_dates, 1600, held_out_dates, stop=1000)  # enough to see
print(f"baseline, no order: {baseline_exact:.0%} exact")
print(f"encoder-decoder:    {history[-1][1]:.0%} exact")
assert history[-1][1] > baseline_exact + 0.5, "the encoder-decoder should beat the baseline by far"
assert history[-1][1] > 0.9, "nine of ten held-out dates should be right in every character"

# %% tags=["capstone"]
figure, axis = plt.subplots(figsize=(6, 3))
axis.plot(*zip(*history), "o-", color=BLUE, label="bias of z + 1")
axis.plot(*zip(*born_history), "s--", color=RED, label="as it is born")
axis.axhline(baseline_exact, color=GREY, linestyle=":", label="baseline")
axis.set(
    title="held-out dates, right in every character", xlabel="training step", ylabel="exact match", ylim=(-0.03, 1.03)
)
axis.legend(frameon=False, loc="upper left")
plt.show()
print(f"after 1,000 steps: {dict(history)[1000]:.0%} exact with that bias, {dict(born_history)[1000]:.0%} without")

# %% [markdown]
# One line decides. With units that start out keeping, the gradient finds its way back from the last digit of the answer through the whole decoder to the first letters of the source. Without it, the same network has hardly begun to learn when the other is nearly done.
#
# ## The figure to remember
#
# What does the encoder *do* while it reads? Below, each row is one of its 128 units, each column a character. Dark means $z$ near 1: the unit keeps what it has, whatever comes. Bright means it lets the new in. The units are sorted by the place where they open widest.


# %% tags=["capstone"]
def update_gates(model: nn.Module, text: str) -> tuple[Tensor, Tensor]:
    """The update gate z and the state h of every unit at every character, (H, S) each."""
    (ids,), _, _ = encode_pairs([{"text": text, "iso": ""}])
    cell, h, gates, states = model.encoder_cell, torch.zeros(1, model.hidden_size), [], []
    with torch.no_grad():
        for x in model.source_embedding(ids):
            from_x = F.linear(x, cell.weight_ih, cell.bias_ih).chunk(3)[1]
            from_h = F.linear(h, cell.weight_hh, cell.bias_hh).chunk(3, dim=1)[1]
            gates.append(torch.sigmoid(from_x + from_h)[0])
            h = cell(x.unsqueeze(0), h)
            states.append(h[0])
    return torch.stack(gates, dim=1), torch.stack(states, dim=1)


shown = [
    next(date for date in held_out_dates if date["language"] == code and date["style"] == "full")
    for code in ("es", "de")
]
figure, axes = plt.subplots(2, 2, figsize=(11, 6.5), layout="constrained", height_ratios=(4, 1))
for column, date in enumerate(shown):
    gates, _ = update_gates(model, date["text"])
    image = axes[0, column].imshow(
        gates[gates.argmin(dim=1).argsort(stable=True)], aspect="auto", cmap="cividis_r", vmin=0, vmax=1
    )
    axes[0, column].set(title=f"{date['text']}  →  {date['iso']}", ylabel="units, sorted", yticks=[])
    axes[1, column].bar(range(gates.shape[1]), (gates < 0.5).float().mean(dim=0).tolist(), color=BLUE)
    axes[1, column].set(ylabel="share open", xlabel="character read", xlim=(-0.5, gates.shape[1] - 0.5))
    axes[0, column].set_xticks([])
    axes[1, column].set_xticks(range(len(date["text"])), list(date["text"]))
figure.colorbar(image, ax=axes[0], label="update gate z (1 = keep)", shrink=0.8)
plt.show()

# %% [markdown]
# Nobody told the network what a weekday is. Yet while one passes, nearly all units keep what they have: there is nothing to learn from it. They open at the number of the day, and wide at the first letters of the month. Over the rest of its name, which tells nothing new, many close again. At the year they open once more. And the dark rows on top? After the day's number they hardly move: whatever the network knows about the beginning is kept there. (Your run may differ from ours in the details.)


# %% tags=["capstone"]
def share_open(model: nn.Module, pairs: list[dict[str, str]]) -> tuple[float, float]:
    """The share of gates below 1/2 while the weekday, the first word, is read; and while the rest is."""
    early, late = [], []
    for pair in pairs:
        gates, _ = update_gates(model, pair["text"])
        end = pair["text"].index(" ")
        early.append((gates[:, :end] < 0.5).float().mean().item())
        late.append((gates[:, end:] < 0.5).float().mean().item())
    return sum(early) / len(early), sum(late) / len(late)


early, late = share_open(model, [date for date in held_out_dates if date["style"] == "full"])
print(
    f"over all held-out dates with a weekday: {early:.0%} of the gates are open while it is read, {late:.0%} afterwards"
)

# %% [markdown]
# ## Where one vector is too small
#
# Now the question that we came for. Everything the decoder will ever know stands in 128 numbers. Is a longer source harder? Take the held-out dates apart by the number of characters.


# %% tags=["capstone"]
def match_by_length(model: nn.Module, pairs: list[dict[str, str]], width: int = 8) -> dict[int, float]:
    """Middle of each bin of source lengths → exact match in it; bins of fewer than 10 sources are left out."""
    bins: dict[int, list[bool]] = {}
    for pair, written in zip(pairs, answer(model, [pair["text"] for pair in pairs])):
        bins.setdefault(len(pair["text"]) // width, []).append(written == pair["iso"])
    return {b * width + width // 2: sum(right) / len(right) for b, right in sorted(bins.items()) if len(right) >= 10}


single = match_by_length(model, held_out_dates)
for length, share in single.items():
    print(f"about {length:2} characters: {share:.0%} exact")
days = (datetime.date(2100, 1, 1) - datetime.date(1900, 1, 1)).days
print(f"days from 1900 to 2099: {days:,d}, so one date carries {math.log2(days):.1f} bits")

# %% [markdown]
# It is not! Thirty characters are about as easy as ten. That seems to contradict the theory, but what fills a vector is not characters. It is *facts*. However long a date is written, it says which of 73,049 days it is: 16 bits. The weekday adds characters and no fact, and the gates learned to let it pass.
#
# So give it more facts. A **period** is two dates: *Jun 20, 2061 – Sep 4, 2071*. ISO 8601 writes it with a slash: *2061-06-20/2071-09-04*. We pair up dates of the same language, train from train and held-out from held-out, and train a new network of the same size on single dates and periods, mixed. What must be remembered now has twice as far to go, so the units start out keeping more: 2 is added to the bias of $z$.


# %% tags=["capstone"]
def make_periods(dates: list[dict[str, str]], n: int, seed: int) -> list[dict[str, str]]:
    """n periods: two dates of the same language, the earlier one first."""
    draw, by_language = random.Random(seed), {}
    for date in dates:
        by_language.setdefault(date["language"], []).append(date)
    periods = []
    for _ in range(n):
        first, second = sorted(
            draw.sample(by_language[draw.choice(sorted(by_language))], 2), key=lambda date: date["iso"]
        )
        periods.append({"text": f"{first['text']} – {second['text']}", "iso": f"{first['iso']}/{second['iso']}"})
    return periods


train_periods, held_out_periods = make_periods(train_dates, 6000, seed=1), make_periods(held_out_dates, 600, seed=2)
period_model = new_model(keep_bias=2.0)
period_history = train(period_model, train_dates + train_periods, 2000, held_out_periods)
single, periods = match_by_length(period_model, held_out_dates), match_by_length(period_model, held_out_periods)
single_exact, period_exact = exact_match(period_model, held_out_dates), period_history[-1][1]
print(f"the same network: single dates {single_exact:.0%} exact, periods {period_exact:.0%}")
print(f"if the two dates of a period were as easy as one each, {single_exact**2:.0%} would be right")
assert single_exact > period_exact + 0.3, "periods should be much harder than single dates"

# %% tags=["capstone"]
written = answer(period_model, [pair["text"] for pair in held_out_periods])
true = [pair["iso"] for pair in held_out_periods]
right_share = [sum(a[p : p + 1] == b[p] for a, b in zip(written, true)) / len(true) for p in range(21)]
columns = [[pair["iso"][p] for pair in train_periods] for p in range(21)]
commonest = [max(sorted(set(column)), key=column.count) for column in columns]
guess_share = [sum(b[p] == commonest[p] for b in true) / len(true) for p in range(21)]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), width_ratios=(1, 1.4))
left.plot(list(single), list(single.values()), "o-", color=BLUE, label="one date")
left.plot(list(periods), list(periods.values()), "s--", color=RED, label="a period: two dates")
left.set(
    title="exact match by source length", xlabel="characters of the source", ylabel="exact match", ylim=(-0.03, 1.05)
)
left.legend(frameon=False, loc="center right")
right.bar(range(21), right_share, color=RED, label="the network")
right.plot(range(21), guess_share, "_", color="black", markersize=10, label="always the commonest character")
right.set(
    title="periods: which characters are right?", xlabel="character of the answer", ylabel="share right", ylim=(0, 1.3)
)
right.set_xticks(range(21), list("YYYY-MM-DD/YYYY-MM-DD"))
right.legend(frameon=False, loc="upper right", ncols=2)
plt.tight_layout()
plt.show()
first, second = (sum(a[p : p + 10] == b[p : p + 10] for a, b in zip(written, true)) / len(true) for p in (0, 11))
print(f"right in every character: the first date of a period {first:.0%}, the second {second:.0%}")

# %% [markdown]
# At the same number of characters, one date is nearly always right, and a period mostly wrong, far more often than two dates on their own would be. The right picture says where: up to the slash little is lost. Behind it the bars sink from place to place, and the very last one, the last digit of the second day, is the lowest. It must be squeezed into the vector together with everything else, and then survive twenty steps of writing in the very numbers that all the other characters need first.
#
# Is it the width or the training? This picture cannot tell them apart; try more units, and try more steps. But see what you pay. *Every* fact must fit into the vector beforehand, and be carried past everything else until its turn comes. Cho and colleagues saw the same fall for whole sentences in 2014: the longer the sentence, the worse the translation.
#
# Try your own. Which dates break it? (It knows the years 1900 to 2099 only, and only the characters it has seen.)

# %% tags=["capstone"]
my_texts = [
    "Friday, December 25, 2026",
    "1. Januar 2000",
    "7 août 1969",
    "jueves, 12 de octubre de 1994",
    "31 February 1999",
]
for text, result in zip(my_texts, answer(model, my_texts)):
    print(f"{text:35} {result}")

# %% [markdown]
# **More to try.** Use your `GRUCell` and your `MinimalGatedUnit` in place of the two cells: `model.encoder_cell = MinimalGatedUnit(32, 128)`. Read the source backwards, as Sutskever and colleagues did: what gets easier, what harder, and why was it the other way round for them? Feed the decoder its own writing during training in one batch of ten.
#
# ## What you built, what breaks next
#
# You built the cell that made recurrent networks small enough to be everywhere, its gradient by hand, and the smallest cell of the family. You froze states at the end of their sequences, joined two cells into an encoder–decoder, taught it with the right answers, and let it write.
#
# The ideas to keep:
#
# - **Slide, don't rewrite.** $h' = (1-z) \odot n + z \odot h$: one gate weighs old against new, and is at the same time the road for the gradient.
# - **Padding must leave no trace,** neither in the state nor in the loss. You will mask in every notebook that follows.
# - **Feed the truth, ask for the next token.** Every language model is trained in this way.
#
# What breaks next? You saw it: one vector of fixed size, whatever the source. But the encoder *had* more. It made a state at every character and threw away all but the last. What if the decoder could look at all of them, and choose, at each step, the one it needs *now*? That is **attention**, and the next notebook.
#
# ### To read on
#
# - Cho et al. 2014 (EMNLP). The gated unit and its encoder–decoder in one paper: read §2.2 and §2.3, and look at the pictures of phrases in the plane.
# - Sutskever, Vinyals & Le 2014. The same idea with deep LSTMs, at scale, and the trick of reading the source backwards (§3.3).
# - K. Cho, B. van Merriënboer, D. Bahdanau & Y. Bengio, *On the Properties of Neural Machine Translation: Encoder–Decoder Approaches*, SSST-8, 2014. From the very month in which attention appeared: the curve that falls with sentence length.
# - R. Jozefowicz, W. Zaremba & I. Sutskever, *An Empirical Exploration of Recurrent Network Architectures*, ICML 2015. A search among ten thousand cells, and a plain piece of advice for the LSTM: add 1 to the bias of its forget gate, as you did to $z$.
# - R. J. Williams & D. Zipser, *A Learning Algorithm for Continually Running Fully Recurrent Neural Networks*, Neural Computation 1(2), 1989. Where "teacher forcing" comes from.
# - N. Kalchbrenner & P. Blunsom, *Recurrent Continuous Translation Models*, EMNLP 2013. The encoder–decoder a year earlier, with a convolution that reads.
