"""A disk pressed between two curved jaws (the Brazilian test), a quarter of it by symmetry, in plane stress.

    div sigma = 0 for r < 1 in the first quadrant, E = 1, nu = 0.3, plane stress; u = 0 on x = 0 and v = 0 on y = 0,
    pressure 1 on the arc within pi/12 of the y axis, the rest of the circle free

The solution is exact, with the stresses of Hondros: the diameter that is pressed is pulled apart almost evenly. At the end of
the jaw the pressure jumps, and second derivatives grow like the inverse of the distance from there: the residual is
multiplied by that distance.
"""

from __future__ import annotations

from math import cos as cosine
from math import pi
from math import sin as sine
from typing import Any

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import ArcPolygon
from kinn.math import sqrt
from kinn.mechanics import PlaneStress, Traction, symmetry
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Postprocess, Problem
from kinn.problems.references import hondros

MATERIAL = PlaneStress(1.0, 0.3)
PRESSURE = 1.0

#: The bounds of half the angle of a jaw.
NARROWEST, WIDEST = 0.05, 1.5


def quarter(angle: float) -> ArcPolygon:
    """Return the quarter of the disk with the arc of the jaw."""

    def on_circle(from_top: float) -> tuple[float, float]:
        return sine(from_top), cosine(from_top)

    return ArcPolygon(
        [(0.0, 0.0), (1.0, 0.0), on_circle(angle), (0.0, 1.0)],
        through=[None, on_circle((angle + pi / 2) / 2), on_circle(angle / 2), None],
        edges=["bottom", "free", "jaw", "left"],
        name="quarter",
    )


def make_problem(angle: float = pi / 12) -> Problem:
    """Return the problem.

    Args:
        angle: Half the angle in radians that a jaw spans, 0.05 to 1.5.

    Raises:
        InputError: If the angle is out of range.
    """
    if not NARROWEST <= angle <= WIDEST:
        raise InputError(f"angle of disk-compression is {NARROWEST} to {WIDEST}, not {angle}")
    end = sine(angle), cosine(angle)
    kolosov = (3 - MATERIAL.poisson) / (1 + MATERIAL.poisson)

    def exact(x: Any, y: Any) -> Any:
        return hondros.displacement(x, y, angle, MATERIAL.shear, kolosov, PRESSURE)

    def strong(u: Field, v: Field, p: Points) -> list[Field]:
        distance = sqrt((p.x - end[0]) ** 2 + (p.y - end[1]) ** 2)
        return [r * distance for r in MATERIAL.residual((u, v))]

    push = (lambda x, y: -PRESSURE * x, lambda x, y: -PRESSURE * y)  # along the inward normal
    jaw = Traction(on="jaw", material=MATERIAL, value=push)
    tractions = {"free": (0.0, 0.0), "left": (None, 0.0), "bottom": (0.0, None)}
    return Problem(
        "disk-compression",
        quarter(angle),
        fields=("u", "v"),
        strong=strong,
        energy=lambda u, v, p: MATERIAL.energy((u, v)),
        work={"jaw": jaw.work},
        conditions=[
            symmetry("left", "u"),
            symmetry("bottom", "v"),
            jaw,
            *(Traction(on=on, material=MATERIAL, value=t) for on, t in tractions.items()),
        ],
        exact=exact,
        derived={
            "mises": lambda u, v, p: MATERIAL.von_mises((u, v)),
            "splitting": lambda u, v, p: MATERIAL.stress((u, v))[0][0],
        },
        postprocess=Postprocess(
            displacement=("u", "v"),
            stress=lambda u, v, p: MATERIAL.stress((u, v)),
            lines={"pressed": ((0.0, 0.0), (0.0, 1.0)), "across": ((0.0, 0.0), (1.0, 0.0))},
        ),
        defaults=Defaults(
            networks={"kan": KAN((8,), 6, 5), "mlp": MLP((16, 16))},
            budget=60.0,
        ),
        title="A disk compressed across its diameter",
        source="Hondros, Aust. J. Appl. Sci. 10 (1959) 243; Muskhelishvili (1953), section 80",
    )
