"""Hidden tests of the exercise `kv_cache`.

Oracle: the logits of the whole text, computed anew for each token by running sums and without any cache; torch.cat of all that was appended.

The model of `generate` is given: its logits depend on every earlier token and on positions, and it notes what it is fed.
In place of exercise 6 stands a function that takes the largest logit at temperature 0, or one that follows a script of all tokens.
"""

import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

LAYERS, VOCAB, LENGTH, WIDTH = 3, 11, 30, 4


def draw_tables(rng, length=LENGTH):
    """Token vectors, position vectors and the readout; the model's max_length is the number of positions."""
    return [torch.from_numpy(rng.normal(size=shape)) for shape in ((VOCAB, WIDTH), (length, WIDTH), (WIDTH, VOCAB))]


def draw_prompt(rng, batch=3, T=5):
    return torch.from_numpy(rng.integers(0, VOCAB, size=(batch, T)))


def logits_at_the_end(tables, tokens, layers=LAYERS):
    embedding, positions, readout = tables
    x = embedding[tokens] + positions[: tokens.shape[1]]
    for layer in range(layers):
        k, v = torch.sin((layer + 2) * x), torch.cos((layer + 3) * x)
        x = x + (k * v + k).cumsum(dim=1)
    return x[:, -1] @ readout


def write(tables, tokens, n):
    for _ in range(n):
        tokens = torch.cat([tokens, logits_at_the_end(tables, tokens).argmax(1).unsqueeze(1)], dim=1)
    return tokens


def check_asked(student, rng, sampling, expected):
    """What sample_next is asked when it writes every token of the vocabulary once, and the text."""
    tables, prompt = draw_tables(rng), draw_prompt(rng, batch=2)
    script = torch.from_numpy(rng.permutation(VOCAB)).expand(2, VOCAB).contiguous()
    got = student.probe.sampling_asked(tables, prompt, script, sampling, bool(sampling))
    calls, text = got["calls"], torch.cat([prompt, script], dim=1)
    assert_true(
        len(calls) == VOCAB, "sample_next should be called once for each new token, whichever it is.", got=len(calls), expected=VOCAB
    )
    for step, call in enumerate(calls):
        asked = call["asked"]
        assert_true(asked == expected, "sample_next was called with something else.", got=asked, expected=expected)
        share = torch.softmax(logits_at_the_end(tables, text[:, : 5 + step], layers=2), dim=-1)
        # a constant added to all logits of a row changes nothing, nor do the digits beyond float32
        name = f"the softmax of the logits in call {step}"
        assert_close(torch.softmax(call["logits"], dim=-1), share, name=name, rtol=1e-4, atol=1e-5)
    assert_close(got["text"], text, name="the text")


GREEDY = {"temperature": 0}


@graded(stage="value", weight=2, hint="Time is axis 2 of (batch, heads, T, d); new positions stand behind the old ones.")
def test_append(student, rng):
    """Calls of append: after each, all keys and values so far, oldest first."""
    for sizes in ((2, 2), (4, 1, 2, 1), (60, 1, 9)):
        keys, values = ([torch.from_numpy(rng.normal(size=(2, 3, T, 5))) for T in sizes] for _ in range(2))
        got = student.probe.cache_appends(keys, values)
        for call in range(len(sizes)):
            expected = torch.cat(keys[: call + 1], dim=2), torch.cat(values[: call + 1], dim=2)
            assert_close(got["returned"][call], expected, names=("k_all", "v_all"), dtype=True)


@graded(stage="value", weight=1, hint="length is a property: the number of positions, 0 at the start, an int.")
def test_length(student, rng):
    """The length is 0 at first and grows by T with each call."""
    sizes = [int(T) for T in rng.integers(1, 6, size=4)]
    keys, values = ([torch.from_numpy(rng.normal(size=(1, 2, T, 3))) for T in sizes] for _ in range(2))
    expected = [sum(sizes[:call]) for call in range(5)]
    assert_close(student.probe.cache_appends(keys, values)["lengths"], expected, name="the list of lengths")


@graded(
    stage="value",
    weight=3,
    hint="Feed the prompt once, then the newest token alone. If the tokens differ: is something read twice, or not at all?",
)
def test_generate_with_cache(student, rng):
    """Twelve tokens for three prompts, with the cache."""
    tables, prompt = draw_tables(rng), draw_prompt(rng)
    got = student.probe.generated(tables, LAYERS, prompt, 12, True, GREEDY)
    assert_close(got["result"], write(tables, prompt, 12), name="the text")


@graded(stage="value", weight=2, hint="Without the cache the model sees the whole text each time, and no caches.")
def test_generate_without_cache(student, rng):
    """The same without the cache: the whole text is fed in each call."""
    tables, prompt = draw_tables(rng), draw_prompt(rng)
    got = student.probe.generated(tables, LAYERS, prompt, 9, False, GREEDY)
    assert_close(got["result"], write(tables, prompt, 9), name="the text")
    assert_true(not any(got["with_caches"]), "With use_cache=False the model should be called without caches.")
    assert_close(got["fed"], list(range(5, 14)), name="the list of how many tokens each call fed")


@graded(
    stage="value",
    weight=3,
    hint="No position is computed twice: after the prompt each call feeds one token, and the last token is never fed. Look at the table of exercise 5.",
)
def test_each_key_once(student, rng):
    """With the cache the prompt is fed once, and then one token at a time."""
    tables, prompt = draw_tables(rng), draw_prompt(rng, T=19)
    got = student.probe.generated(tables, LAYERS, prompt, 10, True, GREEDY)
    assert_close(got["result"], write(tables, prompt, 10), name="the text")
    fed = got["fed"]
    assert_close(fed[:10], [19] + [1] * 9, name="the list of how many tokens each call fed")
    message = "For 10 new tokens the model should be called 10 times: nobody asks what comes after the last one."
    assert_true(len(fed) == 10, message, got=len(fed), expected=10)
    assert_true(got["different"] and got["lists"], "There should be a list of caches, one of its own for each block.")


@graded(
    stage="value",
    weight=1,
    hint="**sampling belongs to sample_next: hand all of it on, the generator too. The logits it gets are those of the last position, (N, V). "
    "No token ends the text.",
)
def test_sampling_is_handed_on(student, rng):
    """temperature, top_k, top_p and generator reach sample_next with the last position's logits, (N, V); it writes every token once."""
    sampling = {"temperature": 0.7, "top_k": 3, "top_p": 0.9}
    check_asked(student, rng, sampling, {"shape": (2, VOCAB), **sampling, "generator": "the given one"})


@graded(
    stage="edge",
    weight=1,
    hint="n = 0 gives the prompt back; n = 1 needs one call; a prompt may be one token long; T + n may be max_length.",
)
def test_small_cases(student, rng):
    """n = 0, n = 1, a prompt of one token, and texts as long as the model can read."""
    for batch, T, n in ((2, 4, 0), (2, 4, 1), (1, 1, 8)):
        tables, prompt = draw_tables(rng, length=T + n), draw_prompt(rng, batch, T)
        for use_cache in (True, False):
            got = student.probe.generated(tables, LAYERS, prompt, n, use_cache, GREEDY)
            assert_close(got["result"], write(tables, prompt, n), name=f"the text of {T} + {n} tokens, max_length = {T + n},")
        assert_true(
            n > 0 or not got["fed"], "With n = 0 there is nothing to ask the model.", got=f"{len(got['fed'])} calls", expected="none"
        )


@graded(stage="edge", weight=1, hint="Without any **sampling the defaults of sample_next hold: don't put others in their place.")
def test_default_sampling(student, rng):
    """Without arguments for sampling, sample_next works with its own defaults."""
    defaults = {"temperature": 1.0, "top_k": None, "top_p": None, "generator": "none"}
    check_asked(student, rng, {}, {"shape": (2, VOCAB), **defaults})


@graded(stage="edge", weight=1, hint="The tensors belong to the object: a class attribute would be shared by all caches.")
def test_caches_are_separate(student, rng):
    """Two caches know nothing of each other."""
    k, v = (torch.from_numpy(rng.normal(size=(1, 2, 3, 4))) for _ in range(2))
    assert_close(student.probe.two_caches(k, v), (3, 0), names=("length of the first", "length of the second"))


@graded(stage="edge", weight=1, hint="Make new caches in each call of generate: those of the last text must not be found by the next one.")
def test_second_text(student, rng):
    """A second call with the same model knows nothing of the first; if nothing else is said, the cache is used."""
    tables, prompts = draw_tables(rng), [draw_prompt(rng, batch=2, T=T) for T in (6, 4)]
    got = student.probe.generated_twice(tables, LAYERS, prompts, 5)
    for which, text, prompt in zip(("first", "second"), got["texts"], prompts, strict=True):
        assert_close(text, write(tables, prompt, 5), name=f"the text of the {which} call")
    assert_true(all(got["with_caches"]), "use_cache is True if nothing else is said: the model should be called with caches.")


@graded(
    stage="contract",
    weight=1,
    hint="`with torch.no_grad():` ends by itself; torch.set_grad_enabled(False) stays. A seed is the caller's business, and so is the end of eval mode.",
)
def test_nothing_left_behind(student, rng):
    """After generate gradients are recorded as before, PyTorch's randomness is where it was, and a model in eval mode still is."""
    tables, prompt = draw_tables(rng), draw_prompt(rng)
    for training in (True, False):
        got = student.probe.generated(tables, LAYERS, prompt, 3, True, GREEDY, training)
        assert_close(got["result"], write(tables, prompt, 3), name="the text")
        assert_true(got["recording_after"], "After generate PyTorch no longer records gradients: nothing could be trained any more.")
        assert_true(got["untouched"], "generate set a seed or drew random numbers of its own; only sample_next should draw.")
        assert_true(training or got["training"] is False, "The model came in eval mode, and generate left it in train mode.")


@graded(stage="contract", weight=1, hint="Build a new tensor with torch.cat; record no gradients: torch.no_grad().")
def test_arguments_unchanged(student, rng):
    """The prompt, k and v are not changed, and no gradients are recorded."""
    tables, prompt = draw_tables(rng), draw_prompt(rng)
    got = student.probe.generated(tables, LAYERS, prompt, 5, True, GREEDY)
    assert_close(got["result"], write(tables, prompt, 5), name="the text", dtype=True)
    assert_unchanged([got["tokens"]], [prompt], names=("tokens",))
    assert_true(not got["recording"], "The model was called with gradients being recorded.")
    keys, values = ([torch.from_numpy(rng.normal(size=(2, 1, T, 3))).float() for T in (2, 1)] for _ in range(2))
    got = student.probe.cache_appends(keys, values)
    assert_unchanged(got["arguments"], [*keys, *values], names=("k", "second k", "v", "second v"))
    assert_close(got["returned"][1], (torch.cat(keys, dim=2), torch.cat(values, dim=2)), names=("k_all", "v_all"), dtype=True)
