"""The Kolmogorov-Arnold network: a learnable spline on every edge (Liu et al. 2024, arXiv:2404.19756)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import Parameter

from kinn.errors import InputError, unknown
from kinn.jets import IndexSet
from kinn.networks.initialise import SPLINE_INITIALISATIONS, derivative_energies
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers import Layer
from kinn.networks.network import Architecture, positive_widths, rescaled
from kinn.ops import BOUNDED_MAPS, SplineGrid, SplineMap, spline_chain, spline_jacobian, spline_jet
from kinn.ops.backends import backend_for, name_of
from kinn.ops.reference import slots


class SplineLayer(Layer):
    """A KAN layer: on every edge a spline and silu, each with a coefficient.

    Args:
        grid: The spline grid, shared by the inputs.
        weight: The initial coefficients, `I (K + 1) x O`, slots of one input together, the base function last.
        squash: The map in front that keeps arguments on the grid, one of `BOUNDED_MAPS`.
    """

    edges: Tensor
    matrices: Tensor

    def __init__(self, grid: SplineGrid, weight: Tensor, squash: str = "none") -> None:
        super().__init__()
        self.degree = grid.degree
        self.squash = squash
        self.weight = Parameter(weight)
        self._grid: tuple[tuple[int, int], SplineGrid] | None = None
        self.register_buffer("edges", grid.edges)
        self.register_buffer("matrices", grid.matrices, persistent=False)

    @property
    def grid(self) -> SplineGrid:
        """The grid in the layer's precision and on its device; the same object until its edges change."""
        state = (id(self.edges), self.edges._version)
        if self._grid is None or self._grid[0] != state:
            self._grid = state, SplineGrid(self.degree, self.edges, self.matrices)
        return self._grid[1]

    def forward(self, x: Tensor) -> Tensor:
        """Return the image (N, O) of values x (N, I); differentiable without limit."""
        mapped = BOUNDED_MAPS[self.squash]
        y = x if mapped is None else next(mapped(x))
        return next(slots(y, self.grid)).flatten(1) @ self.weight

    @classmethod
    def chain(cls, layers: Sequence[Layer], stack: Tensor, index: IndexSet) -> Tensor:
        """Return the image of a stack under several KAN layers, in one op."""
        maps = [SplineMap(layer.weight, layer.grid, layer.squash) for layer in layers if isinstance(layer, cls)]
        return spline_chain(stack, maps, index, check_finite=False)

    def backend(self, index: IndexSet) -> str:
        """Return the name of the back end of the spline op."""
        return name_of(backend_for(self.weight, self.grid, index, self.squash))

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack of outputs; records itself on the tape."""
        grid = self.grid
        out = spline_jet(stack, self.weight, grid, index, squash=self.squash, check_finite=False)
        if tape is not None:
            inputs = stack.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                spline_jacobian(inputs, self.weight, grid, index, adjoint, columns[self.weight], squash=self.squash)

            tape.record(out, block)
        return out

    def flops(self, index: IndexSet) -> int:
        """Return the operations: on each edge the sums over degree + 2 slots for the spline's derivatives, then the jet's."""
        edges = self.weight.numel() // (self.grid.size + 1)
        return 2 * edges * ((self.degree + 2) * (index.order + 1) + (len(index) - 1) * index.order)

    def extra_repr(self) -> str:
        """Return the sizes."""
        slots_ = self.grid.size + 1
        return (
            f"{self.weight.shape[0] // slots_} -> {self.weight.shape[1]}, grid={self.grid.intervals}, k={self.degree}"
        )


def spline_layer(
    fan_in: int, fan_out: int, intervals: int, degree: int, init: str, squash: str, generator: torch.Generator
) -> SplineLayer:
    """Return a freshly initialised layer on a uniform grid over [-1, 1]; `init` is one of `SPLINE_INITIALISATIONS`."""
    grid = SplineGrid.uniform(intervals, degree)
    spline_scale, base_scale = SPLINE_INITIALISATIONS[init](fan_in, fan_out, derivative_energies(grid))
    weight = torch.randn(fan_in, grid.size + 1, fan_out, generator=generator, dtype=torch.float64)
    weight[:, :-1] *= spline_scale
    weight[:, -1] *= base_scale
    return SplineLayer(grid, weight.flatten(0, 1), squash)


def check_splines(intervals: int, degree: int, init: str) -> None:
    """Raise an InputError unless there are such splines: settings of every network that has spline layers."""
    if not 1 <= intervals <= 1000:
        raise InputError(f"network.grid is 1 to 1000 intervals, not {intervals}")
    if not 1 <= degree <= 7:
        raise InputError(f"network.degree is 1 to 7, not {degree}")
    if init not in SPLINE_INITIALISATIONS:
        raise unknown("value of network.init", init, SPLINE_INITIALISATIONS)


@dataclass(frozen=True)
class KAN(Architecture):
    """A Kolmogorov-Arnold network of B-splines on uniform grids, with a silu base function on every edge.

    Attributes:
        width: The hidden widths.
        grid: The number of grid intervals, one for all layers or one a layer (one more than hidden widths).
        degree: The degree of the splines; 5 and more for second-order equations (a cubic's third derivative, which
            the gradient of a second-order residual contains, is only piecewise constant).
        init: "power" (coefficients of standard deviation ((grid + degree + 1) inputs)^-1) or "glorot" (variance kept
            by values and slopes alike).
        squash: The map between layers that keeps hidden values on the grid: "tanh", "softsign" or "none".
    """

    name: ClassVar[str] = "kan"

    width: tuple[int, ...] | int = (8,)
    grid: tuple[int, ...] | int = 8
    degree: int = 5
    init: str = "power"
    squash: str = "tanh"

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", positive_widths(self.width))
        grids = (self.grid,) if isinstance(self.grid, int) else tuple(self.grid)
        if len(grids) not in (1, len(self.widths) + 1):
            raise InputError(
                f"network.grid is one number or {len(self.widths) + 1}, one a layer; {len(grids)} are given"
            )
        for g in grids:
            check_splines(g, self.degree, self.init)
        if self.squash not in BOUNDED_MAPS:
            raise unknown("value of network.squash", self.squash, BOUNDED_MAPS)

    @property
    def widths(self) -> tuple[int, ...]:
        """The hidden widths as a tuple."""
        return (self.width,) if isinstance(self.width, int) else self.width

    @property
    def grids(self) -> tuple[int, ...]:
        """The grid intervals of each layer."""
        grids = (self.grid,) if isinstance(self.grid, int) else tuple(self.grid)
        return grids if len(grids) > 1 else grids * (len(self.widths) + 1)

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        """Return spline layers with the bounded map between them."""
        sizes = (inputs, *self.widths, outputs)
        built: list[Layer] = []
        for (fan_in, fan_out), intervals in zip(pairwise(sizes), self.grids, strict=True):
            squash = self.squash if built else "none"
            built.append(spline_layer(fan_in, fan_out, intervals, self.degree, self.init, squash, generator))
        return built

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Return the number of coefficients: one a slot and edge."""
        edges = (a * b for a, b in pairwise((inputs, *self.widths, outputs)))
        return sum(e * (g + self.degree + 1) for e, g in zip(edges, self.grids, strict=True))

    def resized(self, factor: float) -> KAN:
        """Return the KAN with hidden widths times `factor`."""
        return replace(self, width=rescaled(self.widths, factor))
