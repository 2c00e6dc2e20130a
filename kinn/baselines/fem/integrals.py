"""Integrals of a problem's densities over finite-element functions: energy, residual and tangent."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from kinn.baselines.fem.space import Space
from kinn.errors import InputError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_term import Density, EnergyTerm, plan_energy
from kinn.problem import Array, Problem


def check(term: EnergyTerm, problem: Problem) -> None:
    """Raise if a density asks for more than values and first derivatives.

    Raises:
        InputError: Names it.
    """
    for _, field, a in term.derivatives:
        if any(a) and sorted(a, reverse=True) != [1] + [0] * (len(a) - 1):
            raise InputError(
                f"{term.name} of problem {problem.name!r} asks for second derivatives of {field!r}, "
                "and the finite elements here are continuous, their slopes are not"
            )


class ElementIntegral:
    """A density integrated over a subdomain or one of its boundaries.

    Args:
        trial: Trial functions of the problem, for the plan of what is asked of the fields.
        space: The functions.
        basis: Those of scikit-fem at the quadrature points.
        name: What messages call it.
        subdomain: The subdomain.
        density: The density.

    Raises:
        InputError: If it asks for more than values and first derivatives.
    """

    def __init__(
        self, trial: DomainTrial, space: Space, basis: Any, name: str, subdomain: str, density: Density
    ) -> None:
        self.basis, self.count = basis, space.count
        self.weights: Array = np.asarray(basis.dx)
        at = np.asarray(basis.global_coordinates()).reshape(trial.problem.dimension, -1).T
        normals = getattr(basis, "normals", None)
        n = None if normals is None else torch.as_tensor(np.asarray(normals).reshape(at.shape[1], -1).T.copy())
        points = trial.problem.points(torch.as_tensor(at.copy()), n)
        self.term = plan_energy(trial, name, (subdomain,), density, points)
        check(self.term, trial.problem)
        self.channels = [trial.problem.names.index(field) for _, field, _ in self.term.derivatives]
        self.axes = [a.index(1) if any(a) else None for _, _, a in self.term.derivatives]
        self._second: Array | None = None

    def components(self, u: Array) -> Tensor:
        """Return what the density asks for, (m, N), of fields with coefficients (C, n)."""
        known = [self.basis.interpolate(values) for values in u]
        rows = [_part(known[c], axis) for c, axis in zip(self.channels, self.axes, strict=True)]
        return torch.as_tensor(np.stack([np.broadcast_to(row, self.weights.shape).ravel() for row in rows]))

    def value(self, u: Array) -> float:
        """Return the integral."""
        with torch.no_grad():
            density = [self.term.at(z, k) for k, z in enumerate(self._blocks(u))]
        return float(torch.cat(density).numpy() @ self.weights.ravel())

    def slope(self, u: Array) -> Array:
        """Return its derivatives by the coefficients, (C, n)."""
        import skfem

        slopes = torch.cat([self.term.value_and_gradient(z, k)[1] for k, z in enumerate(self._blocks(u))], dim=1)
        given = slopes.numpy().reshape(-1, *self.weights.shape)
        out = np.zeros_like(u)
        for c in set(self.channels):
            mine = [k for k, own in enumerate(self.channels) if own == c]

            def form(v: Any, _: Any, mine: list[int] = mine) -> Any:
                return sum(given[k] * _part(v, self.axes[k]) for k in mine)

            out[c] = skfem.LinearForm(form).assemble(self.basis)
        return out

    def tangent(self, u: Array) -> dict[tuple[int, int], csr_array]:
        """Return its second derivatives by the coefficients, a sparse matrix (n, n) for each two fields."""
        import skfem

        second = self._seconds(u)
        out = {}
        for c in set(self.channels):
            for e in set(self.channels):
                pairs = [
                    (k, l)
                    for k, first in enumerate(self.channels)
                    for l, other in enumerate(self.channels)
                    if (first, other) == (c, e) and np.any(second[k, l])
                ]

                def form(x: Any, v: Any, _: Any, pairs: list[tuple[int, int]] = pairs) -> Any:
                    return sum(second[k, l] * _part(x, self.axes[l]) * _part(v, self.axes[k]) for k, l in pairs)

                if pairs:
                    out[c, e] = csr_array(skfem.BilinearForm(form).assemble(self.basis))
        return out

    def _seconds(self, u: Array) -> Array:
        """Return the second derivatives (m, m, ...) of the density, computed once where it is quadratic."""
        if self._second is not None:
            return self._second
        made = torch.cat([self.term.hessian(z, k) for k, z in enumerate(self._blocks(u))])
        found = np.moveaxis(made.numpy(), 0, 2).reshape(*made.shape[1:], *self.weights.shape)
        if self.term.quadratic:
            self._second = found
        return found

    def _blocks(self, u: Array) -> list[Tensor]:
        return list(torch.split(self.components(u), [len(p) for p in self.term.blocks], dim=1))


def _part(function: Any, axis: int | None) -> Any:
    """Return the values of a function, or its derivative along an axis."""
    return np.asarray(function if axis is None else function.grad[axis])
