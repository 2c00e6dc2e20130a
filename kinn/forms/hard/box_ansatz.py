"""Hard conditions on faces of boxes, by polynomials in the normal coordinates: as smooth as the data.

The trial function is u = g + T (d N). On every face a value or a combination alpha u + beta n . grad u is given. The
lift g blends these data by transfinite interpolation, the Boolean sum of Gordon and Hall (1973) over the axes, with
polynomials that take each datum once. The product d of the distances to faces with values makes d N vanish there, and

    T M = M + w phi (n . grad M + alpha / beta M)

makes it satisfy the homogeneous condition of a face with a slope, at the distance phi; w is 1 on the face and vanishes
on the opposite one. Operators of different axes commute, and leave faces with values alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.fields import Field, Points, call_by_name
from kinn.forms.hard import TrialMap, cache_components
from kinn.jets.index import Index, restricted, unit


@dataclass(frozen=True)
class HardFace:
    """A face of a box with its datum.

    Attributes:
        axis: The coordinate normal to the face.
        value: Where it lies on that axis.
        side: -1 for the lower, 1 for the upper face.
        data: What alpha u + beta n . grad u is: a number or a function of coordinates.
        label: What messages call the condition.
        alpha: 1 for a value.
        beta: 0 for a value.
    """

    axis: int
    value: float
    side: int
    data: Any
    label: str
    alpha: float = 1.0
    beta: float = 0.0


class BoxAnsatz:
    """Trial functions of one field on one subdomain.

    Args:
        faces: The faces with data.
        lower: The lower corner of the box.
        upper: The upper corner of the box.

    Raises:
        InputError: If a value or a normal derivative is prescribed twice on a face.
    """

    def __init__(self, faces: Sequence[HardFace], lower: Sequence[float], upper: Sequence[float]) -> None:
        self.lower = lower
        self.lengths = [b - a for a, b in zip(lower, upper, strict=True)]
        self.axes: dict[int, list[HardFace]] = {}
        for face in faces:
            known = self.axes.setdefault(face.axis, [])
            if any(other.side == face.side and (other.beta == 0) == (face.beta == 0) for other in known):
                raise InputError(f"{face.label} is enforced hard on a face that another hard condition has already")
            known.append(face)
        sides = Counter((face.axis, face.side) for face in faces)
        #: Axis and side of the faces on which both value and normal derivative are prescribed.
        self.cauchy = {key for key, conditions in sides.items() if conditions == 2}
        self.polynomials = {axis: self._interpolation(axis) for axis in self.axes}

    def __call__(self, p: Points) -> TrialMap:
        """Map from N to u at points."""
        lift = cache_components(p, lambda q: self._blend(q.coordinates, list(self.axes), q))
        distance = cache_components(p, self._distance)
        # faces with a normal derivative alone
        sloped = {
            axis: [f for f in faces if f.beta and (f.axis, f.side) not in self.cauchy]
            for axis, faces in self.axes.items()
        }
        operators = [self._operator(faces, p) for faces in sloped.values() if faces]

        def trial(network: Field) -> Field:
            out = distance * network
            for operator in operators:
                out = operator(out)
            return lift + out

        return trial

    def _distance_to(self, face: HardFace, x: Field) -> Field:
        """Distance to a face, relative to the length of the box."""
        return (x - face.value) * (-face.side / self.lengths[face.axis])

    def _distance(self, p: Points) -> Field:
        """The product d of the distances to faces with values."""
        product = p.field(1.0, "one")
        for axis, faces in self.axes.items():
            valued = [face for face in faces if face.beta == 0]
            for face in valued:
                product = product * self._distance_to(face, p.coordinates[axis])
                if (axis, face.side) in self.cauchy:
                    product = product * self._distance_to(face, p.coordinates[axis])
            if len(valued) == 2:
                product = product * 4.0
        return product

    def _operator(self, faces: Sequence[HardFace], p: Points) -> Callable[[Field], Field]:
        """The operator T for the faces of one axis with a normal derivative alone."""
        axis = faces[0].axis
        x, name, length = p.coordinates[axis], p.names[axis], self.lengths[axis]
        factors = []
        for face in faces:
            factor = self._distance_to(face, x) * length
            opposite = [other for other in self.axes[axis] if other.side != face.side]
            if opposite:
                away = 1.0 - self._distance_to(face, x)
                # a value stays 0 to the first order, a slope to the second
                factor = factor * (away if any(other.beta == 0 for other in opposite) else away * away)
            factors.append((face, factor))

        def operator(m: Field) -> Field:
            slope = m.derivative(name)
            terms = (f * (slope * float(face.side) + m * (face.alpha / face.beta)) for face, f in factors)
            return reduce(add, terms, m)

        return operator

    def _interpolation(self, axis: int) -> list[list[float]]:
        """Interpolation polynomials of the faces of an axis, in powers of the share s of its length.

        Each satisfies the face's condition with datum 1 and those of the others with 0.
        """
        faces = self.axes[axis]
        for degree in (len(faces), len(faces) + 1, len(faces) + 2):
            table = np.array([self._on_powers(face, degree) for face in faces])
            if np.linalg.matrix_rank(table) == len(faces):
                break
        return [[float(c) for c in row] for row in np.linalg.pinv(table).T]

    def _on_powers(self, face: HardFace, count: int) -> list[float]:
        """The condition of a face applied to 1, s, s^2, ..., s the share of the length."""
        s = 0.0 if face.side < 0 else 1.0
        slopes = [0.0] + [k * s ** (k - 1) for k in range(1, count)]
        scale = face.beta * face.side / self.lengths[face.axis]
        return [face.alpha * s**k + scale * slopes[k] for k in range(count)]

    def _blend(self, coordinates: Sequence[Field], axes: list[int], p: Points) -> Field:
        """Boolean sum over `axes`: g_k = g_(k-1) + P_k (data - g_(k-1))."""
        if not axes:
            return p.field(0.0, "zero")
        *before, axis = axes
        total = self._blend(coordinates, before, p)
        s = (coordinates[axis] - self.lower[axis]) * (1.0 / self.lengths[axis])
        for face, polynomial in zip(self.axes[axis], self.polynomials[axis], strict=True):
            correction = self._datum(face, coordinates, p) - self._trace(face, coordinates, before, p)
            for_datum = reduce(lambda sum_, c: sum_ * s + c, reversed(polynomial[:-1]), p.field(polynomial[-1], "one"))
            total = total + correction * for_datum
        return total

    def _datum(self, face: HardFace, coordinates: Sequence[Field], p: Points) -> Field:
        """Datum of a face as a function of the other coordinates."""
        on_face = list(coordinates)
        on_face[face.axis] = p.field(face.value, "a face")
        data = call_by_name(face.data, p.names, on_face) if callable(face.data) else face.data
        return p.field(data, f"the value of {face.label}")

    def _trace(self, face: HardFace, coordinates: Sequence[Field], axes: list[int], p: Points) -> Field:
        """The condition of a face applied to the Boolean sum over axes before it."""
        if not axes:
            return p.field(0.0, "zero")
        on_face, axis = list(coordinates), face.axis
        on_face[axis] = p.field(face.value, "a face")
        value = self._blend(on_face, axes, p)
        if face.beta == 0:
            return value
        # the normal coordinate, held on the face but with its slope, so that the normal derivative can be taken
        e = unit(len(on_face), axis)
        on_face[axis] = Field(p.names, lambda a: face.value if not any(a) else float(a == e))
        slope = self._blend(on_face, axes, p).derivative(p.names[axis])
        return value * face.alpha + _constant_along(slope, axis) * (face.beta * face.side)


def _constant_along(field: Field, axis: int) -> Field:
    """Field on a face as a function of the other coordinates."""
    others = [n for n in range(field.dimension) if n != axis]

    def component(a: Index) -> Any:
        kept = restricted(a, others)
        return 0.0 if kept is None else field[kept]

    return Field(field.coordinates, component)
