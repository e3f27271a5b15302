"""Hidden tests of the exercise `count_matrix`.

Oracle: `list.count`, entry by entry, and tables made by hand.
"""

import numpy as np

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

LETTERS = np.array(["unix", "Unix", "bug", "a", "kludge", "foo", "bar", "0x", "ship", "boat", "shop"])
# Pairs and triples that are one token only for somebody who repairs tokens. "é" comes as one character and as two.
ALIKE = "c++ c c# .c don't dont can_not can not cannot caf\u00e9 cafe\u0301 cafe \u00c4rger \u00e4rger -1 1 internationally international"


def draw(rng, n_terms, n_documents):
    """Documents of 0 to 12 tokens, some unknown, and a vocabulary in random order."""
    vocabulary = [str(token) for token in rng.permutation(LETTERS)[:n_terms]]
    documents = [[str(token) for token in rng.choice(LETTERS, size=rng.integers(4, 13))] for _ in range(n_documents)]
    return documents, vocabulary


def tally(documents, vocabulary):
    """Every entry by itself."""
    return np.array([[float(document.count(token)) for document in documents] for token in vocabulary])


@graded(stage="value", weight=3, hint="One row for each token of the vocabulary, one column for each document; add 1 at every occurrence.")
def test_random_documents(student, rng):
    """Entry [i, j] is how often vocabulary[i] occurs in documents[j]."""
    documents, vocabulary = draw(rng, 7, 5)
    documents[3] += [vocabulary[2]] * 3
    assert_close(student.count_matrix(documents, vocabulary), tally(documents, vocabulary))


@graded(stage="value", hint="Two occurrences count 2, not 1.")
def test_a_table_made_by_hand(student, rng):
    """A small table that was made by hand."""
    documents = [["to", "be", "or", "not", "to", "be"], ["let", "it", "be"]]
    assert_close(student.count_matrix(documents, ["or", "be", "to"]), np.array([[1.0, 0.0], [2.0, 1.0], [2.0, 0.0]]))


@graded(stage="edge", hint="With as many documents as terms, a transposed matrix has the right shape, and wrong numbers.")
def test_square(student, rng):
    """Terms are rows and documents columns, also when there are as many of one as of the other."""
    documents, vocabulary = draw(rng, 6, 6)
    documents[0] = [vocabulary[1]] * 4
    assert_close(student.count_matrix(documents, vocabulary), tally(documents, vocabulary))


@graded(stage="edge", hint="Ask whether a token is in the vocabulary before you look for its row.")
def test_unknown_tokens(student, rng):
    """Tokens that are not in the vocabulary are ignored, wherever they stand."""
    documents = [["x", "ship", "y"], ["x", "y", "z"], ["ship", "boat", "x"]]
    assert_close(student.count_matrix(documents, ["boat", "ship"]), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]]))


@graded(stage="edge", hint="Tokens are compared as they stand, whole: nothing is made small, stripped, cut, split or replaced.")
def test_tokens_as_they_stand(student, rng):
    """Capital letters, accents, spaces and punctuation matter, and a part of a word is not the word."""
    documents = [["Bug", "bug", "bugs", "debug"], ["BUG", "bug", "bug"]]
    assert_close(student.count_matrix(documents, ["bug", "Bug", "b"]), np.array([[1.0, 2.0], [1.0, 0.0], [0.0, 0.0]]))
    pool = [token.replace("_", " ") for token in ALIKE.split()] + [" ", " c", "c "]
    # Neighbours in the list, which are alike, occur differently often.
    documents = [[token for i, token in enumerate(pool) for _ in range((i + j) % 4)] for j in range(3)]
    documents = [[document[i] for i in rng.permutation(len(document))] for document in documents]
    vocabulary = [pool[i] for i in rng.permutation(len(pool))]
    assert_close(student.count_matrix(documents, vocabulary), tally(documents, vocabulary))


@graded(stage="edge", hint="Row i belongs to vocabulary[i]: no sorting, and no row is left out.")
def test_order_of_the_rows(student, rng):
    """The rows are in the order of the vocabulary, terms that never occur included."""
    documents, vocabulary = [["m", "a", "z", "a"], ["z"]], ["z", "q", "m", "a"]
    assert_close(student.count_matrix(documents, vocabulary), np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))


@graded(stage="edge", hint="Every document has its column, an empty one too, and one document gives a matrix with one column.")
def test_empty_and_single(student, rng):
    """Documents that are empty, or have no known token, give columns of zeros; one document and one term give a 1 × 1 matrix."""
    got = student.count_matrix([[], ["a", "b"], [], ["a"], ["b", "b"]], ["b", "c"])
    assert_close(got, np.array([[0.0, 1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0, 0.0]]))
    assert_close(student.count_matrix([["a", "a", "b"]], ["a"]), np.array([[2.0]]))


@graded(
    stage="edge", hint="Which column is it? Count while you walk: to look a document up among the others finds the first that is equal."
)
def test_equal_documents(student, rng):
    """Documents that are equal have a column each."""
    documents, vocabulary = draw(rng, 7, 3)
    documents += [list(documents[1]), list(documents[0]), list(documents[1])]
    assert_close(student.count_matrix(documents, vocabulary), tally(documents, vocabulary))


@graded(stage="edge", hint="Counts can be large: a small integer type overflows, and half precision stops counting at 2048.")
def test_long_document(student, rng):
    """A document with thousands of equal tokens."""
    many = int(rng.integers(2100, 2900))
    assert_close(student.count_matrix([["a"] * many + ["b"], ["b"]], ["b", "a"]), np.array([[1.0, 1.0], [float(many), 0.0]]))


@graded(stage="contract", hint="Only look at the documents: no sorting, no removing.")
def test_arguments_unchanged(student, rng):
    """The documents and the vocabulary are not changed, and the counts are whole numbers."""
    documents, vocabulary = draw(rng, 5, 3)
    call = student.run("count_matrix", documents, vocabulary)
    assert_close(call.result, tally(documents, vocabulary))
    assert_unchanged(call.arguments, (documents, vocabulary), ("documents", "vocabulary"))
    assert_true(call.result.dtype.kind in "iuf", "Counts are numbers: an integer or floating dtype.", got=str(call.result.dtype))
