# %% [markdown]
# # 02 · Latent semantic analysis
#
# **You look for texts about ships. The best one says "boat" all the way through. How can a machine find it?**
#
# The last assignment ended with that problem. Images come as numbers, and similar images have similar numbers. Words
# come as letters, and their letters say nothing: "ship" is nearer to "shop" than to "boat". Before anything can learn
# from language, words and texts need numbers in which *near* means *alike*. In this notebook you find such numbers
# with no network at all. You count words, you take one matrix apart, and you throw most of it away.
#
# **You will be able to**
#
# - turn texts into a matrix of counts, and weight the counts so that words which say something speak louder;
# - explain what the singular value decomposition finds in that matrix, and why *less* of it can be better;
# - write a decomposition that works where the textbook's is too slow, with random numbers and four multiplications;
# - put words, texts and questions into one space, and measure what is near;
# - reproduce the numbers of two famous papers;
# - build a search engine for a real glossary, and judge it by what the glossary's own authors say belongs together.
#
# **Time** about five hours: eight exercises, most of them short.
#
# **Prerequisites** NumPy, matrix products, the length and the inner product of vectors. It helps to have met
# eigenvectors once; nothing is proved with them. **Tools** NumPy and matplotlib. No code of an earlier notebook.
#
# **Papers**
#
# - C. Eckart and G. Young (1936). *The approximation of one matrix by another of lower rank.* Psychometrika 1(3), 211–218.
# - K. Spärck Jones (1972). *A statistical interpretation of term specificity and its application in retrieval.* Journal of
#   Documentation 28(1), 11–21.
# - G. W. Furnas, T. K. Landauer, L. M. Gomez and S. T. Dumais (1987). *The vocabulary problem in human-system
#   communication.* Communications of the ACM 30(11), 964–971.
# - S. Deerwester, S. T. Dumais, G. W. Furnas, T. K. Landauer and R. Harshman (1990). *Indexing by latent semantic
#   analysis.* Journal of the American Society for Information Science 41(6), 391–407.
# - S. T. Dumais (1991). *Improving the retrieval of information from external sources.* Behavior Research Methods,
#   Instruments, & Computers 23(2), 229–236.
# - T. K. Landauer and S. T. Dumais (1997). *A solution to Plato's problem: the latent semantic analysis theory of
#   acquisition, induction, and representation of knowledge.* Psychological Review 104(2), 211–240.
# - T. K. Landauer, P. W. Foltz and D. Laham (1998). *An introduction to latent semantic analysis.* Discourse Processes
#   25(2–3), 259–284.
# - N. Halko, P.-G. Martinsson and J. A. Tropp (2011). *Finding structure with randomness: probabilistic algorithms for
#   constructing approximate matrix decompositions.* SIAM Review 53(2), 217–288.
#
# | exercise | what you build | points |
# |---|---|---|
# | 1 · `count_matrix` | texts become columns of numbers | 8 |
# | 2 · `tf_idf` | rare words speak louder | 12 |
# | 3 · `log_entropy` | … or those that know where they belong | 12 |
# | 4 · `truncated_svd` | the few directions that matter | 20 |
# | 5 · `fold_in` | a question becomes a point among the texts | 10 |
# | 6 · `cosine_similarity` | what near means | 10 |
# | 7 · `rank_documents` | best first | 12 |
# | 8 · `search_jargon` | the capstone: a search engine, and its examination | 16 |
#
# Exercises are graded one by one, and none needs your answer to another one. Some figures do use your functions: if a
# figure's cell fails, the exercise above it is not done yet, and nothing else is lost.
#
# Compute everything in float64, NumPy's usual precision. float32 keeps seven digits, and the hidden tests look at more.

# %%
import gzip
import json
import re

import matplotlib.pyplot as plt
import numpy as np

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"  # told apart by everyone
plt.rcParams.update({"figure.dpi": 90, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False})

# %% [markdown]
# ---
# ## 1 · Nine titles
#
# In the 1980s a group at Bell Communications Research asked people to name everyday things, commands, recipes. Two
# people rarely chose the same word. So an index of words must fail: whoever searches says one thing, whoever wrote
# said another. They called it the *vocabulary problem* (Furnas and others 1987), and in 1990 they published a way out, with an
# example so small that you can hold it in your head. Here it is: nine titles of technical reports. The first five (c) are about people
# and computers, the last four (m) about graphs, in the mathematical sense.

# %%
TITLES = {
    "c1": "Human machine interface for Lab ABC computer applications",
    "c2": "A survey of user opinion of computer system response time",
    "c3": "The EPS user interface management system",
    "c4": "System and human system engineering testing of EPS",
    "c5": "Relation of user-perceived response time to error measurement",
    "m1": "The generation of random, binary, unordered trees",
    "m2": "The intersection graph of paths in trees",
    "m3": "Graph minors IV: Widths of trees and well-quasi-ordering",
    "m4": "Graph minors: A survey",
}
TERMS = "human interface computer user system response time EPS survey trees graph minors".lower().split()


def tokens_of(text):
    """The words of a text in small letters: runs of letters and digits that begin with a letter."""
    return re.findall(r"[a-z][a-z0-9]*", text.lower())


TITLE_TOKENS = [tokens_of(title) for title in TITLES.values()]
print(TITLE_TOKENS[3])

# %% [markdown]
# The twelve **terms** are the words that occur in at least two titles, without "the", "of", "and" and their like. They
# are our **vocabulary**. Everything else will be ignored.
#
# Now the experiment of the paper. Somebody asks for **"human computer interaction"**. Which titles should come? All
# five c's. Which share a word with the question? Count: c1, c2 and c4. **The titles c3 and c5 share not a single word
# with it.** c3 is the clearest case of all, and an index of words cannot see it. Keep c3 and c5 in mind.

# %% [markdown]
# ## Exercise 1 · `count_matrix` (8 points)
#
# difficulty ●○○ · importance ●●● · about 15 minutes
#
# A text becomes a **column** of numbers: how often does each term of the vocabulary occur in it? The order of the words
# is lost; people call this a *bag of words*. All texts together are the **term–document matrix**
#
# $$A_{ij} = \text{how often term } i \text{ occurs in document } j, \qquad A \text{ has shape } (V, n),$$
#
# with $V$ terms and $n$ documents. Terms are rows, documents are columns, as in all the papers of this lesson. (Much
# software has it the other way round. Look before you multiply.)


# %% exercise="count_matrix"
def count_matrix(documents: list[list[str]], vocabulary: list[str]) -> np.ndarray:
    """The term–document matrix: how often each token of the vocabulary occurs in each document.

    documents   a list of n ≥ 1 documents, each a list of tokens (strings); a document may be empty
    vocabulary  a list of V ≥ 1 distinct tokens

    Returns an array (V, n) of whole numbers (any integer or floating dtype): the entry [i, j] is the number of times that
    vocabulary[i] occurs in documents[j].

    - Row i belongs to vocabulary[i], in the order given; it is not sorted.
    - Tokens that are not in the vocabulary are ignored. Tokens are compared as they stand: "Unix" is not "unix".
    - A document without any known token gives a column of zeros.
    - The arguments are not changed.

    By hand: documents [["a", "b", "a"], ["c"]] with vocabulary ["b", "a"] give [[1, 0], [2, 0]].
    """
    ### BEGIN SOLUTION
    row = {token: i for i, token in enumerate(vocabulary)}
    counts = np.zeros((len(vocabulary), len(documents)))
    for j, document in enumerate(documents):
        for token in document:
            if token in row:
                counts[row[token], j] += 1
    return counts
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the shape first</summary>
#
# Begin with zeros: one row for each token of the vocabulary, one column for each document. Then walk through the
# documents and add 1 in the right place for every token.
# </details>
# <details><summary>Hint 2: which row?</summary>
#
# A dictionary from token to row number answers at once. `vocabulary.index(token)` works too, but searches the whole list
# for each word: with ten thousand terms you will wait.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Make `row = {token: i for i, token in enumerate(vocabulary)}`. Inside two loops, over `enumerate(documents)` and over the
# tokens of one document, ask `if token in row` and add 1 at that row and this document's column.
# </details>

# %% test="count_matrix" points=8
small_counts = count_matrix([["a", "b", "a"], ["c"]], ["b", "a"])
assert np.shape(small_counts) == (2, 2), f"two terms and two documents give shape (2, 2), not {np.shape(small_counts)}"
assert np.array_equal(small_counts, [[1, 0], [2, 0]]), (
    f"expected [[1, 0], [2, 0]]: b once and a twice in the first document, nothing known in the second; got {small_counts}"
)
assert np.shape(count_matrix([["x"], [], ["y", "x"]], ["x", "y"])) == (2, 3), "terms are rows, documents are columns"
assert count_matrix([["Unix", "unix", "unix"]], ["unix"])[0, 0] == 2, "tokens are compared as they stand: Unix is not unix"

# %% [markdown]
# Look at the nine titles as your function sees them. On the right: what an index of words answers to "human computer
# interaction". Each bar counts the words that a title shares with the question.

# %%
title_counts = count_matrix(TITLE_TOKENS, TERMS)  # (12, 9)
question = count_matrix([tokens_of("human computer interaction")], TERMS)[:, 0]  # (12,)
shared_words = question @ title_counts  # (9,)
assert title_counts.sum() == 29 and list(shared_words) == [2, 1, 0, 1, 0, 0, 0, 0, 0]
print("shares no word with the question:", [name for name, shared in zip(TITLES, shared_words) if shared == 0])


def draw_matrix(axis, matrix, title, decimals=0, limit=2.0):
    """A term–document matrix with its numbers written in; purple is positive, orange negative."""
    axis.pcolormesh(matrix, cmap="PuOr", vmin=-limit, vmax=limit, edgecolors="white", linewidth=1)
    axis.invert_yaxis()
    for (i, j), value in np.ndenumerate(matrix):
        if round(float(value), decimals) != 0:
            ink = "white" if abs(value) > 0.6 * limit else "black"
            axis.text(j + 0.5, i + 0.5, f"{value:.{decimals}f}", ha="center", va="center", fontsize=8, color=ink)
    axis.axvline(5, color="black", linewidth=1)
    axis.set_title(title, fontsize=10)
    axis.set_xticks(np.arange(9) + 0.5, TITLES)
    axis.set_yticks(np.arange(12) + 0.5, TERMS)
    axis.tick_params(length=0)


# %% tags=["slow"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained", width_ratios=[1.6, 1])
draw_matrix(left, title_counts, "counts: 12 terms, 9 titles")
right.bar(list(TITLES), shared_words, color=[BLUE] * 5 + [GREY] * 4)
right.set(title="words shared with the question", ylabel="number of words", yticks=[0, 1, 2], xlabel="title")
for place in (2, 4):
    right.text(place, 0.05, "nothing!", ha="center", va="bottom", rotation=90, color=RED, fontsize=9)
plt.show()

# %% [markdown]
# ---
# ## 2 · Not every word counts the same
#
# "System" twice in a title says more than once, but not twice as much. "The" a hundred times says nothing at all. So
# before anything else, counts are weighted, by the product of two numbers:
#
# - a **local** weight: how much does this term matter in *this document*?
# - a **global** weight: how much does this term tell at all, in *this collection*?
#
# The global weight is the interesting one. In 1972 Karen Spärck Jones proposed to count the documents that contain a
# term: the fewer, the more the term tells. Almost every search engine since has this in it.

# %% [markdown]
# ## Exercise 2 · `tf_idf` (12 points)
#
# difficulty ●○○ · importance ●●● · about 20 minutes
#
# Let $\text{df}_i$ be the **document frequency**: the number of documents in which term $i$ occurs, once or often. The
# **inverse document frequency** and the weighted counts are
#
# $$\text{idf}_i = \ln\frac{1+n}{1+\text{df}_i} + 1, \qquad W_{ij} = A_{ij}\,\text{idf}_i .$$
#
# The logarithm is natural. The ones inside act as if one more document contained every term once, so that nothing is
# divided by zero. The one outside keeps a term that occurs *everywhere* at weight 1 instead of 0. Then each **column** is
# divided by its length, $\sqrt{\sum_i W_{ij}^2}$: a long document shall not win just because it is long.
#
# There are a dozen versions of this formula, and all of them are called tf-idf. Ours is that of scikit-learn's
# `TfidfTransformer` with its defaults, turned on its side, because there documents are rows.
#
# A document without any term is a column of zeros. It has length 0; there is nothing to divide, and it stays zero.


# %% exercise="tf_idf"
def tf_idf(counts: np.ndarray) -> np.ndarray:
    """The counts, each times the inverse document frequency of its term, with columns of length 1.

    counts   (V, n) term–document matrix, V ≥ 1, n ≥ 1: numbers ≥ 0, as integers (int64) or floats

    Returns a new array (V, n), float64: column j is w / ‖w‖, where w_i = counts[i, j] · idf_i,

        idf_i = ln((1 + n) / (1 + df_i)) + 1,    df_i = the number of documents in which counts[i, j] > 0.

    - The logarithm is natural; ‖·‖ is the Euclidean length.
    - A column of zeros stays a column of zeros, never NaN. It is counted in n like any other document.
    - A row of zeros stays a row of zeros.
    - Nothing is added to a length: a column of tiny fractions has length 1 afterwards, too.
    - The argument is not changed.

    By hand: [[3, 0], [4, 1]] has df = [1, 2], so idf_1 = ln(3/2) + 1 = 1.4055 and idf_2 = 1.
    The first column is [4.2164, 4] / 5.8118 = [0.7255, 0.6883], the second is [0, 1].
    """
    ### BEGIN SOLUTION
    n_documents = counts.shape[1]
    df = (counts > 0).sum(axis=1)  # (V,)
    idf = np.log((1 + n_documents) / (1 + df)) + 1  # (V,)
    weighted = counts * idf[:, None]  # (V, n)
    lengths = np.sqrt((weighted**2).sum(axis=0))  # (n,)
    return weighted / np.where(lengths > 0, lengths, 1.0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: how often, or in how many?</summary>
#
# df counts documents, not occurrences. `counts > 0` is True where a term occurs, and the sum of Trues along the right axis is
# the number of documents.
# </details>
# <details><summary>Hint 2: which axis?</summary>
#
# Terms are rows. So df and idf have V entries, and to multiply every row by its own number idf needs the shape (V, 1).
# Lengths belong to documents: n entries, one for each column.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `idf[:, None]` is a column. After the multiplication, take the root of the sum of squares along axis 0. Replace lengths of
# zero by 1 before you divide (`np.where`): zero divided by one is zero.
# </details>

# %% test="tf_idf" points=12
small_weights = tf_idf(np.array([[3, 0], [4, 1]]))
assert np.allclose(small_weights, [[0.7255, 0], [0.6883, 1]], atol=1e-4), (
    f"[[3, 0], [4, 1]] should give the numbers of the docstring; got {np.round(small_weights, 4).tolist()}"
)
with_an_empty_document = tf_idf(np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]]))
assert not np.isnan(with_an_empty_document).any(), "there is a NaN: what do you divide the empty document by?"
assert np.allclose((with_an_empty_document**2).sum(axis=0), [1, 0, 1]), "every column has length 1, an empty one length 0"

# %% [markdown]
# ## Exercise 3 · `log_entropy` (12 points)
#
# difficulty ●●○ · importance ●●○ · about 25 minutes
#
# Document frequency has a blind spot. Take two terms that both occur in all $n$ documents. The first occurs once in each.
# The second occurs once in each and a hundred times in one. Their df is the same, but the second clearly belongs
# somewhere. The people of LSA measured it with Shannon's **entropy**, and Dumais (1991) found it the best of the weightings
# she tried.
#
# Let $p_{ij} = A_{ij} / \sum_l A_{il}$: of all the occurrences of term $i$, the share that falls on document $j$. Then
#
# $$g_i = 1 + \frac{\sum_j p_{ij} \ln p_{ij}}{\ln n}, \qquad W_{ij} = \ln(1 + A_{ij})\; g_i .$$
#
# The sum is minus the entropy of where the term occurs. Its extremes are worth a minute with pencil and paper.
#
# - A term in *one* document only: $p = 1$ there, $1 \ln 1 = 0$, so $g = 1$. Full weight.
# - A term spread *evenly* over all documents: $p = 1/n$ everywhere, the sum is $-\ln n$, so $g = 0$. It tells nothing,
#   and disappears.
#
# Wherever a term does not occur, $p = 0$. The limit of $p \ln p$ is 0 there, and so we define it; the computer, if you
# let it, says $0 \cdot (-\infty)$ = NaN. The local weight $\ln(1 + A_{ij})$ is the other half: the second occurrence
# adds less than the first. Columns are *not* normalised here.


# %% exercise="log_entropy"
def log_entropy(counts: np.ndarray) -> np.ndarray:
    """The logarithm of the counts, times 1 minus the normalised entropy of each term.

    counts   (V, n) term–document matrix, V ≥ 1, n ≥ 2: numbers ≥ 0, as integers (int64) or floats

    Returns a new array (V, n), float64: ln(1 + counts[i, j]) · g_i,

        g_i = 1 + (Σ_j p_ij ln p_ij) / ln n,    p_ij = counts[i, j] / Σ_l counts[i, l],    0 · ln 0 = 0.

    - Logarithms are natural. n is the number of all documents, the empty ones too.
    - A row of zeros stays a row of zeros, never NaN.
    - Columns are not normalised. The argument is not changed.

    By hand: with n = 4, the row [1, 1, 0, 0] has Σ p ln p = -ln 2 and ln 4 = 2 ln 2, so g = 1/2,
    and the result is [0.3466, 0.3466, 0, 0]. The row [0, 3, 0, 0] has g = 1 and gives [0, 1.3863, 0, 0].
    Dumais 1991.
    """
    ### BEGIN SOLUTION
    totals = counts.sum(axis=1, keepdims=True)  # (V, 1)
    p = counts / np.where(totals > 0, totals, 1.0)  # (V, n)
    p_log_p = p * np.log(np.where(p > 0, p, 1.0))  # 0 · ln 1 = 0 where the term does not occur
    g = 1 + p_log_p.sum(axis=1) / np.log(counts.shape[1])  # (V,)
    return np.log1p(counts) * g[:, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the plan</summary>
#
# Four lines: the total of each row, the shares p, the weights g (one for each row), and the product with `np.log1p(counts)`.
# `keepdims=True` keeps the totals a column, so that they divide row by row.
# </details>
# <details><summary>Hint 2: 0 · ln 0</summary>
#
# Replace p by 1 wherever it is 0, but only inside the logarithm: ln 1 = 0, and the p in front is 0 anyway. `np.where` does it.
# </details>
# <details><summary>Hint 3: signs, and which n</summary>
#
# ln p is negative or zero, so the sum is negative or zero, and g lies between 0 and 1. If yours lies between 1 and 2, a minus is
# too many. The n is the number of columns: as many documents as there are, not as many as contain the term, and not V.
# </details>

# %% test="log_entropy" points=12
small_weights = log_entropy(np.array([[1, 1, 0, 0], [0, 3, 0, 0], [5, 5, 5, 5]]))
assert not np.isnan(small_weights).any(), "there is a NaN: what do you make of 0 · ln 0?"
assert np.allclose(small_weights[0], [0.346574, 0.346574, 0, 0], atol=1e-5), (
    f"the row [1, 1, 0, 0] should give [0.3466, 0.3466, 0, 0]; got {np.round(small_weights[0], 4).tolist()}"
)
assert np.allclose(small_weights[1], [0, np.log(4), 0, 0]), "a term that occurs in one document only has the global weight 1"
assert np.allclose(small_weights[2], 0), "a term that is spread evenly over all documents tells nothing: its weights are 0"

# %% [markdown]
# The two global weights side by side. A term occurs 32 times, in a collection of 32 documents, in 1, 2, 4 … 32 of them. On the
# left it is spread evenly over these. On the right it occurs in *all* 32 documents, once or so each, but more and more of
# it sits in a single one.

# %% tags=["slow"]
spread = [1, 2, 4, 8, 16, 32]
evenly = np.array([[32 // m] * m + [0] * (32 - m) for m in spread])  # (6, 32)
extra = [0, 8, 32, 128, 512, 2048]
lopsided = np.array([[1 + more] + [1] * 31 for more in extra])  # (6, 32)


def global_weights(counts):
    """g of log-entropy, and idf over its largest possible value, read off the two functions."""
    entropy_weight = (log_entropy(counts) / np.log1p(np.maximum(counts, 1)))[:, 0]
    # Beside a term that occurs in the first document only, lengths cancel: the ratio of two entries is that of their idf.
    pairs = [tf_idf(np.vstack([row, np.eye(32)[0]]))[:, 0] for row in counts]
    return entropy_weight, [pair[0] / pair[1] / row[0] for pair, row in zip(pairs, counts)]


figure, axes = plt.subplots(1, 2, figsize=(8.6, 2.9), sharey=True, layout="constrained")
for axis, counts, label in zip(axes, (evenly, lopsided), ("documents that contain it (evenly)", "extra occurrences in one document")):
    entropy_weight, idf_weight = global_weights(counts)
    axis.plot(range(6), entropy_weight, "o-", color=BLUE, label="entropy weight g")
    axis.plot(range(6), idf_weight, "s--", color=ORANGE, label="idf / largest idf")
    axis.set(xlabel=label, ylim=(-0.05, 1.1))
    axis.set_xticks(range(6), spread if counts is evenly else extra)
axes[0].set_ylabel("global weight")
axes[1].legend(frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# On the left they agree: the more documents, the less weight. On the right the document frequency is 32 all the time, and
# idf sees nothing. Entropy does.

# %% [markdown]
# ---
# ## 3 · Take the matrix apart, and keep little
#
# Weights make good words louder. They do not bring "human" and "user" together: rows are rows, and where one has its
# numbers the other has zeros. Now comes the idea of 1990.
#
# "Human" and "user" never meet in a title. But both meet "system", both meet "interface" or "computer", neither meets
# "trees". They are *used alike*. If we could describe each title not by twelve terms but by two or three **directions**,
# each a mixture of terms that tend to go together, then "human" and "user" would have to share one.
#
# The **singular value decomposition** finds these directions. Every matrix of shape (V, n) can be written as
#
# $$A = U\,S\,V^\top = \sum_j \sigma_j\; u_j v_j^\top, \qquad \sigma_1 \ge \sigma_2 \ge \dots \ge 0 .$$
#
# | symbol | meaning | shape |
# |---|---|---|
# | $u_j$, columns of $U$ | a mixture of terms; columns are orthogonal and of length 1 | (V,) |
# | $v_j$, rows of $V^\top$ | how much of it each document has; also orthogonal, of length 1 | (n,) |
# | $\sigma_j$ | how strong this direction is in the whole collection | a number |
#
# (Two letters do two jobs: the matrix $V$ of the documents has nothing to do with $V$, the number of terms. The code calls it
# `vt`, for $V^\top$.)
#
# Keep only the $k$ strongest directions: $A_k = U_k S_k V_k^\top$. Eckart and Young proved in 1936 that **no matrix of rank $k$ is
# nearer to $A$**. It is the best summary with $k$ directions, and what it leaves out is, with luck, accident: which of several
# possible words an author happened to choose. So the surprise: *the summary can be better than the original.*
#
# ### A sketch instead of everything
#
# The full decomposition of a (V, n) matrix takes time proportional to $V n \min(V, n)$. For a glossary of 2,300 entries
# you would wait; for the web you would not live to see it. But we want only $k$ directions. Here is a trick of 2011, and it is gambling at its best.
#
# Multiply $A$ by a random vector $\omega$. The result $A\omega = \sum_j \sigma_j (v_j^\top \omega)\, u_j$ is a random mixture of the
# $u_j$, in which the strong directions are loud. Take a few more such mixtures than you need, $\ell = k + p$ of them. Almost
# surely the strong directions lie in what they span.
#
# 1. **Sketch.** Draw $\Omega$ of shape $(n, \ell)$ from the standard normal distribution. $Y = A\,\Omega$ has shape $(V, \ell)$.
# 2. **Orthonormalise.** $Q$ = an orthonormal basis of the columns of $Y$, by `np.linalg.qr`. Shape $(V, \ell)$.
# 3. **Sharpen**, `n_iter` times: multiply by $A^\top$, then by $A$. Each round multiplies direction $j$ by $\sigma_j^2$ once
#    more, so weak ones fade. *But orthonormalise after each multiplication.* Without it all columns turn into the
#    strongest direction, and the others drown in rounding errors.
# 4. **Small problem.** $B = Q^\top A$ has shape $(\ell, n)$, which is small. Its SVD is cheap: $B = \tilde U S V^\top$.
# 5. **Back.** $A \approx Q B = (Q \tilde U)\, S V^\top$, so $U = Q \tilde U$. Keep the first $k$ of everything.
#
# ### Signs
#
# If $u_j$ and $v_j$ both change sign, $u_j v_j^\top$ does not. So the signs are anybody's choice, and two libraries, or two
# machines, choose differently. We fix them: **in each column of $U$ the entry of largest absolute value is positive.** Where a
# column of $U$ is flipped, the row of $V^\top$ is flipped with it.

# %% [markdown]
# ## Exercise 4 · `truncated_svd` (20 points)
#
# difficulty ●●● · importance ●●● · about 50 minutes
#
# Write the five steps, and the signs. You may use `np.linalg.qr`, and `np.linalg.svd` of the *small* matrix. The full SVD of
# `a`, the eigenvectors of $A^\top A$, or another library's truncated SVD would make the exercise pointless, and the hidden
# tests notice it.


# %% exercise="truncated_svd"
def truncated_svd(
    a: np.ndarray, k: int, rng: np.random.Generator, n_oversamples: int = 10, n_iter: int = 4
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The k largest singular values of `a` and their vectors, by randomised subspace iteration.

    a              (m, n) numbers, as integers or floats
    k              how many: 1 ≤ k ≤ min(m, n)
    rng            numpy.random.Generator, the only source of randomness
    n_oversamples  p ≥ 0: the sketch a @ Ω, Ω standard normal, has k + p columns; min(m, n) of them if k + p is more than that
    n_iter         how often the sketch is multiplied by a.T and then by a, orthonormalised after each multiplication; may be 0

    Returns u (m, k), s (k,), vt (k, n), all float64, with u · diag(s) · vt ≈ a.

    - s descends and is ≥ 0. Columns of u are orthonormal, rows of vt too; also where a has a rank below k: the last
      values of s are then 0 up to rounding, and nothing is NaN.
    - In each column of u the entry of largest absolute value is positive; the row of vt is flipped along with it.
    - No decomposition of `a` itself or of a.T @ a, not of a small one either: only matrices with a side of k + p are handed
      to qr, svd, eigh or what does their work. Of libraries, only NumPy and SciPy's dense routines may be called: no torch, scikit-learn, scipy.sparse.
    - A wide matrix may be taken on its side, with a sketch of a.T.
    - The argument is not changed. The same a and an rng in the same state give the same result.

    By hand: a = [[0, 3], [-4, 0]] with k = 1 has s = [4], u = [[0], [1]] and vt = [[-1, 0]].
    Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1.
    """
    ### BEGIN SOLUTION
    m, n = a.shape
    width = min(k + n_oversamples, m, n)
    q, _ = np.linalg.qr(a @ rng.standard_normal((n, width)))  # (m, width)
    for _ in range(n_iter):
        z, _ = np.linalg.qr(a.T @ q)  # (n, width)
        q, _ = np.linalg.qr(a @ z)  # (m, width)
    u_small, s, vt = np.linalg.svd(q.T @ a, full_matrices=False)  # of a (width, n) matrix
    u, s, vt = (q @ u_small)[:, :k], s[:k], vt[:k]
    largest = np.abs(u).argmax(axis=0)  # (k,) the row of the largest entry in each column
    signs = np.where(u[largest, np.arange(k)] < 0, -1.0, 1.0)  # (k,)
    return u * signs, s, vt * signs[:, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: shapes at every step</summary>
#
# With ℓ = min(k + n_oversamples, m, n): Ω is (n, ℓ), a @ Ω and q are (m, ℓ), a.T @ q and its basis are (n, ℓ), q.T @ a is (ℓ, n),
# and its SVD with `full_matrices=False` gives (ℓ, ℓ), (ℓ,), (ℓ, n).
# </details>
# <details><summary>Hint 2: sharpening</summary>
#
# `q, _ = np.linalg.qr(y)` gives the basis. One round: multiply q by a.T, orthonormalise, multiply by a, orthonormalise. NumPy's
# qr gives the thin factor by default, which is what you want.
# </details>
# <details><summary>Hint 3: the signs</summary>
#
# `np.abs(u).argmax(axis=0)` gives for each column the row of its largest entry. Pick these k entries with two index arrays, and take
# their signs: k numbers of ±1. Columns of u are multiplied by them along the last axis, rows of vt along the first.
# </details>
# <details><summary>Hint 4: nearly the answer</summary>
#
# After the loop: `u_small, s, vt = np.linalg.svd(…, full_matrices=False)` of q.T @ a, then u is q @ u_small. NumPy's singular values
# already descend. Cut to k, and fix the signs last.
# </details>

# %% test="truncated_svd" points=20
small_u, small_s, small_vt = truncated_svd(np.array([[0, 3], [-4, 0]]), 1, np.random.default_rng(0))
assert np.shape(small_u) == (2, 1) and np.shape(small_s) == (1,) and np.shape(small_vt) == (1, 2), (
    f"for k = 1 and a 2 × 2 matrix the shapes are (2, 1), (1,), (1, 2), not {np.shape(small_u)}, {np.shape(small_s)}, {np.shape(small_vt)}"
)
assert np.allclose(small_s, [4]), f"the largest singular value of [[0, 3], [-4, 0]] is 4, not {small_s}"
assert np.allclose(small_u, [[0], [1]]) and np.allclose(small_vt, [[-1, 0]]), "u should be [[0], [1]], vt [[-1, 0]]: look at the signs"
low_rank = np.random.default_rng(1).normal(size=(70, 3)) @ np.random.default_rng(2).normal(size=(3, 80))
low_u, low_s, low_vt = truncated_svd(low_rank, 3, np.random.default_rng(3))
assert np.allclose((low_u * low_s) @ low_vt, low_rank), "a matrix of rank 3 is described by three directions without any error"
assert np.allclose(low_u.T @ low_u, np.eye(3)), "the columns of u should be orthonormal"

# %% [markdown]
# What does sharpening buy? Here is a hard case: a matrix whose singular values fade slowly, like those of word counts. We
# ask for 20 directions and compare with the truth, which is known because the matrix was made from it. (`draw_basis` makes
# random orthonormal columns.)


# %%
def draw_basis(rows, columns, rng):
    """Random orthonormal columns."""
    return np.linalg.qr(rng.normal(size=(rows, columns)))[0]


rng = np.random.default_rng(11)
true_s = np.arange(1, 121) ** -0.5
slow_decay = (draw_basis(300, 120, rng) * true_s) @ draw_basis(200, 120, rng).T  # (300, 200)
found_s = {rounds: truncated_svd(slow_decay, 20, np.random.default_rng(5), n_iter=rounds)[1] for rounds in (0, 1, 4)}
missing = {rounds: 1 - s[-1] / true_s[19] for rounds, s in found_s.items()}
for rounds, share in missing.items():
    print(f"n_iter = {rounds}: the 20th singular value is {share:.1%} too small")
assert missing[0] > 0.2 and missing[1] < 0.2 and 0 < missing[4] < 0.04

# %% tags=["slow"]
figure, axis = plt.subplots(figsize=(6.4, 3.1), layout="constrained")
axis.plot(range(1, 21), true_s[:20], "-", color="black", linewidth=3, alpha=0.3, label="truth")
for (rounds, s), color, mark in zip(found_s.items(), (RED, ORANGE, BLUE), "vso"):
    axis.plot(range(1, 21), s, mark, color=color, markersize=5, label=f"n_iter = {rounds}")
axis.set(xlabel="number of the singular value", ylabel="singular value", xticks=[1, 5, 10, 15, 20], ylim=(0, 1.05))
axis.legend(frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# Without sharpening the sketch is a blurred photograph. With four rounds it is nearly the truth, for ten multiplications by
# the matrix in all. An approximation can only be too small, never too large: do you see why? (A basis can miss a part of
# a matrix; it cannot add any.)
#
# ### The numbers of 1990 and 1998
#
# Now the nine titles with **two** directions. The next cell reproduces what the two papers print. It takes rows of the matrix of
# counts, and rows of $A_2 = U_2 S_2 V_2^\top$, and asks how they correlate. Landauer, Foltz and Laham (1998) give −.38 and
# .94 for human/user, before and after, and −.29 and −.83 for human/minors.


# %%
def ranks(x):
    """The rank of each entry, from 1; equal entries get the mean of their ranks."""
    values, place, how_many = np.unique(np.round(x, 9), return_inverse=True, return_counts=True)
    return (np.cumsum(how_many) - (how_many - 1) / 2)[place]


def correlation(x, y):
    """Pearson's correlation of two rows."""
    return np.corrcoef(x, y)[0, 1]


title_u, title_s, title_vt = truncated_svd(title_counts, 2, np.random.default_rng(0))  # (12, 2), (2,), (2, 9)
title_summary = (title_u * title_s) @ title_vt  # (12, 9), of rank 2
published = {("human", "user"): (-0.38, 0.94), ("human", "minors"): (-0.29, -0.83)}
for (first, second), (before, after) in published.items():
    i, j = TERMS.index(first), TERMS.index(second)
    got = [correlation(matrix[i], matrix[j]) for matrix in (title_counts, title_summary)]
    by_rank = correlation(ranks(title_summary[i]), ranks(title_summary[j]))
    print(f"{first}/{second}: before {got[0]:.2f}, after {got[1]:.2f} (rank correlation after: {by_rank:.2f})")
    assert np.allclose(got, (before, after), atol=0.005)

# %% [markdown]
# "Human" and "user", which never stand in the same title and were *negatively* correlated, now go together almost perfectly.
# "Human" and "minors" are further apart than before. Nobody told the matrix anything about people or mathematics. (The
# published numbers are sometimes quoted as Spearman's *rank* correlations. The cell says otherwise: they are Pearson's; ranks
# give a slightly weaker effect. It pays to recompute a famous table.)
#
# Where did it come from? Look at the two matrices.

# %% tags=["slow"]
figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.6), layout="constrained")
draw_matrix(axes[0], title_counts, "counts")
draw_matrix(axes[1], title_summary, "two directions: $A_2$", decimals=1, limit=1.6)
plt.show()

# %%
m4_terms = {term: (title_counts[TERMS.index(term), 8], title_summary[TERMS.index(term), 8]) for term in ("trees", "survey")}
for term, (before, after) in m4_terms.items():
    print(f"{term} in m4: counted {before:.0f}, in the summary {after:.2f}")
assert np.allclose([pair[1] for pair in m4_terms.values()], [0.66, 0.42], atol=0.005)

# %% [markdown]
# Title m4 is "Graph minors: A survey". It does not contain "trees". The summary says it *should*, by two thirds: titles with graphs
# and minors usually do. It does contain "survey", and the summary takes more than half of that back: in company like this, a survey
# is an accident. Every number has become a little bit of what all the others think of it.
#
# The next figure asks about titles instead of terms: how does each column correlate with each other column?

# %% tags=["slow"]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained")
for axis, matrix, title in zip(axes, (title_counts, title_summary), ("before: counts", "after: two directions")):
    table = np.corrcoef(matrix.T)  # (9, 9)
    mesh = axis.pcolormesh(table, cmap="PuOr", vmin=-1, vmax=1, edgecolors="white", linewidth=1)
    axis.invert_yaxis()
    axis.set_aspect("equal")
    axis.set_xticks(np.arange(9) + 0.5, TITLES)
    axis.set_yticks(np.arange(9) + 0.5, TITLES)
    people = table[:5, :5][np.triu_indices(5, 1)].mean()
    graphs = table[5:, 5:][np.triu_indices(4, 1)].mean()
    axis.set_title(f"{title}\nmean: c–c {people:.2f}, c–m {table[:5, 5:].mean():.2f}, m–m {graphs:.2f}", fontsize=9)
figure.colorbar(mesh, ax=axes, label="correlation of two titles")
plt.show()

# %% [markdown]
# ---
# ## 4 · A question is a small document
#
# We have a place for each title: column $j$ of $V_k^\top$, which is $k$ numbers. Where is the place of a *question*? It was not
# there when the matrix was taken apart.
#
# Start from a title whose place we know. Its column of $A$ is $a_j$, its place is $v_j$ (now a column of $V_k^\top$), and
# $a_j \approx U_k S_k v_j$. Solve this for $v_j$. The columns of $U_k$ are orthonormal, so $U_k^\top U_k = I$:
#
# $$U_k^\top a_j = S_k v_j \quad\Longrightarrow\quad v_j = S_k^{-1} U_k^\top a_j .$$
#
# Now put the question's own counts in place of $a_j$. That is all.

# %% [markdown]
# ## Exercise 5 · `fold_in` (10 points)
#
# difficulty ●○○ · importance ●●● · about 15 minutes
#
# $$\hat q = S^{-1} U^\top q .$$
#
# | what | shape |
# |---|---|
# | $q$ `query`: counts, weighted as the documents were | (V,), or (V, n) for n questions side by side |
# | $U$ `u`, $S$ `s` | (V, k), (k,) |
# | $\hat q$ | (k,), or (k, n) |
#
# $S$ is a diagonal matrix, and NumPy keeps only its diagonal. To multiply by $S^{-1}$ is to divide row $i$ by $s_i$. With (k, n)
# numbers and (k,) divisors, which axis does NumPy take, if you do not say it?


# %% exercise="fold_in"
def fold_in(query: np.ndarray, u: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The place of a new document or question among the old ones: S⁻¹ Uᵀ q.

    query   (V,) one question, or (V, n) several, one in each column; integers (int64) or floats
    u       (V, k) orthonormal columns, float64
    s       (k,) the singular values, descending, all > 0, float64

    Returns a new float64 array: (k,) for one question, (k, n) for several. The argument's number of axes decides: (V, 1) gives (k, 1).

    - Column j of the old matrix, folded in, is column j of vt (exactly so if u, s, vt describe the matrix exactly).
    - The arguments are not changed.

    By hand: u = [[1, 0], [0, 0], [0, 1]], s = [2, 5], query [4, 7, 5] gives [2, 1].
    Deerwester et al. 1990, "pseudo-documents".
    """
    ### BEGIN SOLUTION
    projected = u.T @ query  # (k,) or (k, n)
    return (projected.T / s).T  # s runs along the first axis
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one question</summary>
#
# `u.T @ query` has shape (k,). Divide by s, entry by entry.
# </details>
# <details><summary>Hint 2: several questions</summary>
#
# Now `u.T @ query` has shape (k, n). NumPy aligns shapes from the right: dividing by (k,) would divide *columns*, if n happens
# to be k, and raise an error otherwise. You want rows.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Either turn around (`.T`), divide, and turn back, which works for one axis and for two; or divide columns of u by s first, and
# then multiply: (u / s).T @ query.
# </details>

# %% test="fold_in" points=10
flat_u = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
assert np.allclose(fold_in(np.array([4, 7, 5]), flat_u, np.array([2.0, 5.0])), [2, 1]), "the example of the docstring gives [2, 1]"
several = fold_in(np.array([[4, 0], [7, 1], [5, 10]]), flat_u, np.array([2.0, 5.0]))
assert np.shape(several) == (2, 2), f"two questions in two dimensions: shape (2, 2), not {np.shape(several)}"
assert np.allclose(several, [[2, 0], [1, 2]]), (
    f"each column is one question; expected [[2, 0], [1, 2]], got {np.asarray(several).tolist()}"
)

# %% [markdown]
# ---
# ## 5 · What *near* means
#
# Two texts about the same subject, one long and one short, point in the same direction and differ in length. So compare
# directions: the **cosine** of the angle between two vectors,
#
# $$\cos(a, b) = \frac{a \cdot b}{\|a\|\,\|b\|}.$$
#
# It is 1 for the same direction, 0 for a right angle, −1 for opposite ones, and lengths drop out.

# %% [markdown]
# ## Exercise 6 · `cosine_similarity` (10 points)
#
# difficulty ●○○ · importance ●●● · about 15 minutes
#
# All pairs at once: `a` holds $n_a$ vectors as **rows**, `b` holds $n_b$. The result has one row for each vector of `a` and one
# column for each of `b`. The zero vector has no direction. We say that it resembles nothing: cosine 0, never NaN.
#
# Don't repair 0/0 by adding a small number to every denominator. It is a wrong answer for all short vectors.


# %% exercise="cosine_similarity"
def cosine_similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cosine of the angle between each row of `a` and each row of `b`.

    a   (n_a, d), b   (n_b, d): integers (int64) or floats; n_a, n_b, d ≥ 1

    Returns a new float64 array (n_a, n_b): the entry [i, j] is a[i] · b[j] / (‖a[i]‖ ‖b[j]‖), and 0 where one of the two
    is the zero vector, never NaN.

    - Lengths have no influence, small ones neither: rows of length 1e-18 and of length 1e9 give the same cosines as rows of length 1.
    - The arguments are not changed.

    By hand: a = [[3, 4], [0, 0]] and b = [[1, 0], [-6, -8], [4, -3]] give [[0.6, -1, 0], [0, 0, 0]].
    """
    ### BEGIN SOLUTION
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    lengths_a = np.sqrt((a**2).sum(axis=1, keepdims=True))  # (n_a, 1)
    lengths_b = np.sqrt((b**2).sum(axis=1, keepdims=True))  # (n_b, 1)
    unit_a = a / np.where(lengths_a > 0, lengths_a, 1.0)
    unit_b = b / np.where(lengths_b > 0, lengths_b, 1.0)
    return unit_a @ unit_b.T  # (n_a, d) @ (d, n_b)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the idea</summary>
#
# Divide each row by its own length. Between vectors of length 1 the cosine is the plain inner product, and a matrix product
# gives all inner products at once.
# </details>
# <details><summary>Hint 2: zero rows</summary>
#
# Replace a length of 0 by 1, as in exercise 2. The row stays zero, and so do all its inner products.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# Lengths along axis 1 with `keepdims=True` have the shape (n_a, 1), which divides row by row. The product is one of (n_a, d) with the
# transpose of (n_b, d).
# </details>

# %% test="cosine_similarity" points=10
small_cosines = cosine_similarity(np.array([[3, 4], [0, 0]]), np.array([[1, 0], [-6, -8], [4, -3]]))
assert np.shape(small_cosines) == (2, 3), f"two rows against three rows: shape (2, 3), not {np.shape(small_cosines)}"
assert not np.isnan(small_cosines).any(), "there is a NaN: the zero vector has cosine 0 with everything"
assert np.allclose(small_cosines, [[0.6, -1, 0], [0, 0, 0]]), (
    f"the docstring's example gives [[0.6, -1, 0], [0, 0, 0]]; got {np.round(small_cosines, 4).tolist()}"
)

# %% [markdown]
# ### The picture of 1990
#
# Everything is ready: a place for each title (columns of $V_2^\top$), for each term (rows of $U_2$), and for the question. One last
# choice: the axes are stretched by $S$. Inner products of columns of $A_2$ are
# $A_2^\top A_2 = V S U^\top U S V^\top = (S V^\top)^\top (S V^\top)$. So to compare texts as the summary sees them, compare
# columns of $S V^\top$, and for the question $S \hat q$. Strong directions count for more.

# %%
title_places = (title_s[:, None] * title_vt).T  # (9, 2): a row for each title
term_places = title_u * title_s  # (12, 2): a row for each term
question_place = title_s * fold_in(question, title_u, title_s)  # (2,)
question_cosines = cosine_similarity(question_place[None, :], title_places)[0]  # (9,)
for name, shared, cosine in zip(TITLES, shared_words, question_cosines):
    print(f"{name}: shared words {shared:.0f}, cosine {cosine:5.2f}   {TITLES[name]}")
assert question_cosines[:5].min() > 0.9 and question_cosines[5:].max() < 0.1

# %% tags=["slow"]
figure, axis = plt.subplots(figsize=(7.6, 5.0), layout="constrained")
angle = np.arctan2(question_place[1], question_place[0])
for edge in (angle - np.arccos(0.9), angle + np.arccos(0.9)):
    axis.plot([0, 3.2 * np.cos(edge)], [0, 3.2 * np.sin(edge)], "--", color=GREY, linewidth=1)
cone = np.linspace(angle - np.arccos(0.9), angle + np.arccos(0.9), 30)
axis.fill([0, *3.2 * np.cos(cone)], [0, *3.2 * np.sin(cone)], color=BLUE, alpha=0.08, zorder=0)
axis.text(2.45, 0.22, "cosine above 0.9", color=BLUE, fontsize=9)
axis.plot(*term_places.T, ".", color=GREY, markersize=6)
# Two terms in the same place share a label: the rounding finds them. Some labels stand to the left, so that all can be read.
labels = {}
for term, place in zip(TERMS, term_places):
    labels.setdefault(tuple(np.round(place, 6)), []).append(term)
moves = {"interface": (-0.22, -0.22), "computer": (0.05, -0.07), "user": (0.05, -0.02), "human": (0.05, -0.05)}
for place, names in labels.items():
    left_side = names[0] in ("trees", "graph", "minors", "response")
    right, up = moves.get(names[0], (-0.09 if left_side else 0.05, -0.03))
    axis.text(place[0] + right, place[1] + up, ", ".join(names), fontsize=8, color=GREY, ha="right" if left_side else "left")
axis.plot(*title_places[:5].T, "o", color=BLUE, markersize=8, label="titles c: people and computers")
axis.plot(*title_places[5:].T, "s", color=ORANGE, markersize=8, label="titles m: graphs")
for name, place in zip(TITLES, title_places):
    up = {"c5": -0.14, "m2": -0.08}.get(name, 0.05)
    axis.text(place[0] + 0.06, place[1] + up, name, fontsize=11, fontweight="bold", color=RED if name in ("c3", "c5") else "black")
axis.plot(*question_place, "*", color=GREEN, markersize=18, label="question: human computer interaction", zorder=3)
axis.axhline(0, color="lightgrey", linewidth=0.8, zorder=0)
axis.axvline(0, color="lightgrey", linewidth=0.8, zorder=0)
axis.set(xlabel="first direction × its strength", ylabel="second direction × its strength", xlim=(-0.45, 3.4), ylim=(-1.35, 2.2))
axis.legend(frameon=False, fontsize=9, loc="upper right")
plt.show()

# %% [markdown]
# This is the picture to remember. The star is the question. Everything in the blue cone points nearly where it points: **c3 and c5
# (red) are in it, and share no word with it.** No m is anywhere near. The grey terms show why: "human", "interface", "computer",
# "user", "system" and "EPS" have ended up side by side.
#
# The first direction is roughly "talks about computers", the second "talks about graphs". But beware of naming directions: they are
# whatever summarises best. It is distances that mean something.

# %% [markdown]
# ---
# ## 6 · Best first

# %% [markdown]
# ## Exercise 7 · `rank_documents` (12 points)
#
# difficulty ●●○ · importance ●●○ · about 20 minutes
#
# A search engine returns a list: the best documents first, and only the first few. Two details decide whether two people get the
# same list.
#
# **Ties.** Many documents can have exactly the same cosine (zero, for instance). The order among them must not be left to the
# sorting routine: of two documents with equal scores, **the one with the lower index comes first**. A sort that keeps
# equal entries in their old order is called **stable**. NumPy's default is not.
#
# **Too few.** If `top` is larger than the number of documents, return them all.


# %% exercise="rank_documents"
def rank_documents(query: np.ndarray, documents: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """The documents that are most similar to the query by cosine, best first.

    query      (d,) integers (int64) or floats
    documents  (n, d): one document in each row; integers (int64) or floats
    top        how many, ≥ 1; if top > n, all n

    Returns (indices, scores), two arrays of length min(top, n): indices are integers, rows of `documents`; scores are float64, the
    cosines of these rows with the query, and descend.

    - Documents with equal scores stand in the order of their indices. Scores are not rounded: nearly equal is not equal.
    - Lengths have no influence, however small: 1e-30 is a length like any other.
    - A zero vector, as query or as document, has the score 0, never NaN.
    - The arguments are not changed.

    By hand: query [1, 0], documents [[0, 2], [3, 0], [-1, 0], [1, 1], [5, 0]], top 3: indices [1, 4, 3], scores [1, 1, 0.7071].
    """
    ### BEGIN SOLUTION
    query, documents = np.asarray(query, dtype=float), np.asarray(documents, dtype=float)
    lengths = np.sqrt((documents**2).sum(axis=1)) * np.sqrt((query**2).sum())  # (n,)
    scores = documents @ query / np.where(lengths > 0, lengths, 1.0)  # (n,)
    order = np.argsort(-scores, kind="stable")[:top]
    return order, scores[order]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: three steps</summary>
#
# Scores for all documents, an order, a cut. `np.argsort` gives the indices that would sort an array.
# </details>
# <details><summary>Hint 2: ascending, descending, and ties</summary>
#
# argsort ascends. Turning its result round makes it descend, but turns round the ties as well. Sort something else: the scores with
# another sign.
# </details>
# <details><summary>Hint 3: nearly the answer</summary>
#
# `np.argsort(…, kind="stable")` of minus the scores, then `[:top]`: a slice that is too long simply ends at the end.
# </details>

# %% test="rank_documents" points=12
small_documents = np.array([[0, 2], [3, 0], [-1, 0], [1, 1], [5, 0]])
indices, scores = rank_documents(np.array([1, 0]), small_documents, 3)
assert list(indices) == [1, 4, 3], f"the best three are 1, 4 (as good as 1, but later) and 3; got {list(indices)}"
assert np.allclose(scores, [1, 1, np.sqrt(0.5)]), f"their cosines are 1, 1 and 0.7071; got {np.round(scores, 4).tolist()}"
indices, scores = rank_documents(np.array([0, 0]), small_documents, 9)
assert list(indices) == [0, 1, 2, 3, 4] and not np.isnan(scores).any(), (
    "a question without any known word: all scores are 0, so all five documents in their own order"
)

# %% [markdown]
# ---
# ## 7 · Capstone: a search engine for the Jargon File
#
# The **Jargon File** is the dictionary that hackers wrote about their own language, from 1975 on; ours is version 4.4.7 of 29
# December 2003, in the public domain (see `LICENCES.md`). It has what a search engine needs for its examination: **cross
# references**. Where an entry says "see {bit bucket}", its author tells us that the two belong together.

# %%
with gzip.open("jargon.json.gz", "rt", encoding="utf-8") as file:
    GLOSSARY = json.load(file)
print(len(GLOSSARY), "entries,", sum(len(entry["see"]) for entry in GLOSSARY), "references")
example = next(entry for entry in GLOSSARY if entry["title"] == "black hole")
print(f"{example['title']}: {example['text']}")
print("refers to:", [GLOSSARY[number]["title"] for number in example["see"]])
assert len(GLOSSARY) == 2307

# %% [markdown]
# **The task.** Given only the *name* of an entry, find the entries that its author refers to. A name is a question of one or
# two words, like most questions that people type. This is where the vocabulary problem hurts most.
#
# **Fair play.** References stand *in* the text, in braces. We delete all of them from all texts, with the words in them.
# Otherwise the answers would be printed in the question.
#
# **The judge.** Two numbers, each between 0 and 1. For one question, let $R$ be the set of entries that should be found, and let a
# system return a list of, say, ten.
#
# - **Recall**: which share of $R$ is in the list?
# - **Reciprocal rank**: 1 over the place of the first right entry in the list (1 for the first place, 1/2 for the second …), 0 if
#   there is none.
#
# Both are averaged over all questions. The mean of the second is called **MRR**.
#
# **The recipe.** It is all of the above in one function.
#
# 1. Weight the documents with tf-idf: each count times its term's idf, columns of length 1. Weight the questions with **the same
#    idf, that of the documents**. A question is one text: it has no document frequencies worth the name.
# 2. Decompose the weighted documents: the $k$ strongest directions.
# 3. Fold the questions in: $\hat q = S^{-1} U^\top q$. Documents are the columns of $V^\top$.
# 4. Stretch both by $S$, and rank by cosine.

# %% [markdown]
# ## Exercise 8 · `search_jargon` (16 points)
#
# difficulty ●●● · importance ●●● · about 60 minutes
#
# Two functions: the search engine, and its judge. You may call your own functions from above (then they must be right), or write
# the lines anew. Any way to the decomposition is allowed in this exercise; on the whole glossary you will be glad of your own.


# %% exercise="search_jargon"
def search_jargon(counts: np.ndarray, queries: np.ndarray, k: int, rng: np.random.Generator, top: int) -> np.ndarray:
    """The documents nearest to each query, by latent semantic analysis.

    counts    (V, n) term–document matrix of counts; each document has at least one term: no column is zero
    queries   (V, n_queries) counts of the queries, with the same rows; each has at least one term that some document has
    k         how many directions, 1 ≤ k ≤ min(V, n)
    rng       numpy.random.Generator for the randomised SVD; with the same state the same result
    top       how many documents for each query, ≥ 1; if top > n, all n

    Returns an integer array (n_queries, min(top, n)): row i holds the indices of the documents (columns of counts) that are most
    similar to query i, best first. (Equal scores differ by rounding here, so their order is free.)

    1. idf_i = ln((1 + n) / (1 + df_i)) + 1 from `counts` alone. Weighted documents: counts times idf, each column divided by its
       Euclidean length. Weighted queries: queries times the same idf (their lengths do not matter).
    2. u, s, vt: the k largest singular values and vectors of the weighted documents.
    3. Places: S⁻¹ Uᵀ q for a query, column j of vt for document j.
    4. The score is the cosine of the two places after multiplying both by S, entry by entry.

    With k = min(V, n) this is exactly the ranking by the cosine of the weighted columns: tf-idf without LSA.
    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    n_documents = counts.shape[1]
    idf = np.log((1 + n_documents) / (1 + (counts > 0).sum(axis=1))) + 1  # (V,)
    weighted = counts * idf[:, None]
    weighted /= np.sqrt((weighted**2).sum(axis=0))  # (V, n), columns of length 1

    width = min(k + 10, *counts.shape)
    q, _ = np.linalg.qr(weighted @ rng.standard_normal((n_documents, width)))
    for _ in range(4):
        z, _ = np.linalg.qr(weighted.T @ q)
        q, _ = np.linalg.qr(weighted @ z)
    u_small, s, vt = np.linalg.svd(q.T @ weighted, full_matrices=False)
    u, s, vt = q @ u_small[:, :k], s[:k], vt[:k]

    places = (vt * s[:, None]).T  # (n, k)
    asked = (queries * idf[:, None]).T @ u  # (n_queries, k): S times S⁻¹ Uᵀ q
    lengths = np.sqrt((places**2).sum(axis=1))  # those of the queries do not change an order
    scores = asked @ places.T / np.where(lengths > 0, lengths, 1.0)  # (n_queries, n)
    return np.argsort(-scores, axis=1)[:, :top]
    ### END SOLUTION


def recall_and_mrr(found: np.ndarray, relevant: list[set[int]]) -> tuple[float, float]:
    """How good are the lists that were found? Mean recall and mean reciprocal rank.

    found     (n_queries, top) integers: row i lists the documents found for query i, best first, all different
    relevant  a list of n_queries sets, none empty: the documents that should be found for query i

    Returns (recall, mrr), two numbers in [0, 1].

    - recall is the mean over the queries of: the share of relevant[i] that stands in found[i].
    - mrr is the mean over the queries of: 1 / the place (from 1) of the first relevant document in found[i], or 0 if there is none.

    By hand: found [[4, 2, 7], [1, 0, 3]] and relevant [{2, 7, 9}, {5}] give recall (2/3 + 0) / 2 = 1/3 and mrr (1/2 + 0) / 2 = 1/4.
    """
    ### BEGIN SOLUTION
    recalls, reciprocal_ranks = [], []
    for row, wanted in zip(found, relevant):
        places = [place for place, document in enumerate(row, 1) if int(document) in wanted]
        recalls.append(len(places) / len(wanted))
        reciprocal_ranks.append(1 / places[0] if places else 0.0)
    return float(np.mean(recalls)), float(np.mean(reciprocal_ranks))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a plan for the search</summary>
#
# Write the four steps as four blocks, with the shape behind each line: weighted documents (V, n), u (V, k), vt (k, n), places of the
# queries (k, n_queries), scores (n_queries, n).
# </details>
# <details><summary>Hint 2: weights of the queries</summary>
#
# `tf_idf(queries)` would compute document frequencies among the *queries*. Compute idf from `counts` once, and multiply both matrices
# by it.
# </details>
# <details><summary>Hint 3: folding in, and stretching</summary>
#
# S times S⁻¹ is 1: for the queries the two steps together are just $U^\top q$. For the documents it is $S V^\top$. Then cosines between
# the columns of one and the columns of the other: turn both, so that they become rows.
# </details>
# <details><summary>Hint 4: the judge</summary>
#
# For each row, list the places at which a relevant document stands: `enumerate(row, 1)` counts from 1. How many there are, over how
# many there should be, is the recall. The first of them gives the reciprocal rank.
# </details>

# %% test="search_jargon" points=16
asked = np.array([[term == "human", term == "trees"] for term in TERMS]).astype(int)  # (12, 2): two questions of one word
example_counts = np.array([[token_list.count(term) for token_list in TITLE_TOKENS] for term in TERMS])  # (12, 9)
nearest = search_jargon(example_counts, asked, 2, np.random.default_rng(0), 4)
assert np.shape(nearest) == (2, 4), f"two queries, four documents for each: shape (2, 4), not {np.shape(nearest)}"
assert set(nearest[0].tolist()) <= {0, 1, 2, 3, 4}, f"with two directions, only titles c (0 to 4) are near to human; got {nearest[0]}"
assert set(nearest[1].tolist()) == {5, 6, 7, 8}, f"with two directions, the four titles m (5 to 8) are nearest to trees; got {nearest[1]}"
by_words = search_jargon(example_counts, asked, 9, np.random.default_rng(0), 2)
assert set(by_words[0].tolist()) == {0, 3}, f"with all nine directions only titles with the word human come first; got {by_words[0]}"
assert np.allclose(recall_and_mrr(np.array([[4, 2, 7], [1, 0, 3]]), [{2, 7, 9}, {5}]), (1 / 3, 1 / 4)), (
    "the docstring's example gives recall 1/3 and mrr 1/4"
)

# %% [markdown]
# ### The long run
#
# The vocabulary: words that occur in at least two entries, and in at most a tenth of them ("the" is not worth its memory).
# The documents are names and texts; the questions are the names of those entries that refer to something, if a word of the name is in
# the vocabulary.
#
# The matrix is nearly empty. A search engine for the web would store only what is not zero, and multiply with that; the method
# stays the same, because all it ever does with the matrix is to multiply.
#
# The **baseline** is the ranking by the plain tf-idf cosine: same texts, same weights, same cosine, no decomposition. So whatever
# differs, the decomposition did it.

# %% tags=["capstone"]
clean_texts = [re.sub(r"\{[^{}]*\}", " ", entry["text"]) for entry in GLOSSARY]  # no references
document_tokens = [tokens_of(f"{entry['title']} {text}") for entry, text in zip(GLOSSARY, clean_texts)]
in_how_many = {}
for tokens in document_tokens:
    for token in set(tokens):
        in_how_many[token] = in_how_many.get(token, 0) + 1
vocabulary = sorted(t for t, number in in_how_many.items() if 2 <= number <= len(GLOSSARY) / 10 and len(t) > 1)

glossary_counts = count_matrix(document_tokens, vocabulary)  # (V, 2307)
names = [i for i, entry in enumerate(GLOSSARY) if entry["see"] and set(tokens_of(entry["title"])) & set(vocabulary)]
filled = np.flatnonzero(glossary_counts.sum(axis=0) > 0)  # a few entries consist of a reference and nothing else
glossary_counts = glossary_counts[:, filled]
column = {entry: place for place, entry in enumerate(filled.tolist())}  # entry → its column
names = [i for i in names if i in column and any(j in column for j in GLOSSARY[i]["see"])]
relevant = [{column[j] for j in GLOSSARY[i]["see"] if j in column} for i in names]
name_queries = count_matrix([tokens_of(GLOSSARY[i]["title"]) for i in names], vocabulary)
n_documents = glossary_counts.shape[1]
print(f"{len(vocabulary):,} terms, {n_documents:,} documents, {len(names):,} questions, {sum(map(len, relevant)):,} entries to find")
print(f"{(glossary_counts > 0).mean():.2%} of the matrix is not zero; the zeros take most of its {glossary_counts.nbytes / 1e6:.0f} MB")


def judge(ranking):
    """Recall at 10 and MRR, where `ranking` has eleven columns: the entry that asks is taken out of its own answer."""
    own = [column[i] for i in names]
    lists = np.array([[d for d in row if d != me][:10] for row, me in zip(ranking.tolist(), own)])
    return recall_and_mrr(lists, relevant), lists


document_weights = tf_idf(glossary_counts)
idf = np.log((1 + n_documents) / (1 + (glossary_counts > 0).sum(axis=1))) + 1
word_scores = (name_queries * idf[:, None]).T @ document_weights  # (questions, documents)
baseline, baseline_lists = judge(np.argsort(-word_scores, axis=1, kind="stable")[:, :11])
print(f"baseline, tf-idf: recall@10 {baseline[0]:.3f}, MRR {baseline[1]:.3f}")

# %% tags=["capstone"]
results, result_lists = {}, {}
for k in (25, 50, 100, 200, 400):
    results[k], result_lists[k] = judge(search_jargon(glossary_counts, name_queries, k, np.random.default_rng(k), 11))
    print(f"LSA, k = {k:3}: recall@10 {results[k][0]:.3f}, MRR {results[k][1]:.3f}")
assert results[400][0] > 1.1 * baseline[0], "with 400 directions LSA should find at least a tenth more than tf-idf"

# %% [markdown]
# How many of the entries to find share *no word* with the question? Those, an index of words cannot find, whatever its weights.

# %% tags=["capstone"]
pairs = [(row, d) for row, wanted in enumerate(relevant) for d in sorted(wanted)]
no_word = [(row, d) for row, d in pairs if word_scores[row, d] == 0]
by_k = {k: np.mean([d in lists[row] for row, d in no_word]) for k, lists in result_lists.items()}
print(f"{len(no_word) / len(pairs):.0%} of the entries to find share no word with the question")
print(f"of these LSA finds {by_k[400]:.1%} among its first ten, chance {10 / n_documents:.1%}")
assert len(no_word) > len(pairs) / 2 and max(by_k.values()) > 0.05

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for place, (name, color, mark) in enumerate((("recall@10", BLUE, "o"), ("MRR", GREEN, "s"))):
    left.semilogx(list(results), [scores[place] for scores in results.values()], f"{mark}-", color=color, label=f"LSA, {name}")
    left.axhline(baseline[place], color=color, linestyle="--", linewidth=1, label=f"tf-idf, {name}")
left.set(xlabel="k, number of directions", ylabel="mean over the questions", title="all entries to find")
left.legend(frameon=False, fontsize=8)
right.semilogx(list(by_k), list(by_k.values()), "o-", color=BLUE, label="LSA")
right.axhline(0, color=BLUE, linestyle="--", linewidth=1, label="an index of words")
right.axhline(10 / n_documents, color=GREY, linestyle=":", linewidth=1, label="chance")
right.set(xlabel="k, number of directions", ylabel="found among the first ten", title="… that share no word with the question")
right.legend(frameon=False, fontsize=8)
for axis in (left, right):
    axis.set_xticks(list(results), list(results))
    axis.minorticks_off()
plt.show()

# %% [markdown]
# Read the left picture honestly. With too few directions LSA is *worse* than counting words: everything is like everything.
# With enough of them it finds clearly more in ten places. For the *first* place (MRR) the two are about equal: a text that has the
# very word in it is hard to beat. On the right is what the method was invented for: entries that word counting cannot find at all.
#
# And with longer questions? Let the whole text of an entry be the question. The two searches go through one call.

# %% tags=["capstone"]
text_queries = count_matrix([tokens_of(clean_texts[i]) for i in names], vocabulary)
long_names = np.flatnonzero(text_queries.sum(axis=0) > 0)  # texts that were nothing but references are left out
names, relevant, text_queries = [names[i] for i in long_names], [relevant[i] for i in long_names], text_queries[:, long_names]
long_scores = (text_queries * idf[:, None]).T @ document_weights
(long_baseline, _), (long_lsa, _) = (
    judge(ranking)
    for ranking in (
        np.argsort(-long_scores, axis=1, kind="stable")[:, :11],
        search_jargon(glossary_counts, text_queries, 400, np.random.default_rng(400), 11),
    )
)
print(f"the whole text as the question: tf-idf recall@10 {long_baseline[0]:.3f}, LSA {long_lsa[0]:.3f}")

# %% [markdown]
# A long text says everything in several words, and one of them will match. There is less left to repair. **Know what your method is
# for.**
#
# ### It answers
#
# Ask it yourself. Write questions in your own words; titles come back.

# %% tags=["capstone"]
QUESTIONS = [
    "staying awake all night with too much coffee",
    "smoke comes out of the burnt chip",
    "holiday joke document published in april",
    "the computer crashed and everything is lost",
    "eating chinese food with other hackers",
    "place where lost data goes",
]
answers = search_jargon(
    glossary_counts, count_matrix([tokens_of(text) for text in QUESTIONS], vocabulary), 200, np.random.default_rng(1), 6
)
for text, row in zip(QUESTIONS, answers):
    print(f"{text}\n    → " + ", ".join(GLOSSARY[filled[place]]["title"] for place in row))

# %% [markdown]
# Most answers are what you meant, and some hardly share a word with the question. The last one fails: the author wanted "bit bucket",
# whose text is long and speaks of many things. One place for one text is a compromise.
#
# Terms have places, too. These are the nearest neighbours of some words, by the cosine of their rows in $U S$.

# %% tags=["capstone"]
word_u, word_s, _ = truncated_svd(document_weights, 100, np.random.default_rng(2))
for word in ("keyboard", "tape", "food", "editor", "game", "virus"):
    cosines = cosine_similarity((word_u * word_s)[[vocabulary.index(word)]], word_u * word_s)[0]
    print(f"{word:10}", ", ".join(vocabulary[i] for i in np.argsort(-cosines)[1:9]))

# %% [markdown]
# **More to try.** Weight with `log_entropy` instead of tf-idf, and normalise the columns. Compare places without stretching by S.
# Add the two rankings' scores: is the sum better than both? Ask for your own field's words, and see where 2,300 texts are not enough.
# Landauer and Dumais (1997) used an encyclopedia of some 30,000 articles and about 300 directions, and let the machine sit a test of
# English synonyms. It did about as well as the foreign applicants to American colleges who take that test.

# %% [markdown]
# ---
# ## What you built, what breaks next
#
# You turned texts into columns, weighted them, took the matrix apart with random numbers, and kept little. Words, texts and
# questions live in one space, where near means alike, and a search engine came out of it. You examined it, and you know where
# it wins and where it doesn't.
#
# Three sentences to keep:
#
# 1. Words that are used alike are alike.
# 2. Throwing away can add: the summary knows what the text forgot to say.
# 3. Compare directions, not lengths; and ask whether your judge is fair.
#
# The space has never gone out of fashion. Ask a network to predict a word from its neighbours, as people did in 2013, and the vectors
# it learns come, as was shown a year later, from taking apart a matrix of weighted counts, without saying so. The embedding table
# at the bottom of every Transformer is such a space. And "compare a query with many keys by inner product, best first" will come back,
# softened, under the name of **attention**.
#
# **What breaks next.** A bag has no order. "Dog bites man" and "man bites dog" are the same column. A sentence, a name, a melody is
# one thing *after* another, of any length, and what comes next depends on what came before. We need a network that reads step
# by step and remembers. The next assignment, **03 · Recurrent networks**, builds one, and lets it invent names.
#
# ### To read on
#
# - Deerwester and others (1990): the paper with the nine titles. Its first pages, on synonyms, are still the best account of the problem.
# - Landauer, Foltz and Laham (1998): the gentlest introduction, with the two matrices that you drew.
# - Landauer and Dumais (1997): LSA as a theory of how children learn many words a day without being told them.
# - Halko, Martinsson and Tropp (2011): read sections 1 and 4; you have written its main algorithm.
# - O. Levy and Y. Goldberg (2014), *Neural word embedding as implicit matrix factorization*, NeurIPS: where the vectors of 2013 meet this lesson.
