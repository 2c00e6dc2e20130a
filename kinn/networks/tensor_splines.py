"""Tensor-product splines on the box around the domain: linear in all that is trained."""

from __future__ import annotations

from collections.abc import Mapping
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

    Those of a coordinate that hard conditions make periodic are periodic, too. Linear equations are solved by one
    least-squares problem, others by a few Gauss-Newton steps.

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
        return self.periodic_layers(inputs, outputs, generator, {})

    def periodic_layers(
        self, inputs: int, outputs: int, generator: torch.Generator, angles: Mapping[int, int]
    ) -> list[Layer]:
        from kinn.networks.layers.angles import Angles
        from kinn.networks.layers.tensor_spline import TensorSplineLayer
        from kinn.ops import SplineGrid

        coordinates = Angles(inputs, angles)
        count, periodic = len(coordinates.first), coordinates.periodic
        grids = [SplineGrid.uniform(intervals, self.degree) for intervals in self.grids(count)]
        sizes = [grid.intervals if n in periodic else grid.size for n, grid in enumerate(grids)]
        coefficients = torch.randn((prod(sizes), outputs), generator=generator, dtype=torch.float64)
        splines = TensorSplineLayer(grids, INITIAL_SCALE * coefficients, periodic)
        return [coordinates, splines] if angles else [splines]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        return prod(intervals + self.degree for intervals in self.grids(inputs)) * outputs

    def resized(self, factor: float) -> TensorSplines:
        grids = tuple(min(intervals, MAX_INTERVALS) for intervals in rescaled(self._grids, factor))
        return replace(self, grid=grids[0] if isinstance(self.grid, int) else grids)
