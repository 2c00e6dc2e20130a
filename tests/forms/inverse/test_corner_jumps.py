"""Jumps that networks leave where edges meet are closed before stresses are evaluated there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kinn
from kinn import MLP, Dirichlet, Neumann, Problem, Rectangle
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import arc_fraction
from kinn.equations import Laplace
from kinn.forms.inverse import BoundaryTrial
from kinn.forms.inverse.corner_jumps import CornerJumpCorrection
from kinn.forms.inverse.evaluation import InteriorEvaluator
from kinn.geometry.types import Array

#: What networks are off by on each edge.
OFF = 1e-7
WANTED = [("u", (0, 0)), ("u", (1, 0)), ("u", (0, 1))]


def harmonic(x: Any, y: Any) -> Any:
    return kinn.sin(x) * kinn.sinh(y)


def flux(x: Any, y: Any, n: tuple[float, float]) -> Any:
    return n[0] * kinn.cos(x) * kinn.sinh(y) + n[1] * kinn.sin(x) * kinn.cosh(y)


def perturbed_solution(off: float, *dirichlet: str) -> tuple[InteriorEvaluator, Array]:
    """The solution of the boundary element method with its data moved by another multiple of `off` on each edge."""
    outward = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "bottom": (0.0, -1.0), "top": (0.0, 1.0)}
    problem = Problem(
        "square",
        Rectangle((-1, -1), (1, 1)),
        inverse=Laplace(),
        conditions=[
            Dirichlet("u", harmonic, on=name)
            if name in dirichlet
            else Neumann("u", lambda x, y, n=n: flux(x, y, n), on=name)
            for name, n in outward.items()
        ],
    )
    system = BoundaryTrial(problem.in_form("inverse"), MLP((6,))).main_system
    assert system.solution is not None
    data = system.solution.copy()
    for number, columns in enumerate(system.discretisation.columns):
        data[columns] += off * (number + 1) * (-1) ** number
    return InteriorEvaluator(system, data), np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


@pytest.mark.parametrize("dirichlet", [("left",), ("left", "bottom"), ("left", "right")])
@pytest.mark.parametrize("inwards", [0.0, 1e-6, 1e-3])
def test_gradients_at_corners_ignore_jumps_of_the_data(dirichlet: tuple[str, ...], inwards: float) -> None:
    inside, corners = perturbed_solution(OFF, *dirichlet)
    points = (1 - inwards) * corners
    x, y = points.T
    exact = np.stack([np.sin(x) * np.sinh(y), np.cos(x) * np.sinh(y), np.sin(x) * np.cosh(y)], axis=1)
    found = inside.values(next(iter(inside.system.discretisation.formulation.problem.subdomains)), points, WANTED)
    np.testing.assert_allclose(found, exact, rtol=0, atol=100 * OFF)


def test_values_that_are_given_stay() -> None:
    inside, _ = perturbed_solution(OFF, "left", "bottom")
    discretisation = inside.system.discretisation
    name = next(iter(discretisation.formulation.problem.subdomains))
    raw = discretisation.boundary_data(name, inside.data)[0]
    closed = CornerJumpCorrection(discretisation, name).close_corners(raw)
    for side in discretisation.formulation.topology.sides(name):
        rows = np.isin(discretisation.subdomain_panels(name).edge_index, side.edge).repeat(
            discretisation.panels.nodes_per_panel
        )
        moved = np.abs(closed - raw)[rows].max()
        if discretisation.formulation.topology.edges[side.edge].name in ("left", "bottom"):
            assert moved == 0
        else:
            assert OFF / 2 < moved / discretisation.scale < 10 * OFF


def test_panels_of_an_edge_join() -> None:
    """Jumps of 1e-8 between panels are not divided by 1e-9; slopes of such noise itself, 1e-8 n^2 / h, are about 1e-4."""
    inside, _ = perturbed_solution(0.0, "left", "bottom")
    discretisation, draw = inside.system.discretisation, np.random.default_rng(0)
    rough = InteriorEvaluator(inside.system, inside.data + 1e-8 * draw.normal(size=discretisation.size))
    name = next(iter(discretisation.formulation.problem.subdomains))
    panels = discretisation.panels
    assert isinstance(panels, CurvePanels)
    within = panels.starts > 0
    points = np.concatenate(
        [
            panels.edges[n].edge.at(arc_fraction(t[None], panels.edges[n].orders)).points
            for n, t in zip(panels.edge_index[within], panels.starts[within], strict=True)
        ]
    )
    assert len(points) > 4
    smooth, found = (evaluator.values(name, points, WANTED) for evaluator in (inside, rough))
    assert np.abs(found - smooth).max() < 1e-3
