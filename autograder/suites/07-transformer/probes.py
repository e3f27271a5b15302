"""What the hidden tests of the Transformer let run beside the student's code: modules with given parameters, gradients, scripted models.

While a class is graded, simple modules of the same interface take the places of its parts.
"""

import contextlib
import itertools

import torch
from torch import nn


def _leaves(*tensors):
    return [tensor.detach().clone().requires_grad_() for tensor in tensors]


def _gradients(results, leaves, upstream):
    """The gradient of each leaf by its name; instead of them a text that says why there are none."""
    if not (isinstance(results, torch.Tensor) and results.requires_grad):
        return "no gradient"
    try:
        found = torch.autograd.grad(results, list(leaves.values()), upstream, materialize_grads=True)
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        return "changed in place"
    return dict(zip(leaves, found, strict=True))


def _load(module, parameters):
    """The module with the given parameters, in their dtype, in eval mode."""
    for value in parameters.values():
        module.to(value.dtype)
        break
    here = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in parameters.items():
            here[name].copy_(value)
    return module.eval()


@contextlib.contextmanager
def _in_place_of(student, **stand_ins):
    """The names in the student's notebook mean something else for a while."""
    names = student._names
    own = {name: names[name] for name in stand_ins if name in names}
    names.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            names.pop(name, None)
        names.update(own)


# sinusoidal_positions


def positions_in_half(student, length, d_model, last):
    """sinusoidal_positions(length, d_model): the shape, and the last rows rounded to three digits"""
    table = student.sinusoidal_positions(length, d_model)
    return list(table.shape), table[-last:].half()


# layer_norm


def layer_norm_in_half(student, d_out, x, gain, bias, eps):
    """layer_norm and layer_norm_backward in float32, the results rounded to three digits"""
    result = student.layer_norm(x, gain, bias, eps)
    with torch.inference_mode():
        gradients = student.layer_norm_backward(d_out, x, gain, eps)
    return [part.half() for part in (result, *gradients)]


def layer_norm_backward_without_autograd(student, d_out, x, gain, *eps):
    """layer_norm_backward(d_out, x, gain, eps), with autograd switched off"""
    with torch.inference_mode():
        return student.layer_norm_backward(d_out, x, gain, *eps)


# multi_head_attention and feed_forward


def _attention(student, parameters, heads, dropout=0.0):
    return _load(student.MultiHeadAttention(parameters["q_proj.weight"].shape[0], heads, dropout), parameters)


def attention_forward(student, parameters, heads, query, key, value, mask, dropout=0.0):
    """MultiHeadAttention(…) with given parameters, in eval mode, called with (query, key, value, mask)"""
    output, weights = _attention(student, parameters, heads, dropout)(query, key, value, mask)
    return output, weights


def attention_without_mask(student, parameters, heads, query, key, value):
    """MultiHeadAttention(…) with given parameters, called with (query, key, value)"""
    output, weights = _attention(student, parameters, heads)(query, key, value)
    return output, weights


def attention_in_training(student, parameters, heads, query, key, value, dropout):
    """MultiHeadAttention(…, dropout) with given parameters, in training mode, called with (query, key, value)"""
    output, weights = _attention(student, parameters, heads, dropout).train()(query, key, value)
    return output, weights


def attention_arguments_after(student, parameters, heads, query, key, value, mask):
    """MultiHeadAttention(…) with given parameters, called with (query, key, value, mask)"""
    output, weights = _attention(student, parameters, heads)(query, key, value, mask)
    return {"result": (output, weights), "arguments": [query, key, value, mask]}


def attention_gradients(student, parameters, heads, query, key, value, mask, d_output):
    """MultiHeadAttention(…)(query, key, value, mask), then the gradients that the output sends to the arguments and to every parameter"""
    module = _attention(student, parameters, heads)
    inputs = dict(zip(("query", "key", "value"), _leaves(query, key, value), strict=True))
    output, _ = module(*inputs.values(), mask)
    here = dict(module.named_parameters())
    found = _gradients(output, inputs | {name: here[name] for name in parameters}, d_output)
    if isinstance(found, dict):  # the bias of k_proj adds the same to all scores of a query: what is found of its gradient 0 is rounding
        found["k_proj.bias"] = found["k_proj.bias"].round(decimals=4)
    return found


def _feed_forward(student, parameters, dropout=0.0):
    d_ff, d_model = parameters["linear1.weight"].shape
    return _load(student.FeedForward(d_model, d_ff, dropout), parameters)


def feed_forward_result(student, parameters, x, dropout=0.0):
    """FeedForward(…) with given parameters, in eval mode, called with (x)"""
    return _feed_forward(student, parameters, dropout)(x)


def feed_forward_in_training(student, parameters, x, dropout):
    """FeedForward(…, dropout) with given parameters, in training mode, called with (x)"""
    return _feed_forward(student, parameters, dropout).train()(x)


def feed_forward_argument_after(student, parameters, x):
    """FeedForward(…) with given parameters, called with (x)"""
    return {"result": _feed_forward(student, parameters)(x), "arguments": [x]}


def feed_forward_gradients(student, parameters, x, d_out):
    """FeedForward(…)(x), then the gradients of x and of every parameter"""
    module, (leaf,) = _feed_forward(student, parameters), _leaves(x)
    here = dict(module.named_parameters())
    return _gradients(module(leaf), {"x": leaf} | {name: here[name] for name in parameters}, d_out)


# encoder_layer and decoder_layer: PyTorch's own attention and two linear maps stand in for the parts


class _TorchAttention(nn.Module):
    def __init__(self, d_model, heads, dropout=0.0):
        super().__init__()
        self.heads, self.inner = heads, nn.MultiheadAttention(d_model, heads, batch_first=True)

    def forward(self, query, key, value, mask=None):
        if key.shape != value.shape:
            shapes = f"query {tuple(query.shape)}, key {tuple(key.shape)} and value {tuple(value.shape)}"
            raise ValueError(f"attention was called with {shapes}: key and value should be as many")
        if mask is not None:
            mask = mask.unsqueeze(1) if mask.dim() == 3 else mask
            mask = torch.broadcast_to(mask, (len(query), self.heads, query.shape[1], key.shape[1])).flatten(0, 1)
            mask = ~mask & mask.any(dim=-1, keepdim=True)  # blocked; a query without keys may look anywhere, rather than be NaN
        return self.inner(query, key, value, attn_mask=mask, average_attn_weights=False)


class _TwoMaps(nn.Sequential):
    def __init__(self, d_model, d_ff, dropout=0.0):
        super().__init__(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))

    def forward(self, x):
        return super().forward(x)


def _layer(student, kind, sizes, parameters, norm_first, dropout=0.0):
    d_model, heads, d_ff = sizes
    with _in_place_of(student, MultiHeadAttention=_TorchAttention, FeedForward=_TwoMaps):
        layer = getattr(student, kind)(d_model, heads, d_ff, dropout, norm_first)
    layer.self_attention, layer.feed_forward = _TorchAttention(d_model, heads), _TwoMaps(d_model, d_ff)
    if kind == "DecoderLayer":
        layer.cross_attention = _TorchAttention(d_model, heads)
    return _load(layer, parameters)


def layer_result(student, kind, sizes, parameters, norm_first, arguments, dropout=0.0):
    """The layer with given parameters, in eval mode, called with its arguments"""
    return _layer(student, kind, sizes, parameters, norm_first, dropout)(*arguments)


def layer_in_training(student, kind, sizes, parameters, norm_first, arguments, dropout):
    """The layer with dropout and given parameters, in training mode, called with its arguments"""
    return _layer(student, kind, sizes, parameters, norm_first, dropout).train()(*arguments)


def layer_arguments_after(student, kind, sizes, parameters, norm_first, arguments):
    """The layer with given parameters, called with its arguments"""
    result = _layer(student, kind, sizes, parameters, norm_first)(*arguments)
    return {"result": result, "arguments": list(arguments)}


def layer_gradients(student, kind, sizes, parameters, norm_first, inputs, masks, d_out):
    """The layer with given parameters, called with its arguments, then the gradients of its inputs and of every parameter"""
    layer, leaves = _layer(student, kind, sizes, parameters, norm_first), dict(zip(("x", "memory"), _leaves(*inputs), strict=False))
    here = dict(layer.named_parameters())
    return _gradients(layer(*leaves.values(), *masks), leaves | {name: here[name] for name in parameters}, d_out)


# transformer: layers that average by positive kernels 1 + (x · y)² stand in for its layers


def _average(x, y, mask):
    kernel = (1 + (x @ y.transpose(1, 2)) ** 2).unsqueeze(1)  # (N, 1, queries, keys)
    if mask is not None:
        kernel = kernel * (mask.unsqueeze(1) if mask.dim() == 3 else mask)
    total = kernel.sum(dim=-1, keepdim=True)
    return (kernel / (total + (total == 0)) @ y.unsqueeze(1)).mean(dim=1)


class _KernelEncoderLayer(nn.Module):
    def __init__(self, d_model, heads=1, d_ff=1, dropout=0.0, norm_first=False):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(d_model, d_model))

    def forward(self, x, mask=None):
        return x + torch.tanh(_average(x, x, mask) @ self.w)


class _KernelDecoderLayer(nn.Module):
    def __init__(self, d_model, heads=1, d_ff=1, dropout=0.0, norm_first=False):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(d_model, d_model))
        self.u = nn.Parameter(torch.zeros(d_model, d_model))

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        x = x + torch.tanh(_average(x, x, self_mask) @ self.w)
        return x + torch.tanh(_average(x, memory, memory_mask) @ self.u)


def _at_real(result, tokens, case):
    """The result with zeros at padding, where anything may stand; as it is if it has no vector for each token."""
    if not isinstance(result, torch.Tensor) or result.dim() != 3 or result.shape[:2] != tokens.shape:
        return result
    return result.masked_fill((tokens == case["pad_id"]).unsqueeze(2), 0)


def _run_transformer(student, case, positions, work, dropout=0.0):
    """Makes the Transformer of a case and lets `work` use it; a given table takes the place of sinusoidal_positions."""

    def table(length, d_model):
        rows = torch.zeros(max(length, len(positions)), d_model)
        rows[: len(positions)] = positions
        return rows[:length]

    layers, norm_first, parameters = case["layers"], case["norm_first"], case["parameters"]
    source_vocab, d_model = parameters["source_embedding.weight"].shape
    target_vocab = parameters["target_embedding.weight"].shape[0]
    stand_ins = {"EncoderLayer": _KernelEncoderLayer, "DecoderLayer": _KernelDecoderLayer, "sinusoidal_positions": table}
    with _in_place_of(student, **stand_ins):
        model = student.Transformer(source_vocab, target_vocab, d_model, 2, 5, layers, case["pad_id"], dropout, norm_first)
        model.encoder_layers = nn.ModuleList(_KernelEncoderLayer(d_model) for _ in range(layers))
        model.decoder_layers = nn.ModuleList(_KernelDecoderLayer(d_model) for _ in range(layers))
        return work(_load(model, parameters))


def transformer_encode(student, case, positions, source, dropout=0.0):
    """Transformer(…) with given parameters, in eval mode: encode(source)"""
    return _run_transformer(student, case, positions, lambda model: _at_real(model.encode(source), source, case), dropout)


def transformer_decode_again(student, case, positions, calls):
    """Transformer(…) with given parameters: decode(target, memory, source) several times, each time with other lengths"""
    return _run_transformer(student, case, positions, lambda model: [_at_real(model.decode(*call), call[0], case) for call in calls])


def transformer_encode_then_decode(student, case, positions, pairs):
    """Transformer(…) with given parameters: encode of every source, then decode of every target with the memory of its source"""

    def work(model):
        memories = [model.encode(source) for source, _ in pairs]
        return [
            _at_real(model.decode(target, memory, source), target, case) for (source, target), memory in zip(pairs, memories, strict=True)
        ]

    return _run_transformer(student, case, positions, work)


def transformer_decode_arguments_after(student, case, positions, target, memory, source):
    """Transformer(…) with given parameters: decode(target, memory, source)"""
    result = _run_transformer(student, case, positions, lambda model: model.decode(target, memory, source))
    return {"result": _at_real(result, target, case), "arguments": [target, memory, source]}


def transformer_forward(student, case, positions, source, target):
    """Transformer(…) with given parameters, called with (source, target)"""
    return _run_transformer(student, case, positions, lambda model: _at_real(model(source, target), target, case))


def transformer_arguments_after(student, case, positions, source, target):
    """Transformer(…) with given parameters, called with (source, target)"""
    result = _run_transformer(student, case, positions, lambda model: model(source, target))
    return {"result": _at_real(result, target, case), "arguments": [source, target]}


def transformer_in_training(student, case, positions, source, dropout):
    """Transformer(…, dropout) with given parameters, in training mode: encode(source)"""
    return _run_transformer(student, case, positions, lambda model: model.train().encode(source), dropout)


def transformer_decode_in_training(student, case, positions, target, memory, source, dropout):
    """Transformer(…, dropout) with given parameters, in training mode: decode(target, memory, source)"""
    return _run_transformer(student, case, positions, lambda model: model.train().decode(target, memory, source), dropout)


def transformer_gradients(student, case, positions, source, target, d_logits):
    """Transformer(…)(source, target), then the gradient of every parameter"""

    def work(model):
        here = dict(model.named_parameters())
        real = (target != case["pad_id"]).unsqueeze(2)
        return _gradients(model(source, target), {name: here[name] for name in case["parameters"]}, real * d_logits)

    return _run_transformer(student, case, positions, work)


# label_smoothing: in float32, so that a mistake is known too where the target distribution was made in float32


def smoothed_loss(student, logits, targets, smoothing, pad_id):
    """label_smoothing_loss(logits, targets, smoothing, pad_id), rounded to float32"""
    loss = student.label_smoothing_loss(logits, targets, smoothing, pad_id)
    return loss.float() if isinstance(loss, torch.Tensor) else loss


def smoothed_loss_and_arguments(student, logits, targets, smoothing, pad_id):
    """label_smoothing_loss(logits, targets, smoothing, pad_id): the loss rounded to float32, its dtype, and the arguments afterwards"""
    loss = student.label_smoothing_loss(logits, targets, smoothing, pad_id)
    rounded = loss.float() if isinstance(loss, torch.Tensor) else loss
    return {"loss": rounded, "dtype": str(getattr(loss, "dtype", "")), "arguments": [logits, targets]}


def smoothing_gradient(student, logits, targets, smoothing, pad_id):
    """label_smoothing_loss(logits, targets, smoothing, pad_id), then the gradient of the logits, rounded to float32"""
    (leaf,) = _leaves(logits)
    found = _gradients(student.label_smoothing_loss(leaf, targets, smoothing, pad_id), {"logits": leaf}, None)
    return found if isinstance(found, str) else {name: gradient.float() for name, gradient in found.items()}


# beam_search


class _Language:
    """A language model from three tables; it remembers what it was asked."""

    def __init__(self, tables):
        self.features, self.read, self.offset = tables
        self.asked, self.dtypes = [], set()

    def __call__(self, prefixes):
        self.asked.append(prefixes.tolist())
        self.dtypes.add(str(prefixes.dtype))
        hidden = sum(self.features[place, prefixes[:, place]] for place in range(prefixes.shape[1]))
        return torch.log_softmax(torch.tanh(hidden) @ self.read + self.offset[prefixes.shape[1] - 1], dim=-1)


def search(student, tables, bos_id, eos_id, beam, max_length, alpha):
    """beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha) with a hidden language model"""
    model = _Language(tables)
    tokens, score = student.beam_search(model, bos_id, eos_id, beam, max_length, alpha)
    return [int(token) for token in tokens], float(score), model.asked


def search_by_place(student, rows, bos_id, eos_id, beam, max_length, alpha):
    """beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha) where log_probs depends on nothing but the length of the prefixes"""
    tokens, score = student.beam_search(
        lambda prefixes: rows[prefixes.shape[1] - 1].repeat(len(prefixes), 1), bos_id, eos_id, beam, max_length, alpha
    )
    return [int(token) for token in tokens], float(score)


def search_the_garden_path(student, beam, max_length, alpha):
    """beam_search(log_probs, 3, 2, beam, max_length, alpha) on the garden path of the lesson"""
    tree = {"": (0.55, 0.40, 0.05), "A": (0.35, 0.33, 0.32), "B": (0.02, 0.03, 0.95), "AA": (0.20, 0.20, 0.60), "AB": (0.25, 0.25, 0.50)}

    def log_probs(prefixes):
        rows = [tree.get("".join("AB."[token] for token in row[1:]), (0.3, 0.3, 0.4)) for row in prefixes.tolist()]
        return torch.tensor([[*row, 0.0] for row in rows], dtype=torch.float64).log()

    tokens, score = student.beam_search(log_probs, 3, 2, beam, max_length, alpha)
    return [int(token) for token in tokens], float(score)


def search_types(student, tables, bos_id, eos_id, beam, max_length, alpha):
    """beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha) with a hidden language model: what the types are"""
    model = _Language(tables)
    tokens, score = student.beam_search(model, bos_id, eos_id, beam, max_length, alpha)
    kinds = sorted({type(token).__name__ for token in tokens})
    return {"tokens": type(tokens).__name__, "each token": kinds, "score": type(score).__name__, "prefixes": sorted(model.dtypes)}


# pronounce


class _Translator(nn.Module):
    """A model for pronounce: its logits depend on the memory, on the real letters of the source and on the whole prefix."""

    def __init__(self, tables, pad_id):
        super().__init__()
        self.letters, self.features, self.read, self.look, self.offsets = (nn.Parameter(table) for table in tables)
        self.pad_id, self.encoded, self.modes, self.recorded = pad_id, [], [], False

    def encode(self, source):
        self.encoded.append(len(source))
        self.modes.append(self.training)
        self.recorded |= torch.is_grad_enabled()
        return self.letters[source]  # (N, S, H)

    def decode(self, target, memory, source):
        if not len(target) == len(memory) == len(source):
            raise ValueError(f"decode got {len(target)} rows of target, {len(memory)} of memory and {len(source)} of source")
        self.recorded |= torch.is_grad_enabled()
        heard = (memory * (source != self.pad_id).unsqueeze(2)).sum(dim=1, keepdim=True)  # (N, 1, H)
        said = self.features[torch.arange(target.shape[1]), target].cumsum(dim=1)  # (N, T, H)
        return 3 * torch.tanh(said + torch.tanh(heard) @ self.look) @ self.read + self.offsets  # not normalised

    def forward(self, source, target):
        return self.decode(target, self.encode(source), source)


def _every_sequence(log_probs, bos_id, eos_id, beam, max_length, alpha):
    """Stands in for beam_search: looks at every sequence; with beam 1 it follows the likeliest token instead."""
    if beam == 1:
        tokens, total = [bos_id], 0.0
        while len(tokens) <= max_length and tokens[1:][-1:] != [eos_id]:
            row = log_probs(torch.tensor([tokens]))[0]
            tokens, total = [*tokens, int(row.argmax())], total + float(row.max())
        return tokens, total / ((4 + len(tokens)) / 6) ** alpha
    vocab = log_probs(torch.tensor([[bos_id]])).shape[1]
    words = [token for token in range(vocab) if token != eos_id]
    best, totals = ([bos_id], float("-inf")), {(): 0.0}
    for length in range(max_length):
        prefixes = list(itertools.product(words, repeat=length))
        rows = log_probs(torch.tensor([[bos_id, *prefix] for prefix in prefixes])).tolist()
        for prefix, row in zip(prefixes, rows, strict=True):
            for token, log_p in enumerate(row):
                totals[(*prefix, token)] = totals[prefix] + log_p
                score = totals[(*prefix, token)] / ((6 + length) / 6) ** alpha
                if score > best[1] and (token == eos_id or length == max_length - 1):
                    best = ([bos_id, *prefix, token], score)
    return best


def pronounce_with(student, tables, pad_id, source, bos_id, eos_id, beam, max_length, alpha):
    """pronounce(model, source, bos_id, eos_id, beam, max_length, alpha) with a hidden model"""
    model, first = _Translator(tables, pad_id).eval(), []

    def search(log_probs, bos_id, eos_id, beam, max_length, alpha):
        first.append(log_probs(torch.tensor([[bos_id]]))[0])
        return _every_sequence(log_probs, bos_id, eos_id, beam, max_length, alpha)

    with _in_place_of(student, beam_search=search):
        answers = student.pronounce(model, source, bos_id, eos_id, beam, max_length, alpha)
    return [list(row) for row in answers], {
        "encoded": sum(model.encoded),
        "training": model.training,
        "source": source,
        "recorded": model.recorded,
        "first": first,
    }
