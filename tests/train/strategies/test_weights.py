"""Loss weights against their formulas, written out from Jacobians and residuals."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.train.strategies.stack import StrategyStack
from kinn.train.strategies.weights import (
    NTK,
    WEIGHTS,
    FixedWeights,
    GradientNorm,
    ResidualAttention,
    SelfAdaptive,
    UniformWeights,
)
from tests.train.strategies.objectives import heat

LEFT = "Dirichlet('u', on='left')"


def weights(objective: ResidualObjective, stack: StrategyStack) -> dict[str, float]:
    """Return the weight that each term has in the loss: that of the mean of its squares."""
    theta = objective.start()
    squares = objective.squared_residuals(theta)
    losses = objective.term_losses(theta)
    return {t.name: losses[t.name] / float(s.mean()) for t, s in zip(objective.terms, squares, strict=True)}


def begun(objective: ResidualObjective, *strategies: Any) -> StrategyStack:
    stack = StrategyStack(strategies, objective, seed=3)
    stack.begin(objective.start())
    return stack


def test_the_default_is_the_measure() -> None:
    objective = heat(pde_weight=0.05)
    stack = begun(objective, UniformWeights())
    found = weights(objective, stack)
    assert found["the PDE"] == pytest.approx(0.05)
    assert found[LEFT] == pytest.approx(1.0)
    assert not stack.refresh(objective.start(), 100)


def test_fixed_weights_are_those_given() -> None:
    objective = heat()
    found = weights(
        objective, begun(objective, FixedWeights(pde=2.0, conditions=3.0, terms={"Dirichlet": 5.0, LEFT: 7.0}))
    )
    assert found == {
        "the PDE": pytest.approx(2.0),
        "Initial('u', on='initial')": pytest.approx(3.0),
        LEFT: pytest.approx(7.0),
        "Dirichlet('u', on='right')": pytest.approx(5.0),
    }
    with pytest.raises(InputError, match="no term named 'Dirichet' in problem 'heat'; did you mean 'Dirichlet'"):
        begun(heat(), FixedWeights(terms={"Dirichet": 1.0}))


def test_kernel_weights_equalise_the_traces() -> None:
    objective = heat()
    theta = objective.start()
    traces = {}
    for n, term in enumerate(objective.terms):
        jacobians = [j.clone() for number, _, j in objective.term_blocks(theta) if number == n]
        traces[term.name] = float(sum(j.square().sum() for j in jacobians)) / term.weight
    stack = begun(objective, NTK(every=7))
    found = weights(objective, stack)
    products = [found[name] * trace for name, trace in traces.items()]
    assert products == pytest.approx([products[0]] * len(products))
    assert max(found.values()) == pytest.approx(1.0)
    moved = theta + 0.3
    assert not stack.refresh(moved, 6)
    assert stack.refresh(moved, 7)
    assert weights(objective, stack) != found


def test_gradient_weights_equalise_the_gradients_on_average() -> None:
    objective = heat()
    theta = objective.start()

    def norms(at: torch.Tensor) -> dict[str, float]:
        out = {}
        for n, term in enumerate(objective.terms):
            gradient = sum(2 * j.T @ r for number, r, j in objective.term_blocks(at) if number == n)
            out[term.name] = float(gradient.norm())  # type: ignore[union-attr]
        return out

    before = {
        name: norm / term.weight for (name, norm), term in zip(norms(theta).items(), objective.terms, strict=True)
    }
    stack = begun(objective, GradientNorm(every=1, momentum=0.75))
    assert list(norms(theta).values()) == pytest.approx([next(iter(norms(theta).values()))] * len(before))
    moved = theta + 0.3
    objective.trial.flat.set(moved)
    for n in range(len(objective.terms)):
        objective.set_weights(n)
    after = {name: norm / term.weight for (name, norm), term in zip(norms(moved).items(), objective.terms, strict=True)}
    stack.refresh(moved, 1)
    expected = {
        name: 0.75 * sum(before.values()) / before[name] + 0.25 * sum(after.values()) / after[name] for name in before
    }
    found = weights(objective, stack)
    largest = max(expected.values())
    assert found == {name: pytest.approx(value / largest) for name, value in expected.items()}


def test_attention_follows_the_residual_of_the_equation() -> None:
    objective = heat()
    theta = objective.start()
    stack = begun(objective, ResidualAttention(every=2, decay=0.9))
    size = objective.squared_residuals(theta)[0].sqrt()
    assert not stack.refresh(theta, 1)
    assert stack.refresh(theta, 2)
    multipliers = 0.9 + 0.1 * size / size.max()
    expected = multipliers.square() / multipliers.square().mean()
    torch.testing.assert_close(stack.states[0]["weights"][0], expected)
    loss = objective.term_losses(theta)["the PDE"]
    assert loss == pytest.approx(objective.terms[0].weight * float((expected * size.square()).mean()))
    for n in range(4, 400, 2):
        stack.refresh(theta, n)
    torch.testing.assert_close(  # it forgets where it began
        stack.states[0]["weights"][0], size.square() / size.square().mean(), atol=1e-6, rtol=1e-4
    )


def test_self_adaptive_weights_ascend_the_loss() -> None:
    objective = heat()
    theta = objective.start()
    stack = begun(objective, SelfAdaptive(every=1, rate=0.5))
    squares = [t.weight * s for t, s in zip(objective.terms, objective.squared_residuals(theta), strict=True)]
    largest = max(float(s.max()) for s in squares)
    loss = objective.loss(theta)
    stack.refresh(theta, 1)
    for n, s in enumerate(squares):
        torch.testing.assert_close(stack.states[0]["weights"][n], (1 + 0.5 * s / largest).square())
    assert objective.loss(theta) > loss


def test_several_weightings_multiply() -> None:
    objective = heat()
    theta = objective.start()
    begun(objective, FixedWeights(pde=2.0), ResidualAttention(every=1)).refresh(theta, 1)
    together = objective.term_losses(theta)["the PDE"]
    alone = heat()
    begun(alone, ResidualAttention(every=1)).refresh(theta, 1)
    assert together == pytest.approx(alone.term_losses(theta)["the PDE"] * 2.0 / objective.terms[0].weight)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NTK(every=0), "weights.every is at least 1, not 0"),
        (lambda: GradientNorm(momentum=1.0), "weights.momentum"),
        (lambda: ResidualAttention(decay=-0.1), "weights.decay"),
        (lambda: SelfAdaptive(rate=0.0), "weights.rate"),
        (lambda: FixedWeights(pde=math.inf), "the weight of pde is positive and finite"),
        (lambda: FixedWeights(terms={"Initial": 0.0}), "the weight of Initial is positive and finite"),
    ],
)
def test_bad_settings_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_names() -> None:
    assert all(kind.name == name for name, kind in WEIGHTS.items())
