"""Boundary patches whose points are those of others: reversed and moved."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Spans
from kinn.geometry.distances.distance import Patch
from kinn.geometry.distances.implicit import ImplicitFunction, Motion
from kinn.geometry.distances.rfunctions import Region
from kinn.geometry.quadrature.cells import Cells, MappedCells, ReversedCells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array, Mask


@dataclass(frozen=True)
class TransformedPatch(BoundaryPatch):
    """A piece whose points are those of a base, altered without a change of measure."""

    base: BoundaryPatch

    @abstractmethod
    def altered(self, located: BoundaryPoints) -> BoundaryPoints:
        """Return what becomes of points of the base."""

    @abstractmethod
    def undone(self, located: BoundaryPoints) -> BoundaryPoints:
        """Return the points of the base that they come from."""

    @property
    def rejects(self) -> bool:
        """As the base."""
        return self.base.rejects

    @property
    def dim(self) -> int:
        """As the base."""
        return self.base.dim

    @property
    def measure(self) -> float:
        """As the base."""
        return self.base.measure

    @property
    def stretches(self) -> tuple[BoundaryPatch, Spans]:
        """Those of the base, altered."""
        curve, spans = self.base.stretches
        return replace(self, base=curve), spans

    @property
    def smooth(self) -> bool:
        """As the base."""
        return self.base.smooth

    @property
    def periodic(self) -> bool:
        """As the base."""
        return self.base.periodic

    @property
    def breaks(self) -> tuple[float, ...]:
        """As the base."""
        return self.base.breaks

    def at(self, unit: Array) -> BoundaryPoints:
        """Return the points of the base, altered."""
        return self.altered(self.base.at(unit))

    def accepts(self, located: BoundaryPoints) -> Mask:
        """As the base."""
        return self.base.accepts(self.undone(located))

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        """Return what the base draws, altered."""
        return self.altered(self.base.draw(m, method, seed, stream))


@dataclass(frozen=True)
class ReversedPatch(TransformedPatch):
    """A piece whose normals point the other way: the boundary of a hole."""

    def altered(self, located: BoundaryPoints) -> BoundaryPoints:
        """Return the points with normals reversed."""
        return BoundaryPoints(located.points, -located.normals)

    def undone(self, located: BoundaryPoints) -> BoundaryPoints:
        """Return the points with normals reversed."""
        return self.altered(located)

    def cells(self, wanted: QuadratureSpec) -> tuple[Cells, ...]:
        """Return those of the base with normals reversed."""
        return tuple(ReversedCells(cells) for cells in self.base.cells(wanted))

    @property
    def carrier(self) -> ImplicitFunction:
        """That of the base with its other side positive."""
        return -self.base.carrier

    def extent(self, start: float, end: float) -> Region:
        """As the base."""
        return self.base.extent(start, end)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Those of the base, flipped."""
        return tuple(Patch(-patch.carrier, patch.region) for patch in self.base.patches)


@dataclass(frozen=True)
class MovedPatch(TransformedPatch):
    """A piece of a boundary after a motion."""

    motion: Motion

    def altered(self, located: BoundaryPoints) -> BoundaryPoints:
        """Return the points, moved."""
        return BoundaryPoints(self.motion(located.points), self.motion.turned(located.normals))

    def undone(self, located: BoundaryPoints) -> BoundaryPoints:
        """Return the points, moved back."""
        back = np.asarray(located.normals @ np.asarray(self.motion.rotation))
        return BoundaryPoints(self.motion.undone(located.points), back)

    def cells(self, wanted: QuadratureSpec) -> tuple[Cells, ...]:
        """Return those of the base, moved."""
        return move_cells(self.base.cells(wanted), self.motion)

    @property
    def carrier(self) -> ImplicitFunction:
        """That of the base, moved."""
        return self.base.carrier.moved(self.motion)

    def extent(self, start: float, end: float) -> Region:
        """That of the base, moved."""
        return self.base.extent(start, end).mapped(lambda carrier: carrier.moved(self.motion))

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Those of the base, moved."""
        return tuple(
            Patch(patch.carrier.moved(self.motion), patch.region.mapped(lambda carrier: carrier.moved(self.motion)))
            for patch in self.base.patches
        )


def move_cells(groups: Sequence[Cells], motion: Motion) -> tuple[Cells, ...]:
    """Return cells after a motion."""
    rotation, shift = np.array(motion.rotation), np.array(motion.shift)
    return tuple(MappedCells(cells, rotation, shift) for cells in groups)
