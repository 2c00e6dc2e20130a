"""Self-scaled Broyden with a strong Wolfe line search, started from the Gauss-Newton matrix.

The update is the self-scaled Broyden family of Al-Baali (1998, Comput. Optim. Appl. 9) in the variant that Urban,
Stefanou and Pons (2025, J. Comput. Phys. 523, 113656) found best for physics-informed networks.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import scipy.optimize
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.optim.gauss_newton import NormalEquations
from kinn.optim.objective import Objective, Optimizer, State, curvature_flops, gradient_flops

#: The most parameters for which a matrix of their number squared is kept.
MAX_DENSE_PARAMETERS = 5000

#: Work of an update for P^2 and of the inverse of the Gauss-Newton matrix for P^3, in the units of `gradient_flops`.
UPDATE_FLOPS = 40.0
INVERSE_FLOPS = 0.4

#: The trial step that scales the identity, as a fraction of the longest sensible one.
TRIAL_FRACTION = 1e-2

#: A fall of the loss below this fraction of it is rounding, and so are the gradient and what it would tell of the curvature.
ROUNDING = 2.0**-52


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
        evaluate = _Evaluations(objective, state.theta.dtype)
        if inverse is None:
            inverse = self._first(objective, state, evaluate)
        found = self._search(objective, state, -(inverse @ gradient), evaluate)
        detail = {"evaluations": float(evaluate.count)}
        if found is None:
            return self._reset(state, fresh, detail)
        length, moved, loss, new_gradient, satisfied = found
        memory = {"gradient": new_gradient, "damping": self.damping}
        if satisfied or fresh:
            step = (moved - state.theta).double()
            memory["inverse"] = self_scaled_update(inverse, step, new_gradient - gradient, gradient, length)
        return State(moved, loss, memory, detail={"length": length, **detail})

    def step_flops(self, objective: Objective, state: State) -> float:
        work = state.detail.get("evaluations", 1.2) * gradient_flops(objective) + UPDATE_FLOPS * objective.size**2
        if self.gauss_newton_start and "inverse" not in state.memory:
            work += curvature_flops(objective) + INVERSE_FLOPS * objective.size**3
        return work

    def _search(
        self, objective: Objective, state: State, direction: Tensor, evaluate: _Evaluations
    ) -> tuple[float, Tensor, float, Tensor, bool] | None:
        """Step length, parameters, loss and gradient at a strong Wolfe point, and True.

        Where none is found, the lowest point of the search that decreases the loss enough, and False, or None. None, too,
        where the loss can only fall by its rounding.
        """
        gradient: Tensor = state.memory["gradient"]
        if not bool(torch.isfinite(direction).all()) or -float(direction @ gradient) <= ROUNDING * abs(state.loss):
            return None
        start, along, slope = (t.double().numpy() for t in (state.theta, direction, gradient))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a search that fails says so by its result
            functions = (lambda x: evaluate(x)[0], lambda x: evaluate(x)[1].numpy())
            conditions = {"c1": self.decrease, "c2": self.curvature, "maxiter": 20}
            length = scipy.optimize.line_search(*functions, start, along, slope, state.loss, **conditions)[0]
        satisfied = length is not None
        if length is None:
            norm, descent = float(direction @ direction), self.decrease * float(direction @ gradient)
            lengths = [(loss, float((x - start) @ along) / norm) for x, loss in evaluate.points()]
            lengths = [(loss, a) for loss, a in lengths if a > 0 and loss <= state.loss + a * descent]
            if not lengths:
                return None
            length = min(lengths)[1]
        moved = state.theta.double() + float(length) * direction
        loss, new_gradient = evaluate(moved.numpy())
        if loss < state.loss and bool(torch.isfinite(new_gradient).all()) and objective.accepts(state.theta, moved):
            return float(length), moved.to(state.theta.dtype), loss, new_gradient, satisfied
        return None

    def _first(self, objective: Objective, state: State, evaluate: _Evaluations) -> Tensor:
        """First matrix: that of Gauss-Newton where it is asked for and fits in memory."""
        damping: float = state.memory["damping"]
        previous = damping
        if self.gauss_newton_start and objective.size <= MAX_DENSE_PARAMETERS:
            model = NormalEquations(objective, state.theta)
            while damping < 1.0:
                inverse = model.inverse_hessian(damping * model.scale)
                if inverse is not None:
                    return inverse
                damping *= 10.0
        # a search that failed is repeated with shorter steps
        scale = _identity_scale(state, evaluate) * sqrt(self.damping / previous)
        return scale * torch.eye(objective.size, dtype=torch.float64)

    def _reset(self, state: State, fresh: bool, detail: dict[str, float]) -> State:
        """Go back to the first matrix, with more damping where that was the one that failed."""
        damping: float = state.memory["damping"]
        if fresh and damping > 1e-3:
            return State(state.theta, state.loss, state.memory, "line search failed", detail)
        memory = {"gradient": state.memory["gradient"], "damping": damping * 100.0 if fresh else self.damping}
        return State(state.theta, state.loss, memory, detail={"reset": 1.0, **detail})


class _Evaluations:
    """Losses and gradients at points, each evaluated once.

    Args:
        objective: The objective.
        dtype: The type of its parameters.
    """

    def __init__(self, objective: Objective, dtype: torch.dtype) -> None:
        self.objective, self.dtype = objective, dtype
        self._found: dict[bytes, tuple[float, Tensor]] = {}

    def __call__(self, x: npt.NDArray[np.float64]) -> tuple[float, Tensor]:
        key = x.tobytes()
        if key not in self._found:
            loss, gradient = self.objective.gradient(torch.as_tensor(x, dtype=self.dtype))
            self._found[key] = (loss if np.isfinite(loss) else 1e300, gradient.double())
        return self._found[key]

    @property
    def count(self) -> int:
        return len(self._found)

    def points(self) -> list[tuple[npt.NDArray[np.float64], float]]:
        """Points with their losses."""
        return [(np.frombuffer(key), loss) for key, (loss, _) in self._found.items()]


def _identity_scale(state: State, evaluate: _Evaluations) -> float:
    """Step length along the negative gradient by its change over a short trial step (Barzilai and Borwein 1988).

    The trial is a hundredth of the step that would bring a linear loss to zero.
    """
    gradient: Tensor = state.memory["gradient"]
    square = float(gradient @ gradient)
    longest = abs(state.loss) / square if square > 0 else 0.0
    if not 0 < longest < float("inf"):
        return 1.0
    trial = TRIAL_FRACTION * longest
    _, changed = evaluate((state.theta.double() - trial * gradient).numpy())
    curvature = float(gradient @ (gradient - changed)) / trial
    return min(square / curvature, longest) if np.isfinite(curvature) and curvature > 0 else longest


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
