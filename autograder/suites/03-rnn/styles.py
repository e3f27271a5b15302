"""Right answers to the exercises of 03-rnn in other styles: each must earn full marks."""

from autograder.catalogue import Style


def style(exercise, short, code):
    """An entry whose id is the exercise's name and a short one."""
    return Style(f"{exercise}-{short}", exercise=exercise, code=code)


CELL = [
    style(
        "rnn_cell",
        "loops",
        """
import math


def rnn_cell_forward(x, h_prev, w_x, w_h, b):
    rows, units = h_prev.shape
    out = np.zeros((rows, units))
    for r in range(rows):
        for u in range(units):
            total = float(b[u])
            for i in range(x.shape[1]):
                total += x[r, i] * w_x[i, u]
            for k in range(units):
                total += h_prev[r, k] * w_h[k, u]
            out[r, u] = math.tanh(total)
    return out


def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h):
    gx, gh = np.zeros(x.shape), np.zeros(h_prev.shape)
    gwx, gwh, gb = np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(w_h.shape[0])
    for r in range(len(x)):
        for u in range(len(gb)):
            da = d_h[r, u] * (1 - h[r, u]) * (1 + h[r, u])
            gb[u] += da
            for i in range(x.shape[1]):
                gx[r, i] += da * w_x[i, u]
                gwx[i, u] += da * x[r, i]
            for k in range(len(gb)):
                gh[r, k] += da * w_h[k, u]
                gwh[k, u] += da * h_prev[r, k]
    return gx, gh, gwx, gwh, gb
""",
    ),
    style(
        "rnn_cell",
        "einsum",
        """
def rnn_cell_forward(x, h_prev, w_x, w_h, b):
    print("one step for", len(x), "rows")
    return np.tanh(np.einsum("nd,dh->nh", x, w_x) + np.einsum("nk,kh->nh", h_prev, w_h) + b[None])


def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h):
    g = d_h - d_h * np.square(h)
    return (
        np.einsum("nh,dh->nd", g, w_x),
        np.einsum("nh,kh->nk", g, w_h),
        np.einsum("nd,nh->dh", x, g),
        np.einsum("nk,nh->kh", h_prev, g),
        np.einsum("nh->h", g),
    )
""",
    ),
    style(
        "rnn_cell",
        "one-product",
        """
def together(left, right):
    return np.concatenate([left, right], axis=1)


def rnn_cell_forward(x, h_prev, w_x, w_h, b):
    return np.tanh(together(x, h_prev) @ np.vstack([w_x, w_h]) + b)


def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h):
    D = x.shape[1]
    d_a = (1 - h * h) * d_h
    d_in = d_a @ np.vstack((w_x, w_h)).T
    d_w = together(x, h_prev).T @ d_a
    return [d_in[:, :D], d_in[:, D:], d_w[:D], d_w[D:], np.ones(len(x)) @ d_a]
""",
    ),
    style(
        "rnn_cell",
        "lambda",
        """
rnn_cell_forward = lambda x, h_prev, w_x, w_h, b: np.tanh(np.dot(x, w_x) + np.dot(h_prev, w_h) + b)


def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h):
    delta = np.multiply(d_h, 1 - np.power(h, 2))
    d_b = np.sum(delta, 0)
    return delta.dot(w_x.T), delta.dot(w_h.T), np.dot(delta.T, x).T, np.dot(delta.T, h_prev).T, d_b
""",
    ),
    style(
        "rnn_cell",
        "casts-first",
        """
def _floats(*arrays):
    return [np.array(a, dtype=np.float64) for a in arrays]


def rnn_cell_forward(x, h_prev, w_x, w_h, b):
    x, h_prev, w_x, w_h, b = _floats(x, h_prev, w_x, w_h, b)
    a = x @ w_x
    a += h_prev @ w_h
    a += b
    e = np.exp(-2 * np.abs(a))
    return np.sign(a) * (1 - e) / (1 + e)


def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h):
    d_a, x, h_prev, h, w_x, w_h = _floats(d_h, x, h_prev, h, w_x, w_h)
    d_a *= 1 - h ** 2
    outer_x = x[:, :, None] * d_a[:, None, :]
    outer_h = h_prev[:, :, None] * d_a[:, None, :]
    return d_a @ w_x.T, d_a @ w_h.T, outer_x.sum(0), outer_h.sum(0), d_a.sum(0)
""",
    ),
    style(
        "rnn_cell",
        "object",
        """
class Cell:
    def __init__(self, w_x, w_h, b=None): self.w_x, self.w_h, self.b = w_x, w_h, b
    def __call__(self, x, h): return np.array([np.tanh(self.w_x.T @ xi + self.w_h.T @ hi + self.b) for xi, hi in zip(x, h)])
    def back(self, d_h, x, h_prev, h):
        d_a = [g * (1.0 - s ** 2) for g, s in zip(d_h, h)]
        return (np.stack([self.w_x @ a for a in d_a]), np.stack([self.w_h @ a for a in d_a]),
                sum(np.outer(xi, a) for xi, a in zip(x, d_a)), sum(np.outer(hi, a) for hi, a in zip(h_prev, d_a)), sum(d_a))
def rnn_cell_forward(x, h_prev, w_x, w_h, b): return Cell(w_x, w_h, b)(x, h_prev)
def rnn_cell_backward(d_h, x, h_prev, h, w_x, w_h): return Cell(w_x, w_h).back(d_h, x, h_prev, h)
""",
    ),
]

SEQUENCE = [
    style(
        "rnn_sequence",
        "with-cells",
        """
def one_step(x, h_prev, w_x, w_h, b):
    return np.tanh(x @ w_x + h_prev @ w_h + b)


def rnn_forward(x, h_0, w_x, w_h, b):
    states = []
    for t in range(x.shape[1]):
        states.append(one_step(x[:, t], states[-1] if states else h_0, w_x, w_h, b))
    return np.stack(states, axis=1)


def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    before = np.concatenate([h_0[:, None], h[:, :-1]], axis=1)
    d_x = np.zeros(x.shape)
    d_w_x, d_w_h, d_b = np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(w_h.shape[0])
    future = np.zeros(h_0.shape)
    for t in range(x.shape[1] - 1, -1, -1):
        delta = (d_h[:, t] + future) * (1 - h[:, t] ** 2)
        d_x[:, t] = delta @ w_x.T
        future = delta @ w_h.T
        d_w_x += x[:, t].T @ delta
        d_w_h += before[:, t].T @ delta
        d_b += delta.sum(axis=0)
    return d_x, future, d_w_x, d_w_h, d_b
""",
    ),
    style(
        "rnn_sequence",
        "time-first",
        """
def rnn_forward(x, h_0, w_x, w_h, b):
    xs = np.swapaxes(x, 0, 1)
    hs = np.zeros((len(xs) + 1,) + h_0.shape)
    hs[0] = h_0
    for t, x_t in enumerate(xs):
        hs[t + 1] = np.tanh(x_t @ w_x + hs[t] @ w_h + b)
    return np.swapaxes(hs[1:], 0, 1)


def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    xs, hs, gs = (np.swapaxes(a, 0, 1) for a in (x, h, d_h))
    hs = np.concatenate([h_0[None], hs])
    deltas = [None] * len(xs)
    carry = 0.0
    for t in range(len(xs))[::-1]:
        deltas[t] = (gs[t] + carry) * (1 - hs[t + 1] * hs[t + 1])
        carry = deltas[t] @ w_h.T
    deltas = np.array(deltas)
    d_x = np.swapaxes(deltas @ w_x.T, 0, 1)
    return (
        d_x,
        carry,
        np.einsum("tnd,tnh->dh", xs, deltas),
        np.einsum("tnk,tnh->kh", hs[:-1], deltas),
        deltas.sum((0, 1)),
    )
""",
    ),
    style(
        "rnn_sequence",
        "recursion",
        '''
def rnn_forward(x, h_0, w_x, w_h, b):
    first = np.tanh(x[:, 0] @ w_x + h_0 @ w_h + b)[:, None]
    if x.shape[1] == 1:
        return first
    return np.concatenate([first, rnn_forward(x[:, 1:], first[:, 0], w_x, w_h, b)], axis=1)


def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    """The tail of the sequence first: its h_0 is the first state of ours."""
    d_first = d_h[:, 0] * 1.0
    rest_x, d_w_x, d_w_h, d_b = None, 0.0, 0.0, 0.0
    if x.shape[1] > 1:
        rest_x, d_back, d_w_x, d_w_h, d_b = rnn_backward(d_h[:, 1:], x[:, 1:], h[:, 0], h[:, 1:], w_x, w_h)
        d_first = d_first + d_back
    d_a = d_first * (1 - h[:, 0] ** 2)
    d_x = (d_a @ w_x.T)[:, None]
    if rest_x is not None:
        d_x = np.concatenate([d_x, rest_x], axis=1)
    return d_x, d_a @ w_h.T, d_w_x + x[:, 0].T @ d_a, d_w_h + h_0.T @ d_a, d_b + d_a.sum(0)
''',
    ),
    style(
        "rnn_sequence",
        "row-by-row",
        """
def rnn_forward(x, h_0, w_x, w_h, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, w_h.shape[0]), dtype=np.float64)
    for n in range(N):
        now = h_0[n]
        for t in range(T):
            now = np.tanh(w_x.T @ x[n, t] + w_h.T @ now + b)
            h[n, t] = now
    print(h.shape)
    return h


def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    N, T, _ = x.shape
    d_x, d_h_0 = np.zeros(x.shape), np.zeros(h_0.shape)
    d_w_x, d_w_h, d_b = np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(h.shape[2])
    for n in range(N):
        back = np.zeros(h.shape[2])
        for t in reversed(range(T)):
            d_a = (d_h[n, t] + back) * (1 - h[n, t] ** 2)
            prev = h[n, t - 1] if t else h_0[n]
            d_x[n, t] = w_x @ d_a
            back = w_h @ d_a
            d_w_x += np.outer(x[n, t], d_a)
            d_w_h += np.outer(prev, d_a)
            d_b += d_a
        d_h_0[n] = back
    return [d_x, d_h_0, d_w_x, d_w_h, d_b]
""",
    ),
    style(
        "rnn_sequence",
        "copies-and-views",
        """
def rnn_forward(x, h_0, w_x, w_h, b):
    h = np.matmul(x, w_x).astype(float) + b
    h[:, 0] = np.tanh(h[:, 0] + h_0 @ w_h)
    for t in range(1, h.shape[1]):
        np.tanh(h[:, t] + h[:, t - 1] @ w_h, out=h[:, t])
    return h


def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    d = np.array(d_h, dtype=float)
    T = d.shape[1]
    slope = 1 - h ** 2
    d[:, T - 1] *= slope[:, T - 1]
    for t in range(T - 2, -1, -1):
        d[:, t] += d[:, t + 1] @ w_h.T
        d[:, t] *= slope[:, t]
    flat = d.reshape(-1, d.shape[2])
    shifted = np.zeros(h.shape)
    shifted[:, 0], shifted[:, 1:] = h_0, h[:, :-1]
    d_w_x = x.reshape(-1, x.shape[2]).T @ flat
    d_w_h = shifted.reshape(-1, h.shape[2]).T @ flat
    return d @ w_x.T, d[:, 0] @ w_h.T, d_w_x, d_w_h, flat.sum(axis=0)
""",
    ),
    style(
        "rnn_sequence",
        "accumulate",
        """
def _step(x, h, wx, wh, b): return np.tanh(x @ wx + h @ wh + b)
def rnn_forward(x, h_0, w_x, w_h, b):
    import itertools
    states = itertools.accumulate(np.moveaxis(x, 1, 0), lambda h, xt: _step(xt, h, w_x, w_h, b), initial=h_0)
    next(states)
    return np.moveaxis(np.array(list(states)), 0, 1)
def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    xs, ds, hs = x.swapaxes(0, 1), d_h.swapaxes(0, 1), h.swapaxes(0, 1)
    befores = [h_0, *hs[:-1]]
    totals = [np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(w_h.shape[1])]
    carry = np.zeros(np.shape(h_0)); dxs = []
    for xt, dt, ht, bt in list(zip(xs, ds, hs, befores))[::-1]:
        g = (dt + carry) * (1 - ht * ht)
        carry = g @ w_h.T
        dxs.insert(0, g @ w_x.T)
        totals = [totals[0] + xt.T @ g, totals[1] + bt.T @ g, totals[2] + np.sum(g, 0)]
    return (np.array(dxs).swapaxes(0, 1), carry, *totals)
""",
    ),
    style(
        "rnn_sequence",
        "gradients-of-states-first",
        """
def rnn_forward(x, h_0, w_x, w_h, b):
    h = np.zeros((len(x), x.shape[1] + 1, len(b)))
    h[:, 0] = h_0
    for t in range(x.shape[1]):
        h[:, t + 1] = np.tanh(x[:, t] @ w_x + h[:, t] @ w_h + b)
    return h[:, 1:]
def rnn_backward(d_h, x, h_0, h, w_x, w_h):
    N, T, H = h.shape
    total = np.array(d_h, dtype=np.float64)      # gradient of each state, future included
    for t in range(T - 1, 0, -1):
        total[:, t - 1] += (total[:, t] * (1 - h[:, t] ** 2)) @ w_h.T
    a = total * (1 - np.asarray(h, float) ** 2)
    flat = a.reshape(N * T, H)
    before = np.concatenate((h_0[:, None], h), 1)[:, :T]
    return ((flat @ w_x.T).reshape(x.shape), a[:, 0] @ w_h.T, np.reshape(x, (N * T, -1)).T @ flat, before.reshape(N * T, H).T @ flat, flat.sum(axis=0))
""",
    ),
]

CLIP = [
    style(
        "clip_gradients",
        "one-long-vector",
        """
def clip_gradients(grads, max_norm):
    together = np.concatenate([np.ravel(g) for g in grads.values()])
    norm = np.linalg.norm(together)
    if norm <= max_norm:
        return {k: np.array(v, dtype=float) for k, v in grads.items()}, norm
    return {k: v / norm * max_norm for k, v in grads.items()}, norm
""",
    ),
    style(
        "clip_gradients",
        "loops",
        """
def clip_gradients(grads, max_norm):
    total = 0.0
    for name in grads:
        for entry in np.nditer(grads[name]):
            total += float(entry) ** 2
    norm = total ** 0.5
    result = dict()
    for name in grads:
        result[name] = np.copy(grads[name]).astype("float64")
        if norm > max_norm:
            result[name] *= max_norm / norm
    return result, norm
""",
    ),
    style(
        "clip_gradients",
        "norm-of-norms",
        """
def clip_gradients(grads, max_norm):
    norms = [np.linalg.norm(np.ravel(g)) for g in grads.values()]
    norm = np.hypot.reduce(norms)
    scale = 1.0 / max(1.0, norm / max_norm)
    return dict((name, scale * g) for name, g in grads.items()), norm
""",
    ),
    style(
        "clip_gradients",
        "casts-into-a-new-dict",
        """
def clip_gradients(grads, max_norm):
    grads = {key: np.array(value, dtype=float) for key, value in grads.items()}
    norm = float(np.sqrt(sum((g**2).sum() for g in grads.values())))
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return grads, norm
""",
    ),
    style(
        "clip_gradients",
        "errstate",
        """
def clip_gradients(grads, max_norm):
    squares = [np.vdot(g, g) for g in grads.values()]
    norm = np.sqrt(np.float64(np.sum(squares)))
    with np.errstate(divide="ignore"):
        factor = np.minimum(1.0, np.divide(max_norm, norm))
    print("norm", norm)
    return {name: np.multiply(g, factor) for name, g in grads.items()}, norm
""",
    ),
    style(
        "clip_gradients",
        "fsum",
        """
import math
def clip_gradients(grads, max_norm):
    norm = math.sqrt(math.fsum(float(e) ** 2 for g in grads.values() for e in g.flat))
    clipped = {}
    for name, g in grads.items():
        clipped[name] = np.array([e * max_norm / norm if norm > max_norm else float(e) for e in g.flat], dtype=float).reshape(g.shape)
    return clipped, norm
""",
    ),
]

LOSS = [
    style(
        "sequence_loss",
        "loops",
        """
import math


def sequence_loss(logits, targets, mask):
    N, T, V = logits.shape
    count = int(mask.sum())
    loss, grad = 0.0, np.zeros((N, T, V))
    for n in range(N):
        for t in range(T):
            if not mask[n, t]:
                continue
            z = [float(v) for v in logits[n, t]]
            top = max(z)
            total = sum(math.exp(v - top) for v in z)
            loss += math.log(total) + top - z[targets[n, t]]
            for v in range(V):
                grad[n, t, v] = math.exp(z[v] - top) / total / count
            grad[n, t, targets[n, t]] -= 1 / count
    return (loss / count if count else 0.0), grad
""",
    ),
    style(
        "sequence_loss",
        "real-places-only",
        """
def sequence_loss(logits, targets, mask):
    d_logits = np.zeros(logits.shape)
    if not mask.any():
        return 0.0, d_logits
    z, y = logits[mask].astype(float), targets[mask]
    z -= z.max(axis=1, keepdims=True)
    rows = np.arange(len(y))
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[rows, y])
    p[rows, y] -= 1
    d_logits[mask] = p / len(y)
    return loss, d_logits
""",
    ),
    style(
        "sequence_loss",
        "put-along-axis",
        """
def sequence_loss(logits, targets, mask):
    weight = mask / max(1, np.count_nonzero(mask))
    top = np.max(logits, axis=-1, keepdims=True)
    log_z = np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)) + top
    index = np.expand_dims(targets, -1)
    surprise = (log_z - np.take_along_axis(logits, index, axis=-1))[..., 0]
    loss = float((surprise * weight).sum())
    grad = np.exp(logits - log_z)
    np.put_along_axis(grad, index, np.take_along_axis(grad, index, axis=-1) - 1, axis=-1)
    return loss, grad * weight[..., None]
""",
    ),
    style(
        "sequence_loss",
        "one-hot",
        """
def sequence_loss(logits, targets, mask):
    hot = np.eye(logits.shape[-1])[targets]
    e = logits - np.amax(logits, axis=2)[:, :, None]
    log_softmax = e - np.log(np.sum(np.exp(e), axis=2))[:, :, None]
    M = mask.astype(float).sum()
    print("real places:", M)
    if M == 0:
        return 0.0, np.zeros_like(logits, dtype=float)
    loss = -np.einsum("ntv,ntv,nt->", hot, log_softmax, mask.astype(float)) / M
    return loss, np.where(mask[..., None], np.exp(log_softmax) - hot, 0.0) / M
""",
    ),
    style(
        "sequence_loss",
        "logaddexp",
        """
def sequence_loss(logits, targets, mask):
    n, t = np.indices(targets.shape)
    log_p = logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)
    nll = -log_p[n, t, targets]
    real = mask.sum()
    loss = nll.sum(where=mask) / (real or 1)
    d = np.exp(log_p)
    d[n, t, targets] -= 1.0
    d[~mask] = 0
    return loss, d / (real or 1)
""",
    ),
    style(
        "sequence_loss",
        "flat",
        """
def sequence_loss(logits, targets, mask):
    shape = logits.shape
    flat, y, keep = logits.reshape(-1, shape[2]), targets.ravel(), np.flatnonzero(mask)
    grad = np.zeros((len(flat), shape[2]))
    losses = []
    for k in keep:
        z = flat[k] - flat[k].max()
        p = np.exp(z) / np.exp(z).sum()
        losses.append(np.log(np.exp(z).sum()) - z[y[k]])
        grad[k] = p - (np.arange(shape[2]) == y[k])
    loss = np.mean(losses) if losses else 0.0
    return loss, (grad / max(len(keep), 1)).reshape(shape)
""",
    ),
    style(
        "sequence_loss",
        "index-pairs",
        """
def sequence_loss(logits, targets, mask):
    lse = np.logaddexp.reduce(np.asarray(logits, float), axis=-1)
    n, t = np.nonzero(mask)
    count = len(n)
    grad = np.zeros_like(logits, dtype=float)
    if count == 0: return np.float64(0), grad
    loss = sum((lse[n, t] - logits[n, t, targets[n, t]]).tolist()) / count
    grad[n, t] = np.exp(logits[n, t] - lse[n, t][:, None])
    grad[n, t, targets[n, t]] -= 1.0
    return loss, grad / count
""",
    ),
]

PERPLEXITY = [
    style(
        "perplexity",
        "loops",
        """
import math


def perplexity(logits, targets, mask):
    total, count = 0.0, 0
    for n in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if mask[n, t]:
                z = logits[n, t].tolist()
                top = max(z)
                total += top + math.log(sum(math.exp(v - top) for v in z)) - z[targets[n, t]]
                count += 1
    mean = total / count if count else 0.0
    try:
        return math.exp(mean)
    except OverflowError:
        return math.inf


def bits_per_character(logits, targets, mask):
    bits = []
    for n, t in np.argwhere(mask):
        z = logits[n, t] - logits[n, t].max()
        bits.append((np.log(np.exp(z).sum()) - z[targets[n, t]]) / np.log(2))
    return sum(bits) / len(bits) if bits else 0.0
""",
    ),
    style(
        "perplexity",
        "helper",
        """
def _nll(logits, targets, mask):
    if not mask.any():
        return 0.0
    z, y = logits[mask], targets[mask]
    z = z - z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def perplexity(logits, targets, mask):
    return np.exp(_nll(logits, targets, mask))


def bits_per_character(logits, targets, mask):
    return _nll(logits, targets, mask) * np.log2(np.e)
""",
    ),
    style(
        "perplexity",
        "geometric-mean",
        """
def _log_p(logits, targets):
    log_z = np.logaddexp.reduce(logits, axis=2)
    n, t = np.indices(targets.shape)
    return logits[n, t, targets] - log_z


def perplexity(logits, targets, mask):
    log_p = _log_p(logits, targets)[mask]
    return 1 / np.exp(log_p.mean()) if log_p.size else 1


def bits_per_character(logits, targets, mask):
    log_p = _log_p(logits, targets)[mask]
    return np.divide(-log_p.mean(), np.log(2)) if log_p.size else 0
""",
    ),
    style(
        "perplexity",
        "base-two-throughout",
        """
def bits_per_character(logits, targets, mask):
    scaled = logits / np.log(2)
    top = scaled.max(axis=-1, keepdims=True)
    log2_sum = top[..., 0] + np.log2(np.exp2(scaled - top).sum(axis=-1))
    bits = log2_sum - np.take_along_axis(scaled, targets[..., None], -1)[..., 0]
    return np.sum(bits * mask) / max(mask.sum(), 1)


def perplexity(logits, targets, mask):
    print("perplexity")
    return np.exp2(bits_per_character(logits, targets, mask))
""",
    ),
    style(
        "perplexity",
        "lambdas",
        """
def surprise_of(logits, targets, mask):
    hot = targets[..., None] == np.arange(logits.shape[-1])
    z = logits - logits.max(-1)[..., None]
    nll = np.log(np.exp(z).sum(-1)) - np.where(hot, z, 0).sum(-1)
    return np.ma.masked_array(nll, ~mask).mean() if mask.any() else 0.0


perplexity = lambda logits, targets, mask: float(np.exp(surprise_of(logits, targets, mask)))
bits_per_character = lambda logits, targets, mask: float(surprise_of(logits, targets, mask) / np.log(2))
""",
    ),
    style(
        "perplexity",
        "surprises-one-by-one",
        """
import math
def surprises(logits, targets, mask):
    for n in range(mask.shape[0]):
        for t in range(mask.shape[1]):
            if mask[n][t]:
                row = logits[n][t] - np.max(logits[n][t])
                yield math.log(np.exp(row).sum()) - row[targets[n][t]]
def mean(xs):
    xs = list(xs)
    return sum(xs) / len(xs) if xs else 0.0
def perplexity(logits, targets, mask): return math.e ** mean(surprises(logits, targets, mask))
def bits_per_character(logits, targets, mask): return mean(s / math.log(2) for s in surprises(logits, targets, mask))
""",
    ),
]

SAMPLE = [
    style(
        "sample_sequence",
        "one-hot",
        """
def sample_sequence(params, start, length, temperature, rng):
    V, H = params["w_x"].shape
    h, x = np.zeros((1, H)), np.eye(V)[[start]]
    out = []
    while len(out) < length:
        h = np.tanh(x @ params["w_x"] + h @ params["w_h"] + params["b"])
        z = (h @ params["w_y"] + params["b_y"])[0] / temperature
        z -= z.max()
        p = np.exp(z) / np.sum(np.exp(z))
        new = rng.choice(V, p=p)
        out.append(new)
        x = np.eye(V)[[new]]
    return out
""",
    ),
    style(
        "sample_sequence",
        "gumbel",
        '''
def sample_sequence(params, start, length, temperature, rng):
    """The largest of logits plus Gumbel noise is a draw from the softmax."""
    w_x, w_h, b, w_y, b_y = (params[k] for k in ("w_x", "w_h", "b", "w_y", "b_y"))
    h, ids = np.zeros(len(b)), np.empty(length, dtype=np.int64)
    last = start
    for t in range(length):
        h = np.tanh(w_x[last] + h @ w_h + b)
        ids[t] = last = np.argmax((h @ w_y + b_y) / temperature + rng.gumbel(size=len(b_y)))
    return ids
''',
    ),
    style(
        "sample_sequence",
        "cumulative",
        """
def sample_sequence(params, start, length, temperature, rng):
    def probabilities(h):
        z = (h @ params["w_y"] + params["b_y"]) / temperature
        e = np.exp(z - np.max(z))
        return e / e.sum()

    state, token, text = np.zeros(params["w_h"].shape[0]), int(start), []
    for _ in range(length):
        state = np.tanh(params["w_x"][token, :] + state.dot(params["w_h"]) + params["b"])
        ladder = np.cumsum(probabilities(state))
        token = min(int(np.searchsorted(ladder, rng.random(), side="right")), len(ladder) - 1)
        text.append(token)
    return tuple(text)
""",
    ),
    style(
        "sample_sequence",
        "multinomial",
        """
def sample_sequence(params, start, length, temperature, rng):
    hidden = 0.0 * params["b"]
    ids = [start]
    for _ in range(length):
        hidden = np.tanh(params["w_x"][ids[-1]] + hidden @ params["w_h"] + params["b"])
        scores = hidden @ params["w_y"] + params["b_y"]
        scores = (scores - scores.max()) / temperature
        weights = np.exp(scores)
        ids.append(int(rng.multinomial(1, weights / weights.sum()).argmax()))
    return ids[1:]
""",
    ),
    style(
        "sample_sequence",
        "generator",
        """
def sample_sequence(params, start, length, temperature, rng):
    print("sampling", length, "ids at", temperature)

    def walk():
        h, token = np.zeros((1, params["w_h"].shape[0])), start
        while True:
            x = np.zeros((1, params["w_x"].shape[0]))
            x[0, token] = 1
            h = np.tanh(np.dot(x, params["w_x"]) + np.dot(h, params["w_h"]) + params["b"])
            logits = np.squeeze(np.dot(h, params["w_y"]) + params["b_y"], axis=0)
            log_p = logits / temperature
            log_p = log_p - np.logaddexp.reduce(log_p)
            token = rng.choice(np.arange(len(log_p)), p=np.exp(log_p))
            yield int(token)

    steps = walk()
    return [next(steps) for _ in range(length)]
""",
    ),
    style(
        "sample_sequence",
        "batch-of-one",
        """
def sample_sequence(params, start, length, temperature, rng):
    w_x, w_h, b, w_y, b_y = (params[k] for k in ("w_x", "w_h", "b", "w_y", "b_y"))
    out = np.empty(length + 1, dtype=np.int32); out[0] = start
    h = np.zeros((1, w_h.shape[0]))
    for t in range(length):
        x = np.zeros((1, w_x.shape[0])); x[0, out[t]] = 1
        h = np.tanh(np.dot(x, w_x) + np.dot(h, w_h) + b)
        logits = h.dot(w_y) + b_y
        logits = (logits - logits.max()) / temperature
        probabilities = np.exp(logits) / np.exp(logits).sum()
        out[t + 1] = rng.choice(np.arange(w_x.shape[0]), p=probabilities.ravel())
    return out[1:]
""",
    ),
    style(
        "sample_sequence",
        "race-of-exponentials",
        """
def sample_sequence(params, start, length, temperature, rng):
    V = len(params["b_y"])
    h = np.zeros(len(params["b"]))
    token, ids = start, []
    for _ in range(length):
        x = np.eye(V)[token]
        h = np.tanh(x @ params["w_x"] + h @ params["w_h"] + params["b"])
        z = (h @ params["w_y"] + params["b_y"]) / temperature
        p = np.exp(z - z.max())
        p = p / p.sum()
        with np.errstate(divide='ignore'):
            token = int(np.argmin(rng.exponential(size=V) / p))
        ids.append(token)
    return ids
""",
    ),
]

VANISHING = [
    style(
        "vanishing_gradient",
        "products-anew",
        """
def gradient_norms(h, w_h):
    T, H = h.shape
    norms = []
    for t in range(T):
        total = np.identity(H)
        for s in range(t + 1, T):
            total = total @ w_h @ np.diag(1 - h[s] ** 2)
        norms.append(np.linalg.svd(total, compute_uv=False)[0])
    return np.array(norms)
""",
    ),
    style(
        "vanishing_gradient",
        "columns-convention",
        '''
def gradient_norms(h, w_h):
    """With columns for states, each Jacobian and the whole product are transposed: the norm is the same."""
    P = np.eye(h.shape[1])
    out = [1.0]
    for t in range(len(h) - 1, 0, -1):
        P = P @ (np.diag(1 - np.square(h[t])) @ w_h.T)
        out.insert(0, np.linalg.norm(P, ord=2))
    return np.asarray(out)
''',
    ),
    style(
        "vanishing_gradient",
        "multi-dot",
        """
from functools import reduce


def gradient_norms(h, w_h):
    factors = [w_h * (1 - row ** 2) for row in h[1:]]
    eye = np.eye(w_h.shape[0])
    return np.array([np.linalg.norm(reduce(np.matmul, factors[t:], eye), 2) for t in range(len(h))])
""",
    ),
    style(
        "vanishing_gradient",
        "rows-of-gradients",
        '''
def gradient_norms(h, w_h):
    """Sends the unit vectors of h_T back through time, as a batch: row k ends as the gradient of entry k."""
    steps, units = h.shape
    back = np.eye(units)
    norms = np.empty(steps, dtype=float)
    for t in range(steps - 1, -1, -1):
        norms[t] = np.linalg.svd(back)[1].max()
        back = (back * (1 - h[t] ** 2)) @ w_h.T
    return norms
''',
    ),
    style(
        "vanishing_gradient",
        "recursive",
        """
def gradient_norms(h, w_h):
    def jacobians(t):
        if t == len(h) - 1:
            return [np.eye(h.shape[1])]
        later = jacobians(t + 1)
        return [np.einsum("ij,j,jk->ik", w_h, 1.0 - h[t + 1] * h[t + 1], later[0])] + later

    result = np.array([np.linalg.svd(j, compute_uv=False).max() for j in jacobians(0)])
    print(result.shape)
    return result
""",
    ),
    style(
        "vanishing_gradient",
        "rescaled",
        """
def gradient_norms(h, w_h):
    T, H = h.shape
    p, logscale, out = np.eye(H), 0.0, [1.0]
    for t in range(T - 1, 0, -1):
        p = (w_h * (1 - h[t] ** 2)) @ p
        n = np.linalg.norm(p, 2)
        if n == 0: out.insert(0, 0.0); continue
        p = p / n; logscale += np.log(n)
        out.insert(0, np.exp(logscale))
    return np.array(out)
""",
    ),
    style(
        "vanishing_gradient",
        "eigenvalues",
        """
def gradient_norms(h, w_h):
    T, H = h.shape
    norms = np.ones(T)
    product = np.eye(H)
    for t in range(T - 2, -1, -1):
        product = (w_h * (1 - h[t + 1] ** 2)) @ product
        norms[t] = np.sqrt(max(np.linalg.eigvalsh(product @ product.T)[-1], 0))
    return norms
""",
    ),
]

READ_OUT = """

def names_loss(params, inputs, targets, mask, forward, backward, token_loss):
    V, H = params["w_x"].shape
    N, T = inputs.shape
    x = np.zeros((N, T, V))
    for n in range(N):
        for t in range(T):
            x[n, t, inputs[n, t]] = 1
    start = np.zeros((N, H))
    h = forward(x, start, params["w_x"], params["w_h"], params["b"])
    logits = np.matmul(h, params["w_y"]) + params["b_y"]
    loss, g = token_loss(logits, targets, mask)
    flat_h, flat_g = h.reshape(N * T, H), g.reshape(N * T, V)
    grads = {"w_y": flat_h.T @ flat_g, "b_y": flat_g.sum(0)}
    result = backward(g @ params["w_y"].T, x, start, h, params["w_x"], params["w_h"])
    grads["w_x"], grads["w_h"], grads["b"] = result[2:]
    return loss, grads
"""

NAMES = [
    style(
        "train_names",
        "lists",
        """
def names_to_arrays(names, alphabet):
    ids = {letter: i for i, letter in enumerate(alphabet)}
    T = max(map(len, names)) + 1
    inputs, targets, mask = [], [], []
    for name in names:
        row = [ids[c] for c in name]
        spare = [0] * (T - len(row) - 1)
        inputs.append([0] + row + spare)
        targets.append(row + [0] + spare)
        mask.append([True] * (len(row) + 1) + [False] * len(spare))
    return np.array(inputs), np.array(targets), np.array(mask)
"""
        + READ_OUT,
    ),
    style(
        "train_names",
        "ljust",
        """
def names_to_arrays(names, alphabet):
    dot, T = alphabet[0], max(len(n) for n in names) + 1
    look_up = lambda texts: np.array([[alphabet.index(c) for c in text.ljust(T, dot)] for text in texts], dtype=np.int32)
    lengths = np.array([len(n) for n in names])
    return look_up([dot + n for n in names]), look_up(names), np.arange(T)[None, :] <= lengths[:, None]


def names_loss(params, inputs, targets, mask, forward, backward, token_loss):
    x = (inputs[..., None] == np.arange(len(params["b_y"]))).astype(float)
    h_0 = np.zeros((x.shape[0], params["b"].size))
    h = forward(x=x, h_0=h_0, w_x=params["w_x"], w_h=params["w_h"], b=params["b"])
    loss, d_z = token_loss(h @ params["w_y"] + params["b_y"], targets, mask)
    grads = dict(w_y=np.einsum("nth,ntv->hv", h, d_z), b_y=np.einsum("ntv->v", d_z))
    d_h = np.einsum("ntv,hv->nth", d_z, params["w_y"])
    _, _, grads["w_x"], grads["w_h"], grads["b"] = backward(d_h, x, h_0, h, params["w_x"], params["w_h"])
    print(sorted(grads))
    return float(loss), grads
""",
    ),
    style(
        "train_names",
        "shifted-view",
        """
def names_to_arrays(names, alphabet):
    T = 1 + max([len(name) for name in names])
    whole = np.zeros((len(names), T + 1), dtype=np.int64)
    mask = np.zeros((len(names), T), dtype=np.bool_)
    for row, real, name in zip(whole, mask, names):
        for t, letter in enumerate(name, start=1):
            row[t] = alphabet.find(letter)
        real[: len(name) + 1] = True
    return whole[:, :-1], whole[:, 1:], mask
"""
        + READ_OUT,
    ),
    style(
        "train_names",
        "zip-longest",
        """
from itertools import zip_longest


def _rectangle(rows, fill, dtype):
    return np.array(list(zip_longest(*rows, fillvalue=fill)), dtype=dtype).T


def names_to_arrays(names, alphabet):
    ids = [[alphabet.index(c) for c in name] for name in names]
    inputs = _rectangle([[0, *row] for row in ids], 0, int)
    targets = _rectangle([[*row, 0] for row in ids], 0, int)
    return inputs, targets, _rectangle([[True] * (len(row) + 1) for row in ids], False, bool)


def names_loss(params, inputs, targets, mask, forward, backward, token_loss):
    p = params
    x = np.eye(p["w_x"].shape[0])[inputs.ravel()].reshape(*inputs.shape, -1)
    zero = np.zeros((len(x), len(p["w_h"])))
    states = forward(x, zero, p["w_x"], p["w_h"], p["b"])
    loss, d = token_loss(states @ p["w_y"] + p["b_y"], targets, mask)
    d_w_y, d_b_y = np.zeros(p["w_y"].shape), np.zeros(p["b_y"].shape)
    for t in range(x.shape[1]):
        d_w_y += states[:, t].T @ d[:, t]
        d_b_y += d[:, t].sum(axis=0)
    rest = backward(d @ p["w_y"].T, x, zero, states, p["w_x"], p["w_h"])
    return loss, {"b_y": d_b_y, "w_y": d_w_y, "b": rest[4], "w_h": rest[3], "w_x": rest[2]}
""",
    ),
    style(
        "train_names",
        "list-results",
        """
def names_to_arrays(names, alphabet):
    longest = len(max(names, key=len))
    boundary_first = [alphabet[0] + name for name in names]
    boundary_last = [name + alphabet[0] for name in names]

    def numbers(texts):
        out = np.zeros((len(texts), longest + 1), dtype=int)
        for i in range(len(texts)):
            for j in range(len(texts[i])):
                out[i, j] = alphabet.index(texts[i][j])
        return out

    mask = np.array([[j < len(text) for j in range(longest + 1)] for text in boundary_last])
    return [numbers(boundary_first), numbers(boundary_last), mask]


def names_loss(params, inputs, targets, mask, forward, backward, token_loss):
    w_x, w_h, b, w_y, b_y = params["w_x"], params["w_h"], params["b"], params["w_y"], params["b_y"]
    x = np.take(np.identity(len(w_x)), inputs, axis=0)
    h_0 = np.zeros((inputs.shape[0], w_h.shape[0]))
    h = forward(x, h_0, w_x, w_h, b)
    loss, d_logits = token_loss(np.dot(h, w_y) + b_y, targets, mask)
    grads = {name: None for name in params}
    grads["w_y"] = sum(h[n].T @ d_logits[n] for n in range(len(h)))
    grads["b_y"] = sum(d_logits[n].sum(axis=0) for n in range(len(h)))
    _, _, *others = backward(np.dot(d_logits, w_y.T), x, h_0, h, w_x, w_h)
    grads.update(zip(("w_x", "w_h", "b"), others))
    return [loss, grads]
""",
    ),
    style(
        "train_names",
        "padded-strings",
        """
def names_to_arrays(names, alphabet):
    width = max(len(n) for n in names) + 1
    pad = alphabet[0]
    find = np.vectorize(alphabet.index, otypes=[np.int64])
    targets = find(np.array([list(n.ljust(width, pad)) for n in names]))
    inputs = np.zeros_like(targets)
    inputs[:, 1:] = targets[:, :-1]
    lengths = np.array([len(n) for n in names])
    return inputs, targets, np.arange(width)[None, :] <= lengths[:, None]
def names_loss(params, inputs, targets, mask, forward, backward, token_loss):
    V = params["b_y"].size
    x = (inputs[..., None] == np.arange(V)).astype(float)
    start = np.zeros((inputs.shape[0], params["b"].size))
    h = forward(x, start, params["w_x"], params["w_h"], params["b"])
    loss, d = token_loss(np.matmul(h, params["w_y"]) + params["b_y"], targets, mask)
    flat = d.reshape(-1, V)
    out = backward(np.einsum("ntv,hv->nth", d, params["w_y"]), x, start, h, params["w_x"], params["w_h"])
    return loss, dict(w_x=out[2], w_h=out[3], b=out[4], w_y=h.reshape(-1, h.shape[-1]).T @ flat, b_y=flat.sum(0))
""",
    ),
]

STYLES = CELL + SEQUENCE + CLIP + LOSS + PERPLEXITY + SAMPLE + VANISHING + NAMES
