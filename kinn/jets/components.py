"""Components of jets: arithmetic that leaves out what vanishes, Leibniz' product rule, Faa di Bruno's chain rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from kinn.jets.index import Index, below, binomial, first_axis, subtract, trace_axes, unit, zero
from kinn.jets.univariate import Univariate

#: One component: a tensor with the points along its first axis, or a plain number (0.0 where it vanishes everywhere).
Component: TypeAlias = Tensor | float


class Components(Protocol):
    """Partial derivatives of a function by their multi-indices: a jet, as the rules below see it."""

    def __getitem__(self, a: Index, /) -> Component: ...


def as_tensor(c: Component) -> Tensor:
    """A component as a tensor; numbers in float64, which as 0-dimensional tensors promote nothing."""
    return c if isinstance(c, Tensor) else torch.tensor(c, dtype=torch.float64)


def vanishes(c: Component) -> bool:
    """Whether a component is the number zero, so that nothing need be computed with it."""
    return isinstance(c, float | int) and c == 0


def plus(a: Component, b: Component) -> Component:
    """Sum of two components."""
    if vanishes(a):
        return b
    return a if vanishes(b) else a + b


def times(a: Component, b: Component) -> Component:
    """Product of two components."""
    if vanishes(a) or vanishes(b):
        return 0.0
    if isinstance(a, float | int) and a == 1:
        return b
    return a if isinstance(b, float | int) and b == 1 else a * b


def leibniz(u: Components, v: Components, a: Index) -> Component:
    """Component D^a (u v); v is asked for a component only where that of u does not vanish."""
    total: Component = 0.0
    if trace_axes(a):
        o = zero(len(a))
        terms = [(1, o, a), (1, a, o), *((2, e, e) for e in (unit(len(a), i) for i in trace_axes(a)))]
    else:
        terms = [(binomial(a, b), b, subtract(a, b)) for b in below(a)]
    for n, b, c in terms:
        left = u[b]
        if not vanishes(left):
            total = plus(total, times(n, times(left, v[c])))
    return total


class ComposedJet:
    """f(u), f'(u), ... of a jet u, and their partial derivatives, each computed once."""

    def __init__(self, function: Univariate, inner: Components, dimension: int) -> None:
        self.function = function
        self.inner = inner
        self.origin = zero(dimension)
        self.stream: Iterator[Tensor] | None = None
        self.derivatives: list[Tensor] = []
        self.known: dict[tuple[int, Index], Component] = {}

    def derivative(self, k: int) -> Tensor:
        """The k-th derivative of the function at the value of the inner jet."""
        if self.stream is None:
            self.stream = self.function(as_tensor(self.inner[self.origin]))
        while len(self.derivatives) <= k:
            self.derivatives.append(next(self.stream))
        return self.derivatives[k]

    def component(self, k: int, a: Index) -> Component:
        """Component D^a of f^(k)(u): D^a f(u) = D^(a-e) (f'(u) D^e u), with Leibniz' rule for the product."""
        if not any(a):
            return self.derivative(k)
        key = (k, a)
        if key not in self.known:
            self.known[key] = self._trace(k, a) if trace_axes(a) else self._partial(k, a)
        return self.known[key]

    def _trace(self, k: int, a: Index) -> Component:
        total: Component = times(self.derivative(k + 1), self.inner[a])
        for i in trace_axes(a):
            slope = self.inner[unit(len(a), i)]
            total = plus(total, times(self.derivative(k + 2), times(slope, slope)))
        return total

    def _partial(self, k: int, a: Index) -> Component:
        remaining = subtract(a, unit(len(a), first_axis(a)))
        total: Component = 0.0
        for b in below(remaining):
            inner = self.inner[subtract(a, b)]
            if not vanishes(inner):
                total = plus(total, times(binomial(remaining, b), times(self.component(k + 1, b), inner)))
        return total
