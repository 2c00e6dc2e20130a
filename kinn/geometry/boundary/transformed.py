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

    @abstractmethod
    def transform(self, samples: BoundaryPoints) -> BoundaryPoints:
        """Return the images of points of the base."""

    @abstractmethod
    def inverse(self, samples: BoundaryPoints) -> BoundaryPoints:
        """Return the preimages in the base."""

    rejects = delegated("rejects")

    dim = delegated("dim")

    measure = delegated("measure")

    @property
    def curve_spans(self) -> tuple[BoundaryPatch, Spans]:
        curve, spans = self.base.curve_spans
        return replace(self, base=curve), spans

    smooth = delegated("smooth")

    periodic = delegated("periodic")

    breaks = delegated("breaks")

    def at(self, unit: Array) -> BoundaryPoints:
        return self.transform(self.base.at(unit))

    def accepts(self, samples: BoundaryPoints) -> Mask:
        return self.base.accepts(self.inverse(samples))

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        return self.transform(self.base.draw(m, method, seed, stream))


@dataclass(frozen=True)
class ReversedPatch(TransformedPatch):
    """A patch whose normals point the other way: the boundary of a hole."""

    def transform(self, samples: BoundaryPoints) -> BoundaryPoints:
        return BoundaryPoints(samples.points, -samples.normals)

    def inverse(self, samples: BoundaryPoints) -> BoundaryPoints:
        return self.transform(samples)

    def charts(self) -> list[Chart]:
        return [reverse_chart(chart) for chart in self.base.charts()]

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return tuple(ReversedCells(cells) for cells in self.base.cells(spec))

    @property
    def implicit(self) -> ImplicitFunction:
        return -self.base.implicit

    def trimming_region(self, start: float, end: float) -> Region:
        return self.base.trimming_region(start, end)

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        return tuple(TrimmedZeroSet(-zero_set.function, zero_set.region) for zero_set in self.base.zero_sets)


@dataclass(frozen=True)
class MovedPatch(TransformedPatch):
    """A patch of a boundary after a motion."""

    motion: Motion

    def transform(self, samples: BoundaryPoints) -> BoundaryPoints:
        return BoundaryPoints(self.motion(samples.points), self.motion.rotate(samples.normals))

    def inverse(self, samples: BoundaryPoints) -> BoundaryPoints:
        back = np.asarray(samples.normals @ np.asarray(self.motion.rotation))
        return BoundaryPoints(self.motion.inverse(samples.points), back)

    def charts(self) -> list[Chart]:

        def move(chart: Chart) -> Chart:
            return lambda uv: self.motion(chart(uv))

        return [move(chart) for chart in self.base.charts()]

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return move_cells(self.base.cells(spec), self.motion)

    @property
    def implicit(self) -> ImplicitFunction:
        return self.base.implicit.moved(self.motion)

    def trimming_region(self, start: float, end: float) -> Region:
        return self.base.trimming_region(start, end).map_functions(lambda function: function.moved(self.motion))

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        return tuple(
            TrimmedZeroSet(
                zero_set.function.moved(self.motion),
                zero_set.region.map_functions(lambda function: function.moved(self.motion)),
            )
            for zero_set in self.base.zero_sets
        )


def move_cells(groups: Sequence[Cells], motion: Motion) -> tuple[Cells, ...]:
    """Return cells after a motion."""
    rotation, shift = np.array(motion.rotation), np.array(motion.shift)
    return tuple(MappedCells(cells, rotation, shift) for cells in groups)
