"""Forbidden library calls are noticed whichever way they are made, and nothing else is taken for one."""

import time
from collections.abc import Iterator

import pytest

from autograder.model import Cell
from autograder.replay import Budget, Replay
from autograder.sandbox.host import Manner, Sandbox
from autograder.shortcuts import CELL_CHARACTERS, find_shortcuts, names_in_probes
from autograder.student import Student, StudentFault

pytestmark = pytest.mark.slow

GRU = ("torch.gru_cell", "torch.gru")
BACKWARD = ("torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward")
SVD = (
    *(f"numpy.linalg.{name}>64" for name in ("svd", "eigh", "eigvalsh", "eig", "lstsq")),
    *(f"scipy.linalg.{name}>64" for name in ("svd", "svdvals", "eigh", "schur", "eigh_tridiagonal")),
    *(f"scipy.linalg.lapack.{name}>64" for name in ("dgesdd", "zheevr")),
    *(
        "scipy.sparse.linalg.svds",
        "scipy.sparse.linalg.eigsh",
        "sklearn.utils.extmath.randomized_svd",
        "sklearn.decomposition.TruncatedSVD",
    ),
)
PROBES = '''
import numpy as np
import torch

def by_itself(student):
    """A forward pass of PyTorch's, a backward pass through f, and an SVD"""
    x = torch.ones(2, 3, requires_grad=True)
    torch.nn.GRUCell(3, 4)(x, torch.ones(2, 4)).sum().backward()
    torch.func.jvp(torch.sin, (torch.ones(2),), (torch.ones(2),))
    np.linalg.svd(np.eye(90))
    student.f(torch.autograd.grad((x * x).sum(), x)[0])
    return 5
'''


@pytest.fixture(scope="module")
def warm() -> Iterator[Sandbox]:
    """A warm sandbox with NumPy and torch."""
    with Sandbox(("numpy", "torch")) as sandbox:
        yield sandbox


def make(sandbox: Sandbox, forbidden: tuple[str, ...], source: str) -> Student:
    """A submission with one cell of imports and values, and the cell of the exercise `f`."""
    given = "import os, threading\nimport numpy as np\nimport torch\n"
    replay = Replay(sandbox, [Cell("imports", given), Cell("f", source)], probes=PROBES, budget=Budget(10, 20))
    replay.run()
    assert not replay.errors, replay.errors
    return Student(replay, "f", seed=1, forbidden=forbidden)


def noticed(sandbox: Sandbox, forbidden: tuple[str, ...], source: str) -> list[str]:
    """What the child alone notices in a call of `f`."""
    session = sandbox.open()
    assert session.run_cell("f", "import os, threading\nimport numpy as np\nimport torch\n" + source, 20)["error"] is None
    reply = session.call("f", (), {}, Manner(1, 20.0, forbidden))
    assert reply["status"] in ("ok", "raised"), reply
    return list(reply["used"])


X = "x, h, a = torch.ones(2, 3), torch.ones(2, 4), (torch.ones(12, 3), torch.ones(12, 4))\n"
CELL_TRICKS = {
    "plain": "def f(): return torch.gru_cell(x, h, *a)",
    "operator": "def f(): return torch.ops.aten.gru_cell.default(x, h, *a)",
    "private": "def f(): return getattr(torch._VF, 'gru' + '_cell')(x, h, *a)",
    "module": "def f(): return torch.nn.GRUCell(3, 4)(x, h)",
    "alias": "g = torch._C._VariableFunctions.gru_cell\ndef f(): return g(x, h, *a)",
    "thread": "def f():\n    t = threading.Thread(target=torch.gru_cell, args=(x, h, *a)); t.start(); t.join()",
    "pool": "from concurrent.futures import ThreadPoolExecutor as P\np = P(1)\ndef f(): return p.submit(torch.gru_cell, x, h, *a).result()",
    "script": "@torch.jit.script\ndef g(x, h, a, b):\n    return torch.gru_cell(x, h, a, b)\ndef f(): return g(x, h, *a)",
    "no torch function": "def f():\n    with torch._C.DisableTorchFunction(): return torch.gru_cell(x, h, *a)",
    "no subclass": "def f():\n    with torch._C.DisableTorchFunctionSubclass(): return torch.gru_cell(x, h, *a)",
    "inference": "def f():\n    with torch.inference_mode(): return torch.gru_cell(x * 1, h, *a)",
    "fork": "def f():\n    if os.fork() == 0:\n        torch.gru_cell(x, h, *a); os._exit(0)\n    os.wait()",
    "caught": "def f():\n    torch.gru_cell(x, h, *a); raise ValueError",
}
L = "x = torch.ones(3, requires_grad=True)\ndef loss(x): return (x**3).sum()\n"
GRADIENT_TRICKS = {
    "grad": "def f(): return torch.autograd.grad(loss(x), x)[0]",
    "alias": "g = getattr(torch.autograd, 'gr' + 'ad')\ndef f(): return g(loss(x), x)[0]",
    "backward": "def f(): loss(x).backward(); return x.grad",
    "thread": "def f():\n    t = threading.Thread(target=lambda: loss(x).backward()); t.start(); t.join(); return x.grad",
    "fork": "def f():\n    if os.fork() == 0:\n        loss(x).backward(); os._exit(0)\n    os.wait()",
    "func.grad": "def f(): return torch.func.grad(loss)(torch.ones(3))",
    "func.vjp": "def f(): return torch.func.vjp(loss, torch.ones(3))[1](torch.tensor(1.0))[0]",
    "func.jacrev": "def f(): return torch.func.jacrev(loss)(torch.ones(3))",
    "func.jvp": "def f(): return torch.func.jvp(loss, (torch.ones(3),), (torch.ones(3),))[1]",
    "func.jacfwd": "def f(): return torch.func.jacfwd(loss)(torch.ones(3))",
    "functional": "def f(): return torch.autograd.functional.jacobian(loss, torch.ones(3))",
    "forward mode": (
        "import torch.autograd.forward_ad as fw\ndef f():\n    with fw.dual_level():\n"
        "        return fw.unpack_dual(loss(fw.make_dual(torch.ones(3), torch.ones(3)))).tangent"
    ),
    "engine": (
        "def f(): return torch.autograd.Variable._execution_engine.run_backward("
        "(loss(x),), (torch.tensor(1.0),), False, False, (x,), True, accumulate_grad=False)[0]"
    ),
    "its function": (
        "from torch.autograd.graph import _engine_run_backward as run\ndef f(): return run("
        "(loss(x),), (torch.tensor(1.0),), False, False, (x,), True, accumulate_grad=False)[0]"
    ),
    "node": "def f(): return (x**3).grad_fn(torch.ones(3))",
}
A = "A = np.random.default_rng(0).normal(size=(100, 90))\n"
SVD_TRICKS = {
    "svd": "def f(): return np.linalg.svd(A)[1]",
    "keyword": "def f(): return np.linalg.svd(full_matrices=False, a=A)[1]",
    "alias": "from numpy.linalg import svd as s\ndef f(): return s(A)[1]",
    "compiled": "from numpy.linalg._umath_linalg import svd_s as s\ndef f(): return s(A)[1]",
    "thread": "def f():\n    t = threading.Thread(target=np.linalg.svd, args=(A,)); t.start(); t.join()",
    "svdvals": "def f(): return np.linalg.svdvals(A)",
    "pinv": "def f(): return np.linalg.pinv(A)",
    "eigh": "def f(): return np.linalg.eigh(A.T @ A)[0]",
    "eigvalsh": "def f(): return np.linalg.eigvalsh(A.T @ A)",
    "lstsq": "def f(): return np.linalg.lstsq(A, np.ones(100), rcond=None)[3]",
    "scipy": "import scipy.linalg\ndef f(): return scipy.linalg.svd(A)[1]",
    "scipy within": "def f():\n    import scipy.linalg\n    return scipy.linalg.svd(A, full_matrices=False)[1]",
    "scipy alias": "import scipy.linalg\ns = getattr(scipy.linalg, 's' + 'vd')\ndef f(): return s(A)[1]",
    "scipy svdvals": "from scipy.linalg import svdvals\ndef f(): return svdvals(A)",
    "scipy eigh": "import scipy.linalg as l\ndef f(): return l.eigh(A.T @ A)[0]",
    "schur": "from scipy.linalg import schur as s\ndef f(): return s(A.T @ A)",
    "lapack": "from scipy.linalg import lapack\ndef f(): return lapack.dgesdd(A)[1]",
    "lapack alias": "from scipy.linalg.lapack import sgesdd as s\ndef f(): return s(A)[1]",
    "lapack within": "def f():\n    from scipy.linalg.lapack import get_lapack_funcs as g\n    return g(('heevr',), (A.T @ A * 1j,))[0](A.T @ A)",
    "tridiagonal": "import scipy.linalg as l\ndef f(): return l.eigh_tridiagonal(np.ones(90), np.ones(89))",
    "svds": "from scipy.sparse.linalg import svds\ndef f(): return svds(A, k=5)[1]",
    "eigsh": "def f():\n    from scipy.sparse.linalg import eigsh\n    return eigsh(A.T @ A, k=5)[0]",
    "sklearn": "def f():\n    from sklearn.decomposition import TruncatedSVD\n    return TruncatedSVD(5).fit(A).singular_values_",
    "extmath": "from sklearn.utils.extmath import randomized_svd\ndef f(): return randomized_svd(A, 5, random_state=0)[1]",
}
TRICKS = [
    *(pytest.param(GRU, X + source, id=f"cell-{name}") for name, source in CELL_TRICKS.items()),
    *(pytest.param(BACKWARD, L + source, id=f"gradient-{name}") for name, source in GRADIENT_TRICKS.items()),
    *(pytest.param(SVD, A + source, id=f"svd-{name}") for name, source in SVD_TRICKS.items()),
]


@pytest.mark.parametrize(("forbidden", "source"), TRICKS)
def test_a_trick_is_noticed(warm: Sandbox, forbidden: tuple[str, ...], source: str) -> None:
    """The routine is noticed where it runs, whatever the student's function calls it by."""
    assert noticed(warm, forbidden, source)


HONEST = {
    "own function": (SVD, A + "def svd(a): return a.sum(axis=0)\ndef f(): return svd(A)"),
    "small": (SVD, A + "def f(): return np.linalg.svd(A[:, :64])[1], np.linalg.eigh(np.eye(64))[0], np.linalg.qr(A)[0]"),
    "small in scipy": (SVD, A + "import scipy.linalg\ndef f(): return scipy.linalg.svd(A[:64])[1], scipy.linalg.eigh(np.eye(64))[0]"),
    "small in LAPACK": (SVD, A + "from scipy.linalg.lapack import dgesdd\ndef f(): return dgesdd(A[:64])[1]"),
    "text": (GRU, 'def f():\n    """torch.gru_cell(x) does it."""\n    return "torch.gru_cell"  # torch.gru_cell'),
    "other routines": (GRU, X + "def f(): return torch.sigmoid(torch.nn.functional.linear(x, a[0])) + torch.nn.LSTMCell(3, 12)(x)[0]"),
    "own Tensor": (
        BACKWARD,
        "class T:\n    def backward(self): return 1\n    grad_fn = lambda self, x: x\ndef f(): return T().backward(), T().grad_fn(2)",
    ),
    "graph": (BACKWARD, L + "def f(): return str(loss(x).grad_fn), x.grad_fn is None, loss(x).grad_fn.next_functions[0][0] is not None"),
    "vmap": (BACKWARD, "def f(): return torch.func.vmap(torch.sin)(torch.ones(3))"),
    "asserts of the cell": (
        GRU,
        X + "def f(): return x.sum()\nreference = torch.gru_cell(x, h, *a)\nassert torch.gru_cell(x, h, *a).shape == h.shape",
    ),
    "reference beside it": (GRU, X + "def f(): return x.sum()\ndef theirs(): return torch.gru_cell(x, h, *a)\ntheirs()"),
    "type test": (("torch.nn.GRUCell",), "def f(cell: torch.nn.GRUCell = None): return isinstance(cell, torch.nn.GRUCell)"),
    "own name": (
        ("torch.gru_cell",),
        "class torch_like:\n    gru_cell = staticmethod(lambda x: x)\ndef f():\n    torch = torch_like\n    return torch.gru_cell(3)",
    ),
    "no torch": (("torch",), "def f(): return np.ones(3).sum()"),
}


@pytest.mark.parametrize(("forbidden", "source"), HONEST.values(), ids=HONEST)
def test_honest_work_is_not_accused(warm: Sandbox, forbidden: tuple[str, ...], source: str) -> None:
    """Names in text, own functions, small matrices, comparisons outside the function: nothing of it counts."""
    make(warm, forbidden, source).f()


def test_what_a_probe_does_itself_does_not_count(warm: Sandbox) -> None:
    """The suite's own use of a routine, before and around the student's function, is not the student's."""
    assert make(warm, (*GRU, *BACKWARD, *SVD), "def f(x): return 2 * x").probe.by_itself() == 5
    with pytest.raises(StudentFault, match=r"^Your code uses the library's `torch\.nn\.functional\.gelu`"):
        make(warm, ("torch.nn.functional.gelu",), "def f(x): return torch.nn.functional.gelu(x)").probe.by_itself()


def test_the_list_of_one_exercise_is_not_that_of_the_next(warm: Sandbox) -> None:
    """In the same child a routine counts for the exercise that forbids it, before and after the calls of another."""
    session = warm.open()
    assert session.run_cell("f", "import torch\n" + X + "def f(): return torch.gru_cell(x, h, *a)", 20)["error"] is None
    used = [session.call("f", (), {}, Manner(1, 20.0, names))["used"] for names in (GRU, (), BACKWARD, GRU, ())]
    assert used == [["torch.gru_cell"], [], [], ["torch.gru_cell"], []]


def test_watched_routines_give_what_they_gave(warm: Sandbox) -> None:
    """A routine that is watched computes, and sends back gradients, as ever; its source can still be read."""
    source = X + (
        "import inspect\nx.requires_grad_()\ndef g():\n    y = torch.nn.functional.layer_norm(torch.gru_cell(x, h, *a), (4,))\n"
        "    return y.detach(), torch.autograd.grad((y**3).sum(), x)[0], np.linalg.svd(np.eye(3) + 1)[1]\nbefore = g()\n"
        "def f():\n    same = [np.array_equal(np.asarray(p), np.asarray(q)) for p, q in zip(before, g())]\n"
        "    return all(same), 'run_backward' in inspect.getsource(torch.autograd.grad), 'outputs' in inspect.signature(torch.autograd.grad).parameters"
    )
    session = warm.open()
    assert session.run_cell("f", "import numpy as np\nimport torch\n" + source, 20)["error"] is None
    names = (*GRU, *BACKWARD, "torch.nn.functional.layer_norm", "torch.native_layer_norm", "numpy.linalg.svd")
    reply = session.call("f", (), {}, Manner(1, 20.0, names))
    assert reply["value"] == (True, True, True), reply
    assert set(reply["used"]) >= {"torch.gru_cell", "torch.nn.functional.layer_norm", "torch.native_layer_norm", "numpy.linalg.svd"}


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("def f(x):\n    if x > 5:\n        return torch.gru_cell(x)\n    return x", " in line 3 of its cell"),
        ("def g(x):\n    return torch.gru_cell(x) if x > 5 else x\ndef f(x):\n    return g(x)", " in line 2 of its cell"),
        ("def f(x):\n    return torch.nn.GRUCell(3, 4)(torch.ones(2, 3))", ""),
    ],
)
def test_the_sentence_names_call_and_line(warm: Sandbox, source: str, where: str) -> None:
    """The student reads which call it was, and where it stands, also when this call did not take that way."""
    with pytest.raises(StudentFault) as caught:
        make(warm, GRU, source).f(1)
    assert caught.value.sentence == f"`f` uses the library's `torch.gru_cell`{where}. This exercise asks you to write that yourself."


def found(source: str, forbidden: tuple[str, ...] = GRU, imports: str = "import torch") -> list[int]:
    """The lines on which `f` mentions what is forbidden."""
    return [place.line for place in find_shortcuts((Cell("imports", imports), Cell("f", source)), frozenset({"f"}), forbidden)]


@pytest.mark.parametrize(
    ("imports", "body"),
    [
        ("import torch", "torch.gru_cell(x)"),
        ("import torch as t", "t.gru_cell(x)"),
        ("from torch import gru_cell as g", "g(x)"),
        ("import torch", "getattr(torch, 'gru_cell')(x)"),
        ("import torch", "getattr(torch, 'gru_' + 'cell')(x)"),
        ("import torch", "list(map(torch.gru_cell, x))"),
        ("%matplotlib inline\nimport torch", "torch.gru_cell(x)"),
        ("import torch\ng = torch.gru_cell", "g(x)"),
        ("import torch\nif True:\n    def g(x): return torch.gru_cell(x)", "g(x)"),
    ],
)
def test_mentions_are_found(imports: str, body: str) -> None:
    """Imports under any name, `getattr` of a constant, and helpers in other cells are followed."""
    assert found(f"def f(x):\n    return {body}", imports=imports)


@pytest.mark.parametrize(
    "source",
    [
        "def f(torch): return torch.gru_cell(1)",
        "def f(x): return x\ntorch.gru_cell(1)",
        "def f(x):\n    assert torch.allclose(x, torch.gru_cell(x))\n    return x",
        "def f(x) -> 'torch.gru_cell': return x",
        "def f(x): return hasattr(x, 'a')\ndef h(x): return torch.gru_cell(x)",
        "torch = object()\ndef f(x): return torch.gru_cell(x)",
        "def f(x): return torch.gru_cell_of_mine(x)",
        "def f(x): return torch.gru_cell(x)\ndef f(x): return x",
        "def f(x):\n    return (",
    ],
)
def test_other_mentions_are_not(source: str) -> None:
    """What is not reached, means something else, is replaced later or is no Python counts for nothing."""
    assert found(source) == []


def test_limits_and_whole_packages_are_left_to_the_run() -> None:
    """Whether a matrix is small, or a package is used at all, can't be read from the text."""
    source = "import numpy as np\ndef f(x): return np.linalg.svd(torch.ones(3))"
    assert found(source, ("numpy.linalg.svd>64", "torch")) == []


def test_names_in_probes() -> None:
    """Of a probe, what it takes from the student."""
    assert names_in_probes("def p(student, x):\n    return student.f(student.G(x).h)") == {"f", "G"}


MONSTERS = {
    "dots": "def f(x): pass\nif 0:\n" + ("    x" + ".b" * 900 + "\n") * 50,
    "one name": "x" + ".b" * 49_000,
    "minus": "-" * 90_000 + "1",
    "sum": "1" + "+1" * 45_000,
    "brackets": "(" * 90_000,
    "calls": "f" + "()" * 45_000,
    "indices": "f" + "[0]" * 30_000,
    "not": "not " * 24_000 + "1",
    "lambda": "lambda:" * 14_000 + "1",
    "getattr": "def f(x): return " + "getattr(" * 80 + "torch" + ", 'a')" * 80,
    "imports": "".join(f"import a{i} as b{i}\n" for i in range(4_000)),
    "functions": "import torch\n" + "".join(f"def f{i}(): return f{i + 1}\n" for i in range(3_000)) + "def f(): return f0\n",
    "aliases": "def f(): pass\n" + "f = f\n" * 15_000,
    "names of one value": (chain := "=".join(f"a{i}" for i in range(8_000))) + "=(" + chain.replace("=", ",") + ",)\ndef f(): return a0\n",
    "names in tuples": "(" + chain.replace("=", ",") + f",)=({chain.replace('=', ',')},)\ndef f(): return a0\n",
    "long import": "import torch." + "b" * 40_000 + " as b\ndef f():\n" + "    b\n" * 9_000,
    "elif": "if x: pass\n" + "elif x: pass\n" * 7_000,
    "nul": "x = 1\0",
    "surrogate": "x = '\ud800'",
    "too long": "x = 1\n" * CELL_CHARACTERS,
}


@pytest.mark.parametrize("source", MONSTERS.values(), ids=MONSTERS)
def test_a_monstrous_cell_takes_no_time(source: str) -> None:
    """A cell made to be slow to search, or too deep to parse, is done with at once, and raises nothing."""
    start = time.process_time()
    found(source, (*GRU, *BACKWARD))
    assert time.process_time() - start < 2
