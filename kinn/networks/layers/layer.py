"""Layers on jets: maps of channels that act at each point alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import groupby

from torch import Tensor, nn

from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape


class Layer(nn.Module, ABC):
    """A map of channels that acts at each point alone.

    A subclass needs `forward`, the values, and `jet`, the values with their partial derivatives, which records the layer on
    the tape if it has parameters. `flops` and `backend` have defaults.
    """

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Image (N, O) of values x (N, I); differentiable without limit."""

    @abstractmethod
    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Image (A, N, O) of a stack of components (A, N, I)."""

    @property
    def affine_parameters(self) -> tuple[nn.Parameter, ...]:
        """The parameters that the image is affine in; by default all."""
        return tuple(self.parameters())

    @classmethod
    def fused_jet(cls, layers: Sequence[Layer], stack: Tensor, index: IndexSet) -> Tensor:
        """Image of a stack under several layers of this kind, one after the other."""
        for layer in layers:
            stack = layer.jet(stack, index)
        return stack

    def backend(self, index: IndexSet) -> str | None:
        """Name of the back end that evaluates the layers inside on jets, or None where there is no choice."""
        return backend_of([layer for layer in self.modules() if layer is not self], index)

    def flops(self, index: IndexSet) -> int:
        """Additions and multiplications at one point; by default those of the layers inside."""
        return flops_of(self.children(), index)


def values(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    """Image (N, O) of values x (N, I) under layers, one after the other."""
    for layer in layers:
        x = layer(x)
    return x


def flops_of(modules: Iterable[nn.Module], index: IndexSet) -> int:
    """Additions and multiplications of layers at one point, those inside of other modules included."""
    total = 0
    for module in modules:
        total += module.flops(index) if isinstance(module, Layer) else flops_of(module.children(), index)
    return total


def backend_of(layers: Iterable[nn.Module], index: IndexSet) -> str | None:
    """Name of the back end of layers; "torch" where they differ, None where none has a choice."""
    names = {name for layer in layers if isinstance(layer, Layer) and (name := layer.backend(index))}
    return "torch" if len(names) > 1 else next(iter(names), None)


def push_forward(layers: Iterable[nn.Module], stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
    """Image of a stack under layers, one after the other; neighbours of one kind go together."""
    chain = [layer for layer in layers if isinstance(layer, Layer)]
    if tape is None:
        kind: type[Layer]
        for kind, run in groupby(chain, type):
            stack = kind.fused_jet(tuple(run), stack, index)
        return stack
    for layer in chain:
        stack = layer.jet(stack, index, tape)
    return stack
