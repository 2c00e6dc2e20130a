"""The lazy jet: a function known through its partial derivatives at N points, each computed when it is asked for.

A jet answers `jet[a]` with the partial derivative of multi-index a. Sums, products (Leibniz' rule) and compositions
(Faa di Bruno's formula, unrolled one derivative at a time) build new jets; nothing is computed until a component is
asked for, and then once. So the components an expression asks of its operands are exactly those it needs: a residual
evaluated on jets computes no derivative in vain, and recording what it asks for is all the planning there is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import reduce
from math import log
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError, PlainDataError
from kinn.jets import univariate
from kinn.jets.components import Component, ComposedJet, as_tensor, leibniz, plus
from kinn.jets.index import Index, add, below, first_axis, subtract, trace, trace_axes, unit, zero
from kinn.jets.point_mask import Ordered, PointMask, as_mask
from kinn.jets.univariate import Univariate


class Jet(Ordered):
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
        """A jet of the class of this one."""
        return type(self)(self.dimension, rule)

    def _lift(self, other: object) -> Jet | None:
        """`other` as a jet: numbers are constants, arrays are plain data; None where it has no meaning as one."""
        if isinstance(other, Jet):
            if other.dimension != self.dimension:
                raise InputError(f"a jet in {self.dimension} coordinates met one in {other.dimension}")
            return other
        if isinstance(other, np.generic):
            other = other.item()
        if isinstance(other, np.ndarray):
            other = torch.as_tensor(other)
        if isinstance(other, Tensor) and other.dim():
            return Jet(self.dimension, plain_data(other, f"an array of shape {tuple(other.shape)}", self))
        if isinstance(other, Tensor | float | int):
            return constant(self.dimension, other)
        return None

    def derivative(self, a: Index) -> Self:
        """Partial derivative of multi-index a, as a jet."""
        return self._like(lambda b: self._sum_of_seconds(a, b) if trace_axes(b) else self[add(a, b)])

    def trace(self, axes: Iterable[int]) -> Self:
        """Sum of the second derivatives along `axes`, which is asked for as one component."""
        laplacian = trace(self.dimension, axes)
        if len(along := trace_axes(laplacian)) == 1:
            e = unit(self.dimension, along[0])
            return self.derivative(add(e, e))

        def rule(b: Index) -> Component:
            return self._sum_of_seconds(b, laplacian) if any(b) else self[laplacian]

        return self._like(rule)

    def _sum_of_seconds(self, a: Index, seconds: Index) -> Component:
        """Sum of the second derivatives `seconds` of the derivative of multi-index a, term by term."""
        if trace_axes(a):
            raise InputError(
                "a Laplacian of a Laplacian is written with single derivatives, as u.xxxx + 2 * u.xxyy + u.yyyy"
            )
        total: Component = 0.0
        for i in trace_axes(seconds):
            e = unit(self.dimension, i)
            total = plus(total, self[add(add(a, e), e)])
        return total

    def linear(self, map_: Callable[[Component], Component]) -> Self:
        """Image under a linear map of the components (a sum over an axis, say): it acts on each alike."""
        return self._like(lambda a: map_(self[a]))

    def locally_constant(self, values: Any) -> Self:
        """Values (N, ...) of a function that is constant around each point; without this arrays are plain data."""
        data = torch.as_tensor(values, dtype=as_tensor(self.value).dtype)
        return self._like(lambda a: 0.0 if any(a) else data)

    def recomputed(self, build: Callable[[], Jet]) -> Self:
        """Jet that `build` gives, computed afresh for components not yet known: nothing in between is kept."""

        def rule(a: Index) -> Component:
            jet = build()
            for b in () if trace_axes(a) else below(a):  # whatever asks for one will ask for those
                new._known[b] = jet[b]
            return jet[a]

        new = self._like(rule)
        return new

    def compose(self, function: Univariate) -> Self:
        """The composition function(self)."""
        streams = ComposedJet(function, self, self.dimension)
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

    def __mod__(self, divisor: object) -> Self:
        return self - (self / divisor).compose(univariate.floor) * divisor

    def __rmod__(self, dividend: object) -> Self:
        return dividend - (dividend / self).compose(univariate.floor) * self

    def __floordiv__(self, divisor: object) -> Self:
        return (self / divisor).compose(univariate.floor)

    def __rfloordiv__(self, dividend: object) -> Self:
        return (dividend / self).compose(univariate.floor)

    def __abs__(self) -> Self:
        return self.compose(univariate.abs)

    def __eq__(self, other: object) -> Any:
        return NotImplemented if self._lift(other) is None else self._compare("eq", other)

    def __ne__(self, other: object) -> Any:
        return NotImplemented if self._lift(other) is None else self._compare("ne", other)

    __hash__ = object.__hash__

    def _compare(self, relation: str, other: object) -> PointMask:
        right = self._lift(other)
        if right is None:
            raise InputError(f"a field is compared with fields, tensors, arrays or numbers, not with {other!r}")
        return as_mask(getattr(torch, relation)(as_tensor(self.value), as_tensor(right.value)))

    def __bool__(self) -> bool:
        raise InputError("a field has a value at every point, so it cannot decide an `if`; use kinn.where or a product")

    def __len__(self) -> int:
        raise InputError("a field has no length: a number such as 1.0 counts at all points")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        """Let numpy's functions act on jets: `np.sin(jet)`, `array * jet`."""
        if method != "__call__" or options:
            return NotImplemented
        return _by_name(ufunc.__name__, operands)

    def __array_function__(self, function: Callable[..., Any], types: Any, operands: Any, options: Any) -> Any:
        """Let numpy's other functions act on jets, as far as they are known: `np.where(jet < 0, jet, 0.0)`."""
        if options:
            raise InputError(f"fields do not know options of the function {function.__name__!r}")
        return _by_name(function.__name__, operands)

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let torch's functions act on jets: `torch.sin(jet)`, `tensor * jet`."""
        options = any((kwargs or {}).values())
        return NotImplemented if options else _by_name(getattr(function, "__name__", ""), args)


def constant(dimension: int, value: Component) -> Jet:
    """Jet of a function that does not depend on the coordinates."""
    return Jet(dimension, lambda a: 0.0 if any(a) else value)


def plain_data(values: Tensor, what: str, beside: Jet | None = None) -> Callable[[Index], Component]:
    """Components of data that are known at the points alone: any derivative is an error.

    Args:
        values: The data: (N,), or (N, ...) beside a jet with further axes.
        what: What the error calls them.
        beside: A jet that they are combined with; data that are the same at all of its points are constants.
    """

    def component(a: Index) -> Component:
        if not any(a):
            return values
        axes = max(values.dim(), 0 if beside is None else as_tensor(beside.value).dim())
        if values.dim() < axes or (axes > 1 and len(values) == 1):
            return 0.0
        raise PlainDataError(what)

    return component


def coordinate(dimension: int, axis: int, values: Tensor) -> Jet:
    """Jet of coordinate `axis` at the points where it takes `values` (N,)."""
    slope = unit(dimension, axis)
    return Jet(dimension, lambda a: values if not any(a) else float(a == slope))


def _lifted(name: str, *operands: Any) -> list[Jet]:
    """The first jet among the operands of a function, then all of them as jets."""
    jet = next(operand for operand in operands if isinstance(operand, Jet))
    jets = [lifted for operand in operands if (lifted := jet._lift(operand)) is not None]
    if len(jets) < len(operands):
        raise InputError(f"{name} takes fields, tensors, arrays or numbers")
    return [jet, *jets]


NO_COMPARISON = "where takes a comparison as its condition, such as p.x < 0.5"


def where(condition: Any, yes: Any, no: Any) -> Any:
    """The jet that is `yes` where the condition holds and `no` elsewhere, plain data if neither of them is a jet.

    Raises:
        InputError: If the condition is no comparison.
    """
    mask = torch.as_tensor(condition) if not isinstance(condition, Jet) else torch.empty(0)
    if mask.dtype != torch.bool:
        raise InputError(NO_COMPARISON)
    if not isinstance(yes, Jet) and not isinstance(no, Jet):
        return torch.where(mask, *(torch.as_tensor(v, dtype=torch.float64) for v in (yes, no)))
    jet, chosen, rejected = _lifted("where", yes, no)
    return jet._like(lambda a: torch.where(mask, as_tensor(chosen[a]), as_tensor(rejected[a])))


def arctan2(y: Any, x: Any) -> Jet:
    """The angle of (x, y) in (-pi, pi]; one of them at least is a jet."""
    jet, abscissa, ordinate = _lifted("arctan2", x, y)
    squared = abscissa * abscissa + ordinate * ordinate

    def component(a: Index) -> Component:
        if not any(a):
            return torch.atan2(as_tensor(ordinate.value), as_tensor(abscissa.value))
        if axes := trace_axes(a):
            return sum(component(add(unit(len(a), i), unit(len(a), i))) for i in axes)
        e = unit(len(a), first_axis(a))
        slope = (abscissa * ordinate.derivative(e) - ordinate * abscissa.derivative(e)) / squared
        return slope[subtract(a, e)]

    return jet._like(component)


def maximum(x: Any, y: Any) -> Any:
    """The larger of two, with the derivatives of the larger (of the mean, where they are equal)."""
    return 0.5 * (x + y + abs(x - y))


def minimum(x: Any, y: Any) -> Any:
    """The smaller of two, with the derivatives of the smaller (of the mean, where they are equal)."""
    return 0.5 * (x + y - abs(x - y))


def heaviside(x: Any, at_zero: Any) -> Any:
    """0 where x is negative, 1 where it is positive, plain data."""
    return where(x < 0, 0.0, where(x > 0, 1.0, at_zero))


def clip(x: Any, lower: Any, upper: Any) -> Any:
    """The nearest value between two bounds, each of which may be None."""
    x = x if lower is None else maximum(x, lower)
    return x if upper is None else minimum(x, upper)


def polynomial(coefficients: Any, x: Any) -> Any:
    """Polynomial with these coefficients, the highest power first."""
    return reduce(lambda total, c: total * x + c, coefficients, 0.0 * x)


def _refuse_interpolation(*_: Any) -> Any:
    raise InputError("fields cannot go through np.interp: state the table as kinn.Table(x, values)")


#: Functions of one jet by the names that numpy and torch give them.
_UNIVARIATE: dict[str, Univariate] = {
    **{name: getattr(univariate, name) for name in univariate.NAMES},
    "atan": univariate.arctan, "expit": univariate.sigmoid, "absolute": univariate.abs, "fabs": univariate.abs,
}  # fmt: skip

#: Other functions of jets by those names; operators try the reflected method where the left operand is no jet.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "arctan2": arctan2, "atan2": arctan2, "where": where, "maximum": maximum, "minimum": minimum,
    "square": lambda x: x * x, "negative": operator.neg, "neg": operator.neg, "positive": operator.pos,
    "reciprocal": lambda x: 1.0 / x, "ceil": lambda x: -(-x).compose(univariate.floor), "heaviside": heaviside,
    "hypot": lambda x, y: (x * x + y * y) ** 0.5, "log1p": lambda x: (1.0 + x).compose(univariate.log),
    "expm1": lambda x: x.compose(univariate.exp) - 1.0, "log10": lambda x: x.compose(univariate.log) / log(10.0),
    "log2": lambda x: x.compose(univariate.log) / log(2.0), "clip": clip, "clamp": clip, "polyval": polynomial,
    "fmax": maximum, "fmin": minimum, "zeros_like": lambda x: 0.0 * x, "ones_like": lambda x: 0.0 * x + 1.0,
    "real": operator.pos, "interp": _refuse_interpolation,
}  # fmt: skip

_OPERATORS: dict[str, str] = {
    "add": "add", "subtract": "sub", "sub": "sub", "multiply": "mul", "mul": "mul", "divide": "truediv",
    "true_divide": "truediv", "div": "truediv", "power": "pow", "pow": "pow", "remainder": "mod", "mod": "mod",
    "floor_divide": "floordiv",
}  # fmt: skip

#: Comparisons by those names, each with the method for operands the other way round.
_COMPARISONS: dict[str, tuple[str, str]] = {
    "less": ("lt", "gt"), "less_equal": ("le", "ge"), "greater": ("gt", "lt"), "greater_equal": ("ge", "le"),
    "lt": ("lt", "gt"), "le": ("le", "ge"), "gt": ("gt", "lt"), "ge": ("ge", "le"),
    "equal": ("eq", "eq"), "not_equal": ("ne", "ne"), "eq": ("eq", "eq"), "ne": ("ne", "ne"),
}  # fmt: skip


def _by_name(name: str, operands: tuple[Any, ...]) -> Any:
    """Apply the function that numpy or torch calls `name` to operands of which at least one is a jet.

    Raises:
        InputError: If jets do not know the function.
    """
    if name in _OPERATORS and len(operands) == 2:
        left, right = operands
        if isinstance(left, Jet):
            return getattr(left, f"__{_OPERATORS[name]}__")(right)
        return getattr(right, f"__r{_OPERATORS[name]}__")(left)
    if name in _COMPARISONS:
        (left, right), (method, reflected) = operands, _COMPARISONS[name]
        return left._compare(method, right) if isinstance(left, Jet) else right._compare(reflected, left)
    name = name.removeprefix("special_")
    if name in _UNIVARIATE:
        return operands[0].compose(_UNIVARIATE[name])
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](*operands)
    known = ", ".join(sorted([*_UNIVARIATE, *_FUNCTIONS]))
    raise InputError(f"fields do not know the function {name!r}; they know: {known}")
