"""Trimming: what is left of a boundary patch where another shape covers it, with the crossings found exactly.

A curve is scanned adaptively. A level function is 1-Lipschitz, so between two points of a curve whose levels have one
sign and add up to more than the arc between them there is no crossing; all other curve_spans are halved down to 1e-7 of
the size of the smaller shape. Crossings are then bisected to rounding. Two curves that coincide over a stretch are told
apart by their normals; where they do, a parting shorter than 1/2,000 of the curve can be missed. Surfaces are trimmed
point by point, their measure estimated by quasi Monte Carlo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Spans
from kinn.geometry.distances.implicit import ImplicitFunction
from kinn.geometry.distances.rfunctions import Region, TrimmedZeroSet, intersection
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Cells, WeightedPoints
from kinn.geometry.quadrature.rule import SEQUENCE_POINTS, QuadratureSpec
from kinn.geometry.sampling import unit_cube
from kinn.geometry.types import Array, Mask, delegated

# Where a point of one boundary lies with regard to another shape: inside, outside, or on a boundary that it shares with
# the shape, with the same or with the opposite outward normal.
INSIDE, OUTSIDE, SAME, OPPOSITE = 0, 1, 2, 3
_BEHIND, _AHEAD = {INSIDE, SAME}, {INSIDE, OPPOSITE}  # where the shape lies behind the patch, and ahead of it

_STEP = 1e-9  # how far along the normal one looks to see on which side a shape lies, relative to the smaller shape


@dataclass(frozen=True)
class PointClassifier:
    """What trims: the other shape, and where a point must lie with regard to it to be kept.

    Attributes:
        shape: The other shape.
        keeps: Places that are kept.
        scale: The length that tolerances refer to, that of the smaller shape.
        rounding: Levels up to this are zero.
    """

    shape: Geometry
    keeps: tuple[int, ...]
    scale: float
    rounding: float

    def classify(self, samples: BoundaryPoints) -> Array:
        """Return INSIDE, OUTSIDE, SAME or OPPOSITE for each of m points, (m,)."""
        level = self.shape.level(samples.points)
        place = np.where(level < 0, INSIDE, OUTSIDE)
        on = np.abs(level) <= self.rounding
        if on.any():
            points = samples.points[on]
            step = max(_STEP * self.scale, 1000 * self.rounding) * samples.normals[on]
            behind, ahead = self.shape.level(points - step) < 0, self.shape.level(points + step) < 0
            place[on] = np.where(behind, np.where(ahead, INSIDE, SAME), np.where(ahead, OPPOSITE, OUTSIDE))
        return place

    def keeps_points(self, samples: BoundaryPoints) -> Mask:
        """Which of m points are kept, (m,)."""
        return np.isin(self.classify(samples), self.keeps)

    def region(self, implicit: ImplicitFunction) -> Region:
        """Region in which a patch on this zero set is kept."""
        demands = []
        for side, at in ((1, _BEHIND), (-1, _AHEAD)):
            answers = {place in at for place in self.keeps}
            if len(answers) == 1:
                here = self.shape.region.restricted(implicit, side)
                demands.append(here if answers.pop() else here.complement())
        return intersection(dict.fromkeys(demands))


# Lengths relative to the size of the smaller shape:
_FINEST = 1e-7  # curves are not scanned more finely than this
_SHORTEST = 1e-5  # a stretch on the other boundary that is shorter than this is a crossing or a point of tangency
_SLIVER = 1e-9  # a remainder shorter than this is dropped
_MOST_NODES = 2**16
_SHARED_NODES = 2**11  # a level that is zero all along says nothing of what lies between the nodes
_SURFACE_POINTS = 2**14


@dataclass(frozen=True)
class TrimmedCurve(BoundaryPatch):
    """The given spans of the parameter of a smooth curve, strung together."""

    curve: BoundaryPatch
    spans: Spans

    dim = 1

    @property
    def measure(self) -> float:
        return self.curve.measure * sum(end - start for start, end in self.spans)

    @property
    def curve_spans(self) -> tuple[BoundaryPatch, Spans]:
        return self.curve, self.spans

    def at(self, unit: Array) -> BoundaryPoints:
        start, end = np.asarray(self.spans).T
        joints = np.concatenate([[0.0], np.cumsum(end - start)])
        along = unit[:, 0] * joints[-1]
        span = np.clip(np.searchsorted(joints, along, side="right") - 1, 0, len(start) - 1)
        return self.curve.at(np.minimum(start[span] + along - joints[span], end[span])[:, None])

    @property
    def implicit(self) -> ImplicitFunction:
        return self.curve.implicit

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        """One for each span; where a closed curve begins and ends inside one, that is one."""
        spans = list(self.spans)
        first, last = self.curve.at(np.array([[0.0], [1.0]])).points
        closed = np.linalg.norm(last - first) <= _SLIVER * self.curve.measure
        if closed and len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == 1:
            spans[-1] = (spans[-1][0], 1 + spans.pop(0)[1])
        return tuple(TrimmedZeroSet(self.implicit, self.curve.trimming_region(*span)) for span in spans)


@dataclass(frozen=True)
class TrimmedSurface(BoundaryPatch):
    """The points of a surface that a classifier keeps."""

    base: BoundaryPatch
    classifier: PointClassifier

    rejects = True
    dim = delegated("dim")
    implicit = delegated("implicit")

    @cached_property
    def share(self) -> float:
        """Estimate of the share of the base that is kept, with an error of about 1e-3."""
        samples = self.base.at(unit_cube(_SURFACE_POINTS, self.dim))
        inside = self.base.accepts(samples)
        return int(np.sum(self.classifier.keeps_points(samples) & inside)) / max(1, int(np.sum(inside)))

    @property
    def measure(self) -> float:
        return self.share * self.base.measure

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        samples = self.sample(spec.points or SEQUENCE_POINTS, seed=spec.seed or 0)
        return (WeightedPoints(samples.points, np.full(len(samples), self.measure / len(samples)), samples.normals),)

    def at(self, unit: Array) -> BoundaryPoints:
        return self.base.at(unit)

    def accepts(self, samples: BoundaryPoints) -> Mask:
        return self.base.accepts(samples) & self.classifier.keeps_points(samples)

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        samples = self.base.draw(m, method, seed, stream)
        return samples[self.classifier.keeps_points(samples)]

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        return tuple(
            TrimmedZeroSet(
                zero_set.function, intersection((zero_set.region, self.classifier.region(zero_set.function)))
            )
            for zero_set in self.base.zero_sets
        )


def trim(patch: BoundaryPatch, classifier: PointClassifier) -> BoundaryPatch | None:
    """Part of a patch that a classifier keeps: the patch itself where that is all, None where it is nothing."""
    if patch.dim == 0:
        return patch if bool(classifier.keeps_points(patch.at(np.zeros((1, 0))))[0]) else None
    if patch.dim > 1:
        masked = TrimmedSurface(patch, classifier)
        if masked.share == 1:
            return patch
        return masked if masked.share > 0 else None
    curve, spans_before = patch.curve_spans
    spans = tuple(kept for span in spans_before for kept in _kept_spans(curve, classifier, *span))
    if spans == spans_before:
        return patch
    return TrimmedCurve(curve, spans) if spans else None


def _kept_spans(
    curve: BoundaryPatch, classifier: PointClassifier, start: float, end: float
) -> list[tuple[float, float]]:
    """Spans that are kept of the span of a smooth curve."""
    keep, nodes = _crossings(curve, classifier, *_scan(curve, classifier, start, end))
    ends = [start, *nodes, end]
    shortest = _SLIVER * classifier.scale / curve.measure
    spans = list(pairwise(ends))[0 if keep else 1 :: 2]
    return [(a, b) for a, b in spans if b - a > shortest]


def _scan(curve: BoundaryPatch, classifier: PointClassifier, start: float, end: float) -> tuple[Array, Array]:
    """Parameters, (m,), so dense that no crossing hides between neighbours of one sign, and the levels there."""
    at, on = np.linspace(start, end, 10), classifier.rounding
    level = classifier.shape.level(curve.at(at[:, None]).points)
    while len(at) < _MOST_NODES:
        step = np.diff(at) * curve.measure
        left, right = level[:-1], level[1:]
        clear = (left * right > 0) & (np.abs(left) + np.abs(right) > step)
        shared = (np.abs(left) <= on) & (np.abs(right) <= on) & (np.diff(at) < (end - start) / _SHARED_NODES)
        split = np.flatnonzero(~clear & ~shared & (step > _FINEST * classifier.scale))
        if not len(split):
            break
        middle = (at[split] + at[split + 1]) / 2
        at = np.insert(at, split + 1, middle)
        level = np.insert(level, split + 1, classifier.shape.level(curve.at(middle[:, None]).points))
    return at, level


def _crossings(curve: BoundaryPatch, classifier: PointClassifier, at: Array, level: Array) -> tuple[bool, list[float]]:
    """Whether a scanned curve is kept at its start, and the parameters at which that changes."""
    on = np.abs(level) <= classifier.rounding
    # Runs of nodes on the other boundary: short ones are single points, whose own verdict is a matter of rounding.
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    keep = np.ones(len(at), dtype=bool)
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        keep[first : last + 1] = (at[last] - at[first]) * curve.measure > _SHORTEST * classifier.scale
    at = at[keep] if keep.any() else at[len(at) // 2 : len(at) // 2 + 1]
    kept = classifier.keeps_points(curve.at(at[:, None]))
    jumps = np.flatnonzero(kept[:-1] != kept[1:])
    low, high, before = at[jumps], at[jumps + 1], kept[jumps]
    for _ in range(50 if len(jumps) else 0):
        middle = (low + high) / 2
        same = classifier.keeps_points(curve.at(middle[:, None])) == before
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return bool(kept[0]), [float(value) for value in (low + high) / 2]
