"""Panelization of surfaces: the faces of a solid, cut into panels that resolve them as polynomials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinn.boundary_integrals.legendre import square_coefficients, square_derivatives, square_rule
from kinn.boundary_integrals.surfaces.polynomial_patches import PolynomialPatches
from kinn.boundary_integrals.surfaces.surface_panels import ORDER, SurfacePanels
from kinn.errors import InputError
from kinn.geometry import Geometry
from kinn.geometry.boundary.boundary import Part
from kinn.geometry.boundary.patch import BoundaryPoints, Chart
from kinn.geometry.types import Array

#: The number and the seed of the sample points of a face.
_SAMPLE, _SEED = 9, 5
#: Points of a chart along each coordinate that its extent is measured by.
_GRID = 5
#: The largest number of nodes along each coordinate of the polynomial of the surface.
_MAX_RESOLUTION = 16
#: The bound on omitted Legendre coefficients of the surface on a panel, relative to its size.
_ROUNDING = 1e-14
#: The bound on the last of them on a resolved panel.
_RESOLVED = 1e-10
_MAX_NODES = 60_000


@dataclass(frozen=True, eq=False)
class BoundaryFace:
    """A named part of a surface.

    Attributes:
        part: The part of the boundary.
        charts: The charts that cover it.
    """

    part: Part
    charts: tuple[Chart, ...]

    @property
    def name(self) -> str:
        """The name of the part."""
        return self.part.name

    @property
    def grid(self) -> Array:
        """Points all over it, those on the edges of its charts included, (n, 3)."""
        at = np.linspace(-1, 1, _GRID)
        uv = np.stack(np.meshgrid(at, at), axis=2).reshape(-1, 2)
        return np.concatenate([chart(uv) for chart in self.charts])

    @property
    def sample(self) -> BoundaryPoints:
        """Some points, at which the conditions are evaluated for classification."""
        return self.part.patch.sample(_SAMPLE, seed=_SEED)


def boundary_faces(geometry: Geometry) -> list[BoundaryFace]:
    """Faces of the boundary of a solid.

    Raises:
        InputError: If the shape is no solid in space, or a part of its boundary has no charts.
    """
    if geometry.coordinates != ("x", "y", "z"):
        raise InputError(f"boundary surfaces belong to solids, not to shapes in {', '.join(geometry.coordinates)}")
    faces = []
    for part in geometry.parts:
        try:
            faces.append(BoundaryFace(part, tuple(part.patch.charts())))
        except InputError as error:
            raise InputError(f"the boundary {part.name!r} cannot be cut into panels: {error}") from error
    return faces


def make_surface_panels(
    faces: Sequence[BoundaryFace], *, longest: float, nodes: int = 0, order: int = ORDER
) -> SurfacePanels:
    """Panels of an extent up to `longest` that resolve the surface.

    They are refined until there are at least `nodes` nodes, `order` per panel along each coordinate.

    Raises:
        InputError: If the surface is not closed, is not smooth on its charts, or there are too many nodes.
    """
    while True:
        panels = _panels(faces, longest, order)
        if panels.nodes >= nodes and _resolved(panels):
            break
        longest /= 1.25
    if panels.gap > 1e-6:
        raise InputError(f"the boundary is not closed: its normals add up to {panels.gap:.3g} of its area instead of 0")
    kept = _significant(panels)
    columns = (np.arange(kept)[:, None] * panels.patches.resolution + np.arange(kept)).ravel()
    return replace(panels, patches=replace(panels.patches, coefficients=panels.patches.coefficients[:, columns]))


def _panels(faces: Sequence[BoundaryFace], longest: float, order: int) -> SurfacePanels:
    """Panels of evenly divided charts, none longer than `longest`."""
    numbered = [(number, chart) for number, face in enumerate(faces) for chart in face.charts]
    divisions = [_divisions(chart, longest) for _, chart in numbered]
    if sum(first * second for first, second in divisions) * order**2 > _MAX_NODES:
        raise InputError(f"the boundary needs more than {_MAX_NODES} nodes: it has too many faces, or too fine ones")
    uv, _ = square_rule(_MAX_RESOLUTION)
    points, numbers = [], []
    for (number, chart), counts in zip(numbered, divisions, strict=True):
        for index in np.ndindex(*counts):
            shift = (2 * np.array(index) + 1) / counts - 1
            points.append(chart(shift + uv / counts))
            numbers.append(number)
    x = square_coefficients(_MAX_RESOLUTION) @ np.array(points)
    cross = np.cross(*square_derivatives(np.broadcast_to(uv, (len(x), *uv.shape)), x))
    coefficients = np.concatenate([x, square_coefficients(_MAX_RESOLUTION) @ cross], axis=2)
    return SurfacePanels(len(faces), np.array(numbers, dtype=np.intp), PolynomialPatches(coefficients, order))


def _divisions(chart: Chart, longest: float) -> tuple[int, int]:
    """Number of panels of a chart along each coordinate."""
    path = np.linspace(-1, 1, 9)
    grid = chart(np.stack(np.meshgrid(path, path, indexing="ij"), axis=2).reshape(-1, 2)).reshape(9, 9, 3)
    first, second = (np.linalg.norm(np.diff(grid, axis=k), axis=2).sum(axis=k).max() / longest for k in (0, 1))
    return max(1, math.ceil(first - 1e-9)), max(1, math.ceil(second - 1e-9))


def _spectrum(panels: SurfacePanels) -> Array:
    """Largest coefficients of each degree (M, g), relative to the size of the panel."""
    g = panels.patches.resolution
    scale = np.stack([panels.lengths] * 3 + [g**2 * panels.areas] * 3, axis=1)
    relative = np.abs(panels.patches.coefficients / scale[:, None]).max(axis=2).reshape(-1, g, g)
    return np.asarray(np.maximum(relative.max(axis=1), relative.max(axis=2)))


def _resolved(panels: SurfacePanels) -> bool:
    rounding = 1e-13 * np.abs(panels.points).max() / panels.lengths
    return bool((_spectrum(panels)[:, -2:].max(axis=1) < _RESOLVED + rounding).all())


def _significant(panels: SurfacePanels) -> int:
    """Number of coefficients along each coordinate above rounding, which derivatives magnify."""
    spectrum = _spectrum(panels)
    rounding = _ROUNDING * (1 + np.abs(panels.points).max() / panels.lengths)
    return max(2, int(np.flatnonzero((spectrum > rounding[:, None]).any(axis=0)).max()) + 1)
