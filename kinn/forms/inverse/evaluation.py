"""Evaluation of fields and first derivatives in the interior, from boundary data, at any distance from the boundary."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.kernels import ElasticityKernel, Kernel, PressureKernel
from kinn.boundary_integrals.representation import Representation
from kinn.errors import InputError
from kinn.forms.inverse.boundary_system import BoundarySystem
from kinn.forms.inverse.corner_jumps import CornerJumpCorrection
from kinn.forms.inverse.discretisation import particular_solution
from kinn.forms.trial_functions import FieldDerivative
from kinn.geometry.types import Array

#: The number of point sets whose fields are cached.
CACHE_SIZE = 8


class InteriorEvaluator:
    """The solution of boundary integral equations with data X at the nodes."""

    def __init__(self, system: BoundarySystem, data: Array) -> None:
        self.system, self.data = system, data
        self._cache: deque[tuple[str, Array, Array, Array, bool]] = deque(maxlen=CACHE_SIZE)

    def values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        """Fields and first derivatives (N, len(wanted)) at points of a subdomain.

        Raises:
            InputError: If a derivative is of higher order.
        """
        null_states = self.system.constraints.free.values(points, wanted)
        return np.asarray(self._zero_mean_values(subdomain, points, wanted) + null_states @ self._null_coefficients)

    @cached_property
    def _null_coefficients(self) -> Array:
        """The coefficients of the null-space states that satisfy the point constraints."""
        return self.system.constraints.coefficients(self._zero_mean_values)

    def _zero_mean_values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        """Fields and derivatives of the solution with zero means of null-space components."""
        problem = self.system.discretisation.formulation.problem
        for field, index in wanted:
            if sum(index) > 1 or min(index) < 0:
                letters = "".join(x * n for x, n in zip(problem.coordinates, index, strict=True))
                raise InputError(f"the inverse form gives fields and first derivatives, not '{field}.{letters}'")
        values, gradients = self._fields(subdomain, points, with_gradients=any(any(index) for _, index in wanted))
        columns = [(problem.names.index(field), index) for field, index in wanted]
        return np.stack([gradients[:, n, i.index(1)] if any(i) else values[:, n] for n, i in columns], axis=1)

    def _fields(self, subdomain: str, points: Array, *, with_gradients: bool) -> tuple[Array, Array]:
        """All F fields (N, F) at points of a subdomain, and, if requested, their gradients (N, F, d).

        The last results are cached: fields, stresses and errors are evaluated in turn, at the same few sets of points.
        """
        for name, x, values, gradients, has_gradients in self._cache:
            if name == subdomain and np.array_equal(x, points) and (has_gradients or not with_gradients):
                return values, gradients
        discretisation = self.system.discretisation
        formulation, c = discretisation.formulation, discretisation.formulation.components
        values, gradients = particular_solution(formulation, subdomain, points)
        correction = CornerJumpCorrection(discretisation, subdomain)
        boundary_values, densities = discretisation.boundary_data(subdomain, self.data)
        closed = correction.close_panels(boundary_values)
        kernel, panels = formulation.kernel(subdomain), discretisation.subdomain_panels(subdomain)
        inside = Representation(kernel, panels, closed, densities, formulation.exterior)
        corrected = replace(inside, values=correction.close_corners(closed))
        near = correction.near_corners(points)
        kernels: list[Kernel] = [kernel]
        if len(formulation.problem.names) > c:
            assert isinstance(kernel, ElasticityKernel)
            kernels.append(PressureKernel(kernel.shear))
        for fields, kernel in zip((slice(0, c), slice(c, None)), kernels, strict=False):
            u, du = replace(inside, kernel=kernel)(points, gradient=with_gradients)
            if near.any() and (with_gradients or kernel.derived):
                near_u, near_du = replace(corrected, kernel=kernel)(points[near], gradient=with_gradients)
                if kernel.derived:  # a pressure is as singular as gradients
                    u[near] = near_u
                if du is not None:
                    du[near] = near_du
            values[:, fields] += u
            if du is not None:
                gradients[:, fields] += du
        self._cache.append((subdomain, points.copy(), values, gradients, with_gradients))
        return values, gradients
