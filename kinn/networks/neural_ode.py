"""Neural ordinary differential equations: networks whose depth is time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from kinn.errors import InputError, check_name
from kinn.networks.kan import refined
from kinn.networks.layers.dense import Dense
from kinn.networks.layers.flow import Flow
from kinn.networks.layers.layer import Layer
from kinn.networks.layers.runge_kutta import METHODS
from kinn.networks.network import Architecture, at_least_one, rescaled, widened


@dataclass(frozen=True)
class NeuralODE(Architecture):
    """A neural ODE: a lift to `width` channels, their flow under a trained vector field, and a readout.

    Attributes:
        width: The number of channels of the state.
        field: The layers of the vector field: "mlp" (activations and linear layers) or "kan" (spline layers).
        layers_per_field: The number of such layers.
        method: "euler", "midpoint", "rk4", "dopri5" or "tsit5".
        steps: The number of equal steps from time 0 to 1; the inverse of the first one, where they adapt.
        tolerance: The largest error of a step that adapts ("dopri5", "tsit5"), relative to 1 + |y|; 0 for equal steps.
        autonomous: Whether the field does not depend on time.
        gradient_checkpoints: How many states gradients keep, computing the others again: memory that does not grow with
            the number of steps; 0 to keep everything, which is quicker.
        activation: "tanh", "sin", "gelu" or "swish", for layers that are linear.
        grid: The number of grid intervals, for spline layers.
        degree: The degree of their splines.
        init: Their initialisation, as of a KAN.
    """

    name: ClassVar[str] = "neural-ode"

    width: int = 16
    field: str = "mlp"
    layers_per_field: int = 1
    method: str = "midpoint"
    steps: int = 3
    tolerance: float = 0.0
    autonomous: bool = False
    gradient_checkpoints: int = 0
    activation: str = "tanh"
    grid: int = 6
    degree: int = 5
    init: str = "power"

    def __post_init__(self) -> None:
        for name in ("width", "layers_per_field", "steps"):
            at_least_one(name, getattr(self, name))
        check_name("value of network.method", self.method, METHODS)
        if not 0 <= self.tolerance < 1:
            raise InputError(f"network.tolerance is 0 or more and less than 1, not {self.tolerance}")
        if self.tolerance and not METHODS[self.method].error:
            adaptive = " or ".join(name for name, method in METHODS.items() if method.error)
            raise InputError(f"network.tolerance needs network.method {adaptive}: {self.method} has no error estimate")
        if self.gradient_checkpoints < 0:
            raise InputError(
                f"network.gradient_checkpoints is a number of states, 0 or more, not {self.gradient_checkpoints}"
            )
        self._dense.check("field")

    @property
    def _dense(self) -> Dense:
        return Dense(self.field, self.activation, self.grid, self.degree, self.init)

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        lift = self._dense.layer(inputs, self.width, generator, is_input=True)
        field = [layer for n in self._field_inputs for layer in self._dense.layer(n, self.width, generator)]
        flow = Flow(
            lift,
            field,
            method=self.method,
            steps=self.steps,
            tolerance=self.tolerance,
            autonomous=self.autonomous,
            gradient_checkpoints=self.gradient_checkpoints,
            inputs=inputs,
            width=self.width,
        )
        return [flow, *self._dense.layer(self.width, outputs, generator)]

    @property
    def _field_inputs(self) -> list[int]:
        """Number of channels before each layer of the field: the first one sees the time, too."""
        return [self.width + (n == 0 and not self.autonomous) for n in range(self.layers_per_field)]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        sizes = [(inputs, self.width), *((n, self.width) for n in self._field_inputs), (self.width, outputs)]
        return sum(self._dense.parameter_count(*size) for size in sizes)

    def resized(self, factor: float) -> NeuralODE:
        return replace(self, width=rescaled((self.width,), factor)[0])

    def larger(self) -> tuple[NeuralODE, ...]:
        """Twice the grid intervals of spline layers, then more channels; none where steps adapt to all channels."""
        if self.tolerance:
            return ()
        grid = refined(self.grid) if self.field == "kan" else self.grid
        levers = [replace(self, grid=grid)] if grid != self.grid else []
        return (*levers, replace(self, width=widened((self.width,))[0]))


@dataclass(frozen=True)
class KANODE(NeuralODE):
    """A neural ODE whose vector field is a KAN (Koenig et al. 2024, arXiv:2407.04192)."""

    name: ClassVar[str] = "kan-ode"

    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = ({"width": 4, "grid": 4}, {"width": 6, "grid": 3})

    width: int = 6
    field: str = "kan"
