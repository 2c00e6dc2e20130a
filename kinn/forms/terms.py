"""Terms of a form: a residual, the points where it is evaluated, and what it asks of the fields there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.jets import Component, Index, IndexSet
from kinn.problem import Problem
from kinn.unknowns import UnknownTerm

#: Residuals of the fields by name, of each subdomain that takes part.
TermResidual = Callable[[Sequence[Mapping[str, Field]], Points], Sequence[Field]]

#: Points of a block: what one pass over the network handles, chosen so that its Jacobian stays in cache-friendly size.
BLOCK = 2048

#: How many points a residual is tried on while it is planned.
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
        index: The derivatives it asks of each subdomain's network.
        unknown_index: The derivatives it asks of each unknown field's network, for each side.
        equations: The number of residuals at each point.
        affine: Whether the residual is affine in the fields.
        noise: The standard deviation of what was measured, where it is known.
        interior: Whether it holds throughout its subdomain, so that its points may be moved.
        integral: Whether a residual is one of all points of a block together.
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
        """The number of points, or of blocks where these count as a whole."""
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
) -> Term:
    """Return a term, planned by trying its residual on a recording field.

    Args:
        trial: The trial functions.
        name: What messages call the term.
        subdomains: Those whose fields take part.
        residual: The residual.
        points: Where it is evaluated; several, where each of its residuals is one of many points together.
        weight: The factor of the mean square in the loss.
        noise: The standard deviation of what was measured, where it is known.
        interior: Whether it holds throughout its subdomain.

    Raises:
        InputError: If the residual is no field, has a wrong shape, or asks for what does not exist.
    """
    if len(points) == 0:
        raise InputError(f"{name} has no points")
    whole = not isinstance(points, Points)
    blocks = split_blocks(points) if isinstance(points, Points) else tuple(points)
    probes = blocks[0].rows(slice(0, PROBES))
    dtype = probes.tensor.dtype
    names = [*trial.problem.names, *(u.name for u in trial.problem.unknowns)]
    wanted: dict[tuple[int, str], set[Index]] = {}

    def attempt(seed: int, mix: float | None = None) -> list[Tensor]:
        """Try the residual on random components: of one seed, or a mixture of the seeds 0 and 1."""

        def values(s: int, side: int, field: str, a: Index) -> Tensor:
            generator = torch.Generator().manual_seed(hash((s, side, a)) % 2**31 + names.index(field))
            return 0.5 + torch.rand(len(probes), generator=generator, dtype=torch.float64)

        def answer(side: int, field: str, a: Index) -> Component:
            wanted.setdefault((side, field), set()).add(a)
            if mix is None:
                return values(seed, side, field, a).to(dtype)
            return (mix * values(0, side, field, a) + (1 - mix) * values(1, side, field, a)).to(dtype)

        traces, p = trial.record_traces(subdomains, probes, answer)
        return [_checked(r, p, name) for r in _residuals(residual, traces, p, name)]

    first, second, mixed = attempt(0), attempt(1), attempt(0, mix=0.3)
    affine = all(
        torch.allclose(m, 0.3 * a + 0.7 * b, rtol=1e-9 if dtype == torch.float64 else 1e-4, atol=0.0, equal_nan=True)
        for a, b, m in zip(first, second, mixed, strict=True)
    )

    # a term that depends on the fields is not affine in them, however it enters
    learnt = {u.name for u in trial.problem.unknown_fields if isinstance(u, UnknownTerm)}
    affine = affine and not any(field in learnt for _, field in wanted)

    def asked(side: int, fields: Sequence[str]) -> IndexSet:
        return IndexSet.closure(trial.problem.dimension, set().union(*(wanted.get((side, f), set()) for f in fields)))

    index = tuple(asked(side, trial.problem.names) for side in range(len(subdomains)))
    unknown = [u.name for u in trial.problem.unknown_fields]
    sought = tuple({u: asked(side, [u]) for u in unknown if (side, u) in wanted} for side in range(len(subdomains)))
    return Term(name, subdomains, residual, blocks, weight, index, sought, len(first), affine, noise, interior, whole)


def split_blocks(points: Points) -> tuple[Points, ...]:
    """Return points in blocks."""
    return tuple(points.rows(slice(start, start + BLOCK)) for start in range(0, len(points), BLOCK))


def concatenate(problem: Problem, blocks: Sequence[Points]) -> Points:
    """Return blocks of points as one."""
    first = blocks[0]

    def whole(parts: Sequence[Tensor | None]) -> Tensor | None:
        known = [part for part in parts if part is not None]
        return torch.cat(known) if known else None

    paired = [
        concatenate(problem, [block.paired_points[n] for block in blocks]) for n in range(len(first.paired_points))
    ]
    return problem.points(
        torch.cat([block.tensor for block in blocks]),
        whole([block.normals for block in blocks]),
        whole([block.observed for block in blocks]),
        paired,
    )


def evaluate(term: Term, traces: Sequence[Mapping[str, Field]], p: Points) -> Tensor:
    """Return the residuals of a term, a tensor (equations, N), not weighted."""
    values = [torch.as_tensor(r.value, dtype=p.tensor.dtype) for r in term.residual(traces, p)]
    rows = 1 if term.integral else len(p)
    return torch.stack([v if v.dim() else v.expand(rows) for v in values])


def _residuals(residual: TermResidual, traces: Sequence[Mapping[str, Field]], p: Points, name: str) -> Sequence[Field]:
    out = residual(traces, p)
    if not out:
        raise InputError(f"the residual of {name} returns nothing")
    return out


def _checked(r: object, p: Points, name: str) -> Tensor:
    """Return the values of a residual on the probes, or say what is wrong with it."""
    if not isinstance(r, Field):
        raise InputError(f"the residual of {name} returns {type(r).__name__} where a field is needed")
    value = torch.as_tensor(r.value)
    if value.dim() and value.shape != (len(p),):
        raise InputError(f"the residual of {name} has shape {tuple(value.shape)} at {len(p)} points; one value a point")
    return value if value.dim() else value.expand(len(p))
