"""Layers on jets: features of the input, contracted with a weight.

Every parametric layer computes `output = features(input) @ weight (+ bias)`, where the features carry no parameters.
For a linear layer they are the input itself, for a KAN layer the basis functions of each input. Everything that is
done with weights (values, jets, Jacobian blocks, last-layer least squares) is written once, here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.jets import IndexSet, stack
from kinn.jets.univariate import Univariate
from kinn.networks.tape import Tape


class Layer(nn.Module, ABC):
    """A map of channels that acts at each point alone."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return the image (N, O) of values x (N, I); differentiable without limit."""

    @abstractmethod
    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the image (A, N, O) of a stack of components (A, N, I)."""


class Normalise(Layer):
    """The affine map of a box onto [-1, 1]^d.

    Args:
        lower: The lower corner, d numbers.
        upper: The upper corner, d numbers.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        super().__init__()
        low = torch.as_tensor(lower, dtype=torch.float64)
        high = torch.as_tensor(upper, dtype=torch.float64)
        self.register_buffer("centre", (low + high) / 2, persistent=False)
        self.register_buffer("scale", 2 / (high - low), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised points (N, d)."""
        return (x - self.centre) * self.scale

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack of the normalised coordinates."""
        out = stack * self.scale
        out[0] -= self.centre * self.scale
        return out


class Activation(Layer):
    """A univariate function applied to each channel."""

    def __init__(self, function: Univariate) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x)."""
        return next(self.function(x))

    def jet(self, stack_: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack of f(u)."""
        return stack.compose(self.function, stack_, index)


class Contraction(Layer):
    """A parametric layer: features without parameters, contracted with a weight.

    Args:
        weight: The initial weight, `F x O`.
        bias: The initial bias, `O`, or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = Parameter(weight)
        self.bias = Parameter(bias) if bias is not None else None

    @abstractmethod
    def features(self, stack: Tensor, index: IndexSet) -> Tensor:
        """Return the stack of features (A, N, F) of a stack of components (A, N, I)."""

    @abstractmethod
    def value_features(self, x: Tensor) -> Tensor:
        """Return the features (N, F) of values x (N, I); differentiable without limit."""

    def forward(self, x: Tensor) -> Tensor:
        """Return features(x) @ weight + bias."""
        out: Tensor = self.value_features(x) @ self.weight
        if self.bias is not None:
            out = out + self.bias
        return out

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack of outputs; records itself on the tape."""
        features = self.features(stack, index)
        out: Tensor = features @ self.weight
        if self.bias is not None:
            out = torch.cat([(out[0] + self.bias).unsqueeze(0), out[1:]]) if len(index) > 1 else out + self.bias
        if tape is not None:
            tape.record(features, out, self.weight, self.bias)
        return out


class Linear(Contraction):
    """A linear layer: its features are its inputs."""

    def features(self, stack: Tensor, index: IndexSet) -> Tensor:
        """Return the stack itself."""
        return stack

    def value_features(self, x: Tensor) -> Tensor:
        """Return x itself."""
        return x

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.weight.shape[0]} -> {self.weight.shape[1]}"


def glorot(fan_in: int, fan_out: int, generator: torch.Generator) -> Tensor:
    """Return a `fan_in x fan_out` weight with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""
    scale: float = (2.0 / (fan_in + fan_out)) ** 0.5
    return scale * torch.randn(fan_in, fan_out, generator=generator, dtype=torch.float64)
