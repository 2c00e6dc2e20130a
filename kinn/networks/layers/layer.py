"""Layers on jets: maps of channels that act at each point alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from kinn.errors import InputError
from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape


class Layer(nn.Module, ABC):
    """A map of channels that acts at each point alone.

    A subclass needs `forward`, the values, and `jet`, the values with their partial derivatives, which records the layer on
    the tape if it has parameters. `flops` and `backend` have defaults; so has `embed`, for layers that do not grow.
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

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        """Parameters with which channels of the output are those of a smaller layer; by default of one of equal size.

        New inputs do not reach old outputs; old inputs reach new outputs with the random parameters of the start.

        Args:
            smaller: The smaller layer, of the same type.
            channels: The positions (I,) of its inputs among the inputs of this one.

        Returns:
            The positions (O,) of its outputs among the outputs of this one.

        Raises:
            InputError: If there are no such parameters.
        """
        state, own_state = smaller.state_dict(), self.state_dict()
        if {name: t.shape for name, t in state.items()} != {name: t.shape for name, t in own_state.items()}:
            raise InputError(f"layers of type {type(self).__name__} do not grow: the class has no method `embed`")
        if state and not torch.equal(channels, torch.arange(len(channels))):
            raise InputError(f"a layer of type {type(self).__name__} does not tell new inputs from old ones")
        for name, tensor in state.items():
            own_state[name].copy_(tensor)
        return channels

    def start_as_identity(self) -> None:
        """Parameters with which the layer is the identity and still learns.

        Raises:
            InputError: If there are none.
        """
        raise InputError(f"a new layer of type {type(self).__name__} changes the function: give both as many layers")


def embed_chain(smaller: Iterable[nn.Module], larger: Iterable[nn.Module], channels: Tensor) -> Tensor:
    """Positions of the outputs of layers among those of larger layers, which are given their parameters.

    Further layers of the larger chain start as the identity.

    Args:
        smaller: The smaller layers in order.
        larger: The larger layers in order.
        channels: The positions of the inputs of the smaller chain among those of the larger.

    Raises:
        InputError: If the larger chain cannot be the same function.
    """
    old = [layer for layer in smaller if isinstance(layer, Layer)]
    new = [layer for layer in larger if isinstance(layer, Layer)]
    surplus = len(new) - len(old)
    if surplus < 0:
        raise InputError(f"a network of {len(old)} layers does not fit into one of {len(new)}")
    for layer in new:
        if old and type(old[0]) is type(layer):
            channels = layer.embed(old.pop(0), channels)
        elif surplus:
            layer.start_as_identity()
            surplus -= 1
        else:
            raise InputError(
                f"a layer of type {type(old[0]).__name__} cannot become one of type {type(layer).__name__}"
            )
    if old:
        raise InputError(f"a layer of type {type(old[0]).__name__} has no counterpart in the larger network")
    return channels


def check_width(smaller: int, larger: int) -> None:
    """Raise an InputError unless a layer has at least as many outputs as a smaller one."""
    if larger < smaller:
        raise InputError(f"a layer of {smaller} outputs does not fit into one of {larger}")


def zero_output(layers: nn.ModuleList) -> None:
    """Zero the last of several layers; the others keep their parameters, so that gradients reach the last."""
    for parameter in layers[-1].parameters():
        parameter.zero_()


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
