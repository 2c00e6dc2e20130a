"""Coarse eigenpairs of a linear homogeneous problem: a Galerkin method on random features.

The equations are A c + E B c = 0 in the coefficients c of a layer of random features, the conditions C c = 0. Tested with B c, in
the null space of C, this is an eigenvalue problem of the size of the layer. Where the features resolve an eigenfunction, the
equations hold at each point, so the projection loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
import torch

from kinn.errors import InputError
from kinn.fields import Points
from kinn.forms.coarse_basis import SEED, CoarseBasis
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.strong.coarse_solve import CoarseSolve
from kinn.geometry.types import Array
from kinn.networks import MLP
from kinn.problem import Problem

#: The random features.
FEATURES = MLP((160,), activation="tanh", init_range=4.0)

#: Singular values of B and of C that count, relative to the largest.
RANK, CONSTRAINED = 1e-9, 1e-7

#: The most by which equations may miss an eigenpair, and the most imaginary part, relative to the eigenvalue.
LARGEST_RESIDUAL, LARGEST_IMAGINARY_PART = 0.05, 1e-3

#: Points at which eigenfunctions are normalised.
SAMPLE = 1024


@dataclass(frozen=True)
class CoarseEigenpair:
    """An approximate eigenvalue with its eigenfunction, of mean square one.

    Attributes:
        value: The eigenvalue.
        trial: Trial functions.
        theta: Their parameters at which they are the eigenfunction.
    """

    value: float
    trial: DomainTrial
    theta: torch.Tensor

    def at(self, p: Points) -> torch.Tensor:
        """Eigenfunction (N, fields) at the points of a condition, computed once."""

        def compute() -> torch.Tensor:
            self.trial.flat.set(self.theta)
            values = self.trial.evaluate(p.tensor.detach().cpu().numpy(), self.trial.problem.names)
            return torch.as_tensor(values).to(p.tensor)

        return p.cached(("eigenfunction", id(self)), compute)  # type: ignore[no-any-return]


def coarse_eigenpairs(problem: Problem, eigenvalue: str, count: int) -> list[CoarseEigenpair]:
    """The lowest eigenpairs between the bounds of the eigenvalue, in ascending order.

    Args:
        problem: A linear homogeneous problem.
        eigenvalue: The name of its only unknown, which is linear in the equations.
        count: How many.

    Raises:
        InputError: If the problem is not linear or not homogeneous, or fewer eigenvalues can be told.
    """
    basis, at_zero = _equations(problem, eigenvalue, 0.0)
    _, at_one = _equations(problem, eigenvalue, 1.0)
    _, at_two = _equations(problem, eigenvalue, 2.0)
    multiplied = [bool((one != zero).any()) for zero, one in zip(at_zero, at_one, strict=True)]
    if not any(multiplied):
        raise InputError(f"no equation of problem {problem.name!r} contains p.{eigenvalue}")
    a, one, two = (
        np.concatenate([j for j, m in zip(jacobians, multiplied, strict=True) if m])
        for jacobians in (at_zero, at_one, at_two)
    )
    b = one - a
    if not np.allclose(two - a, 2 * b, rtol=1e-6, atol=1e-9 * np.abs(two).max()):
        raise InputError(f"problem {problem.name!r} is not linear in the eigenvalue {eigenvalue!r}")
    left, sizes, right = scipy.linalg.svd(b, full_matrices=False)
    rank = int((sizes > RANK * sizes[0]).sum())
    coefficients, tested = right[:rank].T / sizes[:rank], left[:, :rank]
    conditions = [j @ coefficients for j, m in zip(at_zero, multiplied, strict=True) if not m]
    if conditions:
        rows = np.concatenate([c / np.linalg.norm(c) for c in conditions])
        free = scipy.linalg.null_space(rows, rcond=CONSTRAINED)
        coefficients, tested = coefficients @ free, tested @ free
    applied = a @ coefficients
    values, vectors = scipy.linalg.eig(-tested.T @ applied)
    (unknown,) = problem.unknown_constants
    lower, upper = unknown.transform.lower, unknown.transform.upper
    pairs = [pair for pair in _resolved(values, vectors, applied, tested) if lower < pair[0] < upper]
    if len(pairs) < count:
        raise InputError(
            f"the coarse basis of problem {problem.name!r} resolves {len(pairs)} eigenvalues, and {count} are asked for: ask for "
            f"fewer, or restrict them by Unknown({eigenvalue!r}, bounds=)"
        )
    return [_normalised(basis, value, coefficients @ vector) for value, vector in pairs[:count]]


def _equations(problem: Problem, eigenvalue: str, value: float) -> tuple[CoarseBasis, list[Array]]:
    """Basis, and Jacobians of equations and soft conditions at a value of the eigenvalue."""
    fixed = replace(problem, unknowns=(), coefficients={**problem.coefficients, eigenvalue: value})
    basis = CoarseBasis(DomainTrial(fixed, FEATURES, seed=SEED))
    basis.set(torch.zeros(basis.size, dtype=torch.float64))
    solve = CoarseSolve(basis)
    here = solve.linearised(torch.zeros(basis.size, dtype=torch.float64))
    if not solve.objective.affine or any(bool((r != 0).any()) for r in here.residuals):
        raise InputError(
            f"problem {problem.name!r} is no eigenvalue problem: its equations and conditions are to be linear in the fields, and "
            "without sources or data that are not 0"
        )
    return basis, [jacobian.numpy() for jacobian in here.jacobians]


def _resolved(values: Array, vectors: Array, applied: Array, tested: Array) -> list[tuple[float, Array]]:
    """Real eigenvalues in ascending order, with their vectors, that satisfy the equations at the points."""
    found = []
    for value, vector in zip(values, vectors.T, strict=True):
        if not np.isfinite(value) or abs(value.imag) > LARGEST_IMAGINARY_PART * abs(value):
            continue
        c = vector.real if np.linalg.norm(vector.real) > np.linalg.norm(vector.imag) else vector.imag
        e, image = float(value.real), tested @ c
        residual = float(np.linalg.norm(applied @ c + e * image) / np.linalg.norm(image))
        found.append((e, c, residual))
    # one of 0 has no size: the next one stands in for it
    size = min((abs(e) for e, _, residual in found if residual < LARGEST_RESIDUAL * abs(e)), default=0.0)
    return sorted(
        ((e, c) for e, c, residual in found if residual < LARGEST_RESIDUAL * max(abs(e), size)),
        key=lambda pair: pair[0],
    )


def _normalised(basis: CoarseBasis, value: float, coefficients: Array) -> CoarseEigenpair:
    """Eigenpair with a mean square of one, and a largest value that is positive."""
    trial = basis.trial
    basis.set(torch.as_tensor(coefficients))
    x = np.concatenate([geometry.sample(SAMPLE, seed=SEED) for geometry in trial.problem.subdomains.values()])
    fields = trial.evaluate(x, trial.problem.names)
    largest = fields.flat[np.abs(fields).argmax()]
    scale = float(np.sign(largest) / np.sqrt((fields**2).sum(axis=1).mean()))
    return CoarseEigenpair(value, trial, basis.set(torch.as_tensor(scale * coefficients)))
