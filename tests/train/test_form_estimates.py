"""Estimated errors of the energy and the inverse form against true ones, and those of problems with unknowns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

import kinn
from kinn import KAN, MLP, Dirichlet, Interval, Observation, Problem, Rectangle, Unknown, grad, problems, sin
from kinn.cli.tables import summary_table
from kinn.equations import Laplace
from kinn.forms.inverse import BoundaryTrial, inverse_form
from kinn.metrics import evaluation_points, exact_values, field_errors
from kinn.train.boundary_error import boundary_error

SQUARE = Rectangle((0, 0), (1, 1))

#: Nodes on boundaries.
POINTS = {"inverse": 60}


def poisson(enforce: str) -> Problem:
    return Problem(
        "square", SQUARE, energy=lambda u, p: 0.5 * grad(u) @ grad(u) - 13 * sin(2 * p.x) * sin(3 * p.y) * u,
        conditions=[Dirichlet("u", lambda x, y: sin(2 * x) * sin(3 * y), on="boundary", enforce=enforce)],
        exact=lambda x, y: sin(2 * x) * sin(3 * y),
    )  # fmt: skip


def cubic() -> Problem:
    return Problem(
        "cubic", Interval(0, 2), exact=sin, conditions=[Dirichlet("u", sin, on="boundary", enforce="hard")],
        energy=lambda u, p: 0.5 * u.x**2 + 0.25 * u**4 - (sin(p.x) ** 3 + sin(p.x)) * u,
    )  # fmt: skip


def harmonic() -> Problem:
    def exact(x: Any, y: Any) -> Any:
        return kinn.sin(2 * x) * kinn.sinh(2 * y)

    conditions = [Dirichlet("u", exact, on="boundary")]
    return Problem("harmonic", SQUARE, inverse=Laplace(), conditions=conditions, exact=exact)


@pytest.mark.parametrize(
    ("problem", "network", "iterations", "form"),
    [
        (poisson("hard"), MLP((10,)), 4, "energy"),
        (poisson("hard"), KAN((4,), grid=4), 8, "energy"),
        (cubic(), MLP((6,)), 3, "energy"),
        (harmonic(), MLP((4,)), 5, "inverse"),
        (harmonic(), KAN((4,), grid=4), 20, "inverse"),
    ],
    ids=["energy", "energy, kan", "energy, not quadratic", "inverse", "inverse, kan"],
)
def test_the_estimate_is_the_error(problem: Problem, network: Any, iterations: int, form: str) -> None:
    solution = kinn.solve(problem, network, iterations=iterations, form=form, points=POINTS.get(form))
    assert solution.estimate is not None
    assert solution.estimate.reliable
    assert solution.estimate.l2["u"] == pytest.approx(solution.errors["u"].l2, rel=0.15)
    x = evaluation_points(problem)[::37]
    exact = exact_values(problem, x)
    assert exact is not None
    error = exact[:, 0] - solution(x)[:, 0]
    assert np.linalg.norm(solution.estimate.evaluate("u", x) - error) < 0.15 * np.linalg.norm(error)


def test_the_estimate_of_a_penalised_energy_is_not_reliable() -> None:
    solution = kinn.solve(poisson("soft"), KAN((4,), grid=4), iterations=8, form="energy")
    assert solution.estimate is not None
    assert not solution.estimate.reliable
    assert 0.3 < solution.estimate.l2["u"] / solution.errors["u"].l2 < 3.0


def test_a_tolerance_is_met_in_every_form() -> None:
    for problem, form in ((poisson("hard"), "energy"), (harmonic(), "inverse")):
        solution = kinn.solve(
            problem, KAN((4,), grid=4), form=form, tolerance=1e-3, iterations=200, points=POINTS.get(form)
        )
        assert solution.converged
        assert solution.errors["u"].l2 < 1e-3


def test_estimates_of_each_form_are_shown(tmp_path: Path) -> None:
    for problem, form in ((poisson("hard"), "energy"), (harmonic(), "inverse")):
        solution = kinn.solve(replace(problem, exact=None), MLP((4,)), form=form, iterations=3, points=POINTS.get(form))
        assert solution.estimate is not None
        summary = json.loads(json.dumps(solution.summary()))
        assert summary["estimate"]["l2"] == solution.estimate.l2
        cells = [cell for column in summary_table(summary).columns for cell in column.cells]
        assert any(f"l2 estimated {solution.estimate.l2['u']:.2e}" in cell for cell in cells)
        assert "u-error-estimate" in solution.plot()
        solution.save_vtu(tmp_path / f"{form}.vtu")
        mesh = meshio.read(tmp_path / f"{form}.vtu")
        inside = problem.contains(mesh.points[:, :2])
        expected = np.abs(solution.estimate.evaluate("u", mesh.points[inside, :2]))
        np.testing.assert_allclose(mesh.point_data["u error estimate"][inside], expected, rtol=1e-6, atol=1e-9)


def test_finer_panels_are_those_of_validation_where_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = harmonic().in_form("inverse")
    trial = BoundaryTrial(problem, MLP((4,)))
    inverse_form(trial, points=1)
    points = evaluation_points(problem)[::37]
    exact = exact_values(problem, points)
    assert exact is not None
    monkeypatch.setattr("kinn.train.boundary_error.FEW_EQUATIONS", 0)
    for work, nodes in ((0.0, 0), (1e12, 0), (1e12, 600)):
        system = trial.system(nodes) if nodes else trial.main_system
        found = boundary_error(trial, points, work=work)
        assert found is not None
        error, left = found
        assert (left > 0.5) if work == 0.0 else (left < 1e-9)
        assert error.minuend.parameter_count >= system.discretisation.size * (1 if work == 0.0 or nodes else 2)
        estimated = np.linalg.norm(error.evaluate(points, "u")) / np.linalg.norm(exact)
        assert estimated == pytest.approx(field_errors(trial)["u"].l2, rel=1e-2)


@pytest.mark.filterwarnings("ignore:.*gives no standard deviation.*the PDE is not met")  # after six steps
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_noise_of_observations_is_no_error_of_the_fields(noise: float) -> None:
    x = np.linspace(0.0, 2.0, 60)[:, None]
    values = np.exp(-1.3 * x[:, 0]) + noise * np.random.default_rng(0).standard_normal(60)
    problem = Problem(
        "decay", Interval(0, 2), strong=lambda u, p: u.x + p.k * u, unknowns=[Unknown("k", initial=0.5, exact=1.3)],
        conditions=[Observation("u", x, values, noise=noise or None)], exact=lambda x: kinn.exp(-1.3 * x),
    )  # fmt: skip
    solution = kinn.solve(problem, MLP((8,)), iterations=6)
    assert solution.estimate is not None
    assert solution.estimate.reliable
    assert solution.estimate.l2["u"] == pytest.approx(solution.errors["u"].l2, rel=0.1)


def test_unknown_fields_are_estimated() -> None:
    problem = problems.get("heat-conductivity", samples=400)
    solution = kinn.solve(problem, KAN((8,), 4, 5), iterations=12)
    assert solution.estimate is not None
    for name in ("u", "a"):
        assert 1 / 3 < solution.estimate.l2[name] / solution.errors[name].l2 < 3
