"""Fields and points: what residuals, conditions and exact solutions are written with.

A field is a jet that knows the names of its coordinates: `u.x`, `u.xt`, `(k * u.x).x`. The points `p` of a residual
give the coordinates themselves as fields (`p.x`), the problem's coefficients (`p.nu`) and, on boundaries, the outward
normal (`p.n`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError, PlainDataError, SolveError, unknown
from kinn.jets import Component, Index, Jet
from kinn.jets.index import trace
from kinn.jets.jet import plain_data

#: The name of the time coordinate: spatial operators such as the Laplacian leave it out.
TIME = "t"


class Field(Jet):
    """A function of named coordinates with all its partial derivatives.

    Args:
        coordinates: The names of the d coordinates.
        rule: Gives the component of a multi-index, a tensor `N` or a number.
        name: What error messages call it.
    """

    __slots__ = ("coordinates", "name")

    def __init__(self, coordinates: Sequence[str], rule: Callable[[Index], Component], name: str = "") -> None:
        super().__init__(len(coordinates), rule)
        self.coordinates = tuple(coordinates)
        self.name = name

    def _like(self, rule: Callable[[Index], Component]) -> Self:
        return type(self)(self.coordinates, rule)

    def __getattr__(self, name: str) -> Self:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.derivative(name)

    def derivative(self, which: str | Index) -> Self:
        """Partial derivative spelled by coordinates, `u.derivative("xt")` for `u.xt`, or of a multi-index.

        Raises:
            InputError: If a letter is no coordinate.
        """
        if isinstance(which, str):
            which = derivative_index(which, self.coordinates, self.name or "a field")
        if _recorders:
            _recorders[-1].append((self, which))
        return super().derivative(which)

    def trace(self, axes: Iterable[int]) -> Self:
        axes = tuple(axes)
        if _recorders and len(axes) > 1:
            _recorders[-1].append((self, trace(self.dimension, axes)))
        return super().trace(axes)

    def __repr__(self) -> str:
        return f"Field({self.name or '...'} of {', '.join(self.coordinates)})"


#: Lists that the derivatives which are taken of fields are recorded in, the last one at present.
_recorders: list[list[tuple[Field, Index]]] = []


@contextmanager
def recording_derivatives() -> Iterator[list[tuple[Field, Index]]]:
    """List that each derivative taken of a field is appended to: the field, and the multi-index."""
    _recorders.append([])
    try:
        yield _recorders[-1]
    finally:
        _recorders.pop()


def derivative_index(letters: str, coordinates: Sequence[str], owner: str) -> Index:
    """Multi-index of a derivative spelled by its coordinates: "xt" is (1, 1) in (x, t).

    Of names of several letters (beyond three dimensions x1, .., x10) the longest that fits is taken.

    Raises:
        InputError: If what is spelled is no coordinate.
    """
    index, remainder = [0] * len(coordinates), letters
    while remainder:
        name = max((c for c in coordinates if remainder.startswith(c)), key=len, default=None)
        if name is None:
            raise InputError(
                f"{owner} has no derivative .{letters}: {remainder[0]!r} is no coordinate; "
                f"the coordinates are {', '.join(coordinates)}"
            )
        index[list(coordinates).index(name)] += 1
        remainder = remainder.removeprefix(name)
    return tuple(index)


@contextmanager
def evaluating(what: str) -> Iterator[None]:
    """Errors of functions that users wrote as one line that names the function.

    Raises:
        InputError: Tells what fields cannot go through.
    """
    try:
        yield
    except PlainDataError as error:
        raise InputError(f"{what}: {error}") from error
    except (InputError, SolveError):
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        line = " ".join(str(error).split())
        if "must match the size" in line:
            raise InputError(
                f"{what} combines an array with fields at other points ({line}): state values at points as kinn.Table"
            ) from error
        raise InputError(
            f"{what} cannot be evaluated on fields ({type(error).__name__}: {line}): write it with kinn.sin and the like, "
            "and tables as kinn.Table"
        ) from error


@lru_cache(maxsize=1024)
def _named_coordinates(function: Callable[..., Any], coordinates: tuple[str, ...]) -> tuple[str, ...]:
    """Coordinates that a function takes by name, where these are not all; else none.

    Objects that say which coordinates they are functions `of`, as tables do, take all by name too.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a built-in function does not tell
        return ()
    named = tuple(n for n, p in parameters.items() if n in coordinates and p.kind is not p.POSITIONAL_ONLY)
    needed = {name for name, p in parameters.items() if p.default is p.empty}
    by_name = len(named) < len(coordinates) or isinstance(getattr(function, "of", None), tuple)
    return named if by_name and needed <= set(named) else ()


def call_by_name(function: Callable[..., Any], names: Sequence[str], coordinates: Sequence[Any]) -> Any:
    """Value of a function of coordinates: of all of them in order, or of some by their names, as `lambda t: ...`."""
    named = _named_coordinates(function, tuple(names))
    if not named:
        return function(*coordinates)
    return function(**{name: x for name, x in zip(names, coordinates, strict=True) if name in named})


class Vector(tuple[Field, ...]):
    """Fields as the components of a vector: `k * grad(u)`, `grad(u) @ p.n`."""

    __slots__ = ()

    def __add__(self, other: Any) -> Vector:
        return Vector(a + b for a, b in zip(self, other, strict=True))

    def __sub__(self, other: Any) -> Vector:
        return Vector(a - b for a, b in zip(self, other, strict=True))

    def __neg__(self) -> Vector:
        return Vector(-a for a in self)

    def __mul__(self, factor: Any) -> Vector:
        return Vector(a * factor for a in self)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Vector:
        return Vector(a / divisor for a in self)

    def __matmul__(self, other: Sequence[Field]) -> Field:
        """The inner product."""
        first, *rest = (a * b for a, b in zip(self, other, strict=True))
        return sum(rest, first)


class Points:
    """The N points at which a residual is evaluated.

    Args:
        coordinates: The names of the d coordinates.
        x: A `N x d` tensor.
        normals: A `N x d` tensor of outward unit normals, on boundaries.
        coefficients: What residuals access as `p.name`: numbers, or functions to be called with fields.
        observed: A tensor (N,) of the measurements at the points.
        paired_points: The images of the points in the other subdomains, or on the other face, that a condition joins.
        weights: A tensor (N,) of the weights of a quadrature.
        fields: The names of the problem's fields, in order.
    """

    def __init__(
        self,
        coordinates: Sequence[str],
        x: Tensor,
        normals: Tensor | None = None,
        coefficients: Mapping[str, Any] | None = None,
        observed: Tensor | None = None,
        paired_points: Sequence[Points] = (),
        *,
        weights: Tensor | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        self.tensor = x
        self.observed = observed
        self.paired_points = tuple(paired_points)
        self.weights = weights
        self.fields = tuple(fields)
        self.normals = normals
        self.names = tuple(coordinates)
        self.coefficients = dict(coefficients or {})
        self._cache: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self.tensor)

    @property
    def coordinates(self) -> tuple[Field, ...]:
        """The coordinates as fields, in order."""
        return tuple(getattr(self, name) for name in self.names)

    @property
    def n(self) -> Vector:
        """The spatial part of the outward unit normal, as fields.

        Raises:
            InputError: If the points do not lie on a boundary.
        """
        if self.normals is None:
            raise InputError("p.n is the boundary normal, and these points do not lie on a boundary")
        normals = self.normals
        flat = bool((normals == normals[:1]).all())  # where it turns, what its derivatives are depends on its extension
        return Vector(
            self._constant(normals[0, i] if flat else normals[:, i], f"the normal p.n along {name}")
            for i, name in enumerate(self.names)
            if name != TIME
        )

    def side(self, number: int) -> Points:
        """Points of a side of a condition that joins two places: paired points where there are any, else these."""
        return self.paired_points[number - 1] if 0 < number <= len(self.paired_points) else self

    def rows(self, part: slice | Tensor) -> Points:
        """Some of the points: a slice, or those of given numbers."""
        return self.map(lambda data: data[part])

    def map(self, function: Callable[[Tensor], Tensor]) -> Points:
        """Points with a function applied to each of their tensors."""
        normals, observed, weights = (
            None if data is None else function(data) for data in (self.normals, self.observed, self.weights)
        )
        x, paired = function(self.tensor), [points.map(function) for points in self.paired_points]
        return Points(self.names, x, normals, self.coefficients, observed, paired, weights=weights, fields=self.fields)

    def with_bindings(self, bindings: Sequence[Mapping[str, Any]]) -> Points:
        """Points with further names that residuals access: those of each side."""
        points = copy(self)  # what was cached stays valid
        points.coefficients = self.coefficients | dict(bindings[0])
        pairs = zip(self.paired_points, bindings[1:], strict=True)
        points.paired_points = tuple(other.with_bindings([named]) for other, named in pairs)
        return points

    def _constant(self, values: Component, name: str = "") -> Field:
        """Number as a field; or an array (N,), plain data that have no derivatives."""
        if isinstance(values, Tensor) and values.dim():
            return Field(self.names, plain_data(values, name), name)
        return Field(self.names, lambda a: 0.0 if any(a) else values, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "names" not in self.__dict__:
            raise AttributeError(name)
        if name in self.names:
            axis = self.names.index(name)
            values = self.tensor[:, axis]

            def component(a: Index) -> Component:
                if not any(a):
                    return values
                return 1.0 if sum(a) == 1 and a[axis] else 0.0

            return Field(self.names, component, name)
        if name in self.coefficients:
            return self.coefficients[name]
        raise unknown("coordinate or coefficient", name, [*self.names, *self.coefficients], "the points p")

    def cached(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Result of `compute`, which is called once for these points."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]

    def _call(self, function: Callable[..., Any], what: str) -> Any:
        """Value of a function of the coordinates as fields; as arrays, plain data, where fields cannot go through it."""
        try:
            with evaluating(what):
                return call_by_name(function, self.names, self.coordinates)
        except InputError as error:
            try:
                values = call_by_name(function, self.names, list(self.tensor.detach().cpu().numpy().T))
                data = np.asarray(values, dtype=np.float64)
            except Exception:  # noqa: BLE001 (what fields are told is what matters)
                raise error from None
            if data.shape not in ((), (len(self),)):
                raise error from None
            return data

    def field(self, data: Any, what: str) -> Field:
        """Data on these points as a field: a number, an array (N,), a field, or a function of coordinates.

        Args:
            data: The data. A function takes all coordinates in order, or some of them by their names: `lambda t: ...`. One
                that fields cannot go through, of scipy say, is plain data: no derivative can be asked of it.
            what: What error messages call it.

        Raises:
            InputError: If the data has the wrong shape, is not finite, or is nothing of the kind.
        """
        if callable(data):
            data = self._call(data, what)
        if isinstance(data, Field):
            values = data.value
            if isinstance(values, Tensor) and values.dim() and values.shape != (len(self),):
                raise InputError(f"{what} gives shape {tuple(values.shape)} at {len(self)} points")
            return data
        try:
            values = torch.as_tensor(data, dtype=self.tensor.dtype, device=self.tensor.device)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{what} is no number, array or field: {data!r}") from error
        if values.dim() and values.shape != (len(self),):
            raise InputError(f"{what} has shape {tuple(values.shape)}, and there are {len(self)} points")
        if not torch.isfinite(values).all():
            raise InputError(f"{what} is not finite")
        return self._constant(values, what) if values.dim() else self._constant(float(values))


@dataclass(frozen=True)
class MovingCoordinate:
    """The input of networks in place of a coordinate, in a frame that moves; one of a problem's `features`.

    A wave that is carried along hardly changes in a frame that moves with it. With the foot of the characteristic through
    (x, t) in the place of x, networks learn what happens along characteristics, the Lagrangian view (Mojgani, Balajewicz
    and Hassanzadeh 2023, Comput. Methods Appl. Mech. Eng. 404, 115810). The problem stays in (x, t): equations, conditions,
    solutions and errors.

    Attributes:
        coordinate: The name of the coordinate.
        place: Its place in the moving frame, a function of the coordinates: `lambda x, t: x - c * t`.
    """

    coordinate: str
    place: Callable[..., Any]

    def __call__(self, *coordinates: Any) -> Any:
        """Place of points with these coordinates."""
        return self.place(*coordinates)
