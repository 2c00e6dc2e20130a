"""Runge-Kutta methods as Butcher tableaus, their steps, and steps as long as an embedded method's error allows.

A step is a linear combination of states and slopes, so that it carries derivatives along unchanged: what is advanced may
be a state or a stack of its components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kinn.errors import DivergedError


@dataclass(frozen=True)
class Tableau:
    """An explicit Runge-Kutta method.

    Attributes:
        order: Its order.
        nodes: The times c of the stages, in parts of the step.
        stages: The weights a of the slopes in each stage, below the diagonal.
        weights: The weights b of the slopes in the step.
        error: The weights b - b* of the slopes in the difference from the embedded method; empty where there is none.
    """

    order: int
    nodes: tuple[float, ...]
    stages: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    error: tuple[float, ...] = ()

    def step(
        self, slope: Callable[[float, Tensor], Tensor], t: float, dt: float, state: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """State at t + dt, and the slopes of the stages.

        Args:
            slope: The right-hand side f(t, y).
            t: The time.
            dt: The step.
            state: The state y at t.
        """
        slopes: list[Tensor] = []
        for node, row in zip(self.nodes, self.stages, strict=True):
            slopes.append(slope(t + node * dt, combined(state, dt, row, slopes)))
        return combined(state, dt, self.weights, slopes), slopes


def combined(state: Tensor, dt: float, weights: tuple[float, ...], slopes: list[Tensor]) -> Tensor:
    """The state + dt times the weighted sum of the slopes."""
    for weight, slope in zip(weights, slopes, strict=True):
        if weight:
            state = state.add(slope, alpha=dt * weight)
    return state


#: Dormand and Prince (1980, J. Comput. Appl. Math. 6, 19).
_DOPRI5 = Tableau(
    5,
    (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
    (
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    ),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0.0),
    (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),
)

#: Tsitouras (2011, Comput. Math. Appl. 62, 770).
_TSIT5_LAST = (
    0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774,
)  # fmt: skip
_TSIT5 = Tableau(
    5,
    (0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0),
    (
        (),
        (0.161,),
        (-0.008480655492356989, 0.335480655492357),
        (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
        (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
        (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
        _TSIT5_LAST,
    ),
    (*_TSIT5_LAST, 0.0),
    (
        -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
        0.5823571654525552, -0.45808210592918697, 1 / 66,
    ),
)  # fmt: skip

#: The methods by name.
METHODS: dict[str, Tableau] = {
    "euler": Tableau(1, (0.0,), ((),), (1.0,)),
    "midpoint": Tableau(2, (0.0, 0.5), ((), (0.5,)), (0.0, 1.0)),
    "rk4": Tableau(4, (0.0, 0.5, 0.5, 1.0), ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
    "dopri5": _DOPRI5,
    "tsit5": _TSIT5,
}


#: The times at which steps begin, and their lengths.
Steps = tuple[tuple[float, float], ...]

#: The shortest step, as a fraction of the time: below it, times no longer tell a step's beginning from its end.
MIN_STEP = 1e-12

#: The least and the greatest factor between successive steps, and the safety factor of the error's root.
MIN_FACTOR, MAX_FACTOR, SAFETY = 0.2, 5.0, 0.9


def equal_steps(count: int) -> Steps:
    """Equal steps from 0 to 1."""
    return tuple((n / count, 1.0 / count) for n in range(count))


@torch.no_grad()
def adapted_steps(
    tableau: Tableau, slope: Callable[[float, Tensor], Tensor], state: Tensor, tolerance: float, first: float
) -> Steps:
    """Steps from 0 to 1 whose error stays below a tolerance for all states.

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
    t, dt, previous = 0.0, first, 1.0
    steps: list[tuple[float, float]] = []
    while t < 1.0:
        dt = min(dt, 1.0 - t)
        if dt < MIN_STEP:
            if 1.0 - t < MIN_STEP:
                break
            raise DivergedError(
                f"the step of the neural ODE underflows at time {t:.6g} of 1, where the norm of its state is "
                f"{float(state.norm(dim=-1).max()):.3g}"
            )
        following, slopes = tableau.step(slope, t, dt, state)
        difference = combined(torch.zeros_like(state), dt, tableau.error, slopes)
        scale = tolerance * (1.0 + torch.maximum(state.abs(), following.abs()))
        error = float((difference / scale).square().mean().sqrt())
        if not error <= 1.0:  # not a number counts as too large
            # numbers that are not finite say nothing of how much shorter the step has to be
            shorter = SAFETY * error ** (-1.0 / tableau.order) if error < float("inf") else 0.0
            dt *= max(MIN_FACTOR, shorter)
            continue
        steps.append((t, dt))
        t, state = t + dt, following
        last = max(error, 1e-10)
        dt *= min(
            MAX_FACTOR, max(MIN_FACTOR, SAFETY * last ** (-0.7 / tableau.order) * previous ** (0.4 / tableau.order))
        )
        previous = last
    return tuple(steps)
