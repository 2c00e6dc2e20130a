"""Terms of an objective: a residual, its points, and the derivatives of the fields that it needs there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import Field, Points, evaluating
from kinn.forms.domain_trial import DomainTrial
from kinn.jets import Component, Index, IndexSet
from kinn.math import sqrt
from kinn.problem import Problem, Residual
from kinn.unknowns import UnknownTerm

#: Residuals of the fields by name, of each subdomain that takes part.
TermResidual = Callable[[Sequence[Mapping[str, Field]], Points], Sequence[Field]]

#: Points of a block: what one pass over the network handles, chosen so that its Jacobian stays in cache-friendly size.
BLOCK = 2048

#: At how many points a residual is evaluated to plan it.
PROBES = 7


@dataclass(frozen=True)
class Term:
    """One weighted residual of a form.

    Attributes:
        name: What messages and records call it.
        subdomains: Those whose fields take part.
        residual: The residual.
        blocks: Its points.
        weight: The factor of its mean square in the loss.
        index: The derivatives that it needs of each subdomain's network.
        unknown_index: The derivatives that it needs of each unknown field's network, for each side.
        equations: The number of residuals at each point.
        affine: Whether the residual is affine in the fields.
        noise: The standard deviation of what was measured, where it is known.
        interior: Whether it holds throughout its subdomain, so that its points may be moved.
        integral: Whether a residual is one of all points of a block together.
        fields: The names of the fields and unknown fields that it depends on, for each side.
        factors: The factor of each equation that makes it dimensionless; none for 1.
        local_weight: A factor of the square at each point, a function of the coordinates, beside the weight.
    """

    name: str
    subdomains: tuple[str, ...]
    residual: TermResidual
    blocks: tuple[Points, ...]
    weight: float
    index: tuple[IndexSet, ...]
    unknown_index: tuple[dict[str, IndexSet], ...]
    equations: int
    affine: bool
    noise: float | None = None
    interior: bool = False
    integral: bool = False
    fields: tuple[tuple[str, ...], ...] = ()
    factors: tuple[float, ...] = ()
    local_weight: Callable[..., Any] | None = None

    @property
    def observed(self) -> bool:
        """Whether it holds measurements."""
        return self.blocks[0].observed is not None

    @property
    def sizes(self) -> list[int]:
        """The number of residuals of each block, of one equation."""
        return [1 if self.integral else len(block) for block in self.blocks]

    @property
    def points(self) -> int:
        """The number of residuals of one equation: of points, or of integrals."""
        return sum(self.sizes)


def plan_term(
    trial: DomainTrial,
    name: str,
    subdomains: tuple[str, ...],
    residual: TermResidual,
    points: Points | Sequence[Points],
    *,
    weight: float = 1.0,
    noise: float | None = None,
    interior: bool = False,
    local_weight: Callable[..., Any] | None = None,
) -> Term:
    """Term planned by evaluating its residual on recording fields; see `Term` for the arguments.

    There are several `points` where each of its residuals is one of many points together.

    Raises:
        InputError: If the residual is no field, has a wrong shape, or depends on what does not exist.
    """
    if len(points) == 0:
        raise InputError(f"{name} has no points")
    integral = not isinstance(points, Points)
    blocks = split_blocks(points) if isinstance(points, Points) else tuple(points)
    probes = blocks[0].rows(slice(0, PROBES))
    dtype = probes.tensor.dtype
    names = [*trial.problem.names, *(u.name for u in trial.problem.unknowns)]
    recorded: dict[tuple[int, str], set[Index]] = {}

    def evaluate_on(first_weight: float) -> list[Tensor]:
        """Residuals of a mixture of two sets of random components, the first with this weight."""

        def answer(side: int, field: str, a: Index) -> Component:
            recorded.setdefault((side, field), set()).add(a)
            seeds = (hash((n, side, a)) % 2**31 + names.index(field) for n in range(2))
            generators = (torch.Generator().manual_seed(seed) for seed in seeds)
            first, second = (0.5 + torch.rand(len(probes), generator=g, dtype=torch.float64) for g in generators)
            size = natural_size(trial, subdomains[min(side, len(subdomains) - 1)], field, a)
            return (size * (first_weight * first + (1 - first_weight) * second)).to(dtype)

        traces, p = trial.record_traces(subdomains, probes, answer)
        with evaluating(name):
            residuals = residual(traces, p)
            if not residuals:
                raise InputError(f"the residual of {name} returns nothing")
            return [_checked_values(r, p, name) for r in residuals]

    first, second, mixed = evaluate_on(1.0), evaluate_on(0.0), evaluate_on(0.3)
    # a term that depends on the fields is not affine in them, however it enters
    unknown_terms = {u.name for u in trial.problem.unknown_fields if isinstance(u, UnknownTerm)}
    tolerance = 1e-9 if dtype == torch.float64 else 1e-4
    affine = unknown_terms.isdisjoint(field for _, field in recorded) and all(
        torch.allclose(m, 0.3 * a + 0.7 * b, rtol=tolerance, atol=0.0, equal_nan=True)
        for a, b, m in zip(first, second, mixed, strict=True)
    )

    def needed(side: int, fields: Iterable[str]) -> IndexSet:
        return IndexSet.closure(trial.problem.dimension, set().union(*(recorded.get((side, f), set()) for f in fields)))

    sides = range(len(subdomains))
    index = tuple(needed(side, trial.problem.names) for side in sides)
    unknown_index = tuple(
        {u.name: needed(side, [u.name]) for u in trial.problem.unknown_fields if (side, u.name) in recorded}
        for side in sides
    )
    named = [*trial.problem.names, *(u.name for u in trial.problem.unknown_fields)]
    fields = tuple(tuple(f for f in named if (side, f) in recorded) for side in sides)
    return Term(
        name, subdomains, residual, blocks, weight, index, unknown_index, len(first), affine, noise, interior, integral,
        fields, local_weight=local_weight,
    )  # fmt: skip


def natural_size(trial: DomainTrial, subdomain: str, field: str, a: Index) -> float:
    """Size of a derivative of a network's field that varies over the extent of its subdomain; 1 for unknowns."""
    if field not in trial.problem.names:
        return 1.0
    lower, upper = trial.problem.subdomains[subdomain].bounds
    size = trial.scales.size(field)
    for order, extent in zip(a, (upper - lower).tolist(), strict=True):
        size /= extent**order
    return size


def pde_residual(residual: Residual, names: Sequence[str]) -> TermResidual:
    """Residual of a PDE as that of a term, of fields by name with several results."""

    def residuals(traces: Sequence[Mapping[str, Field]], p: Points) -> Sequence[Field]:
        out = residual(*(traces[0][name] for name in names), p)
        return [out] if isinstance(out, Field) or not isinstance(out, Sequence) else out

    return residuals


def split_blocks(points: Points) -> tuple[Points, ...]:
    """Blocks of points."""
    return tuple(points.rows(slice(start, start + BLOCK)) for start in range(0, len(points), BLOCK))


def concatenate(problem: Problem, blocks: Sequence[Points]) -> Points:
    """Points of several blocks as one."""

    def joined(parts: Sequence[Tensor | None]) -> Tensor | None:
        known = [part for part in parts if part is not None]
        return torch.cat(known) if known else None

    sides = range(len(blocks[0].paired_points))
    return problem.points(
        torch.cat([block.tensor for block in blocks]),
        joined([block.normals for block in blocks]),
        joined([block.observed for block in blocks]),
        paired_points=[concatenate(problem, [block.paired_points[n] for block in blocks]) for n in sides],
        weights=joined([block.weights for block in blocks]),
    )


def evaluate(term: Term, traces: Sequence[Mapping[str, Field]], p: Points) -> Tensor:
    """Dimensionless residuals (equations, N) of a term, without weights."""
    values = [torch.as_tensor(r.value, dtype=p.tensor.dtype) for r in term.residual(traces, p)]
    if term.factors:
        values = [factor * value for factor, value in zip(term.factors, values, strict=True)]
    if term.local_weight is not None:
        root = sqrt(p.field(term.local_weight, f"the weight of {term.name}")).value
        values = [root * value for value in values]
    if p.weights is not None and not term.integral:  # points of uneven density
        values = [p.weights.sqrt() * value for value in values]
    rows = 1 if term.integral else len(p)
    return torch.stack([v if v.dim() else v.expand(rows) for v in values])


def _checked_values(r: object, p: Points, name: str) -> Tensor:
    """Values of a residual on the probes, of the right kind and shape."""
    if not isinstance(r, Field):
        raise InputError(f"the residual of {name} returns {type(r).__name__} where a field is needed")
    value = torch.as_tensor(r.value)
    if value.dim() and value.shape != (len(p),):
        raise InputError(f"the residual of {name} has shape {tuple(value.shape)} at {len(p)} points; one value a point")
    return value if value.dim() else value.expand(len(p))
