"""Stand-ins, in the sandbox, for functions that stay on the host's side: a call becomes a question, its answer a value or an exception."""

import builtins
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

__all__ = ["StandIn"]

Ask = Callable[[dict[str, Any]], dict[str, Any]]


class StandIn:
    """Behaves as the host's function number `use`: its values, its exceptions, what it does to its arguments, its gradients."""

    def __init__(self, ask: Ask, use: int, name: str) -> None:
        self._ask, self._use, self._lock = ask, use, threading.Lock()
        self.__name__ = self.__qualname__ = name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """What the function gives for these arguments."""
        arguments, names = (*arguments, *keywords.values()), list(keywords)
        places = [place for place, value in enumerate(arguments) if _wants_gradient(value)]
        same = [next(place for place, other in enumerate(arguments) if other is value) for value in arguments]
        answer = self._question({"use": self._use, "arguments": arguments, "names": names, "same": same, "differentiable": places})
        for place, after in answer["changed"].items():
            _write_back(arguments[place], after)
        value = answer["value"]
        if not answer["differentiable"]:
            return value
        parts = list(value) if isinstance(value, tuple | list) else [value]
        inputs = [arguments[place] for place in places]
        results = [parts[place] for place in answer["differentiable"]]
        outputs = _remote().apply(lambda upstream: self._gradients(answer["graph"], upstream), results, *inputs)
        for place, output in zip(answer["differentiable"], outputs, strict=True):
            parts[place] = output
        return type(value)(parts) if isinstance(value, tuple | list) else parts[0]

    def _question(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            answer = self._ask(request)
        if answer["status"] == "raised":
            kind = getattr(builtins, answer["type"], RuntimeError)
            raise kind(answer["message"]) if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError(answer["message"])
        return answer

    def _gradients(self, graph: int, upstream: tuple[Any, ...]) -> tuple[Any, ...]:
        answer = self._question({"graph": graph, "upstream": tuple(part.detach().clone() for part in upstream)})
        return tuple(answer["gradients"])


@cache
def _remote() -> Any:
    """The autograd function whose outputs are known already, and whose gradients are asked for when somebody wants them."""
    import torch

    class Remote(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, gradients: Callable[..., Any], results: list[Any], *inputs: Any) -> tuple[Any, ...]:
            ctx.gradients = gradients
            return tuple(result.clone() for result in results)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, *upstream: Any) -> tuple[Any, ...]:
            return (None, None, *ctx.gradients(upstream))

    return Remote


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _wants_gradient(value: Any) -> bool:
    return _is_tensor(value) and value.requires_grad and sys.modules["torch"].is_grad_enabled()


def _write_back(mine: Any, after: Any) -> None:
    """Does to the caller's array what the function did to its own."""
    if isinstance(mine, np.ndarray):
        mine[...] = after
    elif _is_tensor(mine):
        with sys.modules["torch"].no_grad():
            mine.copy_(after)
