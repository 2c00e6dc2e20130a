"""Compatibility of prescribed values: whether they agree where boundaries meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
import torch

from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.geometry import Boundary, Geometry
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
class Disagreement:
    """Two conditions that prescribe different values of a field where their boundaries meet.

    Attributes:
        subdomain: The name of the subdomain.
        field: The name of the field.
        conditions: The two conditions.
        point: The point (d,) with the largest difference.
        values: The value that each prescribes there.
    """

    subdomain: str
    field: str
    conditions: tuple[Condition, Condition]
    point: Array
    values: tuple[float, float]

    def describe(self, coordinates: Sequence[str]) -> str:
        """Sentence for messages, from the names of the conditions on."""
        where = ", ".join(f"{name} = {x:.6g}" for name, x in zip(coordinates, self.point, strict=True))
        first, second = (condition.label for condition in self.conditions)
        here, there = self.values
        return f"{first} and {second} disagree at {where}: {round(here, 6):g} and {round(there, 6):g}"


def value_conditions(problem: Problem, subdomain: str, field: str) -> list[Condition]:
    """Conditions that prescribe the values of a field on boundaries of a subdomain."""
    return [
        c
        for c in problem.conditions
        if (datum := c.boundary_datum) is not None and datum.order == 1
        if field in c.field_names and (subdomain,) in problem.subdomain_groups(c)
    ]


def value_issues(problem: Problem) -> Iterator[tuple[str, str]]:
    """Values of a field that are prescribed twice or disagree: the subdomain, and a few words that follow the problem's name."""
    for subdomain in problem.subdomains:
        for field in problem.names:
            conditions = value_conditions(problem, subdomain, field)
            if len(conditions) < 2:
                continue
            issue = _prescribed_twice(problem.subdomains[subdomain], field, conditions)
            for found in disagreements(problem) if issue is None else ():
                if (found.subdomain, found.field) == (subdomain, field):
                    issue = f"has conditions that {found.describe(problem.coordinates)}"
                    break
            if issue is not None:
                yield subdomain, issue


def _prescribed_twice(geometry: Geometry, field: str, conditions: Sequence[Condition]) -> str | None:
    """Words on the first part of the boundary, if any, on which two of the conditions prescribe the value of a field."""
    labels: dict[str, str] = {}
    for condition in conditions:
        for name in dict.fromkeys(part.name for part in geometry.boundary(condition.boundaries[0]).parts):
            if name in labels:
                return f"gives {field!r} twice on {name!r}: {labels[name]} and {condition.label}"
            labels[name] = condition.label
    return None


@lru_cache(maxsize=1)
def disagreements(problem: Problem) -> tuple[Disagreement, ...]:
    """Pairs of conditions whose values differ where their boundaries meet.

    The result is kept for the last problem: its diagnostics and its trial functions ask for it in turn.
    """
    return tuple(
        found
        for subdomain in problem.subdomains
        for field in problem.names
        for pair in combinations(value_conditions(problem, subdomain, field), 2)
        if (found := _compare(problem, subdomain, field, pair)) is not None
    )


def _compare(
    problem: Problem, subdomain: str, field: str, conditions: tuple[Condition, Condition]
) -> Disagreement | None:
    """Disagreement of two conditions, or None where their values agree or their boundaries do not meet."""
    geometry = problem.subdomains[subdomain]
    first, second = (geometry.boundary(c.boundaries[0]) for c in conditions)
    points = common_points(first, second, geometry)
    if not len(points):
        return None
    inner = geometry.sample(256, seed=1)
    nearest = inner[np.linalg.norm(points[:, None] - inner, axis=2).argmin(axis=1)]
    p = problem.points(torch.as_tensor(points + INSIDE * (nearest - points)))
    here, there = (
        torch.as_tensor(p.field(c.boundary_datum.value, f"the value of {c.label}").value, dtype=torch.float64)
        .expand(len(p))
        .numpy()
        for c in conditions
        if c.boundary_datum is not None
    )
    size = max(1.0, float(np.abs(here).max()), float(np.abs(there).max()))
    worst = int(np.abs(here - there).argmax())
    if abs(here[worst] - there[worst]) > AGREE * size:
        return Disagreement(subdomain, field, conditions, points[worst], (float(here[worst]), float(there[worst])))
    return None


def common_points(first: Boundary, second: Boundary, geometry: Geometry) -> Array:
    """Points (n, d) in which two boundaries meet; none where they do not, or where no distance is known."""
    candidates = np.concatenate([*_candidates(first, second), *_candidates(second, first)])
    candidates = candidates[geometry.contains(candidates)]
    try:
        near = [np.abs(b.distance(*candidates.T)) <= CLOSE * geometry.size for b in (first, second)]
    except InputError:
        return candidates[:0]
    return np.asarray(candidates[near[0] & near[1]])


def _candidates(boundary: Boundary, other: Boundary) -> list[Array]:
    """Points of a boundary among which are those that it shares with another."""
    rims = [part.patch.rim(PROBES) for part in boundary.parts]
    faces = {part.face for part in other.parts if part.face is not None}
    moved = []
    for face in faces:
        points = boundary.sample(PROBES, seed=3).points.copy()
        points[:, face.axis] = face.value
        moved.append(points)
    return rims + moved
