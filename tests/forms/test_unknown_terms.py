"""Terms of the equations that are learnt as functions of the fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import KAN, MLP, Defaults, Dirichlet, InputError, Observation, Problem, Rectangle, UnknownTerm, sin
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.metrics import reference_values
from kinn.networks import NeuralODE
from kinn.problems import lotka_volterra

TERM = UnknownTerm("g", arguments=("u", "v"), within=((-2, 2), (-2, 2)), network=KAN((2,), 3))


def objective_of(network: Any = MLP((4,)), **options: Any) -> ResidualObjective:  # noqa: B008
    """Two fields, whose equations hold a term of both and a derivative of it."""
    problem = Problem(
        "p",
        Rectangle((0, 0), (1, 1)),
        fields=("u", "v"),
        strong=lambda u, v, p: [u.xx + p.g, v.y + (p.g * v).x + u],
        conditions=[Dirichlet("u", 1.0, on="left", enforce="hard"), Observation("v", [[0.5, 0.5]], [1.0])],  # type: ignore[arg-type]
        unknowns=[TERM],
        **options,
    )
    return strong_form(DomainTrial(problem, network, seed=1), points=40)


@pytest.mark.parametrize("network", [MLP((4,)), NeuralODE(3, steps=2, gradient_checkpoints=1)])
def test_jacobian_sees_terms_and_what_they_depend_on(network: Any) -> None:
    """Rows against gradients of single residuals by autograd, parameters of both networks included."""
    objective = objective_of(network)
    trial, theta = objective.trial, objective.start()
    for (r, jacobian), term in zip([(r, j.clone()) for r, j in objective.blocks(theta)], objective.terms, strict=True):
        (p,) = term.blocks
        fields, bound = trial.traces(term.subdomains, p, term.index, term.unknown_index)
        scale = (term.weight / len(p)) ** 0.5
        residuals = zip(term.factors, term.residual(fields, bound), strict=True)
        values = torch.cat([scale * factor * torch.as_tensor(f.value) for factor, f in residuals])
        torch.testing.assert_close(values.detach(), r)
        rows = torch.stack([trial.flat.gradient(v, keep=True) for v in values])
        torch.testing.assert_close(jacobian, rows)


def test_a_term_is_a_function_of_the_fields_alone() -> None:
    trial = objective_of().trial
    x = np.random.default_rng(0).random((9, 2))
    u, v, g, slope = trial.evaluate(x, ["u", "v", "g", "g.x"]).T
    network = trial.unknowns.networks["g"]
    expected = network(torch.as_tensor(np.column_stack([u, v])))
    np.testing.assert_allclose(g, expected.detach().numpy()[:, 0], atol=1e-13)
    shifted = [trial.evaluate(x + np.array([s, 0.0]), "g", subdomain="domain") for s in (1e-6, -1e-6)]
    np.testing.assert_allclose(slope, (shifted[0] - shifted[1]) / 2e-6, atol=1e-7)


def test_a_term_of_the_fields_is_not_affine() -> None:
    """However it enters the equation: last layers alone are not to be solved for."""
    assert not objective_of().affine


def test_errors_of_a_term_are_those_along_the_solution() -> None:
    problem = Problem(
        "p",
        Rectangle((0, 0), (1, 1)),
        strong=lambda u, p: u.xx + p.g,
        conditions=[
            *(Dirichlet("u", lambda x, y: sin(2 * x), on=side) for side in ("left", "right", "bottom", "top")),
            Observation("u", [[0.5, 0.5], [0.2, 0.1]], np.sin([1.0, 0.4])),  # type: ignore[arg-type]
        ],
        unknowns=[UnknownTerm("g", arguments="u", within=((-2, 2),), exact=lambda u: 4 * u)],
        exact=lambda x, y: sin(2 * x),
        defaults=Defaults(points=50),
    )
    solution = kinn.solve(problem, MLP((4,)), iterations=2)
    assert set(solution.errors) == {"u", "g"}
    points = np.array([[0.2, 0.3], [0.7, 0.1]])
    np.testing.assert_allclose(reference_values(problem, points)["g"], 4 * np.sin(2 * points[:, 0]))


def test_a_short_solve_learns_the_term_of_predation() -> None:
    problem = lotka_volterra.make_problem(term="unknown")
    solution = kinn.solve(problem, "mlp", clock="cpu", budget=60, iterations=150)
    assert solution.errors["predation"].l2 < 0.05
    assert solution.errors["x"].l2 < 5e-3


@pytest.mark.slow
def test_the_term_of_predation() -> None:
    solution = kinn.solve(lotka_volterra.make_problem(term="unknown"), "mlp", clock="cpu")
    assert solution.errors["predation"].l2 < 1e-2
    assert max(solution.errors[name].l2 for name in "xy") < 1e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"arguments": ()}, "depends on fields, which `arguments` names"),
        ({"arguments": ("u",), "of": "x", "within": ((0, 1),)}, "and not on coordinates"),
        ({"arguments": ("u", "v"), "within": ((0, 1),)}, "has 2 arguments, and `within` has 1 bounds"),
        ({"arguments": ("u",), "within": ((1, 1),)}, "the bounds of u in UnknownTerm.'g'. leave nothing: 1 to 1"),
    ],
)
def test_bad_terms_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        UnknownTerm("g", **settings)


def test_arguments_that_are_no_fields_are_named() -> None:
    problem = Problem(
        "p",
        Rectangle((0, 0), (1, 1)),
        fields=("velocity", "height"),
        strong=lambda u, v, p: [u.x + p.g, v.x],
        unknowns=[UnknownTerm("g", arguments="heigt", within=((0, 1),))],
    )
    with pytest.raises(InputError, match="did you mean 'height'"):
        DomainTrial(problem, MLP((4,)))
