"""Boundary formulation in space: the faces of a solid, their panels, and the coordinates of their networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.surfaces.surface_panelization import BoundaryFace, boundary_faces, make_surface_panels
from kinn.boundary_integrals.surfaces.surface_panels import SurfacePanels
from kinn.errors import InputError
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.topology import BoundaryTopology, Side
from kinn.geometry.types import Array

#: The largest extent of panels, relative to the size of the domain; most are shorter to resolve the surface.
PANEL_LENGTH = 1.0


@dataclass(frozen=True, eq=False)
class BoundaryFormulation3D(BoundaryFormulation):
    """A problem in space in the inverse form, in a single domain."""

    @cached_property
    def faces(self) -> list[BoundaryFace]:
        """The faces of the solid."""
        if len(self.problem.subdomains) > 1:
            raise InputError(
                f"problem {self.problem.name!r} has subdomains, and in space the inverse form takes a single domain"
            )
        (geometry,) = self.problem.subdomains.values()
        return boundary_faces(geometry)

    @cached_property
    def topology(self) -> BoundaryTopology:
        count, (name,) = len(self.faces), self.problem.subdomains
        sides = [Side(number, False) for number in range(count)]
        return BoundaryTopology(self.problem, self.faces, [(name,)] * count, {name: [sides]})

    def panels(self, nodes: int = 0) -> SurfacePanels:
        return make_surface_panels(self.faces, longest=PANEL_LENGTH * self.size, nodes=nodes)

    def input_dimension(self, number: int) -> int:
        return len(self._axes[number][0])

    def coordinates(self, panels: BoundaryPanels, number: int) -> Array:
        """Coordinates x, y and z at the nodes of a face, scaled; of a flat face the two along which it extends most."""
        axes, middle, half = self._axes[number]
        points = panels.points[panels.edge_index == number].reshape(-1, 3)[:, axes]
        return np.asarray((points - middle) / half)

    @cached_property
    def _axes(self) -> list[tuple[list[int], Array, Array]]:
        """The axes of each face's coordinates, and the middle and half the extent of the face along them."""
        found = []
        for face in self.faces:
            points, normals = face.grid, face.sample.normals
            flat = np.abs(normals - normals[0]).max() < 1e-9 and np.ptp(points @ normals[0]) < 1e-9 * self.size
            axes = [axis for axis in range(3) if not flat or axis != int(np.abs(normals[0]).argmax())]
            low, high = points[:, axes].min(axis=0), points[:, axes].max(axis=0)
            found.append((axes, (low + high) / 2, (high - low) / 2))
        return found
