from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kinn
from kinn import InputError, RandomFeatures, problems
from kinn.forms import build_objective, build_trial
from kinn.optim import LastLayerLeastSquares
from tests.networks.contract import NetworkContract, check_fourth_order


class TestSines(NetworkContract):
    architecture = RandomFeatures(9, spread=2.0)


class TestSteps(NetworkContract):
    architecture = RandomFeatures(7, activation="tanh", spread=1.5)


def test_only_the_coefficients_are_trained() -> None:
    network = RandomFeatures(30, spread=3.0).build(2, 2, seed=1)
    assert network.parameter_count == 31 * 2
    assert {id(p) for p in network.parameters()} == {id(p) for p in network.last_layer}


def test_frequencies_fill_the_ellipsoid_of_the_spreads() -> None:
    network = RandomFeatures(4000, spread=(2.0, 8.0)).build(2, 1)
    weight, offset = network.layers[1].affine_map  # type: ignore[operator, misc]
    radii = (weight / weight.new_tensor([[2.0], [8.0]])).norm(dim=0)
    assert 0.99 < float(radii.max()) <= 1.0
    assert float((radii < 0.5).double().mean()) == pytest.approx(0.25, abs=0.03)
    assert float(offset.abs().max()) == pytest.approx(np.pi, rel=1e-2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": 0}, "network.features is a whole number of at least 1, not 0"),
        ({"activation": "tan"}, "did you mean 'tanh'"),
        ({"spread": 0.0}, "network.spread is 'auto' or positive and finite, not 0.0"),
        ({"spread": (1.0, -2.0)}, "network.spread is 'auto' or positive and finite, not -2.0"),
        ({"spread": "aut"}, "did you mean 'auto'"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RandomFeatures(**settings)  # type: ignore[arg-type]


def test_one_spread_per_coordinate() -> None:
    with pytest.raises(InputError, match="one number or 3, one per coordinate; 2 are given"):
        RandomFeatures(spread=(1.0, 2.0)).build(3, 1)


def test_least_squares_finds_what_the_features_span() -> None:
    """The solution is the field of one of the features, of frequencies (w, v) and phase b."""
    network = RandomFeatures(40, spread=4.0).build(2, 1, ([0.0, 0.0], [1.0, 1.0]), seed=0)
    weight, offset = (np.asarray(t) for t in network.layers[1].affine_map)  # type: ignore[operator, misc]
    (w, v), b = 2 * weight[:, 7], offset[7] - weight[:, 7].sum()

    def source(p: kinn.Points) -> kinn.Field:
        return (w**2 + v**2) * kinn.sin(w * p.x + v * p.y + b)

    problem = kinn.Problem(
        "one feature",
        kinn.Rectangle((0, 0), (1, 1)),
        strong=lambda u, p: u.xx + u.yy + source(p),
        conditions=[
            kinn.Dirichlet("u", lambda x, y: np.sin(w * x + v * y + b), on="boundary", enforce="soft"),
        ],
        exact=lambda x, y: np.sin(w * x + v * y + b),
    )
    solution = kinn.solve(problem, RandomFeatures(40, spread=4.0), points=400)
    assert solution.errors["u"].l2 < 1e-12
    assert solution.iterations == 1


@pytest.mark.parametrize(("name", "error"), [("poisson-2d", 1e-12), ("helmholtz", 1e-9)])
def test_linear_problems_without_a_setting(name: str, error: float) -> None:
    solution = kinn.solve(problems.get(name), RandomFeatures())
    assert solution.errors["u"].l2 < error
    assert solution.stopped == "last layer is optimal"


def test_a_nonlinear_problem_by_gauss_newton_steps() -> None:
    solution = kinn.solve(problems.get("kovasznay"), RandomFeatures(200, spread=6.0))
    assert solution.errors["u"].l2 < 1e-9
    assert {entry.stage for entry in solution.history} >= {"lstsq"}


def test_the_sweep_finds_a_better_spread_than_wrong_ones() -> None:
    problem = problems.get("helmholtz")

    def error(spread: object) -> float:
        return kinn.solve(problem, RandomFeatures(300, spread=spread)).errors["u"].l2  # type: ignore[arg-type]

    swept = error("auto")
    assert all(swept < 1e-2 * error(wrong) for wrong in (2.0, 60.0))


def test_the_sweep_is_fixed_by_the_seed() -> None:
    from kinn.train.spread_sweep import sweep_spread

    problem = problems.get("helmholtz").in_form("strong")
    first, again = (sweep_spread(problem, RandomFeatures(100), seed=3, dtype=torch.float64) for _ in range(2))
    assert first == again
    assert first == replace(RandomFeatures(100), spread=first.spread)
    assert isinstance(first.spread, tuple)
    assert first.spread[1] > first.spread[0]  # sin(pi x) sin(4 pi y)


def test_the_jacobian_holds_the_coefficients_alone() -> None:
    trial = build_trial(problems.get("poisson-2d").in_form("strong"), RandomFeatures(20, spread=4.0))
    objective = build_objective(trial, points=80)
    _, jacobian = next(iter(objective.blocks(objective.start())))
    assert jacobian.shape[1] == 21
    state = LastLayerLeastSquares().start(objective, objective.start())
    assert objective.size == len(objective.last_layer()) == len(state.theta)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-3)])
def test_jets_of_fourth_order(dimension: int, dtype: torch.dtype, tolerance: float) -> None:
    check_fourth_order(RandomFeatures(9, spread=2.0), dimension, dtype, tolerance)
