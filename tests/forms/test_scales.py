"""Scales of fields and equations: units change nothing but units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    KAN,
    MLP,
    Dirichlet,
    InputError,
    Interval,
    Observation,
    PointValue,
    Problem,
    Rectangle,
    TimeInterval,
    Unknown,
    laplacian,
    sin,
)
from kinn.forms import DomainTrial, FieldScales, estimate_scales, strong_form

#: Length, size of the field, coefficient.
UNITS = [(1e-4, 1.0, 1.0), (1e4, 1.0, 1.0), (1.0, 1e-6, 1.0), (1.0, 1e6, 1.0), (1.0, 1.0, 1e-8), (1.0, 1.0, 1e8),
         (1e-9, 1e-3, 1e-12), (0.01, 300.0, 4e6)]  # fmt: skip


def rod(length: float = 1.0, size: float = 1.0, stiffness: float = 1.0, enforce: str = "soft") -> Problem:
    """-(K u')' = f on (0, L) with u = U (1 + sin(pi x / L))."""
    wave = np.pi / length
    return Problem(
        "rod", Interval(0, length),
        strong=lambda u, p: stiffness * u.xx + stiffness * size * wave**2 * sin(wave * p.x),
        energy=lambda u, p: stiffness * u.x**2 / 2 - stiffness * size * wave**2 * sin(wave * p.x) * u,
        conditions=[Dirichlet("u", size, on="boundary", enforce=enforce)],
        exact=lambda x: size * (1 + sin(wave * x)),
    )  # fmt: skip


def duct(length: float = 1.0, size: float = 1.0, viscosity: float = 1.0) -> Problem:
    """Two plane flows at a right angle, superposed, with the pressure fixed at one point; momentum and continuity differ in units."""
    pressure = viscosity * size / length

    def strong(u: Any, v: Any, q: Any, p: Any) -> list[Any]:
        return [viscosity * laplacian(u) - q.x, viscosity * laplacian(v) - q.y, u.x + v.y]

    def profile(y: Any) -> Any:
        return 4 * size * y * (length - y) / length**2

    return Problem(
        "duct", Rectangle((0, 0), (length, length)), fields=("u", "v", "q"), strong=strong,
        conditions=[
            *(Dirichlet(name, value, on=side)
              for name, value in (("u", lambda x, y: profile(y) + 0 * x), ("v", lambda x, y: profile(x) + 0 * y))
              for side in ("left", "right", "bottom", "top")),
            PointValue("q", 4 * pressure, at=(0.0, 0.0)),
        ],
        exact=lambda x, y: (profile(y), profile(x), pressure * (4 - 8 * (x + y) / length)),
    )  # fmt: skip


def decay(duration: float = 1.0, size: float = 1.0) -> Problem:
    """y' = -k y with 20 measurements of noise 0.5 %."""
    rate, t = 1.5 / duration, np.linspace(0, duration, 20)
    noise = 0.005 * size * np.random.default_rng(0).standard_normal(20)
    return Problem(
        "decay", TimeInterval(0, duration), fields="y", strong=lambda y, p: y.t + p.k * y,
        conditions=[Observation("y", t, size * np.exp(-rate * t) + noise, noise=0.005 * size)],
        unknowns=[Unknown("k", initial=0.3 * rate, positive=True, exact=rate)],
    )  # fmt: skip


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize(("form", "enforce", "tolerance"), [("strong", "soft", 1e-6), ("strong", "hard", 2e-8)])
def test_errors_of_the_strong_form_do_not_depend_on_units(
    units: tuple[float, float, float], form: str, enforce: str, tolerance: float
) -> None:
    options: dict[str, Any] = {"form": form, "iterations": 40, "optimizer": "lm"}
    expected = kinn.solve(rod(enforce=enforce), MLP((8,)), **options).errors["u"].l2
    assert expected < 1e-3
    actual = kinn.solve(rod(*units, enforce=enforce), MLP((8,)), **options).errors["u"].l2
    assert actual < max(2 * expected, tolerance)


@pytest.mark.parametrize("units", UNITS[::2])
@pytest.mark.parametrize("enforce", ["soft", "hard"])
def test_errors_of_the_energy_form_do_not_depend_on_units(units: tuple[float, float, float], enforce: str) -> None:
    options: dict[str, Any] = {"form": "energy", "iterations": 40 if enforce == "hard" else 20, "points": 200}
    expected = kinn.solve(rod(enforce=enforce), MLP((6,)), **options).errors["u"].l2
    assert expected < 1e-2
    actual = kinn.solve(rod(*units, enforce=enforce), MLP((6,)), **options).errors["u"].l2
    assert actual < max(2 * expected, 1e-8)


@pytest.mark.parametrize("units", [(1e-4, 1.0, 1.0), (1e4, 1e6, 1e-3), (1.0, 1e-6, 1e8)])
def test_errors_of_a_system_do_not_depend_on_units(units: tuple[float, float, float]) -> None:
    options: dict[str, Any] = {"iterations": 16, "points": 100, "optimizer": "lm"}
    expected, actual = (kinn.solve(duct(*u), MLP((8,)), **options).errors for u in ((1.0, 1.0, 1.0), units))
    assert expected["u"].l2 < 1e-2
    assert expected["q"].l2 < 5e-2
    for name in ("u", "v", "q"):
        assert actual[name].l2 < max(2 * expected[name].l2, 1e-6)


@pytest.mark.parametrize(("duration", "size"), [(1e-6, 1.0), (3.15e7, 20.0), (2000.0, 1e3)])
def test_constants_are_identified_in_any_units(duration: float, size: float) -> None:
    options: dict[str, Any] = {"iterations": 60, "points": 40, "optimizer": "lm"}
    expected, found = (kinn.solve(p, MLP((6,)), **options).unknowns["k"] for p in (decay(), decay(duration, size)))
    assert expected.std is not None
    assert found.std is not None
    assert abs(expected.value - 1.5) < 3 * expected.std
    assert found.value * duration == pytest.approx(expected.value, abs=0.1 * expected.std)
    assert found.std * duration == pytest.approx(expected.std, rel=0.05)


@pytest.mark.parametrize("units", UNITS)
def test_scales_follow_units(units: tuple[float, float, float]) -> None:
    for enforce in ("soft", "hard"):
        expected, actual = estimate_scales(rod(enforce=enforce)), estimate_scales(rod(*units, enforce=enforce))
        assert actual.size("u") == pytest.approx(units[1] * expected.size("u"), rel=1e-3)
    assert 0.3 < estimate_scales(rod()).size("u") < 3.0


def test_a_pressure_has_the_scale_of_its_balance() -> None:
    scales = estimate_scales(duct(length=1e-3, size=0.1, viscosity=1e-3))
    assert 0.03 < scales.size("u") < 0.3
    assert 0.05 < scales.size("q") < 5.0
    assert scales.size("v") == pytest.approx(scales.size("u"), rel=0.2)


def test_fields_that_hardly_vary_are_shifted() -> None:
    problem = Problem(
        "warm", Interval(0, 1), fields="T", strong=lambda T, p: T.xx,
        conditions=[Dirichlet("T", 300.0, on="left"), Dirichlet("T", 301.0, on="right")], exact=lambda x: 300 + x,
    )  # fmt: skip
    scales = estimate_scales(problem)
    assert scales.shifts["T"] == pytest.approx(300.5)
    assert 0.2 < scales.size("T") < 2.0
    assert kinn.solve(problem, MLP((4,)), iterations=20).errors["T"].l2 < 1e-8


def test_nonlinear_equations_without_a_linear_part_have_a_scale() -> None:
    """|u'|^2 = F^2 says nothing near u = 0."""
    problem = Problem(
        "slope", Interval(0, 1), strong=lambda u, p: u.x * u.x - 1e8, conditions=[Dirichlet("u", 0.0, on="left")]
    )
    assert 1e3 < estimate_scales(problem).size("u") < 1e5


def test_scales_that_cannot_be_told_are_refused() -> None:
    problem = Problem(
        "nothing", Interval(0, 1), strong=lambda u, p: u.xx, conditions=[Dirichlet("u", 0.0, on="boundary")]
    )
    with pytest.raises(
        InputError, match="the scale of 'u' cannot be told from problem 'nothing': all its data are zero"
    ):
        kinn.solve(problem, MLP((3,)))


@pytest.mark.parametrize("enforce", ["soft", "hard"])
def test_jacobian_of_scaled_trial_functions(enforce: str) -> None:
    """Rows against gradients of single residuals by autograd."""
    problem = rod(2.0, 50.0, 3.0, enforce)
    trial = DomainTrial(
        problem, KAN((3,), 4, 5), scales=FieldScales({"u": 40.0}, {"u": 7.0} if enforce == "soft" else {})
    )
    objective = strong_form(trial, points=12)
    theta = objective.start()
    rows = torch.cat([j.clone() for _, j in objective.blocks(theta)])
    trial.flat.set(theta)
    single = []
    for term in objective.terms:
        for p in term.blocks:
            traces, bound = trial.traces(term.subdomains, p, term.index, term.unknown_index)
            for factor, residual in zip(term.factors, term.residual(traces, bound), strict=True):
                for value in residual.value:
                    scale = (term.weight / term.points) ** 0.5 * factor
                    single.append(trial.flat.gradient(scale * value, keep=True))
    torch.testing.assert_close(rows, torch.stack(single), rtol=1e-10, atol=1e-10)


def test_fields_are_scaled_and_shifted() -> None:
    problem, x = rod(), np.linspace(0, 1, 7)[:, None]
    plain = DomainTrial(problem, MLP((4,)), seed=3)
    scaled = DomainTrial(problem, MLP((4,)), seed=3, scales=FieldScales({"u": 8.0}, {"u": 5.0}))
    np.testing.assert_allclose(scaled.evaluate(x, "u"), 5 + 8 * plain.evaluate(x, "u"), rtol=1e-14)
    np.testing.assert_allclose(scaled.evaluate(x, "u.xx"), 8 * plain.evaluate(x, "u.xx"), rtol=1e-14)
    assert scaled.state_dict()["scale_u"].tolist() == [5.0, 8.0]
