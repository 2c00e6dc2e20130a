"""Boundary patches whose points are those of others: reversed and moved."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Chart, Spans, reverse_chart
from kinn.geometry.distances.implicit import ImplicitFunction, Motion
from kinn.geometry.distances.rfunctions import Region, TrimmedZeroSet
from kinn.geometry.quadrature.cells import Cells, MappedCells, ReversedCells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array, Mask, delegated


@dataclass(frozen=True)
class TransformedPatch(BoundaryPatch):
    """A patch whose points are those of a base, transformed without a change of measure."""

    base: BoundaryPatch

    rejects = delegated("rejects")
    dim = delegated("dim")
    measure = delegated("measure")
    smooth = delegated("smooth")
    periodic = delegated("periodic")
    breaks = delegated("breaks")

    @abstractmethod
    def transform(self, samples: BoundaryPoints) -> BoundaryPoints:
        """Images of points of the base."""

    @abstractmethod
    def inverse(self, samples: BoundaryPoints) -> BoundaryPoints:
        """Preimages in the base."""

    @abstractmethod
    def transform_function(self, function: ImplicitFunction) -> ImplicitFunction:
        """Implicit function whose zero set is the image of that of a function."""

    def transform_region(self, region: Region) -> Region:
        """Image of a region."""
        return region

    @property
    def curve_spans(self) -> tuple[BoundaryPatch, Spans]:
        curve, spans = self.base.curve_spans
        return replace(self, base=curve), spans

    def at(self, unit: Array) -> BoundaryPoints:
        return self.transform(self.base.at(unit))

    def accepts(self, samples: BoundaryPoints) -> Mask:
        return self.base.accepts(self.inverse(samples))

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        return self.transform(self.base.draw(m, method, seed, stream))

    @property
    def implicit(self) -> ImplicitFunction:
        return self.transform_function(self.base.implicit)

    def trimming_region(self, start: float, end: float) -> Region:
        return self.transform_region(self.base.trimming_region(start, end))

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        return tuple(
            TrimmedZeroSet(self.transform_function(zero_set.function), self.transform_region(zero_set.region))
            for zero_set in self.base.zero_sets
        )


@dataclass(frozen=True)
class ReversedPatch(TransformedPatch):
    """A patch whose normals point the other way: the boundary of a hole."""

    def transform(self, samples: BoundaryPoints) -> BoundaryPoints:
        return BoundaryPoints(samples.points, -samples.normals)

    inverse = transform

    def transform_function(self, function: ImplicitFunction) -> ImplicitFunction:
        return -function

    def charts(self) -> list[Chart]:
        return [reverse_chart(chart) for chart in self.base.charts()]

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return tuple(ReversedCells(cells) for cells in self.base.cells(spec))


@dataclass(frozen=True)
class MovedPatch(TransformedPatch):
    """A patch of a boundary after a motion."""

    motion: Motion

    def transform(self, samples: BoundaryPoints) -> BoundaryPoints:
        return BoundaryPoints(self.motion(samples.points), self.motion.rotate(samples.normals))

    def inverse(self, samples: BoundaryPoints) -> BoundaryPoints:
        back = np.asarray(samples.normals @ np.asarray(self.motion.rotation))
        return BoundaryPoints(self.motion.inverse(samples.points), back)

    def transform_function(self, function: ImplicitFunction) -> ImplicitFunction:
        return function.moved(self.motion)

    def transform_region(self, region: Region) -> Region:
        return region.map_functions(self.transform_function)

    def charts(self) -> list[Chart]:
        def move(chart: Chart) -> Chart:
            return lambda uv: self.motion(chart(uv))

        return [move(chart) for chart in self.base.charts()]

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return move_cells(self.base.cells(spec), self.motion)


def move_cells(groups: Sequence[Cells], motion: Motion) -> tuple[Cells, ...]:
    """Cells after a motion."""
    rotation, shift = np.array(motion.rotation), np.array(motion.shift)
    return tuple(MappedCells(cells, rotation, shift) for cells in groups)
