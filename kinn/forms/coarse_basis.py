"""A coarse basis: random features, of which only the coefficients in the last layer are sought."""

from __future__ import annotations

from functools import cached_property
from math import inf

import torch
from torch import Tensor

from kinn.forms.domain_trial import DomainTrial
from kinn.geometry.types import Array
from kinn.jets import IndexSet
from kinn.networks import MLP

#: The random features, and the points inside for each unknown coefficient of a field.
FEATURES = MLP((60,), activation="tanh", init_range=3.0)
POINTS_PER_COEFFICIENT = 4

#: The seed of features and points: one scale for all seeds of a solve.
SEED = 0


class CoarseBasis:
    """The last layers of trial functions on random basis.

    Args:
        trial: The trial functions.
    """

    def __init__(self, trial: DomainTrial) -> None:
        self.trial = trial
        self.names = trial.problem.names
        columns: dict[str, list[Tensor]] = {name: [] for name in self.names}
        for subdomain in trial.networks:
            for parameter in trial.network(subdomain).last_layer:
                part = trial.flat.slices[parameter]
                channels = torch.arange(part.start, part.stop).view(-1, len(self.names))
                for channel, name in enumerate(self.names):
                    columns[name].append(channels[:, channel])
        by_field = {name: torch.cat(parts) for name, parts in columns.items()}
        #: The positions of all coefficients in the parameters, field by field.
        self.positions = torch.cat(list(by_field.values()))
        #: The coefficients of each field among all.
        self.slices: dict[str, slice] = {}
        start = 0
        for name, positions in by_field.items():
            self.slices[name] = slice(start, start + len(positions))
            start += len(positions)

    @property
    def size(self) -> int:
        """The number of coefficients."""
        return len(self.positions)

    @property
    def points(self) -> int:
        """The number of points inside."""
        return POINTS_PER_COEFFICIENT * self.size // len(self.names)

    def set(self, coefficients: Tensor) -> Tensor:
        """Give the trial functions these coefficients, and return their parameters."""
        theta = self.trial.flat.get()
        theta[self.positions] = coefficients
        self.trial.flat.set(theta)
        return theta

    @cached_property
    def _samples(self) -> list[tuple[str, Array]]:
        subdomains = self.trial.problem.subdomains.items()
        return [(name, geometry.sample(POINTS_PER_COEFFICIENT * 60, seed=SEED + 1)) for name, geometry in subdomains]

    def outputs(self, coefficients: Tensor) -> dict[str, Tensor]:
        """Outputs of the networks at points inside, by field."""
        self.set(coefficients)
        values = []
        index = IndexSet.closure(self.trial.problem.dimension, [])
        with torch.no_grad():
            for name, x in self._samples:
                p = self.trial.problem.points(torch.as_tensor(x, dtype=self.trial.dtype))
                values.append(self.trial.outputs(name, p, index)[0])
        columns = torch.cat(values)
        return {name: columns[:, channel] for channel, name in enumerate(self.names)}

    def sizes(self, coefficients: Tensor) -> dict[str, float]:
        """Root mean squares of the outputs by field."""
        return {name: rms(values) for name, values in self.outputs(coefficients).items()}


def rms(values: Tensor) -> float:
    """Root mean square, without overflow."""
    largest = float(values.abs().max()) if values.numel() else 0.0
    return largest * float((values / largest).square().mean().sqrt()) if 0 < largest < inf else largest
