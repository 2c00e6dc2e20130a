"""Inputs of the networks: coordinates, periodic ones as angles, moving ones in their frame, and features of the problem."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from kinn.errors import InputError, check_name
from kinn.fields import Field, MovingCoordinate, Points
from kinn.jets import IndexSet
from kinn.math import cos, sin
from kinn.networks import coordinate_stack
from kinn.problem import Problem


@dataclass(frozen=True)
class PeriodicEmbedding:
    """A periodic coordinate as cosines and sines of its angle.

    Attributes:
        lower: Where the angle is 0.
        period: The period.
        harmonics: The number of multiples of the angle.
    """

    lower: float
    period: float
    harmonics: int

    def waves(self, x: Field) -> list[Field]:
        """cos, sin, cos 2, sin 2, ... of the coordinate's angle."""
        angle = (x - self.lower) * (2 * pi / self.period)
        return [wave(n * angle) for n in range(1, self.harmonics + 1) for wave in (cos, sin)]


class InputFeatures:
    """Inputs of the network of a subdomain.

    Args:
        problem: The problem.
        subdomain: The name of the subdomain.

    Raises:
        InputError: If the network cannot be periodic as hard conditions require, or a moving coordinate is none.
    """

    def __init__(self, problem: Problem, subdomain: str) -> None:
        self.problem = problem
        features = tuple(problem.features_of(subdomain))
        moving = [f for f in features if isinstance(f, MovingCoordinate)]
        for m in moving:
            check_name("coordinate", m.coordinate, problem.coordinates, f"problem {problem.name!r}")
        #: Coordinates in a moving frame, by axis.
        self.moving = {problem.coordinates.index(m.coordinate): m for m in moving}
        self.features = [f for f in features if not isinstance(f, MovingCoordinate)]
        self.embeddings = _embeddings(problem, subdomain)
        geometry = problem.subdomains[subdomain]
        lower, upper = (corner.tolist() for corner in geometry.bounds)
        if self.embeddings or self.features or self.moving:  # their box is known from values at points alone
            p = problem.points(torch.as_tensor(geometry.sample(512)))
            values = self.stack(p, IndexSet.closure(problem.dimension, []))[0]
            ranges = list(zip(values.amin(dim=0).tolist(), values.amax(dim=0).tolist(), strict=True))
            box: list[tuple[float, float]] = []
            for axis, ends in enumerate(zip(lower, upper, strict=True)):
                if axis in self.embeddings:
                    box += [(-1.0, 1.0)] * (2 * self.embeddings[axis].harmonics)
                else:
                    box.append(ranges[len(box)] if axis in self.moving else ends)
            box += ranges[len(box) :]
            lower, upper = [a for a, _ in box], [b for _, b in box]
        #: The box of the inputs, lower and upper corner.
        self.bounds: tuple[list[float], list[float]] = lower, upper

    @property
    def angles(self) -> dict[int, int]:
        """Number of the first input of each periodic coordinate, and how many it has."""
        counts = [
            2 * self.embeddings[n].harmonics if n in self.embeddings else 1 for n in range(self.problem.dimension)
        ]
        return {sum(counts[:axis]): counts[axis] for axis in sorted(self.embeddings)}

    def stack(self, p: Points, index: IndexSet) -> Tensor:
        """Inputs and their derivatives (A, N, inputs) at points."""
        coordinates = coordinate_stack(p.tensor, index)
        if not self.embeddings and not self.features and not self.moving:
            return coordinates
        columns = []
        for axis, x in enumerate(p.coordinates):
            if axis in self.moving:
                x = p.field(self.moving[axis], f"{p.names[axis]} in the moving frame of problem {self.problem.name!r}")
            if axis in self.embeddings:
                columns += [_components(wave, p, index) for wave in self.embeddings[axis].waves(x)]
            elif axis in self.moving:
                columns.append(_components(x, p, index))
            else:
                columns.append(coordinates[:, :, axis])
        for n, feature in enumerate(self.features):
            columns.append(_components(p.field(feature, f"feature {n} of problem {self.problem.name!r}"), p, index))
        return torch.stack(columns, dim=2)


def _components(field: Field, p: Points, index: IndexSet) -> Tensor:
    """Components (A, N) of a field."""
    return torch.stack([torch.as_tensor(field[a], dtype=p.tensor.dtype).expand(len(p)) for a in index])


def _embeddings(problem: Problem, subdomain: str) -> dict[int, PeriodicEmbedding]:
    """Periodic coordinates, by axis, that hard conditions require of a subdomain's network."""
    embeddings: dict[int, PeriodicEmbedding] = {}
    fields: dict[int, set[str]] = {}
    for condition in problem.conditions:
        for group in problem.subdomain_groups(condition):
            periodicity = condition.periodicity([problem.subdomains[name] for name in group])
            if periodicity is None or subdomain not in group:
                continue
            where = f"{condition.label} of problem {problem.name!r}"
            if group != (subdomain, subdomain):
                raise InputError(f"{where} joins two subdomains, which have separate networks: enforce it soft")
            axis, ends, harmonics = periodicity
            embedding = PeriodicEmbedding(min(ends), abs(ends[1] - ends[0]), harmonics)
            if embeddings.setdefault(axis, embedding) != embedding:
                raise InputError(f"{where} asks for other harmonics than another condition on these faces")
            fields.setdefault(axis, set()).update(condition.field_names)
    for axis, periodic in fields.items():
        missing = [name for name in problem.names if name not in periodic]
        if missing:
            raise InputError(
                f"periodicity in {problem.coordinates[axis]} of problem {problem.name!r} is enforced hard for some "
                f"fields, and the network that they share makes all of them periodic: state it for {missing[0]!r} too"
            )
    return embeddings
