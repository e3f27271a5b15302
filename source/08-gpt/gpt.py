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
# # 08 · A language model, from bytes to sampling
#
# **Most of what people write comes in no pairs. Can a Transformer learn a language from plain text alone, if its only task is to guess what comes next?**
#
# The last notebook learned from pairs, spelling and sound. Somebody had to write down both. Drop the encoder: what is left needs no pairs. Then it needs an alphabet in which every text can be written. And it needs a way to write that does not read the whole text again for each new token.
#
# **You will be able to**
#
# - train a byte-level tokenizer, and say why it can write every text there is;
# - build a GPT from a matrix product upwards: causal self-attention, pre-norm blocks, tied weights, and a start at the right size;
# - generate without computing anything twice, and prove that the answer stays the same;
# - sample with temperature, top-k and top-p, and say exactly which distribution you sample from;
# - measure a language model in bits per byte, the only fair unit, against its oldest opponent: counting;
# - train one on a real dictionary of 1911 and let it define words of your choice.
#
# **Time** about 6 hours: nine exercises, on different days if you like. **Before you start** you should know scaled dot-product attention with heads and masks, layer norm, the residual connection, and cross-entropy. PyTorch with autograd throughout. No code of an earlier notebook is needed.
#
# **Papers**
#
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei & I. Sutskever, *Language Models are Unsupervised Multitask Learners*, OpenAI 2019 (GPT-2). (§2)
# - R. Sennrich, B. Haddow & A. Birch, *Neural Machine Translation of Rare Words with Subword Units*, ACL 2016. (§3.2)
# - I. Loshchilov & F. Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019. (algorithm 2)
# - A. Holtzman, J. Buys, L. Du, M. Forbes & Y. Choi, *The Curious Case of Neural Text Degeneration*, ICLR 2020. (§3.1)
# - N. Shazeer, *Fast Transformer Decoding: One Write-Head is All You Need*, arXiv:1911.02150, 2019. (§2.4, §3)
#
# | exercise | what you build | points |
# |---|---|---|
# | 1 `train_bpe` | which pieces of text deserve a number | 12 |
# | 2 `bpe_codec` | text to numbers and back, without loss | 10 |
# | 3 `causal_self_attention` | a sequence that looks at its own past | 14 |
# | 4 `gpt` | the whole model | 16 |
# | 5 `kv_cache` | never compute a key twice | 14 |
# | 6 `next_token_sampling` | temperature, top-k, top-p | 12 |
# | 7 `adamw_groups` | what should decay, and how fast to learn | 8 |
# | 8 `language_model_loss` | the shift, and bits per byte | 6 |
# | 9 `write_definitions` | the capstone | 8 |
#
# Each exercise is graded by itself: where a later one needs an earlier one, the hidden tests bring their own. Figures and the capstone do use your functions.

# %%
import math
import re
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# %%
import matplotlib.pyplot as plt

# %matplotlib inline

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"  # told apart by everyone
plt.rcParams.update({"figure.dpi": 90, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ## One task is enough
#
# Cut a text into pieces $x_1, x_2, \dots, x_T$, the **tokens**. The chain rule of probability says, with nothing assumed:
#
# $$p(x_1, \dots, x_T) = \prod_{t=1}^{T} p(x_t \mid x_1, \dots, x_{t-1}) .$$
#
# A machine that knows, for every beginning, how likely each next token is, knows how likely every text is. And it can write: draw a token, append it, ask again. That is a **language model**. Its training data is any text at all, because each text contains its own answers: the next token is the label.
#
# What must be in a machine that guesses well? To go on after "accordion, n. An instrument in harmony with the sentiments of an" it should know English grammar, that dictionaries define, and the temper of this author. (He wrote "assassin".) Nobody labels any of that. It pays off in the guess, so it is learnt.
#
# The idea is older than computers. In 1913 Andrei Markov counted by hand, through 20,000 letters of *Eugene Onegin*, how often a vowel follows a vowel. In 1948 Claude Shannon let chance write English from such counts, and named what they measure: entropy. Counting stayed the best method for half a century. In 2003 Bengio, Ducharme, Vincent and Jauvin let a network guess instead: it knew that words can be alike, so it could use what it had read about *cat* when it met *dog*. Recurrent networks took over in 2010 (Mikolov et al.), Transformers in 2018. In 2019 GPT-2 showed that the task is enough: trained to guess and nothing else, it could summarise and translate a little, because people who write summaries and translations say so in the text.
#
# Our text is *The Devil's Dictionary* by Ambrose Bierce, published in 1911: one entry a line, small enough to train on while you wait, funny enough to be worth it. Every tenth entry is held out.

# %%
entries = Path("dictionary.txt").read_text(encoding="utf-8").splitlines()
train_entries = [entry for place, entry in enumerate(entries) if place % 10 != 9]
held_out_entries = [entry for place, entry in enumerate(entries) if place % 10 == 9]
train_text = "".join(entry + "\n" for entry in train_entries)
held_out_text = "".join(entry + "\n" for entry in held_out_entries)
print(len(train_entries), "entries and", len(train_text.encode()), "bytes to train on;", len(held_out_entries), "entries are held out")
for entry in train_entries[46], train_entries[104], train_entries[205]:
    print("  ", entry[:110])

# %% [markdown]
# ## What is a token?
#
# **Words?** There are too many, and tomorrow there is a new one: "unknown token". **Characters?** Unicode has more than a hundred thousand, and most never occur. **Bytes?** UTF-8 writes every character of every script as one to four bytes, so 256 tokens can write everything. But then sequences are long, and attention pays for length with its square.
#
# The compromise: start from bytes, and give a new number to what occurs often. This is **byte-pair encoding** (BPE), a compression method (Gage 1994) that Sennrich, Haddow and Birch brought to translation and GPT-2 put on bytes. A frequent word becomes one token, a rare name several. Nothing is ever unknown: in the worst case it is spelt in bytes.
#
# The idea fits in one line: *find the pair of neighbours that occurs most often, glue it together, repeat.*

# %% [markdown]
# ## Exercise 1 · `train_bpe` (12 points)
#
# difficulty ●●○ · importance ●●○ · about 35 minutes
#
# Begin with the bytes of the text: ids 0 to 255. Then, until the vocabulary is full:
#
# 1. count every pair of neighbouring ids;
# 2. take the commonest pair $(a, b)$;
# 3. replace every $a\,b$ by one new id, from left to right. The first new id is 256, then 257, and so on.
#
# The list of pairs in the order in which they were merged is the whole tokenizer.
#
# Watch it on "banana". The ids are 98 97 110 97 110 97. The pairs: `ba` once, `an` twice, `na` twice. A **tie**: somebody must decide, or two computers will have two tokenizers. Ours takes the smaller pair of ids: (97, 110) before (110, 97). So `an` becomes 256 and the text is `b` 256 256 `a`. Now every pair occurs once. Gluing something that occurs once compresses nothing: we stop.
#
# One trap. How often does the pair `aa` occur in "aaa"? It begins at two places, but they **overlap**: after the first is glued, the second is gone. We count what can be glued: "aaa" has one `aa`, "aaaa" has two.

# %% exercise="train_bpe"
def train_bpe(text: str, vocab_size: int) -> list[tuple[int, int]]:
    """The merges of a byte-level byte-pair encoding learnt from `text`, in the order in which they were made.

    text        any string; it is turned into its UTF-8 bytes, which are the ids 0 … 255
    vocab_size  bytes and merges together: at most vocab_size - 256 merges. Up to 256 there are none: [].

    Repeat: count the pairs of neighbouring ids, take the commonest, and replace its occurrences, from left to right, by one new id.
    Merge number i (from 0) makes the id 256 + i. Pairs may hold earlier new ids.

    - The text is one stretch: pairs cross spaces and line breaks like anything else.
    - Occurrences that overlap count once, found from left to right: (97, 97) occurs once in "aaa", twice in "aaaa".
    - Among pairs that occur equally often the smallest tuple of ids wins: (97, 110) before (110, 97).
    - When no pair occurs at least twice the training stops, and fewer merges come back. An empty text gives [].

    Returns a list of tuples of two Python ints.

    By hand: train_bpe("banana", 300) is [(97, 110)].   Sennrich et al. 2016, algorithm 1, on bytes and without word borders.
    """
    ### BEGIN SOLUTION
    ids = list(text.encode("utf-8"))
    merges: list[tuple[int, int]] = []
    while len(merges) < vocab_size - 256:
        counts: Counter[tuple[int, int]] = Counter()
        counted = None  # the pair that ends at this place, if it was counted
        for pair in zip(ids, ids[1:]):
            if pair == counted:  # only aa in aaa: it overlaps the one before
                counted = None
            else:
                counts[pair] += 1
                counted = pair
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)  # commonest first, then the smaller tuple
        if best is None or counts[best] < 2:
            break
        new_id = 256 + len(merges)
        merges.append(best)
        glued, place = [], 0
        while place < len(ids):
            if ids[place] == best[0] and place + 1 < len(ids) and ids[place + 1] == best[1]:
                glued.append(new_id)
                place += 2
            else:
                glued.append(ids[place])
                place += 1
        ids = glued
    return merges
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the parts</summary>
#
# You need a counter of pairs, the choice of the best pair, and a function that glues. `list("aé".encode("utf-8"))` gives ids. `zip(ids, ids[1:])` gives neighbours.
# </details>
# <details><summary>Hint 2: gluing</summary>
#
# Walk through the ids with an index. If this id and the next one are the pair, write the new id and step over *two*. Otherwise copy one and step over one. (With a `for` loop over all places you would glue overlapping pairs.)
# </details>
# <details><summary>Hint 3: overlaps</summary>
#
# Only a pair of two *equal* ids can overlap with itself. While counting, remember the place where you last counted this pair; if it is the place just before, skip this one, once. Or: a run of $r$ equal ids holds $\lfloor r/2 \rfloor$ of them.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# `min(counts, key=lambda pair: (-counts[pair], pair))` takes the commonest pair, and among equals the smallest. Stop if there is no pair or its count is below 2. Append the pair to the merges, glue with the id 256 + (number of merges before it), repeat.
# </details>

# %% test="train_bpe" points=12
assert train_bpe("banana", 300) == [(97, 110)], f"banana: `an` and `na` tie, the smaller pair wins, then nothing occurs twice; got {train_bpe('banana', 300)}"
assert train_bpe("aaaaa", 300) == [(97, 97)], f"aaaaa holds two `aa` that don't overlap; then 256 256 97 has no pair twice; got {train_bpe('aaaaa', 300)}"
assert train_bpe("abcabc", 256) == [], "with 256 places there is room for the bytes only"

# %% [markdown]
# ## Exercise 2 · `bpe_codec` (10 points)
#
# difficulty ●●○ · importance ●●○ · about 30 minutes
#
# Now use the merges. **Encoding** a text: take its bytes and glue, exactly as in training. The order matters. Merge 0 was made first, so it is glued first, wherever it occurs; then merge 1, and so on. The number of a merge is its **rank**.
#
# Why not simply read from left to right and glue whatever can be glued? Take the merges 0: `bc` → 256 and 1: `ab` → 257, and the text "abc". By rank: `bc` is glued first, the ids are `a` 256. From left to right: `ab` is glued first, the ids are 257 `c`. Both decode to "abc". But a model that was trained on the first has never seen the second. A wrong tokenizer does not crash. It only makes the model look stupid.
#
# **Decoding**: each id stands for a string of bytes. For an id below 256 that is one byte; for $256 + i$ it is the bytes of the left half of merge $i$, then those of the right half. Join them all, and read the result as UTF-8.
#
# One thing more. A model may write *any* sequence of ids, also one whose bytes are not UTF-8: half an emoji, say. Decoding must not crash then. Each spot that can't be read becomes "�", the replacement character U+FFFD. Python does that: `errors="replace"`.

# %% exercise="bpe_codec"
def bpe_encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """The ids of `text`: its UTF-8 bytes, on which the merges are applied by rank.

    text    any string: nothing is stripped, lowered or split. The empty text gives [].
    merges  as train_bpe returns them: merge i glues the pair merges[i] to the id 256 + i. May be empty.

    As long as some neighbours are a pair of the list: take the pair of smallest rank i and glue its occurrences from left to right.
    Returns a list of int. `merges` is not changed.

    By hand: with merges [(98, 99), (97, 98)] the text "abc" gives [97, 256].
    """
    ### BEGIN SOLUTION
    ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
    ids = list(text.encode("utf-8"))
    while True:
        rank = min((ranks[pair] for pair in zip(ids, ids[1:]) if pair in ranks), default=None)
        if rank is None:
            return ids
        glued, place = [], 0
        while place < len(ids):
            if tuple(ids[place : place + 2]) == tuple(merges[rank]):
                glued.append(256 + rank)
                place += 2
            else:
                glued.append(ids[place])
                place += 1
        ids = glued
    ### END SOLUTION


def bpe_decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """The text of `ids`: bpe_decode(bpe_encode(text, merges), merges) == text for every text.

    ids     any list of ids from 0 to 255 + len(merges), not only those that bpe_encode makes; may be empty
    merges  as above; neither is changed

    Bytes that are not valid UTF-8 are replaced as bytes.decode("utf-8", errors="replace") does; nothing is raised.
    The bytes of all ids are joined before they are read: a character may be spread over several ids.

    By hand: with merges [(98, 99), (97, 256)] the ids [257, 33] give "abc!", and [0xC3] alone gives "\N{REPLACEMENT CHARACTER}".
    """
    ### BEGIN SOLUTION
    pieces = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        pieces.append(pieces[left] + pieces[right])
    return b"".join(pieces[token] for token in ids).decode("utf-8", errors="replace")
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: encoding</summary>
#
# Simplest: walk through the merges in their order, and for each one glue all its occurrences, as in exercise 1. Once through the list is enough: a merge makes a new id, and a pair with that id was learnt later, so it has a higher rank. Faster, because most merges occur in no given line: look which pairs of neighbours are in the list, take the one of smallest rank, glue it, and look again until there is none.
# </details>
# <details><summary>Hint 2: decoding</summary>
#
# Build a list of byte strings: the entry of id 65 is `bytes([65])`. Then go through the merges and append left + right. Both are in the list already.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Look up each id, join with `b"".join(…)`, and call `.decode("utf-8", errors="replace")` once, at the very end. If you decode piece by piece, "é" breaks whenever its two bytes are in two tokens.
# </details>

# %% test="bpe_codec" points=10
assert bpe_encode("abc", [(98, 99), (97, 98)]) == [97, 256], "merge 0 comes first wherever it occurs: `bc` is glued before `ab`"
assert bpe_decode([257, 33], [(98, 99), (97, 256)]) == "abc!", "id 257 is the bytes of 97, then those of 256"
assert bpe_decode(bpe_encode("  naïve 🦆\n", [(32, 32), (0xC3, 0xAF)]), [(32, 32), (0xC3, 0xAF)]) == "  naïve 🦆\n", "no text may be changed on the way"
assert bpe_decode([0xC3], []) == "\N{REPLACEMENT CHARACTER}", "half a character becomes the replacement character, and nothing is raised"

# %% [markdown]
# What did it learn? Below, a tokenizer trained on a third of the entries, cut off after 0, 64, 256 and 768 merges. Each box is one token.

# %% tags=["slow"]
def by_entry(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """The ids of a long text, encoded entry by entry."""
    return [token for line in text.splitlines(keepends=True) for token in bpe_encode(line, merges)]


merges = train_bpe("".join(entry + "\n" for entry in train_entries[::3]), 256 + 768)
sentence = "idleness, n. A model farm where the devil"
foreign = "Der Teufel führt dort einen Musterbetrieb. Le diable y dirige une ferme modèle."
sizes = [0, 16, 64, 256, 768]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.6), width_ratios=[2.2, 1])
for row, size in enumerate((0, 64, 256, 768)):
    column = 0
    for place, token in enumerate(bpe_encode(sentence, merges[:size])):
        piece = bpe_decode([token], merges)
        left.barh(-row, len(piece), left=column, height=0.8, color=(BLUE, "#56B4E9")[place % 2], alpha=0.35, edgecolor="white")
        left.text(column + len(piece) / 2, -row, piece.replace(" ", "␣"), ha="center", va="center", family="monospace", fontsize=8)
        column += len(piece)
left.set_yticks([0, -1, -2, -3], ["0", "64", "256", "768"])
left.set(ylabel="merges", xlabel="byte", title="one sentence, cut into tokens")
for text, colour, marker, label in ((held_out_text[:4000], BLUE, "o", "held-out entries"), (foreign, RED, "s", "German and French")):
    right.plot(sizes, [len(text.encode()) / len(by_entry(text, merges[:size])) for size in sizes], marker + "-", color=colour, label=label)
right.set(xlabel="merges", ylabel="bytes per token", title="how much shorter?", ylim=(0.9, None))
right.legend(frameon=False, loc="lower right")
plt.tight_layout()
plt.show()
print("the first ten merges:", [bpe_decode([256 + rank], merges) for rank in range(10)])
lossless = all(bpe_decode(bpe_encode(text, merges), merges) == text for text in (foreign, "日本語", "🦆\t\n  ", held_out_text[:500]))
print("every text comes back unchanged:", lossless)

# %% [markdown]
# The first merges are the commonest endings and beginnings of English words, and spaces are part of them: "e␣" is another token than "e". Soon whole pieces of phrases are one token. (GPT-2 forbids merges across words, by a pattern that cuts the text beforehand. Ours is the plain algorithm.) Remember it when you write a prompt: where a prompt ends, a token must end.
#
# Languages that the tokenizer has not seen come out long. They cost more, and a model with a limited context sees less of them. Tokenizers are not neutral.

# %% [markdown]
# ## Exercise 3 · `causal_self_attention` (14 points)
#
# difficulty ●●● · importance ●●● · about 50 minutes
#
# The Transformer for translation had an encoder, a decoder, and three kinds of attention. A language model reads and writes the *same* sequence. Keep one kind: **self-attention that looks only backwards**. Position $t$ may use positions $1 \dots t$, because at $t$ the task is to guess $t + 1$.
#
# The mask buys something great. One pass over $T$ tokens gives $T$ predictions, each from its own past, none having seen its own answer: $T$ training examples for the price of one.
#
# Query, key and value of a position are three linear maps of the same vector. One **fused** layer `qkv` computes all three in one product:
#
# | what | shape |
# |---|---|
# | $x$ | (N, T, d_model) |
# | `qkv(x)`, the parts in the order q, k, v | (N, T, 3·d_model) |
# | $q, k, v$, split into heads | (N, heads, T, d) with d = d_model / heads |
# | scores $q k^\top / \sqrt d$ | (N, heads, T, T) |
# | heads merged again, then `out_proj` | (N, T, d_model) |
#
# Head number $h$ owns the columns $h d \dots (h+1) d - 1$ of each of the three parts.
#
# **With a cache.** When a model writes, it gets one token at a time, and the keys and values of all earlier positions have been computed before. A *cache* keeps them. You will write it in exercise 5. Here you only need to know how to use one:
#
# - `cache.append(k, v)` takes the keys and values of the new positions, each (N, heads, T, d), and returns those of *all* positions so far, old ones first: (N, heads, L + T, d), where L positions were in the cache before.
# - `cache.length` is the number of positions in it: L before the call, L + T after it.
#
# So there are T queries and L + T keys. Query $i$ stands at position $L + i$ and may look at the keys $j \le L + i$. The mask is aligned at the **bottom right**. (Beware of `is_causal=True` in PyTorch's function: it aligns at the top left, and is right only for $L = 0$.)

# %% exercise="causal_self_attention"
class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which each position looks at itself and at earlier positions. Radford et al. 2019."""

    def __init__(self, d_model: int, heads: int, dropout: float = 0.0) -> None:
        """Given. heads divides d_model."""
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(d_model, 3 * d_model)  # its 3·d_model outputs are q, then k, then v
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)  # on the attention weights, and on what out_proj returns

    def forward(self, x: Tensor, cache=None) -> Tensor:
        """What each position collects from itself and its past.

        x      (N, T, d_model): the T newest positions
        cache  None, or an object with append(k, v) -> k_all, v_all and length (see the text). If one is given, append is called
               once, with the keys and values of these T positions only, (N, heads, T, d), before dropout; the queries look at k_all, v_all.

        Returns (N, T, d_model), in the dtype of x; float32 inside is always precise enough. No gradient need flow through the cache.
        With d = d_model / heads and L positions in the cache before (0 without a cache; any T and L are possible):
        - weights of query i: the softmax over the keys j <= L + i of q·k / sqrt(d); later keys have weight 0;
        - head h uses the columns h·d to (h+1)·d - 1 of q, of k and of v, and fills these columns of the merged result;
        - the merged heads go through out_proj. Dropout does nothing in eval mode. x is not changed.

        By hand: d_model = heads = 1; qkv gives q = k = 0 and v = x, out_proj is the identity. Then x = 1, 3, 5 gives 1, 2, 3:
        all weights are equal, and each position is the mean of what it may see.

        Split and merge the heads yourself: nn.MultiheadAttention is not accepted here. F.scaled_dot_product_attention is, with the right mask.
        """
        ### BEGIN SOLUTION
        N, T, d_model = x.shape
        d = d_model // self.heads
        q, k, v = (part.view(N, T, self.heads, d).transpose(1, 2) for part in self.qkv(x).split(d_model, dim=-1))  # (N, heads, T, d)
        if cache is not None:
            k, v = cache.append(k, v)  # (N, heads, L + T, d)
        n_keys = k.shape[2]
        positions = torch.arange(n_keys - T, n_keys, device=x.device).unsqueeze(1)  # of the queries, (T, 1)
        allowed = torch.arange(n_keys, device=x.device) <= positions  # (T, L + T), aligned at the bottom right
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)  # (N, heads, T, L + T)
        weights = torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)
        merged = (self.dropout(weights) @ v).transpose(1, 2).reshape(N, T, d_model)
        return self.dropout(self.out_proj(merged))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: three parts, then heads</summary>
#
# `self.qkv(x).split(d_model, dim=-1)` gives q, k and v. To split heads: `view(N, T, heads, d)` first, and only then `transpose(1, 2)`. Viewing at once as (N, heads, T, d) gives the right shape and mixes up positions and heads.
# </details>
# <details><summary>Hint 2: the mask</summary>
#
# Count the keys *after* the cache has answered: `n_keys = k.shape[2]`. The T queries are the last T of these positions. Compare `torch.arange(n_keys)` with the positions of the queries as a column.
# </details>
# <details><summary>Hint 3: back again</summary>
#
# After weights times values you have (N, heads, T, d). Undo the split in the opposite order: `transpose(1, 2)`, then `reshape(N, T, d_model)`.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# split → heads → if there is a cache, `k, v = cache.append(k, v)` → scores over √d → masked_fill with minus infinity where the key is later than the query → softmax over the keys → dropout → times v → merge → `out_proj` → dropout.
# </details>

# %% test="causal_self_attention" points=14
tiny = CausalSelfAttention(1, 1).eval()
with torch.no_grad():
    for parameter in tiny.parameters():
        parameter.zero_()
    tiny.qkv.weight[2] = 1.0  # v = x
    tiny.out_proj.weight.fill_(1.0)
tiny_output = tiny(torch.tensor([[[1.0], [3.0], [5.0]]]))
assert tiny_output.shape == (1, 3, 1), f"the output has the shape of x, (1, 3, 1), not {tuple(tiny_output.shape)}"
assert torch.allclose(tiny_output.flatten(), torch.tensor([1.0, 2.0, 3.0])), f"running means of 1, 3, 5 are 1, 2, 3; got {tiny_output.flatten().tolist()}"


class TwoSeen:
    """A cache for testing that holds the positions 1 and 3 already."""

    length = 2

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        return torch.cat([torch.zeros(1, 1, 2, 1), k], dim=2), torch.cat([torch.tensor([1.0, 3.0]).view(1, 1, 2, 1), v], dim=2)


tiny_output = tiny(torch.tensor([[[5.0], [7.0]]]), TwoSeen())
assert torch.allclose(tiny_output.flatten(), torch.tensor([3.0, 4.0])), (
    f"with 1 and 3 in the cache, 5 sees three values and 7 sees four: means 3 and 4, got {tiny_output.flatten().tolist()}"
)
causal = CausalSelfAttention(6, 2).eval()
causal_x = torch.linspace(-1, 1, 30).view(1, 5, 6)
causal_changed = causal_x.clone()
causal_changed[0, 3] += 1
assert torch.allclose(causal(causal_x)[0, :3], causal(causal_changed)[0, :3], atol=1e-6), "a change at position 3 must not reach positions 0 to 2"

# %% [markdown]
# ## Exercise 4 · `gpt` (16 points)
#
# difficulty ●●● · importance ●●● · about 60 minutes
#
# A GPT is short. Each token has a vector, each *position* has a vector, and their sum enters a stack of identical blocks. A block has two sub-layers, attention (positions talk to each other) and a two-layer network (each position thinks for itself). Both *add* to the stream that runs through the model, the **residual stream**:
#
# $$\begin{aligned}
# x &\leftarrow x + \text{attention}\big(\text{norm}_1(x)\big) \\
# x &\leftarrow x + W_2\, \text{GELU}\big(W_1\, \text{norm}_2(x)\big)
# \end{aligned}$$
#
# The norm stands *before* the sub-layer (**pre-norm**), so nothing stands in the way of the stream itself. That is the LSTM's lesson once more: add, don't rewrite. At the very end comes one more norm, and then the logits.
#
# - **GELU** is a smooth ReLU: $x\,\Phi(x)$, where $\Phi$ is the distribution function of the normal distribution. We use the exact one, `F.gelu(x)`. (GPT-2 used an approximation of it with tanh.)
# - **Tied weights.** The logit of token $i$ is the product of the final vector with the embedding of $i$: the same matrix reads and writes. No extra parameters, no bias.
# - **Positions** are learnt vectors: position 0, 1, … up to max_length − 1. With a cache that holds L positions, the new tokens stand at L, L + 1, …
#
# | what | shape |
# |---|---|
# | tokens | (N, T) ids |
# | token vectors + position vectors | (N, T, d_model) + (T, d_model) |
# | inside the two-layer network | (N, T, 4·d_model) |
# | logits | (N, T, V) |
#
# **The start.** GPT-2 draws all weights from a normal distribution with standard deviation 0.02, and sets biases to zero. Except: every block *adds* two terms to the stream. After $2 \cdot \text{layers}$ independent additions, the variance has grown $2 \cdot \text{layers}$ times. So the two layers that write into the stream, `out_proj` and `linear2`, start smaller by the factor $1 / \sqrt{2 \cdot \text{layers}}$. Then the stream leaves the last block with a size that does not depend on the depth.

# %% exercise="gpt"
class Block(nn.Module):
    """One pre-norm block: attention, then a two-layer network with GELU; both are added to the stream."""

    def __init__(self, d_model: int, heads: int, dropout: float = 0.0) -> None:
        """Given. `attention` is a CausalSelfAttention as in exercise 3, called as attention(x, cache); it has its own dropout."""
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model)
        self.attention = CausalSelfAttention(d_model, heads, dropout)
        self.norm2 = nn.LayerNorm(d_model)
        self.linear1 = nn.Linear(d_model, 4 * d_model)
        self.linear2 = nn.Linear(4 * d_model, d_model)
        self.dropout = nn.Dropout(dropout)  # on what linear2 returns

    def forward(self, x: Tensor, cache=None) -> Tensor:
        """x + attention(norm1(x)), and then x + linear2(gelu(linear1(norm2(x)))). Shapes (N, T, d_model) → (N, T, d_model).

        GELU is the exact one, F.gelu(x). `cache` is handed on to attention. x is not changed in place.
        """
        ### BEGIN SOLUTION
        x = x + self.attention(self.norm1(x), cache)
        return x + self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(x)))))
        ### END SOLUTION


class GPT(nn.Module):
    """A language model: embeddings, blocks, a last norm, and logits from the tied embedding. Radford et al. 2019, §2.3."""

    def __init__(self, vocab_size: int, max_length: int, d_model: int, heads: int, layers: int, dropout: float = 0.0) -> None:
        """Given."""
        super().__init__()
        self.max_length = max_length
        self.token_embedding = nn.Embedding(vocab_size, d_model)  # also reads out the logits
        self.position_embedding = nn.Embedding(max_length, d_model)
        self.dropout = nn.Dropout(dropout)  # on the sum of the two embeddings
        self.blocks = nn.ModuleList(Block(d_model, heads, dropout) for _ in range(layers))
        self.final_norm = nn.LayerNorm(d_model)
        self.initialise()

    def initialise(self) -> None:
        """Sets all parameters as GPT-2 does, whatever they were before; called by __init__.

        - matrices of linear layers and both embeddings: normal, mean 0, standard deviation 0.02;
        - but the matrices of attention.out_proj and linear2 of each block: standard deviation 0.02 / sqrt(2 · layers);
        - biases of linear layers: 0; norms: weight 1, bias 0.
        """
        ### BEGIN SOLUTION
        small = 0.02 / math.sqrt(2 * len(self.blocks))
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.ndim == 1:  # the weight of a norm
                nn.init.ones_(parameter)
            else:
                writes_into_the_stream = name.endswith(("out_proj.weight", "linear2.weight"))
                nn.init.normal_(parameter, std=small if writes_into_the_stream else 0.02)
        ### END SOLUTION

    def forward(self, tokens: Tensor, caches: list | None = None) -> Tensor:
        """The logits of the next token at each position.

        tokens  (N, T) int64, T >= 1: the newest T tokens
        caches  None, or a list with one cache for each block, as in exercise 3. All hold the same number L of earlier positions,
                to be read as caches[0].length before the blocks add to them. Block b gets caches[b].
                L + T is at most max_length. Without caches L is 0.

        The first token stands at position L, the next at L + 1, …
        Returns logits (N, T, vocab_size) in the dtype of the parameters: final_norm of the stream, times the transposed token embedding,
        without a bias. Nothing is remembered between calls: what came before is in the caches alone.
        logits[:, t] depend on tokens up to t only. tokens are not changed.

        By hand: with a token embedding of all zeros every logit is 0.
        """
        ### BEGIN SOLUTION
        first = 0 if caches is None else caches[0].length  # before the first block appends
        positions = torch.arange(first, first + tokens.shape[1], device=tokens.device)
        x = self.dropout(self.token_embedding(tokens) + self.position_embedding(positions))  # (N, T, d_model)
        for number, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[number])
        return self.final_norm(x) @ self.token_embedding.weight.T  # (N, T, vocab_size)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the block</summary>
#
# Two lines. Each adds to x what a sub-layer makes of the *normed* x. Don't norm the stream itself, and don't write `x += …`: it changes the caller's tensor.
# </details>
# <details><summary>Hint 2: positions</summary>
#
# The first position is 0 without caches, else `caches[0].length`. Read it before the loop over the blocks: the first block makes its cache longer.
# </details>
# <details><summary>Hint 3: initialise</summary>
#
# `self.named_parameters()` gives names like `blocks.0.attention.out_proj.weight`. Look at the end of the name: biases to zero; of the rest, one-dimensional ones are norms; the others are matrices. `nn.init.normal_`, `zeros_` and `ones_` change parameters in place without recording gradients.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# Embedding of the tokens plus embedding of the positions, dropout, each block with its own cache or None, `final_norm`, and a product with `self.token_embedding.weight.T`. `len(self.blocks)` is the number of layers.
# </details>

# %% test="gpt" points=16
torch.manual_seed(0)
small_gpt = GPT(vocab_size=31, max_length=10, d_model=24, heads=2, layers=3).eval()
small_tokens = torch.tensor([[3, 14, 15, 9, 2], [6, 5, 30, 0, 8]])
with torch.no_grad():
    small_logits = small_gpt(small_tokens)
    small_changed = small_gpt(torch.tensor([[3, 14, 15, 9, 7], [6, 5, 30, 0, 1]]))
assert small_logits.shape == (2, 5, 31), f"the logits are (N, T, vocab_size) = (2, 5, 31), yours are {tuple(small_logits.shape)}"
assert torch.allclose(small_logits[:, :4], small_changed[:, :4], atol=1e-6), "the last token must not change the logits of earlier positions"
assert small_logits.std() < 1, "after initialise no token should be much likelier than another: the logits are too large"
small_ratio = small_gpt.blocks[0].attention.out_proj.weight.std() / small_gpt.blocks[0].linear1.weight.std()
assert abs(small_ratio - 6**-0.5) < 0.1, f"with 3 layers out_proj starts smaller by 1/√6 = 0.41 than linear1; your ratio is {small_ratio:.2f}"

# %% [markdown]
# **Why the factor $1/\sqrt{2 \cdot \text{layers}}$?** Below: the size of the residual stream (its root mean square) after each block of a fresh model with 24 layers, with and without the factor. To see it well we draw the weights larger than usual.

# %% tags=["slow"]
def stream_sizes(scaled: bool, layers: int = 24) -> list[float]:
    """Root mean square of the stream after each block of a fresh model."""
    torch.manual_seed(1)
    model = GPT(50, 32, 64, 4, layers).eval()
    sizes = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
                parameter.mul_(5 if scaled or not name.endswith(("out_proj.weight", "linear2.weight")) else 5 * math.sqrt(2 * layers))
        for block in model.blocks:
            block.register_forward_hook(lambda block, inputs, output: sizes.append(output.pow(2).mean().sqrt().item()))
        model(torch.randint(50, (8, 32)))
    return sizes


figure, axis = plt.subplots(figsize=(5.6, 2.6))
axis.plot(range(1, 25), stream_sizes(scaled=False), "o-", color=RED, markersize=3, label="all weights alike")
axis.plot(range(1, 25), stream_sizes(scaled=True), "s-", color=BLUE, markersize=3, label="out_proj, linear2 smaller")
axis.set(xlabel="after block", ylabel="size of the stream", title="a fresh model with 24 layers", ylim=(0, None))
axis.legend(frameon=False)
plt.tight_layout()
plt.show()

# %% [markdown]
# **Count it.** A block has $12\, d^2$ weights in its matrices ($d$ = d_model): $3d^2$ for `qkv`, $d^2$ for `out_proj`, $8d^2$ for the two-layer network. Biases, norms and embeddings come on top.

# %% tags=["slow"]
def count_parameters(vocab_size: int, max_length: int, d_model: int, layers: int) -> int:
    """All parameters of a GPT, by arithmetic."""
    block = 12 * d_model**2 + 13 * d_model  # biases 3 + 1 + 4 + 1, norms 2 · 2
    return vocab_size * d_model + max_length * d_model + layers * block + 2 * d_model


counted = sum(parameter.numel() for parameter in small_gpt.parameters())
print("your small model:", counted, "parameters; by arithmetic:", count_parameters(31, 10, 24, 3))
print(f"the smallest GPT-2 (vocabulary 50257, length 1024, d_model 768, 12 layers): {count_parameters(50257, 1024, 768, 12):,}")

# %% [markdown]
# ## Exercise 5 · `kv_cache` (14 points)
#
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# To write $n$ tokens the model runs $n$ times. If each run reads the whole text again, the last token of a long text costs as much as all the text before it. But look at what changes: *nothing* about the earlier positions. They can't see the new token, so their keys and values are exactly what they were. Only the queries of the new position are new.
#
# So keep the keys and values. The first run reads the prompt, $T$ tokens. Every later run reads *one* token, and attends to the cache.
#
# | | positions computed for a prompt of $T$ and $n$ new tokens |
# |---|---|
# | without a cache | $T + (T+1) + \dots + (T+n-1)$ |
# | with a cache | $T + (n - 1)$ |
#
# (The last token is never read: nobody asks what comes after it.)
#
# The cache is a pair of tensors that grow along the *time* axis. One cache for each block: every block has its own keys.
#
# The promise, and how you test it: **with the cache, the same tokens come out as without**. If they don't, some position is read twice, or stands at the wrong place.
#
# `generate` asks `sample_next(logits, **sampling)` for each next token. That is exercise 6. Until it is written, the cell of examples below puts a greedy stand-in in its place.

# %% exercise="kv_cache"
class KVCache:
    """The keys and values of all positions that one block has seen."""

    def __init__(self) -> None:
        """An empty cache. (Change it if you like; it is called without arguments.)"""
        self.k: Tensor | None = None
        self.v: Tensor | None = None

    @property
    def length(self) -> int:
        """How many positions are in the cache, an int: 0 when it is empty. Read as cache.length, without parentheses."""
        ### BEGIN SOLUTION
        return 0 if self.k is None else self.k.shape[2]
        ### END SOLUTION

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Adds the keys and values of T new positions behind the old ones, and returns those of all positions.

        k, v  (batch, heads, T, d), T >= 1; batch, heads, d and the dtype are the same in every call
        Returns k_all, v_all, each (batch, heads, length, d), with the new length, oldest position first. k and v are not changed.

        By hand: after append of T = 3 and append of T = 1 the length is 4, and k_all[:, :, 3] is the k of the second call.
        """
        ### BEGIN SOLUTION
        self.k = k if self.k is None else torch.cat([self.k, k], dim=2)
        self.v = v if self.v is None else torch.cat([self.v, v], dim=2)
        return self.k, self.v
        ### END SOLUTION


def generate(model: nn.Module, tokens: Tensor, n: int, use_cache: bool = True, **sampling) -> Tensor:
    """`tokens` with n new tokens behind them, each drawn from what the model says after all before it.

    model      model(tokens, caches) -> logits (N, T, V), as in exercise 4; model.blocks is its list of blocks
    tokens     (N, T) int64, T >= 1: the prompts; T + n is at most model.max_length
    n          how many tokens to write, n >= 0
    use_cache  True: make one KVCache for each of model.blocks, a list; call model(tokens, caches) with the whole prompt first,
               and then with the newest token alone, (N, 1): no position is computed twice.
               False: call model(…) with the whole text so far, each time, and without caches.
    sampling   handed on: the next tokens are sample_next(logits, **sampling) with the logits (N, V) of the last position

    The model is called n times: nobody asks what comes after the last token. All n tokens are written, whichever they are: none ends the text.

    Returns (N, T + n) int64. Both ways give the same tokens. tokens is not changed. No gradients are recorded.
    A model in eval mode is left in it. (Call model.eval() yourself: generate does not care.)
    """
    ### BEGIN SOLUTION
    caches = [KVCache() for _ in model.blocks] if use_cache else None
    unread = tokens
    with torch.no_grad():
        for _ in range(n):
            logits = model(unread, caches) if use_cache else model(tokens)
            new = sample_next(logits[:, -1], **sampling).unsqueeze(1)  # (N, 1)
            tokens = torch.cat([tokens, new], dim=1)
            unread = new
    return tokens
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the cache</summary>
#
# In (batch, heads, T, d) time is axis 2. The first `append` has nothing to join to. Keep what you return.
# </details>
# <details><summary>Hint 2: what is fed</summary>
#
# Have two variables: the whole text so far, and what the model has not read yet. At the start both are the prompt. After each step the unread part is the one new token.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Under `torch.no_grad()`, n times: call the model on the unread part with the caches (or on everything, without), take the logits at position −1, call `sample_next(…, **sampling)`, give the result an axis for time with `unsqueeze(1)`, and `torch.cat` it to the text along axis 1.
# </details>

# %% test="kv_cache" points=14
try:
    sample_next(torch.zeros(1, 2), temperature=0)
except (NameError, NotImplementedError):  # exercise 6 is not written yet: always take the likeliest token

    def sample_next(logits: Tensor, **sampling) -> Tensor:
        return logits.argmax(dim=-1)


visible_cache = KVCache()
assert visible_cache.length == 0, "an empty cache has length 0"
visible_cache.append(torch.zeros(2, 3, 4, 5), torch.zeros(2, 3, 4, 5))
visible_k, visible_v = visible_cache.append(torch.ones(2, 3, 1, 5), torch.ones(2, 3, 1, 5))
assert visible_k.shape == visible_v.shape == (2, 3, 5, 5) and visible_cache.length == 5, "four positions and one more are five, along axis 2"
assert (visible_k[:, :, 4] == 1).all() and (visible_k[:, :, :4] == 0).all(), "the new position stands last"


class CountingModel(nn.Module):
    """A model for testing: token i is followed by i + 1; it remembers how many tokens it was fed in each call."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks, self.max_length, self.fed = [None, None], 50, []

    def forward(self, tokens: Tensor, caches: list | None = None) -> Tensor:
        self.fed.append(tokens.shape[1])
        return F.one_hot((tokens + 1) % 20, 20).float()


counting = CountingModel()
assert generate(counting, torch.tensor([[5, 7, 2]]), 4, temperature=0).tolist() == [[5, 7, 2, 3, 4, 5, 6]], "the prompt, and behind it four new tokens"
assert counting.fed == [3, 1, 1, 1], f"with a cache the prompt is read once and then one token at a time; your calls had {counting.fed} tokens"
counting = CountingModel()
generate(counting, torch.tensor([[5, 7, 2]]), 4, use_cache=False, temperature=0)
assert counting.fed == [3, 4, 5, 6], f"without a cache everything is read again each time; your calls had {counting.fed} tokens"

# %% [markdown]
# Now with the real thing: your model from exercise 4, your attention, your cache. It is untrained and writes nonsense, but it must write the *same* nonsense both ways.

# %% tags=["slow"]
torch.manual_seed(2)
parrot = GPT(vocab_size=31, max_length=64, d_model=24, heads=2, layers=3).eval().double()
for parameter in parrot.parameters():
    if parameter.ndim == 2:
        parameter.data.mul_(8)  # untrained models repeat themselves: make this one livelier
prompt = torch.tensor([[3, 14, 15], [9, 2, 6]])
with_cache = generate(parrot, prompt, 40, temperature=0)
without_cache = generate(parrot, prompt, 40, use_cache=False, temperature=0)
print("the same 2 × 40 tokens with and without the cache:", torch.equal(with_cache, without_cache))

T, n = 20, 1000
print(f"positions computed for a prompt of {T} and {n} new tokens: without a cache {sum(range(T, T + n)):,}, with one {T + n - 1:,}")
numbers = 2 * 12 * 1024 * 768  # k and v, layers, positions, d_model
print(f"the price is memory: the smallest GPT-2 caches {numbers:,} numbers for one full text, {numbers * 4 / 2**20:.0f} MiB in float32")

# %% [markdown]
# When a large model serves many people, this memory is what limits it, more than its weights. Shazeer's answer of 2019: let all heads share *one* pair of keys and values, so that the cache shrinks by the number of heads. Today's models take the middle way: groups of heads share.

# %% [markdown]
# ## Exercise 6 · `next_token_sampling` (12 points)
#
# difficulty ●●○ · importance ●●● · about 40 minutes
#
# The model gives a score for every token. Which one do we write?
#
# **Always the likeliest?** Then the text is deterministic and soon runs in circles. People don't write like that: much of what they say is a little surprising. **Sample from the distribution?** Then, once in a while, a token comes from the long tail: thousands of tokens, each very unlikely, but together a few percent. One such accident, and the text is derailed. Between the two there are three knobs.
#
# - **Temperature** $\tau$: divide the logits by $\tau$ before the softmax. Below 1 the likely become likelier, above 1 everything is more equal. At $\tau \to 0$ it is the argmax.
# - **Top-k**: only the $k$ likeliest tokens stay. But $k = 40$ is too many after "United States of" and too few after "I".
# - **Top-p**, or *nucleus* (Holtzman et al. 2020): the *smallest set of likeliest tokens whose probabilities add up to at least p* stays. The set grows and shrinks with the model's certainty.
#
# What stays is renormalised: divided by its sum. The order is: temperature, top-k, renormalise, top-p, renormalise, draw.
#
# By hand. Let the probabilities be 0.5, 0.3, 0.15, 0.05.
#
# - top-p with $p = 0.6$: the first token has 0.5, not enough; with the second it is 0.8 ≥ 0.6. Two stay, as 0.625 and 0.375. **The token that crosses the line belongs to the set.**
# - top-k with $k = 2$, and then $p = 0.6$: the two that stay have 0.625 and 0.375. Now the first alone reaches 0.6. One stays.

# %% exercise="next_token_sampling"
def sample_next(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """One token for each row, drawn from the softmax of the logits after temperature, top-k and top-p, in this order.

    logits       (N, V) floating. An entry may be -inf: that token is never drawn.
    temperature  >= 0; the logits are divided by it. 0: the token of the largest logit; nothing is drawn, from no generator.
    top_k        None, or >= 1: only the top_k likeliest tokens of each row stay. More than V keeps all. If the last of them equals others,
                 which of these stay, or whether all do, is up to you.
    top_p        None, or 0 < top_p <= 1: of what top_k left, renormalised to a sum of 1, only the smallest set of likeliest tokens stays
                 whose probabilities add up to top_p or more; at least one. Exactly top_p is enough; a sum that is less by rounding
                 alone may count as exact or not. Among equal ones any will do.
    generator    where the randomness comes from; None: PyTorch's global one. A given generator leaves the global one alone and goes on
                 from where it is: a second call draws anew.

    Returns (N,) int64, also for N = 1. Rows are independent of each other. logits is not changed. Logits of ±10,000 are fine.
    It is graded by the distribution of many draws, not by single draws: draw as you like.

    By hand: see the two cases above. Holtzman et al. 2020, §3.1.
    """
    ### BEGIN SOLUTION
    if temperature == 0:
        return logits.argmax(dim=-1)
    scores, order = torch.sort(logits / temperature, dim=-1, descending=True)  # (N, V), likeliest first
    if top_k is not None:
        scores[:, top_k:] = float("-inf")  # `scores` is a new tensor
    probs = torch.softmax(scores, dim=-1)
    if top_p is not None:
        before = probs.cumsum(dim=-1) - probs  # what the likelier tokens have together
        rounding = 4 * torch.finfo(probs.dtype).eps  # in float32 0.5 + 0.3 is a little less than 0.8
        probs = probs.masked_fill(before >= top_p - rounding, 0.0)
        probs[:, 0] = probs[:, 0].clamp(min=1e-9)  # whatever was rounded, the first one stays
    places = torch.multinomial(probs, 1, generator=generator)  # (N, 1); multinomial divides by the sum
    return order.gather(-1, places).squeeze(-1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: sort first</summary>
#
# `torch.sort(scores, dim=-1, descending=True)` gives the sorted scores and the token at each place. In sorted order top-k is a slice, and top-p looks at a running sum. In the end translate the place that was drawn back into a token with `order.gather`.
# </details>
# <details><summary>Hint 2: who stays in the nucleus</summary>
#
# A token stays if the likelier ones *before* it have not reached p yet. The sum before it is the running sum minus its own probability.
# </details>
# <details><summary>Hint 3: renormalising</summary>
#
# Set the scores beyond k to minus infinity and take the softmax afterwards: then it is renormalised already. `torch.multinomial(probs, 1, generator=generator)` accepts weights that don't add up to one.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# Zero: argmax. Otherwise divide, sort, cut behind top_k, softmax, zero where `cumsum − probs >= top_p`, multinomial, gather, squeeze to (N,).
# </details>

# %% test="next_token_sampling" points=12
hand_logits = torch.log(torch.tensor([0.15, 0.5, 0.05, 0.3])).repeat(4000, 1)


def hand_counts(**sampling) -> list[float]:
    """The share of each of the four tokens in 4000 draws."""
    drawn = sample_next(hand_logits, generator=torch.Generator().manual_seed(0), **sampling)
    assert drawn.shape == (4000,) and drawn.dtype == torch.int64, "the result is one int64 token for each row: shape (N,)"
    return [round(share, 2) for share in (torch.bincount(drawn, minlength=4) / 4000).tolist()]


assert hand_counts(temperature=0) == [0, 1, 0, 0], "at temperature 0 the largest logit always wins"
hand_shares = hand_counts(top_p=0.6)
assert hand_shares[0] == hand_shares[2] == 0 and abs(hand_shares[1] - 0.625) < 0.04, (
    f"top_p = 0.6 keeps the tokens with 0.5 and 0.3, as 0.625 and 0.375; your shares are {hand_shares}"
)
assert hand_counts(top_k=2, top_p=0.6) == [0, 1, 0, 0], "after top_k = 2 and renormalising the first token alone reaches 0.6"
hand_shares = hand_counts(temperature=0.5)
assert abs(hand_shares[1] - 0.25 / 0.365) < 0.04, f"temperature 0.5 squares the probabilities: 0.25 / 0.365 = 0.68 for the likeliest; yours {hand_shares[1]}"

# %% [markdown]
# Your function at work. The distribution on the left belongs to no model: twelve tokens with a long tail. Each bar is the share in 20,000 draws, each orange mark the probability in the model. A mark without a bar: never drawn.

# %% tags=["slow"]
tail = torch.log(torch.tensor([0.28, 0.2, 0.12, 0.09, 0.07, 0.06, 0.05, 0.04, 0.03, 0.03, 0.02, 0.01]))
figure, axes = plt.subplots(1, 5, figsize=(11, 2.2), sharey=True)
settings = [("as it is", {}), ("temperature 0.5", {"temperature": 0.5}), ("temperature 2", {"temperature": 2.0}), ("top-k 4", {"top_k": 4}), ("top-p 0.7", {"top_p": 0.7})]
for axis, (title, sampling) in zip(axes, settings):
    drawn = sample_next(tail.repeat(20000, 1), generator=torch.Generator().manual_seed(1), **sampling)
    axis.bar(range(12), torch.bincount(drawn, minlength=12) / 20000, color=BLUE)
    axis.plot(range(12), tail.exp(), "_", color=RED, markersize=7, label="the model's")
    axis.set(title=title, xlabel="token", xticks=[0, 3, 6, 9])
axes[0].set_ylabel("share of draws")
axes[0].legend(frameon=False)
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Exercise 7 · `adamw_groups` (8 points)
#
# difficulty ●○○ · importance ●●○ · about 25 minutes
#
# **Weight decay** pulls weights towards zero, so that only those stay large which the data keeps asking for. With plain gradient descent one can get it by adding $\lambda w$ to the gradient. With Adam one can't: Adam divides each gradient by its own typical size, so the pull would be divided too, and weights with large gradients would hardly decay. Loshchilov & Hutter take the pull out of the gradient and apply it to the weight directly. That is **AdamW**:
#
# $$w \leftarrow w - \eta\, \lambda\, w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon} .$$
#
# What should decay? Matrices and embeddings: they are many, and they are what overfits. Not biases, and not the gains of norms: a gain belongs near 1, and pulling it to 0 shuts the layer. The rule of thumb that everyone uses: **one-dimensional parameters don't decay, all others do**.
#
# **How fast?** Too fast at the start is fatal, because Adam's averages know nothing yet. So the learning rate *warms up* on a straight line. Then it should fall, to let the weights settle: half a cosine, from the peak to a floor. With $s$ the step, $w$ the warm-up, $S$ the total:
#
# $$\eta(s) = \begin{cases} \text{peak} \cdot s / w & s < w \\ \text{floor} + \tfrac12 (\text{peak} - \text{floor}) \big(1 + \cos \pi \tfrac{s - w}{S - w}\big) & w \le s < S \\ \text{floor} & s \ge S \end{cases}$$

# %% exercise="adamw_groups"
def configure_adamw(model: nn.Module, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """A torch.optim.AdamW for all parameters of `model`, in two groups.

    - parameters with two axes or more (matrices, embeddings) decay with weight_decay;
    - parameters with one axis (biases, gains of norms) have weight_decay 0.

    All have the learning rate lr; the other settings of AdamW stay as they are. Every parameter is in one group, once:
    also one that two modules share (tied weights), and one that is frozen for now (requires_grad is False). The parameters are not changed.
    """
    ### BEGIN SOLUTION
    parameters = list(model.parameters())  # names a shared parameter once
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)
    ### END SOLUTION


def cosine_schedule(step: int, warmup: int, total: int, peak: float, floor: float) -> float:
    """The learning rate at `step` = 0, 1, 2, …: the formula above.

    step < warmup: peak · step / warmup. From warmup to total: half a cosine from peak down to floor. From total on: floor.
    0 <= warmup < total; warmup = 0 starts at the peak.

    By hand: warmup 10, total 110, peak 1, floor 0.1 give 0.5 at step 5, 1 at step 10, 0.55 at step 60, 0.1 at step 110.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * step / warmup
    if step >= total:
        return floor
    progress = (step - warmup) / (total - warmup)  # from 0 to 1
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * progress))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: groups</summary>
#
# An optimizer takes a list of dictionaries: `{"params": [...], "weight_decay": ...}`, one for each group. `parameter.ndim` says how many axes a parameter has. `model.parameters()` names a shared parameter once.
# </details>
# <details><summary>Hint 2: the schedule</summary>
#
# Three cases, in the order of the formula. The first is never true if warmup is 0, so nothing is divided by zero.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# progress = (step − warmup) / (total − warmup); the cosine goes from 1 to −1 while progress goes from 0 to 1, so `0.5 * (1 + cos(π · progress))` goes from 1 to 0. Stretch it between floor and peak.
# </details>

# %% test="adamw_groups" points=8
visible_model = nn.Sequential(nn.Embedding(5, 3), nn.LayerNorm(3), nn.Linear(3, 4))
visible_optimizer = configure_adamw(visible_model, lr=0.01, weight_decay=0.1)
assert isinstance(visible_optimizer, torch.optim.AdamW), "the result is a torch.optim.AdamW"
visible_decay = {tuple(p.shape): group["weight_decay"] for group in visible_optimizer.param_groups for p in group["params"]}
assert visible_decay == {(5, 3): 0.1, (4, 3): 0.1, (3,): 0.0, (4,): 0.0}, f"matrices and embeddings decay, norms and biases don't; yours: {visible_decay}"
visible_rates = [round(cosine_schedule(step, 10, 110, 1.0, 0.1), 6) for step in (0, 5, 10, 60, 110, 500)]
assert visible_rates == [0.0, 0.5, 1.0, 0.55, 0.1, 0.1], f"at steps 0, 5, 10, 60, 110, 500 expected 0, 0.5, 1, 0.55, 0.1, 0.1; got {visible_rates}"

# %% [markdown]
# ## Exercise 8 · `language_model_loss` (6 points)
#
# difficulty ●○○ · importance ●●● · about 15 minutes
#
# The logits at position $t$ are a guess about token $t + 1$. So shift before comparing: the first $T - 1$ rows of logits meet the last $T - 1$ tokens,
#
# $$L = -\frac{1}{N (T - 1)} \sum_{n} \sum_{t=1}^{T-1} \ln p(x_{n, t+1} \mid x_{n, 1}, \dots, x_{n, t}) .$$
#
# Forget the shift, and the model is asked for the token that it is just looking at. The loss falls to zero within minutes. *A result that is too good to be true is not true*: this is the commonest way to fool yourself with language models.
#
# **In what unit?** A mean per token says little: with longer tokens each one is harder to guess and there are fewer of them. Bytes are the same for everyone. If a text of $B$ bytes has $M$ predicted tokens and a mean loss of $L$ nats, then
#
# $$\text{bits per byte} = \frac{L \cdot M}{B \cdot \ln 2} .$$
#
# It has a meaning that you can hold in your hand: a good compressor built on this model would need that many bits for each byte of the text.

# %% exercise="language_model_loss"
def language_model_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """The mean cross-entropy, in nats, of each next token: logits at t against the token at t + 1.

    logits  (N, T, V) floating, T >= 2: logits[n, t] were computed from tokens[n, 0] … tokens[n, t]
    tokens  (N, T) int64

    The mean runs over N · (T - 1) predictions: the last logits predict nothing, and the first token is not predicted.
    Returns a scalar tensor in the dtype of logits, through which gradients flow. Logits of ±10,000 are fine.

    By hand: if all logits are equal, the loss is ln V.
    """
    ### BEGIN SOLUTION
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    ### END SOLUTION


def bits_per_byte(loss: float, n_tokens: int, n_bytes: int) -> float:
    """Bits for each byte of text when n_tokens tokens were predicted with the mean loss `loss` in nats, and the text has n_bytes bytes.

    By hand: a loss of ln 2 (one bit) a token, 10 tokens and 20 bytes give 0.5.
    """
    ### BEGIN SOLUTION
    return loss * n_tokens / (n_bytes * math.log(2))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the shift</summary>
#
# `logits[:, :-1]` leaves out the last position, `tokens[:, 1:]` the first token. Both have T − 1 positions.
# </details>
# <details><summary>Hint 2: nearly the answer</summary>
#
# `F.cross_entropy` wants (rows, V) and (rows,): flatten N and T − 1 together in both. It takes the mean by itself. A nat is 1 / ln 2 bits: divide by `math.log(2)`.
# </details>

# %% test="language_model_loss" points=6
visible_tokens = torch.tensor([[1, 0, 2, 2]])
visible_loss = language_model_loss(torch.zeros(1, 4, 3), visible_tokens)
assert visible_loss.shape == () and abs(visible_loss.item() - math.log(3)) < 1e-6, "equal logits for three tokens: the loss is ln 3, a scalar"
visible_logits = 50.0 * F.one_hot(torch.tensor([[0, 2, 2, 1]]), 3)  # sure of the next token, each time
assert language_model_loss(visible_logits, visible_tokens) < 1e-6, "logits that are sure of the right *next* token give a loss of 0: look at the shift"
assert abs(bits_per_byte(math.log(2), 10, 20) - 0.5) < 1e-9, "one bit a token, ten tokens, twenty bytes: half a bit a byte"

# %% [markdown]
# ## Exercise 9 · `write_definitions` (8 points)
#
# difficulty ●●○ · importance ●●○ · about 25 minutes, and two for the training
#
# Everything is there. What is left is to ask the model the right question.
#
# A trained model only continues text. To make it define "computer", give it a text of which a definition of "computer" is the natural continuation. In our file each entry stands on a line of its own, so an entry begins behind a line break. The prompt is `"\ncomputer"`. The model will go on with the part of speech, as it has seen hundreds of times, and then with a definition, and it will say that it is done in the only way it knows: with a line break. Everything behind that belongs to the next entry, which nobody asked for.
#
# Why not end the prompt with ", n. ", to make it a noun? Look at the figure of exercise 2: `, n. A` may be *one* token. A prompt that ends in the middle of what the tokenizer would have glued is cut as no training text ever was, and the model is at a loss. Stop where a token can stop.

# %% exercise="write_definitions"
def write_definitions(
    model: nn.Module,
    words: list[str],
    encode: Callable[[str], list[int]],
    decode: Callable[[list[int]], str],
    generate: Callable[..., Tensor],
    n: int,
    **sampling,
) -> list[str]:
    """One dictionary entry for each word, as the model writes it.

    model     handed on to generate
    words     the headwords; may hold a word twice, or none at all
    encode    text → list of ids;  decode: list of ids → text
    generate  generate(model, tokens, n, **sampling) -> (N, T + n), as in exercise 5: tokens (N, T) int64 with n new ones behind them
    n         how many tokens the model may write for each word, n >= 1
    sampling  handed on to generate as it is: nothing added, nothing changed

    The prompt for a word is a line break and the word: "\\n" + word, and no more. Words differ in length: ask for one at a time.
    The entry is the word and what was written behind it, up to the first "\\n" that the model wrote, which does not belong to it.
    Without one among the n new tokens it is all of it. Nothing else is cut or stripped: only "\\n" ends an entry.
    Every entry is written anew, also that of a word which comes twice. No seed is set.

    Returns a list of str in the order of `words`, one for each.

    By hand: if the model continues "\\nhope" with ", n. A debt.\\nhorse, n. A" the entry is "hope, n. A debt."
    """
    ### BEGIN SOLUTION
    entries = []
    for word in words:
        prompt = encode("\n" + word)
        tokens = generate(model, torch.tensor([prompt]), n, **sampling)  # (1, T + n)
        written = decode(tokens[0, len(prompt) :].tolist())  # only the new tokens: the prompt has a line break too
        entries.append(word + written.split("\n")[0])
    return entries
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: tensors</summary>
#
# `generate` wants a tensor of shape (1, T): `torch.tensor([ids])`. What comes back holds the prompt too.
# </details>
# <details><summary>Hint 2: where the entry ends</summary>
#
# Decode only the tokens behind the prompt. If you decode everything, the first line break is your own.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# For each word: encode the prompt, generate, cut off the first len(prompt) ids, `.tolist()`, decode, split at the line break, take the first part, put the word in front.
# </details>

# %% test="write_definitions" points=8
def recite(model, tokens: Tensor, n: int, **sampling) -> Tensor:
    """A stand-in for generate: whatever the prompt, it goes on with the same text."""
    line = list(b", n. A debt.\nhorse, n. A draught animal.\n")
    return torch.cat([tokens, torch.tensor([line[:n]] * len(tokens))], dim=1)


visible_entries = write_definitions(None, ["hope", "sea"], lambda text: list(text.encode()), lambda ids: bytes(ids).decode(), recite, 30)
assert visible_entries == ["hope, n. A debt.", "sea, n. A debt."], f"each entry is the word and what follows, up to the model's first line break; got {visible_entries}"
visible_entries = write_definitions(None, ["hope"], lambda text: list(text.encode()), lambda ids: bytes(ids).decode(), recite, 8)
assert visible_entries == ["hope, n. A d"], f"with n = 8 the entry is cut after eight tokens; got {visible_entries}"

# %% [markdown]
# ## The opponent: counting
#
# The opponent is Shannon's, and it is good. A **5-gram** model looks at the last four symbols, and asks: when these four stood in the training text, what came next? If they never did, it looks at the last three. *Interpolation* does both at once. Let $c(h, x)$ count how often symbol $x$ followed the history $h$, and $h'$ be $h$ without its oldest token:
#
# $$p(x \mid h) = \lambda\, \frac{c(h, x)}{c(h)} + (1 - \lambda)\, p(x \mid h'),$$
#
# down to the empty history, whose counts are mixed with 5 % of $1/V$, so that nothing is impossible. If $h$ was never seen, $p(x \mid h) = p(x \mid h')$. What is a symbol? Here a single **byte**. Over the tokens of the GPT the same counter is much weaker: so short a text holds more than twice as many bytes as tokens, and a counter lives on seeing things often. (The cell below tries both.) And it gets the $\lambda$ that is *best on the held-out entries*: a little gift to the opponent.

# %%
def n_gram_bits(train: list[int], held_out: list[int], order: int, vocab: int, mixes: list[float]) -> Tensor:
    """Bits of each held-out symbol under an interpolated n-gram model counted on `train`, one row for each λ: (len(mixes), len(held_out))."""
    pairs, histories = Counter(), Counter()
    padded = [-1] * (order - 1) + train
    for place in range(order - 1, len(padded)):
        for length in range(order):
            history = tuple(padded[place - length : place])
            pairs[history, padded[place]] += 1
            histories[history] += 1
    rows = [[] for _ in mixes]
    padded = [-1] * (order - 1) + held_out
    for place in range(order - 1, len(padded)):
        shares = []
        for length in range(order):
            history = tuple(padded[place - length : place])
            if histories[history]:
                shares.append(pairs[history, padded[place]] / histories[history])
        for mix, row in zip(mixes, rows):
            p = 0.05 / vocab + 0.95 * shares[0]  # plain frequencies, and a little for what never occurred
            for share in shares[1:]:
                p = (1 - mix) * p + mix * share
            row.append(-math.log2(p))
    return torch.tensor(rows, dtype=torch.float64)


# %% [markdown]
# ## Training
#
# The tokenizer is the one of exercise 2, cut off after 256 merges: with more, each token would be seen too seldom to be learnt. The model has two blocks with one head each, and 128 dimensions; that is tiny. (One wide head did better here than eight narrow ones: a head of 16 dimensions can hardly single out one position. Try it.) It knows 65 positions, and no more: longer than that it can neither read nor write.
#
# **A start that fits.** GPT-2's standard deviation of 0.02 was chosen for wide models; the smallest of them has 768 dimensions. A product of $d$ terms grows with $\sqrt d$, so with our 128 dimensions everything would start $\sqrt{768/128} \approx 2.4$ times smaller: all attention weights nearly equal, all logits nearly 0, and hundreds of steps would pass before anything happens. So we make the matrices of the fresh model larger by this factor. (Try without.)
#
# A batch is 1,024 guesses, in pieces from random places of the text. For the first three fifths of the training, the pieces are only half as long and there are twice as many: nearly everything that there is to learn at first is near, and short pieces teach it more cheaply. There is dropout, and a strong weight decay, because the text is small: the model will read it again and again (the cell prints how often), and could learn it by heart.
#
# **An average for the end.** The last steps jump about a good place in the space of weights. A second model follows the first one slowly: after each step, each of its weights moves one hundredth of the way. It is the mean of about the last hundred steps, it costs next to nothing, and it is usually the better model. It is the one that we measure, and the one that writes.
#
# How do we measure? On the held-out entries, every token must be predicted exactly once, and with context. The window moves on by a quarter of its length at a time; in each window only this last quarter counts (in the first one all do). So every token beyond the first window has 48 tokens before it, at least. The bits of all tokens are added up and divided by the number of *bytes*, so it does not matter that the counter works in other pieces.
#
# One thing more, to be fair. The size of this model, its learning rate and the number of steps were chosen with an eye on these very entries, as was the counter's $\lambda$. So both results are a little too good. For a result to be published, choose on a third part of the text, and look at the held-out part once, at the end.

# %%
def held_out_losses(model: nn.Module, tokens: Tensor, window: int, stride: int) -> Tensor:
    """The loss in nats of each token of (T,) but the first, each predicted once; T > window."""
    windows = tokens.unfold(0, window + 1, stride)  # (n, window + 1): each begins `stride` tokens after the one before
    rest = (len(tokens) - 1 - window) % stride  # tokens at the end that fill no stride
    windows = torch.cat([windows, tokens[-window - 1 :].unsqueeze(0)])  # one more window for them
    losses, training = [], model.training
    model.eval()
    with torch.no_grad():
        for part in windows.split(64):
            losses.append(F.cross_entropy(model(part[:, :-1]).transpose(1, 2), part[:, 1:], reduction="none"))
    model.train(training)  # as it was before
    losses = torch.cat(losses)  # (n + 1, window)
    return torch.cat([losses[0, : window - stride], losses[:-1, window - stride :].flatten(), losses[-1, window - rest :]])


# %% tags=["capstone"]
few_merges = merges[:256]
VOCAB, WINDOW, MIXES = 256 + len(few_merges), 64, [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
train_tokens = torch.tensor(by_entry("\n" + train_text, few_merges))
held_out_tokens = torch.tensor(by_entry("\n" + held_out_text, few_merges))  # the first line break is given, not predicted
train_bytes, held_out_bytes = list(train_text.encode()), list(held_out_text.encode())

by_counting = {}
for order in (1, 2, 3, 4, 5):
    bits = n_gram_bits(train_bytes, held_out_bytes, order, 256, MIXES)
    by_counting[order] = bits.mean(dim=1).min().item()
    print(f"{order}-gram over bytes: {by_counting[order]:.2f} bits per byte")
counted = n_gram_bits(train_tokens.tolist(), held_out_tokens[1:].tolist(), 5, VOCAB, MIXES)
counted = counted[counted.sum(dim=1).argmin()]  # the bits of each token, with the best λ
print(f"5-gram over the GPT's tokens: {counted.sum().item() / len(held_out_bytes):.2f} bits per byte")

# %% tags=["capstone"]
STEPS, PEAK, BATCH = 3300, 2e-3, 16


def bits_now(model: nn.Module, window: int) -> float:
    """Bits per byte of the held-out entries."""
    losses = held_out_losses(model, held_out_tokens, window, window // 4)
    return bits_per_byte(losses.mean().item(), len(losses), len(held_out_bytes))


torch.manual_seed(0)
model = GPT(VOCAB, max_length=WINDOW + 1, d_model=128, heads=1, layers=2, dropout=0.12)
with torch.no_grad():
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.mul_(math.sqrt(768 / 128))  # 0.02 fits 768 dimensions
average = GPT(VOCAB, max_length=WINDOW + 1, d_model=128, heads=1, layers=2)
average.load_state_dict(model.state_dict())
optimizer = configure_adamw(model, PEAK, weight_decay=1.0)
for group in optimizer.param_groups:
    group["betas"] = (0.9, 0.95)  # a short run wants a shorter memory of squared gradients than 0.999
draw = torch.Generator().manual_seed(0)
history, recent = [], []
for step in range(STEPS):
    for group in optimizer.param_groups:
        group["lr"] = cosine_schedule(step + 1, 50, STEPS, PEAK, PEAK / 20)
    window, pieces = (WINDOW // 2, 2 * BATCH) if step < 0.6 * STEPS else (WINDOW, BATCH)  # short pieces first
    starts = torch.randint(len(train_tokens) - WINDOW, (pieces,), generator=draw)
    batch = train_tokens[starts.unsqueeze(1) + torch.arange(window + 1)]  # (pieces, window + 1)
    optimizer.zero_grad()
    loss = language_model_loss(model(batch), batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        for slow, fast in zip(average.parameters(), model.parameters()):
            slow.lerp_(fast, max(0.01, 1 / (step + 1)))  # at first the mean of all steps so far
    recent.append(loss.item())
    if (step + 1) % 300 == 0 or step + 1 in (50, 100, 200):
        train_bits = bits_per_byte(sum(recent) / len(recent), len(train_tokens), len(train_bytes))
        history.append((step + 1, train_bits, bits_now(average, window)))
        recent = []
average.eval()
print(f"{sum(parameter.numel() for parameter in model.parameters()):,} parameters; the text was read {STEPS * BATCH * WINDOW / len(train_tokens):.0f} times")
print(f"5-gram over bytes: {by_counting[5]:.2f} bits per byte; your GPT: {history[-1][2]:.2f}")
assert history[-1][2] < min(by_counting.values()), "a GPT should beat a 5-gram"

# %% tags=["capstone"]
figure, axis = plt.subplots(figsize=(6.4, 3))
steps, train_curve, held_out_curve = zip(*history)
axis.plot(steps, train_curve, "o--", color=GREY, markersize=3, label="GPT, while training (with dropout)")
axis.plot(steps, held_out_curve, "s-", color=BLUE, markersize=4, label="GPT, held-out entries")
for order, style in ((2, ":"), (3, "--"), (5, "-")):
    axis.axhline(by_counting[order], color=RED, linestyle=style, linewidth=1)
    axis.text(STEPS, by_counting[order] + 0.03, f"{order}-gram over bytes", fontsize=8, color=RED, ha="right")
axis.axvline(0.6 * STEPS, color="black", linewidth=0.6)
axis.text(0.6 * STEPS - 30, 1.92, "short pieces until here", fontsize=8, ha="right")
axis.set(xlabel="training step", ylabel="bits per byte", title="guessing against counting")
axis.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.13, 0.87))
plt.tight_layout()
plt.show()

# %% [markdown]
# Up to the thin line the held-out entries, too, are read through the short window. Three things to see. The GPT meets the 2-gram and the 3-gram on its way down: first it learns which letter follows which, only then to look further back. Behind the thin line there is a bump: the positions from 33 on have never been seen in training before, and must be learnt now. And at the end the dashed line is far below the solid one: the model has begun to learn *this* text by heart. More text is the cure, not more steps.
#
# **An honest footnote.** Counting is not beaten for good. 125 kilobytes are *very* little, and there are cleverer counters than ours. A 6-gram is a bit better still than a 5-gram. And in 1995 Reinhard Kneser and Hermann Ney saw what is wrong with mixing plain frequencies. "Francisco" may be frequent, but it stands behind one word only, and is a bad guess anywhere else. So a shorter history should ask not *how often* a symbol came, but *behind how many different ones*. From each count a constant $\delta$ is taken off, and what was taken off goes to the shorter history. The next cell lets you see who is ahead of whom.
#
# But its errors are other errors: a counter knows every phrase that it has seen, and nothing about those it has not. Mix your GPT with a counter over the same tokens, half and half, and see.

# %% tags=["capstone"]
def kneser_ney_bits(train: list[int], held_out: list[int], order: int, vocab: int, discount: float) -> float:
    """Bits for each held-out symbol under an n-gram model with Kneser-Ney smoothing."""
    padded = [-1] * (order - 1) + train
    counts = [Counter(tuple(padded[place : place + order]) for place in range(len(train)))]  # of histories with their next symbol
    while len(counts) < order:
        counts.append(Counter(gram[1:] for gram in counts[-1]))  # behind how many different symbols
    totals, kinds = [Counter() for _ in counts], [Counter() for _ in counts]
    for number, grams in enumerate(counts):
        for gram, count in grams.items():
            totals[number][gram[:-1]] += count
            kinds[number][gram[:-1]] += 1
    bits, padded = 0.0, [-1] * (order - 1) + held_out
    for place in range(len(held_out)):
        p = 1 / vocab
        for number in reversed(range(order)):  # from the empty history to the longest
            gram = tuple(padded[place + number : place + order])
            if total := totals[number][gram[:-1]]:
                p = (max(counts[number][gram] - discount, 0) + discount * kinds[number][gram[:-1]] * p) / total
        bits -= math.log2(p)
    return bits / len(held_out)


gpt_bits = held_out_losses(average, held_out_tokens, WINDOW, WINDOW // 4).double() / math.log(2)
together = -torch.log2(0.5 * 2**-gpt_bits + 0.5 * 2**-counted).sum().item() / len(held_out_bytes)
six = n_gram_bits(train_bytes, held_out_bytes, 6, 256, MIXES).mean(dim=1).min().item()
cleverest = min(kneser_ney_bits(train_bytes, held_out_bytes, 5, 256, discount) for discount in (0.7, 0.8, 0.9))
for name, value in (("5-gram over bytes", by_counting[5]), ("6-gram over bytes", six), ("5-gram over bytes, Kneser-Ney", cleverest), ("half your GPT, half the 5-gram over tokens", together)):
    print(f"{name}: {value:.2f} bits per byte; your GPT is {'ahead' if history[-1][2] < value else 'behind'}")

# %% [markdown]
# But a counter sees its few bytes and will never see more, whatever you feed it. A network has no such wall, and this is what the years since 2019 have been about. Give a GPT ten times the text, the parameters and the computation, and its loss falls by about the same factor as the last time, over many orders of magnitude (Kaplan et al. 2020).
#
# ## It talks
#
# Words that are not in the book, and two from its held-out part, with Bierce's own definition beside them. The model writes sixteen drafts of each, and you are the editor: of the drafts that keep to the headword and come to a full stop, print the one with the smallest share of invented words. Change the words; change the temperature; change the seed to draw again.

# %% tags=["capstone"]
my_words = ["homework", "computer", "democracy", "machine", "gradient", "attention", "hope", "physician"]
assert not {entry.split(",")[0] for entry in train_entries} & set(my_words), "the model has seen one of these words in training"
book = set(re.findall("[a-z]+", train_text.lower()))


def share_of_words(definition: str) -> float:
    """How many of the words behind the headword and its part of speech stand somewhere in the book."""
    words = re.findall("[a-z]+", definition.lower())[2:]
    return sum(word in book for word in words) / max(1, len(words))


spell = {"encode": lambda text: bpe_encode(text, few_merges), "decode": lambda ids: bpe_decode(ids, few_merges)}
sampling = {"temperature": 0.5, "top_p": 0.9, "generator": torch.Generator().manual_seed(0)}
drafts = [write_definitions(average, my_words, generate=generate, n=50, **spell, **sampling) for _ in range(16)]
for place, word in enumerate(my_words):
    written = [draft[place] for draft in drafts]
    print(max(written, key=lambda entry: (entry.startswith(word + ",") and entry.endswith("."), share_of_words(entry))))
    for entry in held_out_entries:
        if entry.startswith(word + ","):
            print("   Bierce:", entry[:150])
    print()
real = sum(share_of_words(entry) for draft in drafts for entry in draft) / (16 * len(my_words))
print(f"{real:.0%} of the words in all drafts are words of the book")

# %% [markdown]
# It has got the form: headword, part of speech, "The …" or "A …", somebody who does something to somebody, a full stop at last. It has got some of the tone. Where it invents words, they sound like words: it writes in pieces, and nobody told it what a word is. And it has no idea what a computer is. How should it? All it ever saw of the world are these pages, for two minutes. (Where it is good: is the phrase its own, or Bierce's? Search for it in `train_text`.)
#
# ## The figure to remember
#
# A language model is a measure of surprise. Below, a held-out entry, one character a box. The darker a box, the more bits its token cost the model: dark is what it did not see coming.

# %% tags=["capstone"]
pieces = [bpe_decode([token], few_merges) for token in held_out_tokens[1:].tolist()]
assert "".join(pieces) == held_out_text, "the tokens should spell the held-out entries"
surprise = [bits / len(piece) for bits, piece in zip(gpt_bits.tolist(), pieces) for _ in piece]  # of each character

entry = max((entry for entry in held_out_entries if len(entry) < 330), key=len)
lines, place = textwrap.wrap(entry, 72), held_out_text.index(entry)
shades = torch.full((len(lines), 72), float("nan"))
figure, axis = plt.subplots(figsize=(10.5, 0.36 * len(lines) + 0.7))
for row, line in enumerate(lines):
    for column, character in enumerate(line):
        shades[row, column] = surprise[place + column]
        colour = "white" if shades[row, column] > 5 else "black"
        axis.text(column, row, character, ha="center", va="center", family="monospace", fontsize=9, color=colour)
    place += len(line) + 1  # and the space at which the line was broken
image = axis.imshow(shades, cmap="Oranges", vmin=0, vmax=8, aspect="auto")
axis.set(xticks=[], yticks=[], title="how surprised is the model? An entry that it has never seen")
axis.spines[:].set_visible(False)
figure.colorbar(image, ax=axis, label="bits per byte", pad=0.01, extend="max")
plt.tight_layout()
plt.show()

# %% [markdown]
# Read along. Surprise is large where something *begins*: a headword, a noun, a name. It is small where something is carried through: the rest of a word, ", n. A", "of the". What carries meaning is what could not be guessed. Claude Shannon measured English in the same way in 1951, with people in the place of the model: he let them guess a text letter by letter, and counted.

# %% [markdown]
# ## What you built, what breaks next
#
# This is the end of the road that began with one question: a network makes one mistake; which weight is to blame?
#
# | year | the idea | what you built |
# |---|---|---|
# | 1986 | blame flows backwards along the computation | an automatic differentiation engine, by hand |
# | 1990 | words are points; near means alike | latent semantic analysis, and a search engine |
# | 1990 | a state that is handed on from step to step | the recurrent network, and its gradient that fades |
# | 1997 | add, don't rewrite, and let gates decide | the LSTM |
# | 2014 | one network reads, another one writes | the GRU, encoder and decoder, and the bottleneck |
# | 2015 | look back at everything, softly | attention, and its backward pass by hand |
# | 2017 | look, and nothing else | the Transformer |
# | 2019 | one stack, one task, all text | the GPT that has just defined "homework" for you |
#
# What runs in data centres today is, in its essentials, your notebook with larger numbers, and a handful of refinements, each of which you can now read in its paper and write in an evening:
#
# - **Better parts**: RMSNorm for layer norm, rotary positions, SwiGLU for the two-layer network, groups of heads that share keys and values, attention that never writes its matrix to memory.
# - **Better use of a trained model**: fine-tuning with few extra weights (LoRA), following instructions, learning from preferences, thinking before answering.
# - **Looking inside**: which heads copy, which store facts? You can hook any tensor of your model. Begin with its attention maps on a repeated word.
# - **Other roads**: state-space models, which carry a state again, as in 1990, but can be trained in parallel; mixtures of experts; the same blocks on images, sound, proteins.
#
# What breaks next? Your model knows one book and has no idea what is true. It can't look anything up, it can't say "I don't know", and it wants nothing but to be unsurprised. Making it larger cures some of this. The rest is what people work on now.
#
# And three experiments for tonight, with what is on this page. Give the model a text of your own: a few hundred kilobytes will do. Take the position embedding away, and see what it still can do. Double the dimensions, and see what becomes of the gap between the two curves.
#
# ### To read on
#
# - C. E. Shannon, *Prediction and Entropy of Printed English*, Bell System Technical Journal 1951: a language model made of one person and a pencil, and the best explanation of bits per letter.
# - A. Radford et al., *Language Models are Unsupervised Multitask Learners*, 2019: the model that you built, larger, and the surprise of what it could do without having been asked.
# - J. Kaplan et al., *Scaling Laws for Neural Language Models*, arXiv:2001.08361, 2020: straight lines on double-logarithmic paper, which decided what was built next.
# - A. Holtzman et al., *The Curious Case of Neural Text Degeneration*, ICLR 2020: why the likeliest text is a bad text; look at its first two figures.
# - N. Elhage et al., *A Mathematical Framework for Transformer Circuits*, Transformer Circuits Thread 2021: what two layers of attention can compute, read from the weights; yours has two.
#
# You know how it works now, all the way down.
