"""Surfaces cut into panels, fine enough for the polynomials that stand for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinn.boundary_integrals.surfaces.charts import Chart
from kinn.boundary_integrals.surfaces.faces import BoundaryFace
from kinn.boundary_integrals.surfaces.squares import square_coefficients, square_rule, tangents
from kinn.boundary_integrals.surfaces.surface_panels import ORDER, SurfacePanels
from kinn.errors import InputError
from kinn.geometry.types import Array

#: Nodes along each coordinate that the surface is a polynomial through, at most.
_FINE = 16
#: What Legendre coefficients of the surface on a panel are left out, relative to its size.
_ROUNDING = 1e-14
#: What the last of them may be, so that it is resolved.
_RESOLVED = 1e-10
_MOST = 60_000


def make_surface_panels(
    faces: Sequence[BoundaryFace], *, longest: float, nodes: int = 0, order: int = ORDER
) -> SurfacePanels:
    """Return panels that resolve the surface.

    Args:
        faces: The faces.
        longest: The greatest extent of a panel.
        nodes: The least number of nodes; panels are made smaller until there are as many.
        order: Nodes of a panel along each coordinate.

    Raises:
        InputError: If the surface is not closed, is not smooth on its charts, or there are too many nodes.
    """
    while True:
        panels = _cut(faces, longest, order)
        if panels.nodes >= nodes and _resolved(panels):
            break
        longest /= 1.25
    if panels.gap > 1e-6:
        raise InputError(f"the boundary is not closed: its normals add up to {panels.gap:.3g} of its area instead of 0")
    kept = _needed(panels)
    columns = (np.arange(kept)[:, None] * panels.fine + np.arange(kept)).ravel()
    return replace(panels, coefficients=panels.coefficients[:, columns])


def _cut(faces: Sequence[BoundaryFace], longest: float, order: int) -> SurfacePanels:
    """Return the panels of charts cut evenly, none longer than `longest`."""
    cuts = [_counts(chart, longest) for face in faces for chart in face.charts]
    if sum(first * second for first, second in cuts) * order**2 > _MOST:
        raise InputError(f"the boundary needs more than {_MOST} nodes: it has too many faces, or too fine ones")
    uv, _ = square_rule(_FINE)
    numbered = [(number, chart) for number, face in enumerate(faces) for chart in face.charts]
    points, numbers = [], []
    for (number, chart), counts in zip(numbered, cuts, strict=True):
        for place in np.ndindex(*counts):
            shift = (2 * np.array(place) + 1) / counts - 1
            points.append(chart(shift + uv / counts))
            numbers.append(number)
    x = square_coefficients(_FINE) @ np.array(points)
    across = np.cross(*tangents(np.broadcast_to(uv, (len(x), *uv.shape)), x))
    coefficients = np.concatenate([x, square_coefficients(_FINE) @ across], axis=2)
    return SurfacePanels(tuple(faces), np.array(numbers, dtype=np.intp), coefficients, order)


def _counts(chart: Chart, longest: float) -> tuple[int, int]:
    """Return how often a chart is cut along each coordinate."""
    path = np.linspace(-1, 1, 9)
    grid = chart(np.stack(np.meshgrid(path, path, indexing="ij"), axis=2).reshape(-1, 2)).reshape(9, 9, 3)
    first, second = (np.linalg.norm(np.diff(grid, axis=k), axis=2).sum(axis=k).max() / longest for k in (0, 1))
    return max(1, math.ceil(first - 1e-9)), max(1, math.ceil(second - 1e-9))


def _sizes(panels: SurfacePanels) -> Array:
    """Return the largest coefficients of each degree (M, g), relative to the size of the panel."""
    g = panels.fine
    scale = np.stack([panels.lengths] * 3 + [g**2 * panels.areas] * 3, axis=1)
    relative = np.abs(panels.coefficients / scale[:, None]).max(axis=2).reshape(-1, g, g)
    return np.asarray(np.maximum(relative.max(axis=1), relative.max(axis=2)))


def _resolved(panels: SurfacePanels) -> bool:
    rounding = 1e-13 * np.abs(panels.points).max() / panels.lengths
    return bool((_sizes(panels)[:, -2:].max(axis=1) < _RESOLVED + rounding).all())


def _needed(panels: SurfacePanels) -> int:
    """Return how many coefficients along each coordinate are larger than rounding, which derivatives magnify."""
    sizes = _sizes(panels)
    rounding = _ROUNDING * (1 + np.abs(panels.points).max() / panels.lengths)
    return max(2, int(np.flatnonzero((sizes > rounding[:, None]).any(axis=0)).max()) + 1)
