"""Integrals of a problem's densities over finite-element functions: energy, residual and tangent."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from kinn.baselines.fem.space import FunctionSpace
from kinn.errors import InputError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_term import Density, EnergyTerm, plan_energy
from kinn.problem import Array, Problem


def check_derivatives(term: EnergyTerm, problem: Problem) -> None:
    """Refuse a density of more than values and first derivatives.

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
        trial: Trial functions of the problem, which record what the density asks of the fields.
        space: The finite-element functions.
        basis: Those of scikit-fem at the quadrature points.
        name: What messages call it.
        subdomain: The subdomain.
        density: The density.

    Raises:
        InputError: If it asks for more than values and first derivatives.
    """

    def __init__(
        self, trial: DomainTrial, space: FunctionSpace, basis: Any, name: str, subdomain: str, density: Density
    ) -> None:
        self.basis, self.count = basis, space.count
        self.weights: Array = np.asarray(basis.dx)
        x = np.asarray(basis.global_coordinates()).reshape(trial.problem.dimension, -1).T
        normals = getattr(basis, "normals", None)
        n = None if normals is None else torch.as_tensor(np.asarray(normals).reshape(x.shape[1], -1).T.copy())
        points = trial.problem.points(torch.as_tensor(x.copy()), n)
        self.term = plan_energy(trial, name, (subdomain,), density, points)
        check_derivatives(self.term, trial.problem)
        self.channels = [trial.problem.names.index(field) for _, field, _ in self.term.derivatives]
        self.axes = [a.index(1) if any(a) else None for _, _, a in self.term.derivatives]
        self._hessian: Array | None = None

    def value(self, u: Array) -> float:
        """The integral."""
        with torch.no_grad():
            density = [self.term.at(z, k) for k, z in enumerate(self._blocks(u))]
        return float(torch.cat(density).numpy() @ self.weights.ravel())

    def gradient(self, u: Array) -> Array:
        """First derivatives of the integral by the coefficients, (C, n)."""
        import skfem

        slopes = torch.cat([self.term.value_and_gradient(z, k)[1] for k, z in enumerate(self._blocks(u))], dim=1)
        factors = slopes.numpy().reshape(-1, *self.weights.shape)
        out = np.zeros_like(u)
        for c in set(self.channels):
            leaves = [k for k, channel in enumerate(self.channels) if channel == c]

            def form(v: Any, _: Any, leaves: list[int] = leaves) -> Any:
                return sum(factors[k] * _component(v, self.axes[k]) for k in leaves)

            out[c] = skfem.LinearForm(form).assemble(self.basis)
        return out

    def tangent(self, u: Array) -> dict[tuple[int, int], csr_array]:
        """Second derivatives of the integral by the coefficients, a sparse matrix (n, n) for each two fields."""
        import skfem

        hessian = self._density_hessian(u)
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for k, l in np.argwhere(hessian.reshape(*hessian.shape[:2], -1).any(axis=2)).tolist():
            groups.setdefault((self.channels[k], self.channels[l]), []).append((k, l))
        out = {}
        for channels, pairs in groups.items():

            def form(x: Any, v: Any, _: Any, pairs: list[tuple[int, int]] = pairs) -> Any:
                return sum(hessian[k, l] * _component(x, self.axes[l]) * _component(v, self.axes[k]) for k, l in pairs)

            out[channels] = csr_array(skfem.BilinearForm(form).assemble(self.basis))
        return out

    def _density_hessian(self, u: Array) -> Array:
        """Second derivatives (m, m, ...) of the density, computed once where it is quadratic."""
        if self._hessian is None or not self.term.quadratic:
            second = torch.cat([self.term.hessian(z, k) for k, z in enumerate(self._blocks(u))])
            self._hessian = np.moveaxis(second.numpy(), 0, 2).reshape(*second.shape[1:], *self.weights.shape)
        return self._hessian

    def _blocks(self, u: Array) -> list[Tensor]:
        """Components (m, N) that the density asks for, of fields with coefficients (C, n), in blocks of points."""
        fields = [self.basis.interpolate(values) for values in u]
        rows = [_component(fields[c], axis) for c, axis in zip(self.channels, self.axes, strict=True)]
        z = torch.as_tensor(np.stack([np.broadcast_to(row, self.weights.shape).ravel() for row in rows]))
        return list(torch.split(z, [len(p) for p in self.term.blocks], dim=1))


def _component(function: Any, axis: int | None) -> Any:
    """Values of a function, or of its derivative along an axis."""
    return np.asarray(function if axis is None else function.grad[axis])
