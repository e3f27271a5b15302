"""Right answers to the exercises of the Transformer, written differently: all must earn full marks."""

from autograder.catalogue import Style

SINUSOIDAL_POSITIONS = [
    Style(
        "sinusoidal-positions-every-second-column",
        exercise="sinusoidal_positions",
        code="""def sinusoidal_positions(length, d_model):
    pe = torch.zeros(length, d_model)
    position = torch.arange(0, length, dtype=torch.float32).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term[: d_model // 2])
    return pe
""",
    ),
    Style(
        "sinusoidal-positions-loops",
        exercise="sinusoidal_positions",
        code="""def sinusoidal_positions(length, d_model):
    table = torch.empty((length, d_model))
    for p in range(length):
        for j in range(d_model):
            angle = p / 10_000 ** ((j if j % 2 == 0 else j - 1) / d_model)
            table[p][j] = math.sin(angle) if j % 2 == 0 else math.cos(angle)
    return table
""",
    ),
    Style(
        "sinusoidal-positions-phase",
        exercise="sinusoidal_positions",
        code='''def sinusoidal_positions(length, d_model):
    """cos a = sin(a + pi/2), in float64 and rounded at the end."""
    j = torch.arange(d_model, dtype=torch.float64)
    rate = torch.pow(torch.tensor(10000.0, dtype=torch.float64), -2 * torch.floor(j / 2) / d_model)
    phase = (j % 2) * math.pi / 2
    return torch.sin(torch.outer(torch.arange(length).double(), rate) + phase).to(torch.get_default_dtype())
''',
    ),
    Style(
        "sinusoidal-positions-complex",
        exercise="sinusoidal_positions",
        code="""def sinusoidal_positions(length, d_model):
    pairs = (d_model + 1) // 2
    theta = torch.arange(length)[:, None] * 10000.0 ** (-2 * torch.arange(pairs) / d_model)
    both = torch.stack((theta.sin(), theta.cos()), dim=-1)  # (length, pairs, 2)
    return both.reshape(length, 2 * pairs)[:, :d_model]
""",
    ),
    Style(
        "sinusoidal-positions-one-liner",
        exercise="sinusoidal_positions",
        code="""sinusoidal_positions = lambda length, d_model: torch.tensor(
    [[(math.cos if j & 1 else math.sin)(p * 10000 ** (-(j - (j & 1)) / d_model)) for j in range(d_model)] for p in range(length)]
)
""",
    ),
    Style(
        "sinusoidal-positions-numpy",
        exercise="sinusoidal_positions",
        code="""import numpy as np


def sinusoidal_positions(length, d_model):
    angles = np.arange(length)[:, np.newaxis] / np.power(10000, 2 * (np.arange(d_model)[np.newaxis, :] // 2) / np.float64(d_model))
    angles[:, 0::2] = np.sin(angles[:, 0::2])
    angles[:, 1::2] = np.cos(angles[:, 1::2])
    return torch.from_numpy(angles).float()
""",
    ),
]

LAYER_NORM = [
    Style(
        "layer-norm-var-mean",
        exercise="layer_norm",
        code="""def layer_norm(x, gain, bias, eps=1e-5):
    var, mu = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mu) * (var + eps).rsqrt() * gain + bias


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    var, mu = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    r = (var + eps).rsqrt()
    xh = (x - mu) * r
    D = x.shape[-1]
    dxh = d_out * gain
    dx = r / D * (D * dxh - dxh.sum(-1, keepdim=True) - xh * (dxh * xh).sum(-1, keepdim=True))
    return dx, (d_out * xh).flatten(0, -2).sum(0), d_out.flatten(0, -2).sum(0)
""",
    ),
    Style(
        "layer-norm-step-by-step",
        exercise="layer_norm",
        code='''def layer_norm(x, gain, bias, eps=1e-5):
    mean = x.sum(-1, keepdim=True) / x.size(-1)
    centred = x - mean
    std = torch.sqrt((centred * centred).sum(-1, keepdim=True) / x.size(-1) + eps)
    return torch.addcmul(bias, gain, centred / std)


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    """Through the graph, one operation at a time."""
    D = x.size(-1)
    centred = x - x.mean(-1, keepdim=True)
    var = (centred ** 2).mean(-1, keepdim=True)
    inv = 1 / torch.sqrt(var + eps)
    d_norm = d_out * gain
    d_inv = (d_norm * centred).sum(-1, keepdim=True)
    d_var = d_inv * -0.5 * inv ** 3
    d_centred = d_norm * inv + d_var * 2 * centred / D
    d_mean = -d_centred.sum(-1, keepdim=True)
    d_x = d_centred + d_mean / D
    axes = list(range(x.ndim - 1))
    return d_x, torch.sum(d_out * centred * inv, axes), torch.sum(d_out, axes)
''',
    ),
    Style(
        "layer-norm-loops",
        exercise="layer_norm",
        code="""def one(row, eps):
    m = sum(row) / len(row)
    v = sum((value - m) ** 2 for value in row) / len(row)
    return (row - m) / (v + eps) ** 0.5, (v + eps) ** 0.5


def layer_norm(x, gain, bias, eps=1e-5):
    rows = [one(row, eps)[0] * gain + bias for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape)


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    size = x.shape[-1]
    d_gain, d_bias, d_rows = torch.zeros_like(gain), torch.zeros_like(gain), []
    for row, d in zip(x.reshape(-1, size), d_out.reshape(-1, size)):
        x_hat, s = one(row, eps)
        d_gain += d * x_hat
        d_bias += d
        g = d * gain
        d_rows.append((g - g.mean() - x_hat * torch.dot(g, x_hat) / size) / s)
    return torch.stack(d_rows).reshape(x.shape), d_gain, d_bias
""",
    ),
    Style(
        "layer-norm-einsum",
        exercise="layer_norm",
        code="""def layer_norm(x, gain, bias, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = torch.einsum("...d,...d->...", centred, centred)[..., None] / x.shape[-1]
    print("largest variance", float(variance.max()))
    return centred / (variance + eps) ** 0.5 * gain + bias


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    n = x.shape[-1]
    centred = x - x.mean(dim=-1, keepdim=True)
    root = (torch.einsum("...d,...d->...", centred, centred)[..., None] / n + eps) ** 0.5
    hat = centred / root
    g = torch.einsum("...d,d->...d", d_out, gain)
    along = torch.einsum("...d,...d->...", g, hat)[..., None] / n
    return (g - g.mean(-1, keepdim=True) - along * hat) / root, torch.einsum("...d,...d->d", d_out, hat), torch.einsum("...d->d", d_out)
""",
    ),
    Style(
        "layer-norm-jacobian",
        exercise="layer_norm",
        code='''def _hat(x, eps):
    deviation = torch.sqrt(x.var(dim=-1, unbiased=False, keepdim=True) + eps)
    return (x - x.mean(dim=-1, keepdim=True)) / deviation, deviation


def layer_norm(x, gain, bias, eps=1e-5):
    return _hat(x, eps)[0] * gain + bias


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    """d_x = Jacobian (symmetric) times d_x_hat: (I - 11ᵀ/D - x̂x̂ᵀ/D) / deviation."""
    size = x.shape[-1]
    hat, deviation = _hat(x, eps)
    jacobian = torch.eye(size, dtype=x.dtype) - 1 / size - hat.unsqueeze(-1) * hat.unsqueeze(-2) / size
    d_x = (jacobian @ (d_out * gain).unsqueeze(-1)).squeeze(-1) / deviation
    flat = d_out.reshape(-1, size)
    return d_x, (flat * hat.reshape(-1, size)).sum(0), flat.sum(0)
''',
    ),
    Style(
        "layer-norm-moments",
        exercise="layer_norm",
        code="""class Norm:
    def __init__(self, x, eps):
        self.deviation = (x.std(dim=-1, correction=0, keepdim=True) ** 2 + eps).sqrt()
        self.hat = (x - x.mean(dim=-1, keepdim=True)) / self.deviation


def layer_norm(x, gain, bias, eps=1e-5):
    return gain * Norm(x, eps).hat + bias


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    norm = Norm(x, eps)
    d_bias, d_gain = d_out, d_out * norm.hat
    while d_bias.dim() > 1:
        d_bias, d_gain = d_bias.sum(0), d_gain.sum(0)
    d_hat = d_out * gain
    d_x = d_hat - d_hat.mean(-1, keepdim=True) - norm.hat * (d_hat * norm.hat).mean(-1, keepdim=True)
    return [d_x / norm.deviation, d_gain, d_bias]
""",
    ),
    Style(
        "layer-norm-projection",
        exercise="layer_norm",
        code="""def layer_norm(x, gain, bias, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, correction=0, keepdim=True)
    return gain * (x - mean) / torch.sqrt(variance + eps) + bias


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    D = x.shape[-1]
    P = torch.eye(D, dtype=x.dtype, device=x.device) - torch.ones(D, D, dtype=x.dtype) / D
    c = x @ P
    inv = (c.square().sum(-1, keepdim=True) / D + eps).pow(-0.5)
    g = (d_out * gain) @ P
    d_x = inv * g - c * inv.pow(3) * (g * c).sum(-1, keepdim=True) / D
    d_gain, d_bias = d_out.mul(c * inv), d_out
    while d_gain.dim() > 1:
        d_gain, d_bias = d_gain.sum(0), d_bias.sum(0)
    return d_x, d_gain, d_bias
""",
    ),
    Style(
        "layer-norm-in-float32",
        exercise="layer_norm",
        code="""def layer_norm(x, gain, bias, eps=1e-5):
    h = x.float()
    h = (h - h.mean(-1, keepdim=True)) * torch.rsqrt(h.var(-1, keepdim=True, unbiased=False) + eps)
    return (gain.float() * h + bias.float()).type_as(x)


def layer_norm_backward(d_out, x, gain, eps=1e-5):
    h, g = x.float(), d_out.float() * gain.float()
    scale = torch.rsqrt(h.var(-1, keepdim=True, unbiased=False) + eps)
    h = (h - h.mean(-1, keepdim=True)) * scale
    d_x = scale * (g - g.mean(-1, keepdim=True) - h * (g * h).mean(-1, keepdim=True))
    d_gain, d_bias = ((d_out.float() * h).flatten(0, -2).sum(0), d_out.float().flatten(0, -2).sum(0))
    return d_x.type_as(x), d_gain.type_as(x), d_bias.type_as(x)
""",
    ),
]

MHA_INIT = """class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, heads, dropout=0.0):
        super().__init__()
        if d_model % heads:
            raise ValueError("not a multiple")
        self.heads, self.d_k = heads, d_model // heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

"""

MULTI_HEAD_ATTENTION = [
    Style(
        "multi-head-attention-views",
        exercise="multi_head_attention",
        code=MHA_INIT
        + """    def forward(self, query, key, value, mask=None):
        N, Tq, d_model = query.size()
        Tk = key.size(1)
        q = self.q_proj(query).view(N, Tq, self.heads, self.d_k).transpose(1, 2)
        k = self.k_proj(key).view(N, Tk, self.heads, self.d_k).transpose(1, 2)
        v = self.v_proj(value).view(N, Tk, self.heads, self.d_k).transpose(1, 2)
        scores = torch.matmul(q, k.transpose(2, 3)) * self.d_k ** -0.5
        if mask is not None:
            if mask.dim() == 2:
                mask = mask[None, None]
            elif mask.dim() == 3:
                mask = mask[:, None]
            mask = mask.expand(N, self.heads, Tq, Tk)
            scores = torch.where(mask, scores, torch.full_like(scores, -1e30))
            attention = F.softmax(scores, dim=-1) * mask
        else:
            attention = F.softmax(scores, dim=-1)
        context = torch.matmul(self.dropout(attention), v)
        context = context.transpose(1, 2).contiguous().view(N, Tq, d_model)
        return self.out_proj(context), attention
""",
    ),
    Style(
        "multi-head-attention-einsum",
        exercise="multi_head_attention",
        code=MHA_INIT
        + """    def forward(self, query, key, value, mask=None):
        shape = (self.heads, self.d_k)
        q, k, v = (f(x).unflatten(2, shape) for f, x in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value)))
        scores = torch.einsum("nqhd,nkhd->nhqk", q, k) / self.d_k**0.5
        if mask is not None:
            mask = mask.unsqueeze(1) if mask.ndim == 3 else mask
            scores = scores.masked_fill(mask.logical_not(), -torch.inf)
            weights = torch.nan_to_num(torch.softmax(scores.masked_fill(~mask.any(-1, keepdim=True), 0.0), -1)) * mask
        else:
            weights = scores.softmax(-1)
        output = torch.einsum("nhqk,nkhd->nqhd", self.dropout(weights), v).flatten(2)
        return self.out_proj(output), weights
""",
    ),
    Style(
        "multi-head-attention-head-by-head",
        exercise="multi_head_attention",
        code=MHA_INIT
        + '''    def forward(self, query, key, value, mask=None):
        """One head after the other, each on its slice of the features."""
        n, n_queries, n_keys = len(query), query.shape[1], key.shape[1]
        if mask is None:
            mask = torch.ones(n_queries, n_keys, dtype=torch.bool)
        if mask.dim() == 3:
            mask = mask.unsqueeze(1)
        mask = torch.broadcast_to(mask, (n, self.heads, n_queries, n_keys))
        q, k, v = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        outputs, all_weights = [], []
        for head in range(self.heads):
            part = slice(head * self.d_k, (head + 1) * self.d_k)
            scores = q[..., part] @ k[..., part].mT / math.sqrt(self.d_k)
            allowed = mask[:, head]
            top = scores.masked_fill(~allowed, -torch.inf).amax(-1, keepdim=True).nan_to_num(neginf=0.0)
            e = torch.exp(torch.where(allowed, scores - top, -torch.inf))
            w = e / e.sum(-1, keepdim=True).clamp_min(1e-300 if e.dtype == torch.float64 else 1e-37)
            all_weights.append(w)
            outputs.append(self.dropout(w) @ v[..., part])
        return self.out_proj(torch.cat(outputs, dim=-1)), torch.stack(all_weights, dim=1)
''',
    ),
    Style(
        "multi-head-attention-batch-of-heads",
        exercise="multi_head_attention",
        code=MHA_INIT
        + """    def _heads_first(self, x):
        N, T, _ = x.shape
        return x.reshape(N, T, self.heads, -1).permute(0, 2, 1, 3).reshape(N * self.heads, T, self.d_k)

    def forward(self, query, key, value, mask=None):
        N, Q, K = query.shape[0], query.shape[1], key.shape[1]
        q, k, v = self._heads_first(self.q_proj(query)), self._heads_first(self.k_proj(key)), self._heads_first(self.v_proj(value))
        scores = torch.bmm(q / math.sqrt(self.d_k), k.transpose(1, 2)).reshape(N, self.heads, Q, K)
        if mask is None:
            weights = torch.softmax(scores, -1)
        else:
            m = mask if mask.dim() != 3 else mask[:, None, :, :]
            weights = torch.softmax(scores.masked_fill(~m, torch.finfo(scores.dtype).min), -1).masked_fill(~m, 0)
        out = torch.bmm(self.dropout(weights).reshape(N * self.heads, Q, K), v)
        out = out.reshape(N, self.heads, Q, self.d_k).permute(0, 2, 1, 3).reshape(N, Q, -1)
        return self.out_proj(out), weights
""",
    ),
    Style(
        "multi-head-attention-own-function",
        exercise="multi_head_attention",
        code="""def attend(q, k, v, mask, drop):
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if mask is not None:
        bias = torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
        scores = scores + bias
        nobody = torch.isinf(scores).all(dim=-1, keepdim=True)
        scores = torch.where(nobody, torch.zeros_like(scores), scores)
        weights = torch.where(nobody, torch.zeros_like(scores), torch.softmax(scores, dim=-1))
    else:
        weights = torch.softmax(scores, dim=-1)
    return drop(weights) @ v, weights


"""
        + MHA_INIT
        + """    def split(self, x):
        return torch.stack(x.chunk(self.heads, dim=-1), dim=1)

    def forward(self, query, key, value, mask=None):
        if mask is not None and len(mask.shape) == 3:
            mask = mask[:, None]
        out, w = attend(self.split(self.q_proj(query)), self.split(self.k_proj(key)), self.split(self.v_proj(value)), mask, self.dropout)
        print("weights", tuple(w.shape))
        return self.out_proj(torch.cat(out.unbind(dim=1), dim=-1)), w
""",
    ),
    Style(
        "multi-head-attention-log-softmax",
        exercise="multi_head_attention",
        code="""class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % heads:
            raise ValueError(f"d_model = {d_model} is not a multiple of heads = {heads}")
        self.heads, self.d_k = heads, d_model // heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query, key, value, mask=None):
        q, k, v = (m(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for m, x in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value)))
        s = q.matmul(k.transpose(-1, -2)) / (self.d_k ** .5)
        if mask is not None:
            if len(mask.shape) == 3: mask = mask[:, None, :, :]
            s = s.masked_fill(~mask, torch.finfo(s.dtype).min)
        w = torch.exp(torch.log_softmax(s, dim=3))
        if mask is not None:
            w = torch.where(mask, w, w.new_zeros(()))
        heads = F.dropout(w, self.dropout.p, self.training) @ v
        return F.linear(heads.transpose(1, 2).flatten(2), self.out_proj.weight, self.out_proj.bias), w
""",
    ),
    Style(
        "multi-head-attention-output-summed-over-heads",
        exercise="multi_head_attention",
        code="""class MultiHeadAttention(nn.Module):
    def __init__(self, d_model: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if d_model % heads:
            raise ValueError(f"d_model = {d_model} is not a multiple of heads = {heads}")
        self.heads, self.d_k = heads, d_model // heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, query, key, value, mask=None):
        d = self.d_k
        if mask is not None and mask.dim() == 3:
            mask = mask.unsqueeze(1)
        out, ws = self.out_proj.bias, []
        Q, K, V = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        scores = torch.stack([Q[:, :, i:i + d] @ K[:, :, i:i + d].transpose(1, 2) for i in range(0, Q.shape[-1], d)], 1) / math.sqrt(d)
        if mask is not None:
            big = torch.finfo(scores.dtype).min
            weights = torch.softmax(scores.masked_fill(~mask, big), -1).masked_fill(~mask, 0)
        else:
            weights = torch.softmax(scores, -1)
        dropped = self.dropout(weights)
        for i in range(self.heads):
            s = slice(i * d, i * d + d)
            out = out + dropped[:, i] @ V[:, :, s] @ self.out_proj.weight[:, s].T
        return [out, weights]
""",
    ),
    Style(
        "multi-head-attention-softmax-in-float32",
        exercise="multi_head_attention",
        code=MHA_INIT
        + """    def forward(self, query, key, value, mask=None):
        N, T, d_model = query.shape
        q, k, v = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        q, k, v = (x.view(N, -1, self.heads, self.d_k).transpose(1, 2) for x in (q, k, v))
        scores = q @ k.transpose(2, 3) / math.sqrt(self.d_k)
        if mask is not None:
            mask = mask[:, None] if mask.dim() == 3 else mask
            scores = scores.masked_fill(mask == 0, -1e9)
        weights = F.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
        if mask is not None:
            weights = weights * mask
        heads = torch.matmul(self.dropout(weights), v)
        return self.out_proj(heads.transpose(1, 2).reshape(N, T, d_model)), weights
""",
    ),
]

FF_INIT = """class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, dropout=0.0):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.dropout = nn.Dropout(dropout)

"""

FEED_FORWARD = [
    Style(
        "feed-forward-one-line",
        exercise="feed_forward",
        code=FF_INIT + "    forward = lambda self, x: self.linear2(self.dropout(F.relu(self.linear1(x))))\n",
    ),
    Style(
        "feed-forward-clamp",
        exercise="feed_forward",
        code=FF_INIT
        + """    def forward(self, x):
        h = self.linear1(x).clamp(min=0)
        h = self.dropout(h)
        return self.linear2(h)
""",
    ),
    Style(
        "feed-forward-in-place-relu",
        exercise="feed_forward",
        code=FF_INIT
        + """    def forward(self, x):
        hidden = self.linear1(x)
        hidden = F.relu(hidden, inplace=True)
        print("hidden units at work:", int((hidden > 0).sum()))
        return self.linear2(self.dropout(hidden))
""",
    ),
    Style(
        "feed-forward-functional",
        exercise="feed_forward",
        code=FF_INIT
        + """    def forward(self, x):
        w1, b1, w2, b2 = self.linear1.weight, self.linear1.bias, self.linear2.weight, self.linear2.bias
        a = x @ w1.T + b1
        a = torch.where(a > 0, a, torch.zeros_like(a))
        a = F.dropout(a, p=self.dropout.p, training=self.training)
        return a @ w2.T + b2
""",
    ),
    Style(
        "feed-forward-dropout-before-relu",
        exercise="feed_forward",
        code=FF_INIT
        + '''    def forward(self, x):
        """Dropping and rectifying can be exchanged: both leave zero alone, and doubling keeps the sign."""
        return self.linear2(torch.relu(self.dropout(self.linear1(x))))
''',
    ),
    Style(
        "feed-forward-modules",
        exercise="feed_forward",
        code="""class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, dropout=0.0):
        super().__init__()
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.activation = nn.ReLU()
        self.drop = nn.Dropout(p=dropout)

    def forward(self, x):
        for step in (self.linear1, self.activation, self.drop, self.linear2):
            x = step(x)
        return x
""",
    ),
]

ENCODER_INIT = """class EncoderLayer(nn.Module):
    def __init__(self, d_model, heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, heads, dropout)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

"""

ENCODER_LAYER = [
    Style(
        "encoder-layer-helpers",
        exercise="encoder_layer",
        code=ENCODER_INIT
        + """    def _attend(self, x, mask):
        output, _ = self.self_attention(x, x, x, mask)
        return self.dropout(output)

    def _think(self, x):
        return self.dropout(self.feed_forward(x))

    def forward(self, x, mask=None):
        if self.norm_first:
            x = x + self._attend(self.norm1(x), mask)
            x = x + self._think(self.norm2(x))
        else:
            x = self.norm1(x + self._attend(x, mask))
            x = self.norm2(x + self._think(x))
        return x
""",
    ),
    Style(
        "encoder-layer-sublayer",
        exercise="encoder_layer",
        code='''def sublayer(x, part, norm, dropout, norm_first):
    """One part with its residual connection, in either order."""
    if norm_first:
        return x + dropout(part(norm(x)))
    return norm(x + dropout(part(x)))


'''
        + ENCODER_INIT
        + """    def forward(self, x, mask=None):
        x = sublayer(x, lambda h: self.self_attention(h, h, h, mask)[0], self.norm1, self.dropout, self.norm_first)
        return sublayer(x, self.feed_forward, self.norm2, self.dropout, self.norm_first)
""",
    ),
    Style(
        "encoder-layer-keywords",
        exercise="encoder_layer",
        code=ENCODER_INIT
        + """    def forward(self, x, mask=None):
        residual = x
        if self.norm_first:
            x = self.norm1(x)
        attended, weights = self.self_attention(query=x, key=x, value=x, mask=mask)
        x = residual + self.dropout(attended)
        if not self.norm_first:
            x = self.norm1(x)
        residual = x
        if self.norm_first:
            x = self.norm2(x)
        x = residual + self.dropout(self.feed_forward(x))
        return x if self.norm_first else self.norm2(x)
""",
    ),
    Style(
        "encoder-layer-two-dropouts",
        exercise="encoder_layer",
        code="""class EncoderLayer(nn.Module):
    def __init__(self, d_model, heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, heads, dropout=dropout)
        self.feed_forward = FeedForward(d_model, d_ff, dropout=dropout)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)
        self.pre = norm_first

    def forward(self, x, mask=None):
        h = self.norm1(x) if self.pre else x
        h = x + self.dropout1(self.self_attention(h, h, h, mask)[0])
        h = h if self.pre else self.norm1(h)
        z = self.norm2(h) if self.pre else h
        z = h + self.dropout2(self.feed_forward(z))
        return z if self.pre else self.norm2(z)
""",
    ),
    Style(
        "encoder-layer-identity",
        exercise="encoder_layer",
        code=ENCODER_INIT
        + '''    def forward(self, x, mask=None):
        """Norms before and after each part; in each order one of the two does nothing."""
        nothing = nn.Identity()
        before = (self.norm1, self.norm2) if self.norm_first else (nothing, nothing)
        after = (nothing, nothing) if self.norm_first else (self.norm1, self.norm2)
        parts = (lambda h: self.self_attention(h, h, h, mask)[0], lambda h: self.feed_forward(h))
        for pre, part, post in zip(before, parts, after):
            x = post(torch.add(x, self.dropout(part(pre(x)))))
        return x
''',
    ),
    Style(
        "encoder-layer-four-axes",
        exercise="encoder_layer",
        code=ENCODER_INIT
        + """    def forward(self, x, mask=None):
        if mask is not None and mask.dim() == 3:
            mask = mask.unsqueeze(1)  # the same mask, with the axis of the heads
        print("encoder layer", tuple(x.shape))
        y = self.norm1(x) if self.norm_first else x.clone()
        x = x + F.dropout(self.self_attention(y, y, y, mask)[0], self.dropout.p, self.training)
        if self.norm_first:
            return x + F.dropout(self.feed_forward(self.norm2(x)), self.dropout.p, self.training)
        x = self.norm1(x)
        return self.norm2(x + F.dropout(self.feed_forward(x), self.dropout.p, self.training))
""",
    ),
]

DECODER_INIT = """class DecoderLayer(nn.Module):
    def __init__(self, d_model, heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        self.self_attention = MultiHeadAttention(d_model, heads, dropout)
        self.cross_attention = MultiHeadAttention(d_model, heads, dropout)
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.norm3 = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

"""

DECODER_LAYER = [
    Style(
        "decoder-layer-helpers",
        exercise="decoder_layer",
        code=DECODER_INIT
        + """    def _sa(self, x, mask):
        return self.dropout(self.self_attention(x, x, x, mask)[0])

    def _ca(self, x, memory, mask):
        return self.dropout(self.cross_attention(x, memory, memory, mask)[0])

    def _ff(self, x):
        return self.dropout(self.feed_forward(x))

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        if self.norm_first:
            x = x + self._sa(self.norm1(x), self_mask)
            x = x + self._ca(self.norm2(x), memory, memory_mask)
            x = x + self._ff(self.norm3(x))
        else:
            x = self.norm1(x + self._sa(x, self_mask))
            x = self.norm2(x + self._ca(x, memory, memory_mask))
            x = self.norm3(x + self._ff(x))
        return x
""",
    ),
    Style(
        "decoder-layer-loop",
        exercise="decoder_layer",
        code=DECODER_INIT
        + """    def forward(self, x, memory, self_mask=None, memory_mask=None):
        parts = [
            (self.norm1, lambda h: self.self_attention(h, h, h, self_mask)[0]),
            (self.norm2, lambda h: self.cross_attention(h, memory, memory, memory_mask)[0]),
            (self.norm3, self.feed_forward),
        ]
        for norm, part in parts:
            x = x + self.dropout(part(norm(x))) if self.norm_first else norm(x + self.dropout(part(x)))
        return x
""",
    ),
    Style(
        "decoder-layer-keywords",
        exercise="decoder_layer",
        code=DECODER_INIT
        + """    def forward(self, x, memory, self_mask=None, memory_mask=None):
        residual = x
        y = self.norm1(x) if self.norm_first else x
        y, _ = self.self_attention(query=y, key=y, value=y, mask=self_mask)
        x = residual + self.dropout(y)
        if not self.norm_first:
            x = self.norm1(x)

        residual = x
        y = self.norm2(x) if self.norm_first else x
        y, _ = self.cross_attention(query=y, key=memory, value=memory, mask=memory_mask)
        x = residual + self.dropout(y)
        if not self.norm_first:
            x = self.norm2(x)

        residual = x
        y = self.norm3(x) if self.norm_first else x
        x = residual + self.dropout(self.feed_forward(y))
        return x if self.norm_first else self.norm3(x)
""",
    ),
    Style(
        "decoder-layer-other-names",
        exercise="decoder_layer",
        code="""class DecoderLayer(nn.Module):
    def __init__(self, d_model, heads, d_ff, dropout=0.0, norm_first=False):
        super().__init__()
        self.self_attention, self.cross_attention = (MultiHeadAttention(d_model, heads, dropout) for _ in range(2))
        self.feed_forward = FeedForward(d_model, d_ff, dropout)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))
        self.p = dropout
        self.norm_first = norm_first

    def drop(self, x):
        return F.dropout(x, self.p, training=self.training)

    def forward(self, x, memory, self_mask=None, memory_mask=None):
        f = self.norm_first
        h = self.norm1(x) if f else x
        a = x + self.drop(self.self_attention(h, h, h, self_mask)[0])
        a = a if f else self.norm1(a)
        b = a + self.drop(self.cross_attention(self.norm2(a) if f else a, memory, memory, memory_mask)[0])
        b = b if f else self.norm2(b)
        c = b + self.drop(self.feed_forward(self.norm3(b) if f else b))
        return c if f else self.norm3(c)
""",
    ),
    Style(
        "decoder-layer-two-methods",
        exercise="decoder_layer",
        code=DECODER_INIT
        + """    def forward(self, x, memory, self_mask=None, memory_mask=None):
        return (self.pre if self.norm_first else self.post)(x, memory, self_mask, memory_mask)

    def pre(self, x, memory, self_mask, memory_mask):
        print("pre-norm", tuple(x.shape), tuple(memory.shape))
        h = self.norm1(x)
        x = torch.add(x, self.dropout(self.self_attention(h, h, h, self_mask)[0]))
        x = torch.add(x, self.dropout(self.cross_attention(self.norm2(x), memory, memory, memory_mask)[0]))
        return torch.add(x, self.dropout(self.feed_forward(self.norm3(x))))

    def post(self, x, memory, self_mask, memory_mask):
        x = self.norm1(self.dropout(self.self_attention(x, x, x, self_mask)[0]) + x)
        x = self.norm2(self.dropout(self.cross_attention(x, memory, memory, memory_mask)[0]) + x)
        return self.norm3(self.dropout(self.feed_forward(x)) + x)
""",
    ),
]

TRANSFORMER_INIT = """class Transformer(nn.Module):
    def __init__(self, source_vocab, target_vocab, d_model, heads, d_ff, layers, pad_id, dropout=0.0, norm_first=True):
        super().__init__()
        self.d_model, self.pad_id = d_model, pad_id
        self.source_embedding = nn.Embedding(source_vocab, d_model)
        self.target_embedding = nn.Embedding(target_vocab, d_model)
        nn.init.normal_(self.source_embedding.weight, std=d_model**-0.5)
        nn.init.normal_(self.target_embedding.weight, std=d_model**-0.5)
        self.encoder_layers = nn.ModuleList(EncoderLayer(d_model, heads, d_ff, dropout, norm_first) for _ in range(layers))
        self.decoder_layers = nn.ModuleList(DecoderLayer(d_model, heads, d_ff, dropout, norm_first) for _ in range(layers))
        self.encoder_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.decoder_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.dropout = nn.Dropout(dropout)

"""

TRANSFORMER = [
    Style(
        "transformer-three-axes",
        exercise="transformer",
        code=TRANSFORMER_INIT
        + """    def encode(self, source):
        N, S = source.shape
        pe = sinusoidal_positions(S, self.d_model)
        x = self.source_embedding(source) * self.d_model**0.5
        x = self.dropout(x + pe[None].to(x.dtype))
        keys = source.ne(self.pad_id)[:, None, :].expand(N, S, S)
        for layer in self.encoder_layers:
            x = layer(x, keys)
        return self.encoder_norm(x)

    def decode(self, target, memory, source):
        N, T = target.shape
        x = self.target_embedding(target) * self.d_model**0.5
        x = self.dropout(x + sinusoidal_positions(T, self.d_model)[None].to(x.dtype))
        order = torch.arange(T)
        own = (order[None, :] <= order[:, None])[None] & target.ne(self.pad_id)[:, None, :]
        cross = source.ne(self.pad_id)[:, None, :].expand(-1, T, -1)
        for layer in self.decoder_layers:
            x = layer(x, memory, own, cross)
        return F.linear(self.decoder_norm(x), self.target_embedding.weight)

    def forward(self, source, target):
        memory = self.encode(source)
        return self.decode(target, memory, source)
""",
    ),
    Style(
        "transformer-own-positions",
        exercise="transformer",
        code=TRANSFORMER_INIT
        + """    def add_positions(self, x):
        T, d = x.shape[1:]
        angle = torch.arange(T, dtype=x.dtype)[:, None] * torch.exp(-math.log(10000.0) * torch.arange(0, d, 2, dtype=x.dtype) / d)
        pe = torch.zeros(T, d, dtype=x.dtype)
        pe[:, 0::2], pe[:, 1::2] = torch.sin(angle), torch.cos(angle[:, : d // 2])
        return self.dropout(x + pe)

    def encode(self, source):
        x = self.add_positions(self.source_embedding(source) * math.sqrt(self.d_model))
        padding = (source != self.pad_id).view(len(source), 1, 1, -1)
        for layer in self.encoder_layers:
            x = layer(x, mask=padding)
        return self.encoder_norm(x)

    def decode(self, target, memory, source):
        T = target.size(1)
        x = self.add_positions(self.target_embedding(target) * math.sqrt(self.d_model))
        causal = ~torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)
        own = (target != self.pad_id).view(len(target), 1, 1, T) & causal[None, None]
        for layer in self.decoder_layers:
            x = layer(x, memory, self_mask=own, memory_mask=(source != self.pad_id).view(len(source), 1, 1, -1))
        return torch.einsum("ntd,vd->ntv", self.decoder_norm(x), self.target_embedding.weight)

    def forward(self, source, target):
        return self.decode(target=target, memory=self.encode(source), source=source)
""",
    ),
    Style(
        "transformer-causal-only",
        exercise="transformer",
        code=TRANSFORMER_INIT
        + '''    def encode(self, source):
        x = self.source_embedding(source) * math.sqrt(self.d_model)
        x = self.dropout(x + sinusoidal_positions(x.shape[1], x.shape[2]).type_as(x))
        for i in range(len(self.encoder_layers)):
            x = self.encoder_layers[i](x, (source != self.pad_id)[:, None, None])
        return self.encoder_norm(x)

    def decode(self, target, memory, source):
        """Padding stands at the end of the target, so the causal mask alone keeps real tokens from seeing it."""
        T = target.shape[1]
        x = self.target_embedding(target) * math.sqrt(self.d_model)
        x = self.dropout(x + sinusoidal_positions(T, self.d_model).type_as(x))
        causal = torch.ones(T, T).tril() == 1
        for i in range(len(self.decoder_layers)):
            x = self.decoder_layers[i](x, memory, causal, (source != self.pad_id)[:, None, None])
        return self.decoder_norm(x).matmul(self.target_embedding.weight.transpose(0, 1))

    def forward(self, source, target):
        return self.decode(target, self.encode(source), source)
''',
    ),
    Style(
        "transformer-padded-queries-masked-too",
        exercise="transformer",
        code=TRANSFORMER_INIT
        + """    def _in(self, table, ids):
        x = table(ids).mul(self.d_model**0.5)
        return self.dropout(x.add(sinusoidal_positions(ids.shape[1], self.d_model).to(x.dtype)))

    def encode(self, source):
        real = source != self.pad_id
        mask = real.unsqueeze(1) & real.unsqueeze(2)  # neither as key nor as query
        h = self._in(self.source_embedding, source)
        for layer in self.encoder_layers:
            h = layer(h, mask)
        return self.encoder_norm(h)

    def decode(self, target, memory, source):
        real, heard = target != self.pad_id, source != self.pad_id
        n = target.shape[1]
        mask = real.unsqueeze(1) & real.unsqueeze(2) & torch.tril(torch.ones(n, n)).bool()
        h = self._in(self.target_embedding, target)
        for layer in self.decoder_layers:
            h = layer(h, memory, mask, real.unsqueeze(2) & heard.unsqueeze(1))
        return self.decoder_norm(h) @ self.target_embedding.weight.t()

    def forward(self, source, target):
        return self.decode(target, self.encode(source), source)
""",
    ),
    Style(
        "transformer-buffer-and-linear",
        exercise="transformer",
        code=TRANSFORMER_INIT.replace(
            "        self.dropout = nn.Dropout(dropout)\n",
            """        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first
        self.register_buffer("positions", sinusoidal_positions(500, d_model), persistent=False)
        self.output = nn.Linear(d_model, target_vocab, bias=False)
        self.output.weight = self.target_embedding.weight
""",
        )
        + """    def embed(self, embedding, ids):
        x = embedding(ids) * math.sqrt(self.d_model) + self.positions[: ids.shape[1]]
        return self.dropout(x)

    def encode(self, source):
        x, mask = self.embed(self.source_embedding, source), (source != self.pad_id)[:, None, None, :]
        for layer in self.encoder_layers:
            x = layer(x, mask)
        return self.encoder_norm(x) if self.norm_first else x

    def decode(self, target, memory, source):
        x, T = self.embed(self.target_embedding, target), target.shape[1]
        mask = (target != self.pad_id)[:, None, None, :] & torch.ones((1, 1, T, T), dtype=torch.bool).tril()
        for layer in self.decoder_layers:
            x = layer(x, memory, mask, (source != self.pad_id)[:, None, None, :])
        return self.output(self.decoder_norm(x) if self.norm_first else x)

    def forward(self, source, target):
        print("source", tuple(source.shape), "target", tuple(target.shape))
        return self.decode(target, self.encode(source), source)
""",
    ),
    Style(
        "transformer-memory-zero-at-padding",
        exercise="transformer",
        code="""class Transformer(nn.Module):
    def __init__(
        self,
        source_vocab: int,
        target_vocab: int,
        d_model: int,
        heads: int,
        d_ff: int,
        layers: int,
        pad_id: int,
        dropout: float = 0.0,
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        self.d_model, self.pad_id = d_model, pad_id
        self.source_embedding = nn.Embedding(source_vocab, d_model)
        self.target_embedding = nn.Embedding(target_vocab, d_model)
        nn.init.normal_(self.source_embedding.weight, std=d_model**-0.5)
        nn.init.normal_(self.target_embedding.weight, std=d_model**-0.5)
        self.encoder_layers = nn.ModuleList(EncoderLayer(d_model, heads, d_ff, dropout, norm_first) for _ in range(layers))
        self.decoder_layers = nn.ModuleList(DecoderLayer(d_model, heads, d_ff, dropout, norm_first) for _ in range(layers))
        self.encoder_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.decoder_norm = nn.LayerNorm(d_model) if norm_first else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def encode(self, source):
        x = self.source_embedding(source) * math.sqrt(self.d_model)
        x = self.dropout(x + sinusoidal_positions(source.shape[1], self.d_model).to(x.dtype))
        real = source != self.pad_id
        mask = real[:, None, None, :]
        for layer in self.encoder_layers:
            x = layer(x, mask)
        return self.encoder_norm(x) * real.unsqueeze(-1)
    def decode(self, target, memory, source):
        T = target.shape[1]
        y = self.target_embedding(target) * math.sqrt(self.d_model)
        y = self.dropout(y + sinusoidal_positions(T, self.d_model).to(y.dtype))
        real = target != self.pad_id
        causal = torch.ones(T, T, dtype=torch.bool).tril()
        self_mask = causal & real[:, None, None, :] & real[:, None, :, None]
        for layer in self.decoder_layers:
            y = layer(y, memory, self_mask, (source != self.pad_id)[:, None, None, :])
        y = self.decoder_norm(y)
        return y @ self.target_embedding.weight.T
    def forward(self, source, target):
        return self.decode(target, self.encode(source), source)
""",
    ),
]

LABEL_SMOOTHING = [
    Style(
        "label-smoothing-whole-distribution",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    V = logits.size(-1)
    q = torch.full_like(logits, smoothing / (V - 1))
    q = q.scatter_add(-1, targets.unsqueeze(-1), torch.full_like(logits[..., :1], 1 - smoothing))
    q[..., pad_id] = 0
    q[targets == pad_id] = 0
    loss = -(q * F.log_softmax(logits, dim=-1)).sum()
    return loss / max(int((targets != pad_id).sum()), 1)
""",
    ),
    Style(
        "label-smoothing-real-tokens-only",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    keep = targets.ne(pad_id)
    if not keep.any():
        return (logits * 0).sum()
    rows, ids = logits[keep], targets[keep]
    V = rows.shape[-1]
    q = F.one_hot(ids, V).to(rows.dtype) * (1 - smoothing) + smoothing / (V - 1)
    q[:, pad_id] = 0.0
    return F.cross_entropy(rows, q)
""",
    ),
    Style(
        "label-smoothing-two-losses",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    v = logits.shape[-1]
    flat, ids = logits.reshape(-1, v), targets.reshape(-1)
    real = (ids != pad_id).to(logits.dtype)
    nll = F.cross_entropy(flat, ids, reduction="none")
    log_p = flat.log_softmax(-1)
    others = torch.cat([log_p[:, :pad_id], log_p[:, pad_id + 1 :]], dim=1)
    per_token = (1 - smoothing) * nll - smoothing * others.mean(dim=1)
    return torch.sum(per_token * real) / real.sum().clamp(min=1.0)
""",
    ),
    Style(
        "label-smoothing-loop",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    total, count = logits.sum() * 0.0, 0
    V = logits.shape[2]
    for n in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[n, t] == pad_id:
                continue
            log_p = logits[n, t] - torch.logsumexp(logits[n, t], dim=0)
            for k in range(V):
                if k != pad_id:
                    share = smoothing / (V - 1) + (1 - smoothing if k == targets[n, t] else 0.0)
                    total = total - share * log_p[k]
            count += 1
    return total / count if count else total
""",
    ),
    Style(
        "label-smoothing-kl",
        exercise="label_smoothing",
        code='''def label_smoothing_loss(logits, targets, smoothing, pad_id):
    """Kullback-Leibler divergence plus the entropy of the target distribution, which is the same for all tokens."""
    V = logits.shape[-1]
    share = smoothing / (V - 1)
    top = 1 - smoothing + share
    q = torch.where(F.one_hot(targets, V).bool(), top, share).to(logits.dtype)
    q = q * (torch.arange(V) != pad_id)
    kl = F.kl_div(torch.log_softmax(logits, -1), q, reduction="none").sum(-1)
    entropy = -top * math.log(top) - (V - 2) * (share * math.log(share) if share > 0 else 0.0)
    real = targets != pad_id
    print("real tokens:", int(real.sum()))
    return torch.where(real, kl + entropy, 0.0).sum() / real.sum().clamp(min=1)
''',
    ),
    Style(
        "label-smoothing-one-hot-in-float32",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    V = logits.shape[-1]
    logp = torch.log_softmax(logits, dim=-1)
    q = torch.full_like(logits, smoothing / (V - 1))
    q = q + (1 - smoothing) * F.one_hot(targets, V)
    q[..., pad_id] = 0
    losses = -(q * logp).sum(-1)
    real = targets != pad_id
    return (losses * real).sum() / real.sum().clamp(min=1)
""",
    ),
    Style(
        "label-smoothing-cross-entropy-of-distributions",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    V = logits.shape[-1]
    q = F.one_hot(targets, V).to(logits.dtype) * (1 - smoothing) + smoothing / (V - 1)
    q = q * (torch.arange(V) != pad_id)
    per = F.cross_entropy(logits.transpose(1, 2), q.transpose(1, 2), reduction="none")
    w = (targets != pad_id).to(logits.dtype)
    return (per * w).sum() / torch.maximum(w.sum(), torch.ones(()).to(w))
""",
    ),
    Style(
        "label-smoothing-in-float32",
        exercise="label_smoothing",
        code="""def label_smoothing_loss(logits, targets, smoothing, pad_id):
    log_p = logits.float().log_softmax(-1)
    share = smoothing / (logits.size(-1) - 1)
    q = torch.full_like(log_p, share).scatter(-1, targets.unsqueeze(-1), 1 - smoothing + share)
    q[..., pad_id] = 0
    real = targets.ne(pad_id)
    return (-(q * log_p).sum(-1) * real).sum().div(real.sum().clamp(min=1)).to(logits.dtype)
""",
    ),
]

WARMUP_SCHEDULE = [
    Style(
        "warmup-schedule-branches",
        exercise="warmup_schedule",
        code="""def warmup_learning_rate(step, d_model, warmup):
    if step <= 0:
        raise ValueError("step must be positive")
    if step < warmup:
        return step / (math.sqrt(d_model) * warmup * math.sqrt(warmup))
    return 1.0 / math.sqrt(d_model * step)
""",
    ),
    Style(
        "warmup-schedule-pow",
        exercise="warmup_schedule",
        code="""def warmup_learning_rate(step, d_model, warmup):
    if not step >= 1:
        raise ValueError(step)
    candidates = [math.pow(step, -0.5), step * math.pow(warmup, -1.5)]
    print(candidates)
    return math.pow(d_model, -0.5) * sorted(candidates)[0]
""",
    ),
    Style(
        "warmup-schedule-exponentials",
        exercise="warmup_schedule",
        code="""def warmup_learning_rate(step: int, d_model: int, warmup: int) -> float:
    if step < 1:
        raise ValueError("steps count from 1")
    return math.exp(-0.5 * math.log(d_model) + min(-0.5 * math.log(step), math.log(step) - 1.5 * math.log(warmup)))
""",
    ),
    Style(
        "warmup-schedule-peak",
        exercise="warmup_schedule",
        code='''class BadStep(ValueError):
    pass


def warmup_learning_rate(step, d_model, warmup):
    """The top, times what is left of it."""
    if step < 1:
        raise BadStep(f"step {step}")
    peak = (d_model * warmup) ** -0.5
    return peak * min(step / warmup, (warmup / step) ** 0.5)
''',
    ),
    Style(
        "warmup-schedule-torch",
        exercise="warmup_schedule",
        code="""def warmup_learning_rate(step, d_model, warmup):
    if step < 1:
        raise ValueError
    s, w, d = (torch.tensor(float(number), dtype=torch.float64) for number in (step, warmup, d_model))
    return (d.rsqrt() * torch.minimum(s.rsqrt(), s * w.pow(-1.5))).item()
""",
    ),
    Style(
        "warmup-schedule-float32",
        exercise="warmup_schedule",
        code="""def warmup_learning_rate(step, d_model, warmup):
    if step < 1:
        raise ValueError("step")
    s = torch.tensor(float(step))
    return (torch.tensor(float(d_model)) ** -0.5 * torch.minimum(s**-0.5, s * torch.tensor(float(warmup)) ** -1.5)).item()
""",
    ),
]

BEAM_SEARCH = [
    Style(
        "beam-search-topk",
        exercise="beam_search",
        code="""def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    prefixes = torch.tensor([[bos_id]])
    totals = torch.zeros(1, dtype=torch.float64)
    best_tokens, best_score = None, -float("inf")
    for length in range(1, max_length + 1):
        table = totals.unsqueeze(1) + log_probs(prefixes)  # (n, V)
        V = table.shape[1]
        values, places = torch.topk(table.flatten(), min(beam, table.numel()))
        rows, tokens = places // V, places % V
        prefixes = torch.cat([prefixes[rows], tokens.unsqueeze(1)], dim=1)
        ended = tokens == eos_id
        final = ended if length < max_length else torch.ones_like(ended)
        for prefix, value in zip(prefixes[final], values[final]):
            score = value.item() / ((5 + length) / 6) ** alpha
            if best_tokens is None or score > best_score:
                best_tokens, best_score = prefix.tolist(), score
        prefixes, totals = prefixes[~ended], values[~ended]
        if len(prefixes) == 0:
            break
    return best_tokens, best_score
""",
    ),
    Style(
        "beam-search-heapq",
        exercise="beam_search",
        code="""import heapq


def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    def score_of(log_p, n_tokens):
        return log_p / math.pow((5 + n_tokens) / (5 + 1), alpha)

    beams, finished = [(0.0, (bos_id,))], []
    while beams and len(beams[0][1]) <= max_length:
        rows = log_probs(torch.tensor([tokens for _, tokens in beams], dtype=torch.long))
        candidates = [(total + float(lp), tokens + (i,)) for (total, tokens), row in zip(beams, rows) for i, lp in enumerate(row)]
        beams = []
        for total, tokens in heapq.nlargest(beam, candidates):
            (finished if tokens[-1] == eos_id else beams).append((total, tokens))
    finished += beams
    total, tokens = max(finished, key=lambda entry: score_of(entry[0], len(entry[1]) - 1))
    return list(tokens), score_of(total, len(tokens) - 1)
""",
    ),
    Style(
        "beam-search-classes",
        exercise="beam_search",
        code="""from dataclasses import dataclass


@dataclass
class Hypothesis:
    tokens: list
    total: float

    def grown(self, token, log_p):
        return Hypothesis(self.tokens + [token], self.total + log_p)

    def score(self, alpha):
        return self.total / (((5 + len(self.tokens) - 1) ** alpha) / (6**alpha))


def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    alive, finished = [Hypothesis([bos_id], 0.0)], []
    for _ in range(max_length):
        if not alive:
            break
        table = log_probs(torch.LongTensor([h.tokens for h in alive]))
        grown = [h.grown(token, table[i, token].item()) for i, h in enumerate(alive) for token in range(table.shape[1])]
        grown = sorted(grown, key=lambda h: -h.total)[:beam]
        finished.extend(h for h in grown if h.tokens[-1] == eos_id)
        alive = [h for h in grown if h.tokens[-1] != eos_id]
        print(len(alive), "alive,", len(finished), "finished")
    best = sorted(finished + alive, key=lambda h: h.score(alpha), reverse=True)[0]
    return best.tokens, best.score(alpha)
""",
    ),
    Style(
        "beam-search-each-prefix-alone",
        exercise="beam_search",
        code='''def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    """Asks about one prefix at a time, and cuts off what can't win any more."""
    live, winner = {(bos_id,): 0.0}, None
    longest = ((5 + max_length) / 6) ** alpha
    for t in range(1, max_length + 1):
        grown = {}
        for prefix, total in live.items():
            row = log_probs(torch.tensor([prefix]))[0].tolist()
            for token, lp in enumerate(row):
                grown[(*prefix, token)] = total + lp
        kept = sorted(grown.items(), key=lambda item: item[1], reverse=True)[:beam]
        live = {}
        for prefix, total in kept:
            score = total / ((5 + t) / 6) ** alpha
            if prefix[-1] == eos_id or t == max_length:
                if winner is None or score > winner[1]:
                    winner = (list(prefix), score)
            else:
                live[prefix] = total
        if winner is not None and all(total / longest <= winner[1] for total in live.values()):
            break
    return winner
''',
    ),
    Style(
        "beam-search-numpy",
        exercise="beam_search",
        code="""import numpy as np


def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    live, totals, done = np.array([[bos_id]]), np.zeros(1), []
    for t in range(max_length):
        table = totals[:, None] + np.asarray(log_probs(torch.from_numpy(live)))
        order = np.argsort(-table.ravel(), kind="stable")[:beam]
        rows, tokens = np.unravel_index(order, table.shape)
        grown, sums = np.concatenate([live[rows], tokens[:, None]], axis=1), table[rows, tokens]
        over = (tokens == eos_id) | (t + 1 == max_length)
        done.extend(zip(grown[over].tolist(), (sums[over] / ((6 + t) / 6) ** alpha).tolist()))
        live, totals = grown[~over], sums[~over]
        if live.size == 0:
            break
    scores = [score for _, score in done]
    return done[int(np.argmax(scores))]
""",
    ),
    Style(
        "beam-search-recursive",
        exercise="beam_search",
        code="""def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    def penal(total, n): return total / math.exp(alpha * math.log((5 + n) / 6))
    def step(live, n):
        if not live: return []
        if n > max_length: return [(t, penal(s, n - 1)) for t, s in live]
        lp = log_probs(torch.as_tensor([t for t, _ in live]))
        cand = sorted(((s + lp[i, v].item(), t + [v]) for i, (t, s) in enumerate(live) for v in range(lp.size(1))), reverse=True)[:beam]
        fin = [(t, penal(s, n)) for s, t in cand if t[-1] == eos_id]
        return fin + step([(t, s) for s, t in cand if t[-1] != eos_id], n + 1)
    tokens, score = max(step([([bos_id], 0.0)], 1), key=lambda p: p[1])
    return tokens, score
""",
    ),
    Style(
        "beam-search-stops-when-nothing-can-win",
        exercise="beam_search",
        code='''def beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha):
    """Stops when no live hypothesis can win any more: the log-probability only falls, the divisor is at most lp(max_length)."""
    live, best = [([bos_id], 0.0)], (None, -math.inf)
    biggest = ((5 + max_length) / 6) ** alpha
    for n in range(1, max_length + 1):
        out = log_probs(torch.tensor([t for t, _ in live])).tolist()
        cand = sorted(((t + [v], s + x) for (t, s), row in zip(live, out) for v, x in enumerate(row)), key=lambda c: c[1], reverse=True)[:beam]
        live = []
        for t, s in cand:
            if t[-1] == eos_id or n == max_length:
                sc = s / ((5 + n) / 6) ** alpha
                if best[0] is None or sc > best[1]: best = (t, sc)
            else: live.append((t, s))
        if not live or live[0][1] / biggest < best[1]: break
    return best
''',
    ),
]

PRONOUNCE = [
    Style(
        "pronounce-all-encoded-together",
        exercise="pronounce",
        code="""@torch.no_grad()
def pronounce(model, source, bos_id, eos_id, beam, max_length, alpha):
    memories = model.encode(source)
    results = []
    for i in range(source.shape[0]):
        def log_probs(prefixes, i=i):
            k = prefixes.shape[0]
            logits = model.decode(prefixes, memories[i : i + 1].repeat(k, 1, 1), source[i : i + 1].repeat(k, 1))
            return F.log_softmax(logits[:, -1, :], dim=-1)

        tokens, score = beam_search(log_probs, bos_id, eos_id, beam, max_length, alpha)
        tokens = tokens[1:]
        if tokens and tokens[-1] == eos_id:
            tokens = tokens[:-1]
        results.append(tokens)
    return results
""",
    ),
    Style(
        "pronounce-padding-cut-off",
        exercise="pronounce",
        code="""def pronounce(model, source, bos_id, eos_id, beam, max_length, alpha):
    answers = []
    for row in source:
        word = row[row != model.pad_id].unsqueeze(0)
        with torch.no_grad():
            memory = model.encode(word)
            ask = lambda p: model.decode(p, memory.expand(len(p), *memory.shape[1:]), word.expand(len(p), word.shape[1]))[:, -1].log_softmax(-1)
            best, _ = beam_search(ask, bos_id, eos_id, beam, max_length, alpha)
        answers.append([int(t) for t in best if t not in (bos_id, eos_id)])
    return answers
""",
    ),
    Style(
        "pronounce-class",
        exercise="pronounce",
        code="""class Scorer:
    def __init__(self, model, row):
        self.model, self.row, self.memory = model, row, model.encode(row)

    def __call__(self, prefixes):
        n = prefixes.size(0)
        memory = torch.cat([self.memory] * n)
        rows = torch.cat([self.row] * n)
        scores = self.model.decode(prefixes, memory, rows)[:, -1]
        return scores - torch.logsumexp(scores, dim=1, keepdim=True)


def pronounce(model, source, bos_id, eos_id, beam, max_length, alpha):
    with torch.no_grad():
        found = [beam_search(Scorer(model, source[n : n + 1]), bos_id, eos_id, beam, max_length, alpha) for n in range(len(source))]
    print("scores", [round(score, 2) for _, score in found])
    return [tokens[1:-1] if tokens[-1] == eos_id else tokens[1:] for tokens, _ in found]
""",
    ),
    Style(
        "pronounce-keywords",
        exercise="pronounce",
        code="""def pronounce(model, source, bos_id, eos_id, beam=1, max_length=12, alpha=0.6):
    def one(row):
        memory = model.encode(row)

        def log_probs(prefixes):
            n = len(prefixes)
            logits = model.decode(target=prefixes, memory=memory.expand(n, -1, -1), source=row.expand(n, -1))
            return torch.log_softmax(logits, dim=-1)[:, prefixes.shape[1] - 1]

        tokens, _ = beam_search(log_probs=log_probs, bos_id=bos_id, eos_id=eos_id, beam=beam, max_length=max_length, alpha=alpha)
        end = tokens.index(eos_id) if eos_id in tokens else len(tokens)
        return tokens[1:end]

    with torch.no_grad():
        return [one(row.unsqueeze(0)) for row in source]
""",
    ),
    Style(
        "pronounce-own-search",
        exercise="pronounce",
        code='''def pronounce(model, source, bos_id, eos_id, beam, max_length, alpha):
    """With a beam search of its own."""
    answers = []
    with torch.no_grad():
        memory = model.encode(source)
        for m, s in zip(memory.split(1), source.split(1)):
            live, done = [([bos_id], 0.0)], []
            for n in range(1, max_length + 1):
                ids = torch.tensor([t for t, _ in live])
                lp = torch.log_softmax(model.decode(ids, m.expand(len(ids), -1, -1), s.expand(len(ids), -1))[:, -1], dim=-1)
                grown = [(t + [k], total + lp[i, k].item()) for i, (t, total) in enumerate(live) for k in range(lp.shape[1])]
                grown = sorted(grown, key=lambda g: -g[1])[:beam]
                done += [(total / ((5 + n) / 6) ** alpha, t) for t, total in grown if t[-1] == eos_id or n == max_length]
                live = [g for g in grown if g[0][-1] != eos_id]
                if not live:
                    break
            answers.append([t for t in max(done)[1][1:] if t != eos_id])
    return answers
''',
    ),
    Style(
        "pronounce-rows-by-index",
        exercise="pronounce",
        code="""def pronounce(model, source, bos_id, eos_id, beam, max_length, alpha):
    memory = None
    with torch.no_grad():
        memory = model.encode(source)
    def make(i):
        def log_probs(prefixes):
            which = torch.full((len(prefixes),), i)
            with torch.no_grad():
                return model.decode(prefixes, memory[which], source[which])[:, -1].log_softmax(dim=-1)
        return log_probs
    answers = []
    for i in range(len(source)):
        tokens = beam_search(make(i), bos_id, eos_id, beam, max_length, alpha)[0][1:]
        answers.append(tokens[:-1] if tokens[-1] == eos_id else tokens)
    return answers
""",
    ),
]

STYLES = [
    *SINUSOIDAL_POSITIONS,
    *LAYER_NORM,
    *MULTI_HEAD_ATTENTION,
    *FEED_FORWARD,
    *ENCODER_LAYER,
    *DECODER_LAYER,
    *TRANSFORMER,
    *LABEL_SMOOTHING,
    *WARMUP_SCHEDULE,
    *BEAM_SEARCH,
    *PRONOUNCE,
]
