"""Grids, VTU files and figures of a solution."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import meshio
import numpy as np
import pytest

import kinn
from kinn import (
    MLP,
    Dirichlet,
    Disk,
    InputError,
    Interval,
    Mesh,
    Postprocess,
    Problem,
    Rectangle,
    Solution,
    TimeInterval,
    problems,
    sin,
)
from kinn.io.output_mesh import output_meshes
from kinn.io.plots import plot_solution, save_figures
from kinn.io.plots.maps import colour_bar_extension, colour_range, exaggeration
from kinn.mechanics import PlaneStress, symmetry
from kinn.metrics import evaluation_points


def solved(problem: Problem) -> Solution:
    return kinn.solve(problem, MLP((4,)), iterations=2, points=40)


def simple(domain: Any, **options: Any) -> Problem:
    return Problem("p", domain, strong=lambda u, p: u.x - 1, conditions=[Dirichlet("u", 0.0, on="boundary")], **options)


def test_errors_are_measured_on_cell_centres() -> None:
    points = evaluation_points(simple(Rectangle((0, 0), (1, 2)) - Disk((0.5, 0.5), 0.25)))
    assert points[:, 0].min() == pytest.approx(0.005)
    assert points[:, 1].max() == pytest.approx(1.99)
    assert len(points) == pytest.approx(10_000 * (1 - np.pi / 16 / 2), rel=0.005)
    assert evaluation_points(simple(Interval(0, 1))).shape == (1000, 1)


def test_mesh_covers_the_domain() -> None:
    (mesh,) = output_meshes(simple(Rectangle((0, 0), (4, 1)) - Disk((1, 0.5), 0.3)), cells=200)
    a, b, c, d = (mesh.nodes[mesh.cells[:, i]] for i in range(4))
    areas = 0.5 * np.abs(np.cross(c - a, d - b)) if a.shape[1] == 3 else 0.5 * np.abs(
        (c - a)[:, 0] * (d - b)[:, 1] - (c - a)[:, 1] * (d - b)[:, 0]
    )  # fmt: skip
    assert areas.sum() == pytest.approx(4 - np.pi * 0.09, rel=5e-3)
    assert np.unique(mesh.cells).tolist() == list(range(len(mesh.nodes)))


def test_vtu_keeps_fields_and_the_jump_across_a_crack(tmp_path: Path) -> None:
    solution = solved(problems.get("crack"))
    solution.save_vtu(tmp_path / "crack.vtu")
    mesh = meshio.read(tmp_path / "crack.vtu")
    assert set(mesh.point_data) == {"u", "u.x", "u.y", "u exact", "u error", "u error estimate"}
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


def stretched(domain: Any, **output: Any) -> Solution:
    """A bar pulled by 2 along x, fixed by symmetry: u = x / 50, v = -y / 200."""
    steel = PlaneStress(100.0, 0.25)
    problem = Problem(
        "bar",
        domain,
        fields=("u", "v"),
        energy=lambda u, v, p: steel.energy((u, v)),
        work={"right": lambda u, v, p: 2.0 * u},
        conditions=[symmetry("left", "u"), symmetry("bottom", "v")],
        exact=lambda x, y: (x / 50, -y / 200),
        derived={"mises": lambda u, v, p: steel.von_mises((u, v))},
        postprocess=Postprocess(displacement=("u", "v"), stress=lambda u, v, p: steel.stress((u, v)), **output),
    )
    return kinn.solve(problem, MLP((4,)), form="energy", iterations=8, points=200)


@pytest.fixture(scope="module")
def on_a_mesh() -> Solution:
    x, y = np.meshgrid(np.linspace(0, 2, 5), np.linspace(0, 1, 3), indexing="ij")
    number = np.arange(15).reshape(5, 3)
    cells = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1).reshape(-1, 4)
    sides = {"left": number[0], "right": number[-1], "bottom": number[:, 0]}
    mesh = Mesh(np.stack([x.ravel(), y.ravel()], axis=1), {"quad": cells}, nodes=sides)
    return stretched(mesh, lines={"middle": ((0.0, 0.5), (2.0, 0.5))}, units={"x": "mm", "mises": "MPa"})


def test_files_of_a_mesh_have_its_own_cells_with_displacement_stress_and_errors(
    on_a_mesh: Solution, tmp_path: Path
) -> None:
    on_a_mesh.save_vtu(tmp_path / "bar.vtu")
    written, mesh = meshio.read(tmp_path / "bar.vtu"), on_a_mesh.problem.subdomains["domain"]
    assert isinstance(mesh, Mesh)
    np.testing.assert_array_equal(written.points[:, :2], mesh.points)
    np.testing.assert_array_equal(written.cells_dict["quad"], mesh.elements["quad"])
    x, y, _ = written.points.T
    expected = np.stack([x / 50, -y / 200, 0 * x], axis=1)
    np.testing.assert_allclose(written.point_data["displacement"], expected, atol=2e-4)
    stress = written.point_data["stress"].reshape(-1, 3, 3)
    np.testing.assert_allclose(stress[:, 0, 0], 2.0, rtol=0.02)
    np.testing.assert_allclose(stress - np.diag([2.0, 0.0, 0.0]), 0.0, atol=0.04)
    np.testing.assert_allclose(written.point_data["mises exact"], 2.0)
    wrong = np.abs(written.point_data["mises"] - 2.0)
    np.testing.assert_allclose(written.point_data["mises error"], wrong, atol=1e-12)


def test_a_deformed_shape_says_by_how_much_it_is_exaggerated(on_a_mesh: Solution) -> None:
    figures = plot_solution(on_a_mesh)
    axes = figures["deformed"].axes[0]
    assert "displacements times 2;" in axes.get_title()  # 0.04 of a size of 2: at most a tenth of that is drawn
    assert axes.dataLim.x1 == pytest.approx(2 + 2 * 0.04, rel=1e-3)
    assert axes.get_xlabel() == "x (mm)"
    assert "mises (MPa)" in [a.get_ylabel() for a in figures["deformed"].axes + axes.child_axes]
    assert "mises-error" in figures


@pytest.mark.parametrize(("largest", "factor"), [(1e-6, 1e5), (0.004, 20.0), (0.03, 2.0), (0.06, 1.0), (0.0, 1.0)])
def test_displacements_are_exaggerated_by_round_numbers(largest: float, factor: float) -> None:
    assert exaggeration(largest) == pytest.approx(factor)


def test_lines_show_fields_beside_the_solution_known(on_a_mesh: Solution) -> None:
    figure = plot_solution(on_a_mesh)["line-middle"]
    top = {a.get_ylabel(): a for a in figure.axes}
    assert set(top) == {"u", "v", "mises (MPa)", "|u - exact|", "|v - exact|", "|mises - exact|"}
    computed, exact = top["u"].get_lines()
    np.testing.assert_allclose(exact.get_ydata(), np.linspace(0, 0.04, 401))
    np.testing.assert_allclose(computed.get_ydata(), exact.get_ydata(), atol=4e-4)
    assert top["|u - exact|"].get_xlabel() == "distance from (0, 0.5) (mm)"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"displacement": ("u", "w")}, "no field named 'w' in the output of problem 'p'"),
        ({"displacement": ("u",)}, "a displacement of 1 components in 2 coordinates"),
        (
            {"lines": {"axis": ((0, 0), (3, 0))}},
            r"the line 'axis' in .* has 1 points outside the domain, the first at \(3, 0\)",
        ),
        ({"lines": {"axis": ((0, 0, 0), (1, 0, 0))}}, "the line 'axis', which takes two ends of 2 coordinates each"),
        ({"lines": {"axis": ((0, 0), (0, 0))}}, "the line 'axis', which takes two ends"),
        ({"units": {"misses": "Pa"}}, "no coordinate, field or derived field named 'misses'.*did you mean 'mises'"),
        ({"stress": lambda u, p: u}, "the stress in the output of problem 'p' must take u, v, p in this order"),
    ],
)
def test_output_that_cannot_be_is_refused(output: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Problem(
            "p",
            Rectangle((0, 0), (1, 1)),
            fields=("u", "v"),
            strong=lambda u, v, p: [u.xx, v.yy],
            derived={"mises": lambda u, v, p: u},
            postprocess=Postprocess(**output),
        )


def test_meshes_of_round_shapes_end_at_the_boundary() -> None:
    (mesh,) = output_meshes(simple(Disk((0, 0), 1.0)), cells=50)
    sides = np.sort(np.concatenate([mesh.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))]), axis=1)
    edges, uses = np.unique(sides, axis=0, return_counts=True)
    np.testing.assert_allclose(np.linalg.norm(mesh.nodes[np.unique(edges[uses == 1])], axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("name", ["wedge", "poisson-2d"])
def test_figures_show_field_error_and_convergence(name: str, tmp_path: Path) -> None:
    solution = solved(problems.get(name))
    figures = plot_solution(solution)
    (field,) = solution.problem.names
    own = set(solution.problem.figures)
    assert own == ({"stress"} if name == "wedge" else set())
    assert set(figures) == {field, f"{field}-error", f"{field}-error-estimate", "convergence"} | own
    axes = figures[field].axes[0]
    assert axes.get_xlabel() == "x"
    assert axes.get_ylabel() == (field if name == "wedge" else "y")
    files = save_figures(figures, tmp_path / "figures")
    assert sorted(f.name for f in files) == sorted(f"{figure}.png" for figure in figures)
    assert all(f.stat().st_size > 5_000 for f in files)


def test_no_mesh_in_four_coordinates() -> None:
    from kinn.geometry import Box

    box = Box([0.0] * 4, [1.0] * 4)
    problem = Problem(
        "p", box, strong=lambda u, p: u, conditions=[Dirichlet("u", 0.0, on="boundary")], exact=lambda *x: 1.0
    )
    assert output_meshes(problem) == []
    assert evaluation_points(problem).shape == (20_000, 4)


def test_a_stress_without_limit_leaves_colours_to_the_rest() -> None:
    ordinary = np.linspace(1.0, 3.0, 5000)
    norm, _ = colour_range([np.append(ordinary, 4.0e4)])
    assert norm.vmax is not None
    assert 2.9 < norm.vmax <= 3.0
    assert colour_bar_extension([np.append(ordinary, 4.0e4)], norm) == "max"


def test_ordinary_values_are_all_within_the_colours() -> None:
    values = [np.linspace(-1.0, 3.0, 500), np.linspace(0.0, 4.0, 500)]
    norm, _ = colour_range(values)
    assert norm.vmin is not None
    assert norm.vmax is not None
    assert norm.vmin <= -1.0
    assert norm.vmax >= 4.0
    assert colour_bar_extension(values, norm) == "neither"


def test_long_titles_fit_into_the_figure() -> None:
    title = "A hyperelastic beam bent by a dead load, networks given the distances from the clamped corners"
    for name, figure in plot_solution(solved(simple(Interval(0.0, 1.0), title=title))).items():
        figure.draw_without_rendering()
        (shown,) = [text for text in figure.texts if text.get_text().startswith("A hyperelastic")]
        box = shown.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width, name
