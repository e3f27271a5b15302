"""Hidden tests of the exercise `write_definitions`.

Oracle: a script that `generate` follows; the expected entries are read off it. A token is a byte, but «e» and the space behind it are one,
and so are a full stop and the line break behind it, and a line break and an «h» behind it.
"""

import re

from autograder.suite import assert_close, assert_true, graded

LETTERS = list("aeioulnrst   eee")


def draw_text(rng, size):
    return "".join(rng.choice(LETTERS, size=size))


def draw_script(rng, words, ends):
    """What the model writes after each prompt, each time: a definition, and behind its line break the beginning of another entry."""
    script = {}
    for word, end in zip(words, ends, strict=True):
        line = f", n. the the the {draw_text(rng, end)}.\n{draw_text(rng, 6)}\n{draw_text(rng, 9)}\n" + 99 * "z"
        script.setdefault("\n" + word, []).append(line)
    return script


def expected_of(script, words, n):
    entries = []
    for place, word in enumerate(words):
        line = script["\n" + word][words[:place].count(word)]
        written = b"".join(re.findall(rb"e |\.\n|\nh|.", line.encode(), re.DOTALL)[:n])
        entries.append(word + written.decode(errors="replace").split("\n")[0])
    return entries


@graded(
    stage="value",
    weight=3,
    hint="One prompt at a time: a line break and the word. The entry ends at the first line break that the model has written. Look for it in "
    "the text: it may be part of a longer token.",
)
def test_entries(student, rng):
    """Four words, whose entries end at different places."""
    words = ["hope", "gradient", "sea", "night-cap"]
    script = draw_script(rng, words, [20, 7, 33, 12])
    got = student.probe.definitions(script, words, 60, {})
    assert_close(got["texts"], expected_of(script, words, 60), name="the list of entries")


@graded(stage="value", weight=2, hint="An entry that has not ended after n tokens is cut there, and keeps all n.")
def test_cut_off(student, rng):
    """An entry without an end within n tokens is returned as far as it goes, also if n is 1."""
    words = ["engine", "moon"]
    script = draw_script(rng, words, [70, 9])
    for n in (25, 1):
        got = student.probe.definitions(script, words, n, {})
        assert_close(got["texts"], expected_of(script, words, n), name=f"the list of entries, n = {n},")


@graded(
    stage="value",
    weight=2,
    hint="generate gets the given model, a tensor (1, T) of int64 ids, n, and everything in **sampling. The prompt is encoded in one piece.",
)
def test_what_is_asked(student, rng):
    """The prompts, the number of tokens and the sampling arguments reach generate."""
    words = ["tea", "electricity", "hope"]
    script = draw_script(rng, words, [10, 12, 8])
    for sampling in ({"temperature": 0.8, "top_p": 0.9}, {}):
        got = student.probe.definitions(script, words, 31, sampling)
        assert_close(got["texts"], expected_of(script, words, 31), name="the list of entries")
        prompts = [prompt for call in got["asked"] for prompt in call["prompts"]]
        wanted = ["\n" + word for word in words]
        assert_true(sorted(prompts) == sorted(wanted), "The prompts are not what they should be.", got=prompts, expected=wanted)
        message = "The prompt should be encoded as one text: a token may hold the line break and the first letter of the word."
        assert_true(all(call["whole"] for call in got["asked"]), message)
        for call in got["asked"]:
            assert_true(call["n"] == 31, "The number of new tokens is wrong.", got=call["n"], expected=31)
            message = "generate should get the sampling arguments as they came, none changed and none added."
            assert_true(call["options"] == sampling, message, got=call["options"], expected=sampling)
            message = "generate should be called with the model and int64 tokens."
            assert_true(call["model"] and call["dtype"] == "torch.int64", message, got=call["dtype"])


@graded(
    stage="value",
    weight=1,
    hint="One entry for each word, in the order of the words. If a word comes twice, ask twice: the model may write something else. Set no seed.",
)
def test_order(student, rng):
    """The entries come in the order of the words, and a word that comes twice is written twice."""
    words = ["zebra", "apple", "moth", "apple"]
    script = draw_script(rng, words, [5, 15, 10, 9])
    got = student.probe.definitions(script, words, 40, {})
    assert_close(got["texts"], expected_of(script, words, 40), name="the list of entries")
    assert_true(got["untouched"], "write_definitions set a seed or drew random numbers of its own; only generate should draw.")


@graded(
    stage="edge",
    weight=1,
    hint="The model may end the line at once; then the entry is the word alone. Nothing is stripped, and only «\\n» ends an entry.",
)
def test_empty_entry(student, rng):
    """A line break at once leaves the word alone; spaces at the end stay; no words, no entries."""
    lines = {"silence": "", "air": ", n.  x  ", "ice": "berg ", "fog": "\t, n. a\x0cb", "mist": ", n. a\rb", "hush": ""}
    script = {"\n" + word: [line + "\n" + draw_text(rng, 50)] for word, line in lines.items()}
    script["\nice"] = ["berg \n\n" + draw_text(rng, 50)]
    script["\nhush"] = ["\n" * 40]
    got = student.probe.definitions(script, list(lines), 30, {})
    assert_close(got["texts"], [word + line for word, line in lines.items()], name="the list of entries")
    assert_true(type(got["texts"]) is list, "The result should be a list.", got=got["texts"])
    assert_close(student.probe.definitions(script, [], 30, {})["texts"], [], name="the list of entries")


@graded(
    stage="edge",
    weight=1,
    hint="Use the encode and decode that are given: ids need not be bytes, a token need not be one character, and a word is handed on as it is: in capitals, in Japanese.",
)
def test_any_word(student, rng):
    """Words and definitions outside ASCII, capitals, spaces in a word and around it."""
    words = ["café noir", "日本", "a", "The Hague", " nowhere "]
    script = {"\n" + word: [f", n. Das {word} — „{draw_text(rng, 8)}“ \ufffd 🦆\nnext" + 99 * "z"] for word in words}
    got = student.probe.definitions(script, words, 64, {})
    assert_close(got["texts"], expected_of(script, words, 64), name="the list of entries")
    assert_true(all(got["decoded"]), "decode should get a list of int, not a tensor: what does Tensor.tolist give?")
