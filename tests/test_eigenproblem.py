"""Eigenvalues against those that are known: coarse ones, and those of trained networks with their eigenfunctions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import jn_zeros

import kinn
from kinn import MLP, Dirichlet, Disk, InputError, Interval, Neumann, Periodic, Problem, Rectangle, Unknown, laplacian
from kinn.forms.strong.coarse_spectrum import coarse_eigenpairs


def membrane(domain: kinn.Geometry, enforce: str = "soft", **settings: Any) -> Problem:
    defaults: dict[str, Any] = {
        "strong": lambda u, p: laplacian(u) + p.E * u,
        "conditions": [Dirichlet("u", 0.0, on="boundary", enforce=enforce)],
        "unknowns": [Unknown("E", initial=1.0)],
    }
    return Problem("membrane", domain, **{**defaults, **settings})


def coarse(problem: Problem, count: int) -> list[float]:
    return [pair.value for pair in coarse_eigenpairs(problem, "E", count)]


@pytest.mark.parametrize("enforce", ["soft", "hard"])
def test_coarse_eigenvalues(enforce: str) -> None:
    well = membrane(Interval(0, np.pi), enforce)
    np.testing.assert_allclose(coarse(well, 8), np.arange(1, 9) ** 2, rtol=1e-5)
    disk = [jn_zeros(0, 1)[0], jn_zeros(1, 1)[0], jn_zeros(1, 1)[0], jn_zeros(2, 1)[0]]
    np.testing.assert_allclose(coarse(membrane(Disk((0, 0), 1), enforce), 4), np.square(disk), rtol=1e-3)


def test_an_eigenvalue_of_zero_and_bounds() -> None:
    plate = Rectangle((0, 0), (np.pi, np.pi / 1.2))
    walls = [Neumann("u", 0.0, on="boundary")]
    np.testing.assert_allclose(coarse(membrane(plate, conditions=walls), 4), [0, 1, 1.44, 2.44], atol=1e-3)
    above = membrane(plate, conditions=walls, unknowns=[Unknown("E", initial=1.3, bounds=(1.2, None))])
    np.testing.assert_allclose(coarse(above, 2), [1.44, 2.44], atol=1e-3)


def test_periodic_conditions_and_two_fields() -> None:
    ring = membrane(Interval(0, 2 * np.pi), conditions=[Periodic("u", on=("left", "right"), enforce="hard")])
    np.testing.assert_allclose(coarse(ring, 5), [0, 1, 1, 4, 4], atol=1e-4)
    coupled = Problem(  # eigenvalues n^2 -+ 1/2
        "coupled",
        Interval(0, np.pi),
        fields=("u", "v"),
        strong=lambda u, v, p: [u.xx + 0.5 * v + p.E * u, v.xx + 0.5 * u + p.E * v],
        conditions=[Dirichlet(name, 0.0, on="boundary") for name in ("u", "v")],
        unknowns=[Unknown("E", initial=0.0)],
    )
    np.testing.assert_allclose(coarse(coupled, 4), [0.5, 1.5, 3.5, 4.5], atol=1e-4)


def test_eigenvalues_and_functions_of_networks() -> None:
    solutions = kinn.solve_eigenproblem(membrane(Interval(0, np.pi), "hard"), MLP((10, 10)), count=2, iterations=40)
    x = np.linspace(0, np.pi, 51)[:, None]
    for n, solution in enumerate(solutions, start=1):
        assert abs(solution.unknowns["E"].value / n**2 - 1) < 1e-5
        u, exact = solution.evaluate("u", x), np.sqrt(2) * np.sin(n * x[:, 0])
        np.testing.assert_allclose(np.abs(u), np.abs(exact), atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "match"),
    {
        "source": ({"strong": lambda u, p: laplacian(u) + p.E * u + 1.0}, "is no eigenvalue problem"),
        "nonlinear": ({"strong": lambda u, p: laplacian(u) + p.E * u + u**3}, "is no eigenvalue problem"),
        "data": ({"conditions": [Dirichlet("u", 1.0, on="boundary")]}, "is no eigenvalue problem"),
        "quadratic": ({"strong": lambda u, p: laplacian(u) + p.E**2 * u}, "is not linear in the eigenvalue 'E'"),
        "absent": ({"strong": lambda u, p: laplacian(u) + u}, "no equation of problem 'membrane' contains p.E"),
        "no unknown": ({"unknowns": []}, "needs one unknown, its eigenvalue"),
    }.values(),
)
def test_other_problems_are_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        kinn.solve_eigenproblem(membrane(Interval(0, 1), **settings), MLP((4,)))


def test_counts_that_cannot_be_told() -> None:
    problem = membrane(Interval(0, 1))
    with pytest.raises(InputError, match=r"resolves \d+ eigenvalues, and 500 are asked for"):
        kinn.solve_eigenproblem(problem, MLP((4,)), count=500)
    with pytest.raises(InputError, match="count is a number of eigenvalues"):
        kinn.solve_eigenproblem(problem, MLP((4,)), count=0)
