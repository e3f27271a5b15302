"""Hidden tests of the exercise `search_jargon`.

Oracle: `torch.linalg.svd` of the weighted matrix, the plain tf-idf cosine, planted subjects; for the judge, sets and `list.index`.

A ranking is judged by the oracle's scores of what it lists, so that two documents whose scores agree may stand in either order.
Where the order is free, or depends on the sketch, probes return what does not: so that a mistake in the judge can be named beside any
right search.
"""

import math

import numpy as np
import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

TITLES = (
    "human interface computer|survey user computer system response time|eps user interface system|system human system eps|"
    "user response time|trees|graph trees|graph minors trees|graph minors survey"
)


def draw_counts(rng, n_terms, n_documents):
    """Counts without a zero column; some documents are much longer, some terms much more frequent than others."""
    often = np.exp(rng.normal(size=(n_terms, 1)))
    long = np.exp(rng.normal(size=n_documents))
    counts = rng.poisson(0.8 * often * long)
    counts[np.arange(n_documents) % n_terms, np.arange(n_documents)] += 1
    counts[0] += 1  # one term is everywhere
    counts[1, rng.integers(0, n_documents)] += 15
    return counts.astype(float)


def draw_queries(rng, n_terms, n_queries):
    """Short queries: two or three terms each."""
    queries = np.zeros((n_terms, n_queries))
    for j in range(n_queries):
        queries[rng.choice(n_terms, size=2 + j % 2, replace=False), j] = 1
    queries[0, 0] += 1
    return queries


def draw_titles(rng, *asked):
    """The counts of the nine titles, with their terms in random order, and those of questions."""
    titles = [title.split() for title in TITLES.split("|")]
    terms = [str(term) for term in rng.permutation(sorted({token for title in titles for token in title}))]
    return (np.array([[float(text.split().count(term)) for text in texts] for term in terms]) for texts in (TITLES.split("|"), asked))


def weigh(counts, queries):
    """Documents with tf-idf and length 1, and queries with the same idf, term by term in Python."""
    n = counts.shape[1]
    idf = torch.tensor([math.log((1 + n) / (1 + sum(1 for c in row if c > 0))) + 1 for row in counts.tolist()]).double()
    documents = torch.nn.functional.normalize(torch.tensor(counts) * idf[:, None], dim=0)
    return documents, torch.tensor(queries) * idf[:, None]


def lsa_scores(counts, queries, k):
    """The cosines (n_queries, n) in the space of k directions."""
    documents, queries = weigh(counts, queries)
    u, s, vh = torch.linalg.svd(documents, full_matrices=False)
    places = vh[:k].T * s[:k]
    folded = (u[:, :k].T @ queries) / s[:k, None]
    return torch.nn.functional.cosine_similarity((folded.T * s[:k])[:, None], places[None], dim=2).numpy()


def word_scores(counts, queries):
    """The cosines of the weighted columns, without any decomposition."""
    documents, queries = weigh(counts, queries)
    return torch.nn.functional.cosine_similarity(queries.T[:, None], documents.T[None], dim=2).numpy()


def check_ranking(got, scores, top, slack=1e-3):
    """Every row lists different documents, and their scores are the best ones, in descending order."""
    n_queries, n = scores.shape
    shape = (n_queries, min(top, n))
    assert_true(isinstance(got, np.ndarray) and got.shape == shape, f"`search_jargon` returns an array of shape {shape} here.", got=got)
    assert_true(got.dtype.kind in "iu", "The indices are integers.", got=got)
    assert_true(((got >= 0) & (got < n)).all(), f"The indices are columns of counts, from 0 to {n - 1}.", got=got)
    for query, (row, mine) in enumerate(zip(got, scores, strict=True)):
        assert_true(len(set(row.tolist())) == len(row), f"Row {query}, for query {query}, lists a document twice.", got=row)
        best = np.sort(mine)[::-1][: len(row)]
        wrong = np.flatnonzero(np.abs(mine[row] - best) > slack)
        if wrong.size:
            place = int(wrong[0])
            right = int(np.argsort(-mine, kind="stable")[place])
            assert_true(
                False,
                f"Row {query}, for query {query}, is wrong from place {place + 1} on (the first place is 1).",
                expected=f"document {right} at place {place + 1}",
                got=int(row[place]),
            )


@graded(
    stage="value",
    weight=4,
    hint="Go through the recipe: the documents' idf for both, columns of length 1, k directions, both places stretched by S, the cosine.",
)
def test_random_counts(student, rng):
    """Thirteen documents of different lengths are ranked for five queries, in three directions."""
    counts, queries = draw_counts(rng, 17, 13), draw_queries(rng, 17, 5)
    check_ranking(student.probe.searched(counts, queries, 3, 1, 13), lsa_scores(counts, queries, 3), 13)


@graded(
    stage="value",
    weight=2,
    hint="With all directions nothing is left out, so the ranking is that of the plain tf-idf cosine. Are the places stretched by S?",
)
def test_all_directions(student, rng):
    """With k = n the ranking is that of tf-idf without LSA."""
    counts, queries = draw_counts(rng, 70, 64), draw_queries(rng, 70, 3)
    queries[0] = 1  # the term that every document has, so that no score is 0
    check_ranking(student.probe.searched(counts, queries, 64, 2, 64), word_scores(counts, queries), 64)


@graded(
    stage="value",
    weight=2,
    hint="Two directions bring titles without a common word together. If those on graphs come too early, look at the sign of the cosine.",
)
def test_nine_titles(student, rng):
    """Asked for human computer interaction, the five titles on that subject come first."""
    counts, queries = draw_titles(rng, "human computer", "trees")
    scores = lsa_scores(counts, queries, 2)
    assert scores[0, :5].min() > 0.9 > 0.3 > scores[0, 5:].max()
    assert scores[1, 5:].min() > scores[1, :5].max()
    check_ranking(student.probe.searched(counts, queries, 2, 3, 9), scores, 9)


@graded(stage="edge", hint="More documents than terms follow the same recipe. Which side of the matrix do the documents stand on?")
def test_more_documents_than_terms(student, rng):
    """Fewer terms than documents, and as many of both."""
    for n_terms, n_documents, k in ((11, 29, 4), (9, 9, 3)):
        counts, queries = draw_counts(rng, n_terms, n_documents), draw_queries(rng, n_terms, 3)
        check_ranking(student.probe.searched(counts, queries, k, 4, n_documents), lsa_scores(counts, queries, k), n_documents)


@graded(stage="edge", hint="One query still gives a row, one answer still a column; a `top` that is too large gives all documents.")
def test_one_of_each(student, rng):
    """One query, the single best document; more documents asked for than there are; a single direction."""
    counts, queries = draw_counts(rng, 13, 7), draw_queries(rng, 13, 2)
    check_ranking(student.probe.searched(counts, queries[:, :1], 3, 5, 1), lsa_scores(counts, queries[:, :1], 3), 1)
    check_ranking(student.probe.searched(counts, queries, 3, 6, 50), lsa_scores(counts, queries, 3), 50)
    # In one direction all cosines are 1: every order of the documents is right.
    got = student.probe.searched_and_sorted(counts, queries, 1, 7, 7)
    check_ranking(got, np.ones((2, 7)), 7)


@graded(stage="edge", hint="Counts are integers, weights are not. A query's counts stay as they are: three times is more than once.")
def test_integers_and_unknown_terms(student, rng):
    """Integer counts are fine, and so is a query with a term that no document has, or that it has itself three times."""
    counts, queries = draw_counts(rng, 15, 10), draw_queries(rng, 15, 4)
    counts[6] = 0
    counts[1, counts.sum(axis=0) == 0] = 1
    queries[6, 1:3] = 2
    got = student.probe.searched(counts.astype(int), queries.astype(int), 4, 8, 10)
    check_ranking(got, lsa_scores(counts, queries, 4), 10)
    counts, queries = draw_titles(rng, "human human human trees")  # once human would be nearest to the titles on graphs
    check_ranking(student.probe.searched(counts.astype(int), queries.astype(int), 2, 12, 9), lsa_scores(counts, queries, 2), 9)


@graded(
    stage="edge",
    hint="On a larger matrix the decomposition must still find the strongest directions: see «A sketch instead of everything».",
)
def test_planted_subjects(student, rng):
    """In 260 documents on six subjects, a query finds the documents on its own subject, with or without common words."""
    subject, mine = np.arange(260) % 6, np.arange(180) % 6
    rate = np.where(mine[:, None] == subject, 0.3, 0.004) * np.exp(0.3 * rng.normal(size=(180, 1)))
    counts = rng.poisson(rate).astype(float)
    counts[subject, np.arange(260)] += 1
    queries = np.zeros((180, 6))
    queries[np.arange(6) + 6 * 3, np.arange(6)] = 1
    counts[np.arange(6) + 6 * 3, np.arange(6)] += 1  # some document has the word
    got = student.probe.searched_subjects(counts, queries, 6, 9, 30, 6)
    assert_true(isinstance(got, np.ndarray) and got.shape == (6, 30), "`search_jargon` returns an array of shape (6, 30) here.", got=got)
    share = float(np.mean(got == np.arange(6)[:, None]))
    # Seen: 1, also with one round of sharpening; without any 0.4 to 0.99; the plain tf-idf cosine reaches about 0.5.
    assert_true(share > 0.997, f"Only {share:.1%} of the documents found are on the query's subject.", expected="all of them")


@graded(
    stage="value",
    weight=3,
    hint="Recall divides by how many there are to find, for each query by itself; the reciprocal rank looks at the first one found.",
)
def test_judge(student, rng):
    """Recall and mean reciprocal rank of random lists, one query at a time."""
    found = np.array([rng.permutation(40)[:14] for _ in range(13)])
    relevant = [rng.permutation(40)[: 1 + i % 7].tolist() for i in range(13)]
    relevant[0] = [int(found[0, 3]), int(found[0, 7]), 99]
    relevant[1] = [int(found[1, 12]), 99]
    recalls, ranks = [], []
    for row, wanted in zip(found.tolist(), relevant, strict=True):
        recalls.append(len(set(row) & set(wanted)) / len(wanted))
        ranks.append(max((1 / (row.index(d) + 1) for d in wanted if d in row), default=0.0))
    assert_close(student.probe.judged(found, relevant), (sum(recalls) / 13, sum(ranks) / 13), names=("recall", "mrr"))


@graded(stage="edge", hint="Nothing found counts 0 for that query, and the query still counts. The first place is 1, not 0.")
def test_judge_edges(student, rng):
    """Nothing found, everything found, the first place, the last place, lists of one."""
    cases = [
        ([[1, 2, 3]], [[7]], (0.0, 0.0)),
        ([[1, 2, 3]], [[3, 2, 1]], (1.0, 1.0)),
        ([[1, 2, 3], [4, 5, 6]], [[3, 8, 9, 10], [5]], ((0.25 + 1) / 2, (1 / 3 + 1 / 2) / 2)),
        ([[5], [0], [2]], [[5, 6], [1], [0, 2, 4, 6]], ((0.5 + 0 + 0.25) / 3, 2 / 3)),
        ([[0, 1, 2, 3, 4]], [[0]], (1.0, 1.0)),
    ]
    for found, relevant, expected in cases:
        assert_close(student.probe.judged(np.array(found), relevant), expected, names=("recall", "mrr"))


@graded(
    stage="contract", hint="Every random number comes from the `rng` that is passed in; `counts *= …` would change the caller's matrix."
)
def test_randomness_and_arguments(student, rng):
    """The same rng gives the same ranking, and no argument is changed."""
    # Noise, in which no direction is much stronger than the next: what is found depends on the sketch.
    counts, queries = rng.poisson(0.2, size=(150, 100)).astype(float), draw_queries(rng, 150, 3)
    counts[0] += 1
    differences = student.probe.searched_again(counts, queries, 6, 10, 30)
    assert_true(type(differences) is int and differences < 5, f"Two runs with rng in the same state differ at {differences} of 90 places.")
    small, asked = draw_counts(rng, 9, 6), draw_queries(rng, 9, 2)
    got, *after = student.probe.searched_and_arguments(small, asked, 2, 11, 6)
    check_ranking(got, lsa_scores(small, asked, 2), 6)
    assert_unchanged(after, (small, asked), ("counts", "queries"))
    found, wanted = np.array([[2, 0, 5], [1, 3, 4]]), [[0, 7], [4]]
    result, *after = student.probe.judged_and_arguments(found, wanted)
    assert_close(result, (0.75, (1 / 2 + 1 / 3) / 2), names=("recall", "mrr"))
    assert_unchanged(after, (found, wanted), ("found", "relevant"))
