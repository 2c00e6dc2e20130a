"""Hard conditions: the trial functions that satisfy them whatever the network does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch

from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.fields import Points
from kinn.forms.compatibility import Given, disagreements
from kinn.forms.hard.box_ansatz import BoxAnsatz, HardFace
from kinn.forms.hard.distance_ansatz import Constraint, DistanceAnsatz, NormalDatum, merge_constraints
from kinn.forms.hard.trial_map import TrialMap
from kinn.geometry import Geometry
from kinn.problem import Problem

#: At how many points of a boundary data are tried.
PROBES = 64

#: Gives the trial function at points.
Ansatz: TypeAlias = Callable[[Points], TrialMap]


def hard_ansatz(problem: Problem, subdomain: str, field: str) -> Ansatz | None:
    """Return the ansatz that the hard conditions on a field ask for, or None where there are none.

    Values on whole faces of boxes are blended by polynomials, all else by smooth distance functions.

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
    for condition in hard:
        drawn = geometry.boundary(condition.boundaries[0]).sample(PROBES, seed=2)
        condition.check_data(problem.points(torch.as_tensor(drawn.points)))
    held = [_constraint(geometry, condition) for condition in hard]
    _check_corners(problem, subdomain, held)
    faces = _faces(held)
    if faces is not None:
        lower, upper = (corner.tolist() for corner in geometry.bounds)
        box = BoxAnsatz(faces, lower, upper)
        if _satisfied(problem, geometry, box, faces):
            return box
    return DistanceAnsatz(
        merge_constraints(held, geometry.size), geometry, lambda x: problem.points(torch.as_tensor(x))
    )


def _check_corners(problem: Problem, subdomain: str, held: Sequence[Constraint]) -> None:
    """Raise if hard conditions give different values where their boundaries meet."""
    given = [Given(h.label, h.boundary, h.value) for h in held if h.value is not None]
    for found in disagreements(problem, subdomain, given):
        raise InputError(
            f"hard conditions of problem {problem.name!r} contradict each other: {found.said(problem.coordinates)}; "
            "enforce one of them soft"
        )


def _satisfied(problem: Problem, geometry: Geometry, box: BoxAnsatz, faces: Sequence[HardFace]) -> bool:
    """Whether the polynomials take all data: slopes may contradict each other in a corner, where no polynomial helps."""
    lower, upper = geometry.bounds
    draw = np.random.default_rng(0)
    for face in faces:
        x = lower + (upper - lower) * draw.random((PROBES, len(lower)))
        x[:, face.axis] = face.value
        p = problem.points(torch.as_tensor(x))
        u = box(p)(p.field(0.0, "zero"))
        taken = u * face.alpha + u.derivative(p.names[face.axis]) * (face.beta * face.side)
        found, wanted = (
            torch.as_tensor(f.value, dtype=torch.float64)
            for f in (taken, p.field(face.data, f"the value of {face.label}"))
        )
        if float((found - wanted).abs().max()) > 1e-8 * max(1.0, float(wanted.abs().max())):
            return False
    return True


def _faces(held: Sequence[Constraint]) -> list[HardFace] | None:
    """Return what is given on faces of a box, or None where the boundaries or the coefficients are no such."""
    faces = []
    for given in held:
        slope = given.slope
        if any(part.face is None for part in given.boundary.parts):
            return None
        if slope and (callable(slope.alpha) or callable(slope.beta)):
            return None
        for part in given.boundary.parts:
            assert part.face is not None
            side = 2 * part.face.side - 1
            axis, at = part.face.axis, part.face.value
            if slope is None:
                faces.append(HardFace(axis, at, side, given.value, given.label))
            else:
                alpha, beta = float(slope.alpha), float(slope.beta)
                faces.append(HardFace(axis, at, side, slope.value, given.label, alpha, beta))
    return faces


def _constraint(geometry: Geometry, condition: Condition) -> Constraint:
    """What a hard condition prescribes on its boundary."""
    datum, label = condition.boundary_datum, condition.label
    if datum is None:
        raise InputError(f"{label} cannot be enforced hard: enforce it soft")
    boundary = geometry.boundary(condition.boundaries[0])
    if datum.order == 1:
        return Constraint(boundary, label, value=datum.value)
    return Constraint(boundary, label, slope=NormalDatum(datum.value, datum.alpha, datum.beta, label))
