"""An L-shaped body in plane strain that opens at its re-entrant corner, where the stress is infinite.

    div sigma = 0 on (-1, 1)^2 without [0, 1)^2, E = 1, nu = 0.3, plane strain; the two faces of the corner free,
    the displacement given on the other four sides; u = r^0.5444837 f(theta)

The exact solution is Williams' opening mode. The residual is multiplied by r^(2 - a), the order at which second
derivatives grow towards the corner, the tractions by r^(1 - a): the solution is the same, and they stay bounded. By default
the networks see the coordinates alone; features=corner gives them both displacements of the mode as further inputs.
"""

from __future__ import annotations

from typing import Any

from kinn.conditions import Dirichlet
from kinn.errors import unknown
from kinn.fields import Field, Points
from kinn.geometry import Grading, Polygon
from kinn.mechanics import PlaneStrain, Traction
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Postprocess, Problem
from kinn.problems.poisson_lshape import towards_the_corner
from kinn.problems.references import williams
from kinn.problems.references.poisson_lshape import BISECTOR, VERTICES

FEATURES = ("none", "corner")
MATERIAL = PlaneStrain(1.0, 0.3)


def exact(x: Any, y: Any) -> Any:
    """Return the displacement."""
    return williams.displacement(x, y, BISECTOR, MATERIAL.shear, MATERIAL.poisson)


def along(x: Any, y: Any) -> Any:
    """Return u."""
    return exact(x, y)[0]


def upwards(x: Any, y: Any) -> Any:
    """Return v."""
    return exact(x, y)[1]


#: The fields, each with its values.
FIELDS = {"u": along, "v": upwards}


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residual, times r^(2 - a)."""
    factor = (p.x * p.x + p.y * p.y) ** (1 - williams.EXPONENT / 2)
    return [r * factor for r in MATERIAL.residual((u, v))]


def slope(x: Any, y: Any) -> Any:
    """Return r^(1 - a): tractions grow towards the corner like its inverse."""
    return (x * x + y * y) ** ((1 - williams.EXPONENT) / 2)


def make_problem(features: str = "none") -> Problem:
    """Return the problem.

    Args:
        features: "none", or "corner" to give the networks the singular mode as further inputs.

    Raises:
        InputError: If the features are unknown.
    """
    if features not in FEATURES:
        raise unknown("features", features, FEATURES, "problem 'l-shape-elasticity'")
    corner = features == "corner"
    boundary = [Dirichlet(f, data, on=on) for on in ("top", "left", "bottom", "right") for f, data in FIELDS.items()]
    free = Traction(on="inner", material=MATERIAL, value=(0.0, 0.0), weight=slope)
    return Problem(
        "l-shape-elasticity",
        Polygon(VERTICES, edges=["inner", "top", "left", "bottom", "right", "inner"]),
        fields=tuple(FIELDS),
        strong=strong,
        energy=lambda u, v, p: MATERIAL.energy((u, v)),
        conditions=[*boundary, free],
        exact=exact,
        derived={"mises": lambda u, v, p: MATERIAL.von_mises((u, v))},
        postprocess=Postprocess(
            displacement=tuple(FIELDS),
            stress=lambda u, v, p: MATERIAL.stress((u, v)),
            lines={"ahead": ((-1.0, -1.0), (0.0, 0.0)), "face": ((0.0, 0.0), (1.0, 0.0))},
        ),
        features=[along, upwards] if corner else (),
        defaults=Defaults(
            networks={
                "kan": KAN((4,), 4, 5) if corner else KAN((6,), (10, 8), 5),
                "mlp": MLP((10,) if corner else (16, 16)),
            },
            points=2500,
            boundary_density=3.0,
            budget=60.0,
            sampler=towards_the_corner,
            grading=Grading([(0.0, 0.0)], williams.EXPONENT, sides=corner),
            # a spline of the singular mode exploits fewer points: three times the error
            forms={"energy": {"points_per_parameter": 25.0}} if corner else {},
        ),
        title="An elastic L-shape" + (", networks given the singular mode" if corner else ""),
        source="Williams, J. Appl. Mech. 19 (1952) 526; Szabo and Babuska, Finite Element Analysis (1991)",
    )
