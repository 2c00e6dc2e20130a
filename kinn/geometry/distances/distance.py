"""Smooth distances to boundaries, for hard boundary conditions: zero on them, with a gradient of length 1, positive inside.

A boundary consists of zero_sets: each is the part of a carrier's zero set that lies in a region. Where a carrier is
positive all over the domain it is a distance itself; elsewhere it is trimmed to its patch. Distances to several patches
are joined by R-equivalence, a b / sqrt(a^2 + b^2), which keeps what they are normalised to. Sources: V. Shapiro,
"Semi-analytic geometry with R-functions", Acta Numerica 16 (2007); A. Biswas and V. Shapiro, Graphical Models 66
(2004); N. Sukumar and A. Srivastava, Computer Methods in Applied Mechanics and Engineering 389 (2022) 114333.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinn.geometry.distances.implicit import ImplicitFunction, Plane, Values
from kinn.geometry.distances.rfunctions import TINY, FullSpace, HalfSpace, Region, intersection
from kinn.geometry.types import Array

# A point this near to a patch, relative to the size, is on it: its derivatives are taken from inside.
_ON, _ON_SINGLE = 1e-9, 1e-5


@dataclass(frozen=True)
class TrimmedZeroSet:
    """The part of a carrier's zero set that lies in a region; the carrier is positive on the inner side."""

    function: ImplicitFunction
    region: Region


def distance(
    whole: Iterable[ImplicitFunction], zero_sets: Iterable[TrimmedZeroSet], x: tuple[Values, ...], size: float
) -> Values:
    """Return the smooth distance to carriers and patches.

    Args:
        whole: Carriers that are positive all over the domain, which are distances to their zero sets as they are.
        zero_sets: Patches of other carriers.
        x: The coordinates: arrays, tensors or fields of N points.
        size: The size of the domain.

    Returns:
        The same kind as the coordinates. In a corner the value is zero and derivatives are finite but meaningless.
    """
    total, *rest = [carrier(x) for carrier in whole] + [_zero_set_distance(zero_set, x, size) for zero_set in zero_sets]
    for other in rest:
        total = total * other * (total * total + other * other + TINY * size**2) ** -0.5
    return total


def _zero_set_distance(zero_set: TrimmedZeroSet, x: tuple[Values, ...], size: float) -> Values:
    """Return sqrt(f^2 + excess): positive on both sides of the patch, but on it smooth as its carrier f is."""
    f = zero_set.function(x)
    excess = zero_set.region.trimming(x, f)
    near = (_ON if to_numpy(f).dtype == np.float64 else _ON_SINGLE) * size
    on = np.abs(to_numpy(f)) <= near
    if not isinstance(zero_set.region, FullSpace):
        on = on & (to_numpy(excess) <= near**2)
    if not on.any():
        return (f * f + excess) ** 0.5
    # A root has no derivative at zero. There the excess vanishes to the eighth order, and f itself takes its place.
    here = like(on, f)
    return here * f + (1.0 - here) * (f * f + excess + here) ** 0.5


def to_numpy(values: Values) -> NDArray[np.floating[Any]]:
    """Return an array, a tensor, a field or a number as an array of its own precision."""
    plain: Any = getattr(values, "value", values)  # what a field is without its derivatives
    if hasattr(plain, "detach"):
        plain = plain.detach().cpu()
    array = np.asarray(plain)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)


def like(array: NDArray[Any], values: Values) -> Values:
    """Return an array as something that multiplies `values`: a tensor of their type for tensors and fields."""
    plain: Any = getattr(values, "value", values)
    if hasattr(plain, "new_tensor"):
        return plain.new_tensor(array.astype(np.float64))
    return array.astype(np.float64)


MAX_ZERO_SETS = 128  # a smooth distance takes an expression for each triangle


def triangle_zero_set(corners: Array) -> TrimmedZeroSet:
    """Return a triangle, (3, 3), as a patch: its plane, between the planes through its edges."""
    edges = np.roll(corners, -1, axis=0) - corners
    normal = np.cross(edges[0], edges[1])
    normal /= np.linalg.norm(normal)
    halves = []
    for corner, edge in zip(corners, edges, strict=True):
        out = np.cross(edge, normal)
        length = float(np.linalg.norm(edge))
        halves.append(HalfSpace(Plane.through(corner.tolist(), (out / length).tolist()), length))
    return TrimmedZeroSet(Plane.through(corners[0].tolist(), normal.tolist()), intersection(halves))
