"""Networks: an architecture that the user specifies, and the module built from it for one problem."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from kinn.config import Catalogue
from kinn.errors import InputError
from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer, backend_of, flops_of, push_forward, values
from kinn.networks.layers.linear import Normalise

#: The lower and the upper corner of the box that the inputs live in.
Bounds = tuple[Sequence[float], Sequence[float]]


class Network(nn.Module):
    """A chain of layers from coordinates to fields, on values and on jets.

    Args:
        layers: The layers in order; the first maps the d inputs to the box [-1, 1]^d.
        inputs: The number d of coordinates.
        outputs: The number C of fields.
    """

    def __init__(self, layers: Sequence[Layer], inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.inputs, self.outputs = inputs, outputs

    def forward(self, x: Tensor) -> Tensor:
        """Fields (N, C) at points x (N, d); differentiable without limit by nested autograd."""
        return values(self.layers, x)

    def jet(self, x: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Fields and their partial derivatives at points.

        Args:
            x: A `N x d` tensor of points.
            index: The A partial derivatives.
            tape: Records what the Jacobian needs.

        Returns:
            A `A x N x C` tensor.
        """
        return self.push(coordinate_stack(x, index), index, tape)

    def push(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Stack (A, N, C) of the fields for the stack (A, N, inputs) of the inputs."""
        return push_forward(self.layers, stack, index, tape)

    def backend(self, index: IndexSet) -> str:
        """Name of the back end of the spline op that evaluates the layers; "torch" where none does."""
        return backend_of(self.layers, index) or "torch"

    def flops(self, index: IndexSet) -> int:
        """Additions and multiplications of the fields and their derivatives at one point."""
        return flops_of(self.layers, index)

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters."""
        return sum(p.numel() for p in self.parameters())

    @property
    def last_layer(self) -> tuple[nn.Parameter, ...]:
        """The parameters that the outputs are affine in."""
        layer = self.layers[-1]
        assert isinstance(layer, Layer)
        return layer.affine_parameters


def coordinate_stack(x: Tensor, index: IndexSet) -> Tensor:
    """Stack (A, N, d) of the coordinates themselves at points x (N, d)."""
    stack = x.new_zeros((len(index), *x.shape))
    stack[0] = x
    for position, axis in index.firsts:
        stack[position, :, axis] = 1.0
    return stack


class Architecture(ABC):
    """A network as the user specifies it: a frozen dataclass of settings, without the sizes that only the problem knows.

    A subclass needs the class variable `name` and the method `layers`; with `resized`, comparisons can match
    its size to that of another. Its fields are its settings. `kinn.solve(problem, MyNetwork(...))` takes it unregistered.
    """

    #: The name on the command line.
    name: ClassVar[str]

    #: The sizes from which growth begins, as settings, in order of size.
    START_SIZES: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    @abstractmethod
    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        """Freshly initialised float64 layers from `inputs` numbers in [-1, 1] to `outputs`."""

    def periodic_layers(
        self, inputs: int, outputs: int, generator: torch.Generator, angles: Mapping[int, int]
    ) -> list[Layer]:
        """Layers where some inputs are waves of the angle of a periodic coordinate; by default as those of `layers`.

        Args:
            inputs: The number of inputs.
            outputs: The number of outputs.
            generator: The source of the initial parameters.
            angles: The first input of each such coordinate, a cosine, and the number of its inputs: cos, sin, cos 2, ...
        """
        return self.layers(inputs, outputs, generator)

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Number of trainable parameters of the network for these sizes; by default that of a network built for them."""
        return self.build(inputs, outputs).parameter_count

    def resized(self, factor: float) -> Architecture:
        """The architecture with hidden widths times `factor` (at least 1).

        Raises:
            InputError: If the class does not define it.
        """
        raise InputError(f"network {self.name!r} has no method `resized`, so its size cannot be matched to another's")

    def starts(self) -> tuple[Architecture, ...]:
        """Small architectures from which growth begins, in order of size; by default this one."""
        return tuple(replace(self, **size) for size in self.START_SIZES) or (self,)  # type: ignore[type-var]

    def larger(self) -> tuple[Architecture, ...]:
        """Next larger architectures that `embed` gives the same function, the first choice first; by default none."""
        return ()

    def build(
        self,
        inputs: int,
        outputs: int,
        bounds: Bounds | None = None,
        *,
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
        angles: Mapping[int, int] | None = None,
    ) -> Network:
        """Network from d coordinates in a box, [-1, 1]^d by default, to C fields; the seed fixes its parameters.

        Some of the inputs may be waves of the angles of periodic coordinates, see `periodic_layers`.

        Raises:
            InputError: If a size or the dtype is out of range.
        """
        if inputs < 1 or outputs < 1:
            raise InputError(f"a network needs at least one input and one output, not {inputs} and {outputs}")
        if dtype not in (torch.float32, torch.float64):
            raise InputError(f"networks are float32 or float64, not {str(dtype).removeprefix('torch.')}")
        generator = torch.Generator().manual_seed(seed)
        lower, upper = bounds if bounds is not None else ([-1.0] * inputs, [1.0] * inputs)
        layers = self.periodic_layers(inputs, outputs, generator, angles or {})
        return Network([Normalise(lower, upper), *layers], inputs, outputs).to(dtype)


#: The architectures by their names on the command line.
NETWORKS: Catalogue[Architecture] = Catalogue(
    "kinn.networks",
    {
        "kan": "KAN", "mlp": "MLP", "resnet": "ResNet", "residual-kan": "ResidualKAN", "modified-mlp": "ModifiedMLP",
        "pirate-net": "PirateNet", "neural-ode": "NeuralODE", "kan-ode": "KANODE",
        "random-features": "RandomFeatures", "tensor-splines": "TensorSplines",
    },
)  # fmt: skip


def at_least_one(name: str, value: object) -> None:
    """Raise an InputError unless a setting of the network is a whole number of at least 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"network.{name} is a whole number of at least 1, not {value!r}")


def positive_widths(width: tuple[int, ...] | int) -> tuple[int, ...]:
    """Hidden widths as a tuple; an InputError unless they are whole numbers of at least 1."""
    widths = (width,) if isinstance(width, int) else tuple(width)
    for w in widths:
        if not isinstance(w, int) or isinstance(w, bool) or w < 1:
            raise InputError(f"network.width holds whole numbers of at least 1, and {w!r} is none")
    return widths


def rescaled(widths: tuple[int, ...], factor: float) -> tuple[int, ...]:
    """Widths times a factor, each at least 1."""
    return tuple(max(1, round(w * factor)) for w in widths)


def widened(widths: tuple[int, ...], multiple: int = 1) -> tuple[int, ...]:
    """Widths of the next size: one and a half times as large, rounded up to a multiple."""
    return tuple(multiple * -(-3 * w // (2 * multiple)) for w in widths)


def match_parameters(architecture: Architecture, parameters: int, inputs: int, outputs: int) -> Architecture:
    """Architecture with hidden widths scaled so that its parameter count comes nearest to `parameters`.

    Raises:
        InputError: If `parameters` is not positive.
    """
    if parameters < 1:
        raise InputError(f"a parameter count to match is at least 1, not {parameters}")

    def count(factor: float) -> int:
        return architecture.resized(factor).parameter_count(inputs, outputs)

    high = 1.0
    while count(high) < parameters:
        high *= 2.0
    low = 0.0
    for _ in range(60):  # bisection to the two neighbouring sizes
        middle = (low + high) / 2
        low, high = (middle, high) if count(middle) < parameters else (low, middle)
    return min(
        (architecture.resized(factor) for factor in (low, high)),
        key=lambda a: abs(a.parameter_count(inputs, outputs) - parameters),
    )
