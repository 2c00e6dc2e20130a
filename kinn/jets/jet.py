"""The lazy jet: a function known through its partial derivatives at N points, each computed when it is asked for.

A jet answers `jet[a]` with the partial derivative of multi-index a. Sums, products (Leibniz' rule) and compositions
(Faa di Bruno's formula, unrolled one derivative at a time) build new jets; nothing is computed until a component is
asked for, and then once. So the components an expression asks of its operands are exactly those it needs: a residual
evaluated on jets computes no derivative in vain, and recording what it asks for is all the planning there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.jets import univariate
from kinn.jets.component import Component, plus
from kinn.jets.composed import ComposedJet, leibniz
from kinn.jets.index import Index, add, trace, trace_axes, unit, zero
from kinn.jets.univariate import Univariate


class Jet:
    """A function of d coordinates with its partial derivatives, each computed on demand and kept.

    Args:
        dimension: The number d of coordinates.
        rule: Gives the component of a multi-index of length d: a tensor whose first axis holds the N points, or a
            plain number that holds at every point.
    """

    __slots__ = ("_known", "_rule", "dimension")
    # numpy must hand `array * jet` to us instead of looping over the array
    __array_priority__ = 1000

    def __init__(self, dimension: int, rule: Callable[[Index], Component]) -> None:
        self.dimension = dimension
        self._rule = rule
        self._known: dict[Index, Component] = {}

    def __getitem__(self, a: Index) -> Component:
        known = self._known.get(a)
        if known is None:
            known = self._known[a] = self._rule(a)
        return known

    @property
    def value(self) -> Component:
        """The function itself, without derivative."""
        return self[zero(self.dimension)]

    def _like(self, rule: Callable[[Index], Component]) -> Self:
        """Return a new jet of the same kind."""
        return type(self)(self.dimension, rule)

    def _lift(self, other: object) -> Jet | None:
        """Return `other` as a jet: constants have no derivatives; None if it is nothing we know."""
        if isinstance(other, Jet):
            if other.dimension != self.dimension:
                raise InputError(f"a jet in {self.dimension} coordinates met one in {other.dimension}")
            return other
        if isinstance(other, np.generic):
            other = other.item()
        if isinstance(other, np.ndarray):
            other = torch.as_tensor(other)
        if isinstance(other, Tensor | float | int):
            return constant(self.dimension, other)
        return None

    def derivative(self, a: Index) -> Self:
        """Return the partial derivative of multi-index a, as a jet of its own."""
        return self._like(lambda b: self._sum_of_seconds(a, b) if trace_axes(b) else self[add(a, b)])

    def trace(self, axes: Iterable[int]) -> Self:
        """Return the sum of the second derivatives along `axes`, which is asked for as one component."""
        whole = trace(self.dimension, axes)
        if len(along := trace_axes(whole)) == 1:
            e = unit(self.dimension, along[0])
            return self.derivative(add(e, e))

        def rule(b: Index) -> Component:
            return self._sum_of_seconds(b, whole) if any(b) else self[whole]

        return self._like(rule)

    def _sum_of_seconds(self, a: Index, whole: Index) -> Component:
        """Return the sum of second derivatives `whole` of the derivative of multi-index a, term by term."""
        if trace_axes(a):
            raise InputError(
                "a Laplacian of a Laplacian is written with single derivatives, as u.xxxx + 2 * u.xxyy + u.yyyy"
            )
        total: Component = 0.0
        for i in trace_axes(whole):
            e = unit(self.dimension, i)
            total = plus(total, self[add(add(a, e), e)])
        return total

    def linear(self, map_: Callable[[Component], Component]) -> Self:
        """Return the image under a linear map of the components (a sum over an axis, say): it acts on each alike."""
        return self._like(lambda a: map_(self[a]))

    def compose(self, function: Univariate) -> Self:
        """Return function(self)."""
        streams = ComposedJet(function, self)
        return self._like(lambda a: streams.component(0, a))

    def __add__(self, other: object) -> Self:
        right = self._lift(other)
        return NotImplemented if right is None else self._like(lambda a: plus(self[a], right[a]))

    def __mul__(self, other: object) -> Self:
        right = self._lift(other)
        return NotImplemented if right is None else self._like(lambda a: leibniz(self, right, a))

    def __truediv__(self, other: object) -> Self:
        right = self._lift(other)
        return NotImplemented if right is None else self * right.compose(univariate.reciprocal)

    def __pow__(self, exponent: object) -> Self:
        if isinstance(exponent, np.generic):
            exponent = exponent.item()
        if isinstance(exponent, float | int):
            return self if exponent == 1 else self.compose(univariate.power(float(exponent)))
        right = self._lift(exponent)
        return NotImplemented if right is None else (self.compose(univariate.log) * right).compose(univariate.exp)

    def __neg__(self) -> Self:
        return self._like(lambda a: -self[a])

    def __pos__(self) -> Self:
        return self

    def __sub__(self, other: object) -> Self:
        right = self._lift(other)
        return NotImplemented if right is None else self + (-right)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: object) -> Self:
        return (-self).__add__(other)

    def __rtruediv__(self, other: object) -> Self:
        return self.compose(univariate.reciprocal).__mul__(other)

    def __rpow__(self, base: object) -> Self:
        left = self._lift(base)
        return NotImplemented if left is None else (self * left.compose(univariate.log)).compose(univariate.exp)

    def __abs__(self) -> Self:
        return self.compose(univariate.abs)

    def __bool__(self) -> bool:
        raise InputError("a field has a value at every point, so it cannot decide an `if`; use kinn.where or a product")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        """Let numpy's functions act on jets: `np.sin(jet)`, `array * jet`."""
        from kinn.math import by_name

        if method != "__call__" or options:
            return NotImplemented
        return by_name(ufunc.__name__, operands)

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let torch's functions act on jets: `torch.sin(jet)`, `tensor * jet`."""
        from kinn.math import by_name

        options = any((kwargs or {}).values())
        return NotImplemented if options else by_name(getattr(function, "__name__", ""), args)


def constant(dimension: int, value: Component) -> Jet:
    """Return the jet of a function that does not depend on the coordinates."""
    return Jet(dimension, lambda a: 0.0 if any(a) else value)


def coordinate(dimension: int, axis: int, values: Tensor) -> Jet:
    """Return the jet of coordinate `axis` at the points where it takes `values` (N,)."""
    slope = unit(dimension, axis)
    return Jet(dimension, lambda a: values if not any(a) else float(a == slope))
