"""Self-scaled Broyden with a strong Wolfe line search, started from the Gauss-Newton matrix.

The update is the self-scaled Broyden family of Al-Baali (1998, Comput. Optim. Appl. 9) in the variant that Urban,
Stefanou and Pons (2025, J. Comput. Phys. 523, 113656) found best for physics-informed networks.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy.optimize
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.optim.gauss_newton import NormalEquations
from kinn.optim.objective import Objective, Optimizer, State

#: The most parameters for which a matrix of their number squared is kept.
MAX_DENSE_PARAMETERS = 5000


@dataclass(frozen=True)
class SelfScaledBroyden(Optimizer):
    """Self-scaled Broyden.

    Attributes:
        damping: What is added to J^T J for the first matrix, relative to its largest diagonal entry.
        decrease: The constant of the sufficient-decrease condition.
        curvature: The constant of the curvature condition.
        gauss_newton_start: Whether the first matrix is that of Gauss-Newton (else a multiple of the identity).
    """

    name: ClassVar[str] = "ssbroyden"

    damping: float = 1e-11
    decrease: float = 1e-4
    curvature: float = 0.9
    gauss_newton_start: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.decrease < self.curvature < 1:
            raise InputError("optimizer.decrease and optimizer.curvature satisfy 0 < decrease < curvature < 1")

    def start(self, objective: Objective, theta: Tensor) -> State:
        loss, gradient = objective.gradient(theta)
        return State(theta, loss, {"gradient": gradient.double(), "damping": self.damping})

    def step(self, objective: Objective, state: State) -> State:
        """State after one line search and one update; a failed search goes back to the first matrix."""
        gradient: Tensor = state.memory["gradient"]
        inverse: Tensor | None = state.memory.get("inverse")
        fresh = inverse is None
        if inverse is None:
            inverse = self._first(objective, state.theta, state.memory["damping"])
        found = self._search(objective, state, -(inverse @ gradient))
        if found is None:
            return self._reset(state, fresh)
        length, moved, loss, new_gradient = found
        step = (moved - state.theta).double()
        updated = self_scaled_update(inverse, step, new_gradient - gradient, gradient, length)
        memory = {"gradient": new_gradient, "inverse": updated, "damping": self.damping}
        return State(moved, loss, memory, detail={"length": length})

    def _search(
        self, objective: Objective, state: State, direction: Tensor
    ) -> tuple[float, Tensor, float, Tensor] | None:
        """Step length, parameters, loss and gradient at a strong Wolfe point, or None where none is found."""
        gradient: Tensor = state.memory["gradient"]
        if not bool(torch.isfinite(direction).all()) or float(direction @ gradient) >= 0:
            return None
        seen: dict[bytes, tuple[float, Tensor]] = {}

        def evaluate(x: npt.NDArray[np.float64]) -> tuple[float, Tensor]:
            key = x.tobytes()
            if key not in seen:
                loss, gradient_at = objective.gradient(torch.as_tensor(x, dtype=state.theta.dtype))
                seen[key] = (loss if np.isfinite(loss) else 1e300, gradient_at.double())
            return seen[key]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a search that fails says so by its result
            start, along, slope = (t.double().numpy() for t in (state.theta, direction, gradient))
            functions = (lambda x: evaluate(x)[0], lambda x: evaluate(x)[1].numpy())
            conditions = {"c1": self.decrease, "c2": self.curvature, "maxiter": 20}
            length = scipy.optimize.line_search(*functions, start, along, slope, state.loss, **conditions)[0]
        if length is None:
            return None
        moved = state.theta.double() + float(length) * direction
        loss, new_gradient = evaluate(moved.numpy())
        if loss < state.loss and bool(torch.isfinite(new_gradient).all()) and objective.accepts(state.theta, moved):
            return float(length), moved.to(state.theta.dtype), loss, new_gradient
        return None

    def _first(self, objective: Objective, theta: Tensor, damping: float) -> Tensor:
        """First matrix: that of Gauss-Newton where it fits in memory."""
        if self.gauss_newton_start and objective.size <= MAX_DENSE_PARAMETERS:
            model = NormalEquations(objective, theta)
            while damping < 1.0:
                inverse = model.inverse_hessian(damping * model.scale)
                if inverse is not None:
                    return inverse
                damping *= 10.0
        return torch.eye(objective.size, dtype=torch.float64)

    def _reset(self, state: State, fresh: bool) -> State:
        """Go back to the first matrix, with more damping where that was the one that failed."""
        damping: float = state.memory["damping"]
        if fresh and damping > 1e-3:
            return State(state.theta, state.loss, state.memory, "line search failed")
        memory = {"gradient": state.memory["gradient"], "damping": damping * 100.0 if fresh else self.damping}
        return State(state.theta, state.loss, memory, detail={"reset": 1.0})


def self_scaled_update(inverse: Tensor, s: Tensor, y: Tensor, gradient: Tensor, length: float) -> Tensor:
    """Inverse Hessian after a step.

    Args:
        inverse: H, `P x P`; overwritten.
        s: The step (P,).
        y: The change of the gradient (P,).
        gradient: The gradient before the step (P,).
        length: The step length along -H gradient.

    Returns:
        H', with H' y = s; H itself where the curvature s . y is not positive.
    """
    curvature = float(s @ y)
    image = inverse @ y
    norm = float(y @ image)
    if curvature <= 1e-14 * float(s.norm() * y.norm()) or norm <= 0:
        return inverse
    b = -length * float(s @ gradient) / curvature
    h = norm / curvature
    a = max(h * b - 1.0, 1e-14)  # not negative by Cauchy and Schwarz, up to rounding
    low = min(1.0, h * (1.0 - (a / (1.0 + a)) ** 0.5))
    theta = max((low - 1.0) / a, min(1.0 / low, (1.0 - b) / b))
    sigma = 1.0 + a * theta
    root = abs(sigma) ** (1.0 / (1.0 - len(s))) if len(s) > 1 else 1.0
    high = min(1.0, 1.0 / b)
    scale = high * min(root, 1.0 / theta) if theta > 0 else min(high * root, sigma)
    phi = (1.0 - theta) / (1.0 + a * theta)
    v = norm**0.5 * (s / curvature - image / norm)
    # H' = (H - (H y)(H y)^T / (y H y) + phi v v^T) / scale + s s^T / (s y), as one product of rank 3
    left = torch.stack([-image / (norm * scale), phi / scale * v, s / curvature], dim=1)
    return torch.addmm(inverse, left, torch.stack([image, v, s]), beta=1.0 / scale, out=inverse)
