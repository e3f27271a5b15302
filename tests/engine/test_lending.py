"""Lent functions: a student's code calls a stand-in that behaves as the function does, and never holds the function."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from autograder.lending import MOST_KEPT, MOST_NUMBERS, Lending, Lent
from autograder.sandbox.host import ChildEnded, Manner, Sandbox, Session

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def warm() -> Iterator[Sandbox]:
    """A warm sandbox with torch."""
    with Sandbox(("numpy", "torch")) as sandbox:
        yield sandbox


def judge(sandbox: Sandbox, source: str, function: Callable[..., Any], name: str = "f") -> dict[str, Any]:
    """The reply to `judge(f)`, defined by `source`, with `function` lent."""
    session = sandbox.open()
    assert session.run_cell("judge", f"import numpy as np, torch\n{source}", 10)["error"] is None
    return session.call("judge", (Lent(function, name),), {}, Manner(0, 10.0))


def value(sandbox: Sandbox, source: str, function: Callable[..., Any], name: str = "f") -> Any:
    """What `judge(f)` returns."""
    reply = judge(sandbox, source, function, name)
    assert reply["status"] == "ok", reply
    return reply["value"]


def test_values_and_keywords_cross(warm: Sandbox) -> None:
    """Arguments go out, results come back, as often as the code likes."""
    source = "def judge(f): return [f(np.arange(3.0), factor=k) for k in range(3)], f(2.0)"
    several, one = value(warm, source, lambda x, factor=5: x * factor)
    assert [part.tolist() for part in several] == [[0, 0, 0], [0, 1, 2], [0, 2, 4]]
    assert one == 10


def test_exceptions_cross(warm: Sandbox) -> None:
    """What the function raises is raised again, by its type where Python has it, and can be caught."""

    def function(x: float) -> float:
        raise (ValueError if x else np.linalg.LinAlgError)(f"not {x}")

    source = "def judge(f):\n    for x in (1.0, 0.0):\n        try: f(x)\n        except ValueError as error: first = str(error)\n"
    source += "        except RuntimeError as error: second = str(error)\n    return first, second"
    kinds = value(warm, source, function)
    assert kinds == ("not 1.0", "not 0.0") or kinds[0] == "not 0.0"


def test_changed_arguments_are_changed(warm: Sandbox) -> None:
    """A function that writes into its arguments does so to the caller's arrays, also to one that is given twice."""

    def function(x: np.ndarray, y: np.ndarray, t: torch.Tensor) -> bool:
        x += 1
        t *= 2
        return x is y

    source = "def judge(f):\n    x, t = np.zeros((2, 3)), torch.ones(2)\n    same = f(x, x, t), f(x.T, x, t)\n    return same, x, t"
    same, x, t = value(warm, source, function)
    assert same == (True, False)
    assert (x == 2).all()
    assert t.tolist() == [4, 4]


GRADIENT = """
def judge(f):
    x = torch.linspace(-1, 1, 5, dtype=torch.float64, requires_grad=True)
    y, plain = f(x * 2, torch.ones(5, dtype=torch.float64))
    (y * torch.arange(5)).sum().backward()
    with torch.no_grad():
        quiet = f(x, x)[0].requires_grad
    return x.grad, plain.requires_grad, quiet, torch.autograd.gradcheck(lambda z: f(z, torch.ones(5).double())[0], x)
"""


def test_gradients_come_back(warm: Sandbox) -> None:
    """A result can be differentiated as if the function had been here; what it detached stays detached."""
    gradient, plain, quiet, checked = value(warm, GRADIENT, lambda x, w: (torch.sin(x) * w, x.detach()))
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    torch.testing.assert_close(gradient, 2 * torch.cos(2 * x) * torch.arange(5))
    assert (plain, quiet, checked) == (False, False, True)


def test_arguments_by_name_are_arguments(warm: Sandbox) -> None:
    """What is given by name gets gradients and is changed, as what is given by place."""

    def function(x: torch.Tensor, w: torch.Tensor, y: np.ndarray) -> torch.Tensor:
        y += 1
        return (x * w).sum()

    source = "def judge(f):\n    x, w = torch.ones(3, requires_grad=True), torch.arange(3.0, requires_grad=True)\n    y = np.zeros(2)\n"
    source += "    f(x, y=y, w=w).backward()\n    return x.grad, w.grad, y"
    x, w, y = value(warm, source, function)
    assert (x.tolist(), w.tolist(), y.tolist()) == ([0, 1, 2], [1, 1, 1], [1, 1])


def test_all_speak_under_one_name(warm: Sandbox) -> None:
    """Whatever the function is called here, it has the name that it was lent under, also where Python complains of a call."""

    def of_our_own(x: float, *, factor: float = 2.0) -> float:
        return x * factor

    source = "def judge(f):\n    try: f()\n    except TypeError as error: return f.__name__, str(error), f(1.0)"
    complaint = "linear() missing 1 required positional argument: 'x'"
    assert value(warm, source, of_our_own, "linear") == ("linear", complaint, 2.0)


def test_a_function_is_lent_for_one_call(warm: Sandbox) -> None:
    """Kept and used in a later call it gets no answer, and the process that tries is ended."""
    session: Session = warm.open()
    session.run_cell("judge", "kept = []\ndef judge(f):\n    kept.append(f)\n    return f(1.0)\ndef later(x): return kept[0](x)", 10)
    assert session.call("judge", (Lent(lambda x: x + 1),), {}, Manner(0, 10.0))["value"] == 2.0
    with pytest.raises(ChildEnded, match="it used a function after the call that it was lent for"):
        session.call("later", (1.0,), {}, Manner(0, 2.0))


def test_there_are_limits() -> None:
    """Too many numbers, too many calls and too long a wait are told to the caller as errors."""
    lending = Lending({0: Lent(lambda x: x)})
    request = {"use": 0, "arguments": (np.zeros(MOST_NUMBERS + 1),), "same": [0], "names": [], "differentiable": []}
    assert "numbers at most" in lending.answer(request)["message"]
    waiting = Lending({0: Lent(lambda x: sum(1 for _ in iter(int, 1)))})
    assert waiting.answer(request | {"arguments": (1.0,)})["type"] == "TimeoutError"


def ask(*arguments: Any, differentiable: tuple[int, ...] = ()) -> dict[str, Any]:
    """A request to use the function 0."""
    places = list(range(len(arguments)))
    return {"use": 0, "arguments": arguments, "names": [], "same": places, "differentiable": list(differentiable)}


def test_small_arrays_make_no_large_ones() -> None:
    """Axes of length 0 and products of vectors cost no more memory here than the arrays that were sent."""
    product = Lending({0: Lent(lambda x, y: x.T @ y)})
    assert product.answer(ask(np.zeros((0, 10_000)), np.zeros((0, 10_000))))["status"] == "raised"
    assert product.answer(ask(np.zeros((1, 8_000)), np.zeros((1, 8_000))))["type"] == "MemoryError"
    assert "gives" in product.answer(ask(np.zeros((1, 1_000)), np.zeros((1, 1_000))))["message"]
    assert product.answer(ask(np.zeros((3, 20)), np.zeros((3, 30))))["value"].shape == (20, 30)


def test_gradients_are_not_kept_without_end() -> None:
    """A caller who never asks for gradients does not fill this process; the latest can be had."""
    lending = Lending({0: Lent(lambda x: x * 2)})
    many = 2 * MOST_KEPT // MOST_NUMBERS
    graphs = [lending.answer(ask(torch.ones(MOST_NUMBERS, requires_grad=True), differentiable=(0,)))["graph"] for _ in range(many)]
    upstream = (torch.ones(MOST_NUMBERS),)
    assert "sooner" in lending.answer({"graph": graphs[0], "upstream": upstream})["message"]
    assert lending.answer({"graph": graphs[-1], "upstream": upstream})["status"] == "ok"


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"use": "0"},
        {"use": 7, "arguments": (), "same": [], "names": [], "differentiable": []},
        {"use": 0, "arguments": 3, "same": [0], "names": [], "differentiable": []},
        {"use": 0, "arguments": (1,), "same": [5], "names": None, "differentiable": [0]},
        {"graph": [], "upstream": None},
        {"graph": 1, "upstream": np.zeros(3)},
    ],
)
def test_forged_requests_are_only_errors(request_: dict[str, Any]) -> None:
    """Whatever a request holds, the answer says that something was raised."""
    assert Lending({0: Lent(lambda *x: x)}).answer(request_)["status"] == "raised"


def test_what_a_function_prints_stays_here(warm: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing that a lent function prints reaches the student or the terminal."""
    assert value(warm, "def judge(f): return f(1.0)", lambda x: print("secret") or x) == 1.0
    assert capfd.readouterr().out == ""
