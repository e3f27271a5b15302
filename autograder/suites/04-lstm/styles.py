"""Right answers to the exercises of 04-lstm in other styles: each must earn full marks."""

from autograder.catalogue import Style

CELL_FORWARD = [
    Style(
        "lstm_cell_forward-slices-and-dict",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    H = h_prev.shape[1]
    pre = np.dot(x, w_x) + np.dot(h_prev, w_h) + b
    gate = {name: pre[:, k * H:(k + 1) * H] for k, name in enumerate("ifgo")}
    for name in "ifo":
        gate[name] = sigmoid(gate[name])
    gate["g"] = np.tanh(gate["g"])
    c = gate["f"] * c_prev + gate["i"] * gate["g"]
    h = gate["o"] * np.tanh(c)
    cache = {"x": x, "h_prev": h_prev, "c_prev": c_prev, "w_x": w_x, "w_h": w_h, "c": c, **gate}
    return h, c, tuple(cache[k] for k in ("x", "h_prev", "c_prev", "w_x", "w_h", "i", "f", "g", "o")) + (np.tanh(c),)
""",
    ),
    Style(
        "lstm_cell_forward-own-sigmoid-with-warnings",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    def squash(a):
        return 1 / (1 + np.exp(-a))  # overflows with a warning, and is right all the same

    ai, af, ag, ao = np.hsplit(x @ w_x + h_prev @ w_h + b, 4)
    i, f, g, o = squash(ai), squash(af), np.tanh(ag), squash(ao)
    c = i * g + f * c_prev
    print("cell:", c.shape)
    return o * np.tanh(c), c, (x, h_prev, c_prev, w_x, w_h, i, f, g, o, np.tanh(c))
""",
    ),
    Style(
        "lstm_cell_forward-one-product",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    together = np.concatenate([x, h_prev], axis=1)
    weights = np.vstack([w_x, w_h])
    n, hidden = h_prev.shape
    a = (together @ weights + b[None, :]).reshape(n, 4, hidden)
    i, f, o = (sigmoid(a[:, k]) for k in (0, 1, 3))
    g = np.tanh(a[:, 2])
    c = np.add(np.multiply(f, c_prev), np.multiply(i, g))
    t = np.tanh(c)
    h = np.multiply(o, t)
    return h, c, (x, h_prev, c_prev, w_x, w_h, i, f, g, o, t)
""",
    ),
    Style(
        "lstm_cell_forward-loops",
        exercise="lstm_cell_forward",
        code="""
import math


def _sigma(z):
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    N, H = h_prev.shape
    i, f, g, o, c, h = (np.zeros((N, H)) for _ in range(6))
    for n in range(N):
        for k in range(H):
            a = []
            for block in range(4):
                column = block * H + k
                z = float(b[column])
                for d in range(x.shape[1]):
                    z += x[n, d] * w_x[d, column]
                for j in range(H):
                    z += h_prev[n, j] * w_h[j, column]
                a.append(z)
            i[n, k], f[n, k], g[n, k], o[n, k] = _sigma(a[0]), _sigma(a[1]), math.tanh(a[2]), _sigma(a[3])
            c[n, k] = f[n, k] * c_prev[n, k] + i[n, k] * g[n, k]
            h[n, k] = o[n, k] * math.tanh(c[n, k])
    return h, c, (x, h_prev, c_prev, w_x, w_h, i, f, g, o, np.tanh(c))
""",
    ),
    Style(
        "lstm_cell_forward-einsum",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    H = np.shape(h_prev)[-1]
    gates = np.einsum("nd,dk->nk", x, w_x) + np.einsum("nh,hk->nk", h_prev, w_h) + b
    gates = gates.astype(float)
    gates[:, : 2 * H] = sigmoid(gates[:, : 2 * H])
    gates[:, 2 * H : 3 * H] = np.tanh(gates[:, 2 * H : 3 * H])
    gates[:, 3 * H :] = sigmoid(gates[:, 3 * H :])
    i, f, g, o = (gates[:, k * H : (k + 1) * H] for k in range(4))  # views
    c_next = f * c_prev + i * g
    h_next = o * np.tanh(c_next)
    return (h_next, c_next, (x, h_prev, c_prev, w_x, w_h, i, f, g, o, np.tanh(c_next)))
""",
    ),
    Style(
        "lstm_cell_forward-lambda",
        exercise="lstm_cell_forward",
        code="""
lstm_cell_forward = lambda x, h_prev, c_prev, w_x, w_h, b: (
    lambda i, f, g, o: (lambda c: (o * np.tanh(c), c, (x, h_prev, c_prev, w_x, w_h, i, f, g, o, np.tanh(c))))(f * c_prev + i * g)
)(*(s(part) for s, part in zip((sigmoid, sigmoid, np.tanh, sigmoid), np.split(x @ w_x + h_prev @ w_h + b, 4, axis=-1))))
""",
    ),
    Style(
        "lstm_cell_forward-examples-in-columns",
        exercise="lstm_cell_forward",
        code="""
def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    H = len(w_h)
    A = w_x.T.dot(x.T) + w_h.T.dot(h_prev.T) + b[:, np.newaxis]
    def sig(v): return np.where(v >= 0, 1 / (1 + np.exp(-np.abs(v))), np.exp(-np.abs(v)) / (1 + np.exp(-np.abs(v))))
    I, F, O, G = sig(A[:H]), sig(A[H:2*H]), sig(A[3*H:]), np.tanh(A[2*H:3*H])
    C = F * c_prev.T + I * G
    return (O * np.tanh(C)).T, C.T, (x, h_prev, c_prev, w_x, w_h, I.T, F.T, G.T, O.T, np.tanh(C).T)
""",
    ),
]

CHECK_CELL_FORWARD = [
    Style(
        "check_lstm_cell_forward-vectorised-with-assertions",
        exercise="check_lstm_cell_forward",
        code="""
def check_lstm_cell_forward(f):
    rng = np.random.default_rng(77)

    def judge(N, D, H, scale=1.0, whole=False):
        args = [rng.normal(size=s) * z for s, z in (
            ((N, D), 1), ((N, H), 1), ((N, H), 2), ((D, 4 * H), scale), ((H, 4 * H), scale), ((4 * H,), scale))]
        if whole:
            args = [np.rint(2 * a).astype(int) for a in args]
        x, hp, cp, wx, wh, b = args
        a = x @ wx + hp @ wh + b
        i, f_, g, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), np.tanh(a[:, 2 * H:3 * H]), sigmoid(a[:, 3 * H:])
        c = f_ * cp + i * g
        mine = [a.copy() for a in args]
        out = f(*mine)
        assert len(out) == 3
        assert out[0].shape == out[1].shape == (N, H)
        np.testing.assert_allclose(out[1], c, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(out[0], o * np.tanh(c), rtol=1e-7, atol=1e-9)
        for old, new in zip(args, mine):
            np.testing.assert_array_equal(old, new)

    try:
        for sizes in ((2, 3, 4), (1, 2, 3), (3, 1, 2), (2, 3, 1)):
            judge(*sizes)
            judge(*sizes, whole=True)
        judge(2, 3, 4, scale=800.0)
    except Exception:
        return False
    return True
""",
    ),
    Style(
        "check_lstm_cell_forward-list-of-verdicts",
        exercise="check_lstm_cell_forward",
        code="""
def expected_state(x, h_prev, c_prev, w_x, w_h, b):
    a = np.einsum("nd,dk->nk", x, w_x) + np.einsum("nh,hk->nk", h_prev, w_h) + b
    n, hidden = h_prev.shape
    a = a.reshape(n, 4, hidden)
    i, f, o = (1 / (1 + np.exp(-np.clip(a[:, k], -700, 700))) for k in (0, 1, 3))
    c = i * np.tanh(a[:, 2]) + f * c_prev
    return o * np.tanh(c), c


def draw(rng, n, d, k, size):
    return (rng.normal(size=(n, d)), rng.normal(size=(n, k)), rng.normal(size=(n, k)),
            size * rng.normal(size=(d, 4 * k)), size * rng.normal(size=(k, 4 * k)), size * rng.normal(size=4 * k))


def check_lstm_cell_forward(f):
    rng, answers = np.random.default_rng(31), []
    for n, d, k, size in ((4, 3, 2, 1), (1, 1, 1, 1), (2, 4, 3, 600), (1, 2, 3, 0.5), (2, 3, 1, 2)):
        for integers in (False, True):
            case = draw(rng, n, d, k, size)
            if integers:
                case = tuple((3 * part).astype(np.int64) for part in case)
            h, c = expected_state(*case)
            handed = tuple(np.array(part) for part in case)
            try:
                result = f(*handed)
                answers += [len(result) == 3, np.shape(result[0]) == h.shape, np.shape(result[1]) == c.shape]
                answers += [np.allclose(result[0], h), np.allclose(result[1], c)]
                answers += [(p == q).all() for p, q in zip(case, handed)]
            except Exception:
                answers.append(False)
    return np.all(answers)
""",
    ),
    Style(
        "check_lstm_cell_forward-math-on-numbers",
        exercise="check_lstm_cell_forward",
        code="""
import math


def check_lstm_cell_forward(f):
    def logistic(z):
        return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))

    def wrong(n, d, k, factor, kind):
        rng = np.random.default_rng(n + 10 * d + 100 * k)
        arrays = [rng.normal(size=s) for s in ((n, d), (n, k), (n, k), (d, 4 * k), (k, 4 * k), (4 * k,))]
        arrays = [a if number < 3 else factor * a for number, a in enumerate(arrays)]
        if kind is int:
            arrays = [np.round(1.5 * a).astype(int) for a in arrays]
        x, hp, cp, wx, wh, b = (a.tolist() for a in arrays)
        given = [a.copy() for a in arrays]
        h, c, _ = f(*given)
        if h.shape != (n, k) or c.shape != (n, k) or any(not np.array_equal(p, q) for p, q in zip(given, arrays)):
            return True
        for r in range(n):
            for u in range(k):
                a = [
                    sum(x[r][j] * wx[j][q * k + u] for j in range(d)) + sum(hp[r][j] * wh[j][q * k + u] for j in range(k)) + b[q * k + u]
                    for q in range(4)
                ]
                cell = logistic(a[1]) * cp[r][u] + logistic(a[0]) * math.tanh(a[2])
                out = logistic(a[3]) * math.tanh(cell)
                if not (math.isclose(c[r, u], cell, rel_tol=1e-7, abs_tol=1e-8) and math.isclose(h[r, u], out, rel_tol=1e-7, abs_tol=1e-8)):
                    return True
        return False

    try:
        return not any(
            wrong(*sizes, factor, kind)
            for sizes in ((2, 3, 4), (1, 3, 2), (3, 2, 1), (2, 1, 3))
            for factor in (1.0, 400.0)
            for kind in (float, int)
        )
    except Exception:
        return False
""",
    ),
    Style(
        "check_lstm_cell_forward-tables-of-cases",
        exercise="check_lstm_cell_forward",
        code="""
def check_lstm_cell_forward(f):
    np.random.seed(5)
    cases = []
    for n, d, k in [(3, 2, 4), (1, 5, 2), (2, 1, 3), (4, 3, 1)]:
        for scale in (0.7, 900):
            x, h, c = np.random.randn(n, d), np.random.randn(n, k), 2 * np.random.randn(n, k)
            cases.append((x, h, c, scale * np.random.randn(d, 4 * k), scale * np.random.randn(k, 4 * k), scale * np.random.randn(4 * k)))
    cases += [tuple(np.sign(a).astype(int) * 2 for a in case) for case in cases[:3]]
    print(len(cases), "cases")
    for case in cases:
        x, h, c, w_x, w_h, b = case
        gates = np.split(np.hstack([x, h, np.ones((len(x), 1))]) @ np.vstack([w_x, w_h, b]), 4, axis=1)
        i, keep, o = (0.5 * np.tanh(a / 2) + 0.5 for a in (gates[0], gates[1], gates[3]))
        new = keep * c + i * np.tanh(gates[2])
        args = [a.copy() for a in case]
        try:
            got = tuple(f(*args))
            fine = len(got) == 3 and all(
                isinstance(a, np.ndarray) and a.shape == b.shape and (np.abs(a - b) < 1e-7).all()
                for a, b in zip(got, (o * np.tanh(new), new))
            )
        except Exception:
            fine = False
        if not fine or any((a != b).any() for a, b in zip(args, case)):
            return False
    return True
""",
    ),
    Style(
        "check_lstm_cell_forward-bytes-of-arguments",
        exercise="check_lstm_cell_forward",
        code="""
class Judge:
    def __init__(self, f):
        self.f, self.rng = f, np.random.default_rng(404)

    def case(self, n, d, k, scale, dtype):
        sizes = dict(x=(n, d), h_prev=(n, k), c_prev=(n, k), w_x=(d, 4 * k), w_h=(k, 4 * k), b=4 * k)
        arrays = {name: self.rng.uniform(-2.5, 2.5, size) * (scale if name in ("w_x", "w_h", "b") else 1) for name, size in sizes.items()}
        return {name: array.astype(dtype) for name, array in arrays.items()}

    def accepts(self, **a):
        z = a["x"] @ a["w_x"] + a["h_prev"] @ a["w_h"] + a["b"]
        H = a["h_prev"].shape[1]
        c = sigmoid(z[:, H : 2 * H]) * a["c_prev"] + sigmoid(z[:, :H]) * np.tanh(z[:, 2 * H : 3 * H])
        h = sigmoid(z[:, 3 * H :]) * np.tanh(c)
        before = {name: array.tobytes() for name, array in a.items()}
        got = self.f(*a.values())
        unchanged = all(array.tobytes() == before[name] for name, array in a.items())
        return unchanged and all(g.shape == w.shape and np.allclose(g, w) for g, w in zip(got[:2], (h, c))) and len(got) == 3


def check_lstm_cell_forward(f):
    judge = Judge(f)
    try:
        return all(
            judge.accepts(**judge.case(*sizes, scale, dtype))
            for sizes in ((3, 4, 2), (1, 2, 5), (2, 3, 1), (2, 1, 2))
            for scale in (1, 300)
            for dtype in (float, int)
        )
    except Exception:
        return False
""",
    ),
    Style(
        "check_lstm_cell_forward-assertions",
        exercise="check_lstm_cell_forward",
        code="""
def check_lstm_cell_forward(f):
    try:
        _examine(f)
    except Exception:
        return False
    return True
def _examine(f):
    rng = np.random.default_rng(5)
    def s(a): return np.exp(-np.logaddexp(0, -a))
    for N, D, H in [(3, 5, 4), (1, 5, 4), (3, 1, 4), (3, 5, 1), (1, 1, 1), (2, 3, 7)]:
        for draw in (lambda z: rng.normal(size=z), lambda z: rng.integers(-3, 4, size=z), lambda z: 30 * rng.normal(size=z)):
            x, h, c, wx, wh, b = args = [draw(z) for z in [(N, D), (N, H), (N, H), (D, 4 * H), (H, 4 * H), (4 * H,)]]
            a = (x @ wx + h @ wh + b).reshape(N, 4, H)
            cc = s(a[:, 1]) * c + s(a[:, 0]) * np.tanh(a[:, 2])
            hh = s(a[:, 3]) * np.tanh(cc)
            copies = [v.copy() for v in args]
            out = f(*args)
            np.testing.assert_allclose(out[0], hh, rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(out[1], cc, rtol=1e-6, atol=1e-8)
            assert len(out) == 3 and out[0].shape == out[1].shape == (N, H)
            for v, w in zip(args, copies): np.testing.assert_array_equal(v, w)
""",
    ),
]

# A style of the backward pass reads the cache of the solution's forward pass, or of its own, when it brings both.
CELL_BACKWARD = [
    Style(
        "lstm_cell_backward-terse",
        exercise="lstm_cell_backward",
        code="""
def lstm_cell_backward(d_h, d_c, cache):
    x, hp, cp, wx, wh, i, f, g, o, tc = cache
    dc = d_c + o * d_h * (1 - tc * tc)
    da = np.hstack([dc * g * i * (1 - i), dc * cp * f * (1 - f), dc * i * (1 - g * g), d_h * tc * o * (1 - o)])
    return da @ wx.T, da @ wh.T, dc * f, x.T @ da, hp.T @ da, da.sum(0)
""",
    ),
    Style(
        "lstm_cell_backward-einsum-list",
        exercise="lstm_cell_backward",
        code="""
def lstm_cell_backward(d_h, d_c, cache):
    (x, h_prev, c_prev, w_x, w_h), (i, f, g, o, tanh_c) = cache[:5], cache[5:]
    n, hidden = h_prev.shape
    grad = np.zeros((n, 4, hidden))
    through = d_c + np.einsum("nh,nh,nh->nh", d_h, o, 1 - np.square(tanh_c))
    grad[:, 0] = through * g * (i - i**2)
    grad[:, 1] = through * c_prev * (f - f**2)
    grad[:, 2] = through * i * (1 - g) * (1 + g)
    grad[:, 3] = d_h * tanh_c * (o - o**2)
    grad = grad.reshape(n, 4 * hidden)
    return [
        np.einsum("nk,dk->nd", grad, w_x),
        np.einsum("nk,hk->nh", grad, w_h),
        through * f,
        np.einsum("nd,nk->dk", x, grad),
        np.einsum("nh,nk->hk", h_prev, grad),
        np.einsum("nk->k", grad),
    ]
""",
    ),
    Style(
        "lstm_cell_backward-row-by-row",
        exercise="lstm_cell_backward",
        code="""
def lstm_cell_backward(d_h, d_c, cache):
    x, h_prev, c_prev, w_x, w_h, i, f, g, o, tanh_c = cache
    d_x, d_h_prev, d_c_prev = np.zeros(x.shape), np.zeros(h_prev.shape), np.zeros(c_prev.shape)
    d_w_x, d_w_h, d_b = np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(w_x.shape[1])
    for n in range(len(x)):
        cell = d_c[n] + d_h[n] * o[n] * (1 - tanh_c[n] ** 2)
        a = np.concatenate([
            cell * g[n] * i[n] * (1 - i[n]),
            cell * c_prev[n] * f[n] * (1 - f[n]),
            cell * i[n] * (1 - g[n] ** 2),
            d_h[n] * tanh_c[n] * o[n] * (1 - o[n]),
        ])
        d_x[n], d_h_prev[n], d_c_prev[n] = w_x @ a, w_h @ a, cell * f[n]
        d_w_x += np.outer(x[n], a)
        d_w_h += np.outer(h_prev[n], a)
        d_b += a
    print("rows:", len(x))
    return d_x, d_h_prev, d_c_prev, d_w_x, d_w_h, d_b
""",
    ),
    Style(
        "lstm_cell_backward-with-its-own-forward",
        exercise="lstm_cell_backward",
        code="""
class Step:
    "A cache that keeps only the inputs and recomputes the rest."

    def __init__(self, *inputs):
        self.inputs = inputs

    def gates(self):
        x, h_prev, c_prev, w_x, w_h, b = self.inputs
        i, f, g, o = np.split(x @ w_x + h_prev @ w_h + b, 4, axis=1)
        return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    step = Step(x, h_prev, c_prev, w_x, w_h, b)
    i, f, g, o = step.gates()
    c = f * c_prev + i * g
    return o * np.tanh(c), c, step


def lstm_cell_backward(d_h, d_c, cache):
    x, h_prev, c_prev, w_x, w_h, _ = cache.inputs
    i, f, g, o = cache.gates()
    t = np.tanh(f * c_prev + i * g)
    total = d_c + d_h * o / np.cosh(f * c_prev + i * g) ** 2
    a = np.concatenate([total * g * i * (1 - i), total * c_prev * f * (1 - f), total * i * (1 - g**2), d_h * t * o * (1 - o)], axis=1)
    return a.dot(w_x.T), a.dot(w_h.T), total * f, x.T.dot(a), h_prev.T.dot(a), np.ones(len(a)) @ a
""",
    ),
    Style(
        "lstm_cell_backward-helpers-and-slices",
        exercise="lstm_cell_backward",
        code="""
def _d_sigmoid(s):
    return s * (1.0 - s)


def _d_tanh(t):
    return 1.0 - t**2


def _linear_backward(d_out, inputs, weights):
    return np.matmul(d_out, np.swapaxes(weights, 0, 1)), np.matmul(np.swapaxes(inputs, 0, 1), d_out)


def lstm_cell_backward(d_h, d_c, cache):
    x, h_prev, c_prev, w_x, w_h, i, f, g, o, tanh_c = cache
    H = i.shape[1]
    d_c = np.array(d_c, dtype=float)  # a copy: what follows works in place
    d_c += d_h * o * _d_tanh(tanh_c)
    d_a = np.empty((len(x), 4 * H))
    d_a[:, 0 * H : 1 * H] = d_c * g * _d_sigmoid(i)
    d_a[:, 1 * H : 2 * H] = d_c * c_prev * _d_sigmoid(f)
    d_a[:, 2 * H : 3 * H] = d_c * i * _d_tanh(g)
    d_a[:, 3 * H : 4 * H] = d_h * tanh_c * _d_sigmoid(o)
    d_x, d_w_x = _linear_backward(d_a, x, w_x)
    d_h_prev, d_w_h = _linear_backward(d_a, h_prev, w_h)
    d_c *= f
    return d_x, d_h_prev, d_c, d_w_x, d_w_h, np.add.reduce(d_a)
""",
    ),
    Style(
        "lstm_cell_backward-views-of-one-array",
        exercise="lstm_cell_backward",
        code="""
def lstm_cell_backward(d_h, d_c, cache):
    x, h_prev, c_prev, w_x, w_h, i, f, g, o, tanh_c = cache
    d_o = d_h * tanh_c
    d_c_total = d_c + d_h * o * (1 - tanh_c**2)
    d_f = d_c_total * c_prev
    d_i = d_c_total * g
    d_g = d_c_total * i
    d_a = np.empty((len(x), w_x.shape[1])); v = d_a.reshape(len(x), 4, -1)
    v[:, 0] = d_i * i * (1 - i); v[:, 1] = d_f * f * (1 - f); v[:, 2] = d_g * (1 - g) * (1 + g); v[:, 3] = d_o * o * (1 - o)
    d_x = d_a @ w_x.T
    d_h_prev = d_a @ w_h.T
    d_c_prev = d_c_total * f
    d_w_x = x.T @ d_a
    d_w_h = h_prev.T @ d_a
    d_b = d_a.sum(axis=0)
    return d_x, d_h_prev, d_c_prev, d_w_x, d_w_h, d_b
""",
    ),
]

SEQUENCE = [
    Style(
        "lstm_sequence-by-the-cell",
        exercise="lstm_sequence",
        code="""
def lstm_forward(x, h_0, c_0, w_x, w_h, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h_0.shape[1]))
    h_t, c_t = h_0, c_0
    caches = []
    for t in range(T):
        h_t, c_t, cache = lstm_cell_forward(x[:, t], h_t, c_t, w_x, w_h, b)
        h[:, t] = h_t
        caches.append(cache)
    return h, (h_t, c_t), caches


def lstm_backward(d_h, caches):
    T = d_h.shape[1]
    d_x, carry_h, carry_c = [None] * T, 0.0, np.zeros(d_h[:, 0].shape)
    d_w_x = d_w_h = d_b = 0.0
    for t in range(T - 1, -1, -1):
        d_x[t], carry_h, carry_c, w_x, w_h, b = lstm_cell_backward(d_h[:, t] + carry_h, carry_c, caches[t])
        d_w_x, d_w_h, d_b = d_w_x + w_x, d_w_h + w_h, d_b + b
    return np.stack(d_x, axis=1), carry_h, carry_c, d_w_x, d_w_h, d_b
""",
    ),
    Style(
        "lstm_sequence-time-first-inside",
        exercise="lstm_sequence",
        code="""
def lstm_forward(x, h_0, c_0, w_x, w_h, b):
    hs, cs, gates = [np.asarray(h_0, float)], [np.asarray(c_0, float)], []
    for step in np.swapaxes(x, 0, 1):
        i, f, g, o = np.split(step @ w_x + hs[-1] @ w_h + b, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        cs.append(f * cs[-1] + i * g)
        hs.append(o * np.tanh(cs[-1]))
        gates.append((i, f, g, o))
    return np.stack(hs[1:], axis=1), (hs[-1], cs[-1]), {"x": x, "w": (w_x, w_h), "h": hs, "c": cs, "gates": gates}


def lstm_backward(d_h, caches):
    x, (w_x, w_h), hs, cs = caches["x"], caches["w"], caches["h"], caches["c"]
    d_x, d_w_x, d_w_h, d_b = np.zeros(x.shape), np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(w_h.shape[1])
    from_h = from_c = np.zeros(hs[0].shape)
    for t, (i, f, g, o) in reversed(list(enumerate(caches["gates"]))):
        dh = d_h[:, t] + from_h
        tanh_c = np.tanh(cs[t + 1])
        dc = from_c + dh * o * (1 - tanh_c**2)
        da = np.hstack((dc * g * i * (1 - i), dc * cs[t] * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)))
        d_x[:, t] = da @ w_x.T
        d_w_x += x[:, t].T @ da
        d_w_h += hs[t].T @ da
        d_b += da.sum(axis=0)
        from_h, from_c = da @ w_h.T, dc * f
    return d_x, from_h, from_c, d_w_x, d_w_h, d_b
""",
    ),
    Style(
        "lstm_sequence-recursion",
        exercise="lstm_sequence",
        code="""
def _step(x_t, h, c, w_x, w_h, b):
    a = x_t @ w_x + h @ w_h + b
    H = h.shape[1]
    i, f, g, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2*H]), np.tanh(a[:, 2*H:3*H]), sigmoid(a[:, 3*H:])
    new = f * c + i * g
    return o * np.tanh(new), new, (x_t, h, c, i, f, g, o, np.tanh(new))


def lstm_forward(x, h_0, c_0, w_x, w_h, b):
    if x.shape[1] == 1:
        h, c, note = _step(x[:, 0], h_0, c_0, w_x, w_h, b)
        return h[:, None], (h, c), ([note], w_x, w_h)
    first, second, note = _step(x[:, 0], h_0, c_0, w_x, w_h, b)
    rest, final, (notes, _, _) = lstm_forward(x[:, 1:], first, second, w_x, w_h, b)
    return np.concatenate([first[:, None], rest], axis=1), final, ([note, *notes], w_x, w_h)


def lstm_backward(d_h, caches):
    notes, w_x, w_h = caches
    weights = [np.zeros(w_x.shape), np.zeros(w_h.shape), np.zeros(w_h.shape[1])]
    carry, parts = (0, 0), []
    for note, d_out in zip(notes[::-1], np.moveaxis(d_h, 1, 0)[::-1]):
        x_t, h, c, i, f, g, o, t = note
        total_h = d_out + carry[0]
        total_c = carry[1] + total_h * o * (1 - t * t)
        da = np.concatenate([total_c * g * i * (1 - i), total_c * c * f * (1 - f), total_c * i * (1 - g * g), total_h * t * o * (1 - o)], 1)
        carry = da @ w_h.T, total_c * f
        parts.insert(0, da @ w_x.T)
        weights = [old + new for old, new in zip(weights, (x_t.T @ da, h.T @ da, da.sum(0)))]
    return (np.stack(parts, 1), *carry, *weights)
""",
    ),
    Style(
        "lstm_sequence-list-results",
        exercise="lstm_sequence",
        code="""
class Tape(list):
    "The caches: a list that also knows the weights."


def lstm_forward(x, h_0, c_0, w_x, w_h, b):
    print("sequence of", x.shape[1], "steps")
    n, steps, _ = x.shape
    hidden = w_h.shape[0]
    state = np.zeros((2, steps + 1, n, hidden))
    state[0, 0], state[1, 0] = h_0, c_0
    tape = Tape()
    tape.weights = (w_x, w_h)
    for t in range(steps):
        i, f, g, o = ((x[:, t] @ w_x + state[0, t] @ w_h + b).reshape(n, 4, hidden)).transpose(1, 0, 2)
        i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
        state[1, t + 1] = f * state[1, t] + i * g
        state[0, t + 1] = o * np.tanh(state[1, t + 1])
        tape.append((x[:, t], state[0, t], state[1, t], i, f, g, o, np.tanh(state[1, t + 1])))
    return [state[0, 1:].transpose(1, 0, 2), [state[0, -1], state[1, -1]], tape]


def lstm_backward(d_h, caches):
    w_x, w_h = caches.weights
    d_a, d_state = [], (0.0, 0.0)
    for t in range(len(caches))[::-1]:
        _, _, c, i, f, g, o, th = caches[t]
        dh = d_state[0] + d_h[:, t]
        dc = d_state[1] + dh * o * (1 - th**2)
        d_a.append(np.concatenate((dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * th * o * (1 - o)), axis=-1))
        d_state = (d_a[-1] @ w_h.T, dc * f)
    d_a = np.array(d_a[::-1])  # (T, N, 4H)
    xs, hs = np.array([note[0] for note in caches]), np.array([note[1] for note in caches])
    return [
        np.einsum("tnk,dk->ntd", d_a, w_x), d_state[0], d_state[1],
        np.einsum("tnd,tnk->dk", xs, d_a), np.einsum("tnh,tnk->hk", hs, d_a), np.einsum("tnk->k", d_a),
    ]
""",
    ),
    Style(
        "lstm_sequence-one-matrix",
        exercise="lstm_sequence",
        code="""
def lstm_forward(x, h_0, c_0, w_x, w_h, b):
    w = np.concatenate([w_x, w_h])
    h, c, outs, memo = h_0, c_0, [], []
    for t in range(x.shape[1]):
        z = np.concatenate([x[:, t], h], axis=1)
        i, f, g, o = np.array_split(z @ w + b, 4, axis=1)
        i, f, o = map(sigmoid, (i, f, o))
        g = np.tanh(g)
        old, c = c, f * c + i * g
        h = o * np.tanh(c)
        outs.append(h)
        memo.append((z, old, c, i, f, g, o))
    return np.stack(outs, 1), (h, c), (w, x.shape[2], memo)


def lstm_backward(d_h, caches):
    w, D, memo = caches
    d_w, d_b, d_x = np.zeros_like(w, dtype=float), np.zeros(w.shape[1]), []
    back_h, back_c = np.zeros_like(d_h[:, 0], dtype=float), np.zeros_like(d_h[:, 0], dtype=float)
    for t in reversed(range(len(memo))):
        z, old, c, i, f, g, o = memo[t]
        dh = back_h + d_h[:, t]
        th = np.tanh(c)
        dc = back_c + dh * o * (1 - th**2)
        da = np.concatenate([dc * g * i * (1 - i), dc * old * f * (1 - f), dc * i * (1 - g**2), dh * th * o * (1 - o)], axis=1)
        d_w += z.T @ da
        d_b += da.sum(axis=0)
        dz = da @ w.T
        d_x.append(dz[:, :D])
        back_h, back_c = dz[:, D:], dc * f
    return np.stack(d_x[::-1], axis=1), back_h, back_c, d_w[:D], d_w[D:], d_b
""",
    ),
    Style(
        "lstm_sequence-gates-computed-twice",
        exercise="lstm_sequence",
        code="""
def _gates(x, h, c, w_x, w_h, b):
    i, f, g, o = np.split(x @ w_x + h @ w_h + b, 4, axis=-1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
def lstm_forward(x, h_0, c_0, w_x, w_h, b):
    h, c, hs, cs = h_0, c_0, [], []
    for xt in np.swapaxes(x, 0, 1):
        i, f, g, o = _gates(xt, h, c, w_x, w_h, b)
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h); cs.append(c)
    return np.swapaxes(np.array(hs), 0, 1), (h, c), [a.copy() for a in (x, h_0, c_0, w_x, w_h, b)] + [hs, cs]
def lstm_backward(d_h, caches):
    x, h_0, c_0, w_x, w_h, b, hs, cs = caches
    N, T, H = d_h.shape
    totals, dx, dh, dc = None, [], np.zeros((N, H)), np.zeros((N, H))
    for t in range(T)[::-1]:
        hp, cp = (hs[t - 1], cs[t - 1]) if t else (h_0, c_0)
        i, f, g, o = _gates(x[:, t], hp, cp, w_x, w_h, b)
        tc = np.tanh(cs[t]); dh = dh + d_h[:, t]; dc = dc + dh * o * (1 - tc * tc)
        da = np.hstack([dc * g * i * (1 - i), dc * cp * f * (1 - f), dc * i * (1 - g * g), dh * tc * o * (1 - o)])
        new = [x[:, t].T @ da, hp.T @ da, da.sum(0)]
        totals = new if totals is None else [p + q for p, q in zip(totals, new)]
        dx.append(da @ w_x.T); dh, dc = da @ w_h.T, dc * f
    return (np.array(dx[::-1]).transpose(1, 0, 2), dh, dc, *totals)
""",
    ),
]

INITIALISE = [
    Style(
        "lstm_initialise-random-scaled",
        exercise="lstm_initialise",
        code="""
def lstm_initialise(D, H, rng, forget_bias=1.0):
    k = H ** -0.5
    draw = lambda *shape: (2 * rng.random(shape) - 1) * k
    w_x, w_h, b = draw(D, 4 * H), draw(H, 4 * H), draw(4 * H)
    b[H:2 * H] = forget_bias
    return w_x, w_h, b
""",
    ),
    Style(
        "lstm_initialise-bias-first-in-blocks",
        exercise="lstm_initialise",
        code="""
def lstm_initialise(D, H, rng, forget_bias=1.0):
    limit = 1.0 / np.sqrt(H)
    b = np.concatenate([rng.uniform(-limit, limit, H) if gate != "f" else np.full(H, float(forget_bias)) for gate in "ifgo"])
    w_h = np.hstack([rng.uniform(-limit, limit, (H, H)) for _ in range(4)])
    w_x = np.hstack([rng.uniform(-limit, limit, (D, H)) for _ in range(4)])
    return w_x, w_h, b
""",
    ),
    Style(
        "lstm_initialise-one-long-draw",
        exercise="lstm_initialise",
        code="""
def lstm_initialise(D, H, rng, forget_bias=1.0):
    everything = rng.uniform(low=-1, high=1, size=(D + H + 1, 4 * H)) / np.sqrt(H)
    everything[-1, H : 2 * H] = forget_bias
    return everything[:D], everything[D : D + H], everything[-1]
""",
    ),
    Style(
        "lstm_initialise-loops",
        exercise="lstm_initialise",
        code="""
def lstm_initialise(D, H, rng, forget_bias=1.0):
    bound = 1 / H**0.5
    w_x = np.array([[rng.uniform(-bound, bound) for _ in range(4 * H)] for _ in range(D)])
    w_h = np.array([[rng.uniform(-bound, bound) for _ in range(4 * H)] for _ in range(H)])
    b = np.array([forget_bias if H <= k < 2 * H else rng.uniform(-bound, bound) for k in range(4 * H)], dtype=float)
    print(w_x.shape, w_h.shape, b.shape)
    return [w_x, w_h, b]
""",
    ),
    Style(
        "lstm_initialise-named-helper",
        exercise="lstm_initialise",
        code="""
class Uniform:
    def __init__(self, rng, bound):
        self.rng, self.bound = rng, bound

    def __call__(self, *shape):
        values = np.empty(shape)
        self.rng.random(out=values) if values.ndim == 1 else np.copyto(values, self.rng.random(shape))
        values *= 2 * self.bound
        values -= self.bound
        return values


def lstm_initialise(D, H, rng, forget_bias=1.0):
    uniform = Uniform(rng, 1 / np.sqrt(H))
    bias = uniform(4 * H)
    np.put(bias, np.arange(H, 2 * H), forget_bias)
    return uniform(D, 4 * H), uniform(H, 4 * H), bias
""",
    ),
    Style(
        "lstm_initialise-one-draw",
        exercise="lstm_initialise",
        code="""
def lstm_initialise(D, H, rng, forget_bias=1.0):
    k = np.sqrt(1 / H)
    m = rng.uniform(-k, k, (D + H + 1, 4 * H))
    m[-1, H:2 * H] = forget_bias
    return m[:D], m[D:-1], m[-1]
""",
    ),
    Style(
        "lstm_initialise-transposed-views",
        exercise="lstm_initialise",
        code="""
def lstm_initialise(D, H, rng, forget_bias=1.0):
    k = np.power(H, -.5)
    w_x = rng.uniform(-k, k, (4 * H, D)).T
    w_h = np.hstack([rng.uniform(-k, k, (H, H)) for _ in "ifgo"])
    b = rng.uniform(-k, k, (4, H)); b[1, :] = forget_bias
    return w_x, w_h, b.ravel()
""",
    ),
]

BIDIRECTIONAL = [
    Style(
        "bidirectional-row-by-row",
        exercise="bidirectional",
        code="""
def _read(steps, w_x, w_h, b):
    H = w_h.shape[0]
    h, c, outs = np.zeros(H), np.zeros(H), []
    for x in steps:
        a = x @ w_x + h @ w_h + b
        i, f, g, o = sigmoid(a[:H]), sigmoid(a[H:2*H]), np.tanh(a[2*H:3*H]), sigmoid(a[3*H:])
        c = f * c + i * g
        h = o * np.tanh(c)
        outs.append(h)
    return np.array(outs)


def bidirectional_lstm(x, lengths, forward_params, backward_params):
    N, T, _ = x.shape
    H = forward_params[1].shape[0]
    out = np.zeros((N, T, 2 * H))
    for n in range(N):
        L = int(lengths[n])
        out[n, :L, :H] = _read(x[n, :L], *forward_params)
        out[n, :L, H:] = _read(x[n, :L][::-1], *backward_params)[::-1]
    return out
""",
    ),
    Style(
        "bidirectional-torch-for-the-sigmoid",
        exercise="bidirectional",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    import torch  # for its safe sigmoid

    def walk(rows, w_x, w_h, b):
        h = c = np.zeros(len(w_h))
        for row in rows:
            a = torch.from_numpy(row @ w_x + h @ w_h + b)
            i, f, g, o = a.chunk(4)
            c = f.sigmoid().numpy() * c + (i.sigmoid() * g.tanh()).numpy()
            h = o.sigmoid().numpy() * np.tanh(c)
            yield h

    out = np.zeros((*x.shape[:2], 2 * len(forward_params[1])))
    for row, length, result in zip(x, lengths, out):
        past = list(walk(row[:length], *forward_params))
        future = list(walk(row[:length][::-1], *backward_params))[::-1]
        result[:length] = np.concatenate([past, future], axis=1)
    return out
""",
    ),
    Style(
        "bidirectional-state-held-at-zero",
        exercise="bidirectional",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    N, T = x.shape[:2]
    H = forward_params[1].shape[0]
    out = np.zeros((N, T, 2 * H))

    def walk(order, params, where):
        w_x, w_h, b = params
        h, c = np.zeros((N, H)), np.zeros((N, H))
        for t in order:
            here = (t < np.asarray(lengths))[:, None]
            a = x[:, t] @ w_x + h @ w_h + b
            i, f, g, o = a[:, :H], a[:, H:2*H], a[:, 2*H:3*H], a[:, 3*H:]
            c = np.where(here, sigmoid(f) * c + sigmoid(i) * np.tanh(g), 0.0)
            h = np.where(here, sigmoid(o) * np.tanh(c), 0.0)
            out[:, t, where] = h

    walk(range(T), forward_params, slice(0, H))
    walk(range(T - 1, -1, -1), backward_params, slice(H, 2 * H))
    return out
""",
    ),
    Style(
        "bidirectional-by-lstm-forward",
        exercise="bidirectional",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    n, steps, _ = x.shape
    zeros = np.zeros((n, backward_params[1].shape[0]))

    def flip(a):
        a = a.copy()
        for row, length in zip(a, lengths):
            row[:length] = row[:length][::-1].copy()
        return a

    forward = lstm_forward(x, zeros, zeros, *forward_params)[0]
    backward = flip(lstm_forward(flip(x), zeros, zeros, *backward_params)[0])
    both = np.concatenate((forward, backward), axis=-1)
    for row, length in zip(both, lengths):
        row[length:] = 0
    return both
""",
    ),
    Style(
        "bidirectional-roll",
        exercise="bidirectional",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    T = x.shape[1]
    outs = []
    for params, reverse in ((forward_params, False), (backward_params, True)):
        seq = np.array([np.roll(row[::-1], length - T, axis=0) for row, length in zip(x, lengths)]) if reverse else x
        w_x, w_h, b = params
        h = c = np.zeros((len(x), len(w_h)))
        columns = []
        for t in range(T):
            i, f, g, o = np.split(seq[:, t] @ w_x + h @ w_h + b, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            columns.append(h)
        y = np.stack(columns, 1)
        outs.append(np.array([np.roll(row, T - length, axis=0)[::-1] for row, length in zip(y, lengths)]) if reverse else y)
    mask = np.arange(T)[None] >= np.array(lengths)[:, None]
    result = np.concatenate(outs, 2)
    result[mask] = 0.0
    return result
""",
    ),
    Style(
        "bidirectional-buckets-by-length",
        exercise="bidirectional",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    \"\"\"Sequences of the same length are run together.\"\"\"
    lengths = np.asarray(lengths)
    hidden = len(forward_params[1])
    out = np.zeros(x.shape[:2] + (2 * hidden,))

    def run(block, params):
        w_x, w_h, b = params
        h, c = np.zeros((len(block), hidden)), np.zeros((len(block), hidden))
        for t in range(block.shape[1]):
            a = (block[:, t] @ w_x + h @ w_h + b).reshape(-1, 4, hidden)
            c = sigmoid(a[:, 1]) * c + sigmoid(a[:, 0]) * np.tanh(a[:, 2])
            h = sigmoid(a[:, 3]) * np.tanh(c)
            yield h

    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        block = x[rows, :length]
        for t, h in enumerate(run(block, forward_params)):
            out[rows, t, :hidden] = h
        for t, h in enumerate(run(block[:, ::-1], backward_params)):
            out[rows, length - 1 - t, hidden:] = h
    return out
""",
    ),
    Style(
        "bidirectional-longest-first",
        exercise="bidirectional",
        code="""
def bidirectional_lstm(x, lengths, forward_params, backward_params):
    N, T, D = x.shape; H = len(forward_params[1])
    out = np.zeros((N, T, 2 * H))
    order = np.argsort(-lengths, kind="stable")
    for n in order:
        seq = x[n, :lengths[n]]
        for k, (p, s) in enumerate(((forward_params, seq), (backward_params, seq[::-1]))):
            hs, h, c = [], np.zeros(H), np.zeros(H)
            for v in s:
                a = (v @ p[0] + h @ p[1] + p[2]).reshape(4, H)
                c = sigmoid(a[1]) * c + sigmoid(a[0]) * np.tanh(a[2]); h = sigmoid(a[3]) * np.tanh(c); hs.append(h)
            out[n, :len(s), k * H:k * H + H] = hs if k == 0 else hs[::-1]
    return out
""",
    ),
]

PEEPHOLE = [
    Style(
        "peephole-slices",
        exercise="peephole",
        code="""
def peephole_cell_forward(x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o):
    H = h_prev.shape[1]
    a = x @ w_x + h_prev @ w_h + b
    a = a.astype(np.float64)
    a[:, :H] += p_i * c_prev
    a[:, H:2 * H] += c_prev * p_f[None]
    i, f, g = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), np.tanh(a[:, 2 * H:3 * H])
    c = i * g + f * c_prev
    a[:, 3 * H:] += p_o * c
    return sigmoid(a[:, 3 * H:]) * np.tanh(c), c
""",
    ),
    Style(
        "peephole-diagonal-matrices",
        exercise="peephole",
        code="""
def peephole_cell_forward(x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o):
    a_i, a_f, a_g, a_o = np.hsplit(np.dot(x, w_x) + np.dot(h_prev, w_h) + b, 4)
    i = sigmoid(a_i + c_prev @ np.diag(p_i))
    f = sigmoid(a_f + c_prev @ np.diag(p_f))
    c = f * c_prev + i * np.tanh(a_g)
    h = sigmoid(a_o + c @ np.diag(p_o)) * np.tanh(c)
    return [h, c]
""",
    ),
    Style(
        "peephole-own-sigmoid",
        exercise="peephole",
        code="""
def peephole_cell_forward(x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o):
    s = lambda z: 1.0 / (1.0 + np.exp(-z))
    H = len(p_i)
    block = lambda k: x @ w_x[:, k * H:(k + 1) * H] + h_prev @ w_h[:, k * H:(k + 1) * H] + b[k * H:(k + 1) * H]
    c = s(block(1) + p_f * c_prev) * c_prev + s(block(0) + p_i * c_prev) * np.tanh(block(2))
    h = s(block(3) + p_o * c) * np.tanh(c)
    print("peeping")
    return h, c
""",
    ),
    Style(
        "peephole-loop-over-units",
        exercise="peephole",
        code="""
def peephole_cell_forward(x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o):
    N, H = h_prev.shape
    h, c = np.empty((N, H)), np.empty((N, H))
    for k in range(H):
        a = [x @ w_x[:, j] + h_prev @ w_h[:, j] + b[j] for j in (k, H + k, 2 * H + k, 3 * H + k)]
        old = c_prev[:, k]
        c[:, k] = sigmoid(a[1] + p_f[k] * old) * old + sigmoid(a[0] + p_i[k] * old) * np.tanh(a[2])
        h[:, k] = sigmoid(a[3] + p_o[k] * c[:, k]) * np.tanh(c[:, k])
    return h, c
""",
    ),
    Style(
        "peephole-einsum",
        exercise="peephole",
        code="""
from collections import namedtuple

State = namedtuple("State", "h c")


def peephole_cell_forward(x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o):
    a = np.einsum("nd,dgh->gnh", x, w_x.reshape(w_x.shape[0], 4, -1))
    a = a + np.einsum("nk,kgh->gnh", h_prev, w_h.reshape(w_h.shape[0], 4, -1))
    a = a + b.reshape(4, 1, -1)
    i = sigmoid(a[0] + np.einsum("h,nh->nh", p_i, c_prev))
    f = sigmoid(a[1] + np.einsum("h,nh->nh", p_f, c_prev))
    c = f * c_prev + i * np.tanh(a[2])
    state = State(h=sigmoid(a[3] + p_o * c) * np.tanh(c), c=c)
    return state.h, state.c
""",
    ),
    Style(
        "peephole-cell-as-an-input",
        exercise="peephole",
        code="""
def peephole_cell_forward(x, h_prev, c_prev, w_x, w_h, b, p_i, p_f, p_o):
    H = c_prev.shape[1]
    peep = np.hstack([np.diag(p_i), np.diag(p_f), np.zeros((H, 2 * H))])
    a = np.hstack([x, h_prev, c_prev]) @ np.vstack([w_x, w_h, peep]) + b
    c = c_prev * sigmoid(a[:, H:2*H]) + sigmoid(a[:, :H]) * np.tanh(a[:, 2*H:-H])
    return sigmoid(a[:, -H:] + c * p_o) * np.tanh(c), c
""",
    ),
    Style(
        "peephole-rows-by-zip",
        exercise="peephole",
        code="""
def one(x, h, c, w_x, w_h, b, p_i, p_f, p_o):
    i, f, g, o = (x @ w_x + h @ w_h + b).reshape(4, -1)
    new = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
    return sigmoid(o + p_o * new) * np.tanh(new), new
def peephole_cell_forward(x, h_prev, c_prev, *rest):
    pairs = [one(a, b, c, *rest) for a, b, c in zip(x, h_prev, c_prev)]
    h, c = zip(*pairs)
    return np.stack(h), np.stack(c)
""",
    ),
]

BATCH = """
def adding_batch(rng, N, T):
    values, marks = rng.random((N, T)), np.zeros((N, T))
    rows = np.arange(N)
    marks[rows, rng.integers(0, T // 2, size=N)] = 1.0
    marks[rows, rng.integers(T // 2, T, size=N)] = 1.0
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1)
"""

LOSS = """
def adding_loss(x, y, params, forward, backward):
    zeros = np.zeros((len(y), len(params["w_y"])))
    h, _, caches = forward(x, zeros, zeros, params["w_x"], params["w_h"], params["b"])
    error = h[:, -1] @ params["w_y"] + params["b_y"] - y
    d = 2 * error / len(y)
    d_h = np.zeros_like(h)
    d_h[:, -1] = np.outer(d, params["w_y"])
    g = backward(d_h, caches)
    return (error**2).mean(), {"w_x": g[3], "w_h": g[4], "b": g[5], "w_y": d @ h[:, -1], "b_y": d.sum(keepdims=True)}
"""

ADDING = [
    Style(
        "adding_problem-row-by-row",
        exercise="adding_problem",
        code="""
def adding_batch(rng, N, T):
    x, y = np.zeros((N, T, 2)), np.zeros(N)
    for n in range(N):
        first, second = rng.integers(T // 2), T // 2 + rng.integers(T - T // 2)
        x[n, :, 0] = rng.uniform(0, 1, T)
        x[n, first, 1] = x[n, second, 1] = 1
        y[n] = x[n, first, 0] + x[n, second, 0]
    return x, y


def adding_loss(x, y, params, forward, backward):
    N, H = len(x), params["w_y"].shape[0]
    h, (h_T, c_T), caches = forward(x, np.zeros((N, H)), np.zeros((N, H)), params["w_x"], params["w_h"], params["b"])
    loss, grads = 0.0, {k: np.zeros(v.shape) for k, v in params.items()}
    d_h = np.zeros(h.shape)
    for n in range(N):
        error = float(h_T[n] @ params["w_y"] + params["b_y"][0] - y[n])
        loss += error**2 / N
        d_h[n, -1] = 2 * error / N * params["w_y"]
        grads["w_y"] += 2 * error / N * h_T[n]
        grads["b_y"] += 2 * error / N
    grads["w_x"], grads["w_h"], grads["b"] = backward(d_h, caches)[3:]
    print("loss", round(loss, 3))
    return loss, grads
""",
    ),
    Style(
        "adding_problem-permutation",
        exercise="adding_problem",
        code="""
def adding_batch(rng, N, T):
    half = T // 2
    first = rng.random((N, half)).argmax(axis=1)
    second = half + rng.random((N, T - half)).argmax(axis=1)
    steps = np.arange(T)
    marked = (steps == first[:, None]) | (steps == second[:, None])
    x = np.empty((N, T, 2))
    x[..., 0] = rng.random((N, T))
    x[..., 1] = marked
    return x, np.where(marked, x[..., 0], 0).sum(-1)
"""
        + LOSS,
    ),
    Style(
        "adding_problem-eye",
        exercise="adding_problem",
        code="""
def adding_batch(rng, N, T):
    k = T // 2
    marks = np.concatenate([np.eye(k)[rng.integers(k, size=N)], np.eye(T - k)[rng.integers(T - k, size=N)]], axis=1)
    values = rng.uniform(size=(N, T))
    return np.dstack([values, marks]), np.einsum("nt,nt->n", values, marks)
"""
        + LOSS,
    ),
    Style(
        "adding_problem-column-vectors",
        exercise="adding_problem",
        code=BATCH
        + """

def adding_loss(x, y, params, forward, backward):
    w = params["w_y"].reshape(-1, 1)
    n = x.shape[0]
    start = np.zeros((n, w.size))
    h, final, caches = forward(x=x, h_0=start, c_0=start.copy(), w_x=params["w_x"], w_h=params["w_h"], b=params["b"])
    error = h[:, -1, :] @ w + params["b_y"] - y.reshape(-1, 1)
    loss = float(np.mean(np.square(error)))
    d = error * (2.0 / n)
    d_h = np.concatenate([np.zeros((n, h.shape[1] - 1, w.size)), (d @ w.T)[:, None]], axis=1)
    _, _, _, d_w_x, d_w_h, d_b = backward(d_h, caches)
    return loss, dict(b_y=d.sum(axis=0), w_y=(h[:, -1].T @ d).ravel(), b=d_b, w_h=d_w_h, w_x=d_w_x)
""",
    ),
    Style(
        "adding_problem-helpers",
        exercise="adding_problem",
        code="""
def _mark(rng, marks, low, high):
    np.put_along_axis(marks, rng.integers(low, high, size=(len(marks), 1)), 1.0, axis=1)


def adding_batch(rng, N, T):
    marks = np.zeros((N, T))
    _mark(rng, marks, T // 2, T)
    _mark(rng, marks, 0, T // 2)
    values = rng.random(N * T).reshape(T, N).T
    return np.moveaxis(np.array([values, marks]), 0, -1), np.sum(values[marks == 1].reshape(N, 2), axis=1)


def _predict(last, params):
    return np.sum(last * params["w_y"], axis=1) + params["b_y"][0]


def adding_loss(x, y, params, forward, backward):
    weights = [params[k] for k in ("w_x", "w_h", "b")]
    start = [np.zeros((x.shape[0], params["w_y"].size)) for _ in range(2)]
    h, (last, _), caches = forward(x, *start, *weights)
    residual = _predict(last, params) - y
    slope = residual + residual
    slope /= residual.size
    grads = {"w_y": (slope[:, None] * last).sum(0), "b_y": np.array([slope.sum()])}
    d_h = np.einsum("n,h,t->nth", slope, params["w_y"], np.arange(h.shape[1]) == h.shape[1] - 1)
    grads |= dict(zip(("w_x", "w_h", "b"), backward(d_h, caches)[-3:]))
    return residual @ residual / residual.size, grads
""",
    ),
    Style(
        "adding_problem-permuted-rows",
        exercise="adding_problem",
        code="""
def adding_batch(rng, N, T):
    half = T // 2
    m = np.concatenate([rng.permuted(np.tile(np.eye(half)[0], (N, 1)), axis=1), rng.permuted(np.tile(np.eye(T - half)[0], (N, 1)), axis=1)], axis=1)
    v = rng.uniform(size=(N, T))
    x = np.empty((N, T, 2)); x[..., 0], x[..., 1] = v, m
    return x, np.einsum("nt,nt->n", v, m)
def adding_loss(x, y, params, forward, backward):
    p = params; shape = (y.size, p["w_y"].size)
    h, (h_T, c_T), caches = forward(x, np.zeros(shape), np.zeros(shape), p["w_x"], p["w_h"], p["b"])
    pred = np.dot(h_T, p["w_y"]) + p["b_y"][0]
    diff = pred - y
    d = diff * (2.0 / y.size)
    d_h = np.zeros_like(h, dtype=float)
    d_h[:, h.shape[1] - 1, :] = np.outer(d, p["w_y"])
    g = backward(d_h, caches)
    return float(diff @ diff / y.size), dict(w_x=g[3], w_h=g[4], b=g[5], w_y=d @ h_T, b_y=np.array([d.sum()]))
""",
    ),
    Style(
        "adding_problem-largest-of-random-numbers",
        exercise="adding_problem",
        code="""
def adding_batch(rng, N, T):
    v = rng.random((N, T)); m = np.zeros((N, T)); k = T // 2
    for part in (slice(0, k), slice(k, T)):
        s = rng.random((N, m[:, part].shape[1]))
        m[:, part] = s == s.max(axis=1, keepdims=True)
    return np.dstack([v, m]), np.sum(v * m, axis=1)
def adding_loss(x, y, params, forward, backward):
    N, H = len(x), len(params["w_y"])
    h_0, c_0 = np.zeros((N, H)), np.zeros((N, H))
    h, _, caches = forward(x, h_0, c_0, params["w_x"], params["w_h"], params["b"])
    last = h[:, -1]
    error = last @ params["w_y"] + params["b_y"] - y
    loss = np.mean(error**2)
    d_p = 2 * error / N
    d_h = np.zeros(h.shape)
    d_h[:, -1] = d_p[:, None] * params["w_y"]
    _, _, _, d_w_x, d_w_h, d_b = backward(d_h, caches)
    return loss, {"w_x": d_w_x, "w_h": d_w_h, "b": d_b, "w_y": last.T @ d_p, "b_y": d_p.sum(keepdims=True)}
""",
    ),
]

STYLES = [*CELL_FORWARD, *CHECK_CELL_FORWARD, *CELL_BACKWARD, *SEQUENCE, *INITIALISE, *BIDIRECTIONAL, *PEEPHOLE, *ADDING]
