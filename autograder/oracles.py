"""Independent numerical oracles for the hidden suites."""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["numerical_gradient"]


def numerical_gradient(f: Callable[[np.ndarray], Any], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences (f(x + h) - f(x - h)) / 2h of a scalar `f` at the float64 array `x`, entry by entry; `x` is not changed.

    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6).tolist()
    [2.0, -6.0]
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        centre = x[index]
        x[index] = centre + step
        above = float(f(x.copy()))
        x[index] = centre - step
        below = float(f(x.copy()))
        x[index] = centre
        gradient[index] = (above - below) / (2 * step)
    return gradient
