"""Faces: the named parts of a closed surface, each covered by charts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinn.boundary_integrals.surfaces.charts import Chart, charts
from kinn.errors import InputError
from kinn.geometry import Geometry
from kinn.geometry.boundary.boundary import Part
from kinn.geometry.boundary.patch import BoundaryPoints
from kinn.geometry.types import Array

#: Where on a face it is tried what conditions say: so many points, drawn with this seed.
_PROBES, _SEED = 9, 5
#: Points of a chart along each coordinate by which the extent of a face is told.
_ACROSS = 5


@dataclass(frozen=True, eq=False)
class BoundaryFace:
    """A named part of a surface.

    Attributes:
        part: The part of the boundary.
        charts: What covers it.
    """

    part: Part
    charts: tuple[Chart, ...]

    @property
    def name(self) -> str:
        """The name of the part."""
        return self.part.name

    @property
    def corners(self) -> Array:
        """Points all over it, on the edges of its charts too, (n, 3)."""
        at = np.linspace(-1, 1, _ACROSS)
        uv = np.stack(np.meshgrid(at, at), axis=2).reshape(-1, 2)
        return np.concatenate([chart(uv) for chart in self.charts])

    @property
    def probes(self) -> BoundaryPoints:
        """Some of its points."""
        return self.part.piece.sample(_PROBES, seed=_SEED)


def faces_of(geometry: Geometry) -> list[BoundaryFace]:
    """Return the faces of the boundary of a solid.

    Raises:
        InputError: If the shape is no solid in space, or part of its boundary is no whole surface.
    """
    if geometry.coordinates != ("x", "y", "z"):
        raise InputError(f"boundary surfaces belong to solids, not to shapes in {', '.join(geometry.coordinates)}")
    faces = []
    for part in geometry.parts:
        try:
            faces.append(BoundaryFace(part, tuple(charts(part.piece))))
        except InputError as error:
            raise InputError(f"the boundary {part.name!r} cannot be cut into panels: {error}") from error
    return faces
