"""What the hidden tests of gated networks let run beside the student's code: modules with given parameters, gradients, scripted models."""

import torch
from torch import nn


def _leaves(*tensors):
    return [tensor.detach().clone().requires_grad_() for tensor in tensors]


def _filled(module, parameters):
    module = module.to(next(iter(parameters.values())).dtype)
    here = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in parameters.items():
            if name not in here or here[name].shape != value.shape:
                raise AttributeError(f"the module should have a parameter {name} of shape {tuple(value.shape)}, as in the given __init__")
            here[name].copy_(value)
    return module


def _gradients(outputs, leaves, upstream):
    """The gradient of each leaf by its name; or some words on the output that has none."""
    for output, arriving in zip(outputs, upstream, strict=True):
        if not isinstance(output, torch.Tensor):
            return f"{type(output).__name__}, not a tensor"
        if output.shape != arriving.shape:
            return f"a tensor of shape {tuple(output.shape)}, not {tuple(arriving.shape)}"
        if not output.requires_grad:
            return "a tensor without a gradient"
    try:
        arriving = [gradient.to(output.dtype) for output, gradient in zip(outputs, upstream, strict=True)]
        found = torch.autograd.grad(outputs, list(leaves.values()), arriving, materialize_grads=True)
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
        return "a tensor that was made from one overwritten in place"
    return dict(zip(leaves, found, strict=True))


def _parameters(module, names):
    here = dict(module.named_parameters())
    return {name: here[name] for name in names}


# gru_cell and minimal_gated_unit


def _cell(student, name, parameters):
    first = next(iter(parameters.values()))  # weight_ih (3H, D) or w_f (H, D)
    rows, columns = first.shape
    return _filled(getattr(student, name)(columns, rows // 3 if name == "GRUCell" else rows), parameters)


def gru_step(student, parameters, x, h):
    """GRUCell(…) with given parameters, called with (x, h)"""
    return _cell(student, "GRUCell", parameters)(x, h)


def gru_steps(student, *runs):
    """GRUCell(…) with given parameters, called step after step with the h that came back; then given other parameters, another sequence and its own h"""
    cell, last = _cell(student, "GRUCell", runs[0][0]), []
    for parameters, x, h in runs:
        _filled(cell, parameters)  # as a training step changes them
        for t in range(x.shape[1]):
            h = cell(x[:, t], h)
        last.append(h)
    return last


def gru_gradients(student, parameters, x, h, d_out):
    """GRUCell(…)(x, h), then the gradients of x, h and every parameter"""
    cell, (x, h) = _cell(student, "GRUCell", parameters), _leaves(x, h)
    return _gradients([cell(x, h)], {"x": x, "h": h, **_parameters(cell, parameters)}, [d_out])


def gru_arguments_after(student, parameters, x, h):
    """GRUCell(…) with given parameters, called with (x, h)"""
    result = _cell(student, "GRUCell", parameters)(x, h)
    return {"result": result, "arguments": [x, h]}


def mgu_step(student, parameters, x, h):
    """MinimalGatedUnit(…) with given parameters, called with (x, h)"""
    return _cell(student, "MinimalGatedUnit", parameters)(x, h)


def mgu_steps(student, *runs):
    """MinimalGatedUnit(…) with given parameters, called step after step with the h that came back; then given other parameters, another sequence and its own h"""
    cell, last = _cell(student, "MinimalGatedUnit", runs[0][0]), []
    for parameters, x, h in runs:
        _filled(cell, parameters)  # as a training step changes them
        for t in range(x.shape[1]):
            h = cell(x[:, t], h)
        last.append(h)
    return last


def mgu_gradients(student, parameters, x, h, d_out):
    """MinimalGatedUnit(…)(x, h), then the gradients of x, h and every parameter"""
    cell, (x, h) = _cell(student, "MinimalGatedUnit", parameters), _leaves(x, h)
    return _gradients([cell(x, h)], {"x": x, "h": h, **_parameters(cell, parameters)}, [d_out])


def mgu_arguments_after(student, parameters, x, h):
    """MinimalGatedUnit(…) with given parameters, called with (x, h)"""
    result = _cell(student, "MinimalGatedUnit", parameters)(x, h)
    return {"result": result, "arguments": [x, h]}


# gru_cell_backward


def backward_without_autograd(student, *arguments):
    """gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh), with autograd switched off"""
    with torch.inference_mode():
        return student.gru_cell_backward(*arguments)


def backward_and_dtypes(student, *arguments):
    """gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh), with autograd switched off"""
    gradients = backward_without_autograd(student, *arguments)
    parts = gradients if isinstance(gradients, tuple | list) else ()
    return {"gradients": gradients, "dtypes": [str(getattr(part, "dtype", "")) for part in parts]}


# run_padded


class _PlainCell(nn.Module):
    """A plain recurrent cell. For its way back autograd needs what it returned, so nobody may write into that."""

    def __init__(self, from_x, from_h):
        super().__init__()
        self.from_x, self.from_h = nn.Parameter(from_x.clone()), nn.Parameter(from_h.clone())

    def forward(self, x_t, h):
        return torch.tanh(x_t @ self.from_x + h @ self.from_h + 0.3)


def padded(student, from_x, from_h, x, lengths, h_0):
    """run_padded(cell, x, lengths, h_0) with a hidden cell"""
    h, h_last = student.run_padded(_PlainCell(from_x, from_h), x, lengths, h_0)
    return h, h_last


def padded_gru(student, parameters, x, lengths, h_0):
    """run_padded(cell, x, lengths, h_0) with torch's nn.GRUCell, which has given parameters"""
    cell = _filled(nn.GRUCell(x.shape[2], h_0.shape[1]), parameters)
    h, h_last = student.run_padded(cell, x, lengths, h_0)
    return h, h_last


def padded_arguments_after(student, from_x, from_h, x, lengths, h_0):
    """run_padded(cell, x, lengths, h_0) with a hidden cell"""
    h, h_last = student.run_padded(_PlainCell(from_x, from_h), x, lengths, h_0)
    return {"result": (h, h_last), "arguments": [x, lengths, h_0]}


def padded_arguments_after_no_grad(student, from_x, from_h, x, lengths, h_0):
    """run_padded(cell, x, lengths, h_0) with a hidden cell, under torch.no_grad"""
    with torch.no_grad():
        return padded_arguments_after(student, from_x, from_h, x, lengths, h_0)


def padded_function(student, x, lengths, h_0):
    """run_padded(cell, x, lengths, h_0) with a cell that is a plain function"""
    h, h_last = student.run_padded(lambda x_t, h: 2 * h - x_t, x, lengths, h_0)
    return h, h_last


def padded_gradients(student, from_x, from_h, x, lengths, h_0, d_h, d_last):
    """run_padded(cell, x, lengths, h_0) with a hidden cell, then the gradients of x, h_0 and the cell's parameters"""
    cell, (x, h_0) = _PlainCell(from_x, from_h), _leaves(x, h_0)
    h, h_last = student.run_padded(cell, x, lengths, h_0)
    leaves = {"x": x, "h_0": h_0, "the cell's weight of x": cell.from_x, "the cell's weight of h": cell.from_h}
    return _gradients([h, h_last], leaves, [d_h, d_last])


# encoder_decoder


def _model(student, parameters, pad_id):
    source_vocab, embedding_size = parameters["source_embedding.weight"].shape
    target_vocab, hidden_size = parameters["output.weight"].shape
    return _filled(student.Seq2Seq(source_vocab, target_vocab, embedding_size, hidden_size, pad_id), parameters)


def _all_methods(model, source, lengths, target, h):
    """What encode returns, the two results of decode_step, and the logits of a call."""
    state = model.encode(source, lengths)
    logits, new = model.decode_step(target[:, 0], h)
    return [state, logits, new, model(source, lengths, target)]


def all_methods(student, parameters, pad_id, source, lengths, target, h):
    """Seq2Seq(…) with given parameters: encode(source, lengths), decode_step(tokens, h), and called with (source, lengths, target)"""
    return _all_methods(_model(student, parameters, pad_id), source, lengths, target, h)


def both_modes(student, parameters, pad_id, source, lengths, target, h, d_logits):
    """Seq2Seq(…) in training and in eval mode: encode, decode_step, a call, and the gradient of every parameter"""
    found = {}
    for mode in ("training", "eval"):
        model = _model(student, parameters, pad_id).train(mode == "training")
        results = _all_methods(model, source, lengths, target, h)
        found[mode] = [*results, _gradients(results[-1:], _parameters(model, parameters), [d_logits])]
    return found


def encode(student, parameters, pad_id, source, lengths):
    """Seq2Seq(…).encode(source, lengths) with given parameters"""
    return _model(student, parameters, pad_id).encode(source, lengths)


def decode_step(student, parameters, pad_id, tokens, h):
    """Seq2Seq(…).decode_step(tokens, h) with given parameters"""
    logits, h = _model(student, parameters, pad_id).decode_step(tokens, h)
    return logits, h


def decode_steps(student, parameters, pad_id, columns, h):
    """Seq2Seq(…).decode_step called several times, each with the h that came back"""
    model, all_logits = _model(student, parameters, pad_id), []
    for tokens in columns:
        logits, h = model.decode_step(tokens, h)
        all_logits.append(logits)
    return torch.stack(all_logits), h


def forward(student, parameters, pad_id, source, lengths, target):
    """Seq2Seq(…)(source, lengths, target) with given parameters"""
    return _model(student, parameters, pad_id)(source, lengths, target)


def forward_arguments_after(student, parameters, pad_id, source, lengths, target):
    """Seq2Seq(…)(source, lengths, target) with given parameters"""
    result = _model(student, parameters, pad_id)(source, lengths, target)
    return {"result": result, "arguments": [source, lengths, target]}


def forward_again(student, parameters, pad_id, source, lengths, target, times):
    """Seq2Seq(…)(source, lengths, target) with given parameters, called again and again on the same model"""
    model = _model(student, parameters, pad_id)
    return [model(source, lengths, target) for _ in range(times)]


def forward_gradients(student, parameters, pad_id, source, lengths, target, d_logits):
    """Seq2Seq(…)(source, lengths, target), then the gradient of every parameter"""
    model = _model(student, parameters, pad_id)
    return _gradients([model(source, lengths, target)], _parameters(model, parameters), [d_logits])


# greedy_decode


class _Script(nn.Module):
    """A model that follows a table: plan[row, count, token fed] is what it writes; row and count stand in its state."""

    def __init__(self, plan, height=0.0):
        super().__init__()
        self.plan, self.height = plan, height  # all logits are higher by so much
        self.nothing = nn.Parameter(torch.zeros((), dtype=torch.float64))  # it has a parameter, as every model

    def encode(self, source, lengths):
        return torch.stack([source[:, 0], lengths - lengths], dim=1) + self.nothing  # the row's number stands first in its source

    def decode_step(self, tokens, h):
        row, count = h[:, 0].long(), h[:, 1].long().clamp(max=self.plan.shape[1] - 1)
        written = self.plan[row, count, tokens]
        logits = torch.cos(torch.arange(self.plan.shape[2]) * 1.7 + row.unsqueeze(1)).double() - 3
        logits = logits.scatter(1, written.unsqueeze(1), -0.5)  # the largest, and all of them negative
        return logits + self.height + self.nothing, h + torch.tensor([0.0, 1.0], dtype=torch.float64)


class _Reader(_Script):
    """The same, but the row's number is the sum of the real tokens: it needs the lengths."""

    def encode(self, source, lengths):
        real = torch.arange(source.shape[1]) < lengths.unsqueeze(1)
        return torch.stack([(source * real).sum(dim=1), lengths - lengths], dim=1) + self.nothing


def decode(student, plan, source, lengths, bos_id, eos_id, max_length, height=0.0):
    """greedy_decode(model, source, lengths, bos_id, eos_id, max_length) with a model that follows a hidden table"""
    rows = student.greedy_decode(_Script(plan, height), source, lengths, bos_id, eos_id, max_length)
    return [[int(token) for token in row] for row in rows]


def decode_reading(student, plan, source, lengths, bos_id, eos_id, max_length):
    """greedy_decode(model, source, lengths, bos_id, eos_id, max_length) with a model that follows a hidden table"""
    rows = student.greedy_decode(_Reader(plan), source, lengths, bos_id, eos_id, max_length)
    return [[int(token) for token in row] for row in rows]


def decode_types(student, plan, source, lengths, bos_id, eos_id, max_length):
    """greedy_decode(model, source, lengths, bos_id, eos_id, max_length) with a model that follows a hidden table"""
    return student.greedy_decode(_Script(plan), source, lengths, bos_id, eos_id, max_length)


def decode_arguments_after(student, plan, source, lengths, bos_id, eos_id, max_length):
    """greedy_decode(model, source, lengths, bos_id, eos_id, max_length) with a model in training mode, then with one in eval mode"""
    modes = []
    for training in (True, False):
        model = _Script(plan).train(training)
        rows = student.greedy_decode(model, source, lengths, bos_id, eos_id, max_length)
        modes.append(model.training)
    return {"rows": [[int(token) for token in row] for row in rows], "arguments": [source, lengths], "training": modes}


# padded_cross_entropy


def loss_gradient(student, logits, targets, pad_id):
    """padded_cross_entropy(logits, targets, pad_id), then the gradient of logits"""
    (leaf,) = _leaves(logits)
    loss = student.padded_cross_entropy(leaf, targets, pad_id)
    return loss, _gradients([loss], {"logits": leaf}, [logits.new_ones(())])


def loss_of_views(student, logits, targets, pad_id):
    """padded_cross_entropy(logits, targets, pad_id) with a transposed tensor of logits and a slice of targets"""
    more = torch.cat([targets[:, :1], targets], dim=1)
    return student.padded_cross_entropy(logits.transpose(0, 1).contiguous().transpose(0, 1), more[:, 1:], pad_id)


# translate_dates_gru


class _Toy(nn.Module):
    """Stands in for the encoder-decoder: the logits are a sum of one row for the token fed and one for what was read."""

    def __init__(self, fed_rows, read_rows):
        super().__init__()
        self.fed_rows, self.read_rows = nn.Parameter(fed_rows.clone()), nn.Parameter(read_rows.clone())
        self.first, self.modes = None, []

    def forward(self, source, lengths, fed):
        self.first = fed.clone() if self.first is None else self.first
        self.modes.append(self.training)
        real = (torch.arange(source.shape[1]) < lengths.unsqueeze(1)).unsqueeze(2)
        read = (self.read_rows[source] * real).sum(dim=1)  # (N, V)
        return torch.tanh(self.fed_rows[fed] + read.unsqueeze(1))


def _toy_loss(logits, labels, pad_id):
    """A loss that no library has: squared distances from a margin, over the real labels, divided by their number."""
    real = (labels != pad_id).to(logits.dtype)
    wanted = logits.gather(2, labels.unsqueeze(2)).squeeze(2)
    return (((logits.sum(dim=2) - 3 * wanted + 4) ** 2) * real).sum() / real.sum()


def train(student, fed_rows, read_rows, batches, pad_id, rate, max_norm, stale=0.0, momentum=0.0, once=False, groups=1, scale=1.0):
    """translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm) with a hidden model and loss"""
    model = _Toy(fed_rows, read_rows)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, stale)
    parameters = list(model.parameters()) if groups == 1 else [{"params": [parameter]} for parameter in model.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=rate, momentum=momentum)
    given = (batch for batch in batches) if once else batches
    limit = () if max_norm is None else (max_norm,)

    def loss_function(logits, labels, pad_id):
        return scale * _toy_loss(logits, labels, pad_id)

    losses = student.translate_dates_gru(model, optimizer, given, loss_function, pad_id, *limit)
    return {
        "losses": losses,
        "parameters": [model.fed_rows, model.read_rows],
        "batches": list(batches),
        "fed": model.first,
        "training": model.training and all(model.modes),
    }
