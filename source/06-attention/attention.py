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
# # 06 · Attention
#
# **A network reads a sentence and then writes another one, piece by piece. How can it find, at each step, the part of the input that it needs *now*?**
#
# **You will be able to**
#
# - explain attention as a soft look-up: query, keys, values, weights;
# - write a softmax that respects a mask and never gives NaN, not even in a row without keys;
# - write a test of it that lets nothing wrong through;
# - build the three classical scores: additive (2015), dot and general (2015), scaled dot product (2017);
# - derive and write the backward pass of attention without autograd;
# - put attention into a decoder, train it on real dates in four languages, and *see* where it looks.
#
# **Time** about 5½ hours. **Before you start** you should know softmax, back-propagation, and what a GRU encoder–decoder does. PyTorch with autograd is used throughout. No code of an earlier notebook is needed.
#
# **Papers**
#
# - D. Bahdanau, K. Cho & Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, ICLR 2015. (§3, appendix A)
# - M.-T. Luong, H. Pham & C. D. Manning, *Effective Approaches to Attention-based Neural Machine Translation*, EMNLP 2015. (§3)
# - A. Vaswani et al., *Attention Is All You Need*, NeurIPS 2017. (§3.2)
# - V. Mnih, N. Heess, A. Graves & K. Kavukcuoglu, *Recurrent Models of Visual Attention*, NeurIPS 2014.
#
# | exercise | what you build | points |
# |---|---|---|
# | 1 `masked_softmax` | weights that respect a mask | 12 |
# | 2 `check_masked_softmax` | a test of them that lets nothing wrong through | 8 |
# | 3 `masks` | who may look at what | 10 |
# | 4 `additive_attention` | Bahdanau's attention | 12 |
# | 5 `luong_scores` | two cheaper scores | 8 |
# | 6 `scaled_dot_product_attention` | the one in every Transformer | 14 |
# | 7 `attention_backward` | its gradient by hand | 14 |
# | 8 `attention_decoder` | a decoder that looks back | 12 |
# | 9 `translate_dates` | the capstone | 10 |
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
# ## The bottleneck
#
# An encoder–decoder reads the source $x_1 \dots x_T$ with a recurrent network. It hands *one* vector, the last state, to the decoder. Everything the decoder will ever know about the source is in that vector.
#
# A source of ten characters gets, say, 96 numbers. A source of a hundred characters gets the same 96 numbers. The longer the source, the more is forgotten, and the beginning is furthest away.
#
# But the encoder did have more. It made a state at every step, $h_1, \dots, h_T$, and threw away all but the last.
#
# **The idea.** Keep them all. At each step the decoder asks a question, compares it with every $h_j$, and takes a weighted average of those that fit. The bottleneck is gone: a longer source brings more vectors.
#
# ## A dictionary that can be differentiated
#
# A Python dictionary looks for the key that *equals* the query and returns its value. All or nothing: no gradient can flow through "equals".
#
# Attention softens this. It gives each key a **score** (how well does it fit the query?), turns the scores into **weights** that are positive and add up to one, and returns the weighted average of the values:
#
# $$\alpha_j = \frac{e^{s_j}}{\sum_l e^{s_l}}, \qquad \text{output} = \sum_j \alpha_j\, v_j .$$
#
# | symbol | meaning | shape |
# |---|---|---|
# | $q$ | the query: what am I looking for? | (d,) |
# | $k_j$ | key $j$: what does place $j$ offer? | (d,) |
# | $v_j$ | value $j$: what do I get if I look there? | (d_v,) |
# | $s_j$ | the score of key $j$ for this query | a number |
# | $\alpha_j$ | the weight of key $j$ | a number in [0, 1] |
#
# Here are seven keys on a line and a query at 1. The score is minus the squared distance, times a sharpness. Watch how one formula goes from "average of everything" to "look up".

# %% tags=["slow"]
keys_on_a_line = torch.arange(-3.0, 4.0)
stored_values = torch.tensor([2.0, 7.0, 1.0, 3.0, 8.0, 5.0, 9.0])
query_on_the_line = 1.0

figure, axes = plt.subplots(1, 3, figsize=(9, 2.4), sharey=True)
for axis, sharpness in zip(axes, (0.0, 0.5, 10.0)):
    scores = -sharpness * (query_on_the_line - keys_on_a_line) ** 2
    weights = torch.softmax(scores, dim=0)
    retrieved = (weights * stored_values).sum().item()
    axis.bar(keys_on_a_line.tolist(), weights.tolist(), color=BLUE)
    axis.axvline(query_on_the_line, color=RED, linestyle="--", label="query")
    axis.set(title=f"sharpness {sharpness:g}: output {retrieved:.2f}", xlabel="key", xticks=keys_on_a_line.tolist())
axes[0].set_ylabel("weight")
axes[0].legend(frameon=False)
plt.tight_layout()
plt.show()
print(f"average of all values {stored_values.mean().item():.2f}, value stored at key 1 {stored_values[4].item():.2f}")

# %% [markdown]
# On the left all weights are equal: the output is the average. On the right one key takes all: the output is its value. In between lies everything that a network can learn, because scores far and near all have a gradient.
#
# There is a *hard* version too: pick one place at random, with probabilities $\alpha$, and look only there (Mnih et al. 2014, for images). It is cheaper, but picking has no derivative, so it must be trained with the noisier tools of reinforcement learning. We stay with the soft one.

# %% [markdown]
# ## Exercise 1 · `masked_softmax` (12 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# Sentences in a batch have different lengths. The short ones are filled up with padding. Nobody should look at padding. A **mask** says where one may look: `True` means "may attend".
#
# Let $M_j \in \{0, 1\}$ be the mask. We want a softmax over the allowed places only:
#
# $$\alpha_j = \frac{M_j\, e^{s_j}}{\sum_l M_l\, e^{s_l}} .$$
#
# Three things go wrong in practice.
#
# 1. **Masking too late.** Take the softmax of everything, then zero the padding. Now the weights no longer add up to one: padding has stolen a part.
# 2. **The row without keys.** An empty sentence has nothing to look at. The formula says 0/0, the computer says NaN, and one NaN spoils every weight of the network at the next update. We define: *a row without any allowed key has weights zero*.
# 3. **A large finite number instead of −∞.** Filling blocked scores with $-10^9$ works until a row is all blocked. Then all its scores are equal, and the row comes out *uniform*: it attends to nothing but padding.
#
# And as always $e^{1000}$ overflows. The softmax does not change when a constant is subtracted from all scores, so subtract the largest. (`torch.softmax` does this for you. Which largest, when some scores are blocked?)


# %% exercise="masked_softmax"
def masked_softmax(scores: Tensor, mask: Tensor, dim: int = -1) -> Tensor:
    """The softmax of `scores` along `dim` over those places where `mask` is True.

    scores  floating tensor of any shape
    mask    boolean tensor that broadcasts to the shape of scores; True = may attend
    dim     the axis along which the weights add up to one

    Returns a new tensor: shape and dtype of scores.

    - A place with mask False has weight exactly 0. Its score, any finite number, however large, has no influence.
    - The others are >= 0 and add up to 1 along dim. Scores of ±10,000 are fine: nothing overflows.
    - Where no place along dim is True, all weights are 0, never NaN; the gradient with respect to scores
      is then 0 too, never NaN.
    - The arguments are not changed.

    By hand: scores [0, ln 2, 5] with mask [True, True, False] give [1/3, 2/3, 0].
    Bahdanau et al. 2015, eq. (6), restricted to the mask.
    """
    ### BEGIN SOLUTION
    blocked = ~mask
    allowed_scores = scores.masked_fill(blocked, float("-inf"))  # e^(-inf) = 0: blocked places drop out of the sum
    weights = torch.softmax(allowed_scores, dim=dim)  # a row without keys is NaN here …
    return weights.masked_fill(blocked, 0.0)  # … and zero here; masked_fill also stops its gradient
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the idea</summary>
#
# Change the scores *before* the softmax, so that a blocked place gets $e^{s} = 0$. Which number has an exponential of exactly zero?
# </details>
# <details><summary>Hint 2: the row without keys</summary>
#
# If all scores of a row are $-\infty$, the softmax is 0/0 = NaN. But you know exactly which weights must be zero in the end: those that are blocked. Say so once more after the softmax.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `Tensor.masked_fill(blocked, number)` returns a copy in which blocked places hold the number. Fill with minus infinity, take `torch.softmax` along `dim`, fill with zero. Mind that `mask` says where one *may* look, so `blocked` is its negation.
# </details>

# %% test="masked_softmax" points=12
visible_scores = torch.tensor([[0.0, math.log(2.0), 5.0], [1.0, 1.0, 1.0]])
visible_mask = torch.tensor([[True, True, False], [False, False, False]])
visible_weights = masked_softmax(visible_scores, visible_mask)
assert visible_weights.shape == (2, 3), (
    f"the weights must have the shape of the scores, not {tuple(visible_weights.shape)}"
)
assert not visible_weights.isnan().any(), "there is a NaN: what does your function do in a row without any allowed key?"
assert torch.allclose(visible_weights[0], torch.tensor([1 / 3, 2 / 3, 0.0])), (
    f"scores [0, ln 2, 5], the last one blocked: expected [1/3, 2/3, 0], got {visible_weights[0].tolist()}"
)
assert (visible_weights[1] == 0).all(), "a row without any allowed key must have weights zero"
assert torch.allclose(masked_softmax(visible_scores, torch.tensor(True), 0).sum(dim=0), torch.ones(3)), (
    "with dim=0 the weights must add up to one along the first axis"
)

# %% [markdown]
# ## Exercise 2 · `check_masked_softmax` (8 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# **When is a test good?** A test can reject what is right; you notice at once. Or it accepts what is wrong, and nobody notices anything. The second is commoner, and it always has the same few causes:
#
# | the test has only … | and so it cannot see … |
# |---|---|
# | masks of True everywhere | anything that masking does wrong |
# | rows with a key or more | NaN, or attention to padding, in the row without keys |
# | the default, `dim=-1` | a `dim` that is ignored |
# | a mask as large as the scores | a mask that should broadcast and doesn't |
# | scores near zero: one regime | an overflow; a huge *blocked* score, or a 0 in its place, that pushes all others to zero |
# | sums of the weights | any wrong weights that add up to one: the uniform ones do |
# | a loose tolerance | a small number added to the denominator |
# | the way forward | a gradient that is NaN, or missing |
# | a look at the result | `scores` overwritten, another dtype |
#
# Change sides: write the test yourself. It gets somebody's `masked_softmax` as the function `f`, and says whether it is right. The hidden tests hand it right ones in several styles, and wrong ones, each with one mistake that people really make. A third of the points is for accepting what is right, two thirds for the wrong ones that you catch.
#
# Where do the right numbers come from? Not from the same vectorised line written once more: your error would come along. Go through the rows one by one, pick out the allowed scores, and take the softmax of these few. For the way back there is a formula. With weights $\alpha$ and an upstream gradient $u$ (what the loss wants of each weight), softmax gives
#
# $$\frac{\partial L}{\partial s_j} = \alpha_j \Big( u_j - \sum_l \alpha_l\, u_l \Big),$$
#
# and that is zero wherever $\alpha_j$ is zero. And before you trust your test, show it something wrong and see it fail.


# %% exercise="check_masked_softmax"
def check_masked_softmax(f) -> bool:
    """True if `f` is a right implementation of masked_softmax, False if it is a wrong one.

    f  a function, called as f(scores, mask) or f(scores, mask, dim). A right one keeps every promise in the docstring
       of masked_softmax: for every dim, for masks that broadcast, for float32 and float64 (which it keeps), for rows
       without keys, for large scores, allowed or blocked; with the right gradient; with no argument changed.

    Returns True or False.

    - Whatever f raises or returns, nothing is raised here: an f that raises is wrong.
    - Right implementations come in many styles, and differ by rounding: accept differences of 1e-9 in float64, and of
      1e-5 in float32 with scores of ordinary size. (Near 10,000 a float32 is itself rounded to thousandths: test large
      scores in float64.)
    - A wrong one may be wrong in special cases only. There it is off by a millionth or more, which
      `torch.allclose` finds close enough unless you set its rtol: look in float64.
    - f may be slow: keep the tensors small, so that the answer takes less than a second. The verdict is the same each
      time.
    - This exercise stands on its own: you need no function of another one, and if you call one, its errors come along.

    Example: an f that returns zeros in the shape of scores is wrong, since an allowed row adds up to 1.
    """
    ### BEGIN SOLUTION
    def expected(scores, mask, dim):  # row by row
        s, m = scores.movedim(dim, -1), mask.expand(scores.shape).movedim(dim, -1)
        weights = torch.zeros(s.shape, dtype=s.dtype)
        for row in torch.cartesian_prod(*(torch.arange(size) for size in s.shape[:-1])).reshape(-1, s.dim() - 1):
            row = tuple(row.tolist())
            if m[row].any():
                weights[row][m[row]] = torch.softmax(s[row][m[row]], dim=0)
        return weights.movedim(-1, dim)

    generator = torch.Generator().manual_seed(10)
    for shape, mask_shape, dim, size in (
        ((4, 5, 3), (4, 5, 3), 1, 0.0),
        ((5, 4, 3), (5, 4, 3), 0, 1e4),
        ((3, 5, 4), (3, 1, 4), 2, 1e4),
        ((3, 5, 4), (4,), -1, 0.0),
    ):
        mask = torch.rand(mask_shape, generator=generator) < 0.6
        if mask.dim() == 3:
            mask.movedim(dim, -1)[0, 0] = False  # a row without keys
        scores = 1.5 * torch.randn(shape, generator=generator, dtype=torch.float64)
        scores.movedim(dim, -1)[1] += size  # rows that lie far above and far below the others
        scores.movedim(dim, -1)[2] -= size
        scores = scores + size * ~mask  # and blocked scores above all others
        upstream = torch.randn(shape, generator=generator, dtype=torch.float64)
        weights = expected(scores, mask, dim)
        gradient = weights * (upstream - (weights * upstream).sum(dim=dim, keepdim=True))
        leaf, copy = scores.clone().requires_grad_(), mask.clone()
        try:
            got = f(leaf, copy) if dim == -1 else f(leaf, copy, dim)
            right = got.shape == scores.shape and got.dtype == scores.dtype and torch.allclose(got, weights, rtol=0, atol=1e-9)
            right = right and torch.equal(leaf, scores) and torch.equal(copy, mask)
            right = right and torch.allclose(torch.autograd.grad(got, leaf, upstream)[0], gradient, rtol=0, atol=1e-9)
            if size == 0:
                got = f(scores.float(), copy, dim)
                right = right and got.dtype == torch.float32 and torch.allclose(got, weights.float(), atol=1e-5)
        except Exception:
            return False
        if not right:
            return False
    return True
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what to vary</summary>
#
# Go through the table, line by line, and make sure that your test has the opposite. Sizes that are all different and random scores do much of the work; the rest is a list of cases: (shape of the scores, shape of the mask, dim).
# </details>
# <details><summary>Hint 2: masks</summary>
#
# `torch.rand(shape) < 0.6` is a random mask. Then set one row along `dim` to False. Use a generator with a fixed seed, so that the verdict stays the same.
# </details>
# <details><summary>Hint 3: the gradient, and what <code>f</code> may do to your numbers</summary>
#
# Hand over copies: `scores.clone().requires_grad_()`. Then `torch.autograd.grad(weights, copy, upstream)` gives the gradient, and comparing the copies with the originals tells whether `f` wrote into them.
# </details>
# <details><summary>Hint 4: never raise</summary>
#
# `f` may raise anything, or return None. Then your comparison raises, too. So the call *and* the comparison stand in a `try`, and `except Exception` means False. Return True only at the very end.
# </details>

# %% test="check_masked_softmax" points=8
def gives_zeros(scores, mask, dim=-1):
    """The right shape, the wrong numbers."""
    return torch.zeros_like(scores)


def gives_up(scores, mask, dim=-1):
    """Raises an error."""
    raise ValueError("no idea")


assert not check_masked_softmax(gives_zeros), "zeros of the right shape are wrong, but your check accepts them"
assert not check_masked_softmax(gives_up), "a function that raises an error is wrong, but your check accepts it"
assert not check_masked_softmax(lambda *arguments: None), "a function that returns None is wrong, but your check accepts it"
own = check_masked_softmax(masked_softmax)
print("accepts your own masked_softmax:", "yes" if own else "no: one of the two is wrong, or not written yet")

# %% [markdown]
# ## Exercise 3 · `masks` (10 points)
#
# difficulty ●○○ · importance ●●● · about 20 minutes
#
# Two masks are needed again and again.
#
# **Padding mask.** Sentence $n$ has `lengths[n]` real tokens, at the front. Position $j$ may be looked at if $j < \text{lengths}[n]$ (positions count from 0). Shape (batch, max_length).
#
# **Causal mask.** A model that writes must not look at what it has not written yet. Row $i$ is a query, column $j$ a key. With as many queries as keys, query $i$ may look at keys $j \le i$: itself included.
#
# What if there are more keys than queries? Think of a model that has written five tokens and now asks for two more: 2 queries, 7 keys. The queries are the *last* two positions. So the last query lines up with the last key: the mask is aligned at the **bottom right**. Query $i$ stands at position $i + (\text{keys} - \text{queries})$, hence
#
# $$\text{mask}[i, j] = \big( j \le i + \text{keys} - \text{queries} \big) .$$
#
# With fewer keys than queries the first queries have nothing to look at. That is the row without keys again.


# %% exercise="masks"
def padding_mask(lengths: Tensor, max_length: int) -> Tensor:
    """A boolean mask (batch, max_length), True at real tokens: position j of row n is True if j < lengths[n].

    lengths     integer tensor (batch,), each from 0 to max_length; a length of 0 gives a row of False. It is not changed
    max_length  the number of columns, also when every sentence is shorter

    By hand: lengths [2, 0] and max_length 3 give [[True, True, False], [False, False, False]].
    """
    ### BEGIN SOLUTION
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    return positions < lengths.unsqueeze(1)  # (1, max_length) against (batch, 1)
    ### END SOLUTION


def causal_mask(queries: int, keys: int) -> Tensor:
    """A boolean mask (queries, keys), True where query i may look at key j: j <= i + keys - queries.

    The last query lines up with the last key (bottom right), and a query may look at its own position.
    With keys < queries the first queries - keys rows are all False.

    By hand: causal_mask(2, 3) is [[True, True, False], [True, True, True]].
    """
    ### BEGIN SOLUTION
    query_positions = torch.arange(queries).unsqueeze(1) + (keys - queries)  # (queries, 1)
    return torch.arange(keys) <= query_positions  # (queries, keys)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: no loops needed</summary>
#
# Both masks compare two rows of numbers, one laid along the columns and one along the rows. `torch.arange(n)` counts from 0, `unsqueeze(1)` turns a row of numbers into a column, and a comparison broadcasts.
# </details>
# <details><summary>Hint 2: the padding mask</summary>
#
# Compare positions of shape (max_length,) with lengths of shape (batch, 1). Strictly smaller: a sentence of length 2 has the positions 0 and 1.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# For the causal mask give query $i$ its true position $i + \text{keys} - \text{queries}$, as a column. A key is allowed if its position is smaller or *equal*.
# </details>

# %% test="masks" points=10
assert padding_mask(torch.tensor([2, 0]), 3).tolist() == [[True, True, False], [False, False, False]], (
    "lengths [2, 0] with three columns: two real tokens in the first row, none in the second"
)
assert padding_mask(torch.tensor([1, 2, 1]), 4).shape == (3, 4), "the shape is (batch, max_length)"
assert causal_mask(3, 3).tolist() == [[True, False, False], [True, True, False], [True, True, True]], (
    "three queries, three keys: a lower triangle with its diagonal"
)
assert causal_mask(2, 3).tolist() == [[True, True, False], [True, True, True]], (
    "two queries, three keys: the last query lines up with the last key"
)
assert causal_mask(2, 2).dtype == torch.bool, "a mask is boolean"

# %% [markdown]
# Look at your masks. Light means "may attend".

# %% tags=["slow"]
examples = [
    ("padding, lengths 5 3 0 1", padding_mask(torch.tensor([5, 3, 0, 1]), 5), "sentence"),
    ("causal, 5 queries, 5 keys", causal_mask(5, 5), "query"),
    ("causal, 2 queries, 5 keys", causal_mask(2, 5), "query"),
    ("causal, 5 queries, 3 keys", causal_mask(5, 3), "query"),
]
figure, axes = plt.subplots(1, 4, figsize=(10, 2.5))
for axis, (title, mask, rows) in zip(axes, examples):
    axis.pcolormesh(mask.float(), cmap="cividis", vmin=0, vmax=1, edgecolors="white", linewidth=1.5)
    axis.invert_yaxis()
    axis.set_aspect("equal")
    axis.set_title(title, fontsize=9)
    axis.set(xlabel="key", ylabel=rows)
    axis.set_xticks([j + 0.5 for j in range(mask.shape[1])], range(mask.shape[1]))
    axis.set_yticks([i + 0.5 for i in range(mask.shape[0])], range(mask.shape[0]))
plt.tight_layout()
plt.show()

# %% [markdown]
# The third picture is the one to understand: those two rows are the *last two rows* of the second picture. In the fourth, two queries see nothing at all.
#
# > **A warning about signs.** In this course `True` means "may attend". `torch.nn.functional.scaled_dot_product_attention` agrees. `torch.nn.MultiheadAttention` means the opposite: there `True` is blocked. Read the manual each time.

# %% [markdown]
# ## Exercise 4 · `additive_attention` (12 points)
#
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# How should a query be compared with a key? Bahdanau, Cho and Bengio let a small network decide. The query is the decoder's state, the keys are the encoder's states. Both are mapped into a common space, added, squashed, and read out by a vector $v$:
#
# $$s_j = v^\top \tanh\!\big(W q + U k_j\big), \qquad \alpha = \text{masked softmax}(s), \qquad c = \sum_j \alpha_j\, v_j .$$
#
# The letter $v$ has two jobs in the literature: the read-out vector (no index) and the values $v_j$. The result $c$ is called the **context**.
#
# | what | shape |
# |---|---|
# | $q$ query | (N, query_size) |
# | $k$ keys | (N, T, key_size) |
# | $v$ values | (N, T, value_size) |
# | $W$ `w_query`, $U$ `w_key` | (attention_size, query_size), (attention_size, key_size) |
# | $v$ `v` | (1, attention_size) |
# | $\tanh(\dots)$ | (N, T, attention_size) |
# | scores, weights $\alpha$ | (N, T) |
# | context $c$ | (N, value_size) |
#
# One query meets T keys, so $Wq$ needs an axis for the keys before the sum: (N, 1, attention_size) + (N, T, attention_size).
#
# Why tanh? Without it $s_j = v^\top W q + v^\top U k_j$. The first part is the same for all keys, and the softmax ignores what is the same for all keys. The weights would not depend on the query at all!


# %% exercise="additive_attention"
class AdditiveAttention(nn.Module):
    """Attention whose score is a small network: v · tanh(W q + U k). Bahdanau et al. 2015, appendix A.1.2."""

    def __init__(self, query_size: int, key_size: int, attention_size: int) -> None:
        """Given. All three maps are without bias."""
        super().__init__()
        self.w_query = nn.Linear(query_size, attention_size, bias=False)  # W
        self.w_key = nn.Linear(key_size, attention_size, bias=False)  # U
        self.v = nn.Linear(attention_size, 1, bias=False)  # v

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The context and the attention weights of one query for each row of the batch.

        query    (N, query_size)
        keys     (N, T, key_size)
        values   (N, T, value_size); value_size may differ from key_size
        mask     boolean (N, T), True = may attend; None: all keys may be attended to

        Returns context (N, value_size) and weights (N, T), in the dtype of the arguments.
        weights[n] is the softmax of the scores over the allowed keys of row n: blocked keys have weight exactly 0.
        A row without any allowed key has weights 0 and context 0; no NaN, in the gradients neither.
        Scores of ±1,000 are fine. Nothing is kept in the module from one call to the next.

        By hand: sizes 1, 1, 1; W = U = 1, v = 2; query 0, keys 0 and 0.5493 (its tanh is 0.5).
        The scores are 0 and 1, the weights 0.2689 and 0.7311.
        """
        ### BEGIN SOLUTION
        features = torch.tanh(self.w_query(query).unsqueeze(1) + self.w_key(keys))  # (N, T, attention_size)
        scores = self.v(features).squeeze(-1)  # (N, T)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)  # (N, T)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)
        context = (weights.unsqueeze(1) @ values).squeeze(1)  # (N, 1, T) @ (N, T, value_size)
        return context, weights
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: shapes first</summary>
#
# `self.w_query(query)` is (N, attention_size), `self.w_key(keys)` is (N, T, attention_size). Give the first an axis of size 1 in the middle, then the sum broadcasts over the keys.
# </details>
# <details><summary>Hint 2: from features to weights</summary>
#
# `self.v(…)` turns (N, T, attention_size) into (N, T, 1). Drop the last axis. The softmax runs over the T keys, with the mask as in exercise 1.
# </details>
# <details><summary>Hint 3: the average, nearly the answer</summary>
#
# The context is the sum over $t$ of `weights[n, t] * values[n, t]`. As a product of matrices: (N, 1, T) times (N, T, value_size), and the axis of size 1 is dropped again. Average the values, not the keys.
# </details>

# %% test="additive_attention" points=12
tiny_attention = AdditiveAttention(1, 1, 1)
with torch.no_grad():
    tiny_attention.w_query.weight.fill_(1.0)
    tiny_attention.w_key.weight.fill_(1.0)
    tiny_attention.v.weight.fill_(2.0)
tiny_keys = torch.tensor([[[0.0], [math.atanh(0.5)]]])
tiny_context, tiny_weights = tiny_attention(torch.zeros(1, 1), tiny_keys, torch.tensor([[[10.0, 0.0], [0.0, 10.0]]]))
assert tiny_weights.shape == (1, 2) and tiny_context.shape == (1, 2), (
    "weights are (N, T), the context is (N, value_size)"
)
assert torch.allclose(tiny_weights, torch.tensor([[0.2689, 0.7311]]), atol=1e-4), (
    f"scores 0 and 1 give the weights 0.2689 and 0.7311, yours are {tiny_weights[0].tolist()}"
)
assert torch.allclose(tiny_context, torch.tensor([[2.689, 7.311]]), atol=1e-3), (
    "the context is the weighted sum of the values"
)
empty_context, empty_weights = tiny_attention(
    torch.ones(1, 1), tiny_keys, tiny_keys, torch.zeros(1, 2, dtype=torch.bool)
)
assert (empty_weights == 0).all() and (empty_context == 0).all(), (
    "a row without any allowed key has weights and context zero"
)

# %% [markdown]
# ## Exercise 5 · `luong_scores` (8 points)
#
# difficulty ●○○ · importance ●●○ · about 20 minutes
#
# Additive attention makes T feature vectors for *every* query. In the same year Luong, Pham and Manning asked: is the small network needed? A product already says how well two vectors agree. Their two favourites (§3.1 of the paper):
#
# $$\text{dot:}\quad s_j = q^\top k_j \qquad\qquad \text{general:}\quad s_j = q^\top W k_j$$
#
# - **dot** has no parameters, but query and key must have the same size.
# - **general** has a matrix $W$ of shape (query_size, key_size) between them, and so allows different sizes.
#
# Here we want the raw scores: no softmax and no scaling.
#
# | what | shape |
# |---|---|
# | query | (N, Hq) |
# | keys | (N, T, Hk) |
# | weight $W$ | (Hq, Hk) |
# | scores | (N, T) |


# %% exercise="luong_scores"
def luong_scores(query: Tensor, keys: Tensor, weight: Tensor | None = None) -> Tensor:
    """The scores of T keys for one query in each row of the batch, before any softmax: q · k_j or q · W k_j.

    query   (N, Hq)
    keys    (N, T, Hk)
    weight  W, (Hq, Hk), for the "general" score; None: the "dot" score, which needs Hq = Hk

    Returns scores (N, T) in the dtype of the arguments, not scaled. The arguments are not changed.

    By hand: query [1, 2] and keys [3, 0], [0, 4] have the dot scores 3 and 8.
    With W = [[0, 1], [0, 0]] (qᵀW = [0, 1]) the general scores are 0 and 4.
    Luong et al. 2015, §3.1.
    """
    ### BEGIN SOLUTION
    if weight is not None:
        query = query @ weight  # (N, Hq) @ (Hq, Hk): the query, translated into the language of the keys
    return (keys @ query.unsqueeze(-1)).squeeze(-1)  # (N, T, Hk) @ (N, Hk, 1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one case from the other</summary>
#
# $q^\top W k_j = (q^\top W)\, k_j$. So "general" is "dot" with another query. What shape has $q^\top W$?
# </details>
# <details><summary>Hint 2: nearly the answer</summary>
#
# A batch of products: (N, T, Hk) times (N, Hk, 1) is (N, T, 1). Or multiply `keys` by the query with an extra axis in the middle, and sum over the last axis.
# </details>

# %% test="luong_scores" points=8
visible_query, visible_keys = torch.tensor([[1.0, 2.0]]), torch.tensor([[[3.0, 0.0], [0.0, 4.0]]])
assert luong_scores(visible_query, visible_keys).tolist() == [[3.0, 8.0]], (
    "the dot scores of [1, 2] with [3, 0] and [0, 4] are 3 and 8"
)
assert luong_scores(visible_query, visible_keys, torch.tensor([[0.0, 1.0], [0.0, 0.0]])).tolist() == [[0.0, 4.0]], (
    "with W = [[0, 1], [0, 0]] the general scores are 0 and 4; 6 and 0 would come from W transposed"
)
assert luong_scores(torch.ones(3, 2), torch.ones(3, 5, 4), torch.ones(2, 4)).shape == (3, 5), (
    "the scores are (N, T), also when Hq differs from Hk"
)

# %% [markdown]
# What does each score cost? Count for 50 queries and 50 keys, all vectors of size 256. A product of (a, b) with (b, c) makes $a \cdot b \cdot c$ multiplications.

# %%
size, queries, keys = 256, 50, 50
costs = {
    # score: (parameters, multiplications, evaluations of tanh)
    "additive": (2 * size * size + size, (queries + keys) * size * size + queries * keys * size, queries * keys * size),
    "general": (size * size, queries * size * size + queries * keys * size, 0),
    "dot": (0, queries * keys * size, 0),
}
print(f"{'score':10}{'parameters':>12}{'multiplications':>18}{'tanh':>10}")
for name, (parameters, multiplications, tanhs) in costs.items():
    print(f"{name:10}{parameters:>12,}{multiplications:>18,}{tanhs:>10,}")

# %% [markdown]
# The dot score is the cheapest by far. It is also nothing but one product of matrices, the thing that hardware does best. That is why it won. But it has a weakness, and that is the next exercise.

# %% [markdown]
# ## Why divide by the square root?
#
# Let the components of $q$ and $k$ be independent with mean 0 and variance 1. Each product $q_i k_i$ has mean 0 and variance 1. The dot product adds up $d_k$ of them, so its variance is $d_k$ and its standard deviation $\sqrt{d_k}$.
#
# Scores with a large spread make the softmax nearly hard: one weight close to 1, the rest close to 0. There the softmax is flat. Its derivative is $\partial \alpha_i / \partial s_j = \alpha_i (\delta_{ij} - \alpha_j)$, with $\delta_{ij} = 1$ if $i = j$ and else 0, and all these numbers are nearly zero. No gradient, no learning.
#
# The cure of Vaswani et al.: divide the scores by $\sqrt{d_k}$. Then their spread is 1 whatever the size. Here is the measurement: random queries, 16 random keys each.

# %% tags=["slow"]
generator = torch.Generator().manual_seed(0)
sizes = [4, 16, 64, 256, 1024]
spread, jacobian_plain, jacobian_scaled = [], [], []


def softmax_jacobian_norm(scores: Tensor) -> float:
    """The mean Frobenius norm of the softmax's Jacobian diag(a) - a aᵀ over the rows of scores."""
    a = torch.softmax(scores, dim=-1)
    jacobian = torch.diag_embed(a) - a.unsqueeze(-1) * a.unsqueeze(-2)
    return jacobian.flatten(1).norm(dim=1).mean().item()


for d_k in sizes:
    q = torch.randn(400, 1, d_k, generator=generator)
    k = torch.randn(400, 16, d_k, generator=generator)
    dots = (q @ k.transpose(1, 2)).squeeze(1)  # (400, 16)
    spread.append(dots.std().item())
    jacobian_plain.append(softmax_jacobian_norm(dots))
    jacobian_scaled.append(softmax_jacobian_norm(dots / math.sqrt(d_k)))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9))
left.loglog(sizes, [math.sqrt(d_k) for d_k in sizes], color="black", linestyle=":", label=r"$\sqrt{d_k}$")
left.loglog(sizes, spread, "o", color=RED, label="measured")
left.set(title="spread of the dot products", xlabel=r"$d_k$", ylabel="standard deviation")
left.set_yticks([2, 4, 8, 16, 32], [2, 4, 8, 16, 32])
right.semilogx(sizes, jacobian_plain, "o-", color=RED, label=r"softmax$(q \cdot k)$")
right.semilogx(sizes, jacobian_scaled, "s-", color=BLUE, label=r"softmax$(q \cdot k / \sqrt{d_k})$")
right.set(title="how much gradient gets through", xlabel=r"$d_k$", ylabel="norm of the Jacobian", ylim=(0, None))
for axis in (left, right):
    axis.set_xticks(sizes, sizes)
    axis.minorticks_off()
    axis.legend(frameon=False)
plt.tight_layout()
plt.show()
print("from d_k = 4 to d_k = 1024")
print("  not scaled, three quarters of the gradient are lost:", jacobian_plain[-1] < jacobian_plain[0] / 4)
print("  scaled, it changes by less than a quarter:", abs(jacobian_scaled[-1] / jacobian_scaled[0] - 1) < 0.25)

# %% [markdown]
# ## Exercise 6 · `scaled_dot_product_attention` (14 points)
#
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# Until now there was one query for each row of the batch. Stack many queries as the rows of a matrix $Q$, the keys as rows of $K$, the values as rows of $V$, and attention is one line (Vaswani et al., eq. 1):
#
# $$\text{Attention}(Q, K, V) = \text{softmax}\!\left( \frac{Q K^\top}{\sqrt{d_k}} \right) V .$$
#
# | what | shape |
# |---|---|
# | $Q$ | (…, queries, d_k) |
# | $K$ | (…, keys, d_k) |
# | $V$ | (…, keys, d_v) |
# | scores and weights | (…, queries, keys): each row is one query, and its weights add up to one |
# | output | (…, queries, d_v) |
#
# The dots stand for any leading axes: none, (batch,), or (batch, heads). Products of PyTorch tensors work on the last two axes and leave the leading ones alone, so write for two axes and count them from the end: −1, −2.
#
# The mask broadcasts to the scores. A padding mask (batch, keys) comes as (batch, 1, 1, keys): the same for all heads and queries.


# %% exercise="scaled_dot_product_attention"
def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """softmax(q kᵀ / √d_k) v and the weights. Vaswani et al. 2017, eq. (1).

    q     (..., queries, d_k)
    k     (..., keys, d_k)
    v     (..., keys, d_v); d_v may differ from d_k
    mask  boolean, broadcasts to (..., queries, keys), True = may attend; None: every query may attend to every key

    The leading axes are the same for q, k and v; there may be none.

    Returns output (..., queries, d_v) and weights (..., queries, keys), in the dtype of the arguments.
    Blocked keys have weight exactly 0; the other weights of a query add up to 1. A query without any allowed key has
    weights 0 and output 0; no NaN, in the gradients neither. Scores of ±10,000 are fine.
    There is no dropout here. The arguments are not changed. Build it from products and a softmax: torch's function of
    the same name, nn.MultiheadAttention and flex_attention may not be called.

    By hand: d_k = 4, q = [[2, 0, 0, 0]], k = [[0, 0, 0, 0], [ln 3, 0, 0, 0]], v = [[0, 4], [8, 0]].
    The scores are 0 and ln 3, the weights 1/4 and 3/4, the output [6, 1].
    """
    ### BEGIN SOLUTION
    d_k = q.shape[-1]
    scores = q @ k.transpose(-2, -1) / math.sqrt(d_k)  # (..., queries, keys)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)  # each query's weights add up to one
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    output = weights @ v  # (..., queries, d_v)
    return output, weights
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the product of all pairs</summary>
#
# (queries, d_k) times (d_k, keys) is (queries, keys). `k.transpose(-2, -1)` swaps the last two axes and leaves any leading ones alone. (`k.T` does not.)
# </details>
# <details><summary>Hint 2: the scale</summary>
#
# $d_k$ is the size of a *query*, its last axis. Not the number of keys, not $d_v$. And its square root.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Scores, scale, mask with minus infinity, softmax over the keys (the last axis), zero where blocked, times the values. `mask` may be None.
# </details>

# %% test="scaled_dot_product_attention" points=14
visible_q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
visible_k = torch.tensor([[0.0, 0.0, 0.0, 0.0], [math.log(3.0), 0.0, 0.0, 0.0]])
visible_v = torch.tensor([[0.0, 4.0], [8.0, 0.0]])
visible_output, visible_weights = scaled_dot_product_attention(visible_q, visible_k, visible_v)
assert torch.allclose(visible_weights, torch.tensor([[0.25, 0.75]])), (
    f"the scores are 0 and ln 3, the weights 1/4 and 3/4; yours: {visible_weights.tolist()}. Divided by the root of d_k?"
)
assert torch.allclose(visible_output, torch.tensor([[6.0, 1.0]])), (
    "the output is the weighted sum of the values: [6, 1]"
)
visible_output, visible_weights = scaled_dot_product_attention(
    torch.ones(2, 3, 5, 4), torch.ones(2, 3, 6, 4), torch.ones(2, 3, 6, 7)
)
assert visible_output.shape == (2, 3, 5, 7) and visible_weights.shape == (2, 3, 5, 6), (
    "leading axes (2, 3), 5 queries, 6 keys, d_v = 7"
)
visible_output, _ = scaled_dot_product_attention(visible_q, visible_k, visible_v, torch.tensor([[False, False]]))
assert (visible_output == 0).all(), "a query that may look at nothing gets the output zero, not NaN"

# %% [markdown]
# Measure yourself against PyTorch's own implementation, which does the same in one fused step.

# %%
generator = torch.Generator().manual_seed(1)
q, k, v = (torch.randn(2, 3, size, 8, generator=generator, dtype=torch.float64) for size in (5, 7, 7))
mask = torch.rand(2, 1, 5, 7, generator=generator) < 0.7
mask[..., 0] = True  # at least one key for each query
difference = (
    (scaled_dot_product_attention(q, k, v, mask)[0] - F.scaled_dot_product_attention(q, k, v, mask)).abs().max().item()
)
print("largest difference from torch below 1e-12:", difference < 1e-12)

# %% [markdown]
# ## Exercise 7 · `attention_backward` (14 points)
#
# difficulty ●●● · importance ●●○ · about 50 minutes
#
# Autograd would do this for us. But fast attention kernels have their backward pass written by hand, and after this derivation attention holds no more secrets. It takes four steps; each needs only the rule for a product and the Jacobian of the softmax.
#
# Forward, with $\sigma$ for the scale (usually $1/\sqrt{d_k}$):
#
# $$S = \sigma\, Q K^\top, \qquad A = \text{softmax}(S) \text{ row by row}, \qquad O = A V .$$
#
# Write $dX$ for $\partial L / \partial X$. Given is $dO$. The rule for a product: if $Z = X Y$, then $dX = dZ\, Y^\top$ and $dY = X^\top dZ$.
#
# **1. The average** $O = A V$:
# $$dV = A^\top dO, \qquad dA = dO\, V^\top .$$
#
# **2. The softmax.** In one row $\partial A_j / \partial S_l = A_j(\delta_{jl} - A_l)$. Multiply by $dA_j$ and sum over $j$:
# $$dS_{l} = A_{l} \Big( dA_{l} - \sum_j A_{j}\, dA_{j} \Big) .$$
# The sum is one number for each query. It is what makes the gradient of each row add up to zero: pushing all scores up together changes nothing.
#
# **3. The scores** $S = \sigma Q K^\top$:
# $$dQ = \sigma\, dS\, K, \qquad dK = \sigma\, dS^\top Q .$$
#
# **And the mask?** It needs no line of its own. A blocked place has $A = 0$, and $dS$ has the factor $A$. A row without keys has $A = 0$ everywhere and sends nothing back.
#
# | what | shape |
# |---|---|
# | $dO$ `d_output` | (…, queries, d_v) |
# | $A$ `weights`, $dA$, $dS$ | (…, queries, keys) |
# | $dQ$, $dK$, $dV$ | as $Q$, $K$, $V$ |


# %% exercise="attention_backward"
def attention_backward(
    d_output: Tensor, q: Tensor, k: Tensor, v: Tensor, weights: Tensor, scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients d_q, d_k, d_v of attention in closed form, without autograd and PyTorch's own backward functions.

    d_output  (..., queries, d_v), the gradient that arrives at the output = weights @ v
    q, k, v   (..., queries, d_k), (..., keys, d_k), (..., keys, d_v), as in the forward pass
    weights   (..., queries, keys) = softmax(scale · q kᵀ), from the forward pass. Where a mask blocked a place the weight
              is 0, and a query without keys has a row of zeros. Use these weights, don't compute them again.
    scale     a number; not always 1/√d_k

    Leading axes as in the forward pass; there may be none. Returns d_q, d_k, d_v with the shapes and dtype of q, k, v.
    The arguments are not changed. Autograd is switched off while this exercise is graded.

    By hand: scale = 1, q = [[1]], k = [[0], [ln 3]], v = [[0], [4]], weights = [[1/4, 3/4]], d_output = [[1]] give
    d_v = [[0.25], [0.75]], the gradient of the scores [[-0.75, 0.75]], d_q = [[0.75 ln 3]], d_k = [[-0.75], [0.75]].
    """
    ### BEGIN SOLUTION
    d_v = weights.transpose(-2, -1) @ d_output  # (..., keys, d_v)
    d_weights = d_output @ v.transpose(-2, -1)  # (..., queries, keys)
    row_sum = (weights * d_weights).sum(dim=-1, keepdim=True)  # (..., queries, 1)
    d_scores = weights * (d_weights - row_sum)  # (..., queries, keys)
    d_q = scale * (d_scores @ k)  # (..., queries, d_k)
    d_k = scale * (d_scores.transpose(-2, -1) @ q)  # (..., keys, d_k)
    return d_q, d_k, d_v
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: go backwards through the forward pass</summary>
#
# Name every intermediate: scores, weights, output. Start at the output and find the gradient of the weights and of `v`. Shapes decide which factor is transposed.
# </details>
# <details><summary>Hint 2: the softmax</summary>
#
# The sum in step 2 runs over the keys of one query, and keeps its axis so that it can be subtracted from each entry of that row: `sum(dim=-1, keepdim=True)`.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `d_scores` is `weights` times (`d_weights` minus the row sum of `weights * d_weights`). Then `d_q` takes `k`, and `d_k` takes `q` with `d_scores` transposed. The scale belongs to both, and not to `d_v`.
# </details>

# %% test="attention_backward" points=14
visible_d_q, visible_d_k, visible_d_v = attention_backward(
    torch.tensor([[1.0]]), torch.tensor([[1.0]]), torch.tensor([[0.0], [math.log(3.0)]]),
    torch.tensor([[0.0], [4.0]]), torch.tensor([[0.25, 0.75]]), 1.0,
)  # fmt: skip
assert torch.allclose(visible_d_v, torch.tensor([[0.25], [0.75]])), "d_v is the transposed weights times d_output"
assert torch.allclose(visible_d_k, torch.tensor([[-0.75], [0.75]])), (
    f"d_k should be [[-0.75], [0.75]], got {visible_d_k.tolist()}. Look at the row sum of step 2"
)
assert torch.allclose(visible_d_q, torch.tensor([[0.75 * math.log(3.0)]])), "d_q is the gradient of the scores times k"

# %% [markdown]
# Now the great comparison, on random numbers in float64, with a mask. Every line should say that the difference is tiny. (Why not exactly zero? Sums in another order round differently, in the sixteenth digit.)

# %%
generator = torch.Generator().manual_seed(2)
q, k, v, d_output = (
    torch.randn(2, rows, columns, generator=generator, dtype=torch.float64)
    for rows, columns in ((3, 4), (5, 4), (5, 6), (3, 6))
)
mask = torch.tensor([[True, True, True, True, False], [True, True, False, False, False]]).unsqueeze(1)  # (2, 1, 5)
leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
scores = (leaves[0] @ leaves[1].transpose(1, 2) / 2.0).masked_fill(~mask, float("-inf"))  # √d_k = 2
weights = torch.softmax(scores, dim=-1)
by_autograd = torch.autograd.grad(weights @ leaves[2], leaves, d_output)
by_hand = attention_backward(d_output, q, k, v, weights.detach(), 0.5)
for name, automatic, manual in zip(("d_q", "d_k", "d_v"), by_autograd, by_hand):
    difference = (automatic - manual).abs().max().item()
    print(f"{name}: close {torch.allclose(automatic, manual)} | largest difference below 1e-12: {difference < 1e-12}")

# %% [markdown]
# **A thought for later.** The row sum $\sum_j A_j\, dA_j$ equals $\sum_c dO_c\, O_c$: output times its gradient, summed over the d_v components. (Put $dA_j = \sum_c dO_c V_{jc}$ into it and see.) So the backward pass can get the sum without holding the whole matrix $A$ in memory. Fast attention kernels use exactly this.

# %%
output = weights.detach() @ v
from_weights = (weights.detach() * (d_output @ v.transpose(1, 2))).sum(dim=-1)
from_output = (d_output * output).sum(dim=-1)
print("both ways to the row sum agree:", torch.allclose(from_weights, from_output))

# %% [markdown]
# ## Exercise 8 · `attention_decoder` (12 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# Now attention meets the recurrent decoder. One step writes one token. The state from the step before, $h$, is the query: "I have written this much; what do I need next?" The encoder's states are keys and values at once.
#
# $$\begin{aligned}
# c,\ \alpha &= \text{attention}(h,\ \text{keys},\ \text{keys},\ \text{mask}) && \text{look, with the previous state} \\
# h' &= \text{cell}\big([\,\text{embedding}(y)\,;\,c\,],\ h\big) && \text{think: } y \text{ is the token written last} \\
# \text{logits} &= \text{output}\big([\,h'\,;\,c\,]\big) && \text{speak}
# \end{aligned}$$
#
# $[a\,;\,b]$ joins two vectors, in this order.
#
# | what | shape |
# |---|---|
# | tokens $y$ | (N,) integer ids |
# | $h$ and $h'$ | (N, hidden_size) |
# | keys | (N, T, key_size) |
# | mask, weights $\alpha$ | (N, T) |
# | context $c$ | (N, key_size) |
# | logits | (N, vocab) |
#
# Look, then think: this is Bahdanau's order. (Their read-out layer is a little richer than our linear one.) Luong's decoder thinks first and looks with the *new* state. Both work; here the order is Bahdanau's.


# %% exercise="attention_decoder"
class AttentionDecoder(nn.Module):
    """A GRU decoder that attends to the encoder's states before each step. Bahdanau et al. 2015, §3.1, simplified."""

    def __init__(self, vocab: int, embedding_size: int, hidden_size: int, key_size: int, attention_size: int) -> None:
        """Given. `attention` is an AdditiveAttention as in exercise 4: attention(query, keys, values, mask)."""
        super().__init__()
        self.embedding = nn.Embedding(vocab, embedding_size)
        self.attention = AdditiveAttention(hidden_size, key_size, attention_size)
        self.cell = nn.GRUCell(embedding_size + key_size, hidden_size)
        self.output = nn.Linear(hidden_size + key_size, vocab)

    def step(self, tokens: Tensor, h: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step: look with the previous state, update the state, score the next token.

        tokens  (N,) int64, the token written last in each row
        h       (N, hidden_size), the previous state; it is the query
        keys    (N, T, key_size), the encoder's states; they are keys and values
        mask    (N, T) boolean, True = a real source token

        1. context, weights = attention with query h, keys, values = keys, mask
        2. new h = cell([embedding(tokens); context], h)
        3. logits = output([new h; context])

        Returns logits (N, vocab), not normalised, the new h (N, hidden_size) and weights (N, T).
        The arguments are not changed. Call self.attention, do not write its formula again: while this exercise is graded
        another module takes its place, with the same arguments and results, so that an error in exercise 4 costs nothing.

        By hand: with all parameters 0 the weights are uniform over the real tokens, the new h is h / 2, the logits are 0.
        """
        ### BEGIN SOLUTION
        context, weights = self.attention(h, keys, keys, mask)  # (N, key_size), (N, T)
        h = self.cell(torch.cat([self.embedding(tokens), context], dim=-1), h)  # (N, hidden_size)
        logits = self.output(torch.cat([h, context], dim=-1))  # (N, vocab)
        return logits, h, weights
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: three lines</summary>
#
# Each of the three numbered lines of the docstring is one line of code. The sub-modules are called like functions.
# </details>
# <details><summary>Hint 2: nearly the answer</summary>
#
# `torch.cat([a, b], dim=-1)` joins along the last axis. Keep an eye on which $h$ you hold: the attention gets the old one, the output the new one, and the caller gets the new one back.
# </details>

# %% test="attention_decoder" points=12
visible_decoder = AttentionDecoder(vocab=11, embedding_size=3, hidden_size=4, key_size=5, attention_size=6)
with torch.no_grad():
    for parameter in visible_decoder.parameters():
        parameter.zero_()
visible_mask = torch.tensor([[True, True, False], [True, False, False]])
visible_logits, visible_h, visible_weights = visible_decoder.step(
    torch.tensor([1, 2]), torch.ones(2, 4), torch.ones(2, 3, 5), visible_mask
)
assert visible_logits.shape == (2, 11), f"the logits are (N, vocab) = (2, 11), not {tuple(visible_logits.shape)}"
assert torch.allclose(visible_h, torch.full((2, 4), 0.5)), (
    "a GRU cell with all parameters zero halves its state: is that the state you return?"
)
assert torch.allclose(visible_weights, torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])), (
    "with all parameters zero the weights are uniform over the real tokens. Does the mask reach the attention?"
)

# %% [markdown]
# ## Capstone: what day is it?
#
# People write the same day in many ways: *Sunday, December 6, 1987* · *Sonntag, 6. Dezember 1987* · *domingo, 6 de diciembre de 1987* · *6 déc. 1987*. Machines prefer ISO 8601: *1987-12-06*.
#
# The task has everything that makes translation hard, and nothing that makes it slow. The order changes, months must be translated, years must be *copied* digit by digit, and the weekday must be ignored. And one wrong character spoils the answer.
#
# The file `dates.csv` holds real locale data for English, French, German and Spanish, in three lengths each (see `LICENCES.md`). Short forms are left out, because nobody knows which day 02/03/04 is. No day of the held-out part occurs in the training part.

# %% tags=["capstone"]
import csv
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
# Everything is spelled in characters. The source has a padding token, the target a `bos` (begin of sequence, the first input of the decoder) and an `eos` (end of sequence, what it writes when it is done).

# %% tags=["capstone"]
PAD, BOS, EOS = 0, 0, 1
source_characters = ["<pad>", *sorted({character for date in train_dates for character in date["text"]})]
target_characters = ["<bos>", "<eos>", *"-0123456789"]
source_id = {character: index for index, character in enumerate(source_characters)}
target_id = {character: index for index, character in enumerate(target_characters)}


def encode_texts(texts: list[str]) -> tuple[Tensor, Tensor]:
    """The ids of the characters, padded, (N, T), and the lengths (N,)."""
    lengths = torch.tensor([len(text) for text in texts])
    source = torch.full((len(texts), int(lengths.max())), PAD)
    for row, text in zip(source, texts):
        row[: len(text)] = torch.tensor([source_id[character] for character in text])
    return source, lengths


def encode_answers(answers: list[str]) -> Tensor:
    """The ids of the answers, each with eos at its end, (N, 11): every ISO date has ten characters."""
    return torch.tensor([[target_id[character] for character in answer] + [EOS] for answer in answers])


train_source, train_lengths = encode_texts([date["text"] for date in train_dates])
train_target = encode_answers([date["iso"] for date in train_dates])
held_out_source, held_out_lengths = encode_texts([date["text"] for date in held_out_dates])
print("source", tuple(train_source.shape), "target", tuple(train_target.shape))
print("vocabularies of", len(source_characters), "and", len(target_characters), "characters")

# %% [markdown]
# The **encoder** is given. It is a GRU that reads the source from left to right, and a second one that reads it from right to left. The two states at each place are joined: a key knows what stands before it *and* after it. The two last states, squashed, are the decoder's first state.
#
# Beside it stands the **baseline**: a decoder without attention. It has the same `step`, but it never looks at the keys. All it knows is its first state: the bottleneck.


# %%
class Encoder(nn.Module):
    """Reads the source in both directions: keys (N, T, 2·hidden_size) and a first decoder state (N, 2·hidden_size)."""

    def __init__(self, vocab: int, embedding_size: int, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, batch_first=True, bidirectional=True)
        self.start = nn.Linear(2 * hidden_size, 2 * hidden_size)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(source), lengths, batch_first=True, enforce_sorted=False
        )
        states, last = self.gru(packed)  # last: (2, N, hidden_size), one for each direction
        keys, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
        return keys, torch.tanh(self.start(torch.cat([last[0], last[1]], dim=-1)))


class PlainDecoder(nn.Module):
    """The same decoder without attention: the keys are ignored, the weights are all zero."""

    def __init__(self, vocab: int, embedding_size: int, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, embedding_size)
        self.cell = nn.GRUCell(embedding_size, hidden_size)
        self.output = nn.Linear(hidden_size, vocab)

    def step(self, tokens: Tensor, h: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = self.cell(self.embedding(tokens), h)
        return self.output(h), h, torch.zeros(mask.shape)


# %% [markdown]
# ## Exercise 9 · `translate_dates` (10 points)
#
# difficulty ●●○ · importance ●●● · about 30 minutes
#
# A trained decoder can score the next token. Your part is to let it write: **greedy decoding**. Start with `bos`. At each step take the token with the largest logit, write it down, and feed it back in, together with the new state. A row is finished when it writes `eos`.
#
# Rows of a batch finish at different times. A finished row must not stop the others, and whatever it produces after its `eos` is thrown away.
#
# Keep the attention weights too: one row of T weights for each token that was written. They are the alignment between source and target, and you will want to look at them.


# %% exercise="translate_dates"
def translate_dates(
    decoder: nn.Module, keys: Tensor, mask: Tensor, h: Tensor, bos_id: int, eos_id: int, max_length: int
) -> tuple[list[list[int]], list[Tensor]]:
    """Greedy decoding: what the decoder writes for each row of the batch, and where it looked.

    decoder     has step(tokens (N,) int64, h, keys, mask) -> logits (N, vocab), new h, weights (N, T)
    keys, mask  (N, T, key_size), (N, T) boolean: passed on to every step as they are
    h           (N, hidden_size), the state before the first step
    bos_id      the token that every row is fed first
    eos_id      a row is finished when it writes this one
    max_length  at least 1; at most so many tokens are kept in a row; a row that has not written eos by then is cut off

    Each step feeds the tokens of the step before (the largest logit of each row, no sampling) and its new state.
    Rows finish on their own. Nothing is learned here: the steps run under torch.no_grad().

    Returns two lists of N entries.
    tokens:  entry n is the list of ids (ints) that row n wrote before its first eos, without the bos that was fed and without eos;
             a bos that the decoder writes is kept, like any other token
    weights: entry n is a tensor (len(tokens[n]), T): row t is the weights of the step that wrote tokens[n][t], as step returned them
    A row that writes eos at once gives [] and a tensor of shape (0, T). The arguments are not changed, and
    a decoder in eval mode is left in it.

    By hand: if the decoder would write 7 9 eos 4 … in row 0 and eos 8 … in row 1, the tokens are [[7, 9], []].
    """
    ### BEGIN SOLUTION
    n_rows, n_keys = mask.shape
    fed = torch.full((n_rows,), bos_id, dtype=torch.long)
    tokens: list[list[int]] = [[] for _ in range(n_rows)]
    looked: list[list[Tensor]] = [[] for _ in range(n_rows)]
    finished = [False] * n_rows
    with torch.no_grad():
        for _ in range(max_length):
            logits, h, weights = decoder.step(fed, h, keys, mask)
            fed = logits.argmax(dim=-1)  # (N,)
            for n, token in enumerate(fed.tolist()):
                finished[n] = finished[n] or token == eos_id
                if not finished[n]:
                    tokens[n].append(token)
                    looked[n].append(weights[n])
            if all(finished):
                break
    return tokens, [torch.stack(rows) if rows else keys.new_zeros(0, n_keys) for rows in looked]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loop</summary>
#
# At most `max_length` times: call `decoder.step`, take `argmax` over the vocabulary, look at each row. The argmax is what you feed next; the `h` that came back is the state of the next step. All of it under `torch.no_grad()`: weights that carry a gradient can't be drawn later.
# </details>
# <details><summary>Hint 2: finished rows</summary>
#
# Keep a list of booleans, one for each row. Once a row has written `eos`, nothing more is kept for it; it may go on running along. You may leave the loop when *all* rows are finished.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Under `torch.no_grad()`, in each step, for each row: if the token is `eos_id`, mark the row as finished; if the row is not finished, append the token to its list and `weights[n]` to its other list. At the end `torch.stack` each list of weights; for an empty list make a tensor of shape (0, T).
# </details>


# %% test="translate_dates" points=10
class Countdown(nn.Module):
    """A decoder for testing: a row with state 3 writes 3 2 1 and then 0, which is its eos. It looks everywhere alike."""

    def step(self, tokens: Tensor, h: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return F.one_hot(h[:, 0].long(), 10).float(), (h - 1).clamp(min=0), mask / mask.sum(dim=1, keepdim=True)


visible_mask = torch.tensor([[True, True, False], [True, True, True], [True, False, False]])
visible_tokens, visible_weights = translate_dates(
    Countdown(),
    torch.ones(3, 3, 2),
    visible_mask,
    torch.tensor([[1.0], [3.0], [0.0]]),
    bos_id=9,
    eos_id=0,
    max_length=5,
)
assert visible_tokens == [[1], [3, 2, 1], []], (
    f"rows that count down from 1, 3 and 0 write [1], [3, 2, 1] and [], got {visible_tokens}"
)
assert [tuple(rows.shape) for rows in visible_weights] == [(1, 3), (3, 3), (0, 3)], (
    "one row of T weights for each token kept"
)
assert torch.allclose(visible_weights[0], torch.tensor([[0.5, 0.5, 0.0]])), "the weights are those that step returned"
visible_tokens, _ = translate_dates(
    Countdown(), torch.ones(3, 3, 2), visible_mask, torch.tensor([[1.0], [3.0], [0.0]]), 9, 0, max_length=2
)
assert visible_tokens == [[1], [3, 2], []], "with max_length 2 no row keeps more than two tokens"

# %% [markdown]
# ## Training
#
# Teacher forcing: at each step the decoder is fed the *right* previous character and must predict the next. The loss is the mean cross-entropy over the eleven steps. The learning rate rises for a tenth of the run and then falls to zero.
#
# Two runs: your decoder with attention, 300 steps; and the baseline without attention, which gets *twice as many*. A third baseline needs no training at all: the answer that occurs most often in the training set. (In 05 a network without attention did learn single dates in the end: with wider states, more than twice the steps again, and units that start out keeping. Here both networks start alike.)


# %%
def teacher_forced_loss(
    encoder: nn.Module, decoder: nn.Module, source: Tensor, lengths: Tensor, target: Tensor
) -> Tensor:
    """The mean cross-entropy of the next character, the decoder being fed the right ones."""
    keys, h = encoder(source, lengths)
    mask = torch.arange(source.shape[1]) < lengths.unsqueeze(1)
    tokens = torch.zeros(len(source), dtype=torch.long)  # bos
    loss = torch.zeros(())
    for t in range(target.shape[1]):
        logits, h, _ = decoder.step(tokens, h, keys, mask)
        loss = loss + F.cross_entropy(logits, target[:, t])
        tokens = target[:, t]
    return loss / target.shape[1]


# %% tags=["capstone"]
def answer(encoder: nn.Module, decoder: nn.Module, source: Tensor, lengths: Tensor) -> tuple[list[str], list[Tensor]]:
    """What the model writes for each source, as text, and where it looked."""
    with torch.no_grad():
        keys, h = encoder(source, lengths)
    mask = torch.arange(source.shape[1]) < lengths.unsqueeze(1)
    tokens, weights = translate_dates(decoder, keys, mask, h, BOS, EOS, max_length=12)
    return ["".join(target_characters[token] for token in row) for row in tokens], weights


held_out_answers = [date["iso"] for date in held_out_dates]


def exact_match(encoder: nn.Module, decoder: nn.Module) -> float:
    """The share of held-out dates that are right in every character."""
    written, _ = answer(encoder, decoder, held_out_source, held_out_lengths)
    return sum(a == b for a, b in zip(written, held_out_answers)) / len(written)


def train(decoder: nn.Module, encoder: nn.Module, steps: int, learning_rate: float = 4e-3) -> list[tuple[int, float]]:
    """Trains both modules in place; returns (step, exact match on held-out dates) every 50 steps."""
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=0.1)
    draw = torch.Generator().manual_seed(1)
    history = [(0, exact_match(encoder, decoder))]
    for step in range(1, steps + 1):
        rows = torch.randint(len(train_source), (64,), generator=draw)
        lengths = train_lengths[rows]
        source = train_source[rows, : int(lengths.max())]
        optimizer.zero_grad()
        teacher_forced_loss(encoder, decoder, source, lengths, train_target[rows]).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            history.append((step, exact_match(encoder, decoder)))
    return history


torch.manual_seed(0)
attention_encoder = Encoder(len(source_characters), 24, 48)
attention_decoder = AttentionDecoder(len(target_characters), 24, 96, 96, 48)
attention_history = train(attention_decoder, attention_encoder, steps=300)

torch.manual_seed(0)
plain_encoder = Encoder(len(source_characters), 24, 48)
plain_decoder = PlainDecoder(len(target_characters), 24, 96)
plain_history = train(plain_decoder, plain_encoder, steps=600)

answers_seen = [date["iso"] for date in train_dates]
commonest = max(sorted(set(answers_seen)), key=answers_seen.count)
print(f"always the commonest answer: {held_out_answers.count(commonest) / len(held_out_answers):.0%} exact")
print(f"without attention, 600 steps: {plain_history[-1][1]:.0%} exact")
print(f"with attention, 300 steps:    {attention_history[-1][1]:.0%} exact")
assert attention_history[-1][1] > plain_history[-1][1] + 0.5, "attention should beat the bottleneck by far"
assert attention_history[-1][1] > 0.9, "nine of ten held-out dates should be right in every character"

# %% [markdown]
# The same data, the same encoder, half the training. The only difference is that one decoder may look back. But *what* did the other one fail at? Below, on the right: how often each of the ten characters is right.

# %% tags=["capstone"]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3))
left.plot(*zip(*attention_history), "s-", color=BLUE, label="with attention")
left.plot(*zip(*plain_history), "o-", color=RED, label="without")
left.set(
    title="held-out dates, right in every character", xlabel="training step", ylabel="exact match", ylim=(-0.03, 1.03)
)
left.legend(frameon=False, loc="center right")
places = range(10)
for encoder, decoder, colour, offset, label in (
    (attention_encoder, attention_decoder, BLUE, -0.2, "with attention"),
    (plain_encoder, plain_decoder, RED, 0.2, "without"),
):
    written, _ = answer(encoder, decoder, held_out_source, held_out_lengths)
    right_share = [sum(a[p : p + 1] == b[p] for a, b in zip(written, held_out_answers)) / len(written) for p in places]
    right.bar([p + offset for p in places], right_share, width=0.4, color=colour, label=label)
    print(
        f"{label}, right in nine of ten dates: the year {min(right_share[:4]) > 0.9}, the day {min(right_share[8:]) > 0.9}"
    )
right.set(title="which characters are right?", ylabel="share right", xlabel="character of the answer")
right.set_xticks(list(places), list("YYYY-MM-DD"))
plt.tight_layout()
plt.show()

# %% [markdown]
# Without attention the year is right: it is written first, straight from the vector. The month is blurred, and of the day, written last, little is left. Everything had to be squeezed into one vector *and* survive in the decoder's state until its turn came. With attention each digit is fetched at the moment when it is needed, by a decoder that remembers only where it is.
#
# ## The figure to remember
#
# Each row is a character that the model wrote; each column is a character of the source. Bright means "here it looked while writing". Nobody told the model which characters belong together.

# %% tags=["capstone"]
figure, axes = plt.subplots(2, 2, figsize=(12, 6.4), layout="constrained")
for axis, language in zip(axes.flat, ("en", "de", "fr", "es")):
    date = next(date for date in held_out_dates if date["language"] == language and date["style"] == "full")
    (written,), (weights,) = answer(attention_encoder, attention_decoder, *encode_texts([date["text"]]))
    image = axis.imshow(weights, cmap="cividis", vmin=0, vmax=0.8, aspect="auto")
    axis.set_xticks(range(len(date["text"])), list(date["text"]))
    axis.set_yticks(range(len(written)), list(written))
    axis.set(title=f"{date['text']}  →  {written}", xlabel="source character", ylabel="written character")
figure.colorbar(image, ax=axes, label="attention weight", shrink=0.7, extend="max")
plt.show()

# %% [markdown]
# Read one picture from top to bottom. The model begins at the *end* of the source, where the year stands, and copies it digit by digit. Then it jumps back to the month, whose name it must translate, and then to the day. The weekday at the front stays nearly dark: it carries no information that is needed. Sometimes the bright spot is a place beside the character you expect: the keys come from a GRU that reads in both directions, so each of them knows its neighbours too.
#
# Try your own. Which dates break it? (The model knows the years 1900 to 2099 only, and only the characters it has seen.)

# %% tags=["capstone"]
my_dates = [
    "Friday, December 25, 2026",
    "1. Januar 2000",
    "7 août 1969",
    "jueves, 12 de octubre de 1994",
    "31 February 1999",
]
for text, written in zip(my_dates, answer(attention_encoder, attention_decoder, *encode_texts(my_dates))[0]):
    print(f"{text:35} {written}")

# %% [markdown]
# ## What you built, what breaks next
#
# You built a soft look-up that can be differentiated, three ways to score it, the masks that keep it honest, and its backward pass. You put it into a decoder, and what the network of 05 learned slowly, and only with its units kept open by hand, this one learned at once. You could even *see* the model read.
#
# Two things are still wrong.
#
# **It is slow.** The encoder takes T steps one after another, the decoder too. Attention itself has no such chain: all queries at once, one product of matrices. In the decoder we had to wait only because the *query* came from a recurrent network. So why keep the recurrent network?
#
# **Attention has no idea of order.** Throw out the recurrence, and this appears. Shuffle keys and values together, and the output is the same:

# %%
generator = torch.Generator().manual_seed(3)
q, k, v = (torch.randn(size, 8, generator=generator, dtype=torch.float64) for size in (4, 6, 6))
shuffle = torch.tensor([3, 0, 5, 1, 4, 2])
in_order, _ = scaled_dot_product_attention(q, k, v)
shuffled, _ = scaled_dot_product_attention(q, k[shuffle], v[shuffle])
print("the output is the same after shuffling keys and values:", torch.allclose(in_order, shuffled))

# %% [markdown]
# "Dog bites man" and "man bites dog" would be one and the same. The recurrent encoder hid this from us, because its states know what came before them.
#
# The next notebook, **the Transformer**, answers both: it drops the recurrence, tells attention about positions, and lets a sequence attend to *itself*, with many heads at a time.
#
# ### To read on
#
# - Bahdanau, Cho and Bengio (2015): the paper of this lesson; their figure 3 is the picture that you drew.
# - Luong, Pham and Manning (2015): the three scores side by side, and attention to a window only.
# - Vaswani and others (2017), section 3.2: scaled dot-product attention in one page; the reason for the root stands in a footnote.
# - S. Jain and B. Wallace (2019), *Attention is not Explanation*, NAACL, and S. Wiegreffe and Y. Pinter (2019), *Attention is not not Explanation*, EMNLP: read both before you trust an attention map.
# - T. Dao and others (2022), *FlashAttention*, NeurIPS: forward and backward pass as you wrote them, without ever storing the matrix of weights.
