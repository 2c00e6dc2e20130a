"""Spline layers of Kolmogorov-Arnold networks, and the initial scales of their coefficients.

Both scales are those of the initialisation study of Rigas et al. (2025, arXiv:2509.03417): the power law has the best
geometric mean over their runs; the Glorot-like rule keeps the variance of values forward and of slopes backward.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import Parameter

from kinn.errors import InputError
from kinn.jets import IndexSet, univariate
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer, check_width
from kinn.ops import BOUNDED_MAPS, SplineGrid, SplineMap, basis, spline_jacobian, spline_layers
from kinn.ops.backends import backend_for, name_of
from kinn.ops.reference import slots

#: The gain of the Glorot-like rule that the study found best ("fine").
GLOROT_GAIN = 0.577


class DerivativeEnergies(NamedTuple):
    """Number of splines, and mean squares of a spline, its slope, the base function and its slope for even inputs."""

    splines: int
    spline: float
    spline_slope: float
    base: float
    base_slope: float


def derivative_energies(grid: SplineGrid) -> DerivativeEnergies:
    """Mean squares for a grid."""
    x = torch.linspace(float(grid.edges[0]), float(grid.edges[-1]), 64 * grid.intervals + 1, dtype=torch.float64)
    values, slopes = basis(x, grid), univariate.silu(x)
    squares = [float(t.square().mean()) for t in (next(values), next(values), next(slopes), next(slopes))]
    return DerivativeEnergies(grid.size, *squares)


def power_law(fan_in: int, fan_out: int, energies: DerivativeEnergies) -> tuple[float, float]:  # noqa: ARG001
    """Standard deviations of spline and base coefficients: n^-1 and n^-1/4, n = slots times inputs."""
    n = (energies.splines + 1) * fan_in
    return n**-1.0, n**-0.25


def glorot_fine(fan_in: int, fan_out: int, energies: DerivativeEnergies) -> tuple[float, float]:
    """Standard deviations of spline and base coefficients that keep variances forward and backward."""
    modes = energies.splines + 1
    spline = GLOROT_GAIN / (modes * (fan_in * energies.spline + fan_out * energies.spline_slope)) ** 0.5
    base = GLOROT_GAIN * 2**0.5 / (modes * (fan_in * energies.base + fan_out * energies.base_slope)) ** 0.5
    return spline, base


#: The rules by name.
SPLINE_INITIALISATIONS: dict[str, Callable[[int, int, DerivativeEnergies], tuple[float, float]]] = {
    "power": power_law,
    "glorot": glorot_fine,
}


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

    @property
    def spline_map(self) -> SplineMap:
        """The layer as the spline op takes it."""
        return SplineMap(self.weight, self.grid, self.squash)

    def forward(self, x: Tensor) -> Tensor:
        mapped = BOUNDED_MAPS[self.squash]
        y = x if mapped is None else next(mapped(x))
        return next(slots(y, self.grid)).flatten(1) @ self.weight

    @classmethod
    def fused_jet(cls, layers: Sequence[Layer], stack: Tensor, index: IndexSet) -> Tensor:
        maps = [layer.spline_map for layer in layers if isinstance(layer, cls)]
        return spline_layers(stack, maps, index, check_finite=False)

    def backend(self, index: IndexSet) -> str:
        return name_of(backend_for(self.spline_map, index))

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        layer = self.spline_map
        out = spline_layers(stack, [layer], index, check_finite=False)
        if tape is not None:
            inputs = stack.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                spline_jacobian(inputs, layer, index, adjoint, columns[self.weight])

            tape.record(out, block)
        return out

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, SplineLayer)
        if self.squash != smaller.squash:
            raise InputError(f"layers of squash {smaller.squash!r} and {self.squash!r} are not the same function")
        insertion = smaller.grid.refinement_matrix(self.grid)
        outputs = smaller.weight.shape[1]
        check_width(outputs, self.weight.shape[1])
        old = smaller.weight.detach().double().view(-1, smaller.grid.size + 1, outputs)
        new = self.weight.view(-1, self.grid.size + 1, self.weight.shape[1])
        new[..., :outputs] = 0.0
        new[channels, :-1, :outputs] = (insertion @ old[:, :-1]).to(new.dtype)
        new[channels, -1, :outputs] = old[:, -1].to(new.dtype)
        added = new[:, :-1, outputs:]
        if added.numel():
            # as nothing reads new nodes yet, they may be large: with values of variance one they differ from each other
            # and from old nodes, where at the scales of a start all are nearly linear
            energies = derivative_energies(self.grid.to(torch.float64))
            added *= (len(new) * energies.splines * energies.spline) ** -0.5 / added.square().mean().sqrt()
        return torch.arange(outputs)

    def flops(self, index: IndexSet) -> int:
        """Operations: on each edge the sums over degree + 2 slots for the spline's derivatives, then the jet's."""
        edges = self.weight.numel() // (self.grid.size + 1)
        return 2 * edges * ((self.degree + 2) * (index.order + 1) + (len(index) - 1) * index.order)


def spline_layer(
    fan_in: int, fan_out: int, intervals: int, degree: int, init: str, squash: str, generator: torch.Generator
) -> SplineLayer:
    """Freshly initialised layer on a uniform grid over [-1, 1]; `init` is one of `SPLINE_INITIALISATIONS`."""
    grid = SplineGrid.uniform(intervals, degree)
    spline_scale, base_scale = SPLINE_INITIALISATIONS[init](fan_in, fan_out, derivative_energies(grid))
    weight = torch.randn(fan_in, grid.size + 1, fan_out, generator=generator, dtype=torch.float64)
    weight[:, :-1] *= spline_scale
    weight[:, -1] *= base_scale
    return SplineLayer(grid, weight.flatten(0, 1), squash)
