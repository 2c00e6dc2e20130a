from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import meshio
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
    LevenbergMarquardt,
    Observation,
    Problem,
    Rectangle,
    TimeInterval,
    Unknown,
    UnknownField,
    problems,
    sin,
)
from kinn.train.state import HistoryEntry


def line(**options: Any) -> Problem:
    conditions = [Dirichlet("u", 0.0, on=side, enforce="hard") for side in ("left", "right")]
    return Problem(
        "line", Interval(-1, 1), strong=lambda u, p: u.xx + np.pi**2 * sin(np.pi * p.x), conditions=conditions,
        exact=lambda x: sin(np.pi * x), **options,
    )  # fmt: skip


@pytest.mark.parametrize(("network", "error"), [(MLP((12,)), 1e-6), (KAN((3,), 6, 5), 1e-3)])
def test_solves_to_a_small_error(network: Any, error: float) -> None:
    solution = kinn.solve(line(), network, budget=90.0, iterations=80)
    e = solution.errors["u"]
    assert e.l2 < error
    assert e.linf < 10 * error
    assert e.h1 is not None
    assert e.h1 < 100 * error
    x = np.linspace(-1, 1, 50)[:, None]
    np.testing.assert_allclose(solution(x)[:, 0], np.sin(np.pi * x[:, 0]), atol=10 * error)
    np.testing.assert_allclose(solution.evaluate("u.x", x), np.pi * np.cos(np.pi * x[:, 0]), atol=300 * error)
    assert solution.summary()["parameters"] == network.parameter_count(1, 1)


def test_one_seed_one_run() -> None:
    def theta(seed: int) -> torch.Tensor:
        return kinn.solve(line(), MLP((8,)), seed=seed, iterations=12).fields.flat.get()

    assert torch.equal(theta(3), theta(3))
    assert not torch.equal(theta(3), theta(4))


def test_two_coupled_fields() -> None:
    problem = Problem(
        "pair", Interval(0, 1), fields=("u", "v"), strong=lambda u, v, p: (u.x - v, v.x + u),
        conditions=[Dirichlet("u", 0.0, on="left"), Dirichlet("v", 1.0, on="left")],
        exact=lambda x: (sin(x), kinn.cos(x)),
    )  # fmt: skip
    solution = kinn.solve(problem, MLP((10,)), budget=90.0, iterations=60)
    assert set(solution.errors) == {"u", "v"}
    assert max(e.l2 for e in solution.errors.values()) < 1e-6


def test_float32_and_other_methods() -> None:
    solution = kinn.solve(line(), MLP((8,)), dtype="float32", optimizer="adam", iterations=20)
    assert solution.dtype == "float32"
    assert solution.fields.flat.vector.dtype == torch.float32
    assert solution.iterations == 20
    named = kinn.solve(line(), "mlp", optimizer=LevenbergMarquardt(gain_ratio=0.2), iterations=3, points=50)
    assert named.optimizer == "lm"


def test_points_in_one_dimension_are_numbers() -> None:
    solution = kinn.solve(line(), MLP((4,)), iterations=1)
    x = np.linspace(-0.9, 0.9, 5)
    assert solution.evaluate("u", x).tolist() == solution.evaluate("u", x[:, None]).tolist()
    assert solution(0.5).tolist() == solution([[0.5]]).tolist()  # type: ignore[arg-type]
    np.testing.assert_allclose(solution.reference(x), np.sin(np.pi * x)[:, None])
    with pytest.raises(InputError, match=r"points have shape \(N, 1\)"):
        solution.evaluate("u", np.ones((2, 3)))


def test_threads_are_set_back() -> None:
    before = torch.get_num_threads()
    kinn.solve(line(), MLP((4,)), iterations=1, threads=1)
    assert torch.get_num_threads() == before


def test_no_reference_no_errors() -> None:
    problem = Problem(
        "p",
        Rectangle((0, 0), (1, 1)),
        strong=lambda u, p: u.xx + u.yy + 1,
        conditions=[Dirichlet("u", 0, on="boundary")],
    )
    assert kinn.solve(problem, MLP((4,)), iterations=2).errors == {}


def test_unknowns_in_everything_that_comes_back(tmp_path: Path) -> None:
    t = np.linspace(0.1, 1, 12)
    problem = Problem(
        "growth", TimeInterval(0, 1), strong=lambda u, p: u.t - p.rate * u - p.K * 0, exact=lambda t: kinn.exp(2 * t),
        conditions=[
            Initial("u", 1.0, enforce="hard"),
            Observation("u", t, np.exp(2 * t), noise=0.01),
            Observation("K", t, 1 + t),
        ],
        unknowns=[Unknown("rate", initial=1.0, exact=2.0, bounds=(0, 5)), UnknownField("K", exact=lambda t: 1 + t)],
        defaults=Defaults(pde_weight=10.0),
    )  # fmt: skip
    seen: list[HistoryEntry] = []
    solution = kinn.solve(problem, MLP((8,)), iterations=30, progress=seen.append)
    found = solution.unknowns["rate"]
    assert found.value == pytest.approx(2.0, rel=1e-3)
    assert found.std == pytest.approx(0.01 / np.sqrt((t**2 * np.exp(4 * t)).sum()), rel=0.2)
    assert [r.unknowns["rate"] for r in solution.history] == [r.unknowns["rate"] for r in seen]
    assert seen[0].unknowns["rate"] != seen[-1].unknowns["rate"]
    summary = json.loads(json.dumps(solution.summary()))
    expected = {"value": found.value, "std": found.std, "exact": 2.0, "issue": None, "error": found.error}
    assert summary["unknowns"] == {"rate": expected}
    assert set(solution.errors) == {"u", "K"}
    assert solution.errors["K"].l2 < 1e-3
    assert solution.errors["K"].h1 is not None
    assert {"u", "K", "K-error"} <= set(solution.plot())
    solution.save_vtu(tmp_path / "u.vtu")
    assert {"K", "K.t", "K exact", "K error"} <= set(meshio.read(tmp_path / "u.vtu").point_data)
    mean = kinn.solve(problem, MLP((8,)), iterations=20, ensemble=2).unknowns["rate"]
    assert mean.std == pytest.approx(found.std, rel=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "stronk"}, "no form named 'stronk'; did you mean 'strong'"),
        ({"optimizer": "ml"}, "no optimizer named 'ml'"),
        ({"optimizer": "ssbroydn"}, "did you mean 'ssbroyden'"),
        ({"dtype": "float16"}, "no dtype named 'float16'"),
        ({"points": 0}, "points must be at least 1"),
        ({"clock": "cup"}, "cpu"),
        ({"budget": -1.0}, "budget is positive"),
        ({"budget": float("nan")}, "budget is positive"),
        ({"iterations": 0}, "iterations is positive"),
        ({"threads": 0}, "threads is positive"),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kinn.solve(line(), MLP((4,)), **options)


def test_unknown_network_and_problem() -> None:
    with pytest.raises(InputError, match="did you mean 'kan'"):
        kinn.solve(line(), "kann")
    with pytest.raises(InputError, match="takes a kinn.Problem"):
        kinn.solve("line", "kan")  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "network", "settings", "error"),
    [
        ("poisson-2d", "mlp", {}, 1e-6),
        ("helmholtz", "mlp", {}, 5e-5),
        ("wedge", "kan", {}, 1e-6),
        ("wedge", "mlp", {}, 1e-6),
        ("crack", "mlp", {"features": "tip"}, 1e-5),
        ("poisson-1d", "mlp", {}, 1e-5),
        ("regression-two-frequency", "mlp", {}, 1e-4),
    ],
)
def test_library_problems_reach_their_accuracy(name: str, network: str, settings: dict[str, Any], error: float) -> None:
    solution = kinn.solve(problems.get(name, **settings), network, budget=30.0)
    assert next(iter(solution.errors.values())).l2 < error
