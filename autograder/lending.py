"""Functions of ours that a student's code may call while it never holds them: requests to use one in, plain answers out.

A student's own test of `linear_backward` is given a stand-in. What it calls that with comes here, the function runs on this side,
and its result goes back: neither right answers nor catalogued mistakes enter the sandbox.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final

import numpy as np

from autograder.describe import is_tensor
from autograder.ourselves import memory_limit, time_limit

__all__ = ["Lending", "Lent"]

#: What a student's test may ask of one function: so many calls, each with so many numbers, answered with so many, and so long.
MOST_USES: Final = 5_000
MOST_NUMBERS: Final = 1 << 14
MOST_RESULTS: Final = 1 << 18
USE_SECONDS: Final = 2.0
#: What one call may take meanwhile: the product of two small arrays can be a large one.
USE_BYTES: Final = 256 << 20
#: Results that can still be differentiated, by their numbers together; the oldest are forgotten first.
MOST_KEPT: Final = 1 << 21
MESSAGE_CHARACTERS: Final = 200


@dataclass(frozen=True)
class Lent:
    """An argument of a call: the student's code gets a stand-in for `function`, called `name`, for as long as the call lasts."""

    function: Callable[..., Any]
    name: str = "f"

    def __repr__(self) -> str:
        return "f"


class Lending:
    """Answers the uses of the functions that one call was lent. Whatever a request holds, the answer is a dict of plain data.

    What the functions print or warn of is for the caller to keep away.
    """

    def __init__(self, lent: Mapping[int, Lent]) -> None:
        self._functions = {use: _renamed(one.function, one.name) for use, one in lent.items()}
        self._uses = 0
        self._graphs: dict[int, tuple[list[Any], list[Any]]] = {}
        self._kept = 0

    def answer(self, request: Mapping[Any, Any]) -> dict[str, Any]:
        """`{"status": "ok", …}` or `{"status": "raised", "type", "message"}`."""
        self._uses += 1
        if self._uses > MOST_USES:
            return _raised("RuntimeError", f"f was called more than {MOST_USES} times")
        try:
            with memory_limit(USE_BYTES), time_limit(USE_SECONDS):
                return self._differentiate(request) if "upstream" in request else self._use(request)
        except Exception as error:
            return _raised(type(error).__name__, str(error))

    def _use(self, request: Mapping[Any, Any]) -> dict[str, Any]:
        arguments = [request["arguments"][place] for place in request["same"]]
        by_place = len(arguments) - len(request["names"])
        if _size(arguments) > MOST_NUMBERS:
            raise ValueError(f"f takes {MOST_NUMBERS} numbers at most here: try it on smaller arrays")
        before = [_copied(argument) for argument in arguments]
        inputs = [arguments[place].requires_grad_() for place in request["differentiable"]]
        keywords = dict(zip(request["names"], arguments[by_place:], strict=True))
        value = self._functions[request["use"]](*arguments[:by_place], **keywords)
        if _size(value) > MOST_RESULTS:
            raise ValueError(f"f gives {MOST_RESULTS} numbers at most here: try it on smaller arrays")
        parts = list(value) if isinstance(value, tuple | list) else [value]
        outputs = [part for part in parts if inputs and is_tensor(part) and part.requires_grad]
        if outputs:
            self._keep((outputs, inputs))
        places = [place for place, part in enumerate(parts) if any(part is output for output in outputs)]
        changed = {place: now for place, now in enumerate(arguments) if not _same(now, before[place])}
        return {"status": "ok", "value": value, "changed": changed, "graph": self._uses, "differentiable": places}

    def _keep(self, graph: tuple[list[Any], list[Any]]) -> None:
        self._graphs[self._uses] = graph
        self._kept += _size(graph)
        while self._kept > MOST_KEPT:
            self._kept -= _size(self._graphs.pop(next(iter(self._graphs))))

    def _differentiate(self, request: Mapping[Any, Any]) -> dict[str, Any]:
        if request["graph"] not in self._graphs:
            raise RuntimeError("f was called too often since: ask for its gradients sooner")
        outputs, inputs = self._graphs[request["graph"]]
        torch = sys.modules["torch"]
        gradients = torch.autograd.grad(outputs, inputs, request["upstream"], retain_graph=True, allow_unused=True)
        return {"status": "ok", "gradients": tuple(gradients)}


def _renamed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same function under another name: Python's own complaints about a call would tell which of ours it was."""
    if not isinstance(function, FunctionType):
        return function
    renamed = FunctionType(function.__code__, function.__globals__, name, function.__defaults__, function.__closure__)
    renamed.__kwdefaults__, renamed.__qualname__ = function.__kwdefaults__, name
    return renamed


def _raised(kind: str, message: str) -> dict[str, Any]:
    return {"status": "raised", "type": kind, "message": message[:MESSAGE_CHARACTERS]}


def _copied(value: Any) -> Any:
    if is_tensor(value):
        return value.clone()
    return value.copy() if isinstance(value, np.ndarray) else None


def _same(now: Any, before: Any) -> bool:
    """Whether an array or a tensor holds what it held; other values have no copy and are not looked at."""
    if is_tensor(now):
        return bool(sys.modules["torch"].equal(now, before))
    return not isinstance(now, np.ndarray) or now.tobytes() == before.tobytes()


def _size(value: Any) -> int:
    """How many numbers a value holds; an axis of length 0 counts as 1, for what is made from the others may be as long as they are."""
    if isinstance(value, np.ndarray) or is_tensor(value):
        return math.prod(max(length, 1) for length in value.shape)
    if isinstance(value, tuple | list):
        return sum(map(_size, value))
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return 1
