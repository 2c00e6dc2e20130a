"""Values at points, which fix what conditions leave free: a free state changes no residual, and is added afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from kinn.errors import InputError
from kinn.forms.inverse.null_space import NullSpace
from kinn.forms.trial_functions import Wanted, evaluate_expressions
from kinn.geometry.types import Array


class PointConstraints:
    """Values that are given at points, to fix what conditions leave free.

    Args:
        free: What they leave free.

    Raises:
        InputError: If they say more than that, or less.
    """

    def __init__(self, free: NullSpace) -> None:
        self.free = free
        self.conditions = free.setting.point_values
        names = ", ".join(c.label for c in self.conditions)
        where = f"problem {free.setting.problem.name!r}"
        if not self.conditions:
            return
        if not free.count:
            raise InputError(
                f"{where}: in the inverse form values at points fix what conditions leave free, and they leave nothing "
                f"free that {names} could fix"
            )
        self.matrix = np.concatenate(
            [free.at(c.locations, [(c.field, self._index(c.derivative))])[:, 0] for c in self.conditions]
        )
        rank = int(np.linalg.matrix_rank(self.matrix, tol=1e-9))
        if rank < free.count or len(self.matrix) > rank:
            raise InputError(
                f"{where}: conditions leave {free.count} constants or motions free, and {names} give {len(self.matrix)} "
                f"values that fix {rank} of them; give {free.count}, or none for means of zero on the boundary"
            )

    def shift(self, values: Callable[[str, Array, Sequence[Wanted]], Array]) -> Array:
        """Return the coefficients of the free states (count,) that take a solution to what is given.

        Args:
            values: Gives the solution's fields and derivatives at points of a subdomain.
        """
        if not self.conditions:
            return np.zeros(self.free.count)
        problem = self.free.setting.problem
        missing = []
        for c in self.conditions:
            expression = f"{c.field}.{c.derivative}" if c.derivative else c.field
            p = problem.points(torch.as_tensor(c.locations))
            given = torch.as_tensor(p.field(c.value, f"the value of {c.label}").value, dtype=torch.float64).numpy()
            missing.append(given - evaluate_expressions(problem, values, c.locations, expression))
        return np.asarray(np.linalg.solve(self.matrix, np.concatenate(missing)))

    def _index(self, derivative: str) -> tuple[int, ...]:
        coordinates = self.free.setting.problem.coordinates
        index = tuple(derivative.count(c) for c in coordinates)
        if sum(index) > 1 or sum(index) != len(derivative):
            raise InputError(
                f"in the inverse form values at points are those of fields and first derivatives, not of {derivative!r}"
            )
        return index
