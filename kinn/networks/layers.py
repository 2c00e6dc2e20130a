"""Layers on jets: maps of channels that act at each point alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

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

    @classmethod
    def chain(cls, layers: Sequence[Layer], stack: Tensor, index: IndexSet) -> Tensor:
        """Return the image of a stack under several layers of this kind, one after the other."""
        for layer in layers:
            stack = layer.jet(stack, index)
        return stack

    def backend(self, index: IndexSet) -> str | None:
        """Return the name of the back end that evaluates the layer on jets, or None where there is no choice."""
        return None

    def flops(self, index: IndexSet) -> int:
        """Return the additions and multiplications at one point; by default those of the layers that it is made of."""
        return flops_of(self.children(), index)


def values(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    """Return the image (N, O) of values x (N, I) under layers, one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def flops_of(modules: Iterable[nn.Module], index: IndexSet) -> int:
    """Return the additions and multiplications of layers at one point, those inside of other modules included."""
    total = 0
    for module in modules:
        total += module.flops(index) if isinstance(module, Layer) else flops_of(module.children(), index)
    return total


def backend_of(layers: Iterable[nn.Module], index: IndexSet) -> str | None:
    """Return the name of the back end of layers; "torch" where they differ, None where none has a choice."""
    names = {name for layer in layers if isinstance(layer, Layer) and (name := layer.backend(index))}
    return "torch" if len(names) > 1 else next(iter(names), None)


def in_order(layers: Iterable[nn.Module], stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
    """Return the image of a stack under layers, one after the other; neighbours of one kind go together."""
    chain = [layer for layer in layers if isinstance(layer, Layer)]
    if tape is None:
        kind: type[Layer]
        for kind, run in groupby(chain, type):
            stack = kind.chain(tuple(run), stack, index)
        return stack
    for layer in chain:
        stack = layer.jet(stack, index, tape)
    return stack


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
        self.is_identity = bool((low == -1).all() and (high == 1).all())

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised points (N, d)."""
        return (x - self.centre) * self.scale

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack of the normalised coordinates."""
        if self.is_identity:
            return stack
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


class Linear(Layer):
    """A linear layer.

    Args:
        weight: The initial weight, `I x O`.
        bias: The initial bias, `O`, or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = Parameter(weight)
        self.bias = Parameter(bias) if bias is not None else None

    def forward(self, x: Tensor) -> Tensor:
        """Return x @ weight + bias."""
        out: Tensor = x @ self.weight
        return out if self.bias is None else out + self.bias

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack of outputs; records itself on the tape."""
        out: Tensor = stack @ self.weight
        if self.bias is not None:
            out = torch.cat([(out[0] + self.bias).unsqueeze(0), out[1:]]) if len(index) > 1 else out + self.bias
        if tape is not None:
            inputs = stack.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[self.weight].add_(torch.bmm(inputs.permute(1, 2, 0), adjoint.permute(1, 0, 2)).flatten(1))
                if self.bias is not None:
                    columns[self.bias].add_(adjoint[0])

            tape.record(out, block)
        return out

    def flops(self, index: IndexSet) -> int:
        """Return the operations of the product, for each component, and of the bias."""
        return 2 * self.weight.numel() * len(index) + (0 if self.bias is None else self.bias.numel())

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.weight.shape[0]} -> {self.weight.shape[1]}"


def glorot(fan_in: int, fan_out: int, generator: torch.Generator) -> Tensor:
    """Return a `fan_in x fan_out` weight with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""
    scale: float = (2.0 / (fan_in + fan_out)) ** 0.5
    return scale * torch.randn(fan_in, fan_out, generator=generator, dtype=torch.float64)
