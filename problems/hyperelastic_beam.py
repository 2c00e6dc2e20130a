"""A clamped beam of rubber, neo-Hookean in plane strain, bent by a dead load: large displacements.

    the minimum of the strain energy less the work of the traction (0, -5) on x = 4; [0, 4] x [0, 1], clamped on x = 0,
    psi = lambda (ln J)^2 / 2 - mu ln J + mu (tr C - 2) / 2 with E = 1000, nu = 0.3

Reference: finite elements with Newton's method; the tip's middle moves by (-0.1824, -1.1302).
"""

from __future__ import annotations

from kinn.conditions import Dirichlet
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.mechanics import NeoHookean, Traction
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Output, Problem
from kinn.problems.references import hyperelastic_beam as reference

MATERIAL = NeoHookean(reference.YOUNG, reference.POISSON)


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residual in units of the load and the height."""
    return [r * (reference.HEIGHT / reference.LOAD) for r in MATERIAL.residual((u, v))]


def energy(u: Field, v: Field, p: Points) -> Field:
    """Return the density of the strain energy."""
    return MATERIAL.energy((u, v))


def make_problem() -> Problem:
    """Return the problem."""
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
        defaults=Defaults(
            networks={"kan": KAN((8,), 6, 5), "mlp": MLP((16, 16))},
            budget=120.0,
            forms={"energy": {"per_parameter": 40.0, "budget": 270.0}},
        ),
        output=Output(
            displacement=("u", "v"),
            stress=lambda u, v, p: MATERIAL.cauchy((u, v)),
            lines={"axis": ((0.0, reference.HEIGHT / 2), (reference.LENGTH, reference.HEIGHT / 2))},
        ),
        title="A hyperelastic beam bent by a dead load",
        source="Wang et al., CMAME 433 (2025) 117518",
    )
