"""The base of all shapes: a closed bounded set with a level function, samples of its interior and named boundaries."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry import arguments, distances
from kinn.geometry.boundary.boundary import Boundary, BoundaryName, Label, Part, smooth_distance
from kinn.geometry.boundary.patch import Chart
from kinn.geometry.quadrature.cells import Cells, WeightedPoints
from kinn.geometry.quadrature.rule import SEQUENCE_POINTS, QuadratureSpec, Rule, composite_rule
from kinn.geometry.sampling import sample_by_rejection, unit_cube
from kinn.geometry.types import Array, Mask

if TYPE_CHECKING:  # most shapes need neither
    from kinn.geometry.boundary.strips import Strips
    from kinn.geometry.quadrature.graded import Grading

_VOLUME_POINTS = 2**17
CLOSE = 100  # a point this many times the rounding outside a shape still belongs to it


def coordinate_names(dim: int) -> tuple[str, ...]:
    """Names of the coordinates of space: x, y, z, and x1, x2, ... beyond three dimensions."""
    return ("x", "y", "z")[:dim] if dim <= 3 else tuple(f"x{axis + 1}" for axis in range(dim))


def _combine(name: str, *operands: Any) -> Geometry:
    """Shape made of shapes by a constructor, a layer above, that the package loads under its public name when first used."""
    shape: Geometry = getattr(sys.modules[__package__], name)(*operands)
    return shape


class Geometry(ABC):
    """A closed bounded domain. Combine shapes with `|`, `&` and `-`, and with time by `shape * TimeInterval(0, 1)`.

    A new shape needs two members:

    - `bounds`: a box around it, and
    - `level`: a function that is negative inside, such as the signed distance.

    The rest follows from these, less precisely than a shape can do it itself: it is sampled by rejection, its volume is
    integrated on boxes, and its boundary, called "boundary", consists of points on the zero set. A shape that knows more
    overrides

    - `measure`: its length, area or volume;
    - `parts`: patches of the boundary with their names, exact normals and distances for hard conditions;
    - `from_unit`, with `rejects = False`: a map from the unit cube that keeps volume ratios;
    - `cells`: reference cells for quadratures of high order;
    - `region`: the shape as a region, for smooth distances of its combinations;
    - `charts`: maps of the square that cover a plane shape, for the inverse form on its extrusions.
    """

    rejects: bool = True  # whether `from_unit` gives points that are not inside
    cuts_cells: bool = False  # whether its quadrature can put edges of cells at given values of the coordinates
    expensive_level: bool = False  # whether the level takes so long that volumes are not measured by it
    axis_names: tuple[str, ...] | None = None  # the names of its coordinates, where they are not the usual ones

    @property
    def dim(self) -> int:
        """Number of coordinates d, time included."""
        return len(self.bounds[0])

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Names of the coordinates, in the order of the columns of points."""
        return self.axis_names or coordinate_names(self.dim)

    def with_coordinates(self, *names: str) -> Self:
        """Shape in coordinates of these names, such as `"r", "z"`; its points and boundaries stay.

        Args:
            *names: One name for each coordinate of space; time is always "t" and comes by `shape * TimeInterval(0, 1)`.

        Raises:
            InputError: Too many or too few names, one that is no identifier, or names that leave the spelling of a
                derivative open: `u.rr` with coordinates "r" and "rr".
        """
        if "t" in self.coordinates:
            raise InputError("coordinates of space are named: name those of the shape, then multiply it by time")
        arguments.axis_names(names, self.dim)
        shape = copy(self)
        shape.axis_names = names
        return shape

    @property
    @abstractmethod
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper corner of an axis-aligned box around the shape, each (d,)."""

    @cached_property
    def measure(self) -> float:
        """Length, area or volume.

        It is integrated on boxes, good to about 1e-5 of the bounding box; beyond three dimensions, and where levels are
        expensive, by quasi Monte Carlo with an error of about 1e-4.
        """
        if self.dim <= 3 and not self.expensive_level:
            from kinn.geometry.quadrature.cut import volume_inside  # most shapes have a formula

            return volume_inside(self.level, self.bounds)
        lower, upper = self.bounds
        share = np.mean(self.contains(self.from_unit(unit_cube(_VOLUME_POINTS, self.dim))))
        return float(share * np.prod(upper - lower))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The leaf parts of the boundary: points on the zero set of the level."""
        label = Label(BoundaryName("boundary"), BoundaryName(type(self).__name__.lower()))
        from kinn.geometry.boundary.scattered import level_set_patches  # most shapes have exact parts

        return tuple(Part(label, patch) for patch in level_set_patches(self.level, self.bounds))

    @abstractmethod
    def level(self, points: Array) -> Array:
        """Signed level, (N,): negative inside, zero on the boundary, positive outside.

        It must never exceed the distance to the boundary and be 1-Lipschitz (a signed distance is): the trimming of
        boundaries draws its certainty that no crossing was missed from that.
        """

    @cached_property
    def size(self) -> float:
        """The largest extent of the bounding box."""
        lower, upper = self.bounds
        return float(np.max(upper - lower))

    @cached_property
    def rounding(self) -> float:
        """Length below which a level counts as zero: 1e-12 of the size, more for a shape far from the origin."""
        return 1e-12 * self.size + 16 * float(np.finfo(np.float64).eps * np.max(np.abs(self.bounds)))

    def contains(self, points: Array) -> Mask:
        """Whether each of the points, (N, d), lies in the closed shape, (N,); rounding on the boundary is forgiven."""
        return np.asarray(self.level(arguments.points(points, self.coordinates)) <= CLOSE * self.rounding)

    def from_unit(self, unit: Array) -> Array:
        """Points that the unit cube points `unit`, (m, d), are mapped to; see `rejects`."""
        lower, upper = self.bounds
        return np.asarray(lower + unit * (upper - lower))

    def sample(self, n: int, *, method: str = "sobol", seed: int = 0) -> Array:
        """Points of the interior, (n, d), uniform in measure.

        Args:
            n: Number of points, at least 1.
            method: "sobol", "halton", "lhs", "random", or "uniform": cell centres of a regular grid of the bounding
                box, the grid being the coarsest found with n points inside, of which a few may be left out.
            seed: Non-negative integer; the same seed gives the same points.

        Returns:
            An (n, d) array. Sequences are continued until n points are accepted.

        Raises:
            InputError: n below 1, unknown method, bad seed, or a domain that is empty.
        """
        return sample_by_rejection(n, lambda m: self.draw(m, method, seed), self, spread=method == "uniform")

    def draw(self, m: int, method: str, seed: int) -> Array:
        """Points inside among m candidates, (k, d) with k <= m."""
        lower, upper = self.bounds
        unit = unit_cube(m, self.dim, method, seed, extents=tuple(upper - lower))
        if method == "uniform":
            points = lower + unit * (upper - lower)
            return np.asarray(points[self.contains(points)])
        points = self.from_unit(unit)
        return points[self.contains(points)] if self.rejects else points

    @property
    def cell_count(self) -> float:
        """Number of cubes that the elements of a mesh, or of what is made of one, amount to; 0 where there are none."""
        return 0.0

    def collocation(self, n: int, *, method: str = "sobol", seed: int = 0) -> Rule:
        """Points for residuals, with weights whose sum is the measure.

        They are uniform in measure, on meshes as dense as the elements: what a mesh resolves finely is resolved so here.
        The arguments are those of `sample`.
        """
        points = self.sample(n, method=method, seed=seed)
        return Rule(points, np.full(len(points), self.measure / len(points)))

    @cached_property
    def _strips(self) -> Strips | None:
        """The strips between the curves that bound a shape in the plane."""
        from kinn.geometry.boundary.strips import divide_into_strips  # combinations need them alone

        patches = [part.patch for part in self.parts]
        smooth = all(patch.dim == 1 and patch.smooth for patch in patches)
        return divide_into_strips(patches, self.rounding) if smooth else None

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        """Cells that the shape consists of, on which quadratures are built; they depend on `spec` if they are points.

        By default strips between the curves that bound a plane shape; elsewhere points of a sequence with equal weights.
        """
        if self.dim == 2 and self._strips is not None:
            return (self._strips,)
        points = self.sample(spec.points or SEQUENCE_POINTS, seed=spec.seed or 0)
        return (WeightedPoints(points, np.full(len(points), self.measure / len(points))),)

    def quadrature(
        self,
        order: int,
        *,
        points: int | None = None,
        seed: int | None = None,
        grading: Grading | None = None,
        breaks: Sequence[Sequence[float]] = (),
    ) -> Rule:
        """Points and positive weights for integrals over the shape.

        Args:
            order: The degree, 0 to 60, of polynomials that are integrated exactly in the reference coordinates of each
                cell that the shape is cut into; on straight cells, disks and balls also in x, y and z.
            points: The least number of points: cells are cut on until there are as many, spread about evenly. By
                default as few as the order takes.
            seed: Where given, a rule of the same order whose points lie elsewhere, for each seed at other places:
                a network that has overfitted one rule is found out by another.
            grading: Corners that the points crowd towards, for fields that are singular there; polynomials are then
                integrated to the accuracy that the number of points allows.
            breaks: For each coordinate the values at which the integrand jumps; the cells of boxes are cut there (`cuts_cells`).

        Raises:
            InputError: A number is no integer or out of range, or the shape has no such corners.
        """
        spec = QuadratureSpec(order, points, seed)
        cells = tuple(part.cut(breaks) for part in self.cells(spec)) if any(breaks) else self.cells(spec)
        return composite_rule(cells if grading is None else grading.inside(cells), spec)

    def limited_quadrature(self, order: int, most: int, *, points: int, seed: int | None = None) -> Rule:
        """Quadrature of this order; of a mesh of many elements one of about `most` points.

        On meshes the order is lowered as far as that takes, and elements are drawn where there are more of them than
        points. The other arguments are those of `quadrature`.
        """
        return self.quadrature(order, points=points, seed=seed)

    def charts(self) -> list[Chart]:
        """Charts that cover a shape in the plane, for the panels on the ends of its extrusions.

        Raises:
            InputError: None are known.
        """
        raise InputError(
            f"its end is {self!r}, and ends of extrusions in the inverse form are disks, boxes and polygons"
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        """Labels of all parts, those that a combination trimmed away included."""
        return tuple(part.label for part in self.parts)

    @property
    def boundaries(self) -> tuple[str, ...]:
        """Names of the leaf boundaries, in order, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts))

    def boundary(self, name: str) -> Boundary:
        """Boundary by name.

        Args:
            name: A leaf name ("left"), the name of a primitive ("rectangle": all its sides), "boundary" (everything;
                of a space-time domain everything but the initial and the final instant) or "outer" (what belongs to
                shapes that were not subtracted).

        Raises:
            InputError: There is no such boundary (the line names the nearest one), or nothing is left of it.
        """
        parts = self.parts
        found = tuple(part for part in parts if part.name == name)
        found = found or tuple(part for part in parts if part.label.belongs_to(name))
        if not found:
            if any(name == str(label.name) or label.belongs_to(name) for label in self.labels):
                raise InputError(f"boundary {name!r} bounds nothing any more: other shapes cover it or cut it off")
            groups = [str(part.label.owner) for part in parts]
            raise unknown("boundary", name, [*self.boundaries, *groups, "boundary", "outer"])
        return Boundary(name, found, self.size)

    @property
    def region(self) -> distances.Region:
        """The shape as a region, which trims the surfaces of shapes that it is combined with.

        Raises:
            InputError: None is known.
        """
        raise InputError(f"no smooth distance is known for combinations with {self!r}: enforce their conditions soft")

    def distance(self, *coordinates: distances.Values) -> distances.Values:
        """Smooth distance to the whole boundary, initial and final instant included: `Boundary.distance`."""
        return smooth_distance(self.parts, coordinates, self.size)

    def __or__(self, other: Geometry) -> Geometry:
        return _combine("Union", self, other) if isinstance(other, Geometry) else NotImplemented

    def __and__(self, other: Geometry) -> Geometry:
        return _combine("Intersection", self, other) if isinstance(other, Geometry) else NotImplemented

    def __sub__(self, other: Geometry) -> Geometry:
        return _combine("Difference", self, other) if isinstance(other, Geometry) else NotImplemented

    def __mul__(self, other: Geometry) -> Geometry:
        return _combine("SpaceTime", self, other) if isinstance(other, Geometry) else NotImplemented

    def translated(self, shift: Sequence[float]) -> Geometry:
        """Shape moved by a vector, (d,); its boundaries keep their names."""
        return _combine("translated", self, shift)

    def rotated(
        self, angle: float, *, center: Sequence[float] | None = None, axis: Sequence[float] = (0, 0, 1)
    ) -> Geometry:
        """Shape, in two or three dimensions, rotated; its boundaries keep their names.

        Args:
            angle: In radians, counter-clockwise; in space as seen against the axis.
            center: The fixed point; the origin by default.
            axis: In space, the direction of the axis, of any length.

        Raises:
            InputError: The shape has another dimension or time; a value is not finite; an axis has no length.
        """
        return _combine("rotated", self, angle, center, axis)
