"""Scales of the fields of a problem, from a coarse solution by random features.

The outputs of networks are of size one, fields are of any. A single layer of random features, of which only the last layer
is solved for, gives the sizes at next to no cost: by least squares where the equations are affine, by a few damped
Gauss-Newton steps where they are not. Equations and fields are equilibrated first, so that units change nothing but units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, log

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from kinn.errors import DivergedError, InputError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.field_scales import FieldScales
from kinn.forms.strong.balance import robust_rms
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.strong.strong_form import plan_terms
from kinn.forms.terms import Term, evaluate
from kinn.geometry.types import Array
from kinn.jets import IndexSet
from kinn.networks import MLP
from kinn.problem import Problem

#: The random features, and the points inside for each unknown coefficient of a field.
FEATURES = MLP((60,), activation="tanh", init_range=3.0)
POINTS_PER_COEFFICIENT = 4

#: The seed of features and points: one scale for all seeds of a solve.
SEED = 0

#: Singular values below this fraction of the largest are dropped: sizes are sought, and rigid motions have none.
CUTOFF = 1e-3

#: How often the sizes of equations and fields are balanced, and the least weight of a size: all stay connected.
BALANCINGS, LEAST_WEIGHT = 8, 1e-6

#: Gauss-Newton steps where residuals are not affine, and how often one is halved.
STEPS, HALVINGS = 4, 6

#: The least size of a field relative to that by which its terms balance the sources.
LEAST = 1e-3

#: Fields that vary by less than this fraction of their mean are shifted by it.
SHIFTED = 0.1

#: Sizes of the coefficients that are tried where equations do not depend on small fields.
TRIED_SIZES = np.logspace(-24, 24, 49)


def estimate_scales(problem: Problem) -> FieldScales:
    """Sizes and shifts of the fields of a problem on its domain.

    Raises:
        InputError: If the problem contradicts itself, or nothing in it sets the scale of a field.
    """
    trial = DomainTrial(problem, FEATURES, seed=SEED)
    features = RandomFeatures(trial)
    features.set(torch.zeros(features.size, dtype=torch.float64))
    energy = problem.defaults.form == "energy"
    shifts: dict[str, float] = {}
    if energy:
        from kinn.forms.energy.coarse_energy import coarse_coefficients

        coefficients = coarse_coefficients(trial, features.positions, features.points)
        sizes = features.sizes(coefficients)
    else:
        sizes, shifts = CoarseSolve(features).scales()
    if not all(map(isfinite, sizes.values())):
        return FieldScales()  # training says what is not finite, and where
    known = [size for size in sizes.values() if size > 0]
    if not known:
        # hard conditions that satisfy the equations by themselves
        known = [size for size in _lift_sizes(trial).values() if size > 0]
    if not known:
        names = ", ".join(map(repr, problem.names))
        raise InputError(
            f"the scale of {names} cannot be told from problem {problem.name!r}: all its data are zero, and so is its solution"
        )
    companions = LEAST * max(known)
    return FieldScales({name: size or companions for name, size in sizes.items()}, shifts)


class RandomFeatures:
    """The last layers of trial functions on random features.

    Args:
        trial: The trial functions.
    """

    def __init__(self, trial: DomainTrial) -> None:
        self.trial = trial
        self.names = trial.problem.names
        columns: dict[str, list[Tensor]] = {name: [] for name in self.names}
        for subdomain in trial.networks:
            for parameter in trial.network(subdomain).last_layer:
                part = trial.flat.slices[parameter]
                channels = torch.arange(part.start, part.stop).view(-1, len(self.names))
                for channel, name in enumerate(self.names):
                    columns[name].append(channels[:, channel])
        by_field = {name: torch.cat(parts) for name, parts in columns.items()}
        #: The positions of all coefficients in the parameters, field by field.
        self.positions = torch.cat(list(by_field.values()))
        #: The coefficients of each field among all.
        self.slices: dict[str, slice] = {}
        start = 0
        for name, positions in by_field.items():
            self.slices[name] = slice(start, start + len(positions))
            start += len(positions)

    @property
    def size(self) -> int:
        """The number of coefficients."""
        return len(self.positions)

    @property
    def points(self) -> int:
        """The number of points inside."""
        return POINTS_PER_COEFFICIENT * self.size // len(self.names)

    def set(self, coefficients: Tensor) -> Tensor:
        """Give the trial functions these coefficients, and return their parameters."""
        theta = self.trial.flat.get()
        theta[self.positions] = coefficients
        self.trial.flat.set(theta)
        return theta

    @cached_property
    def _samples(self) -> list[tuple[str, Array]]:
        subdomains = self.trial.problem.subdomains.items()
        return [(name, geometry.sample(POINTS_PER_COEFFICIENT * 60, seed=SEED + 1)) for name, geometry in subdomains]

    def outputs(self, coefficients: Tensor) -> dict[str, Tensor]:
        """Outputs of the networks at points inside, by field."""
        self.set(coefficients)
        values = []
        index = IndexSet.closure(self.trial.problem.dimension, [])
        with torch.no_grad():
            for name, x in self._samples:
                p = self.trial.problem.points(torch.as_tensor(x, dtype=self.trial.dtype))
                values.append(self.trial.outputs(name, p, index)[0])
        columns = torch.cat(values)
        return {name: columns[:, channel] for channel, name in enumerate(self.names)}

    def sizes(self, coefficients: Tensor) -> dict[str, float]:
        """Root mean squares of the outputs by field."""
        return {name: rms(values) for name, values in self.outputs(coefficients).items()}


@dataclass(frozen=True)
class Linearisation:
    """Residuals and Jacobians (equation by equation) in the coefficients."""

    residuals: list[Tensor]
    jacobians: list[Tensor]


class CoarseSolve:
    """Coarse solution of the strong form by random features.

    Args:
        features: The features.
    """

    def __init__(self, features: RandomFeatures) -> None:
        self.features = features
        terms = plan_terms(features.trial, points=features.points, seed=SEED)
        self.terms = [_unweighted(term) for term in terms]
        self.objective = ResidualObjective(features.trial, self.terms)

    def scales(self) -> tuple[dict[str, float], dict[str, float]]:
        """Sizes of the fields, 0 where nothing is known, and shifts."""
        features = self.features
        start = torch.zeros(features.size, dtype=torch.float64)
        here = self.linearised(start)
        if not self._is_usable(here):
            start = self._away_from_zero(here)
            here = self.linearised(start)
        if not self._is_usable(here):
            return {name: max(map(rms, self.data.get(name, [])), default=inf) for name in features.names}, {}
        rows, columns = self._equilibration(here)
        # by which the sources of an equation are balanced, as far as it depends on the field
        sources = rows * torch.tensor([rms(r) for r in here.residuals], dtype=torch.float64)
        scaled = (rows[:, None] * self._sizes(here) * columns).clamp(max=1.0)
        balance = columns * (sources[:, None] * scaled).amax(dim=0) * features.size**0.5
        coefficients = self._solve(start, here, rows, columns)
        outputs = features.outputs(coefficients)
        sizes, shifts = {}, {}
        for (name, values), size in zip(outputs.items(), balance.tolist(), strict=True):
            data = self.data.get(name, [])
            sizes[name] = max(rms(values), LEAST * size, *map(rms, data))
            mean = float(torch.stack([d.mean() for d in data]).mean()) if data else 0.0
            variation = max(rms(values - mean), *(rms(d - mean) for d in data)) if data else inf
            if variation < SHIFTED * abs(mean) and not features.trial.is_constrained(name):
                shifts[name], sizes[name] = mean, max(variation, LEAST * abs(mean))
        return sizes, shifts

    def linearised(self, coefficients: Tensor) -> Linearisation:
        """Residuals and Jacobians at coefficients."""
        theta = self.features.set(coefficients)
        count = sum(term.equations for term in self.terms)
        residuals: list[list[Tensor]] = [[] for _ in range(count)]
        jacobians: list[list[Tensor]] = [[] for _ in range(count)]
        first = np.cumsum([0, *(term.equations for term in self.terms)])
        try:
            for number, r, j in self.objective.term_blocks(theta):
                equations, scale = self.terms[number].equations, self.terms[number].points ** 0.5
                rows = scale * j[:, self.features.positions]
                for e, (values, block) in enumerate(zip(r.chunk(equations), rows.chunk(equations), strict=True)):
                    residuals[first[number] + e].append(scale * values)
                    jacobians[first[number] + e].append(block)
        except DivergedError:
            nan = torch.full((1,), float("nan"), dtype=torch.float64)
            return Linearisation([nan], [nan.expand(1, self.features.size)])
        return Linearisation([torch.cat(r) for r in residuals], [torch.cat(j) for j in jacobians])

    def _residuals(self, coefficients: Tensor) -> list[Tensor]:
        """Residuals (N,) of each equation at coefficients."""
        trial = self.features.trial
        self.features.set(coefficients)
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
        features = self.features
        at_zero = self._residuals(torch.zeros(features.size, dtype=torch.float64))
        out: dict[str, list[Tensor]] = {}
        ones = torch.zeros(features.size, dtype=torch.float64)
        for part in features.slices.values():
            for bias in self._biases(part):
                ones[bias] = 1.0
        at_one = self._residuals(ones)
        first = np.cumsum([0, *(term.equations for term in self.terms)])
        for n, term in enumerate(self.terms):
            plain = all(not any(a) for index in term.index for a in index)
            if term.integral or term.equations > 1 or len(term.fields) > 1 or not term.affine or not plain:
                continue
            (names,) = term.fields
            if len(names) == 1 and names[0] in features.names and not features.trial.is_constrained(names[0]):
                slope = at_one[first[n]] - at_zero[first[n]]
                values = -at_zero[first[n]] / slope
                if bool(torch.isfinite(values).all()):
                    out.setdefault(names[0], []).append(values)
        return out

    def _biases(self, part: slice) -> list[int]:
        """Positions of the constants among the coefficients of a field."""
        (width,) = FEATURES.widths
        return [n + width for n in range(part.start, part.stop, width + 1)]

    def _is_usable(self, here: Linearisation) -> bool:
        """Whether all is finite, every equation depends on the fields, and every field matters to some equation."""
        finite = all(bool(torch.isfinite(x).all()) for x in (*here.residuals, *here.jacobians))
        return finite and all(bool((j != 0).any()) for j in here.jacobians)

    def _sizes(self, here: Linearisation) -> Tensor:
        """Sizes (equations, fields) of the rows of the Jacobian."""
        rows = [
            [robust_rms(torch.linalg.vector_norm(j[:, part], dim=1)) for part in self.features.slices.values()]
            for j in here.jacobians
        ]
        return torch.tensor(rows, dtype=torch.float64)

    def _equilibration(self, here: Linearisation) -> tuple[Tensor, Tensor]:
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

    def _solve(self, start: Tensor, here: Linearisation, rows: Tensor, columns: Tensor) -> Tensor:
        """Coefficients after least squares, or damped Gauss-Newton steps."""
        widths = torch.tensor([part.stop - part.start for part in self.features.slices.values()])
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

    def _away_from_zero(self, here: Linearisation) -> Tensor:
        """Random coefficients so large that residuals change by as much as they are without the fields."""
        features = self.features
        generator = torch.Generator().manual_seed(SEED)
        direction = torch.randn(features.size, generator=generator, dtype=torch.float64) / features.size**0.5
        still = [rms(r) for r in here.residuals]
        best, least = direction.clone(), inf
        for size in TRIED_SIZES.tolist():
            changed = [rms(r) for r in self._residuals(size * direction)]
            # at the right size a residual is as much the fields' as the sources'
            distance = sum(abs(log(a / (2.0 * b))) for a, b in zip(changed, still, strict=True) if a > 0 and b > 0)
            if all(map(isfinite, (*changed, *still))) and 0 < distance < least:
                best, least = direction * size, distance
        return torch.as_tensor(best)


def rms(values: Tensor) -> float:
    """Root mean square, without overflow."""
    largest = float(values.abs().max()) if values.numel() else 0.0
    return largest * float((values / largest).square().mean().sqrt()) if 0 < largest < inf else largest


def _unweighted(term: Term) -> Term:
    """Term with a weight of 1."""
    return replace(term, weight=1.0, local_weight=None)


def _lift_sizes(trial: DomainTrial) -> dict[str, float]:
    """Sizes of the fields where the networks vanish."""
    values: dict[str, float] = dict.fromkeys(trial.problem.names, 0.0)
    for name, geometry in trial.problem.subdomains.items():
        x = geometry.sample(64, seed=SEED)
        found = trial.evaluate(x, trial.problem.names, subdomain=name)
        for column, field in enumerate(trial.problem.names):
            values[field] = max(values[field], float(np.sqrt(np.mean(found[:, column] ** 2))))
    return values
