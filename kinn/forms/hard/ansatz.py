"""Trial functions of a field that satisfy its hard conditions, chosen by the shape of the domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch

from kinn.conditions import BoundaryDatum
from kinn.errors import InputError
from kinn.fields import Points
from kinn.forms.compatibility import disagreements
from kinn.forms.hard import TrialMap
from kinn.forms.hard.box_ansatz import BoxAnsatz, HardFace
from kinn.geometry import Boundary, Geometry
from kinn.problem import Problem

#: At how many points of a boundary data are tried.
PROBES = 64

#: Gives the trial function at points.
Ansatz: TypeAlias = Callable[[Points], TrialMap]


def hard_ansatz(problem: Problem, subdomain: str, field: str) -> Ansatz | None:
    """Ansatz for the hard conditions on a field, or None where there are none.

    Data on whole faces of boxes are blended by polynomials, all else by smooth distance functions.

    Raises:
        InputError: If hard conditions contradict each other.
    """
    geometry = problem.subdomains[subdomain]
    hard = [
        condition
        for condition in problem.conditions
        if condition.enforce == "hard"
        and field in condition.field_names
        and (subdomain,) in problem.subdomain_groups(condition)
    ]
    if not hard:
        return None
    boundaries, data, labels = [], [], []
    for condition in hard:
        boundaries.append(geometry.boundary(condition.boundaries[0]))
        condition.check_data(problem.points(torch.as_tensor(boundaries[-1].sample(PROBES, seed=2).points)))
        if (datum := condition.boundary_datum) is None:
            raise InputError(f"{condition.label} cannot be enforced hard: enforce it soft")
        data.append(datum)
        labels.append(condition.label)
    for found in disagreements(problem) if sum(datum.order == 1 for datum in data) > 1 else ():
        if (found.subdomain, found.field) == (subdomain, field) and {c.enforce for c in found.conditions} == {"hard"}:
            raise InputError(
                f"hard conditions of problem {problem.name!r} contradict each other: "
                f"{found.describe(problem.coordinates)}; enforce one of them soft"
            )
    faces = _hard_faces(boundaries, data, labels)
    if faces is not None:
        lower, upper = (corner.tolist() for corner in geometry.bounds)
        box = BoxAnsatz(faces, lower, upper)
        if _satisfies(problem, geometry, box, faces):
            return box
    from kinn.forms.hard.distance_ansatz import (  # boundaries other than faces of boxes
        DistanceAnsatz,
        merge_constraints,
    )

    constraints = merge_constraints(boundaries, data, labels, geometry.size)
    return DistanceAnsatz(constraints, geometry, lambda x: problem.points(torch.as_tensor(x)))


def _hard_faces(
    boundaries: Sequence[Boundary], data: Sequence[BoundaryDatum], labels: Sequence[str]
) -> list[HardFace] | None:
    """Data on faces of a box, or None where a boundary is no such face or a coefficient is no number."""
    faces = []
    for boundary, (value, alpha, beta, _), label in zip(boundaries, data, labels, strict=True):
        if callable(alpha) or callable(beta) or any(part.face is None for part in boundary.parts):
            return None
        for part in boundary.parts:
            assert part.face is not None
            side = 2 * part.face.side - 1
            faces.append(HardFace(part.face.axis, part.face.value, side, value, label, float(alpha), float(beta)))
    return faces


def _satisfies(problem: Problem, geometry: Geometry, box: BoxAnsatz, faces: Sequence[HardFace]) -> bool:
    """Whether the polynomials satisfy all data: none can where normal derivatives contradict each other in a corner."""
    lower, upper = geometry.bounds
    draw = np.random.default_rng(0)
    gap, size = 0.0, 0.0
    for face in faces:
        x = lower + (upper - lower) * draw.random((PROBES, len(lower)))
        x[:, face.axis] = face.value
        p = problem.points(torch.as_tensor(x))
        u = box(p)(p.field(0.0, "zero"))
        actual = u * face.alpha + u.derivative(p.names[face.axis]) * (face.beta * face.side)
        found, wanted = (
            torch.as_tensor(f.value, dtype=torch.float64)
            for f in (actual, p.field(face.data, f"the value of {face.label}"))
        )
        gap = max(gap, float((found - wanted).abs().max()))
        size = max(size, float(wanted.abs().max()))
    return gap <= 1e-8 * size
