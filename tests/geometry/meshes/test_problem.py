"""A problem on a mesh, from the specification to the file of the solution."""

from __future__ import annotations

from pathlib import Path

import meshio
import pytest

import kinn
from kinn import KAN, Dirichlet, Integral, Interface, Mesh, Neumann, Problem, cos, sin
from tests.geometry.meshes.grids import grid
from tests.geometry.meshes.test_mesh import layers, quarter_ring


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


def test_interfaces_of_three_subdomains_join_two_each() -> None:
    mesh = layers("triangle")
    domain = {name: mesh.subdomain(name) for name in ("steel", "air", "glass")}
    pairs = ("steel|air", "air|glass", "glass|steel")
    conditions = [Interface("u", on=pair) for pair in pairs]
    problem = Problem("p", domain, fields="u", strong=lambda u, p: u.xx + u.yy, conditions=conditions)
    assert [set(problem.subdomain_groups(c)[0]) for c in conditions] == [set(pair.split("|")) for pair in pairs]
    with pytest.raises(kinn.InputError, match="joins 2 subdomains, and 3 have that boundary"):
        Problem("p", domain, fields="u", strong=lambda u, p: u.xx, conditions=[Interface("u", on="interface")])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wedge15", "pyramid"])
def test_poisson_on_wedges_and_pyramids(kind: str, tmp_path: Path) -> None:
    problem = Problem(
        "poisson",
        Mesh(*grid(kind, 1)),
        fields="u",
        energy=lambda u, p: (u.x**2 + u.y**2 + u.z**2) / 2 - 6 * u,
        conditions=[Dirichlet("u", lambda x, y, z: -(x**2) - y**2 - z**2, on="boundary")],
        exact=lambda x, y, z: -(x**2) - y**2 - z**2,
    )
    solution = kinn.solve(
        problem, KAN(width=(4,), grid=2, degree=3), form="energy", optimizer="lm", iterations=8, seed=0
    )
    assert solution.errors["u"].l2 < 2e-2
    solution.save_vtu(tmp_path / "u.vtu")
    assert [block.type for block in meshio.read(tmp_path / "u.vtu").cells] == [kind]
