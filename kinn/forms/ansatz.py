"""Hard conditions on boxes: trial functions u = g + d N that satisfy them whatever the network N does.

g blends the data of the faces by transfinite interpolation (the Boolean sum of Gordon and Hall 1973), d is a product
of the distances to the faces, scaled to at most 1. Both are polynomials in the normal coordinates, so they are as
smooth as the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from kinn.conditions import Dirichlet, Initial
from kinn.errors import InputError
from kinn.fields import Field, Points, called
from kinn.problem import Problem


@dataclass(frozen=True)
class HardFace:
    """A face of a box on which a field is given.

    Attributes:
        axis: The coordinate normal to the face.
        value: Where it lies on that axis.
        data: The value of the field: a number or a function of the coordinates.
        label: What messages call the condition.
    """

    axis: int
    value: float
    data: Any
    label: str


class Ansatz:
    """The pair (g, d) of one field on one subdomain.

    Args:
        faces: The faces on which the field is given.
        lower: The lower corner of the box.
        upper: The upper corner of the box.
    """

    def __init__(self, faces: Sequence[HardFace], lower: Sequence[float], upper: Sequence[float]) -> None:
        self.lower = lower
        self.upper = upper
        self.axes: dict[int, list[HardFace]] = {}
        for face in faces:
            known = self.axes.setdefault(face.axis, [])
            if any(other.value == face.value for other in known):
                raise InputError(f"{face.label} is enforced hard on a face that another hard condition has already")
            known.append(face)

    def __call__(self, p: Points) -> tuple[Field, Field]:
        """Return g and d at points."""
        coordinates = p.coordinates
        return self._blend(coordinates, list(self.axes), p), self._distance(coordinates, p)

    def _distance(self, coordinates: Sequence[Field], p: Points) -> Field:
        product = p.field(1.0, "one")
        for axis, faces in self.axes.items():
            length = self.upper[axis] - self.lower[axis]
            for face in faces:
                towards = 1.0 if face.value <= (self.lower[axis] + self.upper[axis]) / 2 else -1.0
                product = product * ((coordinates[axis] - face.value) * (towards / length))
            if len(faces) == 2:
                product = product * 4.0
        return product

    def _blend(self, coordinates: Sequence[Field], axes: list[int], p: Points) -> Field:
        """Return the Boolean sum over `axes`: g_k = g_(k-1) + P_k (data - g_(k-1))."""
        if not axes:
            return p.field(0.0, "zero")
        *before, axis = axes
        total = self._blend(coordinates, before, p)
        for face in self.axes[axis]:
            on_face = list(coordinates)
            on_face[axis] = p.field(face.value, "a face")
            data = called(face.data, p.names, on_face) if callable(face.data) else face.data
            correction = p.field(data, f"the value of {face.label}") - self._blend(on_face, before, p)
            others = [other.value for other in self.axes[axis] if other is not face]
            if others:
                correction = correction * ((coordinates[axis] - others[0]) / (face.value - others[0]))
            total = total + correction
        return total


def hard_ansatz(problem: Problem, subdomain: str, field: str) -> Ansatz | None:
    """Return the ansatz that the hard conditions on a field ask for, or None where there are none.

    Raises:
        InputError: If a hard condition lies on no face of a box, or hard conditions contradict each other.
    """
    geometry = problem.subdomains[subdomain]
    lower, upper = geometry.bounds
    faces: list[HardFace] = []
    for condition in problem.conditions:
        if not isinstance(condition, Dirichlet | Initial) or condition.enforce != "hard" or condition.field != field:
            continue
        if (subdomain,) not in problem.sides(condition):
            continue
        for part in geometry.boundary(condition.on).parts:
            if part.face is None:
                raise InputError(
                    f"{condition.label} of problem {problem.name!r} is enforced hard, which needs whole faces of a box; "
                    f"{part.name!r} is none: enforce it soft"
                )
            faces.append(HardFace(part.face.axis, part.face.value, condition.value, condition.label))
    if not faces:
        return None
    ansatz = Ansatz(faces, lower.tolist(), upper.tolist())
    _check_compatible(problem, ansatz, lower.tolist(), upper.tolist())
    return ansatz


def _check_compatible(problem: Problem, ansatz: Ansatz, lower: list[float], upper: list[float]) -> None:
    """Raise if g misses the data of a face, which happens only where two faces disagree along their common edge."""
    generator = torch.Generator().manual_seed(0)
    low = torch.tensor(lower, dtype=torch.float64)
    span = torch.tensor(upper, dtype=torch.float64) - low
    for faces in ansatz.axes.values():
        for face in faces:
            x = low + span * torch.rand(64, len(lower), generator=generator, dtype=torch.float64)
            x[:, face.axis] = face.value
            p = problem.points(x)
            given = p.field(face.data, f"the value of {face.label}").value
            blended = ansatz(p)[0].value
            gap = float((torch.as_tensor(blended) - torch.as_tensor(given)).abs().max())
            size = max(1.0, float(torch.as_tensor(given).abs().max()))
            if gap > 1e-8 * size:
                raise InputError(
                    f"{face.label} of problem {problem.name!r} and a neighbouring hard condition disagree by up to "
                    f"{gap:.2g} where their faces meet: enforce one of them soft"
                )
