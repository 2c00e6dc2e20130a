"""Scales of the fields of a problem: networks have outputs of size one, fields are of any size.

Data, sources and a coarse solution tell them, see `kinn.forms.strong.coarse_solve`, or the coarse minimum of an energy.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
import torch

from kinn.errors import InputError
from kinn.forms.coarse_basis import FEATURES, SEED, CoarseBasis
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.field_scales import FieldScales
from kinn.forms.strong.coarse_solve import CoarseSolve
from kinn.problem import Problem


def estimate_scales(problem: Problem) -> FieldScales:
    """Sizes and shifts of the fields of a problem on its domain.

    Raises:
        InputError: If the problem contradicts itself, or nothing in it sets the scale of a field.
    """
    trial = DomainTrial(problem, FEATURES, seed=SEED)
    basis = CoarseBasis(trial)
    basis.set(torch.zeros(basis.size, dtype=torch.float64))
    energy = problem.defaults.form == "energy"
    shifts: dict[str, float] = {}
    if energy:
        from kinn.forms.energy.coarse_energy import coarse_coefficients

        coefficients = coarse_coefficients(trial, basis.positions, basis.points)
        sizes = basis.sizes(coefficients)
    else:
        sizes, shifts = CoarseSolve(basis).scales()
    if not all(map(isfinite, sizes.values())):
        return FieldScales()  # training says what is not finite, and where
    known = [size for size in sizes.values() if size > 0]
    if not known:
        # hard conditions that satisfy the equations by themselves
        basis.set(torch.zeros(basis.size, dtype=torch.float64))
        known = [size for size in _lift_sizes(trial).values() if size > 0]
    if not known:
        names = ", ".join(map(repr, problem.names))
        raise InputError(
            f"the scale of {names} cannot be told from problem {problem.name!r}: all its data are zero, and so is its solution"
        )
    return FieldScales({name: size or max(known) for name, size in sizes.items()}, shifts)


def _lift_sizes(trial: DomainTrial) -> dict[str, float]:
    """Sizes of the fields where the networks vanish."""
    values: dict[str, float] = dict.fromkeys(trial.problem.names, 0.0)
    for name, geometry in trial.problem.subdomains.items():
        x = geometry.sample(64, seed=SEED)
        found = trial.evaluate(x, trial.problem.names, subdomain=name)
        for column, field in enumerate(trial.problem.names):
            values[field] = max(values[field], float(np.sqrt(np.mean(found[:, column] ** 2))))
    return values
