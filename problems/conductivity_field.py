"""The conductivity of a square, a field of which nothing is known but what measured temperatures tell.

    -(K T_x)_x - (K T_y)_y = 1 on (0, 1)^2, T = 0 on the boundary, T measured on a grid of 40 x 40 points

with K > 0 unknown everywhere, on the boundary too. Where grad T = 0, at the hottest point, the equation alone gives K;
from there it carries K along the flow of heat to every other point, so that K is determined, if ever less towards
the corners, where no heat flows. Truths: a smooth bump, K = 1 + exp(-((x - 0.6)^2 + (y - 0.4)^2) / 0.08), or a log-normal
field, the exponential of a sum of cosines with normally distributed coefficients.

The problem is that of the KINN paper (Wang et al., CMAME 2025), with grad K . grad T kept in the operator.
"""

from __future__ import annotations

from functools import cache, reduce
from math import pi
from operator import add
from typing import Any

import numpy as np

from kinn.conditions import Dirichlet, Observation
from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.geometry.types import Array
from kinn.math import cos, exp
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.conductivity_field import temperature
from kinn.problems.settings import whole_number
from kinn.unknowns import UnknownField

#: The log-normal field: the largest wave number along each coordinate, the standard deviation of its logarithm, and the
#: seed of its coefficients.
WAVES, DEVIATION, DRAW = 3, 1.0, 0


def bump(x: Any, y: Any) -> Any:
    """Return 1 + exp(-((x - 0.6)^2 + (y - 0.4)^2) / 0.08)."""
    return 1 + exp(-((x - 0.6) ** 2 + (y - 0.4) ** 2) / 0.08)


def log_normal(x: Any, y: Any) -> Any:
    """Return the exponential of sum_kl c_kl cos(k pi x) cos(l pi y)."""
    return exp(reduce(add, (c * cos(k * pi * x) * cos(l * pi * y) for k, l, c in _coefficients())))


@cache
def _coefficients() -> tuple[tuple[int, int, float], ...]:
    """Return (k, l, c_kl), normally distributed with a deviation that falls like 1 / (1 + k^2 + l^2)."""
    waves = [(k, l) for k in range(WAVES + 1) for l in range(WAVES + 1) if k + l]
    sizes = np.array([1 / (1 + k * k + l * l) for k, l in waves])
    drawn = np.random.default_rng(DRAW).standard_normal(len(waves)) * sizes * DEVIATION / np.linalg.norm(sizes)
    return tuple((k, l, float(c)) for (k, l), c in zip(waves, drawn, strict=True))


#: The truths by name.
TRUTHS = {"bump": bump, "log-normal": log_normal}


def strong(t: Field, p: Points) -> Field:
    """Return the residual."""
    residual: Field = (p.K * t.x).x + (p.K * t.y).y + 1
    return residual


def make_problem(truth: str = "bump", samples: int = 40, noise: float = 0.0, draw: int = 0) -> Problem:
    """Return the problem.

    Args:
        truth: The conductivity that is to be found: "bump" or "log-normal".
        samples: Measurements along each side of the grid, at least 5.
        noise: The standard deviation of their errors relative to the largest temperature, 0 to 1.
        draw: Which errors are drawn: a seed.

    Raises:
        InputError: If a setting is out of range.
    """
    if truth not in TRUTHS:
        raise unknown("truth of conductivity-field", truth, TRUTHS)
    whole_number("conductivity-field", "samples", samples, 5)
    whole_number("conductivity-field", "draw", draw, 0)
    if not 0.0 <= noise <= 1.0:
        raise InputError(f"noise of conductivity-field is 0 to 1, not {noise}")
    conductivity = TRUTHS[truth]
    known = temperature(conductivity)

    def reference(points: Array) -> Array:
        return known(points)

    at = (np.arange(samples) + 0.5) / samples
    points = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    clean = known(points)[:, 0]
    deviation = noise * float(clean.max())
    values = clean + deviation * np.random.default_rng(draw).standard_normal(len(clean))
    return Problem(
        "conductivity-field",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=["T"],
        strong=strong,
        conditions=[
            Dirichlet("T", 0.0, on="boundary", enforce="hard"),
            Observation("T", points, values, noise=deviation or None),
        ],
        unknowns=[UnknownField("K", initial=1.0, positive=True, exact=conductivity)],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 5), "mlp": MLP((20, 20))}, points=4000, budget=120.0, pde_weight=1000.0
        ),
        title=f"Conductivity field ({truth}) from {samples} x {samples} temperatures",
        source="Wang et al., KINN (CMAME 2025)",
    )
