"""What every problem of the library must satisfy: its exact solution solves it."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest
import torch

from kinn import problems
from kinn.conditions import BoundaryCondition, Interface, Observation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.grids import evaluation_points
from kinn.problem import Problem

CASES: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in problems.names()]
CASES += [
    ("crack", {"features": "tip"}),
    ("wedge", {"angle": 1.9}),
    ("wedge", {"angle": pi}),
    ("heat-multifrequency", {"frequency": 7, "enforce": "soft"}),
    ("helmholtz", {"a1": 3, "a2": 2, "wave_number": 2.5}),
    ("burgers", {"viscosity": 0.05}),
    ("burgers", {"viscosity": 0.001}),
]


def exact_fields(problem: Problem, p: Points) -> dict[str, Field]:
    assert problem.exact is not None
    given = problem.exact(*p.coordinates)
    columns = list(given) if isinstance(given, tuple | list) else [given]
    return dict(zip(problem.names, columns, strict=True))


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *map(str, case[1].values())]))
def problem(request: pytest.FixtureRequest) -> Problem:
    name, settings = request.param
    made = problems.factory(name)(**settings)
    assert made.name == name
    return made


def test_residual_vanishes_at_the_exact_solution(problem: Problem) -> None:
    for name, geometry in problem.subdomains.items():
        residual = problem.residual_of(name)
        if residual is None:
            continue
        x = geometry.sample(300, seed=5)
        if "t" in problem.coordinates:  # derivatives at the start may not exist
            x = x[x[:, -1] > 0.02]
        p = problem.points(torch.as_tensor(x))
        fields = exact_fields(problem, p)
        out = residual(*fields.values(), p)
        for r in [out] if isinstance(out, Field) else out:
            largest = max(float(torch.as_tensor(f.value).abs().max()) for f in fields.values())
            assert float(torch.as_tensor(r.value).abs().max()) < 1e-9 * max(1.0, largest)


def test_conditions_hold_at_the_exact_solution(problem: Problem) -> None:
    for condition in problem.conditions:
        for group in problem.sides(condition):
            geometry = problem.subdomains[group[0]]
            if isinstance(condition, BoundaryCondition):
                drawn = geometry.boundary(condition.on).sample(50, seed=3)
                # a hair inside, for formulas that jump across a crack
                x, normals, observed = drawn.points - 1e-12 * drawn.normals, torch.as_tensor(drawn.normals), None
            else:
                assert isinstance(condition, Observation)
                x, normals, observed = condition.points, None, torch.as_tensor(condition.values)
            p = problem.points(torch.as_tensor(x), normals, observed)
            fields = exact_fields(problem, p)
            traces = [fields]
            if isinstance(condition, Interface):  # the other side has its own limit: that is what may jump
                across = problem.points(torch.as_tensor(drawn.points + 1e-12 * drawn.normals))
                traces.append(exact_fields(problem, across))
            for r in condition.residuals(traces, p):
                values = torch.as_tensor(r.value)
                assert float(values.abs().max()) < 1e-5, condition.label


def test_formula_is_one_for_arrays_and_fields(problem: Problem) -> None:
    assert problem.exact is not None
    x = evaluation_points(problem)[::97]
    p = problem.points(torch.as_tensor(x))
    (field, *_) = exact_fields(problem, p).values()
    np.testing.assert_allclose(torch.as_tensor(field.value).numpy(), problem.exact(*x.T), atol=1e-12)


def test_is_described(problem: Problem) -> None:
    assert problem.title
    assert problem.source
    assert set(problem.defaults.networks) == {"kan", "mlp"}


def test_is_evaluated_inside(problem: Problem) -> None:
    x = evaluation_points(problem)
    lower, upper = problem.bounds
    assert problem.contains(x).all()
    assert ((lower <= x) & (x <= upper)).all()
    assert problem.exact is not None
    assert np.isfinite(problem.exact(*x.T)).all()
    assert not problem.contains(upper[None] + 0.1).any()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("poisson-1d", {"frequency": 0}),
        ("poisson-1d", {"frequency": 2.5}),
        ("helmholtz", {"a1": 99}),
        ("helmholtz", {"a2": 1.5}),
        ("helmholtz", {"wave_number": float("nan")}),
        ("helmholtz", {"wave_number": pi / 2 * 2**0.5}),
        ("heat-multifrequency", {"frequency": 51}),
        ("heat-multifrequency", {"frequency": 7.5}),
        ("burgers", {"viscosity": -1.0}),
        ("crack", {"features": "tipp"}),
        ("wedge", {"angle": 4.0}),
        ("wedge", {"angle": 1e-4}),
        ("wedge", {"pressure": 0.0}),
        ("wedge", {"pressure": float("inf")}),
        ("regression-two-frequency", {"samples": 1}),
        ("regression-two-frequency", {"samples": 2.5}),
        ("poisson-2d", {"enforce": "firm"}),
    ],
)
def test_settings_out_of_range_are_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        problems.factory(name)(**settings)


def test_unknown_problem() -> None:
    with pytest.raises(InputError, match="did you mean 'burgers'"):
        problems.factory("burger")
