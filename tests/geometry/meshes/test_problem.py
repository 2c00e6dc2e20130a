"""A problem on a mesh, from the specification to the file of the solution."""

from __future__ import annotations

from pathlib import Path

import meshio
import pytest

import kinn
from kinn import KAN, Dirichlet, Integral, Mesh, Neumann, Problem, cos, sin
from tests.geometry.meshes.test_mesh import quarter_ring


def exact(x: object, y: object) -> object:
    return sin(2 * x) * cos(y)


def test_poisson_on_a_mesh(tmp_path: Path) -> None:
    """Conditions on the named boundaries of curved quadratic elements, one hard, one of the flux, one an integral."""
    mesh = quarter_ring("quad9")
    assert isinstance(mesh, Mesh)
    rule = mesh.quadrature(8)
    mean = float(rule.weights @ exact(*rule.points.T)) / rule.measure
    problem = Problem(
        "poisson-mesh",
        mesh,
        fields="u",
        strong=lambda u, p: u.xx + u.yy + 5 * exact(p.x, p.y),
        conditions=[
            Dirichlet("u", exact, on="hole"),
            Dirichlet("u", exact, on="ends"),
            # on the rim the normal of the mesh differs from that of the circle in the third digit
            Neumann("u", lambda x, y: (2 * cos(2 * x) * cos(y) * x - sin(2 * x) * sin(y) * y) / 2, on="rim"),
            Integral("u", mean, mean=True),
        ],
        exact=exact,
    )
    solution = kinn.solve(problem, KAN(width=(6,), grid=4, degree=5), optimizer="lm", iterations=60, seed=0)
    assert solution.errors["u"].l2 < 5e-3
    solution.save_vtu(tmp_path / "u.vtu")
    saved = meshio.read(tmp_path / "u.vtu")
    assert mesh.contains(saved.points[saved.cells[0].data].mean(axis=1)[:, :2]).all()


def test_a_problem_names_boundaries_that_the_mesh_has() -> None:
    with pytest.raises(kinn.InputError, match="'hoel'.*did you mean 'hole'"):
        Problem(
            "p", quarter_ring("quad"), fields="u", strong=lambda u, p: u.xx, conditions=[Dirichlet("u", 0, on="hoel")]
        )
