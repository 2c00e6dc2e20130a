"""Linear maps, fixed scalings and features, and activations, on values and on jets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from kinn.errors import InputError
from kinn.jets import IndexSet, stack, univariate
from kinn.jets.univariate import Univariate
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer, check_width

#: Smooth activations: every one has as many derivatives as a fourth-order equation needs.
ACTIVATIONS = {"tanh": univariate.tanh, "sin": univariate.sin, "gelu": univariate.gelu, "swish": univariate.silu}


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
        return (x - self.centre) * self.scale

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        if self.is_identity:
            return stack
        out = stack * self.scale
        out[0] -= self.centre * self.scale
        return out

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, Normalise)
        if not (torch.equal(self.centre, smaller.centre) and torch.equal(self.scale, smaller.scale)):
            raise InputError("networks on different boxes are not the same function")
        return channels


class Activation(Layer):
    """A univariate function applied to each channel."""

    def __init__(self, function: Univariate) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return next(self.function(x))

    def jet(self, stack_: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        return stack.compose(self.function, stack_, index)

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, Activation)
        if self.function is not smaller.function:
            raise InputError("networks of different activations are not the same function")
        return channels


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
        out: Tensor = x @ self.weight
        return out if self.bias is None else out + self.bias

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
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

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, Linear)
        outputs = smaller.weight.shape[1]
        check_width(outputs, self.weight.shape[1])
        self.weight[:, :outputs] = 0.0
        self.weight[channels, :outputs] = smaller.weight.to(self.weight.dtype)
        if (self.bias is None) != (smaller.bias is None):
            raise InputError("a linear layer with a bias and one without are not the same function")
        if self.bias is not None and smaller.bias is not None:
            self.bias[:outputs] = smaller.bias
        return torch.arange(outputs)

    def flops(self, index: IndexSet) -> int:
        return 2 * self.weight.numel() * len(index) + (0 if self.bias is None else self.bias.numel())


class FourierFeatures(Layer):
    """Fixed random frequencies: x -> sin(x B), cos(x B) (Tancik et al. 2020, arXiv:2006.10739).

    Args:
        frequencies: The matrix B, `I x M`.
    """

    frequencies: Tensor

    def __init__(self, frequencies: Tensor) -> None:
        super().__init__()
        self.register_buffer("frequencies", frequencies)

    def forward(self, x: Tensor) -> Tensor:
        phase = x @ self.frequencies
        return torch.cat([torch.sin(phase), torch.cos(phase)], dim=-1)

    def jet(self, stack_: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        phase = stack_ @ self.frequencies
        waves = [stack.compose(f, phase, index) for f in (univariate.sin, univariate.cos)]
        return torch.cat(waves, dim=-1)

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, FourierFeatures)
        old, new = smaller.frequencies.shape[1], self.frequencies.shape[1]
        check_width(old, new)
        self.frequencies[:, :old] = 0.0
        self.frequencies[channels, :old] = smaller.frequencies.to(self.frequencies.dtype)
        sines = torch.arange(old)
        return torch.cat([sines, new + sines])


def glorot(fan_in: int, fan_out: int, generator: torch.Generator) -> Tensor:
    """Random weight `fan_in x fan_out` with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""
    scale: float = (2.0 / (fan_in + fan_out)) ** 0.5
    return scale * torch.randn(fan_in, fan_out, generator=generator, dtype=torch.float64)
