"""The residual system: all weighted residuals of a form as one vector function of the parameters.

The loss is the sum of the mean squares of the terms, each times its weight; it equals the sum of squares of the
weighted residuals, which is what least-squares methods work on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from kinn.fields import Points
from kinn.forms.terms import Term, evaluate
from kinn.forms.trial import Trial
from kinn.networks import Tape


class ResidualSystem:
    """Weighted residuals r(theta) with their Jacobian, block by block of points.

    Args:
        trial: The trial functions; their flat parameter vector is theta.
        terms: The terms.
    """

    def __init__(self, trial: Trial, terms: Sequence[Term]) -> None:
        self.trial = trial
        self.terms = tuple(terms)
        self._buffer = torch.empty(0, dtype=trial.dtype)

    @property
    def size(self) -> int:
        """The number P of parameters."""
        return self.trial.flat.size

    @property
    def samples(self) -> int:
        """The number of residuals."""
        return sum(term.points * term.equations for term in self.terms)

    @property
    def affine(self) -> bool:
        """Whether every residual is affine in the fields."""
        return all(term.affine for term in self.terms)

    def last_layer(self) -> Tensor:
        """Return the positions in theta of the parameters that the fields are affine in."""
        return self.trial.last_layer()

    def start(self) -> Tensor:
        """Return the present parameters (P,)."""
        return self.trial.flat.get()

    def unknowns(self, theta: Tensor) -> dict[str, float]:
        """Return the unknown constants at theta by name."""
        free = self.trial.unknowns.free
        return {} if free is None else self.trial.unknowns.values(theta[self.trial.flat.slices[free]])

    def loss(self, theta: Tensor) -> float:
        """Return the loss at theta."""
        self.trial.flat.set(theta)
        with torch.no_grad():
            return float(sum(self._residual(term, p).square().sum() for term, p in self._blocks()))

    def term_losses(self, theta: Tensor) -> dict[str, float]:
        """Return each term's share of the loss at theta, by name."""
        self.trial.flat.set(theta)
        shares: dict[str, float] = {}
        with torch.no_grad():
            for term, p in self._blocks():
                shares[term.name] = shares.get(term.name, 0.0) + float(self._residual(term, p).square().sum())
        return shares

    def first_bad_point(self, theta: Tensor) -> tuple[float, ...] | None:
        """Return the first point at which a residual is not finite at theta, or None where all are."""
        self.trial.flat.set(theta)
        with torch.no_grad():
            for term, p in self._blocks():
                bad = ~torch.isfinite(self._residual(term, p)).all(dim=0)
                if bool(bad.any()):
                    return tuple(round(float(c), 6) for c in p.tensor[int(bad.nonzero()[0, 0])])
        return None

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient (P,) at theta."""
        self.trial.flat.set(theta)
        total, gradient = 0.0, torch.zeros_like(theta)
        for term, p in self._blocks():
            loss = self._residual(term, p).square().sum()
            gradient += self.trial.flat.gradient(loss)
            total += float(loss.detach())
        return total, gradient

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield residuals (n,) and Jacobian (n, P) at theta, block by block; a Jacobian is valid until the next."""
        for _, residual, jacobian in self.term_blocks(theta):
            yield residual, jacobian

    def term_blocks(self, theta: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield what `blocks` does, each with the number of the term that it belongs to."""
        self.trial.flat.set(theta)
        slices = self.trial.flat.slices
        for number, p in ((n, p) for n, term in enumerate(self.terms) for p in term.blocks):
            term, tape = self.terms[number], Tape()
            residual = self._residual(term, p, tape)
            rows = residual.shape[1]
            jacobian = self._zeros(residual.numel())
            for e in range(len(residual)):
                own = jacobian[e * rows : (e + 1) * rows]
                columns = {parameter: own[:, place] for parameter, place in slices.items()}
                tape.add_jacobian(residual[e], columns, last=e == len(residual) - 1)
            yield number, residual.detach().flatten(), jacobian

    def _zeros(self, rows: int) -> Tensor:
        """Return a zeroed (rows, P) part of a buffer that is kept between blocks."""
        if len(self._buffer) < rows:
            self._buffer = torch.empty(rows, self.size, dtype=self.trial.dtype)
        return self._buffer[:rows].zero_()

    def _blocks(self) -> Iterator[tuple[Term, Points]]:
        for term in self.terms:
            for p in term.blocks:
                yield term, p

    def _residual(self, term: Term, p: Points, tape: Tape | None = None) -> Tensor:
        """Return the weighted residuals (equations, n) of a term on one of its blocks."""
        traces, p = self.trial.on_sides(term.subdomains, p, term.index, term.sought, tape)
        scale: float = (term.weight / term.points) ** 0.5
        return scale * evaluate(term, traces, p)
