"""Hidden tests of the exercise `write_definitions`.

Oracle: a script that `generate` follows; the expected entries are read off it. A token is a byte, but «e» and the space behind it are one.
"""

import re

from autograder.suite import assert_close, assert_true, graded

LETTERS = list("aeioulnrst   eee")


def draw_text(rng, size):
    return "".join(rng.choice(LETTERS, size=size))


def draw_script(rng, words, ends):
    """What the model writes after each prompt: a definition, and behind its line break the beginning of another entry."""
    return {
        "\n" + word: f", n. {draw_text(rng, end)}\n{draw_text(rng, 6)}\n{draw_text(rng, 9)}\n" + 99 * "z"
        for word, end in zip(words, ends, strict=True)
    }


def expected_of(script, words, n):
    pieces = (re.findall(rb"e |.", script["\n" + word].encode(), re.DOTALL)[:n] for word in words)
    return [word + b"".join(written).decode(errors="replace").split("\n")[0] for word, written in zip(words, pieces, strict=True)]


@graded(
    stage="value",
    weight=3,
    hint="The prompt begins with a line break, and the entry ends at the next one: at the first one that the model has written.",
)
def test_entries(student, rng):
    """Four words, whose entries end at different places."""
    words = ["hope", "gradient", "sea", "night-cap"]
    script = draw_script(rng, words, [20, 7, 33, 12])
    got = student.probe.definitions(script, words, 60, {})
    assert_close(got["texts"], expected_of(script, words, 60), name="the list of entries")


@graded(stage="value", weight=2, hint="An entry that has not ended after n tokens is cut there, and keeps all n.")
def test_cut_off(student, rng):
    """An entry without an end within n tokens is returned as far as it goes."""
    words = ["engine", "moon"]
    script = draw_script(rng, words, [70, 9])
    got = student.probe.definitions(script, words, 25, {})
    assert_close(got["texts"], expected_of(script, words, 25), name="the list of entries")


@graded(stage="value", weight=2, hint="generate gets the given model, a tensor (1, T) of int64 ids, n, and everything in **sampling.")
def test_what_is_asked(student, rng):
    """The prompts, the number of tokens and the sampling arguments reach generate."""
    words = ["tea", "electricity"]
    script = draw_script(rng, words, [10, 12])
    sampling = {"temperature": 0.8, "top_p": 0.9}
    got = student.probe.definitions(script, words, 31, sampling)
    assert_close(got["texts"], expected_of(script, words, 31), name="the list of entries")
    prompts = [prompt for call in got["asked"] for prompt in call["prompts"]]
    assert_true(
        sorted(prompts) == sorted("\n" + word for word in words),
        "The prompts are not what they should be.",
        got=prompts,
        expected=["\n" + word for word in words],
    )
    for call in got["asked"]:
        assert_true(call["n"] == 31, "The number of new tokens is wrong.", got=call["n"], expected=31)
        assert_true(call["options"] == sampling, "The sampling arguments did not reach generate.", got=call["options"], expected=sampling)
        assert_true(
            call["model"] and call["dtype"] == "torch.int64",
            "generate should be called with the model and int64 tokens.",
            got=call["dtype"],
        )


@graded(stage="value", weight=1, hint="One entry for each word, in the order of the words, also when a word comes twice.")
def test_order(student, rng):
    """The entries come in the order of the words, repeated words included."""
    words = ["zebra", "apple", "moth", "apple"]
    script = draw_script(rng, words, [5, 15, 10, 15])
    got = student.probe.definitions(script, words, 40, {"temperature": 0})
    assert_close(got["texts"], expected_of(script, words, 40), name="the list of entries")


@graded(
    stage="edge",
    weight=1,
    hint="The model may end the line at once; then the entry is the word alone. Nothing is stripped, and only «\\n» ends an entry.",
)
def test_empty_entry(student, rng):
    """A line break at once leaves the word alone; spaces at the end stay; no words, no entries."""
    script = {
        "\nsilence": "\n" + draw_text(rng, 50),
        "\nair": ", n.  x  \n" + draw_text(rng, 50),
        "\nice": "berg \n\n" + draw_text(rng, 50),
        "\nfog": "\t, n. a\rb\x0cc\n" + draw_text(rng, 50),
    }
    got = student.probe.definitions(script, ["silence", "air", "ice", "fog"], 30, {})
    assert_close(got["texts"], ["silence", "air, n.  x  ", "iceberg ", "fog\t, n. a\rb\x0cc"], name="the list of entries")
    assert_close(student.probe.definitions(script, [], 30, {})["texts"], [], name="the list of entries")


@graded(
    stage="edge",
    weight=1,
    hint="Use the encode and decode that are given: ids need not be bytes, a token need not be one character, and a word is handed on as it is: in capitals, in Japanese.",
)
def test_any_word(student, rng):
    """Words and definitions outside ASCII, capitals, spaces in a word."""
    words = ["café noir", "日本", "a", "The Hague"]
    script = {"\n" + word: f", n. Das {word} — „{draw_text(rng, 8)}“ 🦆\nnext" + 99 * "z" for word in words}
    got = student.probe.definitions(script, words, 64, {})
    assert_close(got["texts"], expected_of(script, words, 64), name="the list of entries")
