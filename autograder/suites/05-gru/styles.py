"""Right answers to the exercises of gated networks, written differently: all must earn full marks."""

from autograder.catalogue import Style

GIVEN_GRU = """class GRUCell(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))

"""

GRU_CELL = [
    Style(
        "gru-cell-functional-linear",
        exercise="gru_cell",
        code=GIVEN_GRU
        + """    def forward(self, x, h):
        gi = F.linear(x, self.weight_ih, self.bias_ih)
        gh = F.linear(h, self.weight_hh, self.bias_hh)
        i_r, i_z, i_n = torch.split(gi, self.hidden_size, dim=-1)
        h_r, h_z, h_n = torch.split(gh, self.hidden_size, dim=-1)
        resetgate, updategate = (i_r + h_r).sigmoid(), (i_z + h_z).sigmoid()
        newgate = (i_n + resetgate * h_n).tanh()
        return newgate + updategate * (h - newgate)
""",
    ),
    Style(
        "gru-cell-gate-by-gate",
        exercise="gru_cell",
        code=GIVEN_GRU
        + """    def forward(self, x, h):
        H = h.shape[1]
        w_ir, w_iz, w_in = self.weight_ih[:H], self.weight_ih[H : 2 * H], self.weight_ih[2 * H :]
        w_hr, w_hz, w_hn = self.weight_hh[:H], self.weight_hh[H : 2 * H], self.weight_hh[2 * H :]
        b_ir, b_iz, b_in = self.bias_ih[:H], self.bias_ih[H : 2 * H], self.bias_ih[2 * H :]
        b_hr, b_hz, b_hn = self.bias_hh[:H], self.bias_hh[H : 2 * H], self.bias_hh[2 * H :]
        r = torch.sigmoid(x @ w_ir.t() + b_ir + h @ w_hr.t() + b_hr)
        z = torch.sigmoid(x @ w_iz.t() + b_iz + h @ w_hz.t() + b_hz)
        n = torch.tanh(x @ w_in.t() + b_in + r * (h @ w_hn.t() + b_hn))
        print("state", tuple(n.shape))
        return torch.lerp(n, h, z)
""",
    ),
    Style(
        "gru-cell-einsum",
        exercise="gru_cell",
        code=GIVEN_GRU
        + """    def forward(self, x, h):
        a = (torch.einsum("nd,kd->nk", x, self.weight_ih) + self.bias_ih).view(len(x), 3, -1)
        c = (torch.einsum("nh,kh->nk", h, self.weight_hh) + self.bias_hh).view(len(x), 3, -1)
        gates = torch.sigmoid(a[:, :2] + c[:, :2])
        r, z = gates.unbind(dim=1)
        n = torch.tanh(torch.addcmul(a[:, 2], r, c[:, 2]))
        return z.mul(h) + (1.0 - z).mul(n)
""",
    ),
    Style(
        "gru-cell-helper",
        exercise="gru_cell",
        code='''def blocks(values, weight, bias):
    """The three blocks of a map."""
    return [values @ w.T + b for w, b in zip(weight.chunk(3), bias.chunk(3))]


'''
        + GIVEN_GRU
        + """    def forward(self, x, h):
        from_x, from_h = blocks(x, self.weight_ih, self.bias_ih), blocks(h, self.weight_hh, self.bias_hh)
        reset, update = (torch.sigmoid(a + c) for a, c in zip(from_x[:2], from_h[:2]))
        candidate = torch.tanh(from_x[2] + reset * from_h[2])
        keep, take = update * h, (1 - update) * candidate
        return keep + take
""",
    ),
    Style(
        "gru-cell-row-by-row",
        exercise="gru_cell",
        code=GIVEN_GRU
        + """    def forward(self, x, h):
        rows, H = [], self.hidden_size
        for x_n, h_n in zip(x, h):
            a, c = self.weight_ih.mv(x_n) + self.bias_ih, self.weight_hh.mv(h_n) + self.bias_hh
            both = torch.sigmoid((a + c)[: 2 * H])
            r, z = both[:H], both[H:]
            rows.append((1 - z) * torch.tanh(a[2 * H :] + r * c[2 * H :]) + z * h_n)
        return torch.stack(rows)
""",
    ),
    Style(
        "gru-cell-own-sigmoid",
        exercise="gru_cell",
        code=GIVEN_GRU
        + """    def forward(self, x, h):
        sigmoid = lambda a: 0.5 * (1 + torch.tanh(0.5 * a))
        a_r, a_z, a_n = torch.tensor_split(torch.addmm(self.bias_ih, x, self.weight_ih.T), 3, dim=1)
        c_r, c_z, c_n = torch.tensor_split(torch.addmm(self.bias_hh, h, self.weight_hh.T), 3, dim=1)
        z = sigmoid(a_z + c_z)
        return (1 - z) * torch.tanh(a_n + sigmoid(a_r + c_r) * c_n) + z * h
""",
    ),
]

GRU_CELL_BACKWARD = [
    Style(
        "gru-cell-backward-block-by-block",
        exercise="gru_cell_backward",
        code="""def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    H = h.shape[1]
    R, Z, N = slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)
    r = torch.sigmoid(x @ weight_ih[R].T + bias_ih[R] + h @ weight_hh[R].T + bias_hh[R])
    z = torch.sigmoid(x @ weight_ih[Z].T + bias_ih[Z] + h @ weight_hh[Z].T + bias_hh[Z])
    past = h @ weight_hh[N].T + bias_hh[N]
    n = torch.tanh(x @ weight_ih[N].T + bias_ih[N] + r * past)
    g_n = d_out * (1 - z) * (1 - n * n)
    g_z = d_out * (h - n) * z * (1 - z)
    g_r = g_n * past * r * (1 - r)
    g_past = g_n * r
    d_x = g_r @ weight_ih[R] + g_z @ weight_ih[Z] + g_n @ weight_ih[N]
    d_h = d_out * z + g_r @ weight_hh[R] + g_z @ weight_hh[Z] + g_past @ weight_hh[N]
    d_weight_ih = torch.cat([g_r.T @ x, g_z.T @ x, g_n.T @ x])
    d_weight_hh = torch.cat([g_r.T @ h, g_z.T @ h, g_past.T @ h])
    d_bias_ih = torch.cat([g_r.sum(0), g_z.sum(0), g_n.sum(0)])
    d_bias_hh = torch.cat([g_r.sum(0), g_z.sum(0), g_past.sum(0)])
    return d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh
""",
    ),
    Style(
        "gru-cell-backward-row-by-row",
        exercise="gru_cell_backward",
        code="""def one_row(d, x, h, wi, wh, bi, bh):
    H = len(h)
    a, c = wi @ x + bi, wh @ h + bh
    r, z = torch.sigmoid(a[:H] + c[:H]), torch.sigmoid(a[H:-H] + c[H:-H])
    n = torch.tanh(a[-H:] + r * c[-H:])
    dn, dz = d * (1 - z) * (1 - n**2), d * (h - n) * z * (1 - z)
    dr = dn * c[-H:] * r * (1 - r)
    return torch.cat([dr, dz, dn]), torch.cat([dr, dz, dn * r]), d * z


def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    zeros = torch.zeros_like
    d_x, d_h = zeros(x), zeros(h)
    d_wi, d_wh, d_bi, d_bh = zeros(weight_ih), zeros(weight_hh), zeros(bias_ih), zeros(bias_hh)
    for k in range(x.shape[0]):
        da, dc, direct = one_row(d_out[k], x[k], h[k], weight_ih, weight_hh, bias_ih, bias_hh)
        d_x[k] = weight_ih.T @ da
        d_h[k] = weight_hh.T @ dc + direct
        d_wi += torch.outer(da, x[k])
        d_wh += torch.outer(dc, h[k])
        d_bi += da
        d_bh += dc
    return d_x, d_h, d_wi, d_wh, d_bi, d_bh
""",
    ),
    Style(
        "gru-cell-backward-einsum",
        exercise="gru_cell_backward",
        code="""def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    a = (F.linear(x, weight_ih, bias_ih)).unflatten(1, (3, -1))
    c = (F.linear(h, weight_hh, bias_hh)).unflatten(1, (3, -1))
    gates = (a[:, :2] + c[:, :2]).sigmoid()
    r, z = gates[:, 0], gates[:, 1]
    n = (a[:, 2] + r * c[:, 2]).tanh()
    slope = gates * (1 - gates)
    inner = d_out * (1 - z) * (1 - n.square())
    to_r, to_z = inner * c[:, 2] * slope[:, 0], d_out * (h - n) * slope[:, 1]
    side_x, side_h = torch.hstack([to_r, to_z, inner]), torch.hstack([to_r, to_z, inner * r])
    return [
        torch.einsum("nk,kd->nd", side_x, weight_ih),
        torch.einsum("nk,kh->nh", side_h, weight_hh) + z * d_out,
        torch.einsum("nk,nd->kd", side_x, x),
        torch.einsum("nk,nh->kh", side_h, h),
        torch.einsum("nk->k", side_x),
        torch.einsum("nk->k", side_h),
    ]
""",
    ),
    Style(
        "gru-cell-backward-in-place-on-its-own",
        exercise="gru_cell_backward",
        code="""def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    n_rows, n_units = h.shape
    gi, gh = torch.addmm(bias_ih, x, weight_ih.t()), torch.addmm(bias_hh, h, weight_hh.t())
    r = torch.sigmoid(gi[:, :n_units] + gh[:, :n_units])
    z = torch.sigmoid(gi[:, n_units : 2 * n_units] + gh[:, n_units : 2 * n_units])
    hn = gh[:, 2 * n_units :]
    n = torch.tanh(gi[:, 2 * n_units :] + r * hn)
    d_gi = torch.empty(n_rows, 3 * n_units, dtype=h.dtype)
    d_gi[:, 2 * n_units :] = d_out * (1 - z) * (1 - n) * (1 + n)
    d_gi[:, n_units : 2 * n_units] = d_out * (h - n) * (z - z**2)
    d_gi[:, :n_units] = d_gi[:, 2 * n_units :] * hn * (r - r**2)
    d_gh = d_gi.clone()
    d_gh[:, 2 * n_units :] *= r
    d_h = d_gh.mm(weight_hh)
    d_h += d_out * z
    print("norm of d_h:", float(d_h.norm()))
    return d_gi.mm(weight_ih), d_h, d_gi.t().mm(x), d_gh.t().mm(h), d_gi.sum(0), d_gh.sum(0)
""",
    ),
    Style(
        "gru-cell-backward-helpers",
        exercise="gru_cell_backward",
        code="""sigmoid_slope = lambda s: s * (1 - s)


def linear_backward(d, inputs, weight):
    return d @ weight, d.transpose(0, 1) @ inputs, torch.sum(d, dim=0)


def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    i_r, i_z, i_n = torch.chunk(F.linear(x, weight_ih, bias_ih), 3, -1)
    h_r, h_z, h_n = torch.chunk(F.linear(h, weight_hh, bias_hh), 3, -1)
    reset, update = torch.sigmoid(i_r + h_r), torch.sigmoid(i_z + h_z)
    new = torch.tanh(i_n + reset * h_n)
    d_new = (d_out - update * d_out) * (1 - new.pow(2))
    d_update = (h - new) * d_out * sigmoid_slope(update)
    d_reset = d_new * h_n * sigmoid_slope(reset)
    d_x, d_weight_ih, d_bias_ih = linear_backward(torch.concat((d_reset, d_update, d_new), -1), x, weight_ih)
    d_h, d_weight_hh, d_bias_hh = linear_backward(torch.concat((d_reset, d_update, reset * d_new), -1), h, weight_hh)
    return d_x, d_h + update * d_out, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh
""",
    ),
]

GIVEN_UNIT = """class MinimalGatedUnit(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.w_f = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.u_f = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_f = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.w_h = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.u_h = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_h = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

"""

MINIMAL_GATED_UNIT = [
    Style(
        "minimal-gated-unit-functional-linear",
        exercise="minimal_gated_unit",
        code=GIVEN_UNIT
        + """    def forward(self, x, h):
        gate = (F.linear(x, self.w_f, self.b_f) + F.linear(h, self.u_f)).sigmoid()
        new = (F.linear(x, self.w_h) + F.linear(gate * h, self.u_h, self.b_h)).tanh()
        return h + gate * (new - h)
""",
    ),
    Style(
        "minimal-gated-unit-joined",
        exercise="minimal_gated_unit",
        code=GIVEN_UNIT
        + """    def forward(self, x, h):
        joined = lambda a, b, w, u: torch.cat([a, b], dim=1) @ torch.cat([w, u], dim=1).T
        f = torch.sigmoid(joined(x, h, self.w_f, self.u_f) + self.b_f)
        g = torch.tanh(joined(x, f * h, self.w_h, self.u_h) + self.b_h)
        return torch.lerp(h, g, f)
""",
    ),
    Style(
        "minimal-gated-unit-einsum",
        exercise="minimal_gated_unit",
        code=GIVEN_UNIT
        + """    def forward(self, x, h):
        a = torch.einsum("nd,hd->nh", x, self.w_f) + torch.einsum("nk,hk->nh", h, self.u_f)
        f = torch.sigmoid(a + self.b_f.unsqueeze(0))
        b = torch.einsum("nd,hd->nh", x, self.w_h) + torch.einsum("nk,nk,hk->nh", f, h, self.u_h)
        candidate = torch.tanh(b + self.b_h.unsqueeze(0))
        old, new = (1 - f).mul(h), f.mul(candidate)
        return old.add(new)
""",
    ),
    Style(
        "minimal-gated-unit-row-by-row",
        exercise="minimal_gated_unit",
        code=GIVEN_UNIT
        + """    def step(self, x, h):
        f = torch.sigmoid(self.w_f @ x + self.u_f @ h + self.b_f)
        return f * torch.tanh(self.w_h @ x + self.u_h @ (f * h) + self.b_h) + (1 - f) * h

    def forward(self, x, h):
        print("batch of", len(x))
        return torch.stack([self.step(a, b) for a, b in zip(x, h)])
""",
    ),
    Style(
        "minimal-gated-unit-helper",
        exercise="minimal_gated_unit",
        code="""def affine(x, w, h, u, b):
    return torch.addmm(b, x, w.t()) + h.mm(u.t())


"""
        + GIVEN_UNIT
        + """    def forward(self, x, h):
        forget = torch.sigmoid(affine(x, self.w_f, h, self.u_f, self.b_f))
        candidate = torch.tanh(affine(x, self.w_h, forget * h, self.u_h, self.b_h))
        return h - forget * h + forget * candidate
""",
    ),
]

RUN_PADDED = [
    Style(
        "run-padded-multiplied-mask",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    N, T, _ = x.shape
    mask = (torch.arange(T)[None, :] < lengths[:, None]).to(h_0.dtype)
    h, out = h_0, []
    for t in range(T):
        m = mask[:, t : t + 1]
        h = m * cell(x[:, t, :], h) + (1 - m) * h
        out += [h]
    return torch.stack(out, 1), h
""",
    ),
    Style(
        "run-padded-row-by-row",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    rows = []
    for n in range(len(x)):
        state, states = h_0[n : n + 1], []
        for t in range(x.shape[1]):
            if t < lengths[n]:
                state = cell(x[n : n + 1, t], state)
            states.append(state)
        rows.append(torch.cat(states))
    h = torch.stack(rows)
    return h, h[:, -1]
""",
    ),
    Style(
        "run-padded-only-active-rows",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    h, states = h_0.clone(), []
    for t in range(x.size(1)):
        rows = torch.nonzero(lengths > t).flatten()
        if len(rows):
            h = h.index_copy(0, rows, cell(x[rows, t], h[rows]))
        states.append(h)
    return torch.stack(states, dim=1), h
""",
    ),
    Style(
        "run-padded-gathers-afterwards",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    state, states = h_0, [h_0]
    for step in x.unbind(dim=1):
        state = cell(step, state)
        states.append(state)
    states = torch.stack(states, dim=1)  # (N, T + 1, H), h_0 first
    index = torch.minimum(torch.arange(1, x.shape[1] + 1).unsqueeze(0), lengths.unsqueeze(1))
    rows = torch.arange(len(x))
    return states[rows.unsqueeze(1), index], states[rows, lengths]
""",
    ),
    Style(
        "run-padded-filled-in-place",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    h = torch.zeros(x.shape[0], x.shape[1], h_0.shape[1], dtype=h_0.dtype)
    last = h_0
    for t in range(x.shape[1]):
        new = cell(x[:, t], last)
        ended = (lengths <= t)[:, None].expand_as(new)
        last = new.masked_fill(ended, 0) + last.masked_fill(~ended, 0)
        h[:, t] = last
    print("ran", x.shape[1], "steps")
    return h, last
""",
    ),
    Style(
        "run-padded-sorted",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    order = torch.argsort(lengths, descending=True)
    back = torch.argsort(order)
    x, lengths, state = x[order], lengths[order], h_0[order]
    columns = []
    for t in range(x.shape[1]):
        alive = int((lengths > t).sum())
        if alive:
            state = torch.cat([cell(x[:alive, t], state[:alive]), state[alive:]])
        columns.append(state)
    return torch.stack(columns, dim=1)[back], state[back]
""",
    ),
]

GIVEN_SEQ2SEQ = """class Seq2Seq(nn.Module):
    def __init__(self, source_vocab: int, target_vocab: int, embedding_size: int, hidden_size: int, pad_id: int) -> None:
        super().__init__()
        self.hidden_size, self.pad_id = hidden_size, pad_id
        self.source_embedding = nn.Embedding(source_vocab, embedding_size, padding_idx=pad_id)
        self.target_embedding = nn.Embedding(target_vocab, embedding_size, padding_idx=pad_id)
        self.encoder_cell = nn.GRUCell(embedding_size, hidden_size)
        self.decoder_cell = nn.GRUCell(embedding_size, hidden_size)
        self.output = nn.Linear(hidden_size, target_vocab)

"""

ENCODER_DECODER = [
    Style(
        "encoder-decoder-multiplied-mask",
        exercise="encoder_decoder",
        code=GIVEN_SEQ2SEQ
        + """    def encode(self, source, lengths):
        x = self.source_embedding(source)
        h = torch.zeros(source.size(0), self.hidden_size, dtype=x.dtype, device=x.device)
        for t in range(source.size(1)):
            m = (lengths > t).to(x.dtype)[:, None]
            h = m * self.encoder_cell(x[:, t, :], h) + (1 - m) * h
        return h

    def decode_step(self, tokens, h):
        new = self.decoder_cell(self.target_embedding(tokens), h)
        return self.output(new), new

    def forward(self, source, lengths, target):
        h, logits = self.encode(source, lengths), []
        for column in target.unbind(dim=1):
            step, h = self.decode_step(column, h)
            logits.append(step.unsqueeze(1))
        return torch.cat(logits, dim=1)
""",
    ),
    Style(
        "encoder-decoder-own-gru",
        exercise="encoder_decoder",
        code='''class Cell(nn.Module):
    """A GRU cell of one's own, with the same names."""

    def __init__(self, D, H):
        super().__init__()
        self.weight_ih, self.weight_hh = nn.Parameter(torch.randn(3 * H, D)), nn.Parameter(torch.randn(3 * H, H))
        self.bias_ih, self.bias_hh = nn.Parameter(torch.zeros(3 * H)), nn.Parameter(torch.zeros(3 * H))

    def forward(self, x, h):
        a, c = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, 1), F.linear(h, self.weight_hh, self.bias_hh).chunk(3, 1)
        r, z = torch.sigmoid(a[0] + c[0]), torch.sigmoid(a[1] + c[1])
        return (1 - z) * torch.tanh(a[2] + r * c[2]) + z * h


class Seq2Seq(nn.Module):
    def __init__(self, source_vocab, target_vocab, embedding_size, hidden_size, pad_id):
        super().__init__()
        self.H, self.pad_id = hidden_size, pad_id
        self.source_embedding = nn.Embedding(source_vocab, embedding_size, pad_id)
        self.target_embedding = nn.Embedding(target_vocab, embedding_size, pad_id)
        self.encoder_cell, self.decoder_cell = Cell(embedding_size, hidden_size), Cell(embedding_size, hidden_size)
        self.output = nn.Linear(hidden_size, target_vocab)

    def encode(self, source, lengths):
        h = self.output.weight.new_zeros(source.shape[0], self.H)
        for t, column in enumerate(source.T):
            h = torch.where((t < lengths)[:, None], self.encoder_cell(self.source_embedding(column), h), h)
        return h

    def decode_step(self, tokens, h):
        h = self.decoder_cell(self.target_embedding(tokens), h)
        return self.output(h), h

    def forward(self, source, lengths, target):
        h, steps = self.encode(source, lengths), []
        for t in range(target.shape[1]):
            logits, h = self.decode_step(target[:, t], h)
            steps.append(logits)
        return torch.stack(steps, 1)
''',
    ),
    Style(
        "encoder-decoder-output-at-once",
        exercise="encoder_decoder",
        code=GIVEN_SEQ2SEQ
        + """    def encode(self, source, lengths):
        states = [self.source_embedding.weight.new_zeros(len(source), self.hidden_size)]
        for x in self.source_embedding(source).transpose(0, 1):
            states.append(self.encoder_cell(x, states[-1]))
        return torch.stack(states)[lengths, torch.arange(len(source))]

    def decode_step(self, tokens, h):
        h = self.decoder_cell(self.target_embedding(tokens), h)
        return self.output(h), h

    def forward(self, source, lengths, target):
        h = self.encode(source, lengths)
        states = []
        for x in self.target_embedding(target).unbind(1):
            h = self.decoder_cell(x, h)
            states.append(h)
        print("wrote", len(states), "steps")
        return self.output(torch.stack(states, dim=1))
""",
    ),
    Style(
        "encoder-decoder-row-by-row",
        exercise="encoder_decoder",
        code=GIVEN_SEQ2SEQ
        + """    def encode(self, source, lengths):
        return torch.cat([self._read(row[: int(length)]) for row, length in zip(source, lengths)])

    def _read(self, ids):
        h = None
        for i in range(len(ids)):
            h = self.encoder_cell(self.source_embedding(ids[i : i + 1]), h)
        return h

    def decode_step(self, tokens, h):
        h_new = self.decoder_cell(input=self.target_embedding(tokens), hx=h)
        logits = self.output(h_new)
        return logits, h_new

    def forward(self, source, lengths, target):
        T = target.size(1)
        h = self.encode(source, lengths)
        logits = torch.zeros(target.size(0), T, self.output.out_features, dtype=h.dtype)
        for t in range(T):
            logits[:, t], h = self.decode_step(target[:, t], h)
        return logits
""",
    ),
    Style(
        "encoder-decoder-functional",
        exercise="encoder_decoder",
        code=GIVEN_SEQ2SEQ
        + """    def encode(self, source, lengths):
        x, c = self.source_embedding(source), self.encoder_cell
        real = (torch.arange(source.shape[1]) < lengths.reshape(-1, 1)).unsqueeze(-1)
        h = x.new_zeros(x.shape[0], self.hidden_size)
        for t in range(x.shape[1]):
            new = torch.gru_cell(x[:, t], h, c.weight_ih, c.weight_hh, c.bias_ih, c.bias_hh)
            h = h + real[:, t] * (new - h)
        return h

    decode_step = lambda self, tokens, h: (lambda new: (self.output(new), new))(self.decoder_cell(self.target_embedding(tokens), h))

    def forward(self, source, lengths, target):
        h, out, t = self.encode(source, lengths), [], 0
        while t < target.shape[1]:
            y, h = self.decode_step(target[:, t], h)
            out.append(y)
            t += 1
        return torch.stack(out).permute(1, 0, 2)
""",
    ),
]

GREEDY_DECODE = [
    Style(
        "greedy-decode-cut-afterwards",
        exercise="greedy_decode",
        code="""def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    h = model.encode(source, lengths)
    tokens = source.new_full((source.shape[0],), bos_id)
    columns = []
    for _ in range(max_length):
        logits, h = model.decode_step(tokens, h)
        tokens = logits.argmax(1)
        columns.append(tokens)
    rows = torch.stack(columns, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]
""",
    ),
    Style(
        "greedy-decode-row-by-row",
        exercise="greedy_decode",
        code="""def write_one(model, source, length, bos, eos, limit):
    out, token, h = [], torch.tensor([bos]), model.encode(source, length)
    while len(out) < limit:
        logits, h = model.decode_step(token, h)
        token = torch.max(logits, dim=-1).indices
        if int(token) == eos:
            break
        out.append(int(token))
    return out


def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    return [write_one(model, source[n : n + 1], lengths[n : n + 1], bos_id, eos_id, max_length) for n in range(len(source))]
""",
    ),
    Style(
        "greedy-decode-only-active-rows",
        exercise="greedy_decode",
        code="""@torch.no_grad()
def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    result = [[] for _ in source]
    active = torch.arange(len(source))
    h = model.encode(source, lengths)
    fed = torch.full((len(source),), bos_id)
    for _ in range(max_length):
        logits, h = model.decode_step(fed, h)
        best = logits.topk(1, dim=-1).indices.squeeze(-1)
        going = best != eos_id
        active, h, fed = active[going], h[going], best[going]
        for row, token in zip(active.tolist(), fed.tolist()):
            result[row].append(token)
        if len(active) == 0:
            break
    return result
""",
    ),
    Style(
        "greedy-decode-device-and-mode",
        exercise="greedy_decode",
        code="""def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    device, was_training = next(model.parameters()).device, model.training
    model.eval()
    with torch.no_grad():
        h = model.encode(source, lengths)
        tokens = torch.full((len(source),), bos_id, device=device)
        rows, done = [[] for _ in range(len(source))], torch.zeros(len(source), dtype=torch.bool, device=device)
        for _ in range(max_length):
            logits, h = model.decode_step(tokens, h)
            tokens = logits.argmax(dim=1)
            done |= tokens == eos_id
            for n in (~done).nonzero().flatten().tolist():
                rows[n].append(int(tokens[n]))
    model.train(was_training)
    return rows
""",
    ),
    Style(
        "greedy-decode-finished-tensor",
        exercise="greedy_decode",
        code="""def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    batch = source.size(0)
    done = torch.zeros(batch, dtype=torch.bool)
    ys = torch.full((batch, 1), bos_id, dtype=torch.int64)
    with torch.inference_mode():
        state = model.encode(source, lengths)
        while ys.size(1) <= max_length and not bool(done.all()):
            logits, state = model.decode_step(ys[:, -1], state)
            nxt = torch.where(done, torch.full_like(ys[:, -1], eos_id), logits.argmax(-1))
            done = done | (nxt == eos_id)
            ys = torch.cat([ys, nxt[:, None]], dim=1)
    out = []
    for row in ys[:, 1:]:
        kept = []
        for token in row:
            if token == eos_id:
                break
            kept.append(token.item())
        out.append(kept)
    print("decoded", batch, "rows")
    return out
""",
    ),
    Style(
        "greedy-decode-itertools",
        exercise="greedy_decode",
        code="""from itertools import takewhile


def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    steps, fed, h = [], torch.LongTensor([bos_id] * source.shape[0]), model.encode(source, lengths)
    for _ in range(max_length):
        logits, h = model.decode_step(fed, h)
        fed = torch.argmax(torch.log_softmax(logits, -1), -1)
        steps.append(fed.tolist())
    return [list(takewhile(lambda token: token != eos_id, row)) for row in zip(*steps)]
""",
    ),
]

PADDED_CROSS_ENTROPY = [
    Style(
        "padded-cross-entropy-ignore-index",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    total = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad_id, reduction="sum")
    return total / max(1, int((targets != pad_id).sum()))
""",
    ),
    Style(
        "padded-cross-entropy-real-places-only",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    real = targets.ne(pad_id)
    if not real.any():
        return logits.sum() * 0.0
    return F.cross_entropy(logits[real], targets[real])
""",
    ),
    Style(
        "padded-cross-entropy-logsumexp",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    N, T, V = logits.shape
    picked = logits[torch.arange(N)[:, None], torch.arange(T)[None, :], targets]
    losses = torch.logsumexp(logits, dim=2) - picked
    weights = (targets != pad_id).to(logits.dtype)
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)
""",
    ),
    Style(
        "padded-cross-entropy-one-hot",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    log_p = shifted - shifted.exp().sum(dim=-1, keepdim=True).log()
    chosen = F.one_hot(targets, logits.shape[-1]).bool() & (targets != pad_id)[..., None]
    count = int(chosen.sum())
    print(count, "real tokens")
    return -torch.where(chosen, log_p, torch.zeros_like(log_p)).sum() / (count if count else 1)
""",
    ),
    Style(
        "padded-cross-entropy-loop",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    total, count = 0 * logits.sum(), 0
    for n in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            if targets[n, t] != pad_id:
                total = total - F.log_softmax(logits[n, t], dim=0)[targets[n, t]]
                count += 1
    return total / count if count > 0 else total
""",
    ),
    Style(
        "padded-cross-entropy-no-reduction",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    per_token = F.cross_entropy(logits.permute(0, 2, 1), targets, reduction="none")
    is_real = targets != pad_id
    return torch.where(is_real, per_token, 0.0).sum() / torch.clamp(is_real.sum(), min=1)
""",
    ),
]

TRANSLATE_DATES_GRU = [
    Style(
        "translate-dates-gru-narrow",
        exercise="translate_dates_gru",
        code="""def translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm=1.0):
    history = list()
    for source, lengths, target in batches:
        model.zero_grad()
        T = target.size(1) - 1
        logits = model(source, lengths, target.narrow(1, 0, T))
        loss = loss_function(logits, target.narrow(1, 1, T), pad_id)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
        optimizer.step()
        history.append(float(loss))
    return history
""",
    ),
    Style(
        "translate-dates-gru-own-names",
        exercise="translate_dates_gru",
        code="""def translate_dates_gru(net, opt, data, criterion, pad, clip=1.0):
    losses = []
    for src, n, tgt in data:
        opt.zero_grad()
        loss = criterion(net(src, n, tgt[:, :-1]), tgt[:, 1:], pad)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), clip)
        opt.step()
        losses.append(loss.item())
    return losses
""",
    ),
    Style(
        "translate-dates-gru-clips-by-hand",
        exercise="translate_dates_gru",
        code="""def clip(parameters, limit):
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.sqrt(sum((g.double() ** 2).sum() for g in gradients))
    if norm > limit:
        for g in gradients:
            g.mul_(limit / norm)


def translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm=1.0):
    losses = []
    for batch in batches:
        source, lengths, target = batch
        optimizer.zero_grad(set_to_none=True)
        loss = loss_function(model(source, lengths, target[:, :-1]), target[:, 1:], pad_id)
        loss.backward()
        clip(list(model.parameters()), max_norm)
        optimizer.step()
        losses += [loss.detach().item()]
    return losses
""",
    ),
    Style(
        "translate-dates-gru-explicit-gradients",
        exercise="translate_dates_gru",
        code="""def translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm=1.0):
    losses, parameters = [], [p for p in model.parameters() if p.requires_grad]
    for source, lengths, target in batches:
        loss = loss_function(model(source, lengths, target[:, :-1]), target[:, 1:], pad_id)
        for p, g in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad = g.clone()
        nn.utils.clip_grad_norm_(parameters, max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses
""",
    ),
    Style(
        "translate-dates-gru-zeroes-twice",
        exercise="translate_dates_gru",
        code="""def translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm=1.0):
    model.train()
    optimizer.zero_grad()
    losses = []
    for number, (source, lengths, target) in enumerate(batches):
        steps = torch.arange(target.shape[1] - 1)
        logits = model(source, lengths, target[:, steps])
        loss = loss_function(logits, target[:, steps + 1], pad_id)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        print(f"batch {number}: gradient norm {norm:.2f}")
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses
""",
    ),
    Style(
        "translate-dates-gru-helper",
        exercise="translate_dates_gru",
        code="""def translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm=1.0):
    def one_step(source, lengths, target):
        fed, labels = target[:, :-1].clone(), target[:, 1:].clone()
        optimizer.zero_grad()
        loss = loss_function(model(source, lengths, fed), labels, pad_id)
        loss.backward()
        nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], max_norm)
        optimizer.step()
        return loss.item()

    return [one_step(*batch) for batch in batches]
""",
    ),
]

STYLES = [
    *GRU_CELL,
    *GRU_CELL_BACKWARD,
    *MINIMAL_GATED_UNIT,
    *RUN_PADDED,
    *ENCODER_DECODER,
    *GREEDY_DECODE,
    *PADDED_CROSS_ENTROPY,
    *TRANSLATE_DATES_GRU,
    Style(
        "gru-cell-joined",
        exercise="gru_cell",
        code="""class GRUCell(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))
        self.bias_hh = nn.Parameter(torch.empty(3 * hidden_size).uniform_(-bound, bound))

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        H = self.hidden_size
        xh = torch.cat([x, h], dim=1)
        W = torch.cat([self.weight_ih[:2*H], self.weight_hh[:2*H]], dim=1)
        rz = torch.sigmoid(F.linear(xh, W, (self.bias_ih + self.bias_hh)[:2*H]))
        r, z = torch.split(rz, H, dim=1)
        n = torch.tanh(F.linear(x, self.weight_ih[2*H:], self.bias_ih[2*H:]) + r * F.linear(h, self.weight_hh[2*H:], self.bias_hh[2*H:]))
        keep = z * h
        out = (1.0 - z).mul_(n)
        out += keep
        return out
""",
    ),
    Style(
        "gru-cell-backward-float64-inside",
        exercise="gru_cell_backward",
        code="""def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    dt = x.dtype
    d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh = (t.double() for t in (d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh))
    ar, az, an = (x @ weight_ih.T + bias_ih).chunk(3, dim=1)
    cr, cz, cn = (h @ weight_hh.T + bias_hh).chunk(3, dim=1)
    r = torch.sigmoid(ar + cr)
    z = torch.sigmoid(az + cz)
    n = torch.tanh(an + r * cn)
    dn = d_out * (1 - z)
    dz = d_out * (h - n)
    dpn = dn * (1 - n ** 2)
    dpz = dz * z * (1 - z)
    dr = dpn * cn
    dpr = dr * r * (1 - r)
    da = torch.cat([dpr, dpz, dpn], dim=1)
    dc = torch.cat([dpr, dpz, dpn * r], dim=1)
    d_h = d_out * z + dc @ weight_hh
    return tuple(t.to(dt) for t in (da @ weight_ih, d_h, da.T @ x, dc.T @ h, da.sum(0), dc.sum(0)))
""",
    ),
    Style(
        "minimal-gated-unit-columns",
        exercise="minimal_gated_unit",
        code="""class MinimalGatedUnit(nn.Module):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.w_f = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.u_f = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_f = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.w_h = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.u_h = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.b_h = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def forward(self, x, h):
        X, S = x.T, h.T
        f = torch.sigmoid(self.w_f @ X + self.u_f @ S + self.b_f.unsqueeze(1))
        n = torch.tanh(self.w_h @ X + self.u_h @ (f * S) + self.b_h.unsqueeze(1))
        return (S + f * (n - S)).t()
""",
    ),
    Style(
        "run-padded-recursive",
        exercise="run_padded",
        code="""def run_padded(cell, x, lengths, h_0):
    def go(t, h):
        if t == x.shape[1]: return []
        h = torch.where(lengths[:, None] > t, cell(x[:, t], h), h)
        return [h] + go(t + 1, h)
    s = go(0, h_0)
    return torch.stack(s, 1), s[-1]
""",
    ),
    Style(
        "encoder-decoder-torch-gru",
        exercise="encoder_decoder",
        code="""class Seq2Seq(nn.Module):
    def __init__(
        self, source_vocab: int, target_vocab: int, embedding_size: int, hidden_size: int, pad_id: int
    ) -> None:
        super().__init__()
        self.hidden_size, self.pad_id = hidden_size, pad_id
        self.source_embedding = nn.Embedding(source_vocab, embedding_size, padding_idx=pad_id)
        self.target_embedding = nn.Embedding(target_vocab, embedding_size, padding_idx=pad_id)
        self.encoder_cell = nn.GRUCell(embedding_size, hidden_size)
        self.decoder_cell = nn.GRUCell(embedding_size, hidden_size)
        self.output = nn.Linear(hidden_size, target_vocab)

    def _run(self, cell, x, h):
        w = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
        out, last = torch.gru(x, h.unsqueeze(0), w, True, 1, 0.0, self.training, False, True)
        return out, last[0]
    def encode(self, source, lengths):
        x = self.source_embedding(source)
        h0 = torch.zeros(len(source), self.hidden_size).to(x)
        states, _ = self._run(self.encoder_cell, x, h0)
        return states[range(len(source)), lengths - 1]
    def decode_step(self, tokens, h):
        out, h = self._run(self.decoder_cell, self.target_embedding(tokens)[:, None], h)
        return self.output(out[:, 0]), h
    def forward(self, source, lengths, target):
        out, _ = self._run(self.decoder_cell, self.target_embedding(target), self.encode(source, lengths))
        return self.output(out)
""",
    ),
    Style(
        "greedy-decode-recursive",
        exercise="greedy_decode",
        code="""def greedy_decode(model, source, lengths, bos_id, eos_id, max_length):
    def go(tok, h, left):
        if left == 0: return [[] for _ in range(len(tok))]
        logits, h = model.decode_step(tok, h)
        tok = logits.max(dim=1).indices
        rest = go(tok, h, left - 1)
        return [[] if t == eos_id else [t] + r for t, r in zip(tok.tolist(), rest)]
    return go(torch.full((len(source),), bos_id, dtype=torch.long), model.encode(source, lengths), max_length)
""",
    ),
    Style(
        "padded-cross-entropy-float64-inside",
        exercise="padded_cross_entropy",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    m = (targets != pad_id)
    x = logits.double()
    lp = x - torch.logsumexp(x, -1, keepdim=True)
    return (-(lp.gather(-1, targets[..., None])[..., 0] * m).sum() / max(m.sum().item(), 1)).to(logits.dtype)
""",
    ),
    Style(
        "translate-dates-gru-zeroes-before-and-after",
        exercise="translate_dates_gru",
        code="""def translate_dates_gru(model, optimizer, batches, loss_function, pad_id, max_norm=1.0):
    optimizer.zero_grad()
    losses = []
    for batch in batches:
        source, lengths, target = batch
        inp, out = target.split([target.shape[1] - 1, 1], dim=1)[0], target[:, 1:]
        loss = loss_function(model(source, lengths, inp), out, pad_id)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        optimizer.zero_grad()
        losses += [loss.item()]
    return losses
""",
    ),
]
