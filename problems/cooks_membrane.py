"""Cook's membrane: a tapered panel, clamped at one end, sheared at the other, in plane stress.

    div sigma = 0 on the panel with corners (0, 0), (48, 44), (48, 60), (0, 44), E = 1, nu = 1/3, plane stress; clamped on
    x = 0, traction (0, 1/16) on x = 48, the rest free

Reference: finite elements, good to 2e-5; the middle of the loaded end rises by 23.9677. The stress is infinite where the
clamped side meets the upper edge, at 108 degrees, and the displacement goes as r^0.677: by default the networks are given
that power of the distance as a further input; features=none leaves them the coordinates alone. Residuals are in units of the
traction and of the length of the loaded end.
"""

from __future__ import annotations

from math import atan2, pi

from kinn.conditions import Dirichlet
from kinn.errors import unknown
from kinn.fields import Field, Points
from kinn.geometry import Grading, Polygon
from kinn.mechanics import PlaneStress, Traction, corner_exponent, corner_feature, corner_weight
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Postprocess, Problem
from kinn.problems.references import cooks_membrane as reference

FEATURES = ("corner", "none")
MATERIAL = PlaneStress(reference.YOUNG, reference.POISSON)

#: The upper end of the clamped side, and the exponent of the displacement there.
CORNER = reference.CORNERS[3]
EXPONENT = corner_exponent(MATERIAL, pi / 2 + atan2(16, 48), ("clamped", "free"))


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residual in units of the traction and the loaded end, times what keeps it bounded at the corner.

    The end is 16 long, and the force over its square is the unit; the factor goes as r^(2 - a) near the corner and to 1 far off.
    """
    factor = corner_weight(CORNER, EXPONENT, 16.0)(p.x, p.y) * (16 / reference.TRACTION)
    return [r * factor for r in MATERIAL.residual((u, v))]


def energy(u: Field, v: Field, p: Points) -> Field:
    """Return the density of the strain energy."""
    return MATERIAL.energy((u, v))


def make_problem(features: str = "corner") -> Problem:
    """Return the problem.

    Args:
        features: "corner" to give the networks a power of the distance from the clamped upper corner, or "none".

    Raises:
        InputError: If the features are unknown.
    """
    if features not in FEATURES:
        raise unknown("features", features, FEATURES, "problem 'cooks-membrane'")
    corner = features == "corner"
    shear = reference.TRACTION
    end = Traction(on="right", material=MATERIAL, value=(0.0, shear), scale=shear)
    edges = [Traction(on=on, material=MATERIAL, value=(0.0, 0.0), scale=shear) for on in ("bottom", "top")]
    return Problem(
        "cooks-membrane",
        Polygon(reference.CORNERS, edges=["bottom", "right", "top", "left"]),
        fields=("u", "v"),
        strong=strong,
        energy=energy,
        work={"right": end.work},
        conditions=[*(Dirichlet(name, 0.0, on="left", enforce="hard") for name in ("u", "v")), end, *edges],
        reference=reference.reference,
        reference_fields=reference.displacement,
        derived={"mises": lambda u, v, p: MATERIAL.von_mises((u, v))},
        postprocess=Postprocess(
            displacement=("u", "v"),
            stress=lambda u, v, p: MATERIAL.stress((u, v)),
            lines={"end": reference.CORNERS[1:3], "middle": ((0.0, 22.0), (48.0, 52.0))},
        ),
        features=[corner_feature(CORNER, EXPONENT)] if corner else (),
        defaults=Defaults(
            networks={"kan": KAN((8,), 6, 5), "mlp": MLP((16, 16))},
            budget=60.0,
            grading=Grading([CORNER], EXPONENT),
            forms={"energy": {"points_per_parameter": 40.0}},
        ),
        title="Cook's membrane: a tapered panel under shear"
        + (", networks given the distance from the clamped upper corner" if corner else ""),
        source="Cook, J. Struct. Div. ASCE 100 (1974) 1851",
    )
