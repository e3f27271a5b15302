"""Hidden tests of the exercise `bpe_codec`.

Oracle: str.replace on strings in which each id is a character, from the merge of smallest rank on; Python's own UTF-8; «abc» of the lesson by hand.
"""

import numpy as np

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

TEXTS = (
    "the theme of the thesis",
    "naïve façade — “quoted”",
    "日本語と English",
    "🦆🐍\u200d🦆 👩‍🚀",
    "  two  spaces\t\n\r\n end ",
    "\n\na line, \n a line,\n",
    "e\u0301 n\u0303 \ufb01 \u212b",  # accents as characters of their own, a ligature, an Ångström: all of them stay
    "\x00\x7f\x00",
    "\ufeffa mark",
    "",
)


def draw_merges(rng, size, alphabet):
    """A random table in which later merges build on earlier ones, and whose ranks have nothing to do with frequency."""
    ids, merges = list(alphabet), []
    while len(merges) < size:
        pair = (int(rng.choice(ids)), int(rng.choice(ids)))
        if pair not in merges:
            ids.append(256 + len(merges))
            merges.append(pair)
    return merges


def encode(text, merges):
    symbols = "".join(chr(byte) for byte in text.encode("utf-8"))
    while True:
        found = [rank for rank, (left, right) in enumerate(merges) if chr(left) + chr(right) in symbols]
        if not found:
            return [ord(symbol) for symbol in symbols]
        left, right = merges[found[0]]
        symbols = symbols.replace(chr(left) + chr(right), chr(256 + found[0]))


def decode(ids, merges):
    def spell(token):
        return bytes([token]) if token < 256 else spell(merges[token - 256][0]) + spell(merges[token - 256][1])

    return b"".join(map(spell, ids)).decode("utf-8", errors="replace")


def under(merges):
    return f"under the merges {merges}" if len(merges) <= 6 else f"under {len(merges)} merges"


def check_ids(got, expected, text, merges):
    """Where they differ first, or which of them is longer."""
    name = f"the list of ids of {text[:40]!r} {under(merges)}"
    both = min(len(got), len(expected))
    assert_close(got[:both], expected[:both], name=name)
    assert_close(got, expected, name=name)


def check_text(got, expected, ids, merges):
    """Where they differ first, and what stands there."""
    shown = f"{ids[:12]}".replace("]", ", …]" if len(ids) > 12 else "]")
    name = f"The text of the ids {shown} {under(merges)}"
    assert_true(isinstance(got, str), f"{name} should be a str.", got=got)
    place = next((place for place, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), min(len(got), len(expected)))
    there, wanted = got[place : place + 20], expected[place : place + 20]
    assert_true(got == expected, f"{name} is wrong from character {place} on.", got=there, expected=repr(wanted))


@graded(
    stage="value",
    weight=3,
    hint="The merge of smallest rank comes first, wherever in the text it occurs: not whatever can be glued from left to right.",
)
def test_encode_by_rank(student, rng):
    """Texts of five letters under random tables of merges."""
    for _ in range(4):
        merges = draw_merges(rng, 24, b"abcde")
        text = "".join(rng.choice(list("abcde"), size=60))
        check_ids(student.probe.encode_as_ints(text, merges), encode(text, merges), text, merges)
    x, y, z, w = (int(code) for code in rng.permutation([*b"fghjkm"])[:4])
    text = bytes([x, y, z, w, x, y, z, y, z, w, x, y, y, z]).decode()
    tables = ([(y, z), (x, y)], [(z, w), (x, y), (257, z)], [(y, z), (x, y), (257, 256), (256, w)], [(y, z), (x, y), (257, z)])
    for merges in tables:  # the last one spells «xyz» by x y and z alone: x beside y z stays two
        check_ids(student.probe.encode_as_ints(text, merges), encode(text, merges), text, merges)


@graded(stage="value", weight=2, hint="An id from 256 on stands for the bytes of its two halves, which may be merges themselves.")
def test_decode(student, rng):
    """Random ids under three tables, merges of merges among them."""
    for size in (1, 7, 40):
        merges = draw_merges(rng, 20, b"abcd ,!")
        ids = [int(token) for token in rng.choice([*b"abcd ,!", *range(256, 276)], size=size)]
        ids[0] = 275
        check_text(student.bpe_decode(ids, merges), decode(ids, merges), ids, merges)


@graded(
    stage="value",
    weight=2,
    hint="Begin with text.encode('utf-8'). Nothing may be stripped or split, and characters outside ASCII are several bytes.",
)
def test_encode_any_text(student, rng):
    """Accents, Japanese, emoji, spaces and line breaks at both ends, control characters; merges that hold a line break."""
    # In these texts no two of them meet: whatever their order, the ids are the same.
    merges = [(32, 32), (0xC3, 0xA9), (0xE2, 0x80), (0xF0, 0x9F), (104, 101), (13, 10), (44, 10), (44, 32), (10, 97)]
    for text in TEXTS:
        check_ids(student.probe.encode_as_ints(text, merges), encode(text, merges), text, merges)


@graded(stage="value", weight=2, hint="Join all bytes first and decode once: a character may be spread over several ids.")
def test_round_trip(student, rng):
    """Decoding the ids of a text gives the same text, character for character."""
    merges = [(0xC3, 0xA9), (0x9F, 0xA6), (0xF0, 257), (97, 32), (32, 97), (0xE6, 0x97)]
    letters = list("aé🦆日 \nß")
    drawn = "".join(letters[int(i)] for i in rng.integers(0, len(letters), size=50))
    for text in (*TEXTS, drawn):
        check_text(student.bpe_decode(encode(text, merges), merges), text, encode(text, merges), merges)


@graded(
    stage="edge",
    weight=2,
    hint="Bytes that are no UTF-8 are replaced by U+FFFD, as errors='replace' does: nothing is raised and nothing left out.",
)
def test_invalid_bytes(student, rng):
    """Half characters and stray bytes become the replacement character."""
    merges = [(0x9F, 0xA6), (0xF0, 256)]
    for ids in ([0xC3], [257, 65], [0xF0, 0x9F], [72, 0xFF, 105], [0x80, 0x80], [256, 257, 0x86, 0xC3], [0xE6, 0x97, 32]):
        check_text(student.bpe_decode(ids, merges), decode(ids, merges), ids, merges)
    ids = [int(token) for token in rng.integers(0, 258, size=60)]
    check_text(student.bpe_decode(ids, merges), decode(ids, merges), ids, merges)


@graded(
    stage="edge",
    weight=1,
    hint="An overlapping pair is glued from the left: aaa becomes 256 97, not 97 256. And merge 0 comes first: aaaa is 256 256 before anything else is glued.",
)
def test_runs(student, rng):
    """Runs of one letter, and pairs of equal merges."""
    merges = [(97, 97), (256, 256), (256, 97)]
    for size in (1, 2, 3, 4, 5, 7, int(rng.integers(8, 30))):
        check_ids(student.probe.encode_as_ints("a" * size, merges), encode("a" * size, merges), "a" * size, merges)


@graded(stage="edge", weight=1, hint="Without merges the ids are the bytes; without text there are no ids; without ids there is no text.")
def test_empty(student, rng):
    """No merges, no text, no ids."""
    text = "".join(chr(int(code)) for code in rng.integers(97, 400, size=20))
    check_ids(student.probe.encode_as_ints(text, []), list(text.encode("utf-8")), text, [])
    check_ids(student.probe.encode_as_ints("", [(97, 98)]), [], "", [(97, 98)])
    check_text(student.bpe_decode([], [(97, 98)]), "", [], [(97, 98)])
    check_text(student.bpe_decode(list(text.encode("utf-8")), []), text, list(text.encode("utf-8")), [])


@graded(stage="contract", weight=1, hint="A list of Python ints, a str, and a list of merges that is as it was.")
def test_types(student, rng):
    """bpe_encode gives a list of int, bpe_decode a str; merges and ids are not changed."""
    merges = draw_merges(rng, 9, b"abc")
    text = "".join(np.array(list("abc"))[rng.integers(0, 3, size=30)])
    call = student.run("bpe_encode", text, merges)
    assert_true(
        type(call.result) is list and all(type(token) is int for token in call.result),
        "bpe_encode should return a list of int.",
        got=call.result,
    )
    check_ids(call.result, encode(text, merges), text, merges)
    assert_unchanged(call.arguments[1:], (merges,), names=("merges",))
    assert_true(all(type(pair) is tuple for pair in call.arguments[1]), "bpe_encode changed merges: its pairs are no tuples any more.")
    plain = student.bpe_encode("plain", [])
    assert_true(plain == list(b"plain"), "Without merges, too, bpe_encode should return a list of int.", got=plain, expected=list(b"plain"))
    call = student.run("bpe_decode", encode(text, merges), merges)
    check_text(call.result, text, encode(text, merges), merges)
    assert_unchanged(call.arguments, (encode(text, merges), merges), names=("ids", "merges"))
