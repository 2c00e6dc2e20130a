"""Points in the unit cube by the sequences of scipy.stats.qmc; shapes map them to themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import qmc

from kinn.errors import InputError, check_name
from kinn.geometry import arguments
from kinn.geometry.types import Array, Indices

METHODS = ("uniform", "random", "lhs", "sobol", "halton")
MAX_CANDIDATES = 2**23  # a rejection that draws more fills less than about a millionth of its bounding box
_PROBE = 2**16  # candidates without a single hit after which a shape counts as empty


def unit_cube(
    n: int, dim: int, method: str = "sobol", seed: int = 0, *, stream: int = 0, extents: Sequence[float] | None = None
) -> Array:
    """Points of the unit cube.

    Args:
        n: Number of points, at least 1; any number, a power of two or not.
        dim: Dimension d of the cube; 0 gives an (n, 0) array.
        method: "uniform" (cell centres of a regular grid, see `grid`), "random", "lhs" (Latin hypercube),
            "sobol" or "halton" (both scrambled).
        seed: Non-negative integer; the same seed gives the same points.
        stream: Several samples of one seed (the sides of a boundary) differ in this number.
        extents: Side lengths of the box the cube stands for, which "uniform" makes its cells square in.

    Returns:
        An (n, d) array in [0, 1). For "random", "sobol" and "halton" the first points of a longer sample of the
        same seed are the same points.

    Raises:
        InputError: Unknown method, n below 1, or a seed that is not a non-negative integer.
    """
    check_name("sampling method", method, METHODS)
    n = arguments.integer(n, "the number of points", 1)
    seed = arguments.integer(seed, "the seed", 0)
    if dim == 0:
        return np.zeros((n, 0))
    if method == "uniform":
        return grid(n, extents if extents is not None else (1.0,) * dim)
    rng = np.random.default_rng([seed, stream])
    if method == "random":
        return rng.random((n, dim))
    if method == "sobol":
        # Only whole powers of two are balanced, and scipy warns of any other number: draw one and take its beginning.
        return np.asarray(qmc.Sobol(dim, rng=rng).random_base2((n - 1).bit_length())[:n], dtype=np.float64)
    engine = qmc.Halton if method == "halton" else qmc.LatinHypercube
    return np.asarray(engine(dim, rng=rng).random(n), dtype=np.float64)


def grid(n: int, extents: Sequence[float]) -> Array:
    """Exactly n cell centres of a grid of the unit cube.

    The first axis is cut into layers whose number makes the cells nearly square for a box of these extents; the n
    points are shared out over the layers and each layer is cut in the same way. Where n has suitable factors (100 in
    a square) this is the regular grid; elsewhere neighbouring layers differ by a point or so.
    """
    if len(extents) == 1:
        return ((np.arange(n) + 0.5) / n)[:, None]
    mean = math.exp(sum(math.log(extent) for extent in extents) / len(extents))
    layers = min(n, max(1, round(n ** (1 / len(extents)) * extents[0] / mean)))
    rows = []
    for layer, share in enumerate(apportion(n, [1.0] * layers)):
        points = grid(share, extents[1:])
        rows.append(np.column_stack([np.full(share, (layer + 0.5) / layers), points]))
    return np.concatenate(rows)


def apportion(n: int, weights: Sequence[float]) -> list[int]:
    """Share n points out in proportion to weights, each share within one point of the exact one.

    Rounding the cumulative shares, not each share by itself, spreads few points over many small parts evenly.
    """
    ends = np.cumsum(np.asarray(weights, dtype=np.float64))
    ends = np.floor(n * (ends / ends[-1]) + 0.5 + 1e-9).astype(int)
    ends[-1] = n
    return [int(share) for share in np.diff(ends, prepend=0)]


def pick_by_measure(measures: Array, unit: Array) -> tuple[Indices, Array]:
    """Parts that numbers of the unit interval, (m,), pick by their share of the measures, and the places in that share.

    The places are again uniform in the unit interval, so that one number serves for both.
    """
    ends = np.concatenate([[0.0], np.cumsum(measures) / np.sum(measures)])
    which = np.clip(np.searchsorted(ends, unit, side="right") - 1, 0, len(measures) - 1)
    return which, np.clip((unit - ends[which]) / (ends[which + 1] - ends[which]), 0.0, 1.0)


def sample_by_rejection(n: int, draw: Callable[[int], Array], what: object, *, spread: bool = False) -> Array:
    """Points, n of them, by rejection, drawing a longer and longer beginning of one sequence.

    Args:
        n: Number of points wanted.
        draw: Gives the accepted ones among the first m candidates as a (k, ...) array, k <= m.
        what: What is sampled, for the error.
        spread: Thin out too many points evenly (for grids) instead of taking the first n.

    Raises:
        InputError: Nothing, or next to nothing, is ever accepted: an empty domain.
    """
    wanted = arguments.integer(n, "the number of points", 1)
    candidates = wanted
    while True:
        found = draw(candidates)
        if len(found) >= wanted:
            return found[np.linspace(0, len(found) - 1, wanted).round().astype(int)] if spread else found[:wanted]
        if candidates >= (MAX_CANDIDATES if len(found) else max(_PROBE, 16 * wanted)):
            raise InputError(f"{what} is an empty domain: {len(found)} of {candidates} points lie inside")
        growth = 1.05 * wanted / len(found) if len(found) else 16.0
        candidates = min(math.ceil(candidates * min(growth, 64.0)) + 4, max(MAX_CANDIDATES, 16 * wanted))
