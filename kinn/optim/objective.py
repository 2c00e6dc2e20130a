"""What optimisers ask of an objective, and what a step of theirs returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from torch import Tensor


class Objective(Protocol):
    """A sum of squares of residuals r(theta), r of length `samples`, theta of length `size`."""

    @property
    def size(self) -> int:
        """The number P of parameters."""
        ...

    @property
    def samples(self) -> int:
        """The number N of residuals."""
        ...

    @property
    def affine(self) -> bool:
        """Whether the residuals are affine in the fields, hence in the last layer's parameters."""
        ...

    def loss(self, theta: Tensor) -> float:
        """Return r . r at theta (P,)."""
        ...

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return r . r and its gradient (P,)."""
        ...

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield parts of r (n,) and of its Jacobian (n, P); a Jacobian may be overwritten by the next."""
        ...

    def last_layer(self) -> Tensor:
        """Return the positions in theta of the parameters that the fields are affine in."""
        ...


@dataclass(frozen=True)
class State:
    """Where an optimiser stands.

    Attributes:
        theta: The parameters (P,).
        loss: The loss there.
        memory: What the method carries from step to step.
        stalled: Why the method can go no further, or "".
        detail: Figures for the record (damping, step length, ...).
        stage: The name of the method that made the step.
    """

    theta: Tensor
    loss: float
    memory: dict[str, Any] = field(default_factory=dict)
    stalled: str = ""
    detail: dict[str, float] = field(default_factory=dict)
    stage: str = ""


class Optimizer(ABC):
    """A method as the user specifies it: a frozen dataclass that steps from state to state."""

    #: The name on the command line.
    name: ClassVar[str]
    #: Whether the loss never rises from step to step, so that standing still means being done.
    monotone: ClassVar[bool] = True

    @abstractmethod
    def start(self, objective: Objective, theta: Tensor) -> State:
        """Return the state before the first step."""

    @abstractmethod
    def step(self, objective: Objective, state: State) -> State:
        """Return the next state."""
