"""The Kolmogorov-Arnold network: a learnable spline on every edge (Liu et al. 2024, arXiv:2404.19756)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor

from kinn.errors import InputError, unknown
from kinn.jets import IndexSet, stack, univariate
from kinn.networks.base import Architecture, positive_widths, rescaled
from kinn.networks.initialise import SPLINE_INITIALISATIONS, derivative_energies
from kinn.networks.layers import Activation, Contraction, Layer
from kinn.ops import SplineGrid, basis

#: Maps that keep hidden values on the grid.
BOUNDED_MAPS = {"tanh": univariate.tanh, "none": None, "softsign": univariate.softsign}


class SplineLayer(Contraction):
    """A KAN layer: features B_1(x_i), .., B_K(x_i), silu(x_i) of every input i, contracted with one coefficient an edge.

    Args:
        grid: The spline grid, shared by the inputs.
        weight: The initial coefficients, `I (K + 1) x O`, slots of one input together, the base function last.
    """

    def __init__(self, grid: SplineGrid, weight: Tensor) -> None:
        super().__init__(weight, None)
        self.degree = grid.degree
        self.register_buffer("edges", grid.edges)
        self.register_buffer("matrices", grid.matrices, persistent=False)

    edges: Tensor
    matrices: Tensor

    @property
    def grid(self) -> SplineGrid:
        """The grid in the layer's precision and on its device."""
        return SplineGrid(self.degree, self.edges, self.matrices)

    def _slots(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the splines and the base function at x (N, I), then their derivatives: tensors (N, I, K + 1)."""
        for splines, base in zip(basis(x, self.grid), univariate.silu(x), strict=False):
            yield torch.cat([splines, base.unsqueeze(-1)], dim=-1)

    def features(self, stack_: Tensor, index: IndexSet) -> Tensor:
        """Return the stack of features (A, N, I (K + 1))."""
        return stack.compose(self._slots, stack_, index).flatten(2)

    def value_features(self, x: Tensor) -> Tensor:
        """Return the features (N, I (K + 1))."""
        return next(self._slots(x)).flatten(1)

    def extra_repr(self) -> str:
        """Return the sizes."""
        slots = self.grid.size + 1
        return f"{self.weight.shape[0] // slots} -> {self.weight.shape[1]}, grid={self.grid.intervals}, k={self.degree}"


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
        bound: The map between layers that keeps hidden values on the grid: "tanh", "softsign" or "none".
    """

    name: ClassVar[str] = "kan"

    width: tuple[int, ...] | int = (8,)
    grid: tuple[int, ...] | int = 8
    degree: int = 5
    init: str = "power"
    bound: str = "tanh"

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", positive_widths(self.width))
        grids = (self.grid,) if isinstance(self.grid, int) else tuple(self.grid)
        if len(grids) not in (1, len(self.widths) + 1):
            raise InputError(
                f"network.grid is one number or {len(self.widths) + 1}, one a layer; {len(grids)} are given"
            )
        for g in grids:
            if not 1 <= g <= 1000:
                raise InputError(f"network.grid is 1 to 1000 intervals, not {g}")
        if not 1 <= self.degree <= 7:
            raise InputError(f"network.degree is 1 to 7, not {self.degree}")
        if self.init not in SPLINE_INITIALISATIONS:
            raise unknown("value of network.init", self.init, SPLINE_INITIALISATIONS)
        if self.bound not in BOUNDED_MAPS:
            raise unknown("value of network.bound", self.bound, BOUNDED_MAPS)

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
        bounded = BOUNDED_MAPS[self.bound]
        built: list[Layer] = []
        for (fan_in, fan_out), intervals in zip(pairwise(sizes), self.grids, strict=True):
            grid = SplineGrid.uniform(intervals, self.degree)
            spline_scale, base_scale = SPLINE_INITIALISATIONS[self.init](fan_in, fan_out, derivative_energies(grid))
            weight = torch.randn(fan_in, grid.size + 1, fan_out, generator=generator, dtype=torch.float64)
            weight[:, :-1] *= spline_scale
            weight[:, -1] *= base_scale
            if built and bounded is not None:
                built.append(Activation(bounded))
            built.append(SplineLayer(grid, weight.flatten(0, 1)))
        return built

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Return the number of coefficients: one a slot and edge."""
        edges = (a * b for a, b in pairwise((inputs, *self.widths, outputs)))
        return sum(e * (g + self.degree + 1) for e, g in zip(edges, self.grids, strict=True))

    def resized(self, factor: float) -> KAN:
        """Return the KAN with hidden widths times `factor`."""
        return replace(self, width=rescaled(self.widths, factor))
