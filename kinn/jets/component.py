"""One component of a jet, and arithmetic that leaves out what vanishes."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

#: One component: a tensor with the points along its first axis, or a plain number (0.0 where it vanishes everywhere).
Component: TypeAlias = Tensor | float


def as_tensor(c: Component) -> Tensor:
    """Return a component as a tensor; numbers in float64, which as 0-dimensional tensors promote nothing."""
    return c if isinstance(c, Tensor) else torch.tensor(c, dtype=torch.float64)


def vanishes(c: Component) -> bool:
    """Return whether a component is the number zero, so that nothing need be computed with it."""
    return isinstance(c, float | int) and c == 0


def plus(a: Component, b: Component) -> Component:
    """Return a + b."""
    if vanishes(a):
        return b
    return a if vanishes(b) else a + b


def times(a: Component, b: Component) -> Component:
    """Return a b."""
    if vanishes(a) or vanishes(b):
        return 0.0
    if isinstance(a, float | int) and a == 1:
        return b
    return a if isinstance(b, float | int) and b == 1 else a * b
