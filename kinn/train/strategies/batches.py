"""Mini-batches: a step of a first-order method sees some of the points, and within a pass all of them."""

from __future__ import annotations

import numpy as np

from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import interior


class Batches:
    """A system in parts, taken one a step.

    Points are dealt out at random: every m-th of a Sobol sequence would lie in one part of the domain.

    Args:
        system: The residuals at all points.
        size: The number of interior points in a batch, about.
        seed: Fixes what is in the batches and their order, which changes from one pass over them to the next.
    """

    def __init__(self, system: ResidualObjective, size: int, seed: int) -> None:
        inside = sum(system.terms[n].points for n in interior(system)) or system.samples
        self.count = max(1, round(inside / size))
        self.parts = system.minibatches(self.count, seed)
        self.seed = seed

    def at(self, iteration: int) -> ResidualObjective:
        """Return the batch of a step, counted from 1."""
        turn, place = divmod(iteration - 1, self.count)
        return self.parts[int(np.random.default_rng((self.seed, turn)).permutation(self.count)[place])]
