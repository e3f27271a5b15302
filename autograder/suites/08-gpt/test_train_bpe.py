"""Hidden tests of the exercise `train_bpe`.

Oracle: str.count and str.replace, which go from left to right without overlaps, on strings in which each id is a character; the textbook's «aaabdaaabac».
"""

import numpy as np

from autograder.suite import assert_true, graded

NAME = "The list of merges"


def naive_merges(text, vocab_size):
    """Byte-pair encoding as slow and as plain as possible: each id is a character, and str.count counts without overlaps."""
    symbols = "".join(chr(byte) for byte in text.encode("utf-8"))
    merges = []
    while len(merges) < vocab_size - 256:
        pairs = {symbols[i : i + 2] for i in range(len(symbols) - 1)}
        ranked = sorted((-symbols.count(pair), ord(pair[0]), ord(pair[1])) for pair in pairs)
        if not ranked or ranked[0][0] > -2:
            break
        _, left, right = ranked[0]
        symbols = symbols.replace(chr(left) + chr(right), chr(256 + len(merges)))
        merges.append((left, right))
    return merges


def check(student, text, vocab_size):
    got, expected = student.probe.merges_as_pairs(text, vocab_size), naive_merges(text, vocab_size)
    for rank, (pair, wanted) in enumerate(zip(got, expected, strict=False)):
        message = f"Merge {rank} is another pair. The text began {text[:30]!r}, and vocab_size was {vocab_size}."
        assert_true(tuple(pair) == wanted, message, got=pair, expected=wanted)
    room = max(0, vocab_size - 256)
    why = f"there is room for {room} beside the 256 bytes" if len(expected) == room else "then no pair occurred twice any more"
    message = f"The number of merges is wrong: vocab_size was {vocab_size}, and {why}. The text began {text[:30]!r}."
    assert_true(len(got) == len(expected), message, got=len(got), expected=len(expected))


def draw_words(rng, n, letters="etaoinshr"):
    """A text of n words, some of which come again and again."""
    words = ["".join(rng.choice(list(letters), size=rng.integers(2, 8))) for _ in range(12)]
    return " ".join(words[int(i)] for i in rng.integers(0, 12, size=n))


@graded(
    stage="value",
    weight=3,
    hint="Count all pairs of neighbours after every merge anew, with the new ids among them. Bytes and merges together fill vocab_size.",
)
def test_words(student, rng):
    """Thirty merges of a text of words that come again and again."""
    check(student, draw_words(rng, 90), 286)


@graded(
    stage="value", weight=2, hint="Among pairs that occur equally often the smaller tuple of ids wins, whatever came first in the text."
)
def test_ties(student, rng):
    """Texts in which many pairs occur equally often."""
    for _ in range(3):
        letters = [chr(int(code)) for code in rng.permutation(np.arange(97, 111))]
        blocks = ["".join(letters[i : i + 2]) for i in range(0, 14, 2)]
        text = "".join(blocks[int(i)] + separator for separator in "XYZ" for i in rng.permutation(7))
        check(student, text, 266)


@graded(stage="value", weight=2, hint="In «aaa» the pair occurs once: after it is glued, nothing is left to glue. Look at «One trap».")
def test_overlaps(student, rng):
    """Runs of equal letters: occurrences that overlap count once."""
    for _ in range(4):
        runs = [letter * int(size) for letter, size in zip(rng.permutation(list("abcabcab")), rng.integers(1, 8, size=8), strict=True)]
        check(student, "".join(runs), 262)
    check(student, "aaaXbcYbcaaa", 257)  # `bc` twice, `aa` twice: the tie goes to `aa`
    check(student, "zzzXbcYbc", 257)  # `zz` once, `bc` twice


@graded(stage="value", weight=2, hint="The bytes of the UTF-8 text are the first ids: not characters, not code points.")
def test_bytes(student, rng):
    """Letters outside ASCII: two, three and four bytes each."""
    alphabet = list("éüñ日本語🦆🐍 a")
    text = "".join(alphabet[int(i)] for i in rng.integers(0, len(alphabet), size=120))
    check(student, text, 280)


@graded(stage="value", weight=1, hint="The text is one stretch: spaces, line breaks, capitals and digits are bytes like all others.")
def test_nothing_is_cleaned(student, rng):
    """Spaces and line breaks are merged like anything else."""
    word = "".join(rng.choice(list("qwxkv"), size=2))
    check(student, f"  {word} \n{word}  {word.upper()} \n\n {word} \n", 275)
    check(student, "a b\nc d\n" * 3, 265)
    check(student, "a\r\nb\r\n" * 3, 265)


@graded(stage="edge", weight=2, hint="Stop when no pair occurs at least twice: a pair that occurs once compresses nothing.")
def test_stops_early(student, rng):
    """Merging stops when no pair occurs twice."""
    check(student, "".join(rng.permutation(list("abcdefghij"))), 300)
    check(student, "banana", 1000)
    check(student, "ab" * int(rng.integers(5, 9)), 400)


@graded(stage="edge", weight=1, hint="No text, one byte, no room: the list is empty, or as long as there is room.")
def test_small_cases(student, rng):
    """The textbook's example, an empty text, one letter, and vocabularies of 256, 257 and less than 256."""
    assert naive_merges("aaabdaaabac", 300) == [(97, 97), (97, 98), (256, 257)]  # Z = aa, Y = ab, X = ZY, as in the textbook
    check(student, "aaabdaaabac", 300)
    check(student, "", 300)
    check(student, "x", 300)
    text = draw_words(rng, 20)
    for vocab_size in (256, 257, 100, 258):
        check(student, text, vocab_size)


@graded(stage="contract", weight=1, hint="A list of tuples of two Python ints; not lists, not bytes, not strings.")
def test_types(student, rng):
    """The result is a list of tuples of two ints, and the same each time."""
    text = draw_words(rng, 40)
    got = student.train_bpe(text, 265)
    assert_true(
        type(got) is list and all(type(pair) is tuple and len(pair) == 2 for pair in got), "The result should be a list of tuples.", got=got
    )
    assert_true(all(type(number) is int for pair in got for number in pair), "Every id should be an int.", got=got)
    check(student, text, 265)
    assert_true(student.train_bpe(text, 265) == got, "A second call with the same text gave other merges.")
