"""A cantilever of square section bent by a force at its end, in three dimensions.

    div sigma = 0 in (0, 4) x (-1/2, 1/2)^2, E = 1000, nu = 0.3

with the displacement given on x = 0, the shear traction of the force on x = 4, and the four sides free.

Timoshenko's problem with Saint-Venant's solution, which is exact: sigma_xx = -P (4 - x) y / I and the section warps. On
x = 0 the displacement is that of this solution, v and w quadratic and u = g(y, z) not plane: a wall that held all of it
at zero would add stresses which no formula gives. The traction on x = 4 is (0, tau_xy, tau_xz) with the resultant (0, P, 0);
where nu = 0 it is the parabola 3 P (1 - 4 y^2) / 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kinn.conditions import Dirichlet
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Cuboid
from kinn.mechanics import Solid, Traction
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Postprocess, Problem
from kinn.problems.references import flexure

#: Young's modulus, the force, and its mean traction.
YOUNG, FORCE = 1000.0, 1.0
SHEAR = FORCE / (4 * flexure.HEIGHT * flexure.WIDTH)

#: The second moment of the section.
MOMENT = 4 * flexure.WIDTH * flexure.HEIGHT**3 / 3

FIELDS = ("u", "v", "w")


def make_problem(poisson: float = 0.3) -> Problem:
    """Return the problem.

    Args:
        poisson: Poisson's ratio, from 0 up to 1/2, which is excluded.

    Raises:
        InputError: If Poisson's ratio is out of range.
    """
    if not 0 <= poisson < 0.5:
        raise InputError(f"poisson of cantilever-3d lies between 0 and 0.5, not {poisson}")
    material = Solid(YOUNG, poisson)

    def exact(x: Any, y: Any, z: Any) -> Any:
        return flexure.displacement(x, y, z, poisson, FORCE / (YOUNG * MOMENT))

    def component(n: int) -> Callable[..., Any]:
        return lambda x, y, z: exact(x, y, z)[n]

    def traction(n: int) -> Callable[..., Any]:
        return lambda x, y, z: material.stress(exact(x, y, z))[0][n]

    def strong(u: Field, v: Field, w: Field, p: Points) -> list[Field]:
        return [r * (2 * flexure.HEIGHT / SHEAR) for r in material.residual((u, v, w))]

    end = Traction(on="right", material=material, value=(0.0, traction(1), traction(2)), scale=SHEAR)
    free = [
        Traction(on=side, material=material, value=(0.0, 0.0, 0.0), scale=SHEAR)
        for side in ("bottom", "top", "back", "front")
    ]
    return Problem(
        "cantilever-3d",
        Cuboid(
            (0.0, -flexure.HEIGHT, -flexure.WIDTH),
            (flexure.LENGTH, flexure.HEIGHT, flexure.WIDTH),
        ),
        fields=FIELDS,
        strong=strong,
        energy=lambda u, v, w, p: material.energy((u, v, w)),
        work={"right": end.work},
        conditions=[
            *(Dirichlet(name, component(n), on="left", enforce="hard") for n, name in enumerate(FIELDS)),
            end,
            *free,
        ],
        exact=exact,
        derived={
            "mises": lambda u, v, w, p: material.von_mises((u, v, w)),
            "bending": lambda u, v, w, p: material.stress((u, v, w))[0][0],
        },
        postprocess=Postprocess(
            displacement=FIELDS,
            stress=lambda u, v, w, p: material.stress((u, v, w)),
            lines={
                "axis": ((0.0, 0.0, 0.0), (flexure.LENGTH, 0.0, 0.0)),
                "height": ((flexure.LENGTH / 2, -flexure.HEIGHT, 0.0), (flexure.LENGTH / 2, flexure.HEIGHT, 0.0)),
            },
        ),
        defaults=Defaults(
            boundary_density=2.0,
            forms={
                "energy": {
                    "networks": {"kan": KAN((6,), 3, 5), "mlp": MLP((14, 14))},
                    "boundary_density": 1.0,
                    "budget": 120.0,
                }
            },
        ),
        title="A cantilever in three dimensions bent by a force at its end",
        source="Timoshenko and Goodier, Theory of Elasticity, chapter 12",
    )
