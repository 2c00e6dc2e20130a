"""The rules that jets are put together by: Leibniz' for a product, Faa di Bruno's for a function of a jet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from kinn.jets.component import Component, as_tensor, plus, times, vanishes
from kinn.jets.index import Index, below, binomial, first_axis, subtract, trace_axes, unit, zero
from kinn.jets.univariate import Univariate

if TYPE_CHECKING:
    from kinn.jets.jet import Jet


def leibniz(u: Jet, v: Jet, a: Index) -> Component:
    """Return D^a (u v), asking v for a component only where that of u does not vanish."""
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
    """f(u), f'(u), ... of a jet u, and their own partial derivatives, each computed once."""

    def __init__(self, function: Univariate, inner: Jet) -> None:
        self.function = function
        self.inner = inner
        self.stream: Iterator[Tensor] | None = None
        self.tables: list[Tensor] = []
        self.known: dict[tuple[int, Index], Component] = {}

    def table(self, k: int) -> Tensor:
        """Return the k-th derivative of the function at the value of the inner jet."""
        if self.stream is None:
            self.stream = self.function(as_tensor(self.inner.value))
        while len(self.tables) <= k:
            self.tables.append(next(self.stream))
        return self.tables[k]

    def component(self, k: int, a: Index) -> Component:
        """Return D^a of f^(k)(u): D^a f(u) = D^(a-e) (f'(u) D^e u), with Leibniz' rule for the product."""
        if not any(a):
            return self.table(k)
        key = (k, a)
        if key not in self.known and trace_axes(a):
            total: Component = times(self.table(k + 1), self.inner[a])
            for i in trace_axes(a):
                slope = self.inner[unit(len(a), i)]
                total = plus(total, times(self.table(k + 2), times(slope, slope)))
            self.known[key] = total
        if key not in self.known:
            rest = subtract(a, unit(len(a), first_axis(a)))
            total = 0.0
            for b in below(rest):
                inner = self.inner[subtract(a, b)]
                if vanishes(inner):
                    continue
                total = plus(total, times(binomial(rest, b), times(self.component(k + 1, b), inner)))
            self.known[key] = total
        return self.known[key]
