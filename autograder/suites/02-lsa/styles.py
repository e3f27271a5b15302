"""Right answers to the exercises of latent semantic analysis, written unlike the solutions."""

from autograder.catalogue import Style


def _styles(exercise: str, **codes: str) -> list[Style]:
    """One style for each keyword."""
    stem = exercise.replace("_", "-")
    return [Style(f"{stem}-{name.replace('_', '-')}", exercise=exercise, code=code) for name, code in codes.items()]


COUNT_MATRIX = _styles(
    "count_matrix",
    list_count="""\
def count_matrix(documents, vocabulary):
    return np.array([[document.count(term) for document in documents] for term in vocabulary])
""",
    counter="""\
from collections import Counter


def count_matrix(documents, vocabulary):
    columns = [Counter(document) for document in documents]
    return np.array([[column[token] for column in columns] for token in vocabulary], dtype=float)
""",
    add_at="""\
def count_matrix(documents, vocabulary):
    place = dict(zip(vocabulary, range(len(vocabulary))))
    pairs = [(place[t], j) for j, tokens in enumerate(documents) for t in tokens if t in place]
    table = np.zeros((len(vocabulary), len(documents)), dtype=np.int64)
    if pairs:
        np.add.at(table, tuple(np.array(pairs).T), 1)
    return table
""",
    index_with_try="""\
def count_matrix(documents, vocabulary):
    result = np.zeros([len(vocabulary), len(documents)], dtype="int32")
    for j in range(len(documents)):
        for word in documents[j]:
            try:
                i = vocabulary.index(word)
            except ValueError:
                continue
            result[i][j] += 1
    print("shape", result.shape)
    return result
""",
    columns_stacked="""\
def _column(document, vocabulary):
    known = {token: 0 for token in vocabulary}
    for token in document:
        if token in known:
            known[token] += 1
    return np.array(list(known.values()), dtype=np.float32)


def count_matrix(documents, vocabulary):
    return np.stack([_column(d, vocabulary) for d in documents], axis=1)
""",
    bincount="""\
def count_matrix(documents, vocabulary):
    row = {t: i for i, t in enumerate(vocabulary)}
    rows = [np.bincount(np.array([row[t] for t in d if t in row], dtype=int), minlength=len(vocabulary)) for d in documents]
    return np.asarray(rows).T
""",
)

TF_IDF = _styles(
    "tf_idf",
    loops="""\
import math


def tf_idf(counts):
    V, n = counts.shape
    out = np.zeros((V, n))
    for i in range(V):
        df = 0
        for j in range(n):
            if counts[i, j] > 0:
                df += 1
        for j in range(n):
            out[i, j] = counts[i, j] * (math.log((1 + n) / (1 + df)) + 1)
    for j in range(n):
        length = math.sqrt(sum(x * x for x in out[:, j]))
        if length > 0:
            out[:, j] = out[:, j] / length
    return out
""",
    norm_and_divide="""\
def tf_idf(counts):
    n = counts.shape[1]
    df = np.count_nonzero(counts, axis=1)
    w = counts * (np.log1p(n) - np.log1p(df) + 1.0).reshape(-1, 1)
    norms = np.linalg.norm(w, axis=0, keepdims=True)
    return np.divide(w, norms, out=np.zeros_like(w), where=norms != 0)
""",
    diagonal="""\
def tf_idf(counts):
    present = np.array(counts, dtype=bool)
    idf = 1 + np.log((present.shape[1] + 1.0) / (present.sum(1) + 1.0))
    weighted = np.diag(idf) @ counts
    norms = np.sqrt(np.einsum("ij,ij->j", weighted, weighted))
    norms[norms == 0] = 1
    return weighted / norms
""",
    warnings_and_nan_to_num="""\
def tf_idf(counts):
    counts = counts.astype(float)
    idf = np.log((1 + len(counts[0])) / (1 + np.sign(counts).sum(axis=1, keepdims=True))) + 1
    weighted = idf * counts
    return np.nan_to_num(weighted / np.sqrt(np.square(weighted).sum(axis=0)))
""",
    document_by_document="""\
def _unit(vector):
    length = np.linalg.norm(vector)
    return vector / length if length else vector


def tf_idf(counts):
    turned = np.asarray(counts).T.astype(np.float64)
    n, df = len(turned), (turned != 0).sum(axis=0)
    return np.array([_unit(d * (np.log((n + 1) / (df + 1)) + 1)) for d in turned]).T
""",
)

LOG_ENTROPY = _styles(
    "log_entropy",
    loops="""\
import math


def log_entropy(counts):
    V, n = counts.shape
    out = np.zeros((V, n))
    for i in range(V):
        total = sum(counts[i])
        if total == 0:
            continue
        h = 0.0
        for c in counts[i]:
            if c > 0:
                h += c / total * math.log(c / total)
        for j in range(n):
            out[i, j] = math.log(1 + counts[i, j]) * (1 + h / math.log(n))
    return out
""",
    nan_to_num="""\
def log_entropy(counts):
    p = counts / counts.sum(axis=1)[:, None]
    terms = np.nan_to_num(p * np.log(p))
    return np.log(counts + 1) * (1 + terms.sum(axis=1, keepdims=True) / np.log(counts.shape[1]))
""",
    masked_logarithm="""\
def log_entropy(counts):
    x = np.array(counts, dtype=float)
    total = np.maximum(x.sum(1), 1e-300)
    logs = np.zeros_like(x)
    np.log(x, out=logs, where=x > 0)
    # sum of p ln p = sum of x ln x / total - ln total
    entropy = np.log(total) - (x * logs).sum(1) / total
    g = np.where(x.sum(1) > 0, 1 - entropy / np.log(x.shape[1]), 0)
    return np.einsum("i,ij->ij", g, np.log1p(x))
""",
    base_n="""\
def log_entropy(counts):
    n = counts.shape[1]
    rows = []
    for row in counts:
        shares = row[row > 0] / max(row.sum(), 1e-12)
        weight = 1 + np.sum(shares * (np.log2(shares) / np.log2(n)))
        rows.append(weight * np.log1p(row))
    return np.array(rows)
""",
    helper="""\
def _x_log_x(x):
    safe = np.where(x == 0, 1, x)
    return x * np.log(safe)


def log_entropy(counts):
    totals = counts.sum(-1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    g = 1 - (-_x_log_x(share).sum(-1)) / np.log(counts.shape[-1])
    return (np.log1p(counts).T * g).T
""",
)

TRUNCATED_SVD = _styles(
    "truncated_svd",
    width_not_capped="""\
def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    a = np.array(a, dtype=float)
    omega = rng.normal(0, 1, size=(a.shape[1], k + n_oversamples))
    Q = np.linalg.qr(a @ omega)[0]
    for i in range(n_iter):
        Q = np.linalg.qr(a.T @ Q)[0]
        Q = np.linalg.qr(a @ Q)[0]
    B = Q.T @ a
    U, S, Vt = np.linalg.svd(B, full_matrices=False)
    U = Q @ U
    U, S, Vt = U[:, :k].copy(), S[:k].copy(), Vt[:k, :].copy()
    for j in range(k):
        i = np.argmax(np.abs(U[:, j]))
        if U[i, j] < 0:
            U[:, j] *= -1
            Vt[j, :] *= -1
    return U, S, Vt
""",
    orthonormalised_once_a_round="""\
def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    m, n = np.shape(a)
    l = min(m, n, k + n_oversamples)
    y = np.dot(a, rng.standard_normal(size=(n, l)))
    basis = np.linalg.qr(y)[0]
    while n_iter:
        basis = np.linalg.qr(np.dot(a, np.dot(a.T, basis)))[0]
        n_iter -= 1
    left, values, right = np.linalg.svd(np.dot(basis.T, a), full_matrices=False)
    left = np.dot(basis, left)[:, :k]
    flip = np.sign(np.take_along_axis(left, np.abs(left).argmax(axis=0)[None], axis=0))[0]
    return left * flip, values[:k], right[:k] * flip.reshape(-1, 1)
""",
    bases_by_svd="""\
def _basis(y):
    return np.linalg.svd(y, full_matrices=False)[0]


def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    a = np.asarray(a) * 1.0
    width = min(k + n_oversamples, min(a.shape))
    z = rng.standard_normal((width, a.shape[1])).T
    q = _basis(a @ z)
    for _ in range(n_iter):
        q = _basis(a @ _basis(a.T @ q))
    u, s, vt = np.linalg.svd(q.T @ a, full_matrices=False)
    u = q @ u
    u, s, vt = u[:, :k], s[:k], vt[:k]
    signs = np.array([1.0 if max(c, key=abs) > 0 else -1.0 for c in u.T])
    return u * signs, s, signs[:, None] * vt
""",
    small_svd_of_the_transpose="""\
def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    A = np.asarray(a, np.float64)
    l = min(k + n_oversamples, *A.shape)
    Y = A @ rng.standard_normal((A.shape[1], l))
    Q, R = np.linalg.qr(Y)
    for _ in range(n_iter):
        W, R = np.linalg.qr(A.T @ Q)
        Q, R = np.linalg.qr(A @ W)
    v, s, wt = np.linalg.svd(A.T @ Q, full_matrices=False)
    u = Q @ wt.T
    order = np.argsort(-s, kind="stable")[:k]
    u, s, vt = u[:, order], s[order], v.T[order]
    top = np.abs(u).max(axis=0)
    signs = np.where((u == top).any(axis=0), 1, -1)
    return u * signs, s, vt * signs[:, np.newaxis]
""",
    sketch_of_the_rows_when_wide="""\
def _range(a, width, rng, n_iter):
    q = np.linalg.qr(a @ rng.standard_normal((a.shape[1], width)))[0]
    for _ in range(n_iter):
        q = np.linalg.qr(a @ np.linalg.qr(a.T @ q)[0])[0]
    return q


def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    a = np.asarray(a, dtype=float)
    width = min(k + n_oversamples, *a.shape)
    if a.shape[0] < a.shape[1]:
        q = _range(a.T, width, rng, n_iter)
        u, s, small = np.linalg.svd(a @ q, full_matrices=False)
        vt = small @ q.T
    else:
        q = _range(a, width, rng, n_iter)
        small, s, vt = np.linalg.svd(q.T @ a, full_matrices=False)
        u = q @ small
    u, s, vt = u[:, :k], s[:k], vt[:k]
    signs = np.sign(u[np.abs(u).argmax(axis=0), range(k)])
    return u * signs, s, vt * signs[:, None]
""",
    qr_before_the_small_svd="""\
def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    a = a.astype(float)
    m, n = a.shape
    q = np.linalg.qr(a @ rng.standard_normal((n, min(k + n_oversamples, m, n))))[0]
    for _ in range(n_iter):
        p = np.linalg.qr(a.T @ q)[0]
        q = np.linalg.qr(a @ p)[0]
    w, r = np.linalg.qr((q.T @ a).T)  # B^T = w r, and r is tiny
    x, s, yt = np.linalg.svd(r.T)
    u, vt = q @ x, yt @ w.T
    result_u, result_v = [], []
    for j in range(k):
        sign = 1 if u[:, j].max() >= -u[:, j].min() else -1
        result_u.append(sign * u[:, j])
        result_v.append(sign * vt[j])
    return np.stack(result_u, axis=1), s[:k], np.stack(result_v)
""",
)

FOLD_IN = _styles(
    "fold_in",
    divided_first="""\
def fold_in(query, u, s):
    return (u / s).T @ query
""",
    diagonal_inverse="""\
def fold_in(query, u, s):
    return np.linalg.inv(np.diag(s)) @ u.T @ query
""",
    by_cases="""\
def fold_in(query, u, s):
    projected = np.dot(u.T, query)
    if query.ndim == 1:
        return projected / s
    return projected / s[:, None]
""",
    solve="""\
def fold_in(query, u, s):
    return np.linalg.solve(np.diag(s), u.transpose() @ query)
""",
    loops="""\
def fold_in(query, u, s):
    q = np.asarray(query, dtype=float)
    columns = [q] if q.ndim == 1 else list(q.T)
    places = [[sum(u[i, j] * c[i] for i in range(len(c))) / s[j] for j in range(len(s))] for c in columns]
    return np.array(places[0]) if q.ndim == 1 else np.array(places).T
""",
    einsum="""\
def fold_in(query, u, s):
    return np.einsum("vk,v...,k->k...", u, query, 1 / s)
""",
)

COSINE_SIMILARITY = _styles(
    "cosine_similarity",
    outer_lengths="""\
def cosine_similarity(a, b):
    products = a @ b.T
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.divide(products, lengths, out=np.zeros(lengths.shape), where=lengths > 0)
""",
    loops="""\
import math


def cosine_similarity(a, b):
    out = np.zeros((len(a), len(b)))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            dot = sum(float(p) * float(q) for p, q in zip(x, y))
            nx = math.sqrt(sum(float(p) ** 2 for p in x))
            ny = math.sqrt(sum(float(q) ** 2 for q in y))
            if nx and ny:
                out[i, j] = dot / (nx * ny)
    return out
""",
    nan_to_num="""\
def cosine_similarity(a, b):
    a, b = a.astype(float), b.astype(float)
    return np.nan_to_num(a @ b.T / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)[None, :])
""",
    helper_with_mask="""\
def _unit_rows(x):
    x = np.array(x, dtype=np.float64)
    norms = np.hypot.reduce(x, axis=1)
    keep = norms != 0
    x[keep] /= norms[keep, None]
    return x


def cosine_similarity(a, b):
    return np.inner(_unit_rows(a), _unit_rows(b))
""",
    einsum="""\
def cosine_similarity(a, b):
    dots = np.einsum("id,jd->ij", a, b) * 1.0
    na = np.sqrt(np.einsum("id,id->i", a, a))
    nb = np.sqrt(np.einsum("jd,jd->j", b, b))
    na[na == 0] = np.inf
    nb[nb == 0] = np.inf
    return dots / na[:, None] / nb
""",
    tiny_guard="""\
def cosine_similarity(a, b):
    tiny = np.finfo(float).tiny
    x = a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), tiny)
    y = b / np.maximum(np.linalg.norm(b, axis=1, keepdims=True), tiny)
    return x.dot(y.T)
""",
)

RANK_DOCUMENTS = _styles(
    "rank_documents",
    sorted_keys="""\
def rank_documents(query, documents, top):
    scores = []
    for d in documents:
        length = np.linalg.norm(query) * np.linalg.norm(d)
        scores.append(float(np.dot(query, d) / length) if length > 0 else 0.0)
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:top]
    return np.array(order), np.array([scores[i] for i in order])
""",
    lexsort="""\
def rank_documents(query, documents, top):
    norms = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)
    scores = np.zeros(len(documents))
    scores[norms > 0] = (documents @ query)[norms > 0] / norms[norms > 0]
    order = np.lexsort((np.arange(len(scores)), -scores))
    best = order[: min(top, len(order))]
    return best, scores[best]
""",
    turned_round_twice="""\
def rank_documents(query, documents, top):
    lengths = np.linalg.norm(documents, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.nan_to_num((documents @ query) / (lengths * np.linalg.norm(query)))
    backwards = np.argsort(scores[::-1], kind="mergesort")
    order = (len(scores) - 1 - backwards)[::-1][:top]
    return order, scores[order]
""",
    python_sort_is_stable="""\
def rank_documents(query, documents, top):
    def cosine(x, y):
        below = np.sqrt(x @ x) * np.sqrt(y @ y)
        return (x @ y) / below if below else 0.0

    pairs = [(i, cosine(np.asarray(query, float), d.astype(float))) for i, d in enumerate(documents)]
    pairs.sort(key=lambda pair: pair[1], reverse=True)
    pairs = pairs[:top]
    return np.array([i for i, _ in pairs], dtype=np.int32), np.array([score for _, score in pairs], dtype=float)
""",
    unit_rows="""\
def _unit(x):
    norm = np.sqrt(np.sum(np.square(x, dtype=float), axis=-1, keepdims=True))
    return x / np.where(norm == 0, 1, norm)


def rank_documents(query, documents, top):
    cosines = _unit(documents) @ _unit(query)
    indices = np.argsort(-cosines, kind="stable")
    if top < len(indices):
        indices = indices[:top]
    return indices, np.take(cosines, indices)
""",
)

_JUDGE = """\


def recall_and_mrr(found, relevant):
    recall = mrr = 0.0
    for i in range(len(relevant)):
        hits = [d in relevant[i] for d in found[i].tolist()]
        recall += sum(hits) / len(relevant[i])
        if any(hits):
            mrr += 1 / (hits.index(True) + 1)
    return recall / len(relevant), mrr / len(relevant)
"""

SEARCH_JARGON = _styles(
    "search_jargon",
    full_decomposition="""\
def search_jargon(counts, queries, k, rng, top):
    n = counts.shape[1]
    idf = np.log((1 + n) / (1 + np.count_nonzero(counts, axis=1))) + 1
    x = counts * idf.reshape(-1, 1)
    x = x / np.linalg.norm(x, axis=0)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    u, s, vt = u[:, :k], s[:k], vt[:k]
    q_hat = (u.T @ (queries * idf.reshape(-1, 1))) / s[:, None]
    d, q = vt * s[:, None], q_hat * s[:, None]
    d = d / np.maximum(np.linalg.norm(d, axis=0), 1e-300)
    q = q / np.maximum(np.linalg.norm(q, axis=0), 1e-300)
    return np.argsort(-(q.T @ d), axis=1, kind="stable")[:, :top]
"""
    + _JUDGE,
    query_by_query="""\
def search_jargon(counts, queries, k, rng, top):
    counts = counts.astype(float)
    V, n = counts.shape
    idf = np.array([np.log((1 + n) / (1 + sum(row > 0))) + 1 for row in counts])
    weighted = np.stack([idf * c / np.linalg.norm(idf * c) for c in counts.T], axis=1)
    q = np.linalg.qr(weighted @ rng.normal(size=(n, min(k + 20, V, n))))[0]
    for _ in range(6):
        q = np.linalg.qr(weighted @ np.linalg.qr(weighted.T @ q)[0])[0]
    w, s, vt = np.linalg.svd(q.T @ weighted, full_matrices=False)
    u = (q @ w)[:, :k]
    results = []
    for j in range(queries.shape[1]):
        place = u.T @ (idf * queries[:, j])
        scores = []
        for i in range(n):
            other = s[:k] * vt[:k, i]
            scores.append(place @ other / (np.linalg.norm(place) * np.linalg.norm(other)))
        results.append(sorted(range(n), key=lambda i: (-scores[i], i))[:top])
    return np.array(results)


def recall_and_mrr(found, relevant):
    recalls = np.array([len(wanted & set(row.tolist())) / len(wanted) for row, wanted in zip(found, relevant)])
    ranks = []
    for row, wanted in zip(found, relevant):
        rank = 0
        for place, document in enumerate(row):
            if document in wanted:
                rank = 1 / (place + 1)
                break
        ranks.append(rank)
    return recalls.mean(), np.mean(ranks)
""",
    projected_documents="""\
def _places(x, u):
    return u.T @ x


def search_jargon(counts, queries, k, rng, top):
    idf = 1 + np.log((1 + counts.shape[1]) / (1 + (counts != 0).sum(1)))
    w = np.diag(idf) @ counts
    w = w / np.sqrt((w * w).sum(0))
    values, vectors = np.linalg.eigh(w @ w.T)
    u = vectors[:, ::-1][:, :k]
    documents, asked = _places(w, u), _places(idf[:, None] * queries, u)
    cosines = asked.T @ documents / np.linalg.norm(documents, axis=0)
    ranking = np.argsort(-cosines, kind="stable")
    print("searched", ranking.shape)
    return ranking[:, : min(top, ranking.shape[1])]
"""
    + _JUDGE,
    gram_matrix="""\
def search_jargon(counts, queries, k, rng, top):
    n = counts.shape[1]
    df = (counts > 0).sum(axis=1)
    idf = (np.log((1 + n) / (1 + df)) + 1)[:, None]
    a = counts * idf
    a = a / np.sqrt(np.sum(a**2, axis=0, keepdims=True))
    lam, v = np.linalg.eigh(a.T @ a)
    order = np.argsort(lam)[::-1][:k]
    s, v = np.sqrt(np.maximum(lam[order], 1e-30)), v[:, order]
    u = a @ v / s
    query_places = np.einsum("vk,vq,k->qk", u, queries * idf, 1 / s) * s
    document_places = v * s
    norms = np.linalg.norm(document_places, axis=1)
    scores = query_places @ document_places.T / norms
    return np.array([np.lexsort((np.arange(n), -row))[:top] for row in scores])


def recall_and_mrr(found, relevant):
    hit = np.array([[int(d) in wanted for d in row] for row, wanted in zip(found, relevant)])
    recall = np.mean(hit.sum(axis=1) / np.array([len(w) for w in relevant]))
    first = np.where(hit.any(axis=1), 1.0 / (hit.argmax(axis=1) + 1), 0.0)
    return float(recall), float(first.mean())
""",
    more_careful_sketch="""\
class Space:
    def __init__(self, counts, k, rng):
        n = counts.shape[1]
        self.idf = np.log((1 + n) / (1 + (counts > 0).sum(axis=1))) + 1
        a = counts * self.idf[:, None]
        a = a / np.linalg.norm(a, axis=0)
        width = min(2 * k + 10, *a.shape)
        q, _ = np.linalg.qr(a @ rng.standard_normal((n, width)))
        for _ in range(5):
            q, _ = np.linalg.qr(a @ (a.T @ q))
        u, s, vt = np.linalg.svd(q.T @ a, full_matrices=False)
        self.u, self.s, self.vt = (q @ u)[:, :k], s[:k], vt[:k]

    def fold(self, queries):
        return ((self.u.T @ (queries * self.idf[:, None])).T / self.s).T


def search_jargon(counts, queries, k, rng, top):
    space = Space(counts, k, rng)
    a, b = (space.fold(queries).T * space.s), (space.vt.T * space.s)
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return (-(a @ b.T)).argsort(axis=1, kind="stable")[:, :top]
"""
    + _JUDGE,
)

STYLES = [
    *COUNT_MATRIX,
    *TF_IDF,
    *LOG_ENTROPY,
    *TRUNCATED_SVD,
    *FOLD_IN,
    *COSINE_SIMILARITY,
    *RANK_DOCUMENTS,
    *SEARCH_JARGON,
]
