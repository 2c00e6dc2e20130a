"""Protocol of objectives, state of an optimisation and base class of optimisers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from math import sqrt
from typing import Any, ClassVar, NamedTuple, Protocol

from torch import Tensor

from kinn.config import Catalogue

#: Why a method stalls that found steps, none of which `Objective.accepts`.
ALL_REJECTED = "every step is rejected"

#: Work is counted in units of 0.1 ns on one core of 2.5 GHz. These were fitted to CPU times of KANs and MLPs of 500 to 2,600
#: parameters P on 1,500 to 20,000 residuals N. Of a gradient: for its operations as such, and for each multiplication of the
#: residuals or, where their number is not known, for each residual times root P.
GRADIENT_OVERHEAD_FLOPS = 2.5e7
GRADIENT_FLOPS = 4.0
GRADIENT_ROW_FLOPS = 500.0
#: Of a loss, as a fraction of a gradient.
LOSS_FRACTION = 0.45
#: Of the rows of the Jacobian, for each entry, and of J^T J for N P^2.
JACOBIAN_ENTRY_FLOPS = 160.0
GRAM_FLOPS = 0.14


class Curvature(NamedTuple):
    """The quadratic model loss + 2 half_gradient . d + d . matrix d of an objective around a point.

    Attributes:
        loss: The objective.
        half_gradient: Half its gradient (P,).
        matrix: Half a positive semidefinite matrix in place of its Hessian (P, P), in float64.
    """

    loss: float
    half_gradient: Tensor
    matrix: Tensor


class Objective(Protocol):
    """A function of the parameters theta, of length `size`: a sum of squares, or an energy.

    First-order methods need `size`, `samples`, `loss`, `gradient` and `accepts` of it; Gauss-Newton methods `curvature` or
    `blocks`, too. `SumOfSquares` derives all but `size`, `samples`, `affine`, `loss`, `gradient`, `blocks` and `last_layer`.
    """

    @property
    def flops(self) -> float:
        """Approximate multiplications of an evaluation, 0 where they are not known."""
        return 0.0

    @property
    def size(self) -> int:
        """The number P of parameters."""

    @property
    def samples(self) -> int:
        """The number N of rows whose products make the curvature."""

    @property
    def affine(self) -> bool:
        """Whether the objective is quadratic in the last layer's parameters, as for equations linear in the fields."""

    @property
    def least_squares(self) -> bool:
        """Whether it is a sum of squares, which `blocks` gives one by one and whose least value is about zero."""

    def loss(self, theta: Tensor) -> float:
        """Objective at theta (P,)."""

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Objective and its gradient (P,)."""

    def curvature(self, theta: Tensor) -> Curvature:
        """Model of Gauss and Newton around theta."""

    def geodesic_correction(self, theta: Tensor, d: Tensor) -> Tensor | None:
        """Half the gradient (P,) of the second-order change along d, or None where it is left out.

        It is J^T H z'' / 2 with H the second derivative of the objective in what the parameters change, z, whose second
        derivative along d is z''. See `LevenbergMarquardt.geodesic_limit`.
        """

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield parts of the residuals r (n,) and of their Jacobian (n, P), which may be overwritten by the next.

        Raises:
            InputError: If the objective is no sum of squares.
        """

    def last_layer(self) -> Tensor:
        """Positions in theta of the parameters that the fields are affine in."""

    def accepts(self, before: Tensor, after: Tensor) -> bool:
        """Whether a step is accepted: an energy rejects one that a second quadrature does not confirm."""

    def progress(self, losses: list[float]) -> float:
        """Progress over successive losses as a fraction of the possible decrease, from 0 to 1."""


@dataclass(frozen=True)
class State:
    """State of an optimiser between two steps.

    Attributes:
        theta: The parameters (P,).
        loss: The loss there.
        memory: What the method carries from step to step.
        stalled: Why the method can go no further, or "".
        detail: Values for the history (damping, step length, ...).
        stage: The name of the method of the step.
    """

    theta: Tensor
    loss: float
    memory: dict[str, Any] = field(default_factory=dict)
    stalled: str = ""
    detail: dict[str, float] = field(default_factory=dict)
    stage: str = ""

    def pack(self) -> dict[str, Any]:
        """State as plain data and tensors, which can be written without a pickle of code."""
        return {f.name: _pack_value(getattr(self, f.name)) for f in fields(self)}

    @staticmethod
    def unpack(data: Mapping[str, Any]) -> State:
        """State that `pack` wrote."""
        return State(**{name: _unpack_value(value) for name, value in data.items()})


#: What marks the data of a state within the memory of another (the stage of "auto", say).
_INNER = "state of an optimizer"


def _pack_value(value: Any) -> Any:
    if isinstance(value, State):
        return {_INNER: value.pack()}
    return {k: _pack_value(v) for k, v in value.items()} if isinstance(value, dict) else value


def _unpack_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return State.unpack(value[_INNER]) if _INNER in value else {k: _unpack_value(v) for k, v in value.items()}


class Optimizer(ABC):
    """A method as the user specifies it: a frozen dataclass of settings that steps from state to state.

    A subclass needs the class variable `name` and the methods `start` and `step`. What it carries from step to step goes into
    `State.memory`: numbers, tensors and dictionaries of them, which checkpoints can write. A state that is `stalled` ends the
    training; a loss that is not finite sends it back to the last good state. `kinn.solve(..., optimizer=MyOptimizer())` takes
    it unregistered.
    """

    #: The name on the command line.
    name: ClassVar[str]
    #: Whether the loss never rises from step to step, so that standing still means being done.
    monotone: ClassVar[bool] = True
    #: Whether each step may see other points than the last: mini-batches.
    stochastic: ClassVar[bool] = False

    @abstractmethod
    def start(self, objective: Objective, theta: Tensor) -> State:
        """The state before the first step, with the loss at theta (P,)."""

    @abstractmethod
    def step(self, objective: Objective, state: State) -> State:
        """The state after one step."""

    def reset(self, objective: Objective, state: State) -> State:
        """The state after the objective changed (other weights, other points); by default that of a start at theta."""
        return self.start(objective, state.theta)

    def step_flops(self, objective: Objective, state: State) -> float:
        """Approximate work of the step that led to a state, by which validations are spaced and races are decided."""
        return gradient_flops(objective)

    def may_stagnate(self, state: State) -> bool:
        """Whether a loss that hardly falls means that training is done: not while other methods are still to be tried."""
        return self.monotone


def gradient_flops(objective: Objective) -> float:
    """Approximate work of a gradient, in units of 0.1 ns."""
    evaluation = GRADIENT_FLOPS * objective.flops or GRADIENT_ROW_FLOPS * objective.samples * sqrt(objective.size)
    return GRADIENT_OVERHEAD_FLOPS + evaluation


def curvature_flops(objective: Objective) -> float:
    """Approximate work of a curvature matrix, in units of 0.1 ns."""
    entries = objective.samples * objective.size
    return gradient_flops(objective) + entries * (JACOBIAN_ENTRY_FLOPS + GRAM_FLOPS * objective.size)


#: The methods by their names on the command line.
OPTIMIZERS: Catalogue[Optimizer] = Catalogue(
    "kinn.optim",
    {
        "auto": "Auto", "lm": "LevenbergMarquardt", "ssbroyden": "SelfScaledBroyden", "lstsq": "LastLayerLeastSquares",
        "lbfgs": "LBFGS", "adam": "Adam",
    },
)  # fmt: skip
