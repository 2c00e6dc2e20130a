"""Implicit functions on whose zero sets boundary patches lie, in arithmetic that jets carry.

An implicit function takes the coordinates one by one, as arrays, tensors or fields, and returns the same kind. On its zero
set its gradient has length 1; it is positive on one side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinn.geometry.types import Array

#: Coordinates, and functions of them: arrays, tensors, fields or numbers, all of one kind.
Values = Any

_SAME = 1e-9  # planes closer than this, relative to their distance from the origin, are one


def to_numpy(values: Values) -> NDArray[np.floating[Any]]:
    """Values (array, tensor, field or number) as an array of the same precision."""
    plain: Any = getattr(values, "value", values)  # what a field is without its derivatives
    if hasattr(plain, "detach"):
        plain = plain.detach().cpu()
    array = np.asarray(plain)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)


def like(array: NDArray[Any], values: Values) -> Values:
    """An array as something that multiplies `values`: a tensor of their type for tensors, a field without slopes for fields."""
    numbers = array.astype(np.float64)
    if hasattr(type(values), "locally_constant"):
        return values.locally_constant(numbers)
    return values.new_tensor(numbers) if hasattr(values, "new_tensor") else numbers


class ImplicitFunction(ABC):
    """A function of the coordinates, normalised to first order on its zero set."""

    @abstractmethod
    def __call__(self, x: Sequence[Values]) -> Values:
        """Value at coordinates x, each (N,)."""

    def __neg__(self) -> ImplicitFunction:
        return NegatedFunction(self)

    def lifted(self) -> ImplicitFunction:
        """The function of one more coordinate, the last, that it does not depend on."""
        return LiftedFunction(self)

    def moved(self, motion: Motion) -> ImplicitFunction:
        """The function that has the same values where a motion takes the points."""
        return MovedFunction(self, motion)

    def matches(self, other: ImplicitFunction) -> int:
        """1 where the other is the same function, -1 where it is its negative, else 0."""
        return 1 if self == other else -1 if -self == other else 0


@dataclass(frozen=True)
class NegatedFunction(ImplicitFunction):
    """The function whose other side is positive."""

    base: ImplicitFunction

    def __call__(self, x: Sequence[Values]) -> Values:
        return -self.base(x)

    def __neg__(self) -> ImplicitFunction:
        return self.base

    def lifted(self) -> ImplicitFunction:
        """Negative of the lifted base, so that equal functions stay equal."""
        return NegatedFunction(self.base.lifted())

    def moved(self, motion: Motion) -> ImplicitFunction:
        return NegatedFunction(self.base.moved(motion))


@dataclass(frozen=True)
class LiftedFunction(ImplicitFunction):
    """A function of all coordinates but the last."""

    base: ImplicitFunction

    def __call__(self, x: Sequence[Values]) -> Values:
        return self.base(x[:-1])


@dataclass(frozen=True)
class Motion:
    """The rigid motion x -> R x + s with a rotation matrix R, (d, d), and a shift s, (d,)."""

    rotation: tuple[tuple[float, ...], ...]
    shift: tuple[float, ...]

    def __call__(self, points: Array) -> Array:
        """Where points, (N, d), are taken."""
        return np.asarray(points @ np.transpose(self.rotation) + np.asarray(self.shift))

    def rotate(self, vectors: Array) -> Array:
        """Rotated vectors, (N, d)."""
        return np.asarray(vectors @ np.transpose(self.rotation))

    def inverse(self, points: Array) -> Array:
        """Where points, (N, d), come from."""
        return np.asarray((points - np.asarray(self.shift)) @ np.asarray(self.rotation))


@dataclass(frozen=True)
class MovedFunction(ImplicitFunction):
    """A function moved rigidly."""

    base: ImplicitFunction
    motion: Motion

    def __call__(self, x: Sequence[Values]) -> Values:
        columns = zip(*self.motion.rotation, strict=True)
        return self.base([Plane(c, -float(np.dot(c, self.motion.shift)))(x) for c in columns])


@dataclass(frozen=True)
class Plane(ImplicitFunction):
    """The signed distance to a point, a line, a plane, ...: a . x + b with a unit vector a that points inwards."""

    slope: tuple[float, ...]
    shift: float

    @classmethod
    def through(cls, point: Sequence[float], normal: Sequence[float]) -> Plane:
        """Plane through a point that is negative where its unit normal points."""
        return cls(tuple(-float(n) for n in normal), float(np.dot(point, normal)))

    def __call__(self, x: Sequence[Values]) -> Values:
        """Signed distance; along an axis without rounding on the plane itself."""
        along = [(a, c) for a, c in zip(self.slope, x, strict=True) if not isinstance(a, float) or a]
        if len(along) == 1:
            ((a, c),) = along
            return (c + self.shift / a) * a
        return sum((a * c for a, c in along[1:]), along[0][0] * along[0][1]) + self.shift

    def __neg__(self) -> ImplicitFunction:
        return Plane(tuple(-a for a in self.slope), -self.shift)

    def lifted(self) -> ImplicitFunction:
        return Plane((*self.slope, 0.0), self.shift)

    def moved(self, motion: Motion) -> ImplicitFunction:
        slope = tuple(motion.rotate(np.array([self.slope]))[0].tolist())
        return Plane(slope, self.shift - float(np.dot(slope, motion.shift)))

    def matches(self, other: ImplicitFunction) -> int:
        """1 for an equal plane, -1 for its negative, else 0, up to rounding."""
        if not isinstance(other, Plane) or len(other.slope) != len(self.slope):
            return 0
        close = _SAME * (1 + abs(self.shift))
        pairs = list(zip((*self.slope, self.shift), (*other.slope, other.shift), strict=True))
        return next((sign for sign in (1, -1) if all(abs(a - sign * b) <= close for a, b in pairs)), 0)


@dataclass(frozen=True)
class ImplicitSphere(ImplicitFunction):
    """A circle or sphere: (R^2 - |x - c|^2) / (2 R), positive inside, a polynomial."""

    center: tuple[float, ...]
    radius: float

    def __call__(self, x: Sequence[Values]) -> Values:
        offsets = [a - b for a, b in zip(x, self.center, strict=True)]
        squares = sum((a * a for a in offsets[1:]), offsets[0] * offsets[0])
        return (squares - self.radius**2) * (-0.5 / self.radius)

    def moved(self, motion: Motion) -> ImplicitFunction:
        return ImplicitSphere(tuple(motion(np.array([self.center]))[0].tolist()), self.radius)

    @classmethod
    def between(cls, start: Sequence[float], end: Sequence[float]) -> ImplicitSphere:
        """Circle or sphere that has the two points as ends of a diameter."""
        center = tuple(float(c) for c in np.add(start, end) / 2)
        return cls(center, float(np.linalg.norm(np.subtract(start, end)) / 2))
