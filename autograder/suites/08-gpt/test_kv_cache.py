"""Hidden tests of the exercise `kv_cache`.

Oracle: the logits of the whole text, computed anew for each token by running sums and without any cache; torch.cat of all that was appended.

The model of `generate` is given: its logits depend on every earlier token and on positions, and it notes what it is fed.
In place of exercise 6 stands a function that takes the largest logit at temperature 0 and the smallest otherwise.
"""

import torch

from autograder.suite import assert_close, assert_true, assert_unchanged, graded

LAYERS, VOCAB, LENGTH, WIDTH = 3, 11, 30, 4


def draw_tables(rng):
    return [torch.from_numpy(rng.normal(size=shape)) for shape in ((VOCAB, WIDTH), (LENGTH, WIDTH), (WIDTH, VOCAB))]


def draw_prompt(rng, batch=3, T=5):
    return torch.from_numpy(rng.integers(0, VOCAB, size=(batch, T)))


def logits_at_the_end(tables, tokens, layers=LAYERS):
    embedding, positions, readout = tables
    x = embedding[tokens] + positions[: tokens.shape[1]]
    for layer in range(layers):
        k, v = torch.sin((layer + 2) * x), torch.cos((layer + 3) * x)
        x = x + (k * v + k).cumsum(dim=1)
    return x[:, -1] @ readout


def write(tables, tokens, n, largest=True, layers=LAYERS):
    for _ in range(n):
        logits = logits_at_the_end(tables, tokens, layers)
        tokens = torch.cat([tokens, (logits.argmax(1) if largest else logits.argmin(1)).unsqueeze(1)], dim=1)
    return tokens


GREEDY = {"temperature": 0}


@graded(stage="value", weight=2, hint="Time is axis 2 of (batch, heads, T, d); new positions stand behind the old ones.")
def test_append(student, rng):
    """Calls of append: after each, all keys and values so far, oldest first."""
    for sizes in ((2, 2), (4, 1, 2, 1)):
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
    hint="No position is computed twice: after the prompt each call feeds one token. Look at the table of exercise 5.",
)
def test_each_key_once(student, rng):
    """With the cache the prompt is fed once, and then one token at a time."""
    tables, prompt = draw_tables(rng), draw_prompt(rng, T=7)
    got = student.probe.generated(tables, LAYERS, prompt, 10, True, GREEDY)
    assert_close(got["result"], write(tables, prompt, 10), name="the text")
    fed = got["fed"][:10]  # who also feeds the last token may do so
    assert_close(fed, [7] + [1] * 9, name="the list of how many tokens each call fed")
    assert_true(len(got["fed"]) <= 11, "The model was called too often.", got=len(got["fed"]), expected=10)
    assert_true(got["different"], "There should be a list of caches, one of its own for each block.")


@graded(
    stage="value",
    weight=1,
    hint="**sampling belongs to sample_next: hand all of it on. The logits it gets are those of the last position, (N, V).",
)
def test_sampling_is_handed_on(student, rng):
    """temperature, top_k and top_p reach sample_next, which gets the logits of the last position, (N, V)."""
    tables, prompt = draw_tables(rng), draw_prompt(rng, batch=2)
    calls = student.probe.sampling_asked(tables, prompt, 4)
    assert_true(len(calls) == 4, "sample_next should be called once for each new token.", got=len(calls), expected=4)
    texts = write(tables, prompt, 4, layers=2)
    for step, call in enumerate(calls):
        expected = {"shape": (2, VOCAB), "temperature": 0.7, "top_k": 3, "top_p": 0.9}
        assert_true(call["asked"] == expected, "sample_next was called with something else.", got=call["asked"], expected=expected)
        share = torch.softmax(logits_at_the_end(tables, texts[:, : 5 + step], layers=2), dim=-1)
        # a constant added to all logits of a row changes nothing
        assert_close(torch.softmax(call["logits"], dim=-1), share, name=f"the softmax of the logits in call {step}")


@graded(stage="edge", weight=1, hint="n = 0 gives the prompt back; n = 1 needs one call; a prompt may be one token long.")
def test_small_cases(student, rng):
    """n = 0, n = 1, and a prompt of one token."""
    tables = draw_tables(rng)
    for batch, T, n in ((2, 4, 0), (2, 4, 1), (1, 1, 8)):
        for use_cache in (True, False):
            prompt = draw_prompt(rng, batch, T)
            got = student.probe.generated(tables, LAYERS, prompt, n, use_cache, GREEDY)
            assert_close(got["result"], write(tables, prompt, n), name="the text")


@graded(stage="edge", weight=1, hint="Without any **sampling the defaults of sample_next hold: don't put others in their place.")
def test_default_sampling(student, rng):
    """Without arguments for sampling, sample_next is called without them."""
    tables, prompt = draw_tables(rng), draw_prompt(rng)
    got = student.probe.generated(tables, LAYERS, prompt, 6, True, {})
    assert_close(got["result"], write(tables, prompt, 6, largest=False), name="the text (the stand-in takes the smallest logit here)")


@graded(stage="edge", weight=1, hint="The tensors belong to the object: a class attribute would be shared by all caches.")
def test_caches_are_separate(student, rng):
    """Two caches know nothing of each other."""
    k, v = (torch.from_numpy(rng.normal(size=(1, 2, 3, 4))) for _ in range(2))
    assert_close(student.probe.two_caches(k, v), (3, 0), names=("length of the first", "length of the second"))


@graded(stage="edge", weight=1, hint="Make new caches in each call of generate: those of the last text must not be found by the next one.")
def test_second_text(student, rng):
    """A second call with the same model knows nothing of the first."""
    tables, prompts = draw_tables(rng), [draw_prompt(rng, batch=2, T=T) for T in (6, 4)]
    first, second = student.probe.generated_twice(tables, LAYERS, prompts, 5)
    assert_close(first, write(tables, prompts[0], 5), name="the text of the first call")
    assert_close(second, write(tables, prompts[1], 5), name="the text of the second call")


@graded(
    stage="contract",
    weight=1,
    hint="`with torch.no_grad():` ends by itself; torch.set_grad_enabled(False) stays. And a seed is the caller's business.",
)
def test_nothing_left_behind(student, rng):
    """After generate gradients are recorded as before, and PyTorch's randomness is where it was."""
    tables, prompt = draw_tables(rng), draw_prompt(rng)
    got = student.probe.generated(tables, LAYERS, prompt, 3, True, GREEDY)
    assert_close(got["result"], write(tables, prompt, 3), name="the text")
    assert_true(got["recording_after"], "After generate PyTorch no longer records gradients: nothing could be trained any more.")
    assert_true(got["untouched"], "generate set a seed or drew random numbers of its own; only sample_next should draw.")


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
