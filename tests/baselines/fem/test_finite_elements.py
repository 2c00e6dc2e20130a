"""Finite elements from a problem's energy: rates, jumps, materials, large deformations, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from kinn import Cuboid, Dirichlet, Disk, InputError, Interval, PointValue, Problem, Rectangle, problems, sin
from kinn.baselines.fem import Lagrange, Newton
from kinn.baselines.fem.discretisation import FEDiscretisation
from kinn.baselines.fem.solver import FEFields, check, solve
from kinn.calculus import grad, laplacian
from kinn.mechanics import Solid, symmetry
from kinn.metrics import field_errors
from tests.cli.conftest import Command, kinn_command  # noqa: F401

pytest.importorskip("skfem")
pytest.importorskip("gmsh")


def solved(problem: Problem, size: float, degree: int) -> FEFields:
    made = FEDiscretisation(problem, size, degree)
    return FEFields(made, made.solve(Newton())[0])


def wave(domain: Any, **options: Any) -> Problem:
    """u = sin 2x sin y on a shape, given on its boundary."""
    return Problem(
        "wave",
        domain,
        energy=lambda u, p: (grad(u) @ grad(u)) * 0.5,
        work={"interior": lambda u, p: 5.0 * sin(2 * p.x) * sin(p.y) * u},
        conditions=[Dirichlet("u", lambda x, y: sin(2 * x) * sin(y), on="boundary")],
        exact=lambda x, y: sin(2 * x) * sin(y),
        **options,
    )


@pytest.mark.parametrize(("degree", "rate", "slopes"), [(1, 2.0, 1.0), (2, 3.0, 2.0)])
def test_errors_fall_at_the_rates_of_the_theory(degree: int, rate: float, slopes: float) -> None:
    found = [field_errors(solved(wave(Disk((0.3, 0.2), 1.0)), size, degree))["u"] for size in (0.2, 0.1, 0.05)]
    l2, h1 = np.log2([e.l2 for e in found]), np.log2([e.h1 or np.nan for e in found])
    assert -np.diff(l2).mean() == pytest.approx(rate, abs=0.35)
    assert -np.diff(h1).mean() == pytest.approx(slopes, abs=0.35)


def test_two_materials_are_joined_where_they_meet() -> None:
    fields = solved(problems.get("heterogeneous"), 1 / 8, 2)
    assert field_errors(fields)["u"].l2 < 4e-4
    angle = np.linspace(0, 6, 50)
    rim = 0.5 * np.column_stack([np.cos(angle), np.sin(angle)])
    sides = [fields.evaluate(rim, "u", subdomain=name) for name in ("inside", "outside")]
    np.testing.assert_allclose(sides[0], sides[1], atol=2e-4)
    slope = [fields.evaluate(rim, "u.x", subdomain=name)[0] for name in ("inside", "outside")]
    assert slope[0] / slope[1] == pytest.approx(15.0, rel=0.05)  # the flux is continuous


def test_a_crack_stays_open() -> None:
    fields = solved(problems.get("crack"), 1 / 8, 2)
    faces = [fields.evaluate(np.array([[-0.5, 0.0]]), "u", subdomain=name)[0] for name in ("above", "below")]
    assert faces == pytest.approx([0.5**0.5, -(0.5**0.5)], rel=1e-2)
    assert field_errors(fields)["u"].l2 < 3e-3


def test_large_deformations_take_newtons_method() -> None:
    made = FEDiscretisation(problems.get("hyperelastic-beam"), 1 / 4, 2)
    x, steps = made.solve(Newton())
    assert 3 < steps < 20
    fields = FEFields(made, x)
    assert {name: e.l2 for name, e in field_errors(fields).items() if name in "uv"} == pytest.approx(
        {"u": 0, "v": 0}, abs=4e-3
    )
    assert np.abs(made.gradient(x)[made.constraints.free]).max() < 1e-6


def test_a_body_in_space_is_stretched_exactly() -> None:
    steel = Solid(200.0, 0.25)
    problem = Problem(
        "bar",
        Cuboid((0, 0, 0), (3, 1, 1)),
        fields=("u", "v", "w"),
        energy=lambda u, v, w, p: steel.energy((u, v, w)),
        work={"right": lambda u, v, w, p: 2.0 * u},
        conditions=[symmetry("left", "u"), symmetry("bottom", "v"), symmetry("back", "w")],
    )
    fields = solved(problem, 0.5, 1)
    at = np.array([[3.0, 1.0, 1.0], [1.3, 0.2, 0.7]])
    expected = at * [0.01, -0.0025, -0.0025]
    np.testing.assert_allclose(fields.evaluate(at, ["u", "v", "w"]), expected, atol=1e-10)
    assert fields.parameter_count == 3 * 7 * 3 * 3


def test_an_interval_needs_no_mesher() -> None:
    problem = Problem(
        "rod",
        Interval(0, 2),
        energy=lambda u, p: 0.5 * u.x * u.x,
        work={"interior": lambda u, p: u, "right": lambda u, p: 3.0 * u},
        conditions=[Dirichlet("u", 0.0, on="left")],
        exact=lambda x: 5 * x - x * x / 2,
    )
    assert field_errors(solved(problem, 0.5, 2))["u"].l2 < 1e-12


def test_values_outside_are_not_told_and_derivatives_stop_at_the_first() -> None:
    fields = solved(wave(Rectangle((0, 0), (1, 1)) - Disk((0, 0), 0.5)), 0.2, 2)
    values = fields.evaluate(np.array([[0.1, 0.1], [0.9, 0.9]]), ["u", "u.y"])
    assert np.isnan(values[0]).all()
    assert values[1] == pytest.approx([np.sin(1.8) * np.sin(0.9), np.sin(1.8) * np.cos(0.9)], rel=1e-2)
    with pytest.raises(InputError, match=r"finite elements give no u\.xx"):
        fields.evaluate(np.zeros((1, 2)), "u.xx")
    with pytest.raises(InputError, match="no field named 'w'"):
        fields.evaluate(np.zeros((1, 2)), "w")


def test_each_mesh_has_a_record_of_its_own() -> None:
    solution = solve(wave(Rectangle((0, 0), (1, 1))), Lagrange(2, dofs=600), optimizer=Newton(), budget=60.0)
    assert [r.detail["dofs"] for r in solution.history] == sorted(r.detail["dofs"] for r in solution.history)
    assert solution.parameters == solution.history[-1].detail["dofs"] <= 600
    assert solution.stopped == "degrees of freedom"
    assert [r.errors["u"] for r in solution.history] == sorted((r.errors["u"] for r in solution.history), reverse=True)
    assert solution.errors["u"].l2 == solution.history[-1].errors["u"]


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (lambda: problems.get("burgers"), "'burgers' does not state the energy form"),
        (lambda: problems.get("poisson-5d"), "does not state the energy form"),
        (
            lambda: Problem(
                "held",
                Rectangle((0, 0), (1, 1)),
                energy=lambda u, p: grad(u) @ grad(u),
                conditions=[PointValue("u", 1.0, at=(0.5, 0.5))],
            ),
            r"PointValue\('u'.*of problem 'held' is left out by the bridge to finite elements",
        ),
        (
            lambda: Problem(
                "ball",
                Cuboid((0, 0, 0), (1, 1, 1)) - Cuboid((0.2, 0.2, 0.2), (0.5, 0.5, 0.5), name="hole"),
                energy=lambda u, p: grad(u) @ grad(u),
                conditions=[Dirichlet("u", 0.0, on="boundary")],
            ),
            "finite elements are made on shapes in the plane that curves bound, on intervals and on cuboids, not on",
        ),
    ],
)
def test_what_it_cannot_state_is_refused(problem: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check(problem())


def test_plates_that_bend_are_refused() -> None:
    plate = Problem(
        "plate",
        Rectangle((0, 0), (1, 1)),
        energy=lambda u, p: laplacian(u) * laplacian(u),
        conditions=[Dirichlet("u", 0.0, on="boundary")],
    )
    with pytest.raises(InputError, match="the energy of problem 'plate' asks for second derivatives of 'u'"):
        check(plate)


def test_degrees_are_1_or_2() -> None:
    with pytest.raises(InputError, match="of degree 1 or 2, not 3"):
        Lagrange(3)


def test_a_comparison_tells_which_mesh_is_as_good(
    kinn_command: Command,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kinn.baselines.fem.solver.METHODS", [(Lagrange(k, dofs=900), Newton()) for k in (1, 2)])
    status, out, err = kinn_command(
        "compare", "poisson-2d", "poisson-1d", "--form", "energy", "--network", "mlp", "--against", "fem",
        "--seeds", "2", "--points", "60", "--iterations", "3",
    )  # fmt: skip
    assert status == 0, err
    rows = [line for line in out.splitlines() if re.match(r"│ poisson-2d │ fem lagrange degree=[12] ", line)]
    assert len(rows) > 4
    assert re.search(
        r"poisson-2d: the error of mlp \(.*\): fem lagrange degree=2 reaches it with \d+ degrees of freedom",
        out,
    )
    assert len(re.findall(r"energy-lagrange", out)) == 2  # no seed changes what they do
    assert "'poisson-1d' does not state the energy form" in err
