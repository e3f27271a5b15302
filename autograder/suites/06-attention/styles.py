"""Right answers to the exercises of attention, written differently: all must earn full marks."""

from autograder.catalogue import Style

MASKED_SOFTMAX = [
    Style(
        "masked-softmax-explicit",
        exercise="masked_softmax",
        code="""def masked_softmax(scores, mask, dim=-1):
    masked = torch.where(mask, scores, torch.full_like(scores, -torch.inf))
    top = masked.amax(dim=dim, keepdim=True)
    top = torch.where(torch.isinf(top), torch.zeros_like(top), top)
    e = torch.exp(masked - top)
    total = e.sum(dim=dim, keepdim=True)
    return e / torch.where(total > 0, total, torch.ones_like(total))
""",
    ),
    Style(
        "masked-softmax-nan-to-num",
        exercise="masked_softmax",
        code="""masked_softmax = lambda scores, mask, dim=-1: torch.nan_to_num(scores.masked_fill(~mask, -math.inf).softmax(dim))
""",
    ),
    Style(
        "masked-softmax-smallest-number",
        exercise="masked_softmax",
        code='''def masked_softmax(scores, mask, dim=-1):
    """Fill with the smallest number there is, and clear the blocked places afterwards."""
    smallest = torch.finfo(scores.dtype).min
    weights = F.softmax(scores.masked_fill(mask.logical_not(), smallest), dim)
    return weights * mask
''',
    ),
    Style(
        "masked-softmax-logsumexp",
        exercise="masked_softmax",
        code="""def masked_softmax(scores, mask, dim=-1):
    allowed = mask.expand(scores.shape)
    nobody = ~allowed.any(dim=dim, keepdim=True)
    s = scores.masked_fill(~allowed, -float("inf")).masked_fill(nobody, 0.0)
    w = (s - torch.logsumexp(s, dim=dim, keepdim=True)).exp()
    print("rows without keys:", int(nobody.sum()))
    return torch.where(allowed, w, torch.zeros_like(w))
""",
    ),
    Style(
        "masked-softmax-loop",
        exercise="masked_softmax",
        code="""def softmax_of_one_row(scores, mask):
    weights = scores.masked_fill(~mask, 0.0)
    if mask.any():
        weights[mask] = torch.softmax(scores[mask], 0)
    return weights


def masked_softmax(scores, mask, dim=-1):
    mask = torch.broadcast_to(mask, scores.shape)
    s, m = scores.movedim(dim, -1), mask.movedim(dim, -1)
    rows = [softmax_of_one_row(a, b) for a, b in zip(s.reshape(-1, s.shape[-1]), m.reshape(-1, s.shape[-1]))]
    return torch.stack(rows).reshape(s.shape).movedim(-1, dim)
""",
    ),
    Style(
        "masked-softmax-renormalised",
        exercise="masked_softmax",
        code="""def masked_softmax(scores, mask, dim=-1):
    shifted = scores - torch.amax(torch.where(mask, scores, -1e30), dim, keepdim=True)
    e = torch.where(mask, torch.exp(torch.where(mask, shifted, 0.0)), 0.0)
    return e / e.sum(dim, keepdim=True).clamp(min=1e-30)
""",
    ),
    Style(
        "masked-softmax-in-float32",
        exercise="masked_softmax",
        code="""def masked_softmax(scores, mask, dim=-1):
    weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=dim, dtype=torch.float32)
    return weights.to(scores.dtype).masked_fill(~mask, 0.0)
""",
    ),
]

CHECK_MASKED_SOFTMAX = [
    Style(
        "check-masked-softmax-one-row-at-a-time",
        exercise="check_masked_softmax",
        code="""def right_row(scores, mask):
    weights = [0.0] * len(scores)
    allowed = [s for s, m in zip(scores, mask) if m]
    if allowed:
        total = sum(math.exp(s - max(allowed)) for s in allowed)
        weights = [math.exp(s - max(allowed)) / total if m else 0.0 for s, m in zip(scores, mask)]
    return weights


def right_weights(scores, mask):
    rows = zip(scores.flatten(0, -2).tolist(), mask.expand(scores.shape).flatten(0, -2).tolist())
    return torch.tensor([right_row(s, m) for s, m in rows], dtype=scores.dtype).reshape(scores.shape)


def check_masked_softmax(f):
    torch.manual_seed(3)
    masks = [torch.rand(2, 3, 5) < 0.5, torch.rand(2, 1, 5) < 0.5, torch.tensor([True, False, True, True, False])]
    masks[0][1, 2], masks[1][0] = False, False
    try:
        for mask in masks:
            for dim in range(-3, 3):
                for far in (0, 5000):
                    s = torch.randn(2, 3, 5, dtype=torch.float64) + far * torch.randint(-1, 2, (2, 3, 1))
                    s = torch.where(mask, s, 2.0 * far)
                    up = torch.randn(2, 3, 5, dtype=torch.float64)
                    w = right_weights(s, mask)
                    grad = w * (up - (w * up).sum(-1, keepdim=True))
                    there, back = (lambda t: t.movedim(-1, dim)), (lambda t: t.movedim(dim, -1))
                    mine, my_mask = there(s).clone().requires_grad_(), there(mask.expand(s.shape)).clone()
                    if dim in (-1, 2):
                        my_mask = mask.clone()
                    got = f(mine, my_mask, dim)
                    got.backward(there(up))
                    if not (torch.allclose(back(got), w) and torch.allclose(back(mine.grad), grad) and got.dtype == torch.float64):
                        return False
                    if not torch.equal(back(mine), s) or (dim != -1 and dim != 2 and not torch.equal(back(my_mask), mask.expand(s.shape))):
                        return False
            small = torch.randn(4, 5)
            if f(small, torch.tensor(True)).dtype != torch.float32:
                return False
        return True
    except Exception:
        return False
""",
    ),
    Style(
        "check-masked-softmax-own-vectorised",
        exercise="check_masked_softmax",
        code="""def check_masked_softmax(f) -> bool:
    g = torch.Generator().manual_seed(0)

    def reference(s, m, dim):
        s = s.masked_fill(~m, -torch.inf)
        dead = ~m.any(dim, keepdim=True)
        return torch.softmax(s.masked_fill(dead, 0.0), dim).masked_fill(~m, 0.0)

    ok = True
    for dim, shape in [(-1, (2, 5, 3)), (0, (4, 2, 3)), (1, (2, 3, 4)), (-2, (3, 5, 2))]:
        for offset in (0.0, 2000.0, 1e4):
            s = torch.randn(shape, generator=g, dtype=torch.double)
            m = torch.rand(shape, generator=g) > 0.4
            m.select(dim, 0).fill_(True)
            m.movedim(dim, -1)[0, 1] = False
            s.movedim(dim, -1)[1, 0] -= offset
            s = s + offset * (~m)
            for mask in (m, m.movedim(dim, 0)[0].unsqueeze(dim)):
                a = s.clone().requires_grad_(True)
                b = s.clone().requires_grad_(True)
                u = torch.randn(shape, generator=g, dtype=torch.double)
                wanted = reference(a, mask.expand(shape), dim)
                wanted.backward(u)
                try:
                    got = f(b, mask.clone(), dim)
                    got.backward(u)
                    ok &= bool((b.detach() == s).all()) and got.shape == wanted.shape
                    ok &= torch.allclose(got, wanted, rtol=1e-9, atol=1e-10) and torch.allclose(a.grad, b.grad, atol=1e-10)
                    ok &= f(torch.zeros(2, 2), torch.ones(2, 2, dtype=torch.bool)).dtype is torch.float32
                except Exception:
                    return False
    return ok
""",
    ),
    Style(
        "check-masked-softmax-assertions",
        exercise="check_masked_softmax",
        code="""def _examine(f, dim, shape, mask_shape, lift, dtype):
    g = torch.Generator().manual_seed(len(shape) + 10 * (dim + 3))
    scores = 2 * torch.rand(shape, generator=g).to(dtype) - 1
    scores[0] += lift
    mask = torch.rand(mask_shape, generator=g) < 0.55
    if len(mask_shape) == len(shape):
        mask.transpose(dim, -1)[-1, -1] = False
    scores = torch.where(mask, scores, 1.2 * lift).to(dtype)
    e = torch.exp(scores - torch.where(mask, scores, -torch.inf).amax(dim, keepdim=True).clamp(min=-1e6)) * 1.0
    e = torch.where(mask, e, 0.0)
    weights = e / e.sum(dim, keepdim=True).clamp(min=1e-300 if dtype == torch.float64 else 1e-30)
    up = torch.rand(shape, generator=g).to(dtype)
    gradient = weights * (up - (weights * up).sum(dim, keepdim=True))
    mine, mask_too = scores.clone(), mask.clone()
    mine.requires_grad = True
    got = f(mine, mask_too, dim=dim)
    tolerance = 1e-9 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(got, weights, rtol=tolerance, atol=tolerance)
    (slope,) = torch.autograd.grad(got, [mine], up)
    torch.testing.assert_close(slope, gradient, rtol=tolerance, atol=tolerance)
    assert torch.equal(mine, scores) and torch.equal(mask, mask_too)


def check_masked_softmax(f):
    try:
        for dim, shape, mask_shape in ((-1, (4, 3), (4, 3)), (0, (5, 3), (5, 3)), (1, (2, 5, 3), (2, 5, 3)), (-1, (3, 2, 6), (3, 1, 6))):
            _examine(f, dim, shape, mask_shape, 0.0, torch.float32)
            for lift in (0.0, 900.0, 9000.0, -9000.0):
                _examine(f, dim, shape, mask_shape, lift, torch.float64)
    except Exception:
        return False
    return True
""",
    ),
    Style(
        "check-masked-softmax-list-of-conditions",
        exercise="check_masked_softmax",
        code="""def check_masked_softmax(f):
    try:
        conditions = list(conditions_of(f))
    except Exception:
        conditions = [False]
    print(len(conditions), "conditions")
    return all(conditions)


def conditions_of(f):
    rng = torch.Generator().manual_seed(99)
    for dim in (0, 1, 2, -1, -2, -3):
        s = torch.randn(3, 4, 5, generator=rng, dtype=torch.float64) * 2
        m = torch.rand(3, 4, 5, generator=rng) < 0.7
        m[0] = m[:, 0] = m[:, :, 0] = False  # rows without keys along every axis
        e = torch.where(m, s.exp(), 0.0)
        total = e.sum(dim, keepdim=True)
        w = torch.where(total > 0, e / torch.where(total > 0, total, 1.0), 0.0)
        up = torch.randn(3, 4, 5, generator=rng, dtype=torch.float64)
        leaf, m_copy = s.clone().requires_grad_(), m.clone()
        got = f(leaf, m_copy, dim)
        yield torch.equal(leaf.detach(), s) and torch.equal(m_copy, m)
        yield got.shape == s.shape and got.dtype == s.dtype
        yield ((got - w).abs() < 1e-10).all()
        slope = torch.autograd.grad((got * up).sum(), leaf)[0]
        yield ((slope - w * (up - (w * up).sum(dim, keepdim=True))).abs() < 1e-10).all()
        shift = 8000 * torch.sign(torch.randn([1 if i == dim % 3 else n for i, n in enumerate(s.shape)], generator=rng, dtype=s.dtype))
        yield ((f(s + shift, m, dim) - w).abs() < 1e-9).all()  # the same constant for a whole row
        yield ((f(torch.where(m, s, 9999.0), m, dim) - w).abs() < 1e-10).all()
        yield f(s.float(), m, dim).dtype == torch.float32
    s = torch.randn(2, 3, 4, generator=rng, dtype=torch.float64)
    for m in (torch.tensor([True, False, True, True]), torch.tensor([[[False, True, True, True]], [[True, True, False, False]]])):
        yield torch.allclose(f(s, m), f(s, m.expand(2, 3, 4)))
""",
    ),
    Style(
        "check-masked-softmax-as-a-tensor",
        exercise="check_masked_softmax",
        code="""def check_masked_softmax(f):
    # softmax over the gathered scores; the answer is a tensor with one truth value
    torch.manual_seed(17)
    verdict = torch.tensor(True)
    for shape, hole, dim in (((3, 7), (3, 7), 1), ((7, 3), (7, 3), 0), ((2, 6, 3), (2, 6, 3), -2), ((4, 2, 5), (4, 1, 5), -1)):
        for big in (0.0, 3000.0, -3000.0):
            mask = torch.rand(hole) < 0.5
            mask.transpose(dim, -1)[0] = False
            mask.transpose(dim, -1)[1, ..., 0] = True
            scores = torch.randn(shape).double()
            scores.transpose(dim, -1)[1] += big
            scores = scores + abs(big) * 2 * (~mask).double()
            leaf = scores.clone().requires_grad_()
            s, m = leaf.transpose(dim, -1), mask.expand(shape).transpose(dim, -1)
            parts = [torch.zeros_like(a).masked_scatter(b, torch.softmax(a[b], 0)) for a, b in zip(s.flatten(0, -2), m.flatten(0, -2))]
            wanted = torch.stack(parts).reshape(s.shape).transpose(dim, -1)
            up = torch.randn(shape).double()
            wanted_slope = torch.autograd.grad(wanted, leaf, up)[0]
            other = scores.clone().requires_grad_()
            try:
                got = f(other, mask, dim)
                slope = torch.autograd.grad(got, other, up)[0]
                good = got.shape == wanted.shape and torch.allclose(got, wanted, atol=1e-10) and torch.allclose(slope, wanted_slope, atol=1e-10)
                good = good and torch.equal(other, scores)
                single = f(torch.zeros(3, 2), torch.ones(3, 2) > 0)
                good = good and single.dtype == torch.float32
            except Exception:
                good = False
            verdict = verdict & torch.tensor(good)
    return verdict
""",
    ),
]

MASKS = [
    Style(
        "masks-loops",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    mask = torch.zeros(len(lengths), max_length, dtype=torch.bool)
    for n, length in enumerate(lengths):
        mask[n, :length] = True
    return mask


def causal_mask(queries, keys):
    mask = torch.zeros((queries, keys), dtype=torch.bool)
    for i in range(queries):
        for j in range(keys):
            if j <= i + keys - queries:
                mask[i, j] = True
    return mask
""",
    ),
    Style(
        "masks-tril",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    return torch.arange(max_length).expand(len(lengths), max_length) < lengths[:, None]


def causal_mask(queries, keys):
    return torch.ones(queries, keys, dtype=torch.bool).tril(diagonal=keys - queries)
""",
    ),
    Style(
        "masks-triu-negated",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    table = torch.ones(max_length + 1, max_length).tril(-1).bool()
    return table[lengths.long()]


def causal_mask(queries, keys):
    return ~torch.triu(torch.ones(queries, keys, dtype=torch.bool), keys - queries + 1)
""",
    ),
    Style(
        "masks-lists",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    return torch.tensor([[True] * n + [False] * (max_length - n) for n in lengths.tolist()])


def causal_mask(queries, keys):
    return torch.tensor([[j - keys <= i - queries for j in range(keys)] for i in range(queries)])
""",
    ),
    Style(
        "masks-cut-from-a-square",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    positions = torch.arange(1, max_length + 1)
    return torch.le(positions.unsqueeze(0), lengths.unsqueeze(1))


def causal_mask(queries, keys):
    size = max(queries, keys)
    square = torch.tril(torch.ones(size, size)) == 1
    corner = square[size - queries :, size - keys :]
    print(corner.shape)
    return corner
""",
    ),
    Style(
        "masks-views",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    return (torch.arange(max_length).view(-1, 1) < lengths.view(1, -1)).T


def causal_mask(queries, keys):
    return (torch.arange(queries)[:, None] - torch.arange(keys)[None, :] + keys - queries).ge(0)
""",
    ),
]

_ADDITIVE = """class AdditiveAttention(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.w_query = nn.Linear(query_size, attention_size, bias=False)
        self.w_key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

"""

ADDITIVE = [
    Style(
        "additive-attention-einsum",
        exercise="additive_attention",
        code=_ADDITIVE
        + """    def forward(self, query, keys, values, mask=None):
        hidden = torch.tanh(self.w_query(query)[:, None, :] + self.w_key(keys))
        e = torch.einsum("a,nta->nt", self.v.weight[0], hidden)
        if mask is None:
            mask = torch.ones_like(e, dtype=torch.bool)
        a = torch.where(mask, torch.softmax(e.masked_fill(~mask, float("-inf")), -1), 0.0)
        return torch.einsum("nt,ntd->nd", a, values), a
""",
    ),
    Style(
        "additive-attention-calls-masked-softmax",
        exercise="additive_attention",
        code=_ADDITIVE
        + """    def score(self, query, keys):
        q = self.w_query(query).unsqueeze(1).expand(-1, keys.shape[1], -1)
        return self.v((q + self.w_key(keys)).tanh())[..., 0]

    def forward(self, query, keys, values, mask=None):
        if mask is None:
            mask = torch.ones(keys.shape[:2], dtype=torch.bool)
        weights = masked_softmax(self.score(query, keys), mask)
        return (weights[..., None] * values).sum(1), weights
""",
    ),
    Style(
        "additive-attention-loop-over-keys",
        exercise="additive_attention",
        code=_ADDITIVE
        + """    def forward(self, query, keys, values, mask=None):
        wq = self.w_query(query)
        columns = []
        for t in range(keys.size(1)):
            columns.append(self.v(torch.tanh(wq + self.w_key(keys[:, t]))))
        scores = torch.cat(columns, dim=1)
        if mask is not None:
            scores = torch.where(mask, scores, torch.tensor(float("-inf"), dtype=scores.dtype))
        weights = torch.nan_to_num(torch.softmax(scores, dim=1))
        context = sum(weights[:, t : t + 1] * values[:, t] for t in range(keys.size(1)))
        print(context.shape)
        return context, weights
""",
    ),
    Style(
        "additive-attention-weights-by-hand",
        exercise="additive_attention",
        code=_ADDITIVE
        + """    def forward(self, query, keys, values, mask=None):
        s = torch.tanh((query @ self.w_query.weight.T).unsqueeze(1) + keys @ self.w_key.weight.T) @ self.v.weight.view(-1)
        s = s - s.max(dim=1, keepdim=True).values
        e = s.exp() if mask is None else s.exp() * mask
        total = e.sum(1, keepdim=True)
        alpha = e / torch.where(total == 0, torch.ones_like(total), total)
        return torch.bmm(alpha.unsqueeze(1), values).squeeze(1), alpha
""",
    ),
    Style(
        "additive-attention-loop-over-rows",
        exercise="additive_attention",
        code=_ADDITIVE
        + """    def _one(self, q, ks, vs, allowed):
        weights = torch.zeros_like(ks[:, 0])
        if allowed.any():
            e = self.v(torch.tanh(self.w_query(q) + self.w_key(ks[allowed])))[:, 0]
            weights = weights.index_put((allowed.nonzero()[:, 0],), torch.softmax(e, 0))
        return weights @ vs, weights

    def forward(self, query, keys, values, mask=None):
        mask = torch.ones(keys.shape[:2]).bool() if mask is None else mask
        pairs = [self._one(*row) for row in zip(query, keys, values, mask)]
        return torch.stack([c for c, _ in pairs]), torch.stack([w for _, w in pairs])
""",
    ),
]

LUONG = [
    Style(
        "luong-scores-einsum",
        exercise="luong_scores",
        code="""def luong_scores(query, keys, weight=None):
    if weight is None:
        return torch.einsum("nh,nth->nt", query, keys)
    return torch.einsum("nq,qk,ntk->nt", query, weight, keys)
""",
    ),
    Style(
        "luong-scores-broadcast",
        exercise="luong_scores",
        code="""def luong_scores(query, keys, weight=None):
    if weight is not None:
        keys = keys @ weight.transpose(0, 1)
    return (query[:, None, :] * keys).sum(-1)
""",
    ),
    Style(
        "luong-scores-bmm",
        exercise="luong_scores",
        code="""def luong_scores(query, keys, weight=None):
    q = query if weight is None else torch.mm(query, weight)
    return torch.bmm(q.unsqueeze(1), keys.transpose(1, 2)).squeeze(1)
""",
    ),
    Style(
        "luong-scores-loops",
        exercise="luong_scores",
        code="""def dot(a, b):
    return (a * b).sum()


def luong_scores(query, keys, weight=None):
    rows = []
    for q, ks in zip(query, keys):
        rows.append(torch.stack([dot(q, k if weight is None else weight @ k) for k in ks]))
    print(len(rows))
    return torch.stack(rows)
""",
    ),
    Style(
        "luong-scores-identity",
        exercise="luong_scores",
        code="""def luong_scores(query, keys, weight=None):
    w = torch.eye(query.shape[1], dtype=query.dtype) if weight is None else weight
    return torch.nn.functional.bilinear(query.unsqueeze(1).expand(-1, keys.shape[1], -1), keys, w.unsqueeze(0)).squeeze(2)
""",
    ),
]

SCALED = [
    Style(
        "scaled-dot-product-attention-calls-masked-softmax",
        exercise="scaled_dot_product_attention",
        code="""def scaled_dot_product_attention(q, k, v, mask=None):
    scores = torch.matmul(q, k.mT) * q.size(-1) ** -0.5
    weights = masked_softmax(scores, torch.tensor(True) if mask is None else mask)
    return torch.matmul(weights, v), weights
""",
    ),
    Style(
        "scaled-dot-product-attention-einsum",
        exercise="scaled_dot_product_attention",
        code="""def scaled_dot_product_attention(q, k, v, mask=None):
    s = torch.einsum("...id,...jd->...ij", q / math.sqrt(q.shape[-1]), k)
    if mask is None:
        a = s.softmax(-1)
    else:
        a = torch.nan_to_num(s.masked_fill(mask == False, -torch.inf).softmax(-1))
    return torch.einsum("...ij,...jd->...id", a, v), a
""",
    ),
    Style(
        "scaled-dot-product-attention-explicit",
        exercise="scaled_dot_product_attention",
        code="""def safe_exp(scores, allowed):
    low = torch.finfo(scores.dtype).min
    top = scores.masked_fill(~allowed, low).amax(-1, keepdim=True)
    return torch.exp((scores - top).masked_fill(~allowed, low))


def scaled_dot_product_attention(q, k, v, mask=None):
    scores = (q @ k.transpose(-1, -2)).div(k.shape[-1] ** 0.5)
    allowed = torch.ones_like(scores).bool() if mask is None else mask.expand(scores.shape)
    e = safe_exp(scores, allowed) * allowed
    total = e.sum(-1, keepdim=True)
    w = e / total.clamp_min(torch.finfo(e.dtype).tiny)
    print("attending", tuple(w.shape))
    return w @ v, w
""",
    ),
    Style(
        "scaled-dot-product-attention-flattened",
        exercise="scaled_dot_product_attention",
        code="""def scaled_dot_product_attention(q, k, v, mask=None):
    leading = q.shape[:-2]
    q3, k3, v3 = (x.reshape(-1, *x.shape[-2:]) for x in (q, k, v))
    s = torch.bmm(q3, k3.permute(0, 2, 1)) / torch.sqrt(torch.tensor(float(q.shape[-1]), dtype=q.dtype))
    if mask is not None:
        m = mask.broadcast_to(*leading, q.shape[-2], k.shape[-2]).reshape(s.shape)
        s = s.masked_fill(m.logical_not(), float("-inf"))
        w = torch.softmax(s, -1).masked_fill(~m.any(-1, keepdim=True), 0.0)
    else:
        w = torch.softmax(s, -1)
    return torch.bmm(w, v3).unflatten(0, leading) if leading else torch.bmm(w, v3)[0], w.reshape(*leading, *s.shape[-2:])
""",
    ),
    Style(
        "scaled-dot-product-attention-query-by-query",
        exercise="scaled_dot_product_attention",
        code="""def scaled_dot_product_attention(q, k, v, mask=None):
    rows = []
    for i in range(q.shape[-2]):
        s = (k * q[..., i : i + 1, :]).sum(-1) / q.shape[-1] ** 0.5
        if mask is not None:
            row = mask[..., i, :] if mask.dim() > 1 and mask.shape[-2] > 1 else mask[..., 0, :] if mask.dim() > 1 else mask
            s = torch.where(row, s, -math.inf)
            rows.append(torch.where(row, torch.softmax(s, -1), 0.0))
        else:
            rows.append(torch.softmax(s, -1))
    weights = torch.stack(rows, dim=-2)
    return (weights.unsqueeze(-1) * v.unsqueeze(-3)).sum(-2), weights
""",
    ),
]

BACKWARD = [
    Style(
        "attention-backward-jacobian",
        exercise="attention_backward",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    d_a = d_output @ v.mT
    jacobian = torch.diag_embed(weights) - weights.unsqueeze(-1) * weights.unsqueeze(-2)
    d_s = scale * (jacobian @ d_a.unsqueeze(-1)).squeeze(-1)
    return d_s @ k, d_s.mT @ q, weights.mT @ d_output
""",
    ),
    Style(
        "attention-backward-einsum",
        exercise="attention_backward",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    d_v = torch.einsum("...ij,...id->...jd", weights, d_output)
    d_a = torch.einsum("...id,...jd->...ij", d_output, v)
    d_s = weights * d_a
    d_s = d_s - weights * d_s.sum(-1, keepdim=True)
    d_q = torch.einsum("...ij,...jd->...id", d_s, k).mul(scale)
    d_k = torch.einsum("...ij,...id->...jd", d_s, q).mul(scale)
    return d_q, d_k, d_v
""",
    ),
    Style(
        "attention-backward-sum-from-the-output",
        exercise="attention_backward",
        code='''def attention_backward(d_output, q, k, v, weights, scale):
    """The row sum is d_output · output: the weights are not needed for it."""
    output = weights @ v
    delta = torch.sum(d_output * output, dim=-1, keepdim=True)
    ds = weights * (torch.matmul(d_output, v.transpose(-1, -2)) - delta) * scale
    print("largest gradient of a score:", ds.abs().max())
    return torch.matmul(ds, k), torch.matmul(ds.transpose(-1, -2), q), torch.matmul(weights.transpose(-1, -2), d_output)
''',
    ),
    Style(
        "attention-backward-query-by-query",
        exercise="attention_backward",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    d_q, d_k, d_v = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    for i in range(q.shape[-2]):
        a, g = weights[..., i, :], d_output[..., i, :]
        d_v += a.unsqueeze(-1) * g.unsqueeze(-2)
        d_a = (v * g.unsqueeze(-2)).sum(-1)
        d_s = a * (d_a - (a * d_a).sum(-1, keepdim=True))
        d_q[..., i, :] = scale * (d_s.unsqueeze(-1) * k).sum(-2)
        d_k += scale * d_s.unsqueeze(-1) * q[..., i, :].unsqueeze(-2)
    return d_q, d_k, d_v
""",
    ),
    Style(
        "attention-backward-helpers",
        exercise="attention_backward",
        code="""def product_backward(d_z, x, y):
    return d_z @ y.transpose(-2, -1), x.transpose(-2, -1) @ d_z


def softmax_backward(d_y, y):
    return y * d_y - y * (y * d_y).sum(-1, True)


def attention_backward(d_output, q, k, v, weights, scale):
    d_weights, d_v = product_backward(d_output, weights, v)
    d_q, d_kt = product_backward(softmax_backward(d_weights, weights) * scale, q, k.transpose(-2, -1))
    return d_q, d_kt.transpose(-2, -1), d_v
""",
    ),
]

_DECODER = """class AttentionDecoder(nn.Module):
    def __init__(self, vocab, embedding_size, hidden_size, key_size, attention_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab, embedding_size)
        self.attention = AdditiveAttention(hidden_size, key_size, attention_size)
        self.cell = nn.GRUCell(embedding_size + key_size, hidden_size)
        self.output = nn.Linear(hidden_size + key_size, vocab)

"""

DECODER = [
    Style(
        "attention-decoder-keywords",
        exercise="attention_decoder",
        code=_DECODER
        + """    def step(self, tokens, h, keys, mask):
        context, alpha = self.attention(query=h, keys=keys, values=keys, mask=mask)
        inputs = torch.cat((self.embedding(tokens), context), 1)
        new_h = self.cell(inputs, h)
        return self.output(torch.cat((new_h, context), 1)), new_h, alpha
""",
    ),
    Style(
        "attention-decoder-helpers",
        exercise="attention_decoder",
        code=_DECODER
        + """    def look(self, h, keys, mask):
        return self.attention(h, keys, keys, mask)

    def think(self, tokens, context, h):
        return self.cell(torch.hstack([self.embedding(tokens), context]), h)

    def speak(self, h, context):
        return self.output(torch.hstack([h, context]))

    def step(self, tokens, h, keys, mask):
        context, weights = self.look(h, keys, mask)
        h = self.think(tokens, context, h)
        print("state", h.shape)
        return self.speak(h, context), h, weights
""",
    ),
    Style(
        "attention-decoder-forward-too",
        exercise="attention_decoder",
        code=_DECODER
        + """    def forward(self, tokens, h, keys, mask=None):
        c, a = self.attention.forward(h, keys, keys, mask)
        e = nn.functional.embedding(tokens, self.embedding.weight)
        h = self.cell.forward(torch.concat([e, c], axis=-1), h)
        return self.output(torch.concat([h, c], axis=-1)), h, a

    def step(self, tokens, h, keys, mask=None):
        return self(tokens, h, keys, mask)
""",
    ),
    Style(
        "attention-decoder-context-from-weights",
        exercise="attention_decoder",
        code=_DECODER
        + """    def step(self, tokens, h, keys, mask):
        _, weights = self.attention(h, keys, keys, mask)
        context = torch.einsum("nt,ntk->nk", weights, keys)
        h_next = self.cell(torch.cat([self.embedding.weight[tokens], context], dim=-1), h)
        logits = torch.cat([h_next, context], dim=-1) @ self.output.weight.T + self.output.bias
        return logits, h_next, weights
""",
    ),
    Style(
        "attention-decoder-gates-by-hand",
        exercise="attention_decoder",
        code=_DECODER
        + """    def gru(self, x, h):
        a = F.linear(x, self.cell.weight_ih, self.cell.bias_ih)
        b = F.linear(h, self.cell.weight_hh, self.cell.bias_hh)
        size = h.shape[-1]
        r = torch.sigmoid(a[:, :size] + b[:, :size])
        z = torch.sigmoid(a[:, size : 2 * size] + b[:, size : 2 * size])
        n = torch.tanh(a[:, 2 * size :] + r * b[:, 2 * size :])
        return n + z * (h - n)

    def step(self, tokens, h, keys, mask):
        result = self.attention(h, keys, keys, mask)
        context, weights = result[0], result[1]
        h = self.gru(torch.cat([self.embedding(tokens), context], dim=-1), h)
        return [self.output(torch.cat([h, context], dim=-1)), h, weights]
""",
    ),
]

TRANSLATE = [
    Style(
        "translate-dates-row-by-row",
        exercise="translate_dates",
        code="""def translate_one(decoder, keys, mask, h, bos_id, eos_id, max_length):
    token, ids, rows = torch.tensor([bos_id]), [], []
    while len(ids) < max_length:
        logits, h, weights = decoder.step(token, h, keys, mask)
        token = logits.argmax(1)
        if token.item() == eos_id:
            break
        ids.append(token.item())
        rows.append(weights)
    return ids, torch.cat(rows) if rows else torch.empty(0, keys.shape[1], dtype=keys.dtype)


def translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length):
    pairs = []
    for n in range(keys.shape[0]):
        one = slice(n, n + 1)
        with torch.no_grad():
            pairs.append(translate_one(decoder, keys[one], mask[one], h[one], bos_id, eos_id, max_length))
    return [ids for ids, _ in pairs], [rows for _, rows in pairs]
""",
    ),
    Style(
        "translate-dates-all-steps-then-cut",
        exercise="translate_dates",
        code="""@torch.no_grad()
def translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length):
    fed = torch.full((keys.shape[0],), bos_id)
    columns, attention = [], []
    for _ in range(max_length):
        logits, h, weights = decoder.step(fed, h, keys, mask)
        fed = logits.max(dim=1).indices
        columns.append(fed)
        attention.append(weights)
    ids, looks = torch.stack(columns, 1), torch.stack(attention, 1)
    ended = (ids == eos_id).long().cumsum(1) > 0
    lengths = (~ended).sum(1).tolist()
    return [ids[n, :length].tolist() for n, length in enumerate(lengths)], [looks[n, :length] for n, length in enumerate(lengths)]
""",
    ),
    Style(
        "translate-dates-finished-rows-fed-eos",
        exercise="translate_dates",
        code="""def translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length):
    mode = decoder.training
    decoder.eval()
    alive = torch.ones(len(keys), dtype=torch.bool)
    token = torch.tensor([bos_id] * len(keys), dtype=torch.int64)
    out = [[] for _ in keys]
    maps = [keys.new_empty((0, keys.size(1))) for _ in keys]
    with torch.inference_mode():
        while alive.any() and max_length > 0:
            max_length -= 1
            logits, h, weights = decoder.step(token, h, keys, mask)
            token = torch.where(alive, logits.argmax(-1), eos_id)
            alive = alive & (token != eos_id)
            for n in alive.nonzero().flatten().tolist():
                out[n].append(int(token[n]))
                maps[n] = torch.cat([maps[n], weights[n : n + 1]])
    decoder.train(mode)
    print("written", sum(map(len, out)))
    return out, maps
""",
    ),
    Style(
        "translate-dates-active-rows-only",
        exercise="translate_dates",
        code="""def translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length):
    n_rows = keys.shape[0]
    ids, rows = {n: [] for n in range(n_rows)}, {n: [] for n in range(n_rows)}
    active, fed = torch.arange(n_rows), torch.full((n_rows,), bos_id, dtype=torch.long)
    for _ in range(max_length):
        logits, h, weights = decoder.step(fed, h, keys[active], mask[active])
        fed = torch.argmax(logits, dim=-1)
        going = fed != eos_id
        for n, token, row, goes in zip(active.tolist(), fed.tolist(), weights.detach(), going.tolist()):
            if goes:
                ids[n].append(token)
                rows[n].append(row)
        active, fed, h = active[going], fed[going], h[going]
        if len(active) == 0:
            break
    empty = torch.zeros(0, keys.shape[1]).to(keys)
    return [ids[n] for n in range(n_rows)], [torch.stack(rows[n]) if rows[n] else empty for n in range(n_rows)]
""",
    ),
    Style(
        "translate-dates-sorted",
        exercise="translate_dates",
        code="""def translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length):
    history = []
    tokens = torch.zeros(mask.shape[0], dtype=torch.long) + bos_id
    for step in range(max_length):
        logits, h, weights = decoder.step(tokens=tokens, h=h, keys=keys, mask=mask)
        tokens = logits.sort(dim=-1, descending=True).indices[:, 0]
        history.append((tokens.tolist(), weights.detach().clone()))
    answers, alignments = [], []
    for n in range(mask.shape[0]):
        written = [ids[n] for ids, _ in history]
        end = written.index(eos_id) if eos_id in written else max_length
        answers.append(written[:end])
        alignments.append(torch.stack([w[n] for _, w in history])[:end])
    return answers, alignments
""",
    ),
]

STYLES = [
    *MASKED_SOFTMAX,
    *CHECK_MASKED_SOFTMAX,
    *MASKS,
    *ADDITIVE,
    *LUONG,
    *SCALED,
    *BACKWARD,
    *DECODER,
    *TRANSLATE,
    Style(
        "masks-one-by-the-other",
        exercise="masks",
        code="""def padding_mask(lengths, max_length):
    return ~(torch.arange(max_length).unsqueeze(0) >= lengths.unsqueeze(-1))

def causal_mask(queries, keys):
    return padding_mask(torch.arange(1, queries + 1) + keys - queries, keys)
""",
    ),
    Style(
        "additive-attention-joined",
        exercise="additive_attention",
        code="""class AdditiveAttention(nn.Module):
    def __init__(self, query_size: int, key_size: int, attention_size: int) -> None:
        super().__init__()
        self.w_query = nn.Linear(query_size, attention_size, bias=False)  # W
        self.w_key = nn.Linear(key_size, attention_size, bias=False)  # U
        self.v = nn.Linear(attention_size, 1, bias=False)  # v

    def forward(self, query, keys, values, mask=None):
        N, T, _ = keys.shape
        both = torch.cat([query.unsqueeze(1).repeat(1, T, 1), keys], dim=2)
        w = torch.cat([self.w_query.weight, self.w_key.weight], dim=1)
        s = (torch.tanh(both @ w.T) @ self.v.weight.T).reshape(N, T)
        mask = mask if mask is not None else torch.full((N, T), True)
        a = masked_softmax(scores=s, mask=mask, dim=1)
        return (values * a[:, :, None]).sum(1), a
""",
    ),
    Style(
        "luong-scores-bilinear",
        exercise="luong_scores",
        code="""def luong_scores(query, keys, weight=None):
    N, T, Hk = keys.shape
    q = query.repeat_interleave(T, 0); k = keys.reshape(N * T, Hk)
    if weight is None: return (q * k).sum(1).view(N, T)
    return F.bilinear(q, k, weight[None]).view(N, T)
""",
    ),
    Style(
        "scaled-dot-product-attention-divided-late",
        exercise="scaled_dot_product_attention",
        code="""def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None):
    d_k = k.shape[-1]
    logits = torch.matmul(q, k.swapaxes(-1, -2)).mul(1 / math.sqrt(d_k))
    if mask is not None: logits = torch.where(mask, logits, -torch.inf)
    top = logits.max(dim=-1, keepdim=True).values.detach()
    top = torch.where(top == -torch.inf, torch.zeros_like(top), top)
    e = torch.exp(logits - top)
    z = e.sum(-1, keepdim=True)
    z = z + (z == 0)
    weights = e / z
    print("ok")
    return [e @ v / z, weights]
""",
    ),
    Style(
        "attention-backward-entry-by-entry",
        exercise="attention_backward",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    if q.dim() > 2:
        return tuple(torch.stack(p) for p in zip(*(attention_backward(a, b, c, d, e, scale) for a, b, c, d, e in zip(d_output, q, k, v, weights))))
    d_q, d_k, d_v = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    for i in range(len(q)):
        dw = v @ d_output[i]
        mean = weights[i] @ dw
        for j in range(len(k)):
            ds = weights[i, j] * (dw[j] - mean) * scale
            d_q[i] += ds * k[j]
            d_k[j] += ds * q[i]
            d_v[j] += weights[i, j] * d_output[i]
    return d_q, d_k, d_v
""",
    ),
    Style(
        "attention-decoder-filled-in",
        exercise="attention_decoder",
        code="""class AttentionDecoder(nn.Module):
    def __init__(self, vocab: int, embedding_size: int, hidden_size: int, key_size: int, attention_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, embedding_size)
        self.attention = AdditiveAttention(hidden_size, key_size, attention_size)
        self.cell = nn.GRUCell(embedding_size + key_size, hidden_size)
        self.output = nn.Linear(hidden_size + key_size, vocab)

    def step(self, tokens, h, keys, mask):
        e = self.embedding(tokens)
        buf = e.new_empty(len(e), e.shape[1] + keys.shape[2])
        context, weights = self.attention(h, keys, keys, mask)
        buf[:, :e.shape[1]] = e; buf[:, e.shape[1]:] = context
        new = self.cell(buf, h)
        return self.output(torch.cat([new, context], axis=1)), new, weights
""",
    ),
    Style(
        "translate-dates-recursive",
        exercise="translate_dates",
        code="""def translate_dates(decoder, keys, mask, h, bos_id, eos_id, max_length):
    def go(tok, h, left):
        if not left: return [[] for _ in tok], [[] for _ in tok]
        logits, h, w = decoder.step(tok, h, keys, mask)
        tok = logits.max(-1).indices
        R, W = go(tok, h, left - 1)
        for i, t in enumerate(tok.tolist()):
            if t == eos_id: R[i], W[i] = [], []
            else: R[i], W[i] = [t] + R[i], [w[i]] + W[i]
        return R, W
    R, W = go(torch.full((h.shape[0],), bos_id, dtype=torch.long), h, max_length)
    return R, [torch.stack(x) if len(x) else h.new_empty(0, mask.shape[1]) for x in W]
""",
    ),
    Style(
        "additive-attention-softmax-in-float32",
        exercise="additive_attention",
        code=_ADDITIVE
        + """    def forward(self, query, keys, values, mask=None):
        scores = self.v(torch.tanh(self.w_query(query).unsqueeze(1) + self.w_key(keys))).squeeze(-1)
        if mask is None:
            mask = torch.ones_like(scores, dtype=torch.bool)
        weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), dim=-1, dtype=torch.float32).to(scores.dtype)
        weights = weights.masked_fill(~mask, 0.0)
        return torch.bmm(weights.unsqueeze(1), values).squeeze(1), weights.detach()
""",
    ),
    Style(
        "scaled-dot-product-attention-in-float32",
        exercise="scaled_dot_product_attention",
        code="""def scaled_dot_product_attention(q, k, v, mask=None):
    scores = (q.float() @ k.float().transpose(-2, -1)) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    weights = weights.to(q.dtype)
    return weights @ v, weights.detach()
""",
    ),
    Style(
        "attention-backward-in-float32",
        exercise="attention_backward",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    given = q.dtype
    d_output, q, k, v, weights = (tensor.float() for tensor in (d_output, q, k, v, weights))
    d_weights = d_output @ v.transpose(-2, -1)
    d_scores = scale * weights * (d_weights - (weights * d_weights).sum(dim=-1, keepdim=True))
    gradients = d_scores @ k, d_scores.transpose(-2, -1) @ q, weights.transpose(-2, -1) @ d_output
    return tuple(gradient.to(given) for gradient in gradients)
""",
    ),
]
