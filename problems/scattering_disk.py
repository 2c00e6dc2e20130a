"""A plane wave meets a disk on which it vanishes: the wave that is scattered, up to infinity.

    v_xx + v_yy + k^2 v = 0 outside the unit disk, v = -e^(i k x) on it, v an outgoing wave far away.

The fields are the real and the imaginary part; they are looked at up to r = 3, where nothing is given: the fundamental
solution knows that waves only leave.
"""

from __future__ import annotations

from typing import Any

from kinn.conditions import Dirichlet
from kinn.equations import Helmholtz
from kinn.errors import InputError
from kinn.geometry import Disk
from kinn.math import cos, sin
from kinn.networks import KAN, MLP, Architecture
from kinn.problem import Defaults, Problem
from kinn.problems.references import scattering

#: On a circle, where waves go round.
NETWORKS: dict[str, Architecture] = {"kan": KAN((8,), 10, 7), "mlp": MLP((30,))}


def make_problem(wave_number: float = 4.0) -> Problem:
    """Return the problem.

    Args:
        wave_number: The wave number k, more than 0 and at most 20.

    Raises:
        InputError: If it is out of range.
    """
    if not 0.0 < wave_number <= 20.0:
        raise InputError(f"wave_number of scattering-disk is more than 0 and at most 20, not {wave_number}")

    def real(x: Any) -> Any:
        return -cos(wave_number * x)

    def imaginary(x: Any) -> Any:
        return -sin(wave_number * x)

    return Problem(
        "scattering-disk",
        Disk((0.0, 0.0), 3.0, name="far") - Disk((0.0, 0.0), 1.0, name="disk"),
        fields=("re", "im"),
        inverse=Helmholtz(wave_number, outside=True),
        conditions=[Dirichlet("re", real, on="disk"), Dirichlet("im", imaginary, on="disk")],
        exact=scattering.exact(wave_number),
        defaults=Defaults(
            networks=NETWORKS,
            forms={"inverse": {"networks": NETWORKS, "budget": 20.0}},
        ),
        title="A plane wave scattered by a disk",
        source="Colton and Kress, Inverse Acoustic and Electromagnetic Scattering Theory (2019)",
    )
