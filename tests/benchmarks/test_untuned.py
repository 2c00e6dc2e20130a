"""The table of problems without settings: its rows, its counts, the problems and their references."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from kinn import Defaults, Field, Problem, problems
from kinn.conditions import BoundaryCondition
from kinn.geometry.types import Array

FOLDER = Path(__file__).parents[2] / "benchmarks"

MODULES = (
    "cavity", "comparison", "measurement", "page", "problems", "reaction_diffusion", "rows", "runs", "scaled",
)  # fmt: skip


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    return {name: importlib.import_module(f"untuned_table.{name}") for name in MODULES}


def result(problem: str, network: str, errors: dict[str, float], **more: Any) -> dict[str, Any]:
    return {
        "problem": problem, "network": network, "seed": 0, "budget": 120.0, "length": 1.0, "size": 1.0, "tolerance": None,
        "parameters": 300, "seconds": 60.0, "stopped": "budget", "converged": None, "errors": errors, "constants": {},
        "estimate": None, "progress": [], "environment": "E", **more,
    }  # fmt: skip


def estimate(**l2: float) -> dict[str, Any]:
    return {"l2": l2, "reliable": True, "seconds": 6.0}


def differences(function: Callable[[Array], Array], points: Array, step: float) -> tuple[Array, Array, Array]:
    """Derivatives by x and y and Laplacian of a function of points (N, 2), by differences of fourth order."""
    gradient, laplacian = [], 0.0
    for axis in np.eye(2) * step:
        far_below, below, above, far_above = (function(points + k * axis) for k in (-2, -1, 1, 2))
        gradient.append((far_below - 8 * below + 8 * above - far_above) / (12 * step))
        laplacian += (16 * (below + above) - far_below - far_above - 30 * function(points)) / (12 * step**2)
    return gradient[0], gradient[1], np.asarray(laplacian)


# Rows and runs


def test_rows_are_those_of_the_accuracy_table(table: dict[str, ModuleType]) -> None:
    names = ["burgers", "burgers-viscosity", "conductivity-field", "pendulum"]
    rows = {row.problem: row for row in table["rows"].library_rows(names)}
    assert list(rows) == names
    assert rows["burgers"].tuned == "burgers"
    assert rows["burgers-viscosity"].constants
    assert rows["burgers-viscosity"].label == rows["burgers-viscosity"].tuned == "burgers-viscosity, constants"
    assert rows["conductivity-field"].of == "K"
    assert rows["pendulum"].tuned == ""


def test_problems_of_the_rows_exist(table: dict[str, ModuleType]) -> None:
    known = {*table["problems"].STATED, *problems.names()}
    assert {row.problem for row in table["rows"].STATED_ROWS} <= known
    assert set(table["rows"].TOLERANCE_PROBLEMS) <= known
    assert len(set(table["rows"].TOLERANCE_PROBLEMS)) == 10


def test_keys_of_runs_differ(table: dict[str, ModuleType]) -> None:
    module = table["runs"]
    runs = [
        *module.untuned_runs(["burgers", "wave-1d", "burgers"], 2, 9.0),
        *module.scale_runs(2, 9.0),
        *module.tolerance_runs((1e-3, 1e-5), 2, 9.0),
    ]
    assert len({run.key for run in runs}) == len(runs) == 2 * 2 * (2 + 6 * 5 + 10 * 2)
    assert len({run.label for run in runs}) == len(runs)


def test_nothing_of_the_defaults_is_left(table: dict[str, ModuleType]) -> None:
    for name in ("burgers", "wave-two-frequencies"):
        assert table["problems"].untuned(name).defaults == Defaults()
    scaled = table["measurement"].problem_of(table["runs"].Run("heat-scaled", "kan", length=1e4, size=1e6))
    assert scaled.defaults == Defaults()
    assert scaled.bounds[1].tolist() == [1e4, 1e4]


def test_a_failure_is_a_result(table: dict[str, ModuleType]) -> None:
    stored = table["runs"].run_in_process(table["runs"].Run("no-such-problem", "kan"))
    assert "no-such-problem" in stored["failed"]
    assert json.loads(json.dumps(stored))["tolerance"] is None
    assert math.isinf(table["rows"].Row("no-such-problem").error(stored))


@pytest.mark.slow
def test_what_a_run_stores(table: dict[str, ModuleType]) -> None:
    stored = table["measurement"].measure(table["runs"].Run("poisson-1d", "kan", budget=2.0))
    assert 0 < stored["errors"]["u"] < 1e-3
    seconds = [entry[0] for entry in stored["progress"]]
    errors = [entry[1]["u"] for entry in stored["progress"]]
    assert seconds == sorted(seconds)
    assert errors == sorted(errors, reverse=True)


# Comparison and page


def test_tuned_results_are_medians_of_finished_runs(table: dict[str, ModuleType]) -> None:
    runs = {("wedge", "kan", seed): {"error": e, "seconds": 10 * e} for seed, e in enumerate((1.0, 3.0, 2.0))}
    runs["wedge", "kan", 3] = {"failed": "why", "error": math.inf}
    tuned = table["rows"].tuned_results(runs)
    assert tuned["wedge", "kan"] == table["rows"].Tuned(2.0, 20.0)


def test_a_line_is_compared_with_the_tuned_result(table: dict[str, ModuleType]) -> None:
    row, tuned = table["rows"].Row("wedge", tuned="wedge"), table["rows"].Tuned(1e-4, 20.0)
    progress = [(5.0, {"f": 1e-2}), (31.0, {"f": 4e-4}), (50.0, {"f": 2e-4})]
    run = result("wedge", "kan", {"f": 2e-4}, progress=progress, estimate=estimate(f=6e-4))
    (line,) = table["comparison"].lines_of([row], ["kan"], [run], {("wedge", "kan"): tuned})
    assert line.reached
    assert line.time_to_reach == 31.0
    assert not line.in_time  # 31 > 1.5 * 20
    assert line.estimate_ratios == [(pytest.approx(3.0), True)]
    (grown,) = table["comparison"].lines_of([row], ["kan"], [run | {"progress": []}], {("wedge", "kan"): tuned})
    assert grown.time_to_reach is None
    (failed,) = table["comparison"].lines_of([row], ["kan"], [run | {"failed": "why"}], {("wedge", "kan"): tuned})
    assert failed.reached is False
    assert failed.estimates == []
    (empty,) = table["comparison"].lines_of([row], ["mlp"], [run], {})
    assert empty.error is empty.reached is empty.in_time is None


def test_constants_have_errors_and_the_first_field_the_estimate(table: dict[str, ModuleType]) -> None:
    row = table["rows"].Row("burgers-viscosity", constants=True)
    run = result("burgers-viscosity", "kan", {"u": 2e-3}, constants={"nu": 5e-2}, estimate=estimate(u=1e-3))
    assert row.error(run) == 5e-2
    assert table["comparison"].estimate_ratio(row, run) == pytest.approx(0.5)
    assert table["comparison"].time_to_reach(row, run, 1.0) is None


def test_page_of_incomplete_results(table: dict[str, ModuleType]) -> None:
    rows = table["rows"].library_rows(["wedge", "burgers", "heat-conductivity"])
    tuned = {("wedge", "kan"): table["rows"].Tuned(1e-4, 20.0), ("burgers", "kan"): table["rows"].Tuned(4e-4, 130.0)}
    stored = [
        result("wedge", "kan", {"f": 2e-4}, estimate=estimate(f=2e-5)),
        result("burgers", "kan", {"u": 3e-3}, estimate=estimate(u=3e-3)),
        result("burgers-soft", "mlp", {"u": 9e-5}, estimate=estimate(u=1e-4)),
        result("heat-conductivity", "mlp", {"u": 1e-3, "a": 2e-2}, estimate=estimate(u=2e-5, a=1e-2)),
        result("poisson-scaled", "kan", {"u": 2e-6}),
        result("poisson-scaled", "kan", {"u": 5e-6}, length=1e4),
        result("poisson-scaled", "kan", {"u": 3e-6}, size=1e-6),
        result("wedge", "kan", {"f": 1.5e-3}, tolerance=1e-3, converged=True),
        result("wedge", "kan", {"f": 5e-5}, tolerance=1e-5, converged=True),
        result("wedge", "mlp", {"f": 5e-5}, tolerance=1e-5, converged=False),
    ]
    results = {tuple(run[name] for name in table["runs"].KEY): run for run in stored}
    text = table["page"].section(rows, results, tuned)
    assert (
        "| burgers-soft | mlp | 1 | - | - | 9.0e-05 | 60 | - | 300 | 1.0e-04 | 1.1 | budget | 1e-04 reached |" in text
    )
    assert "| wedge | kan | 1 | 1.0e-04 | 20 | 2.0e-04 | 60 | - | 300 | 2.0e-05 | 0.1 | budget |" in text
    assert "| wedge | mlp | - | - | - | - | - | - | - | - | - | - |" in text
    assert "with at most 5 times the tuned error: 1 of 2 (50%)" in text
    assert "in at most 1.5 times the tuned seconds: 0 of 2 (0%)" in text
    # the a of heat-conductivity and its u count
    assert "Estimates within a factor of 5 of the true error: 3 of 5 (60%)" in text
    assert "by more than a factor of 30: 1 of 5 (20%)" in text
    assert "median: 10%" in text
    assert "| poisson-scaled | kan | 2.0e-06 | - | 2.5 | 1.5 | - |" in text
    assert "Within a factor of 2: 1 of 2 (50%)." in text
    assert "| wedge | kan | 1e-03 | 1 of 1 | 1.5 | 60 |" in text
    assert "at most 2 times the tolerance: 1 of 2 (50%)." in text
    missing = text.partition("Not measured yet: ")[2]
    assert "wedge (mlp)" in missing
    assert "wedge (kan)" not in missing
    assert "no machine so far" in table["page"].section(rows, {}, {})


# References and problems


def test_reaction_diffusion_reference(table: dict[str, ModuleType]) -> None:
    reference = table["reaction_diffusion"]
    points, values = reference.boundary(per_edge=611, per_circle=333)  # others than those of the fit
    assert np.abs(reference.solution(points) - values).max() < 1e-6
    problem = table["problems"].reaction_diffusion_holes()
    x = problem.subdomains["domain"].sample(200, seed=1)
    x = x[problem.contains(x * 1.02) & problem.contains(x * 0.98)]
    _, _, laplacian = differences(reference.solution, x, 1e-3)
    source = 170 + (x**2).sum(axis=1) + 10 * np.sin(np.pi * x[:, 0]) * np.sin(4 * np.pi * x[:, 1])
    residual = -laplacian + 64 * reference.solution(x) - source
    assert np.abs(residual).max() < 1e-4 * 170


def test_cavity_reference(table: dict[str, ModuleType]) -> None:
    reference = table["cavity"]
    s = np.linspace(0, 1, 41)
    for x, u in (((s, 0 * s), 0), ((s, 0 * s + 1), reference.lid(s)), ((0 * s, s), 0), ((0 * s + 1, s), 0)):
        velocity = reference.solution(np.stack(x, axis=1))[:, :2]
        assert np.abs(velocity - np.stack([u + 0 * s, 0 * s], axis=1)).max() < 1e-12
    assert abs(reference.solution(np.zeros((1, 2)))[0, 2]) < 1e-12
    points = np.random.default_rng(0).uniform(0.05, 0.95, (200, 2))
    (u, v, _) = reference.solution(points).T
    along, up, laplacian = differences(reference.solution, points, 2e-3)
    assert np.abs(along[:, 0] + up[:, 1]).max() < 1e-6
    momentum = u[:, None] * along[:, :2] + v[:, None] * up[:, :2] - laplacian[:, :2] / reference.REYNOLDS
    momentum += np.stack([along[:, 2], up[:, 2]], axis=1)
    assert np.abs(momentum).max() < 1e-3


@pytest.mark.parametrize(("length", "size"), [(1.0, 1.0), (1e-4, 1e6), (1e4, 1e-6)])
def test_exact_solutions_in_any_units(table: dict[str, ModuleType], length: float, size: float) -> None:
    for name, make in table["scaled"].SCALED.items():
        solves(make(length, size), name)


def test_exact_solution_of_two_waves(table: dict[str, ModuleType]) -> None:
    solves(table["problems"].wave(), "wave")


def solves(problem: Problem, name: str) -> None:
    """Check that the exact solution satisfies equations and conditions, relative to what others leave."""

    def exact(x: Array, normals: Array | None = None) -> tuple[list[Field], Any]:
        p = problem.points(torch.as_tensor(x), None if normals is None else torch.as_tensor(normals))
        fields = problem.exact(*p.coordinates)
        return (list(fields) if isinstance(fields, tuple) else [fields]), p

    def check(residuals: Any, scales: Any, what: str) -> None:
        for residual, scale in zip(as_list(residuals), as_list(scales), strict=True):
            value, size = (float(torch.as_tensor(f.value).abs().max()) for f in (residual, scale))
            assert value < 1e-8 * size, (name, what)

    def as_list(fields: Any) -> list[Any]:
        return [fields] if isinstance(fields, Field) else list(fields)

    (domain,) = problem.subdomains.values()
    x = domain.sample(100, seed=0)
    if "t" in problem.coordinates:
        x = x[x[:, -1] > 0.05 * problem.bounds[1][-1]]
    fields, p = exact(x)
    width = problem.bounds[1][0] - problem.bounds[0][0]
    others = [f * (1 + p.coordinates[0] / width) ** 2 for f in fields]
    residual = problem.residual_of("domain")
    check(residual(*fields, p), residual(*others, p), "equation")
    for condition in problem.conditions:
        assert isinstance(condition, BoundaryCondition)
        drawn = domain.boundary(condition.on).sample(40, seed=0)
        fields, p = exact(drawn.points, drawn.normals)
        (residual,) = condition.residuals([dict(zip(problem.names, fields, strict=True))], p)
        value = float(torch.as_tensor(residual.value).abs().max())
        inside = dict(zip(problem.names, exact(x)[0], strict=True))[condition.field]
        assert value < 1e-7 * float(torch.as_tensor(inside.value).abs().max()), (name, condition.label)
