"""Young's modulus of a plate with a hole, identified from its displacement.

As plate-hole, with E unknown (1000 in truth, 1200 at first) and the displacement observed at points inside, with noise of
a given share of its root mean square.
"""

from __future__ import annotations

import numpy as np

from kinn.conditions import Observation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.mechanics import PlaneStress
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.plate_hole import conditions, domain, residual
from kinn.problems.references import plate_hole as reference
from kinn.problems.settings import whole_number
from kinn.unknowns import Unknown


def material(p: Points) -> PlaneStress:
    """Return the plate's material, its modulus as it is known."""
    return PlaneStress(p.E, reference.POISSON)


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residual."""
    return residual(material(p), u, v)


def make_problem(samples: int = 2000, noise: float = 0.0, seed: int = 0) -> Problem:
    """Return the problem.

    Args:
        samples: The number of points at which the displacement is observed.
        noise: The standard deviation of the noise, relative to the root mean square of each component.
        seed: Fixes the noise.

    Raises:
        InputError: If a number is out of range.
    """
    whole_number("plate-hole-modulus", "samples", samples, 1)
    if not 0 <= noise < 1:
        raise InputError(f"noise of plate-hole-modulus lies between 0 and 1, not {noise}")
    points = domain().sample(samples, seed=17)
    values = reference.reference(points)
    deviations = noise * np.sqrt((values**2).mean(axis=0))
    values = values + deviations * np.random.default_rng(seed).standard_normal(values.shape)
    observed = [
        Observation(name, points, values[:, n], noise=float(deviations[n]) or None) for n, name in enumerate(("u", "v"))
    ]
    return Problem(
        "plate-hole-modulus",
        domain(),
        fields=("u", "v"),
        strong=strong,
        conditions=[*conditions(material), *observed],
        unknowns=[Unknown("E", initial=1200.0, positive=True, exact=reference.YOUNG)],
        reference=reference.reference,
        defaults=Defaults(networks={"kan": KAN((8,), 6, 5), "mlp": MLP((16, 16))}, budget=60.0),
        title="Young's modulus of a plate with a hole, from its displacement",
        source="Wang et al., CMAME 433 (2025) 117518",
    )
