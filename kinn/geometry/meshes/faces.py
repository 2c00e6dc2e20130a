"""Boundaries of meshes: faces of elements as patches, with their smooth distances where they are straight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.errors import InputError
from kinn.geometry.boundary.charts import Chart
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.distances.distance import MAX_ZERO_SETS, TrimmedZeroSet, triangle_zero_set
from kinn.geometry.distances.implicit import ImplicitFunction, Plane
from kinn.geometry.meshes.blocks import Block, sample_elements
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.sampling import unit_cube
from kinn.geometry.types import Array

_FLAT = 1e-9  # points so near to a plane, relative to the size of the patch, lie in it


@dataclass(frozen=True, eq=False)
class FacePatch(BoundaryPatch):
    """Faces of elements.

    Attributes:
        blocks: The faces.
    """

    blocks: tuple[Block, ...]

    @property
    def dim(self) -> int:
        """One less than that of the mesh."""
        return self.blocks[0].kind.dim

    smooth = False

    @cached_property
    def measure(self) -> float:
        """Length or area."""
        return float(sum(np.sum(block.measures) for block in self.blocks))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        """Return the faces."""
        return self.blocks

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points of the faces, picked by the first parameter."""
        return self._drawn(np.column_stack([unit, np.zeros(len(unit))]), all_=True)

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        """Return points uniform in measure: those of m candidates that are kept."""
        if method == "uniform":
            return self.at(unit_cube(m, self.dim, method, seed, stream=stream))
        return self._drawn(unit_cube(m, self.dim + 1, method, seed, stream=stream))

    def _drawn(self, unit: Array, *, all_: bool = False) -> BoundaryPoints:
        samples = sample_elements(self.blocks, unit, all_=all_)
        assert samples.normals is not None
        return BoundaryPoints(samples.points, samples.normals)

    def charts(self) -> list[Chart]:
        """Return one for each quadrilateral, three for each triangle."""
        if self.dim != 2:
            return super().charts()
        return [chart for block in self.blocks for number in range(block.count) for chart in block.charts(number)]

    @cached_property
    def plane(self) -> Plane | None:
        """The line or plane that all faces lie in, positive inside, if there is one."""
        nodes = np.concatenate([block.nodes.reshape(-1, self.dim + 1) for block in self.blocks])
        block = self.blocks[0]
        normals = block.at(np.zeros(1, dtype=np.intp), np.full((1, self.dim), 1 / (self.dim + 1))).normals
        assert normals is not None
        normal = np.where(np.abs(normals[0]) <= _FLAT**1.5, 0.0, normals[0])  # along an axis exactly
        heights = (nodes - nodes[0]) @ normal
        if np.max(np.abs(heights)) > _FLAT * float(np.max(np.ptp(nodes, axis=0))):
            return None
        return Plane.through(nodes[0].tolist(), normal.tolist())

    @property
    def implicit(self) -> ImplicitFunction:
        """The line or plane.

        Raises:
            InputError: There is none.
        """
        if self.plane is None:
            return super().implicit
        return self.plane

    @cached_property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        """Segments that go on in one line as one; in space the triangles.

        Raises:
            InputError: Faces are curved or there are too many.
        """
        if not all(block.kind.order == 1 for block in self.blocks):
            raise InputError("no smooth distance is known for the curved faces of a mesh: enforce its conditions soft")
        made = self._segments() if self.dim == 1 else self._triangles()
        if len(made) > MAX_ZERO_SETS:
            raise InputError(
                f"no smooth distance to {len(made)} faces of a mesh, {MAX_ZERO_SETS} at most: enforce its conditions soft"
            )
        return tuple(made)

    def _segments(self) -> list[TrimmedZeroSet]:
        ends = np.concatenate([block.nodes for block in self.blocks])
        along = ends[:, 1] - ends[:, 0]
        along /= np.linalg.norm(along, axis=1)[:, None]
        following = {tuple(end[0]): k for k, end in enumerate(ends)}
        after = [following.get(tuple(end[1])) for end in ends]
        goes_on = [
            k if k is not None and np.linalg.norm(along[k] - along[j]) < _FLAT else None for j, k in enumerate(after)
        ]
        zero_sets: list[TrimmedZeroSet] = []
        for first in sorted(set(range(len(ends))) - {k for k in goes_on if k is not None}):
            last = first
            while (k := goes_on[last]) is not None:
                last = k
            normal = (float(along[first, 1]), -float(along[first, 0]))
            zero_sets.extend(Segment(tuple(ends[first, 0].tolist()), tuple(ends[last, 1].tolist()), normal).zero_sets)
        return zero_sets

    def _triangles(self) -> list[TrimmedZeroSet]:
        corners = [block.nodes if block.kind.corners == 3 else _halved(block.nodes) for block in self.blocks]
        all_ = np.concatenate(corners)
        return [triangle_zero_set(triangle) for triangle in all_[: MAX_ZERO_SETS + 1]]


def _halved(quadrilaterals: Array) -> Array:
    """Return each plane quadrilateral, (F, 4, 3), as two triangles.

    Raises:
        InputError: One is not plane.
    """
    a, b, c, d = np.moveaxis(quadrilaterals, 1, 0)
    size = np.max(np.ptp(quadrilaterals, axis=1), axis=1)
    if np.any(np.abs(np.sum(np.cross(b - a, c - a) * (d - a), axis=1)) > _FLAT * size**3):
        raise InputError("no smooth distance is known for the curved faces of a mesh: enforce its conditions soft")
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
