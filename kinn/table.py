"""Tabulated functions: measured data with derivatives, for coefficients, sources, conditions and initial states."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kinn.errors import InputError, check_name
from kinn.jets import Component, Index, Jet
from kinn.jets.components import as_tensor
from kinn.jets.index import add, first_axis, subtract, trace_axes, unit
from kinn.splines import KINDS, interpolate

Array = NDArray[np.float64]

#: What a table does with points outside of its range.
OUTSIDE = ("error", "nearest", "extrapolate")

#: How far outside of its range a point may lie, relative to its extent.
ROUNDING = 1e-9

#: The most values of a table of scattered points, which takes as many kernels at every point.
MAX_SCATTERED = 4000

#: Scattered kernels r^3 are rounded within this distance, relative to the extent of the points.
KERNEL_RADIUS = 1e-6

#: Scattered tables are twice continuously differentiable.
SCATTERED_SMOOTHNESS = 2


class Interpolant(Protocol):
    """A function of d coordinates with its partial derivatives, on tensors (N,)."""

    def __call__(self, x: Sequence[Tensor]) -> Tensor: ...

    def partial(self, axis: int) -> Interpolant:
        """The partial derivative along an axis."""


class Table:
    """A function through tabulated values, with its derivatives: `Table(x, values)`.

    It is called with coordinates, `k(p.x)`, or with other fields, `k(u)`, and given as the value of a condition. The values
    lie on a line, on a regular grid, or at scattered points.

    Args:
        x: The coordinates: (N,); d of them, one array for each axis of a grid; or points (N, d).
        values: The values: (N,), or (n1, ..., nd) on a grid.
        kind: "linear" (continuous), "pchip" (without overshoot, one derivative is continuous; in one dimension), "cubic" (two)
            or "quintic" (four). Scattered points take cubic kernels.
        of: The name of its coordinate, or the names of all in order, where it is given to a condition that knows others too.
        outside: What is done beyond the table: "error", "nearest" (the value at its edge) or "extrapolate".

    Raises:
        InputError: Names what does not fit.
    """

    def __init__(
        self, x: Any, values: Any, *, kind: str = "cubic", of: str | Sequence[str] | None = None, outside: str = "error"
    ) -> None:
        check_name("kind of table", kind, KINDS)
        check_name("value of outside=", outside, OUTSIDE, "a Table")
        self.values = _finite(values, "the values of a Table")
        self.kind, self.outside = kind, outside
        axes, scattered = _coordinates(x, self.values)
        self.dimension = axes.shape[1] if scattered else len(axes)
        self.lower, self.upper = (
            np.array([f(column) for column in (axes.T if scattered else axes)]) for f in (np.min, np.max)
        )
        self._function: Interpolant
        if scattered:
            self._function, self.smoothness = _Scattered.through(axes, self.values), SCATTERED_SMOOTHNESS
        else:
            if kind == "pchip" and self.dimension > 1:
                raise InputError('a Table of kind "pchip" has one coordinate: take "linear" or "cubic" on a grid')
            degree, self.smoothness = KINDS[kind]
            few = [n for n in self.values.shape if n < (2 if kind == "pchip" else degree + 1)]
            if few:
                raise InputError(
                    f'a {kind} Table takes {degree + 1} values along each axis, not {few[0]}: take kind="linear"'
                )
            self._function = interpolate(axes, self.values, kind)
        self.of = (of,) if isinstance(of, str) else None if of is None else tuple(of)
        if self.of is not None:
            if len(self.of) != self.dimension:
                raise InputError(f"of={self.of} names {len(self.of)} coordinates, and the Table has {self.dimension}")
            parameter = inspect.Parameter
            self.__signature__ = inspect.Signature([parameter(n, parameter.POSITIONAL_OR_KEYWORD) for n in self.of])

    def __repr__(self) -> str:
        return f"Table({' x '.join(map(str, self.values.shape))} values, kind={self.kind!r}, of={self.of})"

    def __call__(self, *coordinates: Any, **named: Any) -> Any:
        """Values at coordinates: fields give a field, tensors a tensor, arrays and numbers an array."""
        args = (*coordinates, *(named[name] for name in self.of or () if name in named))
        if len(args) != self.dimension:
            raise InputError(
                f"a Table of {self.dimension} coordinates is called with {len(args)}: name them, Table(..., of='x')"
            )
        if any(isinstance(a, Jet) for a in args):
            jet = next(a for a in args if isinstance(a, Jet))
            lifted = [jet._lift(a) for a in args]
            if any(a is None for a in lifted):
                raise InputError("a Table takes fields, tensors, arrays or numbers")
            return self._composed(jet, [a for a in lifted if a is not None])
        tensors = [a if isinstance(a, Tensor) else torch.as_tensor(np.asarray(a)) for a in args]
        shape = np.broadcast_shapes(*(tuple(t.shape) for t in tensors))
        floats = [(t if t.is_floating_point() else t.double()).expand(shape).reshape(-1) for t in tensors]
        out = self._values(self._function, floats, ()).reshape(shape)
        return out if any(isinstance(a, Tensor) for a in args) else out.numpy()

    def _composed(self, jet: Jet, args: Sequence[Jet]) -> Jet:
        """The table of jets."""

        def derivative(along: tuple[int, ...]) -> Jet:
            """Partial derivative of the table along some of its axes, one after the other."""
            function = self._function
            for axis in along:
                function = function.partial(axis)
            slopes: dict[int, Jet] = {}

            def component(a: Index) -> Component:
                if not any(a):
                    values = [as_tensor(arg.value) for arg in args]
                    shape = np.broadcast_shapes(*(tuple(v.shape) for v in values))
                    return self._values(function, [v.expand(shape).reshape(-1) for v in values], along).reshape(shape)
                if axes := trace_axes(a):
                    total: Component = 0.0
                    for i in axes:
                        total = total + component(add(unit(len(a), i), unit(len(a), i)))
                    return total
                if len(along) + sum(a) > self.smoothness + 1:
                    raise InputError(
                        f"a derivative of order {len(along) + sum(a)} is asked of {self!r}, which has {self.smoothness + 1}: "
                        'take a smoother kind, "cubic" or "quintic"'
                    )
                e = unit(len(a), first_axis(a))
                for axis in range(self.dimension):
                    if axis not in slopes:
                        slopes[axis] = derivative((*along, axis))
                # the inner derivative comes first: where it vanishes, the partial derivative of the table is not computed
                terms = [inner.derivative(e) * slopes[axis] for axis, inner in enumerate(args)]
                return sum(terms[1:], terms[0])[subtract(a, e)]

            return jet._like(component)

        return derivative(())

    def _values(self, function: Interpolant, x: Sequence[Tensor], along: tuple[int, ...]) -> Tensor:
        """Values (N,) of the table or of a derivative of it, those outside as `outside` says."""
        spans = self.upper - self.lower
        inside = []
        columns = []
        for axis, c in enumerate(x):
            low, high = float(self.lower[axis]), float(self.upper[axis])
            slack = (ROUNDING if c.dtype == torch.float64 else 1e-5) * float(spans[axis])
            within = (c >= low - slack) & (c <= high + slack)
            if self.outside == "error" and not bool(within.all()):
                worst = float(c.detach()[~within][0])
                raise InputError(
                    f"{self!r} covers {self._named(axis)} from {low:g} to {high:g}, and is asked for {worst:g}: give "
                    "outside='nearest' or outside='extrapolate'"
                )
            if self.outside == "nearest":
                c = c.clamp(low, high)
                inside += [within] if axis in along else []
            columns.append(c)
        out = function(columns)
        for within in inside:
            out = torch.where(within, out, torch.zeros_like(out))
        return out

    def _named(self, axis: int) -> str:
        return self.of[axis] if self.of else f"its coordinate {axis + 1}" if self.dimension > 1 else "its coordinate"


class _Scattered:
    """Cubic radial basis functions and a linear polynomial, after partial differentiation along some axes."""

    def __init__(self, centers: Array, weights: Array, lower: Array, span: float, along: tuple[int, ...] = ()) -> None:
        self.centers, self.weights, self.lower, self.span, self.along = centers, weights, lower, span, along

    @classmethod
    def through(cls, points: Array, values: Array) -> _Scattered:
        """The interpolant through values (N,) at points (N, d)."""
        n, d = points.shape
        if not d < n <= MAX_SCATTERED:
            raise InputError(
                f"a Table of scattered points in {d} coordinates takes {d + 1} to {MAX_SCATTERED} of them, not {n}; more go on a grid"
            )
        lower, span = points.min(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
        centers = (points - lower) / span
        squares = np.sum((centers[:, None] - centers) ** 2, axis=2)
        tail = np.column_stack([np.ones(n), centers])
        if np.linalg.matrix_rank(tail) <= d:
            raise InputError("the points of a Table lie on a line or plane: a scattered table needs others")
        matrix = np.block([[(squares + KERNEL_RADIUS**2) ** 1.5, tail], [tail.T, np.zeros((d + 1, d + 1))]])
        try:
            weights = np.linalg.solve(matrix, np.concatenate([values, np.zeros(d + 1)]))
        except np.linalg.LinAlgError:
            raise InputError("the points of a Table repeat: a scattered table needs one value for each") from None
        return cls(centers, weights, lower, span)

    def partial(self, axis: int) -> _Scattered:
        return _Scattered(self.centers, self.weights, self.lower, self.span, (*self.along, axis))

    def __call__(self, x: Sequence[Tensor]) -> Tensor:
        dtype, n = x[0].dtype, len(self.centers)
        y = [(c - float(low)) / self.span for c, low in zip(x, self.lower, strict=True)]
        centers, weights = (torch.as_tensor(a, dtype=dtype) for a in (self.centers, self.weights))
        order = [self.along.count(axis) for axis in range(len(y))]
        offsets = [c[:, None] - centers[:, axis] for axis, c in enumerate(y)]
        kernel = _kernel_derivative(offsets, order)
        out = kernel @ weights[:n]
        linear = [weights[n], *weights[n + 1 :]]
        if not any(order):
            out = out + linear[0] + sum(w * c for w, c in zip(linear[1:], y, strict=True))
        elif sum(order) == 1:
            out = out + linear[1 + order.index(1)]
        return out / self.span ** sum(order)


def _kernel_derivative(offsets: Sequence[Tensor], order: Sequence[int]) -> Tensor:
    """Partial derivative (N, M), up to the third, of (r^2 + s^2)^(3/2) with r the length of the offsets."""
    q = sum((o * o for o in offsets), torch.full_like(offsets[0], KERNEL_RADIUS**2))
    # with f(q) = q^(3/2): the k-th derivative by q, twice the offsets from q, and pairs of axes that coincide
    f: Callable[[int], Tensor] = lambda k: (1.0, 1.5, 0.75, -0.375)[k] * q ** (1.5 - k)
    along = [axis for axis, n in enumerate(order) for _ in range(n)]
    g = [2 * offsets[axis] for axis in along]
    if not along:
        return f(0)
    if len(along) == 1:
        return f(1) * g[0]
    if len(along) == 2:
        return f(2) * g[0] * g[1] + f(1) * (2.0 * (along[0] == along[1]))
    same = [2.0 * (along[1] == along[2]), 2.0 * (along[0] == along[2]), 2.0 * (along[0] == along[1])]
    return f(3) * g[0] * g[1] * g[2] + f(2) * sum(s * o for s, o in zip(same, g, strict=True))


def _coordinates(x: Any, values: Array) -> tuple[Any, bool]:
    """Coordinates of a table: those of each axis, or points (N, d) and True where they are scattered."""
    sequence = isinstance(x, tuple | list) and len(x) > 0 and all(np.ndim(c) == 1 for c in x)
    if sequence and values.ndim == len(x):
        axes = tuple(_finite(c, "the coordinates of a Table") for c in x)
    elif sequence and values.ndim == 1 and all(len(c) == len(values) for c in x):
        return np.column_stack([_finite(c, "the coordinates of a Table") for c in x]), True
    else:
        points = _finite(x, "the coordinates of a Table")
        if points.ndim == 2 and points.shape[1] > 1 and values.shape == points.shape[:1]:
            return points, True
        axes = (points.reshape(-1) if points.ndim == 2 and points.shape[1] == 1 else points,)
    shape = tuple(c.size for c in axes)
    if values.shape != shape or any(c.ndim != 1 for c in axes):
        raise InputError(
            f"a Table takes one value for each point: coordinates of sizes {shape} take values of that shape, not {values.shape}"
        )
    for c in axes:
        if len(c) < 2 or not (np.diff(c) > 0).all():
            raise InputError("the coordinates of a Table increase along each axis, each value once: sort them")
    return axes, False


def _finite(data: Any, what: str) -> Array:
    try:
        array = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} are numbers") from None
    if not array.size or not np.isfinite(array).all():
        raise InputError(f"{what} are finite numbers, and there is at least one")
    return array
