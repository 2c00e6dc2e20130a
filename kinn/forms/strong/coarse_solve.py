"""Coarse solution of the strong form, for the sizes of the fields.

A single layer of random features, of which only the last layer is solved for, gives the sizes at next to no cost: by least
squares where the equations are affine, by a few damped Gauss-Newton steps where they are not. Equations and fields are
equilibrated first, so that units change nothing but units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, log

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from kinn.errors import DivergedError
from kinn.forms.coarse_basis import FEATURES, SEED, CoarseBasis, rms
from kinn.forms.strong.balance import robust_rms
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.strong.strong_form import plan_terms
from kinn.forms.terms import Term, evaluate

#: Singular values below this fraction of the largest are dropped: sizes are sought, and rigid motions have none.
CUTOFF = 1e-3

#: How often the sizes of equations and fields are balanced, and the least weight of a size: all stay connected.
BALANCINGS, LEAST_WEIGHT = 8, 1e-6

#: Gauss-Newton steps where residuals are not affine, and how often one is halved.
STEPS, HALVINGS = 4, 6

#: The least size of a field relative to that by which its terms balance the sources.
LEAST = 1e-3

#: The least size of a field relative to that by which it would matter as much as another one in an equation.
COMPANION = 0.3

#: Fields that vary by less than this fraction of their mean are shifted by it.
SHIFTED = 0.1

#: Sizes of the coefficients that are tried where equations do not depend on small fields.
TRIED_SIZES = np.logspace(-24, 24, 49)


@dataclass(frozen=True)
class LinearisedEquations:
    """Residuals and Jacobians (equation by equation) in the coefficients."""

    residuals: list[Tensor]
    jacobians: list[Tensor]


class CoarseSolve:
    """Coarse solution of the strong form by random basis.

    Args:
        basis: The functions.
    """

    def __init__(self, basis: CoarseBasis) -> None:
        self.basis = basis
        terms = plan_terms(basis.trial, points=basis.points, seed=SEED)
        self.terms = [replace(term, weight=1.0, local_weight=None) for term in terms if _sees_networks(term, basis)]
        self.objective = ResidualObjective(basis.trial, self.terms)

    def scales(self) -> tuple[dict[str, float], dict[str, float]]:
        """Sizes of the fields, 0 where nothing is known, and shifts."""
        basis = self.basis
        start = torch.zeros(basis.size, dtype=torch.float64)
        here = self.linearised(start)
        if not self._is_usable(here):
            start = self._away_from_zero()
            here = self.linearised(start)
        if not self._is_usable(here):
            return {name: max(map(rms, self.data.get(name, [])), default=inf) for name in basis.names}, {}
        rows, columns = self._equilibration(here)
        # by which the sources of an equation are balanced, as far as it depends on the field
        sources = rows * torch.tensor([rms(r) for r in here.residuals], dtype=torch.float64)
        scaled = (rows[:, None] * self._sizes(here) * columns).clamp(max=1.0)
        balance = columns * (sources[:, None] * scaled).amax(dim=0) * basis.size**0.5
        coefficients = self._solve(start, here, rows, columns)
        outputs = basis.outputs(coefficients)
        sizes, shifts = {}, {}
        for (name, values), size in zip(outputs.items(), balance.tolist(), strict=True):
            data = self.data.get(name, [])
            sizes[name] = max(rms(values), LEAST * size, *map(rms, data))
            mean = float(torch.stack([d.mean() for d in data]).mean()) if data else 0.0
            variation = max(rms(values - mean), *(rms(d - mean) for d in data)) if data else inf
            if variation < SHIFTED * abs(mean) and not basis.trial.is_constrained(name):
                shifts[name], sizes[name] = mean, max(variation, LEAST * abs(mean))
        # components of a vector are of one size, and a field that vanishes is of that which matters to its companions
        for f, (name, column) in enumerate(zip(basis.names, columns.tolist(), strict=True)):
            others = scaled * torch.tensor([sizes[g] for g in basis.names], dtype=torch.float64) / columns
            others[:, f] = 0.0
            sizes[name] = max(sizes[name], COMPANION * column * float((scaled[:, f] * others.amax(dim=1)).max()))
        return sizes, shifts

    def linearised(self, coefficients: Tensor) -> LinearisedEquations:
        """Residuals and Jacobians at coefficients."""
        theta = self.basis.set(coefficients)
        count = sum(term.equations for term in self.terms)
        residuals: list[list[Tensor]] = [[] for _ in range(count)]
        jacobians: list[list[Tensor]] = [[] for _ in range(count)]
        first = np.cumsum([0, *(term.equations for term in self.terms)])
        try:
            for number, r, j in self.objective.term_blocks(theta):
                equations, scale = self.terms[number].equations, self.terms[number].points ** 0.5
                rows = scale * j[:, self.basis.positions]
                for e, (values, block) in enumerate(zip(r.chunk(equations), rows.chunk(equations), strict=True)):
                    residuals[first[number] + e].append(scale * values)
                    jacobians[first[number] + e].append(block)
        except DivergedError:
            nan = torch.full((1,), float("nan"), dtype=torch.float64)
            return LinearisedEquations([nan], [nan.expand(1, self.basis.size)])
        return LinearisedEquations([torch.cat(r) for r in residuals], [torch.cat(j) for j in jacobians])

    def _residuals(self, coefficients: Tensor) -> list[Tensor]:
        """Residuals (N,) of each equation at coefficients."""
        trial = self.basis.trial
        self.basis.set(coefficients)
        out: list[Tensor] = []
        with torch.no_grad():
            for term in self.terms:
                parts = []
                for points in term.blocks:
                    traces, p = trial.traces(term.subdomains, points, term.index, term.unknown_index)
                    parts.append(evaluate(term, traces, p))
                out += torch.cat(parts, dim=1)
        return out

    @cached_property
    def data(self) -> dict[str, list[Tensor]]:
        """Values that soft conditions prescribe, by field."""
        basis = self.basis
        at_zero = self._residuals(torch.zeros(basis.size, dtype=torch.float64))
        out: dict[str, list[Tensor]] = {}
        ones = torch.zeros(basis.size, dtype=torch.float64)
        for part in basis.slices.values():
            for bias in self._biases(part):
                ones[bias] = 1.0
        at_one = self._residuals(ones)
        first = np.cumsum([0, *(term.equations for term in self.terms)])
        for n, term in enumerate(self.terms):
            plain = all(not any(a) for index in term.index for a in index)
            if term.integral or term.equations > 1 or len(term.fields) > 1 or not term.affine or not plain:
                continue
            (names,) = term.fields
            if len(names) == 1 and names[0] in basis.names and not basis.trial.is_constrained(names[0]):
                slope = at_one[first[n]] - at_zero[first[n]]
                values = -at_zero[first[n]] / slope
                if bool(torch.isfinite(values).all()):
                    out.setdefault(names[0], []).append(values)
        return out

    def _biases(self, part: slice) -> list[int]:
        """Positions of the constants among the coefficients of a field."""
        (width,) = FEATURES.widths
        return [n + width for n in range(part.start, part.stop, width + 1)]

    def _is_usable(self, here: LinearisedEquations) -> bool:
        """Whether all is finite, every equation depends on the fields, and every field matters to some equation."""
        finite = all(bool(torch.isfinite(x).all()) for x in (*here.residuals, *here.jacobians))
        return finite and all(bool((j != 0).any()) for j in here.jacobians)

    def _sizes(self, here: LinearisedEquations) -> Tensor:
        """Sizes (equations, fields) of the rows of the Jacobian."""
        rows = [
            [robust_rms(torch.linalg.vector_norm(j[:, part], dim=1)) for part in self.basis.slices.values()]
            for j in here.jacobians
        ]
        return torch.tensor(rows, dtype=torch.float64)

    def _equilibration(self, here: LinearisedEquations) -> tuple[Tensor, Tensor]:
        """Factors of the equations and of the fields by which sizes are about 1 where they matter, else less.

        Least squares of the logarithms, of which those far below 0 count less and less.
        """
        sizes = self._sizes(here)
        known = (sizes > 0).nonzero()
        table = torch.zeros(len(known), sum(sizes.shape), dtype=torch.float64)
        table[torch.arange(len(known)), known[:, 0]] = 1.0
        table[torch.arange(len(known)), len(sizes) + known[:, 1]] = 1.0
        logs = sizes[known[:, 0], known[:, 1]].log()
        weights, out = torch.ones_like(logs), torch.zeros(table.shape[1], dtype=torch.float64)
        for _ in range(BALANCINGS):
            system = torch.linalg.lstsq(weights[:, None] * table, -(weights * logs)[:, None], driver="gelsd")
            out = system.solution[:, 0]
            weights = ((table @ out + logs).clamp(max=0.0) / 2.0).exp().clamp(min=LEAST_WEIGHT)
        out = out.exp()
        return out[: len(sizes)], out[len(sizes) :]

    def _loss(self, residuals: list[Tensor], rows: Tensor) -> float:
        return sum((float(row) * rms(r)) ** 2 for row, r in zip(rows, residuals, strict=True))

    def _solve(self, start: Tensor, here: LinearisedEquations, rows: Tensor, columns: Tensor) -> Tensor:
        """Coefficients after least squares, or damped Gauss-Newton steps."""
        widths = torch.tensor([part.stop - part.start for part in self.basis.slices.values()])
        scale = columns.repeat_interleave(widths)
        coefficients, loss = start, self._loss(here.residuals, rows)
        for _ in range(1 if self.objective.affine else STEPS):
            factors = [float(row) / len(r) ** 0.5 for row, r in zip(rows, here.residuals, strict=True)]
            matrix = torch.cat([f * j for f, j in zip(factors, here.jacobians, strict=True)]) * scale
            right = torch.cat([-f * r for f, r in zip(factors, here.residuals, strict=True)])
            step = scale * torch.as_tensor(scipy.linalg.lstsq(matrix.numpy(), right.numpy(), cond=CUTOFF)[0])
            for _ in range(HALVINGS):
                reached = self._loss(self._residuals(coefficients + step), rows)
                if reached < loss:
                    break
                step = step / 2
            else:
                break
            coefficients, loss = coefficients + step, reached
            if not self.objective.affine:
                here = self.linearised(coefficients)
        return coefficients

    def _away_from_zero(self) -> Tensor:
        """Random coefficients so large that residuals change by as much as they are without the fields."""
        basis = self.basis
        generator = torch.Generator().manual_seed(SEED)
        direction = torch.randn(basis.size, generator=generator, dtype=torch.float64) / basis.size**0.5
        still = self._residuals(torch.zeros_like(direction))
        best, least = direction.clone(), inf
        for size in TRIED_SIZES.tolist():
            changes = [
                (rms(r - r_0), rms(r_0)) for r, r_0 in zip(self._residuals(size * direction), still, strict=True)
            ]
            distance = sum(abs(log(change / source)) for change, source in changes if change > 0 and source > 0)
            if all(isfinite(change) for change, _ in changes) and 0 < distance < least:
                best, least = direction * size, distance
        return torch.as_tensor(best)


def _sees_networks(term: Term, basis: CoarseBasis) -> bool:
    """Whether a term depends on the fields themselves."""
    return any(name in basis.names for names in term.fields for name in names)
