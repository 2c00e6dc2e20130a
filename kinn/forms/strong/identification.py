"""Identifiability of the unknown constants: standard deviations, and which constants the observations do not determine.

The constants c and the networks' weights w minimise |r(c, w)|^2. Where the observations among r carry noise of
covariance V, linearised, the minimiser has the covariance H^-1 J^T V J H^-1 with H = J^T J, J the Jacobian of r: the
covariance of nonlinear least squares (Seber and Wild 2003, section 2.1), which here lets noise enter by the
observations alone. The constants are not identified where a change of them can be undone by the weights, that is where
the Schur complement of the weights in H is singular.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

import torch
from torch import Tensor

from kinn.errors import ProblemWarning
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.optim.sum_of_squares import add_gram, symmetric

#: The largest number of parameters for which the matrix H is factorised.
MAX_PARAMETERS = 5000

#: The first term on the diagonal of H, scaled to 1: there are many more weights than there need be.
DAMPING = 1e-11

#: A constant is not identified if the weights compensate all but this fraction of the squared change of r. Where
#: observations determine it the fraction is 1e-4 and more, where nothing does 1e-9 and less, by the damping and by what
#: the network can represent.
UNIDENTIFIED = 1e-7


@dataclass(frozen=True)
class Estimate:
    """An identified constant.

    Attributes:
        value: Its value.
        std: Its standard deviation for the noise of the observations: the stated noise, or that of their residuals. None
            where it is not known, infinite where the observations do not determine the constant.
        exact: Its true value where it is known.
    """

    value: float
    std: float | None = None
    exact: float | None = None

    @property
    def error(self) -> float | None:
        """The relative error where the true value is known."""
        return None if self.exact is None else abs(self.value - self.exact) / (abs(self.exact) or 1.0)


def estimates(objective: ResidualObjective, theta: Tensor) -> dict[str, Estimate]:
    """Estimates of the unknown constants by name, at the minimiser theta (P,); warns of those that are not determined."""
    unknowns = objective.trial.unknowns
    problem = objective.trial.problem
    names = [u.name for u in problem.unknown_constants]
    values = objective.unknowns(theta)
    std: list[float | None] = [None] * len(names)
    if objective.size <= MAX_PARAMETERS:
        free = objective.trial.flat.slices[unknowns.free]  # type: ignore[index]
        numbers = theta[free].double()
        derivatives = [_derivative(u.transform, s) for u, s in zip(problem.unknown_constants, numbers, strict=True)]
        deviations, unidentified = _deviations(objective, theta, free)
        std = [abs(a) * d for a, d in zip(derivatives, deviations, strict=True)]
        for n in unidentified:
            std[n] = float("inf")
        if unidentified:
            which = ", ".join(repr(names[n]) for n in unidentified)
            warnings.warn(
                f"problem {problem.name!r} does not identify its unknown {which}: "
                "other values, with other fields or other unknowns, fit all of it equally well",
                ProblemWarning,
                stacklevel=2,
            )
    return {
        u.name: Estimate(values[u.name], deviation, u.exact)
        for u, deviation in zip(problem.unknown_constants, std, strict=True)
    }


def combined(members: Sequence[Mapping[str, Estimate]]) -> dict[str, Estimate]:
    """Means of several estimates by name; a variance is the mean variance plus that among them."""
    if len(members) == 1:
        return dict(members[0])
    out = {}
    for name, first in members[0].items():
        found = [member[name] for member in members]
        values = [e.value for e in found]
        known = [e.std**2 for e in found if e.std is not None]
        std = (fmean(known) + variance(values)) ** 0.5 if len(known) == len(found) else None
        out[name] = Estimate(fmean(values), std, first.exact)
    return out


def _derivative(transform: object, s: Tensor) -> float:
    """Derivative of a constant with respect to the free number behind it."""
    free = s.detach().clone().requires_grad_()
    (derivative,) = torch.autograd.grad(transform(free), free)  # type: ignore[operator]
    return float(derivative)


def _deviations(objective: ResidualObjective, theta: Tensor, free: slice) -> tuple[list[float], list[int]]:
    """Standard deviations of the free numbers, and which of them are not identified."""
    size = objective.size
    normal, noisy = (torch.zeros(size, size, dtype=torch.float64) for _ in range(2))
    variances = _variances(objective, theta)
    for number, _, jacobian in objective.term_blocks(theta):
        rows = jacobian.double()
        add_gram(normal, rows)
        if number in variances:
            add_gram(noisy, rows * variances[number] ** 0.5)
    normal, noisy = (symmetric(matrix) for matrix in (normal, noisy))
    scale = normal.diagonal().sqrt()
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    count = free.stop - free.start
    chosen = torch.zeros(size, count, dtype=torch.float64)
    chosen[free] = torch.eye(count, dtype=torch.float64)
    damping = DAMPING
    while True:
        damped = normal / scale / scale[:, None]
        damped.diagonal().add_(damping)
        factor, info = torch.linalg.cholesky_ex(damped)
        if not int(info):
            break
        damping *= 10.0
    columns = torch.cholesky_solve(chosen, factor)
    remaining, directions = torch.linalg.eigh(torch.linalg.inv(columns[free]))
    compensated = directions[:, remaining < max(UNIDENTIFIED, 1e2 * damping)]
    unidentified = (compensated.abs() > 0.1).any(dim=1).nonzero().flatten().tolist()
    influence = columns / scale[:, None]  # H^-1 of the constants' columns, up to their own scale
    covariance = influence.T @ noisy @ influence
    return (covariance.diagonal().clamp(min=0.0).sqrt() / scale[free]).tolist(), unidentified


def _variances(objective: ResidualObjective, theta: Tensor) -> dict[int, float]:
    """Variances of the noise in the weighted residuals of the terms of observations, by their numbers.

    Without any observations all terms count as such.
    """
    numbers = [n for n, term in enumerate(objective.terms) if term.observed] or list(range(len(objective.terms)))
    squares = dict.fromkeys(numbers, 0.0)
    for number, residual, _ in objective.term_blocks(theta):
        if number in squares:
            squares[number] += float(residual.double().square().sum())
    counts = {n: objective.terms[n].points * objective.terms[n].equations for n in numbers}
    total = sum(counts.values())
    # the constants take their share of the noise with them
    correction = total / max(1, total - len(objective.trial.problem.unknown_constants))

    def of_term(number: int) -> float:
        term = objective.terms[number]
        if term.noise is not None:
            return (term.noise * (term.factors[0] if term.factors else 1.0)) ** 2 * term.weight / term.points
        return correction * squares[number] / counts[number]

    return {n: of_term(n) for n in numbers}
