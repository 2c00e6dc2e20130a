"""Where boundaries meet, and whether the values given on them agree there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch

from kinn.errors import InputError
from kinn.geometry import Boundary, Geometry
from kinn.geometry.boundary.patch import BoundaryPatch
from kinn.geometry.csg.prism import Lateral
from kinn.geometry.types import Array
from kinn.problem import Problem

#: How many points of an edge are tried.
PROBES = 16

#: Distances up to this, relative to the size of the domain, count as zero.
CLOSE = 1e-9

#: Values that differ by no more than this, relative to their size, agree.
AGREE = 1e-7

#: Values are compared this far inside, relative to the distance of a point of the interior: a formula that jumps at the
#: boundary takes its side there.
INSIDE = 1e-9


@dataclass(frozen=True)
class Given:
    """A value that a condition gives on a boundary.

    Attributes:
        label: What messages call the condition.
        boundary: The boundary.
        value: A number or a function of coordinates.
    """

    label: str
    boundary: Boundary
    value: Any


@dataclass(frozen=True)
class Disagreement:
    """Two conditions that give different values where their boundaries meet."""

    first: Given
    second: Given
    point: Array
    values: tuple[float, float]

    def said(self, coordinates: Sequence[str]) -> str:
        """Return what a message says of it."""
        where = ", ".join(f"{name} = {x:.6g}" for name, x in zip(coordinates, self.point, strict=True))
        here, there = self.values
        return f"{self.first.label} and {self.second.label} disagree at {where}: {round(here, 6):g} and {round(there, 6):g}"


def disagreements(problem: Problem, subdomain: str, given: Sequence[Given]) -> Iterator[Disagreement]:
    """Yield pairs of conditions on one field whose values differ where their boundaries meet, each with its worst point."""
    geometry = problem.subdomains[subdomain]
    for first, second in combinations(given, 2):
        points = common_points(first.boundary, second.boundary, geometry)
        if not len(points):
            continue
        inner = geometry.sample(256, seed=1)
        nearest = inner[np.linalg.norm(points[:, None] - inner, axis=2).argmin(axis=1)]
        p = problem.points(torch.as_tensor(points + INSIDE * (nearest - points)))
        here, there = (
            torch.as_tensor(p.field(g.value, f"the value of {g.label}").value, dtype=torch.float64)
            .expand(len(p))
            .numpy()
            for g in (first, second)
        )
        size = max(1.0, float(np.abs(here).max()), float(np.abs(there).max()))
        worst = int(np.abs(here - there).argmax())
        if abs(here[worst] - there[worst]) > AGREE * size:
            yield Disagreement(first, second, points[worst], (float(here[worst]), float(there[worst])))


def common_points(first: Boundary, second: Boundary, geometry: Geometry) -> Array:
    """Return points (n, d) in which two boundaries meet; none where they do not, or where no distance is known."""
    candidates = np.concatenate([*_candidates(first, second), *_candidates(second, first)])
    candidates = candidates[geometry.contains(candidates)]
    try:
        near = [np.abs(b.distance(*candidates.T)) <= CLOSE * geometry.size for b in (first, second)]
    except InputError:
        return candidates[:0]
    return np.asarray(candidates[near[0] & near[1]])


def _candidates(boundary: Boundary, other: Boundary) -> list[Array]:
    """Return points of a boundary among which those are that it shares with another."""
    rims = [_rim(part.patch) for part in boundary.parts]
    faces = {part.face for part in other.parts if part.face is not None}
    moved = []
    for face in faces:
        points = boundary.sample(PROBES, seed=3).points.copy()
        points[:, face.axis] = face.value
        moved.append(points)
    return rims + moved


def _rim(piece: BoundaryPatch) -> Array:
    """Return points on the rim of a piece: the ends of a curve, points on the edges of a surface."""
    draw = np.random.default_rng(0)
    if piece.dim == 0:
        return piece.at(np.zeros((1, 0))).points
    if piece.dim == 1:
        curve, spans = piece.curve_spans
        return curve.at(np.array([[end] for span in spans for end in span])).points
    if isinstance(piece, Lateral):
        rim = np.repeat(_rim(piece.base), PROBES, axis=0)
        last = piece.start + (piece.end - piece.start) * draw.random((len(rim), 1))
        return np.column_stack([rim, last])
    unit = np.concatenate(
        [_with(draw.random((PROBES, piece.dim)), axis, end) for axis in range(piece.dim) for end in (0.0, 1.0)]
    )
    located = piece.at(unit)
    return located.points[piece.accepts(located)]


def _with(unit: Array, axis: int, value: float) -> Array:
    unit[:, axis] = value
    return unit
