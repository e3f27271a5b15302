"""What the hidden tests of attention let run beside the student's code: gradients, modules with given parameters, scripted decoders."""

import torch
from torch import nn


def _leaves(*tensors):
    return [tensor.detach().clone().requires_grad_() for tensor in tensors]


def _transposed(first, second, *tensors):
    """The same numbers in another order in memory: what a transposition of the axes `first` and `second` leaves."""
    return [tensor.transpose(first, second).contiguous().transpose(first, second) for tensor in tensors]


def _gradients(result, leaves, upstream):
    """The gradients of leaves; instead of them a text that says why there are none."""
    if not getattr(result, "requires_grad", False):
        return "no gradient"
    try:
        return torch.autograd.grad(result, leaves, upstream, materialize_grads=True)
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
        return "changed in place"


def masked_softmax_gradient(student, scores, mask, dim, d_weights):
    """masked_softmax(scores, mask, dim), then the gradient with respect to scores"""
    leaves = _leaves(scores)
    return _gradients(student.masked_softmax(*leaves, mask, dim), leaves, d_weights)


def masked_softmax_of_views(student, scores, mask, dim):
    """masked_softmax(scores, mask, dim) with scores and mask that were transposed"""
    return student.masked_softmax(*_transposed(0, 1, scores, mask), dim)


def _set_parameters(module, w_query, w_key, v):
    with torch.no_grad():
        for name, value in {"w_query": w_query, "w_key": w_key, "v": v}.items():
            getattr(module, name).weight.copy_(value)


def _additive(student, w_query, w_key, v):
    module = student.AdditiveAttention(w_query.shape[1], w_key.shape[1], w_key.shape[0]).to(w_key.dtype)
    _set_parameters(module, w_query, w_key, v)
    return module


def additive_forward(student, w_query, w_key, v, query, keys, values, mask):
    """AdditiveAttention(…) with given parameters, called with (query, keys, values, mask)"""
    context, weights = _additive(student, w_query, w_key, v)(query, keys, values, mask)
    return context, weights


def additive_without_mask(student, w_query, w_key, v, query, keys, values):
    """AdditiveAttention(…) with given parameters, called with (query, keys, values)"""
    context, weights = _additive(student, w_query, w_key, v)(query, keys, values)
    return context, weights


def additive_calls(student, w_query, w_key, v, *calls):
    """AdditiveAttention(…) with given parameters, called several times"""
    module = _additive(student, w_query, w_key, v)
    return [tuple(module(*arguments)) for arguments in calls]


def additive_other_parameters(student, parameters, others, query, keys, values):
    """AdditiveAttention(…)(query, keys, values), then the same once more after its parameters have changed"""
    module = _additive(student, *parameters)
    first = tuple(module(query, keys, values))
    _set_parameters(module, *others)
    return first, tuple(module(query, keys, values))


def additive_of_views(student, w_query, w_key, v, query, keys, values, mask):
    """AdditiveAttention(…) with given parameters, called with tensors that were transposed, as outputs.transpose(0, 1) is"""
    context, weights = _additive(student, w_query, w_key, v)(*_transposed(0, 1, query, keys, values, mask))
    return context, weights


def additive_arguments_after(student, w_query, w_key, v, query, keys, values, mask):
    """AdditiveAttention(…) with given parameters, called with (query, keys, values, mask)"""
    context, weights = _additive(student, w_query, w_key, v)(query, keys, values, mask)
    return {"result": (context, weights), "arguments": [query, keys, values, mask]}


def additive_gradients(student, w_query, w_key, v, query, keys, values, mask, d_context):
    """AdditiveAttention(…)(query, keys, values, mask), then the gradients of its arguments and parameters"""
    module = _additive(student, w_query, w_key, v)
    leaves = _leaves(query, keys, values)
    context, _ = module(*leaves, mask)
    return _gradients(context, [*leaves, module.w_query.weight, module.w_key.weight, module.v.weight], d_context)


def luong_of_views(student, query, keys, *weight):
    """luong_scores(…) with tensors that were transposed, as outputs.transpose(0, 1) is"""
    return student.luong_scores(*_transposed(0, 1, query, keys, *weight))


def luong_gradients(student, query, keys, weight, d_scores):
    """luong_scores(query, keys, weight), then the gradients of its arguments"""
    leaves = _leaves(query, keys, weight)
    return torch.autograd.grad(student.luong_scores(*leaves), leaves, d_scores)


def attention_gradients(student, q, k, v, mask, d_output):
    """scaled_dot_product_attention(q, k, v, mask), then the gradients of q, k, v"""
    leaves = _leaves(q, k, v)
    output, _ = student.scaled_dot_product_attention(*leaves, mask)
    return _gradients(output, leaves, d_output)


def attention_of_views(student, q, k, v, mask):
    """scaled_dot_product_attention(q, k, v, mask) with tensors that were transposed, as heads.transpose(1, 2) is"""
    output, weights = student.scaled_dot_product_attention(*_transposed(1, 2, q, k, v, mask))
    return output, weights


def backward_of_views(student, d_output, q, k, v, weights, scale):
    """attention_backward(d_output, q, k, v, weights, scale) with a transposed d_output, as output.transpose(1, 2).flatten(2) sends one back"""
    with torch.inference_mode():  # q, k and v are in order: zeros_like(q) keeps another one, and no right answer need think of that
        return student.attention_backward(*_transposed(1, 2, d_output), q, k, v, weights, scale)


def backward_without_autograd(student, d_output, q, k, v, weights, scale):
    """attention_backward(d_output, q, k, v, weights, scale), with autograd switched off"""
    with torch.inference_mode():
        return student.attention_backward(d_output, q, k, v, weights, scale)


class _Attention(nn.Module):
    """Stands in for the decoder's attention: positive scores 1 + (query · w · key)², divided by their sum over the mask."""

    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(query_size, key_size))

    def forward(self, query, keys, values, mask=None):
        scores = 1 + torch.einsum("nq,qk,ntk->nt", query, self.weight, keys) ** 2
        if mask is not None:
            scores = scores.masked_fill(~mask, 0.0)  # a mask is boolean
        total = scores.sum(dim=1, keepdim=True)
        weights = scores / (total + (total == 0))
        return torch.einsum("nt,ntd->nd", weights, values), weights


def _decoder(student, parameters):
    vocab, embedding_size = parameters["embedding.weight"].shape
    hidden_size, key_size = parameters["attention.weight"].shape
    names = getattr(student.AttentionDecoder.__init__, "__globals__", {})
    own = names.get("AdditiveAttention")
    names["AdditiveAttention"] = _Attention  # whatever became of exercise 4
    try:
        decoder = student.AttentionDecoder(vocab, embedding_size, hidden_size, key_size, 3)
    finally:
        del names["AdditiveAttention"]
        if own is not None:
            names["AdditiveAttention"] = own
    decoder.attention = _Attention(hidden_size, key_size, 3)
    decoder.to(parameters["attention.weight"].dtype)
    here = dict(decoder.named_parameters())
    with torch.no_grad():
        for name, value in parameters.items():
            here[name].copy_(value)
    return decoder


def decoder_step(student, parameters, tokens, h, keys, mask):
    """AttentionDecoder(…).step(tokens, h, keys, mask) with given parameters"""
    logits, h, weights = _decoder(student, parameters).step(tokens, h, keys, mask)
    return logits, h, weights


def decoder_arguments_after(student, parameters, tokens, h, keys, mask):
    """AttentionDecoder(…).step(tokens, h, keys, mask) with given parameters, under torch.no_grad"""
    with torch.no_grad():
        result = _decoder(student, parameters).step(tokens, h, keys, mask)
    return {"result": tuple(result), "arguments": [tokens, h, keys, mask]}


def decoder_two_batches(student, parameters, first, second):
    """AttentionDecoder(…).step(tokens, h, keys, mask) of one module, for one batch and then for another one"""
    decoder = _decoder(student, parameters)
    return [tuple(decoder.step(*batch)) for batch in (first, second)]


def decoder_steps(student, parameters, columns, h, keys, mask):
    """AttentionDecoder(…).step called several times, each with the h that came back"""
    decoder, all_logits = _decoder(student, parameters), []
    for tokens in columns:
        logits, h, _ = decoder.step(tokens, h, keys, mask)
        all_logits.append(logits)
    return torch.stack(all_logits), h


def decoder_gradients(student, parameters, tokens, h, keys, mask, d_logits, d_h):
    """AttentionDecoder(…).step(tokens, h, keys, mask) in eval mode, then the gradients of h, keys and every parameter"""
    decoder = _decoder(student, parameters).eval()
    leaves = _leaves(h, keys)
    logits, new, _ = decoder.step(tokens, *leaves, mask)
    here = dict(decoder.named_parameters())
    names = [*parameters]
    wanted = [*leaves, *(here[name] for name in names)]
    found = torch.autograd.grad((logits, new), wanted, (d_logits, d_h), materialize_grads=True)
    return dict(zip(["h", "keys", *names], found, strict=True))


class _Script(nn.Module):
    """A decoder that follows a table: plan[row, count, token fed] is what it writes; row and count stand in its state."""

    def __init__(self, plan, gaze, whole=1.0):
        super().__init__()
        self.plan, self.gaze, self.whole = plan, gaze, whole

    def step(self, tokens, h, keys, mask):
        if tokens.shape != h.shape[:1]:  # an embedding would let them pass
            raise ValueError(f"decoder.step takes tokens of shape (N,), here ({len(h)},), and was given the shape {tuple(tokens.shape)}")
        if tokens.dtype != torch.int64:
            raise ValueError(f"decoder.step takes tokens of dtype int64, and was given {tokens.dtype}")
        row, count = h[:, 0].long(), h[:, 1].long().clamp(max=self.plan.shape[1] - 1)
        written = self.plan[row, count, tokens]
        logits = torch.cos(torch.arange(self.plan.shape[2]) * 1.7 + row.unsqueeze(1)).to(h.dtype) - 3
        logits = logits.scatter(1, written.unsqueeze(1), -0.5)  # the largest, and all of them negative
        weights = (keys @ self.gaze[count].unsqueeze(2)).squeeze(2) ** 2 * mask
        return logits, h + torch.tensor([0.0, 1.0]).to(h.dtype), weights / weights.sum(dim=1, keepdim=True) * self.whole


def translate(student, plan, gaze, keys, mask, h, bos_id, eos_id, max_length):
    """translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length) with a decoder that follows a hidden table"""
    tokens, weights = student.translate_dates(_Script(plan, gaze), keys, mask, h, bos_id, eos_id, max_length)
    return [[int(token) for token in row] for row in tokens], list(weights)


def translate_arguments_after(student, plan, gaze, keys, mask, h, bos_id, eos_id, max_length):
    """translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length) with a decoder that follows a hidden table"""
    modes = []
    for training in (True, False):
        decoder = _Script(plan, gaze).train(training)
        tokens, _ = student.translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length)
        modes.append(decoder.training)
    return {"tokens": [[int(token) for token in row] for row in tokens], "arguments": [keys, mask, h], "training": modes}


def translate_types(student, plan, gaze, keys, mask, h, bos_id, eos_id, max_length, whole):
    """translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length) with a decoder whose weights add up to another number than 1"""
    tokens, weights = student.translate_dates(_Script(plan, gaze, whole), keys, mask, h, bos_id, eos_id, max_length)
    return tokens, weights
