"""Named boundaries: labelled patches, sampled in proportion to their measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments, distances
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule, composite_rule
from kinn.geometry.sampling import apportion

if TYPE_CHECKING:  # most quadratures are not graded
    from kinn.geometry.quadrature.graded import Grading


@dataclass(frozen=True)
class Face:
    """A full face of an axis-aligned box, or the first or last instant of a time domain.

    Attributes:
        axis: The coordinate that is constant on the face.
        value: Its value there.
        side: 0 where the domain lies above `value`, 1 where it lies below.
    """

    axis: int
    value: float
    side: int

    def plane(self, dim: int) -> distances.Plane:
        """Signed distance to the face in `dim` dimensions, positive on the side of the domain."""
        sign = 1.0 - 2.0 * self.side
        return distances.Plane(tuple(sign if axis == self.axis else 0.0 for axis in range(dim)), -sign * self.value)


def slab(dim: int, axis: int, start: float, end: float) -> distances.Region:
    """Points of which one of `dim` coordinates lies between two values."""
    return distances.intersection(
        distances.HalfSpace(Face(axis, value, side).plane(dim), end - start) for side, value in enumerate((start, end))
    )


@dataclass(frozen=True)
class BoundaryName:
    """A name and its number among equal names: "disk", "disk-2", ..."""

    stem: str
    number: int = 1

    def __str__(self) -> str:
        return self.stem if self.number == 1 else f"{self.stem}-{self.number}"


@dataclass(frozen=True)
class Label:
    """What a part of a boundary is called.

    Attributes:
        name: The leaf name ("left").
        owner: The primitive it comes from ("rectangle").
        outer: Whether that primitive was never subtracted.
        lateral: False for the initial and the final instant, which are no boundary of the body in space.
    """

    name: BoundaryName
    owner: BoundaryName
    outer: bool = True
    lateral: bool = True

    def belongs_to(self, name: str) -> bool:
        """Whether `name` is a group that this part belongs to."""
        if name == str(self.owner):
            return True
        return self.lateral and (name == "boundary" or (name == "outer" and self.outer))


def number_duplicates(names: Iterable[BoundaryName], labels: Iterable[Label]) -> dict[BoundaryName, BoundaryName]:
    """Each name with the next number that is free beside labels and the names before it."""
    taken = {str(name) for label in labels for name in (label.name, label.owner)}
    new: dict[BoundaryName, BoundaryName] = {}
    for name in names:
        if name in new:
            continue
        free = name
        while str(free) in taken:
            free = BoundaryName(free.stem, free.number + 1)
        new[name] = free
        taken.add(str(free))
    return new


@dataclass(frozen=True)
class Part:
    """A labelled patch.

    Attributes:
        label: What it is called.
        patch: The points, curve or surface.
        face: The face of a box, where the patch is all of one.
        positive_inside: Whether its implicit function is positive all over the shape, and zero on the patch alone: then it
            is a distance as it is.
        negative_outside: Whether its implicit function is negative all over the outside of the shape.
    """

    label: Label
    patch: BoundaryPatch
    face: Face | None = None
    positive_inside: bool = False
    negative_outside: bool = False

    @property
    def name(self) -> str:
        """The leaf name."""
        return str(self.label.name)

    @property
    def measure(self) -> float:
        """Length or area; 1 for a point."""
        return self.patch.measure


def single_part(name: str, patch: BoundaryPatch) -> tuple[Part, ...]:
    """Boundary of a shape, called like the shape, that is one smooth patch, its implicit function positive inside."""
    label = Label(BoundaryName(name), BoundaryName(name))
    return (Part(label, patch, positive_inside=True, negative_outside=True),)


def smooth_distance(parts: Sequence[Part], coordinates: tuple[distances.Values, ...], size: float) -> distances.Values:
    """Smooth distance to parts of the boundary of a domain of this size; see `Boundary.distance`."""
    return Boundary("boundary", tuple(parts), size).distance(*coordinates)


@dataclass(frozen=True)
class Boundary:
    """A named boundary, or a group of them.

    Attributes:
        name: The name it was asked for by.
        parts: Its leaf parts; several may bear one name.
        size: The size of the domain.
    """

    name: str
    parts: tuple[Part, ...]
    size: float = 1.0

    @property
    def dim(self) -> int:
        """Dimension of the boundary itself; 0 means that it consists of `len(parts)` single points."""
        return self.parts[0].patch.dim

    @property
    def measure(self) -> float:
        """Length or area that really bounds the domain; in 1D the number of end points."""
        return float(sum(part.measure for part in self.parts))

    @property
    def face(self) -> Face | None:
        """The face of an axis-aligned box, or the instant, where this boundary is all of one; else None."""
        faces = {part.face for part in self.parts}
        return faces.pop() if len(faces) == 1 else None

    def distance(self, *coordinates: distances.Values) -> distances.Values:
        """Smooth distance to this boundary, for hard conditions.

        It is zero on the boundary with a gradient of length 1 there (corners and ends apart), positive elsewhere in
        the domain, and smooth there; far from the boundary it is no distance, only of its order of magnitude. Outside
        the domain it means nothing.

        Args:
            coordinates: One array, tensor or field of N points for each coordinate, in order.

        Returns:
            The same kind as the coordinates: fields give fields, with all derivatives.

        Raises:
            InputError: The number of coordinates is not that of the domain, or no smooth distance is known for such a
                boundary (a cloud of points, a foreign geometry).
        """
        dim = self.dim + 1
        if len(coordinates) != dim:
            raise InputError(f"a distance in this domain takes {dim} coordinates, got {len(coordinates)}")
        return distances.distance(*self._zero_sets, coordinates, self.size)

    @cached_property
    def _zero_sets(self) -> tuple[Sequence[distances.ImplicitFunction], Sequence[distances.TrimmedZeroSet]]:
        """Functions that are positive all over the domain, each once, and trimmed zero sets of others."""
        functions: list[distances.ImplicitFunction] = []
        zero_sets: list[distances.TrimmedZeroSet] = []
        for part in self.parts:
            if not part.positive_inside:
                zero_sets.extend(part.patch.zero_sets)
            elif not any(part.patch.implicit.matches(other) == 1 for other in functions):
                functions.append(part.patch.implicit)
        return functions, zero_sets

    def sample(self, n: int, *, method: str = "sobol", seed: int = 0) -> BoundaryPoints:
        """Points, n of them; each part gets its share by its measure, to within one point.

        Args:
            n: Number of points, at least 1. An end point of an interval is repeated as often as its share asks.
            method: As in `kinn.geometry.sampling.unit_cube`; "uniform" places the points at equal distances.
            seed: Non-negative integer; the same seed gives the same points.

        Returns:
            Points (n, d) and outward unit normals (n, d).

        Raises:
            InputError: n below 1, unknown method, bad seed.
        """
        shares = apportion(arguments.integer(n, "the number of points", 1), [part.measure for part in self.parts])
        samples = [
            part.patch.sample(share, method, seed, stream=1 + index)
            for index, (part, share) in enumerate(zip(self.parts, shares, strict=True))
            if share
        ]
        return BoundaryPoints(
            np.concatenate([sample.points for sample in samples]),
            np.concatenate([sample.normals for sample in samples]),
        )

    @property
    def cell_count(self) -> float:
        """Number of lines or squares that the faces of elements amount to; 0 where there are none."""
        return sum(part.patch.cell_count for part in self.parts)

    def collocation(self, n: int, *, method: str = "sobol", seed: int = 0) -> Rule:
        """Points for residuals, with normals and weights whose sum is the measure.

        They are uniform, on boundaries of meshes as dense as the faces of elements; the arguments are those of `sample`.
        """
        cells = [part.patch.cell_count for part in self.parts]
        shares = apportion(n, cells if all(cells) else [part.measure for part in self.parts])
        used = [(k, part.patch, share) for k, (part, share) in enumerate(zip(self.parts, shares, strict=True)) if share]
        rules = [patch.collocation(share, method, seed, 1 + k) for k, patch, share in used]
        points, normals = (np.concatenate([getattr(r, name) for r in rules]) for name in ("points", "normals"))
        weights = np.concatenate([rule.weights for rule in rules])
        return Rule(points, weights * (self.measure / np.sum(weights)), normals)

    def quadrature(
        self, order: int, *, points: int | None = None, seed: int | None = None, grading: Grading | None = None
    ) -> Rule:
        """Points, positive weights and outward unit normals for integrals over this boundary.

        Arguments and errors are those of `Geometry.quadrature`. In one dimension each end point has weight 1.
        """
        spec, total = QuadratureSpec(order, points, seed), self.measure
        cells = [cells for part in self.parts for cells in part.patch.cells(spec.scaled(part.measure / total))]
        return composite_rule(cells if grading is None else grading.along(cells), spec)
