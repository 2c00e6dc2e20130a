"""Identifiability of the unknown constants: standard deviations, and which constants the observations do not determine.

The constants c and the networks' weights w minimise |r(c, w)|^2. Where the observations among r carry noise of
covariance V, linearised, the minimiser has the covariance H^-1 J^T V J H^-1 with H = J^T J, J the Jacobian of r: the
covariance of nonlinear least squares (Seber and Wild 2003, section 2.1), which here lets noise enter by the
observations alone. The constants are not identified where a change of them can be undone by the weights, that is where
the Schur complement of the weights in H is singular. Where the fit is none, see `kinn.forms.strong.fit_quality`, a
standard deviation is withheld.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf
from statistics import fmean, variance
from typing import NamedTuple

import torch
from torch import Tensor

from kinn.errors import ProblemWarning
from kinn.forms.strong.fit_quality import fit_issue
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

#: Gauss-Newton steps at the training points and at others are errors of a constant. Standard deviations include them up to
#: this share of its size; where they are larger than that and than so many standard deviations, there is no minimum.
MAX_STEP, MAX_STEP_DEVIATIONS = 1e-2, 3.0


#: What is said of constants that are not identified.
COMPENSATED = "other values, with other fields or other unknowns, fit all of it equally well"


@dataclass(frozen=True)
class Estimate:
    """An identified constant.

    Attributes:
        value: Its value.
        std: Its standard deviation for the noise of the observations: the stated noise, or that of their residuals; the
            error that training and points leave is included. None where it is not known, infinite where the observations
            do not determine the constant or are not fitted.
        exact: Its true value where it is known.
        issue: Why the standard deviation is infinite.
    """

    value: float
    std: float | None = None
    exact: float | None = None
    issue: str | None = None

    @property
    def error(self) -> float | None:
        """The relative error where the true value is known."""
        return None if self.exact is None else abs(self.value - self.exact) / (abs(self.exact) or 1.0)


class _Deviation(NamedTuple):
    """The standard deviation of a constant.

    Attributes:
        std: The standard deviation; infinite where there is an issue, None where it is not known.
        issue: Why it is infinite.
        identified: Whether all but noise determines the constant.
    """

    std: float | None
    issue: str | None = None
    identified: bool = True


def estimates(
    objective: ResidualObjective,
    theta: Tensor,
    validation: ResidualObjective | None = None,
    richer: ResidualObjective | None = None,
) -> dict[str, Estimate]:
    """Estimates of the unknown constants by name, at the minimiser theta (P,).

    It warns of constants that are not determined, and of standard deviations that are withheld.

    Args:
        objective: The residuals trained.
        theta: The parameters.
        validation: The same residuals at other points; None for the same points.
        richer: The same residuals of richer trial functions about the trained ones, at their present parameters: a network
            that has collapsed compensates nothing. None to leave it out.
    """
    problem = objective.trial.problem
    constants = problem.unknown_constants
    values = objective.unknowns(theta)
    found: list[_Deviation] = [_Deviation(None)] * len(constants)
    if objective.size <= MAX_PARAMETERS:
        found = _deviations(objective, theta, validation or objective, richer)
    for opening, identified in (("does not identify its", False), ("gives no standard deviation of its", True)):
        issues = [d.issue if d.identified == identified else None for d in found]
        for issue in dict.fromkeys(i for i in issues if i is not None):
            names = ", ".join(repr(u.name) for u, other in zip(constants, issues, strict=True) if other == issue)
            warnings.warn(f"problem {problem.name!r} {opening} unknown {names}: {issue}", ProblemWarning, stacklevel=2)
    return {u.name: Estimate(values[u.name], d.std, u.exact, d.issue) for u, d in zip(constants, found, strict=True)}


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
        issue = next((e.issue for e in found if e.issue is not None), None)
        out[name] = Estimate(fmean(values), std, first.exact, issue)
    return out


def _derivative(transform: object, s: Tensor) -> float:
    """Derivative of a constant with respect to the free number behind it."""
    free = s.detach().clone().requires_grad_()
    (derivative,) = torch.autograd.grad(transform(free), free)  # type: ignore[operator]
    return float(derivative)


def _deviations(
    objective: ResidualObjective, theta: Tensor, validation: ResidualObjective, richer: ResidualObjective | None
) -> list[_Deviation]:
    """Standard deviations of the constants."""
    constants = objective.trial.problem.unknown_constants
    free = objective.trial.flat.slices[objective.trial.unknowns.free]  # type: ignore[index]
    issue = fit_issue(objective, validation, theta)
    if issue is not None:
        return [_Deviation(inf, issue)] * len(constants)
    normal, half_gradient, noisy = _normal_equations(objective, theta)
    reduction = _Reduction(normal, free)
    unidentified = reduction.compensated
    if not unidentified and richer is not None:
        start = richer.start()
        among = richer.trial.flat.slices[richer.trial.unknowns.free]  # type: ignore[index]
        unidentified = _Reduction(richer.curvature(start).matrix, among).compensated
    covariance = (reduction.columns.T @ noisy @ reduction.columns).diagonal().clamp(min=0.0)
    deviations = (covariance.sqrt() / reduction.scale).tolist()
    curvature = validation.curvature(theta)
    steps = reduction.step(half_gradient)
    elsewhere = _Reduction(curvature.matrix, free).step(curvature.half_gradient)
    out = []
    for n, (u, s) in enumerate(zip(constants, theta[free].double(), strict=True)):
        slope = abs(_derivative(u.transform, s))
        std, step, other = (slope * abs(x[n]) for x in (deviations, steps, elsewhere))
        most = max(MAX_STEP * max(abs(float(u.transform(s))), u.transform.size), MAX_STEP_DEVIATIONS * std)
        if n in unidentified:
            out.append(_Deviation(inf, COMPENSATED, identified=False))
        elif not step <= most:
            out.append(_Deviation(inf, "training ended before the minimum of the loss; train longer"))
        elif not other <= most:
            out.append(_Deviation(inf, "it is another at other points of the equations; take more points"))
        else:
            out.append(_Deviation(hypot(std, step, other)))
    return out


class _Reduction:
    """Inverse of a Gauss-Newton matrix H (P, P), scaled and damped, for some of the parameters.

    Attributes:
        scale: The scale of these parameters.
        columns: Their columns (P, n) of the inverse, each up to its own scale.
        compensated: The numbers of those whose change the others compensate.
    """

    def __init__(self, matrix: Tensor, free: slice) -> None:
        scale = matrix.diagonal().sqrt()
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        chosen = torch.zeros(len(matrix), free.stop - free.start, dtype=torch.float64)
        chosen[free] = torch.eye(chosen.shape[1], dtype=torch.float64)
        damping = DAMPING
        while True:
            damped = matrix / scale / scale[:, None]
            damped.diagonal().add_(damping)
            factor, info = torch.linalg.cholesky_ex(damped)
            if not int(info):
                break
            damping *= 10.0
        columns = torch.cholesky_solve(chosen, factor)
        self.scale = scale[free]
        self.columns = columns / scale[:, None]
        # the Schur complement of the other parameters
        remaining, directions = torch.linalg.eigh(torch.linalg.inv(columns[free]))
        loose = directions[:, remaining < max(UNIDENTIFIED, 1e2 * damping)]
        self.compensated: list[int] = (loose.abs() > 0.1).any(dim=1).nonzero().flatten().tolist()

    def step(self, half_gradient: Tensor) -> list[float]:
        """Gauss-Newton step of the parameters chosen."""
        out: list[float] = (-(self.columns.T @ half_gradient) / self.scale).tolist()
        return out


def _normal_equations(objective: ResidualObjective, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """J^T J, J^T r and J^T V J."""
    size = objective.size
    normal, noisy = (torch.zeros(size, size, dtype=torch.float64) for _ in range(2))
    half_gradient = torch.zeros(size, dtype=torch.float64)
    variances = _variances(objective, theta)
    for number, residual, jacobian in objective.term_blocks(theta):
        rows = jacobian.double()
        half_gradient.addmv_(rows.T, residual.double())
        add_gram(normal, rows)
        if number in variances:
            add_gram(noisy, rows * variances[number] ** 0.5)
    return symmetric(normal), half_gradient, symmetric(noisy)


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
