"""A Levenberg-Marquardt step on residuals of the Poisson equation, beside the linear algebra it cannot do without."""

from __future__ import annotations

import statistics

import torch

from kinn import KAN, LevenbergMarquardt, problems
from kinn.forms import DomainTrial, strong_form
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.optim.sum_of_squares import add_gram
from step_cases.sizes import Case, Sizes, Step

#: Steps after which the optimiser starts anew: every sample comes from the same stretch of training.
STRETCH = 20


def build(sizes: Sizes) -> Case:
    """Return the case: a step of the optimiser, its J^T J, the same by one product, a factorisation, and J itself."""
    architecture = KAN(width=sizes.width, grid=sizes.grid, degree=sizes.degree)
    problem = problems.get("poisson-2d")  # boundary values hold by construction: no residuals but the equation's
    method = LevenbergMarquardt()
    trials: list[float] = []

    def system_of(points: int) -> ResidualObjective:
        trial = DomainTrial(problem, architecture, seed=sizes.seed, dtype=sizes.precision)
        return strong_form(trial, points=points, seed=sizes.seed)

    def steps_on(points: int) -> Step:
        system = system_of(points)
        theta = system.start()
        state, count = method.start(system, theta), 0

        def step() -> None:
            nonlocal state, count
            if count == STRETCH or state.stalled:
                state, count = method.start(system, theta), 0
            state = method.step(system, state)
            count += 1
            trials.append(state.detail.get("trials", float(method.max_trials)))

        return step

    system = system_of(sizes.points)
    theta = system.start()
    blocks = [jacobian.clone() for _, jacobian in system.blocks(theta)]
    rows = torch.cat(blocks)
    damped = rows.T @ rows
    damped.diagonal().add_(1e-3 * float(damped.diagonal().max()))

    def gram() -> torch.Tensor:
        matrix = torch.zeros_like(damped)
        for block in blocks:
            add_gram(matrix, block)
        return matrix

    def jacobian() -> None:
        for _ in system.blocks(theta):
            pass

    timed: dict[str, Step] = {
        "step": steps_on(sizes.points),
        "gram": gram,
        "product": lambda: rows.T @ rows,
        "cholesky": lambda: torch.linalg.cholesky_ex(damped),
        "jacobian": jacobian,
        "loss": lambda: system.loss(theta),
    }
    facts = {"parameters": system.size, "residuals": system.samples, "blocks": len(blocks)}
    # as many points as parameters, so that the tiny step, too, takes the normal equations
    return Case(timed, steps_on(system.size), facts, lambda: {"trials": statistics.mean(trials)})
