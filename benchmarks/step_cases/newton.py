"""A Levenberg-Marquardt step on residuals of the Poisson equation, compared with the linear algebra that it requires."""

from __future__ import annotations

import statistics

import torch

from kinn import KAN, LevenbergMarquardt, problems
from kinn.forms import DomainTrial, strong_form
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.optim.sum_of_squares import add_gram
from step_cases.sizes import Case, Sizes, Step

#: Steps after which the optimiser is reset: every sample comes from the same phase of training.
RESET_AFTER = 20


def build(sizes: Sizes) -> Case:
    """Return the case: a step of the optimiser, its J^T J, the same by one product, a factorisation, and J itself."""
    architecture = KAN(width=sizes.width, grid=sizes.grid, degree=sizes.degree)
    problem = problems.get("poisson-2d")  # hard boundary conditions: the equation has the only residuals
    method = LevenbergMarquardt()
    trials: list[float] = []

    def objective_at(points: int) -> ResidualObjective:
        trial = DomainTrial(problem, architecture, seed=sizes.seed, dtype=sizes.precision)
        return strong_form(trial, points=points, seed=sizes.seed)

    def steps_on(points: int) -> Step:
        objective = objective_at(points)
        theta = objective.start()
        state, count = method.start(objective, theta), 0

        def step() -> None:
            nonlocal state, count
            if count == RESET_AFTER or state.stalled:
                state, count = method.start(objective, theta), 0
            state = method.step(objective, state)
            count += 1
            trials.append(state.detail.get("trials", float(method.max_trials)))

        return step

    objective = objective_at(sizes.points)
    theta = objective.start()
    blocks = [jacobian.clone() for _, jacobian in objective.blocks(theta)]
    rows = torch.cat(blocks)
    damped = rows.T @ rows
    damped.diagonal().add_(1e-3 * float(damped.diagonal().max()))

    def gram() -> torch.Tensor:
        matrix = torch.zeros_like(damped)
        for block in blocks:
            add_gram(matrix, block)
        return matrix

    def jacobian() -> None:
        for _ in objective.blocks(theta):
            pass

    timed: dict[str, Step] = {
        "step": steps_on(sizes.points),
        "gram": gram,
        "product": lambda: rows.T @ rows,
        "cholesky": lambda: torch.linalg.cholesky_ex(damped),
        "jacobian": jacobian,
        "loss": lambda: objective.loss(theta),
    }
    facts = {"parameters": objective.size, "residuals": objective.samples, "blocks": len(blocks)}
    # one point per parameter, so that the tiny step also uses the normal equations
    return Case(timed, steps_on(objective.size), facts, lambda: {"trials": statistics.mean(trials)})
