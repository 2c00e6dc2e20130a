"""What networks take in: the coordinates, periodic ones as angles, moving ones in their frame, and the problem's features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from kinn.errors import InputError, unknown
from kinn.fields import Field, MovingCoordinate, Points
from kinn.jets import IndexSet
from kinn.math import cos, sin
from kinn.networks import coordinate_stack
from kinn.problem import Problem


@dataclass(frozen=True)
class PeriodicEmbedding:
    """A coordinate that comes back to where it began.

    Attributes:
        lower: Where it begins.
        period: After what it is back.
        harmonics: How many multiples of its angle the network takes in.
    """

    lower: float
    period: float
    harmonics: int

    def waves(self, x: Field) -> list[Field]:
        """Return cos, sin, cos 2, sin 2, ... of the coordinate's angle."""
        angle = (x - self.lower) * (2 * pi / self.period)
        return [wave(n * angle) for n in range(1, self.harmonics + 1) for wave in (cos, sin)]


class InputFeatures:
    """The inputs of the network of a subdomain.

    Args:
        problem: The problem.
        subdomain: The name of the subdomain.

    Raises:
        InputError: If the network can not be periodic as hard conditions ask, or a moving coordinate is none.
    """

    def __init__(self, problem: Problem, subdomain: str) -> None:
        self.problem = problem
        given = tuple(problem.features_of(subdomain))
        self.moving = _moving(problem, [f for f in given if isinstance(f, MovingCoordinate)])
        self.features = [f for f in given if not isinstance(f, MovingCoordinate)]
        self.cycles = _cycles(problem, subdomain)
        geometry = problem.subdomains[subdomain]
        lower, upper = (corner.tolist() for corner in geometry.bounds)
        if self.cycles or self.features or self.moving:  # only values at points tell the box that they live in
            p = problem.points(torch.as_tensor(geometry.sample(512)))
            values = self.stack(p, IndexSet.closure(problem.dimension, []))[0]
            seen = list(zip(values.amin(dim=0).tolist(), values.amax(dim=0).tolist(), strict=True))
            box: list[tuple[float, float]] = []
            for axis, ends in enumerate(zip(lower, upper, strict=True)):
                cycle = self.cycles.get(axis)
                if cycle:
                    box += [(-1.0, 1.0)] * (2 * cycle.harmonics)
                else:
                    box.append(seen[len(box)] if axis in self.moving else ends)
            box += seen[len(box) :]
            lower, upper = [a for a, _ in box], [b for _, b in box]
        #: The box that they live in, lower and upper corner.
        self.bounds: tuple[list[float], list[float]] = lower, upper

    def stack(self, p: Points, index: IndexSet) -> Tensor:
        """Return the inputs and their derivatives at points, a tensor (A, N, inputs)."""
        coordinates = coordinate_stack(p.tensor, index)
        if not self.cycles and not self.features and not self.moving:
            return coordinates
        columns = []
        for axis, x in enumerate(p.coordinates):
            if axis in self.moving:
                x = p.field(self.moving[axis], f"{p.names[axis]} in the moving frame of problem {self.problem.name!r}")
            if axis in self.cycles:
                columns += [_components(wave, p, index) for wave in self.cycles[axis].waves(x)]
            elif axis in self.moving:
                columns.append(_components(x, p, index))
            else:
                columns.append(coordinates[:, :, axis])
        for n, feature in enumerate(self.features):
            columns.append(_components(p.field(feature, f"feature {n} of problem {self.problem.name!r}"), p, index))
        return torch.stack(columns, dim=2)


def _moving(problem: Problem, given: Sequence[MovingCoordinate]) -> dict[int, MovingCoordinate]:
    """Return the coordinates that networks see in a moving frame, by axis."""
    moving = {}
    for moved in given:
        if moved.coordinate not in problem.coordinates:
            raise unknown("coordinate", moved.coordinate, problem.coordinates, f"problem {problem.name!r}")
        moving[problem.coordinates.index(moved.coordinate)] = moved
    return moving


def _components(field: Field, p: Points, index: IndexSet) -> Tensor:
    """Return the components (A, N) of a field."""
    return torch.stack([torch.as_tensor(field[a], dtype=p.tensor.dtype).expand(len(p)) for a in index])


def _cycles(problem: Problem, subdomain: str) -> dict[int, PeriodicEmbedding]:
    """Return the periodic coordinates, by axis, that hard conditions ask of a subdomain's network."""
    cycles: dict[int, PeriodicEmbedding] = {}
    fields: dict[int, set[str]] = {}
    for condition in problem.conditions:
        for group in problem.subdomain_groups(condition):
            found = condition.periodicity([problem.subdomains[name] for name in group])
            if found is None or subdomain not in group:
                continue
            where = f"{condition.label} of problem {problem.name!r}"
            if group != (subdomain, subdomain):
                raise InputError(f"{where} joins two subdomains, which have networks of their own: enforce it soft")
            axis, ends, harmonics = found
            cycle = PeriodicEmbedding(min(ends), abs(ends[1] - ends[0]), harmonics)
            if cycles.setdefault(axis, cycle) != cycle:
                raise InputError(f"{where} asks for other harmonics than another condition on these faces")
            fields.setdefault(axis, set()).update(condition.field_names)
    for axis, periodic in fields.items():
        missing = [name for name in problem.names if name not in periodic]
        if missing:
            raise InputError(
                f"periodicity in {problem.coordinates[axis]} of problem {problem.name!r} is enforced hard for some "
                f"fields, and the network that they share makes all of them periodic: state it for {missing[0]!r} too"
            )
    return cycles
