"""Whether a fit of observations by an equation is one, so that standard deviations of its constants mean anything.

They are those of noise in the observations alone. So the observations must be fitted up to their noise, and the equation
must be met, at other points than those of the training too.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import torch
from torch import Tensor

from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.terms import Term

#: Residuals of this multiple of the stated noise are no noise, and those above 1 by this many standard errors.
NOISE_RATIO, STANDARD_ERRORS = 2.0, 3.0

#: Residuals are no noise where neighbours are correlated so, and by as many standard errors; smaller ones than this share of
#: the spread of the observations do not matter.
CORRELATION, CORRELATION_ERRORS, SHARE_OF_SPREAD = 0.5, 2.5, 0.05

#: A dimensionless equation is not met where its residuals have this root mean square.
EQUATION_RESIDUAL = 0.1


def fit_issue(objective: ResidualObjective, validation: ResidualObjective, theta: Tensor) -> str | None:
    """Why the parameters theta (P,) do not fit the observations and the equation, or None where they do.

    Args:
        objective: The residuals trained.
        validation: The same at other points.
        theta: The parameters.
    """
    trial = objective.trial
    # observations in their own units, as their noise is
    observed = ResidualObjective(
        trial, [replace(term, factors=(), local_weight=None) for term in objective.terms if term.observed]
    )
    for term, residuals in zip(observed.terms, observed.residuals(theta), strict=True):
        if (issue := _misfit(term, residuals.flatten().double())) is not None:
            return issue
    equations = ResidualObjective(trial, [term for term in validation.terms if term.interior])
    for term, residuals in zip(equations.terms, equations.residuals(theta), strict=True):
        rms = float(residuals.double().square().mean(dim=1).max().sqrt())
        if not rms <= EQUATION_RESIDUAL:
            return (
                f"{term.name} is not met, its residual at validation points is {rms:.2g} of its size; "
                "train longer, take more points or give the equation more weight"
            )
    return None


def _misfit(term: Term, errors: Tensor) -> str | None:
    """Why the errors (N,) of a fit of observations are no noise, or None where they may be."""
    rms = float(errors.square().mean().sqrt())
    if term.noise is not None:
        ratio = rms / term.noise
        if ratio > max(NOISE_RATIO, 1.0 + STANDARD_ERRORS / sqrt(2.0 * len(errors))):
            return f"the fit misses the values of {term.name} by {ratio:.2g} times their stated noise"
        return None
    values = torch.cat([torch.as_tensor(block.observed).double() for block in term.blocks])
    spread = float((values - values.mean()).square().mean().sqrt() or values.square().mean().sqrt())
    if len(errors) < 3 or rms <= SHARE_OF_SPREAD * spread:
        return None
    x = torch.cat([block.tensor for block in term.blocks]).double()
    x = (x - x.amin(dim=0)) / (x.amax(dim=0) - x.amin(dim=0)).clamp(min=1e-300)
    distances = torch.cdist(x, x).fill_diagonal_(torch.inf)
    correlation = float((errors * errors[distances.argmin(dim=1)]).mean()) / rms**2
    if correlation > max(CORRELATION, CORRELATION_ERRORS / sqrt(len(errors))):
        return (
            f"the fit misses the values of {term.name} by {rms / spread:.0%} of their spread, and not by noise: "
            "neighbouring residuals agree"
        )
    return None
