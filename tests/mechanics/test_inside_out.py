"""Steps of training that would turn the material inside out (J <= 0), where it has no energy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kinn
from kinn import MLP, Dirichlet, Problem, Rectangle, SolveError
from kinn.forms import DomainTrial
from kinn.forms.energy import EnergyObjective, energy_form
from kinn.mechanics import NeoHookean
from kinn.optim import LevenbergMarquardt

RUBBER = NeoHookean(1.0, 0.3)


def block(load: float) -> Problem:
    """Return a block held at its left side whose right side is pushed against it by a load, in units of its modulus."""
    return Problem(
        "block",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=("u", "v"),
        energy=lambda u, v, p: RUBBER.energy((u, v)),
        work={"right": lambda u, v, p: -load * u},
        conditions=[Dirichlet(name, 0.0, on="left", enforce="hard") for name in ("u", "v")],
    )


def objective_of(problem: Problem) -> EnergyObjective:
    return energy_form(DomainTrial(problem.in_form("energy"), MLP((4,)), seed=0), points=60)


def volumes(solution: kinn.Solution) -> np.ndarray:
    """Return J at points of a grid."""
    side = (np.arange(20) + 0.5) / 20
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    ux, uy, vx, vy = solution.fields.evaluate(points, ["u.x", "u.y", "v.x", "v.y"]).T
    return np.asarray((1 + ux) * (1 + vy) - uy * vx)


def test_such_a_state_has_no_energy_and_the_place_is_named() -> None:
    objective = objective_of(block(1.0))
    theta = objective.start()
    turned = theta.clone()
    turned[objective.last_layer()] += 50.0
    assert np.isfinite(objective.loss(theta))
    assert objective.loss(turned) == float("inf")
    assert "the energy, first at x = " in objective.locate_nonfinite(turned)
    assert "where the material is turned inside out: J = -" in objective.locate_nonfinite(turned)


def test_a_step_there_is_rejected_for_a_shorter_one() -> None:
    objective = objective_of(block(3.0))
    method = LevenbergMarquardt()
    state = method.start(objective, objective.start())
    rejected = 0
    for _ in range(15):
        model = method._model(objective, state)
        bold = model.step(1e-12 * model.scale)
        assert bold is not None
        rejected += objective.loss(state.theta + bold) == float("inf")
        after = method.step(objective, state)
        assert after.loss <= state.loss
        assert bool(torch.isfinite(after.theta).all())
        state = after
    assert rejected  # the load is one that bold steps go too far under


def test_training_ends_with_the_material_the_right_way_out() -> None:
    solution = kinn.solve(block(3.0), MLP((4,)), form="energy", points=60, iterations=25)
    assert np.isfinite(solution.loss)
    assert volumes(solution).min() > 0
    assert volumes(solution).min() < 0.5  # and it is not for want of pressure


def test_where_every_step_leads_there_the_error_says_so() -> None:
    one = LevenbergMarquardt(damping=1e-14, max_trials=1)
    with pytest.raises(SolveError, match=r"first at x = .*, y = .*turned inside out: J = -"):
        kinn.solve(block(50.0), MLP((4,)), form="energy", optimizer=one, points=60, iterations=25)
