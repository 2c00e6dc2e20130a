"""The inverse form in space: polynomials on every panel are exact to rounding, and networks come close to it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import kinn
from kinn import (
    MLP,
    Ball,
    Cuboid,
    Dirichlet,
    Elasticity,
    Extrusion,
    InputError,
    Interface,
    Laplace,
    Neumann,
    PointValue,
    Polygon,
    Problem,
    Robin,
)
from kinn.conditions import ResidualCondition
from kinn.forms.inverse import BoundaryTrial, Nystrom
from kinn.metrics import exact_values

BOX = Cuboid((-1, -1, 0), (1, 1, 1))


def harmonic(x: Any, y: Any, z: Any) -> Any:
    return x * y * z + x * x - z * z + 2.0 * y


def flux(axis: int, sign: float) -> Any:
    def data(x: Any, y: Any, z: Any) -> Any:
        return sign * (y * z + 2 * x, x * z + 2.0, x * y - 2 * z)[axis]

    return data


FLUXES = [
    Neumann("u", flux(axis, sign), on=name)
    for name, axis, sign in (
        ("left", 0, -1.0),
        ("right", 0, 1.0),
        ("bottom", 1, -1.0),
        ("top", 1, 1.0),
        ("back", 2, -1.0),
        ("front", 2, 1.0),
    )
]


def problem(**changes: Any) -> Problem:
    settings: dict[str, Any] = {"inverse": Laplace(), "conditions": FLUXES, "exact": harmonic}
    return Problem("box", changes.pop("domain", BOX), **{**settings, **changes})


def trial_of(problem: Problem) -> BoundaryTrial:
    return BoundaryTrial(problem.in_form("inverse"), MLP((6,)))


def nystrom_error(box: Problem) -> float:
    """The greatest error of a plain boundary element method, up to 1e-3 of the size from the boundary."""
    points = np.array([[0.2, 0.3, 0.4], [-0.998, 0.5, 0.3], [0.1, 0.2, 0.998], [0.998, 0.998, 0.002]])
    exact = exact_values(box, points)
    assert exact is not None
    return float(np.abs(Nystrom(trial_of(box)).evaluate(points, ["u"]) - exact).max())


def test_mixed_conditions() -> None:
    """Values, fluxes and relations of both, each on sides of their own."""
    conditions = [
        Dirichlet("u", harmonic, on="left"),
        Robin("u", 2.0, 1.0, lambda x, y, z: 2 * harmonic(x, y, z) + flux(0, 1.0)(x, y, z), on="right"),
        ResidualCondition(lambda u, p: u.z * p.n[2] - flux(2, -1.0)(p.x, p.y, p.z), on="back"),
        *(c for c in FLUXES if c.on in ("bottom", "top", "front")),
    ]
    assert nystrom_error(problem(strong=lambda u, p: kinn.laplacian(u), conditions=conditions)) < 1e-8


def test_fluxes_alone_and_a_source() -> None:
    """u_xx + u_yy + u_zz = 2, fixed by a value at a point; fluxes that do not balance the source are refused."""

    def total(x: Any, y: Any, z: Any) -> Any:
        return harmonic(x, y, z) + z * z

    front = Neumann("u", lambda x, y, z: flux(2, 1.0)(x, y, z) + 2.0, on="front")
    fluxes = [front if c.on == "front" else c for c in FLUXES]
    source = Laplace(particular=lambda x, y, z: x * x)
    box = problem(
        strong=lambda u, p: kinn.laplacian(u) - 2.0,
        inverse=source,
        conditions=[*fluxes, PointValue("u", total(0.1, 0.2, 0.3), at=(0.1, 0.2, 0.3))],
        exact=total,
    )
    assert nystrom_error(box) < 1e-8
    with pytest.raises(InputError, match="not in balance: they add up to -8 instead of 0"):
        trial_of(problem(inverse=source)).system()


def test_networks_carry_what_is_unknown() -> None:
    """On flat faces they are functions of two coordinates; the flux on them is one of degree two."""
    box = problem(
        conditions=[Dirichlet("u", harmonic, on="cuboid")],
        evaluation=np.array([[0.2, 0.3, 0.4], [-0.998, 0.5, 0.3], [0.1, 0.2, 0.999]]),
    )
    solution = kinn.solve(box, MLP((8,)), form="inverse", points=100, iterations=30, threads=1)
    assert solution.errors["u"].l2 < 1e-4
    assert solution.bem["u"].l2 < 1e-8
    formulation = trial_of(box).formulation
    assert [formulation.input_dimension(n) for n in range(6)] == [2] * 6
    panels = formulation.panels()
    assert np.abs([formulation.coordinates(panels, n) for n in range(6)]).max() < 1


def test_a_sphere_is_a_function_of_three_coordinates() -> None:
    formulation = trial_of(
        problem(domain=Ball((1, 0, 0), 2.0), conditions=[Dirichlet("u", 0.0, on="ball")])
    ).formulation
    assert formulation.input_dimension(0) == 3
    assert np.ptp(formulation.coordinates(formulation.panels(), 0), axis=0) == pytest.approx(2.0, rel=0.05)


LOWER, UPPER = (
    Extrusion(Polygon([(0, 0), (1, 0), (1, 1), (0, 1)]), height, ends=ends)
    for height, ends in (((0, 1), ("floor", "joint")), ((1, 2), ("joint", "roof")))
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: problem(fields=("u", "v", "w"), inverse=Elasticity(), exact=None, conditions=[]),
            r"is in 3 dimensions \(x, y, z\), and the fundamental solution of plane elasticity is known in 2",
        ),
        (lambda: problem(strong=lambda u, p: u.xx + u.yy), "is not Laplace's equation"),
        (lambda: problem(conditions=FLUXES[1:]), "'left': the inverse form needs 1 conditions, and there are 0"),
        (
            lambda: problem(conditions=[ResidualCondition(lambda u, p: u.x + u.y + u.z, on="cuboid")]),
            "contains a tangential derivative",
        ),
        (
            lambda: problem(
                domain={"lower": LOWER, "upper": UPPER},
                conditions=[Interface("u", on="joint"), Dirichlet("u", 0.0, on="roof")],
            ),
            "has subdomains, and in space the inverse form takes a single domain",
        ),
        (
            lambda: problem(domain=BOX - Ball((1, 1, 1), 0.5), conditions=[Dirichlet("u", 0.0, on="boundary")]),
            "'right' cannot be cut into panels: it is what another shape cuts off it",
        ),
    ],
)
def test_what_is_not_covered_is_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        trial_of(make())


def test_a_plane_problem_loads_no_surfaces() -> None:
    code = """if True:
        import sys
        from kinn import MLP, problems
        from kinn.forms import build_trial
        build_trial(problems.get("flower").in_form("inverse"), MLP((3,)))
        print([m for m in sys.modules if "boundary_integrals.surfaces" in m])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
