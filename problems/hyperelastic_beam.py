"""A clamped beam of rubber, neo-Hookean in plane strain, bent by a dead load: large displacements.

    the minimum of the strain energy less the work of the traction (0, -5) on x = 4; [0, 4] x [0, 1], clamped on x = 0,
    psi = lambda (ln J)^2 / 2 - mu ln J + mu (tr C - 2) / 2 with E = 1000, nu = 0.3

Reference: finite elements with Newton's method; the tip's middle moves by (-0.1824, -1.1302). Where the clamped end meets the
free sides the stress is infinite, and the displacement goes as r^0.711: by default the networks are given that power of
the distance from both corners as further inputs; features=none leaves them the coordinates alone.
"""

from __future__ import annotations

from math import pi

from kinn.conditions import Dirichlet
from kinn.errors import unknown
from kinn.fields import Field, Points
from kinn.geometry import Grading, Rectangle
from kinn.mechanics import NeoHookean, Traction, corner_exponent, corner_feature, corner_weight
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Postprocess, Problem
from kinn.problems.references import hyperelastic_beam as reference

FEATURES = ("corners", "none")
MATERIAL = NeoHookean(reference.YOUNG, reference.POISSON)

#: Where the clamped end meets the sides, and the exponent of the displacement there.
CORNERS = ((0.0, 0.0), (0.0, reference.HEIGHT))
EXPONENT = corner_exponent(MATERIAL, pi / 2, ("clamped", "free"))


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residual in units of the load and the height, times what keeps it bounded at the corners."""
    lower, upper = (corner_weight(corner, EXPONENT, reference.HEIGHT)(p.x, p.y) for corner in CORNERS)
    factor = lower * upper * (reference.HEIGHT / reference.LOAD)
    return [r * factor for r in MATERIAL.residual((u, v))]


def energy(u: Field, v: Field, p: Points) -> Field:
    """Return the density of the strain energy."""
    return MATERIAL.energy((u, v))


def make_problem(features: str = "corners") -> Problem:
    """Return the problem.

    Args:
        features: "corners" to give the networks a power of the distances from the clamped corners, or "none".

    Raises:
        InputError: If the features are unknown.
    """
    if features not in FEATURES:
        raise unknown("features", features, FEATURES, "problem 'hyperelastic-beam'")
    corners = features == "corners"
    end = Traction(on="right", material=MATERIAL, value=(0.0, -reference.LOAD), scale=reference.LOAD)
    sides = [Traction(on=on, material=MATERIAL, value=(0.0, 0.0), scale=reference.LOAD) for on in ("bottom", "top")]
    return Problem(
        "hyperelastic-beam",
        Rectangle((0.0, 0.0), (reference.LENGTH, reference.HEIGHT)),
        fields=("u", "v"),
        strong=strong,
        energy=energy,
        work={"right": end.work},
        conditions=[*(Dirichlet(name, 0.0, on="left", enforce="hard") for name in ("u", "v")), end, *sides],
        reference=reference.reference,
        derived={"mises": lambda u, v, p: MATERIAL.von_mises((u, v))},
        features=[corner_feature(corner, EXPONENT) for corner in CORNERS] if corners else (),
        defaults=Defaults(
            networks={"kan": KAN((8,), 6, 5), "mlp": MLP((16, 16))},
            budget=120.0,
            grading=Grading(CORNERS, EXPONENT) if corners else None,
            forms={"energy": {"points_per_parameter": 40.0, "budget": 150.0 if corners else 270.0}},
        ),
        postprocess=Postprocess(
            displacement=("u", "v"),
            stress=lambda u, v, p: MATERIAL.cauchy((u, v)),
            lines={"axis": ((0.0, reference.HEIGHT / 2), (reference.LENGTH, reference.HEIGHT / 2))},
        ),
        title="A hyperelastic beam bent by a dead load"
        + (", networks given the distances from the clamped corners" if corners else ""),
        source="Wang et al., CMAME 433 (2025) 117518",
    )
