"""Functions of ours that a student's code may call while it never holds them: requests to use one in, plain answers out.

A student's own test of `linear_backward` is given a stand-in. What it calls that with comes here, the function runs on this side,
and its result goes back: neither right answers nor catalogued mistakes enter the sandbox.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from autograder.describe import is_tensor
from autograder.ourselves import time_limit

__all__ = ["Lending", "Lent"]

#: What a student's test may ask of one function: so many calls, each with so many numbers and so long.
MOST_USES: Final = 5_000
MOST_NUMBERS: Final = 1 << 14
USE_SECONDS: Final = 2.0
MESSAGE_CHARACTERS: Final = 200


@dataclass(frozen=True)
class Lent:
    """An argument of a call: the student's code gets a stand-in for `function`, for as long as the call lasts."""

    function: Callable[..., Any]

    def __repr__(self) -> str:
        return "f"


class Lending:
    """Answers the uses of the functions that one call was lent. Whatever a request holds, the answer is a dict of plain data.

    What the functions print or warn of is for the caller to keep away.
    """

    def __init__(self, functions: Mapping[int, Callable[..., Any]]) -> None:
        self._functions = functions
        self._uses = 0
        self._graphs: dict[int, tuple[list[Any], list[Any]]] = {}

    def answer(self, request: Mapping[Any, Any]) -> dict[str, Any]:
        """`{"status": "ok", …}` or `{"status": "raised", "type", "message"}`."""
        self._uses += 1
        if self._uses > MOST_USES:
            return _raised("RuntimeError", f"f was called more than {MOST_USES} times")
        try:
            with time_limit(USE_SECONDS):
                return self._differentiate(request) if "upstream" in request else self._use(request)
        except Exception as error:
            return _raised(type(error).__name__, str(error))

    def _use(self, request: Mapping[Any, Any]) -> dict[str, Any]:
        arguments, keywords = [request["arguments"][place] for place in request["same"]], request["keywords"]
        if sum(map(_size, (*arguments, *keywords.values()))) > MOST_NUMBERS:
            raise ValueError(f"f takes {MOST_NUMBERS} numbers at most here: try it on smaller arrays")
        before = [_copied(argument) for argument in arguments]
        inputs = [arguments[place].requires_grad_() for place in request["differentiable"]]
        value = self._functions[request["use"]](*arguments, **keywords)
        parts = list(value) if isinstance(value, tuple | list) else [value]
        outputs = [part for part in parts if inputs and is_tensor(part) and part.requires_grad]
        if outputs:
            self._graphs[self._uses] = (outputs, inputs)
        places = [place for place, part in enumerate(parts) if any(part is output for output in outputs)]
        changed = {place: now for place, now in enumerate(arguments) if not _same(now, before[place])}
        return {"status": "ok", "value": value, "changed": changed, "graph": self._uses, "differentiable": places}

    def _differentiate(self, request: Mapping[Any, Any]) -> dict[str, Any]:
        outputs, inputs = self._graphs[request["graph"]]
        torch = sys.modules["torch"]
        gradients = torch.autograd.grad(outputs, inputs, request["upstream"], retain_graph=True, allow_unused=True)
        return {"status": "ok", "gradients": tuple(gradients)}


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
    if isinstance(value, np.ndarray) or is_tensor(value):
        return int(np.prod(value.shape))
    if isinstance(value, tuple | list):
        return sum(map(_size, value))
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    return 1
