"""Right answers to the exercises of back-propagation, written unlike the solutions."""

from autograder.catalogue import Style

NUMERICAL_GRADIENT = [
    Style(
        "numerical-gradient-unit-vectors",
        exercise="numerical_gradient",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    x = np.asarray(x, dtype=float)
    result = np.empty(x.size)
    for i in range(x.size):
        unit = np.zeros(x.size)
        unit[i] = step
        unit = unit.reshape(x.shape)
        result[i] = (f(x + unit) - f(x - unit)) / (2 * step)
    return result.reshape(x.shape)
""",
    ),
    Style(
        "numerical-gradient-in-place-with-finally",
        exercise="numerical_gradient",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    x = np.asarray(x, dtype=np.float64)
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"])
    places = [it.multi_index for _ in it]
    for place in places:
        old = x[place].copy()
        try:
            x[place] = old + step
            plus = f(x)
            x[place] = old - step
            minus = f(x)
        finally:
            x[place] = old
        grad[place] = (plus - minus) / step / 2
    return grad
""",
    ),
    Style(
        "numerical-gradient-moves-a-copy-to-and-fro",
        exercise="numerical_gradient",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    x = np.array(x, dtype=np.float64)
    slopes = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += step
        high = f(x)
        x[place] -= 2 * step
        low = f(x)
        x[place] += step  # off by a rounding error, in the copy only
        slopes[place] = (high - low) / (2 * step)
    return slopes
""",
    ),
    Style(
        "numerical-gradient-flat-view",
        exercise="numerical_gradient",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    work = np.array(x, float, order="C")
    flat = work.reshape(-1)
    slopes = []
    for i, value in enumerate(flat.copy()):
        both = []
        for sign in (1, -1):
            flat[i] = value + sign * step
            both.append(f(work))
        flat[i] = value
        slopes.append((both[0] - both[1]) / (2 * step))
    return np.array(slopes, dtype=np.float64).reshape(work.shape)
""",
    ),
    Style(
        "numerical-gradient-helper-and-comprehension",
        exercise="numerical_gradient",
        code="""\
def _moved(x, index, by):
    other = np.array(x, dtype=np.float64)
    other[index] += by
    return other


def numerical_gradient(f, x, step=1e-5):
    shape = np.shape(x)
    values = [(f(_moved(x, i, step)) - f(_moved(x, i, -step))) / (2.0 * step) for i in np.ndindex(*shape)]
    print("measured", len(values), "slopes")
    return np.array(values).reshape(shape)
""",
    ),
    Style(
        "numerical-gradient-ndenumerate",
        exercise="numerical_gradient",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    base = np.array(x).astype(np.float64)
    gradient = np.full(base.shape, np.nan)
    f(base.copy())
    for index, value in np.ndenumerate(base):
        up, down = base.copy(), base.copy()
        up[index], down[index] = value + step, value - step
        gradient[index] = 0.5 * (f(up) - f(down)) / step
    return gradient
""",
    ),
    Style(
        "numerical-gradient-identity-matrix",
        exercise="numerical_gradient",
        code="""\
def numerical_gradient(f, x, step=1e-5):
    x = np.asarray(x) * 1.0
    slope = lambda e: (f(x + step * e) - f(x - step * e)) / (2 * step)
    return np.array([slope(e.reshape(x.shape)) for e in np.eye(x.size)]).reshape(x.shape)
""",
    ),
]

LINEAR = [
    Style(
        "linear-einsum",
        exercise="linear",
        code="""\
def linear_forward(x, w, b):
    return np.einsum("nd,dk->nk", x, w) + b[None, :]


def linear_backward(d_out, x, w):
    return np.einsum("nk,dk->nd", d_out, w), np.einsum("nd,nk->dk", x, d_out), np.einsum("nk->k", d_out)
""",
    ),
    Style(
        "linear-loops",
        exercise="linear",
        code="""\
def linear_forward(x, w, b):
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            out[n, k] = sum(x[n, d] * w[d, k] for d in range(x.shape[1])) + b[k]
    return out


def linear_backward(d_out, x, w):
    d_x, d_w, d_b = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            d_b[k] += d_out[n, k]
            for d in range(x.shape[1]):
                d_x[n, d] += d_out[n, k] * w[d, k]
                d_w[d, k] += d_out[n, k] * x[n, d]
    return d_x, d_w, d_b
""",
    ),
    Style(
        "linear-bias-as-input",
        exercise="linear",
        code="""\
def _with_one(x):
    return np.hstack([x, np.ones((len(x), 1))])


def linear_forward(x, w, b):
    return _with_one(x) @ np.vstack([w, b])


def linear_backward(d_out, x, w):
    both = _with_one(x).T @ d_out
    return (w @ d_out.T).T, both[:-1], both[-1]
""",
    ),
    Style(
        "linear-outer-products",
        exercise="linear",
        code="""\
def linear_forward(x, w, b):
    return np.array([row.dot(w) + b for row in x])


def linear_backward(d_out, x, w):
    print("going back through", len(x), "rows")
    d_w = sum(np.outer(a, g) for a, g in zip(x, d_out))
    d_b = np.add.reduce(d_out, axis=0)
    return [np.stack([w.dot(g) for g in d_out]), d_w, d_b]
""",
    ),
    Style(
        "linear-broadcast-products",
        exercise="linear",
        code="""\
def linear_forward(x, w, b):
    out = (x[:, :, None] * w[None]).sum(1)
    out += b
    return out


linear_backward = lambda d_out, x, w: (
    np.matmul(d_out, np.swapaxes(w, 0, 1)),
    np.tensordot(x, d_out, axes=(0, 0)),
    np.ones(len(x)) @ d_out,
)
""",
    ),
]

CHECK_LINEAR = [
    Style(
        "check-linear-einsum-and-assertions",
        exercise="check_linear",
        code="""\
def check_linear(f) -> bool:
    rng = np.random.default_rng(2024)

    def compare(n, d, k, integers=False):
        x = rng.integers(-9, 10, (n, d)) if integers else rng.standard_normal((n, d))
        w, d_out = rng.standard_normal((d, k)), rng.standard_normal((n, k))
        expected = [np.einsum("nk,dk->nd", d_out, w), np.einsum("nd,nk->dk", x, d_out), np.einsum("nk->k", d_out)]
        given = [d_out, x, w]
        before = [a.copy() for a in given]
        got = f(*given)
        assert isinstance(got, (tuple, list)) and len(got) == 3
        for a, b in zip(got, expected):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
        for a, b in zip(given, before):
            np.testing.assert_array_equal(a, b)

    try:
        for sizes in [(2, 3, 4), (3, 2, 2), (1, 3, 4), (2, 1, 4), (2, 3, 1), (1, 1, 1)]:
            compare(*sizes)
            compare(*sizes, integers=True)
    except Exception:
        return False
    return True
""",
    ),
    Style(
        "check-linear-loops",
        exercise="check_linear",
        code="""\
def check_linear(f):
    rng = np.random.default_rng(1)
    verdict = True
    for n, d, k in [(4, 3, 2), (3, 2, 2), (1, 2, 3), (2, 1, 3), (2, 3, 1)]:
        for make in (rng.random, lambda size: rng.integers(1, 9, size)):
            x, w, c = make((n, d)), rng.random((d, k)) - 0.5, rng.random((n, k)) - 0.5
            d_x, d_w, d_b = np.zeros((n, d)), np.zeros((d, k)), np.zeros(k)
            for i in range(n):
                for j in range(k):
                    d_b[j] += c[i, j]
                    for m in range(d):
                        d_x[i, m] += c[i, j] * w[m, j]
                        d_w[m, j] += c[i, j] * x[i, m]
            try:
                mine = c.copy(), x.copy(), w.copy()
                a, b, e = f(*mine)
                verdict &= all((m == o).all() for m, o in zip(mine, (c, x, w)))
                same = a.shape == d_x.shape and b.shape == d_w.shape and e.shape == d_b.shape
                verdict &= same and np.allclose(a, d_x) and np.allclose(b, d_w) and np.allclose(e, d_b)
            except Exception:
                verdict = False
    return verdict
""",
    ),
    Style(
        "check-linear-small-steps",
        exercise="check_linear",
        code="""\
def poke(loss, array, step=1e-5):
    array = np.array(array, dtype=float)
    slope = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        middle = array[place]
        array[place] = middle + step
        high = loss(array)
        array[place] = middle - step
        low = loss(array)
        array[place] = middle
        slope[place] = (high - low) / (2 * step)
    return slope


def is_right(f, x, w, d_out):
    loss = lambda x, w, b: float(((x @ w + b) * d_out).sum())
    b = np.zeros(w.shape[1])
    wanted = (poke(lambda a: loss(a, w, b), x), poke(lambda a: loss(x, a, b), w), poke(lambda a: loss(x, w, a), b))
    handed = [d_out.copy(), x.copy(), w.copy()]
    results = f(*handed)
    if len(results) != 3 or any(not np.array_equal(h, o) for h, o in zip(handed, (d_out, x, w))):
        return False
    return all(np.shape(r) == v.shape and np.abs(r - v).max() < 1e-6 for r, v in zip(results, wanted))


def check_linear(f):
    rng = np.random.default_rng(7)
    shapes = [(3, 2, 5), (2, 3, 3), (1, 2, 3), (3, 1, 2), (3, 2, 1)]
    cases = [(rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=(n, k))) for n, d, k in shapes]
    cases.append((np.array([[1, -2], [3, 4], [0, 5]]), rng.normal(size=(2, 4)), rng.normal(size=(3, 4))))
    try:
        return all(is_right(f, *case) for case in cases)
    except Exception:
        return False
""",
    ),
    Style(
        "check-linear-whole-numbers",
        exercise="check_linear",
        code='''\
def check_linear(f):
    """With whole numbers in float64 there is no rounding at all, so == is fair."""
    rng = np.random.default_rng(0)
    for n, d, k in ((5, 4, 3), (3, 3, 3), (1, 1, 1), (1, 3, 2), (4, 1, 3), (4, 3, 1)):
        x = rng.integers(-5, 6, (n, d)).astype(float)
        w = rng.integers(-5, 6, (d, k)).astype(float)
        d_out = rng.integers(-5, 6, (n, k)).astype(float)
        for a in (x, x.astype(int)):
            for part in (1.0, 0.5):
                up = d_out * part
                right = (up @ w.T, a.T @ up, up.sum(0))
                try:
                    copies = up.copy(), a.copy(), w.copy()
                    mine = f(*copies)
                    if any(np.any(c != b) for c, b in zip(copies, (up, a, w))):
                        return False
                    if [np.shape(m) for m in mine] != [r.shape for r in right]:
                        return False
                    if any(np.any(np.asarray(m) != r) for m, r in zip(mine, right)):
                        return False
                except Exception:
                    return False
    return True
''',
    ),
    Style(
        "check-linear-random-directions",
        exercise="check_linear",
        code="""\
def check_linear(f):
    rng = np.random.default_rng(5)
    answers = []
    try:
        for n, d, k in ((3, 5, 4), (2, 3, 3), (1, 4, 3), (4, 1, 2), (2, 3, 1)):
            for integers in (False, True):
                x, w, b, c = rng.normal(size=(n, d)) * 3, rng.normal(size=(d, k)), rng.normal(size=k), rng.normal(size=(n, k))
                x = x.astype(int) if integers else x
                given = c.copy(), x.copy(), w.copy()
                d_x, d_w, d_b = f(*given)
                answers.append(all(np.array_equal(*pair) for pair in zip(given, (c, x, w))))
                answers.append(d_x.shape == (n, d) and d_w.shape == (d, k) and d_b.shape == (k,))
                for _ in range(3):  # the slope along a direction is the gradient's product with it
                    u, v, z = rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=k)
                    answers.append(np.isclose((d_x * u).sum(), (c * (u @ w)).sum()))
                    answers.append(np.isclose((d_w * v).sum(), (c * (x @ v)).sum()))
                    answers.append(np.isclose((d_b * z).sum(), (c * z).sum()))
    except Exception:
        return False
    return np.all(answers)
""",
    ),
]

SOFTMAX_CROSS_ENTROPY = [
    Style(
        "softmax-cross-entropy-one-hot",
        exercise="softmax_cross_entropy",
        code="""\
def softmax_cross_entropy(logits, targets):
    N, K = logits.shape
    truth = np.eye(K)[targets]
    z = logits - np.max(logits, axis=-1)[:, None]
    total = np.exp(z).sum(-1, keepdims=True)
    loss = -np.sum(truth * (z - np.log(total))) / N
    return float(loss), (np.exp(z) / total - truth) / N
""",
    ),
    Style(
        "softmax-cross-entropy-loops",
        exercise="softmax_cross_entropy",
        code="""\
import math


def softmax_cross_entropy(logits, targets):
    n = len(logits)
    loss, gradient = 0.0, np.zeros(logits.shape)
    for i, (row, target) in enumerate(zip(logits.tolist(), targets.tolist())):
        top = max(row)
        powers = [math.exp(value - top) for value in row]
        total = sum(powers)
        loss += math.log(total) + top - row[target]
        for k, power in enumerate(powers):
            gradient[i, k] = (power / total - (k == target)) / n
    return loss / n, gradient
""",
    ),
    Style(
        "softmax-cross-entropy-logsumexp",
        exercise="softmax_cross_entropy",
        code="""\
def _logsumexp(z):
    m = z.max(1)
    return m + np.log(np.exp(z - m[:, np.newaxis]).sum(1))


def softmax_cross_entropy(logits, targets):
    logits = np.asarray(logits, dtype=np.float64)
    n = logits.shape[0]
    lse = _logsumexp(logits)
    picked = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    d = np.exp(logits - lse[:, None])
    np.subtract.at(d, (np.arange(n), targets), 1.0)
    return np.mean(lse - picked), d / n
""",
    ),
    Style(
        "softmax-cross-entropy-log-add-exp",
        exercise="softmax_cross_entropy",
        code="""\
def softmax_cross_entropy(logits, targets):
    log_z = np.logaddexp.reduce(logits.astype(float), axis=1)
    log_p = logits - log_z.reshape(-1, 1)
    loss = np.array([-log_p[n, t] for n, t in enumerate(targets)]).mean()
    grad = np.exp(log_p)
    for n, t in enumerate(targets):
        grad[n, t] = grad[n, t] - 1
    grad *= 1 / len(targets)
    print("loss", loss)
    return loss, grad
""",
    ),
    Style(
        "softmax-cross-entropy-columns",
        exercise="softmax_cross_entropy",
        code="""\
def softmax_cross_entropy(logits, targets):
    z = logits.T.astype(float)
    z = z - z.max(axis=0)
    e = np.exp(z)
    s = e.sum(axis=0)
    mask = np.arange(z.shape[0])[:, None] == targets[None, :]
    loss = (np.log(s) - z[mask.argmax(axis=0), np.arange(z.shape[1])]).sum() / z.shape[1]
    return np.float64(loss), ((e / s - mask) / z.shape[1]).T
""",
    ),
]

UNBROADCAST = [
    Style(
        "unbroadcast-loops-over-axes",
        exercise="unbroadcast",
        code="""\
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad
""",
    ),
    Style(
        "unbroadcast-sum-then-reshape",
        exercise="unbroadcast",
        code="""\
def unbroadcast(grad, shape):
    padded = (1,) * (np.ndim(grad) - len(shape)) + tuple(shape)
    axes = tuple(i for i, (wide, narrow) in enumerate(zip(np.shape(grad), padded)) if wide != narrow)
    return np.sum(grad, axis=axes, keepdims=True).reshape(shape)
""",
    ),
    Style(
        "unbroadcast-scatter",
        exercise="unbroadcast",
        code="""\
def unbroadcast(grad, shape):
    result = np.zeros(shape)
    for index in np.ndindex(grad.shape):
        own = index[len(index) - len(shape):]
        place = tuple(0 if size == 1 else i for i, size in zip(own, shape))
        result[place] += grad[index]
    return result
""",
    ),
    Style(
        "unbroadcast-early-return",
        exercise="unbroadcast",
        code="""\
def unbroadcast(grad, shape):
    if grad.shape == shape:
        return grad
    if shape == ():
        return grad.sum()
    lead = grad.ndim - len(shape)
    if lead > 0:
        return unbroadcast(np.add.reduce(grad, axis=0), shape)
    axis = next(i for i in range(grad.ndim) if grad.shape[i] != shape[i])
    return unbroadcast(np.add.reduce(grad, axis=axis, keepdims=True), shape)
""",
    ),
    Style(
        "unbroadcast-einsum",
        exercise="unbroadcast",
        code="""\
def unbroadcast(grad, shape):
    letters = "abcdefgh"[: grad.ndim]
    lead = grad.ndim - len(shape)
    kept = "".join(letters[lead + i] for i, size in enumerate(shape) if size != 1)
    print(letters, "->", kept)
    return np.einsum(f"{letters}->{kept}", grad).reshape(shape)
""",
    ),
    Style(
        "unbroadcast-by-origin",
        exercise="unbroadcast",
        code="""\
def unbroadcast(grad, shape):
    total = np.zeros(shape)
    places = np.broadcast_to(np.arange(total.size).reshape(shape), grad.shape)
    flat = total.reshape(-1)
    np.add.at(flat, places.ravel(), grad.ravel())
    return flat.reshape(shape)
""",
    ),
]

TOPOLOGICAL_ORDER = [
    Style(
        "topological-order-iterators",
        exercise="topological_order",
        code="""\
def topological_order(root):
    order, seen = [], {id(root)}
    stack = [(root, iter(root.parents))]
    while stack:
        node, waiting = stack[-1]
        for parent in waiting:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent.parents)))
                break
        else:
            order.append(node)
            stack.pop()
    return order
""",
    ),
    Style(
        "topological-order-counting-children",
        exercise="topological_order",
        code="""\
def topological_order(root):
    children, nodes, todo = {}, {id(root): root}, [root]
    while todo:
        for parent in todo.pop().parents:
            children[id(parent)] = children.get(id(parent), 0) + 1
            if id(parent) not in nodes:
                nodes[id(parent)] = parent
                todo.append(parent)
    ready, backwards = [root], []
    while ready:
        node = ready.pop()
        backwards.append(node)
        for parent in node.parents:
            children[id(parent)] -= 1
            if children[id(parent)] == 0:
                ready.append(parent)
    return list(reversed(backwards))
""",
    ),
    Style(
        "topological-order-generators",
        exercise="topological_order",
        code="""\
def topological_order(root):
    order, entered = [], set()

    def visit(node):
        if id(node) in entered:
            return
        entered.add(id(node))
        for parent in node.parents:
            yield visit(parent)
        order.append(node)

    waiting = [visit(root)]
    while waiting:
        try:
            waiting.append(next(waiting[-1]))
        except StopIteration:
            waiting.pop()
    return order
""",
    ),
    Style(
        "topological-order-waits-for-parents",
        exercise="topological_order",
        code="""\
def topological_order(root):
    done, order, stack = set(), [], [root]
    while stack:
        node = stack[-1]
        missing = [p for p in node.parents if id(p) not in done]
        if missing:
            stack.extend(missing)
        else:
            stack.pop()
            if id(node) not in done:
                done.add(id(node))
                order.append(node)
    return order
""",
    ),
    Style(
        "topological-order-three-colours",
        exercise="topological_order",
        code="""\
WHITE, GREY, BLACK = 0, 1, 2


def topological_order(root):
    colour, result, todo = {}, [], [root]
    while todo:
        node = todo[-1]
        state = colour.get(id(node), WHITE)
        if state == WHITE:
            colour[id(node)] = GREY
            todo += [p for p in node.parents if colour.get(id(p), WHITE) == WHITE]
        else:
            todo.pop()
            if state == GREY:
                colour[id(node)] = BLACK
                result.append(node)
    print(len(result), "nodes")
    return result
""",
    ),
    Style(
        "topological-order-generator",
        exercise="topological_order",
        code="""\
def topological_order(root):
    def visit(start):
        entered, stack = set(), [("enter", start)]
        while stack:
            what, node = stack.pop()
            if what == "leave":
                yield node
            elif id(node) not in entered:
                entered.add(id(node))
                stack.append(("leave", node))
                stack.extend([("enter", p) for p in reversed(list(node.parents))])

    return [node for node in visit(root)]
""",
    ),
    Style(
        "topological-order-by-depth",
        exercise="topological_order",
        code="""\
from collections import deque


def topological_order(root):
    found, queue = {id(root): root}, deque([root])
    users = {id(root): []}
    while queue:
        node = queue.popleft()
        for parent in node.parents:
            users.setdefault(id(parent), []).append(id(node))
            if id(parent) not in found:
                found[id(parent)] = parent
                queue.append(parent)
    missing = {key: sum(1 for _ in node.parents) for key, node in found.items()}
    ready = deque(key for key, count in missing.items() if count == 0)
    order = []
    while ready:
        key = ready.popleft()
        order.append(found[key])
        for user in users[key]:
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    return order
""",
    ),
]

HEAD = '''\
def as_tensor(value):
    return value if isinstance(value, Tensor) else Tensor(value)


class Tensor:
    """A float64 array that remembers how it was made."""

    __array_ufunc__ = None
    numbers = itertools.count()

    def __init__(self, data, parents=()):
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.parents = tuple(parents)
        self.local_backward = lambda: None
        self.number = next(Tensor.numbers)

    def __neg__(self):
        out = Tensor(-self.data, (self,))

        def local_backward():
            self.grad += -out.grad

        out.local_backward = local_backward
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __sub__(self, other):
        return self + (-as_tensor(other))

    def __rsub__(self, other):
        return as_tensor(other) + (-self)

    def __truediv__(self, other):
        return self * as_tensor(other) ** -1

    def __repr__(self):
        return f"Tensor({self.data.round(4).tolist()})"

'''

TENSOR_OPERATIONS = [
    Style(
        "tensor-operations-rules-as-lambdas",
        exercise="tensor_operations",
        code=HEAD
        + '''\
    def _made(self, data, *pairs):
        """A result with a rule (parent, function of the upstream gradient) for each operand."""
        out = Tensor(data, [parent for parent, _ in pairs])

        def local_backward():
            for parent, rule in pairs:
                parent.grad = parent.grad + sum_to_shape(rule(out.grad), parent.data.shape)

        out.local_backward = local_backward
        return out

    def __add__(self, other):
        other = as_tensor(other)
        return self._made(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other):
        other = as_tensor(other)
        return self._made(self.data * other.data, (self, lambda g: g * other.data), (other, lambda g: g * self.data))

    def __matmul__(self, other):
        return self._made(self.data @ other.data, (self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g))

    def __pow__(self, c):
        return self._made(self.data**c, (self, lambda g: g * c * self.data ** (c - 1)))

    def exp(self):
        return self._made(np.exp(self.data), (self, lambda g: g * np.exp(self.data)))

    def log(self):
        return self._made(np.log(self.data), (self, lambda g: g / self.data))

    def tanh(self):
        return self._made(np.tanh(self.data), (self, lambda g: g / np.cosh(self.data) ** 2))

    def relu(self):
        return self._made(self.data * (self.data > 0), (self, lambda g: np.where(self.data > 0, g, 0.0)))

    def sum(self, axis=None, keepdims=False):
        wide = self.data.sum(axis=axis, keepdims=True).shape
        return self._made(
            self.data.sum(axis=axis, keepdims=keepdims), (self, lambda g: np.broadcast_to(np.reshape(g, wide), self.data.shape))
        )

    def reshape(self, *shape):
        return self._made(self.data.reshape(shape), (self, lambda g: np.reshape(g, self.data.shape)))

    def transpose(self, *axes):
        axes = axes or tuple(reversed(range(self.data.ndim)))
        back = [axes.index(i) for i in range(len(axes))]
        return self._made(self.data.transpose(axes), (self, lambda g: g.transpose(back)))
''',
    ),
    Style(
        "tensor-operations-functions-attached",
        exercise="tensor_operations",
        code=HEAD
        + """\

def _record(out, parents, gradients):
    def local_backward():
        for parent, gradient in zip(parents, gradients(out.grad)):
            parent.grad += gradient

    out.local_backward = local_backward
    return out


def _narrow(g, shape):
    g = np.asarray(g)
    while g.ndim > len(shape):
        g = g.sum(0)
    for axis in range(g.ndim):
        if shape[axis] == 1 != g.shape[axis]:
            g = g.sum(axis, keepdims=True)
    return g


def _add(a, b):
    b = as_tensor(b)
    return _record(Tensor(a.data + b.data, (a, b)), (a, b), lambda g: (_narrow(g, a.data.shape), _narrow(g, b.data.shape)))


def _mul(a, b):
    b = as_tensor(b)
    rule = lambda g: (_narrow(g * b.data, a.data.shape), _narrow(g * a.data, b.data.shape))
    return _record(Tensor(np.multiply(a.data, b.data), (a, b)), (a, b), rule)


def _matmul(a, b):
    rule = lambda g: (np.einsum("nk,dk->nd", g, b.data), np.einsum("nd,nk->dk", a.data, g))
    return _record(Tensor(np.einsum("nd,dk->nk", a.data, b.data), (a, b)), (a, b), rule)


def _entrywise(value, slope):
    def operation(a, *arguments):
        return _record(Tensor(value(a.data, *arguments), (a,)), (a,), lambda g: (slope(a.data, *arguments) * g,))

    return operation


def _sum(a, axis=None, keepdims=False):
    def rule(g):
        if axis is None:
            return (np.ones(a.data.shape) * g,)
        if not keepdims:
            axes = {i % a.data.ndim for i in (axis if isinstance(axis, tuple) else (axis,))}
            for i in sorted(axes):
                g = np.expand_dims(g, i)
        return (np.ones(a.data.shape) * g,)

    return _record(Tensor(np.sum(a.data, axis, keepdims=keepdims), (a,)), (a,), rule)


def _reshape(a, *shape):
    return _record(Tensor(np.reshape(a.data, shape), (a,)), (a,), lambda g: (g.reshape(a.data.shape),))


def _transpose(a, *axes):
    order = list(axes) if axes else list(range(a.data.ndim))[::-1]
    inverse = [0] * len(order)
    for place, axis in enumerate(order):
        inverse[axis] = place
    return _record(Tensor(np.transpose(a.data, order), (a,)), (a,), lambda g: (np.transpose(g, inverse),))


Tensor.__add__, Tensor.__mul__, Tensor.__matmul__ = _add, _mul, _matmul
Tensor.__pow__ = _entrywise(lambda x, c: x**c, lambda x, c: c * x ** (c - 1))
Tensor.exp = _entrywise(np.exp, np.exp)
Tensor.log = _entrywise(np.log, lambda x: 1 / x)
Tensor.tanh = _entrywise(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
Tensor.relu = _entrywise(lambda x: np.where(x > 0, x, 0), lambda x: (x > 0).astype(float))
Tensor.sum, Tensor.reshape, Tensor.transpose = _sum, _reshape, _transpose
""",
    ),
    Style(
        "tensor-operations-new-arrays",
        exercise="tensor_operations",
        code=HEAD
        + """\
    def __add__(self, other):
        if not isinstance(other, Tensor):
            other = Tensor(other)
        result = Tensor(np.add(self.data, other.data), parents=[self, other])

        def send():
            self.grad = self.grad + sum_to_shape(result.grad, self.grad.shape)
            other.grad = other.grad + sum_to_shape(result.grad, other.grad.shape)

        result.local_backward = send
        return result

    def __mul__(self, other):
        if not isinstance(other, Tensor):
            other = Tensor(other)
        result = Tensor(self.data * other.data, parents=[self, other])

        def send():
            mine = sum_to_shape(result.grad * other.data, self.data.shape)
            theirs = sum_to_shape(result.grad * self.data, other.data.shape)
            self.grad = self.grad + mine
            other.grad = other.grad + theirs

        result.local_backward = send
        return result

    def __matmul__(self, other):
        result = Tensor(self.data.dot(other.data), parents=[self, other])

        def send():
            self.grad = self.grad + (other.data @ result.grad.T).T
            other.grad = other.grad + (result.grad.T @ self.data).T

        result.local_backward = send
        return result

    def __pow__(self, exponent):
        result = Tensor(np.power(self.data, exponent), parents=[self])

        def send():
            self.grad = self.grad + result.grad * exponent * np.power(self.data, exponent - 1)

        result.local_backward = send
        return result

    def exp(self):
        result = Tensor(np.e**self.data, parents=[self])

        def send():
            self.grad = self.grad + result.grad * result.data

        result.local_backward = send
        return result

    def log(self):
        result = Tensor(np.log(self.data), parents=[self])

        def send():
            self.grad = self.grad + result.grad * self.data**-1.0

        result.local_backward = send
        return result

    def tanh(self):
        result = Tensor(1 - 2 / (np.exp(2 * self.data) + 1), parents=[self])

        def send():
            self.grad = self.grad + result.grad * (1 - result.data * result.data)

        result.local_backward = send
        return result

    def relu(self):
        result = Tensor(np.clip(self.data, 0, None), parents=[self])

        def send():
            passing = np.array(result.grad)
            passing[self.data <= 0] = 0
            self.grad = self.grad + passing

        result.local_backward = send
        return result

    def sum(self, axis=None, keepdims=False):
        result = Tensor(np.sum(self.data, axis=axis, keepdims=keepdims), parents=[self])

        def send():
            grad = result.grad
            if axis is not None and not keepdims:
                grad = np.expand_dims(grad, axis)
            self.grad = self.grad + np.broadcast_to(grad, self.data.shape)

        result.local_backward = send
        return result

    def reshape(self, *shape):
        result = Tensor(self.data.reshape(*shape), parents=[self])

        def send():
            self.grad = self.grad + result.grad.reshape(*self.data.shape)

        result.local_backward = send
        return result

    def transpose(self, *axes):
        result = Tensor(np.transpose(self.data, axes or None), parents=[self])

        def send():
            back = tuple(np.argsort(axes)) if axes else None
            self.grad = self.grad + np.transpose(result.grad, back)

        result.local_backward = send
        return result
""",
    ),
    Style(
        "tensor-operations-numbered-entries",
        exercise="tensor_operations",
        code=HEAD
        + '''\
    def _out(self, data, *parents):
        out = Tensor(data, parents)

        def set_rule(rule):
            out.local_backward = lambda: rule(out.grad)
            return out

        return out, set_rule

    def __add__(self, other):
        other = as_tensor(other)
        _, rule = self._out(self.data + other.data, self, other)

        @rule
        def result(g):
            self.grad += sum_to_shape(g, self.data.shape)
            other.grad += sum_to_shape(g, other.data.shape)

        return result

    def __mul__(self, other):
        other = as_tensor(other)
        _, rule = self._out(self.data * other.data, self, other)

        @rule
        def result(g):
            for a, b in ((self, other), (other, self)):
                a.grad += sum_to_shape(g * b.data, a.data.shape)

        return result

    def __matmul__(self, other):
        _, rule = self._out(self.data @ other.data, self, other)

        @rule
        def result(g):
            for n in range(g.shape[0]):
                for k in range(g.shape[1]):
                    self.grad[n] += g[n, k] * other.data[:, k]
                    other.grad[:, k] += g[n, k] * self.data[n]

        return result

    def __pow__(self, exponent):
        _, rule = self._out(self.data**exponent, self)

        @rule
        def result(g):
            self.grad += g * (exponent * self.data ** (exponent - 1))

        return result

    def exp(self):
        value = np.exp(self.data)
        _, rule = self._out(value, self)

        @rule
        def result(g):
            self.grad += g * value

        return result

    def log(self):
        _, rule = self._out(np.log(self.data), self)

        @rule
        def result(g):
            self.grad += np.divide(g, self.data)

        return result

    def tanh(self):
        value = np.tanh(self.data)
        _, rule = self._out(value, self)

        @rule
        def result(g):
            self.grad += g * (1 + value) * (1 - value)

        return result

    def relu(self):
        keep = self.data > 0
        _, rule = self._out(np.where(keep, self.data, 0), self)

        @rule
        def result(g):
            self.grad += keep * g

        return result

    def _moved(self, move):
        """Any operation that picks and adds entries, by the numbers of the entries."""
        numbers = move(np.arange(self.data.size).reshape(self.data.shape))
        _, rule = self._out(self.data.ravel()[numbers], self)

        @rule
        def result(g):
            moved = np.zeros(self.data.size)
            np.add.at(moved, numbers, g)
            self.grad += moved.reshape(self.data.shape)

        return result

    def reshape(self, *shape):
        return self._moved(lambda numbers: numbers.reshape(shape))

    def transpose(self, *axes):
        return self._moved(lambda numbers: numbers.transpose(*axes))

    def sum(self, axis=None, keepdims=False):
        _, rule = self._out(self.data.sum(axis, keepdims=keepdims), self)
        kept = self.data.sum(axis, keepdims=True).shape

        @rule
        def result(g):
            self.grad += np.asarray(g).reshape(kept) + np.zeros(self.data.shape)

        return result
''',
    ),
    Style(
        "tensor-operations-rule-objects",
        exercise="tensor_operations",
        code=HEAD.replace("class Tensor:", "class Tensor(object):", 1)
        + """\
    def __add__(self, other):
        return Sum().apply(self, as_tensor(other))

    def __mul__(self, other):
        return Product().apply(self, as_tensor(other))

    def __matmul__(self, other):
        return MatrixProduct().apply(self, other)

    def __pow__(self, exponent):
        return Power(exponent).apply(self)

    def exp(self):
        return Exp().apply(self)

    def log(self):
        return Log().apply(self)

    def tanh(self):
        return Tanh().apply(self)

    def relu(self):
        return Relu().apply(self)

    def sum(self, axis=None, keepdims=False):
        return Total(axis, keepdims).apply(self)

    def reshape(self, *shape):
        return Reshape(shape).apply(self)

    def transpose(self, *axes):
        return Transpose(axes).apply(self)


class Rule:
    def __init__(self, *settings):
        self.settings = settings

    def apply(self, *operands):
        self.operands = operands
        self.arrays = [t.data for t in operands]
        self.out = Tensor(self.value(*self.arrays), operands)
        self.out.local_backward = self.pass_on
        return self.out

    def pass_on(self):
        gradients = self.gradients(self.out.grad, *self.arrays)
        for operand, gradient in zip(self.operands, gradients):
            operand.grad += gradient


class Sum(Rule):
    def value(self, a, b):
        return a + b

    def gradients(self, g, a, b):
        return sum_to_shape(g, a.shape), sum_to_shape(g, b.shape)


class Product(Rule):
    def value(self, a, b):
        return a * b

    def gradients(self, g, a, b):
        return sum_to_shape(g * b, a.shape), sum_to_shape(g * a, b.shape)


class MatrixProduct(Rule):
    def value(self, a, b):
        return np.matmul(a, b)

    def gradients(self, g, a, b):
        return np.matmul(g, np.transpose(b)), np.matmul(np.transpose(a), g)


class Power(Rule):
    def value(self, a):
        return a ** self.settings[0]

    def gradients(self, g, a):
        (c,) = self.settings
        return (g * c * a ** (c - 1),)


class Exp(Rule):
    def value(self, a):
        return np.exp(a)

    def gradients(self, g, a):
        return (g * self.out.data,)


class Log(Rule):
    def value(self, a):
        return np.log(a)

    def gradients(self, g, a):
        return (g / a,)


class Tanh(Rule):
    def value(self, a):
        return np.tanh(a)

    def gradients(self, g, a):
        return (g - g * self.out.data**2,)


class Relu(Rule):
    def value(self, a):
        return np.maximum(0, a)

    def gradients(self, g, a):
        return (g * np.heaviside(a, 0.0),)


class Total(Rule):
    def value(self, a):
        axis, keepdims = self.settings
        return a.sum(axis=axis, keepdims=keepdims)

    def gradients(self, g, a):
        axis, keepdims = self.settings
        if axis is None or keepdims:
            return (g * np.ones_like(a),)
        return (np.expand_dims(g, axis) * np.ones_like(a),)


class Reshape(Rule):
    def value(self, a):
        return a.reshape(self.settings[0])

    def gradients(self, g, a):
        return (g.reshape(a.shape),)


class Transpose(Rule):
    def value(self, a):
        return a.transpose(self.settings[0]) if self.settings[0] else a.T

    def gradients(self, g, a):
        return (g.transpose(np.argsort(self.settings[0])) if self.settings[0] else g.T,)
""",
    ),
]

BACKWARD = [
    Style(
        "backward-own-depth-first",
        exercise="backward",
        code="""\
def backward(self):
    order, seen, stack = [], set(), [(self, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            for parent in node.parents:
                stack.append((parent, False))
    for node in order:
        if len(node.parents) > 0:
            node.grad = np.zeros(node.data.shape)
    self.grad = np.ones(self.data.shape)
    for node in order[::-1]:
        node.local_backward()


Tensor.backward = backward
""",
    ),
    Style(
        "backward-own-topological-order",
        exercise="backward",
        code="""\
def backward(self):
    nodes = topological_order(self)
    inner = [node for node in nodes if node.parents]
    for node in inner:
        node.grad = 0 * node.data
    self.grad = np.full_like(self.data, 1.0)
    print("walking back over", len(inner), "nodes")
    while nodes:
        nodes.pop().local_backward()


Tensor.backward = backward
""",
    ),
    Style(
        "backward-heap",
        exercise="backward",
        code="""\
import heapq


def backward(self):
    heap, waiting = [-self.number], {self.number: self}
    self.grad = np.ones_like(self.data)
    while heap:
        node = waiting.pop(-heapq.heappop(heap))
        for parent in set(node.parents):
            if parent.number not in waiting:
                waiting[parent.number] = parent
                heapq.heappush(heap, -parent.number)
                if parent.parents:
                    parent.grad = np.zeros_like(parent.data)
        node.local_backward()


Tensor.backward = backward
""",
    ),
    Style(
        "backward-counts-children",
        exercise="backward",
        code="""\
from collections import Counter


def backward(self):
    children, found, todo = Counter(), {self}, [self]
    while todo:
        node = todo.pop()
        if node.parents:
            node.grad = np.zeros_like(node.data)
        for parent in node.parents:
            children[parent] += 1
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    self.grad = self.grad + 1.0
    ready = [self]
    while ready:
        node = ready.pop(0)
        node.local_backward()
        for parent in node.parents:
            children[parent] -= 1
            if not children[parent]:
                ready.append(parent)


Tensor.backward = backward
""",
    ),
    Style(
        "backward-method-of-the-class",
        exercise="backward",
        code="""\
def _clear(nodes):
    for node in nodes:
        if node.parents == ():
            continue
        node.grad[...] = 0.0


def _backward(self):
    graph = sorted_graph(self)
    _clear(graph)
    self.grad[...] = 1.0
    [node.local_backward() for node in sorted(graph, key=lambda node: -node.number)]


backward = _backward
setattr(Tensor, "backward", _backward)
""",
    ),
    Style(
        "backward-leaves-set-aside",
        exercise="backward",
        code="""\
def backward(self) -> None:
    order = sorted_graph(self)
    leaves = {id(node) for node in order if not node.parents}
    for place in range(len(order) - 1, -1, -1):
        node = order[place]
        if id(node) not in leaves:
            node.grad = np.ones_like(node.data) if node is self else np.zeros_like(node.data)
    for place in range(len(order) - 1, -1, -1):
        order[place].local_backward()


Tensor.backward = backward
""",
    ),
]

ADAM_STEP = [
    Style(
        "adam-step-one-effective-rate",
        exercise="adam_step",
        code="""\
def adam_step(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    c1, c2 = 1 - betas[0] ** t, 1 - betas[1] ** t
    m_new = m + (1 - betas[0]) * (grad - m)
    v_new = v + (1 - betas[1]) * (grad * grad - v)
    rate = lr * np.sqrt(c2) / c1
    return param - rate * m_new / (np.sqrt(v_new) + eps * np.sqrt(c2)), m_new, v_new
""",
    ),
    Style(
        "adam-step-entry-by-entry",
        exercise="adam_step",
        code="""\
import math


def adam_step(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    new = [np.zeros(np.shape(param)) for _ in range(3)]
    for i in np.ndindex(np.shape(param)):
        new[1][i] = betas[0] * m[i] + (1 - betas[0]) * grad[i]
        new[2][i] = betas[1] * v[i] + (1 - betas[1]) * float(grad[i]) ** 2
        m_hat = new[1][i] / (1 - betas[0] ** t)
        v_hat = new[2][i] / (1 - betas[1] ** t)
        new[0][i] = param[i] - lr * m_hat / (math.sqrt(v_hat) + eps)
    return tuple(new)
""",
    ),
    Style(
        "adam-step-copies-then-in-place",
        exercise="adam_step",
        code="""\
def adam_step(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    param, m, v = (np.array(a, dtype=np.float64) for a in (param, m, v))
    b1, b2 = betas
    m *= b1
    m += (1 - b1) * grad
    v *= b2
    v += (1 - b2) * np.square(grad)
    step = m / (1 - np.power(b1, t))
    step /= np.sqrt(v / (1 - np.power(b2, t))) + eps
    param -= lr * step
    print("step", t)
    return param, m, v
""",
    ),
    Style(
        "adam-step-helper",
        exercise="adam_step",
        code="""\
def _average(old, new, beta, t):
    plain = beta * old + (1.0 - beta) * new
    return plain, plain / (1.0 - beta**t)


def adam_step(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, m_hat = _average(m, grad, betas[0], t)
    v, v_hat = _average(v, grad**2, betas[1], t)
    return [param - lr * (m_hat / (v_hat**0.5 + eps)), m, v]
""",
    ),
    Style(
        "adam-step-stacked",
        exercise="adam_step",
        code="""\
def adam_step(param, grad, m, v, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    shape = np.shape(param)
    beta = np.array(betas).reshape(2, *[1] * len(shape))
    averages = beta * np.stack([m, v]) + (1 - beta) * np.stack([grad, np.power(grad, 2)])
    hats = averages / (1 - beta**t)
    return np.subtract(param, lr * hats[0] / (np.sqrt(hats[1]) + eps)), averages[0], averages[1]
""",
    ),
]

TRAIN_DIGITS = [
    Style(
        "train-digits-with-functions-from-above",
        exercise="train_digits",
        code="""\
def train_digits(x_train, y_train, x_test, rng, hidden=64, epochs=30, batch_size=32, lr=3e-3):
    mu, sigma = x_train.mean(0), x_train.std(0)
    sigma[sigma == 0] = 1
    x_train, x_test = (x_train - mu) / sigma, (x_test - mu) / sigma
    d, k = x_train.shape[1], y_train.max() + 1
    params = [rng.normal(0, np.sqrt(2 / d), (d, hidden)), np.zeros(hidden), rng.normal(0, np.sqrt(1 / hidden), (hidden, k)), np.zeros(k)]
    ms, vs = [np.zeros(p.shape) for p in params], [np.zeros(p.shape) for p in params]
    t = 0
    for epoch in range(epochs):
        order = rng.permutation(len(x_train))
        for start in range(0, len(order), batch_size):
            chosen = order[start:start + batch_size]
            w1, b1, w2, b2 = params
            a = linear_forward(x_train[chosen], w1, b1)
            h = np.maximum(a, 0)
            loss, d_logits = softmax_cross_entropy(linear_forward(h, w2, b2), y_train[chosen])
            d_h, d_w2, d_b2 = linear_backward(d_logits, h, w2)
            _, d_w1, d_b1 = linear_backward(d_h * (a > 0), x_train[chosen], w1)
            t += 1
            for i, g in enumerate([d_w1, d_b1, d_w2, d_b2]):
                params[i], ms[i], vs[i] = adam_step(params[i], g, ms[i], vs[i], t, lr)
    w1, b1, w2, b2 = params
    return np.argmax(linear_forward(np.maximum(linear_forward(x_test, w1, b1), 0), w2, b2), axis=1)
""",
    ),
    Style(
        "train-digits-own-engine",
        exercise="train_digits",
        code="""\
def train_digits(x_train, y_train, x_test, rng, hidden=64, epochs=30, batch_size=32, lr=3e-3):
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    std = np.where(std == 0, 1, std)
    x = (x_train - mean) / std
    classes = int(np.max(y_train)) + 1
    truth = np.eye(classes)[y_train]
    w1 = Tensor(rng.normal(size=(x.shape[1], hidden)) * np.sqrt(2 / x.shape[1]))
    b1 = Tensor(np.zeros(hidden))
    w2 = Tensor(rng.normal(size=(hidden, classes)) * np.sqrt(2 / hidden))
    b2 = Tensor(np.zeros(classes))
    params = [w1, b1, w2, b2]
    state = [(0 * p.data, 0 * p.data) for p in params]

    def logits_of(rows):
        return (Tensor(rows) @ w1 + b1).relu() @ w2 + b2

    t = 0
    for _ in range(epochs):
        order = np.arange(len(x))
        rng.shuffle(order)
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            logits = logits_of(x[rows])
            shifted = logits - logits.data.max(axis=1, keepdims=True)
            log_p = shifted - shifted.exp().sum(axis=1, keepdims=True).log()
            loss = (log_p * truth[rows]).sum() * (-1.0 / len(rows))
            for p in params:
                p.grad = np.zeros_like(p.data)
            loss.backward()
            t += 1
            for i, p in enumerate(params):
                p.data, m, v = adam_step(p.data, p.grad, *state[i], t, lr=lr)
                state[i] = (m, v)
    return logits_of((x_test - mean) / std).data.argmax(1)
""",
    ),
    Style(
        "train-digits-bias-as-input",
        exercise="train_digits",
        code="""\
def _one(x):
    return np.hstack([x, np.ones((x.shape[0], 1))])


def train_digits(x_train, y_train, x_test, rng, hidden=64, epochs=30, batch_size=32, lr=3e-3):
    centre, scale = np.mean(x_train, 0), np.std(x_train, 0)
    scale += scale == 0
    prepare = lambda x: _one((x - centre) / scale)
    data, n, k = prepare(x_train), len(x_train), max(y_train) + 1
    limit = np.sqrt(6 / data.shape[1])
    W = [rng.uniform(-limit, limit, size=(data.shape[1], hidden)), rng.uniform(-1, 1, size=(hidden + 1, k)) / np.sqrt(hidden)]
    W[0][-1] = W[1][-1] = 0
    M, V, step = [0.0, 0.0], [0.0, 0.0], 0
    for _ in range(epochs):
        order = rng.permutation(n)
        for rows in np.split(order, np.arange(batch_size, n, batch_size)):
            step += 1
            X, h = data[rows], np.maximum(data[rows] @ W[0], 0)
            z = _one(h) @ W[1]
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            dz = (p - np.eye(k)[y_train[rows]]) / len(rows)
            dh = (dz @ W[1].T)[:, :-1] * (h > 0)
            for i, g in enumerate([X.T @ dh, _one(h).T @ dz]):
                M[i], V[i] = 0.9 * M[i] + 0.1 * g, 0.999 * V[i] + 0.001 * g * g
                W[i] = W[i] - lr * (M[i] / (1 - 0.9**step)) / (np.sqrt(V[i] / (1 - 0.999**step)) + 1e-8)
    return np.argmax(_one(np.maximum(prepare(x_test) @ W[0], 0)) @ W[1], axis=-1)
""",
    ),
    Style(
        "train-digits-class-with-dictionaries",
        exercise="train_digits",
        code="""\
class Network:
    def __init__(self, d, h, k, rng):
        self.p = {"w2": rng.standard_normal((h, k)) * 0.1, "w1": rng.standard_normal((d, h)) * (2 / d) ** 0.5}
        self.p.update(b1=np.zeros(h), b2=np.zeros(k))
        self.m = {name: np.zeros_like(a) for name, a in self.p.items()}
        self.v = {name: np.zeros_like(a) for name, a in self.p.items()}
        self.t = 0

    def forward(self, x):
        self.x = x
        self.h = (x @ self.p["w1"] + self.p["b1"]).clip(min=0)
        return self.h @ self.p["w2"] + self.p["b2"]

    def gradients(self, targets, logits):
        p = np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])
        p[np.arange(len(p)), targets] -= 1
        p /= len(p)
        back = p @ self.p["w2"].T
        back[self.h == 0] = 0
        return {"w1": self.x.T @ back, "b1": back.sum(0), "w2": self.h.T @ p, "b2": p.sum(0)}

    def learn(self, x, y, lr):
        self.t += 1
        for name, g in self.gradients(y, self.forward(x)).items():
            self.m[name] = 0.9 * self.m[name] + 0.1 * g
            self.v[name] = 0.999 * self.v[name] + 0.001 * g**2
            self.p[name] = self.p[name] - lr * (self.m[name] / (1 - 0.9**self.t)) / (np.sqrt(self.v[name] / (1 - 0.999**self.t)) + 1e-8)


def train_digits(x_train, y_train, x_test, rng, hidden=64, epochs=30, batch_size=32, lr=3e-3):
    mean, std = x_train.mean(0), x_train.std(0)
    std = np.array([s if s > 0 else 1.0 for s in std])
    net = Network(x_train.shape[1], hidden, y_train.max() + 1, rng)
    scaled = (x_train - mean) / std
    for epoch in range(epochs):
        pairs = rng.permutation(len(scaled))
        for k in range(int(np.ceil(len(pairs) / batch_size))):
            some = pairs[k * batch_size : (k + 1) * batch_size]
            net.learn(scaled[some], y_train[some], lr)
    print("trained", net.t, "steps")
    return net.forward((x_test - mean) / std).argmax(axis=1)
""",
    ),
    Style(
        "train-digits-row-by-row",
        exercise="train_digits",
        code="""\
def train_digits(x_train, y_train, x_test, rng, hidden=64, epochs=30, batch_size=32, lr=3e-3):
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    std[std < 1e-12] = 1.0
    d, k = x_train.shape[1], int(y_train.max()) + 1
    sizes = [d * hidden, hidden, hidden * k, k]
    theta = rng.normal(size=sum(sizes)) * np.repeat([np.sqrt(2 / d), 0.0, np.sqrt(2 / hidden), 0.0], sizes)
    m, v = np.zeros_like(theta), np.zeros_like(theta)

    def unpack(flat):
        w1, b1, w2, b2 = np.split(flat, np.cumsum(sizes)[:-1])
        return w1.reshape(d, hidden), b1, w2.reshape(hidden, k), b2

    def slope(flat, row, target):
        w1, b1, w2, b2 = unpack(flat)
        h = np.maximum(row @ w1 + b1, 0)
        z = h @ w2 + b2
        p = np.exp(z - z.max())
        p /= p.sum()
        p[target] -= 1
        dh = (w2 @ p) * (h > 0)
        return np.concatenate([np.outer(row, dh).ravel(), dh, np.outer(h, p).ravel(), p])

    t = 0
    for _ in range(epochs):
        order = list(range(len(x_train)))
        rng.shuffle(order)
        while order:
            batch, order = order[:batch_size], order[batch_size:]
            g = sum(slope(theta, (x_train[i] - mean) / std, y_train[i]) for i in batch) / len(batch)
            t += 1
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            theta = theta - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    w1, b1, w2, b2 = unpack(theta)
    return np.array([int(np.argmax(np.maximum((row - mean) / std @ w1 + b1, 0) @ w2 + b2)) for row in x_test])
""",
    ),
]

STYLES = [
    *NUMERICAL_GRADIENT,
    *LINEAR,
    *CHECK_LINEAR,
    *SOFTMAX_CROSS_ENTROPY,
    *UNBROADCAST,
    *TOPOLOGICAL_ORDER,
    *TENSOR_OPERATIONS,
    *BACKWARD,
    *ADAM_STEP,
    *TRAIN_DIGITS,
]
