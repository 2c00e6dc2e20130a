"""Problems in space: the faces of a closed surface, and the coordinates that networks on them are functions of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.surfaces.surface_panelization import BoundaryFace, boundary_faces, make_surface_panels
from kinn.boundary_integrals.surfaces.surface_panels import SurfacePanels
from kinn.errors import InputError
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.topology import BoundaryContour, Side
from kinn.geometry.types import Array
from kinn.problem import Problem

#: CurvePanels are no longer than this times the size of the domain; most surfaces need shorter ones to be resolved.
LONGEST = 1.0


class Hull(BoundaryContour):
    """The faces of the boundary of a solid.

    Args:
        problem: The problem.

    Raises:
        InputError: If there are several subdomains, or a part of the boundary is no surface that panels are known for.
    """

    def __init__(self, problem: Problem) -> None:
        if len(problem.subdomains) > 1:
            raise InputError(
                f"problem {problem.name!r} has subdomains, and in space the inverse form takes a single domain"
            )
        ((name, geometry),) = problem.subdomains.items()
        self.problem = problem
        self.edges: list[BoundaryFace] = boundary_faces(geometry)
        self.beside = [(name,) for _ in self.edges]
        self.chains = {name: [[Side(number, False) for number in range(len(self.edges))]]}


@dataclass(frozen=True, eq=False)
class BoundaryFormulation3D(BoundaryFormulation):
    """A problem in space in the inverse form."""

    @cached_property
    def outline(self) -> Hull:
        """The faces."""
        return Hull(self.problem)

    def panels(self, nodes: int = 0) -> SurfacePanels:
        """Return panels on all faces, of at least so many nodes."""
        return make_surface_panels(self.outline.edges, longest=LONGEST * self.size, nodes=nodes)

    def inputs(self, number: int) -> int:
        """Return 2 on flat faces and else 3."""
        return len(self._frames[number][0])

    def coordinates(self, panels: BoundaryPanels, number: int) -> Array:
        """Return what networks on a face are functions of: x, y and z, of a flat face those two that tell its points apart."""
        kept, middle, half = self._frames[number]
        points = panels.points[panels.edge_index == number].reshape(-1, 3)[:, kept]
        return np.asarray((points - middle) / half)

    @cached_property
    def _frames(self) -> list[tuple[list[int], Array, Array]]:
        """The coordinates that are kept on each face, and the middle and half the extent of the face along them."""
        frames = []
        for face in self.outline.edges:
            points, normals = face.grid, face.sample.normals
            flat = np.abs(normals - normals[0]).max() < 1e-9 and np.ptp(points @ normals[0]) < 1e-9 * self.size
            kept = [axis for axis in range(3) if not flat or axis != int(np.abs(normals[0]).argmax())]
            low, high = points[:, kept].min(axis=0), points[:, kept].max(axis=0)
            frames.append((kept, (low + high) / 2, (high - low) / 2))
        return frames
