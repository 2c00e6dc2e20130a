"""Grids, VTU files and figures of a solution."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import meshio
import numpy as np
import pytest

import kinn
from kinn import MLP, Dirichlet, Disk, InputError, Interval, Problem, Rectangle, Solution, TimeInterval, sin
from kinn.figures import figures, save_figures
from kinn.grids import evaluation_points, meshes
from kinn.problems import factory


def solved(problem: Problem) -> Solution:
    return kinn.solve(problem, MLP((4,)), iterations=2, points=40)


def simple(domain: Any, **options: Any) -> Problem:
    return Problem("p", domain, strong=lambda u, p: u.x, conditions=[Dirichlet("u", 0.0, on="boundary")], **options)


def test_errors_are_measured_on_cell_centres() -> None:
    points = evaluation_points(simple(Rectangle((0, 0), (1, 2)) - Disk((0.5, 0.5), 0.25)))
    assert points[:, 0].min() == pytest.approx(0.005)
    assert points[:, 1].max() == pytest.approx(1.99)
    assert len(points) == pytest.approx(10_000 * (1 - np.pi / 16 / 2), rel=0.005)
    assert evaluation_points(simple(Interval(0, 1))).shape == (1000, 1)


def test_mesh_covers_the_domain() -> None:
    (piece,) = meshes(simple(Rectangle((0, 0), (4, 1)) - Disk((1, 0.5), 0.3)), cells=200)
    a, b, c, d = (piece.nodes[piece.cells[:, i]] for i in range(4))
    areas = 0.5 * np.abs(np.cross(c - a, d - b)) if a.shape[1] == 3 else 0.5 * np.abs(
        (c - a)[:, 0] * (d - b)[:, 1] - (c - a)[:, 1] * (d - b)[:, 0]
    )  # fmt: skip
    assert areas.sum() == pytest.approx(4 - np.pi * 0.09, rel=5e-3)
    assert np.unique(piece.cells).tolist() == list(range(len(piece.nodes)))


def test_vtu_keeps_fields_and_the_jump_across_a_crack(tmp_path: Path) -> None:
    solution = solved(factory("crack")())
    solution.save_vtu(tmp_path / "crack.vtu")
    mesh = meshio.read(tmp_path / "crack.vtu")
    assert set(mesh.point_data) == {"u", "u.x", "u.y", "u exact", "u error"}
    face = np.flatnonzero((mesh.points[:, 1] == 0) & (mesh.points[:, 0] == -1))
    assert len(face) == 2
    assert sorted(mesh.point_data["u exact"][face]) == pytest.approx([-1.0, 1.0], abs=1e-3)
    inside = mesh.points[:, 1] > 0.1
    np.testing.assert_allclose(mesh.point_data["u"][inside], solution(mesh.points[inside, :2])[:, 0], atol=1e-6)
    assert {int(v) for block in mesh.cell_data["subdomain"] for v in block} == {0, 1}


def test_time_series(tmp_path: Path) -> None:
    problem = simple(Interval(0, 1) * TimeInterval(0, 2), exact=lambda x, t: sin(x) * t)
    solution = solved(problem)
    solution.save_pvd(tmp_path / "u.pvd", times=3)
    sets = ET.parse(tmp_path / "u.pvd").getroot().findall(".//DataSet")
    assert [float(s.attrib["timestep"]) for s in sets] == [0.0, 1.0, 2.0]
    last = meshio.read(tmp_path / sets[-1].attrib["file"])
    np.testing.assert_allclose(last.point_data["u exact"], 2 * np.sin(last.points[:, 0]), atol=1e-6)
    assert last.cells[0].type == "line"
    with pytest.raises(InputError, match="no field that changes in time"):
        solved(simple(Interval(0, 1), exact=sin)).save_pvd(tmp_path / "v.pvd")


@pytest.mark.parametrize("name", ["wedge", "poisson-2d"])
def test_figures_show_field_error_and_convergence(name: str, tmp_path: Path) -> None:
    solution = solved(factory(name)())
    made = figures(solution)
    (field,) = solution.problem.names
    own = set(solution.problem.figures)
    assert own == ({"stress"} if name == "wedge" else set())
    assert set(made) == {field, f"{field}-error", "convergence"} | own
    axes = made[field].axes[0]
    assert axes.get_xlabel() == "x"
    assert axes.get_ylabel() == (field if name == "wedge" else "y")
    files = save_figures(made, tmp_path / "figures")
    assert sorted(f.name for f in files) == sorted(f"{figure}.png" for figure in made)
    assert all(f.stat().st_size > 5_000 for f in files)


def test_no_mesh_in_four_coordinates() -> None:
    from kinn.geometry import Box

    box = Box([0.0] * 4, [1.0] * 4)
    problem = Problem(
        "p", box, strong=lambda u, p: u, conditions=[Dirichlet("u", 0.0, on="boundary")], exact=lambda *x: 1.0
    )
    assert meshes(problem) == []
    assert evaluation_points(problem).shape == (20_000, 4)
