"""
Extending KINN
==============

A script may add parts to KINN: an equation, a shape, a condition, a network, an optimiser, a strategy, a callback.
Each is one class with few methods, and nothing has to be registered. This example solves an anisotropic diffusion problem
with all seven.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import ClassVar

import numpy as np
import torch

import kinn
from kinn import BoundaryCondition, Callback, Geometry, Problem, Weighting, grad
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.edges import Arc, Segment
from kinn.jets import univariate
from kinn.networks import Architecture
from kinn.networks.layers.linear import Activation, Linear, glorot
from kinn.optim import Optimizer, State


# %%
# An equation
# -----------
#
# A residual is a function of the fields and the points. It is zero where the equation holds.
def diffusion(u, p):
    """div(K grad u) + f with K = diag(1, k)."""
    return u.xx + p.k * u.yy + p.source(p.x, p.y)


def exact(x, y):
    """The manufactured solution."""
    return kinn.exp(x / 2) * kinn.cos(y)


def source(x, y):
    """The source that belongs to it."""
    return (4.0 - 0.25) * exact(x, y)


# %%
# A shape
# -------
#
# A `kinn.Geometry` gives a bounding box, its measure, a signed level (negative inside) and the parts of its boundary. With
# these it is sampled, cut out of other shapes and combined with time like every shape of the library.
class Stadium(Geometry):
    """A rectangle of a length between two half discs of a radius."""

    def __init__(self, length, radius):
        self.length, self.radius = length, radius

    @property
    def bounds(self):
        """The box around it."""
        corner = np.array([self.length / 2 + self.radius, self.radius])
        return -corner, corner

    @property
    def measure(self):
        """Its area."""
        return 2 * self.length * self.radius + pi * self.radius**2

    def level(self, points):
        """Distance to the axis of the stadium, less the radius."""
        x, y = points.T
        return np.hypot(np.maximum(np.abs(x) - self.length / 2, 0.0), y) - self.radius

    @property
    def parts(self):
        """Two sides and two ends."""
        a, r = self.length / 2, self.radius
        pieces = {
            "bottom": Segment((-a, -r), (a, -r), (0.0, -1.0)),
            "right": Arc((a, 0.0), r, -pi / 2, pi),
            "top": Segment((a, r), (-a, r), (0.0, 1.0)),
            "left": Arc((-a, 0.0), r, pi / 2, pi),
        }
        owner = BoundaryName("stadium")
        return tuple(Part(Label(BoundaryName(name), owner), piece) for name, piece in pieces.items())


# %%
# A condition
# -----------
#
# A `kinn.Condition` states its residuals. `kinn.BoundaryCondition` adds the boundary, the weight and the enforcement.
@dataclass(frozen=True)
class Oblique(BoundaryCondition):
    """The derivative of a field in a direction takes a value."""

    data_names: ClassVar[tuple[str, ...]] = ("value",)

    value: object
    direction: tuple[float, float] = (1.0, 0.0)

    def residuals(self, traces, p):
        """Difference of the derivative and its value."""
        slope = grad(traces[0][self.field])
        derivative = slope[0] * self.direction[0] + slope[1] * self.direction[1]
        return [derivative - self.datum("value", p)]


# %%
# A network
# ---------
#
# An `Architecture` is a frozen dataclass of settings that builds layers. The layers of the library carry all derivatives.
@dataclass(frozen=True)
class SineNetwork(Architecture):
    """One hidden layer of sines."""

    name: ClassVar[str] = "sine"

    width: int = 24

    def layers(self, inputs, outputs, generator):
        """The layers from [-1, 1]^d to the fields."""
        bias = torch.linspace(-pi, pi, self.width, dtype=torch.float64)
        hidden = Linear(glorot(inputs, self.width, generator), bias)
        return [hidden, Activation(univariate.sin), Linear(glorot(self.width, outputs, generator), None)]


# %%
# An optimiser
# ------------
#
# An `Optimizer` steps from state to state. The objective gives its loss, its gradient, and its Gauss-Newton curvature.
@dataclass(frozen=True)
class DampedGaussNewton(Optimizer):
    """Gauss-Newton whose damping is proportional to the loss (Fan and Yuan 2005)."""

    name: ClassVar[str] = "damped-gauss-newton"

    damping: float = 1.0

    def start(self, objective, theta):
        """The state at theta."""
        return State(theta, objective.loss(theta))

    def step(self, objective, state):
        """The state after one step, shortened until the loss falls."""
        model = objective.curvature(state.theta)
        shift = self.damping * state.loss * torch.eye(len(state.theta), dtype=torch.float64)
        direction = torch.linalg.solve(model.matrix + shift, -model.half_gradient)
        for halvings in range(12):
            theta = state.theta + direction / 2**halvings
            loss = objective.loss(theta)
            if loss < state.loss:
                return State(theta, loss, detail={"halvings": float(halvings)})
        return State(state.theta, state.loss, stalled="no shorter step lowers the loss")


# %%
# A strategy
# ----------
#
# A `kinn.Weighting` gives factors to the terms of the loss between steps, a `kinn.Sampling` moves points. Its state holds
# what a checkpoint needs to resume it.
@dataclass(frozen=True)
class ConditionsFirst(Weighting):
    """The terms of conditions count more at first, and their weight falls to one."""

    every: int = 10
    factor: float = 100.0

    def begin(self, objective, theta, seed):
        """The factors before the first step."""
        return self.state_at(objective, self.factor)

    def refresh(self, objective, theta, state, iteration):
        """The factors after every few steps."""
        if iteration % self.every or state["factor"] == 1.0:
            return None
        return self.state_at(objective, max(1.0, state["factor"] / 10))

    @staticmethod
    def state_at(objective, factor):
        """The state for a factor of the conditions."""
        return {"factor": factor, "factors": [1.0 if term.interior else factor for term in objective.terms]}


# %%
# A callback
# ----------
#
# A `kinn.Callback` follows the training and may stop it.
class StopAtLoss(Callback):
    """Stops once the loss at validation points is small."""

    def __init__(self, threshold):
        self.threshold = threshold

    def on_validation(self, state):
        """Compare the loss with the threshold."""
        if state.validation < self.threshold:
            state.stop("the loss at validation points is small enough")


# %%
# All together
# ------------
problem = Problem(
    "diffusion-in-a-stadium",
    Stadium(2.0, 0.5),
    strong=diffusion,
    coefficients={"k": 4.0, "source": source},
    conditions=[
        kinn.Dirichlet("u", exact, on="bottom"),
        kinn.Dirichlet("u", exact, on="top"),
        kinn.Dirichlet("u", exact, on="left"),
        Oblique("u", lambda x, y: exact(x, y) / 2 - kinn.exp(x / 2) * kinn.sin(y), on="right", direction=(1.0, 1.0)),
    ],
    exact=exact,
)
solution = kinn.solve(
    problem,
    SineNetwork(width=24),
    optimizer=DampedGaussNewton(),
    weights=ConditionsFirst(),
    callbacks=[StopAtLoss(2.5e-7)],
    iterations=200,
    seed=0,
)
print(f"stopped: {solution.stopped}; {solution.iterations} steps")
error = solution.errors["u"].l2
print(f"relative L2 error {error:.1e}")
solution.plot("runs/stadium")
