from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    KAN,
    MLP,
    Defaults,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Observation,
    Periodic,
    Problem,
    Rectangle,
    TimeInterval,
    Unknown,
    UnknownField,
    exp,
    laplacian,
    sin,
)
from kinn.forms import DomainTrial, ResidualObjective, strong_form

SPACE_TIME = Interval(0, 1) * TimeInterval(0, 1)


def mixed() -> ResidualObjective:
    """A problem with constants and fields in the equation and in its conditions."""
    problem = Problem(
        "p", SPACE_TIME,
        strong=lambda u, p: u.t - (p.K * u.x).x - p.a * exp(p.b * u),
        conditions=[
            Dirichlet("u", 1.0, on="left"),
            Periodic("u", on=("left", "right")),
            Observation("u", [[0.5, 0.5], [0.2, 0.7]], [1.0, 2.0]),  # type: ignore[arg-type]
            Observation("K", [[0.5, 0.5]], [1.0]),  # type: ignore[arg-type]
            Dirichlet("K", 2.0, on="right"),
        ],
        unknowns=[
            Unknown("a", initial=2.0),
            Unknown("b", initial=0.5, bounds=(0, 1)),
            UnknownField("K", positive=True, of=("x",)),
        ],
    )  # fmt: skip
    return strong_form(DomainTrial(problem, MLP((6,)), seed=1), points=60)


def test_jacobian_has_columns_for_unknowns() -> None:
    objective = mixed()
    theta = objective.start()
    assert objective.size == 6 * 4 + 1 + 3 * 3 + 1 + 2
    blocks = [(r.clone(), j.clone()) for r, j in objective.blocks(theta)]
    r, jacobian = torch.cat([r for r, _ in blocks]), torch.cat([j for _, j in blocks])
    loss, gradient = objective.gradient(theta)
    assert loss == pytest.approx(float(r @ r))
    torch.testing.assert_close(gradient, 2 * jacobian.T @ r)
    step = torch.randn(objective.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ahead, behind = (torch.cat([r for r, _ in objective.blocks(theta + s * 1e-6 * step)]) for s in (1, -1))
    torch.testing.assert_close(jacobian @ step, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-6)
    free = objective.trial.flat.slices[objective.trial.unknowns.free]  # type: ignore[index]
    assert bool((jacobian[:, free].abs().sum(dim=0) > 0).all())


def test_planning_asks_unknown_fields_for_what_is_needed() -> None:
    pde, left, periodic, observed, *_ = mixed().terms
    assert set(pde.unknown_index[0]) == {"K"}
    assert set(pde.unknown_index[0]["K"].indices) == {(0, 0), (1, 0)}
    assert not left.unknown_index[0]
    assert not periodic.unknown_index[1]
    assert not observed.unknown_index[0]
    assert not pde.affine
    assert left.affine


def test_a_field_of_some_coordinates() -> None:
    problem = Problem(
        "p", Rectangle((0, 0), (1, 2)), strong=lambda u, p: laplacian(u) + p.K.y + laplacian(p.K),
        unknowns=[UnknownField("K", of=("x",))],
    )  # fmt: skip
    trial = DomainTrial(problem, MLP((4,)), seed=0)
    x = np.random.default_rng(0).random((5, 2))
    moved = x + np.array([0.0, 0.5])
    names = ["K", "K.x", "K.xx"]
    np.testing.assert_array_equal(trial.evaluate(x, names), trial.evaluate(moved, names))
    np.testing.assert_array_equal(trial.evaluate(x, ["K.y", "K.xy"]), 0.0)
    (term,) = strong_form(trial, points=20).terms
    assert set(term.unknown_index[0]["K"].indices) == {(0, 0), (1, 0), (2, 0)}
    h = np.array([1e-5, 0.0])
    slope = (trial.evaluate(x + h, "K") - trial.evaluate(x - h, "K")) / 2e-5
    np.testing.assert_allclose(trial.evaluate(x, "K.x"), slope, atol=1e-8)


def test_unknowns_are_weights_like_others() -> None:
    trial = mixed().trial
    names = set(trial.state_dict())
    assert "unknowns.free" in names
    assert any(name.startswith("unknowns.networks.K") for name in names)
    assert trial.unknowns.values() == pytest.approx({"a": 2.0, "b": 0.5})


def test_hard_conditions_leave_unknowns_alone() -> None:
    with pytest.raises(InputError, match="about an unknown"):
        Problem(
            "p", SPACE_TIME, strong=lambda u, p: u.t, unknowns=[UnknownField("K")],
            conditions=[Dirichlet("K", 1.0, on="left", enforce="hard")],
        )  # fmt: skip


@pytest.mark.parametrize("network", [MLP((16,)), KAN((4,), 5)])
def test_a_conductivity_is_found(network: Any) -> None:
    """Ten clean measurements of the cooling of a rod fix its conductivity."""
    exact = 0.3
    x = SPACE_TIME.sample(10, seed=3)

    def u(x: Any, t: Any) -> Any:
        return exp(-exact * np.pi**2 * t) * sin(np.pi * x)

    problem = Problem(
        "p", SPACE_TIME, strong=lambda u, p: u.t - p.nu * u.xx, exact=u,
        conditions=[
            Initial("u", lambda x: sin(np.pi * x), enforce="hard"),
            Dirichlet("u", 0.0, on="boundary", enforce="hard"),
            Observation("u", x, u(*x.T)),
        ],
        unknowns=[Unknown("nu", initial=1.0, positive=True)],
        defaults=Defaults(points=200),
    )  # fmt: skip
    solution = kinn.solve(problem, network, iterations=80)
    assert solution.fields.unknowns.values()["nu"] == pytest.approx(exact, rel=1e-3)


def test_a_coefficient_is_found() -> None:
    """(K u_x)_x = f with u known everywhere and K at one end gives K."""
    x = np.linspace(0, 1, 40)

    # u = e^x, K = 1 + x: (K u')' = e^x (1 + (1 + x))
    problem = Problem(
        "p", Interval(0, 1), strong=lambda u, p: (p.K * u.x).x - exp(p.x) * (2 + p.x), exact=exp,
        conditions=[Observation("u", x[:, None], np.exp(x)), Dirichlet("K", 1.0, on="left")],
        unknowns=[UnknownField("K", network=MLP((6,)), positive=True)],
        defaults=Defaults(points=100),
    )  # fmt: skip
    solution = kinn.solve(problem, MLP((8,)), iterations=80)
    y = np.linspace(0, 1, 30)[:, None]
    np.testing.assert_allclose(solution.evaluate("K", y), 1 + y[:, 0], rtol=1e-3)
