"""The fields inside, from data on the boundary: values and first derivatives, as near to it as is asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kinn.boundary_integrals.kernels import ElasticityKernel, Kernel, PressureKernel
from kinn.errors import InputError
from kinn.forms.inverse.corner_jumps import CornerJumpCorrection
from kinn.forms.inverse.particular import particular
from kinn.forms.trial_functions import Wanted
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import BoundaryDiscretisation

#: How many sets of points are remembered with the fields there.
REMEMBERED = 8


class InteriorEvaluator:
    """The solution that data on the boundary give.

    Args:
        made: The discretisation.
        data: The data X at its nodes.
    """

    def __init__(self, made: BoundaryDiscretisation, data: Array) -> None:
        self.made = made
        self.data = data
        self._remembered: deque[tuple[str, Array, Array, Array, bool]] = deque(maxlen=REMEMBERED)

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
        problem = self.made.setting.problem
        for field, index in wanted:
            if sum(index) > 1 or min(index) < 0:
                letters = "".join(x * n for x, n in zip(problem.coordinates, index, strict=True))
                raise InputError(f"the inverse form gives fields and first derivatives, not '{field}.{letters}'")
        values, gradients = self._known(subdomain, points, slopes=any(any(index) for _, index in wanted))
        columns = [(problem.names.index(field), index) for field, index in wanted]
        return np.stack(
            [gradients[:, n, index.index(1)] if any(index) else values[:, n] for n, index in columns], axis=1
        )

    def _known(self, subdomain: str, points: Array, *, slopes: bool) -> tuple[Array, Array]:
        """Return all F fields (N, F) at points of a subdomain, and, if asked for, their gradients (N, F, d).

        What was computed last is remembered: fields, stresses and figures are asked for in turn, at the same few sets of points.
        """
        for name, x, values, gradients, with_slopes in self._remembered:
            if name == subdomain and np.array_equal(x, points) and (with_slopes or not slopes):
                return values, gradients
        setting = self.made.setting
        c, count = setting.components, len(setting.problem.names)
        values, gradients = particular(setting, subdomain, points)
        inside, joints = self.made.representation(subdomain, self.data), CornerJumpCorrection(self.made, subdomain)
        inside = replace(inside, values=joints.continuous(inside.values))
        close = joints.close_to(points)
        joined = replace(inside, values=joints.closed(inside.values))
        kernels: list[Kernel] = [inside.kernel]
        if count > c:
            assert isinstance(inside.kernel, ElasticityKernel)
            kernels.append(PressureKernel(inside.kernel.shear))
        for fields, kernel in zip((slice(0, c), slice(c, None)), kernels, strict=False):
            u, du = replace(inside, kernel=kernel)(points, gradient=slopes)
            if close.any() and (slopes or kernel.derived):
                own, own_slopes = replace(joined, kernel=kernel)(points[close], gradient=slopes)
                if kernel.derived:  # a pressure is as singular as slopes
                    u[close] = own
                if du is not None:
                    du[close] = own_slopes
            values[:, fields] += u
            if du is not None:
                gradients[:, fields] += du
        self._remembered.append((subdomain, points.copy(), values, gradients, slopes))
        return values, gradients
