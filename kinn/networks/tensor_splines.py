"""Tensor-product splines on the box around the domain: linear in all that is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

import torch

from kinn.errors import InputError
from kinn.networks.kan import MAX_INTERVALS, check_splines
from kinn.networks.layers.layer import Layer
from kinn.networks.network import Architecture, rescaled

#: The most inputs: the number of coefficients is a power of them.
MAX_INPUTS = 3

#: The standard deviation of the initial coefficients: fields start near zero, where Gauss-Newton steps start.
INITIAL_SCALE = 1e-2


@dataclass(frozen=True)
class TensorSplines(Architecture):
    """Products of B-splines of each coordinate on a uniform grid of the box around the domain.

    Linear equations are solved by one least-squares problem, others by a few Gauss-Newton steps.

    Attributes:
        grid: The number of grid intervals, one for all coordinates or one per coordinate.
        degree: The degree of the splines.
    """

    name: ClassVar[str] = "tensor-splines"

    grid: tuple[int, ...] | int = 8
    degree: int = 7

    def __post_init__(self) -> None:
        for intervals in self._grids:
            check_splines(intervals, self.degree, "power")

    @property
    def _grids(self) -> tuple[int, ...]:
        return (self.grid,) if isinstance(self.grid, int) else tuple(self.grid)

    def grids(self, inputs: int) -> tuple[int, ...]:
        """The grid intervals of each coordinate.

        Raises:
            InputError: If there are too many coordinates, or another number of them.
        """
        if inputs > MAX_INPUTS:
            raise InputError(f"network 'tensor-splines' has at most {MAX_INPUTS} inputs, and {inputs} are needed")
        grids = self._grids
        if len(grids) not in (1, inputs):
            raise InputError(f"network.grid is one number or {inputs}, one per coordinate; {len(grids)} are given")
        return grids if len(grids) == inputs else grids * inputs

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        from kinn.networks.layers.tensor_spline import TensorSplineLayer
        from kinn.ops import SplineGrid

        grids = [SplineGrid.uniform(intervals, self.degree) for intervals in self.grids(inputs)]
        shape = (prod(grid.size for grid in grids), outputs)
        return [TensorSplineLayer(grids, INITIAL_SCALE * torch.randn(shape, generator=generator, dtype=torch.float64))]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        return prod(intervals + self.degree for intervals in self.grids(inputs)) * outputs

    def resized(self, factor: float) -> TensorSplines:
        grids = tuple(min(intervals, MAX_INTERVALS) for intervals in rescaled(self._grids, factor))
        return replace(self, grid=grids[0] if isinstance(self.grid, int) else grids)
