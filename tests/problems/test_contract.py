"""What every problem of the library must satisfy: its exact solution solves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
import pytest
import torch

from kinn import problems
from kinn.conditions import BoundaryCondition, Interface, Observation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.collocation import CollocationSampler
from kinn.jets import Index
from kinn.jets.index import add, first_axis, subtract, trace_axes, unit
from kinn.metrics import evaluation_points, exact_values
from kinn.problem import Array, Problem
from kinn.problems.conductivity_field import bump
from kinn.problems.references import (
    conductivity_field,
    cooks_membrane,
    gray_scott,
    hyperelastic_beam,
    lid_driven_cavity,
    plate_hole,
    schroedinger,
    trajectories,
)
from kinn.problems.references.series import stored
from kinn.unknowns import UnknownTerm

CASES: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in problems.names()]
CASES += [
    ("crack", {"features": "tip"}),
    ("wedge", {"angle": 1.9}),
    ("wedge", {"angle": pi}),
    ("heat-multifrequency", {"frequency": 7, "enforce": "soft"}),
    ("helmholtz", {"a1": 3, "a2": 2, "wave_number": 2.5}),
    ("burgers", {"viscosity": 0.05}),
    ("burgers", {"viscosity": 0.001}),
    ("advection", {"velocity": 3.0, "enforce": "soft"}),
    ("advection", {"velocity": 50.0, "frame": "moving"}),
    ("annulus-robin", {"inside": 0.1, "outside": 100.0}),
    ("disk-compression", {"angle": 1.0}),
    ("cantilever-3d", {"poisson": 0.0}),
    ("conductivity-field", {"noise": 0.01}),
    ("burgers-viscosity", {"samples": 50, "noise": 0.0}),
    ("eikonal", {"gradient": 0.0}),
    ("kovasznay", {"reynolds": 1.0, "enforce": "soft"}),
    ("kuramoto-sivashinsky", {"end": 0.3}),
    ("l-shape-elasticity", {"features": "corner"}),
    ("lid-driven-cavity", {"features": "none"}),
    ("lorenz", {"constants": "unknown"}),
    ("lotka-volterra", {"term": "unknown"}),
    ("poisson-lshape", {"features": "corner"}),
]


@dataclass(frozen=True)
class Stored:
    """What a computed reference says beyond its values.

    Attributes:
        derivative: Maps points (N, d) and a multi-index to the derivatives (N, C).
        residual: What differentiating the stored digits may leave of the residual, in the root mean square.
        condition: What it may leave of a condition; more where the start has a kink.
    """

    derivative: Callable[[Array, Index], Array]
    residual: float
    condition: float


#: The largest error of measurement: four standard deviations, with little chance of more.
NOISE = {
    "burgers-viscosity": 4 * 0.006,
    "conductivity-field": 4 * 0.01 * 0.1,
    "heat-conductivity": 4 * 0.01,
    "heat-inverse": 4 * 0.1,
}


def differences(points: Array, index: Index, step: float = 0.01) -> Array:
    """Return derivatives of the stored flow in the cavity by central differences."""
    if not any(index):
        return lid_driven_cavity.reference(points, 100)
    axis = first_axis(index)
    shift, rest = step * np.eye(2)[axis], subtract(index, unit(2, axis))
    return (differences(points + shift, rest) - differences(points - shift, rest)) / (2 * step)


def cavity(points: Array, index: Index) -> Array:
    """Return these derivatives where they can be told; zero near the walls and where the flow is singular."""
    x, y = points.T
    inner = (np.abs(points - 0.5) < 0.47).all(axis=1) & (np.hypot(np.minimum(x, 1 - x), 1 - y) > 0.25)
    return np.where(inner[:, None] | (not any(index)), differences(points, index), 0.0)


def gray_scott_derivative(points: Array, index: Index) -> Array:
    return np.stack([field.derivative(points, index) for field in gray_scott.load()], axis=1)


def beam(points: Array, index: Index) -> Array:
    """Return derivatives of the bent beam away from the clamped end, where the stress is singular (as it is, less so, in
    the corners of the other end)."""
    if not any(index):
        return hyperelastic_beam.reference(points)
    found = hyperelastic_beam.reference(points, *index)
    return np.where((points[:, 0] > 0.5)[:, None], found, 0.0)


def membrane(points: Array, index: Index) -> Array:
    """Return derivatives of Cook's membrane away from the clamped end, where the stress is infinite."""
    known = (points[:, 0] > 4.0) | (not any(index))
    return np.where(known[:, None], cooks_membrane.derivative(points, index), 0.0)


STORED = {
    "allen-cahn": Stored(stored("allen_cahn").derivative, 1e-4, 1e-3),
    "conductivity-field": Stored(conductivity_field.temperature(bump).derivative, 2e-2, 1e-5),
    "cooks-membrane": Stored(membrane, 0.05, 0.05),
    "hyperelastic-beam": Stored(beam, 1.0, 0.5),
    "korteweg-de-vries": Stored(stored("korteweg_de_vries").derivative, 1e-4, 1e-5),
    "kuramoto-sivashinsky": Stored(stored("kuramoto_sivashinsky").derivative, 2e-2, 1e-4),
    "lid-driven-cavity": Stored(cavity, 0.02, 1e-2),
    "lorenz": Stored(stored("lorenz").derivative, 1e-5, 1e-4),
    "reaction-diffusion": Stored(gray_scott_derivative, 2e-2, 2e-2),
    "plate-hole": Stored(plate_hole.derivative, 1e-2, 1e-3),
    "plate-hole-modulus": Stored(plate_hole.derivative, 1e-2, 1e-3),
    "lotka-volterra": Stored(trajectories.lotka_volterra((1.5, 1.0, 3.0, 1.0), (1.0, 1.0), 6.0).derivative, 1e-8, 1e-8),
    "pendulum": Stored(trajectories.pendulum(2.5, 0.0, 10.0).derivative, 1e-8, 1e-8),
    "robertson": Stored(trajectories.robertson(-5.0, 5.0).derivative, 1e-6, 1e-8),
    "schroedinger": Stored(schroedinger.parts(stored("schroedinger")).derivative, 0.1, 5e-3),
    "van-der-pol": Stored(trajectories.van_der_pol(3.0, 10.0).derivative, 1e-6, 1e-8),
}


def exact_fields(problem: Problem, p: Points) -> dict[str, Field]:
    """Return the solution with its derivatives: the formula, or what is stored."""
    if problem.exact is not None:
        given = problem.exact(*p.coordinates)
        columns = list(given) if isinstance(given, tuple | list) else [given]
        return dict(zip(problem.names, columns, strict=True))
    derivative, x = STORED[problem.name].derivative, p.tensor.numpy()

    def rule(column: int) -> Callable[[Index], torch.Tensor]:
        def component(index: Index) -> torch.Tensor:
            seconds = [add(unit(len(index), i), unit(len(index), i)) for i in trace_axes(index)]
            return torch.as_tensor(sum(derivative(x, a)[:, column] for a in seconds or [index]))

        return component

    return {name: Field(p.names, rule(n), name) for n, name in enumerate(problem.names)}


def exact_unknowns(problem: Problem, p: Points) -> dict[str, Field]:
    """Return the true values of what is to be identified."""
    fields = exact_fields(problem, p)
    return {
        u.name: u.exact(*(fields[name] for name in u.arguments))  # type: ignore[misc]
        if isinstance(u, UnknownTerm)
        else p.field(u.exact, u.name)
        for u in problem.unknowns
    }


def bound(problem: Problem, p: Points) -> Points:
    """Return points that call the unknowns by name."""
    return p.with_bindings([exact_unknowns(problem, p)] * (1 + len(p.paired_points)))


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *map(str, case[1].values())]))
def problem(request: pytest.FixtureRequest) -> Problem:
    name, settings = request.param
    made = problems.get(name, **settings)
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
        p = bound(problem, problem.points(torch.as_tensor(x)))
        fields = exact_fields(problem, p)
        out = residual(*fields.values(), p)
        largest = max(1.0, *(float(torch.as_tensor(f.value).abs().max()) for f in fields.values()))
        for r in [out] if isinstance(out, Field) else out:
            values = torch.as_tensor(r.value)
            if problem.exact is not None:
                assert float(values.abs().max()) < 1e-9 * largest
            else:
                assert float(values.square().mean().sqrt()) < STORED[problem.name].residual


def test_conditions_hold_at_the_exact_solution(problem: Problem) -> None:
    for condition in problem.conditions:
        for group in problem.subdomain_groups(condition):
            geometry = problem.subdomains[group[0]]
            if isinstance(condition, BoundaryCondition):
                drawn = geometry.boundary(condition.on).sample(50, seed=3)
                # a hair inside, for formulas that jump across a crack
                x = drawn.points - 1e-12 * drawn.normals
                p = bound(problem, problem.points(torch.as_tensor(x), torch.as_tensor(drawn.normals)))
            else:
                spacing = (geometry.measure / 300) ** (1 / geometry.dim)
                sampler = CollocationSampler(problem, spacing=spacing, density=1.0, method="sobol", dtype=torch.float64)
                points = condition.collocation_points(sampler, group, 3)
                assert isinstance(points, Points)
                p = bound(problem, points)
            sides = [p.side(n) for n in range(len(group))]
            traces = [exact_fields(problem, side) | exact_unknowns(problem, side) for side in sides]
            if isinstance(condition, Interface):  # the other side has its own limit: that is what may jump
                across = problem.points(torch.as_tensor(drawn.points + 1e-12 * drawn.normals))
                traces[1] = exact_fields(problem, across)
            for r in condition.residuals(traces, p):
                values = torch.as_tensor(r.value)
                allowed = 1e-5 if problem.exact is not None else STORED[problem.name].condition
                if isinstance(condition, Observation):
                    allowed += NOISE.get(problem.name, 0.0)
                assert float(values.abs().max()) < allowed, condition.label


def test_formula_is_one_for_arrays_and_fields(problem: Problem) -> None:
    x = evaluation_points(problem)[::97]
    given = exact_values(problem, x)
    assert given is not None
    for field, values in zip(exact_fields(problem, problem.points(torch.as_tensor(x))).values(), given.T, strict=True):
        np.testing.assert_allclose(torch.as_tensor(field.value).numpy(), values, atol=1e-12)


def test_is_described(problem: Problem) -> None:
    assert problem.title
    assert problem.source
    assert set(problem.defaults.networks) in (set(), {"kan", "mlp"}, {"kan", "mlp", "resnet"})


def test_is_evaluated_inside(problem: Problem) -> None:
    x = evaluation_points(problem)
    lower, upper = problem.bounds
    assert problem.contains(x).all()
    assert ((lower <= x) & (x <= upper)).all()
    values = exact_values(problem, x)
    assert values is not None
    assert np.isfinite(values).all()
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
        ("burgers-viscosity", {"samples": 5}),
        ("burgers-viscosity", {"noise": -0.1}),
        ("crack", {"features": "tipp"}),
        ("wedge", {"angle": 4.0}),
        ("wedge", {"angle": 1e-4}),
        ("wedge", {"pressure": 0.0}),
        ("wedge", {"pressure": float("inf")}),
        ("regression-two-frequency", {"samples": 1}),
        ("regression-two-frequency", {"samples": 2.5}),
        ("poisson-2d", {"enforce": "firm"}),
        ("advection", {"velocity": 0.0}),
        ("advection", {"frame": "movign"}),
        ("lotka-volterra", {"term": "unkown"}),
        ("lotka-volterra", {"samples": 2}),
        ("lotka-volterra", {"noise": -1.0}),
        ("pendulum", {"angle": 4.0}),
        ("pendulum", {"damping": -1.0}),
        ("van-der-pol", {"mu": float("nan")}),
        ("annulus-robin", {"inside": 0.0}),
        ("annulus-robin", {"outside": float("inf")}),
        ("eikonal", {"gradient": 2.5}),
        ("eikonal", {"gradient": float("nan")}),
        ("heat-conductivity", {"samples": 10.5}),
        ("heat-conductivity", {"noise": 2.0}),
        ("heat-inverse", {"noise": -0.1}),
        ("heat-inverse", {"samples": 9}),
        ("conductivity-field", {"truth": "lognormal"}),
        ("conductivity-field", {"samples": 4}),
        ("conductivity-field", {"noise": -0.1}),
        ("kovasznay", {"reynolds": 0.0}),
        ("kuramoto-sivashinsky", {"end": 1.5}),
        ("lid-driven-cavity", {"reynolds": 101}),
        ("lid-driven-cavity", {"features": "angle"}),
        ("lorenz", {"constants": "unkown"}),
        ("lorenz", {"noise": float("nan")}),
        ("poisson-lshape", {"features": "corners"}),
        ("reaction-diffusion", {"end": 0.0}),
        ("koch", {"depth": 5}),
        ("plate-hole-modulus", {"noise": -0.1}),
        ("plate-hole-modulus", {"samples": 0}),
        ("cantilever-3d", {"poisson": 0.5}),
        ("disk-compression", {"angle": 1.6}),
        ("l-shape-elasticity", {"features": "tip"}),
    ],
)
def test_settings_out_of_range_are_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        problems.get(name, **settings)


def test_unknown_problem() -> None:
    with pytest.raises(InputError, match="did you mean 'burgers'"):
        problems.get("burger")
    with pytest.raises(InputError, match="no setting named 'viscsity' in problem 'burgers'; did you mean 'viscosity'"):
        problems.get("burgers", viscsity=0.1)
