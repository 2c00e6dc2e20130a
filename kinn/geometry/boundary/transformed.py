"""Pieces made of others, point by point: their parameter, and so all that depends on it alone, stays what it was."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

from kinn.geometry.boundary.patch import Array, BoundaryPatch, BoundaryPoints, Mask, Spans
from kinn.geometry.distances.distance import Patch
from kinn.geometry.distances.implicit import ImplicitFunction
from kinn.geometry.distances.rfunctions import Region
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.mapped import ReversedCells
from kinn.geometry.quadrature.rule import QuadratureSpec


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
