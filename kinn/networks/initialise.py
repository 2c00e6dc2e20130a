"""Initial scales of spline coefficients.

Both rules are those of the initialisation study of Rigas et al. (2025, arXiv:2509.03417): the power law has the best
geometric mean over their runs; the Glorot-like rule keeps the variance of values forward and of slopes backward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from kinn.jets import univariate
from kinn.ops import SplineGrid, basis

#: The gain of the Glorot-like rule that the study found best ("fine").
GLOROT_GAIN = 0.577


@dataclass(frozen=True)
class DerivativeEnergies:
    """Mean squares over the grid, for inputs spread evenly: of the splines and their slopes, of the base and its slope.

    Attributes:
        splines: The number of splines.
        spline: Mean square of a spline.
        spline_slope: Mean square of a spline's derivative.
        base: Mean square of the base function.
        base_slope: Mean square of the base function's derivative.
    """

    splines: int
    spline: float
    spline_slope: float
    base: float
    base_slope: float


def derivative_energies(grid: SplineGrid) -> DerivativeEnergies:
    """Return the mean squares for a grid."""
    x = torch.linspace(float(grid.edges[0]), float(grid.edges[-1]), 64 * grid.intervals + 1, dtype=torch.float64)
    values, slopes = basis(x, grid), univariate.silu(x)
    squares = [float(t.square().mean()) for t in (next(values), next(values), next(slopes), next(slopes))]
    return DerivativeEnergies(grid.size, *squares)


def power_law(fan_in: int, fan_out: int, energies: DerivativeEnergies) -> tuple[float, float]:  # noqa: ARG001
    """Return the standard deviations of spline and base coefficients: n^-1 and n^-1/4, n = slots times inputs."""
    n = (energies.splines + 1) * fan_in
    return n**-1.0, n**-0.25


def glorot_fine(fan_in: int, fan_out: int, energies: DerivativeEnergies) -> tuple[float, float]:
    """Return the standard deviations of spline and base coefficients that keep variances forward and backward."""
    modes = energies.splines + 1
    spline = GLOROT_GAIN / (modes * (fan_in * energies.spline + fan_out * energies.spline_slope)) ** 0.5
    base = GLOROT_GAIN * 2**0.5 / (modes * (fan_in * energies.base + fan_out * energies.base_slope)) ** 0.5
    return spline, base


#: The rules by name.
SPLINE_INITIALISATIONS: dict[str, Callable[[int, int, DerivativeEnergies], tuple[float, float]]] = {
    "power": power_law,
    "glorot": glorot_fine,
}
