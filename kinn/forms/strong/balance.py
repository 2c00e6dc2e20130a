"""Factors that make equations dimensionless: the size of a residual's operator on fields of size one.

An equation's residual is divided by how much it changes with the networks' parameters, relative to how much the fields,
in units of their size, do at the same points: both are root mean squares of the rows of a Jacobian at the present
parameters. So a residual of one means the same in every equation and condition, whatever its units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.terms import Term, concatenate, plan_term, split_blocks
from kinn.jets import IndexSet

#: At how many points of a term, and for how many of its integrals, the operator's size is measured.
SAMPLE = 256
INTEGRALS = 8

#: By how much fresh networks are scaled at most.
LARGEST_FACTOR = 1e3

#: Rows count as at most this multiple of the median: a singular coefficient sets no scale.
OUTLIER = 10.0


def balance_factors(trial: DomainTrial, terms: Sequence[Term]) -> list[tuple[float, ...]]:
    """Factor of each equation of each term that makes it dimensionless, at the present parameters."""
    theta = trial.flat.get()
    trial.flat.set(_of_size_one(trial, theta))
    try:
        return _measured_factors(trial, terms)
    finally:
        trial.flat.set(theta)


def _of_size_one(trial: DomainTrial, theta: Tensor) -> Tensor:
    """Parameters with the last layers scaled up to outputs of size one: fresh networks are smaller than what they learn.

    Equations that are not linear have another size there.
    """
    theta = theta.clone()
    index = IndexSet.closure(trial.problem.dimension, [])
    for name, geometry in trial.problem.subdomains.items():
        p = trial.problem.points(torch.as_tensor(geometry.sample(SAMPLE, seed=1), dtype=trial.dtype))
        with torch.no_grad():
            size = float(trial.outputs(name, p, index).double().square().mean().sqrt())
        if 1.0 / LARGEST_FACTOR < size < 1.0:
            for parameter in trial.network(name).last_layer:
                theta[trial.flat.slices[parameter]] /= size
    return theta


def _measured_factors(trial: DomainTrial, terms: Sequence[Term]) -> list[tuple[float, ...]]:
    """Factors of the equations at the parameters set."""
    factors = [(1.0,) * term.equations for term in terms]
    dependent = [n for n, term in enumerate(terms) if any(term.fields)]
    samples = [_sampled(trial, terms[n]) for n in dependent]
    rows = _row_norms(trial, samples)
    fields = _row_norms(trial, [_plain_term(trial, term) for term in samples])
    for n, sizes, plain in zip(dependent, rows, fields, strict=True):
        size_of_fields = float(plain.square().mean().sqrt())
        if size_of_fields > 0:
            factors[n] = tuple(size_of_fields / size if size > 0 else 1.0 for size in sizes.tolist())
    return factors


def _sampled(trial: DomainTrial, term: Term) -> Term:
    """Term at some of its points, in its own units."""
    term = replace(term, factors=(), local_weight=None, weight=1.0)
    if term.integral:
        return replace(term, blocks=term.blocks[:: -(-len(term.blocks) // INTEGRALS)])
    points = concatenate(trial.problem, term.blocks)
    return replace(term, blocks=split_blocks(points.rows(slice(None, None, -(-len(points) // SAMPLE)))))


def _plain_term(trial: DomainTrial, term: Term) -> Term:
    """Values of the fields that a term depends on, in units of their size, at the same points."""

    def residual(traces: Sequence[Mapping[str, Field]], _: Points) -> Sequence[Field]:
        named = ((side, name) for side, names in enumerate(term.fields) for name in names)
        return [traces[side][name] * (1.0 / trial.size_of(name)) for side, name in named]

    points = concatenate(trial.problem, term.blocks)
    points = points.rows(slice(None, None, -(-len(points) // SAMPLE)))
    return plan_term(trial, f"the fields of {term.name}", term.subdomains, residual, points)


def _row_norms(trial: DomainTrial, terms: Sequence[Term]) -> list[Tensor]:
    """Root mean squares (equations,) of the rows of each term's Jacobian with respect to the networks."""
    objective = ResidualObjective(trial, terms)
    rows: list[list[Tensor]] = [[] for _ in terms]
    free = trial.unknowns.free
    for number, _, jacobian in objective.term_blocks(trial.flat.get()):
        term, scale = terms[number], terms[number].points ** 0.5
        if free is not None:
            jacobian[:, trial.flat.slices[free]] = 0.0
        rows[number].append(torch.linalg.vector_norm(jacobian.double(), dim=1).view(term.equations, -1) * scale)
    return [torch.stack([robust_rms(row) for row in torch.cat(parts, dim=1)]) for parts in rows]


def robust_rms(norms: Tensor) -> Tensor:
    """Root mean square of the norms that are not zero, outliers cut."""
    norms = norms[torch.isfinite(norms) & (norms > 0)]
    if not len(norms):
        return torch.zeros((), dtype=torch.float64)
    size = norms.clamp(max=OUTLIER * float(norms.median()))
    largest = size.max()
    return largest * (size / largest).square().mean().sqrt()
