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
# # 07 · The Transformer
#
# **Attention sees every place of a sequence in one step, but it has no idea of order, and it was always bolted onto a recurrent network. Can a whole network be built of attention *alone*?**
#
# **You will be able to**
#
# - tell attention where each token stands, with waves that need no training;
# - write layer normalisation and its backward pass by hand;
# - build multi-head attention, and the layers of an encoder and a decoder, in both orders of normalising that are in use;
# - put together the complete Transformer of 2017, with the masks that keep it honest;
# - train it as its authors did, with smoothed labels and a warmed-up learning rate, and let it write by beam search;
# - teach it to pronounce English words, and look through the eyes of all its heads.
#
# **Time** about 8 hours. **Before you start** you should know softmax, back-propagation and scaled dot-product attention with masks. PyTorch with autograd is used throughout. No code of an earlier notebook is needed.
#
# **Papers**
#
# - A. Vaswani et al., *Attention Is All You Need*, NeurIPS 2017. (all of it; sections are named below)
# - J. L. Ba, J. R. Kiros & G. E. Hinton, *Layer Normalization*, arXiv:1607.06450, 2016.
# - R. Xiong et al., *On Layer Normalization in the Transformer Architecture*, ICML 2020.
# - O. Press & L. Wolf, *Using the Output Embedding to Improve Language Models*, EACL 2017.
# - Y. Wu et al., *Google's Neural Machine Translation System*, arXiv:1609.08144, 2016. (§7, the length penalty)
# - C. Szegedy et al., *Rethinking the Inception Architecture for Computer Vision*, CVPR 2016. (§7, label smoothing)
# - M. Phuong & M. Hutter, *Formal Algorithms for Transformers*, arXiv:2207.09238, 2022. (to look things up)
#
# | exercise | what you build | points |
# |---|---|---|
# | 1 `sinusoidal_positions` | a sense of order | 8 |
# | 2 `layer_norm` | forward and backward by hand | 12 |
# | 3 `multi_head_attention` | many looks at once | 14 |
# | 4 `feed_forward` | thinking it over, each token alone | 5 |
# | 5 `encoder_layer` | attention, residuals, norms | 9 |
# | 6 `decoder_layer` | the same, with a look at the source | 9 |
# | 7 `transformer` | the whole | 13 |
# | 8 `label_smoothing` | a loss that is never quite sure | 8 |
# | 9 `warmup_schedule` | a learning rate that starts gently | 4 |
# | 10 `beam_search` | writing more than one draft | 12 |
# | 11 `pronounce` | the capstone | 6 |
#
# Each exercise is graded by itself. Later classes are built from earlier ones, but while a class is graded, correct modules take the places of its parts: an error in exercise 3 costs nothing in exercise 5.
#
# The modules of exercises 3 to 7 and the loss of exercise 8 will be trained: autograd must get through everything they return, unless the docstring says otherwise.

# %%
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# %%
import matplotlib.pyplot as plt

# %matplotlib inline

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"  # told apart by everyone
plt.rcParams.update({"figure.dpi": 90, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## Throw out the recurrence
#
# A recurrent network reads like a person with a finger under the line: one token after the other. Step 50 must wait for step 49. A processor with ten thousand arithmetic units does one small product, waits, and does the next.
#
# And news travels slowly. If the last token depends on the first, the gradient must walk back through every step in between.
#
# Attention has neither problem. A token compares itself with all others *at once*, in one product of matrices. Between any two tokens lies one step. When a sequence takes its queries, keys and values all from itself, this is called **self-attention**.
#
# What does it cost? Let $T$ be the number of tokens and $d$ the size of a vector. A simple recurrent layer multiplies each input and each state by a $d \times d$ matrix. Self-attention maps each token to a query, a key, a value and an output, four $d \times d$ matrices, and then compares all pairs and averages, $2\,T^2 d$ multiplications.

# %%
d = 512
print(f"{'tokens':>7} | {'recurrent: multiplications, steps in a row':>43} | {'self-attention':>16}, steps in a row")
for T in (10, 100, 1_000, 10_000):
    recurrent, attention = 2 * T * d * d, 4 * T * d * d + 2 * T * T * d
    print(f"{T:>7,} | {recurrent:>36,}, {T:>5,} | {attention:>16,}, 1")

# %% [markdown]
# For a sentence self-attention does about twice the work. But it does it in one go, and the recurrent layer in $T$ steps, one after the other. That is why the Transformer won: not because it computes less, but because it never waits. (For very long texts the $T^2$ wins in the end, and not in our favour. Keep this in mind.)
#
# The price: without recurrence nobody knows the order. Self-attention treats a sequence as a *bag* of tokens. So the first thing to build is a sense of order.
#
# ## Letters used throughout
#
# | symbol | meaning |
# |---|---|
# | $N$ | sequences in a batch |
# | $T$ | tokens in a sequence; $S$ for the source where both occur |
# | $V$ | size of the vocabulary |
# | $d_{model}$ | size of the vector that stands for a token, everywhere in the network |
# | $h$, $d_k$ | number of heads, and size of a query in one head: $d_k = d_{model} / h$ |
# | $d_{ff}$ | size of the hidden layer inside the feed-forward part |

# %% [markdown]
# ## Exercise 1 · `sinusoidal_positions` (8 points)
#
# difficulty ●●○ · importance ●●○ · about 25 minutes
#
# We add to each token's vector another one that says where it stands. How should the number 17 be written as a vector?
#
# Think of a clock. One hand goes round fast, one slowly, and together they tell the time exactly. Here each pair of columns is a hand: its tip has the coordinates (sin, cos) of an angle, and the angle grows with the position. The first hand turns by 1 radian for each token. Each following hand is slower by a constant factor.
#
# For position $p = 0, 1, 2, \dots$ and pair $i = 0, 1, 2, \dots$ (Vaswani et al. §3.5)
#
# $$\text{PE}[p,\, 2i] = \sin\!\left(\frac{p}{10000^{\,2i/d_{model}}}\right), \qquad \text{PE}[p,\, 2i+1] = \cos\!\left(\frac{p}{10000^{\,2i/d_{model}}}\right).$$
#
# So sine and cosine take turns: columns 0, 2, 4, … are sines and columns 1, 3, 5, … are the cosines *of the same angle as their left neighbour*. If $d_{model}$ is odd, the last column is a sine without a partner. The exponent uses $d_{model}$ itself, odd or even.
#
# Nothing here is learned. And there is no longest sequence: position 100,000 has a vector too.

# %% exercise="sinusoidal_positions"
def sinusoidal_positions(length: int, d_model: int) -> Tensor:
    """The vectors of the positions 0 … length - 1: a tensor (length, d_model) of float32.

    length   at least 1
    d_model  at least 1, even or odd

    Column 2i is sin(p / 10000^(2i / d_model)), column 2i + 1 is cos of the same angle: sine and cosine alternate.
    With odd d_model the last column is a sine; the exponent uses d_model as it is. Row p belongs to position p, from 0.

    By hand: length 2, d_model 3. Row 0 is [0, 1, 0]. Row 1 is [sin 1, cos 1, sin(1 / 464.16)] = [0.8415, 0.5403, 0.0022],
    because 10000^(2/3) = 464.16.
    Vaswani et al. 2017, §3.5.
    """
    ### BEGIN SOLUTION
    position = torch.arange(length).unsqueeze(1)  # (length, 1)
    column = torch.arange(d_model)  # (d_model,)
    pair = column - column % 2  # 0 0 2 2 4 4 …: the exponent's numerator 2i, the same for both columns of a pair
    angle = position / 10000 ** (pair / d_model)  # (length, d_model)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a table of angles</summary>
#
# Positions as a column (length, 1) and frequencies as a row broadcast to a table. How many frequencies are there, if two columns share each?
# </details>
# <details><summary>Hint 2: two ways to fill it</summary>
#
# Either make an empty tensor and fill every second column with sines (`table[:, 0::2]`) and the others with cosines (`table[:, 1::2]`): for odd sizes there is one cosine column less. Or make an angle for *every* column and choose between sine and cosine by whether the column is even.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Columns 0 1 2 3 4 have the numerators 0 0 2 2 4 in the exponent: that is `column - column % 2`. Divide it by `d_model`, take 10000 to that power, divide the positions by it. `torch.where` chooses.
# </details>

# %% test="sinusoidal_positions" points=8
visible_positions = sinusoidal_positions(2, 3)
assert visible_positions.shape == (2, 3), f"the shape is (length, d_model) = (2, 3), not {tuple(visible_positions.shape)}"
assert torch.allclose(visible_positions[0], torch.tensor([0.0, 1.0, 0.0])), "position 0: every angle is 0, so the row is sin 0, cos 0, sin 0"
assert torch.allclose(visible_positions[1], torch.tensor([0.8415, 0.5403, 0.0022]), atol=1e-4), (
    f"position 1 with d_model 3: expected [0.8415, 0.5403, 0.0022], got {[round(x, 4) for x in visible_positions[1].tolist()]}"
)
visible_positions = sinusoidal_positions(9, 6)
assert torch.allclose(visible_positions[:, 0::2] ** 2 + visible_positions[:, 1::2] ** 2, torch.ones(9, 3)), (
    "columns 2i and 2i + 1 are sine and cosine of one angle, so their squares add up to 1"
)

# %% [markdown]
# Left: the vectors, one row for each position. The left columns tick like seconds, the right ones hardly move.
#
# Right: the dot product of position 40 with every other one. By $\sin a \sin b + \cos a \cos b = \cos(a - b)$ it depends only on the *distance*, and it is largest at distance 0. Attention compares by dot products. So "near" is something it can see.

# %% tags=["slow"]
positions = sinusoidal_positions(80, 64)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2))
image = left.imshow(positions, cmap="cividis", aspect="auto", vmin=-1, vmax=1)
left.set(title="sinusoidal_positions(80, 64)", xlabel="column", ylabel="position")
figure.colorbar(image, ax=left)
for centre, colour in ((40, BLUE), (20, RED)):
    right.plot(positions @ positions[centre], color=colour, label=f"with position {centre}")
    right.axvline(centre, color=colour, linestyle=":")
right.set(title="dot product of two positions", xlabel="position", ylabel="dot product", ylim=(0, None))
right.legend(frameon=False)
plt.tight_layout()
plt.show()
gram = positions @ positions.T
print("the dot product depends on the distance only:", torch.allclose(gram[10, 13:60], gram[20, 23:70], atol=1e-3))

# %% [markdown]
# There is more. Moving on by $k$ tokens turns each hand by a fixed angle, wherever it stands. So "the token three to the left" is one linear map, the same at every position. A single matrix can learn it.

# %% [markdown]
# ## Exercise 2 · `layer_norm` (12 points)
#
# difficulty ●●● · importance ●●● · about 50 minutes
#
# A deep network is a tower of layers. If each makes its numbers a little larger, the top overflows; a little smaller, and nothing arrives. **Layer normalisation** resets the scale: within each token's vector, subtract the mean, divide by the standard deviation. Then a learned *gain* and *bias* give each feature its own scale and offset again.
#
# For one vector $x$ with $D$ features:
#
# $$\mu = \frac1D \sum_j x_j, \qquad \sigma^2 = \frac1D \sum_j (x_j - \mu)^2, \qquad \hat x_j = \frac{x_j - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y_j = g_j\, \hat x_j + b_j .$$
#
# Two conventions to pin, because both kinds are in the wild. The variance divides by $D$, not by $D - 1$. And $\varepsilon$ stands *inside* the root. (PyTorch does it this way.)
#
# The mean runs over the features of *one token*. Other tokens and other sequences have no say. That is the difference to batch normalisation, and the reason why it works for a batch of one.
#
# **Backward.** Let $dy$ be the gradient that arrives, and write $dX$ for $\partial L/\partial X$. Every token used the same gain and bias, so their gradients are sums over all tokens:
#
# $$dg_j = \sum_{\text{tokens}} dy_j\, \hat x_j, \qquad db_j = \sum_{\text{tokens}} dy_j, \qquad d\hat x_j = dy_j\, g_j .$$
#
# From $\hat x$ to $x$ there are three paths: directly, through $\mu$, and through $\sigma$. With $\overline{z}$ for the mean of $z$ over the features of a token they add up to
#
# $$dx = \frac{1}{\sqrt{\sigma^2 + \varepsilon}} \Big( d\hat x \;-\; \overline{d\hat x} \;-\; \hat x\; \overline{d\hat x \cdot \hat x} \Big) .$$
#
# Read the two means as a promise. Adding a constant to all of $x$ changes nothing, so the gradient must not point in that direction: the first mean removes it. Stretching $x$ changes (nearly) nothing either: the second mean removes that direction.
#
# | what | shape |
# |---|---|
# | $x$, $y$, $dy$, $dx$ | (…, D), with at least two axes |
# | $\mu$, $\sigma^2$, the two means | (…, 1) |
# | $g$, $b$, $dg$, $db$ | (D,) |

# %% exercise="layer_norm"
def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """gain · (x - mean) / √(variance + eps) + bias, over the last axis.

    x           (..., D), two axes or more
    gain, bias  (D,)
    eps         a small positive number, inside the root

    Mean and variance are those of each vector of D features by itself; the variance divides by D. The result has the
    shape and dtype of x; float32 inside is always precise enough. A vector of equal numbers gives the bias. Numbers far
    from zero, such as 1000 ± 0.3 in float32, are normalised well too, here and in the backward pass: subtract the mean
    before you square. The arguments are not changed.

    By hand: x = [[1, 3]], gain = [1, 2], bias = [0, 10], eps ≈ 0: mean 2, variance 1, result [[-1, 12]].
    Ba, Kiros & Hinton 2016, eq. (4). Write the formula: don't call a ready-made norm (layer, RMS, group, batch …).
    """
    ### BEGIN SOLUTION
    mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
    variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)  # (..., 1), divided by D
    return gain * (x - mean) / torch.sqrt(variance + eps) + bias
    ### END SOLUTION


def layer_norm_backward(d_out: Tensor, x: Tensor, gain: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients d_x, d_gain, d_bias of layer_norm(x, gain, bias, eps) in closed form, without autograd.

    d_out  (..., D), the gradient that arrives at the result
    x      (..., D), as in the forward pass, two axes or more
    gain   (D,)

    Returns d_x (..., D), d_gain (D,) and d_bias (D,) in the dtype of x; float32 inside is always precise enough. d_gain and
    d_bias are sums over all leading axes. The arguments are not changed. Autograd is switched off while this exercise is graded.
    Write the formulas: don't call a ready-made norm (layer, RMS, group, batch …) or its backward pass.

    By hand: x = [[0, 0, 3]] (mean 1, variance 2, eps ≈ 0), gain = [1, 1, 1], d_out = [[3, 0, 0]] give
    d_x = [[1.5, -1.5, 0]] / √2, d_gain = [-3/√2, 0, 0], d_bias = [3, 0, 0].
    """
    ### BEGIN SOLUTION
    mean = x.mean(dim=-1, keepdim=True)  # (..., 1)
    variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
    deviation = torch.sqrt(variance + eps)  # (..., 1)
    x_hat = (x - mean) / deviation  # (..., D)
    tokens = tuple(range(x.dim() - 1))  # all axes but the last
    d_gain = (d_out * x_hat).sum(dim=tokens)  # (D,)
    d_bias = d_out.sum(dim=tokens)  # (D,)
    d_x_hat = d_out * gain  # (..., D)
    first = d_x_hat.mean(dim=-1, keepdim=True)  # through the mean
    second = (d_x_hat * x_hat).mean(dim=-1, keepdim=True)  # through the deviation
    d_x = (d_x_hat - first - x_hat * second) / deviation  # (..., D)
    return d_x, d_gain, d_bias
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the forward pass</summary>
#
# `mean(dim=-1, keepdim=True)` keeps an axis of size 1, so that it broadcasts against `x`. `Tensor.var` divides by D − 1 unless you tell it otherwise (`correction=0`).
# </details>
# <details><summary>Hint 2: the gradients of gain and bias</summary>
#
# Whatever is broadcast in the forward pass is summed in the backward pass. `gain` was used by every token, so sum over all axes but the last: `tuple(range(x.dim() - 1))`, or flatten the leading axes first.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Compute $\hat x$ again from `x`. $d\hat x$ is `d_out * gain`. Then three terms in the bracket: $d\hat x$, its mean over the last axis, and $\hat x$ times the mean of $d\hat x \cdot \hat x$ over the last axis. Divide all by the root.
# </details>

# %% test="layer_norm" points=12
visible_y = layer_norm(torch.tensor([[1.0, 3.0]]), torch.tensor([1.0, 2.0]), torch.tensor([0.0, 10.0]), eps=1e-12)
assert torch.allclose(visible_y, torch.tensor([[-1.0, 12.0]])), (
    f"x = [1, 3] has mean 2 and variance 1 (divided by D = 2); with gain [1, 2] and bias [0, 10] the result is [-1, 12], not {visible_y.tolist()}"
)
assert torch.allclose(layer_norm(torch.full((2, 3, 5), 7.0), torch.ones(5), torch.arange(5.0)), torch.arange(5.0).expand(2, 3, 5)), (
    "a vector of equal numbers is zero after centring, so only the bias is left"
)
visible_d_x, visible_d_gain, visible_d_bias = layer_norm_backward(
    torch.tensor([[3.0, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 3.0]]), torch.ones(3), 1e-12
)
assert visible_d_gain.shape == visible_d_bias.shape == (3,), "d_gain and d_bias have the shape of gain: (D,)"
assert torch.allclose(visible_d_gain * math.sqrt(2), torch.tensor([-3.0, 0.0, 0.0])), "d_gain is d_out times the normalised x, summed over the tokens"
assert torch.allclose(visible_d_x * math.sqrt(2), torch.tensor([[1.5, -1.5, 0.0]]), atol=1e-6), (
    f"√2 · d_x should be [1.5, -1.5, 0], got {(visible_d_x * math.sqrt(2)).tolist()}. Are both means subtracted?"
)

# %% [markdown]
# The comparison with autograd, and the two promises: no gradient along "all features up", none along "stretch".

# %%
generator = torch.Generator().manual_seed(0)
x, d_out = (torch.randn(3, 5, 7, generator=generator, dtype=torch.float64) for _ in range(2))
gain, bias = (torch.randn(7, generator=generator, dtype=torch.float64) for _ in range(2))
leaves = [tensor.clone().requires_grad_() for tensor in (x, gain, bias)]
by_autograd = torch.autograd.grad(F.layer_norm(leaves[0], (7,), leaves[1], leaves[2]), leaves, d_out)
by_hand = layer_norm_backward(d_out, x, gain, 1e-5)
for name, automatic, manual in zip(("d_x", "d_gain", "d_bias"), by_autograd, by_hand):
    print(f"{name:7} largest difference below 1e-12: {(automatic - manual).abs().max().item() < 1e-12}")
d_x = by_hand[0]
print("d_x adds up to zero in each token:", bool((d_x.sum(-1).abs() < 1e-12).all()))
print("d_x is (nearly) orthogonal to x - mean:", bool(((d_x * (x - x.mean(-1, keepdim=True))).sum(-1).abs() < 1e-4).all()))

# %% [markdown]
# ## Exercise 3 · `multi_head_attention` (14 points)
#
# difficulty ●●● · importance ●●● · about 60 minutes
#
# You know attention from the notebook before:
#
# $$\text{attention}(Q, K, V) = \text{softmax}\!\left( \frac{Q K^\top}{\sqrt{d_k}} \right) V .$$
#
# One softmax makes one set of weights, so a token gets *one* average of the others. But a letter wants several things at a time: the letter before it, the vowel it belongs to, the end of the word. One average of all that is mush.
#
# **Many heads.** Split the $d_{model}$ features into $h$ groups of $d_k = d_{model}/h$. Each group is a **head**: it attends by itself, with its own queries, keys and values. At the end the $h$ outputs are joined and mixed by one more matrix.
#
# $$\text{head}_i = \text{attention}(Q_i, K_i, V_i), \qquad \text{output} = [\text{head}_1; \dots; \text{head}_h]\; W_O .$$
#
# The heads cost nothing extra: $h$ products with vectors of size $d_k$ are as much work as one with vectors of size $d_{model}$.
#
# The steps and their shapes:
#
# | step | shape |
# |---|---|
# | `q_proj(query)` | (N, queries, d_model) |
# | cut the last axis into heads | (N, queries, heads, d_k) |
# | exchange two axes, so that each head is a matrix of its own | (N, heads, queries, d_k) |
# | scores, divided by $\sqrt{d_k}$, masked, softmax over the keys | (N, heads, queries, keys) |
# | weights times values | (N, heads, queries, d_k) |
# | exchange back, and join the heads | (N, queries, d_model) |
# | `out_proj` | (N, queries, d_model) |
#
# Head $i$ owns the features $i\,d_k$ to $(i+1)\,d_k - 1$, neighbours in memory. That is why the cut is `(heads, d_k)` in this order.
#
# **The famous trap.** Why not go from (N, queries, d_model) to (N, heads, queries, d_k) in one `view`? The shape comes out right. The contents do not. Here is one sequence of three tokens with four features, written as token.feature:

# %%
token_feature = torch.tensor([[t + f / 10 for f in range(4)] for t in range(3)]).unsqueeze(0)  # (1, 3, 4)
print("what head 0 gets from view(1, 2, 3, 2), tokens in rows:")
print(token_feature.view(1, 2, 3, 2)[0, 0].numpy())
print("what head 0 should get: features 0 and 1 of every token")
print(token_feature[0, :, :2].numpy())

# %% [markdown]
# In the wrong version head 0 sees one and a half tokens, cut to pieces, and takes them for three. No error, no warning: the network just learns badly. First cut, then exchange.
#
# **The mask** is boolean, True = may attend. It comes as (queries, keys) for all alike; or (N, queries, keys), one for each sequence; or with four axes that broadcast to (N, heads, queries, keys). Only the one with three axes needs care: its first axis is N, so the axis of the heads must be put in between.

# %% exercise="multi_head_attention"
class MultiHeadAttention(nn.Module):
    """Attention with several heads. Vaswani et al. 2017, §3.2.2."""

    def __init__(self, d_model: int, heads: int, dropout: float = 0.0) -> None:
        """Given. d_model must be a multiple of heads. All four maps have a bias."""
        super().__init__()
        if d_model % heads:
            raise ValueError(f"d_model = {d_model} is not a multiple of heads = {heads}")
        self.heads, self.d_k = heads, d_model // heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The output and the weights of every head.

        query       (N, queries, d_model)
        key, value  (N, keys, d_model)
        mask        boolean, True = may attend: (queries, keys), or (N, queries, keys), or four axes that broadcast to
                    (N, heads, queries, keys); None: every query may attend to every key

        Head i works on the features i·d_k … (i+1)·d_k - 1 of q_proj(query), k_proj(key), v_proj(value); scores are divided
        by √d_k. The heads' outputs are joined in order and go through out_proj.

        Returns output (N, queries, d_model) and weights (N, heads, queries, keys), in the dtype of the arguments; float32 inside
        is always precise enough. Blocked keys have weight exactly 0, beside allowed scores of -200,000 too. A query without any
        allowed key has weights 0 in that head; so the head gives zeros to out_proj. No NaN, however large the scores are, in the
        gradients neither. self.dropout acts on the weights before they meet the values; the weights that are returned are those
        before dropout, and only to look at: they need not carry a gradient. The arguments are not changed.
        Write it out: a call of torch's own attention (F.scaled_dot_product_attention, nn.MultiheadAttention) does not count.

        By hand: d_model = 2, heads = 2, all four maps the identity. Query [1, 2], keys [0, 0] and [ln 3, 0], values [0, 0]
        and [4, 8]. Head 0 has the scores 0 and ln 3, weights 1/4 and 3/4, output 3. Head 1: scores 0 and 0, output 4.
        """
        ### BEGIN SOLUTION
        q = self._split(self.q_proj(query))  # (N, heads, queries, d_k)
        k = self._split(self.k_proj(key))  # (N, heads, keys, d_k)
        v = self._split(self.v_proj(value))  # (N, heads, keys, d_k)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_k)  # (N, heads, queries, keys)
        if mask is not None:
            if mask.dim() == 3:
                mask = mask.unsqueeze(1)  # (N, 1, queries, keys)
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)
        heads = self.dropout(weights) @ v  # (N, heads, queries, d_k)
        joined = heads.transpose(1, 2).flatten(2)  # (N, queries, heads, d_k), then (N, queries, d_model)
        return self.out_proj(joined), weights

    def _split(self, x: Tensor) -> Tensor:
        """(N, T, d_model) to (N, heads, T, d_k)."""
        return x.unflatten(-1, (self.heads, self.d_k)).transpose(1, 2)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the cut</summary>
#
# `x.view(N, T, heads, d_k)` cuts the last axis; `.transpose(1, 2)` exchanges tokens and heads. Do it with queries, keys and values. Mind that keys and queries may differ in number.
# </details>
# <details><summary>Hint 2: the middle</summary>
#
# Scores, scale, mask with minus infinity, softmax over the keys, zero where blocked: all of it works on the last two axes and leaves (N, heads) alone. If the mask has three axes, give it one more in place 1.
# </details>
# <details><summary>Hint 3: the way back</summary>
#
# The same two steps in reverse: exchange tokens and heads, *then* join. After `transpose` the numbers don't lie in order any more, so `view` refuses; `reshape` or `flatten(2)` copy. If you join without exchanging first, the shapes fit only by luck.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# q, k, v = cut and exchange of the three maps; weights = masked softmax of `q @ k.transpose(-2, -1) / math.sqrt(self.d_k)`; heads = `self.dropout(weights) @ v`; exchange and join; `self.out_proj`. Return the weights as they were before dropout.
# </details>

# %% test="multi_head_attention" points=14
visible_attention = MultiHeadAttention(d_model=2, heads=2)
with torch.no_grad():
    for linear in (visible_attention.q_proj, visible_attention.k_proj, visible_attention.v_proj, visible_attention.out_proj):
        linear.weight.copy_(torch.eye(2))
        linear.bias.zero_()
visible_query, visible_key = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[0.0, 0.0], [math.log(3.0), 0.0]]])
visible_value = torch.tensor([[[0.0, 0.0], [4.0, 8.0]]])
visible_output, visible_weights = visible_attention(visible_query, visible_key, visible_value)
assert visible_weights.shape == (1, 2, 1, 2), f"the weights are (N, heads, queries, keys) = (1, 2, 1, 2), not {tuple(visible_weights.shape)}"
assert torch.allclose(visible_weights[0, :, 0], torch.tensor([[0.25, 0.75], [0.5, 0.5]])), "head 0 weighs 1/4 and 3/4, head 1 weighs 1/2 and 1/2"
assert torch.allclose(visible_output, torch.tensor([[[3.0, 4.0]]])), f"the joined outputs are [3, 4], got {visible_output.tolist()}"
visible_output, _ = visible_attention(visible_query, visible_key, visible_value, torch.tensor([[[True, False]]]))
assert torch.allclose(visible_output, torch.zeros(1, 1, 2)), "with the second key blocked only the value [0, 0] is left"

# %% [markdown]
# ## Exercise 4 · `feed_forward` (5 points)
#
# difficulty ●○○ · importance ●●○ · about 15 minutes
#
# Attention moves information between tokens, but it only ever takes *averages* of values. Somebody has to do something with what was collected. That is the **feed-forward** part: two linear maps with a ReLU in between, applied to each token by itself (§3.3).
#
# $$\text{FF}(x) = W_2\, \max(0,\; W_1 x + b_1) + b_2$$
#
# | what | shape |
# |---|---|
# | $x$ and result | (…, d_model) |
# | hidden layer | (…, d_ff); usually $d_{ff} = 4\, d_{model}$ |
#
# No token sees another one here. The same two matrices serve all positions.

# %% exercise="feed_forward"
class FeedForward(nn.Module):
    """Two linear maps with a ReLU in between, for each token by itself. Vaswani et al. 2017, §3.3."""

    def __init__(self, d_model: int, d_ff: int, dropout: float = 0.0) -> None:
        """Given."""
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """linear2(dropout(relu(linear1(x)))): (..., d_model) to (..., d_model), any leading axes.

        x is not changed. The result has the dtype of x; float32 inside is always precise enough.

        By hand: d_model = 1, d_ff = 2, linear1 with weight [[1], [-1]], linear2 with weight [[1, 1]], no biases.
        Then the result is |x|: one hidden unit lets positive numbers through, the other one negative numbers, turned round.
        """
        ### BEGIN SOLUTION
        hidden = torch.relu(self.linear1(x))  # (..., d_ff)
        return self.linear2(self.dropout(hidden))  # (..., d_model)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: nearly the answer</summary>
#
# Four functions, one inside the other, as the docstring's first line says. `torch.relu` makes a new tensor. `nn.Linear` works on the last axis and leaves the others alone.
# </details>

# %% test="feed_forward" points=5
visible_feed_forward = FeedForward(d_model=1, d_ff=2)
with torch.no_grad():
    visible_feed_forward.linear1.weight.copy_(torch.tensor([[1.0], [-1.0]]))
    visible_feed_forward.linear2.weight.copy_(torch.tensor([[1.0, 1.0]]))
    visible_feed_forward.linear1.bias.zero_()
    visible_feed_forward.linear2.bias.zero_()
visible_x = torch.tensor([[[3.0], [-5.0], [0.0]]])
assert visible_feed_forward(visible_x).shape == (1, 3, 1), "the shape of the result is that of x"
assert torch.equal(visible_feed_forward(visible_x), visible_x.abs()), (
    f"with these weights the result is |x| = [3, 5, 0]; yours is {visible_feed_forward(visible_x).flatten().tolist()}. Where is the ReLU?"
)
assert FeedForward(3, 7)(torch.zeros(2, 4, 3)).shape == (2, 4, 3), "d_model = 3 in, d_model = 3 out"

# %% [markdown]
# ## Adding, not replacing
#
# Now stack the parts. The first idea is $x \leftarrow \text{attention}(x)$, then $x \leftarrow \text{FF}(x)$. Twelve times this, and the gradient is as lost as in a recurrent network of a hundred steps.
#
# The cure is the one that saved the LSTM: **add, don't rewrite**. Each part computes a *change*, $x \leftarrow x + \text{part}(x)$. This is a **residual connection**. The derivative of $x + \text{part}(x)$ is $1 + {}$something: a path on which the gradient gets through whatever the parts do. Think of $x$ as a *stream* that runs through the network, from which every part reads, and to which every part adds.
#
# A sum of many changes grows. So normalise. But where? There are two orders, and the difference is one of the most consequential lines in deep learning.
#
# | order | each part does | who |
# |---|---|---|
# | **post-norm** | $x \leftarrow \text{norm}\big(x + \text{part}(x)\big)$ | the paper of 2017 |
# | **pre-norm** | $x \leftarrow x + \text{part}\big(\text{norm}(x)\big)$ | nearly everyone since 2020 |
#
# In post-norm the stream itself is normalised again and again. In pre-norm only the *copy* that a part reads is normalised, and the stream runs through untouched.

# %% [markdown]
# ## Exercise 5 · `encoder_layer` (9 points)
#
# difficulty ●●○ · importance ●●● · about 35 minutes
#
# A layer of the encoder has two parts: self-attention (query, key and value are the same sequence) and feed-forward. With $x$ of shape (N, T, d_model):
#
# $$\textbf{post-norm} \quad
# \begin{aligned} x &\leftarrow \text{norm}_1\big(x + \text{SA}(x)\big) \\ x &\leftarrow \text{norm}_2\big(x + \text{FF}(x)\big) \end{aligned}
# \qquad\qquad
# \textbf{pre-norm} \quad
# \begin{aligned} x &\leftarrow x + \text{SA}\big(\text{norm}_1(x)\big) \\ x &\leftarrow x + \text{FF}\big(\text{norm}_2(x)\big) \end{aligned}$$
#
# In pre-norm what is added to is $x$, *not* $\text{norm}(x)$. If you overwrite `x` by its normalised copy the residual path is gone.
#
# In training, dropout acts on what each part returns, before it is added (§5.4). The layers of PyTorch do the same.

# %% exercise="encoder_layer"
class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each with a residual connection and a norm. Vaswani et al. 2017, §3.1; Xiong et al. 2020."""

    def __init__(self, d_model: int, heads: int, d_ff: int, dropout: float = 0.0, norm_first: bool = False) -> None:
        """Given. norm_first False: post-norm, as in the paper; True: pre-norm."""
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, heads, dropout)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, T, d_model) to (N, T, d_model).

        mask  boolean or None, handed on to self.self_attention as it is: (T, T), (N, T, T), or broadcastable to (N, heads, T, T)

        norm_first False:  x = norm1(x + dropout(self_attention(x)));  x = norm2(x + dropout(feed_forward(x)))
        norm_first True:   x = x + dropout(self_attention(norm1(x)));  x = x + dropout(feed_forward(norm2(x)))

        Call the sub-modules: self.self_attention(query, key, value, mask) returns (output, weights), self.feed_forward(x) a
        tensor. While this exercise is graded other modules with the same arguments and results take their places.
        The dropout is self.dropout, and does nothing in eval mode. The arguments are not changed. The result has the dtype of x;
        float32 inside is always precise enough.

        By hand: let both parts return ten times what they get, x = [1, 3], norms with gain 1, bias 0, eps ≈ 0 (so the norm
        of [1, 3] is [-1, 1]). Pre-norm: [1, 3] + 10·[-1, 1] = [-9, 13], whose norm is [-1, 1] again; + 10·[-1, 1] = [-19, 23].
        Post-norm: the norm of [11, 33] is [-1, 1]; the norm of [-11, 11] is [-1, 1].
        """
        ### BEGIN SOLUTION
        if self.norm_first:
            h = self.norm1(x)  # a copy: the stream x itself stays as it is
            x = x + self.dropout(self.self_attention(h, h, h, mask)[0])
            return x + self.dropout(self.feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, mask)[0]))
        return self.norm2(x + self.dropout(self.feed_forward(x)))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two ifs or one</summary>
#
# The two orders share no line. Write them as two separate blocks, each of two lines, straight from the docstring.
# </details>
# <details><summary>Hint 2: what attention returns</summary>
#
# `self.self_attention` returns two things. You want the first. Its three arguments are the same tensor, then comes the mask.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# In pre-norm give the normalised copy a name of its own: `h = self.norm1(x)`. Attention gets `h` three times; the result goes through dropout and is added to `x`, not to `h`. The second part is alike, with norm2 and feed_forward.
# </details>

# %% test="encoder_layer" points=9
class TenTimes(nn.Module):
    """Stands in for a part of a layer: returns ten times what it gets (as attention: ten times the values, and the mask)."""

    def forward(self, query: Tensor, key: Tensor | None = None, value: Tensor | None = None, mask: Tensor | None = None):
        return 10 * query if value is None else (10 * value, mask)


visible_x = torch.tensor([[[1.0, 3.0]]])
for norm_first, expected in ((True, [-19.0, 23.0]), (False, [-1.0, 1.0])):
    visible_layer = EncoderLayer(d_model=2, heads=1, d_ff=5, norm_first=norm_first)
    visible_layer.self_attention, visible_layer.feed_forward = TenTimes(), TenTimes()
    got = visible_layer(visible_x)[0, 0].tolist()
    assert [round(number, 3) for number in got] == expected, f"norm_first={norm_first}: x = [1, 3] should become {expected}, got {got}"
visible_layer = EncoderLayer(d_model=2, heads=1, d_ff=5, dropout=0.5, norm_first=True).eval()
visible_layer.self_attention, visible_layer.feed_forward = TenTimes(), TenTimes()
assert torch.allclose(visible_layer(visible_x), torch.tensor([[[-19.0, 23.0]]]), atol=1e-3), "in eval mode dropout does nothing: use self.dropout"

# %% [markdown]
# ## Exercise 6 · `decoder_layer` (9 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# The decoder writes. Its layers have three parts:
#
# 1. **self-attention** over what has been written so far, with a causal mask: no peeping at later tokens;
# 2. **cross-attention**: the queries come from the decoder, the keys and values from the **memory**, the output of the encoder. "I have written this much: which part of the source do I need now?" This is the attention of the notebook before;
# 3. **feed-forward**.
#
# | what | shape |
# |---|---|
# | `x`, the decoder's stream | (N, T, d_model) |
# | `memory` | (N, S, d_model) |
# | `self_mask` | (T, T), (N, T, T), or broadcastable to (N, heads, T, T): T queries, T keys |
# | `memory_mask` | (T, S), (N, T, S), or broadcastable to (N, heads, T, S): T queries, S keys |
#
# Each mask has its own place. The source is known from beginning to end, so nothing about cross-attention is causal.

# %% exercise="decoder_layer"
class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and feed-forward, each with a residual connection and a norm. Vaswani et al. 2017, §3.1."""

    def __init__(self, d_model: int, heads: int, d_ff: int, dropout: float = 0.0, norm_first: bool = False) -> None:
        """Given. norm_first False: post-norm, as in the paper; True: pre-norm."""
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, heads, dropout)
        self.cross_attention = MultiHeadAttention(d_model, heads, dropout)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.norm3 = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(self, x: Tensor, memory: Tensor, self_mask: Tensor | None = None, memory_mask: Tensor | None = None) -> Tensor:
        """x (N, T, d_model) and memory (N, S, d_model) to (N, T, d_model).

        self_mask    boolean or None, handed on to self.self_attention as it is (T queries, T keys)
        memory_mask  boolean or None, handed on to self.cross_attention as it is (T queries, S keys)

        norm_first False:  x = norm1(x + dropout(self_attention(x)))
                           x = norm2(x + dropout(cross_attention(x, memory)))
                           x = norm3(x + dropout(feed_forward(x)))
        norm_first True:   x = x + dropout(self_attention(norm1(x)))
                           x = x + dropout(cross_attention(norm2(x), memory))
                           x = x + dropout(feed_forward(norm3(x)))

        In cross-attention the query comes from x, key and value are both the memory, which is not normalised here.
        No causal mask is made here: whoever calls the layer gives it as self_mask.
        Call the sub-modules; while this exercise is graded others take their places, as in exercise 5.
        The dropout is self.dropout, and does nothing in eval mode. The arguments are not changed. The result has the dtype of x;
        float32 inside is always precise enough.

        By hand: let each part return ten times what it gets (an attention: ten times its values), x = [1, 3], memory = [0, 0.2].
        Pre-norm: [1, 3] → [-9, 13] → [-9, 13] + [0, 2] = [-9, 15] → [-19, 25]. Post-norm ends with the norm of [-11, 11], [-1, 1].
        """
        ### BEGIN SOLUTION
        if self.norm_first:
            h = self.norm1(x)
            x = x + self.dropout(self.self_attention(h, h, h, self_mask)[0])
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask)[0])
            return x + self.dropout(self.feed_forward(self.norm3(x)))
        x = self.norm1(x + self.dropout(self.self_attention(x, x, x, self_mask)[0]))
        x = self.norm2(x + self.dropout(self.cross_attention(x, memory, memory, memory_mask)[0]))
        return self.norm3(x + self.dropout(self.feed_forward(x)))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one part more</summary>
#
# It is the encoder's layer with one part more in the middle. Only the arguments of the cross-attention are new: query from the stream, key and value from the memory, and its own mask.
# </details>
# <details><summary>Hint 2: nearly the answer</summary>
#
# Pre-norm, middle line: `x` plus dropout of the first result of `self.cross_attention` with the arguments norm2 of x, memory, memory, memory_mask.
# </details>

# %% test="decoder_layer" points=9
class TenTimesTheValues(nn.Module):
    """Stands in for a part of a layer: ten times what it gets (as attention: ten times the mean of the values, and the mask)."""

    def forward(self, query: Tensor, key: Tensor | None = None, value: Tensor | None = None, mask: Tensor | None = None):
        return 10 * query if value is None else (10 * value.mean(dim=1, keepdim=True).expand_as(query), mask)


visible_x, visible_memory = torch.tensor([[[1.0, 3.0]]]), torch.tensor([[[0.0, 0.2], [0.0, 0.2]]])
for norm_first, expected in ((True, [-19.0, 25.0]), (False, [-1.0, 1.0])):
    visible_layer = DecoderLayer(d_model=2, heads=1, d_ff=5, norm_first=norm_first)
    visible_layer.self_attention, visible_layer.cross_attention, visible_layer.feed_forward = (TenTimesTheValues() for _ in range(3))
    got = visible_layer(visible_x, visible_memory)
    assert got.shape == (1, 1, 2), f"the result has the shape of x, (1, 1, 2), not {tuple(got.shape)}: does the query come from x?"
    got = [round(number, 3) for number in got[0, 0].tolist()]
    assert got == expected, f"norm_first={norm_first}: expected {expected}, got {got}"

# %% [markdown]
# ## Why the order of norm and sum matters
#
# Xiong and colleagues asked in 2020 why the original needs such care at the start of training. Here is their finding, measured on your own encoder layers at initialisation.
#
# Left: the spread of the stream. Pre-norm lets it grow, because each layer adds something. Post-norm resets it after each part.
#
# Right: the gradient of the last layer's second feed-forward matrix, for networks of different depth. In pre-norm it shrinks as the network gets deeper: the stream that it adds to is large, and the final norm divides by that. In post-norm the top layer gets the full blast, however deep the network.

# %% tags=["slow"]
def gradient_at_the_top(layers: int, norm_first: bool, seed: int, d_model: int = 16) -> tuple[float, list[float]]:
    """The norm of the gradient in the last layer, and the spread of the stream after each layer, at initialisation."""
    torch.manual_seed(seed)
    tower = [EncoderLayer(d_model, 4, 4 * d_model, norm_first=norm_first) for _ in range(layers)]
    for parameter in (parameter for layer in tower for parameter in layer.parameters() if parameter.dim() > 1):
        nn.init.xavier_uniform_(parameter)
    last_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
    read_out, targets = nn.Linear(d_model, 10), torch.randint(10, (24 * 7,))
    x, spread = torch.randn(24, 7, d_model), []
    for layer in tower:
        x = layer(x)
        spread.append(x.std().item())
    F.cross_entropy(read_out(last_norm(x)).flatten(0, 1), targets).backward()
    return tower[-1].feed_forward.linear2.weight.grad.norm().item(), spread


depths, seeds = [2, 4, 8, 16], range(3)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9))
ratio = {}
for norm_first, colour, marker, label in ((False, RED, "o", "post-norm (2017)"), (True, BLUE, "s", "pre-norm")):
    runs = {layers: [gradient_at_the_top(layers, norm_first, seed) for seed in seeds] for layers in depths}
    left.plot(range(1, 17), runs[16][0][1], marker + "-", color=colour, markersize=4, label=label)
    norms = [sum(norm for norm, _ in runs[layers]) / len(seeds) for layers in depths]
    right.plot(depths, norms, marker + "-", color=colour, label=label)
    ratio[label] = norms[-1] / norms[0]
left.set(title="spread of the stream, 16 layers", xlabel="layer", ylabel="standard deviation", ylim=(0, None), xticks=range(2, 17, 2))
right.set(title="gradient in the last layer", xlabel="number of layers", ylabel="norm", ylim=(0, None), xticks=depths)
for axis in (left, right):
    axis.legend(frameon=False)
plt.tight_layout()
plt.show()
for label, change in ratio.items():
    print(f"{label}: from 2 to 16 layers the gradient falls below two thirds: {change < 2 / 3}")

# %% [markdown]
# A large gradient in the top layers at the very first step, when the network knows nothing: one step of full size can wreck it. The authors of 2017 avoided that by starting with tiny steps (exercise 9). Pre-norm makes it less urgent. We use pre-norm from here on.

# %% [markdown]
# ## Exercise 7 · `transformer` (13 points)
#
# difficulty ●●● · importance ●●● · about 60 minutes
#
# All parts are there. Put them together.
#
# ```
#    source                                 target so far
#      │                                        │
#  embedding·√d_model                    embedding·√d_model
#      + positions                           + positions
#      │                                        │
#  encoder layer 1                       decoder layer 1 ◀──┐
#      ⋮                                        ⋮            │ memory
#  encoder layer n                       decoder layer n ◀──┤
#      │                                        │            │
#    norm ─────────── memory ─────────────────────────────────┘
#                                             norm
#                                               │
#                                  · target embedding, transposed
#                                               │
#                                             logits
# ```
#
# Four details, each of which someone forgets.
#
# **Scale.** The embeddings are initialised with standard deviation $1/\sqrt{d_{model}}$ and multiplied by $\sqrt{d_{model}}$ when they are read (§3.4). Then they are about as large as the positions that are added.
#
# **Tied output.** To score word $w$, compare the decoder's vector with *the embedding of* $w$: $\text{logits} = x\, E^\top$, where $E$ (target_vocab, d_model) is the matrix of the target embedding. One matrix does both jobs (Press & Wolf 2017). No bias, and no $\sqrt{d_{model}}$ on the way out.
#
# **Masks.** Nobody looks at padding of the source: neither the encoder's self-attention nor the decoder's cross-attention. The decoder's self-attention looks at no later token; and padding of the target is later than every real one. All masks are made inside, from `pad_id`.
#
# **The shift.** The target starts with a token `bos`. At place $t$ the decoder has read the target up to and including $t$, and scores the token that comes *next*. So in training it is fed `target[:, :-1]` and its logits are compared with `target[:, 1:]`. The shift is made by whoever trains: `forward` shifts nothing.
#
# | what | shape |
# |---|---|
# | source, target | (N, S), (N, T) integer ids, padded at their ends with pad_id |
# | memory | (N, S, d_model) |
# | logits | (N, T, target_vocab) |

# %% exercise="transformer"
class Transformer(nn.Module):
    """An encoder and a decoder of attention alone. Vaswani et al. 2017; with norm_first as in Xiong et al. 2020."""

    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        d_model: int,
        heads: int,
        d_ff: int,
        layers: int,
        pad_id: int,
        dropout: float = 0.0,
        norm_first: bool = True,
    ) -> None:
        """Given. `layers` encoder layers and as many decoder layers. The last norms exist only with norm_first."""
        super().__init__()
        self.d_model, self.pad_id = d_model, pad_id
        self.source_embedding = nn.Embedding(source_vocab, d_model)
        self.target_embedding = nn.Embedding(target_vocab, d_model)
        nn.init.normal_(self.source_embedding.weight, std=d_model**-0.5)
        nn.init.normal_(self.target_embedding.weight, std=d_model**-0.5)
        self.encoder_layers = nn.ModuleList(EncoderLayer(d_model, heads, d_ff, dropout, norm_first) for _ in range(layers))
        self.decoder_layers = nn.ModuleList(DecoderLayer(d_model, heads, d_ff, dropout, norm_first) for _ in range(layers))
        self.encoder_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.decoder_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> Tensor:
        """The memory (N, S, d_model) of the source (N, S), integer ids with pad_id at the end of short rows.

        1. x = dropout(source_embedding(source) · √d_model + positions), positions 0 … S - 1 as in exercise 1,
           in the dtype of the embedding;
        2. each of self.encoder_layers in order: x = layer(x, mask), where no query may attend to padding;
        3. self.encoder_norm.

        The memory at padded places may be anything: nobody looks at it. source is not changed. The memory has the dtype of the
        embedding, and so have the logits of decode; float32 inside is always precise enough.
        """
        ### BEGIN SOLUTION
        x = self._embed(self.source_embedding, source)  # (N, S, d_model)
        mask = self._real(source)  # (N, 1, 1, S)
        for layer in self.encoder_layers:
            x = layer(x, mask)
        return self.encoder_norm(x)
        ### END SOLUTION

    def decode(self, target: Tensor, memory: Tensor, source: Tensor) -> Tensor:
        """The logits (N, T, target_vocab) for a target (N, T) that starts with bos, given memory = encode(source).

        1. x = dropout(target_embedding(target) · √d_model + positions), as in encode;
        2. each of self.decoder_layers in order: x = layer(x, memory, self_mask, memory_mask). self_mask: query t may attend to
           keys 0 … t, itself included. (Padding stands at the ends of rows, later than every real token: whether it is blocked
           too makes no difference.) memory_mask: not to padding of the source;
        3. self.decoder_norm;
        4. logits = x @ transpose of target_embedding.weight; no bias, no scaling.

        logits[:, t] has seen target[:, : t + 1] and scores the token after it: nothing is shifted here, and a change of the
        target at step t alters no logits before t. The logits at padded places of the target may be anything. The arguments are
        not changed, and decode may be called again with other lengths.

        By hand: layers = 0, norm_first = False, target_embedding.weight = [[0, 0], [1, 0], [0, 1]], target [[1]]:
        x = √2·[1, 0] + [0, 1] = [1.4142, 1], logits [0, 1.4142, 1].
        """
        ### BEGIN SOLUTION
        T = target.shape[1]
        x = self._embed(self.target_embedding, target)  # (N, T, d_model)
        causal = torch.ones(T, T, dtype=torch.bool, device=target.device).tril()  # (T, T)
        self_mask = self._real(target) & causal  # (N, 1, T, T)
        memory_mask = self._real(source)  # (N, 1, 1, S)
        for layer in self.decoder_layers:
            x = layer(x, memory, self_mask, memory_mask)
        return self.decoder_norm(x) @ self.target_embedding.weight.T  # (N, T, target_vocab)
        ### END SOLUTION

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """The logits (N, T, target_vocab) of every next token: decode(target, encode(source), source).

        The layers are called as self.encoder_layers and self.decoder_layers say. While this exercise is graded other layers
        take their places: layer(x, mask) and layer(x, memory, self_mask, memory_mask), with masks as in exercises 5 and 6.
        """
        ### BEGIN SOLUTION
        return self.decode(target, self.encode(source), source)

    def _embed(self, embedding: nn.Embedding, tokens: Tensor) -> Tensor:
        """(N, T) to (N, T, d_model): the scaled embeddings plus the positions."""
        x = embedding(tokens) * math.sqrt(self.d_model)
        return self.dropout(x + sinusoidal_positions(tokens.shape[1], self.d_model).to(x))

    def _real(self, tokens: Tensor) -> Tensor:
        """True at tokens that are not padding, (N, 1, 1, T): the same for all heads and queries."""
        return (tokens != self.pad_id).unsqueeze(1).unsqueeze(1)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: helpers</summary>
#
# Source and target are embedded in the same way. Write a small method for it (in any of the three regions), and another one for the mask of real tokens.
# </details>
# <details><summary>Hint 2: the masks</summary>
#
# `tokens != self.pad_id` is (N, T). With two more axes of size 1 it is (N, 1, 1, T), the same for all heads and all queries. A causal mask (T, T) is a lower triangle with its diagonal: `torch.ones(T, T, dtype=torch.bool).tril()`. The two together by `&`, which broadcasts.
# </details>
# <details><summary>Hint 3: positions</summary>
#
# `sinusoidal_positions(T, d_model)` is (T, d_model) and broadcasts over the batch. It is float32; if the embeddings are not, `.to(x.dtype)` makes it fit.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# encode: embed, loop over `self.encoder_layers` with `x = layer(x, mask)`, `self.encoder_norm`. decode: embed, loop over `self.decoder_layers` with `x = layer(x, memory, self_mask, memory_mask)`, `self.decoder_norm`, times `self.target_embedding.weight.T`. Call the norms always: without norm_first they are identities.
# </details>

# %% test="transformer" points=13
visible_model = Transformer(source_vocab=5, target_vocab=3, d_model=2, heads=1, d_ff=4, layers=0, pad_id=0, norm_first=False)
with torch.no_grad():
    visible_model.target_embedding.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
visible_logits = visible_model(torch.tensor([[4, 3]]), torch.tensor([[1]]))
assert visible_logits.shape == (1, 1, 3), f"the logits are (N, T, target_vocab) = (1, 1, 3), not {tuple(visible_logits.shape)}"
assert torch.allclose(visible_logits[0, 0], torch.tensor([0.0, 1.4142, 1.0]), atol=1e-4), (
    f"without layers the logits are (√2·[1, 0] + [0, 1]) times the embeddings = [0, 1.4142, 1], got {visible_logits[0, 0].tolist()}"
)
torch.manual_seed(0)
visible_model = Transformer(source_vocab=7, target_vocab=5, d_model=6, heads=2, d_ff=8, layers=2, pad_id=0).eval()
visible_source = torch.tensor([[3, 1, 4]])
visible_logits = visible_model(visible_source, torch.tensor([[1, 2, 3, 4]]))
visible_other = visible_model(visible_source, torch.tensor([[1, 2, 4, 4]]))
assert torch.allclose(visible_logits[:, :2], visible_other[:, :2], atol=1e-5), "the target was changed at step 2, but the logits before it changed"
assert not torch.allclose(visible_logits[:, 2], visible_other[:, 2], atol=1e-3), "the logits at step 2 should depend on the token of step 2"
visible_padded = visible_model(torch.tensor([[3, 1, 4, 0, 0]]), torch.tensor([[1, 2, 3, 4]]))
assert torch.allclose(visible_logits, visible_padded, atol=1e-5), "padding at the end of the source must not change the logits"

# %% [markdown]
# **See causality.** Change one token of the target and look which logits move. Row: the token that is changed. Column: the place where the logits are read. The scale is logarithmic; the darkest cells did not move at all.

# %% tags=["slow"]
from matplotlib.colors import LogNorm

torch.manual_seed(1)
probe = Transformer(source_vocab=9, target_vocab=9, d_model=16, heads=4, d_ff=32, layers=2, pad_id=0).eval()
source, target = torch.tensor([[5, 3, 8, 1, 2, 6]]), torch.tensor([[1, 4, 2, 7, 5, 3, 8]])
moved_by_target = torch.zeros(7, 7)
moved_by_source = torch.zeros(6, 7)
with torch.no_grad():
    before = probe(source, target)
    for t in range(7):
        other = target.clone()
        other[0, t] = 6
        moved_by_target[t] = (probe(source, other) - before).abs().amax(dim=2)[0]
    for s in range(6):
        other = source.clone()
        other[0, s] = 7
        moved_by_source[s] = (probe(other, target) - before).abs().amax(dim=2)[0]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
for axis, moved, title in ((left, moved_by_target, "a token of the target is changed"), (right, moved_by_source, "a token of the source is changed")):
    image = axis.imshow(moved.clamp(min=1e-9), cmap="cividis", norm=LogNorm(1e-3, 1))
    axis.set(title=title, xlabel="logits at place", ylabel="changed token")
figure.colorbar(image, ax=(left, right), label="largest change of a logit", extend="both")
plt.show()
print("nothing moves before the changed token:", bool((moved_by_target.tril(-1) < 1e-6).all()))
print("every logit moves at and after it:", bool((moved_by_target[torch.ones(7, 7).triu().bool()] > 1e-4).all()))
print("every place of the target sees every token of the source:", bool((moved_by_source > 1e-4).all()))

# %% [markdown]
# The left picture is what makes training parallel. One pass gives the logits of *all* steps, each as if the model had written only so far. A recurrent decoder needed T steps for that.
#
# **Count the parameters.** Each attention has four maps of $d^2 + d$ numbers, the feed-forward part $2\, d\, d_{ff} + d_{ff} + d$, a norm $2d$. A formula, checked against the model above, and then used for the base model of the paper.

# %% tags=["slow"]
def count_parameters(source_vocab: int, target_vocab: int, d: int, d_ff: int, layers: int) -> int:
    """The number of parameters of a pre-norm Transformer; the heads don't matter."""
    attention, feed_forward, norm = 4 * (d * d + d), 2 * d * d_ff + d_ff + d, 2 * d
    encoder, decoder = attention + feed_forward + 2 * norm, 2 * attention + feed_forward + 3 * norm
    return (source_vocab + target_vocab) * d + layers * (encoder + decoder) + 2 * norm


counted = sum(parameter.numel() for parameter in probe.parameters())
print("formula and model agree:", counted == count_parameters(9, 9, 16, 32, 2))
base = count_parameters(0, 37_000, 512, 2048, 6)  # one embedding, shared by source, target and output
print(f"the base model of 2017: {base / 1e6:.0f} million parameters, of which {37_000 * 512 / base:.0%} are embeddings")

# %% [markdown]
# (The table in the paper says 65 million.)

# %% [markdown]
# ## Exercise 8 · `label_smoothing` (8 points)
#
# difficulty ●●○ · importance ●●○ · about 30 minutes
#
# Cross-entropy is never satisfied. With the right token at 99 % it still pushes for 99.9 %, and the logits must grow without end. The model becomes very sure of itself, also where it is wrong.
#
# **Label smoothing** (§5.4) asks for a little less: the right token should get $1 - s$, and the rest $s$ is spread over all other tokens. The target distribution over the vocabulary of $V$ tokens, with padding left out, is
#
# $$q_k = (1 - s)\,[k = \text{target}] + \frac{s}{V - 1} \quad\text{for } k \neq \text{pad}, \qquad q_{pad} = 0 .$$
#
# The bracket is 1 if the condition holds and else 0. The target itself also gets its share $s/(V-1)$. There are $V - 1$ tokens that are not padding, so all $q_k$ add up to $(1 - s) + s = 1$.
#
# The loss of one token is the cross-entropy with this distribution, and the loss of a batch is the mean over all *real* tokens:
#
# $$\ell_t = -\sum_k q_k \log p_k, \qquad p = \text{softmax}(\text{logits}), \qquad L = \frac{1}{\#\text{real}} \sum_{t\ \text{real}} \ell_t .$$
#
# The softmax itself runs over all $V$ tokens, padding included.

# %% exercise="label_smoothing"
def label_smoothing_loss(logits: Tensor, targets: Tensor, smoothing: float, pad_id: int) -> Tensor:
    """The mean over real tokens of the cross-entropy with smoothed targets; a tensor with a single number, shape ().

    logits     (N, T, V), not normalised; V at least 2
    targets    (N, T) int64 ids; where a target equals pad_id there is no token
    smoothing  s, from 0 to less than 1; 0 gives plain cross-entropy
    pad_id     the padding's id, from 0 to V - 1

    The target distribution of a real token is (1 - s)·one-hot(target) + s / (V - 1) on every token but padding, the target
    included, and 0 on padding. The softmax runs over all V tokens. Natural logarithm.
    The mean is over all real tokens of the batch together. If there is no real token, with any smoothing, the loss is 0 and so
    is its gradient: loss.backward() works then too.
    Logits of ±10,000 are fine. The result has the dtype of logits; float32 inside is always precise enough. The arguments are not
    changed.

    By hand: V = 3, pad_id 0, s = 0.2, one token with target 1, softmax of the logits = [1/4, 1/2, 1/4]. The target distribution
    is [0, 0.9, 0.1] and the loss 0.9·ln 2 + 0.1·ln 4 = 0.7625.
    Szegedy et al. 2016, §7; Vaswani et al. 2017, §5.4.
    """
    ### BEGIN SOLUTION
    log_p = torch.log_softmax(logits, dim=-1)  # (N, T, V)
    n_tokens = logits.shape[-1]
    real = targets != pad_id  # (N, T)
    of_target = log_p.gather(-1, targets.unsqueeze(-1)).squeeze(-1)  # (N, T)
    of_all = log_p.sum(dim=-1) - log_p[..., pad_id]  # (N, T), over every token but padding
    losses = -(1 - smoothing) * of_target - smoothing / (n_tokens - 1) * of_all
    return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: either build q …</summary>
#
# Make a tensor like the logits, filled with $s/(V-1)$. Add $1 - s$ at the targets (`scatter_add` or `F.one_hot`). Set column `pad_id` to zero. Then the loss of each token is minus the sum of `q * log_softmax(logits)` over the last axis.
# </details>
# <details><summary>Hint 2: … or split the sum</summary>
#
# $-\sum_k q_k \log p_k = -(1-s) \log p_{target} - \frac{s}{V-1} \sum_{k \neq pad} \log p_k$. The first term picks with `gather`, the second is the sum over all minus the one at `pad_id`.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# You have a loss for each place, (N, T). Set those at padding to zero, add up, divide by the number of real tokens, but at least by 1 (`clamp(min=1)`), so that a batch of padding gives 0 and not 0/0.
# </details>

# %% test="label_smoothing" points=8
visible_logits = torch.tensor([[[0.25, 0.5, 0.25]]]).log()
visible_loss = label_smoothing_loss(visible_logits, torch.tensor([[1]]), 0.2, 0)
assert visible_loss.shape == (), f"the loss is one number, with shape (), not {tuple(visible_loss.shape)}"
assert abs(visible_loss.item() - (0.9 * math.log(2) + 0.1 * math.log(4))) < 1e-5, (
    f"the target distribution is [0, 0.9, 0.1], so the loss is 0.9·ln 2 + 0.1·ln 4 = 0.7625, not {visible_loss.item():.4f}"
)
visible_loss = label_smoothing_loss(visible_logits.expand(1, 3, 3), torch.tensor([[1, 0, 0]]), 0.2, 0)
assert abs(visible_loss.item() - 0.7625) < 1e-3, "two places of padding beside the token must not change the mean"
assert label_smoothing_loss(visible_logits, torch.tensor([[0]]), 0.2, 0).item() == 0, "without any real token the loss is 0"

# %% [markdown]
# The loss of one token, as the model puts more and more on the right answer (the rest is spread evenly). Without smoothing the curve falls for ever. With smoothing there is a lowest point, and beyond it, being *too* sure costs.

# %% tags=["slow"]
V = 11
p_right = torch.linspace(0.5, 0.9995, 600)
rest = ((1 - p_right) / (V - 1)).unsqueeze(1).expand(-1, V).clone()
rest[:, 1] = p_right
figure, axis = plt.subplots(figsize=(6, 3))
lowest = {}
for smoothing, colour, line in ((0.0, "black", ":"), (0.1, BLUE, "-"), (0.2, RED, "--")):
    losses = [label_smoothing_loss(row.log().view(1, 1, V), torch.tensor([[1]]), smoothing, 0).item() for row in rest]
    axis.plot(p_right, losses, line, color=colour, label=f"smoothing {smoothing:g}")
    lowest[smoothing] = p_right[losses.index(min(losses))].item()
    if smoothing:
        axis.plot(lowest[smoothing], min(losses), "o", color=colour)
axis.set(xlabel="probability of the right token", ylabel="loss of the token", ylim=(0, 1.6), title="never quite sure")
axis.legend(frameon=False)
plt.show()
print("the lowest points lie at", {smoothing: round(place, 2) for smoothing, place in lowest.items() if smoothing})

# %% [markdown]
# They lie at $1 - s + s/(V-1)$: exactly the share that the target distribution gives to the right token.

# %% [markdown]
# ## Exercise 9 · `warmup_schedule` (4 points)
#
# difficulty ●○○ · importance ●●○ · about 10 minutes
#
# Start gently. For the first `warmup` steps the learning rate grows in proportion to the step. Then it falls with the inverse root of the step (§5.3):
#
# $$\text{rate}(\text{step}) = d_{model}^{-1/2} \cdot \min\!\big(\text{step}^{-1/2},\ \ \text{step} \cdot \text{warmup}^{-3/2}\big) .$$
#
# At step = warmup both are equal. Steps count from 1: at 0 the first term is infinite.

# %% exercise="warmup_schedule"
def warmup_learning_rate(step: int, d_model: int, warmup: int) -> float:
    """The learning rate at a step: d_model^-0.5 · min(step^-0.5, step · warmup^-1.5).

    step     from 1; a smaller one raises ValueError
    d_model  at least 1
    warmup   at least 1; the rate is largest at step = warmup

    By hand: d_model 16, warmup 4 give 0.03125 at step 1, 0.125 at step 4, 0.0625 at step 16.
    Vaswani et al. 2017, §5.3.
    """
    ### BEGIN SOLUTION
    if step < 1:
        raise ValueError(f"steps count from 1, got {step}")
    return d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: nearly the answer</summary>
#
# In Python a power is `**`, and `4**-0.5` is one half. First the check, then the formula as it stands.
# </details>

# %% test="warmup_schedule" points=4
for visible_step, expected in ((1, 0.03125), (4, 0.125), (16, 0.0625)):
    got = warmup_learning_rate(visible_step, 16, 4)
    assert abs(got - expected) < 1e-12, f"step {visible_step} with d_model 16 and warmup 4: expected {expected}, got {got}"
try:
    warmup_learning_rate(0, 16, 4)
except ValueError:
    pass
else:
    raise AssertionError("step 0 should raise ValueError: steps count from 1")

# %% tags=["slow"]
steps = range(1, 20_001)
figure, axis = plt.subplots(figsize=(6, 2.7))
for d_model, warmup, colour, line in ((512, 4000, BLUE, "-"), (512, 8000, RED, "--"), (256, 4000, GREEN, "-.")):
    rates = [1000 * warmup_learning_rate(step, d_model, warmup) for step in steps]
    axis.plot(steps, rates, line, color=colour, label=rf"$d_{{model}}$ = {d_model}, warmup = {warmup:,}")
axis.set(xlabel="step", ylabel="learning rate × 1000", title="up in a straight line, down with the root", ylim=(0, None), xticks=range(0, 20_001, 4000))
axis.legend(frameon=False)
plt.show()
print("largest rate of the base model, times 1000:", round(1000 * max(warmup_learning_rate(step, 512, 4000) for step in steps), 2))

# %% [markdown]
# ## Exercise 10 · `beam_search` (12 points)
#
# difficulty ●●● · importance ●●● · about 60 minutes
#
# A trained model gives the probability of each next token. Which *sequence* is the most probable? Taking the best token at each step ("greedy") can lead up a garden path. Look at this tiny model with the words A, B and the end `.`:

# %%
TREE = {  # the probabilities of A, B and the end, after each prefix
    "": (0.55, 0.40, 0.05),
    "A": (0.35, 0.33, 0.32),
    "B": (0.02, 0.03, 0.95),
    "AA": (0.20, 0.20, 0.60),
    "AB": (0.25, 0.25, 0.50),
}

# %% tags=["slow"]
places = {"": (0, 0), "A": (1, 1.5), "B": (1, -1.2), ".": (1, 0.2), "AA": (2, 2.8), "AB": (2, 1.5), "A.": (2, 0.6), "B.": (2, -1.2), "AA.": (3, 2.8), "AB.": (3, 1.5)}
figure, axis = plt.subplots(figsize=(8, 3.1))
for name, (x, y) in places.items():
    if name:
        parent = name[:-1]
        probability = TREE[parent]["AB.".index(name[-1])]
        greedy, best = name in ("A", "AA", "AA."), name in ("B", "B.")
        colour, style = (RED, "--") if greedy else (BLUE, "-") if best else (GREY, "-")
        axis.plot((places[parent][0], x), (places[parent][1], y), style, color=colour, linewidth=1 + 5 * probability, zorder=1)
        axis.text((places[parent][0] + x) / 2, (places[parent][1] + y) / 2 + 0.17, f"{probability:.2f}", ha="center")
    axis.text(x, y, name or "start", ha="center", va="center", bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": GREY})
axis.text(3.25, 2.8, f"greedy: {0.55 * 0.35 * 0.60:.2f}", color=RED, va="center", fontweight="bold")
axis.text(2.25, -1.2, f"best: {0.40 * 0.95:.2f}", color=BLUE, va="center", fontweight="bold")
axis.set(xlim=(-0.3, 3.8), ylim=(-1.8, 3.3), title="the garden path")
axis.axis("off")
plt.show()

# %% [markdown]
# Greedy search takes A, because 0.55 is more than 0.40, and ends up with a sentence three times less probable than "B.". It cannot go back. Trying *all* sequences is out of the question: there are $V^{length}$.
#
# **Beam search** keeps a few drafts at a time. A **hypothesis** is a sequence so far together with its log-probability, the sum of the log-probabilities of its tokens. In each step
#
# 1. every live hypothesis is continued by every token: (number of live ones) × $V$ candidates;
# 2. the best `beam` of them, by log-probability, are kept;
# 3. those that end in `eos` are **finished** and leave the beam. The others are the live ones of the next step.
#
# A place that a finished hypothesis held is free again: the next step keeps the best `beam` continuations of whoever is live. The search ends after `max_length` tokens, or earlier if nobody is live. Whoever is still live at `max_length` competes with the finished ones as it is.
#
# **Length.** Every further token makes the log-probability smaller, so short hypotheses have an advantage that they did not earn. The remedy of Wu et al. (2016, §7) is to divide by a penalty that grows with the length $|Y|$:
#
# $$\text{score}(Y) = \frac{\log P(Y)}{lp(Y)}, \qquad lp(Y) = \left( \frac{5 + |Y|}{5 + 1} \right)^{\alpha} .$$
#
# $|Y|$ counts the generated tokens: `eos` is one, `bos` is not. With $\alpha = 0$ nothing is divided. Log-probabilities are negative, so a larger divisor makes a *better* score. Inside a step all candidates have the same length, so the penalty is only needed at the end, to compare hypotheses of different lengths.

# %% exercise="beam_search"
def beam_search(
    log_probs: Callable[[Tensor], Tensor], bos_id: int, eos_id: int, beam: int, max_length: int, alpha: float
) -> tuple[list[int], float]:
    """The best hypothesis that beam search finds, and its score.

    log_probs   a function: prefixes, an int64 tensor (n, t) of n sequences that all begin with bos, to log-probabilities (n, V)
                of the next token, natural logarithm, each row normalised; some may be -inf. n may be any number from 1.
    bos_id      every hypothesis begins with it
    eos_id      a hypothesis that ends with it is finished
    beam        how many continuations are kept in a step, at least 1; it may be larger than V
    max_length  at least 1: the most tokens that are generated, eos included, bos not
    alpha       at least 0, the exponent of the length penalty

    Start with one live hypothesis [bos]. In each step rank all continuations of all live hypotheses (eos is a token like the
    others here) by log-probability, without penalty, and keep the best `beam`. Those that end in eos are finished and leave the
    beam; they take no place in later steps and log_probs is never asked about them again. The others are live.
    Stop after max_length tokens, or when nothing is live. Hypotheses that are still live at max_length compete as they are.

    Returns (tokens, score) of the hypothesis with the largest score among the finished ones and those live at max_length.
    tokens: a list of ints that begins with bos (and ends with eos if it is finished). score: log P / ((5 + |Y|) / 6) ** alpha,
    a float, where |Y| counts the generated tokens, eos included, bos not; float32 inside is always precise enough. Between equals
    either one may win, but none is lost while there is room.

    By hand: the garden path above, ids A = 0, B = 1, eos = 2, bos = 3. Beam 1 gives [3, 0, 0, 2]; beam 2, alpha 0 gives
    [3, 1, 2] with the score ln 0.38 = -0.9676; with alpha 1 the score is -0.9676 / (7 / 6) = -0.8294.
    Wu et al. 2016, eq. (14).
    """
    ### BEGIN SOLUTION
    live = [([bos_id], 0.0)]  # (tokens, log-probability)
    done = []  # (tokens, score)
    for length in range(1, max_length + 1):
        rows = log_probs(torch.tensor([tokens for tokens, _ in live])).tolist()
        candidates = [
            ([*tokens, token], so_far + log_p)
            for (tokens, so_far), row in zip(live, rows)
            for token, log_p in enumerate(row)
        ]
        candidates.sort(key=lambda candidate: candidate[1], reverse=True)
        kept = candidates[:beam]
        penalty = ((5 + length) / 6) ** alpha
        last = length == max_length
        done += [(tokens, log_p / penalty) for tokens, log_p in kept if tokens[-1] == eos_id or last]
        live = [(tokens, log_p) for tokens, log_p in kept if tokens[-1] != eos_id]
        if not live:
            break
    return max(done, key=lambda hypothesis: hypothesis[1])
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two lists</summary>
#
# A list of live hypotheses, each a pair (tokens, log-probability), and a list of finished ones, each a pair (tokens, score). One pass of the loop adds one token to every live hypothesis.
# </details>
# <details><summary>Hint 2: one step</summary>
#
# All live hypotheses have the same length, so they fit into one tensor and one call of `log_probs`. Make a list of all candidates, sort it by log-probability, cut it after `beam`. Then deal them out: eos to the finished ones, the others to the live ones.
# </details>
# <details><summary>Hint 3: the end</summary>
#
# The score is log-probability divided by the penalty of *its own* length. In the last step the candidates that did not end are scored too. Then take the maximum. Don't stop when the first hypothesis is finished: a longer one may have the better score.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# for length from 1 to max_length: rows = log_probs(tensor of live tokens); candidates = tokens + [token], sum + row[token]; best `beam`; those with eos, or all of them in the last step, go with `sum / ((5 + length) / 6) ** alpha` to the finished list; the rest is live; leave the loop if nothing is live.
# </details>

# %% test="beam_search" points=12
def garden_path(prefixes: Tensor) -> Tensor:
    """The log-probabilities of A, B, eos and bos after each prefix; bos never follows."""
    rows = [TREE.get("".join("AB."[token] for token in row[1:]), (0.3, 0.3, 0.4)) for row in prefixes.tolist()]
    return torch.tensor([[*row, 0.0] for row in rows], dtype=torch.float64).log()


visible_tokens, visible_score = beam_search(garden_path, bos_id=3, eos_id=2, beam=1, max_length=5, alpha=0.0)
assert visible_tokens == [3, 0, 0, 2], f"with one hypothesis the search is greedy: bos A A eos = [3, 0, 0, 2], got {visible_tokens}"
assert abs(visible_score - math.log(0.55 * 0.35 * 0.60)) < 1e-6, "the score is the sum of the log-probabilities when alpha is 0"
visible_tokens, visible_score = beam_search(garden_path, 3, 2, beam=2, max_length=5, alpha=1.0)
assert visible_tokens == [3, 1, 2], f"with two hypotheses the search finds bos B eos = [3, 1, 2], got {visible_tokens}"
assert abs(visible_score - math.log(0.38) / (7 / 6)) < 1e-6, f"|Y| = 2, so the score is ln 0.38 / (7/6) = -0.8294, not {visible_score:.4f}"
visible_tokens, _ = beam_search(garden_path, 3, 2, beam=1, max_length=2, alpha=0.0)
assert visible_tokens == [3, 0, 0], "at max_length an unfinished hypothesis competes as it is, without eos"

# %% [markdown]
# ## Capstone: how is it pronounced?
#
# *though, through, tough, cough, bough.* English spelling is a poor guide to English sound, but it is a guide. Speech synthesisers must get from letters to sounds for words that no dictionary holds. It is translation in small: another alphabet, another length, far-reaching context (the silent *e* in *note* changes the vowel two letters before it).
#
# The file `words.csv.bz2` holds words of two to eight letters from the CMU Pronouncing Dictionary, names among them (see `LICENCES.md`). Sounds are written as **phonemes**: `TH` as in *thin*, `AY` as in *my*, `ER` as in *bird*. No held-out word occurs in the training part.

# %% tags=["capstone"]
import bz2

with bz2.open("words.csv.bz2", "rt", encoding="utf-8") as file:
    rows = [line.rstrip("\n").split(",") for line in file][1:]
train_words = [(word, phonemes.split()) for split, word, phonemes in rows if split == "train"]
held_out_words = [(word, phonemes.split()) for split, word, phonemes in rows if split == "held-out"]
print(f"{len(train_words):,} words to learn from, {len(held_out_words):,} held out")
for word, phonemes in held_out_words[:6]:
    print(f"{word:10} {' '.join(phonemes)}")

# %% tags=["capstone"]
PAD, BOS, EOS = 0, 1, 2
letters = ["<pad>", *"abcdefghijklmnopqrstuvwxyz"]
phoneme_names = ["<pad>", "<bos>", "<eos>", *sorted({phoneme for _, phonemes in train_words for phoneme in phonemes})]
phoneme_id = {phoneme: index for index, phoneme in enumerate(phoneme_names)}


def pad_rows(rows: list[list[int]]) -> Tensor:
    """The rows as one tensor, the short ones filled up with PAD."""
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def encode_words(words: list[str]) -> Tensor:
    """The ids of the letters, (N, S)."""
    return pad_rows([[letters.index(letter) for letter in word] for word in words])


train_source = encode_words([word for word, _ in train_words])
train_target = pad_rows([[BOS, *(phoneme_id[phoneme] for phoneme in phonemes), EOS] for _, phonemes in train_words])
held_out_source = encode_words([word for word, _ in held_out_words])
held_out_target = pad_rows([[BOS, *(phoneme_id[phoneme] for phoneme in phonemes), EOS] for _, phonemes in held_out_words])
print("source", tuple(train_source.shape), "| target", tuple(train_target.shape), "|", len(phoneme_names) - 3, "phonemes")

# %% [markdown]
# **The measure.** One wrong phoneme in ten is not as bad as ten. The **phoneme error rate** counts the smallest number of insertions, deletions and replacements that turn the answer into the truth, and divides by the number of phonemes in the truth. It is given.
#
# **The baseline** needs no network: each letter is always read as the same phoneme, the one that stands for it most often in training words that have as many letters as phonemes.

# %%
def edit_distance(a: list[int], b: list[int]) -> int:
    """The smallest number of insertions, deletions and replacements that turn a into b."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def phoneme_error_rate(answers: list[list[int]], truths: list[list[int]]) -> float:
    """All edits together, divided by the number of all phonemes of the truths."""
    return sum(edit_distance(a, b) for a, b in zip(answers, truths)) / sum(len(b) for b in truths)


print("from K AE T to K AA R T:", edit_distance([1, 2, 3], [1, 4, 5, 3]), "edits")

# %% tags=["capstone"]
from collections import Counter

readings = {letter: Counter() for letter in letters[1:]}
for word, phonemes in train_words:
    if len(word) == len(phonemes):
        for letter, phoneme in zip(word, phonemes):
            readings[letter][phoneme] += 1
commonest = {letter: max(sorted(counts), key=counts.get) for letter, counts in readings.items()}
TRIED = 500  # held-out words that are written out; the others only give the loss below
truths = [[phoneme_id[phoneme] for phoneme in phonemes] for _, phonemes in held_out_words[:TRIED]]
baseline_answers = [[phoneme_id[commonest[letter]] for letter in word] for word, _ in held_out_words[:TRIED]]
baseline = phoneme_error_rate(baseline_answers, truths)
print("by letters alone, 'cat' is", " ".join(commonest[letter] for letter in "cat"), "and 'though' is", " ".join(commonest[letter] for letter in "though"))
print(f"phoneme error rate of the baseline: about {baseline:.0%}")

# %% [markdown]
# ## Exercise 11 · `pronounce` (6 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# The search of exercise 10 knows nothing of Transformers. It wants a function from prefixes to log-probabilities. The model of exercise 7 gives logits. Your part is the bridge:
#
# 1. encode the word *once*: the memory does not change while we write;
# 2. for $n$ prefixes, decode them as a batch of $n$, all with the same memory. Only the logits at the *last* place matter: they score the next token;
# 3. logits are no log-probabilities yet;
# 4. search, and take the tokens without `bos` and `eos`.

# %% exercise="pronounce"
def pronounce(
    model: nn.Module, source: Tensor, bos_id: int, eos_id: int, beam: int, max_length: int, alpha: float
) -> list[list[int]]:
    """What the model writes for each row of source: lists of ids, without bos and eos.

    model   has encode(source (N, S)) -> memory (N, S, d_model) and decode(target (N, T), memory, source) -> logits (N, T, V),
            as the Transformer of exercise 7; decode wants as many rows of memory and of source as of target.
            It also has the attribute pad_id.
    source  (N, S) int64, rows padded at their ends with model.pad_id
    bos_id, eos_id, beam, max_length, alpha   for beam_search, in every row alike

    For each row: log_probs(prefixes (n, t)) is the log-softmax of the logits at the last place of each prefix, and
    beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha) finds the best hypothesis; if it is not finished it has no eos.
    While this exercise is graded another beam_search takes the place of yours. Each row is encoded only once, not again for
    every token. No gradient is needed: work in torch.no_grad(). The model is in eval mode already; its mode is not changed.

    Returns a list of N lists of ints. source is not changed. The model never writes bos after the start. Every other token of
    the hypothesis but eos belongs to the answer, pad_id too.

    By hand: if the search returns ([bos, 7, 9, eos], -0.3) for a row, its entry is [7, 9]; ([bos, eos], …) gives [].
    """
    ### BEGIN SOLUTION
    answers = []
    with torch.no_grad():
        for row in source.split(1):  # (1, S)
            memory = model.encode(row)  # (1, S, d_model)

            def log_probs(prefixes: Tensor, row: Tensor = row, memory: Tensor = memory) -> Tensor:
                n = len(prefixes)
                logits = model.decode(prefixes, memory.expand(n, -1, -1), row.expand(n, -1))  # (n, t, V)
                return torch.log_softmax(logits[:, -1], dim=-1)  # (n, V)

            tokens, _ = beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha)
            answers.append([token for token in tokens[1:] if token != eos_id])
    return answers
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a function inside a function</summary>
#
# Loop over the rows of `source`, keeping the batch axis: `source[n : n + 1]`, or `source.split(1)`. Encode the row. Then define `log_probs(prefixes)` right there: it may use `memory` of the row.
# </details>
# <details><summary>Hint 2: n prefixes, one memory</summary>
#
# `memory.expand(n, -1, -1)` shows the same memory n times without copying it. The source row must be expanded too, because `decode` makes its mask from it.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `log_probs`: decode, take `[:, -1]`, `torch.log_softmax(…, dim=-1)`. After the search drop the first token, and the last one if it is eos.
# </details>

# %% test="pronounce" points=6
class Spelling(nn.Module):
    """A model for testing: it copies the source token by token, and writes eos (id 2) at its end."""

    pad_id = 0

    def encode(self, source: Tensor) -> Tensor:
        return F.one_hot(source, 9).float()  # (N, S, 9): the memory knows the letters

    def decode(self, target: Tensor, memory: Tensor, source: Tensor) -> Tensor:
        assert len(target) == len(memory) == len(source), "decode wants as many rows of memory and source as of target"
        ending = F.one_hot(torch.tensor([2]), 9).float().expand(len(memory), target.shape[1], 9)
        wanted = torch.cat([memory, ending], dim=1)[:, : target.shape[1]]
        wanted = torch.where(wanted[..., :1] == 1, ending[:, : wanted.shape[1]], wanted)  # padding: time for eos
        return 5 * wanted


visible_answers = pronounce(Spelling(), torch.tensor([[5, 7, 3], [8, 4, 0]]), bos_id=1, eos_id=2, beam=2, max_length=6, alpha=0.6)
assert visible_answers == [[5, 7, 3], [8, 4]], f"this model copies the source: expected [[5, 7, 3], [8, 4]], got {visible_answers}"
visible_answers = pronounce(Spelling(), torch.tensor([[5, 7, 3]]), bos_id=1, eos_id=2, beam=2, max_length=2, alpha=0.6)
assert visible_answers == [[5, 7]], "with max_length 2 there is no room for the third token, nor for eos"

# %% [markdown]
# ## Training
#
# Everything that you wrote is used: two layers with four heads each in encoder and decoder, $d_{model} = 64$, smoothed labels, Adam with the warmed-up learning rate. A thousand steps of 128 words, which is about five times through the data.

# %% tags=["capstone"]
def train(model: nn.Module, steps: int, batch: int, warmup: int, smoothing: float) -> list[tuple[int, float]]:
    """Trains the model in place; returns (step, held-out loss in nats per phoneme) along the way."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    draw = torch.Generator().manual_seed(1)
    history = []
    for step in range(1, steps + 1):
        chosen = torch.randint(len(train_source), (batch,), generator=draw)
        source, target = train_source[chosen], train_target[chosen]
        source, target = (ids[:, : int((ids != PAD).sum(dim=1).max())] for ids in (source, target))
        for group in optimizer.param_groups:
            group["lr"] = warmup_learning_rate(step, model.d_model, warmup)
        optimizer.zero_grad()
        logits = model(source, target[:, :-1])  # reads bos … and predicts … eos: here is the shift
        label_smoothing_loss(logits, target[:, 1:], smoothing, PAD).backward()
        optimizer.step()
        if step % 100 == 0 or step == 1:
            model.eval()
            with torch.no_grad():
                held_out_logits = model(held_out_source, held_out_target[:, :-1])
                history.append((step, label_smoothing_loss(held_out_logits, held_out_target[:, 1:], 0.0, PAD).item()))
            model.train()
    model.eval()
    return history


torch.manual_seed(0)
model = Transformer(len(letters), len(phoneme_names), d_model=64, heads=4, d_ff=128, layers=2, pad_id=PAD)
history = train(model, steps=1000, batch=128, warmup=300, smoothing=0.1)

written = {}
for name, beam in (("greedy", 1), ("beam of 4", 4)):
    written[name] = pronounce(model, held_out_source[:TRIED], BOS, EOS, beam=beam, max_length=12, alpha=0.6)
rates = {"letter by letter": baseline, **{name: phoneme_error_rate(answers, truths) for name, answers in written.items()}}
exact = {name: sum(a == b for a, b in zip(answers, truths)) / TRIED for name, answers in {"letter by letter": baseline_answers, **written}.items()}
for name, rate in rates.items():
    print(f"{name:17} phoneme error rate {rate:.0%}, words right in every phoneme {exact[name]:.0%}")
assert rates["greedy"] < 0.5 * rates["letter by letter"], "the Transformer should make less than half of the baseline's errors"
assert rates["beam of 4"] < rates["greedy"] + 0.01, "beam search should not do worse than greedy"

# %% tags=["capstone"]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 2.9))
left.plot(*zip(*history), "o-", color=BLUE, markersize=4)
left.axhline(math.log(len(phoneme_names) - 3), color="black", linestyle=":", label="guessing")
left.set(title="held-out words", xlabel="training step", ylabel="loss, nats per phoneme", ylim=(0, None))
left.legend(frameon=False)
for height, (name, colour) in enumerate(zip(rates, (GREY, RED, BLUE))):
    right.barh(height, rates[name], color=colour)
    right.text(rates[name] + 0.005, height, f"{rates[name]:.1%}", va="center")
right.set_yticks(range(3), list(rates))
right.invert_yaxis()
right.set(title="phoneme error rate, lower is better", xlabel="errors per phoneme", xlim=(0, 1.2 * max(rates.values())))
plt.tight_layout()
plt.show()

# %% [markdown]
# The beam helps a little, not much: most errors are the model's, not the search's. Have a look at where the two differ, and at words of your own. (Letters a to z, eight at most. What does it make of words that are longer than any it has seen?)

# %% tags=["capstone"]
def say(words: list[str], beam: int = 4) -> list[str]:
    """The pronunciations of some words."""
    return [" ".join(phoneme_names[token] for token in row) for row in pronounce(model, encode_words(words), BOS, EOS, beam, 12, 0.6)]


print(f"{'word':10} {'greedy':24} {'beam of 4':24} truth")
different = [n for n in range(TRIED) if written["greedy"][n] != written["beam of 4"][n]]
for n in different[:6]:
    texts = (" ".join(phoneme_names[token] for token in row) for row in (written["greedy"][n], written["beam of 4"][n], truths[n]))
    print(f"{held_out_words[n][0]:10}", *(f"{text:24}" for text in texts))
print()
my_words = ["though", "tough", "knight", "psyche", "note", "not", "vaswani"]
for word, sound in zip(my_words, say(my_words)):
    print(f"{word:10} {sound}")

# %% [markdown]
# ## The figure to remember
#
# The model has two layers of cross-attention with four heads each. Here is where all eight look while the decoder writes a word. The row says which phoneme is being written, the column which letter is looked at. Nobody told the model which letters make which sound.
#
# Your layers throw the weights away, so how do we get at them? A **forward hook** is a function that PyTorch calls whenever a module has run. We hang one on each attention.

# %% tags=["capstone"]
def watch(model: nn.Module, word: str) -> tuple[list[str], dict[str, Tensor]]:
    """The phonemes that the model writes for a word (eos included), and the weights (heads, queries, keys) of every attention by name."""
    source = encode_words([word])
    tokens = pronounce(model, source, BOS, EOS, 4, 12, 0.6)[0] + [EOS]
    seen, hooks = {}, []
    for name, module in model.named_modules():
        if name.endswith("attention"):
            hooks.append(module.register_forward_hook(lambda module, given, result, name=name: seen.update({name: result[1][0]})))
    with torch.no_grad():
        model(source, torch.tensor([[BOS, *tokens[:-1]]]))
    for hook in hooks:
        hook.remove()
    return [phoneme_names[token] for token in tokens], seen


word = "knights"
phonemes, seen = watch(model, word)
figure, axes = plt.subplots(2, 4, figsize=(11, 5.6), layout="constrained", sharey=True)
for layer in range(2):
    for head, axis in enumerate(axes[layer]):
        image = axis.imshow(seen[f"decoder_layers.{layer}.cross_attention"][head], cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axis.set_xticks(range(len(word)), list(word))
        axis.set_yticks(range(len(phonemes)), phonemes)
        axis.set(title=f"layer {layer + 1}, head {head + 1}", xlabel="letter looked at" if layer else None)
    axes[layer, 0].set_ylabel("phoneme being written")
figure.suptitle(f"{word}  →  {' '.join(phonemes)}")
figure.colorbar(image, ax=axes, label="attention weight", shrink=0.6)
plt.show()

# %% [markdown]
# Some heads read along the diagonal, some look one letter ahead, some watch the vowel or the end of the word. They share the work without having been told to. (Which head does what depends on the random start: change the seed, and the roles are dealt anew.)
#
# And these are the other sixteen, in which letters look at letters, and phonemes at phonemes before them. The triangle of the causal mask is easy to see.

# %% tags=["capstone"]
blocks = [("encoder_layers", 0), ("encoder_layers", 1), ("decoder_layers", 0), ("decoder_layers", 1)]
figure, axes = plt.subplots(4, 4, figsize=(10, 10), layout="constrained")
for row, (stack, layer) in enumerate(blocks):
    labels = list(word) if stack == "encoder_layers" else ["bos", *phonemes[:-1]]
    for head, axis in enumerate(axes[row]):
        image = axis.imshow(seen[f"{stack}.{layer}.self_attention"][head], cmap="cividis", vmin=0, vmax=1)
        axis.set_xticks(range(len(labels)), labels, fontsize=7)
        axis.set_yticks(range(len(labels)), labels, fontsize=7)
        axis.set_title(f"{stack.split('_')[0]} {layer + 1}, head {head + 1}", fontsize=8)
    axes[row, 0].set_ylabel("query")
for axis in axes[-1]:
    axis.set_xlabel("key")
figure.colorbar(image, ax=axes, label="attention weight", shrink=0.4)
plt.show()

# %% [markdown]
# ## What you built, what breaks next
#
# You built the Transformer: positions as waves, many heads, a stream to which every part adds, norms that keep it in bounds, masks that keep it honest. You trained it as its authors did, searched with it, and read its mind, head by head. There is no recurrence in it. Training sees all steps at once.
#
# The ideas to keep:
#
# - **Attention moves, feed-forward thinks, the stream remembers.**
# - **Where the norm stands decides how deep you can go.**
# - **Causality is a mask.** One triangle of booleans makes a model that can be trained on all steps in parallel and still writes one token after the other.
#
# Three things are still wrong.
#
# **We need pairs.** Spelling and sound, English and German: someone has to write both sides. But the world is full of text that has only one. What is left if we drop the encoder, and let the decoder predict the next token of *any* text?
#
# **We need an alphabet.** Twenty-six letters were easy. Text has a hundred thousand words, emoji, Chinese, typing errors. What are the tokens?
#
# **Writing is wasteful.** Look at `log_probs`: for each new token the whole prefix goes through the decoder again, and the keys and values of old tokens are computed once more, though they never change.

# %%
lengths = (10, 100, 1000)
for length in lengths:
    print(f"{length:>5} tokens written: {length * (length + 1) // 2:>7,} passes of a token through the decoder, where {length:>5,} are needed")

# %% [markdown]
# The next notebook, **a language model, from bytes to sampling**, answers all three: it keeps only the decoder, learns its own alphabet from bytes, and remembers its keys and values.
#
# ### To read on
#
# - Vaswani and others (2017): now you can read every line of it, the table of variations included.
# - A. Rush (2018), *The Annotated Transformer*, Workshop for NLP Open Source Software: the same paper, with code between its paragraphs.
# - Phuong and Hutter (2022): every variant as pseudo-code with all shapes; to look things up.
# - J. Su and others (2021), *RoFormer: Enhanced Transformer with Rotary Position Embedding*, arXiv:2104.09864: your waves, turned into rotations of queries and keys.
# - E. Voita, D. Talbot, F. Moiseev, R. Sennrich and I. Titov (2019), *Analyzing Multi-Head Self-Attention*, ACL: a few heads do the work, and one can say what it is.
