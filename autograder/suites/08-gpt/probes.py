"""What the hidden tests of the language model let run beside the student's code: modules with given parameters, caches, scripted models."""

import inspect
import re

import torch
from torch import nn


def _fill(module, parameters):
    """The module, double or float like the parameters, with these parameters."""
    module.to(next(iter(parameters.values())).dtype)
    here = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in parameters.items():
            here[name].copy_(value)
    return module


def _distance(a, b):
    """The order of magnitude of the largest difference. Moved up and in half precision: other draws hardly change it."""
    return (torch.log10((a - b).abs().max().double().clamp(min=1e-30)) + 100).half()


def _globals_of(*functions):
    """The notebook's names, as the first of these functions sees them that is written in Python; decorators are looked through."""
    for function in functions:
        names = getattr(inspect.unwrap(function), "__globals__", {})
        if names.get("__name__") != "torch.utils._contextlib":
            return names
    return {}


def _with_globals(functions, changes, work):
    """What work() returns while these functions see the given global names."""
    names = _globals_of(*functions)
    before = {name: names[name] for name in changes if name in names}
    names.update(changes)
    try:
        return work()
    finally:
        for name in changes:
            names.pop(name, None)
        names.update(before)


# --- byte-pair encoding ----------------------------------------------------------------------------------------------


def merges_as_pairs(student, text, vocab_size):
    """train_bpe(text, vocab_size)"""
    merges = student.train_bpe(text, vocab_size)
    return [(int(left), int(right)) for left, right in merges]


def encode_as_ints(student, text, merges):
    """bpe_encode(text, merges)"""
    return [int(token) for token in student.bpe_encode(text, merges)]


# --- causal self-attention -------------------------------------------------------------------------------------------


class _GivenCache:
    """A cache that holds given keys and values, and notes with what it was called."""

    def __init__(self, k, v):
        self.k, self.v, self.calls = k, v, []

    @property
    def length(self):
        return self.k.shape[2]

    def append(self, k, v):
        self.calls.append((k.detach().clone(), v.detach().clone()))
        self.k, self.v = torch.cat([self.k, k], dim=2), torch.cat([self.v, v], dim=2)
        return self.k, self.v


def _attention(student, parameters, heads, dropout=0.0):
    d_model = parameters["out_proj.weight"].shape[0]
    return _fill(student.CausalSelfAttention(d_model, heads, dropout), parameters).eval()


def attention_forward(student, parameters, heads, x):
    """CausalSelfAttention(d_model, heads) with given parameters, called with x"""
    return _attention(student, parameters, heads)(x)


def attention_gradients(student, parameters, heads, x, d_output):
    """CausalSelfAttention(d_model, heads) with given parameters, then the gradients of x and every parameter"""
    module = _attention(student, parameters, heads)
    leaf = x.detach().clone().requires_grad_()
    here = dict(module.named_parameters())
    found = torch.autograd.grad(module(leaf), [leaf, *(here[name] for name in parameters)], d_output)
    return dict(zip(["x", *parameters], found, strict=True))


def attention_with_cache(student, parameters, heads, x, k, v):
    """CausalSelfAttention(d_model, heads) with given parameters, called with x and a cache that holds earlier positions"""
    cache = _GivenCache(k, v)
    output = _attention(student, parameters, heads)(x, cache)
    return {"output": output, "calls": [list(call) for call in cache.calls]}


def attention_training_calls(student, parameters, heads, x, k, v):
    """CausalSelfAttention(d_model, heads, dropout=0.5) in training mode, called with x and a cache: what append was called with"""
    cache = _GivenCache(k, v)
    _attention(student, parameters, heads, dropout=0.5).train()(x, cache)
    return [list(call) for call in cache.calls]


def attention_in_parts(student, parameters, heads, x, sizes):
    """CausalSelfAttention(…) called with one part of x after the other and the same cache"""
    module, d_model = _attention(student, parameters, heads), x.shape[2]
    empty = torch.zeros(x.shape[0], heads, 0, d_model // heads, dtype=x.dtype)
    cache, parts = _GivenCache(empty, empty.clone()), x.split(sizes, dim=1)
    return torch.cat([module(part, cache) for part in parts], dim=1)


def attention_dropout(student, parameters, heads, x):
    """CausalSelfAttention(d_model, heads, dropout=0.5), in eval mode and twice in training mode"""
    module = _attention(student, parameters, heads, dropout=0.5)
    quiet = module(x)
    module.train()
    first, second = module(x), module(x)
    shapes = [tuple(each.shape) for each in (first, second)]
    same = shapes == [tuple(quiet.shape)] * 2
    return {"quiet": quiet, "shapes": shapes, "distances": [_distance(first, quiet), _distance(first, second)] if same else []}


def attention_dropout_alone(student, parameters, x):
    """CausalSelfAttention(d_model, 1, dropout=0.5) in training mode: the shape, and the different values at each place of a text"""
    got = _attention(student, parameters, 1, dropout=0.5).train()(x)
    return {
        "shape": tuple(got.shape),
        "values": [place.unique() for place in got.detach().double().round(decimals=6).reshape(len(got), -1).T],
    }


def attention_argument_after(student, parameters, heads, x):
    """CausalSelfAttention(d_model, heads) with given parameters, called with x"""
    return {"output": _attention(student, parameters, heads)(x), "x": x}


# --- the model -------------------------------------------------------------------------------------------------------


class _Mixer(nn.Module):
    """Stands in for the attention of exercise 3: q times the running mean of k · v, through out_proj."""

    def __init__(self, d_model, heads, dropout=0.0):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def forward(self, x, cache=None):
        q, k, v = self.qkv(x).chunk(3, dim=2)
        if cache is not None:
            k, v = (whole.squeeze(1) for whole in cache.append(k.unsqueeze(1), v.unsqueeze(1)))
        so_far = (k * v).cumsum(dim=1) / torch.arange(1, k.shape[1] + 1).unsqueeze(1)
        return self.out_proj(q * so_far[:, -x.shape[1] :])


def _gpt(student, sizes, parameters=None, dropout=0.0):
    """GPT(**sizes) whose blocks have a stand-in for the attention of exercise 3, whatever became of it."""
    model = _with_globals([student.Block.__init__], {"CausalSelfAttention": _Mixer}, lambda: student.GPT(**sizes, dropout=dropout))
    return model if parameters is None else _fill(model, parameters).eval()


def _empty_caches(model, sizes, dtype, batch):
    empty = torch.zeros(batch, 1, 0, sizes["d_model"], dtype=dtype)
    return [_GivenCache(empty, empty.clone()) for _ in range(sizes["layers"])]


def gpt_logits(student, sizes, parameters, tokens):
    """GPT(…) with given parameters and a stand-in for attention, called with tokens"""
    return _gpt(student, sizes, parameters)(tokens)


def gpt_gradients(student, sizes, parameters, tokens, d_logits):
    """GPT(…) with given parameters and a stand-in for attention, then the gradients of every parameter"""
    model = _gpt(student, sizes, parameters)
    here = dict(model.named_parameters())
    found = torch.autograd.grad(model(tokens), [here[name] for name in parameters], d_logits)
    return dict(zip(parameters, found, strict=True))


def block_output(student, parameters, x):
    """Block(d_model, heads) with given parameters and a stand-in for attention, called with x"""
    d_model = parameters["norm1.weight"].shape[0]
    block = _with_globals([student.Block.__init__], {"CausalSelfAttention": _Mixer}, lambda: student.Block(d_model, 1))
    return {"output": _fill(block, parameters).eval()(x), "x": x}


def block_all_dropped(student, parameters, x):
    """Block(…, dropout=1.0) with given parameters and a stand-in for attention, in training mode, called with x"""
    d_model = parameters["norm1.weight"].shape[0]
    block = _with_globals([student.Block.__init__], {"CausalSelfAttention": _Mixer}, lambda: student.Block(d_model, 1, 1.0))
    return _fill(block, parameters).train()(x)


def gpt_in_parts(student, sizes, parameters, tokens, ways):
    """GPT(…) called with one part of the tokens after the other and the same caches; then the same model again with fresh caches"""
    model, found = _gpt(student, sizes, parameters), []
    for parts in ways:
        caches = _empty_caches(model, sizes, next(iter(parameters.values())).dtype, tokens.shape[0])
        logits = torch.cat([model(part, caches) for part in tokens.split(parts, dim=1)], dim=1)
        found.append({"logits": logits, "keys": [cache.k for cache in caches]})
    return found


def gpt_dropout(student, sizes, parameters, tokens):
    """GPT(…, dropout=0.5), in eval mode and twice in training mode"""
    model = _gpt(student, sizes, parameters, dropout=0.5)
    quiet = model(tokens)
    model.train()
    first, second = model(tokens), model(tokens)
    shapes = [tuple(each.shape) for each in (first, second)]
    same = shapes == [tuple(quiet.shape)] * 2
    return {"quiet": quiet, "shapes": shapes, "distances": [_distance(first, quiet), _distance(first, second)] if same else []}


def gpt_all_dropped(student, sizes, parameters, tokens):
    """GPT(…, dropout=1.0) in training mode"""
    return _gpt(student, sizes, parameters, dropout=1.0).train()(tokens)


def _spread(matrix):
    """What a drawn matrix is like. Moved up and in half precision: other draws of the same kind hardly change it."""
    matrix = matrix.detach().double()
    deviation = matrix.std()
    far = (matrix.abs() > 2 * deviation).double().mean()
    deviation = deviation.clamp(min=1e-30)
    return torch.stack([deviation.log() + 15, far + 2, (matrix.mean() / deviation).clamp(-100, 100) + 10]).half()


def gpt_fresh(student, sizes, spoilt):
    """The parameters of a fresh GPT(…): of matrices the standard deviation, the share of large entries and the mean"""
    model = _gpt(student, sizes)
    if spoilt:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(7.0)
        model.initialise()
    return {name: parameter.detach() if parameter.ndim < 2 else _spread(parameter) for name, parameter in model.named_parameters()}


def gpt_two_fresh(student, sizes):
    """Two fresh models GPT(…), one after the other: which matrices are the same in both, and in the first two blocks"""
    first, second = (dict(_gpt(student, sizes).named_parameters()) for _ in range(2))
    matrices = [name for name, parameter in first.items() if parameter.ndim > 1]
    twins = [(name, name.replace("blocks.0.", "blocks.1.")) for name in matrices if name.startswith("blocks.0.")]
    return {
        "models": [name for name in matrices if torch.equal(first[name], second[name])],
        "blocks": [name for name, twin in twins if torch.equal(first[name], first[twin])],
    }


# --- cache and generation --------------------------------------------------------------------------------------------


def cache_appends(student, keys, values):
    """KVCache(), then append called several times; the length before and after each call, and what each call returned"""
    cache = student.KVCache()
    lengths, returned = [cache.length], []
    for k, v in zip(keys, values, strict=True):
        k_all, v_all = cache.append(k, v)
        returned.append((k_all.clone(), v_all.clone()))
        lengths.append(cache.length)
    return {"lengths": lengths, "returned": returned, "arguments": [*keys, *values]}


def two_caches(student, k, v):
    """Two KVCache objects: one append to the first, then the length of the second"""
    first, second = student.KVCache(), student.KVCache()
    first.append(k, v)
    return first.length, second.length


class _Recurrent(nn.Module):
    """A model whose logits depend on every earlier token and on positions; it notes what it is fed."""

    def __init__(self, embedding, positions, readout, layers):
        super().__init__()
        self.embedding, self.positions, self.readout = embedding, positions, readout
        self.max_length = len(positions)
        self.blocks = [None] * layers
        self.fed, self.with_caches, self.recording, self.lists, self.different = [], [], [], True, True

    def forward(self, tokens, caches=None):
        self.fed.append(tuple(tokens.shape))
        self.with_caches.append(caches is not None)
        self.recording.append(torch.is_grad_enabled())
        first = 0
        if caches is not None:
            self.lists = self.lists and type(caches) is list
            self.different = self.different and len({id(cache) for cache in caches}) == len(self.blocks) == len(caches)
            first = caches[0].length
        x = self.embedding[tokens] + self.positions[first : first + tokens.shape[1]]
        for layer in range(len(self.blocks)):
            k = torch.sin((layer + 2) * x).unsqueeze(1)  # (N, 1, T, d)
            v = torch.cos((layer + 3) * x).unsqueeze(1)
            if caches is not None:
                k, v = caches[layer].append(k, v)
            so_far = (k * v + k).squeeze(1).cumsum(dim=1)
            x = x + so_far[:, -x.shape[1] :]
        return x @ self.readout


def _greedy(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    """Stands in for exercise 6: the largest logit at temperature 0, the smallest otherwise."""
    return logits.argmax(dim=-1) if temperature == 0 else logits.argmin(dim=-1)


def generated(student, tables, layers, tokens, n, use_cache, sampling, training=True):
    """generate(model, tokens, n, use_cache, **sampling) with a hidden model"""
    model, before = _Recurrent(*tables, layers).train(training), torch.get_rng_state()
    try:
        result = _with_globals(
            [student.generate, student.KVCache.append],
            {"sample_next": _greedy},
            lambda: student.generate(model, tokens, n, use_cache=use_cache, **sampling),
        )
        recording_after = torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    return {
        "result": result,
        "fed": [length for _, length in model.fed],
        "with_caches": model.with_caches,
        "recording": any(model.recording),
        "recording_after": recording_after,
        "untouched": bool(torch.equal(before, torch.get_rng_state())),
        "different": model.different,
        "lists": model.lists,
        "training": model.training,
        "tokens": tokens,
    }


def generated_twice(student, tables, layers, prompts, n):
    """generate(model, tokens, n, temperature=0) twice: another prompt, the same model"""
    model = _Recurrent(*tables, layers)
    texts = _with_globals(
        [student.generate, student.KVCache.append],
        {"sample_next": _greedy},
        lambda: [student.generate(model, tokens, n, temperature=0) for tokens in prompts],
    )
    return {"texts": texts, "with_caches": model.with_caches}


def sampling_asked(student, tables, tokens, script, sampling, seeded):
    """generate(model, tokens, n, **sampling) with a sample_next that follows a hidden script: the text, and what sample_next was called with"""
    calls, given = [], torch.Generator()

    def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
        whose = "none" if generator is None else "the given one" if generator is given else "another"
        asked = {"shape": tuple(logits.shape), "temperature": temperature, "top_k": top_k, "top_p": top_p, "generator": whose}
        calls.append({"asked": asked, "logits": logits.detach().clone()})
        return script[:, min(len(calls), script.shape[1]) - 1].clone()

    model, options = _Recurrent(*tables, 2), {**sampling, "generator": given} if seeded else sampling
    text = _with_globals(
        [student.generate, student.KVCache.append],
        {"sample_next": sample_next},
        lambda: student.generate(model, tokens, script.shape[1], **options),
    )
    return {"text": text, "calls": calls}


# --- sampling --------------------------------------------------------------------------------------------------------


def _alike(numbers, base):
    """Numbers moved up and in half precision: where draws may differ, so that another way of drawing leaves the same up to a hundredth."""
    return (numbers.double() + base).half()


def draw_counts(student, logits, rows, seed, sampling):
    """sample_next(logits, …) on many copies of each row: how often each token was drawn"""
    generator = torch.Generator().manual_seed(seed)
    drawn = student.sample_next(logits.repeat_interleave(rows, dim=0), **sampling, generator=generator)
    n, vocab = logits.shape
    assert drawn.shape == (n * rows,), f"the result should have the shape {(n * rows,)}, it has {tuple(drawn.shape)}"
    counts = torch.stack([torch.bincount(part, minlength=vocab) for part in drawn.view(n, rows)])
    return _alike(counts.sqrt(), 400)  # the root of a count scatters by 1/2 at most, however large it is


def draw_counts_of_few(student, logits, times, seed, sampling):
    """sample_next(logits, …) several times, with as many rows as there are tokens: how often each token was drawn"""
    generator, counts = torch.Generator().manual_seed(seed), torch.zeros(logits.shape)
    for _ in range(times):
        drawn = student.sample_next(logits, **sampling, generator=generator)
        assert drawn.shape == logits.shape[:1], f"the result should have the shape {tuple(logits.shape[:1])}, it has {tuple(drawn.shape)}"
        counts += nn.functional.one_hot(drawn, logits.shape[1])
    return _alike(counts.sqrt(), 400)


def different_tokens(student, logits, rows, seed, sampling):
    """sample_next(logits, …) on many copies of one row: how many different tokens were drawn"""
    drawn = student.sample_next(logits.repeat(rows, 1), **sampling, generator=torch.Generator().manual_seed(seed))
    return len(set(drawn.flatten().tolist()))


def _drawn(tokens):
    return {"shape": tuple(tokens.shape), "dtype": str(tokens.dtype), "tokens": _alike(tokens, 1000)}


def drawn_beside(student, logits, rows, seed, sampling, allowed):
    """sample_next(logits, …) on many copies of one row: the tokens that were drawn beside the allowed ones"""
    drawn = student.sample_next(logits.repeat(rows, 1), **sampling, generator=torch.Generator().manual_seed(seed))
    return sorted(set(drawn.flatten().tolist()) - set(allowed))


def draw_with_generator(student, logits, seed, sampling):
    """sample_next(logits, …, generator=…) twice with the same seed, again with the second generator, and with another seed"""
    before = torch.get_rng_state()
    first = student.sample_next(logits, **sampling, generator=torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed)
    second = student.sample_next(logits, **sampling, generator=generator)
    again = student.sample_next(logits, **sampling, generator=generator)
    other = student.sample_next(logits, **sampling, generator=torch.Generator().manual_seed(seed + 1))
    return {
        "draws": [_drawn(tokens) for tokens in (first, second, again, other)],
        "equal": [bool(torch.equal(first, tokens)) for tokens in (second, again, other)],
        "untouched": bool(torch.equal(before, torch.get_rng_state())),
    }


def draw_without_generator(student, logits, seed):
    """torch.manual_seed(…), sample_next(logits) twice, the same seed again, and sample_next(logits)"""
    torch.manual_seed(seed)
    first, again = student.sample_next(logits), student.sample_next(logits)
    torch.manual_seed(seed)
    second = student.sample_next(logits)
    return {
        "draws": [_drawn(tokens) for tokens in (first, again, second)],
        "equal": [bool(torch.equal(first, tokens)) for tokens in (again, second)],
    }


def draw_nothing(student, logits, seed):
    """sample_next(logits, temperature=0, generator=…), and whether a generator was used"""
    generator = torch.Generator().manual_seed(seed)
    before = generator.get_state(), torch.get_rng_state()
    tokens = student.sample_next(logits, temperature=0, generator=generator)
    after = generator.get_state(), torch.get_rng_state()
    return {"tokens": tokens, "untouched": [bool(torch.equal(a, b)) for a, b in zip(before, after, strict=True)]}


def draw_and_look(student, logits, sampling):
    """sample_next(logits, …), and logits afterwards"""
    return {**_drawn(student.sample_next(logits, **sampling)), "logits": logits}


# --- the optimizer ---------------------------------------------------------------------------------------------------


class _Tied(nn.Module):
    """A model with a shared parameter, parameters of one, two and three axes, and modules in modules."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.inner = nn.ModuleList([nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.Linear(5, 4, bias=False))])
        self.filter = nn.Conv1d(4, 3, 2)
        self.scale = nn.Parameter(torch.ones(4))
        self.weighted_bias = nn.Parameter(torch.ones(3, 2))
        self.twin = nn.Parameter(torch.ones(3, 2))  # equal, but another one
        self.row = nn.Parameter(torch.ones(1, 4))
        self.position_embedding = nn.Embedding(3, 4)
        self.final_norm = nn.LayerNorm(4)
        self.frozen = nn.Parameter(torch.ones(2, 2), requires_grad=False)
        self.readout = nn.Linear(4, 7)
        self.readout.weight = self.embedding.weight


def optimizer_groups(student, lr, weight_decay):
    """configure_adamw(model, lr, weight_decay): the decay and the learning rate of each parameter, and how often it occurs"""
    model = _Tied()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = student.configure_adamw(model, lr, weight_decay)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    settings, strangers = {}, 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = names.get(id(parameter))
            if name is None:
                strangers += 1
            else:
                settings.setdefault(name, []).append((float(group["weight_decay"]), float(group["lr"])))
    same = all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    adamw = isinstance(optimizer, torch.optim.AdamW)
    return {
        "adamw": adamw,
        "type": type(optimizer).__name__,
        "groups": len(optimizer.param_groups),
        "settings": settings,
        "strangers": strangers,
        "unchanged": same,
    }


def optimizer_step(student, lr, weight_decay, steps):
    """configure_adamw(model, lr, weight_decay): its settings, then two steps with given gradients"""
    model = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))
    with torch.no_grad():
        for number, parameter in enumerate(model.parameters()):
            parameter.copy_(torch.arange(parameter.numel()).view(parameter.shape) + number + 1.0)
    model.double()
    optimizer = student.configure_adamw(model, lr, weight_decay)
    for gradients in steps:
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
    settings = [{name: group.get(name) for name in ("betas", "eps", "amsgrad", "maximize")} for group in optimizer.param_groups]
    return {"parameters": [parameter.detach() for parameter in model.parameters()], "settings": settings}


# --- the loss --------------------------------------------------------------------------------------------------------


def loss_gradient(student, logits, tokens):
    """language_model_loss(logits, tokens), then the gradient of logits"""
    leaf = logits.detach().clone().requires_grad_()
    loss = student.language_model_loss(leaf, tokens)
    if not torch.is_tensor(loss) or not loss.requires_grad:
        return {"loss": loss, "gradient": None}
    return {"loss": loss, "gradient": torch.autograd.grad(loss, leaf)[0]}


# --- the capstone ----------------------------------------------------------------------------------------------------


#: The tokens that are more than a byte; a line break may stand inside of one.
LONG = {b"e ": 300, b".\n": 301, b"\nh": 302}


def definitions(student, script, words, n, sampling):
    """write_definitions(model, words, encode, decode, generate, n, **sampling) with a generate that follows a hidden script"""
    the_model, asked, decoded, before = nn.Identity(), [], [], torch.get_rng_state()

    def encode(text):
        pieces = re.findall(rb"e |\.\n|\nh|.", text.encode("utf-8"), re.DOTALL)
        return [LONG.get(piece, piece[0] + 1) for piece in pieces]

    def spell(ids):
        long = {token: piece for piece, token in LONG.items()}
        return b"".join(long.get(int(token)) or bytes([int(token) - 1]) for token in ids).decode("utf-8", errors="replace")

    def decode(ids):
        decoded.append(type(ids) is list and all(type(token) is int for token in ids))
        return spell(ids)

    def follow(prompt, n):
        lines = script.get(prompt, ["?" * n])  # what is written each time when the prompt comes
        return lines[min(sum(prompt in call["prompts"] for call in asked), len(lines)) - 1]

    def generate(model, tokens, n, use_cache=True, **options):
        prompts = [spell(row) for row in tokens.tolist()]
        whole = [encode(prompt) for prompt in prompts] == tokens.tolist()
        asked.append(
            {
                "prompts": prompts,
                "whole": whole,
                "n": n,
                "options": dict(options),
                "model": model is the_model,
                "dtype": str(tokens.dtype),
            }
        )
        rows = [torch.tensor(encode(follow(prompt, n))[:n], dtype=torch.int64) for prompt in prompts]
        rows = [torch.cat([row, torch.ones(n - len(row), dtype=torch.int64)]) for row in rows]
        return torch.cat([tokens, torch.stack(rows)], dim=1)

    texts = student.write_definitions(the_model, words, encode, decode, generate, n, **sampling)
    untouched = bool(torch.equal(before, torch.get_rng_state()))
    return {"texts": texts, "asked": asked, "decoded": decoded, "untouched": untouched}
