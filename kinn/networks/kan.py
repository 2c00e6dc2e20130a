"""The Kolmogorov-Arnold network: a learnable spline on every edge (Liu et al. 2024, arXiv:2404.19756)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import torch

from kinn.errors import InputError, check_name
from kinn.networks.layers.layer import Layer
from kinn.networks.network import Architecture, positive_widths, rescaled, widened

#: The maps in front of splines and the rules of their initial scales, by name: the spline op loads with the first layer.
SQUASH_MAPS = ("none", "tanh", "softsign")
INITIALISATIONS = ("power", "glorot")

#: The most grid intervals of a spline.
MAX_INTERVALS = 1000

#: The most grid intervals that growth refines a layer to.
MAX_GROWN_GRID = 32


def check_splines(intervals: int, degree: int, init: str) -> None:
    """Raise an InputError unless there are such splines: settings of every network that has spline layers."""
    if not 1 <= intervals <= MAX_INTERVALS:
        raise InputError(f"network.grid is 1 to {MAX_INTERVALS} intervals, not {intervals}")
    if not 1 <= degree <= 7:
        raise InputError(f"network.degree is 1 to 7, not {degree}")
    check_name("value of network.init", init, INITIALISATIONS)


def refined(intervals: int) -> int:
    """Number of grid intervals of the next level: twice as many up to `MAX_GROWN_GRID`, beyond it the same."""
    return 2 * intervals if 2 * intervals <= MAX_GROWN_GRID else intervals


@dataclass(frozen=True)
class KAN(Architecture):
    """A Kolmogorov-Arnold network of B-splines on uniform grids, with a silu base function on every edge.

    Attributes:
        width: The hidden widths.
        grid: The number of grid intervals, one for all layers or one per layer (one more than hidden widths).
        degree: The degree of the splines; 5 and more for second-order equations (a cubic's third derivative, which
            the gradient of a second-order residual contains, is only piecewise constant).
        init: "power" (coefficients of standard deviation ((grid + degree + 1) inputs)^-1) or "glorot" (variance kept
            by values and slopes alike).
        squash: The map between layers that keeps hidden values on the grid: "tanh", "softsign" or "none".
    """

    name: ClassVar[str] = "kan"

    # one hidden layer learns what is separable, and that tensor-product splines do at once
    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = ({"width": (8, 8), "grid": 3, "init": "glorot"},)

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
                f"network.grid is one number or {len(self.widths) + 1}, one per layer; {len(grids)} are given"
            )
        for g in grids:
            check_splines(g, self.degree, self.init)
        check_name("value of network.squash", self.squash, SQUASH_MAPS)

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
        from kinn.networks.layers.spline import spline_layer

        sizes = (inputs, *self.widths, outputs)
        built: list[Layer] = []
        for (fan_in, fan_out), intervals in zip(pairwise(sizes), self.grids, strict=True):
            squash = self.squash if built else "none"
            built.append(spline_layer(fan_in, fan_out, intervals, self.degree, self.init, squash, generator))
        return built

    def parameter_count(self, inputs: int, outputs: int) -> int:
        edges = (a * b for a, b in pairwise((inputs, *self.widths, outputs)))
        return sum(e * (g + self.degree + 1) for e, g in zip(edges, self.grids, strict=True))

    def resized(self, factor: float) -> KAN:
        return replace(self, width=rescaled(self.widths, factor))

    def larger(self) -> tuple[KAN, ...]:
        """Twice the grid intervals of every layer, then wider hidden layers."""
        grids = tuple(map(refined, self.grids))
        levers = [replace(self, grid=grids if len(set(grids)) > 1 else grids[0])] if grids != self.grids else []
        return (*levers, replace(self, width=widened(self.widths))) if self.widths else tuple(levers)
