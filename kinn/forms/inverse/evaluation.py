"""The fields inside, from data on the boundary: values and first derivatives, as near to it as is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kinn.errors import InputError
from kinn.forms.functions import Wanted
from kinn.forms.inverse.particular import particular
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import Discretisation


class Interior:
    """The solution that data on the boundary give.

    Args:
        made: The discretisation.
        data: The data X at its nodes.
    """

    def __init__(self, made: Discretisation, data: Array) -> None:
        self.made = made
        self.data = data

    def values(self, subdomain: str, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return fields and first derivatives (N, len(wanted)) at points of a subdomain.

        Raises:
            InputError: If a derivative is of higher order.
        """
        return np.asarray(self._floating(subdomain, points, wanted) + self.made.free.at(points, wanted) @ self._shift)

    @cached_property
    def _shift(self) -> Array:
        """How much of each free state takes the solution to the values that are given at points."""
        return self.made.anchors.shift(self._floating)

    def _floating(self, subdomain: str, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return them with what conditions leave free at a mean of zero."""
        setting = self.made.setting
        names, c = setting.problem.names, setting.components
        for field, index in wanted:
            if sum(index) > 1 or min(index) < 0:
                letters = "".join(x * n for x, n in zip(setting.problem.coordinates, index, strict=True))
                raise InputError(f"the inverse form gives fields and first derivatives, not '{field}.{letters}'")
        slopes = any(any(index) for _, index in wanted)
        values, gradients = particular(setting, subdomain, points)
        inside = self.made.representation(subdomain, self.data)
        kernels = [(slice(0, c), inside.kernel), (slice(c, None), setting.equation(subdomain).companion)]
        for fields, kernel in kernels:
            if kernel is not None and any(field in names[fields] for field, _ in wanted):
                u, du = replace(inside, kernel=kernel)(points, gradient=slopes)
                values[:, fields] += u
                if du is not None:
                    gradients[:, fields] += du
        out = np.empty((len(points), len(wanted)))
        for column, (field, index) in enumerate(wanted):
            n = names.index(field)
            out[:, column] = gradients[:, n, index.index(1)] if any(index) else values[:, n]
        return out
