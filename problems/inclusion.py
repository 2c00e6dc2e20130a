"""A stiff round inclusion in a disk that is stretched: two elastic solids, bonded, in plane stress.

div sigma = 0 for r < 1, E = 1000, nu = 0.2, and for 1 < r < 2, E = 100, nu = 0.35; displacement and traction are continuous
at r = 1, the traction at r = 2 is 10 outwards; no rigid motion.

u = A x for r < 1, (B + C / r^2) x for r > 1 (Lame; Timoshenko and Goodier, Theory of Elasticity, section 28)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kinn.conditions import Condition
from kinn.equations import Elasticity
from kinn.fields import Field, Points
from kinn.geometry import Disk
from kinn.math import where
from kinn.mechanics import Bonded, PlaneStress, Traction
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem

#: The materials inside and outside, the outer radius (that of the inclusion is 1), and the tension.
INSIDE, OUTSIDE = PlaneStress(1000.0, 0.2), PlaneStress(100.0, 0.35)
RADIUS, TENSION = 2.0, 10.0


def constants() -> tuple[float, float, float]:
    """Return A, B and C."""
    inner = INSIDE.young / (1 - INSIDE.poisson)
    mean, shear = OUTSIDE.young / (1 - OUTSIDE.poisson), OUTSIDE.young / (1 + OUTSIDE.poisson)
    matrix = [[1.0, -1.0, -1.0], [inner, -mean, shear], [0.0, mean, -shear / RADIUS**2]]
    a, b, c = np.linalg.solve(matrix, [0.0, 0.0, TENSION])
    return float(a), float(b), float(c)


def exact(x: Any, y: Any) -> tuple[Any, Any]:
    """Return the displacement."""
    a, b, c = constants()
    squared = x * x + y * y
    within = np.asarray(getattr(squared, "value", squared)) < 1
    factor = where(within, a, b + c / where(within, 1.0, squared))
    return factor * x, factor * y


def make_problem() -> Problem:
    """Return the problem."""
    disk = Disk((0.0, 0.0), 1.0, name="joint")
    pull = Traction(
        on="rim",
        material=OUTSIDE,
        value=(lambda x, y: TENSION / RADIUS * x + 0 * y, lambda x, y: TENSION / RADIUS * y + 0 * x),
    )
    conditions: list[Condition] = [pull, Bonded("u", on="joint", materials=(INSIDE, OUTSIDE))]

    def inside(u: Field, v: Field, p: Points) -> Any:
        return INSIDE.residual((u, v))

    def outside(u: Field, v: Field, p: Points) -> Any:
        return OUTSIDE.residual((u, v))

    solids = {"inside": INSIDE, "outside": OUTSIDE}
    return Problem(
        "inclusion",
        {"inside": disk, "outside": Disk((0.0, 0.0), RADIUS, name="rim") - disk},
        fields=("u", "v"),
        strong={"inside": inside, "outside": outside},
        inverse={name: Elasticity(E=m.young, nu=m.poisson, plane="stress") for name, m in solids.items()},
        conditions=conditions,
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((8,), 8, 5), "mlp": MLP((20,))},
            budget=60.0,
            forms={"inverse": {"networks": {"kan": KAN((3,), 6, 5), "mlp": MLP((12,))}, "budget": 10.0}},
        ),
        title="A stiff inclusion in a stretched disk",
        source="Timoshenko and Goodier, Theory of Elasticity (1970), section 28",
    )
