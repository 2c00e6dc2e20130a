"""All weighted residuals of a form as one vector function of the parameters.

The loss is the sum of the mean squares of the terms, each times its weight; it equals the sum of squares of the
weighted residuals, which is what least-squares methods work on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isfinite

import torch
from torch import Tensor

from kinn.errors import DivergedError
from kinn.fields import Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.objective import SumOfTerms, format_point
from kinn.forms.terms import Term, concatenate, evaluate, split_blocks
from kinn.networks import Tape
from kinn.optim.sum_of_squares import SumOfSquares

#: Time of a multiplication in layers of torch, relative to those of the spline op, as activations are not counted.
TORCH_FLOPS = 2.0


class ResidualObjective(SumOfSquares, SumOfTerms):
    """Weighted residuals r(theta) with their Jacobian, block by block of points.

    Args:
        trial: The trial functions; their flat parameter vector is theta.
        terms: The terms.
    """

    trial: DomainTrial

    def __init__(self, trial: DomainTrial, terms: Sequence[Term]) -> None:
        super().__init__(trial)
        self.terms = tuple(terms)
        self._scales: list[list[float | Tensor]] = [[]] * len(self.terms)
        for n in range(len(self.terms)):
            self.set_weights(n)
        self._buffer = torch.empty(0, dtype=trial.dtype)

    @property
    def samples(self) -> int:
        return sum(term.points * term.equations for term in self.terms)

    @property
    def affine(self) -> bool:
        return all(term.affine for term in self.terms)

    def set_weights(self, n: int, factor: float = 1.0, weights: Tensor | None = None) -> None:
        """Weight term n in addition to its own weight, which changes the objective.

        Args:
            n: The number of the term.
            factor: A factor of its mean square.
            weights: A factor (N,) of the square at each of its points; None for 1.
        """
        term = self.terms[n]
        scale: float = (term.weight * factor / term.points) ** 0.5
        if weights is None:
            self._scales[n] = [scale] * len(term.blocks)
        else:
            roots = weights.to(self.trial.dtype).sqrt()
            self._scales[n] = [scale * part for part in roots.split_with_sizes(term.sizes)]

    @property
    def flops(self) -> float:
        trial, total = self.trial, 0.0
        for term in self.terms:
            for name, index in zip(term.subdomains, term.index, strict=True):
                network = trial.network(name)
                rate = TORCH_FLOPS if network.backend(index) == "torch" else 1.0
                total += rate * term.points * network.flops(index)
        return total

    @property
    def mean_weights(self) -> list[float]:
        """Factor of each term's mean square, in the mean over its points."""
        out = []
        for term, scales in zip(self.terms, self._scales, strict=True):
            sizes = zip(scales, term.sizes, strict=True)
            squares = [size * float(torch.as_tensor(scale).double().square().mean()) for scale, size in sizes]
            out.append(sum(squares))
        return out

    def of_trial(self, trial: DomainTrial) -> ResidualObjective:
        """The same residuals, at the same points and weights, of other trial functions of the problem."""
        other = ResidualObjective(trial, self.terms)
        other._scales = list(self._scales)
        return other

    def move(self, n: int, points: Points) -> None:
        """Evaluate term n at other points, all of one weight."""
        moved = replace(self.terms[n], blocks=split_blocks(points))
        self.terms = (*self.terms[:n], moved, *self.terms[n + 1 :])
        self.set_weights(n)

    def minibatches(self, count: int, seed: int) -> list[ResidualObjective]:
        """Parts of the objective: each has its share of every term's points, drawn at random, or all if these are few.

        Each is weighted so that its loss estimates that of all points: the mean over all parts.
        """
        generator = torch.Generator().manual_seed(seed)
        terms: list[list[Term]] = [[] for _ in range(count)]
        scales: list[list[list[float | Tensor]]] = [[] for _ in range(count)]
        for term, roots in zip(self.terms, self._scales, strict=True):
            few = term.points < count
            points = concatenate(self.trial.problem, term.blocks)
            pairs = zip(roots, term.blocks, strict=True)
            scale = torch.cat([torch.as_tensor(r, dtype=self.trial.dtype).expand(len(p)) for r, p in pairs])
            shares = torch.randperm(term.points, generator=generator).tensor_split(1 if few else count)
            for n in range(count):
                share = shares[0 if few else n].sort().values
                blocks = split_blocks(points.rows(share))
                factor = 1.0 if few else count**0.5
                terms[n].append(replace(term, blocks=blocks))
                scales[n].append(list((factor * scale[share]).split_with_sizes([len(p) for p in blocks])))
        parts = [ResidualObjective(self.trial, part) for part in terms]
        for part, part_scales in zip(parts, scales, strict=True):
            part._scales = part_scales
        return parts

    def residuals(self, theta: Tensor) -> list[Tensor]:
        """Residuals (equations, N) of each term at its points, without weights."""
        self.trial.flat.set(theta)
        with torch.no_grad():
            return [torch.cat([self._residual(term, p, 1.0) for p in term.blocks], dim=1) for term in self.terms]

    def squared_residuals(self, theta: Tensor) -> list[Tensor]:
        """Squares (N,) of the residuals of each term at its points, summed over equations, without weights."""
        return [residuals.square().sum(dim=0) for residuals in self.residuals(theta)]

    def weighted_squares(self, theta: Tensor) -> list[Tensor] | None:
        """Shares (N,) of the points in the objective at theta by term; None where a network has no finite value there."""
        self.trial.flat.set(theta)
        parts: list[list[Tensor]] = [[] for _ in self.terms]
        with suppress(DivergedError), torch.no_grad():
            for n, p, scale in self._blocks():
                parts[n].append(self._residual(self.terms[n], p, scale).square().sum(dim=0))
            return [torch.cat(part) for part in parts if part]
        return None

    def value(self, theta: Tensor) -> float:
        self.trial.flat.set(theta)
        with torch.no_grad():
            return float(sum(share for _, share in self.shares()))

    def shares(self) -> Iterator[tuple[str, Tensor]]:
        for n, p, scale in self._blocks():
            yield self.terms[n].name, self._residual(self.terms[n], p, scale).square().sum()

    def locate_nonfinite(self, theta: Tensor) -> str:
        bad = [name for name, loss in self.term_losses(theta).items() if not isfinite(loss)]
        if not bad:
            return "the sum of all terms overflows"
        with torch.no_grad():
            for n, p, scale in self._blocks():
                wrong = ~torch.isfinite(self._residual(self.terms[n], p, scale)).all(dim=0)
                if bool(wrong.any()):
                    point = p.tensor[int(wrong.nonzero()[0, 0])]
                    return f"{', '.join(bad)}, first at {format_point(point, p.names)}"
        return ", ".join(bad)

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Residuals (n,) and Jacobian (n, P) at theta, block by block; a Jacobian is valid until the next."""
        for _, residual, jacobian in self.term_blocks(theta):
            yield residual, jacobian

    def term_blocks(self, theta: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """The `blocks`, each with the number of the term that it belongs to."""
        self.trial.flat.set(theta)
        slices = self.trial.flat.slices
        for number, p, scale in self._blocks():
            if self.terms[number].integral:  # few residuals of many points: a reverse pass for each
                residual = self._residual(self.terms[number], p, scale).flatten()
                zero = torch.zeros_like(theta)
                rows = [self.trial.flat.gradient(r, keep=True) if r.requires_grad else zero for r in residual]
                jacobian = torch.stack(rows)
                yield number, residual.detach(), jacobian
                continue
            tape = Tape()
            residual = self._residual(self.terms[number], p, scale, tape)
            count = residual.shape[1]
            jacobian = self._zeros(residual.numel())
            for e in range(len(residual)):
                if not residual[e].requires_grad:  # fields that are multiplied by zero leave nothing to differentiate
                    continue
                equation = jacobian[e * count : (e + 1) * count]
                columns = {parameter: equation[:, part] for parameter, part in slices.items()}
                tape.add_jacobian(residual[e], columns, last=e == len(residual) - 1)
            yield number, residual.detach().flatten(), jacobian

    def release(self) -> None:
        self._buffer = self._buffer.new_empty(0)

    def _zeros(self, rows: int) -> Tensor:
        """Zeroed part (rows, P) of a buffer that is kept between blocks."""
        if len(self._buffer) < rows:
            self._buffer = torch.empty(rows, self.size, dtype=self.trial.dtype)
        return self._buffer[:rows].zero_()

    def _blocks(self) -> Iterator[tuple[int, Points, float | Tensor]]:
        """Number of each term with its blocks and the roots of the weights there: one, or one a point (n,)."""
        for n, (term, scales) in enumerate(zip(self.terms, self._scales, strict=True)):
            for p, scale in zip(term.blocks, scales, strict=True):
                yield n, p, scale

    def _residual(self, term: Term, p: Points, scale: float | Tensor, tape: Tape | None = None) -> Tensor:
        """Residuals (equations, n) of a term on one of its blocks, times the roots of the weights."""
        traces, p = self.trial.traces(term.subdomains, p, term.index, term.unknown_index, tape)
        return scale * evaluate(term, traces, p)
