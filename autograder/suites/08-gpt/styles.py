"""Right answers to the exercises of the language model, written differently: all must earn full marks."""

from autograder.catalogue import Style

TRAIN_BPE = [
    Style(
        "train-bpe-helpers",
        exercise="train_bpe",
        code="""def count_pairs(ids):
    counts = {}
    i = 0
    last_end = {}
    while i < len(ids) - 1:
        pair = (ids[i], ids[i + 1])
        if last_end.get(pair) != i:
            counts[pair] = counts.get(pair, 0) + 1
            last_end[pair] = i + 1
        i += 1
    return counts


def glue(ids, pair, new):
    out = []
    for token in ids:
        if out and out[-1] == pair[0] and token == pair[1]:
            out[-1] = new
        else:
            out.append(token)
    return out


def train_bpe(text, vocab_size):
    ids, merges = list(text.encode()), []
    for new in range(256, vocab_size):
        counts = count_pairs(ids)
        if not counts or max(counts.values()) < 2:
            break
        top = max(counts.values())
        pair = min(p for p, c in counts.items() if c == top)
        ids = glue(ids, pair, new)
        merges.append(pair)
    print(len(merges), "merges")
    return merges
""",
    ),
    Style(
        "train-bpe-runs",
        exercise="train_bpe",
        code="""import itertools


def train_bpe(text, vocab_size):
    symbols = [int(b) for b in text.encode("utf-8")]
    merges = []
    while 256 + len(merges) < vocab_size:
        table = Counter((a, b) for a, b in zip(symbols, symbols[1:]) if a != b)
        for a, run in itertools.groupby(symbols):
            table[a, a] += len(list(run)) // 2
        if not table:
            break
        (pair, count) = sorted(table.items(), key=lambda item: (-item[1], item[0]))[0]
        if count < 2:
            break
        out, rest = [], iter(range(len(symbols)))
        for i in rest:
            if symbols[i : i + 2] == list(pair):
                out.append(256 + len(merges))
                next(rest)
            else:
                out.append(symbols[i])
        symbols = out
        merges.append(pair)
    return merges
""",
    ),
    Style(
        "train-bpe-strings",
        exercise="train_bpe",
        code='''def train_bpe(text, vocab_size):
    """Each id is one character of a Python string; str.count and str.replace do not overlap."""
    s = "".join(map(chr, text.encode("utf-8")))
    merges = []
    for code in range(256, max(vocab_size, 256)):
        pairs = set(map("".join, zip(s, s[1:])))
        if not pairs:
            return merges
        best = min(pairs, key=lambda p: (-s.count(p), p))
        if s.count(best) == 1:
            return merges
        s = s.replace(best, chr(code))
        merges.append((ord(best[0]), ord(best[1])))
    return merges
''',
    ),
    Style(
        "train-bpe-recursive",
        exercise="train_bpe",
        code="""def train_bpe(text, vocab_size, ids=None, done=()):
    ids = list(text.encode("utf-8")) if ids is None else ids
    counts, skip = {}, -1
    for i in range(len(ids) - 1):
        pair = ids[i], ids[i + 1]
        if i == skip and ids[i - 1] == ids[i] == ids[i + 1]:
            continue
        counts[pair] = counts.get(pair, 0) + 1
        skip = i + 1
    good = [(-c, p) for p, c in counts.items() if c > 1]
    if not good or 256 + len(done) >= vocab_size:
        return list(done)
    pair = min(good)[1]
    new, i = [], 0
    while i < len(ids):
        hit = i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair
        new.append(256 + len(done) if hit else ids[i])
        i += 2 if hit else 1
    return train_bpe(text, vocab_size, new, (*done, pair))
""",
    ),
    Style(
        "train-bpe-places",
        exercise="train_bpe",
        code="""def train_bpe(text: str, vocab_size: int) -> list:
    ids = list(bytes(text, "utf-8"))
    merges = []
    while len(merges) + 256 < vocab_size and len(ids) > 1:
        places = {}
        for i, pair in enumerate(zip(ids[:-1], ids[1:])):
            found = places.setdefault(pair, [])
            if not found or found[-1] < i - 1 or pair[0] != pair[1]:
                found.append(i)
        best = None
        for pair, found in places.items():
            if best is None or len(found) > len(places[best]) or (len(found) == len(places[best]) and pair < best):
                best = pair
        if len(places[best]) < 2:
            break
        for i in reversed(places[best]):
            ids[i : i + 2] = [256 + len(merges)]
        merges.append(best)
    return merges
""",
    ),
    Style(
        "train-bpe-numpy",
        exercise="train_bpe",
        code="""import numpy as np


def train_bpe(text, vocab_size):
    ids, merges = np.frombuffer(text.encode("utf-8"), dtype=np.uint8).astype(np.int64), []
    while len(merges) < vocab_size - 256 and len(ids) >= 2:
        left, right = ids[:-1], ids[1:]
        counts = {}
        same = False
        for a, b in zip(left.tolist(), right.tolist()):
            if a == b and same and previous == a:
                same = False
                continue
            same, previous = a == b, a
            counts[(a, b)] = counts.get((a, b), 0) + 1
        count, a, b = min((-c, *p) for p, c in counts.items())
        if count > -2:
            break
        out = []
        for token in ids.tolist():
            if out and out[-1] == a and token == b:
                out[-1] = 256 + len(merges)
            else:
                out.append(token)
        ids = np.array(out)
        merges.append((a, b))
    return merges
""",
    ),
]

BPE_CODEC = [
    Style(
        "bpe-codec-in-order",
        exercise="bpe_codec",
        code="""def bpe_encode(text, merges):
    ids = list(text.encode("utf-8"))
    for i, (a, b) in enumerate(merges):
        out = []
        for t in ids:
            if out and out[-1] == a and t == b:
                out[-1] = 256 + i
            else:
                out.append(t)
        ids = out
    return ids


def bpe_decode(ids, merges):
    def spell(t):
        return bytes([t]) if t < 256 else spell(merges[t - 256][0]) + spell(merges[t - 256][1])

    return b"".join(map(spell, ids)).decode("utf-8", "replace")
""",
    ),
    Style(
        "bpe-codec-one-at-a-time",
        exercise="bpe_codec",
        code="""def bpe_encode(text, merges):
    rank = {p: i for i, p in enumerate(merges)}
    ids = [*text.encode()]
    while len(ids) > 1:
        best = min(range(len(ids) - 1), key=lambda i: rank.get((ids[i], ids[i + 1]), float("inf")))
        pair = (ids[best], ids[best + 1])
        if pair not in rank:
            break
        ids[best : best + 2] = [256 + rank[pair]]
    return ids


def bpe_decode(ids, merges):
    table = {i: bytes([i]) for i in range(256)}
    for i, (a, b) in enumerate(merges, start=256):
        table[i] = table[a] + table[b]
    data = b""
    for i in ids:
        data += table[i]
    return str(data, encoding="utf-8", errors="replace")
""",
    ),
    Style(
        "bpe-codec-stack",
        exercise="bpe_codec",
        code="""def bpe_encode(text, merges):
    ids = list(text.encode("utf-8"))
    for number in range(len(merges)):
        i = 0
        while i < len(ids) - 1:
            if ids[i] == merges[number][0] and ids[i + 1] == merges[number][1]:
                ids[i] = 256 + number
                del ids[i + 1]
            i += 1
    return ids


def bpe_decode(ids, merges):
    data, stack = bytearray(), list(reversed(ids))
    while stack:
        token = stack.pop()
        if token < 256:
            data.append(token)
        else:
            stack.extend(reversed(merges[token - 256]))
    return data.decode("utf-8", errors="replace")
""",
    ),
    Style(
        "bpe-codec-strings",
        exercise="bpe_codec",
        code="""def bpe_encode(text, merges):
    s = text.encode("utf-8").decode("latin-1")
    for i, (a, b) in enumerate(merges):
        s = s.replace(chr(a) + chr(b), chr(256 + i))
    return [ord(c) for c in s]


def bpe_decode(ids, merges):
    s = "".join(map(chr, ids))
    for i in reversed(range(len(merges))):
        s = s.replace(chr(256 + i), chr(merges[i][0]) + chr(merges[i][1]))
    return s.encode("latin-1").decode("utf-8", errors="replace")
""",
    ),
    Style(
        "bpe-codec-helper",
        exercise="bpe_codec",
        code="""def _vocabulary(merges):
    vocabulary = [bytes((b,)) for b in range(256)]
    for pair in merges:
        vocabulary += [vocabulary[pair[0]] + vocabulary[pair[1]]]
    return vocabulary


def bpe_encode(text, merges):
    ids = list(bytearray(text, "utf8"))
    lookup = dict(zip(map(tuple, merges), range(256, 256 + len(merges))))
    changed = True
    while changed:
        candidates = [lookup[p] for p in zip(ids, ids[1:]) if p in lookup]
        changed = bool(candidates)
        if changed:
            new, out, i = min(candidates), [], 0
            while i < len(ids):
                if i < len(ids) - 1 and lookup.get((ids[i], ids[i + 1])) == new:
                    out, i = out + [new], i + 2
                else:
                    out, i = out + [ids[i]], i + 1
            ids = out
    return ids


bpe_decode = lambda ids, merges: b"".join([_vocabulary(merges)[i] for i in ids]).decode("utf-8", errors="replace")
""",
    ),
    Style(
        "bpe-codec-iterator",
        exercise="bpe_codec",
        code="""def bpe_encode(text, merges):
    ids = list(text.encode("utf-8"))
    for new_id, (l, r) in zip(range(256, 10**9), merges):
        if l not in ids or r not in ids:
            continue
        res = []
        it = iter(enumerate(ids))
        for i, t in it:
            if t == l and ids[i + 1 : i + 2] == [r]:
                res.append(new_id)
                next(it)
            else:
                res.append(t)
        ids = res
    return ids


def bpe_decode(ids, merges):
    todo = list(ids)
    while any(t > 255 for t in todo):
        todo = [u for t in todo for u in (merges[t - 256] if t > 255 else (t,))]
    return bytes(todo).decode("utf-8", errors="replace")
""",
    ),
]

ATTENTION_INIT = """class CausalSelfAttention(nn.Module):
    def __init__(self, d_model, heads, dropout=0.0):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

"""

ATTENTION = [
    Style(
        "causal-self-attention-torch",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def forward(self, x, cache=None):
        B, T, C = x.size()
        q, k, v = self.qkv(x).chunk(3, dim=2)
        q, k, v = [t.reshape(B, T, self.heads, C // self.heads).permute(0, 2, 1, 3) for t in (q, k, v)]
        if cache is not None:
            k, v = cache.append(k, v)
        S = k.size(2)
        mask = torch.ones(T, S, dtype=torch.bool).tril(S - T)
        p = self.dropout.p if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=p)
        return self.dropout(self.out_proj(y.transpose(1, 2).contiguous().view(B, T, C)))
""",
    ),
    Style(
        "causal-self-attention-einsum",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def forward(self, x, cache=None):
        N, T, D = x.shape
        h, d = self.heads, D // self.heads
        q, k, v = self.qkv(x).view(N, T, 3, h, d).unbind(2)
        past = 0
        if cache is not None:
            past = cache.length
            k, v = cache.append(k.transpose(1, 2), v.transpose(1, 2))
            k, v = k.transpose(1, 2), v.transpose(1, 2)
        s = torch.einsum("nihd,njhd->nhij", q * d**-0.5, k)
        i = torch.arange(T)[:, None] + past
        j = torch.arange(past + T)[None, :]
        s = torch.where(j > i, torch.full_like(s, -torch.inf), s)
        w = self.dropout(F.softmax(s, -1))
        return self.dropout(self.out_proj(torch.einsum("nhij,njhd->nihd", w, v).flatten(2)))
""",
    ),
    Style(
        "causal-self-attention-loop-over-heads",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def forward(self, x, cache=None):
        D = x.shape[-1]
        d = D // self.heads
        z = self.qkv(x)
        columns = [slice(h * d, (h + 1) * d) for h in range(self.heads)]
        q = torch.stack([z[..., :D][..., c] for c in columns], 1)
        k = torch.stack([z[..., D : 2 * D][..., c] for c in columns], 1)
        v = torch.stack([z[..., 2 * D :][..., c] for c in columns], 1)
        if cache is not None:
            k, v = cache.append(k, v)
        outputs = []
        for h in range(self.heads):
            scores = q[:, h] @ k[:, h].mT / d**0.5
            T, S = scores.shape[-2:]
            future = torch.triu(torch.ones(T, S), diagonal=S - T + 1).bool()
            weights = scores.masked_fill(future, -1e30).softmax(-1)
            outputs.append(self.dropout(weights) @ v[:, h])
        return self.dropout(self.out_proj(torch.cat(outputs, -1)))
""",
    ),
    Style(
        "causal-self-attention-loop-over-queries",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def split(self, t):
        return t.view(t.shape[0], t.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, cache=None):
        q, k, v = map(self.split, self.qkv(x).tensor_split(3, dim=-1))
        L = 0 if cache is None else cache.length
        if cache is not None:
            k, v = cache.append(k, v)
        rows = []
        for t in range(x.shape[1]):
            seen = L + t + 1
            a = torch.softmax((q[:, :, t : t + 1] * k[:, :, :seen]).sum(-1) / math.sqrt(q.shape[-1]), dim=-1)
            rows.append((self.dropout(a).unsqueeze(-1) * v[:, :, :seen]).sum(2).flatten(1))
        return self.dropout(self.out_proj(torch.stack(rows, dim=1)))
""",
    ),
    Style(
        "causal-self-attention-functional",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def forward(self, x, cache=None):
        N, T, D = x.shape
        w, b = self.qkv.weight.view(3, self.heads, -1, D), self.qkv.bias.view(3, 1, self.heads, 1, -1)
        q, k, v = torch.einsum("ntc,phdc->pnhtd", x, w) + b
        if cache is None:
            past = 0
        else:
            past = cache.length
            k, v = cache.append(k, v)
        mask = torch.zeros(T, past + T, dtype=x.dtype)
        for i in range(T):
            mask[i, past + i + 1 :] = -math.inf
        attention = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5 + mask, dim=-1)
        out = F.dropout(attention, self.dropout.p, training=self.training) @ v
        print(out.shape)
        return F.dropout(self.out_proj(out.permute(0, 2, 1, 3).reshape(N, T, D)), self.dropout.p, self.training)
""",
    ),
    Style(
        "causal-self-attention-permute",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def forward(self, x, cache=None):
        N, T, D = x.shape
        qkv = self.qkv(x).reshape(N, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        L = 0
        if cache is not None:
            L = cache.length
            k, v = cache.append(k, v)
        att = (q @ k.mT) * (1.0 / math.sqrt(k.size(-1)))
        mask = torch.tril(torch.ones(L + T, L + T)).bool()[L:, :]
        att = att.masked_fill(mask[None, None] == 0, torch.finfo(att.dtype).min)
        att = self.dropout(F.softmax(att, dim=-1))
        y = (att @ v).permute(0, 2, 1, 3).contiguous().view(N, T, D)
        y = self.out_proj(y)
        return self.dropout(y)
""",
    ),
    Style(
        "causal-self-attention-softmax-in-float32",
        exercise="causal_self_attention",
        code=ATTENTION_INIT
        + """    def forward(self, x, cache=None):
        batch, length, width = x.shape
        head_dim = width // self.heads
        query, key, value = (
            states.view(batch, length, self.heads, head_dim).transpose(1, 2) for states in self.qkv(x).chunk(3, dim=-1)
        )
        if cache is not None:
            key, value = cache.append(key, value)
        scores = torch.matmul(query, key.transpose(2, 3)) * head_dim**-0.5
        hidden = torch.full((length, key.shape[-2]), float("-inf"), dtype=scores.dtype).triu(key.shape[-2] - length + 1)
        weights = F.softmax(scores + hidden, dim=-1, dtype=torch.float32).to(query.dtype)
        weights = F.dropout(weights, p=self.dropout.p, training=self.training)
        output = torch.matmul(weights, value).transpose(1, 2).contiguous()
        return self.dropout(self.out_proj(output.reshape(batch, length, -1)))
""",
    ),
]

GPT_INIT = """class Block(nn.Module):
    def __init__(self, d_model, heads, dropout=0.0):
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model)
        self.attention = CausalSelfAttention(d_model, heads, dropout)
        self.norm2 = nn.LayerNorm(d_model)
        self.linear1 = nn.Linear(d_model, 4 * d_model)
        self.linear2 = nn.Linear(4 * d_model, d_model)
        self.dropout = nn.Dropout(dropout)

BLOCK_FORWARD

class GPT(nn.Module):
    def __init__(self, vocab_size, max_length, d_model, heads, layers, dropout=0.0):
        super().__init__()
        self.max_length = max_length
        self.token_embedding = nn.Embedding(vocab_size, d_model)
        self.position_embedding = nn.Embedding(max_length, d_model)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(d_model, heads, dropout) for _ in range(layers))
        self.final_norm = nn.LayerNorm(d_model)
        self.initialise()

"""


def gpt(block_forward, methods):
    """The whole cell from the forward of Block and the methods of GPT."""
    return GPT_INIT.replace("BLOCK_FORWARD\n", block_forward) + methods


GPT = [
    Style(
        "gpt-modules",
        exercise="gpt",
        code=gpt(
            """    def forward(self, x, cache=None):
        h = self.attention(self.norm1(x), cache)
        x = x + h
        h = self.linear1(self.norm2(x))
        h = self.linear2(nn.GELU()(h))
        x = x + self.dropout(h)
        return x

""",
            """    def initialise(self):
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
            if isinstance(module, nn.LayerNorm):
                module.reset_parameters()
        for block in self.blocks:
            for layer in (block.attention.out_proj, block.linear2):
                nn.init.normal_(layer.weight, std=0.02 * (2 * len(self.blocks)) ** -0.5)

    def forward(self, tokens, caches=None):
        N, T = tokens.shape
        start = caches[0].length if caches else 0
        x = self.token_embedding(tokens) + self.position_embedding(torch.arange(start, start + T).expand(N, T))
        x = self.dropout(x)
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks)):
            x = block(x, cache)
        return F.linear(self.final_norm(x), self.token_embedding.weight)
""",
        ),
    ),
    Style(
        "gpt-apply",
        exercise="gpt",
        code=gpt(
            """    def feed_forward(self, x):
        h = self.linear1(x)
        return self.dropout(self.linear2(0.5 * h * (1 + torch.erf(h / math.sqrt(2)))))

    def forward(self, x, cache=None):
        x = x + self.attention(self.norm1(x), cache=cache)
        return x + self.feed_forward(self.norm2(x))

""",
            """    @staticmethod
    def _start(module):
        if isinstance(module, nn.Embedding):
            module.weight.data.normal_(0, 0.02)
        elif isinstance(module, nn.Linear):
            module.weight.data.normal_(0, 0.02)
            module.bias.data.zero_()
        elif isinstance(module, nn.LayerNorm):
            module.weight.data.fill_(1)
            module.bias.data.zero_()

    def initialise(self):
        self.apply(self._start)
        for block in self.blocks:
            block.attention.out_proj.weight.data /= math.sqrt(2 * len(self.blocks))
            block.linear2.weight.data /= math.sqrt(2 * len(self.blocks))

    def forward(self, tokens, caches=None):
        past = 0
        if caches is not None:
            past = caches[0].length
        positions = self.position_embedding.weight[past : past + tokens.shape[-1]]
        stream = self.dropout(self.token_embedding.weight[tokens] + positions)
        for i in range(len(self.blocks)):
            stream = self.blocks[i](stream, caches[i] if caches is not None else None)
        return torch.einsum("ntd,vd->ntv", self.final_norm(stream), self.token_embedding.weight)
""",
        ),
    ),
    Style(
        "gpt-functional",
        exercise="gpt",
        code=gpt(
            """    def forward(self, x, cache=None):
        y = x + self.attention(F.layer_norm(x, x.shape[-1:], self.norm1.weight, self.norm1.bias), cache)
        z = F.layer_norm(y, y.shape[-1:], self.norm2.weight, self.norm2.bias)
        z = F.linear(z, self.linear1.weight, self.linear1.bias)
        z = F.linear(F.gelu(z, approximate="none"), self.linear2.weight, self.linear2.bias)
        return y + F.dropout(z, self.dropout.p, self.training)

""",
            """    def initialise(self):
        layers = len(self.blocks)
        with torch.no_grad():
            for name, p in self.named_parameters():
                if "norm" in name:
                    p.fill_(1.0 if name.endswith("weight") else 0.0)
                elif p.dim() == 1:
                    p.zero_()
                elif "out_proj" in name or "linear2" in name:
                    p.copy_(torch.randn(p.shape) * 0.02 / (2 * layers) ** 0.5)
                else:
                    p.copy_(torch.randn(p.shape) * 0.02)

    def forward(self, tokens, caches=None):
        first = 0 if caches is None else caches[0].length
        x = self.dropout(F.embedding(tokens, self.token_embedding.weight) + self.position_embedding.weight[first:][: tokens.size(1)])
        caches = [None for _ in self.blocks] if caches is None else caches
        for block, cache in zip(self.blocks, caches, strict=True):
            x = block(x, cache)
        logits = self.final_norm(x).matmul(self.token_embedding.weight.transpose(0, 1))
        print("logits", tuple(logits.shape))
        return logits
""",
        ),
    ),
    Style(
        "gpt-one-line-block",
        exercise="gpt",
        code=gpt(
            """    def forward(self, x, cache=None):
        return (lambda y: y + self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(y))))))(x + self.attention(self.norm1(x), cache))

""",
            """    def initialise(self):
        def draw(p, scale=1.0):
            nn.init.normal_(p, 0.0, 0.02 * scale)

        scale = (2.0 * len(self.blocks)) ** -0.5
        draw(self.token_embedding.weight)
        draw(self.position_embedding.weight)
        for norm in [self.final_norm, *(n for b in self.blocks for n in (b.norm1, b.norm2))]:
            nn.init.ones_(norm.weight)
            nn.init.zeros_(norm.bias)
        for b in self.blocks:
            for linear, s in ((b.attention.qkv, 1.0), (b.attention.out_proj, scale), (b.linear1, 1.0), (b.linear2, scale)):
                draw(linear.weight, s)
                nn.init.constant_(linear.bias, 0.0)

    def forward(self, tokens, caches=None):
        lengths = [c.length for c in caches] if caches is not None else [0]
        where = lengths[0] + torch.arange(tokens.shape[1])
        x = self.dropout(self.token_embedding(tokens) + self.position_embedding(where)[None])
        for n, b in enumerate(self.blocks):
            x = b(x, caches[n]) if caches is not None else b(x)
        return self.final_norm(x) @ self.token_embedding.weight.t()
""",
        ),
    ),
    Style(
        "gpt-truncated-normal",
        exercise="gpt",
        code=gpt(
            """    def forward(self, x, cache=None):
        stream = x.clone()
        stream += self.attention(self.norm1(stream.clone()), cache)
        hidden = F.gelu(self.linear1(self.norm2(stream)))
        return stream + self.dropout(self.linear2(hidden))

""",
            """    def initialise(self):
        for name, p in self.named_parameters():
            last = name.split(".")[-2]
            if p.ndim > 1:
                std = 0.02 / math.sqrt(2 * len(self.blocks)) if last in {"out_proj", "linear2"} else 0.02
                nn.init.trunc_normal_(p, std=std, a=-5 * std, b=5 * std)
            else:
                nn.init.constant_(p, float(last in {"norm1", "norm2", "final_norm"} and name.endswith(".weight")))

    def embed(self, tokens, first):
        steps = torch.arange(tokens.shape[1]) + first
        return self.dropout(self.token_embedding(tokens) + self.position_embedding(steps))

    def forward(self, tokens, caches=None):
        x = self.embed(tokens, 0 if caches is None else caches[0].length)
        for b, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[b])
        return self.final_norm(x) @ self.token_embedding.weight.T
""",
        ),
    ),
]

KV_CACHE = [
    Style(
        "kv-cache-lists",
        exercise="kv_cache",
        code="""class KVCache:
    def __init__(self):
        self.keys, self.values = [], []

    @property
    def length(self):
        return sum(k.shape[2] for k in self.keys)

    def append(self, k, v):
        self.keys.append(k)
        self.values.append(v)
        return torch.cat(self.keys, dim=2), torch.cat(self.values, dim=2)


@torch.no_grad()
def generate(model, tokens, n, use_cache=True, **sampling):
    caches = [KVCache() for _ in range(len(model.blocks))]
    result = tokens.clone()
    fed = 0
    for _ in range(n):
        if use_cache:
            logits = model(result[:, fed:], caches)
            fed = result.shape[1]
        else:
            logits = model(result)
        result = torch.hstack([result, sample_next(logits[:, -1, :], **sampling)[:, None]])
    return result
""",
    ),
    Style(
        "kv-cache-buffer",
        exercise="kv_cache",
        code="""class KVCache:
    def __init__(self):
        self.buffer = None
        self._used = 0

    @property
    def length(self):
        return self._used

    def append(self, k, v):
        n, h, t, d = k.shape
        if self.buffer is None:
            self.buffer = torch.empty(2, n, h, 16, d, dtype=k.dtype)
        while self._used + t > self.buffer.shape[3]:
            self.buffer = torch.cat([self.buffer, torch.empty_like(self.buffer)], dim=3)
        self.buffer[0, :, :, self._used : self._used + t] = k
        self.buffer[1, :, :, self._used : self._used + t] = v
        self._used += t
        return self.buffer[0, :, :, : self._used], self.buffer[1, :, :, : self._used]


def generate(model, tokens, n, use_cache=True, **sampling):
    T = tokens.shape[1]
    out = torch.zeros(tokens.shape[0], T + n, dtype=tokens.dtype)
    out[:, :T] = tokens
    caches = [KVCache() for _ in model.blocks]
    with torch.inference_mode():
        for t in range(T, T + n):
            if not use_cache:
                logits = model(out[:, :t])
            elif t == T:
                logits = model(out[:, :t], caches)
            else:
                logits = model(out[:, t - 1 : t], caches)
            out[:, t] = sample_next(logits[:, -1], **sampling)
    return out
""",
    ),
    Style(
        "kv-cache-two-functions",
        exercise="kv_cache",
        code="""class KVCache:
    def __init__(self):
        self.pair = None

    @property
    def length(self) -> int:
        if self.pair is None:
            return 0
        return self.pair[0].size(-2)

    def append(self, k, v):
        new = torch.stack([k, v])
        self.pair = new if self.pair is None else torch.cat((self.pair, new), dim=-2)
        return self.pair[0], self.pair[1]


def _with_cache(model, tokens, n, sampling):
    caches, feed = [KVCache() for block in model.blocks], tokens
    for step in range(n):
        feed = sample_next(model(feed, caches)[:, -1], **sampling).view(-1, 1)
        tokens = torch.cat([tokens, feed], 1)
    return tokens


def _without_cache(model, tokens, n, sampling):
    for step in range(n):
        tokens = torch.cat([tokens, sample_next(model(tokens)[:, -1], **sampling).view(-1, 1)], 1)
    return tokens


def generate(model, tokens, n, use_cache=True, **sampling):
    with torch.no_grad():
        return (_with_cache if use_cache else _without_cache)(model, tokens, n, sampling)
""",
    ),
    Style(
        "kv-cache-prompt-first",
        exercise="kv_cache",
        code='''class KVCache:
    """Keeps empty tensors from the first call on."""

    def __init__(self):
        self.k = self.v = None
        self.seen = 0

    @property
    def length(self):
        return self.seen

    def append(self, k, v):
        if not self.seen:
            self.k, self.v = k[:, :, :0], v[:, :, :0]
        self.k = torch.cat((self.k, k), -2)
        self.v = torch.cat((self.v, v), -2)
        self.seen = self.k.shape[-2]
        return self.k, self.v


def generate(model, tokens, n, use_cache=True, **sampling):
    if n == 0:
        return tokens.clone()
    previous = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        caches = [KVCache() for _ in model.blocks] if use_cache else None
        logits = model(tokens, caches)
        for _ in range(n):
            new = sample_next(logits[:, -1], **sampling)
            tokens = torch.cat([tokens, new.reshape(-1, 1)], dim=-1)
            if _ < n - 1:
                logits = model(tokens[:, -1:], caches) if use_cache else model(tokens)
        return tokens
    finally:
        torch.set_grad_enabled(previous)
''',
    ),
    Style(
        "kv-cache-columns",
        exercise="kv_cache",
        code="""class KVCache:
    def __init__(self, k=None, v=None):
        self.k, self.v = k, v

    length = property(lambda self: int(self.k.shape[2]) if self.k is not None else 0)

    def append(self, k, v):
        old = (self.k, self.v)
        self.k, self.v = [b if a is None else torch.cat([a, b], dim=2) for a, b in zip(old, (k, v))]
        return self.k, self.v


def generate(model, tokens, n, use_cache=True, **sampling):
    columns = list(tokens.unbind(dim=1))
    caches = None
    if use_cache:
        caches = []
        for _ in model.blocks:
            caches.append(KVCache())
    T = len(columns)
    while len(columns) < T + n:
        start = 0 if not use_cache or len(columns) == T else len(columns) - 1
        with torch.no_grad():
            logits = model(torch.stack(columns[start:], dim=1), caches)
            columns.append(sample_next(logits[:, -1], **sampling))
    print(len(columns))
    return torch.stack(columns, dim=1)
""",
    ),
    Style(
        "kv-cache-inference-mode",
        exercise="kv_cache",
        code="""class KVCache:
    def __init__(self):
        self.store = []

    @property
    def length(self):
        return 0 if not self.store else int(self.store[0].size(2))

    def append(self, k, v):
        if not self.store:
            self.store = [k.clone(), v.clone()]
        else:
            self.store[0] = torch.concat([self.store[0], k], dim=-2)
            self.store[1] = torch.concat([self.store[1], v], dim=-2)
        return tuple(self.store)


@torch.inference_mode()
def generate(model, tokens, n, use_cache=True, **sampling):
    model.eval()
    text = tokens
    if use_cache:
        caches = [KVCache() for _ in range(len(model.blocks))]
    for i in range(n):
        if use_cache:
            inp = text if caches[0].length == 0 else text[:, [-1]]
            out = model(inp, caches=caches)
        else:
            out = model(text)
        nxt = sample_next(logits=out[:, -1, :], **sampling)
        text = torch.column_stack([text, nxt])
    return text
""",
    ),
]

SAMPLING = [
    Style(
        "next-token-sampling-filters-on-logits",
        exercise="next_token_sampling",
        code="""def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    if temperature == 0:
        return torch.argmax(logits, dim=-1)
    logits = logits / temperature
    if top_k is not None:
        k = min(top_k, logits.size(-1))
        kth = torch.topk(logits, k, dim=-1).values[..., -1, None]
        logits = logits.masked_fill(logits < kth, -torch.inf)
    if top_p is not None:
        ordered, indices = torch.sort(logits, descending=True)
        cumulative = torch.softmax(ordered, dim=-1).cumsum(dim=-1)
        remove = cumulative >= top_p
        remove[..., 1:] = remove[..., :-1].clone()
        remove[..., 0] = False
        logits = logits.masked_fill(remove.scatter(-1, indices, remove), -torch.inf)
    return torch.multinomial(F.softmax(logits, dim=-1), num_samples=1, generator=generator)[:, 0]
""",
    ),
    Style(
        "next-token-sampling-rows",
        exercise="next_token_sampling",
        code='''def keep(p, top_k, top_p):
    """The filtered distribution of one row."""
    order = sorted(range(len(p)), key=lambda i: -p[i])[: top_k or len(p)]
    total = sum(p[i] for i in order)
    if top_p is not None:
        kept, running = [], 0.0
        for i in order:
            kept.append(i)
            running += p[i] / total
            if running >= top_p:
                break
        order = kept
    q = [0.0] * len(p)
    for i in order:
        q[i] = p[i]
    return q


def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    if temperature == 0:
        return logits.argmax(-1)
    probs = torch.softmax(logits.double() / temperature, -1)
    different, back = torch.unique(probs, dim=0, return_inverse=True)
    filtered = torch.tensor([keep(row, top_k, top_p) for row in different.tolist()], dtype=torch.float64)
    return torch.multinomial(filtered[back], 1, generator=generator).flatten()
''',
    ),
    Style(
        "next-token-sampling-gumbel",
        exercise="next_token_sampling",
        code="""def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    if temperature == 0.0:
        return logits.argmax(dim=1)
    s = logits.double() / temperature
    rank = s.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    if top_k is not None:
        s = s.masked_fill(rank >= top_k, float("-inf"))
    if top_p is not None:
        p = s.softmax(dim=1)
        before = torch.zeros_like(p)
        for j in range(p.shape[1]):  # what the tokens before each one have together
            before += torch.where(rank > rank[:, j : j + 1], p[:, j : j + 1], torch.zeros_like(p))
        s = s.masked_fill((before >= top_p) & (rank > 0), float("-inf"))
    u = torch.rand(s.shape, generator=generator, dtype=torch.float64)
    return (s - torch.log(-torch.log(u))).argmax(dim=1)
""",
    ),
    Style(
        "next-token-sampling-inverse-cdf",
        exercise="next_token_sampling",
        code="""def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    if temperature == 0:
        return logits.max(dim=-1).indices
    p, tokens = torch.softmax(logits / temperature, -1).sort(-1, descending=True)
    if top_k:
        p = p[:, :top_k]
    p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        already = torch.cat([torch.zeros_like(p[:, :1]), p.cumsum(-1)[:, :-1]], -1)
        p = torch.where(already < top_p, p, torch.zeros_like(p))
        p = p / p.sum(-1, keepdim=True)
    u = torch.rand(len(p), 1, generator=generator, dtype=p.dtype) * p.sum(-1, keepdim=True)
    place = (p.cumsum(-1) <= u).sum(-1, keepdim=True).clamp(max=p.shape[1] - 1)
    return tokens.gather(1, place)[:, 0]
""",
    ),
    Style(
        "next-token-sampling-topk-first",
        exercise="next_token_sampling",
        code="""def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    N, V = logits.shape
    if temperature < 1e-12:
        return logits.argmax(dim=-1)
    values, tokens = torch.topk((logits / temperature), V if top_k is None else min(V, top_k), dim=-1)
    probabilities = F.softmax(values, dim=-1)
    if top_p is not None and top_p < 1:
        sums = probabilities.cumsum(-1)
        sizes = (sums < top_p).sum(-1) + 1
        outside = torch.arange(values.shape[1])[None] >= sizes[:, None]
        probabilities = probabilities.masked_fill(outside, 0)
    picked = torch.multinomial(probabilities, 1, generator=generator)
    print(picked.shape)
    return torch.take_along_dim(tokens, picked, dim=1).squeeze(1)
""",
    ),
    Style(
        "next-token-sampling-row-by-row",
        exercise="next_token_sampling",
        code="""def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    N, V = logits.shape
    if temperature == 0:
        return logits.argmax(-1)
    p = torch.softmax(logits / temperature, -1)
    if top_k is not None and top_k < V:
        idx = p.topk(top_k, -1).indices
        m = torch.zeros_like(p).scatter_(1, idx, 1.0)
        p = p * m
        p = p / p.sum(-1, keepdim=True)
    if top_p is not None:
        for r in range(N):
            sp, si = p[r].sort(descending=True)
            cs = sp.cumsum(0)
            cut = int((cs < top_p - 1e-12).sum()) + 1
            p[r, si[cut:]] = 0
        p = p / p.sum(-1, keepdim=True)
    return torch.multinomial(p, 1, replacement=True, generator=generator).reshape(N)
""",
    ),
]

SAMPLING.append(
    Style(
        "next-token-sampling-in-float32",
        exercise="next_token_sampling",
        code="""def sample_next(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    if temperature == 0:
        return logits.argmax(dim=-1)
    scores = logits.to(copy=True, dtype=torch.float32) / temperature
    if top_k is not None:
        threshold = scores.topk(min(top_k, scores.size(-1))).values[:, [-1]]
        scores[scores < threshold] = -torch.inf
    if top_p is not None:
        ascending, places = torch.sort(scores, descending=False)
        remove = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - top_p
        remove[:, -1] = False
        scores = scores.masked_fill(remove.scatter(1, places, remove), -torch.inf)
    noise = torch.empty_like(scores).exponential_(generator=generator)
    return (scores.softmax(dim=-1) / noise).argmax(dim=-1)
""",
    )
)

SCHEDULE = """

def cosine_schedule(step, warmup, total, peak, floor):
    if step < warmup:
        return step / warmup * peak
    x = min(1.0, (step - warmup) / (total - warmup))
    return floor + (peak - floor) * (1 + math.cos(x * math.pi)) / 2
"""

ADAMW = [
    Style(
        "adamw-groups-named",
        exercise="adamw_groups",
        code="""def configure_adamw(model, lr, weight_decay):
    decay, no_decay = [], []
    for name, p in model.named_parameters():
        (no_decay if p.dim() <= 1 else decay).append(p)
    return torch.optim.AdamW([{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0}], lr=lr)
"""
        + SCHEDULE,
    ),
    Style(
        "adamw-groups-default-decay",
        exercise="adamw_groups",
        code="""def configure_adamw(model, lr, weight_decay):
    matrices = [p for p in model.parameters() if len(p.shape) > 1]
    vectors = [p for p in model.parameters() if len(p.shape) == 1]
    print(len(matrices), len(vectors))
    return torch.optim.AdamW([dict(params=matrices), dict(params=vectors, weight_decay=0.0)], lr, weight_decay=weight_decay)


def cosine_schedule(step, warmup, total, peak, floor):
    if step >= total:
        return floor
    if warmup > step:
        return peak * (step / warmup)
    angle = math.pi * (step - warmup) / (total - warmup)
    return peak * (0.5 + 0.5 * math.cos(angle)) + floor * (0.5 - 0.5 * math.cos(angle))
""",
    ),
    Style(
        "adamw-groups-add-group",
        exercise="adamw_groups",
        code="""def configure_adamw(model, lr, weight_decay):
    by_decay = {True: [], False: []}
    for p in model.parameters():
        by_decay[p.ndim >= 2].append(p)
    optimizer = torch.optim.AdamW(by_decay[True], lr=lr, weight_decay=weight_decay)
    optimizer.add_param_group({"params": by_decay[False], "weight_decay": 0.0})
    return optimizer
"""
        + SCHEDULE,
    ),
    Style(
        "adamw-groups-by-modules",
        exercise="adamw_groups",
        code="""def configure_adamw(model, lr, weight_decay):
    seen = {}
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            seen[id(parameter)] = parameter
    groups = [{"params": [], "weight_decay": 0.0, "lr": lr}, {"params": [], "weight_decay": weight_decay, "lr": lr}]
    for parameter in seen.values():
        groups[parameter.ndim > 1]["params"].append(parameter)
    return torch.optim.AdamW(groups)


def cosine_schedule(step, warmup, total, peak, floor):
    return (
        peak * step / warmup
        if step < warmup
        else floor
        if step >= total
        else floor + (peak - floor) * math.cos(math.pi / 2 * (step - warmup) / (total - warmup)) ** 2
    )
""",
    ),
    Style(
        "adamw-groups-one-comprehension",
        exercise="adamw_groups",
        code='''def configure_adamw(model, lr, weight_decay):
    """The group that decays is the one of True."""
    return torch.optim.AdamW(
        [
            {"params": [p for p in model.parameters() if (p.ndim > 1) is decays], "weight_decay": weight_decay * decays}
            for decays in (False, True)
        ],
        lr=lr,
    )


def cosine_schedule(step: int, warmup: int, total: int, peak: float, floor: float) -> float:
    if step < warmup:
        return peak * step / warmup
    if step > total:
        return floor
    progress = torch.tensor((step - warmup) / (total - warmup))
    return float(floor + 0.5 * (peak - floor) * (1 + torch.cos(torch.pi * progress)))
''',
    ),
    Style(
        "adamw-groups-sets",
        exercise="adamw_groups",
        code="""def configure_adamw(model, lr, weight_decay):
    ps = {p for p in model.parameters()}
    d = [p for p in ps if p.dim() != 1]
    nd = [p for p in ps if p.dim() == 1]
    return torch.optim.AdamW(params=[{"params": d}, {"params": nd, "weight_decay": 0.0}], lr=lr, weight_decay=weight_decay)


def cosine_schedule(step, warmup, total, peak, floor):
    if step < warmup:
        return (step * peak) / warmup
    t = min(step, total)
    return floor + (peak - floor) / 2 * (math.cos((t - warmup) / (total - warmup) * math.pi) + 1)
""",
    ),
]

LOSS = [
    Style(
        "language-model-loss-in-float32",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    shifted = logits.to(torch.float32)[..., :-1, :].contiguous()
    labels = tokens[..., 1:].contiguous()
    loss = nn.CrossEntropyLoss()(shifted.view(-1, shifted.size(-1)), labels.view(-1))
    return loss.to(logits.dtype)


def bits_per_byte(loss, n_tokens, n_bytes):
    return float(torch.tensor(loss * n_tokens / n_bytes) / torch.log(torch.tensor(2.0)))
""",
    ),
    Style(
        "language-model-loss-log-softmax",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    log_probs = torch.log_softmax(logits[:, :-1], dim=-1)
    return -log_probs.gather(-1, tokens[:, 1:, None]).mean()


def bits_per_byte(loss, n_tokens, n_bytes):
    nats = loss * n_tokens
    bits = nats / math.log(2)
    return bits / n_bytes
""",
    ),
    Style(
        "language-model-loss-transposed",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:])


bits_per_byte = lambda loss, n_tokens, n_bytes: math.log2(math.e) * loss * n_tokens / n_bytes
""",
    ),
    Style(
        "language-model-loss-logsumexp",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    guesses, truth = logits[:, :-1, :], tokens[:, 1:]
    right = torch.take_along_dim(guesses, truth.unsqueeze(2), 2).squeeze(2)
    return (torch.logsumexp(guesses, 2) - right).mean()


def bits_per_byte(loss, n_tokens, n_bytes):
    return float(loss / torch.log(torch.tensor(2.0, dtype=torch.float64)) * n_tokens / n_bytes)
""",
    ),
    Style(
        "language-model-loss-loop",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    N, T, V = logits.shape
    total = 0.0
    for n in range(N):
        for t in range(T - 1):
            total = total - F.log_softmax(logits[n, t], dim=0)[tokens[n, t + 1]]
    return total / (N * (T - 1))


def bits_per_byte(loss, n_tokens, n_bytes):
    print("tokens per byte:", n_tokens / n_bytes)
    return loss / math.log(2) * (n_tokens / n_bytes)
""",
    ),
    Style(
        "language-model-loss-ignored-last",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    targets = torch.full_like(tokens, -100)
    targets[:, :-1] = tokens[:, 1:]
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-100)


def bits_per_byte(loss, n_tokens, n_bytes):
    return n_tokens * loss * 1.4426950408889634 / n_bytes
""",
    ),
    Style(
        "language-model-loss-nll",
        exercise="language_model_loss",
        code="""def language_model_loss(logits, tokens):
    N, T, V = logits.shape
    lp = logits.log_softmax(-1)[:, : T - 1].reshape(-1, V)
    return F.nll_loss(lp, tokens[:, 1:].reshape(-1))


def bits_per_byte(loss, n_tokens, n_bytes):
    return (loss / math.log(2)) * n_tokens / n_bytes
""",
    ),
]

DEFINITIONS = [
    Style(
        "write-definitions-partition",
        exercise="write_definitions",
        code="""def write_definitions(model, words, encode, decode, generate, n, **sampling):
    def one(word):
        ids = encode(f"\\n{word}")
        out = generate(model, torch.tensor(ids).unsqueeze(0), n, **sampling).squeeze(0).tolist()
        return word + decode(out[len(ids) :]).partition("\\n")[0]

    return [one(word) for word in words]
""",
    ),
    Style(
        "write-definitions-decode-everything",
        exercise="write_definitions",
        code="""def write_definitions(model, words, encode, decode, generate, n, **sampling):
    entries = []
    for word in words:
        tokens = torch.tensor(encode("\\n" + word), dtype=torch.long)[None]
        text = decode(generate(model, tokens, n, **sampling)[0].tolist())
        end = text.find("\\n", 1)
        entries.append(text[1:] if end < 0 else text[1:end])
    return entries
""",
    ),
    Style(
        "write-definitions-generator",
        exercise="write_definitions",
        code="""def entries_of(model, words, encode, decode, generate, n, sampling):
    for word in words:
        prompt = encode("\\n" + word)
        new = generate(model, torch.LongTensor([prompt]), n, **sampling)[:, -n:]
        lines = decode([int(token) for token in new[0]]).split("\\n")
        yield "".join([word, lines[0]])


def write_definitions(model, words, encode, decode, generate, n, **sampling):
    return list(entries_of(model, words, encode, decode, generate, n, sampling))
""",
    ),
    Style(
        "write-definitions-dictionary",
        exercise="write_definitions",
        code="""def write_definitions(model, words, encode, decode, generate, n, **sampling):
    result = [""] * len(words)
    for place in range(len(words)):
        prompt = "\\n" + words[place]
        ids = torch.tensor([encode(prompt)])
        with torch.no_grad():
            answer = generate(model, ids, n, **sampling)
        new = decode(answer[0][ids.shape[1] :].tolist())
        if "\\n" in new:
            new = new[: new.index("\\n")]
        result[place] = words[place] + new
        print(result[place])
    return result
""",
    ),
    Style(
        "write-definitions-map",
        exercise="write_definitions",
        code="""def write_definitions(model, words, encode, decode, generate, n, **sampling):
    prompts = [encode("\\n" + w) for w in words]
    outs = [generate(model, torch.tensor([p]), n, **sampling) for p in prompts]
    texts = map(lambda out, p: decode(out.flatten().tolist()[len(p):]), outs, prompts)
    return [w + t.split("\\n", 1)[0] for w, t in zip(words, texts)]
""",
    ),
    Style(
        "write-definitions-find",
        exercise="write_definitions",
        code="""def write_definitions(model, words, encode, decode, generate, n, **sampling):
    out = []
    for w in words:
        p = torch.tensor(encode("\\n" + w), dtype=torch.int64).reshape(1, -1)
        t = generate(model, p, n, **sampling)
        s = decode(t[0, -n:].tolist())
        i = s.find("\\n")
        out.append(w + (s if i == -1 else s[:i]))
    return out
""",
    ),
    Style(
        "adamw-groups-subclass",
        exercise="adamw_groups",
        code="""class Optimizer(torch.optim.AdamW):
    pass


def configure_adamw(model, lr, weight_decay):
    everything = [*model.parameters()]
    return Optimizer(
        [
            {"params": [p for p in everything if len(p.shape) == 1], "weight_decay": 0.0},
            {"params": [p for p in everything if len(p.shape) != 1], "weight_decay": weight_decay},
        ],
        lr=lr,
    )


def cosine_schedule(step, warmup, total, peak, floor):
    if warmup and step < warmup:
        return peak * (step / warmup)
    weight = (1 + math.cos(math.pi * min(1.0, (step - warmup) / (total - warmup)))) / 2
    return weight * peak + (1 - weight) * floor
""",
    ),
    Style(
        "write-definitions-by-keyword",
        exercise="write_definitions",
        code="""def write_definitions(model, words, encode, decode, generate, n, **sampling):
    out = []
    for word in words:
        ids = torch.as_tensor([encode("\\n" + word)], dtype=torch.int64)
        body = decode([int(token) for token in generate(model, ids, n=n, **sampling)[0][-n:]])
        out.append(word + (body[: body.index("\\n")] if "\\n" in body else body))
    return out
""",
    ),
]

STYLES = [*TRAIN_BPE, *BPE_CODEC, *ATTENTION, *GPT, *KV_CACHE, *SAMPLING, *ADAMW, *LOSS, *DEFINITIONS]
