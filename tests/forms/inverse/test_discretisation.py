"""Boundary data over the arc length, and the output of a solve in the inverse form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
import pytest

import kinn
from kinn import MLP, problems
from kinn.forms.inverse import BoundaryTrial
from kinn.forms.inverse.discretisation import edge_data
from kinn.io import output_mesh
from kinn.io.plots import plot_solution


def test_values_and_fluxes_around_a_square() -> None:
    problem = kinn.Problem(
        "square",
        kinn.Rectangle((0, 0), (2, 1)),
        inverse=kinn.Laplace(),
        conditions=[kinn.Dirichlet("u", lambda x, y: x + 2 * y, on="boundary")],
    )
    system = BoundaryTrial(problem.in_form("inverse"), MLP((3,))).system(200)
    assert system.solution is not None
    found = edge_data(system.discretisation, "domain", system.solution)
    assert [s.ends[0] for s in found] == [0.0, *(s.ends[1] for s in found[:-1])]
    assert found[-1].ends[1] == 6.0
    slopes = {"left": -1.0, "right": 1.0, "bottom": -2.0, "top": 2.0}
    for edge in found:
        assert (np.diff(edge.arc) > 0).all()
        np.testing.assert_allclose(edge.tractions[:, 0], slopes[edge.name], atol=1e-9)
        rise = (edge.values[-1, 0] - edge.values[0, 0]) / (edge.arc[-1] - edge.arc[0])
        assert np.isclose(abs(rise), {"left": 2, "right": 2, "bottom": 1, "top": 1}[edge.name])


def test_interfaces_run_both_ways() -> None:
    """Around both subdomains of the inclusion values at the joint agree, and tractions are opposite."""
    system = BoundaryTrial(problems.get("inclusion").in_form("inverse"), MLP((3,))).system()
    assert system.solution is not None
    inner, outer = (
        next(s for s in edge_data(system.discretisation, name, system.solution) if s.name == "joint")
        for name in ("inside", "outside")
    )
    np.testing.assert_allclose(inner.values, outer.values[::-1], atol=1e-12)
    np.testing.assert_allclose(inner.tractions, -outer.tractions[::-1], atol=1e-9)


def test_a_solve_shows_its_boundary_and_writes_its_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(output_mesh.CELLS, 2, 16)
    problem = replace(problems.get("flower"), evaluation=np.array([[0.1, 0.2], [1.0, -0.3]]))
    solution = kinn.solve(problem, MLP((4,)), form="inverse", iterations=5, threads=1)
    figures = plot_solution(solution)
    assert set(figures) == {"u", "u-error", "u-error-estimate", "boundary", "convergence"}
    upper, middle, lower = figures["boundary"].axes
    assert [axes.get_ylabel() for axes in (upper, middle, lower)] == ["values", "tractions", "network - elements"]
    assert len(middle.get_lines()) == 2 * 5 + 5  # the network, boundary elements, and where petals begin
    assert upper.get_lines()[-1].get_xdata()[0] > 0
    figures["boundary"].savefig(tmp_path / "boundary.png")  # names and legends are laid out only now
    assert (tmp_path / "boundary.png").stat().st_size > 10_000
    solution.save_vtu(tmp_path / "flower.vtu")
    data = meshio.read(tmp_path / "flower.vtu").point_data
    assert {"u", "u.x", "u.y", "u exact", "u error"} <= set(data)
    assert np.isfinite(data["u.x"]).all()
