from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kinn import (
    KAN,
    MLP,
    Defaults,
    Dirichlet,
    InputError,
    Interface,
    Neumann,
    Observation,
    Problem,
    Rectangle,
    grad,
    sin,
)
from kinn.forms import DomainTrial, ResidualObjective, strong_form, terms
from kinn.optim import LastLayerLeastSquares

SQUARE = Rectangle((0, 0), (1, 1))
NETWORK = MLP((6,))


def objective_of(
    strong: Any, conditions: Any = (), network: Any = NETWORK, domain: Any = SQUARE, **options: Any
) -> ResidualObjective:
    problem = Problem("p", domain, strong=strong, conditions=conditions, coefficients={"k": 2.0}, **options)
    return strong_form(DomainTrial(problem, network, seed=1), points=60)


@pytest.mark.parametrize(
    ("strong", "derivatives", "affine"),
    [
        (lambda u, p: u.xx + u.yy, {(0, 0), (1, 0), (0, 1), (2, 0), (0, 2)}, True),
        (lambda u, p: (p.k * p.x * u.x).x - p.y, {(0, 0), (1, 0), (2, 0)}, True),
        (lambda u, p: u.xy, {(0, 0), (1, 0), (0, 1), (1, 1)}, True),
        (lambda u, p: u * u.x, {(0, 0), (1, 0)}, False),
        (lambda u, p: sin(u) - 1, {(0, 0)}, False),
        (lambda u, p: (u.xxxx, u - 1), {(i, 0) for i in range(5)}, True),
        (lambda u, p: grad(u) @ grad(u) - 1, {(0, 0), (1, 0), (0, 1)}, False),
    ],
)
def test_planning_asks_for_what_is_needed(strong: Any, derivatives: set[tuple[int, int]], affine: bool) -> None:
    (term,) = objective_of(strong).terms
    assert set(term.index[0].indices) == derivatives
    assert term.affine is affine


def interfaces() -> ResidualObjective:
    halves = {"low": Rectangle((0, 0), (1, 1)), "high": Rectangle((0, 1), (1, 2))}
    conditions = [
        Dirichlet("u", 1.0, on="left"),
        Neumann("u", lambda x, y: x * y, on="right", weight=lambda x, y: 1 + x),
    ]
    conditions += [Observation("u", [[0.5, 0.5], [0.2, 1.7]], [1.0, 2.0])]  # type: ignore[list-item]
    problem = Problem("p", halves, strong=lambda u, p: u.xx + u * u.yy, conditions=conditions)
    return strong_form(DomainTrial(problem, KAN((3,), 4, 5), seed=1), points=300)


def test_loss_gradient_and_jacobian_agree() -> None:
    objective = interfaces()
    theta = objective.start()
    blocks = [(r.clone(), j.clone()) for r, j in objective.blocks(theta)]
    r, jacobian = torch.cat([r for r, _ in blocks]), torch.cat([j for _, j in blocks])
    loss, gradient = objective.gradient(theta)
    assert len(r) == objective.samples
    assert loss == pytest.approx(float(r @ r))
    assert objective.loss(theta) == pytest.approx(loss)
    assert sum(objective.term_losses(theta).values()) == pytest.approx(loss)
    torch.testing.assert_close(gradient, 2 * jacobian.T @ r)
    step = torch.randn(objective.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ahead, behind = (torch.cat([r for r, _ in objective.blocks(theta + s * 1e-6 * step)]) for s in (1, -1))
    torch.testing.assert_close(jacobian @ step, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-6)


def test_interface_joins_the_two_networks() -> None:
    halves = {"low": Rectangle((0, 0), (1, 1), name="low"), "high": Rectangle((0, 1), (1, 2), name="high")}
    low, high = (g.boundary(side).sample(10) for g, side in ((halves["low"], "top"), (halves["high"], "bottom")))
    np.testing.assert_allclose(low.normals, -high.normals)
    from kinn import Polygon

    halves_named = {
        "low": Polygon([(0, 0), (1, 0), (1, 1), (0, 1)], edges=["b", "r", "seam", "l"]),
        "high": Polygon([(0, 1), (1, 1), (1, 2), (0, 2)], edges=["seam", "r", "t", "l"]),
    }
    objective = objective_of(
        lambda u, p: u.xx, [Interface("u", on="seam", coefficients=(2.0, 3.0))], domain=halves_named
    )
    seam = next(t for t in objective.terms if "seam" in t.name)
    assert seam.equations == 2
    p = seam.blocks[0]
    with torch.no_grad():
        fields = [objective.trial.fields(s, p, i) for s, i in zip(seam.subdomains, seam.index, strict=True)]
        jump, flux = terms.evaluate(seam, fields, p)
    points = p.tensor.numpy()
    u = [objective.trial.evaluate(points, ["u", "u.y"], subdomain=s) for s in ("low", "high")]
    np.testing.assert_allclose(jump.numpy() / seam.factors[0], u[0][:, 0] - u[1][:, 0], atol=1e-12)
    np.testing.assert_allclose(flux.numpy() / seam.factors[1], 2 * u[0][:, 1] - 3 * u[1][:, 1], atol=1e-12)


def test_blocks_of_points_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    objective = interfaces()
    expected = objective.gradient(objective.start())
    monkeypatch.setattr(terms, "BLOCK", 17)
    parted = interfaces()
    assert max(len(b) for t in parted.terms for b in t.blocks) == 17
    loss, gradient = parted.gradient(parted.start())
    assert loss == pytest.approx(expected[0])
    torch.testing.assert_close(gradient, expected[1])


@pytest.mark.parametrize(
    ("strong", "message"),
    [
        (lambda u, p: u.z, "'z' is no coordinate; the coordinates are x, y"),
        (lambda u, p: 3.0, "returns float where a field is needed"),
        (lambda u, p: None, "returns NoneType where a field is needed"),
        (lambda u, p: (), "returns nothing"),
        (lambda u, p: u * torch.ones(2, 1), "shape"),
        (lambda u, p: u.xxxxx, "up to order 4"),
        (lambda u, p: u * p.kk, "did you mean 'k'"),
        (lambda u, p: u.x * p.n[0], "boundary normal"),
    ],
)
def test_bad_residuals_are_named(strong: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        objective_of(strong)


def test_bad_data_is_named() -> None:
    with pytest.raises(InputError, match=r"the value of Dirichlet\('u', on='left'\) is not finite"):
        objective_of(lambda u, p: u.xx, [Dirichlet("u", float("inf"), on="left")])
    problem = Problem("p", SQUARE, strong=lambda u, p: u.xx)
    with pytest.raises(InputError, match="points must be at least 1"):
        strong_form(DomainTrial(problem, MLP((3,))), points=0)


def test_own_sampler_and_weights() -> None:
    corner = Defaults(sampler=lambda geometry, n, seed: np.full((n, 2), 0.25), pde_weight=0.03)
    (term,) = objective_of(lambda u, p: u.xx, defaults=corner).terms
    assert torch.equal(term.blocks[0].tensor, torch.full((60, 2), 0.25, dtype=torch.float64))
    assert term.weight == 0.03


def test_least_squares_converges_with_the_width() -> None:
    """Random features are a spectral basis for an analytic solution: each doubling gains orders, not a factor."""
    errors = []
    for width in (10, 20, 40, 80):
        problem = Problem(
            "p",
            SQUARE,
            strong=lambda u, p: u.xx + u.yy + 2 * np.pi**2 * sin(np.pi * p.x) * sin(np.pi * p.y),
            conditions=[Dirichlet("u", 0.0, on="boundary")],
        )
        objective = strong_form(DomainTrial(problem, MLP((width,), init_range=1.5), seed=0), points=400)
        method = LastLayerLeastSquares()
        state = method.step(objective, method.start(objective, objective.start()))
        objective.trial.flat.set(state.theta)
        x = SQUARE.sample(500, seed=9)
        exact = np.sin(np.pi * x[:, 0]) * np.sin(np.pi * x[:, 1])
        errors.append(np.linalg.norm(objective.trial.evaluate(x, "u") - exact) / np.linalg.norm(exact))
    rates = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert errors[-1] < 1e-3
    assert rates.mean() > 3.0


def test_a_term_and_its_points_can_be_emphasised() -> None:
    objective = objective_of(
        lambda u, p: u.xx + u * u.yy, [Dirichlet("u", 1.0, on="left"), Neumann("u", 0.0, on="top")]
    )
    theta = objective.start()
    n = next(i for i, term in enumerate(objective.terms) if term.interior)
    squares = objective.squared_residuals(theta)
    before = objective.term_losses(theta)
    term = objective.terms[n]
    assert before[term.name] == pytest.approx(term.weight * float(squares[n].mean()))
    weights = torch.linspace(0, 2, term.points, dtype=torch.float64)
    objective.set_weights(n, 3.0, weights)
    after = objective.term_losses(theta)
    assert after[term.name] == pytest.approx(3 * term.weight * float((weights * squares[n]).mean()))
    assert {k: v for k, v in after.items() if k != term.name} == {k: v for k, v in before.items() if k != term.name}
    loss, gradient = objective.gradient(theta)
    assert loss == pytest.approx(objective.loss(theta))
    parts = [(r.clone(), j.clone()) for r, j in objective.blocks(theta)]
    assert float(sum(r @ r for r, _ in parts)) == pytest.approx(loss)
    torch.testing.assert_close(2 * sum(j.T @ r for r, j in parts), gradient)
    assert all(torch.equal(a, b) for a, b in zip(objective.squared_residuals(theta), squares, strict=True))
    objective.set_weights(n)
    assert objective.term_losses(theta) == before


def test_a_term_can_be_moved() -> None:
    objective = objective_of(
        lambda u, p: u.xx + u * u.yy, [Dirichlet("u", 1.0, on="left"), Neumann("u", 0.0, on="top")]
    )
    theta = objective.start()
    n = next(i for i, term in enumerate(objective.terms) if term.interior)
    everywhere = objective.squared_residuals(theta)[n]
    (block,) = objective.terms[n].blocks
    objective.set_weights(n, 2.0)
    objective.move(n, block.rows(slice(0, 10)))
    assert objective.terms[n].points == 10
    torch.testing.assert_close(objective.squared_residuals(theta)[n], everywhere[:10])
    assert objective.term_losses(theta)[objective.terms[n].name] == pytest.approx(
        objective.terms[n].weight * float(everywhere[:10].mean())
    )
