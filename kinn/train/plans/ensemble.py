"""Ensembles: the same problem from several seeds, the mean of the fields and how far they spread.

The spread tells how much of the error is chance (initial weights, points); what all members have in common it cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import TrialFunctions
from kinn.metrics import FieldEvaluator
from kinn.problem import Array, Problem
from kinn.train.plans.plan import TrainingPlan

#: Members are this far apart in the numbers that fix their points and parameters.
STRIDE = 15_485_863


class EnsembleSolution:
    """Several solutions of one problem as one: their mean.

    Args:
        members: The fields of each.
    """

    def __init__(self, members: Sequence[FieldEvaluator]) -> None:
        self.members = tuple(members)

    @property
    def problem(self) -> Problem:
        """What they solve."""
        return self.members[0].problem

    @property
    def parameter_count(self) -> int:
        """The number of parameters of all together."""
        return sum(member.parameter_count for member in self.members)

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return the mean of fields and derivatives at points; see `TrialFunctions.evaluate`."""
        return np.asarray(self._each(points, expressions, subdomain).mean(axis=0))

    def std(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return the standard deviation of fields and derivatives among the members (of samples, n - 1)."""
        return np.asarray(self._each(points, expressions, subdomain).std(axis=0, ddof=1))

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the weights by name, those of each member under its number."""
        states = (member.state_dict() for member in self.members)
        return {f"members.{n}.{name}": tensor for n, state in enumerate(states) for name, tensor in state.items()}

    def _each(self, points: Array, expressions: str | Iterable[str], subdomain: str | None) -> Array:
        names = expressions if isinstance(expressions, str) else list(expressions)
        return np.stack([member.evaluate(points, names, subdomain=subdomain) for member in self.members])


class Ensemble(TrainingPlan):
    """Takes a route from each of several seeds.

    Args:
        route: Makes the route of a member from what is added to the seed.
        size: The number of members.

    Raises:
        InputError: If there are fewer than two.
    """

    def __init__(self, route: Callable[[int], TrainingPlan], size: int) -> None:
        super().__init__()
        if size < 2:
            raise InputError(f"an ensemble has at least 2 members, not {size}")
        self.routes = [route(self._offset(n)) for n in range(size)]

    @property
    def count(self) -> int:
        """The legs of all members."""
        return len(self.routes) * self.share

    @property
    def share(self) -> int:
        """Each member has the time that is given."""
        return self.routes[0].count

    def made(self) -> TrialFunctions:
        """Return the trial functions of the next leg of the member at work."""
        return self.routes[len(self.trials) // self.share].begin()

    def fields(self) -> EnsembleSolution:
        """Return the members."""
        return EnsembleSolution([route.fields() for route in self.routes])

    def label(self, leg: int) -> str:
        """Return the member and its leg."""
        member, rest = divmod(leg, self.share)
        return f"member {member + 1} {self.routes[member].label(rest)}".rstrip()

    def seed(self, leg: int) -> int:
        """Return what sets the members apart."""
        member, rest = divmod(leg, self.share)
        return self._offset(member) + self.routes[member].seed(rest)

    def loss(self, losses: Sequence[float]) -> float:
        """Return the mean loss of the members."""
        own = (losses[n : n + self.share] for n in range(0, len(losses), self.share))
        return float(np.mean([route.loss(part) for route, part in zip(self.routes, own, strict=True)]))

    @staticmethod
    def _offset(member: int) -> int:
        """Return what is added to the seed: nothing for the first, which is what a single solve comes to."""
        return STRIDE * member
