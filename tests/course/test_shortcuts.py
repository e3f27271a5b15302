"""A library's own routine in place of the exercise loses the points, and the page says which call it was."""

import re
from pkgutil import resolve_name

import pytest

from autograder.runner import Suite
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
