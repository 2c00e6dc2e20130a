"""Dimensionless equations: their factors, the weight of the PDE, and validation in the same units."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import kinn
from kinn import MLP, Defaults, Dirichlet, InputError, Interval, Neumann, Observation, Problem, problems
from kinn.forms import DomainTrial, FieldScales, ResidualObjective, build_objective, strong_form
from kinn.forms.strong.strong_form import PDE_WEIGHT, PDE_WEIGHT_OBSERVED


def objective(factor: float = 1.0, size: float = 1.0, **options: Any) -> ResidualObjective:
    """u'' = 1 on an interval, the equation and the slope multiplied by a factor."""
    problem = Problem(
        "p", Interval(0, 1), strong=lambda u, p: factor * (u.xx - 1),
        conditions=[Dirichlet("u", 0.0, on="left"), Neumann("u", 1.0, on="right")], **options,
    )  # fmt: skip
    return strong_form(large(problem, FieldScales({"u": size})), points=40)


def large(problem: Problem, scales: FieldScales | None = None) -> DomainTrial:
    """Trial functions with outputs of more than one, at which operators are measured as they are."""
    trial = DomainTrial(problem, MLP((5,)), seed=1, scales=scales)
    theta = trial.flat.get()
    theta[trial.last_layer()] *= 20.0
    trial.flat.set(theta)
    return trial


def row_size(terms: ResidualObjective, number: int) -> float:
    """Root mean square of the rows of a term's Jacobian, without weights."""
    rows = [j.clone() for n, _, j in terms.term_blocks(terms.start()) if n == number]
    return float(torch.cat(rows).square().sum() / terms.terms[number].weight) ** 0.5


def test_a_value_is_divided_by_the_size_of_its_field() -> None:
    pde, value, slope = objective(size=20.0).terms
    assert value.factors == pytest.approx((1 / 20,))
    unscaled = objective().terms
    assert pde.factors == pytest.approx((unscaled[0].factors[0] / 20,))
    assert slope.factors == pytest.approx((unscaled[2].factors[0] / 20,))


def test_rows_of_all_equations_are_of_the_size_of_those_of_the_field() -> None:
    first, second = objective(), objective(factor=1e9, size=1e-4)
    sizes = [row_size(first, n) for n in range(3)]
    # the field itself at interior points, against the equation there
    plain = Problem("p", Interval(0, 1), strong=lambda u, p: u - 1)
    field = strong_form(large(plain), points=40)
    assert field.terms[0].factors == pytest.approx((1.0,))
    assert sizes[0] == pytest.approx(row_size(field, 0))
    assert [row_size(second, n) for n in range(3)] == pytest.approx(sizes)


def test_singular_coefficients_set_no_scale() -> None:
    def factor(near: float) -> float:
        problem = Problem("p", Interval(near, 1), strong=lambda u, p: u.x / p.x - 1)
        return strong_form(DomainTrial(problem, MLP((5,))), points=200).terms[0].factors[0]

    assert factor(1e-9) == pytest.approx(factor(1e-3), rel=0.2)


def test_the_weight_of_the_equations_is_an_option() -> None:
    assert objective().terms[0].weight == PDE_WEIGHT
    assert objective(defaults=Defaults(pde_weight=0.7)).terms[0].weight == 0.7
    observed = Problem("p", Interval(0, 1), strong=lambda u, p: u.xx - 1, conditions=[Observation("u", [[0.5]], [1.0])])
    assert strong_form(DomainTrial(observed, MLP((3,))), points=9).terms[0].weight == PDE_WEIGHT_OBSERVED
    problem = objective().trial.problem
    light, heavy = (kinn.solve(problem, MLP((3,)), pde_weight=w, iterations=1, points=40) for w in (1e-9, 1.0))
    assert light.loss < heavy.loss


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf"), "1", True])
def test_weights_that_are_none_are_refused(weight: Any) -> None:
    with pytest.raises(InputError, match="pde_weight is positive and finite, not"):
        kinn.solve(objective().trial.problem, MLP((3,)), pde_weight=weight)


def test_other_forms_have_no_equations_to_weight() -> None:
    problem = problems.get("poisson-2d")
    with pytest.raises(InputError, match="pde_weight is for the strong form, not for the energy form"):
        kinn.solve(problem, MLP((3,)), form="energy", pde_weight=0.5)


def test_validation_has_the_factors_of_what_it_validates() -> None:
    trained = objective()
    trained.trial.flat.set(0.1 * trained.start())
    validation = build_objective(trained.trial, points=80, seed=5, like=trained)
    assert isinstance(validation, ResidualObjective)
    assert [t.factors for t in validation.terms] == [t.factors for t in trained.terms]
    rebalanced = build_objective(trained.trial, points=80, seed=5)
    assert isinstance(rebalanced, ResidualObjective)
    assert rebalanced.terms[0].factors[0] > 0
    assert [t.factors for t in rebalanced.terms] != [t.factors for t in trained.terms]


def test_equations_without_fields_are_left_alone() -> None:
    problem = Problem("p", Interval(0, 1), strong=lambda u, p: [u.xx - 1, 0 * u + p.x])
    (term,) = strong_form(DomainTrial(problem, MLP((3,))), points=9).terms
    assert term.factors[1] == 1.0
