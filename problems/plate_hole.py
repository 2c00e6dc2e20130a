"""A quarter of a plate with a hole under tension, in plane stress.

    div sigma = 0 on [0, 20]^2 without the disk of radius 5 around the origin, E = 1000, nu = 0.3; u = 0 on x = 0 and v = 0
    on y = 0 by symmetry, traction (100, 0) on x = 20, the rest free.

Reference: finite elements on curved quadratic elements, good to 1e-6. Residuals are in units of the traction and of the
side, so that equations and boundary conditions are of one size.

Around the hole the field varies with r / 5, and points spread evenly leave the network free to oscillate between them:
the strong form draws them as 1 / r^2, evenly in log r, and multiplies the residual by r, so that its mean square is
that over the plate all the same.
"""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np

from kinn.conditions import Condition
from kinn.equations import Elasticity
from kinn.fields import Field, Points
from kinn.geometry import Disk, Geometry, Rectangle
from kinn.geometry.sampling import sample_by_rejection, unit_cube
from kinn.mechanics import PlaneStress, Traction, symmetry
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Postprocess, Problem
from kinn.problems.references import plate_hole as reference

SIDE, TENSION = reference.SIDE, reference.TENSION
MATERIAL = PlaneStress(reference.YOUNG, reference.POISSON)

#: The mean of r^2 over points drawn as 1 / r^2: the plate's area by the integral of 1 / r^2 over it, which is
#: (pi / 2) log (2 SIDE / RADIUS) less Catalan's constant.
MEAN_SQUARE = (SIDE**2 - pi * reference.RADIUS**2 / 4) / (pi / 2 * log(2 * SIDE / reference.RADIUS) - 0.915965594177219)

#: The tractions, by the name of the boundary; None where symmetry holds the displacement.
TRACTIONS: dict[str, tuple[float | None, float | None]] = {
    "right": (TENSION, 0.0),
    "top": (0.0, 0.0),
    "disk": (0.0, 0.0),
    "left": (None, 0.0),
    "bottom": (0.0, None),
}


def domain() -> Geometry:
    """Return the quarter of the plate."""
    return Rectangle((0.0, 0.0), (SIDE, SIDE)) - Disk((0.0, 0.0), reference.RADIUS)


def conditions(material: Any, enforce: str = "hard") -> list[Condition]:
    """Return the supports and the tractions, for a material or a function of the points that gives it."""
    supports = [symmetry("left", "u", enforce=enforce), symmetry("bottom", "v", enforce=enforce)]
    loads = [Traction(on=on, material=material, value=t, scale=TENSION) for on, t in TRACTIONS.items()]
    return [*supports, *loads]


def residual(material: PlaneStress, u: Field, v: Field) -> list[Field]:
    """Return the residual in units of the tension and the side."""
    return [r * (SIDE / TENSION) for r in material.residual((u, v))]


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residual, times r in units of its root mean square over the points of `towards_the_hole`."""
    factor = ((p.x * p.x + p.y * p.y) / MEAN_SQUARE) ** 0.5
    return [r * factor for r in residual(MATERIAL, u, v)]


def towards_the_hole(geometry: Geometry, n: int, seed: int) -> Array:
    """Return points (n, 2) spread evenly in the angle and in log r."""

    def draw(m: int) -> Array:
        unit = unit_cube(m, 2, seed=seed)
        r = reference.RADIUS * (2**0.5 * SIDE / reference.RADIUS) ** unit[:, 0]
        angle = pi / 2 * unit[:, 1]
        x = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
        return np.asarray(x[geometry.contains(x)])

    return sample_by_rejection(n, draw, repr(geometry))


def energy(u: Field, v: Field, p: Points) -> Field:
    """Return the density of the strain energy."""
    return MATERIAL.energy((u, v))


def pull(u: Field, v: Field, p: Points) -> Field:
    """Return the density of the work of the traction."""
    return TENSION * u


def make_problem() -> Problem:
    """Return the problem."""
    return Problem(
        "plate-hole",
        domain(),
        fields=("u", "v"),
        strong=strong,
        energy=energy,
        work={"right": pull},
        inverse=Elasticity(E=reference.YOUNG, nu=reference.POISSON, plane="stress"),
        conditions=conditions(MATERIAL),
        reference=reference.reference,
        derived={"mises": lambda u, v, p: MATERIAL.von_mises((u, v))},
        reference_fields=reference.displacement,
        defaults=Defaults(
            networks={"kan": KAN((12,), 8, 5), "mlp": MLP((22, 22))},
            points=2500,
            boundary_density=3.0,
            budget=150.0,
            sampler=towards_the_hole,
            forms={
                "energy": {
                    "networks": {"kan": KAN((8,), 6, 5), "mlp": MLP((16, 16))},
                    "points_per_parameter": 40.0,
                    "boundary_density": 1.0,
                    "budget": 130.0,
                },
                "inverse": {"networks": {"kan": KAN((4,), 6, 5), "mlp": MLP((12,))}, "budget": 20.0},
            },
        ),
        postprocess=Postprocess(
            displacement=("u", "v"),
            stress=lambda u, v, p: MATERIAL.stress((u, v)),
            lines={
                "x=0": ((0.0, reference.RADIUS), (0.0, SIDE)),
                "y=0": ((reference.RADIUS, 0.0), (SIDE, 0.0)),
            },
        ),
        title="A plate with a hole under tension",
        source="Wang et al., CMAME 433 (2025) 117518",
    )
