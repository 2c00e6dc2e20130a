"""Steps of a flow: equal ones, or as long as an embedded method's error allows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from kinn.errors import DivergedError
from kinn.networks.integration.runge_kutta import Tableau, combined

#: The times at which steps begin, and their lengths.
Steps = tuple[tuple[float, float], ...]

#: The shortest step, in parts of the whole time: below it, times no longer tell a step's beginning from its end.
SHORTEST = 1e-12

#: The least and the greatest factor between successive steps, and the safety factor of the error's root.
SHRINK, GROW, SAFETY = 0.2, 5.0, 0.9


def equal_steps(count: int) -> Steps:
    """Return so many equal steps from 0 to 1."""
    return tuple((n / count, 1.0 / count) for n in range(count))


@torch.no_grad()
def adapted_steps(
    tableau: Tableau, slope: Callable[[float, Tensor], Tensor], state: Tensor, tolerance: float, first: float
) -> Steps:
    """Return steps from 0 to 1 whose error stays below a tolerance for all of some states.

    A proportional-integral controller (Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, II.4). Its
    steps are plain numbers: no derivative passes through them.

    Args:
        tableau: A method with an embedded one.
        slope: The right-hand side f(t, y).
        state: The states at time 0, `N x C`.
        tolerance: The largest error of a step, relative to 1 + |y|, in the root mean square over states.
        first: The first step that is tried.

    Raises:
        DivergedError: If a step becomes so short that time no longer moves on.
    """
    t, dt, before = 0.0, first, 1.0
    steps: list[tuple[float, float]] = []
    while t < 1.0:
        dt = min(dt, 1.0 - t)
        if dt < SHORTEST:
            if 1.0 - t < SHORTEST:
                break
            raise DivergedError(
                f"the step of the neural ODE underflows at time {t:.6g} of 1, where the norm of its state is "
                f"{float(state.norm(dim=-1).max()):.3g}"
            )
        moved, slopes = tableau.step(slope, t, dt, state)
        off = combined(torch.zeros_like(state), dt, tableau.error, slopes)
        scale = tolerance * (1.0 + torch.maximum(state.abs(), moved.abs()))
        error = float((off / scale).square().mean().sqrt())
        if not error <= 1.0:  # not a number counts as too large
            # numbers that are not finite say nothing of how much shorter the step has to be
            shorter = SAFETY * error ** (-1.0 / tableau.order) if error < float("inf") else 0.0
            dt *= max(SHRINK, shorter)
            continue
        steps.append((t, dt))
        t, state = t + dt, moved
        last = max(error, 1e-10)
        dt *= min(GROW, max(SHRINK, SAFETY * last ** (-0.7 / tableau.order) * before ** (0.4 / tableau.order)))
        before = last
    return tuple(steps)
