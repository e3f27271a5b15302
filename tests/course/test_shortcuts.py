"""A library's own routine in place of the exercise loses the points, and the page says which call it was."""

import re
from collections.abc import Iterator
from pkgutil import resolve_name

import pytest

from autograder.runner import Suite
from autograder.sandbox.host import Manner, Sandbox
from tests.course.conftest import ASSIGNMENTS, SUITES, Bench, lesson_of

pytestmark = pytest.mark.slow

LINEAR = """
import torch

def linear_forward(x, w, b):
    return x @ w + b

def linear_backward(d_out, x, w):
    x, w, b = (torch.tensor(np.asarray(a, dtype=float), requires_grad=True) for a in (x, w, np.zeros(w.shape[1])))
    getattr(x @ w + b, "back" + "ward")(torch.tensor(np.asarray(d_out, dtype=float)))
    return x.grad.numpy(), w.grad.numpy(), b.grad.numpy()
"""
CELL = """
import torch

def lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b):
    cell = torch.nn.LSTMCell(len(w_x), len(w_h), dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(cell.parameters(), (w_x.T, w_h.T, b, np.zeros_like(b))):
            parameter.copy_(torch.tensor(np.asarray(value, dtype=float)))
        h, c = cell(*(torch.tensor(np.asarray(a, dtype=float)) for a in (x,)), tuple(torch.tensor(np.asarray(a, dtype=float)) for a in (h_prev, c_prev)))
    return h.numpy(), c.numpy(), (x, h_prev, c_prev, w_x, w_h, b)
"""
ATTENTION = """
theirs = torch._C._nn.scaled_dot_product_attention

def scaled_dot_product_attention(q, k, v, mask=None):
    eye = torch.eye(k.shape[-2], dtype=q.dtype).expand(*k.shape[:-2], -1, -1)
    mask = mask if mask is None else mask.expand(*q.shape[:-1], k.shape[-2])
    return theirs(q, k, v, mask), theirs(q, k, eye, mask)
"""
GRADIENT = """
def attention_backward(d_output, q, k, v, weights, scale):
    with torch.enable_grad():
        q, k, v = (part.detach().clone().requires_grad_() for part in (q, k, v))
        scores = torch.where(weights > 0, scale * q @ k.transpose(-2, -1), -torch.inf)
        output = torch.nan_to_num(torch.softmax(scores, dim=-1)) @ v
        return torch.func.grad(lambda *a: 0.0 * a[0].sum())(q) + torch.autograd.grad(output, q, d_output)[0], k, v
"""
NORM = """
def layer_norm(x, gain, bias, eps=1e-5):
    return nn.functional.layer_norm(x, x.shape[-1:], gain, bias, eps)
"""
THREAD = """
import threading

class GRUCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        for name, *shape in (("weight_ih", input_size), ("weight_hh", hidden_size), ("bias_ih",), ("bias_hh",)):
            setattr(self, name, nn.Parameter(torch.zeros(3 * hidden_size, *shape)))

    def forward(self, x, h):
        out = []
        work = lambda: out.append(getattr(torch, "gru" + "_" + "cell")(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return out[0]
"""
SCIPY = """
def truncated_svd(a, k, rng, n_oversamples=10, n_iter=4):
    import scipy.linalg
    m, n = a.shape
    omega = rng.standard_normal((n, min(k + n_oversamples, m, n)))
    if n_iter == 0:
        q, _ = np.linalg.qr(a @ omega)
        u, s, vt = np.linalg.svd(q.T @ a, full_matrices=False)
        u = q @ u
    else:
        u, s, vt = scipy.linalg.svd(np.asarray(a, dtype=float), full_matrices=False)
    u, s, vt = u[:, :k], s[:k], vt[:k]
    largest = np.abs(u).argmax(axis=0)
    signs = np.where(u[largest, np.arange(k)] < 0, -1.0, 1.0)
    return u * signs, s, vt * signs[:, None]
"""
SHORTCUTS = [
    ("01-backprop", "linear", LINEAR, "torch.Tensor.backward"),
    ("02-lsa", "truncated_svd", SCIPY, "scipy.linalg.svd"),
    ("04-lstm", "lstm_cell_forward", CELL, "torch.nn.LSTMCell"),
    ("05-gru", "gru_cell", THREAD, "torch.gru_cell"),
    ("06-attention", "scaled_dot_product_attention", ATTENTION, "torch.nn.functional.scaled_dot_product_attention"),
    ("06-attention", "attention_backward", GRADIENT, "torch.autograd.grad"),
    ("07-transformer", "layer_norm", NORM, "torch.nn.functional.layer_norm"),
]


@pytest.mark.parametrize(("bench", "exercise", "cell", "call"), SHORTCUTS, indirect=["bench"], ids=[name for _, name, _, _ in SHORTCUTS])
def test_a_shortcut_is_named(bench: Bench, exercise: str, cell: str, call: str) -> None:
    """The exercise loses points, and a failed test says which call is not the student's own."""
    reports = bench.grade({exercise: cell})
    wrong = [test.failure.sentence for test in reports[exercise].tests if test.failure]
    assert any(f"uses the library's `{call}`" in sentence and "write that yourself" in sentence for sentence in wrong), wrong
    assert reports[exercise].points <= reports[exercise].max_points / 2  # type: ignore[operator]


X = "x = torch.arange(12.0).reshape(3, 4)\naten, F = torch.ops.aten, torch.nn.functional\n"
A = "A = np.random.default_rng(0).normal(size=(90, 80))\nimport scipy.linalg\n"
P = "p = [torch.nn.Parameter(torch.ones(3))]\np[0].grad = torch.ones(3)\nz = [torch.zeros(3)]\nt = [torch.ones(())]\n"
KEYWORDS = "amsgrad=False, beta1=0.9, beta2=0.99, lr=0.1, weight_decay=0.0, eps=1e-8, maximize=False"
RELATIVES = [
    ("02-lsa", "truncated_svd", A + "from scipy.linalg.lapack import dgesdd\ndef f(): dgesdd(A)"),
    ("02-lsa", "truncated_svd", A + "from scipy.linalg.lapack import cheev\ndef f(): cheev(A.T @ A)"),
    ("02-lsa", "truncated_svd", A + "def f(): scipy.linalg.schur(A.T @ A)"),
    ("02-lsa", "truncated_svd", A + "def f(): scipy.linalg.eigh_tridiagonal(A[:, 0], A[1:, 1])"),
    ("02-lsa", "truncated_svd", A + "import scipy.linalg.interpolative as i\ndef f(): i.svd(A, 5)"),
    ("02-lsa", "truncated_svd", A + "from scipy.sparse.linalg import lobpcg\ndef f(): lobpcg(A.T @ A, A[:80, :3])"),
    ("07-transformer", "layer_norm", X + "def f(): torch.nn.RMSNorm(4)(x)"),
    ("07-transformer", "layer_norm", X + "def f(): F.group_norm(x[None], 3)"),
    ("07-transformer", "layer_norm", X + "def f(): F.instance_norm(x[None])"),
    ("07-transformer", "layer_norm", X + "def f(): F.batch_norm(x.T, None, None, training=True)"),
    ("07-transformer", "layer_norm", X + "def f(): torch.native_batch_norm(x.T, None, None, None, None, True, 0.0, 1e-5)"),
    ("07-transformer", "layer_norm", X + "def f(): aten._native_batch_norm_legit.no_stats(x.T, None, None, True, 0.0, 1e-5)"),
    ("07-transformer", "layer_norm", X + "def f(): torch.native_group_norm(x, None, None, 3, 4, 1, 1, 1e-5)"),
    (
        "07-transformer",
        "layer_norm",
        X + "o = torch.ones(3)\ndef f(): aten.native_batch_norm_backward(x.T, x.T, None, None, None, o, o, True, 1e-5, [True] * 3)",
    ),
    ("06-attention", "scaled_dot_product_attention", X + "def f(): aten._scaled_dot_product_attention_math(x, x, x)"),
    (
        "06-attention",
        "scaled_dot_product_attention",
        X + "def f(): aten._scaled_dot_product_flash_attention_for_cpu(x[None, None], x[None, None], x[None, None])",
    ),
    (
        "06-attention",
        "scaled_dot_product_attention",
        X + "from torch.nn.attention.flex_attention import flex_attention as g\ny = torch.ones(1, 1, 128, 16)\ndef f(): g(y, y, y)",
    ),
    (
        "06-attention",
        "attention_backward",
        X
        + "y = x[None, None]\ng = aten._scaled_dot_product_flash_attention_for_cpu_backward\ndef f(): g(y, y, y, y, y, y[..., 0], 0.0, False)",
    ),
    (
        "05-gru",
        "gru_cell_backward",
        X + "g, h, y = aten._thnn_differentiable_gru_cell_backward, torch.ones(3, 2), torch.ones(3, 6)\ndef f(): g(h, y, y, h, None, None)",
    ),
    (
        "04-lstm",
        "lstm_cell_backward",
        X + "g, c = aten._thnn_differentiable_lstm_cell_backward, x[:, :1]\ndef f(): g(c, c, x, x, None, None, c, c)",
    ),
    (
        "04-lstm",
        "lstm_cell_forward",
        X + "w, h = torch.ones(16, 4), torch.zeros(1, 4)\nb = torch.zeros(16)\n"
        "def f(): aten.mkldnn_rnn_layer(x[:, None], w, w, b, b, h, h, False, [], 2, 4, 1, True, False, False, False)",
    ),
    ("01-backprop", "adam_step", P + "def f(): torch.optim.AdamW(p).step()"),
    ("01-backprop", "adam_step", P + "def f(): torch.optim.Adamax(p).step()"),
    ("01-backprop", "adam_step", P + f"from torch.optim.adam import adam\ndef f(): adam(p, z, z, z, [], t, {KEYWORDS})"),
    (
        "01-backprop",
        "adam_step",
        P + f"g = torch.ops.aten._fused_adam_\ndef f(): g([x.detach() for x in p], z, z, z, [], t, {KEYWORDS})",
    ),
]


@pytest.fixture(scope="module")
def warm() -> Iterator[Sandbox]:
    """A warm sandbox with NumPy and torch."""
    with Sandbox(("numpy", "torch")) as sandbox:
        yield sandbox


@pytest.mark.parametrize(("assignment", "exercise", "source"), RELATIVES)
def test_a_relative_is_noticed(warm: Sandbox, assignment: str, exercise: str, source: str) -> None:
    """What does the work of a forbidden routine under another name is forbidden too."""
    session = warm.open()
    assert session.run_cell("f", "import numpy as np\nimport torch\n" + source, 20)["error"] is None
    reply = session.call("f", (), {}, Manner(1, 20.0, Suite.read(SUITES / assignment).forbidden[exercise]))
    assert reply["used"], reply


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_forbidden_exists(assignment: str) -> None:
    """Every name on a list is a routine of the library: a name with a slip would forbid nothing."""
    forbidden = Suite.read(SUITES / assignment).forbidden
    for exercise, names in forbidden.items():
        assert (SUITES / assignment / f"test_{exercise}.py").is_file(), exercise
        for name in names:
            found = resolve_name(name.partition(">")[0])
            assert callable(found) or found.__name__ == "torch", name  # `torch` alone forbids all of it


IN_NUMPY = ("01-backprop", "02-lsa", "03-rnn")


@pytest.mark.parametrize("assignment", IN_NUMPY)
def test_what_is_forbidden_is_said(assignment: str) -> None:
    """The docstring of every exercise with a list says what may be called, or may not: nobody loses points by a rule that stands nowhere."""
    for exercise in Suite.read(SUITES / assignment).forbidden:
        stub = next(cell.source for cell in lesson_of(assignment).cells if cell.exercise == exercise)
        assert re.search(r"may (not )?be called", stub), exercise


@pytest.mark.parametrize("assignment", IN_NUMPY)
def test_torch_may_be_compared_with(assignment: str) -> None:
    """The sandbox has imported torch: a student's own import finds it, where the memory left to a submission would be too small for it."""
    assert "torch" in Suite.read(SUITES / assignment).modules
