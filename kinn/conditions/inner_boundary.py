"""Lines and surfaces inside a domain that integrals are taken over."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry import Boundary, Geometry, Rule, SpaceTime
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.types import Array


def polyline(points: Any, what: str) -> Boundary:
    """Straight line through points (x, y), its normals to the right of the way from the first to the last.

    Raises:
        InputError: If these are not two or more points of the plane, each another than the one before.
    """
    try:
        x = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError):
        x = np.zeros(0)
    steps = np.diff(x, axis=0) if x.ndim == 2 else x
    if x.ndim != 2 or x.shape[1] != 2 or len(x) < 2 or not np.isfinite(x).all() or not steps.any(axis=1).all():
        raise InputError(
            f"{what} is taken over the name of a boundary, a boundary of another shape such as Disk((0, 0), 1).boundary('disk'), "
            f"or a line through 2 or more different points (x, y): not {points!r}"
        )
    label = Label(BoundaryName("line"), BoundaryName("line"))
    parts = []
    for start, end in pairwise(x):
        along = (end - start) / np.linalg.norm(end - start)
        parts.append(
            Part(label, Segment(tuple(start.tolist()), tuple(end.tolist()), (float(along[1]), float(-along[0]))))
        )
    return Boundary("line", tuple(parts), float(np.ptp(x, axis=0).max()))


def split_rule(rule: Rule, subdomains: Mapping[str, Geometry]) -> dict[str, Rule]:
    """Parts of a quadrature in space by the name of the subdomain that they lie in, the first of several.

    Raises:
        InputError: If points lie in none.
    """
    remaining = np.ones(len(rule), dtype=bool)
    parts = {}
    for name, geometry in subdomains.items():
        space = geometry.space if isinstance(geometry, SpaceTime) else geometry
        if rule.points.shape[1] != len(space.coordinates):
            raise InputError(
                f"its points have {rule.points.shape[1]} coordinates, and space has {len(space.coordinates)}"
            )
        inside = remaining & space.contains(rule.points)
        if inside.any():
            normals: Array | None = None if rule.normals is None else rule.normals[inside]
            parts[name] = Rule(rule.points[inside], rule.weights[inside], normals)
            remaining &= ~inside
    if remaining.any():
        first = ", ".join(f"{x:g}" for x in rule.points[remaining][0])
        raise InputError(f"it leaves the domain, at ({first}) for one")
    return parts
